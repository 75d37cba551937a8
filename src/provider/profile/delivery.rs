//! How events reach an endpoint: what acknowledges, when a delivery is tried again, when it ends.

use std::collections::BTreeSet;

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

/// The habits of deliveries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// What acknowledges.
    pub success: Codes,
    /// What ends a delivery for ever.
    pub fatal: Codes,
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
    /// The key of a retry where the secret was changed meanwhile.
    pub signing_key_on_retry: SigningKey,
    /// The body of a retry.
    pub redelivery_body: RedeliveryBody,
}

/// Status codes of HTTP.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Codes(BTreeSet<u16>);

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

/// The key of a retry where the secret was changed meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SigningKey {
    /// The one that is valid now.
    Current,
    /// The one that was valid when the event was made (Razorpay).
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
    /// What an answer of that status comes to; none: there was no answer. A 410 says that the
    /// endpoint wants nothing any more (Standard Webhooks).
    #[must_use]
    pub fn outcome(&self, status: Option<u16>, retry_after_s: Option<u64>) -> Outcome {
        match status {
            Some(status) if self.success.contains(status) => Outcome::Delivered,
            Some(410) => Outcome::Gone,
            Some(status) if self.fatal.contains(status) => Outcome::Refused,
            Some(_) | None => Outcome::Failed { retry_after_s },
        }
    }
}

impl Codes {
    /// Whether it is one of them.
    #[must_use]
    pub fn contains(&self, code: u16) -> bool {
        self.0.contains(&code)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<u16> for Codes {
    fn from_iter<I: IntoIterator<Item = u16>>(codes: I) -> Self {
        Self(codes.into_iter().collect())
    }
}
