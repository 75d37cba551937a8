//! Idempotency, one after the other: one payment, one effect, however often it is announced.

use std::collections::BTreeMap;

use super::after::each;
use super::case::{Case, Order};
use super::declaration::WITH_BLOCKS;
use super::life::confirmed_late;
use super::oracle::{Allowed, Fault};
use super::{Breach, Level, Need, Outcome, Owner, Rule, Violation};
use crate::history::{Attempt, Why};
use crate::model::{EventKind, OrderState};
use crate::scenario::{Alteration, Arrival};

const BOOKS: &[Need] = &[Need::Checkout, Need::Ledger];

/// IDEM-01
pub static REPEATED_EVENT: Rule = Rule {
    code: "IDEM-01",
    title: "the same event is applied twice",
    level: Level::Must,
    holds: "Webhooks are delivered at least once. However often one event arrives, the merchant \
        credits it once and ships once; otherwise every retry of the provider costs the full \
        amount.",
    judged: "An acknowledged event is delivered again under the same id; credits and fulfilments \
        must not grow, neither at once nor by the closing audit.",
    not_judged: "The answer to the copy: 200 and 409 are both right.",
    fix: "Record the event id in the transaction that posts the credit, under a unique \
        constraint, and stop where it is there already.",
    needs: BOOKS,
    only_on: None,
    owner: Owner::Engineering,
    references: &["anomalyco/opencode#28402", "wasp-lang/open-saas#688"],
    explains: &["IDEM-02", "RACE-01", "RECON-02"],
    judge: |case| {
        repeated(case, "a copy of an acknowledged event", |order, attempt, seq| {
            let acknowledged = order.taken_before(seq);
            attempt.arrival == Arrival::InTurn
                && once_for_each(case, order).is_none()
                && acknowledged.contains(attempt.event.as_str())
                && !raced_unseen(order, seq)
        })
    },
};

/// Whether the look `seq` follows the closing audit's own drive of reconciliation, and the look
/// before the drive was clean: then the copies are innocent.
pub(super) fn is_drive_to_blame(order: &Order<'_>, seq: u64) -> bool {
    let why = |at: u64| order.looks.iter().find(|look| look.seq == at).map(|l| l.observed.why);
    let calm = order.looks.iter().any(|look| look.observed.why == Why::Calm);
    why(seq) == Some(Why::Audit) && calm
}

/// Whether copies went out together before the entry `seq` and nobody looked in between: what is
/// seen afterwards may be the race's doing.
fn raced_unseen(order: &Order<'_>, seq: u64) -> bool {
    let race = order
        .attempts
        .iter()
        .rev()
        .find(|(at, attempt)| *at < seq && attempt.arrival == Arrival::AtOnce);
    race.is_some_and(|(at, _)| !order.looks.iter().any(|look| look.seq > *at && look.seq < seq))
}

/// IDEM-02
pub static REPEATED_PAYMENT: Rule = Rule {
    code: "IDEM-02",
    title: "one payment is applied again under a new event id",
    level: Level::Must,
    holds: "Providers announce one fact more than once: a redelivery by hand, a migration, a \
        second channel. The payment is the thing paid for; its event id is only an envelope.",
    judged: "An acknowledged event is delivered again as a new event, with a new id and a fresh \
        signature; credits and fulfilments must not grow. Nor may they where a payment is announced \
        as confirmed and as settled, in whichever order: one credit for each is one too many.",
    not_judged: "The answer to the second event.",
    fix: "Beside the event id, make the credit unique per payment.",
    needs: BOOKS,
    only_on: None,
    owner: Owner::Engineering,
    references: &["Vexa-ai/vexa#519", "CVE-2026-11901"],
    explains: &["RECON-02"],
    judge: |case| {
        let renamed =
            repeated(case, "one payment announced under a new event id", |order, attempt, seq| {
                let kind = attempt.event_type.as_str();
                attempt.alteration == Alteration::NewEventId
                    && order.attempts.iter().any(|(at, earlier)| {
                        *at < seq && earlier.event_type == kind && earlier.answer.is_taken()
                    })
            });
        match (renamed, case.orders.iter().find_map(|order| once_for_each(case, order))) {
            (fail @ Outcome::Fail(_), _) | (fail, None) => fail,
            (_, Some(breach)) => Outcome::Fail(Box::new(breach)),
        }
    },
};

/// Genuine notifications that the payment is final, sent before the entry `seq`: the first of each.
fn final_events(order: &Order<'_>, seq: u64) -> BTreeMap<&'static str, u64> {
    let kinds = [EventKind::Confirmed, EventKind::Settled];
    let first = |kind: EventKind| Some((kind.as_str(), order.genuine(kind).next()?.0));
    kinds.into_iter().filter_map(first).filter(|(_, at)| *at < seq).collect()
}

/// Whether what is seen at the entry `seq` is one effect for each kind of final notification: then
/// copies of one of them are innocent.
fn is_once_for_each(order: &Order<'_>, seq: u64) -> bool {
    let Some(look) = order.looks.iter().find(|look| look.seq == seq) else { return false };
    let credits = u64::from(look.shown.credits.unwrap_or(0));
    let effects = credits.max(look.shown.fulfilments.unwrap_or(0));
    let kinds = final_events(order, seq).len() as u64;
    kinds > 1 && effects <= kinds
}

/// A second effect that a second kind of final notification explains.
pub(super) fn once_for_each(case: &Case<'_>, order: &Order<'_>) -> Option<Breach> {
    let violation = order.violations.iter().find(|v| v.fault == Fault::Repeated)?;
    let truths = order.truths_before(violation.seq);
    let is_plain = truths.last().is_some_and(|truth| truth.is_plain() && truth.transfers == 1);
    let reconciled = case.reconciled.iter().any(|at| *at < violation.seq);
    let renamed = |(at, attempt): &(u64, &Attempt)| {
        *at < violation.seq && attempt.alteration == Alteration::NewEventId
    };
    let is_ours = is_plain
        && !reconciled
        && !is_drive_to_blame(order, violation.seq)
        && !order.attempts.iter().any(renamed)
        && is_once_for_each(order, violation.seq);
    let stimulus = final_events(order, violation.seq).into_values().collect();
    is_ours.then(|| Breach { violation: violation.clone(), stimulus })
}

/// IDEM-04
pub static KEY_TOO_COARSE: Rule = Rule {
    code: "IDEM-04",
    title: "a later event of a payment is dropped as a duplicate of an earlier one",
    level: Level::Must,
    holds: "Paid and confirmed are two facts about one payment. A merchant that remembers only \
        the payment throws the second away: the customer paid, the money is final, and nothing \
        ships.",
    judged: "Paid is delivered and acknowledged, then confirmed is delivered and acknowledged; \
        the order must become paid.",
    not_judged: "Payments that are late, short or over, where a person may have to look first.",
    fix: "Use the event id as the key, or the payment with the transition.",
    needs: &[Need::Checkout, Need::Order],
    only_on: WITH_BLOCKS,
    owner: Owner::Engineering,
    references: &["anolilab/lunora#246", "RivenLau/orion-key#41"],
    explains: &["LIFE-11", "LIFE-12", "ORD-01", "REF-05"],
    judge: |case| {
        let mut outcome = Outcome::NotExercised;
        for order in &case.orders {
            match dropped(case, order) {
                fail @ Outcome::Fail(_) => return fail,
                Outcome::NotExercised => {}
                other => outcome = other,
            }
        }
        outcome
    },
};

fn dropped(case: &Case<'_>, order: &Order<'_>) -> Outcome {
    let is_plain = order.truth().is_some_and(crate::model::Truth::is_plain);
    // A confirmation that hours lie before may be missed for another reason (LIFE-07).
    if !is_plain || confirmed_late(case, order).is_some() {
        return Outcome::NotExercised;
    }
    let acknowledged = |kind: EventKind, after: u64| {
        let mut genuine = order.genuine(kind);
        genuine.find(|(seq, attempt)| *seq > after && attempt.answer.is_taken())
    };
    let Some((first, _)) = acknowledged(EventKind::Paid, 0) else { return Outcome::NotExercised };
    let Some((second, _)) = acknowledged(EventKind::Confirmed, first) else {
        return Outcome::NotExercised;
    };
    let Some(look) = order.look_after(second) else { return Outcome::NotExercised };
    let truths = order.truths_before(look.seq);
    let allowed = Allowed::after(&case.run.policy, order.opened.amount, &truths);
    if !allowed.states_right.contains(&OrderState::Paid) {
        return Outcome::NotExercised;
    }
    // News of other matters is followed by other expectations.
    let on_the_way = ["payment.created", "payment.paid", "payment.confirmed", "payment.settled"];
    let other = order.attempts.iter().find(|(seq, attempt)| {
        *seq > second
            && attempt.forgery.is_none()
            && !on_the_way.contains(&attempt.event_type.as_str())
    });
    let until = other.map_or(u64::MAX, |(at, _)| *at);
    let missing = order.violation_after(second, &[Fault::Missing]);
    if let Some(violation) = missing.filter(|violation| violation.seq < until) {
        // An older event in between may have overwritten the state; that is another rule's matter.
        let older = |kind| order.genuine(kind).any(|(at, _)| at > second && at < violation.seq);
        if older(EventKind::Created) || older(EventKind::Paid) {
            return Outcome::NotExercised;
        }
        let violation = violation.clone();
        return Outcome::Fail(Box::new(Breach { violation, stimulus: vec![first, second] }));
    }
    let paid = order
        .looks
        .iter()
        .find(|look| look.seq > second && look.shown.state == Some(OrderState::Paid));
    match paid {
        Some(look) => Outcome::Pass {
            what: "confirmed counted after paid".into(),
            witnesses: vec![first, second, look.seq],
        },
        None => Outcome::Unknown("the order was not seen paid after both events".into()),
    }
}

/// IDEM-08
pub static DUPLICATE_IS_AN_ERROR: Rule = Rule {
    code: "IDEM-08",
    title: "a copy of an acknowledged event is answered with an error",
    level: Level::Should,
    holds: "A provider sends again until it hears yes. A copy that is refused comes back for days, \
        the endpoint looks broken, and in the end the provider switches it off.",
    judged: "An acknowledged event is delivered again under the same id, by itself; the answer is \
        2xx or 409, or a request to come later.",
    not_judged: "Copies that arrive together, answers 429 and 503, and connections that break.",
    fix: "Answer 200 to what is known already.",
    needs: &[Need::Checkout],
    only_on: None,
    owner: Owner::Engineering,
    references: &["vendurehq/vendure#2462"],
    explains: &[],
    judge: |case| each(case, refused_copy),
};

fn refused_copy(order: &Order<'_>) -> Outcome {
    let copies = order.attempts.iter().filter_map(|(seq, attempt)| {
        let is_copy = attempt.forgery.is_none()
            && attempt.arrival == Arrival::InTurn
            && attempt.alteration == Alteration::None
            && order.is_acknowledged(&attempt.event, *seq);
        let same = |(_, first): &&(u64, &Attempt)| first.event == attempt.event;
        let first = order.attempts.iter().find(same).filter(|_| is_copy)?;
        Some((first.0, *seq, attempt))
    });
    let mut outcome = Outcome::NotExercised;
    for (first, seq, copy) in copies {
        if copy.answer.is_taken() {
            outcome = Outcome::Pass {
                what: "a copy of an acknowledged event was acknowledged".into(),
                witnesses: vec![first, seq],
            };
        } else if copy.answer.is_refusal() {
            let violation = Violation {
                fault: Fault::Refused,
                reference: order.opened.reference.clone(),
                seq,
                expected: "a copy of an acknowledged event is acknowledged".into(),
                actual: format!("it was answered {}", copy.answer.tell()),
                at_risk: Some(order.opened.amount),
            };
            return Outcome::Fail(Box::new(Breach { violation, stimulus: vec![first] }));
        }
    }
    outcome
}

/// Whether something that repeats a known fact repeated its effect.
pub(super) fn repeated(
    case: &Case<'_>,
    what: &str,
    stimulus: impl Fn(&Order<'_>, &Attempt, u64) -> bool,
) -> Outcome {
    let mut outcome = Outcome::NotExercised;
    for order in &case.orders {
        let copies: Vec<_> = order
            .attempts
            .iter()
            .filter(|(seq, attempt)| attempt.forgery.is_none() && stimulus(order, attempt, *seq))
            .map(|(seq, _)| *seq)
            .collect();
        let Some(first) = copies.first().copied() else { continue };
        match repeated_after(order, first, what, &copies) {
            fail @ Outcome::Fail(_) => return fail,
            other => outcome = other,
        }
    }
    outcome
}

/// Whether the order shows a repeated effect after `first`; a pass needs an effect to begin with.
pub(super) fn repeated_after(
    order: &Order<'_>,
    first: u64,
    what: &str,
    stimulus: &[u64],
) -> Outcome {
    let before = order.violations.iter().any(|v| v.seq < first && v.fault == Fault::Repeated);
    if let Some(violation) = order.violation_after(first, &[Fault::Repeated])
        && !before
        && !is_drive_to_blame(order, violation.seq)
    {
        // A timeline of the copies and of the delivery that they repeat.
        let origin = order.attempts.iter().map(|(seq, _)| *seq).filter(|seq| *seq < first).max();
        let stimulus = origin.into_iter().chain(stimulus.iter().copied()).collect();
        return Outcome::Fail(Box::new(Breach { violation: violation.clone(), stimulus }));
    }
    // The look after the drive of the closing audit shows that drive's effects as well.
    let mut own = order.looks.iter().rev().filter(|look| look.observed.why != Why::Audit);
    let last = own.next().or(order.last_look()).filter(|look| look.seq > first);
    let Some(look) = last else {
        return Outcome::Unknown("the order was not seen after the repetition".into());
    };
    let has_effect =
        look.shown.credits.is_some_and(|n| n > 0) || look.shown.fulfilments.is_some_and(|n| n > 0);
    if !has_effect {
        return Outcome::Unknown(
            "the payment had no effect at all, so that a second one could not show".into(),
        );
    }
    let witnesses = stimulus.iter().copied().chain([look.seq]).collect();
    Outcome::Pass { what: format!("{what} had no second effect"), witnesses }
}
