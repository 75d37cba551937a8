//! How the API behaves.

use super::knob::{Choice, Knob, choice, set};
use crate::input::Cursor;
use crate::model::Span;

/// The habits of the API.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Api {
    /// What an idempotency key means.
    pub idempotency: Idempotency,
    /// How much may be asked; none: without limit.
    pub rate_limit: Option<RateLimit>,
}

/// What an idempotency key means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Idempotency {
    /// One outcome per key, refusals included; another body under it is refused (IETF draft).
    #[default]
    Ietf,
    /// The first version of Stripe's: outcomes once execution began, with the code for it.
    StripeV1,
    /// Only successes are kept.
    Only2xx,
    /// The key alone decides: another body under it gets the first outcome.
    IgnoreBody,
    /// It means nothing: every call is a new one (Checkbook).
    IgnoreKey,
}

/// How much may be asked per API key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    /// So many calls.
    pub calls: u32,
    /// In so much time.
    pub within: Span,
}

impl Choice for Idempotency {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("ietf", Self::Ietf),
        ("stripe-v1", Self::StripeV1),
        ("only-2xx", Self::Only2xx),
        ("ignore-body", Self::IgnoreBody),
        ("ignore-key", Self::IgnoreKey),
    ];
}

pub(super) const KNOBS: &[Knob] = &[
    Knob {
        name: "api.idempotency",
        about: "what an idempotency key means",
        values: "ietf, stripe-v1, only-2xx, ignore-body or ignore-key",
        read: |cursor, profile| set(&mut profile.api.idempotency, choice(cursor)),
        told: |profile| profile.api.idempotency.word(),
    },
    Knob {
        name: "api.rate_limit",
        about: "how many calls a key may make in what time",
        values: "{calls: 100, within: 1m}, or none",
        read: |cursor, profile| set(&mut profile.api.rate_limit, rate_limit(cursor)),
        told: |profile| match profile.api.rate_limit {
            Some(RateLimit { calls, within }) => format!("{calls} in {within}"),
            None => "none".to_owned(),
        },
    },
];

fn rate_limit(cursor: &Cursor<'_>) -> Option<Option<RateLimit>> {
    if cursor.is_word("none") {
        return Some(None);
    }
    let fields = cursor.fields(&["calls", "within"]);
    let (calls, within) = (fields.need("calls"), fields.need("within"));
    let calls = calls.and_then(|cursor| {
        let calls = u32::try_from(cursor.number()?).ok().filter(|calls| *calls > 0);
        if calls.is_none() {
            cursor.fault("no call at all is no limit", "a number from 1 on");
        }
        calls
    });
    let within = within.and_then(|cursor| cursor.span());
    Some(Some(RateLimit { calls: calls?, within: within? }))
}
