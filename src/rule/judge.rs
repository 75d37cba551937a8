//! From histories to judgements: every rule on every scenario.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::case::{Case, Order};
use super::conclude::{conclude, worst};
use super::expected::{decision, unmet};
use super::finding::finding;
use super::need::{absent, impossible, missing};
use super::oracle::{Decision, Fault};
use super::timeline::timeline;
use super::verdict::NOT_EXERCISED;
use super::{
    Breach, Finding, Judged, Judgement, MoneyRow, Outcome, RULES, Rule, ScenarioVerdict, Verdict,
    Violation,
};
use crate::history::{Entry, Expected, Fact, HistoryError, Reader, RunStarted, ScenarioEnded};
use crate::model::LaneId;
use crate::scenario::Expectation;

/// Judges a whole history.
///
/// # Errors
/// A history that cannot be read, or that holds no run.
pub fn judge<R: std::io::BufRead + std::io::Seek>(
    history: &mut Reader<R>,
) -> Result<Judged, HistoryError> {
    let own = history.lane(LaneId::RUN)?;
    let run_entry = own.first().ok_or(HistoryError::NoRun)?;
    let Fact::RunStarted(run) = &run_entry.fact else { return Err(HistoryError::NoRun) };
    let complete = own
        .iter()
        .any(|entry| matches!(entry.fact, Fact::RunEnded(crate::history::RunEnded::Complete)));
    let (mut scenarios, mut findings) = (Vec::new(), Vec::new());
    for lane in history.lanes() {
        let entries = history.lane(lane)?;
        if let Some((scenario, found)) = judge_scenario(run, lane, &entries) {
            scenarios.push(scenario);
            findings.extend(found);
        }
    }
    let mut judged = conclude(run, scenarios, findings, !complete);
    judged.started = run_entry.at;
    judged.took_ms = history.took_ms();
    judged.entries = history.len();
    judged.attempts = history.attempts();
    Ok(judged)
}

/// Judges one scenario from its entries; `None` where the lane holds no scenario.
#[must_use]
pub fn judge_scenario(
    run: &RunStarted,
    lane: LaneId,
    entries: &[Entry],
) -> Option<(ScenarioVerdict, Vec<Finding>)> {
    let case = Case::new(run, entries)?;
    let mut rules: Vec<(&'static Rule, Outcome, bool)> = Vec::new();
    let mut judgements = Vec::new();
    for rule in RULES {
        let tagged = case.scenario.rules.iter().any(|code| code == rule.code);
        if let Some(judgement) = unjudged(rule, run) {
            if tagged {
                judgements.push((rule.code.to_owned(), judgement));
            }
            continue;
        }
        let outcome = catch_unwind(AssertUnwindSafe(|| (rule.judge)(&case)))
            .unwrap_or_else(|_| Outcome::Unknown("the judge crashed; please report this".into()));
        if tagged || matches!(outcome, Outcome::Fail(_)) {
            rules.push((rule, outcome, tagged));
        }
    }
    // The scenario's own rule first, as its author wrote them.
    rules.sort_by_key(|(rule, ..)| {
        let mut written = case.scenario.rules.iter();
        written.position(|code| code == rule.code).unwrap_or(usize::MAX)
    });
    explain_unmet(&case, &mut rules);
    let mut findings = Vec::new();
    let failed = rules.iter().find(|(_, outcome, _)| matches!(outcome, Outcome::Fail(_)));
    let hidden_by = failed.map(|(rule, ..)| rule.code);
    for (rule, outcome, _) in rules {
        if let Outcome::Fail(breach) = &outcome {
            findings.push(finding(&case, lane, rule, breach));
        }
        judgements.push((rule.code.to_owned(), judgement(&case, rule, outcome, hidden_by)));
    }
    let verdict = worst(judgements.iter().map(|(_, judgement)| judgement.verdict));
    let reason = judgements
        .iter()
        .find(|(_, judgement)| judgement.verdict == verdict)
        .map_or_else(|| "it names no rule".to_owned(), |(_, judgement)| judgement.reason.clone());
    let scenario = case.scenario;
    let took_ms = match (entries.first(), entries.iter().rev().find(|e| is_own(e))) {
        (Some(first), Some(last)) => last.real_ms.saturating_sub(first.real_ms),
        _ => 0,
    };
    let verdict = ScenarioVerdict {
        lane,
        name: scenario.name.clone(),
        feature: scenario.feature.clone(),
        source: scenario.source.clone(),
        tags: scenario.tags.iter().cloned().collect(),
        steps: scenario.steps.clone(),
        verdict,
        reason,
        rules: judgements,
        took_ms,
        money: case.orders.iter().map(money).collect(),
        timeline: match verdict {
            Verdict::Fail | Verdict::Unknown => timeline(&case),
            Verdict::Pass | Verdict::NotTestable | Verdict::NotApplicable => Vec::new(),
        },
    };
    Some((verdict, findings))
}

/// The closing audit looks at a lane long after it ended; that is not the scenario's time.
fn is_own(entry: &Entry) -> bool {
    matches!(entry.fact, Fact::ScenarioEnded(_) | Fact::Expected(_) | Fact::Attempted(_))
}

/// Why a rule is not judged at all: declared out of scope, impossible on its rails, or something it needs is not connected.
fn unjudged(rule: &Rule, run: &RunStarted) -> Option<Judgement> {
    let plain =
        |verdict, reason| Judgement { verdict, reason, witnesses: Vec::new(), unseen: Vec::new() };
    let out = absent(rule, &run.scope).or_else(|| impossible(rule, &run.rails));
    if let Some(reason) = out {
        return Some(plain(Verdict::NotApplicable, reason));
    }
    let line = missing(rule, &run.connection).into_iter().next()?;
    Some(plain(Verdict::NotTestable, format!("not connected: {line}")))
}

fn judgement(case: &Case<'_>, rule: &Rule, outcome: Outcome, hidden_by: Option<&str>) -> Judgement {
    let plain = |verdict, reason: String| Judgement {
        verdict,
        reason,
        witnesses: Vec::new(),
        unseen: Vec::new(),
    };
    match (outcome, case.ended) {
        (Outcome::Fail(breach), _) => {
            let Violation { expected, actual, seq, .. } = &breach.violation;
            let reason = format!("expected: {expected}; got: {actual}");
            Judgement { witnesses: vec![*seq], ..plain(Verdict::Fail, reason) }
        }
        (_, None) => plain(Verdict::Unknown, "the run was interrupted".into()),
        (_, Some(ScenarioEnded::Broken(reason) | ScenarioEnded::MerchantDied(reason))) => {
            plain(Verdict::Unknown, reason.clone())
        }
        (_, Some(ScenarioEnded::NotApplicable(reason))) => {
            plain(Verdict::NotApplicable, reason.clone())
        }
        (_, Some(ScenarioEnded::NotTestable(reason))) => {
            plain(Verdict::NotTestable, reason.clone())
        }
        (Outcome::Unknown(reason), Some(ScenarioEnded::Complete)) => {
            plain(Verdict::Unknown, unread(case).unwrap_or(reason))
        }
        (Outcome::NotExercised, Some(ScenarioEnded::Complete)) => match (hidden_by, unread(case)) {
            (Some(code), _) => plain(Verdict::Unknown, format!("hidden by what broke {code}")),
            // What would have been a copy of something applied may just not have been seen.
            (None, Some(why)) => plain(Verdict::Unknown, why),
            (None, None) => plain(Verdict::NotTestable, NOT_EXERCISED.into()),
        },
        (Outcome::Pass { what, mut witnesses }, Some(ScenarioEnded::Complete)) => {
            assert!(!witnesses.is_empty(), "a pass of {} without a witness", rule.code);
            witnesses.sort_unstable();
            witnesses.dedup();
            Judgement { witnesses, unseen: unseen(case), ..plain(Verdict::Pass, what) }
        }
    }
}

/// Why an order could not be read to the end: what a rule says it did not see then has this cause,
/// and this names the mapping to add.
fn unread(case: &Case<'_>) -> Option<String> {
    let last = |order: &Order<'_>| order.looks.last().map_or(0, |look| look.seq);
    let unread = case.orders.iter().find_map(|order| {
        let (seq, why) = order.blind.last()?;
        (*seq > last(order)).then_some(why)
    });
    unread.map(|why| format!("what the merchant showed was not understood: {why}"))
}

/// The lines of configuration without which some expectation of the scenario cannot be seen.
fn unseen(case: &Case<'_>) -> Vec<&'static str> {
    let lines =
        case.expected.iter().filter_map(|(seq, expected)| match decision(case, *seq, expected) {
            Ok((Decision::NotConnected(need), _)) => Some(need.line()),
            Ok(_) | Err(_) => None,
        });
    lines.collect::<std::collections::BTreeSet<_>>().into_iter().collect()
}

/// An expectation that is not met, and that no failed rule explains, is held against the rule that
/// the scenario's author names first: a scenario never passes beside what it says must be seen.
fn explain_unmet(case: &Case<'_>, rules: &mut [(&'static Rule, Outcome, bool)]) {
    let failed = rules.iter().any(|(_, outcome, _)| matches!(outcome, Outcome::Fail(_)));
    let died = match case.ended {
        Some(ScenarioEnded::MerchantDied(how)) => Some(how.clone()),
        _ => None,
    };
    let Some((_, outcome, true)) = rules.first_mut() else { return };
    if failed || (matches!(outcome, Outcome::Unknown(_)) && died.is_none()) {
        return;
    }
    if let Some(how) = died {
        if let Some(violation) = death(case, how) {
            *outcome = Outcome::Fail(Box::new(Breach { violation, stimulus: Vec::new() }));
        }
        return;
    }
    for (seq, expected) in &case.expected {
        match unmet(case, *seq, expected) {
            Ok(None) => {}
            Ok(Some(violation)) if is_excused(case, expected, &violation) => {
                *outcome = Outcome::Unknown(format!(
                    "{}, but nothing had told the merchant so; got: {}",
                    violation.expected, violation.actual
                ));
                return;
            }
            Ok(Some(violation)) => {
                let order = case.order(&expected.reference);
                let stimulus = order.map(|order| proof(case, order)).unwrap_or_default();
                *outcome = Outcome::Fail(Box::new(Breach { violation, stimulus }));
                return;
            }
            Err(reason) => {
                *outcome = Outcome::Unknown(reason);
                return;
            }
        }
    }
}

/// Whether the merchant shows what is right by all that it was told.
fn is_excused(case: &Case<'_>, expected: &Expected, violation: &Violation) -> bool {
    let order = case.order(&violation.reference);
    let look = order.and_then(|order| order.looks.iter().find(|look| look.seq == violation.seq));
    let (Some(order), Some(look)) = (order, look) else { return false };
    let is_lacking = match &expected.expectation {
        Expectation::Acknowledged | Expectation::NoEffect => false,
        Expectation::Credits { count, .. }
        | Expectation::Fulfilments(count)
        | Expectation::Refunds { count, .. } => *count > 0,
        Expectation::Reversed(amount) => amount.is_some(),
        Expectation::Order(_) | Expectation::Exception(_) | Expectation::Consistent => true,
    };
    is_lacking && order.is_excused(&case.run.policy, look, &case.reconciled)
}

fn death(case: &Case<'_>, how: String) -> Option<Violation> {
    let order = case.orders.last()?;
    Some(Violation {
        fault: Fault::Unmet,
        reference: order.opened.reference.clone(),
        seq: case.entries.last()?.seq,
        expected: "the merchant answers and keeps running".into(),
        actual: how,
        at_risk: Some(order.opened.amount),
    })
}

/// The entries that a reader needs beside an unmet expectation: last truth, last attempt, and what
/// the merchant answered when it was to reconcile.
fn proof(case: &Case<'_>, order: &Order<'_>) -> Vec<u64> {
    let truth = order.truths.last().map(|(seq, _)| *seq);
    let attempt = order.attempts.last().map(|(seq, _)| *seq);
    let reconciled =
        |entry: &&Entry| matches!(&entry.fact, Fact::Driven(d) if d.verb == "reconcile");
    let drive = case.entries.iter().rev().find(reconciled).map(|entry| entry.seq);
    truth.into_iter().chain(attempt).chain(drive).collect()
}

fn money(order: &Order<'_>) -> MoneyRow {
    let last = order.last_look().map(|look| &look.shown);
    MoneyRow {
        reference: order.opened.reference.clone(),
        due: order.opened.amount,
        received: order.truth().map(|truth| truth.received),
        provider: order
            .truth()
            .map_or_else(|| "no payment".to_owned(), |truth| truth.status.to_string()),
        order: last
            .and_then(|shown| shown.state)
            .map_or_else(|| "not seen".to_owned(), |state| state.to_string()),
        credited: last.and_then(|shown| shown.credited),
        fulfilled: last.and_then(|shown| shown.fulfilments),
    }
}
