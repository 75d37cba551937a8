//! What a payment can be, and what the provider holds to be true of one.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{EventKind, Mistake, Money, PaymentId, Rail, Reference};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[doc = $about:literal])+ $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[doc = $about])+ #[serde(rename = $word)] $variant),+
        }

        impl $name {
            /// Every word, in the order of the contract.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word on the wire and in texts.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// What it means, in one sentence.
            #[must_use]
            pub const fn about(self) -> &'static str {
                match self { $(Self::$variant => concat!($($about),+).trim_ascii_start()),+ }
            }

            /// The value of that word.
            #[must_use]
            pub fn from_word(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.as_str() == word)
            }
        }

        impl schemars::JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                let words: Vec<&str> = Self::ALL.iter().map(|value| value.as_str()).collect();
                let about = Self::ALL.iter().map(|value| format!("`{value}`: {}", value.about()));
                let about = about.collect::<Vec<_>>().join(" ");
                schemars::json_schema!({ "type": "string", "enum": words, "description": about })
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
pub(crate) use words;

words! {
    /// The single axis of a payment's life. Detection is not finality.
    Status {
        /// Created; what came in does not cover it yet.
        Pending = "pending",
        /// Covered by transfers that the network has not confirmed yet.
        Paid = "paid",
        /// The confirmation policy is met.
        Confirmed = "confirmed",
        /// Credited and on a statement.
        Settled = "settled",
        /// The window closed without coverage.
        Expired = "expired",
        /// Never confirmed, taken back by the network, or rejected.
        Failed = "failed",
        /// The merchant called it off before anything was seen.
        Cancelled = "cancelled",
        /// Compliance or an operator stopped it.
        Held = "held",
        /// All that came was paid back.
        Refunded = "refunded",
    }
}

words! {
    /// How what stands compares with what is due.
    AmountState {
        /// Nothing came.
        None = "none",
        /// Less than due.
        Under = "under",
        /// As due.
        Exact = "exact",
        /// More than due.
        Over = "over",
    }
}

impl AmountState {
    /// How so much compares with what is due.
    #[must_use]
    pub fn of(received: Money, due: Money) -> Self {
        match received.atoms.cmp(&due.atoms) {
            _ if received.is_zero() => Self::None,
            std::cmp::Ordering::Less => Self::Under,
            std::cmp::Ordering::Equal => Self::Exact,
            std::cmp::Ordering::Greater => Self::Over,
        }
    }
}

words! {
    /// Peculiarities beside the status.
    Flag {
        /// Money came after the deadline.
        Late = "late",
        /// A transfer was replaced by another one, or by none.
        Replaced = "replaced",
        /// A reorganisation of the chain took a transfer away.
        Reorged = "reorged",
        /// Something came that is not the rail's own asset.
        WrongAsset = "wrong_asset",
        /// An operator or a policy accepted the payment.
        Manual = "manual",
    }
}

words! {
    /// Why a payment failed or is held.
    Reason {
        /// The network did not confirm it within the time that it is watched.
        NotConfirmed = "not_confirmed",
        /// The chain was reorganised below it.
        Reorged = "reorged",
        /// Its coins were spent elsewhere.
        DoubleSpent = "double_spent",
        /// Screening ended against it.
        Rejected = "rejected",
        /// Screening is under way.
        Screening = "screening",
        /// An operator stopped it.
        Manual = "manual",
    }
}

/// What the provider holds to be true of a payment at one instant: all that a judge needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Truth {
    /// Which payment.
    pub payment: PaymentId,
    /// For which order.
    pub reference: Reference,
    /// On which rail.
    #[serde(deserialize_with = "super::rail::deserialize")]
    pub rail: &'static Rail,
    /// Where it stands.
    pub status: Status,
    /// How the money compares.
    pub amount_state: AmountState,
    /// Peculiarities.
    pub flags: BTreeSet<Flag>,
    /// What was asked for.
    pub due: Money,
    /// What stands of what came.
    pub received: Money,
    /// Whether `received` is what a strict provider counts; a naive one may count what never came.
    #[serde(default = "strictly", skip_serializing_if = "is_strict")]
    pub strictly_counted: bool,
    /// How many transfers came.
    pub transfers: u32,
    /// What came by mistake; strictly counted, nothing of it is in `received`.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub mistakes: BTreeSet<Mistake>,
    /// What senders asked the network for, where less of it was delivered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_for: Option<Money>,
    /// What a lost dispute took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charged_back: Option<Money>,
    /// The event that announced this, where one did.
    pub event: Option<EventKind>,
}

impl Truth {
    /// Whether the money is exactly as due and nothing is peculiar: the strict expectations hold.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.amount_state == AmountState::Exact && self.flags.is_empty() && self.strictly_counted
    }
}

/// Histories say it only of money that was not counted strictly.
const fn strictly() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
const fn is_strict(strictly_counted: &bool) -> bool {
    *strictly_counted
}

impl fmt::Display for Truth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, received {} of {}", self.status, self.received, self.due)
    }
}
