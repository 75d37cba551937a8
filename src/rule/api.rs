//! The merchant as a client of the provider: what it makes of answers that fail, get lost or lie.

use super::after::{each, told};
use super::case::{Case, Order};
use super::oracle::Fault;
use super::{Breach, Level, Need, Outcome, Owner, Rule, Violation};
use crate::history::{ApiCall, Fact};
use crate::model::{Status, Trouble};

const NEEDS: &[Need] = &[Need::Checkout, Need::Order];
/// What the merchant calls is seen without looking at it.
const CALLS: &[Need] = &[Need::Checkout];

/// API-02
pub static KEY_PER_ATTEMPT: Rule = Rule {
    code: "API-02",
    title: "every attempt to create a payment has a key of its own",
    level: Level::Must,
    holds: "A lost answer is not a refusal: the payment may exist. Whoever asks again under another \
        idempotency key creates a second one, and a customer who sees both pays twice.",
    judged: "A creation is carried out and the merchant does not hear of it; the buyer checks out \
        again. All creations of the order share one key, or no second payment comes of them.",
    not_judged: "A merchant that looks the payment up instead of creating it again.",
    fix: "Derive the idempotency key from the order and store it before the call.",
    needs: CALLS,
    only_on: None,
    owner: Owner::Engineering,
    references: &["square/square-mcp-server#31", "draft-ietf-httpapi-idempotency-key-header-07"],
    explains: &["API-04", "API-11", "IDEM-04"],
    judge: |case| each(case, one_key),
};

/// API-04
pub static TIMEOUT_TAKEN_FOR_FAILURE: Rule = Rule {
    code: "API-04",
    title: "an unanswered creation is taken for a failed one",
    level: Level::Must,
    holds: "After a timeout nobody knows whether the payment exists. A merchant that writes it off \
        rejects the customer who pays it, or never learns that he did.",
    judged: "A creation is carried out and the merchant does not hear of it; the payment is paid \
        and confirmed. The order must be paid in the end, or a person must be told.",
    not_judged: "What the merchant shows while it does not know.",
    fix: "Keep the order open after a timeout, ask again under the same key, and take the payment \
        that comes back.",
    needs: NEEDS,
    only_on: None,
    owner: Owner::Engineering,
    references: &["Automattic/woocommerce-payments#6933", "juspay/hyperswitch#3675"],
    explains: &["API-11", "IDEM-04"],
    judge: |case| {
        let unanswered = |trouble: Trouble| trouble.is_done_unheard() && !is_unreadable(trouble);
        each(case, |order| paid_after(order, unanswered))
    },
};

/// API-06
pub static ERROR_READ_AS_SUCCESS: Rule = Rule {
    code: "API-06",
    title: "an answer without a payment is taken for one",
    level: Level::Must,
    holds: "A 2xx is not yet a payment: the answer may say that it is only accepted, or carry an \
        error. A merchant that reads the status alone sends its customer to pay nothing.",
    judged: "A creation is answered 202 without a payment, or 200 with an error inside; the buyer \
        checks out again, and the merchant must ask again.",
    not_judged: "What the first checkout answers.",
    fix: "Take a payment for created when its id and its destination are there, and for nothing \
        less.",
    needs: CALLS,
    only_on: None,
    owner: Owner::Engineering,
    references: &["v03413/BEpusdt#195"],
    explains: &["API-11", "IDEM-04"],
    judge: asked_again,
};

/// API-11
pub static BROKEN_ANSWER_BREAKS_ORDER: Rule = Rule {
    code: "API-11",
    title: "an answer that cannot be read breaks the order for good",
    level: Level::Must,
    holds: "A gateway in between answers with a web page, a connection breaks off in the middle. An \
        order that is stuck after that is a lost sale, or money for an order that nobody can open.",
    judged: "A creation is carried out and its answer is cut, is no JSON or is a web page; the \
        buyer checks out again and pays, and the order must be paid.",
    not_judged: "What the first checkout answers.",
    fix: "Read an answer whole before anything is stored from it, and treat what cannot be read \
        like no answer.",
    needs: NEEDS,
    only_on: None,
    owner: Owner::Engineering,
    references: &["CWE-755"],
    explains: &["IDEM-04"],
    judge: |case| each(case, |order| paid_after(order, is_unreadable)),
};

const fn is_unreadable(trouble: Trouble) -> bool {
    matches!(trouble, Trouble::Cut | Trouble::Garbled | Trouble::WebPage)
}

/// The first creation of the order that met such a trouble.
fn troubled<'a>(order: &Order<'a>, is: impl Fn(Trouble) -> bool) -> Option<(u64, &'a ApiCall)> {
    order.creates.iter().copied().find(|(_, call)| call.trouble.is_some_and(&is))
}

fn one_key(order: &Order<'_>) -> Outcome {
    match troubled(order, Trouble::is_done_unheard) {
        Some(first) => one_key_after(order, first, "asking again after a lost answer"),
        None => Outcome::NotExercised,
    }
}

/// After the creation `first`, of which the merchant did not hear, there is no second payment under
/// another key.
pub(super) fn one_key_after(order: &Order<'_>, first: (u64, &ApiCall), what: &str) -> Outcome {
    let (lost, first) = first;
    let later: Vec<_> = order.creates.iter().filter(|(seq, _)| *seq > lost).collect();
    let Some((last, _)) = later.last() else { return Outcome::NotExercised };
    // A payment that was cancelled or ran out before is nobody's second bill.
    let is_live = |seq: u64| {
        let over = [Status::Cancelled, Status::Expired];
        let truths = order.truths_before(seq);
        let of_first = truths.iter().rev().find(|t| Some(&t.payment) == first.payment.as_ref());
        of_first.is_some_and(|truth| !over.contains(&truth.status))
    };
    let second = later.iter().find(|(seq, call)| {
        call.idempotency_key != first.idempotency_key
            && call.payment.is_some()
            && call.payment != first.payment
            && is_live(*seq)
    });
    let Some((seq, _)) = second else {
        return Outcome::Pass {
            what: format!("{what} created nothing twice"),
            witnesses: vec![lost, *last],
        };
    };
    let violation = Violation {
        fault: Fault::Repeated,
        reference: order.opened.reference.clone(),
        seq: *seq,
        expected: "all creations of the order under one idempotency key, and one payment".into(),
        actual: "a second payment under another key, beside the first".into(),
        at_risk: Some(order.opened.amount),
    };
    Outcome::Fail(Box::new(Breach { violation, stimulus: vec![lost] }))
}

/// After a creation that met such a trouble, the payment was confirmed: the order shows it.
fn paid_after(order: &Order<'_>, is: impl Fn(Trouble) -> bool) -> Outcome {
    let Some((lost, _)) = troubled(order, is) else { return Outcome::NotExercised };
    let confirmed = order
        .truths
        .iter()
        .find(|(seq, truth)| *seq > lost && truth.status == Status::Confirmed && truth.is_plain());
    let Some((confirmed, _)) = confirmed else { return Outcome::NotExercised };
    let what = "a payment whose creation was not heard of";
    told(order, *confirmed, vec![lost, *confirmed], &[Fault::Missing], what)
}

/// After an answer without a payment, the next checkout asks again.
fn asked_again(case: &Case<'_>) -> Outcome {
    let hollow = |trouble| matches!(trouble, Trouble::OnlyAccepted | Trouble::ErrorWithin);
    let order = case.orders.iter().find_map(|order| Some((order, troubled(order, hollow)?)));
    let Some((order, (first, _))) = order else { return Outcome::NotExercised };
    if let Some((again, _)) = order.creates.iter().find(|(seq, _)| *seq > first) {
        return Outcome::Pass {
            what: "an answer without a payment was not taken for one".to_owned(),
            witnesses: vec![first, *again],
        };
    }
    // The first checkout during which it happened, and every later one.
    let mut checkouts = case.entries.iter().filter_map(|entry| match &entry.fact {
        Fact::Driven(drive) if drive.verb == "checkout" && entry.seq > first => {
            (drive.reference.as_ref() == Some(&order.opened.reference)).then_some((entry, drive))
        }
        _ => None,
    });
    let _during = checkouts.next();
    match checkouts.next() {
        None => Outcome::NotExercised,
        Some((_, drive)) if !drive.answer.is_success() => Outcome::Unknown(format!(
            "the second checkout did not get as far as the provider; it answered {}",
            drive.answer.tell()
        )),
        Some((entry, drive)) => {
            let violation = Violation {
                fault: Fault::Missing,
                reference: order.opened.reference.clone(),
                seq: entry.seq,
                expected: "the payment is asked for again, because there is none".into(),
                actual: format!("the checkout answered {} and asked nobody", drive.answer.tell()),
                at_risk: Some(order.opened.amount),
            };
            Outcome::Fail(Box::new(Breach { violation, stimulus: vec![first] }))
        }
    }
}
