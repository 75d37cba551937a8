//! A request of the profile: method, path, headers, body.

use std::collections::BTreeMap;

use serde_json::Value;

use super::text::{Texts, check_path};
use crate::input::{self, Cursor};
use crate::merchant::drive::{Body, HttpTemplate};

const METHODS: &[&str] = &["GET", "POST", "PUT", "PATCH", "DELETE"];

pub(super) fn read(cursor: &Cursor<'_>, texts: &Texts<'_>, placeholders: &[&str]) -> HttpTemplate {
    let mut template = HttpTemplate {
        method: "POST".to_owned(),
        path: String::new(),
        headers: BTreeMap::new(),
        body: Body::None,
    };
    let fields = cursor.fields(&["method", "path", "headers", "json", "form", "body"]);
    if let Some(method) = fields.get("method").and_then(|cursor| cursor.word("method", METHODS)) {
        template.method = method.to_owned();
    }
    if let Some(cursor) = fields.need("path")
        && let Some(path) = texts.template(&cursor, placeholders)
    {
        check_path(&cursor, &path);
        template.path = path;
    }
    if let Some(headers) = fields.get("headers") {
        template.headers = headers_of(&headers, texts, placeholders);
    }
    let bodies: Vec<_> =
        ["json", "form", "body"].into_iter().filter_map(|k| fields.get(k)).collect();
    if let [_, second, ..] = bodies.as_slice() {
        second.fault("a request has one body", "one of `json`, `form` and `body`");
    } else if let Some(body) = bodies.first() {
        template.body = read_body(body, texts, placeholders);
    }
    template
}

fn read_body(cursor: &Cursor<'_>, texts: &Texts<'_>, placeholders: &[&str]) -> Body {
    match cursor.name().rsplit('.').next() {
        Some("json") => Body::Json(json(cursor, texts, placeholders)),
        Some("form") => {
            let entries = cursor.entries().into_iter();
            let fields = entries.filter_map(|(name, value)| {
                Some((name.to_owned(), texts.template(&value, placeholders)?))
            });
            Body::Form(fields.collect())
        }
        _ => Body::Text(texts.template(cursor, placeholders).unwrap_or_default()),
    }
}

/// Headers with names that HTTP allows.
pub(super) fn headers_of(
    cursor: &Cursor<'_>,
    texts: &Texts<'_>,
    placeholders: &[&str],
) -> BTreeMap<String, String> {
    let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    for (name, value) in cursor.entries() {
        if name.is_empty() || !name.chars().all(is_token) {
            value.fault(format!("`{name}` is no name of a header"), "such as x-api-key");
        }
    }
    texts.map(cursor, placeholders)
}

/// A JSON document written as YAML. What stands without quotes is a number, a yes or no, or
/// nothing where JSON has it so, and a text otherwise.
fn json(cursor: &Cursor<'_>, texts: &Texts<'_>, placeholders: &[&str]) -> Value {
    match &cursor.node().value {
        input::Value::List(_) => {
            cursor.items().iter().map(|item| json(item, texts, placeholders)).collect()
        }
        input::Value::Map(_) if is_bare_placeholder(cursor) => {
            // Noted by `text`, which knows what is missing: quotes.
            let _ = cursor.text();
            Value::Null
        }
        input::Value::Map(_) => {
            let entries = cursor.entries().into_iter();
            let members =
                entries.map(|(key, item)| (key.to_owned(), json(&item, texts, placeholders)));
            Value::Object(members.collect())
        }
        input::Value::Scalar { plain: true, .. } if cursor.node().is_null() => Value::Null,
        input::Value::Scalar { text, plain: true } if is_json_word(text) => {
            serde_json::from_str(text).unwrap_or_default()
        }
        input::Value::Scalar { .. } => {
            Value::String(texts.template(cursor, placeholders).unwrap_or_default())
        }
    }
}

/// Whether a bare scalar is `true`, `false` or a number to JSON.
fn is_json_word(text: &str) -> bool {
    let parsed = serde_json::from_str::<Value>(text);
    parsed.is_ok_and(|value| value.is_boolean() || value.is_number())
}

/// `{reference}` without quotes: to YAML a map with one key and nothing behind it.
fn is_bare_placeholder(cursor: &Cursor<'_>) -> bool {
    let entries = cursor.entries();
    let [(_, value)] = entries.as_slice() else { return false };
    matches!(&value.node().value, input::Value::Scalar { text, plain: true } if text.is_empty())
}
