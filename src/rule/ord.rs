//! Ordering: every pair of events must lead to the right state, whichever comes first.

use super::after::{acknowledged, became, each, is_acted_on, told, unmoved};
use super::case::Order;
use super::control::controlled;
use super::oracle::Fault;
use super::{Level, Need, Outcome, Owner, Rule};
use crate::model::{AmountState, EventKind, Status};

const NEEDS: &[Need] = &[Need::Checkout, Need::Order];

/// ORD-01
pub static OLDER_OVERWRITES: Rule = Rule {
    code: "ORD-01",
    title: "an older notification overwrites a newer state",
    level: Level::Must,
    holds: "Order of arrival is not guaranteed. A paid order that an old notification turns back \
        into an open one is chased, cancelled or shipped again.",
    judged: "An older event arrives after a newer one of the same payment was acknowledged, or \
        after the merchant read the newer state at the provider; the order must not fall back, \
        and must show what was newer.",
    not_judged: "States shown in between by a merchant that is still catching up.",
    fix: "Let a state only move ahead: compare the event's status with the stored one in the \
        update itself.",
    needs: NEEDS,
    only_on: None,
    owner: Owner::Engineering,
    references: &["laravel/cashier-stripe#1201", "TryGhost/Members#240"],
    explains: &[],
    judge: |case| each(case, older_last),
};

/// ORD-02
pub static LATE_FAILURE_DOWNGRADES: Rule = Rule {
    code: "ORD-02",
    title: "a late expiry takes back a paid order",
    level: Level::Must,
    holds: "Once money is final, an older notice of expiry is history. An order that it cancels \
        keeps the customer's money and ships nothing.",
    judged: "A payment expires, is paid late and is accepted by the provider; the confirmation is \
        delivered first, the notice of expiry last. The order must not be cancelled by it. \
        Control: in the same scenario, an order paid exactly becomes paid.",
    not_judged: "Whether the merchant accepts the late money or parks it for a person.",
    fix: "Accept expiry and failure only from states that they can follow.",
    needs: NEEDS,
    only_on: None,
    owner: Owner::Engineering,
    references: &["woocommerce/woocommerce-gateway-stripe#902", "mollie/WooCommerce#668"],
    explains: &[],
    judge: |case| controlled(case, each(case, expiry_last)),
};

/// ORD-06
pub static FAILURE_FINAL: Rule = Rule {
    code: "ORD-06",
    title: "a genuine success after an expiry is ignored",
    level: Level::Must,
    holds: "Expired is not the end where the provider says so: late money may be accepted. A \
        merchant that closes the order for good has the money and no record of it.",
    judged: "The notice of expiry is delivered, then the provider accepts late money and its \
        confirmation is delivered; the order must be paid, or a person must be told. Control: in \
        the same scenario, an order paid exactly becomes paid.",
    not_judged: "Which of the two.",
    fix: "Let a confirmation reopen an expired order, or open an exception for it.",
    needs: NEEDS,
    only_on: None,
    owner: Owner::Product,
    references: &["open-formulieren/open-forms#5942"],
    explains: &[],
    judge: |case| controlled(case, each(case, success_last)),
};

/// ORD-07
pub static EXPIRY_DISCARDED: Rule = Rule {
    code: "ORD-07",
    title: "an expiry is discarded because some money came",
    level: Level::Must,
    holds: "Part of the price is not the price. Where any money at all makes a merchant deaf to \
        the expiry, the order stays open for ever and the customer's money with nobody.",
    judged: "A part of the price comes and is acknowledged, then the payment expires and the \
        notice of it is acknowledged: the order must be with a person, or as the policy for short \
        payments says. Control: in the same scenario, an order paid exactly becomes paid.",
    not_judged: "Whether the part is refunded or kept for the customer.",
    fix: "Ask whether the order is paid, not whether money came.",
    needs: &[Need::Checkout, Need::Order, Need::Exceptions],
    only_on: None,
    owner: Owner::Product,
    references: &["mollie/WooCommerce#1284"],
    explains: &[],
    judge: |case| controlled(case, each(case, expired_in_part)),
};

/// How far an event says that the payment got; the four that lie on the way to settlement.
fn stage(event_type: &str) -> Option<u8> {
    match EventKind::from_word(event_type)? {
        EventKind::Created => Some(0),
        EventKind::Paid => Some(1),
        EventKind::Confirmed => Some(2),
        EventKind::Settled => Some(3),
        EventKind::Detected
        | EventKind::Underpaid
        | EventKind::Overpaid
        | EventKind::Expired
        | EventKind::Late
        | EventKind::Reverted
        | EventKind::Failed
        | EventKind::Cancelled
        | EventKind::Held
        | EventKind::Released
        | EventKind::RefundCreated
        | EventKind::RefundCompleted
        | EventKind::RefundFailed
        | EventKind::DisputeOpened
        | EventKind::DisputeWon
        | EventKind::DisputeLost
        | EventKind::Test => None,
    }
}

fn older_last(order: &Order<'_>) -> Outcome {
    let mut genuine: Vec<_> = order
        .attempts
        .iter()
        .filter(|(_, attempt)| attempt.forgery.is_none() && attempt.answer.is_taken())
        .filter_map(|(seq, attempt)| Some((*seq, stage(&attempt.event_type)?)))
        .collect();
    // What the merchant read at the provider is as new as the truth was at that moment.
    genuine.extend(order.reads.iter().filter_map(|seq| {
        let truth = order.truths_before(*seq).last().copied()?;
        Some((*seq, stage(truth.event?.as_str())?))
    }));
    genuine.sort_unstable();
    let older = genuine.iter().enumerate().find_map(|(i, (seq, stage))| {
        let newer = genuine[..i].iter().find(|(_, earlier)| *earlier >= 2 && earlier > stage)?;
        Some((newer.0, *seq))
    });
    let Some((newer, older)) = older else { return Outcome::NotExercised };
    told(order, older, vec![newer, older], &[Fault::Regressed, Fault::Missing], "an older event")
}

fn expiry_last(order: &Order<'_>) -> Outcome {
    let confirmed = acknowledged(order, EventKind::Confirmed, 0);
    let Some(confirmed) = confirmed else { return Outcome::NotExercised };
    let Some(expired) = acknowledged(order, EventKind::Expired, confirmed) else {
        return Outcome::NotExercised;
    };
    // Only what was accepted or parked before can be taken back.
    let acted_on = order
        .looks
        .iter()
        .any(|look| (confirmed..expired).contains(&look.seq) && is_acted_on(look.shown.state));
    if !acted_on {
        return Outcome::NotExercised;
    }
    let faults = [Fault::Regressed, Fault::Missing, Fault::Unproven];
    told(order, expired, vec![confirmed, expired], &faults, "a late expiry")
}

fn expired_in_part(order: &Order<'_>) -> Outcome {
    let parts = [EventKind::Underpaid, EventKind::Detected];
    let part = parts.iter().filter_map(|kind| acknowledged(order, *kind, 0)).min();
    let Some(part) = part else { return Outcome::NotExercised };
    let Some(expired) = acknowledged(order, EventKind::Expired, part) else {
        return Outcome::NotExercised;
    };
    let truths = order.truths_before(expired);
    let is_part = truths.last().is_some_and(|truth| {
        truth.status == Status::Expired && truth.amount_state == AmountState::Under
    });
    if !is_part {
        return Outcome::NotExercised;
    }
    let until = became(order, expired, |truth| truth.status != Status::Expired);
    unmoved(
        order,
        vec![part, expired],
        until.unwrap_or(u64::MAX),
        &[Fault::Missing, Fault::Unsurfaced],
        "an expiry after a part of the price was heard",
    )
}

fn success_last(order: &Order<'_>) -> Outcome {
    // Late money says that the window is over as the expiry itself does.
    let told_of_expiry = [EventKind::Expired, EventKind::Late];
    let told_of_expiry = told_of_expiry.iter().filter_map(|kind| acknowledged(order, *kind, 0));
    let Some(expired) = told_of_expiry.min() else { return Outcome::NotExercised };
    let Some(confirmed) = acknowledged(order, EventKind::Confirmed, expired) else {
        return Outcome::NotExercised;
    };
    if !order.was(Status::Confirmed) {
        return Outcome::NotExercised;
    }
    let faults = [Fault::Missing, Fault::Unsurfaced];
    told(order, confirmed, vec![expired, confirmed], &faults, "a confirmation after the expiry")
}
