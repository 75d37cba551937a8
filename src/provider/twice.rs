//! Walks through a JSON text for what makes two readers see two different texts: names that come
//! twice in one object, at whatever depth; and for nesting that readers break on.
//!
//! Knows no fields and keeps no values.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::problem::{Code, FieldError};

/// Levels of objects and lists. What comes in here goes out inside of events and lists, and common
/// parsers give up at 128.
const DEPTH_MAX: usize = 32;

/// Every name that is given twice.
///
/// # Errors
/// It is not JSON, not UTF-8, nested too deep, or has numbers or escapes that no reader takes.
pub(super) fn twice(text: &[u8]) -> Result<Vec<FieldError>, serde_json::Error> {
    let (mut at, mut faults) = (Vec::new(), Vec::new());
    let mut json = serde_json::Deserializer::from_slice(text);
    Walk { at: &mut at, faults: &mut faults }.deserialize(&mut json)?;
    json.end()?;
    Ok(faults)
}

struct Walk<'w> {
    /// The names and positions that lead here.
    at: &'w mut Vec<String>,
    faults: &'w mut Vec<FieldError>,
}

impl Walk<'_> {
    fn step<E: Error>(&mut self, to: String) -> Result<Walk<'_>, E> {
        if self.at.len() == DEPTH_MAX {
            return Err(E::custom(format_args!("nested deeper than {DEPTH_MAX} levels")));
        }
        self.at.push(to);
        Ok(Walk { at: self.at, faults: self.faults })
    }
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        for position in 0usize.. {
            if list.next_element_seed(self.step(position.to_string())?)?.is_none() {
                break;
            }
            self.at.pop();
        }
        self.at.pop();
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<(), A::Error> {
        let mut names = BTreeSet::new();
        while let Some(name) = members.next_key::<String>()? {
            let escaped = name.replace('~', "~0").replace('/', "~1");
            members.next_value_seed(self.step(escaped)?)?;
            let pointer = format!("/{}", self.at.join("/"));
            self.at.pop();
            if names.contains(&name) {
                let detail = format!("{name} is given twice; give it once");
                self.faults.push(FieldError::new(Code::InvalidRequest, pointer, detail));
            }
            names.insert(name);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_twice_is_found_at_every_depth() {
        let cases: &[(&str, &[&str])] = &[
            ("{}", &[]),
            (r#"{"a":{"b":1},"c":[{"b":1},{"b":2}]}"#, &[]),
            (r#"{"a":1,"a":1}"#, &["/a"]),
            (r#"{"a":1,"\u0061":1}"#, &["/a"]),
            (
                r#"{"a":[0,{"b~":{"c/d":1,"c/d":[]}}],"z":1,"z":2,"z":3}"#,
                &["/a/1/b~0/c~1d", "/z", "/z"],
            ),
        ];
        for (text, pointers) in cases {
            let found = twice(text.as_bytes()).unwrap();
            let found: Vec<&str> = found.iter().map(|fault| fault.pointer.as_str()).collect();
            assert_eq!(found, *pointers, "{text}");
        }
    }

    #[test]
    fn what_no_reader_takes_is_refused() {
        let deep = |levels| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(twice(deep(DEPTH_MAX).as_bytes()).is_ok());
        assert!(twice(deep(DEPTH_MAX + 1).as_bytes()).is_err());
        let deep = [deep(10_000), "[".repeat(60_000), r#"{"a":"#.repeat(10_000)];
        for text in deep.iter().map(String::as_str).chain([
            "",
            "{",
            "[1,]",
            "1 2",
            "NaN",
            "1e999",
            r#""\ud800""#,
            "{'a':1}",
            "\u{feff}{}",
        ]) {
            assert!(twice(text.as_bytes()).is_err(), "{:.40}", text);
        }
        assert!(twice(b"\"\xff\"").is_err());
    }
}
