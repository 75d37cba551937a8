//! Money on its way back: which refund and which dispute is legal, and what each announces.
//!
//! T15 and T16. Knows no API and no statement; both read what is recorded here.

use crate::model::{EventKind, Money, Status};

use super::machine::Scene;
use super::payment::Payment;
use super::refund::{DisputeStatus, DisputeTerms, Refund, RefundStatus};
use super::refused::Refused;

/// Where money can go back from; what came must still be there.
const REFUNDABLE: &[Status] =
    &[Status::Confirmed, Status::Settled, Status::Expired, Status::Failed];

impl Payment {
    /// Atoms that a refund may ask for.
    pub fn refundable(&self) -> u128 {
        if !REFUNDABLE.contains(&self.status()) {
            return 0;
        }
        self.balance()
    }

    /// A refund is asked for: its amount is reserved.
    pub(super) fn refund(&mut self, refund: Refund, scene: &mut Scene<'_>) -> Result<(), Refused> {
        self.require("refunded", REFUNDABLE)?;
        if refund.atoms == 0 {
            return Err(Refused::NoAtoms);
        }
        if refund.atoms > self.balance() {
            return Err(Refused::ExceedsBalance(Money {
                atoms: self.balance(),
                asset: self.terms.rail.asset,
            }));
        }
        let at = self.refunds.all.len();
        self.refunds.all.push(refund);
        self.refunds.steps.push((at, RefundStatus::Pending, self.next_instant(scene.now)));
        self.say(EventKind::RefundCreated, scene);
        Ok(())
    }

    /// The refund is on the network. Nothing is said of it.
    pub(super) fn start_refund(&mut self, at: usize, scene: &Scene<'_>) -> Result<(), Refused> {
        if self.refunds.status(at) != Some(RefundStatus::Pending) {
            return Err(Refused::RefundEnded);
        }
        self.refunds.steps.push((at, RefundStatus::Processing, scene.now));
        Ok(())
    }

    /// The refund is paid out; where that was all, the payment is refunded.
    pub(super) fn complete_refund(
        &mut self,
        at: usize,
        scene: &mut Scene<'_>,
    ) -> Result<(), Refused> {
        self.require("refunded", REFUNDABLE)?;
        self.live_refund(at)?;
        let now = self.next_instant(scene.now);
        self.refunds.steps.push((at, RefundStatus::Completed, now));
        if self.refunds.completed() + self.lost() == self.received().atoms {
            self.enter(Status::Refunded, EventKind::RefundCompleted, scene);
        } else {
            self.say(EventKind::RefundCompleted, scene);
        }
        Ok(())
    }

    /// The refund did not arrive; its amount is free again.
    pub(super) fn fail_refund(&mut self, at: usize, scene: &mut Scene<'_>) -> Result<(), Refused> {
        self.live_refund(at)?;
        let now = self.next_instant(scene.now);
        self.refunds.steps.push((at, RefundStatus::Failed, now));
        self.say(EventKind::RefundFailed, scene);
        Ok(())
    }

    /// The payer objects.
    pub(super) fn open_dispute(
        &mut self,
        terms: DisputeTerms,
        scene: &mut Scene<'_>,
    ) -> Result<(), Refused> {
        self.require("disputed", &[Status::Confirmed, Status::Settled])?;
        if self.dispute.terms.is_some() {
            return Err(Refused::NoSuchDispute);
        }
        if terms.atoms == 0 {
            return Err(Refused::NoAtoms);
        }
        if terms.atoms > self.balance() {
            return Err(Refused::ExceedsBalance(Money {
                atoms: self.balance(),
                asset: self.terms.rail.asset,
            }));
        }
        self.dispute.terms = Some(terms);
        self.step_dispute(DisputeStatus::Opened, EventKind::DisputeOpened, scene);
        Ok(())
    }

    /// The dispute ends.
    pub(super) fn close_dispute(
        &mut self,
        ends: DisputeStatus,
        scene: &mut Scene<'_>,
    ) -> Result<(), Refused> {
        if self.dispute.status() != Some(DisputeStatus::Opened) {
            return Err(Refused::NoSuchDispute);
        }
        let kind = match ends {
            DisputeStatus::Opened => return Err(Refused::NoSuchDispute),
            DisputeStatus::Won => EventKind::DisputeWon,
            DisputeStatus::Lost => EventKind::DisputeLost,
        };
        self.step_dispute(ends, kind, scene);
        Ok(())
    }

    /// Atoms that a lost dispute took.
    pub fn lost(&self) -> u128 {
        match (self.dispute.status(), &self.dispute.terms) {
            (Some(DisputeStatus::Lost), Some(terms)) => terms.atoms,
            _ => 0,
        }
    }

    /// What came, less what went back or is about to.
    pub(super) fn balance(&self) -> u128 {
        let disputed = match (self.dispute.status(), &self.dispute.terms) {
            (Some(DisputeStatus::Opened | DisputeStatus::Lost), Some(terms)) => terms.atoms,
            _ => 0,
        };
        self.received().atoms - self.refunds.reserved() - disputed
    }

    fn step_dispute(&mut self, status: DisputeStatus, kind: EventKind, scene: &mut Scene<'_>) {
        let at = self.next_instant(scene.now);
        self.dispute.steps.push((status, at));
        self.say(kind, scene);
    }

    fn live_refund(&self, at: usize) -> Result<(), Refused> {
        match self.refunds.status(at) {
            Some(RefundStatus::Pending | RefundStatus::Processing) => Ok(()),
            Some(RefundStatus::Completed | RefundStatus::Failed) | None => {
                Err(Refused::RefundEnded)
            }
        }
    }
}
