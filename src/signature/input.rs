//! Where the inputs of a scheme travel, and how their texts are written and read.
//!
//! Knows places and spellings; nothing of keys, and nothing of what is signed.

use crate::model::{SimTime, Span};

/// Where an input travels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Location {
    Header(String),
    Json(String),
    Form(String),
    Nowhere,
}

/// One named input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Input {
    pub(super) at: Location,
    pub(super) split: Option<char>,
    pub(super) tag: String,
    pub(super) after: Option<String>,
    pub(super) required: bool,
}

/// The instant of signing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stamp {
    pub(super) input: Input,
    pub(super) unit: Unit,
    pub(super) tolerance: Option<Span>,
    pub(super) direction: Direction,
}

/// In what an instant is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Seconds,
    Millis,
    Rfc3339,
}

/// The words for units.
pub(super) const UNITS: &[(&str, Unit)] =
    &[("s", Unit::Seconds), ("ms", Unit::Millis), ("rfc3339", Unit::Rfc3339)];

/// Which deviation of a timestamp is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Both,
    Past,
}

/// The words for directions.
pub(super) const DIRECTIONS: &[(&str, Direction)] =
    &[("both", Direction::Both), ("past", Direction::Past)];

impl Input {
    /// The wanted items of a text, without their tags: all of it where it is no list.
    pub(super) fn items<'t>(&'t self, text: &'t str) -> impl Iterator<Item = &'t str> {
        let text = match self.after.as_deref() {
            Some(mark) => text.split_once(mark).map(|(_, rest)| rest),
            None => Some(text),
        };
        let (list, whole) = match self.split {
            Some(separator) => (text.map(|text| text.split(separator)), None),
            None => (None, text),
        };
        list.into_iter().flatten().chain(whole).filter_map(|item| item.strip_prefix(&self.tag))
    }
}

impl Location {
    /// As the grammar writes it.
    pub(super) fn word(&self) -> String {
        match self {
            Self::Header(name) => format!("header:{name}"),
            Self::Json(pointer) => format!("json:{pointer}"),
            Self::Form(name) => format!("form:{name}"),
            Self::Nowhere => "none".to_owned(),
        }
    }
}

impl Unit {
    /// As the message carries it.
    pub(super) fn render(self, at: SimTime) -> String {
        match self {
            Self::Seconds => at.unix_s().to_string(),
            Self::Millis => at.unix_ms().to_string(),
            Self::Rfc3339 => at.to_string(),
        }
    }

    /// The instant that a text names: digits only for numbers, as every verification library
    /// should insist.
    pub(super) fn parse(self, text: &str) -> Option<SimTime> {
        let digits = || text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse::<i64>().ok());
        match self {
            Self::Seconds => digits()??.checked_mul(1000).map(SimTime::from_unix_ms),
            Self::Millis => digits()?.map(SimTime::from_unix_ms),
            Self::Rfc3339 => text.parse().ok(),
        }
    }

    /// `at` in the precision of this unit, so that a tolerance of 300 s accepts 300.9 s as 300.
    pub(super) fn floor(self, at: SimTime) -> SimTime {
        match self {
            Self::Seconds => SimTime::from_unix_ms(at.unix_s() * 1000),
            Self::Millis | Self::Rfc3339 => at,
        }
    }
}
