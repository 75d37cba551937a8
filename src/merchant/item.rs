//! One object of a probe's answer, read strictly.
//!
//! Knows JSON values and pointers, and nothing of orders or words.

use serde_json::Value;

use super::observe::Misread;
use super::profile::Mapping;
use crate::model::PaymentId;

/// The fault of a value of the wrong kind, cut to a readable length.
pub(super) fn kind(at: String, found: &Value, expected: &'static str) -> Misread {
    let mut found = found.to_string();
    if found.chars().count() > 60 {
        found = found.chars().take(60).chain("…".chars()).collect();
    }
    Misread::Kind { at, found, expected }
}

/// One object of an answer, and where it stands.
pub(super) struct Item<'a> {
    /// Probe and pointer, such as `ledger /postings/0`.
    pub at: String,
    /// The object.
    pub value: &'a Value,
    /// What is where in it.
    pub map: &'a Mapping,
}

impl<'a> Item<'a> {
    pub(super) fn at(&self, pointer: &str) -> String {
        // Where the item is the whole document, only the probe's name stands before the pointer.
        let gap = if self.at.contains(' ') { "" } else { " " };
        format!("{}{gap}{pointer}", self.at)
    }

    /// The pointer of a field that a valid profile has mapped.
    pub(super) fn pointer(&self, field: &str) -> &'a str {
        self.map.fields.get(field).map_or("", String::as_str)
    }

    pub(super) fn value(&self, pointer: &str) -> Result<&'a Value, Misread> {
        self.value.pointer(pointer).ok_or_else(|| Misread::Missing { at: self.at(pointer) })
    }

    /// A word, or a whole number as one: some shops number their states and postings.
    pub(super) fn text(&self, pointer: &str) -> Result<String, Misread> {
        match self.value(pointer)? {
            Value::String(text) => Ok(text.clone()),
            Value::Number(number) if number.is_u64() => Ok(number.to_string()),
            other => Err(kind(self.at(pointer), other, "text")),
        }
    }

    pub(super) fn optional_text(&self, pointer: &str) -> Result<Option<String>, Misread> {
        match self.value.pointer(pointer) {
            None | Some(Value::Null) => Ok(None),
            Some(_) => self.text(pointer).map(Some),
        }
    }

    pub(super) fn optional(&self, field: &str) -> Result<Option<String>, Misread> {
        self.map.fields.get(field).map_or(Ok(None), |pointer| self.optional_text(pointer))
    }

    /// Digits with at most one point between them. A JSON number is refused: it has been through a
    /// float on one side or the other.
    pub(super) fn amount(&self, pointer: &str) -> Result<String, Misread> {
        let value = self.value(pointer)?;
        let text = value.as_str().filter(|text| is_decimal(text));
        let text = text.ok_or_else(|| {
            kind(self.at(pointer), value, "a decimal string without a sign, such as \"250.00\"")
        })?;
        Ok(text.to_owned())
    }

    /// How many: a number, or a list of what happened. A yes or no cannot show a second time.
    pub(super) fn count(&self, pointer: &str) -> Result<u64, Misread> {
        let value = self.value(pointer)?;
        let counted = match value {
            Value::Array(list) => u64::try_from(list.len()).ok(),
            other => other.as_u64(),
        };
        let expected = "a count of fulfilments: a whole number or a list";
        counted.ok_or_else(|| kind(self.at(pointer), value, expected))
    }

    pub(super) fn payments(&self, pointer: &str) -> Result<Vec<PaymentId>, Misread> {
        let expected = "a payment id or a list of them";
        let id = |value: &Value| {
            let text = value.as_str().ok_or_else(|| kind(self.at(pointer), value, expected))?;
            Ok(PaymentId::new(text))
        };
        match self.value.pointer(pointer) {
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(Value::Array(list)) => list.iter().map(id).collect(),
            Some(one) => Ok(vec![id(one)?]),
        }
    }
}

/// Whether this is an amount as the contract writes them.
#[must_use]
pub fn is_decimal(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    digits(whole) && digits(fraction)
}
