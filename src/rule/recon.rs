//! Reconciliation: webhooks are the fast path, and the books must agree without them.

use super::after::{each, followed};
use super::case::{Case, Look, Order};
use super::idem::{is_drive_to_blame, repeated_after};
use super::oracle::Fault;
use super::{Breach, Level, Need, Outcome, Owner, Rule};
use crate::history::{Answer, Attempt};
use crate::model::{EventKind, OrderState, Status};

const FINAL: &[EventKind] = &[EventKind::Confirmed, EventKind::Settled];

/// RECON-01
pub static MISSED_NEVER_RECOVERED: Rule = Rule {
    code: "RECON-01",
    title: "a payment whose notifications were lost is never found",
    level: Level::Must,
    holds: "Notifications get lost: an outage, a full queue, a wrong address. The provider's books \
        still say that the customer paid; a merchant that never asks keeps the money and ships \
        nothing.",
    judged: "A payment is settled and no notification of it is delivered; after the merchant's own \
        reconciliation the order must be paid and the credit posted.",
    not_judged: "How long the merchant's own schedule takes beyond what it declares.",
    fix: "Run a job that reads open payments at the provider and applies what it finds through \
        the same code as the webhook.",
    needs: &[Need::Checkout, Need::Reconcile, Need::Order],
    only_on: None,
    owner: Owner::Finance,
    references: &["antiwork/flexile#1615", "DistinctCodes/ManageHub#1332"],
    explains: &[],
    judge: |case| each(case, |order| missed(case, order)),
};

/// RECON-02
pub static RECOVERY_REPEATS: Rule = Rule {
    code: "RECON-02",
    title: "reconciliation applies again what a webhook applied",
    level: Level::Must,
    holds: "Recovery and webhook are two ways to one fact. A job that credits what it finds, \
        without asking whether it is booked, doubles revenue every night.",
    judged: "A payment is announced and reconciliation is driven, in either order, and once more \
        in the closing audit; one credit, one fulfilment.",
    not_judged: "Whether the job reads or writes anything else.",
    fix: "Let webhook and job call one function whose effect is unique per payment.",
    needs: &[Need::Checkout, Need::Reconcile, Need::Ledger],
    only_on: None,
    owner: Owner::Finance,
    references: &["DistinctCodes/ManageHub#1332"],
    explains: &[],
    judge: |case| each(case, |order| both_ways(case, order)),
};

/// RECON-07
pub static OUTAGE_NEVER_CAUGHT_UP: Rule = Rule {
    code: "RECON-07",
    title: "what happened during an outage is never fetched",
    level: Level::Must,
    holds: "While the merchant was down, payments were confirmed and their notifications met a \
        closed door. Recovery that begins where the new process began never asks about them.",
    judged: "The merchant is killed, a payment becomes final and its notifications find nobody; \
        the merchant is started again and its own reconciliation is driven. The order must be \
        paid and the credit posted.",
    not_judged: "Retries of the provider, which would heal it: the network loses them here.",
    fix: "Remember how far recovery has got where the orders are stored, or ask about every order \
        that is still open.",
    needs: &[Need::Checkout, Need::Reconcile, Need::Order],
    only_on: None,
    owner: Owner::Finance,
    references: &["btcpayserver/btcpayserver#4865", "btcpayserver/btcpayserver#4525"],
    explains: &[],
    judge: |case| each(case, |order| caught_up(case, order)),
};

fn caught_up(case: &Case<'_>, order: &Order<'_>) -> Outcome {
    let Some((killed, _)) = case.kills.first() else { return Outcome::NotExercised };
    let Some(restarted) = case.restarts.iter().find(|seq| *seq > killed) else {
        return Outcome::NotExercised;
    };
    let mut genuine = order.attempts.iter().filter(|(_, attempt)| {
        attempt.forgery.is_none()
            && EventKind::from_word(&attempt.event_type).is_some_and(|kind| FINAL.contains(&kind))
    });
    let in_vain = |(seq, attempt): &(u64, &Attempt)| {
        (*killed..*restarted).contains(seq) && matches!(attempt.answer, Answer::Failed(_))
    };
    let Some((missed, _)) = genuine.clone().find(|it| in_vain(it)) else {
        return Outcome::NotExercised;
    };
    let Some(driven) = case.reconciled.iter().find(|seq| *seq > restarted).copied() else {
        return Outcome::NotExercised;
    };
    // Whoever was told after all needed no recovery.
    if genuine.any(|(_, attempt)| attempt.answer.is_taken()) {
        return Outcome::NotExercised;
    }
    let stimulus = vec![*killed, *missed, *restarted, driven];
    let is_paid = |look: &Look<'_>| look.shown.state == Some(OrderState::Paid);
    followed(order, stimulus, &[Fault::Missing], is_paid, "recovery after an outage")
}

fn missed(case: &Case<'_>, order: &Order<'_>) -> Outcome {
    let announced = order.attempts.iter().any(|(_, attempt)| {
        attempt.forgery.is_none()
            && EventKind::from_word(&attempt.event_type).is_some_and(|kind| FINAL.contains(&kind))
    });
    let settled = order.truths.iter().find(|(_, truth)| truth.status == Status::Settled);
    let Some((settled, _)) = settled.filter(|_| !announced) else { return Outcome::NotExercised };
    let Some(driven) = case.reconciled.iter().find(|seq| *seq > settled).copied() else {
        return Outcome::NotExercised;
    };
    let stimulus = vec![*settled, driven];
    if let Some(violation) = order.violation_after(driven, &[Fault::Missing]) {
        // An event that arrived after the drive may have overwritten what it found.
        if order.attempts.iter().any(|(seq, _)| *seq > driven && *seq < violation.seq) {
            return Outcome::NotExercised;
        }
        return Outcome::Fail(Box::new(Breach { violation: violation.clone(), stimulus }));
    }
    let found = order
        .looks
        .iter()
        .find(|look| look.seq > driven && look.shown.state == Some(OrderState::Paid));
    match found {
        Some(look) => Outcome::Pass {
            what: "a payment without notifications was found by reconciliation".into(),
            witnesses: stimulus.into_iter().chain([look.seq]).collect(),
        },
        None => Outcome::Unknown("the order was not seen after reconciliation".into()),
    }
}

fn both_ways(case: &Case<'_>, order: &Order<'_>) -> Outcome {
    let mut announced = order.attempts.iter().filter(|(_, attempt)| {
        attempt.forgery.is_none()
            && attempt.answer.is_taken()
            && EventKind::from_word(&attempt.event_type).is_some_and(|kind| FINAL.contains(&kind))
    });
    let Some((webhook, _)) = announced.next() else { return Outcome::NotExercised };
    // The closing audit drives reconciliation once more; what it repeats is this rule's as well.
    let audited = order.violation_after(*webhook, &[Fault::Repeated]);
    if let Some(violation) = audited.filter(|v| is_drive_to_blame(order, v.seq)) {
        let (violation, stimulus) = (violation.clone(), vec![*webhook]);
        return Outcome::Fail(Box::new(Breach { violation, stimulus }));
    }
    let is_final = |at: u64| {
        let mut truths = order.truths.iter().filter(|(seq, _)| *seq < at);
        truths.any(|(_, truth)| matches!(truth.status, Status::Confirmed | Status::Settled))
    };
    let Some(driven) = case.reconciled.iter().find(|seq| is_final(**seq)).copied() else {
        return Outcome::NotExercised;
    };
    // Whichever came second is the repetition.
    let second = driven.max(*webhook);
    let stimulus = [driven.min(*webhook), second];
    repeated_after(order, second, "the second way to one payment", &stimulus)
}
