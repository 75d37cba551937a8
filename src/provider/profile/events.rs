//! What is told of a payment: which events there are, what they hold, and in which words.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::model::{EventKind, Status};

/// The habits of events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Events {
    /// Of which instant the payment in a body is.
    pub snapshot: Snapshot,
    /// Events that there are not: neither sent nor listed.
    pub skip: BTreeSet<EventKind>,
    /// How many times `payment.paid` is announced once more while the network confirms, each time
    /// as an event of its own (`CoinPayments`).
    pub repeat: u32,
    /// Whether a payment that falls back to pending says so.
    pub emit_reverted: bool,
    /// Other words for statuses and types.
    pub names: Names,
    /// How much of the payment a body holds.
    pub payload: Payload,
    /// Whether a body counts the events of its payment.
    pub sequence: Sequence,
    /// The signature scheme, such as `standard-webhooks`.
    pub signature: String,
    /// Templates of further headers.
    pub headers: BTreeMap<String, String>,
    /// The template of an event's id on the wire; none: an id of its own per occurrence.
    pub id: Option<String>,
    /// The template of a body; none: the envelope of the contract.
    pub webhook: Option<Value>,
}

/// Other words for statuses and types; what is not named keeps the contract's.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Names {
    /// Status → its word.
    pub statuses: BTreeMap<Status, String>,
    /// Type → its word.
    pub events: BTreeMap<EventKind, String>,
}

/// Of which instant the payment in a body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Snapshot {
    /// Of the event.
    Event,
    /// Of the attempt: an early event that comes late shows what is true by then.
    Delivery,
}

/// How much of the payment a body holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Payload {
    /// The whole payment.
    Fat,
    /// Id, type and subject: the rest must be read (Mollie).
    Thin,
}

/// Whether a body counts the events of its payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sequence {
    /// It does not, as with most providers.
    Stripped,
    /// `sequence` is 1 for the first.
    Sent,
}

impl Default for Events {
    fn default() -> Self {
        Self {
            snapshot: Snapshot::Event,
            skip: BTreeSet::new(),
            repeat: 0,
            emit_reverted: true,
            names: Names::default(),
            payload: Payload::Fat,
            sequence: Sequence::Stripped,
            signature: "standard-webhooks".to_owned(),
            headers: BTreeMap::new(),
            id: None,
            webhook: None,
        }
    }
}

impl Events {
    /// Whether there are events of that kind.
    #[must_use]
    pub fn announces(&self, kind: EventKind) -> bool {
        let silent = kind == EventKind::Reverted && !self.emit_reverted;
        !silent && !self.skip.contains(&kind)
    }
}
