//! How the bytes of a signature become text.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

/// The text of a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Hex,
    Base64,
    Base64Url,
    /// A byte sequence of structured fields: base64 between colons.
    SfBinary,
    /// The signature is text already, as a token is.
    Plain,
}

/// The words for encodings.
pub(super) const ENCODINGS: &[(&str, Encoding)] = &[
    ("hex", Encoding::Hex),
    ("base64", Encoding::Base64),
    ("base64url", Encoding::Base64Url),
    ("sf-binary", Encoding::SfBinary),
];

impl Encoding {
    pub(super) fn encode(self, bytes: &[u8]) -> String {
        match self {
            Self::Hex => hex::encode(bytes),
            Self::Base64 => STANDARD.encode(bytes),
            Self::Base64Url => URL_SAFE_NO_PAD.encode(bytes),
            Self::SfBinary => format!(":{}:", STANDARD.encode(bytes)),
            Self::Plain => String::from_utf8_lossy(bytes).into_owned(),
        }
    }

    /// The bytes of a signature; none if the text is not in the encoding, or empty.
    pub(super) fn decode(self, text: &str, fold_case: bool) -> Option<Vec<u8>> {
        match self {
            Self::Hex => {
                // The crate folds cases by itself; schemes compare text, so most refuse capitals.
                let folded = fold_case || !text.bytes().any(|b| b.is_ascii_uppercase());
                if folded { hex::decode(text).ok() } else { None }
            }
            Self::Base64 => STANDARD.decode(text).ok(),
            Self::Base64Url => URL_SAFE_NO_PAD.decode(text).ok(),
            Self::SfBinary => STANDARD.decode(text.strip_prefix(':')?.strip_suffix(':')?).ok(),
            Self::Plain => Some(text.as_bytes().to_vec()),
        }
        .filter(|bytes| !bytes.is_empty())
    }

    /// How it is called in a rejection.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Plain => "text",
            _ => ENCODINGS.iter().find(|(_, e)| *e == self).map_or("", |(word, _)| word),
        }
    }
}
