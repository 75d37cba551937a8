//! Claims: an event as it would read if it were true.
//!
//! A forger knows the contract. So a claim is made by playing a copy of the record forward to the
//! fact and taking what it would announce; the record itself is never touched.

use crate::model::{EventId, EventKind, SimTime, Span, Status};

use super::machine::{Command, Hold, Scene};
use super::payment::{Announcement, Payment};
use super::profile::Profile;
use super::refund::{Dispute, DisputeTerms, Refund, Refunds};

/// A copy of the payment that has come to announce `kind`, and that announcement. None where no
/// history of a payment like this one leads there.
pub(super) fn claim(
    payment: &Payment,
    kind: EventKind,
    (now, height): (SimTime, u64),
    id: &EventId,
) -> Option<(Payment, Announcement)> {
    // A fact that has been announced is claimed as it is.
    if let Some(said) = payment.said.iter().rev().find(|said| said.kind == Some(kind)) {
        return Some((payment.clone(), Announcement { id: id.clone(), ..said.clone() }));
    }
    let onwards = Play { payment: payment.clone(), now, height, id, profile: Profile::default() };
    // Where the present rules it out (a paid payment never expires), claim what a payment to which
    // nothing happened would have come to.
    let mut untouched = payment.clone();
    untouched.timeline.truncate(1);
    untouched.said.truncate(1);
    untouched.transfers.clear();
    untouched.fates.clear();
    untouched.refunds = Refunds::default();
    untouched.dispute = Dispute::default();
    untouched.flags.clear();
    let in_time = now.min(payment.expires_at.minus(Span::from_ms(1)));
    let afresh = Play { payment: untouched, now: in_time, height, id, profile: Profile::default() };
    onwards.lead_to(kind).or_else(|| afresh.lead_to(kind))
}

struct Play<'a> {
    payment: Payment,
    now: SimTime,
    height: u64,
    id: &'a EventId,
    /// A forger also claims what this provider never says.
    profile: Profile,
}

impl Play<'_> {
    fn lead_to(mut self, kind: EventKind) -> Option<(Payment, Announcement)> {
        match kind {
            EventKind::Created => {}
            EventKind::Detected | EventKind::Underpaid => self.pay_part()?,
            EventKind::Paid => self.pay_rest(0)?,
            EventKind::Overpaid => self.pay_rest(1)?,
            EventKind::Confirmed => self.confirm()?,
            EventKind::Settled => {
                self.confirm()?;
                self.apply(Command::Settle)?;
            }
            EventKind::Expired => self.expire()?,
            EventKind::Late => {
                self.expire()?;
                self.pay_rest(0)?;
            }
            EventKind::Reverted => {
                self.pay_rest(0)?;
                self.apply(Command::Replace(0))?;
            }
            EventKind::Failed => {
                self.pay_rest(0)?;
                self.now =
                    self.now.max(self.payment.expires_at.plus(self.profile.payments.monitoring));
                self.apply(Command::GiveUp)?;
            }
            EventKind::Cancelled => self.apply(Command::Cancel)?,
            EventKind::Held | EventKind::Released => {
                if self.payment.status() == Status::Pending {
                    self.pay_rest(0)?;
                }
                self.apply(Command::Hold(Hold::Screening))?;
                if kind == EventKind::Released {
                    self.apply(Command::Release)?;
                }
            }
            EventKind::RefundCreated | EventKind::RefundCompleted | EventKind::RefundFailed => {
                self.refund(kind)?;
            }
            EventKind::DisputeOpened | EventKind::DisputeWon | EventKind::DisputeLost => {
                self.dispute(kind)?;
            }
            EventKind::Test => self.apply(Command::Test)?,
        }
        let said = self.payment.said.iter().rev().find(|said| said.kind == Some(kind)).cloned()?;
        Some((self.payment, said))
    }

    fn pay_part(&mut self) -> Option<()> {
        match self.missing() / 2 {
            0 => None,
            part => self.apply(Command::Pay(part)),
        }
    }

    /// Pays what is missing and so many atoms more; at least one atom, so that something comes.
    fn pay_rest(&mut self, surplus: u128) -> Option<()> {
        let atoms = self.missing().checked_add(surplus)?.max(1);
        self.apply(Command::Pay(atoms))
    }

    fn confirm(&mut self) -> Option<()> {
        match self.payment.status() {
            Status::Pending => self.pay_rest(0)?,
            Status::Expired if self.missing() > 0 => self.pay_rest(0)?,
            Status::Paid | Status::Expired => {}
            Status::Confirmed | Status::Settled => return Some(()),
            Status::Failed | Status::Cancelled | Status::Held | Status::Refunded => return None,
        }
        if self.payment.status() == Status::Confirmed {
            return Some(());
        }
        self.height += u64::from(self.payment.confirmations_missing(self.height));
        match self.payment.status() {
            Status::Expired => self.apply(Command::Accept),
            _ => self.apply(Command::Blocks),
        }
    }

    /// The rest goes back.
    fn refund(&mut self, kind: EventKind) -> Option<()> {
        if self.payment.refundable() == 0 {
            self.confirm()?;
        }
        let atoms = self.payment.refundable();
        let destination = self.payment.destination.clone();
        // As hidden as the rest of a claim: nothing that the record will ever give out.
        let id = self.id.as_str().replacen("evt_", "rfd_", 1);
        self.apply(Command::Refund(Refund { id, atoms, destination, created_at: self.now }))?;
        let at = self.payment.refunds.all.len() - 1;
        match kind {
            EventKind::RefundCompleted => self.apply(Command::CompleteRefund(at)),
            EventKind::RefundFailed => self.apply(Command::FailRefund(at)),
            _ => Some(()),
        }
    }

    fn dispute(&mut self, kind: EventKind) -> Option<()> {
        if self.payment.dispute.terms.is_none() {
            self.confirm()?;
            let id = self.id.as_str().replacen("evt_", "dsp_", 1);
            let (atoms, reason) = (self.payment.refundable(), "not_received".to_owned());
            self.apply(Command::OpenDispute(DisputeTerms { id, atoms, reason }))?;
        }
        match kind {
            EventKind::DisputeWon => self.apply(Command::WinDispute),
            EventKind::DisputeLost => self.apply(Command::LoseDispute),
            _ => Some(()),
        }
    }

    fn expire(&mut self) -> Option<()> {
        if self.payment.status() == Status::Expired {
            return Some(());
        }
        self.now = self.now.max(self.payment.expires_at);
        self.apply(Command::PassDeadline)
    }

    fn missing(&self) -> u128 {
        self.payment.terms.due().atoms.saturating_sub(self.payment.received().atoms)
    }

    fn apply(&mut self, command: Command) -> Option<()> {
        let mut name = || self.id.clone();
        let Profile { events, payments: habits, .. } = &self.profile;
        let (now, height) = (self.now, self.height);
        let mut scene = Scene { now, height, events, habits, name: &mut name };
        self.payment.apply(command, &mut scene).ok()
    }
}
