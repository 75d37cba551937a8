//! Refunds and disputes by their ids: what the merchant gives back and what the payer asks back.
//!
//! Finds the payment that a refund is of and lets the machine decide. Knows no HTTP.

use crate::model::{PaymentId, SimTime};

use super::id::Prefix;
use super::machine::Command;
use super::payment::{Destination, Payment};
use super::refund::{DisputeTerms, Refund, RefundStatus};
use super::refused::Refused;
use super::{Event, Provider};

/// Each answers the events that it appended, in order.
impl Provider {
    /// Atoms of this payment that a refund may ask for; none for a payment that does not exist.
    #[must_use]
    pub fn refundable(&self, payment: &PaymentId) -> u128 {
        self.get(payment).map_or(0, Payment::refundable)
    }

    /// Refunds of this payment that have not come to their end, oldest first.
    #[must_use]
    pub fn live_refunds(&self, payment: &PaymentId) -> Vec<String> {
        let refunds = self.get(payment).map(|payment| &payment.refunds);
        let all = refunds.map(|refunds| refunds.after(refunds.steps.len())).unwrap_or_default();
        let is_live = |status| matches!(status, RefundStatus::Pending | RefundStatus::Processing);
        let live = all.into_iter().filter(|(_, status)| is_live(*status));
        live.map(|(refund, _)| refund.id.clone()).collect()
    }

    /// So many atoms are to go back, to the sender of the largest transfer where no destination is
    /// named: T15. Answers the refund's id beside the events.
    ///
    /// # Errors
    /// Unless the payment is final or ended with money, and so much is left.
    pub fn refund(
        &mut self,
        payment: &PaymentId,
        atoms: u128,
        now: SimTime,
    ) -> Result<(String, Vec<Event>), Refused> {
        let position = self.known(payment)?;
        let destination = self.payments[position].sender();
        self.refund_to(position, (atoms, destination), now)
    }

    pub(super) fn refund_to(
        &mut self,
        position: usize,
        (atoms, destination): (u128, Destination),
        now: SimTime,
    ) -> Result<(String, Vec<Event>), Refused> {
        let id = self.ids.next(Prefix::Refund);
        let refund = Refund { id: id.clone(), atoms, destination, created_at: now };
        let events = self.apply(position, Command::Refund(refund), now)?;
        self.refunds.insert(id.clone(), position);
        Ok((id, events))
    }

    /// The refund is on the network. Nothing is announced.
    ///
    /// # Errors
    /// Unless it is pending.
    pub fn start_refund(&mut self, refund: &str, now: SimTime) -> Result<Vec<Event>, Refused> {
        self.refund_command(refund, Command::StartRefund, now)
    }

    /// The refund is paid out: T15. Where nothing is left, the payment is refunded.
    ///
    /// # Errors
    /// Unless the refund is live.
    pub fn complete_refund(&mut self, refund: &str, now: SimTime) -> Result<Vec<Event>, Refused> {
        self.refund_command(refund, Command::CompleteRefund, now)
    }

    /// The refund did not arrive: T15. Its amount is free again.
    ///
    /// # Errors
    /// Unless the refund is live.
    pub fn fail_refund(&mut self, refund: &str, now: SimTime) -> Result<Vec<Event>, Refused> {
        self.refund_command(refund, Command::FailRefund, now)
    }

    /// The payer objects to so much of the payment: T16.
    ///
    /// # Errors
    /// Unless it is confirmed or settled, has had no dispute, and so much is left.
    pub fn open_dispute(
        &mut self,
        payment: &PaymentId,
        (atoms, reason): (u128, &str),
        now: SimTime,
    ) -> Result<Vec<Event>, Refused> {
        let id = self.ids.next(Prefix::Dispute);
        let terms = DisputeTerms { id, atoms, reason: reason.to_owned() };
        self.command(payment, Command::OpenDispute(terms), now)
    }

    /// The merchant keeps what was disputed: T16.
    ///
    /// # Errors
    /// Unless a dispute is open.
    pub fn win_dispute(
        &mut self,
        payment: &PaymentId,
        now: SimTime,
    ) -> Result<Vec<Event>, Refused> {
        self.command(payment, Command::WinDispute, now)
    }

    /// The payer gets back what was disputed: T16.
    ///
    /// # Errors
    /// Unless a dispute is open.
    pub fn lose_dispute(
        &mut self,
        payment: &PaymentId,
        now: SimTime,
    ) -> Result<Vec<Event>, Refused> {
        self.command(payment, Command::LoseDispute, now)
    }

    fn refund_command(
        &mut self,
        refund: &str,
        command: impl FnOnce(usize) -> Command,
        now: SimTime,
    ) -> Result<Vec<Event>, Refused> {
        let unknown = || Refused::UnknownRefund(refund.to_owned());
        let position = *self.refunds.get(refund).ok_or_else(unknown)?;
        let at = self.payments[position].refunds.position(refund).ok_or_else(unknown)?;
        self.apply(position, command(at), now)
    }
}
