//! `drive`: how the merchant is made to act, verb by verb and step by step.

use std::collections::BTreeMap;

use regex::Regex;

use super::text::Texts;
use super::{http, sql};
use crate::input::{Cursor, Fields, Value};
use crate::merchant::drive::{Act, Drives, Source, Step, VERBS, Verb};
use crate::merchant::template::RUN_PLACEHOLDERS;

/// The verbs that a stranger may try stand below this key.
const STRANGER: &str = "as_stranger";

const STEP_KEYS: &[&str] = &["http", "exec", "sql", "capture"];

pub(super) fn read(cursor: &Cursor<'_>, texts: &Texts<'_>) -> Drives {
    let words = |below: bool| -> Vec<&str> {
        let words = VERBS.iter().filter_map(|verb| match verb.word.split_once('.') {
            Some((_, word)) => below.then_some(word),
            None => (!below).then_some(verb.word),
        });
        words.collect()
    };
    let fields = cursor.fields(&[words(false), vec![STRANGER]].concat());
    let strangers = fields.get(STRANGER).map(|cursor| cursor.fields(&words(true)));
    let mut drives = Drives::default();
    // What a checkout captures lives on for its order, so it is read first: it heads the table.
    let mut known: Vec<String> = Vec::new();
    for verb in VERBS {
        let declared = match verb.word.split_once('.') {
            Some((_, word)) => strangers.as_ref().and_then(|fields| fields.get(word)),
            None => fields.get(verb.word),
        };
        let Some(cursor) = declared else { continue };
        let mut captured = if verb.is_of_order() { known.clone() } else { Vec::new() };
        let steps = steps(&cursor, texts, verb, &mut captured);
        if verb.word == "checkout" {
            known = captured;
        }
        if !steps.is_empty() {
            drives.declare(verb.word, steps);
        }
    }
    drives
}

/// One template, or a list of steps that hand values on.
fn steps(
    cursor: &Cursor<'_>,
    texts: &Texts<'_>,
    verb: &Verb,
    captured: &mut Vec<String>,
) -> Vec<Step> {
    let each = match &cursor.node().value {
        Value::List(items) => {
            if items.is_empty() {
                let problem = format!("`{}` has no step", cursor.name());
                cursor.fault(problem, "a list of `http`, `exec` or `sql`");
            }
            cursor.items()
        }
        Value::Map(_) | Value::Scalar { .. } => vec![cursor.clone()],
    };
    let mut steps = Vec::new();
    for cursor in each {
        let fields = cursor.fields(STEP_KEYS);
        let placeholders = verb.all_placeholders();
        let own = captured.iter().map(String::as_str);
        let valid: Vec<&str> = placeholders.iter().copied().chain(own).collect();
        let act = act(&fields, texts, &valid);
        let captures = fields.get("capture").map(|cursor| captures(&cursor, captured));
        let captures = captures.unwrap_or_default();
        steps.extend(act.map(|act| Step { act, captures }));
    }
    steps
}

fn act(fields: &Fields<'_>, texts: &Texts<'_>, valid: &[&str]) -> Option<Act> {
    let ways: Vec<Cursor<'_>> =
        ["http", "exec", "sql"].iter().filter_map(|key| fields.get(key)).collect();
    if let [_, second, ..] = ways.as_slice() {
        second.fault("a step is taken in one way", "one of `http`, `exec` and `sql`");
    }
    let Some(way) = ways.first() else {
        let _ = fields.need("http");
        return None;
    };
    match way.name().rsplit('.').next() {
        Some("exec") => Some(Act::Exec(texts.command(way, valid))),
        Some("sql") => sql::read(way, "statement", texts, valid).map(Act::Sql),
        _ => Some(Act::Http(http::read(way, texts, valid))),
    }
}

/// What a step captures; its names are known from here on, whether or not their sources are right.
fn captures(cursor: &Cursor<'_>, captured: &mut Vec<String>) -> BTreeMap<String, Source> {
    let is_name = |name: &str| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    let entries = cursor.entries().into_iter().filter_map(|(name, value)| {
        if !is_name(name) || RUN_PLACEHOLDERS.contains(&name) {
            let expected = "letters, digits and _, such as order_id";
            value.fault(format!("`{name}` is no name for a captured value"), expected);
            return None;
        }
        if name == "reference" {
            let problem = "a shop that numbers its own orders is not supported yet in this version";
            value.fault(problem, "another name, and `{reference}` handed on to the payment");
            return None;
        }
        captured.push(name.to_owned());
        Some((name.to_owned(), source(&value)?))
    });
    entries.collect()
}

/// `/pointer`, or a map with the one word that says where to look.
fn source(cursor: &Cursor<'_>) -> Option<Source> {
    if let Value::Scalar { .. } = &cursor.node().value {
        return pointer(cursor).map(Source::Json);
    }
    let fields = cursor.fields(&["json", "header", "cookie", "regex"]);
    let entries = cursor.entries();
    let [(word, value)] = entries.as_slice() else {
        let problem = format!("`{}` must name one source", cursor.name());
        cursor.fault(problem, "one of `json`, `header`, `cookie` and `regex`");
        return None;
    };
    let text = value.text()?;
    match *word {
        "json" => pointer(value).map(Source::Json),
        "header" => Some(Source::Header(text.to_owned())),
        "cookie" => Some(Source::Cookie(text.to_owned())),
        "regex" => {
            if let Err(error) = Regex::new(text) {
                let words = error.to_string();
                let last = words.lines().last().unwrap_or_default();
                let why = last.trim_start_matches("error: ");
                value.fault(format!("`{text}` is no regular expression: {why}"), "another one");
            }
            Some(Source::Regex(text.to_owned()))
        }
        // Noted as an unknown key.
        _ => {
            let _ = fields;
            None
        }
    }
}

/// A JSON pointer.
pub(super) fn pointer(cursor: &Cursor<'_>) -> Option<String> {
    let text = cursor.text()?;
    if !text.starts_with('/') {
        let expected = format!("a JSON pointer: /{}", text.replace('.', "/"));
        cursor.fault(format!("`{text}` is no JSON pointer"), expected);
        return None;
    }
    Some(text.to_owned())
}
