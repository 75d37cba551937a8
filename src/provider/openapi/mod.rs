//! The API as an OpenAPI 3.1 document, made of what answers calls: routes, forms, codes, events.
//!
//! Describes what the contract has, and what profiles change of what a call must say. Holds no words
//! of its own that a declaration has.

mod example;
mod operation;
mod page;
mod webhook;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::api::ROUTES;
use super::event::API_VERSION;
use super::profile::Profile;
use super::request::NewPayment;

const ABOUT: &str = "\
Asks for payments, follows them, gives money back, takes money out, and proves it with statements.\n\
\n\
Amounts are decimal strings in the asset's major unit, times are RFC 3339 in UTC, ids are a prefix \
and 26 characters that ascend in the order of creation. Fields that a request knows not are \
refused; fields that an answer or an event has beyond what is described here are to be ignored.\n\
\n\
400 means that a request is not as described here; 409 and 422 mean that it was understood, and \
why it is not done. What is refused changed nothing.";

/// The document as a page for people, for `docs/api.md`.
#[must_use]
pub fn api_page() -> String {
    page::page(openapi())
}

/// The document of a service with the default profile.
#[must_use]
pub fn openapi() -> &'static Value {
    described(false, false)
}

/// The document of a service with these habits.
#[must_use]
pub fn openapi_at(profile: &Profile) -> &'static Value {
    described(profile.payments.open_amount, !profile.api.idempotency.needs_keys())
}

/// All documents that there are, each made once.
fn described(may_be_open: bool, keys_are_optional: bool) -> &'static Value {
    static DOCUMENTS: LazyLock<BTreeMap<(bool, bool), Value>> = LazyLock::new(|| {
        let usual = document();
        let made = |habits: (bool, bool)| {
            let mut document = usual.clone();
            if habits.0 {
                open_amounts(&mut document);
            }
            if habits.1 {
                make_keys_optional(&mut document);
            }
            (habits, document)
        };
        [(false, false), (false, true), (true, false), (true, true)].map(made).into()
    });
    &DOCUMENTS[&(may_be_open, keys_are_optional)]
}

fn open_amounts(document: &mut Value) {
    NewPayment::open(&mut document["components"]["schemas"]["NewPayment"]);
}

fn make_keys_optional(document: &mut Value) {
    let items = document["paths"].as_object_mut().into_iter().flat_map(Map::values_mut);
    let operations = items.filter_map(Value::as_object_mut).flat_map(Map::values_mut);
    let parameters = operations.filter_map(|operation| operation["parameters"].as_array_mut());
    for parameter in parameters.flatten().filter(|of| of["name"] == operation::KEY) {
        parameter["required"] = false.into();
    }
}

fn document() -> Value {
    let settings = SchemaSettings::draft2020_12().for_serialize().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    let mut schemas = settings.into_generator();
    let examples = example::play();
    let mut paths = Map::new();
    for route in ROUTES {
        let here = paths.entry(route.path).or_insert_with(|| json!({}));
        here[route.method.to_ascii_lowercase()] =
            operation::operation(route, &mut schemas, &examples);
    }
    let webhooks = webhook::webhooks(&mut schemas, &examples);
    json!({
        "openapi": "3.1.1",
        "info": {
            "title": "Payments",
            "version": API_VERSION,
            "description": ABOUT,
            "license": { "name": "Apache-2.0 OR MIT", "identifier": "Apache-2.0 OR MIT" },
        },
        "servers": [{ "url": "/" }],
        "paths": paths,
        "webhooks": webhooks,
        "components": {
            "schemas": schemas.take_definitions(true),
            "securitySchemes": {
                "key": { "type": "apiKey", "in": "header", "name": "x-api-key" },
                "bearer": { "type": "http", "scheme": "bearer" },
            },
        },
    })
}
