//! `merchant`: its name, where it runs, where it takes webhooks.

use super::Known;
use super::text::{Texts, check_path};
use crate::input::{Cursor, Fields, Value};

pub(super) const KEYS: &[&str] = &["name", "base_url", "webhook", "start"];

pub(super) const LATER: &[(&str, &str)] =
    &[("doors", "`merchant.webhook` alone; the rules that need a further door stay not testable")];

/// The section, read.
#[derive(Default)]
pub(super) struct Merchant<'a> {
    pub(super) name: String,
    pub(super) base_url: String,
    pub(super) webhook: String,
    pub(super) signature: Option<String>,
    pub(super) start: Option<Cursor<'a>>,
}

pub(super) fn read<'a>(
    fields: Option<&Fields<'a>>,
    texts: &Texts<'_>,
    known: &Known<'_>,
) -> Merchant<'a> {
    let Some(fields) = fields else { return Merchant::default() };
    let name = fields.need("name").and_then(|cursor| texts.plain(&cursor)).unwrap_or_default();
    let base_url = fields.need("base_url").and_then(|cursor| base_url(&cursor, texts));
    let webhook = fields.need("webhook").map(|cursor| webhook(&cursor, texts, known));
    let (webhook, signature) = webhook.unwrap_or_default();
    let base_url = base_url.unwrap_or_default();
    Merchant { name, base_url, webhook, signature, start: fields.get("start") }
}

/// `http://host[:port][/path]`, without the slash at its end.
fn base_url(cursor: &Cursor<'_>, texts: &Texts<'_>) -> Option<String> {
    let url = texts.template(cursor, &["port"])?;
    let url = url.trim_end_matches('/');
    check_url(cursor, url);
    Some(url.to_owned())
}

fn check_url(cursor: &Cursor<'_>, url: &str) {
    let example = "http://127.0.0.1:8080 or http://127.0.0.1:{port}";
    if url.starts_with("https://") {
        cursor.fault(format!("`{url}` uses TLS, which is not supported yet"), example);
        return;
    }
    let Some(rest) = url.strip_prefix("http://") else {
        cursor.fault(format!("`{url}` is no address"), example);
        return;
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    // The port follows the last colon outside the brackets of an IPv6 address.
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    let is_port = |port: &str| port == "{port}" || port.parse::<u16>().is_ok_and(|p| p > 0);
    if host.is_empty() || host.contains(['@', ' ', '{']) || !port.is_none_or(is_port) {
        cursor.fault(format!("`{url}` has no valid host and port"), example);
    }
}

/// The door and its signature's name.
fn webhook(cursor: &Cursor<'_>, texts: &Texts<'_>, known: &Known<'_>) -> (String, Option<String>) {
    let fields = cursor.fields(&["path", "url", "signature"]);
    let door = match (fields.get("path"), fields.get("url")) {
        (Some(path), None) => texts.plain(&path).inspect(|text| check_path(&path, text)),
        (None, Some(url)) => texts.template(&url, &["port"]).inspect(|text| check_url(&url, text)),
        (Some(_), Some(url)) => {
            url.fault("`merchant.webhook` has both a path and a url", "one of them");
            None
        }
        (None, None) => {
            let _ = fields.need("path");
            None
        }
    };
    let signature = fields.get("signature").map(|cursor| signature(&cursor, known));
    (door.unwrap_or_default(), signature)
}

fn signature(cursor: &Cursor<'_>, known: &Known<'_>) -> String {
    if let Value::Map(_) = &cursor.node().value {
        let problem = "a scheme written in place is not supported yet in this version";
        cursor.fault(problem, format!("a named one: {}", known.signatures.join(", ")));
        return String::new();
    }
    cursor.word("signature scheme", known.signatures).unwrap_or_default().to_owned()
}
