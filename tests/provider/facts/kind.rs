//! Every kind of fact: how it is compared with a profile, which knobs it is about, and a difference
//! that the comparison must see.

use countersign::model::{EventKind, Span, Status, rail_by_id};
use countersign::provider::profile::{
    Gone, Idempotency, LatePolicy, OverPolicy, Profile, Queue, RedeliveryBody, RetryAfter,
    UnderPolicy,
};
use countersign::provider::{Outcome, profile};

use super::Cursor;
use super::vector;

/// A kind of fact.
pub struct Kind {
    /// Its key in a file.
    pub name: &'static str,
    /// The knobs that it is about.
    pub knobs: &'static [&'static str],
    /// Says what differs.
    pub compare: fn(&Cursor<'_>, &Profile) -> Result<(), String>,
    /// Makes any profile differ.
    pub plant: fn(&mut Profile),
}

/// What is the same as the fact says, or what it is instead.
fn same<T: PartialEq + std::fmt::Debug>(stated: T, is: T) -> Result<(), String> {
    if stated == is { Ok(()) } else { Err(format!("it is {stated:?}, and the profile has {is:?}")) }
}

fn word(fact: &Cursor<'_>, words: &[&str]) -> String {
    fact.word("value", words).unwrap_or_default().to_owned()
}

/// Each code from 100 to 599 that one of these ranges holds.
fn codes(fact: &Cursor<'_>) -> Vec<u16> {
    let ranges = fact.texts().into_iter().map(|text| {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        first.parse().unwrap()..=last.parse().unwrap()
    });
    ranges.flatten().collect()
}

fn spans(fact: &Cursor<'_>) -> Vec<Span> {
    let one = |item: &Cursor<'_>| match item.node().value {
        countersign::input::Value::Map(_) => {
            let fields = item.fields(&["every", "times"]);
            let every = fields.need("every").and_then(|cursor| cursor.span()).unwrap();
            let times = fields.need("times").and_then(|cursor| cursor.number()).unwrap();
            vec![every; usize::try_from(times).unwrap()]
        }
        _ => vec![item.span().unwrap()],
    };
    fact.items().iter().flat_map(one).collect()
}

fn answers_that(profile: &Profile, wanted: fn(&Outcome) -> bool) -> Vec<u16> {
    let outcome = |code: &u16| profile.delivery.outcome(Some(*code), None);
    (100..=599).filter(|code| wanted(&outcome(code))).collect()
}

fn sum(delays: &[Span]) -> Span {
    Span::from_ms(delays.iter().map(|delay| delay.ms()).sum())
}

/// Our word → theirs, each one as the profile has it.
fn renamed(fact: &Cursor<'_>, theirs: impl Fn(&str) -> Option<String>) -> Result<(), String> {
    for (ours, word) in fact.entries() {
        same(word.text().map(str::to_owned), theirs(ours))?;
    }
    Ok(())
}

fn placeholders(profile: &Profile) -> String {
    let routes = profile.api.routes.iter().map(|route| format!("{:?}{}", route.body, route.answer));
    routes.collect()
}

/// The route takes what the provider's does, reads these fields and answers with those.
fn create(fact: &Cursor<'_>, profile: &Profile) -> Result<(), String> {
    let fields = fact.fields(&["take", "reads", "answers"]);
    let take = fields.need("take").and_then(|cursor| cursor.text()).unwrap_or_default();
    let mut routes = profile.api.routes.iter();
    let found = routes.find(|route| format!("{} {}", route.take.0, route.take.1) == take);
    let route = found.ok_or(format!("no route takes {take}"))?;
    let body = route.body.as_ref().map(ToString::to_string).unwrap_or_default();
    for name in fields.need("reads").map(|cursor| cursor.texts()).unwrap_or_default() {
        same(true, body.contains(&format!("body.{name}")))?;
    }
    for name in fields.need("answers").map(|cursor| cursor.texts()).unwrap_or_default() {
        same(true, route.answer.get(name).is_some())?;
    }
    Ok(())
}

pub const KINDS: &[Kind] = &[
    Kind {
        name: "acknowledged",
        knobs: &["delivery.success"],
        compare: |fact, profile| {
            same(codes(fact), answers_that(profile, |it| *it == Outcome::Delivered))
        },
        plant: |profile| profile.delivery.success = [201].into_iter().collect(),
    },
    Kind {
        name: "ended_by",
        knobs: &["delivery.fatal"],
        compare: |fact, profile| {
            same(codes(fact), answers_that(profile, |it| *it == Outcome::Refused))
        },
        plant: |profile| profile.delivery.fatal = [418].into_iter().collect(),
    },
    Kind {
        name: "gone",
        knobs: &["delivery.gone"],
        compare: |fact, profile| {
            let disables = profile.delivery.outcome(Some(410), None) == Outcome::Gone;
            let is = if disables { "disables" } else { "ordinary" };
            same(word(fact, &["disables", "ordinary"]), is.to_owned())
        },
        plant: |profile| {
            profile.delivery.gone = match profile.delivery.gone {
                Gone::Disables => Gone::Ordinary,
                Gone::Ordinary => Gone::Disables,
            };
        },
    },
    Kind {
        name: "redirects",
        knobs: &["delivery.fatal"],
        compare: |fact, profile| {
            let expected = match &*word(fact, &["fail", "end"]) {
                "end" => Outcome::Refused,
                _ => Outcome::Failed { retry_after_s: None },
            };
            let [first, second] = [301, 302].map(|code| profile.delivery.outcome(Some(code), None));
            same(expected, first).and(same(expected, second))
        },
        plant: |profile| profile.delivery.fatal = [301].into_iter().collect(),
    },
    Kind {
        name: "answer_within",
        knobs: &["delivery.timeout"],
        compare: |fact, profile| same(fact.span(), Some(profile.delivery.timeout)),
        plant: |profile| profile.delivery.timeout = Span::from_s(7),
    },
    Kind {
        name: "schedule",
        knobs: &["delivery.schedule", "delivery.jitter"],
        compare: |fact, profile| same(spans(fact), profile.delivery.schedule.clone()),
        plant: |profile| profile.delivery.schedule[1] = Span::from_s(59),
    },
    Kind {
        name: "retries",
        knobs: &["delivery.schedule"],
        compare: |fact, profile| {
            same(fact.number(), u64::try_from(profile.delivery.schedule.len()).ok())
        },
        plant: |profile| profile.delivery.schedule.push(Span::from_s(1)),
    },
    Kind {
        name: "whole",
        knobs: &["delivery.schedule"],
        compare: |fact, profile| same(fact.span(), Some(sum(&profile.delivery.schedule))),
        plant: |profile| profile.delivery.schedule.push(Span::from_s(1)),
    },
    Kind {
        // No retry beyond it, and none too few.
        name: "window",
        knobs: &["delivery.schedule"],
        compare: |fact, profile| {
            let (schedule, window) = (&profile.delivery.schedule, fact.span().unwrap_or_default());
            let longest = schedule.iter().max().copied().unwrap_or_default();
            let (whole, beyond) = (sum(schedule), sum(&[sum(schedule), longest]));
            same((true, true), (whole <= window, window < beyond))
        },
        plant: |profile| profile.delivery.schedule.truncate(3),
    },
    Kind {
        name: "longest_delay",
        knobs: &["delivery.schedule"],
        compare: |fact, profile| same(fact.span().as_ref(), profile.delivery.schedule.iter().max()),
        plant: |profile| profile.delivery.schedule.push(Span::from_s(3601)),
    },
    Kind {
        name: "backoff",
        knobs: &["delivery.schedule"],
        compare: |fact, profile| {
            let schedule = &profile.delivery.schedule;
            let grows = schedule.is_sorted() && schedule.first() < schedule.last();
            same(word(fact, &["growing"]) == "growing", grows)
        },
        plant: |profile| profile.delivery.schedule.reverse(),
    },
    Kind {
        name: "retry_after",
        knobs: &["delivery.retry_after"],
        compare: |fact, profile| {
            let honoured = word(fact, &["honoured", "ignored"]) == "honoured";
            same(honoured, profile.delivery.retry_after == RetryAfter::Clamped)
        },
        plant: |profile| {
            profile.delivery.retry_after = match profile.delivery.retry_after {
                RetryAfter::Clamped => RetryAfter::Ignored,
                RetryAfter::Ignored => RetryAfter::Clamped,
            };
        },
    },
    Kind {
        name: "disabled_after",
        knobs: &["delivery.auto_disable"],
        compare: |fact, profile| {
            let stated = if fact.is_word("never") { None } else { fact.span() };
            same(stated, profile.delivery.auto_disable)
        },
        plant: |profile| profile.delivery.auto_disable = Some(Span::from_s(1)),
    },
    Kind {
        name: "queue",
        knobs: &["delivery.queue"],
        compare: |fact, profile| {
            let in_order = word(fact, &["in-order", "independent"]) == "in-order";
            same(in_order, profile.delivery.queue == Queue::HeadOfLine)
        },
        plant: |profile| profile.delivery.queue = Queue::Independent,
    },
    Kind {
        name: "retry_body",
        knobs: &["delivery.redelivery_body"],
        compare: |fact, profile| {
            let other = word(fact, &["identical", "other"]) == "other";
            same(other, profile.delivery.redelivery_body == RedeliveryBody::Restamped)
        },
        plant: |profile| {
            profile.delivery.redelivery_body = match profile.delivery.redelivery_body {
                RedeliveryBody::Identical => RedeliveryBody::Restamped,
                RedeliveryBody::Restamped => RedeliveryBody::Identical,
            };
        },
    },
    Kind {
        name: "signed_anew",
        knobs: &["delivery.resign_on_retry"],
        compare: |fact, profile| same(fact.bool(), Some(profile.delivery.resign_on_retry)),
        plant: |profile| profile.delivery.resign_on_retry = !profile.delivery.resign_on_retry,
    },
    Kind {
        name: "signed",
        knobs: &["events.signature"],
        compare: vector::signed,
        plant: |profile| profile.events.signature = "square".to_owned(),
    },
    Kind {
        name: "vectors",
        knobs: &["events.signature"],
        compare: vector::vectors,
        plant: |profile| profile.events.signature = "square".to_owned(),
    },
    Kind {
        name: "calls_signed",
        knobs: &["api.signature"],
        compare: vector::calls_signed,
        plant: |profile| profile.api.signature = None,
    },
    Kind {
        name: "create",
        knobs: &["api.routes"],
        compare: create,
        plant: |profile| profile.api.routes.clear(),
    },
    Kind {
        name: "event_id",
        knobs: &["events.id"],
        compare: |fact, profile| same(fact.text(), profile.events.id.as_deref()),
        plant: |profile| profile.events.id = None,
    },
    Kind {
        name: "body",
        knobs: &["events.webhook"],
        compare: |fact, profile| {
            let webhook = profile.events.webhook.as_ref().ok_or("the body is the default one")?;
            let lacks: Vec<_> =
                fact.texts().into_iter().filter(|name| webhook.get(name).is_none()).collect();
            same(Vec::<&str>::new(), lacks)
        },
        plant: |profile| profile.events.webhook = None,
    },
    Kind {
        name: "statuses",
        knobs: &["events.statuses"],
        compare: |fact, profile| {
            let names = &profile.events.names;
            renamed(fact, |ours| Some(names.status(Status::from_word(ours)?).to_owned()))
        },
        plant: |profile| drop(profile.events.names.statuses.insert(Status::Paid, "x".to_owned())),
    },
    Kind {
        name: "events",
        knobs: &["events.types", "events.skip", "events.emit_reverted"],
        compare: |fact, profile| {
            let events = &profile.events;
            renamed(fact, |ours| {
                let kind = EventKind::from_word(ours).filter(|kind| events.announces(*kind))?;
                Some(events.names.event(kind).to_owned())
            })
        },
        plant: |profile| profile.events.skip.extend([EventKind::Confirmed]),
    },
    Kind {
        name: "reversal",
        knobs: &["events.emit_reverted"],
        compare: |fact, profile| {
            let silent = word(fact, &["silent", "announced"]) == "silent";
            same(silent, !profile.events.announces(EventKind::Reverted))
        },
        plant: |profile| profile.events.emit_reverted = true,
    },
    Kind {
        name: "idempotency",
        knobs: &["api.idempotency"],
        compare: |fact, profile| {
            let told = profile::knobs().find(|knob| knob.name == "api.idempotency");
            same(fact.text().map(str::to_owned), told.map(|knob| knob.told(profile)))
        },
        plant: |profile| profile.api.idempotency = Idempotency::IgnoreKey,
    },
    Kind {
        name: "under",
        knobs: &["payments.under_policy"],
        compare: |fact, profile| {
            let stated = match &*word(fact, &["wait", "terminal", "refund"]) {
                "wait" => UnderPolicy::Wait,
                "terminal" => UnderPolicy::Terminal,
                _ => UnderPolicy::Refund,
            };
            same(stated, profile.payments.under_policy)
        },
        plant: |profile| profile.payments.under_policy = UnderPolicy::Refund,
    },
    Kind {
        name: "over",
        knobs: &["payments.over_policy"],
        compare: |fact, profile| {
            let flag = word(fact, &["flag", "refund"]) == "flag";
            same(flag, profile.payments.over_policy == OverPolicy::Flag)
        },
        plant: |profile| profile.payments.over_policy = OverPolicy::Refund,
    },
    Kind {
        name: "late",
        knobs: &["payments.late_policy"],
        compare: |fact, profile| {
            let flag = word(fact, &["flag"]) == "flag";
            same(flag, profile.payments.late_policy == LatePolicy::Flag)
        },
        plant: |profile| profile.payments.late_policy = LatePolicy::Confirm,
    },
    Kind {
        name: "monitoring",
        knobs: &["payments.monitoring"],
        compare: |fact, profile| same(fact.span(), Some(profile.payments.monitoring)),
        plant: |profile| profile.payments.monitoring = Span::from_s(1),
    },
    Kind {
        name: "open_amount",
        knobs: &["payments.open_amount"],
        compare: |fact, profile| same(fact.bool(), Some(profile.payments.open_amount)),
        plant: |profile| profile.payments.open_amount = false,
    },
    Kind {
        // A rail as one word: asset and chain.
        name: "tokens",
        knobs: &[],
        compare: |fact, profile| {
            same(true, placeholders(profile).contains("token"))?;
            renamed(fact, |rail| {
                let rail = rail_by_id(rail)?;
                let chain = profile.tables.get("chain")?.get(rail.network)?;
                Some(format!("{}{chain}", rail.asset.symbol))
            })
        },
        plant: |profile| drop(profile.tables.remove("chain")),
    },
];
