//! How genuine events reach the merchant: when, how often, in which order, or not at all.

use super::argument::{list, span, times};
use super::{Args, Group, Keyword, StepError, Wording};
use crate::model::{EventKind, Span};
use crate::scenario::{Action, Alteration, Arrival, Deliver};

/// More copies than this prove nothing that fewer do not.
const COPIES_MAX: u32 = 100;

pub(super) const GROUP: Group = Group {
    title: "Deliveries",
    doc: "Naming an event in a delivery drives the provider to it. Earlier events that no step \
          names go out before it, once, in order; a named one goes out only as said; whatever is \
          still queued goes out at the first Then.",
    wordings: &[
        Wording {
            keyword: Keyword::When,
            expression: "{event} is delivered",
            doc: "One delivery. If the event went out before: a further copy, under the same id.",
            example: "\"payment.confirmed\" is delivered",
            build: |args| deliver(vec![args.event(0)?], 1, Arrival::InTurn, Alteration::None),
            print: |action| match plain(action)? {
                ([event], 1, Arrival::InTurn) => Some(format!("\"{event}\" is delivered")),
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::When,
            expression: "{event} is delivered again",
            doc: "A further copy of an event that went out before, under the same id.",
            example: "\"payment.confirmed\" is delivered again",
            build: |args| deliver(vec![args.event(0)?], 1, Arrival::InTurn, Alteration::None),
            print: |_| None,
        },
        Wording {
            keyword: Keyword::When,
            expression: "{event} is delivered {times}",
            doc: "So many copies under one id, one after the other.",
            example: "\"payment.settled\" is delivered 3 times",
            build: |args| {
                let (events, copies) = (vec![args.event(0)?], copies(args, 1)?);
                deliver(events, copies, Arrival::InTurn, Alteration::None)
            },
            print: |action| match plain(action)? {
                ([event], n, Arrival::InTurn) => {
                    Some(format!("\"{event}\" is delivered {}", times(n)))
                }
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::When,
            expression: "{event} is delivered {times} at once",
            doc: "So many copies under one id, all sent before any is answered.",
            example: "\"payment.confirmed\" is delivered 5 times at once",
            build: |args| {
                let (events, copies) = (vec![args.event(0)?], copies(args, 1)?);
                deliver(events, copies, Arrival::AtOnce, Alteration::None)
            },
            print: |action| match plain(action)? {
                ([event], n, Arrival::AtOnce) => {
                    Some(format!("\"{event}\" is delivered {} at once", times(n)))
                }
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::When,
            expression: "{event} is delivered( again) under a new event id",
            doc: "The same fact, announced under an id that was not used before.",
            example: "\"payment.confirmed\" is delivered again under a new event id",
            build: |args| deliver(vec![args.event(0)?], 1, Arrival::InTurn, Alteration::NewEventId),
            print: |action| match altered(action)? {
                (event, Alteration::NewEventId) => {
                    Some(format!("\"{event}\" is delivered again under a new event id"))
                }
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::When,
            expression: "{event} is delivered in an odd but legal spelling",
            doc: "The same JSON with other spacing, key order and escapes, signed as it is sent.",
            example: "\"payment.confirmed\" is delivered in an odd but legal spelling",
            build: |args| deliver(vec![args.event(0)?], 1, Arrival::InTurn, Alteration::Respelled),
            print: |action| match altered(action)? {
                (event, Alteration::Respelled) => {
                    Some(format!("\"{event}\" is delivered in an odd but legal spelling"))
                }
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::When,
            expression: "{event} is delivered with a text in other scripts",
            doc: "One text more, in the metadata where there is any, with letters beyond ASCII as \
                  they are, signed as it is sent. Where messages are no JSON objects, the scenario is not applicable.",
            example: "\"payment.confirmed\" is delivered with a text in other scripts",
            build: |args| {
                deliver(vec![args.event(0)?], 1, Arrival::InTurn, Alteration::OtherScripts)
            },
            print: |action| match altered(action)? {
                (event, Alteration::OtherScripts) => {
                    Some(format!("\"{event}\" is delivered with a text in other scripts"))
                }
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::When,
            expression: "{event} is delivered, signed {span} ago",
            doc: "Delayed on its way, still within the tolerance: its timestamp is that old.",
            example: "\"payment.confirmed\" is delivered, signed 150 seconds ago",
            build: |args| {
                let signed = Alteration::SignedAgo(seconds(args, 1)?);
                deliver(vec![args.event(0)?], 1, Arrival::InTurn, signed)
            },
            print: |action| match altered(action)? {
                (event, Alteration::SignedAgo(s)) => {
                    let ago = span(Span::from_s(s.into()))?;
                    Some(format!("\"{event}\" is delivered, signed {ago} ago"))
                }
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::When,
            expression: "the notifications arrive in the order {events}",
            doc: "Each once, one after the other, in that order. The provider is driven to the \
                  furthest first.",
            example: "the notifications arrive in the order settled, confirmed, paid",
            build: |args| deliver(args.events(0)?, 1, Arrival::InTurn, Alteration::None),
            print: |action| match plain(action)? {
                (events @ [_, _, ..], 1, Arrival::InTurn) => {
                    Some(format!("the notifications arrive in the order {}", list(events)))
                }
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::When,
            expression: "the notifications arrive in the order {events}, each {times}",
            doc: "The same with copies: all copies of the first, then of the second, and so on.",
            example: "the notifications arrive in the order settled, confirmed, each twice",
            build: |args| {
                let copies = copies(args, 1)?;
                deliver(args.events(0)?, copies, Arrival::InTurn, Alteration::None)
            },
            print: |action| match plain(action)? {
                (events @ [_, _, ..], n, Arrival::InTurn) => Some(format!(
                    "the notifications arrive in the order {}, each {}",
                    list(events),
                    times(n)
                )),
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::When,
            expression: "the notifications arrive in the order {events}, each {times} at once",
            doc: "The same, with the copies of each event sent before any of them is answered.",
            example: "the notifications arrive in the order paid, confirmed, each 5 times at once",
            build: |args| {
                let copies = copies(args, 1)?;
                deliver(args.events(0)?, copies, Arrival::AtOnce, Alteration::None)
            },
            print: |action| match plain(action)? {
                (events @ [_, _, ..], n, Arrival::AtOnce) => Some(format!(
                    "the notifications arrive in the order {}, each {} at once",
                    list(events),
                    times(n)
                )),
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::When,
            expression: "{event} is held back",
            doc: "It waits until a later step delivers it.",
            example: "\"payment.expired\" is held back",
            build: |args| Ok(Action::HoldBack(vec![args.event(0)?])),
            print: |action| match action {
                Action::HoldBack(events) => match events[..] {
                    [event] => Some(format!("\"{event}\" is held back")),
                    _ => None,
                },
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::When,
            expression: "the notifications {events} are held back",
            doc: "They wait until later steps deliver them.",
            example: "the notifications paid, confirmed are held back",
            build: |args| Ok(Action::HoldBack(args.events(0)?)),
            print: |action| match action {
                Action::HoldBack(events) if events.len() > 1 => {
                    Some(format!("the notifications {} are held back", list(events)))
                }
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::When,
            expression: "{event} is never delivered",
            doc: "The network loses it, and every retry of it.",
            example: "\"payment.paid\" is never delivered",
            build: |args| Ok(Action::Drop(vec![args.event(0)?])),
            print: |action| match action {
                Action::Drop(events) => match events[..] {
                    [event] => Some(format!("\"{event}\" is never delivered")),
                    _ => None,
                },
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::When,
            expression: "the notifications {events} are never delivered",
            doc: "The network loses them, and every retry of them.",
            example: "the notifications paid, confirmed are never delivered",
            build: |args| Ok(Action::Drop(args.events(0)?)),
            print: |action| match action {
                Action::Drop(events) if events.len() > 1 => {
                    Some(format!("the notifications {} are never delivered", list(events)))
                }
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::When,
            expression: "every other event is never delivered",
            doc: "Only what a step names goes out.",
            example: "every other event is never delivered",
            build: |_| Ok(Action::DropOthers),
            print: |action| match action {
                Action::DropOthers => Some("every other event is never delivered".to_owned()),
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::When,
            expression: "nothing is delivered",
            doc: "No event of this order goes out from here on.",
            example: "nothing is delivered",
            build: |_| Ok(Action::DropAll),
            print: |action| match action {
                Action::DropAll => Some("nothing is delivered".to_owned()),
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::When,
            expression: "an event of an unknown type is delivered",
            doc: "Authentic, of a type and with fields that the merchant cannot know.",
            example: "an event of an unknown type is delivered",
            build: |_| Ok(Action::UnknownEvent),
            print: |action| match action {
                Action::UnknownEvent => Some("an event of an unknown type is delivered".to_owned()),
                _ => None,
            },
        },
    ],
};

fn deliver(
    events: Vec<EventKind>,
    copies: u32,
    arrival: Arrival,
    alteration: Alteration,
) -> Result<Action, StepError> {
    Ok(Action::Deliver(Deliver { events, copies, arrival, alteration }))
}

fn copies(args: &Args, n: usize) -> Result<u32, StepError> {
    match args.times(n)? {
        copies @ 1..=COPIES_MAX => Ok(copies),
        copies => {
            let problem = format!("{copies} copies cannot be delivered");
            let expected = format!("1 to {COPIES_MAX}; for none: `\"…\" is never delivered`");
            Err(args.fault(n, problem, &expected))
        }
    }
}

/// Whole seconds, as timestamps have them.
pub(super) fn seconds(args: &Args, n: usize) -> Result<u32, StepError> {
    let ms = args.span(n)?.ms();
    u32::try_from(ms / 1000).ok().filter(|_| ms % 1000 == 0).ok_or_else(|| {
        args.fault(n, "timestamps have whole seconds".to_owned(), "such as 150 seconds")
    })
}

/// Events, copies and arrival of a delivery with nothing unusual about it.
fn plain(action: &Action) -> Option<(&[EventKind], u32, Arrival)> {
    match action {
        Action::Deliver(Deliver { events, copies, arrival, alteration: Alteration::None }) => {
            Some((events, *copies, *arrival))
        }
        _ => None,
    }
}

/// The event and what is unusual about its only copy.
fn altered(action: &Action) -> Option<(EventKind, Alteration)> {
    match action {
        Action::Deliver(Deliver { events, copies: 1, arrival: Arrival::InTurn, alteration }) => {
            match events[..] {
                [event] => Some((event, *alteration)),
                _ => None,
            }
        }
        _ => None,
    }
}
