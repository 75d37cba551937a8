//! Query strings of lists, checked: known names only, each once, none empty.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::model::{RAILS, Status};

use super::id::Prefix;
use super::problem::{Code, FieldError, Problem};
use super::request;

const LIMIT_DEFAULT: usize = 20;
const LIMIT_MAX: usize = 100;

/// What a query may say.
pub(super) struct Parameter {
    pub name: &'static str,
    pub shape: Shape,
    /// What it chooses, in a sentence.
    pub about: &'static str,
    pub required: bool,
}

impl Parameter {
    pub const fn optional(name: &'static str, shape: Shape, about: &'static str) -> Self {
        Self { name, shape, about, required: false }
    }

    pub const fn required(name: &'static str, shape: Shape, about: &'static str) -> Self {
        Self { name, shape, about, required: true }
    }
}

/// What a value may look like.
#[derive(Clone, Copy)]
pub(super) enum Shape {
    /// How many items are wanted.
    Limit,
    /// An id of that kind; whether it exists is no question here.
    Id(Prefix),
    Reference,
    Status,
    /// The id of a rail; whether the account is enabled for it is no question here.
    Rail,
    /// A day in UTC.
    Day,
    /// Whatever is not empty.
    Text,
}

/// How many items of a list are wanted.
pub(super) const LIMIT: Parameter =
    Parameter::optional("limit", Shape::Limit, "How many items at most.");

/// A checked query.
pub(super) struct Query(BTreeMap<&'static str, String>);

impl Query {
    /// Reads the query of a request that knows these names. An empty value is refused: a client
    /// whose variable is empty would otherwise get everything.
    pub fn read(text: &str, known: &[&'static Parameter]) -> Result<Self, Problem> {
        let mut query = BTreeMap::new();
        let mut errors = Vec::new();
        for (name, value) in pairs(text) {
            let mut refuse = |detail| errors.push(fault(&name, detail));
            let Some(parameter) = known.iter().find(|parameter| parameter.name == name) else {
                let known: Vec<&str> = known.iter().map(|parameter| parameter.name).collect();
                refuse(match known.as_slice() {
                    [] => "is not known here; nothing is".to_owned(),
                    known => format!("is not known here; known are {}", known.join(", ")),
                });
                continue;
            };
            if value.is_empty() {
                refuse("is empty; leave it out or give a value".to_owned());
            } else if let Some(wanted) = parameter.shape.refuses(&value) {
                refuse(wanted);
            } else if query.insert(parameter.name, value).is_some() {
                refuse("is given twice; give it once".to_owned());
            }
        }
        for parameter in known.iter().filter(|parameter| parameter.required) {
            if !query.contains_key(parameter.name)
                && !errors.iter().any(|error| error.pointer[1..] == *parameter.name)
            {
                errors.push(fault(parameter.name, format!("is required: {}", parameter.about)));
            }
        }
        Problem::of_fields(errors).map_or(Ok(Self(query)), Err)
    }

    /// The value, if there is one.
    pub fn get(&self, parameter: &Parameter) -> Option<&str> {
        self.0.get(parameter.name).map(String::as_str)
    }

    /// How many items are wanted.
    pub fn limit(&self) -> usize {
        self.get(&LIMIT).and_then(|text| text.parse().ok()).unwrap_or(LIMIT_DEFAULT)
    }
}

impl Shape {
    /// What fits, as a schema.
    pub fn schema(self) -> Value {
        match self {
            Self::Limit => json!({
                "type": "integer", "minimum": 1, "maximum": LIMIT_MAX, "default": LIMIT_DEFAULT,
            }),
            Self::Id(prefix) => json!({ "type": "string", "pattern": prefix.pattern() }),
            Self::Reference => json!({ "type": "string", "pattern": request::REFERENCE_PATTERN }),
            Self::Status => {
                let words = Status::ALL.iter().map(|status| status.as_str());
                json!({ "type": "string", "enum": words.collect::<Vec<_>>() })
            }
            Self::Rail => {
                let ids = RAILS.iter().map(|rail| rail.id);
                json!({ "type": "string", "enum": ids.collect::<Vec<_>>() })
            }
            Self::Day => {
                json!({ "type": "string", "format": "date", "examples": ["2026-01-05"] })
            }
            Self::Text => json!({ "type": "string", "minLength": 1 }),
        }
    }

    /// What it must be, if this value is not.
    fn refuses(self, value: &str) -> Option<String> {
        let number = || value.parse().is_ok_and(|limit| (1..=LIMIT_MAX).contains(&limit));
        match self {
            Self::Limit => {
                (!number()).then(|| format!("must be a whole number from 1 to {LIMIT_MAX}"))
            }
            Self::Id(prefix) => (!prefix.fits(value))
                .then(|| "must be the id of an item, its prefix and 26 characters".to_owned()),
            Self::Reference => request::unfit_reference(value),
            Self::Status => Status::from_word(value).is_none().then(|| {
                let words: Vec<&str> = Status::ALL.iter().map(|status| status.as_str()).collect();
                format!("must be one of {}", words.join(", "))
            }),
            Self::Rail | Self::Day | Self::Text => None,
        }
    }
}

/// The value of one name, unchecked, for whoever only wants to know what a call is about.
pub(super) fn glimpse(text: &str, parameter: &Parameter) -> Option<String> {
    pairs(text).find(|(name, _)| name == parameter.name).map(|(_, value)| value)
}

fn pairs(text: &str) -> impl Iterator<Item = (String, String)> {
    text.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode(name), decode(value))
    })
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
        const WORD: &Parameter = &Parameter::optional("word", Shape::Text, "");
        for text in ["order=1", "limit=", "limit=1&limit=2", "limit"] {
            assert!(Query::read(text, &[&LIMIT]).is_err(), "{text}");
        }
        for limit in ["0", "101", "-1", "x", "1.0"] {
            assert!(Query::read(&format!("limit={limit}"), &[&LIMIT]).is_err(), "{limit}");
        }
        assert!(Query::read("limit=1&word=0", &[&LIMIT, WORD]).is_ok_and(|of| of.limit() == 1));
        assert!(Query::read("", &[&LIMIT]).is_ok_and(|of| of.limit() == LIMIT_DEFAULT));
    }
}
