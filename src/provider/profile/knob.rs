//! Knobs: one row for each thing in which profiles differ.
//!
//! A row reads its value from a file, tells it in words, and says what it means: the reader of
//! profiles, `countersign profiles` and the guide all follow from these rows. Each section keeps
//! its own, beside its type.

use std::collections::BTreeMap;

use super::{Profile, api, delivery, events, payments};
use crate::input::Cursor;
use crate::model::Span;

/// One thing in which profiles differ.
pub struct Knob {
    /// Section and key, such as `delivery.timeout`.
    pub name: &'static str,
    /// What it decides.
    pub about: &'static str,
    /// What can stand there.
    pub values: &'static str,
    /// Takes the value over, or notes what is wrong with it.
    pub(super) read: fn(&Cursor<'_>, &mut Profile),
    /// The value in words.
    pub(super) told: fn(&Profile) -> String,
}

impl std::fmt::Debug for Knob {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl Knob {
    /// The value in this profile, in words.
    #[must_use]
    pub fn told(&self, profile: &Profile) -> String {
        (self.told)(profile)
    }

    /// Its section, and its key there.
    pub(super) fn place(&self) -> (&'static str, &'static str) {
        self.name.split_once('.').unwrap_or(("", self.name))
    }
}

/// Every knob, section by section.
pub fn knobs() -> impl Iterator<Item = &'static Knob> {
    [delivery::KNOBS, events::KNOBS, payments::KNOBS, api::KNOBS].into_iter().flatten()
}

/// What has a few words for its values.
pub(super) trait Choice: Copy + PartialEq + 'static {
    /// Each word with what it stands for.
    const WORDS: &'static [(&'static str, Self)];

    /// Its word.
    fn word(self) -> String {
        let found = Self::WORDS.iter().find(|(_, value)| *value == self);
        found.map(|(word, _)| (*word).to_owned()).unwrap_or_default()
    }
}

/// Takes over what could be read.
pub(super) fn set<T>(to: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *to = value;
    }
}

/// One of the words of a choice.
pub(super) fn choice<T: Choice>(cursor: &Cursor<'_>) -> Option<T> {
    let words: Vec<&str> = T::WORDS.iter().map(|(word, _)| *word).collect();
    let word = cursor.word(&format!("value of {}", cursor.name()), &words)?;
    T::WORDS.iter().find(|(known, _)| *known == word).map(|(_, value)| *value)
}

/// A span of time, or a word for none.
pub(super) fn span_or(cursor: &Cursor<'_>, none: &str) -> Option<Option<Span>> {
    if cursor.is_word(none) { Some(None) } else { cursor.span().map(Some) }
}

/// A span or the word for none.
pub(super) fn told_or(span: Option<Span>, none: &str) -> String {
    span.map_or_else(|| none.to_owned(), |span| span.to_string())
}

/// Our word → theirs, in one line.
pub(super) fn told_map<K: ToString>(map: &BTreeMap<K, String>) -> String {
    if map.is_empty() {
        return "none".to_owned();
    }
    let rows = map.iter().map(|(ours, theirs)| format!("{} → {theirs}", ours.to_string()));
    rows.collect::<Vec<_>>().join(", ")
}

/// Yes and no.
pub(super) fn yes(is: bool) -> String {
    if is { "true" } else { "false" }.to_owned()
}
