//! Secrets that a merchant knows and may repeat, blacked out wherever its words are kept.
//!
//! Knows the texts of the secrets and no place where they may come from; it is given them once,
//! before anything is recorded.

use serde_json::Value;

use super::Entry;

/// What stands where a secret stood.
const BLACK: &str = "[redacted]";
/// Shorter values would black out words that are no secrets.
const SECRET_CHARS_MIN: usize = 8;

/// Blacks out secrets.
#[derive(Clone, Default)]
pub struct Redaction {
    /// Every spelling of every secret, the longest first: one may be a part of another.
    spellings: Vec<String>,
    /// The same as they stand inside a JSON string.
    escaped: Vec<String>,
}

impl Redaction {
    /// Of these secrets, as plain text, as some JSON writers escape it, and as it stands in a URL.
    #[must_use]
    pub fn new(secrets: impl IntoIterator<Item = String>) -> Self {
        let secrets = secrets.into_iter().filter(|text| text.chars().count() >= SECRET_CHARS_MIN);
        let mut spellings: Vec<_> = secrets.flat_map(spellings).collect();
        spellings.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        spellings.dedup();
        let escaped = spellings.iter().map(|text| inside_json(text)).collect();
        Self { spellings, escaped }
    }

    /// These and more.
    #[must_use]
    pub fn and(&self, secrets: impl IntoIterator<Item = String>) -> Self {
        Self::new(self.spellings.iter().cloned().chain(secrets))
    }

    /// A text without them, and without what is left of one where the text was cut in it.
    #[must_use]
    pub fn text(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in &self.spellings {
            if !parts(secret).any(|part| text.contains(part)) {
                continue;
            }
            text = text.replace(secret.as_str(), BLACK);
            if let Some(kept) = beginnings(secret).find_map(|part| text.strip_suffix(part)) {
                text = format!("{kept}{BLACK}");
            }
            if let Some(kept) = endings(secret).find_map(|part| text.strip_prefix(part)) {
                text = format!("{BLACK}{kept}");
            }
        }
        text
    }

    /// Whether a line of JSON may hold one.
    pub(super) fn is_needed(&self, line: &[u8]) -> bool {
        let Ok(line) = std::str::from_utf8(line) else { return false };
        self.escaped.iter().flat_map(|secret| parts(secret)).any(|part| line.contains(part))
    }

    /// An entry without them. Where a secret is a word of our own, there is nothing to hide, and
    /// the entry stays as it is.
    pub(super) fn entry(&self, entry: Entry) -> Entry {
        let document = serde_json::to_value(&entry);
        let blackened = document.map(|mut document| {
            self.blacken(&mut document);
            document
        });
        blackened.and_then(serde_json::from_value).unwrap_or(entry)
    }

    fn blacken(&self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.text(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.blacken(item)),
            Value::Object(members) => members.values_mut().for_each(|item| self.blacken(item)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

/// Secrets stay out of debug output.
impl std::fmt::Debug for Redaction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Redaction")
            .field("spellings", &self.spellings.len())
            .finish_non_exhaustive()
    }
}

fn spellings(secret: String) -> Vec<String> {
    let in_url = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    };
    let encoded = secret.bytes().map(in_url).collect();
    let escaped = inside_json(&secret);
    // As PHP writes it.
    let slashes = escaped.replace('/', "\\/");
    vec![secret, encoded, escaped, slashes]
}

/// The least of its beginning and of its end that is hidden alone.
fn parts(secret: &str) -> impl Iterator<Item = &str> {
    let (first, last) = (beginnings(secret).last(), endings(secret).last());
    first.into_iter().chain(last)
}

/// The secret cut short at its end, longest first, down to what is no secret any more.
fn beginnings(secret: &str) -> impl Iterator<Item = &str> {
    let long_enough = (SECRET_CHARS_MIN..=secret.len()).rev();
    long_enough.filter_map(|length| secret.get(..length))
}

/// The secret cut short at its beginning.
fn endings(secret: &str) -> impl Iterator<Item = &str> {
    let long_enough = (SECRET_CHARS_MIN..=secret.len()).rev();
    long_enough.filter_map(|length| secret.get(secret.len() - length..))
}

fn inside_json(text: &str) -> String {
    let quoted = Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::Fact;
    use crate::model::{LaneId, SimTime};

    #[test]
    fn every_spelling_is_blacked_out_and_short_words_are_not() {
        let redaction = Redaction::new(["whsec_a/b+c\"d".to_owned(), "live".to_owned()]);
        let cases = [
            ("key=whsec_a/b+c\"d live", "key=[redacted] live"),
            (r#"{"key":"whsec_a/b+c\"d"}"#, r#"{"key":"[redacted]"}"#),
            (r#"{"key":"whsec_a\/b+c\"d"}"#, r#"{"key":"[redacted]"}"#),
            ("/v1?key=whsec_a%2Fb%2Bc%22d", "/v1?key=[redacted]"),
            ("whsec_a", "whsec_a"),
            ("{\"key\":\"whsec_a/b", "{\"key\":\"[redacted]"),
            ("_a/b+c\"d\"}", "[redacted]\"}"),
            ("whsec_a/b is cut elsewhere", "whsec_a/b is cut elsewhere"),
        ];
        for (text, expected) in cases {
            assert_eq!(redaction.text(text), expected);
        }
    }

    #[test]
    fn the_longer_secret_goes_first() {
        let redaction = Redaction::new(["12345678".to_owned(), "a-12345678".to_owned()]);
        assert_eq!(redaction.text("a-12345678 12345678"), "[redacted] [redacted]");
    }

    #[test]
    fn an_entry_keeps_its_shape() {
        let entry = |what: &str| {
            let fact = Fact::Process { what: what.to_owned() };
            Entry { seq: 1, lane: LaneId::RUN, at: SimTime::default(), real_ms: 1, fact }
        };
        let redaction = Redaction::new(["sk_live_1234".to_owned()]);
        let line = serde_json::to_vec(&entry("died: sk_live_1234")).unwrap();
        assert!(redaction.is_needed(&line));
        assert_eq!(redaction.entry(entry("died: sk_live_1234")), entry("died: [redacted]"));
        // A secret that is a word of the history's own form.
        let silly = Redaction::new(["process".to_owned() + "ed", "real_ms1".to_owned()]);
        assert_eq!(silly.entry(entry("died")), entry("died"));
    }
}
