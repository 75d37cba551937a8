//! How one look departs from what the provider's truth allows.

use super::{Allowed, Shown};
use crate::model::{Money, OrderState, Reference};

/// The kinds of departure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// An effect that nothing the provider said so far allows.
    Unproven,
    /// The effect of one payment, more than once.
    Repeated,
    /// One credit of more than was delivered.
    Excess,
    /// A state that was final was taken back.
    Regressed,
    /// Too little money, taken for enough.
    ShortAccepted,
    /// A final fact that the order or the books do not reflect.
    Missing,
    /// Credited, but not the amount that was delivered.
    WrongAmount,
    /// Money that needs a person, and no open exception.
    Unsurfaced,
    /// What went back to the payer is not in the books as it went.
    Misbooked,
    /// A message that must be taken was answered with an error.
    Refused,
    /// What a scenario expects was not seen, and no rule says why.
    Unmet,
}

/// One departure, told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Its kind.
    pub fault: Fault,
    /// Which order.
    pub reference: Reference,
    /// The look that shows it.
    pub seq: u64,
    /// What would have been acceptable.
    pub expected: String,
    /// What was shown.
    pub actual: String,
    /// Money at risk.
    pub at_risk: Option<Money>,
}

/// What a look is held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scrutiny {
    /// The state must have caught up.
    pub state: bool,
    /// Credits must have caught up.
    pub credits: bool,
    /// Fulfilments must have caught up.
    pub fulfilments: bool,
    /// Exceptions must have caught up.
    pub exceptions: bool,
}

impl Scrutiny {
    /// Everything must have caught up.
    pub const ALL: Self = Self { state: true, credits: true, fulfilments: true, exceptions: true };
}

/// A fault with its expected and actual side and the money at risk, before it is tied to a look.
pub(super) type Departure = (Fault, String, String, Option<Money>);

/// Every departure of `shown`, safety first: what may never be, then what is missing where
/// `scrutiny` says that it must have caught up. `was_paid`: an earlier look showed the order paid.
pub fn inspect(
    shown: &Shown,
    allowed: &Allowed,
    due: Money,
    was_paid: bool,
    scrutiny: Scrutiny,
) -> Vec<Departure> {
    let mut found = Vec::new();
    state(shown, allowed, due, was_paid, &mut found);
    credits(shown, allowed, due, &mut found);
    fulfilments(shown, allowed, due, &mut found);
    behind(shown, allowed, due, scrutiny, &mut found);
    found
}

fn state(shown: &Shown, allowed: &Allowed, due: Money, was_paid: bool, found: &mut Vec<Departure>) {
    let Some(state) = shown.state else { return };
    let below = [OrderState::Awaiting, OrderState::Provisional, OrderState::Cancelled];
    if was_paid && below.contains(&state) && !allowed.is_withdrawn {
        let expected = "the order stays paid".to_owned();
        found.push((Fault::Regressed, expected, shown.tell(), Some(due)));
    } else if !allowed.states.contains(&state) {
        let expected = format!("the order shows {}", words(&allowed.states));
        found.push((Fault::Unproven, expected, shown.tell(), Some(due)));
    } else if state == OrderState::Paid && allowed.is_short && shown.fulfilments.is_none() {
        let expected = "an open exception for the shortfall".to_owned();
        found.push((Fault::ShortAccepted, expected, shown.tell(), Some(due)));
    }
}

fn credits(shown: &Shown, allowed: &Allowed, due: Money, found: &mut Vec<Departure>) {
    if let Some(odd) = &shown.odd_posting {
        let expected = format!("postings in {} with its decimals", due.asset.symbol);
        found.push((Fault::WrongAmount, expected, format!("a posting of {odd}"), Some(due)));
        return;
    }
    let (Some(credited), Some(count)) = (shown.credited, shown.credits) else { return };
    let max = allowed.credit_max;
    if credited.atoms <= max.atoms {
        return;
    }
    let fault = match (max.is_zero(), allowed.is_short, count) {
        (true, ..) => Fault::Unproven,
        (false, true, _) => Fault::ShortAccepted,
        (false, false, 0 | 1) => Fault::Excess,
        (false, false, _) => Fault::Repeated,
    };
    let expected =
        if max.is_zero() { "no credit".to_owned() } else { format!("at most {max} credited") };
    found.push((fault, expected, shown.tell(), credited.less(max).ok()));
}

fn fulfilments(shown: &Shown, allowed: &Allowed, due: Money, found: &mut Vec<Departure>) {
    let Some(fulfilled) = shown.fulfilments else { return };
    if fulfilled <= allowed.fulfil_max {
        return;
    }
    let fault = match (allowed.is_short, allowed.fulfil_max) {
        (true, _) => Fault::ShortAccepted,
        (false, 0) => Fault::Unproven,
        (false, _) => Fault::Repeated,
    };
    let expected = match allowed.fulfil_max {
        0 => "not fulfilled",
        _ => "fulfilled once",
    };
    found.push((fault, expected.to_owned(), shown.tell(), Some(due)));
}

fn behind(
    shown: &Shown,
    allowed: &Allowed,
    due: Money,
    scrutiny: Scrutiny,
    found: &mut Vec<Departure>,
) {
    let right = &allowed.states_right;
    let settled = |state| {
        right.contains(&state)
            && (state != OrderState::Exception || shown.has_exception(&allowed.classes))
    };
    if scrutiny.state && !shown.state.is_some_and(settled) {
        let parked = shown.state == Some(OrderState::Exception);
        let expected = if parked && right.contains(&OrderState::Exception) {
            "an open exception of a fitting class beside the state `exception`".to_owned()
        } else {
            format!("the order shows {}", words(right))
        };
        found.push((Fault::Missing, expected, shown.tell(), Some(due)));
    }
    if let (true, Some(credited)) = (scrutiny.credits, shown.credited)
        && !allowed.credit_right.contains(&credited)
        && credited.atoms <= allowed.credit_max.atoms
    {
        let sums: Vec<_> = allowed.credit_right.iter().map(Money::to_string).collect();
        let expected = format!("credits of {}", sums.join(" or "));
        let fault = if credited.is_zero() { Fault::Missing } else { Fault::WrongAmount };
        found.push((fault, expected, shown.tell(), Some(due)));
    }
    if let (true, Some(fulfilled)) = (scrutiny.fulfilments, shown.fulfilments)
        && fulfilled < *allowed.fulfil_right.start()
    {
        let expected = "fulfilled once".to_owned();
        found.push((Fault::Missing, expected, shown.tell(), Some(due)));
    }
    if scrutiny.exceptions && allowed.exception_due && !shown.has_exception(&allowed.classes) {
        let expected = "an open exception for the money that came".to_owned();
        found.push((Fault::Unsurfaced, expected, shown.tell(), Some(due)));
    }
}

fn words(states: &std::collections::BTreeSet<OrderState>) -> String {
    let words: Vec<_> = states.iter().map(|state| state.as_str()).collect();
    words.join(" or ")
}
