//! What the provider's truth allows an order to show: the table of expected states and the limits
//! of credits and fulfilments, read through the merchant's declared policy.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use super::several::{by_payment, merged};
use crate::merchant::{Amount, Policy};
use crate::model::{
    AmountState, EventKind, ExceptionClass, Flag, Money, OrderState, Status, Truth,
};

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
    /// Whether the provider took back what it had said to be paid: then an order may go back too.
    pub is_withdrawn: bool,
}

impl Allowed {
    /// The bounds for an order of `due`, after these truths in order; `truths` may be empty while
    /// no payment exists.
    #[must_use]
    pub fn after(policy: &Policy, due: Money, truths: &[&Truth]) -> Self {
        match &by_payment(truths)[..] {
            [] => Self::before_payment(due),
            [only] => Self::of_one(policy, only),
            several => merged(policy, several),
        }
    }

    /// The bounds by one payment, after these truths of it; there is at least one.
    pub(super) fn of_one(policy: &Policy, truths: &[&Truth]) -> Self {
        let now = truths.last().copied().expect("a payment is known by its truth");
        let may_post = truths.iter().any(|truth| reaches(truth.status, policy.post_at));
        let may_fulfil = truths.iter().any(|truth| reaches(truth.status, policy.fulfil_at));
        let is_short = is_short(policy, now);
        let is_withdrawn = is_withdrawn(truths);
        let mut states: BTreeSet<_> = [OrderState::Awaiting].into();
        for (at, truth) in truths.iter().enumerate() {
            states.extend(shown_during(policy, truth));
            states.extend(shown_at_last(policy, &truths[..=at]));
        }
        Self {
            states,
            states_right: shown_at_last(policy, truths),
            credit_max: if is_withdrawn {
                most_ever(policy, truths)
            } else {
                credit_max(policy, now, may_post)
            },
            credit_right: if is_withdrawn {
                let kept = now.charged_back.and_then(|lost| now.received.less(lost).ok());
                [now.received.asset.zero(), now.received].into_iter().chain(kept).collect()
            } else {
                credit_right(policy, now, may_post)
            },
            fulfil_max: u64::from(may_fulfil && !is_short),
            fulfil_right: match (may_fulfil, is_short) {
                (false, _) | (true, true) => 0..=0,
                // Where goods may leave at `paid`, waiting for the confirmation is no fault.
                (true, false) if now.is_plain() && !is_withdrawn && now.status != Status::Paid => {
                    1..=1
                }
                (true, false) => 0..=1,
            },
            exception_due: exception_due(policy, now),
            classes: super::class::fitting(truths),
            is_short,
            is_withdrawn,
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
            is_withdrawn: false,
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
        Status::Pending
        | Status::Expired
        | Status::Failed
        | Status::Cancelled
        | Status::Held
        | Status::Refunded => 0,
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
        Status::Pending | Status::Expired | Status::Cancelled => {
            states.insert(OrderState::Awaiting);
        }
        // Whatever stood before may still be shown; it is among the earlier truths.
        Status::Failed | Status::Held | Status::Refunded => {}
    }
    states
}

/// The table, once it has caught up.
fn shown_after(policy: &Policy, truth: &Truth) -> BTreeSet<OrderState> {
    let mut states: BTreeSet<_> = match truth.status {
        Status::Pending => [OrderState::Awaiting].into(),
        Status::Expired | Status::Failed | Status::Cancelled => {
            [OrderState::Cancelled, OrderState::Awaiting].into()
        }
        Status::Held => BTreeSet::new(),
        Status::Refunded => [OrderState::Refunded].into(),
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
        // What does not count is listed, and somebody may have to look at it all the same.
        Status::Pending => money_came || truth.transfers > 0,
        Status::Expired | Status::Failed | Status::Cancelled | Status::Held | Status::Refunded => {
            true
        }
        Status::Paid | Status::Confirmed | Status::Settled => !truth.is_plain(),
    };
    if peculiar {
        states.insert(OrderState::Exception);
    }
    states
}

/// The table, once it has caught up with all of it: a stop leaves the order as it was, a dispute is
/// told by its last event, and a payment that fell back may be looked at by a person.
fn shown_at_last(policy: &Policy, truths: &[&Truth]) -> BTreeSet<OrderState> {
    let Some(now) = truths.last() else { return [OrderState::Awaiting].into() };
    let mut states = shown_after(policy, now);
    if now.status == Status::Held {
        let before = truths.iter().rev().find(|truth| truth.status != Status::Held);
        states.extend(before.map(|truth| shown_after(policy, truth)).unwrap_or_default());
    }
    if now.status == Status::Pending && is_withdrawn(truths) {
        states.insert(OrderState::Exception);
    }
    match dispute(truths) {
        Some(EventKind::DisputeOpened) => {
            states.insert(OrderState::Exception);
        }
        Some(EventKind::DisputeLost) => {
            states = [OrderState::Exception, OrderState::Refunded].into();
        }
        _ => {}
    }
    states
}

/// How far a dispute is, if there is one.
pub(super) fn dispute(truths: &[&Truth]) -> Option<EventKind> {
    let kinds = [EventKind::DisputeOpened, EventKind::DisputeWon, EventKind::DisputeLost];
    let now = truths.last()?;
    let own = truths.iter().rev().filter(|truth| truth.payment == now.payment);
    let mut latest = own.filter_map(|truth| truth.event);
    latest.find(|event| kinds.contains(event))
}

/// Whether what was paid, confirmed or settled is so no longer.
fn is_withdrawn(truths: &[&Truth]) -> bool {
    let Some(now) = truths.last() else { return false };
    let fell =
        matches!(now.status, Status::Pending | Status::Expired | Status::Failed | Status::Refunded);
    let stood = truths
        .iter()
        .filter(|truth| truth.payment == now.payment)
        .any(|truth| matches!(truth.status, Status::Paid | Status::Confirmed | Status::Settled));
    (stood && fell) || dispute(truths) == Some(EventKind::DisputeLost)
}

/// The most that was right to credit at any time so far: who has not heard of the withdrawal yet
/// still shows it.
fn most_ever(policy: &Policy, truths: &[&Truth]) -> Money {
    let zero = truths[0].due.asset.zero();
    let posted = truths.iter().filter(|truth| reaches(truth.status, policy.post_at));
    posted.map(|truth| credit_max(policy, truth, true)).max().unwrap_or(zero)
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
    let money_came = !now.received.is_zero() || now.flags.contains(&Flag::WrongAsset);
    now.status == Status::Expired && money_came && !settled
}

/// What the policy promises for money on a payment that closed: it came late, or it was short.
fn answer_to_closed(policy: &Policy, now: &Truth) -> Option<Amount> {
    if now.flags.contains(&Flag::Late) { policy.late } else { policy.under }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{PaymentId, RAILS, Reference};

    /// An exact payment of 100 in that status, after that event, with so much still standing.
    fn truth(status: Status, event: EventKind, received: u128) -> Truth {
        let asset = RAILS[0].asset;
        let money = |atoms| Money { atoms, asset };
        Truth {
            strictly_counted: true,
            payment: PaymentId::new("pay_1"),
            reference: Reference::new("INV-1"),
            rail: &RAILS[0],
            status,
            amount_state: if received == 100 { AmountState::Exact } else { AmountState::None },
            flags: BTreeSet::new(),
            due: money(100),
            received: money(received),
            transfers: 1,
            mistakes: BTreeSet::new(),
            asked_for: None,
            charged_back: (event == EventKind::DisputeLost).then_some(money(60)),
            event: Some(event),
        }
    }

    #[test]
    fn what_is_right_after_each_end() {
        use EventKind as E;
        use OrderState::{Awaiting, Cancelled, Exception, Paid, Provisional, Refunded};
        use Status as S;
        let confirmed = truth(S::Confirmed, E::Confirmed, 100);
        let settled = truth(S::Settled, E::Settled, 100);
        let paid = truth(S::Paid, E::Paid, 100);
        /// What was said, the states that are right, the credits, the fulfilments at least.
        type Row<'a> = (&'a [&'a Truth], &'a [OrderState], &'a [u128], u64);
        let rows: &[Row<'_>] = &[
            (&[&truth(S::Cancelled, E::Cancelled, 0)], &[Awaiting, Cancelled, Exception], &[0], 0),
            (
                &[&paid, &truth(S::Failed, E::Failed, 100)],
                &[Awaiting, Cancelled, Exception],
                &[0, 100],
                0,
            ),
            (
                &[&confirmed, &truth(S::Failed, E::Failed, 0)],
                &[Awaiting, Cancelled, Exception],
                &[0],
                0,
            ),
            (&[&paid, &truth(S::Pending, E::Reverted, 0)], &[Awaiting, Exception], &[0], 0),
            (&[&paid, &truth(S::Held, E::Held, 100)], &[Awaiting, Provisional, Exception], &[0], 0),
            (&[&confirmed, &truth(S::Held, E::Held, 100)], &[Paid, Exception], &[100], 1),
            (
                &[&settled, &truth(S::Refunded, E::RefundCompleted, 100)],
                &[Exception, Refunded],
                &[0, 100],
                0,
            ),
            (&[&truth(S::Settled, E::DisputeOpened, 100)], &[Paid, Exception], &[100], 1),
            (&[&truth(S::Settled, E::DisputeLost, 100)], &[Exception, Refunded], &[0, 40, 100], 0),
            (&[&truth(S::Settled, E::DisputeWon, 100)], &[Paid], &[100], 1),
        ];
        for (truths, states, credits, fulfilled) in rows {
            let allowed = Allowed::after(&Policy::default(), settled.due, truths);
            let right: BTreeSet<_> = states.iter().copied().collect();
            assert_eq!(allowed.states_right, right, "{truths:?}");
            assert!(allowed.states.is_superset(&right), "{truths:?}");
            let sums: Vec<_> = allowed.credit_right.iter().map(|money| money.atoms).collect();
            assert_eq!(sums, *credits, "{truths:?}");
            assert_eq!(*allowed.fulfil_right.start(), *fulfilled, "{truths:?}");
        }
    }

    #[test]
    fn who_has_not_heard_of_the_withdrawal_is_accused_of_nothing() {
        let confirmed = truth(Status::Confirmed, EventKind::Confirmed, 100);
        let failed = truth(Status::Failed, EventKind::Failed, 0);
        let allowed = Allowed::after(&Policy::default(), failed.due, &[&confirmed, &failed]);
        assert!(allowed.is_withdrawn && allowed.states.contains(&OrderState::Paid));
        assert_eq!((allowed.credit_max.atoms, allowed.fulfil_max), (100, 1));
        // Of another payment of the order nothing was withdrawn.
        let other = Truth {
            payment: PaymentId::new("pay_2"),
            transfers: 0,
            ..truth(Status::Pending, EventKind::Created, 0)
        };
        let allowed = Allowed::after(&Policy::default(), failed.due, &[&confirmed, &other]);
        assert!(!allowed.is_withdrawn);
        assert_eq!(allowed.states_right, [OrderState::Paid].into());
    }
}
