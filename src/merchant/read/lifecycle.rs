//! Tables that map the merchant's words to ours: `lifecycle`, `kinds`, `classes`.

use std::collections::BTreeMap;

use crate::input::{Cursor, Place};
use crate::model::OrderState;

pub(super) fn read(cursor: &Cursor<'_>) -> BTreeMap<String, OrderState> {
    words_to(cursor, "state of an order", OrderState::ALL, OrderState::as_str)
}

/// A table with our words on the left and lists of the merchant's on the right, turned round. A
/// word that stands twice is a contradiction.
pub(super) fn words_to<T: Copy>(
    cursor: &Cursor<'_>,
    what: &str,
    ours: &[T],
    as_str: fn(T) -> &'static str,
) -> BTreeMap<String, T> {
    let valid: Vec<&str> = ours.iter().map(|value| as_str(*value)).collect();
    // Where each word of the merchant stood first, and in whose row.
    let mut seen: BTreeMap<&str, (&str, Place)> = BTreeMap::new();
    let mut table = BTreeMap::new();
    let _ = cursor.fields_of(what, &valid);
    for (row, words) in cursor.entries() {
        let value = ours.iter().copied().find(|value| as_str(*value) == row);
        for item in words.items() {
            let Some(word) = item.text() else { continue };
            if let Some((other, place)) = seen.get(word) {
                let problem = format!("`{word}` stands in two rows: {other} and {row}");
                item.fault(problem, format!("one row; the first is on line {}", place.line));
                continue;
            }
            seen.insert(word, (row, item.place()));
            if let Some(value) = value {
                table.insert(word.to_owned(), value);
            }
        }
    }
    table
}
