//! A merchant that is killed: what it had said, done and asked before must survive it.
//!
//! The kills are ours and stand in the history, with the moment that each met.

use super::after::{each, is_acted_on};
use super::api::one_key_after;
use super::case::{Case, Order};
use super::control::accepted;
use super::idem::repeated_after;
use super::oracle::Fault;
use super::{Breach, Level, Need, Outcome, Owner, Rule};
use crate::model::{EventKind, Trouble};
use crate::scenario::Kill;

/// CRASH-01
pub static ACKNOWLEDGED_NOT_KEPT: Rule = Rule {
    code: "CRASH-01",
    title: "an acknowledged event is lost when the process dies",
    level: Level::Must,
    holds: "A 2xx tells the provider to forget the event. A merchant that says so before the event \
        is stored loses it with the next crash or deployment: the customer paid, and nobody will \
        ever say it again.",
    judged: "The merchant is killed as soon as it has acknowledged a confirmation, and started \
        again; nothing is delivered again, and the order must become paid within the declared \
        time. Another order, paid without a kill, is the control.",
    not_judged: "By which way it comes back: a queue on disk, or a look at the provider when it \
        starts.",
    fix: "Store the event in the transaction after which you answer 2xx; work from the stored \
        event.",
    needs: &[Need::Checkout, Need::Order],
    only_on: None,
    owner: Owner::Engineering,
    references: &["strangerstudios/paid-memberships-pro#1830"],
    explains: &["IDEM-04"],
    judge: |case| each(case, |order| kept(case, order)),
};

/// CRASH-04
pub static MEMORY_OF_ONE_LIFE: Rule = Rule {
    code: "CRASH-04",
    title: "what was seen before is forgotten when the process dies",
    level: Level::Must,
    holds: "A provider sends an event again hours later, and every deployment is a restart in \
        between. A list of known events that is held in memory is empty then, and the copy is \
        credited again.",
    judged: "A confirmation is delivered twice without a second effect; the merchant is killed and \
        started again, and a third copy must have none either.",
    not_judged: "What the copies are answered.",
    fix: "Keep the ids of events where the credits are, under a unique constraint.",
    needs: &[Need::Checkout, Need::Ledger],
    only_on: None,
    owner: Owner::Engineering,
    references: &["webrenew/unicon#56", "SandeepVashishtha/Eventra#16517"],
    explains: &["IDEM-01"],
    judge: |case| each(case, |order| remembered(case, order)),
};

/// CRASH-06
pub static REPEATED_CALL: Rule = Rule {
    code: "CRASH-06",
    title: "a call that a crash interrupted is made again as a new one",
    level: Level::Must,
    holds: "The provider has done what it was asked, and the merchant died before it heard so. \
        Whoever asks again under a new idempotency key has it done twice.",
    judged: "The merchant is killed while it waits for the answer to a creation, and started \
        again; the buyer checks out once more. All creations of the order share one key, or no \
        second payment comes of them.",
    not_judged: "A merchant that looks the payment up instead of creating it again.",
    fix: "Derive the idempotency key from the order, or store it before the call; never from the \
        process.",
    needs: &[Need::Checkout],
    only_on: None,
    owner: Owner::Engineering,
    references: &["btcpayserver/btcpayserver#6540", "btcpayserver/btcpayserver#6564"],
    explains: &["API-02", "IDEM-04"],
    judge: |case| each(case, |order| asked_once(case, order)),
};

/// A kill of that moment, with the start after it.
fn life_after(case: &Case<'_>, moment: Kill) -> Option<(u64, u64)> {
    let (killed, _) = case.kills.iter().find(|(_, met)| *met == moment)?;
    let restarted = case.restarts.iter().find(|seq| *seq > killed)?;
    Some((*killed, *restarted))
}

fn kept(case: &Case<'_>, order: &Order<'_>) -> Outcome {
    let Some((killed, restarted)) = life_after(case, Kill::Answered) else {
        return Outcome::NotExercised;
    };
    let said = case.orders.iter().flat_map(|order| order.attempts.iter());
    let last = said.map(|(seq, _)| *seq).filter(|seq| *seq < killed).max();
    let mut confirmed = order.genuine(EventKind::Confirmed);
    let answered =
        confirmed.find(|(seq, attempt)| Some(*seq) == last && attempt.answer.is_success());
    let Some((answered, _)) = answered else { return Outcome::NotExercised };
    // What is said again afterwards would hide the loss.
    let again = order.attempts.iter().map(|(seq, _)| *seq).find(|seq| *seq > killed);
    let until = again.unwrap_or(u64::MAX);
    let stimulus = vec![answered, killed, restarted];
    let missing = order.violation_after(restarted, &[Fault::Missing]);
    if let Some(violation) = missing.filter(|violation| violation.seq < until) {
        let controls = case.orders.iter().filter_map(|order| accepted(order, 0));
        return match controls.min().filter(|seen| *seen < killed) {
            Some(_) => Outcome::Fail(Box::new(Breach { violation: violation.clone(), stimulus })),
            None => Outcome::Unknown("no control: no order was seen paid before the kill".into()),
        };
    }
    let is_right = |seq: u64, state| seq > restarted && seq < until && is_acted_on(state);
    match order.looks.iter().find(|look| is_right(look.seq, look.shown.state)) {
        Some(look) => Outcome::Pass {
            what: "an acknowledged confirmation survived the death of the process".into(),
            witnesses: stimulus.into_iter().chain([look.seq]).collect(),
        },
        None => Outcome::Unknown("the order was not seen after the merchant was back".into()),
    }
}

fn remembered(case: &Case<'_>, order: &Order<'_>) -> Outcome {
    let Some((killed, restarted)) = life_after(case, Kill::Idle) else {
        return Outcome::NotExercised;
    };
    let mut confirmed = order.genuine(EventKind::Confirmed);
    let copy = confirmed.find(|(seq, attempt)| {
        *seq > restarted && order.taken_before(killed).contains(attempt.event.as_str())
    });
    let Some((copy, attempt)) = copy else { return Outcome::NotExercised };
    // Whoever books copies within one life has another fault.
    let before = order.attempts.iter().filter(|(seq, first)| {
        *seq < killed && first.event == attempt.event && first.answer.is_taken()
    });
    let repeated = order.violations.iter().any(|v| v.seq < restarted && v.fault == Fault::Repeated);
    if before.count() < 2 || repeated {
        return Outcome::NotExercised;
    }
    repeated_after(order, copy, "a copy after the death of the process", &[killed, restarted, copy])
}

fn asked_once(case: &Case<'_>, order: &Order<'_>) -> Outcome {
    let Some((killed, _)) = life_after(case, Kill::Calling) else { return Outcome::NotExercised };
    let mut creates = order.creates.iter();
    let held = creates.find(|(seq, call)| *seq < killed && call.trouble == Some(Trouble::Held));
    let Some((held, first)) = held else { return Outcome::NotExercised };
    one_key_after(order, (*held, first), "asking again after the death of the process")
}
