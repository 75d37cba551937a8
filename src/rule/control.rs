//! The positive control of negative checks: who takes no payment at all has refused nothing.
//!
//! An answer is no control, because a merchant can answer 2xx to everything and do nothing. An order
//! that became paid by the provider's own word is one.

use super::Outcome;
use super::case::{Case, Look, Order};
use crate::model::OrderState;

/// What a pass rests on: it becomes `unknown` where no order of the scenario was seen paid after
/// its exact payment was final.
pub(super) fn controlled(case: &Case<'_>, outcome: Outcome) -> Outcome {
    let Outcome::Pass { what, mut witnesses } = outcome else { return outcome };
    match case.orders.iter().find_map(|order| untroubled(order)) {
        Some(paid) => {
            witnesses.push(paid);
            Outcome::Pass { what, witnesses }
        }
        None if case.orders.iter().any(|order| accepted(order, 0).is_some()) => Outcome::Unknown(
            "no control: an order that was paid exactly shows an open exception as well, so that \
             one which is due could not be told from it; map `observe.exceptions` so that it shows \
             open ones alone"
                .into(),
        ),
        None => Outcome::Unknown(
            "no control: in this scenario no order was seen paid by an exact payment, so that a \
             merchant which takes none would look the same"
                .into(),
        ),
    }
}

/// The first look that shows the order paid as it should be, and nobody asked to look at it.
fn untroubled(order: &Order<'_>) -> Option<u64> {
    let calm = |look: &&Look<'_>| look.shown.exceptions.as_ref().is_none_or(Vec::is_empty);
    paid_rightly(order, 0).find(calm).map(|look| look.seq)
}

/// The first look after the entry `after` that shows the order paid as it should be.
pub(super) fn accepted(order: &Order<'_>, after: u64) -> Option<u64> {
    paid_rightly(order, after).next().map(|look| look.seq)
}

/// Looks after the entry `after` that show the order paid, where nothing about its payment is
/// peculiar.
fn paid_rightly<'o, 'a>(
    order: &'o Order<'a>,
    after: u64,
) -> impl Iterator<Item = &'o Look<'a>> + use<'o, 'a> {
    order.looks.iter().filter(move |look| {
        let truth = order.truths_before(look.seq).last().copied();
        look.seq > after
            && look.shown.state == Some(OrderState::Paid)
            && truth.is_some_and(crate::model::Truth::is_plain)
    })
}
