//! What happens in a sweep: one entry of `play` becomes one or more actions.

use super::axis::Row;
use super::pay::{network, operate, pay, replace};
use super::{Story, expect, open, trouble};
use crate::input::{Cursor, Value};
use crate::model::{EventKind, Span};
use crate::scenario::{Action, Alteration, Arrival, Deliver, FORGERIES, Forgery, KILLS, Kill, Pay};

/// More copies than this prove nothing that fewer do not.
const COPIES_MAX: u32 = 100;
/// More blocks than this are taken for a mistake.
const BLOCKS_MAX: u32 = 10_000;

/// Reads one entry's value.
type Verb = fn(&Cursor<'_>, &Row<'_>, &mut Story) -> Option<Vec<Action>>;

/// Every entry of `play` that has a value.
const VERBS: &[(&str, Verb)] = &[
    ("pay", |c, row, story| Some(vec![Action::Pay(pay(c, row, story)?)])),
    ("replace", |c, row, story| Some(vec![Action::Pay(Pay::Replace(replace(c, row, story)?))])),
    ("network", |c, row, _| Some(vec![Action::Network(network(c, row)?)])),
    ("provider", |c, row, story| Some(vec![Action::Operate(operate(c, row, story)?)])),
    ("confirm", |c, row, _| Some(vec![Action::Confirm(blocks(c, row)?)])),
    ("pass", |c, row, _| Some(vec![Action::PassTime(span(c, row)?)])),
    ("deliver", |c, row, _| deliver(c, row)),
    ("hold", |c, row, _| Some(vec![Action::HoldBack(events(c, row)?)])),
    ("drop", |c, row, _| Some(vec![dropped(c, row)?])),
    ("forge", |c, row, _| Some(vec![forge(c, row)?])),
    ("trouble", |c, row, _| trouble::read(c, row)),
    ("kill", |c, row, _| Some(vec![Action::Kill(kill(c, row)?)])),
    ("focus", |c, row, _| Some(vec![Action::Focus(row.number(c)?)])),
];

/// Every entry of `play` that is one word.
const WORDS: &[(&str, Action)] = &[
    ("settle", Action::Settle),
    ("expire", Action::Expire),
    ("accept", Action::Accept),
    ("check-out-again", Action::CheckOutAgain),
    ("reconcile", Action::Reconcile),
    ("restart", Action::Restart),
    ("unknown-event", Action::UnknownEvent),
];

/// Reads `- pay: exact` or `- settle`.
pub(super) fn read(item: &Cursor<'_>, row: &Row<'_>, story: &mut Story) {
    let words: Vec<_> = WORDS.iter().map(|(word, _)| *word).collect();
    if let Value::Scalar { .. } = item.node().value {
        let found = row.text(item).and_then(|word| {
            let found = WORDS.iter().find(|(name, _)| *name == word);
            if found.is_none() {
                item.unknown(&word, "step without a value", &words);
            }
            found.map(|(_, action)| action.clone())
        });
        story.take(item, found);
        return;
    }
    let mut known: Vec<_> = VERBS.iter().map(|(verb, _)| *verb).collect();
    known.extend(["open", "expect"]);
    // Asked for its faults alone: unknown keys are told here.
    let _ = item.fields(&known);
    let entries = item.entries();
    let [(verb, cursor)] = &entries[..] else {
        item.fault("a step says one thing", "a line of its own for each");
        story.is_broken = true;
        return;
    };
    match *verb {
        "open" => open(cursor, row, story),
        "expect" => expect::read(cursor, row, story),
        verb => {
            let read = VERBS.iter().find(|(name, _)| *name == verb);
            let actions = read.and_then(|(_, read)| read(cursor, row, story));
            match actions {
                Some(actions) => {
                    actions.into_iter().for_each(|action| story.take(cursor, Some(action)));
                }
                None => story.take(cursor, None),
            }
        }
    }
}

/// `all`, or a number of blocks.
fn blocks(cursor: &Cursor<'_>, row: &Row<'_>) -> Option<Option<u32>> {
    let text = row.text(cursor)?;
    match text.parse() {
        _ if text == "all" => Some(None),
        Ok(n @ 1..=BLOCKS_MAX) => Some(Some(n)),
        _ => {
            let expected = format!("all, or a number of blocks up to {BLOCKS_MAX}");
            cursor.fault(format!("`{text}` is no number of blocks"), expected);
            None
        }
    }
}

fn deliver(cursor: &Cursor<'_>, row: &Row<'_>) -> Option<Vec<Action>> {
    let fields = cursor.fields(&["events", "copies", "at_once", "alteration"]);
    let named = fields.need("events").and_then(|c| events(&c, row));
    let copies = fields.get("copies").map_or(Some(1), |c| copies(&c, row));
    let at_once = fields.get("at_once").map_or(Some(false), |c| row.is_true(&c));
    let alteration =
        fields.get("alteration").map_or(Some(Alteration::None), |c| alteration(&c, row));
    let (events, copies, alteration) = (named?, copies?, alteration?);
    let arrival = if at_once? { Arrival::AtOnce } else { Arrival::InTurn };
    if alteration == Alteration::None {
        return Some(vec![Action::Deliver(Deliver { events, copies, arrival, alteration })]);
    }
    if arrival == Arrival::AtOnce {
        cursor.fault("altered copies do not arrive at once", "alteration or at_once");
        return None;
    }
    // One delivery each: that is how the vocabulary says it.
    let each =
        |event| Action::Deliver(Deliver { events: vec![event], copies: 1, arrival, alteration });
    let repeated = events.into_iter().flat_map(|event| (0..copies).map(move |_| event));
    Some(repeated.map(each).collect())
}

fn copies(cursor: &Cursor<'_>, row: &Row<'_>) -> Option<u32> {
    match row.number(cursor)? {
        copies @ 1..=COPIES_MAX => Some(copies),
        copies => {
            let problem = format!("{copies} copies cannot be delivered");
            cursor.fault(problem, format!("1 to {COPIES_MAX}; for none: drop"));
            None
        }
    }
}

/// `none`, `new-event-id`, `respelled`, `other-scripts` or `{signed_ago: 150s}`
fn alteration(cursor: &Cursor<'_>, row: &Row<'_>) -> Option<Alteration> {
    if let Value::Map(_) = cursor.node().value {
        let ago = cursor.fields(&["signed_ago"]).need("signed_ago")?;
        return Some(Alteration::SignedAgo(seconds(&ago, row)?));
    }
    let word = row.text(cursor)?;
    match word.as_str() {
        "none" => Some(Alteration::None),
        "new-event-id" => Some(Alteration::NewEventId),
        "respelled" => Some(Alteration::Respelled),
        "other-scripts" => Some(Alteration::OtherScripts),
        _ => {
            let known =
                ["none", "new-event-id", "respelled", "other-scripts", "{signed_ago: 150s}"];
            cursor.unknown(&word, "alteration", &known);
            None
        }
    }
}

/// A list of events, `others` or `all`.
fn dropped(cursor: &Cursor<'_>, row: &Row<'_>) -> Option<Action> {
    if let Value::Scalar { text, .. } = &cursor.node().value {
        match text.as_str() {
            "others" => return Some(Action::DropOthers),
            "all" => return Some(Action::DropAll),
            _ => {}
        }
    }
    events(cursor, row).map(Action::Drop)
}

/// `{claim: confirmed, how: unsigned}`
fn forge(cursor: &Cursor<'_>, row: &Row<'_>) -> Option<Action> {
    let fields = cursor.fields(&["claim", "how"]);
    let (claim, how) = (fields.need("claim"), fields.need("how"));
    let claim = claim.and_then(|claim| event(&claim, &row.text(&claim)?));
    let forgery = how.and_then(|how| forgery(&how, row));
    Some(Action::Forge { claim: claim?, forgery: forgery? })
}

/// A word of the table, `{aged: 360s}` or `{ahead: 360s}`.
fn forgery(cursor: &Cursor<'_>, row: &Row<'_>) -> Option<Forgery> {
    if let Value::Map(_) = cursor.node().value {
        let fields = cursor.fields(&["aged", "ahead"]);
        if let Some(ahead) = fields.get("ahead") {
            return Some(Forgery::Ahead(seconds(&ahead, row)?));
        }
        let aged = fields.need("aged")?;
        return Some(Forgery::Aged(seconds(&aged, row)?));
    }
    let word = row.text(cursor)?;
    let found = FORGERIES.iter().find(|(_, known, _)| *known == word);
    if found.is_none() {
        let words = FORGERIES.iter().map(|(_, known, _)| *known);
        let known: Vec<_> = words.chain(["{aged: 360s}", "{ahead: 360s}"]).collect();
        cursor.unknown(&word, "forgery", &known);
    }
    found.map(|(forgery, ..)| *forgery)
}

/// `idle`, `answered` or `calling`
fn kill(cursor: &Cursor<'_>, row: &Row<'_>) -> Option<Kill> {
    let word = row.text(cursor)?;
    let found = KILLS.iter().find(|known| known.word == word);
    if found.is_none() {
        cursor.unknown(&word, "moment", &KILLS.each_ref().map(|known| known.word));
    }
    found.map(|known| known.kill)
}

fn events(cursor: &Cursor<'_>, row: &Row<'_>) -> Option<Vec<EventKind>> {
    let words = row.texts(cursor)?;
    let events: Option<Vec<_>> = words.iter().map(|word| event(cursor, word)).collect();
    if events.as_ref().is_some_and(Vec::is_empty) {
        cursor.fault("no event is named", "at least one");
        return None;
    }
    events
}

/// `confirmed` or `payment.confirmed`
fn event(cursor: &Cursor<'_>, word: &str) -> Option<EventKind> {
    let full = format!("payment.{}", word.trim_start_matches("payment."));
    let found = EventKind::from_word(&full).or_else(|| EventKind::from_word(word));
    if found.is_none() {
        let known: Vec<_> =
            EventKind::ALL.iter().map(|e| e.as_str().trim_start_matches("payment.")).collect();
        cursor.unknown(word, "event", &known);
    }
    found
}

pub(super) fn span(cursor: &Cursor<'_>, row: &Row<'_>) -> Option<Span> {
    let text = row.text(cursor)?;
    match text.parse() {
        Ok(span) => Some(span),
        Err(_) => {
            let problem = format!("`{text}` is no span of time");
            cursor.fault(problem, "a whole number and s, m, h or d, such as 150s");
            None
        }
    }
}

/// Whole seconds, as timestamps have them.
fn seconds(cursor: &Cursor<'_>, row: &Row<'_>) -> Option<u32> {
    let ms = span(cursor, row)?.ms();
    let seconds = u32::try_from(ms / 1000).ok().filter(|_| ms % 1000 == 0);
    if seconds.is_none() {
        cursor.fault("timestamps have whole seconds", "such as 150s");
    }
    seconds
}
