//! A webhook secret, and a message to be signed with it.
//!
//! A secret is never printed: not by `Debug`, not in an error. Only the interpreter next door reads
//! it, and whoever hands it to the merchant under test.

use crate::model::SimTime;

/// A webhook secret as its owner is given it, such as `whsec_` and base64.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// From the text that the merchant is configured with.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself: for MACs and for whoever verifies, for nothing else.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// Secrets stay out of debug output.
impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// A message before it is signed.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    /// The event's id, such as `evt_01J8Z3K5Q7R9T1V3X5Z7B9D1F3`.
    pub id: &'a str,
    /// The instant of signing. Schemes carry it in whole seconds, rounded down, or finer.
    pub ts: SimTime,
    /// The absolute URL that the message is sent to; some schemes sign it.
    pub url: &'a str,
    /// `POST`.
    pub method: &'a str,
    /// The exact bytes of the body.
    pub body: &'a [u8],
}
