//! What an order shows after a stimulus: the few ways in which most rules judge.
//!
//! Each finds a departure after the stimulus, or a look that passes, or says why it could not tell.

use super::case::{Case, Look, Order};
use super::expected::unmet;
use super::oracle::Fault;
use super::{Breach, Outcome, Violation};
use crate::model::{EventKind, OrderState, Truth};
use crate::scenario::Expectation;

/// Judges every order; the first failure counts, then what could not be told.
pub(super) fn each(case: &Case<'_>, judge: impl Fn(&Order<'_>) -> Outcome) -> Outcome {
    let mut outcome = Outcome::NotExercised;
    for order in &case.orders {
        match judge(order) {
            Outcome::NotExercised => {}
            fail @ Outcome::Fail(_) => return fail,
            other => outcome = other,
        }
    }
    outcome
}

/// When a genuine event of that kind was taken in, first after the entry `after`.
pub(super) fn acknowledged(order: &Order<'_>, kind: EventKind, after: u64) -> Option<u64> {
    let mut genuine = order.genuine(kind);
    let found = genuine.find(|(seq, attempt)| *seq > after && attempt.answer.is_taken());
    found.map(|(seq, _)| seq)
}

/// When the truth became such, first after the entry `after`.
pub(super) fn became(
    order: &Order<'_>,
    after: u64,
    is_such: impl Fn(&Truth) -> bool,
) -> Option<u64> {
    let mut later = order.truths.iter().filter(|(at, _)| *at > after);
    later.find(|(_, truth)| is_such(truth)).map(|(at, _)| *at)
}

/// When the merchant was first told what the provider said from the entry `since` on: by an event
/// that it took in, or because it asked.
pub(super) fn heard(order: &Order<'_>, since: u64) -> Option<u64> {
    let events = order.announced.iter().filter(|(at, _)| *at >= since);
    let ids: Vec<_> = events.flat_map(|(_, events)| events.iter().map(|(id, _)| id)).collect();
    let taken = order.attempts.iter().filter(|(_, attempt)| {
        attempt.forgery.is_none() && attempt.answer.is_taken() && ids.contains(&&attempt.event)
    });
    let taken = taken.map(|(at, _)| *at);
    taken.chain(order.reads.iter().copied()).filter(|at| *at > since).min()
}

/// Nothing may follow: fails by the first of `faults` between the stimulus and the entry `until`,
/// passes by a look in between.
pub(super) fn unmoved(
    order: &Order<'_>,
    stimulus: Vec<u64>,
    until: u64,
    faults: &[Fault],
    what: &str,
) -> Outcome {
    let since = stimulus.last().copied().unwrap_or(0);
    if let Some(violation) = order.violation_after(since, faults).filter(|v| v.seq < until) {
        let violation = violation.clone();
        return Outcome::Fail(Box::new(Breach { violation, stimulus }));
    }
    match order.look_after(since).filter(|look| look.seq < until) {
        Some(look) => Outcome::Pass {
            what: what.to_owned(),
            witnesses: stimulus.into_iter().chain([look.seq]).collect(),
        },
        None => Outcome::NotExercised,
    }
}

/// Something must follow: fails by the first of `faults` after the stimulus, passes by a look after
/// it that is right.
pub(super) fn followed(
    order: &Order<'_>,
    stimulus: Vec<u64>,
    faults: &[Fault],
    is_right: impl Fn(&Look<'_>) -> bool,
    what: &str,
) -> Outcome {
    let since = stimulus.last().copied().unwrap_or(0);
    if let Some(violation) = order.violation_after(since, faults) {
        let violation = violation.clone();
        return Outcome::Fail(Box::new(Breach { violation, stimulus }));
    }
    match order.looks.iter().find(|look| look.seq > since && is_right(look)) {
        Some(look) => Outcome::Pass {
            what: format!("{what} led to the right state"),
            witnesses: stimulus.into_iter().chain([look.seq]).collect(),
        },
        None => Outcome::Unknown(format!("what follows from {what} was not seen")),
    }
}

/// As [`followed`], where right is what somebody acts on.
pub(super) fn told(
    order: &Order<'_>,
    since: u64,
    stimulus: Vec<u64>,
    faults: &[Fault],
    what: &str,
) -> Outcome {
    debug_assert_eq!(stimulus.last(), Some(&since));
    followed(order, stimulus, faults, |look| is_acted_on(look.shown.state), what)
}

/// What the scenario itself expects of the order between the stimulus and the entry `until`
/// decides, where it is of the kind `is_asked`: what went back to a payer moves no order, and only a scenario knows the sums.
pub(super) fn as_expected(
    case: &Case<'_>,
    order: &Order<'_>,
    stimulus: Vec<u64>,
    until: u64,
    is_asked: impl Fn(&Expectation) -> bool,
    what: &str,
) -> Outcome {
    let since = stimulus.last().copied().unwrap_or(0);
    let mut witness = None;
    let asked = case.expected.iter().filter(|(seq, expected)| {
        (since..until).contains(seq)
            && expected.reference == order.opened.reference
            && is_asked(&expected.expectation)
    });
    for (seq, expected) in asked {
        match unmet(case, *seq, expected) {
            Ok(Some(unmet)) => {
                let at_risk = unmet.at_risk.filter(|money| !money.is_zero());
                let at_risk = at_risk.or(Some(order.opened.amount));
                let violation = Violation { fault: Fault::Misbooked, at_risk, ..unmet };
                return Outcome::Fail(Box::new(Breach { violation, stimulus }));
            }
            Ok(None) => witness = expected.observation.or(witness),
            Err(reason) => return Outcome::Unknown(reason),
        }
    }
    match witness {
        Some(look) => Outcome::Pass {
            what: format!("{what} was booked rightly"),
            witnesses: stimulus.into_iter().chain([look]).collect(),
        },
        None => Outcome::NotExercised,
    }
}

/// Whether the order is paid, or a person has it.
pub(super) const fn is_acted_on(state: Option<OrderState>) -> bool {
    matches!(state, Some(OrderState::Paid | OrderState::Exception))
}
