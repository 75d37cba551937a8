//! How the API behaves.

use serde_json::Value as Json;

use super::knob::{Choice, Knob, choice, set};
use super::route::{Route, routes};
use super::written;
use crate::input::Cursor;
use crate::model::Span;
use crate::signature;

/// The habits of the API.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Api {
    /// What an idempotency key means.
    pub idempotency: Idempotency,
    /// How much may be asked; none: without limit.
    pub rate_limit: Option<RateLimit>,
    /// The scheme by which calls are signed with the API key; none: calls carry the key itself.
    pub signature: Option<String>,
    /// The provider's own routes; none: those of the contract.
    pub routes: Vec<Route>,
    /// The template of a refusal; none: a problem document.
    pub problem: Option<Json>,
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

impl Idempotency {
    /// Whether a call that is carried out once must have a key.
    #[must_use]
    pub const fn needs_keys(self) -> bool {
        match self {
            Self::Ietf | Self::Only2xx | Self::IgnoreBody => true,
            Self::StripeV1 | Self::IgnoreKey => false,
        }
    }
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
    Knob {
        name: "api.signature",
        about: "the scheme by which calls are signed with the API key; its id is the account",
        values: "`kobbopay-api`; without one, calls carry the key itself",
        read: |cursor, profile| {
            let scheme = cursor.word("scheme of calls", &signature::calling());
            set(&mut profile.api.signature, scheme.map(|scheme| Some(scheme.to_owned())));
        },
        told: |profile| profile.api.signature.clone().unwrap_or_else(|| "none".to_owned()),
    },
    Knob {
        name: "api.routes",
        about: "the provider's own routes, as translations of the contract's",
        values: "a list of routes, each with `take`, `as` and `answer`",
        read: |cursor, profile| set(&mut profile.api.routes, routes(cursor)),
        told: |profile| {
            let routes: Vec<_> = profile.api.routes.iter().map(Route::to_string).collect();
            if routes.is_empty() { "those of the contract".to_owned() } else { routes.join(", ") }
        },
    },
    Knob {
        name: "api.problem",
        about: "the body of a refusal, as a template",
        values: "a template over `problem`",
        read: |cursor, profile| {
            set(&mut profile.api.problem, written::document(cursor, &["problem"]).map(Some));
        },
        told: |profile| match &profile.api.problem {
            Some(body) => body.to_string(),
            None => "a problem document".to_owned(),
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
