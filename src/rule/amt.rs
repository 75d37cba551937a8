//! Amounts: what was delivered against what was ordered.

use super::after::each;
use super::case::Order;
use super::control::controlled;
use super::idem::is_drive_to_blame;
use super::oracle::Fault;
use super::{Breach, Level, Need, Outcome, Owner, Rule};
use crate::model::{AmountState, EventKind, Flag, Status, Truth};

/// AMT-01
pub static AMOUNT_NOT_COMPARED: Rule = Rule {
    code: "AMT-01",
    title: "the paid amount is not compared with the order",
    level: Level::Must,
    holds: "A confirmation says that money is final, not that it is enough. A merchant that looks \
        only at the status sells at any price the payer chooses.",
    judged: "A fraction of the price is paid, the payment expires, and the provider's operator \
        accepts it: a genuine confirmation with `amount_state: under`. No fulfilment, and no \
        credit of more than came. Control: in the same scenario, an order paid exactly becomes \
        paid.",
    not_judged: "A shortfall that the declared tolerance or `under: accept` covers.",
    fix: "Compare `received` with the order's own amount, and park what does not cover it.",
    needs: &[Need::Checkout, Need::Order],
    only_on: None,
    owner: Owner::Engineering,
    references: &["CVE-2026-9189", "Azuriom/Plugin-Shop#284", "Wang et al., IEEE S&P 2011"],
    explains: &["AMT-08"],
    judge: |case| controlled(case, each(case, |order| short(order, |truth| !is_small_gap(truth)))),
};

/// AMT-08
pub static SHORTFALL_ROUNDED_AWAY: Rule = Rule {
    code: "AMT-08",
    title: "a small shortfall is rounded away",
    level: Level::Must,
    holds: "Amounts are whole atoms. A comparison of rounded numbers has a tolerance that nobody \
        decided on, and refuses or accepts by accident.",
    judged: "Less than a thousandth of the price is missing, beyond the declared tolerance, the \
        payment expires, and the provider's operator accepts it: no fulfilment, and no credit of \
        more than came. Control: in the same scenario, an order paid exactly becomes paid.",
    not_judged: "A shortfall that the declared tolerance or `under: accept` covers.",
    fix: "Compare atoms, and declare a tolerance where one is wanted.",
    needs: &[Need::Checkout, Need::Order],
    only_on: None,
    owner: Owner::Finance,
    references: &["btcpayserver/btcpayserver#6201", "n8bar/CryptoZing#156"],
    explains: &[],
    judge: |case| controlled(case, each(case, |order| short(order, is_small_gap))),
};

/// AMT-12
pub static PARTS_MISSUMMED: Rule = Rule {
    code: "AMT-12",
    title: "several transfers of one payment are summed wrongly",
    level: Level::Should,
    holds: "Wallets split, people pay the rest later. Each part is reported with the total so far; \
        a merchant that adds the totals credits more than it received.",
    judged: "The price is paid in parts, each announced and acknowledged; credits must be the sum \
        of the parts, and the order fulfilled once.",
    not_judged: "Whether parts are posted one by one or together.",
    fix: "Set the received amount from the event; never add to it.",
    needs: &[Need::Checkout, Need::Ledger],
    only_on: None,
    owner: Owner::Finance,
    references: &[
        "btcpayserver/btcpayserver#4146",
        "btcpayserver/woocommerce-greenfield-plugin#16",
    ],
    explains: &[],
    judge: |case| each(case, parts),
};

/// Whether less than a thousandth is missing.
const fn is_small_gap(truth: &Truth) -> bool {
    let gap = truth.due.atoms.saturating_sub(truth.received.atoms);
    gap.saturating_mul(1000) < truth.due.atoms
}

fn short(order: &Order<'_>, is_so_short: impl Fn(&Truth) -> bool) -> Outcome {
    let under = |status: Status| matches!(status, Status::Confirmed | Status::Settled);
    let accepted = order.truths.iter().find(|(_, truth)| {
        under(truth.status) && truth.amount_state == AmountState::Under && is_so_short(truth)
    });
    let Some((since, _)) = accepted else { return Outcome::NotExercised };
    let announced = order
        .genuine(EventKind::Confirmed)
        .find(|(seq, attempt)| seq > since && attempt.answer.is_taken());
    let Some((seq, _)) = announced else { return Outcome::NotExercised };
    let faults = [Fault::ShortAccepted, Fault::Excess, Fault::Unproven];
    // What was wrong before the confirmation is not its doing.
    if order.violation_after(0, &faults).is_some_and(|violation| violation.seq < *since) {
        return Outcome::NotExercised;
    }
    if let Some(violation) = order.violation_after(seq, &faults) {
        let violation = violation.clone();
        return Outcome::Fail(Box::new(Breach { violation, stimulus: vec![*since, seq] }));
    }
    match order.look_after(seq) {
        Some(look) => Outcome::Pass {
            what: "a confirmation of too little money was not taken for the price".into(),
            witnesses: vec![*since, seq, look.seq],
        },
        None => Outcome::Unknown("the order was not seen after the confirmation".into()),
    }
}

fn parts(order: &Order<'_>) -> Outcome {
    let Some(truth) = order.truth() else { return Outcome::NotExercised };
    let final_and_whole = matches!(truth.status, Status::Confirmed | Status::Settled)
        && truth.amount_state == AmountState::Exact;
    // A transfer that took the place of another one is no second part.
    let lost = [Flag::Replaced, Flag::Reorged].iter().any(|flag| truth.flags.contains(flag));
    if truth.transfers < 2 || lost || !final_and_whole {
        return Outcome::NotExercised;
    }
    let faults = [Fault::Repeated, Fault::Excess, Fault::WrongAmount];
    let violation = order.violation_after(0, &faults);
    if let Some(violation) = violation.filter(|v| !is_drive_to_blame(order, v.seq)) {
        let stimulus = order.truths.iter().map(|(seq, _)| *seq).collect();
        return Outcome::Fail(Box::new(Breach { violation: violation.clone(), stimulus }));
    }
    let credited =
        order.looks.iter().rev().find(|look| look.shown.credited == Some(truth.received));
    match credited {
        Some(look) => Outcome::Pass {
            what: format!("{} transfers were credited as one sum", truth.transfers),
            witnesses: order.truths.iter().map(|(seq, _)| *seq).chain([look.seq]).collect(),
        },
        None => Outcome::Unknown("the parts were not credited at all".into()),
    }
}
