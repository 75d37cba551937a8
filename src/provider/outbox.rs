//! The outbox: which deliveries wait for which attempt, and when the next one is due.
//!
//! A schedule and its bookkeeping, nothing else: no bodies, no sockets, no clock. Attempts are
//! made elsewhere; what came of each is told here, with the time at which it was.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{EventId, SimTime, Span};

use super::id::digest;

/// Delays after each failed attempt; the first attempt is at once (Standard Webhooks).
const RETRY_AFTER: &[Span] = &[
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

const JITTER_PER_MILLE: u64 = 100;

/// What came of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// A 2xx.
    Delivered,
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
}

/// All deliveries for one endpoint.
#[derive(Debug, Clone)]
pub struct Outbox {
    seed: u64,
    deliveries: BTreeMap<EventId, Delivery>,
    due: BTreeSet<(SimTime, EventId)>,
    disabled: bool,
}

impl Outbox {
    /// An empty outbox; jitter derives from the seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { seed, deliveries: BTreeMap::new(), due: BTreeSet::new(), disabled: false }
    }

    /// Takes an event in. Its first attempt is due at once, and made by whoever queues it: only
    /// retries are scheduled here.
    pub fn queue(&mut self, event: EventId) {
        self.deliveries.entry(event).or_default();
    }

    /// Notes what came of an attempt, and plans the next one if that is needed.
    ///
    /// A copy that fails while a retry is already planned for later changes nothing: five copies
    /// that fail together are not five steps of the schedule. Once delivered is delivered.
    pub fn answered(&mut self, event: &EventId, now: SimTime, outcome: Outcome) {
        let delivery = self.deliveries.entry(event.clone()).or_default();
        delivery.attempts = delivery.attempts.saturating_add(1);
        match outcome {
            Outcome::Delivered => {
                delivery.delivered = true;
                Self::plan(&mut self.due, event, delivery, None);
            }
            Outcome::Gone => {
                self.disabled = true;
                self.due.clear();
                self.deliveries.values_mut().for_each(|delivery| delivery.due = None);
            }
            Outcome::Failed { retry_after_s } => {
                let waits = delivery.due.is_some_and(|due| now < due);
                if delivery.delivered || self.disabled || waits {
                    return;
                }
                let next = RETRY_AFTER.get(delivery.planned).map(|delay| {
                    let planned = jittered(self.seed, event, delivery.planned, *delay);
                    now.plus(lengthened(planned, retry_after_s))
                });
                // One beyond the schedule marks it as used up.
                delivery.planned = (delivery.planned + 1).min(RETRY_AFTER.len() + 1);
                Self::plan(&mut self.due, event, delivery, next);
            }
        }
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

    /// Takes back that a 410 ended all deliveries.
    pub fn enable(&mut self) {
        self.disabled = false;
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

    /// Whether the whole schedule is used up without an acknowledgement.
    #[must_use]
    pub fn exhausted(&self, event: &EventId) -> bool {
        let used_up = |delivery: &Delivery| delivery.planned > RETRY_AFTER.len();
        self.deliveries.get(event).is_some_and(|delivery| used_up(delivery) && !delivery.delivered)
    }

    /// Whether a 410 ended all deliveries.
    #[must_use]
    pub fn is_disabled(&self) -> bool {
        self.disabled
    }

    /// Drops everything about this event; it is not retried.
    pub fn forget(&mut self, event: &EventId) {
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

/// The delay, a tenth more or less by seed, event and step.
fn jittered(seed: u64, event: &EventId, step: usize, delay: Span) -> Span {
    let step = (step as u64).to_be_bytes();
    let hash = digest(&[b"jitter", &seed.to_be_bytes(), event.as_str().as_bytes(), &step]);
    let draw = u64::from(u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]]));
    let per_mille = 1000 - JITTER_PER_MILLE + draw % (2 * JITTER_PER_MILLE + 1);
    Span::from_ms(delay.ms() * per_mille / 1000)
}

/// `Retry-After` is honoured between once and twice the planned delay.
fn lengthened(planned: Span, retry_after_s: Option<u64>) -> Span {
    let asked_ms = retry_after_s.map_or(0, |seconds| seconds.saturating_mul(1000));
    Span::from_ms(asked_ms.clamp(planned.ms(), 2 * planned.ms()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAILED: Outcome = Outcome::Failed { retry_after_s: None };
    const START: SimTime = SimTime::from_unix_ms(1_767_608_128_412);

    fn event() -> EventId {
        EventId::new("evt_01J8Z3K5Q7R9T1V3X5Z7B9D1F3")
    }

    /// Fails every attempt when it is due; the delays between them.
    fn delays(seed: u64) -> Vec<u64> {
        let mut outbox = Outbox::new(seed);
        outbox.queue(event());
        let (mut now, mut delays) = (START, Vec::new());
        loop {
            outbox.answered(&event(), now, FAILED);
            let Some((_, due)) = outbox.next_due() else { break };
            delays.push(due.since(now).ms());
            now = due;
        }
        assert!(outbox.exhausted(&event()));
        assert_eq!(outbox.attempts(&event()), 10);
        delays
    }

    #[test]
    fn the_schedule_is_the_published_one_within_a_tenth() {
        let delays = delays(1);
        assert_eq!(delays.len(), RETRY_AFTER.len());
        for (delay, planned) in delays.iter().zip(RETRY_AFTER) {
            let planned = planned.ms();
            assert!((planned * 9 / 10..=planned * 11 / 10).contains(delay), "{delay} {planned}");
        }
    }

    #[test]
    fn jitter_repeats_with_the_seed_and_only_with_it() {
        assert_eq!(delays(1), delays(1));
        assert_ne!(delays(1), delays(2));
    }

    #[test]
    fn retry_after_is_clamped() {
        for (asked, least, most) in [(0, 4500, 5500), (7, 7000, 7000), (3600, 9000, 11000)] {
            let mut outbox = Outbox::new(1);
            outbox.answered(&event(), START, Outcome::Failed { retry_after_s: Some(asked) });
            let delay = outbox.next_due().unwrap().1.since(START).ms();
            assert!((least..=most).contains(&delay), "{asked}: {delay}");
        }
    }

    #[test]
    fn copies_that_fail_together_are_one_step() {
        let mut outbox = Outbox::new(1);
        for _ in 0..5 {
            outbox.answered(&event(), START, FAILED);
        }
        assert_eq!(outbox.attempts(&event()), 5);
        assert!(outbox.next_due().unwrap().1.since(START).ms() <= 5500);
    }

    #[test]
    fn once_delivered_is_delivered() {
        let mut outbox = Outbox::new(1);
        outbox.answered(&event(), START, FAILED);
        outbox.answered(&event(), START, Outcome::Delivered);
        outbox.answered(&event(), START, FAILED);
        assert!(outbox.is_delivered(&event()) && !outbox.exhausted(&event()));
        assert_eq!(outbox.next_due(), None);
    }

    #[test]
    fn gone_ends_everything() {
        let other = EventId::new("evt_01J8Z3K5Q7R9T1V3X5Z7B9D1F4");
        let mut outbox = Outbox::new(1);
        outbox.answered(&event(), START, FAILED);
        outbox.answered(&other, START, Outcome::Gone);
        outbox.answered(&event(), START.plus(Span::from_s(60)), FAILED);
        assert!(outbox.is_disabled());
        assert_eq!(outbox.next_due(), None);
    }

    #[test]
    fn what_is_forgotten_is_not_retried() {
        let mut outbox = Outbox::new(1);
        outbox.answered(&event(), START, FAILED);
        outbox.forget(&event());
        assert_eq!((outbox.next_due(), outbox.attempts(&event())), (None, 0));
    }
}
