//! Problems: what the API refuses, as RFC 9457 documents with the contract's codes.

use schemars::JsonSchema;
use serde::Serialize;

use super::{shape, wire};

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Code {
    InvalidRequest,
    IdempotencyKeyMissing,
    IdempotencyError,
    IdempotencyInProgress,
    AmountNotString,
    Unauthenticated,
    EnvironmentMismatch,
    ApiKeyInUrl,
    InsufficientScope,
    BrowserOrigin,
    PaymentNotFound,
    RouteNotFound,
    MethodNotAllowed,
    BodyTooLarge,
    ReferenceConflict,
    PaymentNotCancellable,
    RefundNotAllowed,
    EndpointLimit,
    RefundExceedsBalance,
    PayoutExceedsBalance,
    DestinationTagRequired,
    IdempotencyKeyReused,
    RailNotEnabled,
    RailUnknown,
    AmountBelowMinimum,
    AmountAboveMaximum,
    AmountPrecision,
    TooSlow,
    CutOff,
    Unavailable,
    RateLimited,
    InternalError,
}

impl Code {
    /// Status, word and title. A route, a method and a size that HTTP itself refuses have no code
    /// in the contract; they keep its words where there is one.
    const fn row(self) -> (u16, &'static str, &'static str) {
        match self {
            Self::InvalidRequest => (400, "invalid_request", "The request is invalid"),
            Self::IdempotencyKeyMissing => {
                (400, "idempotency_key_missing", "The Idempotency-Key header is missing")
            }
            // Stripe's word and status for a key that comes with another body.
            Self::IdempotencyError => {
                (400, "idempotency_error", "The key was used for another request")
            }
            Self::IdempotencyInProgress => {
                (409, "idempotency_in_progress", "The same request is in progress")
            }
            Self::AmountNotString => (400, "amount_not_string", "An amount must be a string"),
            Self::Unauthenticated => (401, "unauthenticated", "No valid API key"),
            Self::EnvironmentMismatch => {
                (401, "environment_mismatch", "The API key is for the other mode")
            }
            Self::ApiKeyInUrl => (401, "api_key_in_url", "An API key does not belong in a URL"),
            Self::InsufficientScope => (403, "insufficient_scope", "The API key may not do this"),
            Self::BrowserOrigin => (403, "browser_origin", "Calls from a browser are refused"),
            Self::PaymentNotFound => (404, "payment_not_found", "There is no such payment"),
            Self::RouteNotFound => (404, "not_found", "There is no such resource"),
            Self::MethodNotAllowed => (405, "method_not_allowed", "The method is not allowed"),
            Self::BodyTooLarge => (413, "invalid_request", "The body is too large"),
            Self::ReferenceConflict => {
                (409, "reference_conflict", "The order has a payment already")
            }
            Self::TooSlow => (408, "invalid_request", "The request took too long"),
            Self::CutOff => (400, "invalid_request", "The request broke off"),
            Self::Unavailable => (503, "temporarily_unavailable", "The service is not available"),
            Self::PaymentNotCancellable => {
                (409, "payment_not_cancellable", "The payment cannot be cancelled")
            }
            Self::RefundNotAllowed => (409, "refund_not_allowed", "The payment has no refunds"),
            Self::EndpointLimit => (409, "endpoint_limit", "There are too many endpoints"),
            Self::RefundExceedsBalance => {
                (422, "refund_exceeds_balance", "The refund is more than what is left")
            }
            Self::PayoutExceedsBalance => {
                (422, "payout_exceeds_balance", "The payout is more than what is available")
            }
            Self::DestinationTagRequired => {
                (422, "destination_tag_required", "The destination needs a tag")
            }
            Self::IdempotencyKeyReused => {
                (422, "idempotency_key_reused", "The key was used for another request")
            }
            Self::RailNotEnabled => (422, "rail_not_enabled", "The rail is not enabled"),
            Self::RailUnknown => (422, "rail_unknown", "The rail is unknown"),
            Self::AmountBelowMinimum => {
                (422, "amount_below_minimum", "The amount is below the minimum")
            }
            Self::AmountAboveMaximum => {
                (422, "amount_above_maximum", "The amount is above the maximum")
            }
            Self::AmountPrecision => (422, "amount_precision", "The amount has too many decimals"),
            Self::RateLimited => (429, "rate_limited", "Too many calls"),
            Self::InternalError => (500, "internal_error", "The service failed"),
        }
    }

    /// The word that a program decides by.
    pub const fn word(self) -> &'static str {
        self.row().1
    }

    /// What it means, in a few words.
    pub const fn title(self) -> &'static str {
        self.row().2
    }

    pub const fn status(self) -> u16 {
        self.row().0
    }
}

/// One fault of one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FieldError {
    pub code: Code,
    /// JSON pointer; for a query parameter, as if the query were an object.
    pub pointer: String,
    pub detail: String,
}

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    pub code: Code,
    pub detail: String,
    pub errors: Vec<FieldError>,
    /// Methods that a 405 names.
    pub allow: Option<String>,
}

impl FieldError {
    pub fn new(code: Code, pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { code, pointer: pointer.into(), detail: detail.into() }
    }
}

impl Problem {
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), errors: Vec::new(), allow: None }
    }

    /// All faults of the fields at once. What could not be understood outranks what was
    /// understood and is refused: its status is told.
    pub fn of_fields(errors: Vec<FieldError>) -> Option<Self> {
        let first = errors.iter().min_by_key(|error| error.code.status())?;
        let (code, detail) = (first.code, first.detail.clone());
        Some(Self { code, detail, errors, allow: None })
    }

    /// Whether the request itself is at fault, whatever the state of the books.
    pub const fn is_of_form(&self) -> bool {
        !self.errors.is_empty() || matches!(self.code, Code::InvalidRequest)
    }

    /// The document.
    pub fn body(&self, request_id: Option<&str>) -> Vec<u8> {
        let (status, code, title) = self.code.row();
        let errors = self.errors.iter();
        wire::to_bytes(&ProblemForm {
            type_uri: format!("/problems/{code}"),
            title,
            status,
            detail: &self.detail,
            code,
            errors: errors.map(|e| ErrorForm { pointer: &e.pointer, detail: &e.detail }).collect(),
            request_id,
        })
    }
}

/// Why a call was refused (RFC 9457).
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Problem")]
pub(super) struct ProblemForm<'a> {
    /// One per code.
    #[serde(rename = "type")]
    type_uri: String,
    /// The same for every problem of that code.
    title: &'static str,
    /// The status of the answer.
    status: u16,
    /// What is wrong with this call, and what to do about it.
    detail: &'a str,
    /// What a program decides by.
    code: &'static str,
    /// Everything that is wrong with the fields, all at once.
    errors: Vec<ErrorForm<'a>>,
    /// Missing where the call did not come to the service.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<shape::RequestId>")]
    request_id: Option<&'a str>,
}

/// What is wrong with one field.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "FieldProblem")]
struct ErrorForm<'a> {
    /// JSON pointer into the body; for the query, as if it were an object.
    pointer: &'a str,
    detail: &'a str,
}
