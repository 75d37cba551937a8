//! What texts on the wire look like: ids, amounts, times, as schemas that the forms refer to.
//!
//! Describes only; what comes in is checked where it is read.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::id::Prefix;
use super::request;

macro_rules! texts {
    ($($(#[doc = $about:literal])+ $name:ident = $schema:expr),+ $(,)?) => {$(
        $(#[doc = $about])+
        pub(super) struct $name;

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                let mut schema: Schema = $schema;
                schema.insert("description".to_owned(), concat!($($about),+).trim().into());
                schema
            }
        }
    )+};
}

texts! {
    /// The id of a payment. Ids ascend in the order in which they become visible.
    PaymentId = id(Prefix::Payment),
    /// The id of an event: unique per occurrence, the same in every attempt to deliver it.
    EventId = id(Prefix::Event),
    /// The id of a refund.
    RefundId = id(Prefix::Refund),
    /// The id of a payout.
    PayoutId = id(Prefix::Payout),
    /// The id of a webhook endpoint.
    EndpointId = id(Prefix::Endpoint),
    /// The id of a dispute.
    DisputeId = id(Prefix::Dispute),
    /// The id of one call, to quote when something is unclear.
    RequestId = id(Prefix::Request),
    /// The id of an account.
    AccountId = pattern("^acct_[0-9A-Za-z]+$"),
    /// The id of a statement: its day and its rail.
    StatementId = pattern("^stm_[0-9]{4}-[0-9]{2}-[0-9]{2}_[A-Z]+-[a-z]+$"),
    /// The merchant's own name of an order.
    Reference = pattern(request::REFERENCE_PATTERN),
    /// An amount in the asset's major unit with exactly the asset's decimals: no sign, no exponent,
    /// no leading zero. Never a JSON number.
    Amount = pattern("^(0|[1-9][0-9]*)([.][0-9]+)?$"),
    /// An amount that may be below zero, with exactly the asset's decimals.
    SignedAmount = pattern("^-?(0|[1-9][0-9]*)([.][0-9]+)?$"),
    /// An amount in atoms, the smallest unit of the asset, as a whole number in a string.
    Atoms = pattern("^(0|[1-9][0-9]*)$"),
    /// A day in UTC, such as 2026-01-05.
    Day = pattern("^[0-9]{4}-[0-9]{2}-[0-9]{2}$"),
    /// Whatever was given when the payment was created, byte for byte.
    Metadata = json_schema!({ "type": "object" }),
    /// Fields of a type that the merchant does not know: to be ignored, whatever their names.
    Unknown = json_schema!({ "type": "object" }),
}

fn id(prefix: Prefix) -> Schema {
    pattern(&prefix.pattern())
}

fn pattern(pattern: &str) -> Schema {
    json_schema!({ "type": "string", "pattern": pattern })
}
