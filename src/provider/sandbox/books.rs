//! The books of one account in one mode, with what belongs to them: deliveries for each endpoint,
//! and what the clock will bring.
//!
//! Nothing here reaches beyond one account and mode. Time is an argument.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{EndpointId, EventId, PaymentId, Rail, SimTime, rail_by_id};
use crate::provider::statement;
use crate::provider::{ApiReply, ApiRequest, Config, Event, EventSubject, Provider};

use super::Declined;
use super::action::{Action, PayoutAction};
use super::delivery::{Attempt, Deliveries};
use super::dispatch::Dispatch;

#[derive(Debug)]
pub(super) struct Books {
    pub provider: Provider,
    /// What jitter derives from.
    seed: u64,
    /// Whether new deliveries are held back.
    pub holding: bool,
    /// For each endpoint that ever had one, those that are deleted included.
    pub deliveries: BTreeMap<EndpointId, Deliveries>,
    /// When something happens to payments by itself. What is out of date is noticed when it is due.
    timers: BTreeSet<(SimTime, PaymentId)>,
    /// When the statements of the current day can be ready.
    day_ends: SimTime,
    /// Payments about which something changed since this was last asked.
    pub changed: BTreeSet<PaymentId>,
}

impl Books {
    pub fn new(config: Config) -> Self {
        Self {
            seed: config.seed,
            day_ends: statement::midnight(config.start).plus(statement::DAY),
            provider: Provider::new(config),
            holding: false,
            deliveries: BTreeMap::new(),
            timers: BTreeSet::new(),
            changed: BTreeSet::new(),
        }
    }

    /// Answers a call of a merchant.
    pub fn handle(&mut self, request: &ApiRequest, now: SimTime) -> ApiReply {
        let reply = self.provider.handle(request, now, 0);
        self.announce(&reply.events);
        if let Some(event) = &reply.redelivery {
            self.redeliver(event, None);
        }
        reply
    }

    /// Does to a payment what an operator wants.
    pub fn act(
        &mut self,
        payment: &PaymentId,
        action: &Action,
        now: SimTime,
    ) -> Result<(), Declined> {
        let events = self.perform(payment, action, now)?;
        self.changed.insert(payment.clone());
        self.announce(&events);
        Ok(())
    }

    /// Does to a payout what an operator wants.
    pub fn act_on_payout(
        &mut self,
        payout: &str,
        action: PayoutAction,
        now: SimTime,
    ) -> Result<(), Declined> {
        let events = match action {
            PayoutAction::Approve => self.provider.approve_payout(payout, now),
            PayoutAction::Complete => self.provider.complete_payout(payout, now),
            PayoutAction::Fail => self.provider.fail_payout(payout, now),
        };
        self.announce(&events?);
        Ok(())
    }

    /// The rail and the day of a statement that there can be.
    pub fn statement(&self, rail: &str, date: &str) -> Result<(&'static Rail, SimTime), Declined> {
        let known = rail_by_id(rail).filter(|rail| self.provider.rails.contains(rail));
        let unknown = || Declined::UnknownStatement(rail.to_owned(), date.to_owned());
        known.zip(statement::day(date)).ok_or_else(unknown)
    }

    /// The statement of a day is put right.
    pub fn correct_statement(&mut self, rail: &'static Rail, day: SimTime, now: SimTime) {
        let events = self.provider.correct_statement(rail, day, now);
        self.announce(&events);
    }

    /// Sends one endpoint an event that announces nothing.
    pub fn try_out(&mut self, endpoint: &EndpointId, now: SimTime) -> Result<(), Declined> {
        let position = self.provider.endpoint_position(endpoint.as_str());
        let position = position.ok_or_else(|| Declined::UnknownEndpoint(endpoint.clone()))?;
        let event = self.provider.try_out(position, now);
        self.announce(&[event]);
        Ok(())
    }

    /// What is announced goes to every endpoint that takes it.
    fn announce(&mut self, events: &[Event]) {
        for event in events {
            if let Some(payment) = event.payment() {
                self.changed.insert(payment.clone());
                let due = self.provider.due(payment);
                self.timers.extend(due.map(|at| (at, payment.clone())));
            }
            for endpoint in self.takers(event) {
                let holding = self.holding;
                self.deliveries_of(&endpoint).queue(event.id.clone(), holding);
            }
        }
    }

    /// The endpoints to which an event goes.
    fn takers(&self, event: &Event) -> Vec<EndpointId> {
        let endpoints = self.provider.endpoints();
        let takes = endpoints.filter(|endpoint| match &event.subject {
            EventSubject::Endpoint(only) => endpoint.id == *only,
            EventSubject::Payment(..) | EventSubject::Payout(_) | EventSubject::Statement(_) => {
                endpoint.takes(&event.type_name)
            }
        });
        takes.map(|endpoint| endpoint.id.clone()).collect()
    }

    fn deliveries_of(&mut self, endpoint: &EndpointId) -> &mut Deliveries {
        let (seed, profile) = (self.seed, self.provider.profile());
        let fresh = || Deliveries::new(seed, profile.clone());
        self.deliveries.entry(endpoint.clone()).or_insert_with(fresh)
    }

    /// When something happens by itself.
    pub fn next_timer(&self) -> Option<SimTime> {
        let first = self.timers.first().map(|(at, _)| *at);
        // Without a payment there is nothing to state.
        let day_ends = Some(self.day_ends).filter(|_| !self.provider.payments.is_empty());
        first.into_iter().chain(day_ends).min()
    }

    /// What the clock brings: to payments, and then to the statements of days that are over.
    pub fn tick(&mut self, now: SimTime) {
        self.pass_timers(now);
        if self.day_ends <= now {
            self.day_ends = statement::midnight(now).plus(statement::DAY);
            let events = self.provider.close_days(now);
            self.announce(&events);
        }
    }

    /// What is due happens, each at its own instant, however late that is noticed.
    fn pass_timers(&mut self, now: SimTime) {
        while let Some((at, payment)) = self.timers.pop_first() {
            if at > now {
                self.timers.insert((at, payment));
                return;
            }
            if let Ok(events) = self.provider.fall_due(&payment, at) {
                self.announce(&events);
            }
        }
    }

    /// The attempt that comes next, if one is due; it is underway from now on.
    pub fn take(&mut self, now: SimTime) -> Option<Dispatch> {
        let live: Vec<EndpointId> = self.provider.endpoints().map(|of| of.id.clone()).collect();
        let mut due = live.into_iter().filter_map(|id| {
            let event = self.deliveries.get_mut(&id)?.take(now)?;
            Some((id, event))
        });
        let (endpoint, event) = due.next()?;
        let announced = self.provider.event(&event)?;
        let first = self.deliveries.get(&endpoint)?.first_attempt(&event);
        let event = self.provider.as_sent(&announced, now, first.is_some());
        let habits = &self.provider.profile().delivery;
        let signed_by = match (first, habits.signs_retries_with_current_key()) {
            (Some(first), false) => first.signed_by.clone(),
            (Some(_) | None, _) => self.provider.endpoint(&endpoint)?.signing(now),
        };
        let signed_at = first.filter(|_| !habits.resign_on_retry).map(|first| first.signed_at);
        let is_restated = event.body != announced.body;
        let dispatch = self.dispatch(&endpoint, event, signed_by)?;
        Some(Dispatch { signed_at, is_restated, ..dispatch })
    }

    /// The message to an endpoint, as these of its secrets sign it.
    pub fn dispatch(
        &self,
        endpoint: &EndpointId,
        event: Event,
        signed_by: Vec<usize>,
    ) -> Option<Dispatch> {
        let secret = |rotations: &usize| self.provider.webhook_secret(endpoint, *rotations);
        Some(Dispatch {
            endpoint: endpoint.clone(),
            url: self.provider.url_of(endpoint)?.to_owned(),
            scheme: self.provider.webhook_scheme()?,
            secrets: signed_by.iter().filter_map(secret).collect(),
            signed_by,
            signed_at: None,
            event,
            is_restated: false,
        })
    }

    /// When the next attempt is due; `now` if it is already.
    pub fn next_attempt(&self, now: SimTime) -> Option<SimTime> {
        let live = self.provider.endpoints().filter_map(|of| self.deliveries.get(&of.id));
        live.filter_map(|deliveries| deliveries.next_due(now)).min()
    }

    /// Notes what came of an attempt.
    pub fn answered(
        &mut self,
        (endpoint, event): (&EndpointId, &EventId),
        now: SimTime,
        attempt: Attempt,
        retry_after_s: Option<u64>,
    ) {
        let Some(deliveries) = self.deliveries.get_mut(endpoint) else { return };
        deliveries.answered(event, now, attempt, retry_after_s);
        self.provider.note_disabled(endpoint, deliveries.is_disabled());
        self.touch(event);
    }

    /// Whether an attempt of it is underway, there or anywhere.
    pub fn is_underway(&self, event: &EventId, only: Option<&EndpointId>) -> bool {
        self.at(only).any(|deliveries| deliveries.is_underway(event))
    }

    /// Holds new deliveries back, or releases all that were.
    pub fn hold_all(&mut self, on: bool) {
        self.holding = on;
        if on {
            return;
        }
        let released: Vec<EventId> =
            self.deliveries.values_mut().flat_map(Deliveries::release_all).collect();
        released.iter().for_each(|event| self.touch(event));
    }

    /// Does something to the deliveries of an event, for one endpoint or for all.
    pub fn each_delivery(
        &mut self,
        event: &EventId,
        only: Option<&EndpointId>,
        work: fn(&mut Deliveries, &EventId) -> bool,
    ) -> Result<(), Declined> {
        let chosen = self.deliveries.iter_mut().filter(|(id, _)| only.is_none_or(|of| of == *id));
        let done: Vec<bool> = chosen.map(|(_, deliveries)| work(deliveries, event)).collect();
        if !done.contains(&true) {
            return Err(Declined::UnknownDelivery(event.clone()));
        }
        self.touch(event);
        Ok(())
    }

    /// Sends an event once more, whatever came of it: to one endpoint, or to all that take it now,
    /// those included that were not there when it was announced. Says whether there is one.
    pub fn redeliver(&mut self, event: &EventId, only: Option<&EndpointId>) -> bool {
        let Some(known) = self.provider.event(event) else { return false };
        let mut takers = self.takers(&known);
        takers.retain(|id| only.is_none_or(|of| of == id));
        for endpoint in &takers {
            self.deliveries_of(endpoint).redeliver(event);
            self.provider.note_disabled(endpoint, false);
        }
        self.touch(event);
        !takers.is_empty()
    }

    fn at(&self, only: Option<&EndpointId>) -> impl Iterator<Item = &Deliveries> {
        let all = self.deliveries.iter();
        all.filter(move |(id, _)| only.is_none_or(|of| of == *id)).map(|(_, of)| of)
    }

    /// Whoever watches is told that something about this event changed.
    fn touch(&mut self, event: &EventId) {
        let event = self.provider.event(event);
        self.changed.extend(event.and_then(|event| event.payment().cloned()));
    }
}
