//! The state machine: which command moves a payment where, and what announces it.
//!
//! The only place where a status changes. Time, the height of the chain and the names of events
//! are arguments. Knows nothing of HTTP, JSON, other payments, or why a command comes.

use crate::model::{AmountState, EventId, EventKind, Flag, PaymentId, SimTime, Span, Status};

use super::payment::{Announcement, Destination, Payment, Terms, Transfer};

/// What can happen to a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Command {
    /// The payer sends so many atoms.
    Pay(u128),
    /// The chain has grown.
    Blocks,
    /// The provider credits the money.
    Settle,
    /// The window closes.
    PassDeadline,
    /// An operator takes money that came late or short.
    Accept,
}

/// Every change of status there is (contract: T3, T5, T9, T10, T12).
pub(super) const TRANSITIONS: &[(Status, Status)] = &[
    (Status::Pending, Status::Paid),
    (Status::Paid, Status::Confirmed),
    (Status::Confirmed, Status::Settled),
    (Status::Pending, Status::Expired),
    (Status::Expired, Status::Confirmed),
];

/// Why a command was not carried out. The payment is as it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// No such payment.
    #[error("there is no payment {0}; create it first")]
    UnknownPayment(PaymentId),
    /// The table has no such transition.
    #[error("a payment that is {status} cannot be {command}; it must be {allowed}")]
    Illegal {
        /// What was to be done to it, as a participle.
        command: &'static str,
        /// Where it stands.
        status: Status,
        /// Where it would have to stand.
        allowed: &'static str,
    },
    /// A transfer of nothing.
    #[error("a transfer of nothing is no transfer; send at least one atom")]
    NoAtoms,
    /// More than can be counted.
    #[error("{0} further atoms are more than can be counted; send less")]
    TooMuch(u128),
    /// The window is still open.
    #[error("the payment is open until {0}; move the clock there first")]
    TooEarly(SimTime),
    /// There is nothing to accept.
    #[error("no money came, so there is nothing to accept; pay first")]
    NoMoney,
    /// The network may still take it back.
    #[error("{0} confirmations are missing; mine them first")]
    Unconfirmed(u32),
}

/// When and where a command meets the payment.
pub(super) struct Scene<'a> {
    pub now: SimTime,
    pub height: u64,
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
            timeline: vec![(Status::Pending, scene.now)],
            transfers: Vec::new(),
            flags: std::collections::BTreeSet::new(),
            said: Vec::new(),
        };
        payment.announce(Some(EventKind::Created), scene.now, scene);
        payment
    }

    /// Carries the command out, or leaves the payment as it was. What it announces is appended to
    /// what was said.
    pub fn apply(&mut self, command: Command, scene: &mut Scene<'_>) -> Result<(), Refused> {
        match command {
            Command::Pay(atoms) => self.pay(atoms, scene)?,
            Command::Blocks => self.grow(scene),
            Command::Settle => self.settle(scene)?,
            Command::PassDeadline => self.pass_deadline(scene)?,
            Command::Accept => self.accept(scene)?,
        }
        self.assert_sound();
        Ok(())
    }

    /// An announcement that changes nothing, of a type that the contract does not know.
    pub fn annotate(&mut self, scene: &mut Scene<'_>) {
        let at = self.next_instant(scene.now);
        self.announce(None, at, scene);
    }

    /// T2 and T3 in time, T11 after it.
    fn pay(&mut self, atoms: u128, scene: &mut Scene<'_>) -> Result<(), Refused> {
        if matches!(self.status(), Status::Confirmed | Status::Settled) {
            return Err(self.illegal("paid", "pending, paid or expired"));
        }
        if atoms == 0 {
            return Err(Refused::NoAtoms);
        }
        self.received().atoms.checked_add(atoms).ok_or(Refused::TooMuch(atoms))?;
        // Nobody may have moved the clock to the deadline itself; the money is late all the same.
        if self.status() == Status::Pending && scene.now >= self.expires_at {
            self.pass_deadline(scene)?;
        }
        self.transfers.push(Transfer { atoms, seen_at_height: scene.height });
        let amount = self.amount_state(self.received());
        match (self.status(), amount) {
            (Status::Expired, _) => {
                self.flags.insert(Flag::Late);
                self.say(EventKind::Late, scene);
            }
            (Status::Pending, AmountState::None | AmountState::Under) => {
                self.say(EventKind::Detected, scene);
                self.say(EventKind::Underpaid, scene);
            }
            (Status::Pending, AmountState::Exact) => self.enter(Status::Paid, scene),
            (Status::Pending, AmountState::Over) => {
                self.enter(Status::Paid, scene);
                self.say(EventKind::Overpaid, scene);
            }
            (Status::Paid, _) => self.say(EventKind::Overpaid, scene),
            (Status::Confirmed | Status::Settled, _) => unreachable!("refused above"),
        }
        Ok(())
    }

    /// T5, once every transfer is deep enough. Elsewhere blocks only deepen transfers.
    fn grow(&mut self, scene: &mut Scene<'_>) {
        if self.status() == Status::Paid && self.confirmations_missing(scene.height) == 0 {
            self.enter(Status::Confirmed, scene);
        }
    }

    /// T9.
    fn settle(&mut self, scene: &mut Scene<'_>) -> Result<(), Refused> {
        if self.status() != Status::Confirmed {
            return Err(self.illegal("settled", "confirmed"));
        }
        self.enter(Status::Settled, scene);
        Ok(())
    }

    /// T10. A covered payment does not expire: its money came in time.
    fn pass_deadline(&mut self, scene: &mut Scene<'_>) -> Result<(), Refused> {
        if self.status() != Status::Pending {
            return Err(self.illegal("expired", "pending"));
        }
        if scene.now < self.expires_at {
            return Err(Refused::TooEarly(self.expires_at));
        }
        self.enter(Status::Expired, scene);
        Ok(())
    }

    /// T12.
    fn accept(&mut self, scene: &mut Scene<'_>) -> Result<(), Refused> {
        if self.status() != Status::Expired {
            return Err(self.illegal("accepted", "expired"));
        }
        if self.transfers.is_empty() {
            return Err(Refused::NoMoney);
        }
        match self.confirmations_missing(scene.height) {
            0 => {}
            missing => return Err(Refused::Unconfirmed(missing)),
        }
        self.flags.extend([Flag::Late, Flag::Manual]);
        self.enter(Status::Confirmed, scene);
        Ok(())
    }

    /// Changes the status and says so. The timeline and the event carry the same instant.
    fn enter(&mut self, to: Status, scene: &mut Scene<'_>) {
        let from = self.status();
        assert!(TRANSITIONS.contains(&(from, to)), "no transition from {from} to {to}");
        let at = self.next_instant(scene.now);
        self.timeline.push((to, at));
        let kind = match to {
            Status::Pending => EventKind::Created,
            Status::Paid => EventKind::Paid,
            Status::Confirmed => EventKind::Confirmed,
            Status::Settled => EventKind::Settled,
            Status::Expired => EventKind::Expired,
        };
        self.announce(Some(kind), at, scene);
    }

    fn say(&mut self, kind: EventKind, scene: &mut Scene<'_>) {
        let at = self.next_instant(scene.now);
        self.announce(Some(kind), at, scene);
    }

    fn announce(&mut self, kind: Option<EventKind>, occurred_at: SimTime, scene: &mut Scene<'_>) {
        let view = self.view(scene.height);
        self.said.push(Announcement { id: (scene.name)(), kind, occurred_at, view });
    }

    /// Now, or a millisecond after the last event where two fall together: `occurred_at` orders
    /// the events of a payment, so it must strictly increase.
    fn next_instant(&self, now: SimTime) -> SimTime {
        match self.said.last() {
            Some(last) => now.max(last.occurred_at.plus(Span::from_ms(1))),
            None => now,
        }
    }

    fn illegal(&self, command: &'static str, allowed: &'static str) -> Refused {
        Refused::Illegal { command, status: self.status(), allowed }
    }

    /// What must hold of every payment at every time; a breach is a bug of ours.
    fn assert_sound(&self) {
        let covered = self.received() >= self.terms.due;
        let manual = self.flags.contains(&Flag::Manual);
        match self.status() {
            Status::Pending => assert!(!covered, "{}: covered, yet pending", self.id),
            Status::Paid => assert!(covered && !manual, "{}: paid without cover", self.id),
            Status::Confirmed | Status::Settled => {
                assert!(covered || manual, "{}: final without cover or operator", self.id);
            }
            Status::Expired => assert!(!manual, "{}: accepted, yet expired", self.id),
        }
    }
}
