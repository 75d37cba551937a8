//! Whether one look meets one expectation of a scenario. The executor asks while it waits; the
//! judge asks again from the history.

use super::allowed::reaches;
use super::{Allowed, Scrutiny, Shown, inspect};
use crate::merchant::Policy;
use crate::model::{ExceptionClass, Money, OrderState, Truth};
use crate::rule::Need;
use crate::scenario::Expectation;

/// The decision, with both sides told where it is not met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// As expected, or as the table allows.
    Met,
    /// Not as expected.
    Unmet {
        /// What would have been acceptable.
        expected: String,
        /// What was shown.
        actual: String,
        /// Money at risk.
        at_risk: Option<Money>,
    },
    /// It cannot be seen.
    NotConnected(Need),
}

/// Decides `expectation` for an order of `due` after `truths`. `acknowledged`: whether the last
/// genuine event was answered 2xx.
#[must_use]
pub fn decide(
    expectation: &Expectation,
    policy: &Policy,
    due: Money,
    truths: &[&Truth],
    shown: &Shown,
    acknowledged: bool,
) -> Decision {
    let allowed = Allowed::after(policy, due, truths);
    let now = truths.last().copied();
    let plain = now.is_none_or(Truth::is_plain);
    match expectation {
        Expectation::Order(state) => order(*state, policy, now, &allowed, shown, due),
        Expectation::Credits { count, amount } => {
            let (Some(credits), shown_sum) = (shown.credits, shown.credited) else {
                return Decision::NotConnected(Need::Ledger);
            };
            let sum = amount.unwrap_or(if *count == 0 { due.asset.zero() } else { due });
            let exact = credits == *count && shown_sum == Some(sum);
            let as_table = *count > 0
                && !plain
                && shown_sum.is_some_and(|credited| allowed.credit_right.contains(&credited));
            let expected = match count {
                0 => "no credit".to_owned(),
                1 => format!("exactly one credit of {sum}"),
                n => format!("exactly {n} credits, together {sum}"),
            };
            met(exact || as_table, expected, shown, Some(due))
        }
        Expectation::Refunds { count, amount } => refunds(*count, *amount, due, shown),
        Expectation::Reversed(amount) => reversed(*amount, due, shown),
        Expectation::Fulfilments(count) => {
            let Some(fulfilled) = shown.fulfilments else {
                return Decision::NotConnected(Need::Fulfilments);
            };
            let as_table = *count > 0 && !plain && allowed.fulfil_right.contains(&fulfilled);
            let expected = match count {
                0 => "not fulfilled".to_owned(),
                1 => "fulfilled once".to_owned(),
                n => format!("fulfilled {n} times"),
            };
            met(fulfilled == u64::from(*count) || as_table, expected, shown, Some(due))
        }
        Expectation::Exception(class) => {
            let classes = [*class, ExceptionClass::Other].into();
            if shown.exceptions.is_none() && shown.state != Some(OrderState::Exception) {
                return Decision::NotConnected(Need::Exceptions);
            }
            let expected = format!("an open exception of class {class}");
            met(shown.has_exception(&classes), expected, shown, now.map(|truth| truth.received))
        }
        Expectation::NoEffect => {
            first_departure(&inspect(shown, &allowed, due, false, Scrutiny::default()))
        }
        Expectation::Consistent => {
            first_departure(&inspect(shown, &allowed, due, false, Scrutiny::ALL))
        }
        Expectation::Acknowledged => {
            let actual = "it was not".to_owned();
            let expected = "the notification is acknowledged with a 2xx".to_owned();
            if acknowledged {
                Decision::Met
            } else {
                Decision::Unmet { expected, actual, at_risk: Some(due) }
            }
        }
    }
}

fn refunds(count: u32, amount: Option<Money>, due: Money, shown: &Shown) -> Decision {
    let Some(refunds) = shown.refunds else { return Decision::NotConnected(Need::Ledger) };
    let wanted = amount.unwrap_or_else(|| due.asset.zero());
    let expected = match count {
        0 => "no refund".to_owned(),
        1 => format!("exactly one refund of {wanted}"),
        n => format!("exactly {n} refunds, together {wanted}"),
    };
    let is_met = refunds == count && shown.refunded == Some(wanted);
    met(is_met, expected, shown, Some(wanted))
}

fn reversed(amount: Option<Money>, due: Money, shown: &Shown) -> Decision {
    let (Some(credits), Some(reversed)) = (shown.credits, shown.reversed) else {
        return Decision::NotConnected(Need::Ledger);
    };
    let wanted = amount.unwrap_or_else(|| due.asset.zero());
    // Where no credit ever stood, there is nothing to take back.
    let is_met = reversed == wanted || (credits == 0 && reversed.is_zero());
    let expected = match amount {
        Some(amount) => format!("credits of {amount} taken back"),
        None => "no credit taken back".to_owned(),
    };
    met(is_met, expected, shown, Some(wanted))
}

fn order(
    state: OrderState,
    policy: &Policy,
    now: Option<&Truth>,
    allowed: &Allowed,
    shown: &Shown,
    due: Money,
) -> Decision {
    let reached = now.is_some_and(|truth| reaches(truth.status, policy.fulfil_at));
    let same = shown.state == Some(state)
        && (state != OrderState::Paid || reached)
        && allowed.states.contains(&state);
    let fits = |shown_state: OrderState| {
        allowed.states_right.contains(&shown_state)
            && (shown_state != OrderState::Exception || shown.has_exception(&allowed.classes))
    };
    // For `paid`, what the table allows counts only once the provider is there.
    let as_table = (state != OrderState::Paid || reached) && shown.state.is_some_and(fits);
    met(same || as_table, format!("the order is {state}"), shown, Some(due))
}

fn met(is_met: bool, expected: String, shown: &Shown, at_risk: Option<Money>) -> Decision {
    if is_met {
        return Decision::Met;
    }
    Decision::Unmet { expected, actual: shown.tell(), at_risk }
}

fn first_departure(found: &[super::violation::Departure]) -> Decision {
    match found.first() {
        None => Decision::Met,
        Some((_, expected, actual, at_risk)) => Decision::Unmet {
            expected: expected.clone(),
            actual: actual.clone(),
            at_risk: *at_risk,
        },
    }
}
