//! `provider`: the reference payment service as this merchant meets it.

use std::net::SocketAddr;

use super::Known;
use super::text::Texts;
use crate::input::{Cursor, Fields, Value};
use crate::merchant::profile::ProviderConfig;
use crate::model::RAILS;

const KEYS: &[&str] =
    &["mode", "listen", "public_url", "api_key", "webhook_secret", "account", "profile", "rails"];

const LATER: &[(&str, &str)] = &[("tls", "plain HTTP on loopback")];

/// Any free port of this machine.
const LISTEN: &str = "127.0.0.1:0";

pub(super) fn read(
    cursor: Option<&Cursor<'_>>,
    is_started: bool,
    texts: &Texts<'_>,
    known: &Known<'_>,
) -> ProviderConfig {
    let fields = cursor.map(|cursor| cursor.fields_but(KEYS, LATER));
    let get = |key: &str| fields.as_ref().and_then(|fields| fields.get(key));
    let live =
        get("mode").and_then(|cursor| cursor.word("mode", &["live", "test"])) != Some("test");
    let profile = get("profile").and_then(|cursor| profile(&cursor, texts, known));
    let listen = get("listen").and_then(|cursor| Some((listen(&cursor, texts)?, cursor)));
    let api_key = get("api_key").and_then(|cursor| api_key(&cursor, live, texts));
    let webhook_secret = get("webhook_secret").and_then(|cursor| texts.plain(&cursor));
    if let Some(fields) = fields.as_ref().filter(|_| !is_started) {
        check_fixed(fields, listen.as_ref());
    }
    ProviderConfig {
        live,
        listen: listen.map_or_else(|| LISTEN.to_owned(), |(address, _)| address.to_string()),
        public_url: get("public_url").and_then(|cursor| public_url(&cursor, texts)),
        api_key,
        webhook_secret,
        profile: profile.unwrap_or_else(|| "default".to_owned()),
        account: get("account").and_then(|cursor| texts.plain(&cursor)),
        rails: rails(fields.and_then(|fields| fields.need("rails")).as_ref()),
    }
}

/// A name that is known, or the path of a file.
fn profile(cursor: &Cursor<'_>, texts: &Texts<'_>, known: &Known<'_>) -> Option<String> {
    let word = texts.plain(cursor)?;
    if is_path(&word) || known.profiles.contains(&&*word) {
        return Some(word);
    }
    cursor.unknown(&word, "provider profile", known.profiles);
    None
}

/// Whether a provider profile is named by its file: a name has neither an ending nor a folder.
#[must_use]
pub fn is_path(profile: &str) -> bool {
    profile.contains(['/', '.'])
}

/// A merchant that somebody else starts has been told address, key and secret beforehand.
fn check_fixed(fields: &Fields<'_>, listen: Option<&(SocketAddr, Cursor<'_>)>) {
    let why = "the merchant is already running";
    match listen {
        Some((address, cursor)) if address.port() == 0 => {
            cursor.fault(format!("port 0 is any port, but {why}"), "the port that it calls");
        }
        _ => {}
    }
    let needed = ["listen", "api_key", "webhook_secret"];
    let missing: Vec<&str> = needed.into_iter().filter(|key| fields.get(key).is_none()).collect();
    if !missing.is_empty() {
        let problem = format!("`provider` lacks {}, but {why}", missing.join(", "));
        let expected = "the values that it was started with, or `merchant.start`";
        fields.owner().fault(problem, expected);
    }
}

fn listen(cursor: &Cursor<'_>, texts: &Texts<'_>) -> Option<SocketAddr> {
    let text = texts.plain(cursor)?;
    let address = text.parse().ok();
    if address.is_none() {
        let expected = "an IP address and a port, such as 127.0.0.1:0 for any free one";
        cursor.fault(format!("`{text}` is no address to listen on"), expected);
    }
    address
}

/// Where the merchant reaches the service, without the slash at its end.
fn public_url(cursor: &Cursor<'_>, texts: &Texts<'_>) -> Option<String> {
    let text = texts.plain(cursor)?;
    let url = text.trim_end_matches('/');
    let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
    if rest.is_none_or(|rest| rest.is_empty() || rest.contains(['?', '#', ' ', '{'])) {
        let expected = "http:// or https:// and a host, such as https://pay.test:8443";
        cursor.fault(format!("`{text}` is no address"), expected);
        return None;
    }
    Some(url.to_owned())
}

fn api_key(cursor: &Cursor<'_>, live: bool, texts: &Texts<'_>) -> Option<String> {
    let key = texts.plain(cursor)?;
    let (mode, other) = if live { ("live", "sk_test_") } else { ("test", "sk_live_") };
    if key.starts_with(other) {
        let problem = format!("a key that begins with {other} contradicts mode {mode}");
        cursor.fault(problem, format!("a key of that mode: sk_{mode}_…"));
    }
    Some(key)
}

fn rails(cursor: Option<&Cursor<'_>>) -> Vec<String> {
    let valid: Vec<&str> = RAILS.iter().map(|rail| rail.id).collect();
    let Some(cursor) = cursor else { return Vec::new() };
    let items = cursor.items();
    if items.is_empty() && matches!(cursor.node().value, Value::List(_)) {
        cursor.fault("no rail is enabled", format!("some of {}", valid.join(", ")));
    }
    let mut rails: Vec<String> = Vec::new();
    for item in &items {
        let Some(rail) = item.word("rail", &valid) else { continue };
        if rails.iter().any(|other| other == rail) {
            item.fault(format!("`{rail}` stands twice"), "each rail once");
        }
        rails.push(rail.to_owned());
    }
    rails
}
