//! A finding, told: the few entries that prove it, as a timeline, and an identity that survives
//! from run to run.

use sha2::{Digest, Sha256};

use super::case::Case;
use super::timeline::instants;
use super::{Breach, Finding, Rule};
use crate::model::LaneId;
use crate::rule::oracle::Fault;
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
        | Fault::Unsurfaced
        | Fault::Misbooked
        | Fault::Refused => (rule.title, rule.fix),
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
