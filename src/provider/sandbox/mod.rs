//! A sandbox: the service, its deliveries and its clock as one machine that commands move.
//!
//! What merchants call, what an operator does, what the passing of time brings and what came of
//! each attempt are all commands. The same commands at the same instants give the same sandbox,
//! byte for byte, so a journal of them is all that a restart needs. Knows no socket, no file, no
//! clock and no key of webhooks: whoever drives it hands in the wall clock and carries out attempts.

mod action;
mod command;
mod delivery;
mod view;

use std::collections::BTreeSet;

use crate::model::{EventId, PaymentId, Rail, SimTime, Span, Status, rail_by_id};

use super::idempotency::is_replay;
use super::statement;
use super::{ApiReply, ApiRequest, Config, Event, Provider};

pub use action::{Action, PayoutAction};
pub use command::{Call, Command, Declined, Entry, Unreadable};
pub use delivery::{Attempt, Reply};
pub use view::Signing;

use delivery::Deliveries;

/// The farthest that the clock moves at once. Years of four digits are all that the wire has.
const ADVANCE_MAX: Span = Span::from_s(366 * 86_400);
/// The end of the sandbox's time: 2200-01-01.
const END: SimTime = SimTime::from_unix_ms(7_258_118_400_000);

/// Ids that a start leaves out. Refusals of reads have ids too, are not journalled, and must not
/// be given again after a restart.
const IDS_SKIPPED: u32 = 1 << 16;

/// A journal that was not written by this service, or not by one that behaves as this one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "entry {entry} of the journal gives another history than the one it was written in; use the \
     version of countersign that wrote it, or begin a new file"
)]
pub struct Diverged {
    /// Counted from one.
    pub entry: u64,
}

/// The machine.
#[derive(Debug)]
pub struct Sandbox {
    provider: Provider,
    deliveries: Deliveries,
    /// How far its clock is ahead of the wall's.
    ahead: Span,
    /// The last instant at which something happened; its clock never goes back.
    now: SimTime,
    /// When the windows of open payments close.
    deadlines: BTreeSet<(SimTime, PaymentId)>,
    /// When the statements of the current day can be ready.
    day_ends: SimTime,
    /// What was done and is not journalled yet.
    accepted: Vec<Entry>,
    /// Payments about which something changed since this was last asked.
    changed: BTreeSet<PaymentId>,
    replayed: u64,
}

/// Being driven.
impl Sandbox {
    /// One without payments.
    #[must_use]
    pub fn new(config: Config) -> Self {
        let (seed, now, profile) = (config.seed, config.start, config.profile.clone());
        Self {
            provider: Provider::new(config),
            deliveries: Deliveries::new(seed, profile),
            ahead: Span::default(),
            now,
            deadlines: BTreeSet::new(),
            day_ends: statement::midnight(now).plus(statement::DAY),
            accepted: Vec::new(),
            changed: BTreeSet::new(),
            replayed: 0,
        }
    }

    /// Does again what was done before.
    ///
    /// # Errors
    /// [`Diverged`] if it does not come to the same.
    pub fn replay(&mut self, entry: &Entry) -> Result<(), Diverged> {
        self.replayed += 1;
        let diverged = Diverged { entry: self.replayed };
        self.now = entry.at;
        if !self.provider.skip_ids(entry.ids) {
            return Err(diverged);
        }
        let done = match &entry.command {
            Command::Called(call) => {
                self.handle(&call.0);
                Ok(())
            }
            command => self.carry_out(command),
        };
        self.changed.clear();
        done.map_err(|_| diverged)
    }

    /// Begins to serve, now that everything is replayed. `endpoint` tells whether there is a place
    /// for deliveries: what is announced while there is none is never delivered.
    pub fn open(&mut self, endpoint: bool, wall: SimTime) {
        self.tick(wall);
        self.provider.skip_ids(self.provider.ids_given().saturating_add(IDS_SKIPPED));
        let command = Command::Opened { endpoint };
        let opened = self.command(command);
        debug_assert!(opened.is_ok(), "nothing forbids a start");
    }

    /// Answers a call of a merchant.
    pub fn call(&mut self, request: ApiRequest, wall: SimTime) -> ApiReply {
        self.tick(wall);
        let (at, ids) = (self.now, self.provider.ids_given());
        let reply = self.handle(&request);
        if may_change(&request, &reply) {
            self.accepted.push(Entry { at, ids, command: Command::Called(Call(request)) });
        }
        reply
    }

    /// Carries a command out, or leaves everything as it was.
    ///
    /// # Errors
    /// [`Declined`], which says why.
    pub fn obey(&mut self, command: Command, wall: SimTime) -> Result<(), Declined> {
        self.tick(wall);
        // What is underway is not journalled: after a restart nothing is.
        if let Command::Redeliver { event } = &command
            && self.deliveries.is_underway(event)
        {
            return Err(Declined::Underway(event.clone()));
        }
        self.command(command)
    }

    /// Lets happen what the clock brings: windows that close, days that end.
    pub fn tick(&mut self, wall: SimTime) {
        self.now = self.clock(wall);
        let window_closes = self.deadlines.first().is_some_and(|(at, _)| *at <= self.now);
        if window_closes || self.day_ends <= self.now {
            let closed = self.command(Command::Tick);
            debug_assert!(closed.is_ok(), "time passes without asking");
        }
    }

    /// The next attempt that is due, which is underway from now on.
    pub fn take_attempt(&mut self, wall: SimTime) -> Option<Event> {
        self.tick(wall);
        let event = self.deliveries.take(self.now)?;
        let is_retry = self.deliveries.attempts(&event) > 0;
        let event = self.provider.event(&event)?;
        Some(self.provider.as_sent(&event, self.now, is_retry))
    }

    /// How long nothing happens by itself, if nobody does anything; none if for ever.
    #[must_use]
    pub fn rests_for(&self, wall: SimTime) -> Option<Span> {
        let now = self.clock(wall);
        let deadline = self.deadlines.first().map(|(at, _)| *at);
        let attempt = self.deliveries.next_due(now);
        let next = deadline.into_iter().chain(attempt).min()?;
        Some(next.since(now))
    }

    /// What was done since this was last asked, to be journalled in this order.
    pub fn take_accepted(&mut self) -> Vec<Entry> {
        std::mem::take(&mut self.accepted)
    }

    /// The payments about which something changed since this was last asked.
    pub fn take_changed(&mut self) -> BTreeSet<PaymentId> {
        std::mem::take(&mut self.changed)
    }

    /// The service, read.
    #[must_use]
    pub const fn provider(&self) -> &Provider {
        &self.provider
    }

    /// The sandbox's clock when the wall's shows this.
    #[must_use]
    pub fn clock(&self, wall: SimTime) -> SimTime {
        self.now.max(wall.plus(self.ahead))
    }
}

/// What commands do. Everything here happens alike when it is replayed.
impl Sandbox {
    fn command(&mut self, command: Command) -> Result<(), Declined> {
        let (at, ids) = (self.now, self.provider.ids_given());
        self.carry_out(&command)?;
        self.accepted.push(Entry { at, ids, command });
        Ok(())
    }

    fn carry_out(&mut self, command: &Command) -> Result<(), Declined> {
        let now = self.now;
        match command {
            Command::Opened { endpoint } => self.deliveries.open(*endpoint),
            Command::Called(call) => drop(self.handle(&call.0)),
            Command::Tick => self.pass_time(),
            Command::Advance { ms } => self.advance(Span::from_ms(*ms))?,
            Command::Act { payment, action } => self.act(payment, action)?,
            Command::ActOnPayout { payout, action } => {
                let events = match action {
                    PayoutAction::Approve => self.provider.approve_payout(payout, now),
                    PayoutAction::Complete => self.provider.complete_payout(payout, now),
                    PayoutAction::Fail => self.provider.fail_payout(payout, now),
                };
                self.announce(&events?);
            }
            Command::Misstate { rail, date, fault } => {
                let (rail, day) = self.statement(rail, date)?;
                self.provider.misstate(rail, day, *fault);
            }
            Command::CorrectStatement { rail, date } => {
                let (rail, day) = self.statement(rail, date)?;
                let events = self.provider.correct_statement(rail, day, now);
                self.announce(&events);
            }
            Command::HoldAll { on } => self.hold_all(*on),
            Command::Hold { event } => self.delivery(event, Deliveries::hold)?,
            Command::Release { event } => self.delivery(event, Deliveries::release)?,
            Command::Drop { event } => self.delivery(event, Deliveries::drop)?,
            Command::Redeliver { event } => self.delivery(event, Deliveries::redeliver)?,
            Command::Attempted { event, attempt, retry_after_s } => {
                self.deliveries.answered(event, now, attempt.clone(), *retry_after_s);
                let event = self.provider.event(event);
                self.changed.extend(event.and_then(|event| event.payment().cloned()));
            }
        }
        Ok(())
    }

    fn handle(&mut self, request: &ApiRequest) -> ApiReply {
        let reply = self.provider.handle(request, self.now, 0);
        if let (Some(payment), false) = (&reply.payment, reply.events.is_empty()) {
            if self.is_pending(payment) {
                let deadline = self.provider.expires_at(payment);
                self.deadlines.extend(deadline.map(|at| (at, payment.clone())));
            }
            self.changed.insert(payment.clone());
        }
        self.announce(&reply.events);
        reply
    }

    fn announce(&mut self, events: &[Event]) {
        for event in events {
            self.changed.extend(event.payment().cloned());
            self.deliveries.queue(event.id.clone());
        }
    }

    fn statement(&self, rail: &str, date: &str) -> Result<(&'static Rail, SimTime), Declined> {
        let known = rail_by_id(rail).filter(|rail| self.provider.rails.contains(rail));
        let unknown = || Declined::UnknownStatement(rail.to_owned(), date.to_owned());
        known.zip(statement::day(date)).ok_or_else(unknown)
    }

    /// What the clock brings: windows close, and statements of days that are over are ready.
    fn pass_time(&mut self) {
        self.close_windows();
        if self.day_ends <= self.now {
            self.day_ends = statement::midnight(self.now).plus(statement::DAY);
            let events = self.provider.close_days(self.now);
            self.announce(&events);
        }
    }

    /// Each window closes at its own instant, however late that is noticed.
    fn close_windows(&mut self) {
        while let Some((at, payment)) = self.deadlines.pop_first() {
            if at > self.now {
                self.deadlines.insert((at, payment));
                return;
            }
            if self.is_pending(&payment)
                && let Ok(events) = self.provider.pass_deadline(&payment, at)
            {
                self.announce(&events);
            }
        }
    }

    fn is_pending(&self, payment: &PaymentId) -> bool {
        self.provider.truth(payment).is_some_and(|truth| truth.status == Status::Pending)
    }

    fn advance(&mut self, by: Span) -> Result<(), Declined> {
        if by > ADVANCE_MAX || self.now.plus(by) > END {
            return Err(Declined::TooFar(by));
        }
        self.ahead = Span::from_ms(self.ahead.ms().saturating_add(by.ms()));
        self.now = self.now.plus(by);
        self.pass_time();
        Ok(())
    }

    fn hold_all(&mut self, on: bool) {
        for event in self.deliveries.hold_all(on) {
            let event = self.provider.event(&event);
            self.changed.extend(event.and_then(|event| event.payment().cloned()));
        }
    }

    fn delivery(
        &mut self,
        event: &EventId,
        work: fn(&mut Deliveries, &EventId) -> bool,
    ) -> Result<(), Declined> {
        let known = self.provider.event(event);
        let Some(known) = known.filter(|_| work(&mut self.deliveries, event)) else {
            return Err(Declined::UnknownDelivery(event.clone()));
        };
        self.changed.extend(known.payment().cloned());
        Ok(())
    }
}

/// Whether a call may have changed anything. Answers that were given before do not, nor do the
/// refusals that come before the service looks at its books: so nobody without a key makes the
/// journal grow.
fn may_change(request: &ApiRequest, reply: &ApiReply) -> bool {
    let reads = ["GET", "HEAD"].contains(&request.method.as_str());
    !reads && !is_replay(reply) && ![401, 403, 405, 413, 429].contains(&reply.status)
}
