//! What a scheme means for whoever verifies it: how keys are rotated, and where verifiers go wrong.
//!
//! Everything is read off the scheme's own data, so that a new row of the table is explained.

use super::encoding::Encoding;
use super::scheme::{KeyForm, METHODS, Method, Scheme};
use super::template::Template;

/// How a key is replaced while messages are underway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotation {
    /// For a while the sender signs with both, in one list; a merchant that knows either is served.
    SenderSignsBoth,
    /// The sender changes at once; for a while the merchant has to try both.
    MerchantTriesBoth,
    /// The message names its key; the merchant fetches those that it does not know.
    KeyId,
    /// The same, with all valid keys in one set.
    KeySet,
    /// There is no key.
    None,
}

impl Rotation {
    /// In a sentence.
    #[must_use]
    pub fn told(self) -> &'static str {
        match self {
            Self::SenderSignsBoth => {
                "the sender signs with the old and the new key for a while; a merchant that knows \
                 either of them is served, and afterwards the old one must not count any more"
            }
            Self::MerchantTriesBoth => {
                "a message bears one proof, so the sender changes at once, and retries may still be \
                 proven by the old key: the merchant tries both for a while, and then the new one \
                 alone"
            }
            Self::KeyId => {
                "each message names its key; a merchant gets the key of that name from the \
                 provider, never from an address in the message"
            }
            Self::KeySet => {
                "each message names its key in the provider's set; a name that is not known makes a \
                 merchant fetch the set again, and a key that has left the set does not count"
            }
            Self::None => "there is no key",
        }
    }
}

impl Scheme {
    /// How its keys are rotated.
    #[must_use]
    pub fn rotation(&self) -> Rotation {
        match (&self.key.by, self.key.form) {
            _ if !self.has_signature() => Rotation::None,
            (Some(_), KeyForm::Jwks) => Rotation::KeySet,
            (Some(_), _) => Rotation::KeyId,
            (None, _) if self.lists_signatures() => Rotation::SenderSignsBoth,
            (None, _) => Rotation::MerchantTriesBoth,
        }
    }

    /// The word of its method, such as `hmac-sha256`.
    #[must_use]
    pub fn method(&self) -> &'static str {
        METHODS.iter().find(|(_, method)| *method == self.key.method).map_or("", |(word, _)| word)
    }

    /// Where the signature travels, such as `header:webhook-signature`; empty where there is none.
    #[must_use]
    pub fn place(&self) -> String {
        self.sig.as_ref().map_or_else(String::new, |sig| sig.input.at.word())
    }

    /// What is signed, as the table writes it; none where nothing of the message is.
    #[must_use]
    pub fn signed(&self) -> Option<&str> {
        self.sign.as_ref().map(Template::text)
    }

    /// Where verifiers of this scheme go wrong, one sentence each.
    #[must_use]
    pub fn traps(&self) -> Vec<&'static str> {
        let mut traps = self.traps_of_keys();
        traps.extend(self.traps_of_content());
        let two_sided = self.bounds_the_future();
        match self.tolerance() {
            None if !self.has_timestamp() && self.has_signature() => traps.push(
                "No timestamp: a captured message never goes stale, so only what the merchant \
                 remembers of events stops a replay.",
            ),
            None if self.has_timestamp() => traps.push(
                "The timestamp is signed, but no tolerance is documented: the merchant has to \
                 choose one, or messages work for ever.",
            ),
            Some(_) if !two_sided => traps.push(
                "One-sided clock: the provider's own libraries accept timestamps from the future.",
            ),
            Some(_) | None => {}
        }
        if self.lists_signatures() {
            traps.push(
                "The header is a list: unknown versions are skipped, a list of nothing but unknown \
                 ones is refused, and one match is enough.",
            );
        }
        if let Some(sig) = &self.sig {
            if sig.encoding == Encoding::Hex && !sig.fold_case {
                traps.push("Hex is compared as text by most libraries: lower case alone.");
            }
            if sig.encoding != Encoding::Plain {
                traps.push(
                    "A signature of another length, or one that cannot be decoded, is a refusal \
                     with 4xx; some comparisons throw and end in a 500.",
                );
            }
        }
        traps
    }

    fn traps_of_keys(&self) -> Vec<&'static str> {
        let looks_prefixed = !self.key.strip.is_empty();
        let trap = match (self.key.method, self.key.form) {
            (Method::Nothing, _) => {
                "Nothing is proven: the message is a hint to ask the API, and nothing in it but the \
                 id may be used."
            }
            (Method::Token, _) => {
                "The token is the secret itself, and says nothing of the body: whoever saw one \
                 message can send any other."
            }
            (Method::Mac(_), KeyForm::Base64) if looks_prefixed => {
                "The prefix of the secret is removed and the rest is base64; other schemes keep a \
                 secret that looks the same as it is."
            }
            (Method::Mac(_), KeyForm::Hex) => {
                "The key is hex: read as text it gives a plausible and wrong MAC."
            }
            (Method::Mac(_), KeyForm::Utf8) => {
                "The text of the secret is the key, prefix and all; nothing is decoded."
            }
            (Method::Pair(_), _) => {
                "Public keys come from the provider alone, by its own address or its documentation, \
                 whatever address or key the message carries."
            }
            (Method::Mac(_), _) => "The secret is base64 and is decoded first.",
        };
        let mut traps = vec![trap];
        if matches!(self.key.method, Method::Mac(_) | Method::Token) {
            traps.push("An empty secret must stop the service: every forger knows it.");
        }
        traps
    }

    fn traps_of_content(&self) -> Vec<&'static str> {
        let mut traps = Vec::new();
        let Some(text) = self.signed() else { return traps };
        if text.contains("{url}") || text.contains("rfc9421") {
            traps.push(
                "The address is signed: a proxy that changes scheme, host or a trailing slash \
                 breaks every signature; configure the address as the provider knows it.",
            );
        }
        if text.contains("json-sort") {
            traps.push(
                "The body is sorted and written again before it is signed: how numbers and escapes \
                 are spelt then decides. The documented one-liner in JavaScript loses nested keys.",
            );
        }
        if text.contains("crc32") {
            traps.push("Only a checksum ties the signature to the body.");
        }
        if !self.covers_body() {
            traps.push(
                "Only some values are signed: whoever saw one message can change all others, so \
                 they have to be asked for at the API.",
            );
        }
        if self.covers_bytes() {
            traps.push("The bytes as received are signed: verify before any parser touches them.");
        }
        if self.id.is_some() && !self.signs_id() && !self.id_is_in_body() {
            traps.push(
                "The id in the header is not signed: deduplicate by what is in the body as well.",
            );
        }
        traps
    }
}
