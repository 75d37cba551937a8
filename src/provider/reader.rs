//! Reads a JSON body as strictly as can be: every fault at once, with its JSON pointer.
//!
//! Knows objects, texts and amounts; what a body means is behind it.

use std::fmt;
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::model::{Asset, Money, MoneyError};

use super::problem::{Code, FieldError, Problem};
use super::twice::twice;

/// Reads the fields of one object and collects what is wrong with them.
pub(super) struct Reader<'a> {
    /// Pointer of the object.
    at: &'static str,
    pub fields: Fields<'a>,
    errors: Vec<FieldError>,
}

impl<'a> Reader<'a> {
    /// Of the whole body, which knows these names.
    pub fn of_body(body: &'a [u8], known: &[&str]) -> Result<Self, Problem> {
        let errors = twice(body).map_err(|error| unreadable(&error))?;
        let fields = serde_json::from_slice(body).map_err(|error| unreadable(&error))?;
        let mut reader = Self { at: "", fields, errors };
        reader.check_names(known);
        Ok(reader)
    }

    /// Of the whole body, where none at all says as much as one without members.
    pub fn of_body_or_nothing(body: &'a [u8], known: &[&str]) -> Result<Self, Problem> {
        Self::of_body(if body.is_empty() { b"{}" } else { body }, known)
    }

    /// What that member holds, which knows these names; its faults are taken over with
    /// [`Self::take`].
    pub fn of_member(
        &mut self,
        at: &'static str,
        value: &'a RawValue,
        known: &[&str],
    ) -> Option<Self> {
        let Ok(fields) = serde_json::from_str(value.get()) else {
            self.refuse(Code::InvalidRequest, at.trim_start_matches('/'), "must be an object");
            return None;
        };
        let mut reader = Self { at, fields, errors: Vec::new() };
        reader.check_names(known);
        Some(reader)
    }

    /// Takes over what is wrong with a member.
    pub fn take(&mut self, mut member: Self) {
        self.errors.append(&mut member.errors);
    }

    /// What was read, if nothing is wrong with anything.
    pub fn done<T>(self, read: T) -> Result<T, Problem> {
        Problem::of_fields(self.errors).map_or(Ok(read), Err)
    }

    pub fn refuse(&mut self, code: Code, name: &str, detail: impl fmt::Display) {
        let pointer = format!("{}/{}", self.at, escaped(name));
        self.errors.push(FieldError::new(code, pointer, format!("{name} {detail}")));
    }

    fn check_names(&mut self, known: &[&str]) {
        let mut unknown: Vec<String> = Vec::new();
        for (name, _) in &self.fields.0 {
            if !known.contains(&name.as_str()) && !unknown.contains(name) {
                unknown.push(name.clone());
            }
        }
        for name in unknown {
            let detail = match known {
                [] => "is not known here; nothing is".to_owned(),
                known => format!("is not known here; known are {}", known.join(", ")),
            };
            self.refuse(Code::InvalidRequest, &name, detail);
        }
    }

    pub fn required(&mut self, name: &str) -> Option<&'a RawValue> {
        let value = self.fields.get(name);
        if value.is_none() {
            self.refuse(Code::InvalidRequest, name, "is required");
        }
        value
    }

    pub fn required_text(&mut self, name: &str) -> Option<String> {
        let value = text(self.required(name)?);
        if value.is_none() {
            self.refuse(Code::InvalidRequest, name, "must be a string");
        }
        value
    }

    /// An amount is a string: a number has passed through a float somewhere, or will.
    pub fn amount_text(&mut self, name: &str, value: &RawValue) -> Option<String> {
        let amount = text(value);
        if amount.is_none() {
            let number = value.get().starts_with(|c: char| c == '-' || c.is_ascii_digit());
            let code = if number { Code::AmountNotString } else { Code::InvalidRequest };
            self.refuse(code, name, "must be a decimal in a string, such as \"250.00\"");
        }
        amount
    }

    pub fn parse(&mut self, name: &str, amount: &str, asset: Asset) -> Option<Money> {
        match asset.parse(amount) {
            Ok(money) => Some(money),
            Err(error) => {
                self.refuse(code_of(&error), name, format!("is refused: {error}"));
                None
            }
        }
    }
}

/// A name as JSON pointers write it.
pub(super) fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// A whole number: `60` and, as JSON makes no difference, `60.0`.
pub(super) fn whole<T: FromStr>(number: &str) -> Option<T> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    if fraction.bytes().all(|digit| digit == b'0') { whole.parse().ok() } else { None }
}

fn unreadable(error: &serde_json::Error) -> Problem {
    let detail = format!("the body must be one JSON object in UTF-8: {error}");
    Problem::new(Code::InvalidRequest, detail)
}

pub(super) fn text(value: &RawValue) -> Option<String> {
    serde_json::from_str(value.get()).ok()
}

pub(super) fn code_of(error: &MoneyError) -> Code {
    match error {
        MoneyError::NotDecimal(_) | MoneyError::Mixed(..) => Code::InvalidRequest,
        MoneyError::Precision { .. } => Code::AmountPrecision,
        MoneyError::Overflow(_) => Code::AmountAboveMaximum,
    }
}

/// The members of a JSON object in their order, values unread.
pub(super) struct Fields<'a>(pub Vec<(String, &'a RawValue)>);

impl<'a> Fields<'a> {
    pub fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| *value)
    }
}

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Fields(members))
            }
        }
        d.deserialize_map(Members)
    }
}
