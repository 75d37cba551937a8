//! Templates: texts with placeholders in braces, and their filling.
//!
//! A placeholder without a value drops its JSON member or form field and is an error anywhere else.
//! Values are percent-encoded in paths and forms. Braces that hold no name stay as they are, so a
//! JSON text can be a template.

use std::collections::BTreeMap;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::drive::{Body, HttpTemplate};

/// What is filled in where the merchant is started, and in every template: the run's own values.
pub const RUN_PLACEHOLDERS: &[&str] = &[
    "port",
    "scratch",
    "provider.url",
    "provider.api_key",
    "provider.account",
    "webhook.secret",
    "webhook.id",
];

/// What is filled in for an order.
pub const ORDER_PLACEHOLDERS: &[&str] = &[
    "reference",
    "amount",
    "atoms",
    "asset",
    "network",
    "price",
    "currency",
    "quantity",
    "voucher",
    "customer",
    "payment",
    "refund",
    "amount_changed",
];

/// Placeholder → value.
pub type Values<'a> = BTreeMap<&'a str, String>;

/// A template filled in: what goes on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filled {
    /// `POST`.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// Headers, `content-type` of the body included.
    pub headers: Vec<(String, String)>,
    /// The body, where there is one.
    pub body: Option<String>,
}

/// A placeholder that has no value where it cannot be left out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{{{placeholder}}}` in {place} has no value here; leave it out of the template")]
pub struct Unfilled {
    /// Its name.
    pub placeholder: String,
    /// Where it stands, such as `the path`.
    pub place: &'static str,
}

/// RFC 3986's unreserved characters stay.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Fills in a request.
///
/// # Errors
/// A placeholder without a value outside JSON members and form fields.
pub fn fill(template: &HttpTemplate, values: &Values<'_>) -> Result<Filled, Unfilled> {
    let mut headers = Vec::new();
    for (name, text) in &template.headers {
        headers.push((name.clone(), fill_text(text, values, "a header")?));
    }
    let (content_type, body) = match &template.body {
        Body::None => (None, None),
        Body::Json(document) => {
            let filled = fill_json(document, values);
            let filled = filled.ok_or_else(|| missing_in(document, values))?;
            (Some("application/json"), Some(filled.to_string()))
        }
        Body::Form(fields) => {
            (Some("application/x-www-form-urlencoded"), Some(fill_form(fields, values)))
        }
        Body::Text(text) => (None, Some(fill_text(text, values, "the body")?)),
    };
    let is_set = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    if let Some(content_type) = content_type.filter(|_| !is_set) {
        headers.push(("content-type".to_owned(), content_type.to_owned()));
    }
    let path = fill_path(&template.path, values)?;
    Ok(Filled { method: template.method.clone(), path, headers, body })
}

/// Fills in a path or an address; the values are percent-encoded.
///
/// # Errors
/// A placeholder without a value.
pub fn fill_path(text: &str, values: &Values<'_>) -> Result<String, Unfilled> {
    let encode = |value: &str| utf8_percent_encode(value, ENCODED).to_string();
    replace(text, values, encode).map_err(|placeholder| Unfilled { placeholder, place: "the path" })
}

/// Fills in a text as it is: an environment variable, an argument. `place` is for the error.
///
/// # Errors
/// A placeholder without a value.
pub fn fill_text(text: &str, values: &Values<'_>, place: &'static str) -> Result<String, Unfilled> {
    replace(text, values, str::to_owned).map_err(|placeholder| Unfilled { placeholder, place })
}

/// The placeholders of a text, in their order.
#[must_use]
pub fn placeholders(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((_, name, after)) = next_placeholder(rest) {
        found.push(name);
        rest = after;
    }
    found
}

/// None where something that has no value stands in it.
fn fill_json(document: &Value, values: &Values<'_>) -> Option<Value> {
    Some(match document {
        Value::String(text) => Value::String(replace(text, values, str::to_owned).ok()?),
        Value::Array(items) => items.iter().filter_map(|item| fill_json(item, values)).collect(),
        Value::Object(members) => {
            let filled = members.iter().map(|(key, v)| (key.clone(), fill_json(v, values)));
            filled.filter_map(|(key, value)| Some((key, value?))).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => document.clone(),
    })
}

fn fill_form(fields: &[(String, String)], values: &Values<'_>) -> String {
    let encode = |text: &str| utf8_percent_encode(text, ENCODED).to_string();
    let filled = fields.iter().filter_map(|(name, text)| {
        let value = replace(text, values, str::to_owned).ok()?;
        Some(format!("{}={}", encode(name), encode(&value)))
    });
    filled.collect::<Vec<_>>().join("&")
}

/// A document that is only a text, and cannot be left out.
fn missing_in(document: &Value, values: &Values<'_>) -> Unfilled {
    let text = document.as_str().unwrap_or_default();
    let missing = placeholders(text).into_iter().find(|name| !values.contains_key(name));
    Unfilled { placeholder: missing.unwrap_or_default().to_owned(), place: "the body" }
}

/// Replaces every placeholder, or names the first that has no value.
fn replace(
    text: &str,
    values: &Values<'_>,
    written: impl Fn(&str) -> String,
) -> Result<String, String> {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, name, after)) = next_placeholder(rest) {
        filled.push_str(before);
        filled.push_str(&written(values.get(name).ok_or_else(|| name.to_owned())?));
        rest = after;
    }
    filled.push_str(rest);
    Ok(filled)
}

/// What stands before the next placeholder, its name, and what stands after it.
fn next_placeholder(text: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    loop {
        let open = from + text[from..].find('{')?;
        let inside = &text[open + 1..];
        let end = inside.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '.'));
        match end {
            Some(end) if end > 0 && inside[end..].starts_with('}') => {
                return Some((&text[..open], &inside[..end], &inside[end + 1..]));
            }
            _ => from = open + 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn template(path: &str, body: Body) -> HttpTemplate {
        let method = "POST".to_owned();
        HttpTemplate { method, path: path.to_owned(), headers: BTreeMap::new(), body }
    }

    fn values() -> Values<'static> {
        BTreeMap::from([("reference", "A/1 ü".to_owned()), ("amount", "250.00".to_owned())])
    }

    #[test]
    fn paths_are_encoded_and_bodies_are_not() {
        let body = json!({"ref": "{reference}", "n": 1, "list": ["{amount}", "{voucher}"],
                          "gone": "{voucher}", "in": {"gone": "x{voucher}"}});
        let filled = fill(&template("/o/{reference}?a={amount}", Body::Json(body)), &values());
        let filled = filled.unwrap();
        assert_eq!(filled.path, "/o/A%2F1%20%C3%BC?a=250.00");
        let expected = r#"{"ref":"A/1 ü","n":1,"list":["250.00"],"in":{}}"#;
        assert_eq!(filled.body.as_deref(), Some(expected));
        assert_eq!(filled.headers, [("content-type".into(), "application/json".into())]);
    }

    #[test]
    fn forms_drop_fields_and_texts_do_not() {
        let field = |name: &str, text: &str| (name.to_owned(), text.to_owned());
        let form = Body::Form(vec![field("a b", "{reference}"), field("v", "{voucher}")]);
        let filled = fill(&template("/", form), &values()).unwrap();
        assert_eq!(filled.body.as_deref(), Some("a%20b=A%2F1%20%C3%BC"));

        let text = Body::Text(r#"{"ref": "{reference}", "x": {}}"#.to_owned());
        let filled = fill(&template("/", text), &values()).unwrap();
        assert_eq!(filled.body.as_deref(), Some(r#"{"ref": "A/1 ü", "x": {}}"#));
    }

    #[test]
    fn what_cannot_be_left_out_is_an_error() {
        let cases = [
            (template("/{voucher}", Body::None), "the path"),
            (template("/", Body::Text("{voucher}".to_owned())), "the body"),
            (template("/", Body::Json(json!("{voucher}"))), "the body"),
        ];
        for (template, place) in cases {
            let error = fill(&template, &values()).unwrap_err();
            assert_eq!((error.placeholder.as_str(), error.place), ("voucher", place));
        }
    }

    #[test]
    fn placeholders_are_names_in_braces() {
        let cases: [(&str, &[&str]); 5] = [
            ("{a}{b.c}", &["a", "b.c"]),
            ("{{a}}", &["a"]),
            ("{}", &[]),
            ("{ a }", &[]),
            ("{a", &[]),
        ];
        for (text, expected) in cases {
            assert_eq!(placeholders(text), expected, "{text}");
        }
    }
}
