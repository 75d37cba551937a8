//! Why a message could not be signed, and why one is not believed.

use crate::model::Span;

/// What a scheme demands that the interpreter cannot do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the signature scheme `{scheme}` needs {what}, which is not supported; use `standard-webhooks` or another scheme that signs with an hmac in headers"
)]
pub struct Unsupported {
    /// The scheme's name.
    pub scheme: String,
    /// What it would take, such as `ed25519 keys`.
    pub what: String,
}

/// Why a message could not be signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The scheme is known, but not everything that it asks for can be done.
    #[error(transparent)]
    Unsupported(#[from] Unsupported),
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
    /// The scheme is known, but not everything that it asks for can be done: nothing was judged.
    #[error(transparent)]
    Unsupported(#[from] Unsupported),
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
    /// No configured secret is a key.
    #[error("no configured secret is a key of this scheme")]
    NoKey,
    /// Decodable, and wrong under every key.
    #[error("no signature matches under any configured key")]
    Mismatch,
}
