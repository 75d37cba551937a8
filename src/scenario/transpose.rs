//! The same scenario on another rail: what is true of one payment is true of it on every rail that
//! has room for the amounts.
//!
//! The suite is written in dollars on Tron, because people read it. A merchant that is enabled for
//! other rails is judged on those.

use crate::model::{Asset, EventKind, Money, Rail, rail_by_id};

use super::{Action, Expectation, Network, Operation, Pay, Replacement, Scenario, Step};

/// Scenarios about the rails themselves stay on the rails that they name.
const BOUND: &str = "rails";

/// `scenario` on the first of these rails that takes it; the new name says which.
#[must_use]
pub(super) fn transposed(scenario: &Scenario, rails_enabled: &[&str]) -> Option<Scenario> {
    let is_feature = scenario.source.file.ends_with(".feature");
    if !is_feature || scenario.tags.contains(BOUND) {
        return None;
    }
    let rails = rails_enabled.iter().filter_map(|id| rail_by_id(id));
    rails.into_iter().find_map(|rail| onto(scenario, rail))
}

fn onto(scenario: &Scenario, rail: &'static Rail) -> Option<Scenario> {
    // Money that is final at once is never merely paid.
    if rail.is_instant() && scenario.steps.iter().any(|step| needs_blocks(&step.action)) {
        return None;
    }
    let mut has_paid = false;
    let steps = scenario.steps.iter().map(|step| {
        has_paid |= matches!(step.action, Action::Pay(_));
        let action = match &step.action {
            // The deadline is past or met already: so much time is as long everywhere.
            Action::PassTime(_) if has_paid => step.action.clone(),
            // One block is too few wherever more are needed.
            Action::Confirm(Some(1)) if rail.confirmations > 1 => step.action.clone(),
            other => action(other, rail)?,
        };
        Some(Step { line: step.line, action })
    });
    let steps = steps.collect::<Option<Vec<_>>>()?;
    Some(Scenario {
        name: format!("{} (on {})", scenario.name, rail.id),
        steps,
        ..scenario.clone()
    })
}

fn action(action: &Action, rail: &'static Rail) -> Option<Action> {
    let asset = rail.asset;
    Some(match action {
        Action::Open { amount, .. } => {
            let amount = money(*amount, asset)?;
            if amount.atoms < rail.minimum_atoms {
                return None;
            }
            Action::Open { amount, rail }
        }
        Action::Pay(pay) => Action::Pay(paid(pay, rail)?),
        Action::Expect(Expectation::Credits { count, amount: Some(amount) }) => {
            let amount = Some(money(*amount, asset)?);
            Action::Expect(Expectation::Credits { count: *count, amount })
        }
        Action::Expect(Expectation::Refunds { count, amount: Some(amount) }) => {
            let amount = Some(money(*amount, asset)?);
            Action::Expect(Expectation::Refunds { count: *count, amount })
        }
        Action::Expect(Expectation::Reversed(Some(amount))) => {
            Action::Expect(Expectation::Reversed(Some(money(*amount, asset)?)))
        }
        Action::Operate(Operation::Refund(Some(amount))) => {
            Action::Operate(Operation::Refund(Some(money(*amount, asset)?)))
        }
        Action::Operate(Operation::OpenDispute(Some(amount))) => {
            Action::Operate(Operation::OpenDispute(Some(money(*amount, asset)?)))
        }
        // So many blocks, or so much time, mean something else on a network with other blocks.
        Action::Confirm(Some(_))
        | Action::Network(Network::Reorganise(Some(_)))
        | Action::PassTime(_) => return None,
        Action::Focus(_)
        | Action::Confirm(None)
        | Action::Network(_)
        | Action::Operate(_)
        | Action::Settle
        | Action::Expire
        | Action::Accept
        | Action::Deliver(_)
        | Action::HoldBack(_)
        | Action::Drop(_)
        | Action::DropOthers
        | Action::DropAll
        | Action::Forge { .. }
        | Action::UnknownEvent
        | Action::Trouble(_)
        | Action::CheckOutAgain
        | Action::Reconcile
        | Action::Kill(_)
        | Action::Restart
        | Action::Expect(_) => action.clone(),
    })
}

/// What the payer does, on another rail; none where nobody can do that there.
fn paid(pay: &Pay, rail: &'static Rail) -> Option<Pay> {
    let own = |amount: Money| money(amount, rail.asset);
    Some(match pay {
        Pay::Amount(amount) => Pay::Amount(own(*amount)?),
        Pay::Replace(Replacement::Amount(amount)) => {
            Pay::Replace(Replacement::Amount(own(*amount)?))
        }
        Pay::Mistake { what, .. } => rail.allows(*what).then(|| pay.clone())?,
        Pay::Partial { requested, delivered } => {
            let (requested, delivered) = (own(*requested)?, own(*delivered)?);
            rail.tells_what_was_requested().then_some(Pay::Partial { requested, delivered })?
        }
        Pay::Exact
        | Pay::OverBy(_)
        | Pay::UnderBy(_)
        | Pay::InParts(_)
        | Pay::Replace(Replacement::Exact | Replacement::Elsewhere) => pay.clone(),
    })
}

/// Whether the step makes sense only where a transfer waits for blocks.
fn needs_blocks(action: &Action) -> bool {
    match action {
        Action::Network(_) => true,
        Action::Pay(pay) => pay.needs_blocks(),
        _ => [EventKind::Paid, EventKind::Reverted].iter().any(|kind| names(action, *kind)),
    }
}

/// Whether the step is about that event.
fn names(action: &Action, kind: EventKind) -> bool {
    match action {
        Action::Deliver(deliver) => deliver.events.contains(&kind),
        Action::HoldBack(kinds) | Action::Drop(kinds) => kinds.contains(&kind),
        Action::Forge { claim, .. } => *claim == kind,
        Action::Open { .. }
        | Action::Focus(_)
        | Action::Pay(_)
        | Action::Confirm(_)
        | Action::Network(_)
        | Action::Operate(_)
        | Action::Settle
        | Action::Expire
        | Action::Accept
        | Action::PassTime(_)
        | Action::DropOthers
        | Action::DropAll
        | Action::UnknownEvent
        | Action::Trouble(_)
        | Action::CheckOutAgain
        | Action::Reconcile
        | Action::Kill(_)
        | Action::Restart
        | Action::Expect(_) => false,
    }
}

/// The same number in another asset, where it has the decimals for it.
fn money(amount: Money, asset: Asset) -> Option<Money> {
    asset.parse(&amount.short()).ok()
}
