//! Waiting without sleeping blindly: a positive expectation ends as soon as it is seen, a negative
//! one when nothing is in flight and what is shown has held still.

use super::lane::{Lane, Stop, Task};
use super::{Now, Request, World};
use crate::history::{Expected, Fact, Observed, Why};
use crate::model::{Observation, OrderState, PostingKind, Span, Status};
use crate::rule::oracle::{Decision, Shown, decide};
use crate::scenario::Expectation;

/// The shortest pause between two looks; it doubles up to the quiet time.
const FIRST_PAUSE: Span = Span::from_ms(5);

/// One expectation that is waited for.
#[derive(Debug)]
pub(super) struct Wait {
    step: usize,
    expectation: Expectation,
    /// The order in question.
    pub order: usize,
    started_ms: u64,
    pause: Span,
}

/// What was seen last, and since when it has been so.
#[derive(Debug, Clone)]
pub(super) struct Looked {
    order: usize,
    seen: Result<Observation, String>,
    /// The entry of the first look that showed it.
    seq: u64,
    since_ms: u64,
    until_ms: u64,
}

impl Lane {
    /// What a Then wants seen: the provider is driven as far as that takes, what is queued goes out,
    /// and the wait begins.
    pub(super) fn expect(
        &mut self,
        index: usize,
        expectation: &Expectation,
        world: &mut World,
        now: Now,
    ) -> Result<(), Stop> {
        if let Some(wanted) = self.wanted(expectation, world) {
            let known = self.order()?.events();
            self.drive_on(wanted, world, now)?;
            self.order_mut()?.make_due(known);
        }
        for order in 0..self.orders.len() {
            self.post_unnamed(order, None);
        }
        self.plan(Task::Release);
        self.plan(Task::Await(index, expectation.clone()));
        Ok(())
    }

    /// The status that the merchant's policy waits for before it shows what is expected.
    fn wanted(&self, expectation: &Expectation, world: &World) -> Option<Status> {
        let policy = &self.settings.policy;
        match expectation {
            Expectation::Order(OrderState::Paid) => Some(policy.fulfil_at),
            Expectation::Fulfilments(count) if *count > 0 => Some(policy.fulfil_at),
            Expectation::Credits { count, .. } if *count > 0 => Some(policy.post_at),
            // Books agree in every state; once the money is final, they agree by being closed.
            Expectation::Consistent => {
                let is_final = self.truth(world).is_ok_and(|now| now.status == Status::Confirmed);
                let waits = [policy.fulfil_at, policy.post_at].contains(&Status::Settled);
                (is_final && waits).then_some(Status::Settled)
            }
            Expectation::Order(_)
            | Expectation::Fulfilments(_)
            | Expectation::Refunds { .. }
            | Expectation::Reversed(_)
            | Expectation::Credits { .. }
            | Expectation::Exception(_)
            | Expectation::NoEffect
            | Expectation::Acknowledged => None,
        }
    }

    /// Starts to wait; `None` where what was seen last decides already.
    pub(super) fn wait(
        &mut self,
        step: usize,
        expectation: Expectation,
        order: usize,
        world: &mut World,
        now: Now,
    ) -> Option<Wait> {
        let started_ms = now.real_ms;
        let wait = Wait { step, expectation, order, started_ms, pause: FIRST_PAUSE };
        let known = self.looked.as_ref().is_some_and(|looked| looked.order == order);
        if known && self.is_decided(&wait, world, now) {
            self.close(&wait, world, now);
            return None;
        }
        Some(wait)
    }

    /// Takes a look; a request where the waiting goes on.
    pub(super) fn seen(
        &mut self,
        mut wait: Wait,
        seen: Result<Observation, String>,
        world: &mut World,
        now: Now,
    ) -> Option<Request> {
        self.note(wait.order, seen, world, now);
        if self.is_decided(&wait, world, now) {
            self.close(&wait, world, now);
            return None;
        }
        if let Some(batch) = self.due_retry(world, now) {
            // The wait goes on behind the retry, with what is left of its time.
            self.plan_first(Task::Resume(Box::new(wait)));
            self.plan_first(Task::Post(batch));
            return None;
        }
        let quiet = self.settings.policy.quiet;
        let request = Request::Pause(wait.pause);
        wait.pause = Span::from_ms(wait.pause.ms() * 2).min(quiet.max(FIRST_PAUSE));
        self.keep_waiting(wait);
        Some(request)
    }

    /// Records a look that shows something new.
    fn note(
        &mut self,
        order: usize,
        seen: Result<Observation, String>,
        world: &mut World,
        now: Now,
    ) {
        if let Some(looked) = &mut self.looked
            && looked.order == order
            && looked.seen == seen
        {
            looked.until_ms = now.real_ms;
            return;
        }
        let reference = self.orders[order].reference.clone();
        let observed = Observed { why: Why::Changed, reference, seen: seen.clone() };
        let seq = world.append(self.id(), Fact::Observed(Box::new(observed)), now.real_ms);
        let (since_ms, until_ms) = (now.real_ms, now.real_ms);
        self.looked = Some(Looked { order, seen, seq, since_ms, until_ms });
    }

    fn is_decided(&self, wait: &Wait, world: &World, now: Now) -> bool {
        let policy = &self.settings.policy;
        let Some(looked) = &self.looked else { return false };
        let still = looked.until_ms.saturating_sub(looked.since_ms) >= policy.quiet.ms();
        let still = still && !self.has_retries();
        let patience = if self.has_retries() {
            policy.recover_within.ms().saturating_add(policy.converge_within.ms())
        } else {
            policy.converge_within.ms()
        };
        let waited = if self.has_retries() { wait.started_ms } else { self.calm_since_ms };
        let is_late = now.real_ms.saturating_sub(waited) >= patience;
        match (self.is_met(wait, looked, world), &wait.expectation) {
            (None, _) => is_late,
            // What must not be there is there: waiting would only hide it.
            (Some(false), Expectation::NoEffect) => true,
            (Some(false), expectation) => is_late || (still && self.overshoots(expectation)),
            (Some(true), expectation) => ends_at_once(expectation) || still || is_late,
        }
    }

    /// Whether more was seen than expected: what is too much does not become less by waiting.
    fn overshoots(&self, expectation: &Expectation) -> bool {
        let seen = self.looked.as_ref().and_then(|looked| looked.seen.as_ref().ok());
        let Some(seen) = seen else { return false };
        match expectation {
            Expectation::Credits { count, .. } => {
                let credits = seen.postings.iter().flatten();
                let credits = credits.filter(|posting| posting.kind == PostingKind::Credit);
                credits.count() > usize::try_from(*count).unwrap_or(usize::MAX)
            }
            Expectation::Fulfilments(count) => {
                seen.fulfilments.is_some_and(|fulfilled| fulfilled > u64::from(*count))
            }
            Expectation::Order(_)
            | Expectation::Refunds { .. }
            | Expectation::Reversed(_)
            | Expectation::Exception(_)
            | Expectation::NoEffect
            | Expectation::Acknowledged
            | Expectation::Consistent => false,
        }
    }

    fn is_met(&self, wait: &Wait, looked: &Looked, world: &World) -> Option<bool> {
        let seen = looked.seen.as_ref().ok()?;
        let order = &self.orders[wait.order];
        let truths = world.truths(self.id(), &order.reference);
        let shown = Shown::of(seen, order.due.asset);
        let acknowledged = !self.has_retries();
        let decision = decide(
            &wait.expectation,
            &self.settings.policy,
            order.due,
            &truths,
            &shown,
            acknowledged,
        );
        match decision {
            Decision::Met | Decision::NotConnected(_) => Some(true),
            Decision::Unmet { .. } => Some(false),
        }
    }

    fn close(&self, wait: &Wait, world: &mut World, now: Now) {
        let step = self.scenario.steps.get(wait.step);
        let expected = Expected {
            step: u32::try_from(wait.step).unwrap_or(u32::MAX),
            line: step.map_or(0, |step| step.line),
            reference: self.orders[wait.order].reference.clone(),
            expectation: wait.expectation.clone(),
            observation: self.looked.as_ref().map(|looked| looked.seq),
        };
        world.append(self.id(), Fact::Expected(expected), now.real_ms);
    }
}

/// What needs no stillness: once it is seen it has happened.
fn ends_at_once(expectation: &Expectation) -> bool {
    match expectation {
        Expectation::Order(state) => matches!(state, OrderState::Paid | OrderState::Refunded),
        Expectation::Exception(_) | Expectation::Acknowledged => true,
        Expectation::Credits { .. }
        | Expectation::Fulfilments(_)
        | Expectation::Refunds { .. }
        | Expectation::Reversed(_)
        | Expectation::NoEffect
        | Expectation::Consistent => false,
    }
}
