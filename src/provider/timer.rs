//! What the passing of time does to a payment by itself, and when.
//!
//! Windows close, nobody waits any longer, money is credited. Whoever has a clock asks when, and
//! says when it is; no clock is known here.

use crate::model::{PaymentId, SimTime, Status};

use super::{Event, Provider, Refused};

impl Provider {
    /// When something happens to this payment by itself, as it stands now; none if never.
    #[must_use]
    pub fn due(&self, payment: &PaymentId) -> Option<SimTime> {
        let payment = self.get(payment)?;
        let (since, habits) = (payment.timeline.last()?.at, self.habits(payment.partition));
        match payment.status() {
            Status::Pending => Some(payment.expires_at),
            // Money that came late starts its own wait.
            Status::Paid => Some(payment.expires_at.max(since).plus(habits.monitoring)),
            Status::Confirmed => Some(since.plus(habits.settle_after)),
            Status::Settled
            | Status::Expired
            | Status::Failed
            | Status::Cancelled
            | Status::Held
            | Status::Refunded => None,
        }
    }

    /// That happens: T10, T7 or T9. Nothing where it is not due.
    ///
    /// # Errors
    /// None in practice: what is due is allowed.
    pub fn fall_due(&mut self, payment: &PaymentId, now: SimTime) -> Result<Vec<Event>, Refused> {
        if self.due(payment).is_none_or(|due| now < due) {
            return Ok(Vec::new());
        }
        match self.truth(payment).map(|truth| truth.status) {
            Some(Status::Pending) => self.pass_deadline(payment, now),
            Some(Status::Paid) => self.give_up(payment, now),
            Some(Status::Confirmed) => self.settle(payment, now),
            Some(_) | None => Ok(Vec::new()),
        }
    }
}
