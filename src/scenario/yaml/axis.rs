//! The axes of a sweep, and one row: a value of every axis.

use std::cell::RefCell;
use std::collections::BTreeSet;

use crate::input::{Cursor, Value};

/// More than this many things are not permuted: 7! is more rows than a sweep may have.
const PERMUTED_MAX: usize = 6;

/// One axis.
pub(super) struct Axis {
    /// As placeholders name it.
    pub(super) name: String,
    /// Each value; one that is a list has several words.
    pub(super) values: Vec<Vec<String>>,
}

/// One combination.
pub(super) struct Row<'a> {
    values: Vec<(&'a str, &'a [String])>,
    used: RefCell<BTreeSet<String>>,
}

/// The axes in the order in which they are written; the last turns fastest.
pub(super) fn read(sweep: &Cursor<'_>) -> Vec<Axis> {
    let axis = |(name, cursor): (&str, Cursor<'_>)| {
        let values = values(&cursor);
        // Two rows of one name could not be told apart in a report.
        if let Some(twin) = (1..values.len()).find(|at| values[..*at].contains(&values[*at])) {
            let problem = format!("`{}` is twice on the axis `{name}`", values[twin].join(" "));
            cursor.fault(problem, "each value once");
        }
        Axis { name: name.to_owned(), values }
    };
    sweep.entries().into_iter().map(axis).collect()
}

fn values(cursor: &Cursor<'_>) -> Vec<Vec<String>> {
    match &cursor.node().value {
        Value::Scalar { text, .. } => match called("permutations", text) {
            Some(words) if words.len() <= PERMUTED_MAX => permutations(&words),
            Some(_) => {
                cursor.fault("too many to permute", format!("at most {PERMUTED_MAX}"));
                Vec::new()
            }
            None => {
                let problem = format!("`{text}` spans no axis");
                cursor.fault(problem, "a list, or permutations(a, b, c)");
                Vec::new()
            }
        },
        Value::List(items) if items.is_empty() => {
            cursor.fault(format!("`{}` has no values", cursor.name()), "at least one");
            Vec::new()
        }
        Value::List(_) => cursor.items().iter().map(value).collect(),
        Value::Map(_) => {
            cursor.fault("a map spans no axis", "a list, or permutations(a, b, c)");
            Vec::new()
        }
    }
}

fn value(cursor: &Cursor<'_>) -> Vec<String> {
    let words = match &cursor.node().value {
        Value::List(_) => cursor.texts(),
        Value::Scalar { .. } | Value::Map(_) => cursor.text().into_iter().collect(),
    };
    words.into_iter().map(str::to_owned).collect()
}

/// The words of `name(a, b)`.
fn called(name: &str, text: &str) -> Option<Vec<String>> {
    let inside = text.trim().strip_prefix(name)?.trim().strip_prefix('(')?.strip_suffix(')')?;
    Some(inside.split(',').map(|word| word.trim().to_owned()).collect())
}

/// Every order, the written one first.
fn permutations(words: &[String]) -> Vec<Vec<String>> {
    if words.is_empty() {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for (i, first) in words.iter().enumerate() {
        let rest: Vec<_> = [&words[..i], &words[i + 1..]].concat();
        for mut tail in permutations(&rest) {
            tail.insert(0, first.clone());
            all.push(tail);
        }
    }
    all
}

impl<'a> Row<'a> {
    /// The n-th combination.
    pub(super) fn new(axes: &'a [Axis], mut n: usize) -> Self {
        let mut values = Vec::new();
        for axis in axes.iter().rev() {
            let value = &axis.values[n % axis.values.len()];
            n /= axis.values.len();
            values.push((axis.name.as_str(), value.as_slice()));
        }
        values.reverse();
        Self { values, used: RefCell::default() }
    }

    /// ` [usdt-tron, 1.30]`; empty where there is no axis.
    pub(super) fn label(&self) -> String {
        let values: Vec<_> = self.values.iter().map(|(_, words)| words.join(" ")).collect();
        if values.is_empty() { String::new() } else { format!(" [{}]", values.join(", ")) }
    }

    /// The axes that placeholders asked for.
    pub(super) fn used(&self) -> BTreeSet<String> {
        self.used.borrow().clone()
    }

    /// A text with its placeholders filled in.
    pub(super) fn text(&self, cursor: &Cursor<'_>) -> Option<String> {
        self.fill(cursor, cursor.text()?)
    }

    /// A list of texts: written as one, or the value of one axis.
    pub(super) fn texts(&self, cursor: &Cursor<'_>) -> Option<Vec<String>> {
        let Value::Scalar { .. } = &cursor.node().value else {
            return cursor.items().iter().map(|item| self.text(item)).collect();
        };
        let text = cursor.text()?;
        match placeholder(text) {
            Some(name) => self.value(cursor, name).map(<[String]>::to_vec),
            None => Some(vec![self.fill(cursor, text)?]),
        }
    }

    /// A whole number, written as one or the value of an axis.
    pub(super) fn number(&self, cursor: &Cursor<'_>) -> Option<u32> {
        let text = self.text(cursor)?;
        let number = text.parse().ok();
        if number.is_none() {
            cursor.fault(format!("`{text}` is no whole number"), "digits, such as 3");
        }
        number
    }

    /// `true` or `false`, written or the value of an axis.
    pub(super) fn is_true(&self, cursor: &Cursor<'_>) -> Option<bool> {
        let text = self.text(cursor)?;
        let truth = text.parse().ok();
        if truth.is_none() {
            cursor.fault(format!("`{text}` is neither true nor false"), "true or false");
        }
        truth
    }

    fn fill(&self, cursor: &Cursor<'_>, text: &str) -> Option<String> {
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let Some((name, after)) = after.split_once('}') else { break };
            filled.push_str(before);
            filled.push_str(&self.value(cursor, name)?.join(", "));
            rest = after;
        }
        filled.push_str(rest);
        Some(filled)
    }

    fn value(&self, cursor: &Cursor<'_>, name: &str) -> Option<&'a [String]> {
        let found = self.values.iter().find(|(axis, _)| *axis == name);
        if let Some((_, words)) = found {
            self.used.borrow_mut().insert(name.to_owned());
            return Some(words);
        }
        let names: Vec<_> = self.values.iter().map(|(axis, _)| *axis).collect();
        cursor.unknown(name, "axis of this sweep", &names);
        None
    }
}

/// The name where a text is one placeholder and nothing else.
fn placeholder(text: &str) -> Option<&str> {
    let name = text.strip_prefix('{')?.strip_suffix('}')?;
    (!name.contains(['{', '}'])).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_order_comes_once_and_the_written_one_first() {
        let words = ["a", "b", "c"].map(str::to_owned);
        let all: Vec<_> = permutations(&words).iter().map(|words| words.concat()).collect();
        assert_eq!(all, ["abc", "acb", "bac", "bca", "cab", "cba"]);
    }
}
