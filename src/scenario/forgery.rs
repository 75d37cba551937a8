//! How a message fails to prove what it claims, and in which words people say so.
//!
//! Knows the ways by name; how each is made stands in `fault`.

use serde::{Deserialize, Serialize};

/// How a message fails to prove what it claims.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Forgery {
    /// No signature headers at all.
    Unsigned,
    /// The place of the signature is there, and empty.
    EmptySignature,
    /// Signed with a key that is not the endpoint's.
    WrongKey,
    /// Signed with a key of no bytes, which is what an unset secret becomes.
    EmptyKey,
    /// A signature whose last characters are cut off.
    Truncated,
    /// A signature of the right shape and of nothing.
    Random,
    /// A signature in characters that its encoding does not have.
    Undecodable,
    /// Only a signature of a version that nobody knows.
    UnknownVersion,
    /// Signed genuinely, with a timestamp this many seconds old, beyond the tolerance.
    Aged(u32),
    /// Signed genuinely, with a timestamp this many seconds ahead, beyond the tolerance.
    Ahead(u32),
    /// Signed genuinely; then the body was changed.
    Tampered,
    /// Signed genuinely; then the signed id beside the body was changed.
    OtherId,
    /// Signed genuinely an hour ago; then the signed timestamp was set to now.
    Restamped,
}

/// Every way but those that have a number: its word in YAML, and how a step says it.
pub const FORGERIES: &[(Forgery, &str, &str)] = &[
    (Forgery::Unsigned, "unsigned", "without a signature"),
    (Forgery::EmptySignature, "empty-signature", "with an empty signature"),
    (Forgery::WrongKey, "wrong-key", "signed with another key"),
    (Forgery::EmptyKey, "empty-key", "signed with an empty key"),
    (Forgery::Truncated, "truncated", "with a truncated signature"),
    (Forgery::Random, "random", "with a random signature"),
    (Forgery::Undecodable, "undecodable", "with an undecodable signature"),
    (Forgery::UnknownVersion, "unknown-version", "with a signature of an unknown version"),
    (Forgery::Tampered, "tampered", "with its body altered"),
    (Forgery::OtherId, "other-id", "with its id altered"),
    (Forgery::Restamped, "restamped", "with its timestamp altered"),
];

impl Forgery {
    /// As a step and a report say it: `without a signature`, `signed 360 seconds ago`.
    #[must_use]
    pub fn phrase(self) -> String {
        match FORGERIES.iter().find(|(forgery, ..)| *forgery == self) {
            Some((.., phrase)) => (*phrase).to_owned(),
            None => match self {
                Self::Aged(seconds) => format!("signed {seconds} seconds ago"),
                Self::Ahead(seconds) => format!("signed {seconds} seconds ahead"),
                _ => unreachable!("only those with a number are not in the table"),
            },
        }
    }
}
