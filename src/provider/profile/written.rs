//! Templates as a file writes them, with every placeholder checked.

use serde_json::Value as Json;

use super::template::{each, placeholders};
use crate::input::{Cursor, Value};

/// What the templates of events are filled in from.
pub(super) const EVENT_ROOTS: &[&str] = &["event", "payment", "refund", "dispute"];

/// A text; every placeholder begins with one of the roots.
pub(super) fn text(cursor: &Cursor<'_>, roots: &[&str]) -> Option<String> {
    let text = cursor.text()?;
    check(cursor, text, roots).then(|| text.to_owned())
}

/// A document; every text in it is a template.
pub(super) fn document(cursor: &Cursor<'_>, roots: &[&str]) -> Option<Json> {
    match &cursor.node().value {
        Value::Scalar { text, plain } => {
            let typed = match text.as_str() {
                _ if !plain => None,
                "" | "~" | "null" => Some(Json::Null),
                "true" => Some(Json::Bool(true)),
                "false" => Some(Json::Bool(false)),
                number => number.parse::<i64>().ok().map(Json::from),
            };
            typed.or_else(|| self::text(cursor, roots).map(Json::String))
        }
        Value::List(_) => {
            let items: Vec<_> = cursor.items().iter().map(|item| document(item, roots)).collect();
            items.into_iter().collect::<Option<Vec<_>>>().map(Json::Array)
        }
        Value::Map(_) => {
            let entries = cursor.entries();
            let is_each = entries.iter().any(|(key, _)| *key == "each");
            let inside: Vec<&str> = roots.iter().copied().chain(["item"]).collect();
            let inner = if is_each { &inside } else { roots };
            let read = entries
                .into_iter()
                .map(|(key, value)| Some((key.to_owned(), document(&value, inner)?)));
            // Every member is read, so that every fault is told.
            let read: Vec<_> = read.collect();
            let members = read.into_iter().collect::<Option<serde_json::Map<_, _>>>()?;
            if is_each && each(&members).is_none() {
                let expected = "{each: a path, item: a template} and nothing else";
                cursor.fault("a list is made of a path and a template", expected);
                return None;
            }
            Some(Json::Object(members))
        }
    }
}

/// Whether every placeholder of the text begins with one of the roots; notes those that do not.
pub(super) fn check(cursor: &Cursor<'_>, text: &str, roots: &[&str]) -> bool {
    let paths = placeholders(text).into_iter().map(|placeholder| placeholder.path);
    let unknown = paths.filter_map(|path| {
        let root = path.split('.').next().unwrap_or(path);
        (!roots.contains(&root)).then_some(root)
    });
    let unknown: Vec<_> = unknown.collect();
    for root in &unknown {
        cursor.unknown(root, "placeholder here", roots);
    }
    unknown.is_empty()
}
