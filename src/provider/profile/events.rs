//! What is told of a payment: which events there are, what they hold, and in which words.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::knob::{Choice, Knob, choice, set, told_map, yes};
use super::written;
use crate::input::Cursor;
use crate::model::{EventKind, Status};
use crate::signature;

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

impl Names {
    /// The word for a status.
    #[must_use]
    pub fn status(&self, status: Status) -> &str {
        self.statuses.get(&status).map_or(status.as_str(), String::as_str)
    }

    /// The word for a type.
    #[must_use]
    pub fn event(&self, kind: EventKind) -> &str {
        self.events.get(&kind).map_or(kind.as_str(), String::as_str)
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

impl Choice for Snapshot {
    const WORDS: &'static [(&'static str, Self)] =
        &[("event", Self::Event), ("delivery", Self::Delivery)];
}

impl Choice for Payload {
    const WORDS: &'static [(&'static str, Self)] = &[("fat", Self::Fat), ("thin", Self::Thin)];
}

impl Choice for Sequence {
    const WORDS: &'static [(&'static str, Self)] =
        &[("stripped", Self::Stripped), ("sent", Self::Sent)];
}

pub(super) const KNOBS: &[Knob] = &[
    Knob {
        name: "events.snapshot",
        about: "whether a body shows the payment as it was at the event, or as it is when sent",
        values: "event or delivery",
        read: |cursor, profile| set(&mut profile.events.snapshot, choice(cursor)),
        told: |profile| profile.events.snapshot.word(),
    },
    Knob {
        name: "events.skip",
        about: "which events there are not",
        values: "a list of events, such as [payment.detected]",
        read: |cursor, profile| {
            let kinds = cursor.items();
            profile.events.skip = kinds.iter().filter_map(kind).collect();
        },
        told: |profile| {
            let kinds: Vec<_> = profile.events.skip.iter().map(|kind| kind.as_str()).collect();
            if kinds.is_empty() { "none".to_owned() } else { kinds.join(", ") }
        },
    },
    Knob {
        name: "events.repeat",
        about: "how many times `payment.paid` is announced once more while the network confirms",
        values: "a number from 0 to 100",
        read: |cursor, profile| {
            let number = cursor.number().and_then(|number| u32::try_from(number).ok());
            match number.filter(|number| *number <= 100) {
                Some(number) => profile.events.repeat = number,
                None => cursor.fault("no payment is announced so often", "a number from 0 to 100"),
            }
        },
        told: |profile| profile.events.repeat.to_string(),
    },
    Knob {
        name: "events.emit_reverted",
        about: "whether a payment that falls back to pending says so",
        values: "true or false",
        read: |cursor, profile| set(&mut profile.events.emit_reverted, cursor.bool()),
        told: |profile| yes(profile.events.emit_reverted),
    },
    Knob {
        name: "events.statuses",
        about: "other words for statuses",
        values: "a map: our word → theirs",
        read: |cursor, profile| {
            let words: Vec<&str> = Status::ALL.iter().map(|status| status.as_str()).collect();
            profile.events.names.statuses = renamed(cursor, "status", &words, Status::from_word);
        },
        told: |profile| told_map(&profile.events.names.statuses),
    },
    Knob {
        name: "events.types",
        about: "other words for types of events",
        values: "a map: our word → theirs",
        read: |cursor, profile| {
            let words = kinds();
            profile.events.names.events = renamed(cursor, "event", &words, EventKind::from_word);
        },
        told: |profile| told_map(&profile.events.names.events),
    },
    Knob {
        name: "events.payload",
        about: "whether a body holds the payment, or only id, type and subject",
        values: "fat or thin",
        read: |cursor, profile| set(&mut profile.events.payload, choice(cursor)),
        told: |profile| profile.events.payload.word(),
    },
    Knob {
        name: "events.sequence",
        about: "whether a body counts the events of its payment",
        values: "stripped or sent",
        read: |cursor, profile| set(&mut profile.events.sequence, choice(cursor)),
        told: |profile| profile.events.sequence.word(),
    },
    Knob {
        name: "events.signature",
        about: "the signature scheme",
        values: "one of `countersign schemes` that can be signed with",
        read: |cursor, profile| {
            let scheme = cursor.word("signature scheme", &signature::signing());
            set(&mut profile.events.signature, scheme.map(str::to_owned));
        },
        told: |profile| profile.events.signature.clone(),
    },
    Knob {
        name: "events.headers",
        about: "further headers of a delivery, as templates",
        values: "a map: name → template over `event`, `payment`, `refund` and `dispute`",
        read: |cursor, profile| {
            let entries = cursor.entries().into_iter();
            let read = entries.filter_map(|(name, value)| {
                Some((name.to_ascii_lowercase(), written::text(&value, written::EVENT_ROOTS)?))
            });
            profile.events.headers = read.collect();
        },
        told: |profile| told_map(&profile.events.headers),
    },
    Knob {
        name: "events.id",
        about: "the id of an event, as a template; without one each event has an id of its own",
        values: "a template over `event` and `payment`",
        read: |cursor, profile| {
            set(&mut profile.events.id, written::text(cursor, written::EVENT_ROOTS).map(Some));
        },
        told: |profile| profile.events.id.clone().unwrap_or_else(|| "its own".to_owned()),
    },
    Knob {
        name: "events.webhook",
        about: "the body of a delivery, as a template",
        values: "a template over `event`, `payment`, `refund` and `dispute`",
        read: |cursor, profile| {
            let body = written::document(cursor, written::EVENT_ROOTS);
            set(&mut profile.events.webhook, body.map(Some));
        },
        told: |profile| match &profile.events.webhook {
            Some(body) => body.to_string(),
            None => "the envelope of the contract".to_owned(),
        },
    },
];

fn kinds() -> Vec<&'static str> {
    EventKind::ALL.iter().map(|kind| kind.as_str()).collect()
}

fn kind(cursor: &Cursor<'_>) -> Option<EventKind> {
    cursor.word("event", &kinds()).and_then(EventKind::from_word)
}

/// Their words by ours.
fn renamed<K: Ord>(
    cursor: &Cursor<'_>,
    what: &str,
    words: &[&str],
    from_word: fn(&str) -> Option<K>,
) -> BTreeMap<K, String> {
    let fields = cursor.fields_of(what, words);
    let read = words.iter().filter_map(|word| {
        let theirs = fields.get(word)?.text()?.to_owned();
        Some((from_word(word)?, theirs))
    });
    read.collect()
}
