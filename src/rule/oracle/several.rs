//! An order with several payments: which of them governs, and what the others allow beside it.
//!
//! The payment that got furthest says what the order should be. Money of any other is somebody's
//! money all the same: it may be credited, parked, or left to a person, and nobody is held to one
//! of these.

use std::collections::BTreeSet;

use super::Allowed;
use super::allowed::reaches;
use crate::merchant::Policy;
use crate::model::{ExceptionClass, Money, OrderState, Status, Truth};

/// The bounds of an order, from those of its payments.
pub(super) fn merged(policy: &Policy, payments: &[Vec<&Truth>]) -> Allowed {
    let each: Vec<_> = payments.iter().map(|truths| Allowed::of_one(policy, truths)).collect();
    let governing = governing(payments);
    let with_money = payments.iter().filter(|truths| brought_money(truths)).count();
    let mut allowed = each[governing].clone();
    for at in (0..each.len()).filter(|at| *at != governing) {
        let other = &each[at];
        allowed.states.extend(&other.states);
        allowed.classes.extend(&other.classes);
        allowed.credit_max =
            allowed.credit_max.plus(other.credit_max).unwrap_or(allowed.credit_max);
        allowed.credit_right = sums(&allowed.credit_right, &other.credit_right);
        allowed.exception_due |= other.exception_due;
        allowed.is_withdrawn |= other.is_withdrawn;
        allowed.fulfil_max = allowed.fulfil_max.max(other.fulfil_max);
        // Of two that got as far either may be what the merchant shows.
        if reaches(stands(&payments[at]), stands(&payments[governing])) {
            allowed.states_right.extend(&other.states_right);
            allowed.credit_right.extend(&other.credit_right);
        }
        if brought_money(&payments[at]) {
            allowed.states.insert(OrderState::Exception);
            allowed.states_right.insert(OrderState::Exception);
        }
    }
    if with_money > 1 {
        allowed.classes.insert(ExceptionClass::DuplicatePayment);
        // Who asks a person first keeps the goods until then.
        allowed.fulfil_right = 0..=*allowed.fulfil_right.end();
    }
    allowed
}

/// The truths of each payment, in the order in which the payments came to be.
pub(super) fn by_payment<'a>(truths: &[&'a Truth]) -> Vec<Vec<&'a Truth>> {
    let mut payments: Vec<Vec<&Truth>> = Vec::new();
    for truth in truths {
        match payments.iter_mut().find(|known| known[0].payment == truth.payment) {
            Some(known) => known.push(truth),
            None => payments.push(vec![truth]),
        }
    }
    payments
}

/// Which payment stands furthest on the way to settlement; the first of several that do.
fn governing(payments: &[Vec<&Truth>]) -> usize {
    (1..payments.len()).fold(0, |best, at| {
        let (here, there) = (stands(&payments[at]), stands(&payments[best]));
        if reaches(here, there) && !reaches(there, here) { at } else { best }
    })
}

fn stands(truths: &[&Truth]) -> Status {
    truths.last().map_or(Status::Pending, |truth| truth.status)
}

fn brought_money(truths: &[&Truth]) -> bool {
    truths.iter().any(|truth| truth.transfers > 0)
}

/// What is right for one, with or without what is right for the other.
fn sums(one: &BTreeSet<Money>, other: &BTreeSet<Money>) -> BTreeSet<Money> {
    let both = one.iter().flat_map(|a| other.iter().filter_map(|b| a.plus(*b).ok()));
    one.iter().copied().chain(both).collect()
}
