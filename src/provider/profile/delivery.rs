//! How events reach an endpoint: what acknowledges, when a delivery is tried again, when it ends.

use super::codes::{Codes, codes};
use super::knob::{Choice, Knob, choice, set, span_or, told_or, yes};
use crate::input::{Cursor, Value};
use crate::model::Span;
use crate::provider::Outcome;

/// Delays after each failed attempt; the first attempt is at once (Standard Webhooks).
const SCHEDULE: [Span; 9] = [
    Span::from_s(5),
    Span::from_s(5 * 60),
    Span::from_s(30 * 60),
    Span::from_s(2 * 3600),
    Span::from_s(5 * 3600),
    Span::from_s(10 * 3600),
    Span::from_s(14 * 3600),
    Span::from_s(20 * 3600),
    Span::from_s(24 * 3600),
];

/// More retries than any provider makes.
const TIMES_MAX: usize = 200;

/// The habits of deliveries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// What acknowledges.
    pub success: Codes,
    /// What ends a delivery for ever.
    pub fatal: Codes,
    /// What a 410 means.
    pub gone: Gone,
    /// How long an answer is waited for.
    pub timeout: Span,
    /// Delays after each failed attempt, on the virtual clock.
    pub schedule: Vec<Span>,
    /// By how much a delay may be longer or shorter, in thousandths.
    pub jitter_per_mille: u16,
    /// What becomes of a `Retry-After`.
    pub retry_after: RetryAfter,
    /// After how long a time without any acknowledgement nothing is sent any more; none: never.
    pub auto_disable: Option<Span>,
    /// Whether one failing delivery holds up the others.
    pub queue: Queue,
    /// Whether each attempt is signed anew, with a timestamp of its own.
    pub resign_on_retry: bool,
    /// The key of a retry that is signed anew, where the secret was changed meanwhile.
    pub signing_key_on_retry: SigningKey,
    /// The body of a retry.
    pub redelivery_body: RedeliveryBody,
}

/// What a 410 means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gone {
    /// The endpoint wants nothing any more (Standard Webhooks).
    Disables,
    /// What any other code means.
    Ordinary,
}

/// What becomes of a `Retry-After`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryAfter {
    /// Honoured between once and twice the planned delay (Svix).
    Clamped,
    /// Not read.
    Ignored,
}

/// Whether one failing delivery holds up the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Queue {
    /// Each goes its own way.
    Independent,
    /// Later events wait until the earlier ones are acknowledged or given up (Adyen).
    HeadOfLine,
}

/// The key of a retry that is signed anew, where the secret was changed meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SigningKey {
    /// The one that is valid now.
    Current,
    /// The one of the first attempt (Razorpay).
    AtCreation,
}

/// The body of a retry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RedeliveryBody {
    /// The same bytes.
    Identical,
    /// The same fact with another `created_at`: other bytes under the same id (`BTCPay`).
    Restamped,
}

impl Default for Delivery {
    fn default() -> Self {
        Self {
            success: (200..=299).collect(),
            fatal: Codes::default(),
            gone: Gone::Disables,
            timeout: Span::from_s(15),
            schedule: SCHEDULE.to_vec(),
            jitter_per_mille: 100,
            retry_after: RetryAfter::Clamped,
            auto_disable: Some(Span::from_s(120 * 3600)),
            queue: Queue::Independent,
            resign_on_retry: true,
            signing_key_on_retry: SigningKey::Current,
            redelivery_body: RedeliveryBody::Identical,
        }
    }
}

impl Delivery {
    /// Whether a retry is signed with the key of now. What is not signed anew is as it was.
    #[must_use]
    pub fn signs_retries_with_current_key(&self) -> bool {
        self.resign_on_retry && self.signing_key_on_retry == SigningKey::Current
    }

    /// What an answer of that status comes to; none: there was no answer.
    #[must_use]
    pub fn outcome(&self, status: Option<u16>, retry_after_s: Option<u64>) -> Outcome {
        match status {
            Some(status) if self.success.contains(status) => Outcome::Delivered,
            Some(410) if self.gone == Gone::Disables => Outcome::Gone,
            Some(status) if self.fatal.contains(status) => Outcome::Refused,
            Some(_) | None => Outcome::Failed { retry_after_s },
        }
    }
}

impl Choice for Gone {
    const WORDS: &'static [(&'static str, Self)] =
        &[("disables", Self::Disables), ("ordinary", Self::Ordinary)];
}

impl Choice for RetryAfter {
    const WORDS: &'static [(&'static str, Self)] =
        &[("clamped", Self::Clamped), ("ignored", Self::Ignored)];
}

impl Choice for Queue {
    const WORDS: &'static [(&'static str, Self)] =
        &[("independent", Self::Independent), ("head-of-line", Self::HeadOfLine)];
}

impl Choice for SigningKey {
    const WORDS: &'static [(&'static str, Self)] =
        &[("current", Self::Current), ("at-creation", Self::AtCreation)];
}

impl Choice for RedeliveryBody {
    const WORDS: &'static [(&'static str, Self)] =
        &[("identical", Self::Identical), ("restamped", Self::Restamped)];
}

pub(super) const KNOBS: &[Knob] = &[
    Knob {
        name: "delivery.success",
        about: "which status codes acknowledge an event",
        values: "a list of codes and ranges, such as [200, 204] or [200-299]",
        read: |cursor, profile| set(&mut profile.delivery.success, codes(cursor)),
        told: |profile| profile.delivery.success.to_string(),
    },
    Knob {
        name: "delivery.fatal",
        about: "which status codes end a delivery for ever",
        values: "a list of codes and ranges, such as [401, 403]",
        read: |cursor, profile| set(&mut profile.delivery.fatal, codes(cursor)),
        told: |profile| profile.delivery.fatal.to_string(),
    },
    Knob {
        name: "delivery.gone",
        about: "whether a 410 ends all deliveries to its endpoint, or is a code like any other",
        values: "disables or ordinary",
        read: |cursor, profile| set(&mut profile.delivery.gone, choice(cursor)),
        told: |profile| profile.delivery.gone.word(),
    },
    Knob {
        name: "delivery.timeout",
        about: "how long an answer is waited for",
        values: "a span of time",
        read: |cursor, profile| set(&mut profile.delivery.timeout, cursor.span()),
        told: |profile| profile.delivery.timeout.to_string(),
    },
    Knob {
        name: "delivery.schedule",
        about: "the delays after failed attempts",
        values: "a list of spans, or of {every: 5m, times: 5}; [] for no second attempt",
        read: |cursor, profile| set(&mut profile.delivery.schedule, schedule(cursor)),
        told: |profile| told_schedule(&profile.delivery.schedule),
    },
    Knob {
        name: "delivery.jitter",
        about: "by how many thousandths a delay may be longer or shorter",
        values: "a number from 0 to 1000",
        read: |cursor, profile| {
            let number = cursor.number().and_then(|number| u16::try_from(number).ok());
            match number.filter(|number| *number <= 1000) {
                Some(number) => profile.delivery.jitter_per_mille = number,
                None => cursor.fault("the jitter is no part of a delay", "a number from 0 to 1000"),
            }
        },
        told: |profile| profile.delivery.jitter_per_mille.to_string(),
    },
    Knob {
        name: "delivery.retry_after",
        about: "what becomes of a `Retry-After`: kept between once and twice the delay, or not read",
        values: "clamped or ignored",
        read: |cursor, profile| set(&mut profile.delivery.retry_after, choice(cursor)),
        told: |profile| profile.delivery.retry_after.word(),
    },
    Knob {
        name: "delivery.auto_disable",
        about: "after how long without an acknowledgement nothing is sent any more",
        values: "a span of time, or never",
        read: |cursor, profile| {
            set(&mut profile.delivery.auto_disable, span_or(cursor, "never"));
        },
        told: |profile| told_or(profile.delivery.auto_disable, "never"),
    },
    Knob {
        name: "delivery.queue",
        about: "whether one failing delivery holds up those behind it",
        values: "independent or head-of-line",
        read: |cursor, profile| set(&mut profile.delivery.queue, choice(cursor)),
        told: |profile| profile.delivery.queue.word(),
    },
    Knob {
        name: "delivery.resign_on_retry",
        about: "whether each attempt is signed anew, with a timestamp of its own",
        values: "true or false",
        read: |cursor, profile| set(&mut profile.delivery.resign_on_retry, cursor.bool()),
        told: |profile| yes(profile.delivery.resign_on_retry),
    },
    Knob {
        name: "delivery.signing_key_on_retry",
        about: "with which secret a retry is signed anew after a rotation",
        values: "current or at-creation",
        read: |cursor, profile| set(&mut profile.delivery.signing_key_on_retry, choice(cursor)),
        told: |profile| profile.delivery.signing_key_on_retry.word(),
    },
    Knob {
        name: "delivery.redelivery_body",
        about: "whether a retry has the same bytes, or the same fact with another `created_at`",
        values: "identical or restamped",
        read: |cursor, profile| set(&mut profile.delivery.redelivery_body, choice(cursor)),
        told: |profile| profile.delivery.redelivery_body.word(),
    },
];

/// Spans, one by one or several at once.
fn schedule(cursor: &Cursor<'_>) -> Option<Vec<Span>> {
    let (mut delays, mut is_whole) = (Vec::new(), true);
    for item in cursor.items() {
        let read = match &item.node().value {
            Value::Map(_) => {
                let fields = item.fields(&["every", "times"]);
                let every = fields.need("every").and_then(|cursor| cursor.span());
                let times = fields.need("times").and_then(|cursor| times(&cursor));
                every.zip(times)
            }
            Value::Scalar { .. } | Value::List(_) => item.span().map(|span| (span, 1)),
        };
        match read {
            Some((span, times)) => delays.extend(std::iter::repeat_n(span, times)),
            None => is_whole = false,
        }
    }
    is_whole.then_some(delays)
}

fn times(cursor: &Cursor<'_>) -> Option<usize> {
    let times = usize::try_from(cursor.number()?).ok().filter(|n| (1..=TIMES_MAX).contains(n));
    if times.is_none() {
        cursor.fault("no delivery is tried so often", format!("a number from 1 to {TIMES_MAX}"));
    }
    times
}

/// `1m × 5, 5m`: what follows itself is counted.
fn told_schedule(delays: &[Span]) -> String {
    let runs = delays.chunk_by(|a, b| a == b).map(|run| match run {
        [one] => one.to_string(),
        many => format!("{} × {}", many[0], many.len()),
    });
    let words: Vec<_> = runs.collect();
    if words.is_empty() { "no second attempt".to_owned() } else { words.join(", ") }
}
