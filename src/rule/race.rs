//! Idempotency under concurrency: copies that are in flight together.

use std::collections::BTreeMap;

use super::case::Order;
use super::idem::{once_for_each, repeated_after};
use super::{Level, Need, Outcome, Owner, Rule};
use crate::history::Attempt;
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

/// Whether every copy was sent before any was answered.
fn overlap(copies: &[(u64, &Attempt)]) -> bool {
    let last_sent = copies.iter().map(|(_, attempt)| attempt.sent_us).max();
    let first_answered = copies.iter().map(|(_, attempt)| attempt.answered_us).min();
    last_sent < first_answered
}
