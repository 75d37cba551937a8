//! A finding, told: the few entries that prove it, as a timeline, and an identity that survives
//! from run to run.

use sha2::{Digest, Sha256};

use super::case::Case;
use super::{Breach, Finding, Instant, Plane, Rule};
use crate::history::{Entry, Fact};
use crate::model::LaneId;
use crate::rule::oracle::{Fault, Shown};
use crate::scenario::suite;

/// Stands in place of a rule's title where its scenario fails and the rule cannot say why.
const UNMET: &str = "what its scenario expects was not seen";
const UNMET_FIX: &str = "Compare both sides above. The fault that the rule is named after was not \
    found; whatever keeps the merchant from getting there comes first.";

/// Tells one breach.
pub(super) fn finding(
    case: &Case<'_>,
    lane: LaneId,
    rule: &'static Rule,
    breach: &Breach,
) -> Finding {
    let violation = &breach.violation;
    let mut seqs: Vec<u64> = breach.stimulus.clone();
    seqs.push(violation.seq);
    // The provider's word at that moment, without which nobody can tell who is wrong.
    if let Some(order) = case.order(&violation.reference) {
        let mut truths = order.truths.iter().filter(|(seq, _)| *seq < violation.seq);
        seqs.extend(truths.next_back().map(|(seq, _)| *seq));
    }
    seqs.sort_unstable();
    seqs.dedup();
    let told = case.entries.iter().filter(|entry| seqs.binary_search(&entry.seq).is_ok());
    let scenario = case.scenario;
    // A rule's title is an accusation: only its own judge may make it.
    let (title, fix) = match violation.fault {
        Fault::Unmet => (UNMET, UNMET_FIX),
        Fault::Unproven
        | Fault::Repeated
        | Fault::Excess
        | Fault::Regressed
        | Fault::ShortAccepted
        | Fault::Missing
        | Fault::WrongAmount
        | Fault::Unsurfaced => (rule.title, rule.fix),
    };
    Finding {
        rule: rule.code,
        title,
        level: rule.level,
        scenario: scenario.name.clone(),
        source: scenario.source.clone(),
        lane,
        expected: violation.expected.clone(),
        actual: violation.actual.clone(),
        money_at_risk: violation.at_risk,
        owner: rule.owner,
        fix,
        entries: told.flat_map(|entry| instants(entry, case)).collect(),
        caused_by: None,
        fingerprint: fingerprint(&[
            rule.code,
            &scenario.source.file,
            &scenario.name,
            &format!("{:?}", violation.fault),
            &violation.expected,
        ]),
        replay: replay(case),
    }
}

/// 16 hex digits over what the fault is, without times and generated ids.
fn fingerprint(parts: &[&str]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(part.as_bytes());
        digest.update([0]);
    }
    hex::encode(&digest.finalize()[..8])
}

/// The command that plays this scenario again. All rows of a sweep stand in one line of its file, so
/// a row of the suite is named by its title.
fn replay(case: &Case<'_>) -> String {
    let source = &case.scenario.source;
    let is_row = !source.file.ends_with(".feature") && suite::is_embedded(&source.file);
    if is_row {
        let title = case.scenario.name.replace('\'', r"'\''");
        return format!("{} '{title}'", case.run.command);
    }
    format!("{} {}:{}", case.run.command, source.file, source.line)
}

/// An entry as lines of a timeline.
fn instants(entry: &Entry, case: &Case<'_>) -> Vec<Instant> {
    let line = |plane, text| vec![Instant { seq: entry.seq, at: entry.at, plane, text }];
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
            line(Plane::Delivery, text)
        }
        Fact::Driven(drive) => {
            let text = format!("was made to {}; answered {}", drive.verb, drive.answer.tell());
            line(Plane::Merchant, text)
        }
        Fact::Opened(opened) => {
            line(Plane::Merchant, format!("order {} over {}", opened.reference, opened.amount))
        }
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
            line(Plane::Merchant, text)
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
    let line = |text| Instant { seq: entry.seq, at: entry.at, plane: Plane::Books, text };
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
