//! API keys: what opens the service, and for what.
//!
//! A key is a text that only its holder knows and the scopes that it was given. Who holds it, and
//! how it is sent, is known elsewhere.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

/// What a key may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Scope {
    /// Whatever changes something.
    #[serde(rename = "payments:write")]
    PaymentsWrite,
    /// Payments, their events and what belongs to them.
    #[serde(rename = "payments:read")]
    PaymentsRead,
    /// Statements.
    #[serde(rename = "statements:read")]
    StatementsRead,
}

impl Scope {
    /// Every scope.
    pub const ALL: &[Self] = &[Self::PaymentsWrite, Self::PaymentsRead, Self::StatementsRead];

    /// Such as `payments:read`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PaymentsWrite => "payments:write",
            Self::PaymentsRead => "payments:read",
            Self::StatementsRead => "statements:read",
        }
    }

    /// The scope of that name.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|scope| scope.as_str() == word)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One key of an account in one mode.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Such as `sk_test_…`; its beginning says for which mode.
    pub secret: String,
    /// What it opens.
    pub scopes: BTreeSet<Scope>,
}

impl ApiKey {
    /// One that opens everything.
    #[must_use]
    pub fn with_all_scopes(secret: impl Into<String>) -> Self {
        Self { secret: secret.into(), scopes: Scope::ALL.iter().copied().collect() }
    }

    /// Its scopes in their words.
    #[must_use]
    pub fn scope_words(&self) -> Vec<&'static str> {
        self.scopes.iter().map(|scope| scope.as_str()).collect()
    }
}

/// Its scopes: the rest is nobody's business.
impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKey").field("scopes", &self.scopes).finish_non_exhaustive()
    }
}
