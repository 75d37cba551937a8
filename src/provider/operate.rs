//! What the payer, the network, the merchant and the operator do to a payment, by its id.
//!
//! Finds the payment, its chain and its ids, lets the machine decide, and puts what was announced
//! into the events list. Knows no HTTP.

use crate::model::{EventId, PaymentId, Rail, Reason, SimTime, Status};

use super::id::{Prefix, digest};
use super::machine::{Command, Hold, Scene};
use super::payment::{Destination, Payment, Terms};
use super::refused::Refused;
use super::transfer::Sending;
use super::{Event, Place, Provider, address, event, payout};

/// Destination tags start here: a number that a customer can type.
const FIRST_TAG: u32 = 100_001;

/// Each answers the events that it appended, in order.
impl Provider {
    /// The payer sends so many atoms: T2 or T3 in time, T11 after the deadline.
    ///
    /// # Errors
    /// After confirmation, for nothing, or for more than can be counted.
    pub fn pay(
        &mut self,
        payment: &PaymentId,
        atoms: u128,
        now: SimTime,
    ) -> Result<Vec<Event>, Refused> {
        self.command(payment, Command::Pay(atoms), now)
    }

    /// The payer sends something, rightly or wrongly: as `pay`, or a transfer that is listed and
    /// does not count.
    ///
    /// # Errors
    /// As `pay`, and where the rail's network does not allow such a mistake.
    pub fn send(
        &mut self,
        payment: &PaymentId,
        sending: Sending,
        now: SimTime,
    ) -> Result<Vec<Event>, Refused> {
        self.command(payment, Command::Send(sending), now)
    }

    /// The payer spends the last unconfirmed transfer once more, with so many atoms for this
    /// payment: a raised fee, or a double spend where there are none. T4 where the cover is lost.
    ///
    /// # Errors
    /// Unless a transfer is unconfirmed, and while money goes back.
    pub fn replace(
        &mut self,
        payment: &PaymentId,
        atoms: u128,
        now: SimTime,
    ) -> Result<Vec<Event>, Refused> {
        self.command(payment, Command::Replace(atoms), now)
    }

    /// The network adds blocks: T5 for every payment of the same partition and network that is
    /// covered deeply enough by then. So there may be events of other payments among the answer.
    ///
    /// # Errors
    /// For an unknown payment, and while the chain is stalled.
    pub fn mine(
        &mut self,
        payment: &PaymentId,
        blocks: u32,
        now: SimTime,
    ) -> Result<Vec<Event>, Refused> {
        let position = self.known(payment)?;
        // Where a provider tells of single blocks, they come one by one as long as it does.
        let single = self.profile.events.repeat.min(blocks.saturating_sub(1));
        let mut events = Vec::new();
        for blocks in (0..single).map(|_| 1).chain([blocks - single]) {
            for position in self.chains.mine(&self.payments[position], blocks)? {
                events.extend(self.apply(position, Command::Blocks, now)?);
            }
        }
        Ok(events)
    }

    /// So many of the topmost blocks are replaced by others, without the transfers in them: T4 or
    /// T8 for every payment of the same partition and network that loses its cover. Payments that
    /// are credited, closed or paid back are left alone: no provider takes those up again.
    ///
    /// # Errors
    /// Where this payment is one of those.
    pub fn reorganise(
        &mut self,
        payment: &PaymentId,
        depth: u32,
        now: SimTime,
    ) -> Result<Vec<Event>, Refused> {
        let position = self.known(payment)?;
        self.payments[position].reorganisable()?;
        let mut events = Vec::new();
        for rider in self.chains.reorganised(&self.payments[position], depth) {
            if self.payments[rider].reorganisable().is_ok() {
                events.extend(self.apply(rider, Command::Reorganise(depth), now)?);
            }
        }
        Ok(events)
    }

    /// Transfers of this payment that were orphaned are seen again, unconfirmed: T3 once more, or
    /// T11 after the deadline.
    ///
    /// # Errors
    /// Where none is orphaned, or the payment is closed.
    pub fn return_orphans(
        &mut self,
        payment: &PaymentId,
        now: SimTime,
    ) -> Result<Vec<Event>, Refused> {
        self.command(payment, Command::ReturnOrphans, now)
    }

    /// The chain of this payment adds no block until `resume`.
    ///
    /// # Errors
    /// For an unknown payment.
    pub fn stall(&mut self, payment: &PaymentId) -> Result<(), Refused> {
        let position = self.known(payment)?;
        self.chains.stall(&self.payments[position], true);
        Ok(())
    }

    /// The chain of this payment goes on.
    ///
    /// # Errors
    /// For an unknown payment.
    pub fn resume(&mut self, payment: &PaymentId) -> Result<(), Refused> {
        let position = self.known(payment)?;
        self.chains.stall(&self.payments[position], false);
        Ok(())
    }

    /// The provider credits the money: T9.
    ///
    /// # Errors
    /// Unless the payment is confirmed.
    pub fn settle(&mut self, payment: &PaymentId, now: SimTime) -> Result<Vec<Event>, Refused> {
        self.command(payment, Command::Settle, now)
    }

    /// The window closes without coverage: T10.
    ///
    /// # Errors
    /// Unless the payment is pending and `now` has reached its deadline.
    pub fn pass_deadline(
        &mut self,
        payment: &PaymentId,
        now: SimTime,
    ) -> Result<Vec<Event>, Refused> {
        self.command(payment, Command::PassDeadline, now)
    }

    /// An operator takes money that came late or short, or that was confirmed after nobody waited
    /// any longer: T12. No operator takes what the network may still take back, so the blocks that
    /// are missing are mined first.
    ///
    /// # Errors
    /// Unless the payment is expired, or failed without confirmation, and money came.
    pub fn accept(&mut self, payment: &PaymentId, now: SimTime) -> Result<Vec<Event>, Refused> {
        let known = &self.payments[self.known(payment)?];
        let open =
            known.status() == Status::Expired || known.reason() == Some(Reason::NotConfirmed);
        let mut events = Vec::new();
        if open && !known.received().is_zero() {
            events = self.mine(payment, self.confirmations_missing(payment), now)?;
        }
        // A policy may have taken it with the last block.
        if !(open && self.payments[self.known(payment)?].status() == Status::Confirmed) {
            events.extend(self.command(payment, Command::Accept, now)?);
        }
        Ok(events)
    }

    /// Nobody waits for the network any longer: T7.
    ///
    /// # Errors
    /// Unless the payment is paid and 24 hours past its deadline.
    pub fn give_up(&mut self, payment: &PaymentId, now: SimTime) -> Result<Vec<Event>, Refused> {
        self.command(payment, Command::GiveUp, now)
    }

    /// Screening or an operator stops the payment: T14.
    ///
    /// # Errors
    /// Unless it is paid or confirmed.
    pub fn hold(
        &mut self,
        payment: &PaymentId,
        hold: Hold,
        now: SimTime,
    ) -> Result<Vec<Event>, Refused> {
        self.command(payment, Command::Hold(hold), now)
    }

    /// The stop is over: T14, back to where the payment stood.
    ///
    /// # Errors
    /// Unless it is held.
    pub fn release(&mut self, payment: &PaymentId, now: SimTime) -> Result<Vec<Event>, Refused> {
        self.command(payment, Command::Release, now)
    }

    /// Screening ends against the payment: T14, to failed.
    ///
    /// # Errors
    /// Unless it is held.
    pub fn reject(&mut self, payment: &PaymentId, now: SimTime) -> Result<Vec<Event>, Refused> {
        self.command(payment, Command::Reject, now)
    }

    /// The merchant calls the payment off: T13.
    ///
    /// # Errors
    /// Unless it is pending and nothing was seen.
    pub fn cancel(&mut self, payment: &PaymentId, now: SimTime) -> Result<Vec<Event>, Refused> {
        self.command(payment, Command::Cancel, now)
    }

    /// Tries the endpoint out: T17. Nothing changes.
    ///
    /// # Errors
    /// For an unknown payment.
    pub fn test_event(&mut self, payment: &PaymentId, now: SimTime) -> Result<Vec<Event>, Refused> {
        self.command(payment, Command::Test, now)
    }

    /// The same fact under a fresh event id, which its body carries; not in the events list.
    #[must_use]
    pub fn restate(&mut self, event: &Event) -> Event {
        event.renamed(EventId::new(self.ids.next(Prefix::Event)))
    }

    /// An event of a type that no merchant can know, about this payment as it is, with fields that
    /// no merchant can know. It is authentic: it stands in the events list.
    pub fn unknown_event(&mut self, payment: &PaymentId, now: SimTime) -> Option<Event> {
        let position = self.position(payment)?;
        let height = self.chains.height(&self.payments[position]);
        let ids = &mut self.ids;
        let mut name = || EventId::new(ids.next(Prefix::Event));
        let (events, habits) = (&self.profile.events, &self.profile.payments);
        let mut scene = Scene { now, height, events, habits, name: &mut name };
        let before = self.payments[position].said.len();
        self.payments[position].annotate(&mut scene);
        self.publish(position, before).pop()
    }

    /// T1.
    pub(super) fn create(
        &mut self,
        terms: Terms,
        now: SimTime,
        partition: u32,
    ) -> (usize, Vec<Event>) {
        let position = self.payments.len();
        let id = PaymentId::new(self.ids.next(Prefix::Payment));
        let destination = self.destination(&id, terms.rail, position);
        let ids = &mut self.ids;
        let mut name = || EventId::new(ids.next(Prefix::Event));
        let (events, habits) = (&self.profile.events, &self.profile.payments);
        let mut scene = Scene { now, height: 0, events, habits, name: &mut name };
        let payment = Payment::create(id, partition, (terms, destination), &mut scene);
        self.by_reference.entry(payment.terms.reference.clone()).or_default().push(position);
        self.payments.push(payment);
        let events = self.publish(position, 0);
        (position, events)
    }

    /// Each payment has an address of its own; where a tag tells payers apart, the account has one
    /// and each payment a tag.
    fn destination(&self, id: &PaymentId, rail: &Rail, position: usize) -> Destination {
        let tagged = rail.attribution.needs_tag();
        let owner = if tagged { &self.account.id } else { id.as_str() };
        let seed = digest(&[b"destination", owner.as_bytes()]);
        let number = FIRST_TAG.saturating_add(u32::try_from(position).unwrap_or(u32::MAX));
        Destination {
            address: address::address(rail.network, &seed),
            tag: tagged.then_some(number),
        }
    }

    pub(super) fn known(&self, payment: &PaymentId) -> Result<usize, Refused> {
        self.position(payment).ok_or_else(|| Refused::UnknownPayment(payment.clone()))
    }

    pub(super) fn command(
        &mut self,
        payment: &PaymentId,
        command: Command,
        now: SimTime,
    ) -> Result<Vec<Event>, Refused> {
        let position = self.known(payment)?;
        self.apply(position, command, now)
    }

    pub(super) fn apply(
        &mut self,
        position: usize,
        command: Command,
        now: SimTime,
    ) -> Result<Vec<Event>, Refused> {
        let payment = &mut self.payments[position];
        let (before, height) = (payment.said.len(), self.chains.height(payment));
        let (rail, share) = (payment.terms.rail, payout::share(payment));
        let grown = (payment.transfers.len(), payment.fates.len());
        let ids = &mut self.ids;
        let mut name = || EventId::new(ids.next(Prefix::Event));
        let events = &self.profile.events;
        let habits = self.habits.get(&payment.partition).unwrap_or(&self.profile.payments);
        payment.apply(command, &mut Scene { now, height, events, habits, name: &mut name })?;
        self.available.change(rail, payout::share(payment) - share);
        self.chains.carry(payment, position, grown);
        let mut events = self.publish(position, before);
        events.extend(self.react(position, now));
        Ok(events)
    }

    /// Puts what the payment has said since then into the events list.
    fn publish(&mut self, position: usize, since: usize) -> Vec<Event> {
        let payment = &self.payments[position];
        let new = since..payment.said.len();
        self.events.extend(new.clone().map(|said| Place::Payment(position, said)));
        payment.said[new].iter().map(|said| event::render(&self.account, payment, said)).collect()
    }
}
