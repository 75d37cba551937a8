//! Lifecycle and finality: credit at the agreed point, and lose no money on the way.

use super::after::{became, each, followed, heard, is_acted_on, unmoved};
use super::case::{Case, Look, Order};
use super::control::controlled;
use super::declaration::WITH_BLOCKS;
use super::oracle::Fault;
use super::{Breach, Level, Need, Outcome, Owner, Rails, Rule};
use crate::merchant::Amount;
use crate::model::{EventKind, OrderState, Span, Status, Truth};

/// From when on a confirmation counts as late: longer than any payment window of the catalogue.
const DELAY: Span = Span::from_s(2 * 3600);

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
    only_on: WITH_BLOCKS,
    owner: Owner::Product,
    references: &["CVE-2024-41670", "bitpay/whmcs-plugin#40", "AI-Shipping-Labs/website#1423"],
    explains: &["LIFE-02"],
    judge: |case| controlled(case, each(case, not_final)),
};

/// LIFE-02
pub static FEW_CONFIRMATIONS: Rule = Rule {
    code: "LIFE-02",
    title: "a transfer with too few confirmations is taken for final",
    level: Level::Must,
    holds: "A block or two can be replaced. The provider asks for more before it stands behind the \
        money; whoever ships before is alone with the loss when the transfer is gone.",
    judged: "A transfer has some of the confirmations that it needs when the merchant reads it at \
        the provider, and then a reorganisation takes it away: no fulfilment, no credit, and no \
        order shown as paid in between. Control: in the same scenario, an order paid exactly \
        becomes paid.",
    not_judged: "A provisional state shown to the customer.",
    fix: "Go by the payment's status, not by a number of confirmations of your own.",
    needs: &[Need::Checkout, Need::Reconcile, Need::Order],
    only_on: Some(Rails { has: |rail| rail.confirmations > 1, told: "needs more than one block" }),
    owner: Owner::Product,
    references: &["bitcart/bitcart#529", "blockonomics/woocommerce-plugin#34"],
    explains: &[],
    judge: |case| controlled(case, each(case, replaced)),
};

/// LIFE-03
pub static REVERSAL_IGNORED: Rule = Rule {
    code: "LIFE-03",
    title: "a confirmed payment that the network took back stays paid",
    level: Level::Must,
    holds: "Even confirmed money can vanish with a deep reorganisation or a double spend. Books \
        that do not follow show money that nobody has, and nobody asks for the goods.",
    judged: "A payment is confirmed and the order paid; then the chain is reorganised below it, \
        the payment fails, and the merchant acknowledges it: the order must not stay paid, and the \
        credit must not stand, unless a person is told.",
    not_judged: "Whether the goods are claimed back.",
    fix: "Handle `payment.failed` from every state: reverse the credit and open an exception.",
    needs: &[Need::Checkout, Need::Order],
    only_on: WITH_BLOCKS,
    owner: Owner::Finance,
    references: &["Coinbase, ETC reorganisation, January 2019", "BTCPay Server, RBF handling"],
    explains: &[],
    judge: |case| each(case, reversed),
};

/// LIFE-06
pub static FAILURE_IS_COMPLETION: Rule = Rule {
    code: "LIFE-06",
    title: "a failed payment is recorded as completed",
    level: Level::Must,
    holds: "Failed is an end, and not a happy one. A merchant that takes every end for success \
        ships for money that the provider refused.",
    judged: "A covered payment fails before it was ever confirmed, because screening rejected it \
        or the network never confirmed it, and the merchant acknowledges that: no fulfilment, no \
        credit, and no order shown as paid. Control: in the same scenario, an order paid exactly \
        becomes paid.",
    not_judged: "Whether the order is cancelled, left open or parked.",
    fix: "List the statuses that mean success, and treat every other as none.",
    needs: &[Need::Checkout, Need::Order],
    only_on: WITH_BLOCKS,
    owner: Owner::Engineering,
    references: &["CVE-2022-29254", "Adyen/adyen-magento#426"],
    explains: &[],
    judge: |case| controlled(case, each(case, failed)),
};

/// LIFE-07
pub static LATE_SUCCESS_DROPPED: Rule = Rule {
    code: "LIFE-07",
    title: "a confirmation that comes hours after the payment is dropped",
    level: Level::Must,
    holds: "Networks stall, screening takes a night. The customer paid in time; a merchant that \
        has stopped waiting keeps the money and ships nothing.",
    judged: "A payment is covered in time, hours pass, and only then it is confirmed and the \
        merchant acknowledges it; the order must be paid, or a person must be told.",
    not_judged: "What is shown in the meantime.",
    fix: "Go by the status and not by the deadline: a payment that was covered in time is good.",
    needs: &[Need::Checkout, Need::Order],
    only_on: WITH_BLOCKS,
    owner: Owner::Product,
    references: &["AI-Shipping-Labs/website#1423", "offspot/imager-service#525"],
    explains: &[],
    judge: |case| each(case, |order| delayed(case, order)),
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
    only_on: None,
    owner: Owner::Finance,
    references: &["woocommerce/woocommerce#21083", "btcpayserver/btcpayserver#5936"],
    explains: &[],
    judge: |case| controlled(case, each(case, |order| late(case, order))),
};

fn not_final(order: &Order<'_>) -> Outcome {
    // From the announcement of money that counts until the provider itself says more. What does
    // not count has rules of its own.
    let announced = order.attempts.iter().find(|(seq, attempt)| {
        let kind = EventKind::from_word(&attempt.event_type);
        let provisional = [EventKind::Paid, EventKind::Detected, EventKind::Underpaid];
        let counts = order
            .truths_before(*seq)
            .last()
            .is_some_and(|truth| !truth.received.is_zero() && truth.asked_for.is_none());
        counts
            && attempt.forgery.is_none()
            && attempt.answer.is_taken()
            && kind.is_some_and(|kind| provisional.contains(&kind))
    });
    let Some((seq, _)) = announced else { return Outcome::NotExercised };
    let moved_on = became(order, 0, |truth| is_final(truth) || truth.status == Status::Failed);
    let what = "a transfer without confirmations had no final effect";
    let faults = [Fault::Unproven, Fault::ShortAccepted];
    unmoved(order, vec![*seq], moved_on.unwrap_or(u64::MAX), &faults, what)
}

fn replaced(order: &Order<'_>) -> Outcome {
    let fell = |at: u64| {
        let mut later = order.truths.iter().filter(|(seq, _)| *seq > at);
        later.find(|(_, truth)| truth.status == Status::Pending).map(|(seq, _)| *seq)
    };
    let read = order.reads.iter().find_map(|at| {
        let known = order.truths_before(*at);
        let is_covered = known.last().is_some_and(|truth| truth.status == Status::Paid);
        fell(*at).filter(|_| is_covered).map(|until| (*at, until))
    });
    let Some((read, until)) = read else { return Outcome::NotExercised };
    // A confirmation in between makes it final after all.
    if became(order, read, is_final).is_some_and(|at| at < until) {
        return Outcome::NotExercised;
    }
    let what = "a transfer with too few confirmations had no effect";
    unmoved(order, vec![read], until, &[Fault::Unproven], what)
}

fn reversed(order: &Order<'_>) -> Outcome {
    let Some(confirmed) = became(order, 0, is_final) else { return Outcome::NotExercised };
    let Some(failed) = became(order, confirmed, |truth| truth.status == Status::Failed) else {
        return Outcome::NotExercised;
    };
    let paid = |look: &&Look<'_>| look.shown.state == Some(OrderState::Paid) && look.seq < failed;
    let Some(paid) = order.looks.iter().find(paid) else { return Outcome::NotExercised };
    let Some(heard) = heard(order, failed) else { return Outcome::NotExercised };
    let faults = [Fault::Missing, Fault::WrongAmount, Fault::Unsurfaced];
    let left = |look: &Look<'_>| look.shown.state != Some(OrderState::Paid);
    let what = "a confirmed payment that was taken back";
    followed(order, vec![paid.seq, failed, heard], &faults, left, what)
}

fn failed(order: &Order<'_>) -> Outcome {
    let Some(failed) = became(order, 0, |truth| truth.status == Status::Failed) else {
        return Outcome::NotExercised;
    };
    let covered = became(order, 0, |truth| truth.status == Status::Paid);
    if covered.is_none_or(|at| at > failed) || became(order, 0, is_final).is_some() {
        return Outcome::NotExercised;
    }
    let Some(heard) = heard(order, failed) else { return Outcome::NotExercised };
    let faults = [Fault::Unproven, Fault::ShortAccepted, Fault::Excess];
    let what = "a payment that failed had no effect";
    unmoved(order, vec![failed, heard], u64::MAX, &faults, what)
}

/// When the payment was covered and when it was confirmed, where hours lie between.
pub(super) fn confirmed_late(case: &Case<'_>, order: &Order<'_>) -> Option<(u64, u64)> {
    let covered = became(order, 0, |truth| truth.status == Status::Paid)?;
    let confirmed = became(order, covered, is_final)?;
    let waited = case.at(confirmed)?.since(case.at(covered)?);
    (waited >= DELAY).then_some((covered, confirmed))
}

fn delayed(case: &Case<'_>, order: &Order<'_>) -> Outcome {
    let Some((covered, confirmed)) = confirmed_late(case, order) else {
        return Outcome::NotExercised;
    };
    let Some(heard) = heard(order, confirmed) else { return Outcome::NotExercised };
    let faults = [Fault::Missing, Fault::Unsurfaced];
    let right = |look: &Look<'_>| is_acted_on(look.shown.state);
    followed(order, vec![covered, confirmed, heard], &faults, right, "a late confirmation")
}

const fn is_final(truth: &Truth) -> bool {
    matches!(truth.status, Status::Confirmed | Status::Settled)
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
