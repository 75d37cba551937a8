//! A sandbox: the service, its deliveries and its clock as one machine that commands move.
//!
//! What merchants call, what an operator does, what the passing of time brings and what came of
//! each attempt are all commands. The same commands at the same instants give the same sandbox,
//! byte for byte, so a journal of them is all that a restart needs. It has books for each account
//! in each mode, and one clock for all. Knows no socket, no file and no clock: whoever drives it
//! hands in the wall clock and carries out attempts.

mod action;
mod books;
mod command;
mod delivery;
mod dispatch;
mod trouble;
mod view;

use std::collections::BTreeSet;

use crate::model::{Conduct, EventId, PaymentId, SimTime, Span, Status};
use crate::signature::Secret;

use super::idempotency::is_replay;
use super::{ApiReply, ApiRequest, Config, Provider, account, guard};

pub use action::{Action, PayoutAction};
pub use command::{BooksId, Call, Command, Declined, Entry, Unreadable};
pub use delivery::{Attempt, Reply};
pub use dispatch::Dispatch;
pub use trouble::Spell;

use books::Books;
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
    /// Never empty. The first ones are those of whoever names no others.
    books: Vec<Books>,
    /// How far its clock is ahead of the wall's.
    ahead: Span,
    /// The last instant at which something happened; its clock never goes back.
    now: SimTime,
    /// What was done and is not journalled yet.
    accepted: Vec<Entry>,
    replayed: u64,
    /// What befalls the next calls; the second thing here that is not journalled.
    trouble: Option<Spell>,
}

/// Being driven.
impl Sandbox {
    /// One without payments, with books for each of these.
    ///
    /// # Panics
    /// Without any, or for one without a keyring.
    #[must_use]
    pub fn new(configs: Vec<Config>) -> Self {
        let now = configs.first().expect("a sandbox has an account").start;
        assert!(configs.iter().all(|of| of.keyring.is_some()), "a sandbox has secrets of its own");
        Self {
            books: configs.into_iter().map(Books::new).collect(),
            ahead: Span::default(),
            now,
            accepted: Vec::new(),
            replayed: 0,
            trouble: None,
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
        let BooksId(books) = self.books_of(&entry.command);
        let known = self.books.get_mut(books);
        if !known.is_some_and(|books| books.provider.skip_ids(entry.ids)) {
            return Err(diverged);
        }
        let done = self.carry_out(BooksId(books), &entry.command);
        self.take_changed();
        done.map_err(|_| diverged)
    }

    /// Begins to serve, now that everything is replayed. With `webhook` the operator's own endpoint
    /// is there from now on; answers what verifies its deliveries, if both were made just now.
    pub fn open(&mut self, webhook: Option<&str>, wall: SimTime) -> Option<Secret> {
        self.tick(wall);
        for Books { provider, .. } in &mut self.books {
            provider.skip_ids(provider.ids_given().saturating_add(IDS_SKIPPED));
        }
        let before = self.books[0].provider.endpoints().count();
        let opened = self.command(Command::Opened { webhook: webhook.map(str::to_owned) });
        debug_assert!(opened.is_ok(), "nothing forbids a start");
        let provider = &self.books[0].provider;
        let is_given = provider.keyring.as_ref().is_some_and(|keyring| keyring.given().is_some());
        let made = provider.endpoints().nth(before).filter(|_| !is_given)?;
        let secret = provider.webhook_secret(&made.id, 0)?;
        provider.webhook_scheme().map(|scheme| scheme.handed(&secret))
    }

    /// Answers a call of a merchant, well or in trouble.
    pub fn call(&mut self, request: ApiRequest, wall: SimTime) -> (ApiReply, Conduct) {
        self.tick(wall);
        let position = account::books_for(self.books.iter().map(|books| &books.provider), &request);
        let books = &mut self.books[position];
        let trouble = self.trouble.map(|spell| spell.trouble);
        let trouble = trouble.filter(|trouble| books.provider.can_meet(*trouble, &request));
        if trouble.is_some() {
            self.trouble = self.trouble.and_then(Spell::shorter);
        }
        let (at, ids) = (self.now, books.provider.ids_given());
        let is_done = trouble.is_none_or(|trouble| trouble.row().is_done);
        let reply = if is_done { books.handle(&request, at) } else { ApiReply::default() };
        let is_kept = is_done && may_change(&request, &reply);
        let provider = &mut self.books[position].provider;
        let answered = match trouble {
            None => (reply, Conduct::Whole),
            Some(trouble) => (provider.spoil(trouble, &request, reply), trouble.conduct()),
        };
        if is_kept {
            let (request, key) = guard::set_aside(request, &provider.keys);
            let call = Call { books: BooksId(position), key, request };
            self.accepted.push(Entry { at, ids, command: Command::Called(call) });
        }
        answered
    }

    /// The next calls go wrong, or go well again.
    pub const fn make_trouble(&mut self, spell: Option<Spell>) {
        self.trouble = spell;
    }

    /// Carries a command out, or leaves everything as it was.
    ///
    /// # Errors
    /// [`Declined`], which says why.
    pub fn obey(&mut self, command: Command, wall: SimTime) -> Result<(), Declined> {
        self.tick(wall);
        let BooksId(books) = self.books_of(&command);
        let known = &self.books[books];
        match &command {
            // What is underway is not journalled: after a restart nothing is.
            Command::Redeliver { event, endpoint }
                if known.is_underway(event, endpoint.as_ref()) =>
            {
                return Err(Declined::Underway(event.clone()));
            }
            // The clock goes to the payment's deadline, for everybody: there is only one.
            Command::Act { payment, action: Action::Expire } => {
                let truth = known.provider.truth(payment);
                let pending = truth.is_some_and(|truth| truth.status == Status::Pending);
                let deadline = known.provider.expires_at(payment).filter(|_| pending);
                if let Some(deadline) = deadline.filter(|at| *at > self.now) {
                    let ms = deadline.since(self.now).ms();
                    return self.obey(Command::Advance { ms }, wall);
                }
            }
            _ => {}
        }
        self.command(command)?;
        self.tick(wall);
        Ok(())
    }

    /// Lets happen what the clock brings.
    pub fn tick(&mut self, wall: SimTime) {
        self.now = self.clock(wall);
        for position in 0..self.books.len() {
            if self.books[position].next_timer().is_some_and(|at| at <= self.now) {
                let passed = self.command(Command::Tick { books: BooksId(position) });
                debug_assert!(passed.is_ok(), "time passes without asking");
            }
        }
    }

    /// The next attempt that is due, which is underway from now on.
    pub fn take_attempt(&mut self, wall: SimTime) -> Option<Dispatch> {
        self.tick(wall);
        let now = self.now;
        self.books.iter_mut().find_map(|books| books.take(now))
    }

    /// How long nothing happens by itself, if nobody does anything; none if for ever.
    #[must_use]
    pub fn rests_for(&self, wall: SimTime) -> Option<Span> {
        let now = self.clock(wall);
        let next = |books: &Books| books.next_timer().into_iter().chain(books.next_attempt(now));
        let next = self.books.iter().flat_map(next).min()?;
        Some(next.since(now))
    }

    /// Whether the next call goes wrong.
    #[must_use]
    pub const fn is_troubled(&self) -> bool {
        self.trouble.is_some()
    }

    /// What was done since this was last asked, to be journalled in this order.
    pub fn take_accepted(&mut self) -> Vec<Entry> {
        std::mem::take(&mut self.accepted)
    }

    /// The payments about which something changed since this was last asked.
    pub fn take_changed(&mut self) -> BTreeSet<PaymentId> {
        let changed = self.books.iter_mut().map(|books| std::mem::take(&mut books.changed));
        changed.flatten().collect()
    }

    /// The books of this account in this mode; the first that fit where something is left out.
    #[must_use]
    pub fn books(&self, account: Option<&str>, live: Option<bool>) -> Option<BooksId> {
        let fits = |Provider { account: of, .. }: &Provider| {
            account.is_none_or(|id| of.id == id) && live.is_none_or(|live| of.live == live)
        };
        self.books.iter().position(|books| fits(&books.provider)).map(BooksId)
    }

    /// The service to which these books belong, read.
    ///
    /// # Panics
    /// For the books of another sandbox.
    #[must_use]
    pub fn provider(&self, BooksId(books): BooksId) -> &Provider {
        &self.books[books].provider
    }

    /// The service of every account in every mode, read.
    pub fn all(&self) -> impl Iterator<Item = &Provider> {
        self.books.iter().map(|books| &books.provider)
    }

    /// The service that announced this event, read.
    #[must_use]
    pub fn announcer(&self, event: &EventId) -> Option<&Provider> {
        let mut providers = self.books.iter().map(|books| &books.provider);
        providers.find(|provider| provider.place_of(event).is_some())
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
        let books = self.books_of(&command);
        let (at, ids) = (self.now, self.books[books.0].provider.ids_given());
        self.carry_out(books, &command)?;
        self.accepted.push(Entry { at, ids, command });
        Ok(())
    }

    /// Whose business a command is. What names nothing that is known is refused by the first.
    fn books_of(&self, command: &Command) -> BooksId {
        let owner = |owns: &dyn Fn(&Provider) -> bool| {
            let position = self.books.iter().position(|books| owns(&books.provider));
            BooksId(position.unwrap_or(0))
        };
        match command {
            Command::Opened { .. } | Command::Advance { .. } => BooksId(0),
            Command::Tick { books }
            | Command::HoldAll { books, .. }
            | Command::Misstate { books, .. }
            | Command::CorrectStatement { books, .. }
            | Command::MakeKey { books, .. } => *books,
            Command::TryOut { endpoint } => {
                owner(&|provider| provider.endpoint(endpoint).is_some())
            }
            Command::Called(call) => call.books,
            Command::Act { payment, .. } => owner(&|provider| provider.get(payment).is_some()),
            Command::ActOnPayout { payout, .. } => {
                owner(&|provider| provider.payout_position(payout).is_some())
            }
            Command::Hold { event, .. }
            | Command::Release { event, .. }
            | Command::Drop { event, .. }
            | Command::Redeliver { event, .. }
            | Command::Attempted { event, .. } => {
                owner(&|provider| provider.place_of(event).is_some())
            }
        }
    }

    fn carry_out(&mut self, at: BooksId, command: &Command) -> Result<(), Declined> {
        let now = self.now;
        let books = &mut self.books[at.0];
        match command {
            Command::Opened { webhook } => {
                for deliveries in self.books.iter_mut().flat_map(|of| of.deliveries.values_mut()) {
                    deliveries.open();
                }
                if let Some(url) = webhook {
                    self.books[at.0].provider.set_webhook(url, now);
                }
            }
            Command::Called(call) => {
                let request = guard::put_back(&call.request, &books.provider.keys, call.key);
                books.handle(&request, now);
            }
            Command::Tick { .. } => books.tick(now),
            Command::Advance { ms } => self.advance(Span::from_ms(*ms))?,
            Command::Act { payment, action } => books.act(payment, action, now)?,
            Command::ActOnPayout { payout, action } => books.act_on_payout(payout, *action, now)?,
            Command::Misstate { rail, date, fault, .. } => {
                let (rail, day) = books.statement(rail, date)?;
                books.provider.misstate(rail, day, *fault);
            }
            Command::CorrectStatement { rail, date, .. } => {
                let (rail, day) = books.statement(rail, date)?;
                books.correct_statement(rail, day, now);
            }
            Command::HoldAll { on, .. } => books.hold_all(*on),
            Command::MakeKey { scopes, .. } => books.provider.make_key(scopes.clone()),
            Command::TryOut { endpoint } => books.try_out(endpoint, now)?,
            Command::Hold { event, endpoint } => {
                books.each_delivery(event, endpoint.as_ref(), Deliveries::hold)?;
            }
            Command::Release { event, endpoint } => {
                books.each_delivery(event, endpoint.as_ref(), Deliveries::release)?;
            }
            Command::Drop { event, endpoint } => {
                books.each_delivery(event, endpoint.as_ref(), Deliveries::drop)?;
            }
            Command::Redeliver { event, endpoint } => {
                if !books.redeliver(event, endpoint.as_ref()) {
                    return Err(Declined::UnknownDelivery(event.clone()));
                }
            }
            Command::Attempted { event, endpoint, attempt, retry_after_s } => {
                books.answered((endpoint, event), now, attempt.clone(), *retry_after_s);
            }
        }
        Ok(())
    }

    /// The clock moves; what that brings follows as a tick of its own.
    fn advance(&mut self, by: Span) -> Result<(), Declined> {
        if by > ADVANCE_MAX || self.now.plus(by) > END {
            return Err(Declined::TooFar(by));
        }
        self.ahead = Span::from_ms(self.ahead.ms().saturating_add(by.ms()));
        self.now = self.now.plus(by);
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
