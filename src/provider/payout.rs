//! Payouts: money that the merchant takes out of what was credited to it.
//!
//! A payout reserves its amount when it is asked for and frees it when it fails, as a refund does;
//! a large one is looked at by a person first. What is available is kept per rail as a running sum,
//! so that no payout has to look at every payment. Knows no HTTP.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::{
    AccountEventKind, EventId, Money, Rail, Reference, SimTime, Span, Status, words,
};

use super::id::Prefix;
use super::payment::{Destination, Payment};
use super::refused::Refused;
use super::shape;
use super::wire::{self, PlaceForm};
use super::{Event, Place, Provider, event, price};

/// A payout that is worth so many US dollars is looked at by a person before it is sent.
const REVIEWED_FROM: &str = "1000.00";

words! {
    /// How far a payout is.
    PayoutStatus {
        /// A person looks at it first.
        PendingReview = "pending_review",
        /// Sent to the network.
        Processing = "processing",
        /// It arrived, and is booked.
        Completed = "completed",
        /// Rejected, or it did not arrive; its amount is free again.
        Failed = "failed",
    }
}

/// What was asked for, validated.
#[derive(Debug, Clone)]
pub(super) struct PayoutTerms {
    pub reference: Reference,
    pub rail: &'static Rail,
    pub amount: Money,
    pub destination: Destination,
}

/// One status with the event that announced it.
#[derive(Debug, Clone)]
pub(super) struct Step {
    pub status: PayoutStatus,
    pub at: SimTime,
    pub event: EventId,
}

/// The record of one payout. It only grows.
#[derive(Debug, Clone)]
pub(super) struct Payout {
    pub id: String,
    pub terms: PayoutTerms,
    /// Never empty.
    pub steps: Vec<Step>,
}

/// A payout as answers and events show it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Payout")]
pub(super) struct PayoutForm<'a> {
    #[schemars(with = "shape::PayoutId")]
    id: &'a str,
    #[schemars(with = "shape::Reference")]
    reference: &'a str,
    #[schemars(with = "shape::Amount")]
    amount: String,
    asset: &'static str,
    network: &'static str,
    status: PayoutStatus,
    destination: PlaceForm<'a>,
    created_at: SimTime,
}

impl Payout {
    pub fn status(&self) -> PayoutStatus {
        self.steps.last().expect("a payout is born with a status").status
    }

    /// What the step announced: the first one that the payout exists, wherever it stood.
    pub fn kind(&self, step: usize) -> AccountEventKind {
        match (step, self.steps[step].status) {
            (0, _) | (_, PayoutStatus::PendingReview) => AccountEventKind::PayoutCreated,
            (_, PayoutStatus::Processing) => AccountEventKind::PayoutProcessing,
            (_, PayoutStatus::Completed) => AccountEventKind::PayoutCompleted,
            (_, PayoutStatus::Failed) => AccountEventKind::PayoutFailed,
        }
    }

    /// As it was after this step.
    pub fn form(&self, step: usize) -> PayoutForm<'_> {
        PayoutForm {
            id: &self.id,
            reference: self.terms.reference.as_str(),
            amount: self.terms.amount.amount(),
            asset: self.terms.rail.asset.symbol,
            network: self.terms.rail.network,
            status: self.steps[step].status,
            destination: wire::place(&self.terms.destination),
            created_at: self.steps[0].at,
        }
    }
}

/// What of each rail may be paid out, in atoms. Below zero where refunds, disputes and fees took
/// more than was left: then nothing may be until later payments have made up for it.
#[derive(Debug, Default)]
pub(super) struct Available(BTreeMap<&'static str, i128>);

impl Available {
    /// What may be paid out now.
    pub fn on(&self, rail: &Rail) -> i128 {
        self.0.get(rail.id).copied().unwrap_or_default()
    }

    /// So many atoms more, or less.
    pub fn change(&mut self, rail: &Rail, by: i128) {
        *self.0.entry(rail.id).or_default() += by;
    }
}

/// What of a payment may be paid out: once it is credited, what came, less the fee and what went
/// back or is about to.
pub(super) fn share(payment: &Payment) -> i128 {
    if !payment.timeline.iter().any(|entry| entry.status == Status::Settled) {
        return 0;
    }
    let fee = wire::fee(payment.received()).atoms;
    signed(payment.balance()) - signed(fee)
}

/// Each answers the event that it appended.
impl Provider {
    /// Atoms of this rail that may be paid out: what was credited, less fees, refunds and disputes
    /// that are done or underway, less payouts that did not fail. It may be negative.
    #[must_use]
    pub fn available(&self, rail: &'static Rail) -> i128 {
        self.available.on(rail)
    }

    /// A payout is asked for; answers its position.
    pub(super) fn pay_out(
        &mut self,
        terms: PayoutTerms,
        now: SimTime,
    ) -> Result<(usize, Event), Refused> {
        let (rail, atoms) = (terms.rail, signed(terms.amount.atoms));
        let left = self.available.on(rail);
        if atoms > left {
            return Err(Refused::ExceedsBalance(Money {
                atoms: u128::try_from(left).unwrap_or(0),
                asset: rail.asset,
            }));
        }
        let reviewed = price::is_worth(rail, terms.amount, REVIEWED_FROM);
        let status = if reviewed { PayoutStatus::PendingReview } else { PayoutStatus::Processing };
        let position = self.payouts.len();
        let id = self.ids.next(Prefix::Payout);
        self.available.change(rail, -atoms);
        self.payouts.push(Payout { id, terms, steps: Vec::new() });
        Ok((position, self.step_payout(position, status, now)))
    }

    /// A person lets the payout go.
    ///
    /// # Errors
    /// Unless it waits for its review.
    pub fn approve_payout(&mut self, payout: &str, now: SimTime) -> Result<Vec<Event>, Refused> {
        let allowed = &[PayoutStatus::PendingReview];
        let position = self.payout_in(payout, "approved", allowed)?;
        Ok(vec![self.step_payout(position, PayoutStatus::Processing, now)])
    }

    /// The payout arrives, and is booked.
    ///
    /// # Errors
    /// Unless it is processing.
    pub fn complete_payout(&mut self, payout: &str, now: SimTime) -> Result<Vec<Event>, Refused> {
        let position = self.payout_in(payout, "completed", &[PayoutStatus::Processing])?;
        Ok(vec![self.step_payout(position, PayoutStatus::Completed, now)])
    }

    /// The payout is rejected, or does not arrive; its amount is free again.
    ///
    /// # Errors
    /// Once it is completed or failed.
    pub fn fail_payout(&mut self, payout: &str, now: SimTime) -> Result<Vec<Event>, Refused> {
        let allowed = &[PayoutStatus::PendingReview, PayoutStatus::Processing];
        let position = self.payout_in(payout, "failed", allowed)?;
        let terms = &self.payouts[position].terms;
        self.available.change(terms.rail, signed(terms.amount.atoms));
        Ok(vec![self.step_payout(position, PayoutStatus::Failed, now)])
    }

    /// The position of that payout.
    pub(super) fn payout_position(&self, id: &str) -> Option<usize> {
        self.payouts.binary_search_by(|known| known.id.as_str().cmp(id)).ok()
    }

    fn payout_in(
        &self,
        id: &str,
        command: &'static str,
        allowed: &'static [PayoutStatus],
    ) -> Result<usize, Refused> {
        let unknown = || Refused::UnknownPayout(id.to_owned());
        let position = self.payout_position(id).ok_or_else(unknown)?;
        let status = self.payouts[position].status();
        if allowed.contains(&status) {
            return Ok(position);
        }
        Err(Refused::IllegalPayout { command, status, allowed })
    }

    fn step_payout(&mut self, position: usize, status: PayoutStatus, now: SimTime) -> Event {
        let event = EventId::new(self.ids.next(Prefix::Event));
        let payout = &mut self.payouts[position];
        // Its instants strictly increase, as those of a payment do.
        let at = payout.steps.last().map_or(now, |last| now.max(last.at.plus(Span::from_ms(1))));
        let step = payout.steps.len();
        payout.steps.push(Step { status, at, event });
        self.events.push(Place::Payout(position, step));
        event::render_payout(&self.account, payout, step)
    }
}

fn signed(atoms: u128) -> i128 {
    i128::try_from(atoms).expect("transfers are bounded far below 2^127 atoms")
}
