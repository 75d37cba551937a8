//! What a lane wants done, and what it is told.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::history;
use crate::model::{Observation, Reference, SimTime, Span};
use crate::scenario::Arrival;

/// Real time, handed in by whoever reads the clock.
#[derive(Debug, Clone, Copy)]
pub struct Now {
    /// The wall clock: what `webhook-timestamp` carries.
    pub wall: SimTime,
    /// Milliseconds since the run started.
    pub real_ms: u64,
}

/// What a lane wants done next.
#[derive(Debug)]
pub enum Request {
    /// Make the merchant act.
    Drive {
        /// `checkout` or `reconcile`.
        verb: &'static str,
        /// Values of the template's placeholders.
        values: BTreeMap<&'static str, String>,
    },
    /// Send messages to the merchant's webhook.
    Send {
        /// Each with its headers and exact bytes.
        messages: Vec<Message>,
        /// One after the other, or together.
        arrival: Arrival,
    },
    /// Look at an order.
    Look(Reference),
    /// Come back after this real time.
    Pause(Span),
    /// Let the answer go that is held back, and say what came of the checkout that waits for it.
    Release,
    /// Kill the merchant, and say what came of the checkout that waits, if one does.
    Kill,
    /// Start it again, and wait until it is ready.
    Restart,
    /// The scenario is over; nothing more is wanted.
    Done,
}

/// One message to the merchant's webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// In the order in which they are sent; host and length are added by the sender.
    pub headers: Vec<(String, String)>,
    /// Exact bytes.
    pub body: Bytes,
}

/// What became of one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// All headers in the order in which they were sent.
    pub headers: Vec<(String, String)>,
    /// When its first byte left, in real microseconds since the run started; when it would have
    /// left, if no connection could be had.
    pub sent_us: u64,
    /// When the answer was complete, or given up, on the same scale.
    pub answered_us: u64,
    /// The answer.
    pub answer: history::Answer,
    /// `Retry-After` in seconds, where the answer has one.
    pub retry_after_s: Option<u64>,
}

/// What a lane is told.
#[derive(Debug)]
pub enum Answer {
    /// It begins.
    Start,
    /// What the merchant answered when it was made to act.
    Driven(history::Answer),
    /// A call of the checkout came, and its answer is held back; the checkout goes on.
    Held,
    /// The answer that was held back went.
    Released {
        /// What the merchant answered when it was made to check out; none where it did so before.
        driven: Option<history::Answer>,
        /// Whether it had to go early, because the merchant took nothing in while it waited.
        early: bool,
    },
    /// It is dead.
    Killed {
        /// What became of the checkout that waited for an answer which was held back.
        driven: Option<history::Answer>,
        /// Whether that answer had gone before.
        early: bool,
    },
    /// It is ready again, or why it is not.
    Restarted(Result<(), String>),
    /// What became of the messages, in their order.
    Sent(Vec<Sent>),
    /// What the look showed.
    Seen(Result<Observation, String>),
    /// The time is over.
    Paused,
    /// The merchant's process died while the answer was awaited.
    Died {
        /// How it ended, with its last words.
        how: String,
        /// Whether this lane's request was the first to meet the death.
        blamed: bool,
    },
}
