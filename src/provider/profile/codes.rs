//! Status codes of HTTP, as a set that people write and read in ranges.
//!
//! What they mean to a delivery is elsewhere.

use std::collections::BTreeSet;
use std::fmt;

use crate::input::Cursor;

/// Status codes of HTTP.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Codes(BTreeSet<u16>);

impl Codes {
    /// Whether it is one of them.
    #[must_use]
    pub fn contains(&self, code: u16) -> bool {
        self.0.contains(&code)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<u16> for Codes {
    fn from_iter<I: IntoIterator<Item = u16>>(codes: I) -> Self {
        Self(codes.into_iter().collect())
    }
}

/// Ranges where codes follow each other: `200-299, 410`.
impl fmt::Display for Codes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut ranges: Vec<(u16, u16)> = Vec::new();
        for &code in &self.0 {
            match ranges.last_mut() {
                Some((_, last)) if *last + 1 == code => *last = code,
                _ => ranges.push((code, code)),
            }
        }
        let words = ranges.iter().map(|(first, last)| match first == last {
            true => first.to_string(),
            false => format!("{first}-{last}"),
        });
        let words = words.collect::<Vec<_>>().join(", ");
        f.write_str(if words.is_empty() { "none" } else { &words })
    }
}

/// Codes and ranges of them.
pub(super) fn codes(cursor: &Cursor<'_>) -> Option<Codes> {
    let mut codes = BTreeSet::new();
    let mut is_whole = true;
    for item in cursor.items() {
        let Some(text) = item.text() else {
            is_whole = false;
            continue;
        };
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let valid = |code: &str| code.parse::<u16>().ok().filter(|code| (100..=599).contains(code));
        match (valid(first), valid(last)) {
            (Some(first), Some(last)) if first <= last => codes.extend(first..=last),
            _ => {
                let expected = "a code from 100 to 599, or two with a hyphen, such as 400-499";
                item.fault(format!("`{text}` is no status code"), expected);
                is_whole = false;
            }
        }
    }
    is_whole.then_some(Codes(codes))
}
