//! What becomes of a payment where the contract leaves it open.

use crate::model::Span;

/// The habits of payments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payments {
    /// Too little came.
    pub under_policy: UnderPolicy,
    /// Too much came.
    pub over_policy: OverPolicy,
    /// Money came after the deadline.
    pub late_policy: LatePolicy,
    /// Whether a payment may name no amount: then the first transfer makes it paid, and comparing
    /// is the merchant's.
    pub open_amount: bool,
    /// What counts as money received.
    pub counts: Counts,
    /// Whether an order can have only one live payment at a time.
    pub unique_reference: bool,
    /// How long after its confirmation a payment is credited.
    pub settle_after: Span,
    /// How long after its deadline a payment that is not confirmed is watched.
    pub monitoring: Span,
}

/// What becomes of a payment with too little.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnderPolicy {
    /// It stays open for the rest (`BTCPay`).
    Wait,
    /// It is confirmed with what came (`NOWPayments`).
    Terminal,
    /// The money goes back (`BitPay`).
    Refund,
}

/// What becomes of what is too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OverPolicy {
    /// It is credited, and said (`BTCPay`).
    Flag,
    /// It goes back (`BitPay`).
    Refund,
}

/// What becomes of money after the deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LatePolicy {
    /// It is said, and waits for an operator (`BTCPay`).
    Flag,
    /// It confirms the payment (Confirmo).
    Confirm,
    /// It goes back (cryptoprocessing).
    Refund,
}

/// What counts as money received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counts {
    /// The rail's own asset, network and contract, as delivered.
    Strict,
    /// Whatever bears the symbol, as the sender asked for it, executed or not, replaced or not:
    /// comparing transfers is the merchant's.
    Naive,
}

impl Default for Payments {
    fn default() -> Self {
        Self {
            under_policy: UnderPolicy::Wait,
            over_policy: OverPolicy::Flag,
            late_policy: LatePolicy::Flag,
            open_amount: false,
            counts: Counts::Strict,
            unique_reference: false,
            settle_after: Span::from_s(3600),
            // BTCPay: 24 hours.
            monitoring: Span::from_s(24 * 3600),
        }
    }
}
