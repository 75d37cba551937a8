//! Money on its way back: refunds and the dispute of one payment, as records that only grow.
//!
//! A refund reserves its amount when it is made and frees it when it fails; a dispute takes nothing
//! until it is lost. Knows no statuses of payments and no JSON; `money_back` decides what is legal.

use serde::{Deserialize, Serialize};

use crate::model::{SimTime, words};

use super::payment::Destination;

words! {
    /// How far a refund is.
    RefundStatus {
        /// Asked for; its amount is reserved.
        Pending = "pending",
        /// Sent to the network.
        Processing = "processing",
        /// Paid out.
        Completed = "completed",
        /// Not paid out; its amount is free again.
        Failed = "failed",
    }
}

words! {
    /// How far a dispute is.
    DisputeStatus {
        /// The payer objects.
        Opened = "opened",
        /// The merchant keeps the money.
        Won = "won",
        /// The payer gets it back.
        Lost = "lost",
    }
}

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refund {
    /// Such as `rfd_01J8Z3HY5M0000000000000000`.
    pub id: String,
    pub atoms: u128,
    pub destination: Destination,
    pub created_at: SimTime,
}

/// All refunds of a payment.
#[derive(Debug, Clone, Default)]
pub(super) struct Refunds {
    pub all: Vec<Refund>,
    /// Which refund came to which status when; the first step of each is `pending`.
    pub steps: Vec<(usize, RefundStatus, SimTime)>,
}

/// The dispute of a payment; it has at most one.
#[derive(Debug, Clone, Default)]
pub(super) struct Dispute {
    pub terms: Option<DisputeTerms>,
    /// Empty while there is none.
    pub steps: Vec<(DisputeStatus, SimTime)>,
}

/// What is disputed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DisputeTerms {
    /// Such as `dsp_01J8Z3HY5M0000000000000000`.
    pub id: String,
    pub atoms: u128,
    pub reason: String,
}

impl Refunds {
    /// Each refund that there was after so many steps, with how far it was.
    pub fn after(&self, steps: usize) -> Vec<(&Refund, RefundStatus)> {
        let mut found: Vec<(&Refund, RefundStatus)> = Vec::new();
        for (at, status, _) in &self.steps[..steps] {
            match found.get_mut(*at) {
                Some(known) => known.1 = *status,
                None => found.push((&self.all[*at], *status)),
            }
        }
        found
    }

    /// The position of that refund.
    pub fn position(&self, id: &str) -> Option<usize> {
        self.all.iter().position(|refund| refund.id == id)
    }

    /// How far the refund at this position is.
    pub fn status(&self, at: usize) -> Option<RefundStatus> {
        self.steps.iter().rev().find(|(of, ..)| *of == at).map(|(_, status, _)| *status)
    }

    /// Atoms that were paid out after so many steps.
    pub fn completed_after(&self, steps: usize) -> u128 {
        self.sum(steps, |status| status == RefundStatus::Completed)
    }

    /// Atoms that are paid out by now.
    pub fn completed(&self) -> u128 {
        self.completed_after(self.steps.len())
    }

    /// Atoms that no further refund may touch: paid out or on their way.
    pub fn reserved(&self) -> u128 {
        self.sum(self.steps.len(), |status| status != RefundStatus::Failed)
    }

    fn sum(&self, steps: usize, counts: impl Fn(RefundStatus) -> bool) -> u128 {
        let counted = self.after(steps).into_iter().filter(|(_, status)| counts(*status));
        counted.map(|(refund, _)| refund.atoms).sum()
    }
}

impl Dispute {
    /// How far it is.
    pub fn status(&self) -> Option<DisputeStatus> {
        self.steps.last().map(|(status, _)| *status)
    }
}
