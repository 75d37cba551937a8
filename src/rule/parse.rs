//! Parsing: what was received is what is verified, and what was verified is what is used.

use super::case::{Case, Order};
use super::control::controlled;
use super::oracle::Fault;
use super::{Breach, Level, Need, Outcome, Owner, Rule, Violation};
use crate::history::{Attempt, Why};
use crate::model::{EventKind, OrderState, Reference};
use crate::scenario::Alteration;

/// PARSE-01
pub static OVER_REWRITTEN_BODY: Rule = Rule {
    code: "PARSE-01",
    title: "the signature is verified over a rewritten body",
    level: Level::Must,
    holds: "A signature covers the bytes that were sent. A merchant that parses the body and \
        signs its own spelling of it refuses genuine notifications as soon as a space, an escape \
        or a key order differs: paid orders stay unpaid.",
    judged: "A genuine notification in odd but legal JSON is refused, with all its retries, while \
        a plain one in the same scenario is accepted. Control: in the same scenario, an order \
        paid exactly becomes paid.",
    not_judged: "Which bytes the merchant's framework hands out; any 2xx, and any order that \
        becomes paid in another way, is right.",
    fix: "Take the raw request body for verification; parse afterwards.",
    needs: &[Need::Checkout],
    only_on: None,
    owner: Owner::Engineering,
    references: &["circlefin/arc-escrow#34", "box/box-node-sdk#568", "RFC 8259 section 2"],
    explains: &[],
    judge: |case| {
        altered(case, Alteration::Respelled, "a genuine notification in odd but legal JSON")
    },
};

/// PARSE-02
pub static CHARSET_CONFUSED: Rule = Rule {
    code: "PARSE-02",
    title: "a notification with letters beyond ASCII is refused",
    level: Level::Must,
    holds: "JSON is UTF-8. A merchant that decodes the body in another charset before it verifies \
        refuses genuine notifications as soon as a customer has an umlaut in the name: paid orders \
        stay unpaid.",
    judged: "A genuine notification with a text in other scripts is refused, with all its retries, \
        while a plain one in the same scenario is accepted. Control: in the same scenario, an \
        order paid exactly becomes paid.",
    not_judged: "What the merchant does with the text; any 2xx, and any order that becomes paid in \
        another way, is right.",
    fix: "Verify the raw bytes; decode them as UTF-8 afterwards.",
    needs: &[Need::Checkout],
    only_on: None,
    owner: Owner::Engineering,
    references: &["razorpay/razorpay-dot-net#156", "github/docs#3567", "RFC 8259 section 8.1"],
    explains: &[],
    judge: |case| {
        let what = "a genuine notification with a text in other scripts";
        altered(case, Alteration::OtherScripts, what)
    },
};

/// PARSE-06
pub static FLOATING_POINT: Rule = Rule {
    code: "PARSE-06",
    title: "money passes through floating point",
    level: Level::Must,
    holds: "Amounts are whole atoms. A binary float holds 15 to 17 digits; beyond that the books \
        differ from the chain by atoms that nobody can explain.",
    judged: "An order of more than 2^53 atoms is paid exactly; the payment asked for and the \
        credit posted must be that amount, to the atom.",
    not_judged: "How amounts are shown to customers.",
    fix: "Keep amounts as decimal strings or integers from the wire to the ledger.",
    needs: &[Need::Checkout, Need::Ledger],
    only_on: None,
    owner: Owner::Engineering,
    references: &["hiero-ledger/hiero-mirror-node#13912", "ethereum/staking-deposit-cli#100"],
    explains: &[],
    judge: |case| {
        let mut outcome = Outcome::NotExercised;
        for order in case.orders.iter().filter(|order| order.opened.amount.atoms > 1 << 53) {
            outcome = exact_amount(order);
            if matches!(outcome, Outcome::Fail(_)) {
                break;
            }
        }
        outcome
    },
};

/// PARSE-07
pub static UNKNOWN_EVENT: Rule = Rule {
    code: "PARSE-07",
    title: "a notification of an unknown type is not ignored",
    level: Level::Must,
    holds: "Providers add event types and fields without asking. A merchant that crashes on one, \
        or takes it for success, loses later notifications or ships for nothing.",
    judged: "An authentic notification of a type that did not exist yesterday must be \
        acknowledged and have no effect. Control: in the same scenario, an order paid exactly \
        becomes paid.",
    not_judged: "Whether the merchant records it.",
    fix: "Answer 2xx to types you do not handle, and ignore fields that you do not know.",
    needs: &[Need::Checkout],
    only_on: None,
    owner: Owner::Engineering,
    references: &["koala73/worldmonitor#4436", "BitBagCommerce/SyliusAdyenPlugin_old#17"],
    explains: &[],
    judge: |case| {
        let unknown = |attempt: &Attempt| {
            attempt.forgery.is_none() && EventKind::from_word(&attempt.event_type).is_none()
        };
        for order in &case.orders {
            let first = order.attempts.iter().find(|(_, attempt)| unknown(attempt));
            let Some((seq, _)) = first else { continue };
            // An order that took a notice of the transfer for payment was wrong before.
            let moved = order.genuine(EventKind::Paid).any(|(at, _)| at < *seq);
            if !moved && let Some(violation) = order.violation_after(*seq, &[Fault::Unproven]) {
                let violation = violation.clone();
                return Outcome::Fail(Box::new(Breach { violation, stimulus: vec![*seq] }));
            }
        }
        controlled(case, refused(case, unknown, "an authentic notification of an unknown type"))
    },
};

/// The order became paid within the scenario although the notification was refused: the merchant
/// knew already, and said so, or asked the provider itself.
fn paid_anyway(case: &Case<'_>, reference: &Reference, alteration: Alteration) -> Option<Outcome> {
    let order = case.order(reference)?;
    let (sent, _) = order.attempts.iter().rfind(|(_, a)| a.alteration == alteration)?;
    let paid = order.looks.iter().find(|look| {
        look.observed.why == Why::Changed && look.shown.state == Some(OrderState::Paid)
    })?;
    let what = "the order is paid, whatever the answer to that notification was".into();
    Some(Outcome::Pass { what, witnesses: vec![*sent, paid.seq] })
}

/// Judges genuine messages that were altered in that way.
fn altered(case: &Case<'_>, alteration: Alteration, what: &str) -> Outcome {
    let judged = match refused(case, |attempt| attempt.alteration == alteration, what) {
        Outcome::Fail(breach) => paid_anyway(case, &breach.violation.reference, alteration)
            .unwrap_or(Outcome::Fail(breach)),
        other => other,
    };
    controlled(case, judged)
}

/// Whether messages of a kind are refused for good although ordinary ones are accepted.
fn refused(case: &Case<'_>, kind: impl Fn(&Attempt) -> bool, what: &str) -> Outcome {
    let mut outcome = Outcome::NotExercised;
    for order in &case.orders {
        let of_kind = |attempt: &Attempt| attempt.forgery.is_none() && kind(attempt);
        let tries: Vec<_> = order.attempts.iter().filter(|(_, a)| of_kind(a)).collect();
        let Some((last, attempt)) = tries.last() else { continue };
        if let Some((seq, _)) = tries.iter().find(|(_, a)| a.answer.is_success()) {
            outcome = Outcome::Pass { what: format!("{what} was accepted"), witnesses: vec![*seq] };
            continue;
        }
        if attempt.answer.is_turned_away() {
            return Outcome::Unknown("the merchant's rate limit turned it away to the end".into());
        }
        let control = order
            .attempts
            .iter()
            .find(|(_, a)| a.forgery.is_none() && !kind(a) && a.answer.is_success());
        let Some((control, _)) = control else {
            return Outcome::Unknown("no ordinary notification was accepted either".into());
        };
        let violation = Violation {
            fault: Fault::Missing,
            reference: attempt.reference.clone(),
            seq: *last,
            expected: format!("{what} is acknowledged with a 2xx"),
            actual: format!("{} tries, last answer {}", tries.len(), attempt.answer.tell()),
            at_risk: Some(order.opened.amount),
        };
        let stimulus = vec![*control, tries[0].0];
        return Outcome::Fail(Box::new(Breach { violation, stimulus }));
    }
    outcome
}

fn exact_amount(order: &Order<'_>) -> Outcome {
    let Some((asked, truth)) = order.truths.first() else { return Outcome::NotExercised };
    let due = order.opened.amount;
    if truth.due != due {
        let violation = Violation {
            fault: Fault::WrongAmount,
            reference: truth.reference.clone(),
            seq: *asked,
            expected: format!("a payment over {due} is created"),
            actual: format!("the merchant asked for {}", truth.due),
            at_risk: Some(due),
        };
        return Outcome::Fail(Box::new(Breach { violation, stimulus: vec![order.seq] }));
    }
    let wrong = [Fault::WrongAmount, Fault::Excess];
    if let Some(violation) = order.violation_after(*asked, &wrong) {
        let violation = violation.clone();
        return Outcome::Fail(Box::new(Breach { violation, stimulus: vec![*asked] }));
    }
    let credited = order.looks.iter().rev().find(|look| look.shown.credited == Some(due));
    match credited {
        Some(look) => Outcome::Pass {
            what: format!("{due} went through unchanged"),
            witnesses: vec![*asked, look.seq],
        },
        None => Outcome::Unknown("nothing was credited for the large amount".into()),
    }
}
