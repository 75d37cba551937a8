//! Bodies about webhook endpoints: what makes one, what changes its secret.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::model::{AccountEventKind, EventKind, Span};
use crate::provider::endpoint::{EVERY_TYPE, EndpointTerms};
use crate::provider::problem::{Code, Problem};
use crate::provider::reader::{Reader, whole};

/// How long both secrets sign after a rotation, unless it is said otherwise.
const OVERLAP_S: u64 = 24 * 3600;
const OVERLAP_S_MAX: u64 = 30 * 24 * 3600;
const URL_BYTES_MAX: usize = 2048;
/// As [`unfit_url`] has it.
const URL_PATTERN: &str = "^http://([0-9A-Za-z._-]+|\\[[0-9A-Fa-f:]+\\])\
    (:([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?\
    ([/?][0-9A-Za-z/?:@!$&'()*+,;=._~%-]*)?$";

pub(in crate::provider) const ENDPOINT_EXAMPLE: &str =
    r#"{"url": "http://127.0.0.1:4000/webhooks/payments", "events": ["*"]}"#;
pub(in crate::provider) const ROTATION_EXAMPLE: &str = r#"{"overlap_s": 86400}"#;

/// What an endpoint is made with.
pub(in crate::provider) struct NewEndpoint;
/// How a secret is changed.
pub(in crate::provider) struct Rotation;

/// The terms of the endpoint that the body asks for.
pub(in crate::provider) fn read_endpoint(body: &[u8]) -> Result<EndpointTerms, Problem> {
    let mut reader = Reader::of_body(body, &["url", "events"])?;
    let url = reader.required_text("url");
    if let Some(lack) = url.as_deref().and_then(unfit_url) {
        reader.refuse(Code::InvalidRequest, "url", lack);
    }
    let given = reader.required("events");
    let events = given.and_then(|value| serde_json::from_str::<Vec<String>>(value.get()).ok());
    let events = events.filter(|types| !types.is_empty());
    if given.is_some() && events.is_none() {
        let detail = "must be a list of types of events, or [\"*\"] for all";
        reader.refuse(Code::InvalidRequest, "events", detail);
    }
    for unknown in events.iter().flatten().filter(|word| !types().any(|known| known == *word)) {
        let detail = format!("has `{unknown}`, which is neither a type nor `*`");
        reader.refuse(Code::InvalidRequest, "events", detail);
    }
    reader.done(())?;
    let (Some(url), Some(events)) = (url, events) else {
        unreachable!("a field that could not be read has said why");
    };
    Ok(EndpointTerms { url, events })
}

/// How long the secret before signs as well.
pub(in crate::provider) fn read_overlap(body: &[u8]) -> Result<Span, Problem> {
    let mut reader = Reader::of_body_or_nothing(body, &["overlap_s"])?;
    let Some(value) = reader.fields.get("overlap_s") else {
        return reader.done(Span::from_s(OVERLAP_S));
    };
    let seconds = whole(value.get()).filter(|s| *s <= OVERLAP_S_MAX);
    if seconds.is_none() {
        let detail = format!("must be a whole number of seconds from 0 to {OVERLAP_S_MAX}");
        reader.refuse(Code::InvalidRequest, "overlap_s", detail);
    }
    reader.done(Span::from_s(seconds.unwrap_or_default()))
}

/// What an endpoint can ask for.
fn types() -> impl Iterator<Item = &'static str> {
    let of_payments = EventKind::ALL.iter().map(|kind| kind.as_str());
    let of_accounts = AccountEventKind::ALL.iter().map(|kind| kind.as_str());
    std::iter::once(EVERY_TYPE).chain(of_payments).chain(of_accounts)
}

/// What a URL lacks, if nothing can be delivered there.
fn unfit_url(url: &str) -> Option<&'static str> {
    let Some(rest) = url.strip_prefix("http://") else {
        return Some("must be an absolute http:// URL; deliveries go without TLS here");
    };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        Some(_) | None => (authority, None),
    };
    let all = |text: &str, marks: &str, letters: fn(&char) -> bool| {
        !text.is_empty() && text.chars().all(|c| letters(&c) || marks.contains(c))
    };
    let is_host = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(address) => all(address, ":", char::is_ascii_hexdigit),
        None => all(host, "._-", char::is_ascii_alphanumeric),
    };
    let is_port = port.is_none_or(|port| {
        !port.starts_with(['0', '+']) && port.parse::<u16>().is_ok_and(|port| port > 0)
    });
    let is_path = path.is_empty() || all(path, "/?:@!$&'()*+,;=._~%-", char::is_ascii_alphanumeric);
    let fits = url.len() <= URL_BYTES_MAX && is_host && is_port && is_path;
    (!fits).then_some("must be a URL such as http://127.0.0.1:4000/webhooks")
}

impl JsonSchema for NewEndpoint {
    fn schema_name() -> Cow<'static, str> {
        "NewWebhookEndpoint".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "additionalProperties": false,
            "required": ["url", "events"],
            "properties": {
                "url": {
                    "description": "Where deliveries go, without TLS.",
                    "type": "string",
                    "maxLength": URL_BYTES_MAX,
                    "pattern": URL_PATTERN,
                },
                "events": {
                    "description": "Types of events, or `*` for all, those to come included.",
                    "type": "array",
                    "minItems": 1,
                    "items": { "enum": types().collect::<Vec<_>>() },
                },
            },
        })
    }
}

impl JsonSchema for Rotation {
    fn schema_name() -> Cow<'static, str> {
        "Rotation".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "additionalProperties": false,
            "properties": {
                "overlap_s": {
                    "description": "For how many seconds the secret before signs as well.",
                    "type": "integer",
                    "minimum": 0,
                    "maximum": OVERLAP_S_MAX,
                    "default": OVERLAP_S,
                },
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_deliveries_can_go() {
        let pattern = jsonschema::validator_for(&serde_json::json!({ "pattern": URL_PATTERN }));
        let pattern = pattern.unwrap();
        let fits = |url: &str| {
            let told = unfit_url(url).is_none();
            assert_eq!(told, pattern.is_valid(&url.into()), "{url} and its description");
            told
        };
        for url in ["http://a", "http://127.0.0.1:4000/w?x=1", "http://[::1]:80/", "http://a.b?%20"]
        {
            assert!(fits(url), "{url}");
        }
        for url in [
            "",
            "https://a/",
            "http://",
            "http:///w",
            "http://a:0/",
            "http://a:65536/",
            "http://a:080/",
            "http://a:x/",
            "http://a:/",
            "http://u:p@a/",
            "http://[::1/",
            "http://a/ b",
            "http://a/#f",
            "ftp://a",
            "http://ä/",
        ] {
            assert!(!fits(url), "{url}");
        }
    }
}
