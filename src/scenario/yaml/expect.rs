//! What must be seen in a sweep: one key of `expect`, one expectation.

use super::axis::Row;
use super::{Story, money};
use crate::input::Cursor;
use crate::model::{ExceptionClass, Money, OrderState};
use crate::scenario::{Action, Expectation};

/// Reads one key's value.
type Reading = fn(&Cursor<'_>, &Row<'_>, &Story) -> Option<Expectation>;

/// Every key of `expect`.
const KEYS: &[(&str, Reading)] = &[
    ("order", |c, row, _| state(c, row)),
    ("credits", credits),
    ("refunds", refunds),
    ("reversed", reversed),
    ("fulfilments", |c, row, _| Some(Expectation::Fulfilments(row.number(c)?))),
    ("exception", |c, row, _| class(c, row)),
    ("no_effect", |c, row, _| only_true(c, row, Expectation::NoEffect)),
    ("acknowledged", |c, row, _| only_true(c, row, Expectation::Acknowledged)),
    ("consistent", |c, row, _| only_true(c, row, Expectation::Consistent)),
];

/// Reads a map of expectations, in the order in which they are written.
pub(super) fn read(cursor: &Cursor<'_>, row: &Row<'_>, story: &mut Story) {
    let known: Vec<_> = KEYS.iter().map(|(key, _)| *key).collect();
    // Asked for its faults alone: unknown keys are told here.
    let _ = cursor.fields(&known);
    for (key, value) in cursor.entries() {
        let read = KEYS.iter().find(|(name, _)| *name == key);
        let expectation = read.and_then(|(_, read)| read(&value, row, story));
        story.take(&value, expectation.map(Action::Expect));
    }
}

fn state(cursor: &Cursor<'_>, row: &Row<'_>) -> Option<Expectation> {
    let word = row.text(cursor)?;
    let state = OrderState::from_word(&word);
    if state.is_none() {
        let known: Vec<_> = OrderState::ALL.iter().map(|state| state.as_str()).collect();
        cursor.unknown(&word, "state of an order", &known);
    }
    state.map(Expectation::Order)
}

fn class(cursor: &Cursor<'_>, row: &Row<'_>) -> Option<Expectation> {
    let word = row.text(cursor)?;
    let class = ExceptionClass::from_word(&word);
    if class.is_none() {
        let known: Vec<_> = ExceptionClass::ALL.iter().map(|class| class.as_str()).collect();
        cursor.unknown(&word, "exception class", &known);
    }
    class.map(Expectation::Exception)
}

/// `{count: 1, amount: due}`; the amount may be left out.
fn credits(cursor: &Cursor<'_>, row: &Row<'_>, story: &Story) -> Option<Expectation> {
    let fields = cursor.fields(&["count", "amount"]);
    let count = fields.need("count").and_then(|count| row.number(&count));
    let amount = match fields.get("amount") {
        None => Some(None),
        Some(cursor) => sum(&cursor, row, story),
    };
    let (count, amount) = (count?, amount?);
    if count == 0 && fields.get("amount").is_some() {
        cursor.fault("no credit has no amount", "count: 0 alone");
        return None;
    }
    Some(Expectation::Credits { count, amount })
}

/// `{count: 1, amount: "60.00"}`, or `{count: 0}`.
fn refunds(cursor: &Cursor<'_>, row: &Row<'_>, story: &Story) -> Option<Expectation> {
    let fields = cursor.fields(&["count", "amount"]);
    let count = row.number(&fields.need("count")?)?;
    let amount = match (count, fields.get("amount")) {
        (0, Some(_)) => {
            cursor.fault("no refund has no amount", "count: 0 alone");
            return None;
        }
        (0, None) => None,
        _ => Some(money(&fields.need("amount")?, row, story.orders.rail()?)?),
    };
    Some(Expectation::Refunds { count, amount })
}

/// `none`, or a decimal amount in the order's asset.
fn reversed(cursor: &Cursor<'_>, row: &Row<'_>, story: &Story) -> Option<Expectation> {
    if row.text(cursor)? == "none" {
        return Some(Expectation::Reversed(None));
    }
    Some(Expectation::Reversed(Some(money(cursor, row, story.orders.rail()?)?)))
}

/// `due`, or a decimal amount in the order's asset.
#[expect(clippy::option_option, reason = "outside: whether it was understood; inside: what is due")]
fn sum(cursor: &Cursor<'_>, row: &Row<'_>, story: &Story) -> Option<Option<Money>> {
    if row.text(cursor)? == "due" {
        return Some(None);
    }
    Some(Some(money(cursor, row, story.orders.rail()?)?))
}

fn only_true(cursor: &Cursor<'_>, row: &Row<'_>, expectation: Expectation) -> Option<Expectation> {
    if row.is_true(cursor)? {
        return Some(expectation);
    }
    cursor.fault("what is not expected is not written", "true, or no such line");
    None
}
