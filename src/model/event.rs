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
    }
}
