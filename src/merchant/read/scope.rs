//! `scope` and `not_applicable`: what the merchant does not have, always with a reason.

use super::Known;
use crate::input::{Cursor, nearest};
use crate::merchant::profile::Scope;

pub(super) fn read(
    scope: Option<&Cursor<'_>>,
    not_applicable: Option<&Cursor<'_>>,
    known: &Known<'_>,
) -> Scope {
    let (absent, reason) = scope.map(|cursor| absent(cursor, known)).unwrap_or_default();
    let rows = not_applicable.map(|cursor| cursor.items()).unwrap_or_default();
    let not_applicable = rows.iter().flat_map(|row| patterns(row, known)).collect();
    Scope { absent, reason, not_applicable }
}

fn absent(cursor: &Cursor<'_>, known: &Known<'_>) -> (Vec<String>, Option<String>) {
    let fields = cursor.fields(&["absent", "reason"]);
    let words = fields.need("absent").map(|cursor| cursor.items()).unwrap_or_default();
    let absent = words.iter().filter_map(|item| {
        let word = item.text()?;
        if word == "webhooks" {
            let problem = "a merchant without webhooks is not supported yet in this version";
            item.fault(problem, "`merchant.webhook` and the line without this word");
            return None;
        }
        item.word("part that a merchant may lack", known.scope_words)
    });
    let absent: Vec<String> = absent.map(str::to_owned).collect();
    let reason = if words.is_empty() { fields.get("reason") } else { fields.need("reason") };
    (absent, reason.and_then(|cursor| cursor.text()).map(str::to_owned))
}

/// One row: patterns of rule codes that share a reason.
fn patterns(row: &Cursor<'_>, known: &Known<'_>) -> Vec<(String, String)> {
    let fields = row.fields(&["rules", "reason"]);
    let items = fields.need("rules").map(|cursor| cursor.items()).unwrap_or_default();
    let reason = fields.need("reason").and_then(|cursor| cursor.text()).unwrap_or_default();
    let valid = items.iter().filter_map(|item| {
        let pattern = item.text()?;
        check_pattern(item, pattern, known);
        Some((pattern.to_owned(), reason.to_owned()))
    });
    valid.collect()
}

/// A code, or the beginning of codes and a star; some rule must be meant.
fn check_pattern(item: &Cursor<'_>, pattern: &str, known: &Known<'_>) {
    let is_meant = match pattern.strip_suffix('*') {
        Some(prefix) => known.rules.iter().any(|code| code.starts_with(prefix)),
        None => known.rules.contains(&pattern),
    };
    if !is_meant {
        let near = nearest(pattern.trim_end_matches('*'), known.rules.iter().copied());
        let expected = match near {
            Some(code) => format!("a code such as {code}, or a beginning such as AUTH-*"),
            None => {
                "a code that `countersign rules` lists, or a beginning such as AUTH-*".to_owned()
            }
        };
        item.fault(format!("`{pattern}` means no rule"), expected);
    }
}
