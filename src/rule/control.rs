//! The positive control of negative checks: who takes no payment at all has refused nothing.
//!
//! An answer is no control, because a merchant can answer 2xx to everything and do nothing. An order
//! that became paid by the provider's own word is one.

use super::Outcome;
use super::case::{Case, Order};
use crate::model::OrderState;

/// What a pass rests on: it becomes `unknown` where no order of the scenario was seen paid after
/// its exact payment was final.
pub(super) fn controlled(case: &Case<'_>, outcome: Outcome) -> Outcome {
    let Outcome::Pass { what, mut witnesses } = outcome else { return outcome };
    match case.orders.iter().find_map(|order| accepted(order, 0)) {
        Some(paid) => {
            witnesses.push(paid);
            Outcome::Pass { what, witnesses }
        }
        None => Outcome::Unknown(
            "no control: in this scenario no order was seen paid by an exact payment, so that a \
             merchant which takes none would look the same"
                .into(),
        ),
    }
}

/// The first look after the entry `after` that shows the order paid as it should be.
pub(super) fn accepted(order: &Order<'_>, after: u64) -> Option<u64> {
    let paid = order.looks.iter().find(|look| {
        let truth = order.truths_before(look.seq).last().copied();
        look.seq > after
            && look.shown.state == Some(OrderState::Paid)
            && truth.is_some_and(crate::model::Truth::is_plain)
    });
    paid.map(|look| look.seq)
}
