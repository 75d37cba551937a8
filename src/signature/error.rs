//! Why a message could not be signed, and why one is not believed.

use crate::model::Span;

/// Why a message could not be signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The secret is empty or not in the scheme's form.
    #[error("the secret is no key of `{scheme}`; it must be {form} and not empty")]
    Key {
        /// The scheme's name.
        scheme: String,
        /// How its secrets look.
        form: &'static str,
    },
    /// The scheme signs something that the message lacks.
    #[error("the scheme `{scheme}` signs {input}, which the message lacks; add it to the body")]
    Missing {
        /// The scheme's name.
        scheme: String,
        /// What is missing, such as `json:/pspReference`.
        input: String,
    },
}

/// Why a message is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// A required input is absent or empty.
    #[error("{0} is missing")]
    Missing(String),
    /// An input that must be unique stands there more than once.
    #[error("{0} is given more than once")]
    Repeated(String),
    /// The timestamp is no instant in the scheme's unit.
    #[error("the timestamp `{0}` is not in the scheme's unit")]
    Timestamp(String),
    /// The timestamp is too old.
    #[error("the timestamp is older than the tolerance of {0}")]
    Stale(Span),
    /// The timestamp is too far ahead.
    #[error("the timestamp is ahead by more than the tolerance of {0}")]
    Ahead(Span),
    /// No listed signature has a tag that the scheme knows.
    #[error("no signature has a known tag; `{0}` is expected")]
    UnknownTag(String),
    /// No listed signature could be decoded.
    #[error("no signature is valid {0}")]
    Undecodable(&'static str),
    /// The message names a key that no merchant was given.
    #[error("the key `{0}` is none of those that are known")]
    UnknownKey(String),
    /// No configured secret is a key.
    #[error("no configured secret is a key of this scheme")]
    NoKey,
    /// Decodable, and wrong under every key.
    #[error("no signature matches under any configured key")]
    Mismatch,
}
