//! Why a command was not carried out.

use crate::model::{Money, PaymentId, Reason, SimTime, Status};

use super::payout::PayoutStatus;

/// Why a command was not carried out. The payment is as it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// No such payment.
    #[error("there is no payment {0}; create it first")]
    UnknownPayment(PaymentId),
    /// No such refund.
    #[error("there is no refund {0}; ask for it first")]
    UnknownRefund(String),
    /// No such payout.
    #[error("there is no payout {0}; ask for it first")]
    UnknownPayout(String),
    /// It does not stand there.
    #[error("a payout that is {status} cannot be {command}; it must be {}", payout_or(allowed))]
    IllegalPayout {
        /// What was to be done to it, as a participle.
        command: &'static str,
        /// Where it stands.
        status: PayoutStatus,
        /// Where it would have to stand.
        allowed: &'static [PayoutStatus],
    },
    /// The table has no such transition.
    #[error("a payment that is {status} cannot be {command}; it must be {}", or(allowed))]
    Illegal {
        /// What was to be done to it, as a participle.
        command: &'static str,
        /// Where it stands.
        status: Status,
        /// Where it would have to stand.
        allowed: &'static [Status],
    },
    /// A transfer of nothing.
    #[error("a transfer of nothing is no transfer; send at least one atom")]
    NoAtoms,
    /// More than can be counted.
    #[error("{0} further atoms are more than can be counted; send less")]
    TooMuch(u128),
    /// The network knows no such mistake.
    #[error("nothing of that kind can be sent on {0}; choose another rail")]
    NoSuchCoin(&'static str),
    /// The window is still open.
    #[error("the payment is open until {0}; move the clock there first")]
    TooEarly(SimTime),
    /// The network may still confirm it.
    #[error("the payment is watched until {0}; move the clock there first")]
    StillWatched(SimTime),
    /// There is nothing to accept.
    #[error("no money came, so there is nothing to accept; pay first")]
    NoMoney,
    /// The network may still take it back.
    #[error("{0} confirmations are missing; mine them first")]
    Unconfirmed(u32),
    /// It failed for a reason that no operator overrules.
    #[error("a payment that failed because it was {0} stays failed; only a late block is accepted")]
    StaysFailed(Reason),
    /// Every transfer stands in a block.
    #[error("no transfer is unconfirmed, so none can be replaced; reorganise the chain first")]
    NothingToReplace,
    /// No transfer was orphaned.
    #[error("no transfer was orphaned, so none can come back; reorganise the chain first")]
    NothingToReturn,
    /// Money went back already; nobody reorganises below that.
    #[error("the payment has refunds or a dispute, so its transfers stay; use one without")]
    MoneyWentBack,
    /// The chain stands still.
    #[error("{0} is stalled; let it go on first")]
    Stalled(&'static str),
    /// A transfer was seen, so it is too late to call the payment off.
    #[error("a transfer was seen, so the payment cannot be cancelled; refund it once it is final")]
    TransferSeen,
    /// More than is left.
    #[error("only {0} is available; ask for no more than that")]
    ExceedsBalance(Money),
    /// The refund has come to its end.
    #[error("the refund is completed or failed already; only a live one goes on")]
    RefundEnded,
    /// There is a dispute, or there is none.
    #[error("the payment has no open dispute, or has had its one dispute")]
    NoSuchDispute,
}

fn payout_or(statuses: &[PayoutStatus]) -> String {
    let words: Vec<_> = statuses.iter().map(|status| status.as_str()).collect();
    words.join(" or ")
}

fn or(statuses: &[Status]) -> String {
    let words: Vec<_> = statuses.iter().map(|status| status.as_str()).collect();
    words.join(" or ")
}
