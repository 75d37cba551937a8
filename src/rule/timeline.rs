//! What happened in a scenario, told in sentences, each on its plane.

use super::case::Case;
use super::oracle::Shown;
use super::{Instant, Plane};
use crate::history::{Answer, Attempt, Entry, Fact};

/// Everything that happened in the scenario, in order.
pub(super) fn timeline(case: &Case<'_>) -> Vec<Instant> {
    case.entries.iter().flat_map(|entry| instants(entry, case)).collect()
}

/// An entry as lines of a timeline.
pub(super) fn instants(entry: &Entry, case: &Case<'_>) -> Vec<Instant> {
    let (seq, at) = (entry.seq, entry.at);
    let told = |plane, text, bytes| vec![Instant { seq, at, plane, text, bytes }];
    let line = |plane, text| told(plane, text, String::new());
    match &entry.fact {
        Fact::Transitioned(transition) => line(Plane::Provider, transition.truth.to_string()),
        Fact::Attempted(attempt) => {
            let how = match attempt.forgery {
                Some(forgery) => format!("forged ({}) ", forgery.phrase()),
                None if attempt.retry => "retried ".to_owned(),
                None => String::new(),
            };
            let text = format!(
                "{how}{} ({}, attempt {}) sent; merchant answered {}",
                attempt.event_type,
                attempt.event,
                attempt.attempt,
                attempt.answer.tell()
            );
            told(Plane::Delivery, text, exchange(attempt))
        }
        Fact::Driven(drive) => {
            let text = format!("was made to {}; answered {}", drive.verb, drive.answer.tell());
            line(Plane::Merchant, text)
        }
        Fact::Opened(opened) => {
            line(Plane::Merchant, format!("order {} over {}", opened.reference, opened.amount))
        }
        Fact::Killed { moment } => line(Plane::Merchant, format!("was killed {}", moment.tell())),
        Fact::Restarted => line(Plane::Merchant, "was started again".to_owned()),
        Fact::Observed(observed) => looks(entry, observed, case),
        Fact::ApiCalled(call) => {
            let key = call.idempotency_key.as_deref();
            let key = key.map(|key| format!(" under the key {key}")).unwrap_or_default();
            let became = match (call.trouble, &call.payment) {
                (Some(trouble), _) => trouble.tell(),
                (None, Some(payment)) => format!("answered {} with {payment}", call.status),
                (None, None) => format!("answered {}", call.status),
            };
            let text = format!("called {} {}{key}; {became}", call.method, call.path);
            let asked = format!("{} {}\n\n{}", call.method, call.path, call.request);
            told(Plane::Merchant, text, format!("{asked}\n\n{}\n{}", call.status, call.response))
        }
        Fact::RunStarted(_)
        | Fact::ScenarioStarted(_)
        | Fact::ClockMoved { .. }
        | Fact::Expected(_)
        | Fact::Process { .. }
        | Fact::ScenarioEnded(_)
        | Fact::Interrupted { .. }
        | Fact::RunEnded(_) => Vec::new(),
    }
}

/// A look as its sum and, one line each, the postings that make it up: finance wants to see both.
fn looks(entry: &Entry, observed: &crate::history::Observed, case: &Case<'_>) -> Vec<Instant> {
    let line = |text| Instant {
        seq: entry.seq,
        at: entry.at,
        plane: Plane::Books,
        text,
        bytes: String::new(),
    };
    let seen = match &observed.seen {
        Ok(seen) => seen,
        Err(why) => return vec![line(format!("not understood: {why}"))],
    };
    let Some(order) = case.order(&observed.reference) else { return Vec::new() };
    let shown = Shown::of(seen, order.opened.amount.asset);
    let mut lines = vec![line(shown.tell())];
    for posting in seen.postings.iter().flatten() {
        let id = posting.id.as_deref().unwrap_or("without an id");
        let payment = posting.payment.as_ref().map_or("no payment", |payment| payment.as_str());
        let (kind, amount, asset) = (posting.kind, &posting.amount, &posting.asset);
        lines.push(line(format!("posting {id}: {kind} {amount} {asset} for {payment}")));
    }
    lines
}

/// A delivery as it went over the wire, and what came back.
fn exchange(attempt: &Attempt) -> String {
    let headers = attempt.headers.iter().map(|(name, value)| format!("{name}: {value}\n"));
    let answered = match &attempt.answer {
        Answer::Http { status, body } => format!("{status}\n{body}"),
        other => other.tell(),
    };
    format!("{}\n{}\n\n{answered}", headers.collect::<String>(), attempt.body)
}
