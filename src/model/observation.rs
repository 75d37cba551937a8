//! What a merchant shows of one order: state, postings, fulfilments, open exceptions.

use serde::{Deserialize, Serialize};

use super::payment::words;
use super::{PaymentId, Reference};

words! {
    /// The states of an order, in the contract's words; the profile's lifecycle maps to them.
    OrderState {
        /// Waiting for money.
        Awaiting = "awaiting",
        /// Money was seen, nothing is final.
        Provisional = "provisional",
        /// Paid for good.
        Paid = "paid",
        /// A person must look.
        Exception = "exception",
        /// Ended without payment.
        Cancelled = "cancelled",
        /// Paid back.
        Refunded = "refunded",
    }
}

words! {
    /// What a posting in the merchant's ledger does.
    PostingKind {
        /// Money in.
        Credit = "credit",
        /// A credit taken back.
        Reversal = "reversal",
        /// Money paid back.
        Refund = "refund",
        /// A fee.
        Fee = "fee",
    }
}

words! {
    /// Why an order needs a person.
    ExceptionClass {
        /// Received is not due.
        AmountMismatch = "amount-mismatch",
        /// Another asset or contract came.
        WrongAsset = "wrong-asset",
        /// Money that names no order, or another one.
        ReferenceMismatch = "reference-mismatch",
        /// Money after the deadline.
        LatePayment = "late-payment",
        /// A second payment for one order.
        DuplicatePayment = "duplicate-payment",
        /// Confirmation takes too long.
        DelayedConfirmation = "delayed-confirmation",
        /// Final money was taken back.
        ReversedAfterFinal = "reversed-after-final",
        /// Compliance stopped it.
        PolicyHold = "policy-hold",
        /// The provider knows it, the merchant does not.
        MissingAtMerchant = "missing-at-merchant",
        /// The merchant knows it, the provider does not.
        MissingAtProvider = "missing-at-provider",
        /// Fees differ.
        FeeVariance = "fee-variance",
        /// Anything else.
        Other = "other",
    }
}

/// One posting of the merchant's ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posting {
    /// The merchant's own id, where it shows one.
    pub id: Option<String>,
    /// What it does.
    pub kind: PostingKind,
    /// Decimal amount in the asset's unit, as the merchant wrote it.
    pub amount: String,
    /// Ticker.
    pub asset: String,
    /// The payment it books, where it says so.
    pub payment: Option<PaymentId>,
}

/// One open exception.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exception {
    /// Its class.
    pub class: ExceptionClass,
    /// The payment it is about, where it says so.
    pub payment: Option<PaymentId>,
}

/// What the merchant showed of one order at one look. A part that is not connected is `None`:
/// never an empty list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observation {
    /// The order looked at.
    pub reference: Reference,
    /// Its state; `None` where the merchant knows no such order.
    pub state: Option<OrderState>,
    /// Payments that the merchant ties to it.
    pub payments: Option<Vec<PaymentId>>,
    /// Irreversible side effects so far.
    pub fulfilments: Option<u64>,
    /// Its postings.
    pub postings: Option<Vec<Posting>>,
    /// Its open exceptions.
    pub exceptions: Option<Vec<Exception>>,
}
