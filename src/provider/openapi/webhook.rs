//! Every event as a webhook: what is delivered, what an endpoint may answer, and what follows.

use schemars::SchemaGenerator;
use serde_json::{Map, Value, json};

use super::example::Examples;
use crate::model::{AccountEventKind, EventKind};
use crate::provider::event::EventForm;

/// By type.
pub(super) fn webhooks(schemas: &mut SchemaGenerator, examples: &Examples) -> Map<String, Value> {
    let payments = EventKind::ALL.iter().map(|kind| (kind.as_str(), kind.about()));
    let account = AccountEventKind::ALL.iter().map(|kind| (kind.as_str(), kind.about()));
    let all = payments.chain(account);
    all.map(|(word, about)| (word.to_owned(), webhook(word, about, schemas, examples))).collect()
}

fn webhook(word: &str, about: &str, schemas: &mut SchemaGenerator, examples: &Examples) -> Value {
    let event = json!({
        "allOf": [
            schemas.subschema_for::<EventForm<'_>>(),
            { "properties": { "type": { "const": word } } },
        ],
    });
    let mut content = json!({ "schema": event });
    if let Some(example) = examples.events.get(word) {
        content["example"] = example.clone();
    }
    let name = word.split(['.', '_']).map(capitalised).collect::<String>();
    json!({
        "post": {
            "operationId": format!("on{name}"),
            "summary": about,
            "security": [],
            "parameters": [
                header("webhook-id", "The event's id, the same in every attempt."),
                header("webhook-timestamp", "When this attempt was signed, in unix seconds."),
                header(
                    "webhook-signature",
                    "`v1,` and the base64 of an HMAC-SHA256 over id, timestamp and body, joined \
                     by full stops (Standard Webhooks); several, separated by blanks, while a \
                     secret is replaced.",
                ),
            ],
            "requestBody": { "required": true, "content": { "application/json": content } },
            "responses": {
                "2XX": { "description": "It is kept, or known already; it does not come again." },
                "410": { "description": "The endpoint is gone; nothing is sent there any more." },
                "default": { "description": "It comes again, later." },
            },
        },
    })
}

fn header(name: &str, about: &str) -> Value {
    json!({
        "name": name,
        "in": "header",
        "required": true,
        "description": about,
        "schema": { "type": "string" },
    })
}

fn capitalised(word: &str) -> String {
    let mut chars = word.chars();
    chars
        .next()
        .map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + chars.as_str())
}
