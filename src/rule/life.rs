//! Lifecycle and finality: credit at the agreed point, and lose no money on the way.

use super::case::{Case, Look, Order};
use super::control::controlled;
use super::oracle::Fault;
use super::ord::each;
use super::{Breach, Level, Need, Outcome, Owner, Rule};
use crate::merchant::Amount;
use crate::model::{EventKind, OrderState, Status};

/// LIFE-01
pub static PROVISIONAL_TAKEN_FOR_FINAL: Rule = Rule {
    code: "LIFE-01",
    title: "a payment that is not final is taken for paid",
    level: Level::Must,
    holds: "Detection is not finality. Until the agreed confirmations, a transfer can be replaced \
        or vanish; goods that left by then are a gift.",
    judged: "The payer's transfer is seen, announced and acknowledged, and the network does not \
        confirm it: before the status that the policy names, no fulfilment, no credit, and no \
        order shown as paid. Control: in the same scenario, an order paid exactly becomes paid.",
    not_judged: "A provisional state shown to the customer; merchants whose policy fulfils at \
        `paid` are judged by their books alone.",
    fix: "Fulfil and post on `confirmed` (or `settled`), never on `detected` or `paid`.",
    needs: &[Need::Checkout, Need::Order],
    owner: Owner::Product,
    references: &["CVE-2024-41670", "bitpay/whmcs-plugin#40", "AI-Shipping-Labs/website#1423"],
    explains: &[],
    judge: |case| controlled(case, each(case, not_final)),
};

/// LIFE-08
pub static LATE_MONEY_SILENT: Rule = Rule {
    code: "LIFE-08",
    title: "money after the deadline is neither honoured nor surfaced",
    level: Level::Must,
    holds: "A customer who pays a minute late has paid. The order may be honoured, refunded or \
        parked, but somebody must know; otherwise the money lies at the provider until the \
        customer complains.",
    judged: "A payment expires, money comes, and `payment.late` is acknowledged: an exception \
        must be open, unless the policy says that late money is accepted or refunded. Control: in \
        the same scenario, an order paid exactly becomes paid.",
    not_judged: "What the merchant does with the money in the end.",
    fix: "Handle `payment.late` by opening an exception that names payment and amount.",
    needs: &[Need::Checkout, Need::Exceptions],
    owner: Owner::Finance,
    references: &["woocommerce/woocommerce#21083", "btcpayserver/btcpayserver#5936"],
    explains: &[],
    judge: |case| controlled(case, each(case, |order| late(case, order))),
};

fn not_final(order: &Order<'_>) -> Outcome {
    // From the announcement until the provider itself says more.
    let announced = order.attempts.iter().find(|(_, attempt)| {
        let kind = EventKind::from_word(&attempt.event_type);
        let provisional = [EventKind::Paid, EventKind::Detected, EventKind::Underpaid];
        attempt.forgery.is_none()
            && attempt.answer.is_taken()
            && kind.is_some_and(|kind| provisional.contains(&kind))
    });
    let Some((seq, _)) = announced else { return Outcome::NotExercised };
    let moved_on = order
        .truths
        .iter()
        .find(|(_, truth)| matches!(truth.status, Status::Confirmed | Status::Settled))
        .map_or(u64::MAX, |(at, _)| *at);
    let unproven = order.violation_after(*seq, &[Fault::Unproven, Fault::ShortAccepted]);
    if let Some(violation) = unproven.filter(|violation| violation.seq < moved_on) {
        let violation = violation.clone();
        return Outcome::Fail(Box::new(Breach { violation, stimulus: vec![*seq] }));
    }
    match order.look_after(*seq).filter(|look| look.seq < moved_on) {
        Some(look) => Outcome::Pass {
            what: "a transfer without confirmations had no final effect".into(),
            witnesses: vec![*seq, look.seq],
        },
        None => Outcome::NotExercised,
    }
}

fn late(case: &Case<'_>, order: &Order<'_>) -> Outcome {
    let mut genuine = order.genuine(EventKind::Late);
    let Some((seq, _)) = genuine.find(|(_, attempt)| attempt.answer.is_taken()) else {
        return Outcome::NotExercised;
    };
    // Who promises to accept late money may show it in the books instead; a refund leaves no trace
    // that is looked at here.
    let accepts = match case.run.policy.late {
        None | Some(Amount::Park | Amount::Wait) => false,
        Some(Amount::Accept) => true,
        Some(Amount::Refund) => return Outcome::NotExercised,
    };
    if let Some(violation) = order.violation_after(seq, &[Fault::Unsurfaced]) {
        let violation = violation.clone();
        return Outcome::Fail(Box::new(Breach { violation, stimulus: vec![seq] }));
    }
    let is_open = |look: &&Look<'_>| {
        look.shown.exceptions.as_ref().is_some_and(|open| !open.is_empty())
            || look.shown.state == Some(OrderState::Exception)
    };
    let is_booked = |look: &&Look<'_>| {
        accepts
            && (look.shown.state == Some(OrderState::Paid)
                || look.shown.credits.is_some_and(|credits| credits > 0))
    };
    let mut after = order.looks.iter().filter(|look| look.seq > seq);
    let open = after.find(|look| is_open(look) || is_booked(look));
    match open {
        Some(look) => {
            Outcome::Pass { what: "late money was surfaced".into(), witnesses: vec![seq, look.seq] }
        }
        None => Outcome::NotExercised,
    }
}
