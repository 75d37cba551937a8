//! Idempotency under concurrency: copies that are in flight together.

use std::collections::BTreeMap;

use super::after::{each, told};
use super::case::{Case, Order};
use super::idem::{once_for_each, repeated_after};
use super::oracle::Fault;
use super::{Level, Need, Outcome, Owner, Rule};
use crate::history::{Attempt, Fact};
use crate::model::{EventKind, Trouble};
use crate::scenario::Arrival;

/// RACE-01
pub static PARALLEL_COPIES: Rule = Rule {
    code: "RACE-01",
    title: "two copies at once both pass the duplicate check",
    level: Level::Must,
    holds: "A retry may overtake a slow first try, and several workers may hold one event. A check \
        that looks first and writes later lets all of them through, each with a full credit.",
    judged: "Copies of one event are released at one instant; credits and fulfilments must be \
        those of one. A pass needs as its witness that every copy was sent before any was \
        answered.",
    not_judged: "Which copy wins, and what the others are answered; copies that a rate limit turned \
        away with 429 took no part.",
    fix: "Let the database decide: a unique constraint on the event id, or on the payment, in the \
        transaction that posts the credit.",
    needs: &[Need::Checkout, Need::Ledger],
    only_on: None,
    owner: Owner::Engineering,
    references: &[
        "Pinelab-studio/pinelab-vendure-plugins#620",
        "stellarBank/StellarBank#39",
        "ACIDRain, SIGMOD 2017",
    ],
    explains: &[],
    judge: |case| {
        let mut outcome = Outcome::NotExercised;
        // What each kind of notification did once, no race did.
        let raced = |order: &&Order<'_>| once_for_each(case, order).is_none();
        for order in case.orders.iter().filter(raced) {
            let mut races: BTreeMap<&str, Vec<(u64, &Attempt)>> = BTreeMap::new();
            for (seq, attempt) in &order.attempts {
                if attempt.arrival == Arrival::AtOnce && attempt.forgery.is_none() {
                    races.entry(attempt.event.as_str()).or_default().push((*seq, attempt));
                }
            }
            for copies in races.values().filter(|copies| copies.len() > 1) {
                let let_in: Vec<_> =
                    copies.iter().copied().filter(|(_, a)| !a.answer.is_turned_away()).collect();
                if let_in.len() < 2 {
                    outcome = Outcome::Unknown(
                        "the merchant's rate limit let fewer than two copies in; declare it as \
                         policy.webhook_rate"
                            .into(),
                    );
                    continue;
                }
                let seqs: Vec<_> = let_in.iter().map(|(seq, _)| *seq).collect();
                let judged = repeated_after(order, seqs[0], "copies at once", &seqs);
                match judged {
                    Outcome::Fail(_) => return judged,
                    Outcome::Pass { .. } if !overlap(&let_in) => {
                        outcome = Outcome::Unknown(
                            "the copies did not overlap: one was answered before all were sent"
                                .into(),
                        );
                    }
                    other => outcome = other,
                }
            }
        }
        outcome
    },
};

/// RACE-05
pub static EARLY_EVENT_LOST: Rule = Rule {
    code: "RACE-05",
    title: "a notification that overtakes the answer to the creation is lost",
    level: Level::Must,
    holds: "A provider may announce a payment before it has answered its creation. A merchant that \
        acknowledges what it cannot assign yet, or overwrites it with what the late answer says, \
        has the money and no paid order.",
    judged: "The answer to a creation is held back until the payment is confirmed and its \
        notifications were sent; the order must be paid in the end, or a person must be told.",
    not_judged: "What the early notifications are answered: whoever refuses them gets them again. A \
        merchant that takes nothing in while it waits for the provider.",
    fix: "Store the order before the call and keep what cannot be applied yet in the transaction \
        that acknowledges it; apply it when the payment is known. Or answer 5xx until then.",
    needs: &[Need::Checkout, Need::Order],
    only_on: None,
    owner: Owner::Engineering,
    references: &[
        "duncanmcclean/statamic-cargo#190",
        "polarsource/polar#10728",
        "laravel/cashier-mollie#117",
    ],
    explains: &["IDEM-04"],
    judge: |case| each(case, |order| overtaken(case, order)),
};

/// What was announced between a creation and its answer is not lost.
fn overtaken(case: &Case<'_>, order: &Order<'_>) -> Outcome {
    let mut creates = order.creates.iter();
    let held = creates.find(|(_, call)| call.trouble == Some(Trouble::Held));
    let Some((held, _)) = held else { return Outcome::NotExercised };
    // The checkout ends with the answer.
    let answered = case.entries.iter().find(|entry| match &entry.fact {
        Fact::Driven(drive) => {
            entry.seq > *held && drive.reference.as_ref() == Some(&order.opened.reference)
        }
        _ => false,
    });
    let Some(answered) = answered else { return Outcome::NotExercised };
    let mut early = order.genuine(EventKind::Confirmed);
    match early.find(|(seq, _)| (*held..answered.seq).contains(seq)) {
        None => Outcome::NotExercised,
        Some((early, _)) => {
            let what = "a notification before the answer to the creation";
            told(order, early, vec![*held, early], &[Fault::Missing], what)
        }
    }
}

/// Whether every copy was sent before any was answered.
fn overlap(copies: &[(u64, &Attempt)]) -> bool {
    let last_sent = copies.iter().map(|(_, attempt)| attempt.sent_us).max();
    let first_answered = copies.iter().map(|(_, attempt)| attempt.answered_us).min();
    last_sent < first_answered
}
