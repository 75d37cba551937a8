//! The events list: everything that was announced, in the order of appending.
//!
//! Holds places, not bodies: where the fact behind an event stands. Knows no deliveries.

use crate::model::{AccountEventKind, EventId, EventKind, SimTime};

use super::event::{self, EventForm};
use super::payment::Payment;
use super::profile::{RedeliveryBody, Snapshot};
use super::{Event, Provider};

/// Where the fact behind an event stands.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place {
    /// Position of the payment, position in what it said.
    Payment(usize, usize),
    /// Position of the payout, position of its step.
    Payout(usize, usize),
    /// Position among the statements that were announced.
    Statement(usize),
    /// Position of the trial of an endpoint.
    Trial(usize),
}

impl Provider {
    /// The event of that id, as it stands in the events list.
    #[must_use]
    pub fn event(&self, id: &EventId) -> Option<Event> {
        self.place_of(id).map(|place| self.event_at(place))
    }

    pub(super) fn place_of(&self, id: &EventId) -> Option<Place> {
        let found = self.events.binary_search_by(|at| self.event_id(*at).cmp(id)).ok()?;
        Some(self.events[found])
    }

    /// The event as it is sent now: as it was announced, unless the profile shows the payment as it
    /// is by then, or stamps a retry anew. What is not in the events list stays as it is.
    #[must_use]
    pub fn as_sent(&self, event: &Event, now: SimTime, is_retry: bool) -> Event {
        let restamped = self.profile.delivery.redelivery_body == RedeliveryBody::Restamped;
        let (is_current, is_stamped) =
            (self.profile.events.snapshot == Snapshot::Delivery, is_retry && restamped);
        let found = self.events.binary_search_by(|at| self.event_id(*at).cmp(&event.id)).ok();
        match found.map(|found| self.events[found]) {
            Some(Place::Payment(payment, said)) if is_current || is_stamped => {
                let payment = &self.payments[payment];
                let said = &payment.said[said];
                let now_shown = payment.view(self.chains.height(payment));
                let view = if is_current { &now_shown } else { &said.view };
                let created_at = if is_stamped { now } else { said.occurred_at };
                event::render_as(&self.account, (payment, said), view, created_at)
            }
            _ => event.clone(),
        }
    }

    /// Everything that was announced, in the order of appending.
    pub(super) fn announced(&self) -> impl Iterator<Item = Event> {
        self.events.iter().map(|place| self.event_at(*place))
    }

    pub(super) fn event_id(&self, place: Place) -> &EventId {
        match place {
            Place::Payment(payment, said) => &self.payments[payment].said[said].id,
            Place::Payout(payout, step) => &self.payouts[payout].steps[step].event,
            Place::Statement(ready) => &self.ready[ready].event,
            Place::Trial(trial) => &self.trials[trial].event,
        }
    }

    /// The payment that it is about.
    pub(super) fn payment_at(&self, place: Place) -> Option<&Payment> {
        match place {
            Place::Payment(payment, _) => Some(&self.payments[payment]),
            Place::Payout(..) | Place::Statement(_) | Place::Trial(_) => None,
        }
    }

    /// Its type on the wire.
    pub(super) fn event_type(&self, place: Place) -> &'static str {
        match place {
            Place::Payment(payment, said) => event::type_name(&self.payments[payment].said[said]),
            Place::Payout(payout, step) => self.payouts[payout].kind(step).as_str(),
            Place::Statement(_) => AccountEventKind::StatementReady.as_str(),
            Place::Trial(_) => EventKind::Test.as_str(),
        }
    }

    /// The event with its bytes.
    pub(super) fn event_at(&self, place: Place) -> Event {
        match place {
            Place::Payment(payment, said) => {
                let payment = &self.payments[payment];
                event::render(&self.account, payment, &payment.said[said])
            }
            Place::Payout(payout, step) => {
                event::render_payout(&self.account, &self.payouts[payout], step)
            }
            Place::Statement(ready) => event::render_statement(&self.account, &self.ready[ready]),
            Place::Trial(trial) => event::render_trial(&self.account, &self.trials[trial]),
        }
    }

    /// The event as lists show it.
    pub(super) fn event_form(&self, place: Place) -> EventForm<'_> {
        match place {
            Place::Payment(payment, said) => {
                let payment = &self.payments[payment];
                event::form(&self.account, payment, &payment.said[said])
            }
            Place::Payout(payout, step) => {
                event::payout_form(&self.account, &self.payouts[payout], step)
            }
            Place::Statement(ready) => event::statement_form(&self.account, &self.ready[ready]),
            Place::Trial(trial) => event::trial_form(&self.account, &self.trials[trial]),
        }
    }
}
