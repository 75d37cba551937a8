//! Calls of the merchant to the provider by their kind, and what the plan lets go wrong with them.
//!
//! Data only: who spoils the answers is elsewhere.

use serde::{Deserialize, Serialize};

use crate::model::Trouble;

/// Something that goes wrong with the next calls of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiTrouble {
    /// With which calls.
    pub call: Call,
    /// What.
    pub trouble: Trouble,
    /// With how many of them, at least one.
    pub times: u32,
}

impl ApiTrouble {
    /// Why no such call can meet it, and which can.
    #[must_use]
    pub fn misfit(self) -> Option<(&'static str, &'static str)> {
        let is_read = self.call == Call::Read;
        if self.trouble == Trouble::Stale && !is_read {
            return Some(("only a read shows what was", "read"));
        }
        (self.trouble == Trouble::InProgress && is_read)
            .then_some(("a read is never in progress: it has no key", "create"))
    }
}

/// Calls of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Call {
    /// A payment is created.
    Create,
    /// Payments or events are read, one or a list.
    Read,
    /// A refund is created.
    Refund,
    /// Whatever the merchant calls.
    Any,
}

impl Call {
    /// Every kind, by its word.
    pub const ALL: [(&'static str, Self); 4] = [
        ("create", Self::Create),
        ("read", Self::Read),
        ("refund", Self::Refund),
        ("API", Self::Any),
    ];

    /// Its word in steps.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Read => "read",
            Self::Refund => "refund",
            Self::Any => "API",
        }
    }

    /// Whether a call of that method on that path is one of these.
    #[must_use]
    pub fn covers(self, method: &str, path: &str) -> bool {
        match self {
            Self::Create => method == "POST" && path == "/v1/payments",
            Self::Read => method == "GET",
            Self::Refund => method == "POST" && path.ends_with("/refunds"),
            Self::Any => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_known_by_method_and_path() {
        let create = ("POST", "/v1/payments");
        let refund = ("POST", "/v1/payments/pay_1/refunds");
        let read = ("GET", "/v1/payments/pay_1");
        let covered = |call: Call| [create, refund, read].map(|(m, p)| call.covers(m, p));
        assert_eq!(covered(Call::Create), [true, false, false]);
        assert_eq!(covered(Call::Refund), [false, true, false]);
        assert_eq!(covered(Call::Read), [false, false, true]);
        assert_eq!(covered(Call::Any), [true, true, true]);
    }
}
