//! One route as an operation: parameters, body, answer and every refusal that it may meet.

use std::collections::BTreeMap;

use schemars::SchemaGenerator;
use serde_json::{Map, Value, json};

use super::example::Examples;
use crate::provider::api::{Access, Handler, Route};
use crate::provider::problem::{Code, ProblemForm};
use crate::provider::query::Parameter;

/// The header by which a call is carried out once.
pub(super) const KEY: &str = "Idempotency-Key";

/// What any call may meet.
const ALWAYS: &[Code] = &[
    Code::InvalidRequest,
    Code::CutOff,
    Code::ApiKeyInUrl,
    Code::TooSlow,
    Code::BodyTooLarge,
    Code::Unavailable,
];
/// What a call that needs a key may meet.
const WITH_KEY: &[Code] = &[
    Code::Unauthenticated,
    Code::EnvironmentMismatch,
    Code::InsufficientScope,
    Code::BrowserOrigin,
    Code::RateLimited,
];
/// What a call that is carried out once per key may meet.
/// An empty key is a missing one.
const ONCE: &[Code] = &[
    Code::IdempotencyKeyMissing,
    Code::IdempotencyKeyReused,
    Code::IdempotencyInProgress,
    Code::IdempotencyError,
];

pub(super) fn operation(
    route: &Route,
    schemas: &mut SchemaGenerator,
    examples: &Examples,
) -> Value {
    let doc = &route.doc;
    let mut operation = json!({
        "operationId": doc.name,
        "summary": doc.summary,
        "parameters": parameters(route),
    });
    if !doc.about.is_empty() {
        operation["description"] = doc.about.into();
    }
    if let Some(body) = &doc.body {
        let example: Value =
            serde_json::from_str(body.example).expect("an example in the source is JSON");
        let content = json!({ "schema": (body.schema)(schemas), "example": example });
        operation["requestBody"] =
            json!({ "required": body.required, "content": { "application/json": content } });
    }
    operation["responses"] = responses(route, schemas, examples);
    operation["security"] = match route.access {
        Access::Anyone => json!([]),
        Access::Key(scope) => json!([{ "key": [scope.as_str()] }, { "bearer": [scope.as_str()] }]),
    };
    operation
}

fn parameters(route: &Route) -> Vec<Value> {
    let of = |parameter: &Parameter, place: &str| {
        json!({
            "name": parameter.name,
            "in": place,
            "required": parameter.required,
            "description": parameter.about,
            "schema": parameter.shape.schema(),
        })
    };
    let item = route.item.map(|item| of(item, "path"));
    let required = once(route);
    let key = required.map(|required| {
        json!({
            "name": KEY,
            "in": "header",
            "required": required,
            "description": "Stable for what is wanted and unique to it: the same key is answered \
                            the same for 24 hours, and nothing is done twice.",
            "schema": { "type": "string", "minLength": 1, "maxLength": 255 },
        })
    });
    item.into_iter()
        .chain(key)
        .chain(route.query.iter().map(|parameter| of(parameter, "query")))
        .collect()
}

/// Whether it is carried out once per key; then whether there must be one.
const fn once(route: &Route) -> Option<bool> {
    match route.handler {
        Handler::OncePerKey(_) => Some(true),
        Handler::OnceIfKeyed(_) => Some(false),
        Handler::EachTime(_) => None,
    }
}

fn responses(route: &Route, schemas: &mut SchemaGenerator, examples: &Examples) -> Value {
    let answer = &route.doc.answer;
    let once = once(route);
    let mut json = json!({ "schema": (answer.schema)(schemas) });
    if let Some(example) = examples.answers.get(route.doc.name) {
        json["example"] = example.clone();
    }
    let mut content = Map::new();
    content.insert("application/json".to_owned(), json);
    for format in answer.formats {
        content.insert((*format).to_owned(), json!({ "schema": { "type": "string" } }));
    }
    let mut done = json!({ "description": answer.about, "content": content });
    let mut headers = Map::new();
    if answer.status == 201 {
        headers.insert("Location".to_owned(), header("Where it can be read.", true));
    }
    if once.is_some() {
        let about = "`true` where the key was answered before.";
        headers.insert("Idempotency-Replayed".to_owned(), header(about, false));
    }
    if !headers.is_empty() {
        done["headers"] = headers.into();
    }
    let links: Map<String, Value> = route.doc.next.iter().map(|name| link(route, name)).collect();
    if !links.is_empty() {
        done["links"] = links.into();
    }
    let mut responses = json!({ answer.status.to_string(): done });
    let with_key = if route.access == Access::Anyone { &[] } else { WITH_KEY };
    let once = match once {
        Some(_) => ONCE,
        None => &[],
    };
    let mut refusals = BTreeMap::<u16, Vec<Code>>::new();
    for code in ALWAYS.iter().chain(with_key).chain(once).chain(route.doc.codes) {
        refusals.entry(code.status()).or_default().push(*code);
    }
    for (status, codes) in refusals {
        responses[status.to_string()] = refusal(status, &codes, schemas);
    }
    responses
}

fn link(route: &Route, name: &str) -> (String, Value) {
    let pointer = if route.is_list() { "/data/0/id" } else { "/id" };
    let parameters = json!({ "id": format!("$response.body#{pointer}") });
    (name.to_owned(), json!({ "operationId": name, "parameters": parameters }))
}

fn refusal(status: u16, codes: &[Code], schemas: &mut SchemaGenerator) -> Value {
    let words: Vec<&str> = codes.iter().map(|code| code.word()).collect();
    let about = codes.iter().map(|code| format!("`{}`: {}.", code.word(), code.title()));
    let problem = json!({
        "allOf": [
            schemas.subschema_for::<ProblemForm<'_>>(),
            { "properties": { "status": { "const": status }, "code": { "enum": words } } },
        ],
    });
    let mut refusal = json!({
        "description": about.collect::<Vec<_>>().join(" "),
        "content": { "application/problem+json": { "schema": problem } },
    });
    match status {
        401 => {
            refusal["headers"] = json!({ "WWW-Authenticate": header("How to show a key.", true) });
        }
        429 => {
            refusal["headers"] = json!({
                "Retry-After": header("Seconds until a call is answered again.", true),
                "RateLimit": header("What is left of the quota.", true),
                "RateLimit-Policy": header("The quota.", true),
            });
        }
        _ => {}
    }
    refusal
}

fn header(about: &str, required: bool) -> Value {
    json!({ "description": about, "required": required, "schema": { "type": "string" } })
}
