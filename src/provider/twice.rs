//! Walks through a JSON text for what makes two readers see two different texts: names that come
//! twice in one object, at whatever depth; and for nesting that readers break on.
//!
//! Knows no fields and keeps no values.

use std::collections::BTreeSet;

use serde::de::Error;
use serde_json::Value;
use serde_json::value::RawValue;

use super::problem::{Code, FieldError};
use super::reader::{Fields, escaped};

/// Levels of objects and lists. What comes in here goes out inside of events and lists, and common
/// parsers give up at 128.
const DEPTH_MAX: usize = 32;

/// Every name that is given twice.
///
/// # Errors
/// It is not JSON, not UTF-8, nested too deep, or has numbers or escapes that no reader takes.
pub(super) fn twice(text: &[u8]) -> Result<Vec<FieldError>, serde_json::Error> {
    let mut faults = Vec::new();
    walk(serde_json::from_slice(text)?, "", 0, &mut faults)?;
    Ok(faults)
}

/// Each level is read once more for each level above it; the bound on levels bounds that too.
fn walk(
    value: &RawValue,
    pointer: &str,
    depth: usize,
    faults: &mut Vec<FieldError>,
) -> Result<(), serde_json::Error> {
    let is_nested = value.get().starts_with(['{', '[']);
    if is_nested && depth == DEPTH_MAX {
        let problem = format_args!("nested deeper than {DEPTH_MAX} levels");
        return Err(serde_json::Error::custom(problem));
    }
    if value.get().starts_with('{') {
        let members: Fields<'_> = serde_json::from_str(value.get())?;
        let mut names = BTreeSet::new();
        for (name, value) in &members.0 {
            let pointer = format!("{pointer}/{}", escaped(name));
            walk(value, &pointer, depth + 1, faults)?;
            if !names.insert(name) {
                let detail = format!("{name} is given twice; give it once");
                faults.push(FieldError::new(Code::InvalidRequest, pointer, detail));
            }
        }
    } else if value.get().starts_with('[') {
        let items: Vec<&RawValue> = serde_json::from_str(value.get())?;
        for (position, item) in items.iter().enumerate() {
            walk(item, &format!("{pointer}/{position}"), depth + 1, faults)?;
        }
    } else {
        // Skipping over a value does not look into numbers and escapes; reading it does.
        let _: Value = serde_json::from_str(value.get())?;
    }
    Ok(())
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
