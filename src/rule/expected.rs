//! What a scenario expects, decided again from the history.

use super::Violation;
use super::case::Case;
use super::oracle::{Decision, Fault, decide};
use crate::history::{Attempt, Expected};
use crate::scenario::Expectation;

/// How what a scenario expects was not met, if it was not.
///
/// # Errors
/// Why it cannot be told.
pub(super) fn unmet(
    case: &Case<'_>,
    seq: u64,
    expected: &Expected,
) -> Result<Option<Violation>, String> {
    let (decision, look) = decision(case, seq, expected)?;
    let Decision::Unmet { expected: wanted, actual, at_risk } = decision else { return Ok(None) };
    let reference = expected.reference.clone();
    let fault = Fault::Unmet;
    Ok(Some(Violation { fault, reference, seq: look, expected: wanted, actual, at_risk }))
}

/// Decides one expectation again, from the history; with the look that it was decided by.
pub(super) fn decision(
    case: &Case<'_>,
    seq: u64,
    expected: &Expected,
) -> Result<(Decision, u64), String> {
    let order = case.order(&expected.reference).ok_or("the order is not in the history")?;
    let genuine = |(at, attempt): &&(u64, &Attempt)| *at < seq && attempt.forgery.is_none();
    let last = order.attempts.iter().rev().find(genuine);
    let look = expected.observation.and_then(|at| order.looks.iter().find(|l| l.seq == at));
    let Some(look) = look else {
        let blind = order.blind.iter().rev().find(|(at, _)| *at < seq);
        return Err(blind.map_or("the order was never seen".to_owned(), |(_, why)| {
            format!("what the merchant showed was not understood: {why}")
        }));
    };
    let truths = order.truths_before(look.seq);
    let (policy, due) = (&case.run.policy, order.opened.amount);
    let agrees = || {
        let consistent = Expectation::Consistent;
        decide(&consistent, policy, due, &truths, &look.shown, true) == Decision::Met
    };
    let acknowledged = last.is_some_and(|(_, last)| {
        // A 409 says that it is known already; then the order must show it.
        order.is_acknowledged(&last.event, seq)
            || (order.taken_before(seq).contains(last.event.as_str()) && agrees())
    });
    let decision = decide(&expected.expectation, policy, due, &truths, &look.shown, acknowledged);
    Ok((decision, look.seq))
}
