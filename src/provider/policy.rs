//! What the provider does by itself: with too little, too much and too late money.
//!
//! Looks at a payment after anything happened to it. A refund that failed is never tried again by
//! itself: that is for people. Knows no HTTP and no reason why a command came.

use crate::model::{Flag, PaymentId, SimTime, Status};

use super::machine::Command;
use super::payment::Payment;
use super::profile::{LatePolicy, OverPolicy, Payments, UnderPolicy};
use super::refund::RefundStatus;
use super::refused::Refused;
use super::{Event, Provider};

/// What follows by itself.
enum Reaction {
    /// What came late is taken.
    Accept,
    /// What came in time and is too little is taken.
    AcceptShort,
    /// So many atoms go back to their sender.
    Refund(u128),
}

impl Provider {
    /// Payments that are created from now on in this partition follow these habits instead of the
    /// profile's.
    pub fn set_habits(&mut self, partition: u32, habits: Payments) {
        self.habits.insert(partition, habits);
    }

    /// The habits that payments of this partition follow.
    #[must_use]
    pub fn habits(&self, partition: u32) -> &Payments {
        self.habits.get(&partition).unwrap_or(&self.profile.payments)
    }

    /// The network reports the payment's last transfer once more. Only a provider that counts
    /// naively takes notice.
    ///
    /// # Errors
    /// For an unknown payment.
    pub fn relist(&mut self, payment: &PaymentId, now: SimTime) -> Result<Vec<Event>, Refused> {
        self.command(payment, Command::Relist, now)
    }

    /// When the payment is credited by itself: so long after its confirmation.
    #[must_use]
    pub fn settles_at(&self, payment: &PaymentId) -> Option<SimTime> {
        let payment = self.get(payment).filter(|of| of.status() == Status::Confirmed)?;
        let confirmed_at = payment.timeline.last()?.at;
        Some(confirmed_at.plus(self.habits(payment.partition).settle_after))
    }

    /// Does what follows by itself from how the payment stands now.
    pub(super) fn react(&mut self, position: usize, now: SimTime) -> Vec<Event> {
        let payment = &self.payments[position];
        let habits = self.habits(payment.partition);
        let Some(reaction) = reaction(payment, self.chains.height(payment), habits) else {
            return Vec::new();
        };
        let done = match reaction {
            Reaction::Accept => self.apply(position, Command::Accept, now),
            Reaction::AcceptShort => self.apply(position, Command::AcceptShort, now),
            Reaction::Refund(atoms) => {
                let destination = payment.sender();
                self.refund_to(position, (atoms, destination), now).map(|(_, events)| events)
            }
        };
        done.expect("a reaction is to what allows it")
    }
}

/// What follows, once everything that came is as deep as the policy asks for.
fn reaction(payment: &Payment, height: u64, habits: &Payments) -> Option<Reaction> {
    let failed = payment.refunds.steps.iter().any(|(_, status, _)| *status == RefundStatus::Failed);
    let came = !payment.received().is_zero();
    if failed || !came || payment.confirmations_missing(height) > 0 {
        return None;
    }
    match payment.status() {
        Status::Pending => {
            (habits.under_policy == UnderPolicy::Terminal).then_some(Reaction::AcceptShort)
        }
        Status::Expired => after_the_deadline(payment, habits),
        Status::Confirmed if habits.over_policy == OverPolicy::Refund => {
            let surplus = payment.refundable().checked_sub(payment.terms.due?.atoms)?;
            (surplus > 0).then_some(Reaction::Refund(surplus))
        }
        Status::Confirmed
        | Status::Paid
        | Status::Settled
        | Status::Failed
        | Status::Cancelled
        | Status::Held
        | Status::Refunded => None,
    }
}

fn after_the_deadline(payment: &Payment, habits: &Payments) -> Option<Reaction> {
    let all_back = || Some(payment.refundable()).filter(|atoms| *atoms > 0).map(Reaction::Refund);
    let accept = || payment.refunds.all.is_empty().then_some(Reaction::Accept);
    let is_late = payment.flags.contains(&Flag::Late);
    match (habits.late_policy, habits.under_policy) {
        (LatePolicy::Refund, _) if is_late => all_back(),
        (LatePolicy::Confirm, _) if is_late && payment.is_covered() => accept(),
        (LatePolicy::Flag | LatePolicy::Refund, _) if payment.is_covered() => None,
        (_, UnderPolicy::Terminal) => accept(),
        (_, UnderPolicy::Refund) => all_back(),
        (_, UnderPolicy::Wait) => None,
    }
}
