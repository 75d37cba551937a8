//! Messages that only a merchant with one certain mistake in its verification accepts.
//!
//! Where a genuine message is refused, the one of these that is accepted names the mistake: it is
//! genuine to whoever verifies in that wrong way, and to nobody else.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::signature::{Message, Scheme, Secret, Signed};

/// A message that is genuine to whoever makes a mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistaken {
    /// The mistake: `the merchant …`.
    pub cause: String,
    /// What to do about it.
    pub remedy: &'static str,
    /// As it goes out.
    pub message: Signed,
}

/// Where nothing is known of the merchant's clock: most tolerances are five minutes, and time zones
/// differ by hours.
const OFFSETS_S: &[i64] = &[480, -480, 3600, -3600, 7200, -7200];

const CLOCK: &str = "set the clock of the machine or container that the merchant runs on; webhooks \
     carry unix seconds, so no time zone plays a part";
const RAW_BODY: &str = "verify the bytes as they arrived, before any JSON parser: ask the framework \
     for the raw body on this route";
const SECRET: &str = "remove the prefix whsec_ and decode the rest as base64; those bytes are the \
     key (a library of the scheme does it by itself)";

/// Every mistake that is known, for a message that was refused. `ahead_s` is how far the merchant's
/// clock is ahead of ours, where it told. What a scheme cannot sign is left out.
#[must_use]
pub fn mistakes(
    scheme: &Scheme,
    secret: &Secret,
    message: &Message<'_>,
    ahead_s: Option<i64>,
) -> Vec<Mistaken> {
    let mut found = Vec::new();
    let mut add = |cause: String, remedy, key: &Secret, signed: &Message<'_>, body: &[u8]| {
        if let Ok(mut message) = scheme.sign(key, signed) {
            if signed.body != body {
                message.body = body.to_vec();
            }
            found.push(Mistaken { cause, remedy, message });
        }
    };
    for seconds in ahead_s.as_ref().map_or(OFFSETS_S, std::slice::from_ref) {
        if scheme.has_timestamp() && *seconds != 0 {
            let ms = message.ts.unix_ms().saturating_add(seconds.saturating_mul(1000));
            let ts = crate::model::SimTime::from_unix_ms(ms);
            let cause = format!("the merchant's clock is {}", apart(*seconds));
            add(cause, CLOCK, secret, &Message { ts, ..*message }, message.body);
        }
    }
    for body in rewritten(message.body) {
        let cause = "the merchant verifies what its JSON parser made of the body, not the body";
        add(cause.to_owned(), RAW_BODY, secret, &Message { body: &body, ..*message }, &body);
    }
    let cause = "the merchant verifies an empty body: something has read it before".to_owned();
    add(cause, RAW_BODY, secret, &Message { body: b"", ..*message }, message.body);
    for key in undecoded(secret) {
        let cause = "the merchant takes the text of the secret for the key".to_owned();
        add(cause, SECRET, &key, message, message.body);
    }
    found
}

/// `about 10 minutes behind`.
#[must_use]
pub fn apart(ahead_s: i64) -> String {
    let (seconds, side) = (ahead_s.unsigned_abs(), if ahead_s < 0 { "behind" } else { "ahead" });
    match seconds {
        0..120 => format!("{seconds} seconds {side}"),
        120..7200 => format!("about {} minutes {side}", (seconds + 30) / 60),
        _ => format!("about {} hours {side}", (seconds + 1800) / 3600),
    }
}

/// The body as the common JSON writers would write it again, where they write it otherwise.
fn rewritten(body: &[u8]) -> Vec<Vec<u8>> {
    let Ok(document) = serde_json::from_slice::<Value>(body) else { return Vec::new() };
    let mut forms: Vec<Vec<u8>> = Vec::new();
    for document in [document.clone(), sorted(document)] {
        let compact = document.to_string();
        let mut spaced = Vec::new();
        let mut writer = serde_json::Serializer::with_formatter(&mut spaced, Spaced);
        if serde::Serialize::serialize(&document, &mut writer).is_err() {
            continue;
        }
        // As PHP does; a slash stands in strings alone.
        let slashed = compact.replace('/', "\\/").into_bytes();
        let indented = serde_json::to_vec_pretty(&document).unwrap_or_default();
        for form in [compact.into_bytes(), spaced, slashed, indented] {
            if form != body && !forms.contains(&form) {
                forms.push(form);
            }
        }
    }
    forms
}

fn sorted(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members.into_iter().map(|(k, v)| (k, sorted(v))).collect();
            members.sort_by(|a, b| a.0.cmp(&b.0));
            members.into_iter().collect()
        }
        Value::Array(items) => items.into_iter().map(sorted).collect(),
        other => other,
    }
}

/// `{"a": 1, "b": 2}`, as Python writes it.
struct Spaced;

impl serde_json::ser::Formatter for Spaced {
    fn begin_array_value<W: ?Sized + std::io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> std::io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_key<W: ?Sized + std::io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> std::io::Result<()> {
        self.begin_array_value(writer, first)
    }

    fn begin_object_value<W: ?Sized + std::io::Write>(
        &mut self,
        writer: &mut W,
    ) -> std::io::Result<()> {
        writer.write_all(b": ")
    }
}

/// Secrets whose key is the text of this one, with its prefix and without; none where the text
/// announces no base64.
fn undecoded(secret: &Secret) -> Vec<Secret> {
    let text = secret.expose();
    let Some(bare) = text.strip_prefix("whsec_") else { return Vec::new() };
    [text, bare].map(|text| Secret::new(format!("whsec_{}", STANDARD.encode(text)))).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{SimTime, Span};
    use crate::signature::{Arrived, scheme};

    const BODY: &[u8] = br#"{"type":"payment.created","id":"evt_1","url":"https://a/b"}"#;
    const NOW: SimTime = SimTime::from_unix_ms(1_700_000_000_500);
    const URL: &str = "http://shop.test/hooks";

    fn all(ahead_s: Option<i64>) -> (Secret, Vec<Mistaken>) {
        let secret = Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let message = Message { id: "evt_1", ts: NOW, url: URL, method: "POST", body: BODY };
        let scheme = scheme("standard-webhooks").unwrap();
        let found = mistakes(scheme, &secret, &message, ahead_s);
        (secret, found)
    }

    /// Whether a merchant that verifies by `key`, at `now`, what `read` makes of the body accepts
    /// one of them, and why that is.
    fn accepted(
        key: &str,
        now: SimTime,
        read: fn(&[u8]) -> Vec<u8>,
        ahead_s: Option<i64>,
    ) -> String {
        let (_, found) = all(ahead_s);
        let scheme = scheme("standard-webhooks").unwrap();
        let mut causes = found.into_iter().filter(|mistaken| {
            let Signed { headers, body } = &mistaken.message;
            let arrived = Arrived { headers, url: URL, method: "POST", body: &read(body) };
            scheme.verify(&[Secret::new(key)], &arrived, now).is_ok()
        });
        causes.next().map(|mistaken| mistaken.cause).unwrap_or_default()
    }

    const KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    fn parsed(body: &[u8]) -> Value {
        serde_json::from_slice(body).unwrap()
    }

    #[test]
    fn each_mistake_is_named_by_what_it_accepts() {
        let as_it_is: fn(&[u8]) -> Vec<u8> = <[u8]>::to_vec;
        let spaced: fn(&[u8]) -> Vec<u8> = |body| {
            let text = parsed(body).to_string();
            text.replace("\":", "\": ").replace(",\"", ", \"").into_bytes()
        };
        let slashed: fn(&[u8]) -> Vec<u8> =
            |body| parsed(body).to_string().replace('/', "\\/").into_bytes();
        let keys_sorted: fn(&[u8]) -> Vec<u8> =
            |body| sorted(parsed(body)).to_string().into_bytes();
        let empty: fn(&[u8]) -> Vec<u8> = |_| Vec::new();
        let text = format!("whsec_{}", STANDARD.encode(KEY));
        let bare = format!("whsec_{}", STANDARD.encode(&KEY[6..]));
        let behind = NOW.minus(Span::from_s(600));
        let cases = [
            (KEY, behind, as_it_is, Some(-600), "clock is about 10 minutes behind"),
            (KEY, behind, as_it_is, None, "clock is about 8 minutes behind"),
            (KEY, NOW.plus(Span::from_s(7200)), as_it_is, None, "clock is about 2 hours ahead"),
            (KEY, NOW, spaced, None, "JSON parser"),
            (KEY, NOW, slashed, None, "JSON parser"),
            (KEY, NOW, keys_sorted, None, "JSON parser"),
            (KEY, NOW, empty, None, "an empty body"),
            (&text, NOW, as_it_is, None, "text of the secret"),
            (&bare, NOW, as_it_is, None, "text of the secret"),
        ];
        for (key, now, read, ahead_s, expected) in cases {
            let cause = accepted(key, now, read, ahead_s);
            assert!(cause.contains(expected), "`{cause}` lacks `{expected}`");
        }
    }

    /// Another secret is no mistake that shows itself; whoever refuses everything is not explained.
    #[test]
    fn another_secret_is_none_of_them() {
        let other = "whsec_YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnc=";
        assert_eq!(accepted(other, NOW, <[u8]>::to_vec, None), "");
    }

    /// Nothing is guessed where the clock is known to be right.
    #[test]
    fn a_clock_that_is_right_is_no_cause() {
        let (_, found) = all(Some(0));
        assert!(found.iter().all(|mistaken| !mistaken.cause.contains("clock")));
    }

    #[test]
    fn spans_are_told_in_round_numbers() {
        let cases = [
            (30, "30 seconds ahead"),
            (-600, "about 10 minutes behind"),
            (86_400, "about 24 hours ahead"),
        ];
        for (seconds, expected) in cases {
            assert_eq!(apart(seconds), expected);
        }
    }
}
