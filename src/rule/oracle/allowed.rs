//! What the provider's truth allows an order to show: the table of expected states and the limits
//! of credits and fulfilments, read through the merchant's declared policy.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use crate::merchant::{Amount, Policy};
use crate::model::{AmountState, ExceptionClass, Flag, Money, OrderState, Status, Truth};

/// The bounds at one instant, after all that the provider has said so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowed {
    /// States that may be shown at this instant, by a merchant that may lag behind.
    pub states: BTreeSet<OrderState>,
    /// States that are right once it has caught up.
    pub states_right: BTreeSet<OrderState>,
    /// The most that may be credited, less reversals.
    pub credit_max: Money,
    /// Sums of credits that are right once it has caught up.
    pub credit_right: BTreeSet<Money>,
    /// The most fulfilments.
    pub fulfil_max: u64,
    /// Fulfilments that are right once it has caught up.
    pub fulfil_right: RangeInclusive<u64>,
    /// Whether an open exception is due once it has caught up, whatever the state.
    pub exception_due: bool,
    /// Classes that fit what is peculiar.
    pub classes: BTreeSet<ExceptionClass>,
    /// Whether the money is too little and no policy accepts that.
    pub is_short: bool,
}

impl Allowed {
    /// The bounds for an order of `due`, after these truths in order; `truths` may be empty while
    /// no payment exists.
    #[must_use]
    pub fn after(policy: &Policy, due: Money, truths: &[&Truth]) -> Self {
        let Some(now) = truths.last().copied() else { return Self::before_payment(due) };
        let may_post = truths.iter().any(|truth| reaches(truth.status, policy.post_at));
        let may_fulfil = truths.iter().any(|truth| reaches(truth.status, policy.fulfil_at));
        let is_short = is_short(policy, now);
        let mut states: BTreeSet<_> = [OrderState::Awaiting].into();
        for truth in truths {
            states.extend(shown_during(policy, truth));
        }
        Self {
            states,
            states_right: shown_after(policy, now),
            credit_max: credit_max(policy, now, may_post),
            credit_right: credit_right(policy, now, may_post),
            fulfil_max: u64::from(may_fulfil && !is_short),
            fulfil_right: match (may_fulfil, is_short) {
                (false, _) | (true, true) => 0..=0,
                // Where goods may leave at `paid`, waiting for the confirmation is no fault.
                (true, false) if now.is_plain() && now.status != Status::Paid => 1..=1,
                (true, false) => 0..=1,
            },
            exception_due: exception_due(policy, now),
            classes: classes(now),
            is_short,
        }
    }

    fn before_payment(due: Money) -> Self {
        let nothing = due.asset.zero();
        Self {
            states: [OrderState::Awaiting].into(),
            states_right: [OrderState::Awaiting].into(),
            credit_max: nothing,
            credit_right: [nothing].into(),
            fulfil_max: 0,
            fulfil_right: 0..=0,
            exception_due: false,
            classes: [ExceptionClass::Other].into(),
            is_short: false,
        }
    }
}

/// Whether `status` is at or beyond `wanted` on the way to settlement.
#[must_use]
pub(crate) fn reaches(status: Status, wanted: Status) -> bool {
    rank(status) >= rank(wanted)
}

const fn rank(status: Status) -> u8 {
    match status {
        Status::Pending | Status::Expired => 0,
        Status::Paid => 1,
        Status::Confirmed => 2,
        Status::Settled => 3,
    }
}

/// The table, for a merchant that may still be catching up.
fn shown_during(policy: &Policy, truth: &Truth) -> BTreeSet<OrderState> {
    let mut states = shown_after(policy, truth);
    match truth.status {
        Status::Paid | Status::Confirmed | Status::Settled => {
            states.extend([OrderState::Awaiting, OrderState::Provisional]);
        }
        Status::Pending | Status::Expired => {
            states.insert(OrderState::Awaiting);
        }
    }
    states
}

/// The table, once it has caught up.
fn shown_after(policy: &Policy, truth: &Truth) -> BTreeSet<OrderState> {
    let mut states: BTreeSet<_> = match truth.status {
        Status::Pending => [OrderState::Awaiting].into(),
        Status::Expired => [OrderState::Cancelled, OrderState::Awaiting].into(),
        Status::Paid | Status::Confirmed | Status::Settled => {
            if reaches(truth.status, policy.fulfil_at) {
                // Where goods may leave at `paid`, waiting for the confirmation is no fault.
                let early = truth.status == Status::Paid;
                let waiting: &[_] =
                    if early { &[OrderState::Awaiting, OrderState::Provisional] } else { &[] };
                waiting.iter().copied().chain([OrderState::Paid]).collect()
            } else {
                [OrderState::Awaiting, OrderState::Provisional].into()
            }
        }
    };
    let money_came = !truth.received.is_zero();
    let peculiar = match truth.status {
        Status::Pending => money_came,
        Status::Expired => true,
        Status::Paid | Status::Confirmed | Status::Settled => !truth.is_plain(),
    };
    if peculiar {
        states.insert(OrderState::Exception);
    }
    states
}

fn is_short(policy: &Policy, truth: &Truth) -> bool {
    truth.amount_state == AmountState::Under && !covers_gap(policy, truth)
}

/// Whether the tolerance or `under: accept` covers what is missing.
fn covers_gap(policy: &Policy, truth: &Truth) -> bool {
    let tolerance = truth.due.asset.parse(&policy.amount_tolerance).map_or(0, |money| money.atoms);
    let gap = truth.due.atoms.saturating_sub(truth.received.atoms);
    policy.under == Some(Amount::Accept) || gap <= tolerance
}

fn credit_max(policy: &Policy, now: &Truth, may_post: bool) -> Money {
    let accepted_early =
        now.status == Status::Expired && answer_to_closed(policy, now) == Some(Amount::Accept);
    if !may_post && !accepted_early {
        return now.due.asset.zero();
    }
    if now.amount_state == AmountState::Under && covers_gap(policy, now) {
        return now.due;
    }
    now.received
}

fn credit_right(policy: &Policy, now: &Truth, may_post: bool) -> BTreeSet<Money> {
    let nothing = now.due.asset.zero();
    if !may_post {
        let max = credit_max(policy, now, false);
        return [nothing, max].into();
    }
    if now.is_plain() {
        return [now.received].into();
    }
    let mut right: BTreeSet<_> = [nothing, now.received].into();
    match now.amount_state {
        AmountState::Under if !covers_gap(policy, now) => {}
        AmountState::None | AmountState::Under | AmountState::Exact | AmountState::Over => {
            right.insert(now.due);
        }
    }
    right
}

/// Money on a closed payment must be seen by somebody, unless the policy settles it.
fn exception_due(policy: &Policy, now: &Truth) -> bool {
    let answer = answer_to_closed(policy, now);
    let settled = matches!(answer, Some(Amount::Accept | Amount::Refund));
    now.status == Status::Expired && !now.received.is_zero() && !settled
}

/// What the policy promises for money on a payment that closed: it came late, or it was short.
fn answer_to_closed(policy: &Policy, now: &Truth) -> Option<Amount> {
    if now.flags.contains(&Flag::Late) { policy.late } else { policy.under }
}

fn classes(now: &Truth) -> BTreeSet<ExceptionClass> {
    let mut classes: BTreeSet<_> = [ExceptionClass::Other].into();
    if matches!(now.amount_state, AmountState::Under | AmountState::Over) {
        classes.insert(ExceptionClass::AmountMismatch);
    }
    if !now.flags.is_empty() || now.status == Status::Expired {
        classes.extend([ExceptionClass::LatePayment, ExceptionClass::DelayedConfirmation]);
    }
    classes
}
