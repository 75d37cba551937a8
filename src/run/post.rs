//! Messages to the merchant: which are sent, how they are written, what their answers mean.

use bytes::Bytes;

use super::lane::{Lane, Stop, Task};
use super::{Message, Now, Sent, World};
use crate::fault::{ForgeError, annotate, forge, respell};
use crate::history::{Answer, Attempt, Fact};
use crate::model::{EventKind, Span};
use crate::provider::{Event, EventSubject, Outcome};
use crate::scenario::{Alteration, Arrival, Deliver, Forgery};
use crate::signature;

/// The shortest wait after a 429, whatever it asks for.
const POLITE_WAIT_MIN: Span = Span::from_ms(100);

/// Copies of one event that go out together.
#[derive(Debug, Clone)]
pub(super) struct Batch {
    event: Event,
    copies: u32,
    pub arrival: Arrival,
    alteration: Alteration,
    forgery: Option<Forgery>,
    is_retry: bool,
    /// How long 429s made it wait so far.
    waited: Span,
    written: Vec<Message>,
}

/// What is known of an event that was sent.
#[derive(Debug, Clone)]
pub(super) struct Posted {
    batch: Batch,
    /// How many attempts so far, copies included.
    attempts: u32,
    /// How many retries the schedule made so far.
    pub retries: u32,
    /// Real time of the last answer.
    pub answered_ms: u64,
    /// Whether that was a 409: who has a message already may say so instead of 2xx.
    is_conflict: bool,
}

impl Batch {
    fn genuine(event: Event) -> Self {
        Self {
            event,
            copies: 1,
            arrival: Arrival::InTurn,
            alteration: Alteration::None,
            forgery: None,
            is_retry: false,
            waited: Span::default(),
            written: Vec::new(),
        }
    }
}

impl Lane {
    /// Deliveries that a step asks for: the provider is driven to each event, what comes before it
    /// and no step names goes out first.
    pub(super) fn deliver(
        &mut self,
        deliver: &Deliver,
        world: &mut World,
        now: Now,
    ) -> Result<(), Stop> {
        let habits = &self.settings.profile.events;
        if let Some(kind) = deliver.events.iter().find(|kind| !habits.announces(**kind)) {
            return Err(self.not_there(&format!("{kind} is never sent")));
        }
        if deliver.alteration == Alteration::NewEventId && habits.id.is_some() {
            return Err(self.not_there("events have no id of their own"));
        }
        // Driven to in the order of life, whatever the order of arrival.
        let mut kinds = deliver.events.clone();
        kinds.sort();
        for kind in kinds {
            self.drive_to(kind, world, now)?;
        }
        let focus = self.focus();
        for kind in &deliver.events {
            self.post_unnamed(focus, Some(*kind));
            let event = self.order_mut()?.take_named(*kind);
            let event = event.ok_or_else(|| Stop::Broken(format!("there is no {kind}")))?;
            let event = match deliver.alteration {
                Alteration::NewEventId => world.provider.restate(&event),
                Alteration::None
                | Alteration::Respelled
                | Alteration::OtherScripts
                | Alteration::SignedAgo(_) => event,
            };
            let mut batch = Batch::genuine(event);
            batch.alteration = deliver.alteration;
            batch.arrival = deliver.arrival;
            match deliver.arrival {
                Arrival::AtOnce => {
                    batch.copies = deliver.copies.max(1);
                    self.plan(Task::Post(Box::new(batch)));
                }
                Arrival::InTurn => {
                    for _ in 0..deliver.copies.max(1) {
                        self.plan(Task::Post(Box::new(batch.clone())));
                    }
                }
            }
        }
        Ok(())
    }

    /// What no step names goes out: everything that is queued, or what stands before `until`.
    pub(super) fn post_unnamed(&mut self, order: usize, until: Option<EventKind>) {
        for event in self.orders[order].take_unnamed(until) {
            self.plan(Task::Post(Box::new(Batch::genuine(event))));
        }
    }

    /// A message that proves nothing: the event as it would read if the claim were true.
    pub(super) fn forge(
        &mut self,
        claim: EventKind,
        forgery: Forgery,
        world: &mut World,
    ) -> Result<(), Stop> {
        if !self.settings.profile.events.announces(claim) {
            return Err(self.not_there(&format!("{claim} is never sent")));
        }
        let payment = self.payment()?;
        let at = world.clock(self.id());
        let event = world.provider.claim(&payment, claim, at);
        let event = event.ok_or_else(|| Stop::Broken(format!("{claim} cannot be claimed")))?;
        let focus = self.focus();
        self.post_unnamed(focus, None);
        // A merchant that declares a wider window is judged by its own.
        let window_s = self.settings.policy.replay_window.ms() / 1000;
        let beyond_s = u32::try_from(window_s.saturating_add(60)).unwrap_or(u32::MAX);
        let forgery = match forgery {
            Forgery::Aged(seconds) => Forgery::Aged(seconds.max(beyond_s)),
            Forgery::Ahead(seconds) => Forgery::Ahead(seconds.max(beyond_s)),
            other => other,
        };
        let mut batch = Batch::genuine(event);
        batch.forgery = Some(forgery);
        self.plan(Task::Post(Box::new(batch)));
        Ok(())
    }

    /// An authentic event that nobody can know.
    pub(super) fn unknown_event(&mut self, world: &mut World) -> Result<(), Stop> {
        let payment = self.payment()?;
        let at = world.clock(self.id());
        let event = world.provider.unknown_event(&payment, at);
        let event = event.ok_or_else(|| Stop::Broken("the payment is unknown".into()))?;
        let focus = self.focus();
        self.orders[focus].sync(&world.provider);
        self.orders[focus].sends(&event);
        self.post_unnamed(focus, None);
        self.plan(Task::Post(Box::new(Batch::genuine(event))));
        Ok(())
    }

    /// Writes the messages of a batch as they go out now.
    pub(super) fn write(
        &mut self,
        batch: &mut Batch,
        world: &World,
        now: Now,
    ) -> Result<Vec<Message>, Stop> {
        let settings = &self.settings;
        if let ([first, ..], true, false) =
            (&*batch.written, batch.is_retry, settings.profile.delivery.resign_on_retry)
        {
            batch.written = vec![first.clone()];
            return Ok(batch.written.clone());
        }
        let event = world.provider.as_sent(&batch.event, world.clock(self.id()), batch.is_retry);
        let body = match batch.alteration {
            Alteration::Respelled => Bytes::from(respell(&event.body)),
            Alteration::OtherScripts => {
                let noted = annotate(&event.body);
                noted.ok_or_else(|| self.not_there("messages are no JSON objects"))?.into()
            }
            Alteration::None | Alteration::NewEventId | Alteration::SignedAgo(_) => {
                event.body.clone()
            }
        };
        let ago = match batch.alteration {
            // At most half the merchant's window: the boundary itself is nobody's fault.
            Alteration::SignedAgo(seconds) if !batch.is_retry => Span::from_s(seconds.into())
                .min(Span::from_ms(settings.policy.replay_window.ms() / 2)),
            Alteration::None
            | Alteration::NewEventId
            | Alteration::Respelled
            | Alteration::OtherScripts
            | Alteration::SignedAgo(_) => Span::default(),
        };
        let message = signature::Message {
            id: &event.wire_id,
            ts: now.wall.minus(ago),
            url: &settings.webhook_url,
            method: "POST",
            body: &body,
        };
        let signed = match batch.forgery {
            Some(forgery) => forge(settings.scheme, &settings.secret, forgery, &message),
            None => settings.scheme.sign(&settings.secret, &message).map_err(ForgeError::from),
        };
        let signed = signed.map_err(|error| match error {
            // A scheme without a timestamp has nothing to be aged: nobody's fault.
            ForgeError::NothingToForge { .. } => Stop::NotApplicable(error.to_string()),
            ForgeError::Signature(_) => Stop::Broken(error.to_string()),
        })?;
        let signed = signed.with_headers(&event.headers);
        debug_assert!(world.clock(self.id()).unix_ms() > 0, "a lane without a clock");
        let message = Message { headers: signed.headers, body: signed.body.into() };
        batch.written = vec![message; usize::try_from(batch.copies).unwrap_or(1)];
        Ok(batch.written.clone())
    }

    /// Takes the answers: records each attempt, tells the outbox, waits out a 429.
    pub(super) fn posted(&mut self, batch: Batch, sent: &[Sent], world: &mut World, now: Now) {
        for (message, sent) in batch.written.iter().zip(sent) {
            self.record(&batch, message, sent, world, now);
        }
        self.is_last_taken =
            batch.forgery.is_none() && sent.iter().any(|sent| sent.answer.is_success());
        self.disturb(world);
        // Where some of the copies at once were let in, the race took place among them.
        let turned_away = sent.iter().all(|sent| sent.answer.is_turned_away());
        let left_ms = self.settings.policy.recover_within.ms().saturating_sub(batch.waited.ms());
        if turned_away && left_ms > 0 {
            let asked = sent.iter().filter_map(|sent| sent.retry_after_s).max().unwrap_or(1);
            let wait = Span::from_s(asked).max(POLITE_WAIT_MIN).min(Span::from_ms(left_ms));
            let waited = Span::from_ms(batch.waited.ms().saturating_add(wait.ms()));
            self.plan_first(Task::Post(Box::new(Batch { waited, ..batch })));
            self.plan_first(Task::Pause(wait));
            return;
        }
        if batch.forgery.is_none() {
            self.tell_outbox(batch, sent, world, now);
        }
    }

    /// What is lost from here on is not retried either.
    pub(super) fn lose_retries(&mut self) -> Result<(), Stop> {
        for event in self.order()?.lost() {
            if !self.outbox.is_delivered(&event) {
                self.outbox.forget(&event);
            }
        }
        Ok(())
    }

    fn tell_outbox(&mut self, batch: Batch, sent: &[Sent], world: &World, now: Now) {
        let id = batch.event.id.clone();
        let outcome = self.outcome(sent);
        // A live deadline may have kept the clock from the instant at which a retry was due; the
        // schedule goes on from there all the same.
        let clock = world.clock(self.id());
        let at = match self.outbox.next_due() {
            Some((first, due)) if batch.is_retry && first == id => clock.max(due),
            Some(_) | None => clock,
        };
        if !self.outbox.is_delivered(&id) {
            self.outbox.queue(id.clone());
            self.outbox.answered(&id, at, outcome);
        }
        if let Some(posted) = self.posted.get_mut(&id) {
            posted.retries += u32::from(batch.is_retry);
            posted.answered_ms = now.real_ms;
            posted.is_conflict = sent.iter().all(|sent| sent.answer.is_conflict());
        }
    }

    /// What copies that went out together come to: the best of their answers counts.
    fn outcome(&self, sent: &[Sent]) -> Outcome {
        let retry_after_s = sent.iter().filter_map(|sent| sent.retry_after_s).max();
        let habits = &self.settings.profile.delivery;
        let outcomes = sent.iter().map(|sent| match sent.answer {
            Answer::Http { status, .. } => habits.outcome(Some(status), retry_after_s),
            Answer::Failed(_) | Answer::Ran(_) | Answer::Waited(_) => {
                habits.outcome(None, retry_after_s)
            }
        });
        let rank = |outcome: &Outcome| match outcome {
            Outcome::Delivered => 0,
            Outcome::Gone => 1,
            Outcome::Refused => 2,
            Outcome::Failed { .. } => 3,
        };
        outcomes.min_by_key(rank).unwrap_or(Outcome::Failed { retry_after_s })
    }

    fn record(
        &mut self,
        batch: &Batch,
        message: &Message,
        sent: &Sent,
        world: &mut World,
        now: Now,
    ) {
        let event = &batch.event;
        let EventSubject::Payment(payment, reference) = &event.subject else {
            unreachable!("a lane delivers what is announced of its payments");
        };
        let posted = self.posted.entry(event.id.clone()).or_insert_with(|| Posted {
            batch: batch.clone(),
            attempts: 0,
            retries: 0,
            answered_ms: now.real_ms,
            is_conflict: false,
        });
        posted.attempts += 1;
        let attempt = Attempt {
            event: event.id.clone(),
            event_type: event.type_name.clone(),
            payment: payment.clone(),
            reference: reference.clone(),
            attempt: posted.attempts,
            arrival: batch.arrival,
            alteration: batch.alteration,
            forgery: batch.forgery,
            retry: batch.is_retry,
            headers: sent.headers.clone(),
            body: String::from_utf8_lossy(&message.body).into_owned(),
            sent_us: sent.sent_us,
            answered_us: sent.answered_us,
            answer: sent.answer.clone(),
        };
        world.append(self.id(), Fact::Attempted(Box::new(attempt)), now.real_ms);
    }

    /// The retry that is due first, if real time has come for it: a schedule is never used up
    /// before `recover_within` of real time.
    pub(super) fn due_retry(&mut self, world: &mut World, now: Now) -> Option<Box<Batch>> {
        let (id, due) = self.outbox.next_due()?;
        let posted = self.posted.get(&id)?;
        let pace = pace(self.settings.policy.recover_within, posted.retries);
        if now.real_ms < posted.answered_ms.saturating_add(pace.ms()) {
            return None;
        }
        let mut batch = posted.batch.clone();
        batch.is_retry = true;
        batch.copies = 1;
        batch.arrival = Arrival::InTurn;
        let at = self.before_deadlines(due, world);
        world.move_clock(self.id(), at, now.real_ms);
        Some(Box::new(batch))
    }

    /// Whether a delivery is still to be retried that the merchant may not have taken in.
    pub(super) fn has_retries(&self) -> bool {
        let mut posted = self.posted.iter();
        posted.any(|(id, posted)| !posted.is_conflict && self.outbox.is_planned(id))
    }
}

/// Real time before the next retry: doubling, so that nine retries take `within` together.
fn pace(within: Span, retries: u32) -> Span {
    Span::from_ms((within.ms() << retries.min(9)).div_ceil(511))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_lasts_at_least_as_long_as_the_merchant_may_take_to_recover() {
        for within_ms in [0, 1, 100, 5_000, 30_000, 86_400_000] {
            let paces = (0..9).map(|retries| pace(Span::from_ms(within_ms), retries).ms());
            let whole: u64 = paces.sum();
            assert!((within_ms..within_ms + 10).contains(&whole), "{within_ms}: {whole}");
        }
    }
}
