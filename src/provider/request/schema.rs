//! What the bodies of requests may say, as schemas, each with an example.
//!
//! What a schema forbids is refused with 400, but for rails that are unknown today; what it allows is
//! carried out, or understood and refused with another status. The tests hold this against the readers, body by body.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use super::{ADDRESS_CHARS_MAX, EXPIRES_IN_S_MAX};
use crate::model::{RAILS, Rail};
use crate::provider::price::CURRENCY;
use crate::provider::shape;

/// What [`super::unfit_reference`] asks for.
pub(in crate::provider) const REFERENCE_PATTERN: &str = "^[A-Za-z0-9._:/-]{1,64}$";

pub(in crate::provider) const PAYMENT_EXAMPLE: &str = r#"{
  "reference": "INV-2026-00042", "asset": "USDT", "network": "tron",
  "price": {"amount": "250.00", "currency": "USD"}, "expires_in_s": 1200,
  "metadata": {"cart": "81"}
}"#;

pub(in crate::provider) const REFUND_EXAMPLE: &str =
    r#"{"amount": "60.00", "reason": "one of two items came back"}"#;

pub(in crate::provider) const PAYOUT_EXAMPLE: &str = r#"{
  "reference": "OUT-2026-007", "amount": "100.00", "asset": "USDT", "network": "tron",
  "destination": {"address": "TJRabPrwbZy45sbavfcjinPJC18kjpRTv8", "tag": null}
}"#;

/// What a payment is asked for with.
pub(in crate::provider) struct NewPayment;
/// What a refund may say.
pub(in crate::provider) struct NewRefund;
/// What a payout is asked for with.
pub(in crate::provider) struct NewPayout;
/// A body that says nothing.
pub(in crate::provider) struct Nothing;

impl NewPayment {
    /// Where a payment may name no amount, it names one of the two at most.
    pub fn open(schema: &mut Value) {
        if let Some(schema) = schema.as_object_mut() {
            schema.remove("oneOf");
            schema.insert("not".to_owned(), json!({ "required": ["amount", "price"] }));
        }
    }
}

impl JsonSchema for NewPayment {
    fn schema_name() -> Cow<'static, str> {
        "NewPayment".into()
    }

    fn json_schema(schemas: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "additionalProperties": false,
            "required": ["reference", "asset", "network"],
            "oneOf": [{ "required": ["amount"] }, { "required": ["price"] }],
            "properties": {
                "reference": schemas.subschema_for::<shape::Reference>(),
                "asset": asset(),
                "network": network(),
                "amount": amount(schemas, "What is due."),
                "price": {
                    "description": "What it costs; the provider quotes what is due for it.",
                    "type": "object",
                    "additionalProperties": false,
                    "required": ["amount", "currency"],
                    "properties": {
                        "amount": amount(schemas, "In the currency's major unit."),
                        "currency": { "type": "string", "enum": [CURRENCY.symbol] },
                    },
                },
                "expires_in_s": {
                    "description": "How long the payer has; as the rail has it, if left out.",
                    "type": "integer",
                    "minimum": 1,
                    "maximum": EXPIRES_IN_S_MAX,
                },
                "metadata": {
                    "description": "Comes back byte for byte. At most 4 KiB, no name twice in one \
                                    object, at most thirty levels.",
                    "type": "object",
                },
            },
        })
    }
}

impl JsonSchema for NewRefund {
    fn schema_name() -> Cow<'static, str> {
        "NewRefund".into()
    }

    fn json_schema(schemas: &mut SchemaGenerator) -> Schema {
        let mut destination =
            destination("To whom; to the largest transfer's sender, if left out.");
        destination["type"] = json!(["object", "null"]);
        json_schema!({
            "type": "object",
            "additionalProperties": false,
            "properties": {
                "amount": amount(schemas, "All that is left, if left out."),
                "destination": destination,
                "reason": { "description": "For people.", "type": "string" },
            },
        })
    }
}

impl JsonSchema for NewPayout {
    fn schema_name() -> Cow<'static, str> {
        "NewPayout".into()
    }

    fn json_schema(schemas: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "additionalProperties": false,
            "required": ["reference", "amount", "asset", "network", "destination"],
            "properties": {
                "reference": schemas.subschema_for::<shape::Reference>(),
                "amount": amount(schemas, "How much leaves."),
                "asset": asset(),
                "network": network(),
                "destination": destination("To whom."),
            },
        })
    }
}

impl JsonSchema for Nothing {
    fn schema_name() -> Cow<'static, str> {
        "Nothing".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object", "additionalProperties": false })
    }
}

/// As it comes in: at most the asset's decimals.
fn amount(schemas: &mut SchemaGenerator, about: &str) -> Value {
    let mut amount = schemas.subschema_for::<shape::Amount>();
    amount.insert("description".to_owned(), about.into());
    amount.to_value()
}

fn asset() -> Value {
    one_of("Such as USDT; which networks it comes on, the list of rails says.", |rail| {
        rail.asset.symbol
    })
}

fn network() -> Value {
    one_of("Such as tron.", |rail| rail.network)
}

fn one_of(about: &str, word: fn(&Rail) -> &'static str) -> Value {
    let words: std::collections::BTreeSet<&str> = RAILS.iter().map(word).collect();
    json!({ "description": about, "type": "string", "enum": words })
}

fn destination(about: &str) -> Value {
    json!({
        "description": about,
        "type": "object",
        "additionalProperties": false,
        "required": ["address"],
        "properties": {
            "address": { "type": "string", "minLength": 1, "maxLength": ADDRESS_CHARS_MAX },
            "tag": {
                "description": "Required on rails whose terms say so.",
                "type": ["integer", "null"],
                "minimum": 0,
                "maximum": u32::MAX,
            },
        },
    })
}
