//! What follows for an order from what the payment service says: the shop's state machine.
//!
//! A pure decision: the order as it stands and one snapshot of a payment go in, a change comes
//! out. Snapshots may arrive in any order and any number of times, by notification or by
//! reconciliation; the outcome is that of the newest one.

use super::defect::Fault;
use super::money::{Rail, in_hundredths, through_a_float};
use super::payment::{DisputeEnd, Payment, Status};
use super::transfer::{Transfer, own_count};

/// An order as the shop keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Order {
    pub reference: String,
    pub rail: &'static Rail,
    /// What the customer owes, in atoms.
    pub due: u128,
    /// The payment that the shop created for it; none until the service has answered.
    pub payment: Option<String>,
    /// Where that payment is known to stand.
    pub status: Status,
    /// How often its status is known to have changed.
    pub version: u32,
    pub state: State,
    pub dispute: Option<DisputeEnd>,
}

/// What stands in the books for a payment, in atoms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Booked {
    /// Whether it counts as booked; a defect may overlook that.
    pub credited: bool,
    pub credits: u128,
    pub reversals: u128,
    pub refunded: u128,
}

/// What the shop shows of an order; the words are those of the observation contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Awaiting,
    Provisional,
    Paid,
    Exception,
    Cancelled,
    Refunded,
}

/// Why a person has to look at an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    AmountMismatch,
    WrongAsset,
    LatePayment,
    DuplicatePayment,
    PolicyHold,
    /// The network did not confirm it.
    Unconfirmed,
    /// Final money was taken back, or may be.
    Reversed,
}

/// What is to be done, all of it or nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    pub status: Status,
    pub version: u32,
    pub state: State,
    pub dispute: Option<DisputeEnd>,
    /// Postings that credit the customer, in atoms. With them the goods leave, once.
    pub credits: Vec<u128>,
    /// Atoms of a credit that are taken back.
    pub reversal: u128,
    /// Atoms that were paid back.
    pub refund: u128,
    pub opens: Vec<Class>,
    pub closes: Vec<Class>,
}

impl State {
    const ALL: [Self; 6] = [
        Self::Awaiting,
        Self::Provisional,
        Self::Paid,
        Self::Exception,
        Self::Cancelled,
        Self::Refunded,
    ];

    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Awaiting => "awaiting",
            Self::Provisional => "provisional",
            Self::Paid => "paid",
            Self::Exception => "exception",
            Self::Cancelled => "cancelled",
            Self::Refunded => "refunded",
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
            Self::PolicyHold => "policy-hold",
            Self::Unconfirmed => "delayed-confirmation",
            Self::Reversed => "reversed-after-final",
        }
    }
}

impl Order {
    /// What follows from `payment`, where `booked` is what stands in the books for it.
    pub(super) fn decide(&self, payment: &Payment, booked: Booked, fault: Option<Fault>) -> Change {
        let has_money = payment.received > 0 || payment.status.is_covered();
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
        if payment.version < self.version {
            return self.after_older(payment, fault);
        }
        if let Some(change) = self.planted(payment, booked, fault) {
            return change;
        }
        let change = self.moved(payment);
        let change = change.open_if(payment.foreign, Class::WrongAsset);
        let change = match payment.status {
            Status::Pending => change.fallen_back(),
            Status::Expired => self.after_expiry(change, payment, fault),
            Status::Paid if fault == Some(Fault::ShipsWhenSeen) => {
                self.after_confirmation(change, payment, booked, fault)
            }
            Status::Paid => Change { state: State::Provisional, ..change }.resumed(),
            Status::Confirmed | Status::Settled => {
                self.after_confirmation(change, payment, booked, fault)
            }
            Status::Held => change.open_if(true, Class::PolicyHold).parked(true),
            Status::Cancelled => Change { state: State::Cancelled, ..change },
            Status::Failed => change.failed(booked),
            Status::Refunded => Change { state: State::Refunded, ..change }.resumed(),
        };
        self.gone_back(change, payment, booked, fault)
    }

    /// The defects that do something else altogether.
    fn planted(&self, payment: &Payment, booked: Booked, fault: Option<Fault>) -> Option<Change> {
        let status = payment.status;
        let covers = |atoms: u128| atoms >= self.due;
        let own = own_count(&payment.transfers, self.rail, payment.contract.as_deref(), fault);
        let ships = match fault? {
            Fault::OneConfirmationIsEnough => {
                let in_a_block = payment.transfers.iter().any(Transfer::is_in_a_block);
                status == Status::Paid && in_a_block && covers(payment.received)
            }
            Fault::FailureIsCompletion => status == Status::Failed && !booked.credited,
            _ => own.is_some_and(covers) && matches!(status, Status::Pending | Status::Expired),
        };
        if ships {
            let credits = if booked.credited { Vec::new() } else { vec![self.due] };
            return Some(Change { state: State::Paid, credits, ..self.moved(payment) });
        }
        let ignores = match fault? {
            Fault::ReversalIgnored => status == Status::Failed && booked.credited,
            Fault::DeadlineBeatsConfirmation => {
                payment.is_past_deadline && matches!(status, Status::Confirmed | Status::Settled)
            }
            Fault::RefundNeedsPaidOrder => status == Status::Refunded && self.state != State::Paid,
            Fault::AnyMoneySilencesExpiry => {
                status == Status::Expired && payment.received > 0 && !payment.late
            }
            _ => false,
        };
        ignores.then(|| self.unchanged())
    }

    /// The order once it knows of this snapshot, before anything follows from it.
    fn moved(&self, payment: &Payment) -> Change {
        Change { status: payment.status, version: payment.version, ..self.unchanged() }
    }

    fn unchanged(&self) -> Change {
        Change {
            status: self.status,
            version: self.version,
            state: self.state,
            dispute: self.dispute,
            credits: Vec::new(),
            reversal: 0,
            refund: 0,
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
        Change { status: payment.status, version: payment.version, state, ..self.unchanged() }
    }

    /// The window has closed. Whatever came in is somebody's money, so a person has to look.
    fn after_expiry(&self, change: Change, payment: &Payment, fault: Option<Fault>) -> Change {
        let ignored = payment.late && fault == Some(Fault::LateMoneyIgnored);
        let late = payment.late && !ignored;
        let short = payment.received > 0 && !payment.late;
        // An earlier snapshot without the money may come after the one that parked the order.
        let is_parked = self.state == State::Exception;
        let state = if is_parked { State::Exception } else { State::Cancelled };
        Change { state, ..change }
            .open_if(late, Class::LatePayment)
            .open_if(short, Class::AmountMismatch)
            .parked(late || short || payment.foreign)
    }

    /// The provider stands behind the money: the goods leave, and the books move, once.
    fn after_confirmation(
        &self,
        change: Change,
        payment: &Payment,
        booked: Booked,
        fault: Option<Fault>,
    ) -> Change {
        let is_short = match fault {
            Some(Fault::AmountNotCompared) => false,
            Some(Fault::HundredthsCompared) => {
                let hundredths = |atoms| in_hundredths(atoms, self.rail.decimals);
                hundredths(payment.received) < hundredths(self.due)
            }
            _ => payment.received < self.due,
        };
        if is_short {
            return change.open_if(true, Class::AmountMismatch).parked(true);
        }
        let closes =
            vec![Class::LatePayment, Class::AmountMismatch, Class::PolicyHold, Class::Unconfirmed];
        if fault == Some(Fault::ExpiryIsFinal) && self.status == Status::Expired {
            return Change { state: State::Cancelled, closes, ..self.unchanged() };
        }
        let credits = if booked.credited { Vec::new() } else { self.credits(payment, fault) };
        // The customer gets what was ordered; a person decides about what is too much.
        let over = payment.received > self.due;
        // Whoever lost a dispute stays in a person's hands.
        let state = if self.dispute == Some(DisputeEnd::Lost) { self.state } else { State::Paid };
        Change { state, credits, closes, ..change }.open_if(over, Class::AmountMismatch)
    }

    /// What the payer got back by now and the books do not say yet, whatever the status.
    fn gone_back(
        &self,
        mut change: Change,
        payment: &Payment,
        booked: Booked,
        fault: Option<Fault>,
    ) -> Change {
        change.refund = refunded(payment, fault).saturating_sub(booked.refunded);
        if fault == Some(Fault::PartialIsFull) && change.refund > 0 {
            change.refund = payment.received.saturating_sub(booked.refunded);
            change.state = State::Refunded;
        }
        let Some(dispute) = payment.dispute.filter(|dispute| self.dispute < Some(dispute.ends))
        else {
            return change;
        };
        change.dispute = Some(dispute.ends);
        match dispute.ends {
            DisputeEnd::Open | DisputeEnd::Won if fault == Some(Fault::DisputeParksForGood) => {
                Change { state: State::Exception, ..change }.open_if(true, Class::Reversed)
            }
            DisputeEnd::Lost if fault == Some(Fault::LostDisputeIgnored) => change,
            DisputeEnd::Open => change.open_if(true, Class::Reversed),
            DisputeEnd::Won => {
                change.closes.push(Class::Reversed);
                change
            }
            DisputeEnd::Lost => {
                let new: u128 = change.credits.iter().sum();
                change.reversal = booked.standing().saturating_add(new).min(dispute.atoms);
                let change = Change { state: State::Exception, ..change };
                change.open_if(true, Class::Reversed)
            }
        }
    }

    /// One posting of what was due, however the money came.
    fn credits(&self, payment: &Payment, fault: Option<Fault>) -> Vec<u128> {
        match fault {
            Some(Fault::FloatingMoney) => vec![through_a_float(self.due, self.rail.decimals)],
            Some(Fault::RunningTotalsBooked) => {
                let running = payment.parts.iter().scan(0_u128, |total, atoms| {
                    *total = total.saturating_add(*atoms);
                    Some(self.due.min(*total))
                });
                running.collect()
            }
            _ => vec![self.due],
        }
    }
}

/// What the payer got back by now. Two of the defects take for done what is not.
fn refunded(payment: &Payment, fault: Option<Fault>) -> u128 {
    let also: &[&str] = match fault {
        Some(Fault::RefundBookedWhenCreated) => &["pending", "processing", "completed"],
        Some(Fault::FailedRefundIsDone) => &["failed", "completed"],
        _ => return payment.refunded,
    };
    let taken = payment.refunds.iter().filter(|(_, status)| also.contains(&status.as_str()));
    taken.map(|(atoms, _)| atoms).sum()
}

impl Booked {
    /// Credits that were not taken back.
    const fn standing(self) -> u128 {
        self.credits.saturating_sub(self.reversals)
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

    /// A stop, or a fear, is over.
    fn resumed(mut self) -> Self {
        self.closes.extend([Class::PolicyHold, Class::LatePayment, Class::AmountMismatch]);
        self
    }

    /// What was seen is gone again.
    fn fallen_back(mut self) -> Self {
        if self.state == State::Provisional {
            self.state = State::Awaiting;
        }
        self
    }

    /// The money will not stay: what was booked is taken back, and a person has to look.
    fn failed(mut self, booked: Booked) -> Self {
        self.reversal = booked.standing();
        self.state = State::Exception;
        self.closes.push(Class::PolicyHold);
        let class = if self.reversal > 0 { Class::Reversed } else { Class::Unconfirmed };
        self.open_if(true, class)
    }
}
