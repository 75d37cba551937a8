//! The outbox: which deliveries wait for which attempt, and when the next one is due.
//!
//! A schedule and its bookkeeping, nothing else: no bodies, no sockets, no clock. Attempts are
//! made elsewhere; what came of each is told here, with the time at which it was.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::model::{EventId, SimTime, Span};

use super::Profile;
use super::id::digest;
use super::profile::{Queue, RetryAfter};

/// What came of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Acknowledged.
    Delivered,
    /// A refusal that is final for this delivery.
    Refused,
    /// Anything else, or no answer.
    Failed {
        /// Seconds that the answer's `Retry-After` asked for.
        retry_after_s: Option<u64>,
    },
    /// A 410: the endpoint wants nothing any more.
    Gone,
}

#[derive(Debug, Clone, Default)]
struct Delivery {
    attempts: u32,
    /// Retries planned so far.
    planned: usize,
    due: Option<SimTime>,
    delivered: bool,
    /// Whether the endpoint refused it for ever.
    refused: bool,
}

impl Delivery {
    /// Whether nothing is to be expected of it any more.
    const fn is_over(&self) -> bool {
        self.delivered || self.refused
    }
}

/// All deliveries for one endpoint.
#[derive(Debug, Clone)]
pub struct Outbox {
    seed: u64,
    profile: Arc<Profile>,
    deliveries: BTreeMap<EventId, Delivery>,
    due: BTreeSet<(SimTime, EventId)>,
    /// Neither acknowledged nor given up.
    open: BTreeSet<EventId>,
    /// Since when nothing was acknowledged, although something was sent.
    failing_since: Option<SimTime>,
    disabled: bool,
}

impl Outbox {
    /// An empty outbox; jitter derives from the seed.
    #[must_use]
    pub fn new(seed: u64, profile: Arc<Profile>) -> Self {
        Self {
            seed,
            profile,
            deliveries: BTreeMap::new(),
            due: BTreeSet::new(),
            open: BTreeSet::new(),
            failing_since: None,
            disabled: false,
        }
    }

    /// Takes an event in. Its first attempt is due at once, and made by whoever queues it: only
    /// retries are scheduled here.
    pub fn queue(&mut self, event: EventId) {
        if !self.deliveries.contains_key(&event) {
            self.open.insert(event.clone());
            self.deliveries.insert(event, Delivery::default());
        }
    }

    /// Notes what came of an attempt, and plans the next one if that is needed.
    ///
    /// A copy that fails while a retry is already planned for later changes nothing: five copies
    /// that fail together are not five steps of the schedule. Once delivered is delivered.
    pub fn answered(&mut self, event: &EventId, now: SimTime, outcome: Outcome) {
        self.queue(event.clone());
        let Some(delivery) = self.deliveries.get_mut(event) else { return };
        delivery.attempts = delivery.attempts.saturating_add(1);
        match outcome {
            Outcome::Delivered => {
                delivery.delivered = true;
                self.failing_since = None;
                Self::plan(&mut self.due, event, delivery, None);
            }
            Outcome::Refused => {
                delivery.refused = true;
                Self::plan(&mut self.due, event, delivery, None);
            }
            Outcome::Gone => self.disable(),
            Outcome::Failed { retry_after_s } => self.failed(event, now, retry_after_s),
        }
        if self.deliveries.get(event).is_some_and(|delivery| self.is_settled(delivery)) {
            self.open.remove(event);
        }
    }

    fn failed(&mut self, event: &EventId, now: SimTime, retry_after_s: Option<u64>) {
        let habits = &self.profile.delivery;
        let since = *self.failing_since.get_or_insert(now);
        if habits.auto_disable.is_some_and(|limit| now.since(since) >= limit) {
            return self.disable();
        }
        let Some(delivery) = self.deliveries.get_mut(event) else { return };
        let waits = delivery.due.is_some_and(|due| now < due);
        if delivery.is_over() || self.disabled || waits {
            return;
        }
        let next = habits.schedule.get(delivery.planned).map(|delay| {
            let step = (delivery.planned, u64::from(habits.jitter_per_mille));
            let planned = jittered(self.seed, event, step, *delay);
            now.plus(match habits.retry_after {
                RetryAfter::Clamped => lengthened(planned, retry_after_s),
                RetryAfter::Ignored => planned,
            })
        });
        // One beyond the schedule marks it as used up.
        delivery.planned = (delivery.planned + 1).min(habits.schedule.len() + 1);
        Self::plan(&mut self.due, event, delivery, next);
    }

    fn disable(&mut self) {
        self.disabled = true;
        self.open.clear();
        self.due.clear();
        self.deliveries.values_mut().for_each(|delivery| delivery.due = None);
    }

    /// The retry that is due first, which may lie in the past.
    #[must_use]
    pub fn next_due(&self) -> Option<(EventId, SimTime)> {
        self.due.first().map(|(at, event)| (event.clone(), *at))
    }

    /// All retries that are planned, the first one first.
    pub fn planned(&self) -> impl Iterator<Item = (&EventId, SimTime)> {
        self.due.iter().map(|(at, event)| (event, *at))
    }

    /// When this event's retry is due, if one is planned.
    #[must_use]
    pub fn due_at(&self, event: &EventId) -> Option<SimTime> {
        self.deliveries.get(event).and_then(|delivery| delivery.due)
    }

    /// Takes the planned retry away. The schedule goes on where it was with the next attempt.
    pub fn postpone(&mut self, event: &EventId) {
        if let Some(delivery) = self.deliveries.get_mut(event) {
            Self::plan(&mut self.due, event, delivery, None);
        }
    }

    /// Takes back that a 410 or too long a failure ended all deliveries.
    pub fn enable(&mut self) {
        self.disabled = false;
        self.failing_since = None;
    }

    /// Whether an earlier event must be acknowledged or given up first.
    #[must_use]
    pub fn is_blocked(&self, event: &EventId) -> bool {
        match self.profile.delivery.queue {
            Queue::Independent => false,
            Queue::HeadOfLine => self.open.first().is_some_and(|first| first < event),
        }
    }

    fn is_settled(&self, delivery: &Delivery) -> bool {
        delivery.is_over() || delivery.planned > self.profile.delivery.schedule.len()
    }

    /// Whether a retry of it is planned.
    #[must_use]
    pub fn is_planned(&self, event: &EventId) -> bool {
        self.deliveries.get(event).is_some_and(|delivery| delivery.due.is_some())
    }

    /// Attempts that were answered so far.
    #[must_use]
    pub fn attempts(&self, event: &EventId) -> u32 {
        self.deliveries.get(event).map_or(0, |delivery| delivery.attempts)
    }

    /// Whether it was acknowledged.
    #[must_use]
    pub fn is_delivered(&self, event: &EventId) -> bool {
        self.deliveries.get(event).is_some_and(|delivery| delivery.delivered)
    }

    /// Whether the endpoint refused it for ever.
    #[must_use]
    pub fn is_refused(&self, event: &EventId) -> bool {
        self.deliveries.get(event).is_some_and(|delivery| delivery.refused)
    }

    /// Whether the whole schedule is used up without an acknowledgement.
    #[must_use]
    pub fn exhausted(&self, event: &EventId) -> bool {
        let steps = self.profile.delivery.schedule.len();
        let used_up = |delivery: &Delivery| delivery.planned > steps;
        self.deliveries.get(event).is_some_and(|delivery| used_up(delivery) && !delivery.delivered)
    }

    /// Whether a 410 or too long a failure ended all deliveries.
    #[must_use]
    pub fn is_disabled(&self) -> bool {
        self.disabled
    }

    /// Drops everything about this event; it is not retried.
    pub fn forget(&mut self, event: &EventId) {
        self.open.remove(event);
        if let Some(Delivery { due: Some(due), .. }) = self.deliveries.remove(event) {
            self.due.remove(&(due, event.clone()));
        }
    }

    fn plan(
        due: &mut BTreeSet<(SimTime, EventId)>,
        event: &EventId,
        delivery: &mut Delivery,
        at: Option<SimTime>,
    ) {
        if let Some(before) = delivery.due.take() {
            due.remove(&(before, event.clone()));
        }
        delivery.due = at;
        due.extend(at.map(|at| (at, event.clone())));
    }
}

/// The delay, so many thousandths more or less by seed, event and step.
fn jittered(
    seed: u64,
    event: &EventId,
    (step, jitter_per_mille): (usize, u64),
    delay: Span,
) -> Span {
    let step = (step as u64).to_be_bytes();
    let hash = digest(&[b"jitter", &seed.to_be_bytes(), event.as_str().as_bytes(), &step]);
    let draw = u64::from(u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]]));
    let per_mille = 1000 - jitter_per_mille + draw % (2 * jitter_per_mille + 1);
    Span::from_ms(delay.ms() * per_mille / 1000)
}

/// `Retry-After` is honoured between once and twice the planned delay.
fn lengthened(planned: Span, retry_after_s: Option<u64>) -> Span {
    let asked_ms = retry_after_s.map_or(0, |seconds| seconds.saturating_mul(1000));
    Span::from_ms(asked_ms.clamp(planned.ms(), 2 * planned.ms()))
}

#[cfg(test)]
mod tests;
