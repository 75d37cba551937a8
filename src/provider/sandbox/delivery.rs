//! Deliveries of a sandbox: which wait, which are held, what came of each attempt.
//!
//! The retry schedule is the outbox's; this adds what an operator does to a delivery, and the
//! record that a page shows. Signatures are not kept, nor are bodies that are as they were announced:
//! both follow from the event and the instant of signing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::model::{EventId, SimTime};
use crate::provider::{Outbox, Outcome, Profile};

/// One try of a delivery, answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// The wall clock when it was signed, which its timestamp carries.
    pub signed_at: SimTime,
    /// The secrets that signed it, each by the number of rotations that it came after.
    pub signed_by: Vec<usize>,
    /// Milliseconds until the answer, or until it was given up.
    pub took_ms: u64,
    /// What came back.
    pub reply: Reply,
    /// The body, where it was another than the one that was announced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
}

/// What an endpoint answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// An HTTP answer.
    Http {
        /// Its status.
        status: u16,
        /// The beginning of its body.
        body: String,
    },
    /// None, in words.
    Failed(String),
}

impl Reply {
    /// The status of an HTTP answer.
    const fn status(&self) -> Option<u16> {
        match self {
            Self::Http { status, .. } => Some(*status),
            Self::Failed(_) => None,
        }
    }
}

/// What the operator wants of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Wish {
    #[default]
    Send,
    Hold,
    Drop,
}

/// How a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Standing {
    /// Acknowledged.
    Delivered,
    /// An attempt waits for its answer.
    Underway,
    /// The next attempt is due.
    Due,
    /// The next attempt is planned.
    Waiting,
    /// Held back by the operator.
    Held,
    /// Given up by the operator.
    Dropped,
    /// The schedule is used up.
    Exhausted,
    /// The endpoint refused it for ever, or wants nothing any more.
    Ended,
}

impl Standing {
    /// The same where the endpoint is not there any more.
    pub const fn without_endpoint(self) -> Self {
        match self {
            Self::Delivered | Self::Dropped | Self::Exhausted => self,
            Self::Underway | Self::Due | Self::Waiting | Self::Held | Self::Ended => Self::Ended,
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct Delivery {
    wish: Wish,
    pub attempts: Vec<Attempt>,
}

/// Attempts at one endpoint at a time. More would only wait there.
const UNDERWAY_MAX: usize = 16;

/// All deliveries for one endpoint.
#[derive(Debug)]
pub(super) struct Deliveries {
    profile: Arc<Profile>,
    outbox: Outbox,
    all: BTreeMap<EventId, Delivery>,
    /// First attempts, redeliveries and releases, in the order of events.
    ready: BTreeSet<EventId>,
    /// The one thing here that is not journalled: an attempt whose answer nobody saw is made again.
    underway: BTreeSet<EventId>,
}

impl Deliveries {
    pub fn new(seed: u64, profile: Arc<Profile>) -> Self {
        Self {
            outbox: Outbox::new(seed, profile.clone()),
            profile,
            all: BTreeMap::new(),
            ready: BTreeSet::new(),
            underway: BTreeSet::new(),
        }
    }

    /// A process began: nothing is underway.
    pub fn open(&mut self) {
        self.underway.clear();
    }

    /// Takes an event in, to be sent or held back.
    pub fn queue(&mut self, event: EventId, holding: bool) {
        self.outbox.queue(event.clone());
        let wish = if holding { Wish::Hold } else { Wish::Send };
        if wish == Wish::Send && !self.outbox.is_disabled() {
            self.ready.insert(event.clone());
        }
        self.all.insert(event, Delivery { wish, attempts: Vec::new() });
    }

    /// The attempt that comes next, if one is due.
    pub fn take(&mut self, now: SimTime) -> Option<EventId> {
        let event = self.pending().find(|(_, at)| at.is_none_or(|at| at <= now))?.0.clone();
        self.underway.insert(event.clone());
        Some(event)
    }

    /// When the next attempt is due; `now` if it is already.
    pub fn next_due(&self, now: SimTime) -> Option<SimTime> {
        self.pending().next().map(|(_, at)| at.unwrap_or(now))
    }

    /// Attempts that are to be made: those without an instant at once, then in order of time.
    fn pending(&self) -> impl Iterator<Item = (&EventId, Option<SimTime>)> {
        let ready = self.ready.iter().map(|event| (event, None));
        let retries = self.outbox.planned().map(|(event, at)| (event, Some(at)));
        let pending = ready.chain(retries).filter(|(event, _)| !self.underway.contains(*event));
        let has_room = self.underway.len() < UNDERWAY_MAX;
        pending.filter(move |(event, _)| has_room && !self.outbox.is_blocked(event))
    }

    /// Notes what came of an attempt.
    pub fn answered(
        &mut self,
        event: &EventId,
        now: SimTime,
        attempt: Attempt,
        retry_after_s: Option<u64>,
    ) {
        self.underway.remove(event);
        self.ready.remove(event);
        let Some(delivery) = self.all.get_mut(event) else { return };
        let outcome = self.profile.delivery.outcome(attempt.reply.status(), retry_after_s);
        delivery.attempts.push(attempt);
        if outcome == Outcome::Delivered {
            delivery.wish = Wish::Send;
        }
        match delivery.wish {
            Wish::Send => self.outbox.answered(event, now, outcome),
            Wish::Hold => {
                self.outbox.answered(event, now, outcome);
                self.outbox.postpone(event);
            }
            Wish::Drop => {}
        }
        if self.outbox.is_disabled() {
            self.ready.clear();
        }
    }

    pub fn is_underway(&self, event: &EventId) -> bool {
        self.underway.contains(event)
    }

    /// Releases all that are held back; answers which.
    pub fn release_all(&mut self) -> Vec<EventId> {
        let held = self.all.iter().filter(|(_, delivery)| delivery.wish == Wish::Hold);
        let held: Vec<EventId> = held.map(|(event, _)| event.clone()).collect();
        for event in &held {
            self.release(event);
        }
        held
    }

    /// Each of these says whether there is such a delivery. One that was acknowledged needs
    /// neither a hold nor a drop, and stays as it is.
    pub fn hold(&mut self, event: &EventId) -> bool {
        self.stop(event, Wish::Hold)
    }

    pub fn drop(&mut self, event: &EventId) -> bool {
        let is_there = self.stop(event, Wish::Drop);
        // What is given up holds nothing up.
        if !self.outbox.is_delivered(event) {
            self.outbox.forget(event);
        }
        is_there
    }

    pub fn release(&mut self, event: &EventId) -> bool {
        let Some(delivery) = self.all.get_mut(event) else { return false };
        if delivery.wish == Wish::Hold {
            delivery.wish = Wish::Send;
            self.ready.insert(event.clone());
        }
        true
    }

    /// Sends it once more, whatever came of it, or for the first time. Whoever asks for that wants
    /// the endpoint to be tried again, even if it had said that it wants nothing any more.
    pub fn redeliver(&mut self, event: &EventId) {
        self.all.entry(event.clone()).or_default().wish = Wish::Send;
        self.outbox.queue(event.clone());
        self.outbox.enable();
        self.ready.insert(event.clone());
    }

    fn stop(&mut self, event: &EventId, wish: Wish) -> bool {
        let Some(delivery) = self.all.get_mut(event) else { return false };
        if !self.outbox.is_delivered(event) {
            delivery.wish = wish;
            self.ready.remove(event);
            self.outbox.postpone(event);
        }
        true
    }

    pub fn get(&self, event: &EventId) -> Option<(&Delivery, Standing, Option<SimTime>)> {
        let delivery = self.all.get(event)?;
        let due = self.outbox.due_at(event);
        let standing = match delivery.wish {
            _ if self.underway.contains(event) => Standing::Underway,
            _ if self.ready.contains(event) => Standing::Due,
            _ if self.outbox.is_delivered(event) => Standing::Delivered,
            Wish::Hold => Standing::Held,
            Wish::Drop => Standing::Dropped,
            Wish::Send if due.is_some() => Standing::Waiting,
            Wish::Send if self.outbox.exhausted(event) => Standing::Exhausted,
            Wish::Send => Standing::Ended,
        };
        Some((delivery, standing, due))
    }

    /// The first attempt, if there was one.
    pub fn first_attempt(&self, event: &EventId) -> Option<&Attempt> {
        self.all.get(event)?.attempts.first()
    }

    pub fn has(&self, event: &EventId) -> bool {
        self.all.contains_key(event)
    }

    pub fn count(&self) -> usize {
        self.all.len()
    }

    /// Whether the endpoint wants nothing any more, or failed for too long.
    pub fn is_disabled(&self) -> bool {
        self.outbox.is_disabled()
    }
}
