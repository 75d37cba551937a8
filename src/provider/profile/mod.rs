//! Provider profiles: what differs between real providers, as data.
//!
//! The service and whoever delivers its events ask a profile what to do wherever providers differ;
//! everything else is code. The default is the strictest sane reading of what they have in common.
//! Knows no payment, no socket and no file.

mod api;
mod builtin;
mod codes;
mod delivery;
mod events;
mod knob;
mod payments;
mod read;
mod route;
mod template;
mod written;

pub use api::{Api, Idempotency, RateLimit};
pub use builtin::{builtin, builtin_text, names};
pub use codes::Codes;
pub use delivery::{Delivery, Gone, Queue, RedeliveryBody, RetryAfter, SigningKey};
pub use events::{Events, Names, Payload, Sequence, Snapshot};
pub use knob::{Knob, knobs};
pub use payments::{Counts, LatePolicy, OverPolicy, Payments, UnderPolicy};
pub use read::{is_profile, read, shape};
pub use route::Route;
pub use template::Tables;

pub(super) use template::Scope;

/// A provider's habits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// Such as `coingate`.
    pub name: String,
    /// What it is, in a sentence.
    pub summary: String,
    /// Where its facts were read, each with the day on which they were.
    pub sources: Vec<String>,
    /// How events reach an endpoint.
    pub delivery: Delivery,
    /// What is told of a payment, and in which words.
    pub events: Events,
    /// What becomes of a payment where the contract leaves it open.
    pub payments: Payments,
    /// How the API behaves.
    pub api: Api,
    /// Words of the provider, for its templates.
    pub tables: Tables,
}

impl Profile {
    /// Whether payments live or are told otherwise than the contract has it: then there are steps
    /// that this provider does not take.
    #[must_use]
    pub fn has_own_life(&self) -> bool {
        let usual = Events::default();
        self.payments != Payments::default()
            || (&self.events.skip, self.events.emit_reverted) != (&usual.skip, usual.emit_reverted)
    }
}

impl Profile {
    /// Whether a merchant meets the same at both, whatever they are called and wherever their facts
    /// are from.
    #[must_use]
    pub fn behaves_as(&self, other: &Self) -> bool {
        let like = |profile: &Self| Self {
            name: String::new(),
            summary: String::new(),
            sources: Vec::new(),
            ..profile.clone()
        };
        like(self) == like(other)
    }
}

impl Default for Profile {
    fn default() -> Self {
        Self {
            name: "default".to_owned(),
            summary: "the strictest sane reading of what providers have in common".to_owned(),
            sources: Vec::new(),
            delivery: Delivery::default(),
            events: Events::default(),
            payments: Payments::default(),
            api: Api::default(),
            tables: Tables::new(),
        }
    }
}
