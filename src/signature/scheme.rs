//! A signature scheme as a value: where its inputs travel, what is signed, with what key.
//!
//! The grammar, as `fixtures/signature-schemes.yaml` writes it:
//!
//! ```text
//! <name>:
//!   like: <name>                 # takes over what is not written here
//!   key:
//!     use: hmac-sha256 …         # see METHODS
//!     decode: utf8|hex|base64 …  # how the key is written down, see KEY_FORMS
//!     strip: <prefix>            # removed before decoding
//!     by: header:<n> | jws-kid   # where the id of the key travels
//!     then: refetch              # for use: none, the message is only a hint to ask the API
//!   each: <json pointer with *>  # one signature per item of the body
//!   id|delivery|ts|sig:          # named inputs; one further one under vars
//!     at: header:<n> | json:<pointer> | form:<n> | none
//!     split: <separator>         # the text is a list
//!     tag: <prefix of the wanted items>
//!     after: <take the part after this>
//!     required: true|false
//!     encoding: hex|base64 …     # sig only; fold_case: hex in either case
//!     unit: s|ms|rfc3339         # ts only, with tolerance (seconds) and direction: both|past
//!   sign: "{id}.{ts}.{body}"     # see `template`
//! ```
//!
//! Knows no YAML and no cryptography.

use crate::model::Span;

use super::encoding::Encoding;
use super::input::{Direction, Input, Location, Stamp};
use super::pair::Pairing;
use super::template::Template;

/// One way of signing webhooks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scheme {
    pub(super) name: String,
    pub(super) key: Key,
    pub(super) each: Option<String>,
    pub(super) id: Option<Input>,
    pub(super) delivery: Option<Input>,
    pub(super) ts: Option<Stamp>,
    pub(super) var: Option<(String, Input)>,
    /// None where nothing is signed.
    pub(super) sig: Option<Signature>,
    /// None where the signature says nothing of the message, as a token does.
    pub(super) sign: Option<Template>,
}

/// What the secret is and how its text becomes keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) method: Method,
    pub(super) form: KeyForm,
    pub(super) strip: String,
    pub(super) by: Option<KeyId>,
}

/// How a signature is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    Mac(Mac),
    Pair(Pairing),
    /// The secret itself stands in the message.
    Token,
    /// Nothing is proven; the merchant asks the API instead.
    Nothing,
}

/// MACs under a shared secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mac {
    HmacSha256,
    HmacSha512,
}

/// The words for methods.
pub(super) const METHODS: &[(&str, Method)] = &[
    ("hmac-sha256", Method::Mac(Mac::HmacSha256)),
    ("hmac-sha512", Method::Mac(Mac::HmacSha512)),
    ("ed25519", Method::Pair(Pairing::Ed25519)),
    ("ecdsa-p256-sha256", Method::Pair(Pairing::EcdsaP256Sha256)),
    ("rsa-pkcs1-sha256", Method::Pair(Pairing::RsaSha256)),
    ("rsa-pkcs1-sha512", Method::Pair(Pairing::RsaSha512)),
    ("rsa-pkcs1-sha256-of-sha256", Method::Pair(Pairing::RsaSha256OfSha256)),
    ("token-equal", Method::Token),
    ("none", Method::Nothing),
];

/// How a key is written down: a shared secret in the first three, the public half of a pair in
/// all but `utf8` and `hex`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyForm {
    Utf8,
    Hex,
    Base64,
    Pem,
    SpkiDer,
    Jwks,
    X509,
}

/// The words for forms.
pub(super) const KEY_FORMS: &[(&str, KeyForm)] = &[
    ("utf8", KeyForm::Utf8),
    ("hex", KeyForm::Hex),
    ("base64", KeyForm::Base64),
    ("pem", KeyForm::Pem),
    ("spki-der", KeyForm::SpkiDer),
    ("jwks", KeyForm::Jwks),
    ("x509", KeyForm::X509),
];

/// Where the id of the key travels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum KeyId {
    Header(String),
    /// In the protected header of a detached JWS.
    Jws,
}

/// The signature itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Signature {
    pub(super) input: Input,
    pub(super) encoding: Encoding,
    pub(super) fold_case: bool,
}

impl Scheme {
    /// The name in the table, such as `standard-webhooks`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Longest deviation of the timestamp; none: the scheme does not bound it.
    #[must_use]
    pub fn tolerance(&self) -> Option<Span> {
        self.ts.as_ref().and_then(|ts| ts.tolerance)
    }

    /// Whether an instant of signing travels with the message.
    #[must_use]
    pub fn has_timestamp(&self) -> bool {
        self.ts.is_some()
    }

    /// Whether timestamps from the future are refused as well.
    #[must_use]
    pub fn bounds_the_future(&self) -> bool {
        self.ts.as_ref().is_some_and(|ts| ts.tolerance.is_some() && ts.direction == Direction::Both)
    }

    /// Whether the message carries a proof at all.
    #[must_use]
    pub fn has_signature(&self) -> bool {
        self.sig.is_some()
    }

    /// Whether the signature depends on what the message says; a token does not.
    #[must_use]
    pub fn signs_content(&self) -> bool {
        self.sign.is_some()
    }

    /// Whether the id travels beside a JSON body and is signed there.
    #[must_use]
    pub fn signs_id_apart(&self) -> bool {
        let apart = |input: &Input| matches!(input.at, Location::Header(_) | Location::Form(_));
        self.signs_id() && self.id.as_ref().is_some_and(apart)
    }

    /// Whether the id is a part of a JSON body.
    pub(super) fn id_is_in_body(&self) -> bool {
        let inside = |input: &Input| matches!(input.at, Location::Json(_) | Location::Nowhere);
        self.id.as_ref().is_some_and(inside)
    }

    /// Whether signatures are bytes in an encoding; a token is text.
    #[must_use]
    pub fn encodes(&self) -> bool {
        self.sig.as_ref().is_some_and(|sig| sig.encoding != Encoding::Plain)
    }

    /// Whether one message may bear several signatures.
    #[must_use]
    pub fn lists_signatures(&self) -> bool {
        let list = |sig: &Signature| sig.input.split.is_some() && !sig.input.tag.is_empty();
        self.sig.as_ref().is_some_and(list)
    }

    /// Whether every byte of the body is under the signature; where it is not, parts of it may be
    /// changed by anybody who saw one message.
    #[must_use]
    pub fn covers_body(&self) -> bool {
        self.sign.as_ref().is_some_and(Template::covers_body)
    }

    /// Whether events of the reference service can be announced under this scheme. One that signs
    /// items of a body of its own shape cannot.
    #[must_use]
    pub fn fits_any_body(&self) -> bool {
        self.each.is_none()
    }

    /// Whether the bytes of the body are signed as they are sent.
    #[must_use]
    pub fn covers_bytes(&self) -> bool {
        self.sign.as_ref().is_some_and(Template::covers_bytes)
    }

    /// Whether the message travels as a form.
    pub(super) fn is_form(&self) -> bool {
        let in_form = |(_, input): (&str, &Input)| matches!(input.at, Location::Form(_));
        self.inputs().any(in_form)
    }

    /// Whether verifying reads the body as JSON.
    pub(super) fn reads_json(&self) -> bool {
        let proof = self.inputs().filter(|(name, input)| self.proves(name, input));
        proof.map(|(_, input)| input).any(|input| matches!(input.at, Location::Json(_)))
            || self.each.is_some()
            || self.sign.as_ref().is_some_and(Template::reads_json)
    }

    /// Whether an input takes part in the proof. An id inside the body that is not signed on its
    /// own says what to deduplicate by; its absence is the application's business.
    pub(super) fn proves(&self, name: &str, input: &Input) -> bool {
        let signed = name == "id" && self.signs_id();
        signed || matches!(name, "ts" | "sig") || matches!(input.at, Location::Header(_))
    }

    /// Whether the id is signed on its own.
    pub(super) fn signs_id(&self) -> bool {
        let place = self.id.as_ref().map(|input| &input.at);
        self.sign.as_ref().is_some_and(|template| template.signs_id(place))
    }

    /// All named inputs.
    pub(super) fn inputs(&self) -> impl Iterator<Item = (&'static str, &Input)> {
        let ts = self.ts.as_ref().map(|ts| &ts.input);
        let sig = self.sig.as_ref().map(|sig| &sig.input);
        let var = self.var.as_ref().map(|(_, input)| input);
        let named = [
            ("id", self.id.as_ref()),
            ("delivery", self.delivery.as_ref()),
            ("ts", ts),
            ("var", var),
            ("sig", sig),
        ];
        named.into_iter().filter_map(|(name, input)| Some((name, input?)))
    }
}
