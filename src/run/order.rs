//! One order of a lane and the events that wait to be announced for it.

use std::collections::BTreeSet;

use crate::model::{EventId, EventKind, Money, PaymentId, Rail, Reference};
use crate::provider::{Event, Provider};
use crate::scenario::{Action, Scenario};

/// One order of a lane.
#[derive(Debug)]
pub(super) struct Order {
    /// Its name.
    pub reference: Reference,
    /// What was asked for.
    pub due: Money,
    /// How it is to be paid.
    pub rail: &'static Rail,
    /// Its payment, once the merchant created one; the newest where there are several.
    pub payment: Option<PaymentId>,
    queue: Vec<Queued>,
    named: BTreeSet<EventKind>,
    dropped: BTreeSet<EventKind>,
    others_dropped: bool,
    all_dropped: bool,
}

#[derive(Debug)]
struct Queued {
    event: Event,
    is_sent: bool,
    /// Whether an expectation drove the provider to it: then it goes out although a later step
    /// names it, because nobody can be expected to show what nobody told him.
    is_due: bool,
}

impl Order {
    /// The order that the `number`-th opening of `scenario` makes (from 1).
    pub(super) fn new(
        reference: Reference,
        (due, rail): (Money, &'static Rail),
        scenario: &Scenario,
        number: u32,
    ) -> Self {
        Self {
            reference,
            due,
            rail,
            payment: None,
            queue: Vec::new(),
            named: named(scenario, number),
            dropped: BTreeSet::new(),
            others_dropped: false,
            all_dropped: false,
        }
    }

    /// Takes over what the provider has appended since the last time.
    pub(super) fn sync(&mut self, provider: &Provider) {
        if self.payment.is_none() {
            self.payment = provider.payments_of(&self.reference).pop();
        }
        let Some(payment) = &self.payment else { return };
        let fresh = provider.events_of(payment).into_iter().skip(self.queue.len());
        self.queue.extend(fresh.map(|event| Queued { event, is_sent: false, is_due: false }));
    }

    /// How many events it has.
    pub(super) const fn events(&self) -> usize {
        self.queue.len()
    }

    /// All but the first `known` events are due, whatever steps name them.
    pub(super) fn make_due(&mut self, known: usize) {
        self.queue.iter_mut().skip(known).for_each(|queued| queued.is_due = true);
    }

    /// The events of these kinds are never sent.
    pub(super) fn drop_kinds(&mut self, kinds: &[EventKind]) {
        self.dropped.extend(kinds);
    }

    /// What no step names is never sent.
    pub(super) fn drop_others(&mut self) {
        self.others_dropped = true;
    }

    /// Nothing is sent from here on.
    pub(super) fn drop_all(&mut self) {
        self.all_dropped = true;
    }

    /// Whether the provider has an event of that kind for it.
    pub(super) fn has(&self, kind: EventKind) -> bool {
        self.queue.iter().any(|queued| queued.event.kind == Some(kind))
    }

    /// Takes the event of that kind that a step names: the first that was not sent yet, else the
    /// last of its kind once more.
    pub(super) fn take_named(&mut self, kind: EventKind) -> Option<Event> {
        let at = self.named_at(kind)?;
        self.queue[at].is_sent = true;
        Some(self.queue[at].event.clone())
    }

    /// Notes that the step which made this event sends it: no Then sends it again.
    pub(super) fn sends(&mut self, event: &Event) {
        let same = self.queue.iter_mut().filter(|queued| queued.event.id == event.id);
        same.for_each(|queued| queued.is_sent = true);
    }

    fn named_at(&self, kind: EventKind) -> Option<usize> {
        let of_kind = |queued: &Queued| queued.event.kind == Some(kind);
        let unsent = self.queue.iter().position(|queued| of_kind(queued) && !queued.is_sent);
        unsent.or_else(|| self.queue.iter().rposition(of_kind))
    }

    /// Takes what no step names, in order: everything, or what stands before the event that
    /// `take_named` would take.
    pub(super) fn take_unnamed(&mut self, until: Option<EventKind>) -> Vec<Event> {
        let end = until.and_then(|kind| self.named_at(kind)).unwrap_or(self.queue.len());
        let mut taken = Vec::new();
        for at in 0..end {
            let Queued { event, is_sent, is_due } = &self.queue[at];
            let is_kept_back = !is_due && self.is_named(event);
            if !is_sent && !self.is_lost(event) && !is_kept_back {
                taken.push(event.clone());
                self.queue[at].is_sent = true;
            }
        }
        taken
    }

    /// Events that went out and would not any more: no retry of them does.
    pub(super) fn lost(&self) -> Vec<EventId> {
        let lost = self.queue.iter().filter(|queued| queued.is_sent && self.is_lost(&queued.event));
        lost.map(|queued| queued.event.id.clone()).collect()
    }

    fn is_lost(&self, event: &Event) -> bool {
        let is_dropped = event.kind.is_some_and(|kind| self.dropped.contains(&kind));
        self.all_dropped || is_dropped || (self.others_dropped && !self.is_named(event))
    }

    fn is_named(&self, event: &Event) -> bool {
        event.kind.is_some_and(|kind| self.named.contains(&kind))
    }
}

/// The kinds that delivery steps about the `number`-th order name: these go out only as said.
fn named(scenario: &Scenario, number: u32) -> BTreeSet<EventKind> {
    let mut named = BTreeSet::new();
    let (mut opened, mut focus) = (0, 0);
    for step in &scenario.steps {
        match &step.action {
            Action::Open { .. } => {
                opened += 1;
                focus = opened;
            }
            Action::Focus(order) => focus = *order,
            Action::Deliver(deliver) if focus == number => named.extend(&deliver.events),
            Action::HoldBack(kinds) | Action::Drop(kinds) if focus == number => {
                named.extend(kinds);
            }
            Action::Pay(_)
            | Action::Confirm(_)
            | Action::Network(_)
            | Action::Operate(_)
            | Action::Settle
            | Action::Expire
            | Action::Accept
            | Action::PassTime(_)
            | Action::Deliver(_)
            | Action::HoldBack(_)
            | Action::Drop(_)
            | Action::DropOthers
            | Action::DropAll
            | Action::Forge { .. }
            | Action::UnknownEvent
            | Action::Trouble(_)
            | Action::CheckOutAgain
            | Action::Reconcile
            | Action::Kill(_)
            | Action::Restart
            | Action::Expect(_) => {}
        }
    }
    named
}
