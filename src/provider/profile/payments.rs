//! What becomes of a payment where the contract leaves it open.

use super::knob::{Choice, Knob, choice, set, yes};
use crate::model::Span;

/// The habits of payments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payments {
    /// Too little came.
    pub under_policy: UnderPolicy,
    /// Too much came.
    pub over_policy: OverPolicy,
    /// Money came after the deadline.
    pub late_policy: LatePolicy,
    /// Whether a payment may name no amount: then the first transfer makes it paid, and comparing
    /// is the merchant's.
    pub open_amount: bool,
    /// What counts as money received.
    pub counts: Counts,
    /// Whether an order can have only one live payment at a time.
    pub unique_reference: bool,
    /// How long after its confirmation a payment is credited.
    pub settle_after: Span,
    /// How long after its deadline a payment that is not confirmed is watched.
    pub monitoring: Span,
}

/// What becomes of a payment with too little.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnderPolicy {
    /// It stays open for the rest (`BTCPay`).
    Wait,
    /// It is confirmed with what came (`NOWPayments`).
    Terminal,
    /// The money goes back (`BitPay`).
    Refund,
}

/// What becomes of what is too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OverPolicy {
    /// It is credited, and said (`BTCPay`).
    Flag,
    /// It goes back (`BitPay`).
    Refund,
}

/// What becomes of money after the deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LatePolicy {
    /// It is said, and waits for an operator (`BTCPay`).
    Flag,
    /// It confirms the payment (Confirmo).
    Confirm,
    /// It goes back (cryptoprocessing).
    Refund,
}

/// What counts as money received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counts {
    /// The rail's own asset, network and contract, as delivered.
    Strict,
    /// Whatever bears the symbol, as the sender asked for it, executed or not, replaced or not:
    /// comparing transfers is the merchant's.
    Naive,
}

impl Default for Payments {
    fn default() -> Self {
        Self {
            under_policy: UnderPolicy::Wait,
            over_policy: OverPolicy::Flag,
            late_policy: LatePolicy::Flag,
            open_amount: false,
            counts: Counts::Strict,
            unique_reference: false,
            settle_after: Span::from_s(3600),
            // BTCPay: 24 hours.
            monitoring: Span::from_s(24 * 3600),
        }
    }
}

impl Choice for UnderPolicy {
    const WORDS: &'static [(&'static str, Self)] =
        &[("wait", Self::Wait), ("terminal", Self::Terminal), ("refund", Self::Refund)];
}

impl Choice for OverPolicy {
    const WORDS: &'static [(&'static str, Self)] =
        &[("flag", Self::Flag), ("refund", Self::Refund)];
}

impl Choice for LatePolicy {
    const WORDS: &'static [(&'static str, Self)] =
        &[("flag", Self::Flag), ("confirm", Self::Confirm), ("refund", Self::Refund)];
}

impl Choice for Counts {
    const WORDS: &'static [(&'static str, Self)] =
        &[("strict", Self::Strict), ("naive", Self::Naive)];
}

pub(super) const KNOBS: &[Knob] = &[
    Knob {
        name: "payments.under_policy",
        about: "too little came: it stays open for the rest, is confirmed as it is, or goes back",
        values: "wait, terminal or refund",
        read: |cursor, profile| set(&mut profile.payments.under_policy, choice(cursor)),
        told: |profile| profile.payments.under_policy.word(),
    },
    Knob {
        name: "payments.over_policy",
        about: "too much came: it is credited and said, or goes back",
        values: "flag or refund",
        read: |cursor, profile| set(&mut profile.payments.over_policy, choice(cursor)),
        told: |profile| profile.payments.over_policy.word(),
    },
    Knob {
        name: "payments.late_policy",
        about: "money came after the deadline: it waits for an operator, confirms, or goes back",
        values: "flag, confirm or refund",
        read: |cursor, profile| set(&mut profile.payments.late_policy, choice(cursor)),
        told: |profile| profile.payments.late_policy.word(),
    },
    Knob {
        name: "payments.open_amount",
        about: "whether a payment names no amount, and is paid at the first transfer",
        values: "true or false",
        read: |cursor, profile| set(&mut profile.payments.open_amount, cursor.bool()),
        told: |profile| yes(profile.payments.open_amount),
    },
    Knob {
        name: "payments.counts",
        about: "what counts as received: the rail's own asset as delivered, or all that bears its \
                symbol",
        values: "strict or naive",
        read: |cursor, profile| set(&mut profile.payments.counts, choice(cursor)),
        told: |profile| profile.payments.counts.word(),
    },
    Knob {
        name: "payments.unique_reference",
        about: "whether a second live payment for one reference is refused",
        values: "true or false",
        read: |cursor, profile| set(&mut profile.payments.unique_reference, cursor.bool()),
        told: |profile| yes(profile.payments.unique_reference),
    },
    Knob {
        name: "payments.settle_after",
        about: "how long after its confirmation a payment is credited",
        values: "a span of time",
        read: |cursor, profile| set(&mut profile.payments.settle_after, cursor.span()),
        told: |profile| profile.payments.settle_after.to_string(),
    },
    Knob {
        name: "payments.monitoring",
        about: "how long after its deadline a payment that is not confirmed is watched",
        values: "a span of time",
        read: |cursor, profile| set(&mut profile.payments.monitoring, cursor.span()),
        told: |profile| profile.payments.monitoring.to_string(),
    },
];
