//! The text of a secret becomes keys: one that signs, and those that a signature is tried under.
//!
//! A shared secret is both. Of a key pair the secret is the private half, which the provider
//! keeps; what a merchant is given is written in `public`. Comparisons are constant-time.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac as _};
use sha2::{Sha256, Sha512};
use subtle::ConstantTimeEq;

use super::pair::{Pairing, Private, Public};
use super::scheme::{Key, KeyForm, Mac, Method};
use super::template::Piece;
use super::{Secret, public};

/// What signs.
pub(crate) struct Signer(Signing);

enum Signing {
    Shared(Mac, Vec<u8>),
    Token(Vec<u8>),
    Pair(Pairing, Box<Private>),
    /// Where nothing is signed.
    Nobody,
}

/// What a signature is tried under.
pub(super) struct Checker {
    /// The key's id, where the merchant knows keys by their ids.
    pub(super) id: Option<String>,
    proof: Proof,
}

enum Proof {
    Shared(Mac, Vec<u8>),
    Token(Vec<u8>),
    Pair(Pairing, Public),
}

impl Key {
    /// The signing half of a secret; none if it is empty or not in this form.
    pub(super) fn signer(&self, secret: &Secret) -> Option<Signer> {
        let signing = match self.method {
            Method::Mac(mac) => Signing::Shared(mac, self.bytes(secret)?),
            Method::Token => Signing::Token(self.bytes(secret)?),
            Method::Pair(pairing) => {
                Signing::Pair(pairing, Box::new(Private::read(pairing, secret.expose())?))
            }
            Method::Nothing => Signing::Nobody,
        };
        Some(Signer(signing))
    }

    /// What signs with a key of no bytes, as nobody should accept; none where keys cannot be empty.
    pub(super) fn empty(&self) -> Option<Signer> {
        match self.method {
            Method::Mac(mac) => Some(Signer(Signing::Shared(mac, Vec::new()))),
            Method::Pair(_) | Method::Token | Method::Nothing => None,
        }
    }

    /// The keys of what a merchant was given; none of them if it is not in this form.
    pub(super) fn checkers(&self, given: &Secret) -> Vec<Checker> {
        let one = |proof| vec![Checker { id: None, proof }];
        let found = match self.method {
            Method::Mac(mac) => self.bytes(given).map(|key| one(Proof::Shared(mac, key))),
            Method::Token => self.bytes(given).map(|key| one(Proof::Token(key))),
            Method::Pair(pairing) => {
                let text = given.expose();
                let text = text.strip_prefix(&self.strip).unwrap_or(text);
                public::read(self.form, pairing, text).map(|keys| {
                    let checker =
                        |k: public::Known| Checker { id: k.id, proof: Proof::Pair(pairing, k.key) };
                    keys.into_iter().map(checker).collect()
                })
            }
            Method::Nothing => None,
        };
        found.unwrap_or_default()
    }

    /// What a merchant is given so that it can verify: a shared secret itself, or the public half.
    pub(super) fn handed(&self, secret: &Secret) -> Option<Secret> {
        match self.signer(secret)?.0 {
            Signing::Pair(_, private) => {
                let text = public::write(self.form, &private);
                Some(Secret::new(format!("{}{text}", self.strip)))
            }
            Signing::Shared(..) | Signing::Token(_) | Signing::Nobody => Some(secret.clone()),
        }
    }

    /// A secret of this form from 32 random bytes.
    pub(super) fn fresh(&self, entropy: &[u8; 32]) -> Secret {
        if let Method::Pair(pairing) = self.method {
            let private = Private::generate(pairing, entropy);
            return Secret::new(private.write(self.form == KeyForm::Base64));
        }
        let text = match self.form {
            KeyForm::Base64 => STANDARD.encode(entropy),
            KeyForm::Hex => hex::encode_upper(entropy),
            KeyForm::Utf8 | KeyForm::Pem | KeyForm::SpkiDer | KeyForm::Jwks | KeyForm::X509 => {
                hex::encode(entropy)
            }
        };
        Secret::new(format!("{}{text}", self.strip))
    }

    /// How such secrets look, for errors.
    pub(super) fn form_in_words(&self) -> &'static str {
        match (self.method, self.form) {
            (Method::Pair(_), KeyForm::Base64) => {
                "a private key: PKCS #8 in PEM, or base64 of private and public key behind whsk_"
            }
            (Method::Pair(_), _) => "a private key: PKCS #8 in PEM",
            (_, KeyForm::Base64) => "base64, with or without its prefix",
            (_, KeyForm::Hex) => "an even number of hexadecimal digits",
            (_, _) => "text",
        }
    }

    /// The bytes of a shared secret. An empty key would make every forger a signer, so it is never
    /// one.
    fn bytes(&self, secret: &Secret) -> Option<Vec<u8>> {
        let text = secret.expose();
        let text = text.strip_prefix(&self.strip).unwrap_or(text);
        let bytes = match self.form {
            KeyForm::Hex => hex::decode(text).ok()?,
            KeyForm::Base64 => STANDARD.decode(text).ok()?,
            KeyForm::Utf8 | KeyForm::Pem | KeyForm::SpkiDer | KeyForm::Jwks | KeyForm::X509 => {
                text.as_bytes().to_vec()
            }
        };
        (!bytes.is_empty()).then_some(bytes)
    }
}

impl Signer {
    /// The signature of a message.
    pub(super) fn sign(&self, message: &[Piece]) -> Vec<u8> {
        match &self.0 {
            Signing::Shared(mac, key) => mac.sign(key, message),
            Signing::Token(token) => token.clone(),
            Signing::Pair(pairing, key) => key.sign(*pairing, &message.concat()),
            Signing::Nobody => Vec::new(),
        }
    }

    /// The id that a pair's public half makes for itself.
    pub(super) fn id(&self) -> Option<String> {
        match &self.0 {
            Signing::Pair(_, key) => Some(key.public().id()),
            Signing::Shared(..) | Signing::Token(_) | Signing::Nobody => None,
        }
    }
}

impl Checker {
    /// Whether `given` is the signature of a message, in constant time where the key is secret.
    pub(super) fn matches(&self, message: &[Piece], given: &[u8]) -> bool {
        match &self.proof {
            Proof::Shared(mac, key) => mac.matches(key, message, given),
            Proof::Token(token) => token.ct_eq(given).into(),
            Proof::Pair(pairing, key) => key.matches(*pairing, &message.concat(), given),
        }
    }
}

impl Mac {
    /// The MAC of a message. An empty key is one here: forgers try it.
    pub(super) fn sign(self, key: &[u8], message: &[Piece]) -> Vec<u8> {
        match self {
            Self::HmacSha256 => {
                keyed::<Hmac<Sha256>>(key, message).finalize().into_bytes().to_vec()
            }
            Self::HmacSha512 => {
                keyed::<Hmac<Sha512>>(key, message).finalize().into_bytes().to_vec()
            }
        }
    }

    fn matches(self, key: &[u8], message: &[Piece], given: &[u8]) -> bool {
        match self {
            Self::HmacSha256 => keyed::<Hmac<Sha256>>(key, message).verify_slice(given).is_ok(),
            Self::HmacSha512 => keyed::<Hmac<Sha512>>(key, message).verify_slice(given).is_ok(),
        }
    }
}

fn keyed<M: KeyInit + hmac::Mac>(key: &[u8], message: &[Piece]) -> M {
    let mut mac = <M as KeyInit>::new_from_slice(key).expect("hmac takes keys of any length");
    message.iter().for_each(|piece| mac.update(piece));
    mac
}
