//! Query strings of lists, checked: known names only, each once, none empty.

use std::collections::BTreeMap;

use crate::model::Status;

use super::id::Prefix;
use super::problem::{Code, FieldError, Problem};

const LIMIT_DEFAULT: usize = 20;
const LIMIT_MAX: usize = 100;

/// A checked query.
pub(super) struct Query(BTreeMap<String, String>);

impl Query {
    /// Reads the query of a request that knows these names. An empty value is refused: a client
    /// whose variable is empty would otherwise get everything.
    pub fn read(text: &str, known: &[&str]) -> Result<Self, Problem> {
        let mut query = BTreeMap::new();
        let mut errors = Vec::new();
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (decode(name), decode(value));
            let mut refuse = |detail| errors.push(fault(&name, detail));
            if !known.contains(&name.as_str()) {
                refuse(format!("is not known here; known are {}", known.join(", ")));
            } else if value.is_empty() {
                refuse("is empty; leave it out or give a value".to_owned());
            } else if query.insert(name.clone(), value).is_some() {
                refuse("is given twice; give it once".to_owned());
            }
        }
        Problem::of_fields(errors).map_or(Ok(Self(query)), Err)
    }

    /// The value as text.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// How many items are wanted.
    pub fn limit(&self) -> Result<usize, Problem> {
        let Some(text) = self.get("limit") else { return Ok(LIMIT_DEFAULT) };
        match text.parse() {
            Ok(limit @ 1..=LIMIT_MAX) => Ok(limit),
            _ => Err(refusal("limit", format!("must be a whole number from 1 to {LIMIT_MAX}"))),
        }
    }

    /// An id of that kind; whether it exists is no question here.
    pub fn id(&self, name: &str, prefix: Prefix) -> Result<Option<&str>, Problem> {
        match self.get(name) {
            Some(id) if !prefix.fits(id) => {
                let shape = "must be the id of an item, its prefix and 26 characters";
                Err(refusal(name, shape.to_owned()))
            }
            id => Ok(id),
        }
    }

    /// The status asked for.
    pub fn status(&self) -> Result<Option<Status>, Problem> {
        let Some(word) = self.get("status") else { return Ok(None) };
        let words: Vec<&str> = Status::ALL.iter().map(|status| status.as_str()).collect();
        let unknown = || refusal("status", format!("must be one of {}", words.join(", ")));
        Status::from_word(word).map(Some).ok_or_else(unknown)
    }
}

fn refusal(name: &str, detail: String) -> Problem {
    let error = fault(name, detail);
    let detail = error.detail.clone();
    Problem { errors: vec![error], ..Problem::new(Code::InvalidRequest, detail) }
}

fn fault(name: &str, detail: String) -> FieldError {
    FieldError::new(Code::InvalidRequest, format!("/{name}"), format!("{name} {detail}"))
}

/// `%41` and `+` as forms write them. A broken escape stays as it is; no value that is accepted
/// contains one.
fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while i < bytes.len() {
        let escaped = bytes.get(i + 1..i + 3).filter(|_| bytes[i] == b'%');
        let byte = escaped.and_then(|pair| hex::decode(pair).ok()).map(|byte| byte[0]);
        decoded.push(byte.unwrap_or(if bytes[i] == b'+' { b' ' } else { bytes[i] }));
        i += if byte.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_read() {
        let cases = [("INV-1%2F2", "INV-1/2"), ("a+b", "a b"), ("%", "%"), ("%zz", "%zz")];
        for (text, decoded) in cases {
            assert_eq!(decode(text), decoded);
        }
    }

    #[test]
    fn what_is_refused() {
        for text in ["order=1", "limit=", "limit=1&limit=2", "limit"] {
            assert!(Query::read(text, &["limit"]).is_err(), "{text}");
        }
        for limit in ["0", "101", "-1", "x", "1.0"] {
            let query = Query::read(&format!("limit={limit}"), &["limit"])
                .unwrap_or(Query(BTreeMap::new()));
            assert!(query.limit().is_err(), "{limit}");
        }
    }
}
