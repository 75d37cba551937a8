//! What goes wrong with the merchant's calls to the provider, as the plan says it.
//!
//! Data only: who spoils the answers is elsewhere.

use serde::{Deserialize, Serialize};

use crate::model::Span;

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

/// What goes wrong with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trouble {
    /// Nothing is done; the answer is this status, 500 or above.
    Fails(u16),
    /// It is done; the answer is this status all the same.
    DoneButFails(u16),
    /// It is done; the connection ends without an answer.
    Lost,
    /// It is done; there is no answer for as long as the merchant waits.
    NeverAnswered,
    /// It is done, and answered after so much real time.
    Late(Span),
    /// Nothing is done; the answer is a 429 that asks for so long a wait.
    TurnedAway(Span),
    /// It is done; the answer breaks off in the middle.
    Cut,
    /// It is done; the answer is no JSON.
    Garbled,
    /// It is done; the answer is a web page.
    WebPage,
    /// Nothing is done; the answer points elsewhere.
    Redirected,
    /// Nothing is done yet; the answer is a 202 without a payment.
    OnlyAccepted,
    /// Nothing is done; the answer is an error with status 200.
    ErrorWithin,
    /// A read shows what was true before the last change.
    Stale,
}

impl Trouble {
    /// Whether the call was carried out and the merchant did not hear so.
    #[must_use]
    pub const fn is_done_unheard(self) -> bool {
        match self {
            Self::DoneButFails(_)
            | Self::Lost
            | Self::NeverAnswered
            | Self::Cut
            | Self::Garbled
            | Self::WebPage => true,
            Self::Fails(_)
            | Self::Late(_)
            | Self::TurnedAway(_)
            | Self::Redirected
            | Self::OnlyAccepted
            | Self::ErrorWithin
            | Self::Stale => false,
        }
    }

    /// What became of the call, as a timeline tells it.
    #[must_use]
    pub fn tell(self) -> String {
        match self {
            Self::Fails(status) => format!("nothing was done; answered {status}"),
            Self::DoneButFails(status) => format!("it was done; answered {status}"),
            Self::Lost => "it was done; the answer was lost".to_owned(),
            Self::NeverAnswered => "it was done; never answered".to_owned(),
            Self::Late(span) => format!("it was done; answered after {span}"),
            Self::TurnedAway(span) => format!("nothing was done; answered 429, wait {span}"),
            Self::Cut => "it was done; the answer broke off".to_owned(),
            Self::Garbled => "it was done; the answer was no JSON".to_owned(),
            Self::WebPage => "it was done; the answer was a web page".to_owned(),
            Self::Redirected => "nothing was done; answered 308".to_owned(),
            Self::OnlyAccepted => "nothing was done; answered 202 without a payment".to_owned(),
            Self::ErrorWithin => "nothing was done; answered 200 with an error inside".to_owned(),
            Self::Stale => "answered with what was true before".to_owned(),
        }
    }
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
