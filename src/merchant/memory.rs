//! What the steps of an order leave for its later ones: captured values, and cookies as a browser
//! keeps them for one shop.

use std::collections::BTreeMap;

use regex::Regex;
use serde_json::Value;

use super::drive::{Source, Step};

/// Captured values and cookies.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Memory {
    /// Placeholder → value.
    pub values: BTreeMap<String, String>,
    cookies: BTreeMap<String, String>,
}

/// An answer, as far as values are taken from it.
#[derive(Debug, Clone, Copy)]
pub struct Heard<'h> {
    /// Names in lower case and their values; none for commands and statements.
    pub headers: &'h [(String, String)],
    /// The body, what was printed, or the rows as JSON.
    pub body: &'h [u8],
}

/// A value that is not where it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is not in the answer: there is no {place}; correct `capture`")]
pub struct Uncaught {
    name: String,
    place: String,
}

impl Memory {
    /// Keeps the cookies of an answer, and what the step captures from it.
    ///
    /// # Errors
    /// The first value that is not there.
    pub fn hear(&mut self, step: &Step, heard: Heard<'_>) -> Result<(), Uncaught> {
        for set in all(heard, "set-cookie") {
            let Some((name, value)) = cookie(set) else { continue };
            match value {
                Some(value) => self.cookies.insert(name.to_owned(), value.to_owned()),
                None => self.cookies.remove(name),
            };
        }
        for (name, source) in &step.captures {
            let found = find(source, heard);
            let missing = || Uncaught { name: name.clone(), place: told(source) };
            self.values.insert(name.clone(), found.ok_or_else(missing)?);
        }
        Ok(())
    }

    /// The value of the header by which the cookies go back.
    #[must_use]
    pub fn cookie(&self) -> Option<String> {
        let pairs: Vec<_> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }
}

fn find(source: &Source, heard: Heard<'_>) -> Option<String> {
    match source {
        Source::Json(pointer) => {
            let document: Value = serde_json::from_slice(heard.body).ok()?;
            match document.pointer(pointer)? {
                Value::String(text) => Some(text.clone()),
                Value::Number(number) => Some(number.to_string()),
                Value::Bool(yes) => Some(yes.to_string()),
                Value::Null | Value::Array(_) | Value::Object(_) => None,
            }
        }
        Source::Header(name) => all(heard, name).next().map(str::to_owned),
        Source::Cookie(name) => {
            let mut set = all(heard, "set-cookie").filter_map(cookie);
            set.find_map(|(known, value)| value.filter(|_| known == name)).map(str::to_owned)
        }
        Source::Regex(pattern) => {
            let text = String::from_utf8_lossy(heard.body);
            let found = Regex::new(pattern).ok()?.captures(&text)?;
            Some(found.get(1).or_else(|| found.get(0))?.as_str().to_owned())
        }
    }
}

fn told(source: &Source) -> String {
    match source {
        Source::Json(pointer) => format!("text or number at {pointer}"),
        Source::Header(name) => format!("header {name}"),
        Source::Cookie(name) => format!("cookie {name}"),
        Source::Regex(pattern) => format!("match of {pattern}"),
    }
}

fn all<'h>(heard: Heard<'h>, name: &str) -> impl Iterator<Item = &'h str> {
    let same = heard.headers.iter().filter(move |(known, _)| known.eq_ignore_ascii_case(name));
    same.map(|(_, value)| value.as_str())
}

/// Name and value of a `Set-Cookie`; no value where it takes the cookie back. A test shop is one
/// host, so where a cookie may go is not asked.
fn cookie(set: &str) -> Option<(&str, Option<&str>)> {
    let mut parts = set.split(';').map(str::trim);
    let (name, value) = parts.next()?.split_once('=')?;
    let is_taken_back = parts.any(|attribute| {
        let attribute = attribute.to_ascii_lowercase();
        attribute == "max-age=0"
            || (attribute.starts_with("expires=") && attribute.contains(" 1970"))
    });
    Some((name.trim(), (!is_taken_back).then_some(value.trim())))
}

#[cfg(test)]
mod tests {
    use super::super::drive::Act;
    use super::*;

    fn hear(
        memory: &mut Memory,
        capture: Option<Source>,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Result<(), String> {
        let mut step = Step::from(Act::Exec(Vec::new()));
        step.captures.extend(capture.map(|source| ("it".to_owned(), source)));
        let text = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let headers: Vec<_> = headers.iter().map(text).collect();
        let heard = Heard { headers: &headers, body: body.as_bytes() };
        memory.hear(&step, heard).map_err(|error| error.to_string())
    }

    #[test]
    fn values_are_taken_from_every_part_of_an_answer() {
        let set: &[(&str, &str)] = &[("set-cookie", "sid=a=b; Path=/"), ("x-token", "t1")];
        let cases = [
            (Source::Json("/a/0/id".into()), r#"{"a": [{"id": "o1"}]}"#, Ok("o1")),
            (Source::Json("/n".into()), r#"{"n": 17}"#, Ok("17")),
            (Source::Json("/n".into()), r#"{"n": null}"#, Err("text or number at /n")),
            (Source::Json("/n".into()), "<html>", Err("text or number at /n")),
            (Source::Header("X-Token".into()), "", Ok("t1")),
            (Source::Header("x-other".into()), "", Err("header x-other")),
            (Source::Cookie("sid".into()), "", Ok("a=b")),
            (
                Source::Regex("csrf\" value=\"([^\"]+)".into()),
                r#"<x name="csrf" value="c1">"#,
                Ok("c1"),
            ),
            (Source::Regex("o[0-9]+".into()), "order o42", Ok("o42")),
            (Source::Regex("z+".into()), "order o42", Err("match of z+")),
        ];
        for (source, body, expected) in cases {
            let mut memory = Memory::default();
            match (hear(&mut memory, Some(source), set, body), expected) {
                (Ok(()), Ok(value)) => assert_eq!(memory.values["it"], value),
                (Err(why), Err(place)) => assert!(why.contains(place), "{why}"),
                (heard, _) => panic!("{heard:?} instead of {expected:?}"),
            }
        }
    }

    #[test]
    fn cookies_go_back_until_they_are_taken_back() {
        let mut memory = Memory::default();
        assert_eq!(memory.cookie(), None);
        hear(&mut memory, None, &[("set-cookie", "a=1; HttpOnly"), ("set-cookie", "b=2")], "")
            .unwrap();
        assert_eq!(memory.cookie().as_deref(), Some("a=1; b=2"));
        hear(&mut memory, None, &[("set-cookie", "a=3"), ("set-cookie", "b=; Max-Age=0")], "")
            .unwrap();
        assert_eq!(memory.cookie().as_deref(), Some("a=3"));
        let old = "a=; expires=Thu, 01 Jan 1970 00:00:00 GMT";
        hear(&mut memory, None, &[("set-cookie", old)], "").unwrap();
        assert_eq!(memory.cookie(), None);
    }
}
