//! What follows for an order from what the payment service says: the shop's state machine.
//!
//! A pure decision: the order as it stands and one snapshot of a payment go in, a change comes
//! out. Snapshots may arrive in any order and any number of times, by notification or by
//! reconciliation; the outcome is that of the furthest one.

use super::defect::Fault;
use super::money::{Rail, through_a_float};
use super::payment::{Payment, Status};

/// An order as the shop keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Order {
    pub reference: String,
    pub rail: &'static Rail,
    /// What the customer owes, in atoms.
    pub due: u128,
    /// The payment that the shop created for it; none until the service has answered.
    pub payment: Option<String>,
    /// How far that payment is known to have got.
    pub status: Status,
    pub state: State,
}

/// What the shop shows of an order; the words are those of the observation contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Awaiting,
    Provisional,
    Paid,
    Exception,
    Cancelled,
}

/// Why a person has to look at an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    AmountMismatch,
    WrongAsset,
    LatePayment,
    DuplicatePayment,
}

/// What is to be done, all of it or nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    pub status: Status,
    pub state: State,
    /// Postings that credit the customer, in atoms. With them the goods leave, once.
    pub credits: Vec<u128>,
    pub opens: Vec<Class>,
    pub closes: Vec<Class>,
}

impl State {
    const ALL: [Self; 5] =
        [Self::Awaiting, Self::Provisional, Self::Paid, Self::Exception, Self::Cancelled];

    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Awaiting => "awaiting",
            Self::Provisional => "provisional",
            Self::Paid => "paid",
            Self::Exception => "exception",
            Self::Cancelled => "cancelled",
        }
    }

    pub(super) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }
}

impl Class {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::AmountMismatch => "amount-mismatch",
            Self::WrongAsset => "wrong-asset",
            Self::LatePayment => "late-payment",
            Self::DuplicatePayment => "duplicate-payment",
        }
    }
}

impl Order {
    /// What follows from `payment`, where `credited` says whether it has been booked before.
    pub(super) fn decide(&self, payment: &Payment, credited: bool, fault: Option<Fault>) -> Change {
        let has_money = payment.received > 0 || payment.status >= Status::Paid;
        if self.payment.as_deref() != Some(payment.id.as_str()) {
            // Another payment for the same order never pays it a second time.
            return self.unchanged().open_if(has_money, Class::DuplicatePayment);
        }
        let is_own_asset = payment.asset == self.rail.asset
            && payment.network == self.rail.network
            && payment.decimals == self.rail.decimals;
        if !is_own_asset || payment.due != self.due {
            let class = if is_own_asset { Class::AmountMismatch } else { Class::WrongAsset };
            return self.unchanged().open_if(has_money, class).parked(has_money);
        }
        if payment.status < self.status {
            return self.after_older(payment, fault);
        }
        match payment.status {
            Status::Pending => self.unchanged(),
            Status::Expired => self.after_expiry(payment, fault),
            Status::Paid if fault == Some(Fault::ShipsWhenSeen) => {
                self.after_confirmation(payment, credited, fault)
            }
            Status::Paid => {
                Change { status: Status::Paid, state: State::Provisional, ..self.unchanged() }
            }
            Status::Confirmed | Status::Settled => {
                self.after_confirmation(payment, credited, fault)
            }
        }
    }

    fn unchanged(&self) -> Change {
        Change {
            status: self.status,
            state: self.state,
            credits: Vec::new(),
            opens: Vec::new(),
            closes: Vec::new(),
        }
    }

    /// An older snapshot changes nothing; two of the defects let it.
    fn after_older(&self, payment: &Payment, fault: Option<Fault>) -> Change {
        let state = match (payment.status, fault) {
            (Status::Expired, Some(Fault::ExpiryAlwaysWins)) => State::Cancelled,
            (Status::Pending, Some(Fault::LatestSnapshotWins)) => State::Awaiting,
            (Status::Paid, Some(Fault::LatestSnapshotWins)) => State::Provisional,
            _ => return self.unchanged(),
        };
        Change { status: payment.status, state, ..self.unchanged() }
    }

    /// The window has closed. Whatever came in is somebody's money, so a person has to look.
    fn after_expiry(&self, payment: &Payment, fault: Option<Fault>) -> Change {
        let ignored = payment.late && fault == Some(Fault::LateMoneyIgnored);
        let late = payment.late && !ignored;
        let short = payment.received > 0 && !payment.late;
        // An earlier snapshot without the money may come after the one that parked the order.
        let is_parked = self.state == State::Exception;
        let change = Change {
            status: Status::Expired,
            state: if is_parked { State::Exception } else { State::Cancelled },
            ..self.unchanged()
        };
        change
            .open_if(late, Class::LatePayment)
            .open_if(short, Class::AmountMismatch)
            .parked(late || short)
    }

    /// The provider stands behind the money: the goods leave, and the books move, once.
    fn after_confirmation(
        &self,
        payment: &Payment,
        credited: bool,
        fault: Option<Fault>,
    ) -> Change {
        let change = Change { status: payment.status, ..self.unchanged() };
        if payment.received < self.due && fault != Some(Fault::AmountNotCompared) {
            return change.open_if(true, Class::AmountMismatch).parked(true);
        }
        let closes = vec![Class::LatePayment, Class::AmountMismatch];
        if fault == Some(Fault::ExpiryIsFinal) && self.status == Status::Expired {
            return Change { state: State::Cancelled, closes, ..self.unchanged() };
        }
        let credits = if credited { Vec::new() } else { self.credits(payment, fault) };
        // The customer gets what was ordered; a person decides about what is too much.
        let over = payment.received > self.due;
        Change { state: State::Paid, credits, closes, ..change }
            .open_if(over, Class::AmountMismatch)
    }

    /// One posting of what was due, however the money came.
    fn credits(&self, payment: &Payment, fault: Option<Fault>) -> Vec<u128> {
        match fault {
            Some(Fault::FloatingMoney) => vec![through_a_float(self.due, self.rail.decimals)],
            Some(Fault::RunningTotalsBooked) => {
                let running = payment.transfers.iter().scan(0_u128, |total, atoms| {
                    *total = total.saturating_add(*atoms);
                    Some(self.due.min(*total))
                });
                running.collect()
            }
            _ => vec![self.due],
        }
    }
}

impl Change {
    fn open_if(mut self, applies: bool, class: Class) -> Self {
        if applies {
            self.opens.push(class);
        }
        self
    }

    fn parked(mut self, applies: bool) -> Self {
        if applies && self.state != State::Paid {
            self.state = State::Exception;
        }
        self
    }
}
