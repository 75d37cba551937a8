//! Money that goes back: refunds at the provider and disputes.

use super::after::{acknowledged, as_expected, became, each, followed, heard, is_acted_on};
use super::case::{Case, Look, Order};
use super::oracle::Fault;
use super::{Level, Need, Outcome, Owner, Rule};
use crate::model::{EventKind, OrderState, Status};
use crate::scenario::Expectation;

const BOOKS: &[Need] = &[Need::Checkout, Need::Order, Need::Ledger];

/// LIFE-11
pub static DISPUTE_IGNORED: Rule = Rule {
    code: "LIFE-11",
    title: "a lost dispute is ignored",
    level: Level::Must,
    holds: "A lost dispute takes the money back. Books that do not follow show revenue that is \
        gone, and an order that stays paid is never looked at again.",
    judged: "A payment is disputed and the dispute lost, and the merchant acknowledges it: the \
        order must not stay paid as if nothing had happened, and a credit of what was lost must \
        not stand without an exception.",
    not_judged: "Whether the goods are claimed back.",
    fix: "Handle `dispute.lost`: reverse the credit by what was lost, and let a person look.",
    needs: BOOKS,
    only_on: None,
    owner: Owner::Finance,
    references: &["sourcegraph/cody#1605", "AI-Shipping-Labs/website#1422"],
    explains: &[],
    judge: |case| {
        each(case, |order| {
            let faults = [Fault::Missing, Fault::WrongAmount, Fault::Unsurfaced];
            let left = |look: &Look<'_>| look.shown.state != Some(OrderState::Paid);
            after(order, EventKind::DisputeLost, &faults, left, "a lost dispute")
        })
    },
};

/// LIFE-12
pub static WON_NOT_RESTORED: Rule = Rule {
    code: "LIFE-12",
    title: "a dispute that was won does not restore the order",
    level: Level::Should,
    holds: "A won dispute leaves the money where it was. An order that stays parked, or a credit \
        that stays reversed, hides revenue that is there, and a customer waits.",
    judged: "A paid order's payment is disputed and the dispute won, each acknowledged: the order \
        must be paid again, with its credit.",
    not_judged: "What the order shows while the dispute is open.",
    fix: "Handle `dispute.won` by undoing what `dispute.opened` did.",
    needs: BOOKS,
    only_on: None,
    owner: Owner::Finance,
    references: &["vaibhavarora14/job-application-agent#20"],
    explains: &[],
    judge: |case| {
        each(case, |order| {
            let faults = [Fault::Missing, Fault::WrongAmount];
            let paid = |look: &Look<'_>| look.shown.state == Some(OrderState::Paid);
            after(order, EventKind::DisputeWon, &faults, paid, "a dispute that was won")
        })
    },
};

/// ORD-05
pub static REFUND_FIRST: Rule = Rule {
    code: "ORD-05",
    title: "a refund that arrives before the payment's own news is lost",
    level: Level::Must,
    holds: "News of a refund can overtake the news of its payment. A merchant that drops it and \
        then hears that the order is paid ships for money that has gone back.",
    judged: "The completion of a full refund is delivered before the payment is ever announced as \
        final, then the confirmation; the order must end as refunded, or with a person, and nothing \
        may be shipped.",
    not_judged: "What is shown between the two.",
    fix: "Keep what cannot be applied yet and apply it later, or read the payment at the provider.",
    needs: BOOKS,
    only_on: None,
    owner: Owner::Engineering,
    references: &["getlago/lago-api#3200"],
    explains: &[],
    judge: |case| each(case, |order| refund_first(case, order)),
};

/// REF-05
pub static PARTIAL_TAKEN_FOR_FULL: Rule = Rule {
    code: "REF-05",
    title: "a partial refund is taken for a full one, or is not booked",
    level: Level::Must,
    holds: "A part that goes back is that part. Taken for the whole it cancels what the customer \
        still owns and paid for; not booked at all, it leaves revenue that is gone.",
    judged: "A part of a payment is refunded at the provider and the merchant acknowledges it: the \
        order must not show the whole as refunded, and the refund posted must be that part.",
    not_judged: "How the order says that a part went back.",
    fix: "Post the refund's own amount; show `refunded` where nothing is left.",
    needs: BOOKS,
    only_on: None,
    owner: Owner::Finance,
    references: &["woocommerce/woocommerce#22072", "mollie/api-documentation#575"],
    explains: &[],
    judge: |case| each(case, |order| partial(case, order)),
};

/// REF-06
pub static FAILED_REFUND_BOOKED: Rule = Rule {
    code: "REF-06",
    title: "a refund that failed stays booked",
    level: Level::Must,
    holds: "A refund can be accepted and fail on its way. Books that keep it show money as paid \
        back that the customer never got, and nobody sends it again.",
    judged: "A refund is created and fails, and the merchant acknowledges both: no refund may \
        stand in the books.",
    not_judged: "Whether it is tried again.",
    fix: "Handle `refund.failed`: take the posting back, and open an exception.",
    needs: BOOKS,
    only_on: None,
    owner: Owner::Finance,
    references: &["solidusio/solidus_stripe#265", "antiwork/gumroad#5779"],
    explains: &[],
    judge: |case| {
        each(case, |order| {
            let Some(failed) = heard_of(order, EventKind::RefundFailed) else {
                return Outcome::NotExercised;
            };
            as_expected(case, order, vec![failed], u64::MAX, is_no_refund, "a refund that failed")
        })
    },
};

/// REF-09
pub static PENDING_TAKEN_FOR_DONE: Rule = Rule {
    code: "REF-09",
    title: "a refund that is on its way is taken for done",
    level: Level::Should,
    holds: "Created is not paid out. A refund that is booked when it begins is a refund that is \
        booked for ever when it fails.",
    judged: "A refund is created, the merchant acknowledges it, and it has not arrived: no refund \
        stands in the books, and the order is not refunded.",
    not_judged: "A state shown to the customer that says that a refund is coming.",
    fix: "Post on `refund.completed`, never on `refund.created`.",
    needs: BOOKS,
    only_on: None,
    owner: Owner::Finance,
    references: &["mollie/api-documentation#722"],
    explains: &["REF-06"],
    judge: |case| each(case, |order| pending(case, order)),
};

/// When the merchant heard of the first news of that kind, by the event or because it asked.
fn heard_of(order: &Order<'_>, kind: EventKind) -> Option<u64> {
    heard(order, became(order, 0, |truth| truth.event == Some(kind))?)
}

/// Judges what follows from the first news of that kind.
fn after(
    order: &Order<'_>,
    kind: EventKind,
    faults: &[Fault],
    is_right: impl Fn(&Look<'_>) -> bool,
    what: &str,
) -> Outcome {
    match heard_of(order, kind) {
        Some(heard) => followed(order, vec![heard], faults, is_right, what),
        None => Outcome::NotExercised,
    }
}

fn refund_first(case: &Case<'_>, order: &Order<'_>) -> Outcome {
    let Some(refund) = acknowledged(order, EventKind::RefundCompleted, 0) else {
        return Outcome::NotExercised;
    };
    let finals = [EventKind::Confirmed, EventKind::Settled];
    // The creation of a refund shows a payment that is final.
    let earlier = [EventKind::Confirmed, EventKind::Settled, EventKind::RefundCreated];
    let announced = |before: u64| {
        earlier.iter().any(|kind| order.genuine(*kind).any(|(seq, _)| seq < before))
            || order.reads.iter().any(|seq| *seq < before && shows_final(order, *seq))
    };
    let later = finals.iter().filter_map(|kind| acknowledged(order, *kind, refund)).min();
    let Some(later) = later.filter(|_| !announced(refund)) else { return Outcome::NotExercised };
    let faults = [Fault::Missing, Fault::Unproven, Fault::Unsurfaced];
    let ended = |look: &Look<'_>| {
        matches!(look.shown.state, Some(OrderState::Refunded | OrderState::Exception))
    };
    let what = "a refund ahead of its payment";
    match followed(order, vec![refund, later], &faults, ended, what) {
        fail @ Outcome::Fail(_) => fail,
        other => {
            let none = |expected: &Expectation| matches!(expected, Expectation::Fulfilments(0));
            let shipped = as_expected(case, order, vec![refund, later], u64::MAX, none, what);
            if matches!(shipped, Outcome::Fail(_)) { shipped } else { other }
        }
    }
}

/// Whether a read at that entry showed money that was final and had not gone back.
fn shows_final(order: &Order<'_>, seq: u64) -> bool {
    let truths = order.truths_before(seq);
    truths.last().is_some_and(|t| matches!(t.status, Status::Confirmed | Status::Settled))
}

fn partial(case: &Case<'_>, order: &Order<'_>) -> Outcome {
    let Some(heard) = heard_of(order, EventKind::RefundCompleted) else {
        return Outcome::NotExercised;
    };
    let known = order.truths_before(heard);
    if known.last().is_none_or(|truth| truth.status == Status::Refunded) {
        return Outcome::NotExercised;
    }
    let until = order.truths.iter().find(|(_, truth)| truth.status == Status::Refunded);
    let until = until.map_or(u64::MAX, |(at, _)| *at);
    let shown = followed(
        order,
        vec![heard],
        &[Fault::Unproven],
        |look| look.seq < until && is_acted_on(look.shown.state),
        "a partial refund",
    );
    if matches!(shown, Outcome::Fail(_)) {
        return shown;
    }
    let part = |expected: &Expectation| matches!(expected, Expectation::Refunds { count: 1, .. });
    as_expected(case, order, vec![heard], until, part, "a partial refund")
}

fn pending(case: &Case<'_>, order: &Order<'_>) -> Outcome {
    let Some(created) = heard_of(order, EventKind::RefundCreated) else {
        return Outcome::NotExercised;
    };
    let ended = [EventKind::RefundCompleted, EventKind::RefundFailed];
    let until =
        became(order, created, |truth| truth.event.is_some_and(|kind| ended.contains(&kind)));
    let until = until.unwrap_or(u64::MAX);
    as_expected(case, order, vec![created], until, is_no_refund, "a refund on its way")
}

const fn is_no_refund(expected: &Expectation) -> bool {
    matches!(expected, Expectation::Refunds { count: 0, .. })
}
