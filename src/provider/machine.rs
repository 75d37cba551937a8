//! The state machine: which command moves a payment where, and what announces it.
//!
//! The only place where a status changes. Time, the height of the chain and the names of events
//! are arguments. Knows nothing of HTTP, JSON, other payments, or why a command comes.

use crate::model::{EventId, EventKind, Flag, PaymentId, Reason, SimTime, Span, Status};

use super::payment::{Announcement, Coin, Destination, Entry, Payment, Terms};
use super::profile::{Events, Payments};
use super::refund::{Dispute, DisputeStatus, DisputeTerms, Refund, Refunds};
use super::refused::Refused;
use super::transfer::Sending;

/// What can happen to a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Command {
    /// The payer sends so many atoms of the right coin.
    Pay(u128),
    /// The payer sends something.
    Send(Sending),
    /// The payer spends the last unconfirmed transfer otherwise, with so many atoms for us.
    Replace(u128),
    /// The chain has grown.
    Blocks,
    /// So many of the topmost blocks are no part of the chain any more.
    Reorganise(u32),
    /// Orphaned transfers are seen again.
    ReturnOrphans,
    /// The provider credits the money.
    Settle,
    /// The window closes.
    PassDeadline,
    /// An operator takes money that came late or short, or was confirmed too late.
    Accept,
    /// A policy takes what came in time and is too little.
    AcceptShort,
    /// The network reports the last transfer once more.
    Relist,
    /// Nobody waits for the network any longer.
    GiveUp,
    /// Screening or an operator stops it.
    Hold(Hold),
    /// The stop is over.
    Release,
    /// Screening ends against it.
    Reject,
    /// The merchant calls it off.
    Cancel,
    /// The merchant gives money back.
    Refund(Refund),
    /// The refund at this position is on the network.
    StartRefund(usize),
    /// It arrived.
    CompleteRefund(usize),
    /// It did not.
    FailRefund(usize),
    /// The payer objects.
    OpenDispute(DisputeTerms),
    /// The merchant keeps the money.
    WinDispute,
    /// The payer gets it back.
    LoseDispute,
    /// The endpoint is tried out.
    Test,
}

/// Who stops a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// Screening looks at it.
    Screening,
    /// An operator wants to.
    Manual,
}

/// Every change of status there is (contract: T3 to T10 and T12 to T15).
pub(super) const TRANSITIONS: &[(Status, Status)] = &[
    (Status::Pending, Status::Paid),
    (Status::Paid, Status::Pending),
    (Status::Paid, Status::Confirmed),
    (Status::Pending, Status::Confirmed),
    (Status::Paid, Status::Failed),
    (Status::Confirmed, Status::Failed),
    (Status::Confirmed, Status::Settled),
    (Status::Pending, Status::Expired),
    (Status::Expired, Status::Confirmed),
    (Status::Failed, Status::Confirmed),
    (Status::Pending, Status::Cancelled),
    (Status::Paid, Status::Held),
    (Status::Confirmed, Status::Held),
    (Status::Held, Status::Paid),
    (Status::Held, Status::Confirmed),
    (Status::Held, Status::Failed),
    (Status::Confirmed, Status::Refunded),
    (Status::Settled, Status::Refunded),
    (Status::Expired, Status::Refunded),
    (Status::Failed, Status::Refunded),
];

/// When and where a command meets the payment.
pub(super) struct Scene<'a> {
    pub now: SimTime,
    pub height: u64,
    pub events: &'a Events,
    pub habits: &'a Payments,
    /// Names the next event.
    pub name: &'a mut dyn FnMut() -> EventId,
}

impl Payment {
    /// T1: the payment comes into being and says so.
    pub fn create(
        id: PaymentId,
        partition: u32,
        (terms, destination): (Terms, Destination),
        scene: &mut Scene<'_>,
    ) -> Self {
        let mut payment = Self {
            id,
            partition,
            destination,
            expires_at: scene.now.plus(Span::from_s(terms.expires_in_s)),
            terms,
            timeline: vec![Entry { status: Status::Pending, at: scene.now, reason: None }],
            transfers: Vec::new(),
            fates: Vec::new(),
            refunds: Refunds::default(),
            dispute: Dispute::default(),
            flags: std::collections::BTreeSet::new(),
            said: Vec::new(),
            latest: scene.now,
        };
        payment.announce(Some(EventKind::Created), scene.now, scene);
        payment
    }

    /// Carries the command out, or leaves the payment as it was. What it announces is appended to
    /// what was said.
    pub fn apply(&mut self, command: Command, scene: &mut Scene<'_>) -> Result<(), Refused> {
        match command {
            Command::Pay(atoms) => {
                self.send(Sending { atoms, requested: None, coin: Coin::Own }, scene)?;
            }
            Command::Send(sending) => self.send(sending, scene)?,
            Command::Replace(atoms) => self.replace(atoms, scene)?,
            Command::Blocks => self.grow(scene),
            Command::Reorganise(depth) => self.reorganise(depth, scene)?,
            Command::ReturnOrphans => self.return_orphans(scene)?,
            Command::Settle => self.settle(scene)?,
            Command::PassDeadline => self.pass_deadline(scene)?,
            Command::Accept => self.accept(scene)?,
            Command::AcceptShort => self.accept_short(scene)?,
            Command::Relist => self.relist(scene),
            Command::GiveUp => self.give_up(scene)?,
            Command::Hold(hold) => self.hold(hold, scene)?,
            Command::Release => self.release(scene)?,
            Command::Reject => self.reject(scene)?,
            Command::Cancel => self.cancel(scene)?,
            Command::Refund(refund) => self.refund(refund, scene)?,
            Command::StartRefund(at) => self.start_refund(at, scene)?,
            Command::CompleteRefund(at) => self.complete_refund(at, scene)?,
            Command::FailRefund(at) => self.fail_refund(at, scene)?,
            Command::OpenDispute(terms) => self.open_dispute(terms, scene)?,
            Command::WinDispute => self.close_dispute(DisputeStatus::Won, scene)?,
            Command::LoseDispute => self.close_dispute(DisputeStatus::Lost, scene)?,
            Command::Test => self.say(EventKind::Test, scene),
        }
        self.assert_sound();
        Ok(())
    }

    /// An announcement that changes nothing, of a type that the contract does not know.
    pub fn annotate(&mut self, scene: &mut Scene<'_>) {
        let at = self.next_instant(scene.now);
        self.announce(None, at, scene);
    }

    /// T9.
    fn settle(&mut self, scene: &mut Scene<'_>) -> Result<(), Refused> {
        self.require("settled", &[Status::Confirmed])?;
        self.enter(Status::Settled, EventKind::Settled, scene);
        Ok(())
    }

    /// T10. A covered payment does not expire: its money came in time.
    fn pass_deadline(&mut self, scene: &mut Scene<'_>) -> Result<(), Refused> {
        self.require("expired", &[Status::Pending])?;
        if scene.now < self.expires_at {
            return Err(Refused::TooEarly(self.expires_at));
        }
        self.close_if_due(scene);
        Ok(())
    }

    /// T10, where nobody moved the clock to the deadline.
    pub(super) fn close_if_due(&mut self, scene: &mut Scene<'_>) {
        if self.status() == Status::Pending && scene.now >= self.expires_at {
            self.enter(Status::Expired, EventKind::Expired, scene);
        }
    }

    /// T12.
    fn accept(&mut self, scene: &mut Scene<'_>) -> Result<(), Refused> {
        self.require("accepted", &[Status::Expired, Status::Failed])?;
        match self.reason() {
            None | Some(Reason::NotConfirmed) => {}
            Some(reason) => return Err(Refused::StaysFailed(reason)),
        }
        if self.received().is_zero() {
            return Err(Refused::NoMoney);
        }
        match self.confirmations_missing(scene.height) {
            0 => {}
            missing => return Err(Refused::Unconfirmed(missing)),
        }
        self.flags.extend([Flag::Late, Flag::Manual]);
        self.enter(Status::Confirmed, EventKind::Confirmed, scene);
        Ok(())
    }

    /// T6, for a provider that takes what came in time for the whole.
    fn accept_short(&mut self, scene: &mut Scene<'_>) -> Result<(), Refused> {
        self.require("accepted", &[Status::Pending])?;
        if self.received().is_zero() {
            return Err(Refused::NoMoney);
        }
        self.flags.insert(Flag::Manual);
        self.enter(Status::Confirmed, EventKind::Confirmed, scene);
        Ok(())
    }

    /// T7.
    fn give_up(&mut self, scene: &mut Scene<'_>) -> Result<(), Refused> {
        self.require("given up", &[Status::Paid])?;
        let watched = self.expires_at.plus(scene.habits.monitoring);
        if scene.now < watched {
            return Err(Refused::StillWatched(watched));
        }
        self.fail(Reason::NotConfirmed, scene);
        Ok(())
    }

    /// T14, into the stop.
    fn hold(&mut self, hold: Hold, scene: &mut Scene<'_>) -> Result<(), Refused> {
        self.require("held", &[Status::Paid, Status::Confirmed])?;
        let reason = match hold {
            Hold::Screening => Reason::Screening,
            Hold::Manual => Reason::Manual,
        };
        self.enter_because(Status::Held, EventKind::Held, Some(reason), scene);
        Ok(())
    }

    /// T14, out of the stop: back to where it stood. What the network confirmed meanwhile is
    /// confirmed in a step of its own, because merchants wait for that event.
    fn release(&mut self, scene: &mut Scene<'_>) -> Result<(), Refused> {
        self.require("released", &[Status::Held])?;
        let before = self.timeline[self.timeline.len() - 2].status;
        self.enter(before, EventKind::Released, scene);
        self.grow(scene);
        Ok(())
    }

    /// T14, at its worst.
    fn reject(&mut self, scene: &mut Scene<'_>) -> Result<(), Refused> {
        self.require("rejected", &[Status::Held])?;
        self.fail(Reason::Rejected, scene);
        Ok(())
    }

    /// T13.
    fn cancel(&mut self, scene: &mut Scene<'_>) -> Result<(), Refused> {
        self.require("cancelled", &[Status::Pending])?;
        if !self.transfers.is_empty() {
            return Err(Refused::TransferSeen);
        }
        self.enter(Status::Cancelled, EventKind::Cancelled, scene);
        Ok(())
    }

    /// T7, T8 and T14.
    pub(super) fn fail(&mut self, why: Reason, scene: &mut Scene<'_>) {
        self.enter_because(Status::Failed, EventKind::Failed, Some(why), scene);
    }

    /// Changes the status and says so. The timeline and the event carry the same instant.
    pub(super) fn enter(&mut self, to: Status, kind: EventKind, scene: &mut Scene<'_>) {
        self.enter_because(to, kind, None, scene);
    }

    fn enter_because(
        &mut self,
        status: Status,
        kind: EventKind,
        reason: Option<Reason>,
        scene: &mut Scene<'_>,
    ) {
        let from = self.status();
        assert!(TRANSITIONS.contains(&(from, status)), "no transition from {from} to {status}");
        let at = self.next_instant(scene.now);
        self.timeline.push(Entry { status, at, reason });
        self.announce(Some(kind), at, scene);
    }

    pub(super) fn say(&mut self, kind: EventKind, scene: &mut Scene<'_>) {
        let at = self.next_instant(scene.now);
        self.announce(Some(kind), at, scene);
    }

    /// It happened then, whether the provider says so or not.
    fn announce(&mut self, kind: Option<EventKind>, occurred_at: SimTime, scene: &mut Scene<'_>) {
        self.latest = occurred_at;
        if kind.is_some_and(|kind| !scene.events.announces(kind)) {
            return;
        }
        let view = self.view(scene.height);
        self.said.push(Announcement { id: (scene.name)(), kind, occurred_at, view });
    }

    /// Now, or a millisecond after the last event where two fall together: `occurred_at` orders
    /// the events of a payment, so it must strictly increase.
    pub(super) fn next_instant(&self, now: SimTime) -> SimTime {
        now.max(self.latest.plus(Span::from_ms(1)))
    }

    pub(super) fn require(
        &self,
        command: &'static str,
        allowed: &'static [Status],
    ) -> Result<(), Refused> {
        let status = self.status();
        if allowed.contains(&status) {
            return Ok(());
        }
        Err(Refused::Illegal { command, status, allowed })
    }

    /// What must hold of every payment at every time; a breach is a bug of ours.
    fn assert_sound(&self) {
        let (id, received) = (&self.id, self.received().atoms);
        let covered = self.is_covered();
        let manual = self.flags.contains(&Flag::Manual);
        let back = self.refunds.completed() + self.lost();
        assert!(self.refunds.reserved() + self.lost() <= received, "{id}: more back than came");
        assert!(self.timeline.is_sorted_by(|a, b| a.at < b.at), "{id}: time went back");
        let explained = matches!(self.status(), Status::Failed | Status::Held);
        assert!(self.reason().is_some() == explained, "{id}: a reason too many or too few");
        match self.status() {
            Status::Pending => assert!(!covered, "{id}: covered, yet pending"),
            Status::Paid => assert!(covered && !manual, "{id}: paid without cover"),
            Status::Confirmed | Status::Settled | Status::Held => {
                assert!(covered || manual, "{id}: final without cover or operator");
            }
            Status::Expired => assert!(!manual, "{id}: accepted, yet expired"),
            Status::Failed => {}
            Status::Cancelled => assert!(self.transfers.is_empty(), "{id}: money, yet cancelled"),
            Status::Refunded => assert!(back == received && back > 0, "{id}: not all went back"),
        }
    }
}
