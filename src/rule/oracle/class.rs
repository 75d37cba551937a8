//! Which classes of exceptions fit what is peculiar about a payment.

use std::collections::BTreeSet;

use super::allowed::dispute;
use crate::model::{AmountState, ExceptionClass, Flag, Status, Truth};

/// The classes that fit; `other` always does.
pub(super) fn fitting(truths: &[&Truth]) -> BTreeSet<ExceptionClass> {
    let mut classes: BTreeSet<_> = [ExceptionClass::Other].into();
    let Some(now) = truths.last() else { return classes };
    if matches!(now.amount_state, AmountState::Under | AmountState::Over) {
        classes.insert(ExceptionClass::AmountMismatch);
    }
    if now.received.is_zero() && now.transfers > 0 {
        let strays = [ExceptionClass::WrongAsset, ExceptionClass::ReferenceMismatch];
        classes.extend(strays);
        classes.insert(ExceptionClass::AmountMismatch);
    }
    for flag in &now.flags {
        classes.extend(match flag {
            Flag::Late | Flag::Manual => {
                [ExceptionClass::LatePayment, ExceptionClass::DelayedConfirmation]
            }
            Flag::Replaced | Flag::Reorged => {
                [ExceptionClass::DelayedConfirmation, ExceptionClass::ReversedAfterFinal]
            }
            Flag::WrongAsset => [ExceptionClass::WrongAsset, ExceptionClass::AmountMismatch],
        });
    }
    match now.status {
        Status::Expired => {
            classes.extend([ExceptionClass::LatePayment, ExceptionClass::DelayedConfirmation]);
        }
        Status::Failed => {
            classes
                .extend([ExceptionClass::DelayedConfirmation, ExceptionClass::ReversedAfterFinal]);
        }
        Status::Held => {
            classes.insert(ExceptionClass::PolicyHold);
        }
        Status::Refunded => {
            classes.insert(ExceptionClass::ReversedAfterFinal);
        }
        Status::Pending
        | Status::Paid
        | Status::Confirmed
        | Status::Settled
        | Status::Cancelled => {}
    }
    if dispute(truths).is_some() {
        classes.insert(ExceptionClass::ReversedAfterFinal);
    }
    classes
}
