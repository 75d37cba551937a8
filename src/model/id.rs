//! Identifiers as types of their own, so that a payment is never taken for an event.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes the text as it is; whoever reads it from outside checks its shape there.
            #[must_use]
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The identifier as it appears on the wire.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id! {
    /// A payment at the provider, such as `pay_01J8Z3HY5M0000000000000000`.
    PaymentId
}
text_id! {
    /// An event of the provider, such as `evt_01J8Z3K5Q7R9T1V3X5Z7B9D1F3`.
    EventId
}
text_id! {
    /// A webhook endpoint of an account, such as `whe_01J8Z3HY5M0000000000000000`.
    EndpointId
}
text_id! {
    /// The merchant's own name for an order, such as `INV-2026-00042`.
    Reference
}

/// The lane of a scenario within a run; zero is the run itself.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct LaneId(pub u32);

impl LaneId {
    /// What belongs to no scenario: preflight, process, closing audit.
    pub const RUN: Self = Self(0);
}

impl fmt::Display for LaneId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}
