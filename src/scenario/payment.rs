//! What happens to a payment: what its payer, its network and the provider do. Each changes the
//! provider's truth and queues events; nothing is sent by it.

use crate::model::{Mistake, Money};

/// What the payer does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pay {
    /// Exactly what is due.
    Exact,
    /// That much, in the payment's own asset.
    Amount(Money),
    /// What is due plus this many atoms.
    OverBy(u128),
    /// What is due less this many atoms.
    UnderBy(u128),
    /// What is due, in so many transfers.
    InParts(u32),
    /// Something that does not count: so many atoms of it, or as many units as are due.
    Mistake {
        /// What comes.
        what: Mistake,
        /// So many atoms of what comes.
        atoms: Option<u32>,
    },
    /// A transfer that asks its network for more than it delivers.
    Partial {
        /// What the sender asked for.
        requested: Money,
        /// What came.
        delivered: Money,
    },
    /// The last unconfirmed transfer is replaced by another one.
    Replace(Replacement),
}

/// What the payer puts in the place of a transfer that the network has not confirmed yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replacement {
    /// A transfer of what is due, with a higher fee.
    Exact,
    /// A transfer of that much.
    Amount(Money),
    /// Nothing: the coins go elsewhere.
    Elsewhere,
}

/// What the network does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Network {
    /// So many of the topmost blocks are replaced by others; `None`: all that carry transfers of
    /// the payment.
    Reorganise(Option<u32>),
    /// Transfers that lost their block are seen again, unconfirmed.
    ReturnOrphans,
    /// It adds no block from here on.
    Stall,
    /// It goes on.
    Resume,
    /// It never confirms the transfer, until nobody waits any longer.
    GiveUp,
}

/// What the provider or its operator does, apart from crediting and accepting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Screening stops the payment.
    Hold,
    /// The stop is over.
    Release,
    /// Screening ends against the payment.
    Reject,
    /// The payment is called off.
    Cancel,
    /// The endpoint is tried out.
    Test,
    /// So much goes back to the payer; `None`: whatever is left. The payment settles first.
    Refund(Option<Money>),
    /// The oldest refund that is not over is on the network.
    StartRefund,
    /// It arrives.
    CompleteRefund,
    /// It does not arrive.
    FailRefund,
    /// The payer wants so much back; `None`: whatever is left. The payment settles first.
    OpenDispute(Option<Money>),
    /// The merchant keeps what was disputed.
    WinDispute,
    /// The payer gets it.
    LoseDispute,
}

impl Pay {
    /// Whether it makes sense only where transfers wait for blocks.
    pub(super) const fn needs_blocks(&self) -> bool {
        matches!(self, Self::Replace(_))
    }
}
