//! Operations: what a provider does to an endpoint that says no.

use super::after::each;
use super::case::Order;
use super::oracle::Fault;
use super::{Breach, Level, Need, Outcome, Owner, Rule, Violation};
use crate::model::EventKind;

/// OPS-02
pub static HARMLESS_REFUSED: Rule = Rule {
    code: "OPS-02",
    title: "a harmless notification is answered with an error",
    level: Level::Should,
    holds: "A provider that hears no sends again for days and then switches the endpoint off; from \
        then on no payment is announced at all.",
    judged: "The provider tries the endpoint out with a `webhook.test`, which concerns no payment: \
        one of its attempts is acknowledged.",
    not_judged: "Attempts that are answered 429 or 503, and later ones that are acknowledged.",
    fix: "Acknowledge whatever is genuine, and ignore what is of no interest.",
    needs: &[Need::Checkout],
    only_on: None,
    owner: Owner::Engineering,
    references: &["btcpayserver/btcpayserver#3146", "202-ecommerce/stripe_official#79"],
    explains: &[],
    judge: |case| each(case, test_refused),
};

fn test_refused(order: &Order<'_>) -> Outcome {
    let tests: Vec<_> = order.genuine(EventKind::Test).collect();
    let Some((first, _)) = tests.first().copied() else { return Outcome::NotExercised };
    if let Some((seq, _)) = tests.iter().find(|(_, attempt)| attempt.answer.is_taken()) {
        return Outcome::Pass {
            what: "a notification that concerns no payment was acknowledged".into(),
            witnesses: vec![*seq],
        };
    }
    match tests.iter().find(|(_, attempt)| attempt.answer.is_refusal()) {
        Some((seq, attempt)) => {
            let violation = Violation {
                fault: Fault::Refused,
                reference: order.opened.reference.clone(),
                seq: *seq,
                expected: "a test of the endpoint is acknowledged".into(),
                actual: format!("it was answered {}", attempt.answer.tell()),
                at_risk: Some(order.opened.amount),
            };
            Outcome::Fail(Box::new(Breach { violation, stimulus: vec![first, order.seq] }))
        }
        None => Outcome::Unknown("no attempt of the test was answered".into()),
    }
}
