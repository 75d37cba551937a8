//! Key bytes, MACs and their text. The cryptography is RustCrypto's; comparisons are constant-time.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac as _};
use sha2::{Sha256, Sha512};

use super::Secret;
use super::scheme::{Encoding, Key, KeyForm, Mac, Signature};

impl Key {
    /// The bytes of a secret; none if it is empty or not in this form. An empty key would make
    /// every forger a signer, so it is never one.
    pub(super) fn bytes(&self, secret: &Secret) -> Option<Vec<u8>> {
        let text = secret.expose();
        let text = text.strip_prefix(&self.strip).unwrap_or(text);
        let bytes = match self.form? {
            KeyForm::Utf8 => text.as_bytes().to_vec(),
            KeyForm::Hex => hex::decode(text).ok()?,
            KeyForm::Base64 => STANDARD.decode(text).ok()?,
        };
        (!bytes.is_empty()).then_some(bytes)
    }

    /// A secret of this form from 32 random bytes.
    pub(super) fn fresh(&self, entropy: &[u8; 32]) -> Secret {
        let text = match self.form {
            Some(KeyForm::Base64) => STANDARD.encode(entropy),
            Some(KeyForm::Hex) => hex::encode_upper(entropy),
            Some(KeyForm::Utf8) | None => hex::encode(entropy),
        };
        Secret::new(format!("{}{text}", self.strip))
    }

    /// How such secrets look, for errors.
    pub(super) fn form_in_words(&self) -> &'static str {
        match self.form {
            Some(KeyForm::Base64) => "base64, with or without its prefix",
            Some(KeyForm::Hex) => "an even number of hexadecimal digits",
            Some(KeyForm::Utf8) | None => "text",
        }
    }
}

impl Mac {
    /// The MAC of a message.
    pub(super) fn sign(self, key: &[u8], message: &[u8]) -> Vec<u8> {
        match self {
            Self::HmacSha256 => {
                keyed::<Hmac<Sha256>>(key, message).finalize().into_bytes().to_vec()
            }
            Self::HmacSha512 => {
                keyed::<Hmac<Sha512>>(key, message).finalize().into_bytes().to_vec()
            }
        }
    }

    /// Whether `given` is the MAC of a message, in constant time.
    pub(super) fn matches(self, key: &[u8], message: &[u8], given: &[u8]) -> bool {
        match self {
            Self::HmacSha256 => keyed::<Hmac<Sha256>>(key, message).verify_slice(given).is_ok(),
            Self::HmacSha512 => keyed::<Hmac<Sha512>>(key, message).verify_slice(given).is_ok(),
        }
    }
}

fn keyed<M: KeyInit + hmac::Mac>(key: &[u8], message: &[u8]) -> M {
    let mut mac = <M as KeyInit>::new_from_slice(key).expect("hmac takes keys of any length");
    mac.update(message);
    mac
}

impl Encoding {
    pub(super) fn encode(self, bytes: &[u8]) -> String {
        match self {
            Self::Hex => hex::encode(bytes),
            Self::Base64 => STANDARD.encode(bytes),
            Self::Base64Url => URL_SAFE_NO_PAD.encode(bytes),
        }
    }

    /// How it is called in a rejection.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Hex => "hex",
            Self::Base64 => "base64",
            Self::Base64Url => "base64url",
        }
    }
}

impl Signature {
    /// The bytes of a signature; none if it is not in the encoding.
    pub(super) fn decode(&self, text: &str) -> Option<Vec<u8>> {
        match self.encoding? {
            Encoding::Hex => {
                // The crate folds cases by itself; schemes compare text, so most refuse capitals.
                let folded = self.fold_case || !text.bytes().any(|b| b.is_ascii_uppercase());
                if folded { hex::decode(text).ok() } else { None }
            }
            Encoding::Base64 => STANDARD.decode(text).ok(),
            Encoding::Base64Url => URL_SAFE_NO_PAD.decode(text).ok(),
        }
        .filter(|bytes| !bytes.is_empty())
    }
}
