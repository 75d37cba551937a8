//! The events that announce a payment's transitions.

use serde::{Deserialize, Serialize};

use super::payment::words;

words! {
    /// What an event announces (contract: state machine).
    EventKind {
        /// The payment exists.
        Created = "payment.created",
        /// A transfer was seen; coverage is not reached.
        Detected = "payment.detected",
        /// What was seen is less than due.
        Underpaid = "payment.underpaid",
        /// Coverage is reached; confirmations are missing.
        Paid = "payment.paid",
        /// More came than was due.
        Overpaid = "payment.overpaid",
        /// The confirmation policy is met.
        Confirmed = "payment.confirmed",
        /// Credited and on a statement.
        Settled = "payment.settled",
        /// The window closed without coverage.
        Expired = "payment.expired",
        /// Money came after the window.
        Late = "payment.late",
        /// Coverage is lost again: replaced, double-spent or reorganised away.
        Reverted = "payment.reverted",
        /// It will not be confirmed, or was taken back.
        Failed = "payment.failed",
        /// The merchant called it off.
        Cancelled = "payment.cancelled",
        /// Screening or an operator stopped it.
        Held = "payment.held",
        /// The stop is over; it goes on where it stood.
        Released = "payment.released",
        /// A refund was asked for; its amount is reserved.
        RefundCreated = "refund.created",
        /// A refund was paid out; it may be what makes the payment refunded.
        RefundCompleted = "refund.completed",
        /// A refund did not arrive; its amount is free again.
        RefundFailed = "refund.failed",
        /// The payer objects.
        DisputeOpened = "dispute.opened",
        /// The merchant keeps the money.
        DisputeWon = "dispute.won",
        /// The payer gets the money back.
        DisputeLost = "dispute.lost",
        /// Nothing happened; the endpoint is tried out.
        Test = "webhook.test",
    }
}

words! {
    /// What an event announces that is about no payment but about the account.
    AccountEventKind {
        /// A payout was asked for; its amount is reserved.
        PayoutCreated = "payout.created",
        /// A payout passed its review and is sent.
        PayoutProcessing = "payout.processing",
        /// A payout arrived.
        PayoutCompleted = "payout.completed",
        /// A payout was rejected or did not arrive; its amount is free again.
        PayoutFailed = "payout.failed",
        /// A day is over and its statement is closed, or a closed one was put right.
        StatementReady = "statement.ready",
    }
}
