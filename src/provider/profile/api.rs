//! How the API behaves.

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
