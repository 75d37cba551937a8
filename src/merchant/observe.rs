//! From what the merchant's probes answered to an observation: pure and strict.
//!
//! Nothing is guessed. A word that is not mapped, an amount that is no decimal string, a pointer
//! that leads nowhere: each is a reason why the look cannot be understood, and says what to change.
//! The observation contract is a mapping like any other, built in.

use std::collections::BTreeMap;

use serde_json::Value;

use super::item::{Item, kind};
use super::profile::{Mapping, Observe, Probe};
use crate::model::{
    Exception, ExceptionClass, Observation, OrderState, PaymentId, Posting, PostingKind, Reference,
};

/// What the probes answered; `None` where that was a 404.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Looks {
    /// The order.
    pub order: Option<Value>,
    /// The ledger, where it is connected.
    pub ledger: Option<Value>,
    /// The exceptions, where they are connected.
    pub exceptions: Option<Value>,
}

/// Why an answer cannot be understood, and what to change.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Misread {
    /// A pointer leads nowhere.
    #[error("{at}: nothing is there; check the pointer in `observe`")]
    Missing {
        /// Probe and pointer, such as `order /status`.
        at: String,
    },
    /// A value is of the wrong kind.
    #[error("{at}: {found} is not {expected}")]
    Kind {
        /// Probe and pointer.
        at: String,
        /// The offending value.
        found: String,
        /// What it should be.
        expected: &'static str,
    },
    /// A word that the profile does not map.
    #[error(
        "{at}: `{word}` is not mapped; add it to `{table}.<ours>: [{word}]`, ours one of {ours}"
    )]
    Unmapped {
        /// Probe and pointer.
        at: String,
        /// The merchant's word.
        word: String,
        /// The table that lacks it, such as `lifecycle`.
        table: &'static str,
        /// Our words.
        ours: String,
    },
    /// More than one order, or an order of another reference.
    #[error("order: {found} answered to {reference}; the probe must show this order alone")]
    Order {
        /// What came.
        found: String,
        /// What was asked for.
        reference: Reference,
    },
    /// A probe knows nothing of an order that is known.
    #[error("{probe}: 404 for an order that exists; check its path, or answer an empty list")]
    Absent {
        /// `ledger` or `exceptions`.
        probe: &'static str,
    },
}

/// Maps the answers to an observation of that order. With an empty `lifecycle` the contract's own
/// words for states are expected.
///
/// # Errors
/// Whatever cannot be understood without guessing.
pub fn observation(
    observe: &Observe,
    lifecycle: &BTreeMap<String, OrderState>,
    reference: &Reference,
    looks: &Looks,
) -> Result<Observation, Misread> {
    let shown = order(&observe.order, reference, looks.order.as_ref())?;
    let map = &observe.order.map;
    let item = shown.as_ref();
    let is_known = item.is_some();
    let state = match item {
        Some(item) => Some(state(item, map, lifecycle)?),
        None => None,
    };
    let fulfilments = part(item, map, "fulfilments", Item::count)?;
    let payments = part(item, map, "payments", Item::payments)?;
    let listed = |probe, declared, look| list(probe, declared, look, reference, is_known);
    let postings = listed("ledger", observe.ledger.as_ref(), looks.ledger.as_ref())?;
    let exceptions = listed("exceptions", observe.exceptions.as_ref(), looks.exceptions.as_ref())?;
    let postings = postings.map(|items| items.iter().map(posting).collect()).transpose()?;
    let exceptions = exceptions.map(|items| items.iter().map(exception).collect()).transpose()?;
    let reference = reference.clone();
    Ok(Observation { reference, state, payments, fulfilments, postings, exceptions })
}

/// A mapped part of the order: not connected, or read, or the empty one of an unknown order.
fn part<'a, T: Default>(
    item: Option<&Item<'a>>,
    map: &Mapping,
    field: &str,
    read: fn(&Item<'a>, &str) -> Result<T, Misread>,
) -> Result<Option<T>, Misread> {
    let Some(pointer) = map.fields.get(field) else { return Ok(None) };
    item.map_or_else(|| Ok(T::default()), |item| read(item, pointer)).map(Some)
}

/// The items of a list probe: none where it is not connected. A 404 is an empty list only where the
/// order itself is unknown.
fn list<'a>(
    probe: &'static str,
    declared: Option<&'a Probe>,
    look: Option<&'a Value>,
    reference: &Reference,
    is_known: bool,
) -> Result<Option<Vec<Item<'a>>>, Misread> {
    let Some(declared) = declared else { return Ok(None) };
    match look {
        Some(look) => items(probe, declared, look, reference).map(Some),
        None if is_known => Err(Misread::Absent { probe }),
        None => Ok(Some(Vec::new())),
    }
}

/// The one item that shows the order; none where the merchant knows no such order.
fn order<'a>(
    probe: &'a Probe,
    reference: &Reference,
    look: Option<&'a Value>,
) -> Result<Option<Item<'a>>, Misread> {
    let Some(look) = look else { return Ok(None) };
    let shown = items("order", probe, look, reference)?;
    let other = |found: String| Misread::Order { found, reference: reference.clone() };
    match <[Item<'a>; 1]>::try_from(shown) {
        Ok([item]) => Ok(Some(item)),
        Err(several) if several.is_empty() => match look {
            // A list that filters to nothing is an answer; one document of another order is not.
            Value::Object(_) if probe.each.is_none() => Err(other("another order".to_owned())),
            _ => Ok(None),
        },
        Err(several) => Err(other(format!("{} orders", several.len()))),
    }
}

/// The items of an answer that are about this order.
fn items<'a>(
    probe: &'static str,
    declared: &'a Probe,
    look: &'a Value,
    reference: &Reference,
) -> Result<Vec<Item<'a>>, Misread> {
    let each = declared.each.as_deref().unwrap_or("");
    let at = |suffix: String| format!("{probe} {each}{suffix}").trim_end().to_owned();
    let list = look.pointer(each).ok_or_else(|| Misread::Missing { at: at(String::new()) })?;
    let item = |at, value| Item { at, value, map: &declared.map };
    let all: Vec<Item<'a>> = match list {
        Value::Array(list) => {
            let numbered = list.iter().enumerate();
            numbered.map(|(i, value)| item(at(format!("/{i}")), value)).collect()
        }
        Value::Object(_) => vec![item(at(String::new()), list)],
        other => return Err(kind(at(String::new()), other, "a list of objects")),
    };
    let mut ours = Vec::new();
    for item in all {
        let named = match declared.map.fields.get("reference") {
            Some(pointer) => item.optional_text(pointer)?,
            None => None,
        };
        // What names no order came for this one if the probe asked for this one.
        let asked = declared.look.names_order();
        if named.map_or(asked, |named| named == reference.as_str()) {
            ours.push(item);
        }
    }
    Ok(ours)
}

fn state(
    item: &Item<'_>,
    map: &Mapping,
    lifecycle: &BTreeMap<String, OrderState>,
) -> Result<OrderState, Misread> {
    let pointer = map.fields.get("state").map_or("/state", String::as_str);
    let word = item.text(pointer)?;
    let found = match lifecycle.is_empty() {
        true => OrderState::from_word(&word),
        false => lifecycle.get(&word).copied(),
    };
    let ours = || words(OrderState::ALL.iter().map(|state| state.as_str()));
    let at = item.at(pointer);
    found.ok_or_else(|| Misread::Unmapped { at, word, table: "lifecycle", ours: ours() })
}

fn posting(item: &Item<'_>) -> Result<Posting, Misread> {
    let kind_at = item.pointer("kind");
    let word = item.text(kind_at)?;
    let mapped = item.map.kinds.get(&word).copied().or_else(|| PostingKind::from_word(&word));
    let kind = mapped.ok_or_else(|| Misread::Unmapped {
        at: item.at(kind_at),
        word,
        table: "observe.ledger.kinds",
        ours: words(PostingKind::ALL.iter().map(|kind| kind.as_str())),
    })?;
    let id = item.optional("id")?;
    let payment = item.optional("payment")?.map(PaymentId::new);
    let asset = item.text(item.pointer("asset"))?;
    Ok(Posting { id, kind, amount: item.amount(item.pointer("amount"))?, asset, payment })
}

fn exception(item: &Item<'_>) -> Result<Exception, Misread> {
    let class_at = item.pointer("class");
    let word = item.text(class_at)?;
    let mapped = item.map.classes.get(&word).copied().or_else(|| ExceptionClass::from_word(&word));
    let class = mapped.ok_or_else(|| Misread::Unmapped {
        at: item.at(class_at),
        word,
        table: "observe.exceptions.classes",
        ours: words(ExceptionClass::ALL.iter().map(|class| class.as_str())),
    })?;
    let payment = item.optional("payment")?.map(PaymentId::new);
    Ok(Exception { class, payment })
}

fn words<'a>(all: impl Iterator<Item = &'a str>) -> String {
    all.collect::<Vec<_>>().join(", ")
}
