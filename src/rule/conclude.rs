//! From scenarios to rules, and from rules to the last word.

use std::collections::BTreeSet;

use super::need::{absent, impossible, missing};
use super::verdict::NOT_EXERCISED;
use super::{
    FinalVerdict, Finding, Judged, Judgement, Level, RULES, Rule, RuleVerdict, ScenarioVerdict,
    Verdict,
};
use crate::history::RunStarted;
use crate::model::SimTime;

/// The worst of several verdicts: fail, unknown, pass, not-testable, not-applicable.
pub(super) fn worst(verdicts: impl IntoIterator<Item = Verdict>) -> Verdict {
    verdicts.into_iter().min().unwrap_or(Verdict::NotTestable)
}

/// Draws the conclusion; times and counts are filled in by whoever read the history.
pub(super) fn conclude(
    run: &RunStarted,
    scenarios: Vec<ScenarioVerdict>,
    mut findings: Vec<Finding>,
    interrupted: bool,
) -> Judged {
    let rules = RULES.iter().map(|rule| over_all(run, rule, &scenarios, interrupted));
    let rules: Vec<_> = rules.collect();
    name_causes(&mut findings);
    let (outcome, why) = last_word(run, &rules, interrupted);
    Judged {
        run: run.clone(),
        started: SimTime::default(),
        took_ms: 0,
        interrupted,
        outcome,
        why,
        scenarios,
        rules,
        findings,
        entries: 0,
        attempts: 0,
    }
}

fn over_all(
    run: &RunStarted,
    rule: &'static Rule,
    scenarios: &[ScenarioVerdict],
    interrupted: bool,
) -> RuleVerdict {
    let judged: Vec<_> = scenarios
        .iter()
        .flat_map(|scenario| scenario.rules.iter().map(move |(code, j)| (scenario, code, j)))
        .filter(|(_, code, _)| *code == rule.code)
        .collect();
    let mut verdict = RuleVerdict {
        code: rule.code,
        title: rule.title,
        level: rule.level,
        verdict: over_scenarios(judged.iter().map(|(_, _, judgement)| *judgement)),
        reason: String::new(),
        witnesses: Vec::new(),
        scenarios: 0,
        untested: Vec::new(),
    };
    let out = absent(rule, &run.scope).or_else(|| impossible(rule, &run.rails));
    if let Some(reason) = out {
        verdict.verdict = Verdict::NotApplicable;
        verdict.reason = reason;
        return verdict;
    }
    if judged.is_empty() {
        let missing = missing(rule, &run.connection);
        verdict.reason = match missing.first() {
            Some(line) => format!("not connected: {line}"),
            None if interrupted => "not reached before the run was interrupted".to_owned(),
            None => "no selected scenario exercises it".to_owned(),
        };
        return verdict;
    }
    for (scenario, _, judgement) in &judged {
        match judgement.verdict {
            Verdict::Pass | Verdict::Fail => {
                verdict.scenarios += 1;
                verdict.witnesses.extend(&judgement.witnesses);
                if !judgement.unseen.is_empty() {
                    let lines = judgement.unseen.join(", ");
                    verdict.untested.push(format!("{}: not connected: {lines}", scenario.name));
                }
            }
            Verdict::NotTestable if judgement.reason == NOT_EXERCISED => {}
            Verdict::NotTestable | Verdict::NotApplicable => {
                verdict.untested.push(format!("{}: {}", scenario.name, judgement.reason));
            }
            Verdict::Unknown => {}
        }
    }
    verdict.witnesses.sort_unstable();
    verdict.witnesses.dedup();
    if verdict.verdict != Verdict::Pass {
        let worst = judged.iter().find(|(_, _, j)| j.verdict == verdict.verdict);
        verdict.reason = worst
            .map(|(scenario, _, judgement)| format!("{}: {}", scenario.name, judgement.reason))
            .unwrap_or_default();
    }
    verdict
}

/// The worst of the scenarios that say something about the rule: one that does not exercise it says
/// nothing, unless it is the only one.
fn over_scenarios<'a>(judgements: impl Iterator<Item = &'a Judgement> + Clone) -> Verdict {
    let says = |judgement: &&Judgement| judgement.reason != NOT_EXERCISED;
    let telling = judgements.clone().filter(says).map(|judgement| judgement.verdict);
    telling.min().unwrap_or_else(|| worst(judgements.map(|judgement| judgement.verdict)))
}

/// Names for each finding the failed rule that explains it, and puts causes first.
fn name_causes(findings: &mut [Finding]) {
    let failed: BTreeSet<&str> = findings.iter().map(|finding| finding.rule).collect();
    for finding in findings.iter_mut() {
        finding.caused_by = RULES
            .iter()
            .find(|cause| failed.contains(cause.code) && cause.explains.contains(&finding.rule))
            .map(|cause| cause.code);
    }
    let position = |code: &str| RULES.iter().position(|rule| rule.code == code);
    findings
        .sort_by_key(|finding| (finding.caused_by.is_some(), position(finding.rule), finding.lane));
}

fn last_word(run: &RunStarted, rules: &[RuleVerdict], interrupted: bool) -> (FinalVerdict, String) {
    let counts = |level: Level| level == Level::Must || run.strict;
    let of = |verdict: Verdict| {
        let these = rules.iter().filter(move |r| r.verdict == verdict && counts(r.level));
        these.map(|rule| rule.code).collect::<Vec<_>>()
    };
    let failed = of(Verdict::Fail);
    if !failed.is_empty() {
        return (FinalVerdict::NotReady, format!("broken: {}", failed.join(", ")));
    }
    if interrupted {
        let why = "the run was interrupted; nothing had failed until then".to_owned();
        return (FinalVerdict::Incomplete, why);
    }
    let unknown = of(Verdict::Unknown);
    if !unknown.is_empty() {
        let why = format!("could not be told: {}", unknown.join(", "));
        return (FinalVerdict::Incomplete, why);
    }
    let passed = rules.iter().filter(|rule| rule.verdict == Verdict::Pass).count();
    if passed == 0 {
        return (FinalVerdict::Incomplete, "nothing was checked".to_owned());
    }
    // In a selection, what nobody selected is not missing; what was selected and could not be
    // tested is.
    let selected = |rule: &&RuleVerdict| run.selection.is_none() || !rule.untested.is_empty();
    let untested: Vec<_> = rules
        .iter()
        .filter(|rule| rule.verdict == Verdict::NotTestable && counts(rule.level))
        .filter(selected)
        .map(|rule| rule.code)
        .collect();
    if !untested.is_empty() {
        let why = format!("not testable as connected: {}", untested.join(", "));
        return (FinalVerdict::Incomplete, why);
    }
    let out = rules.iter().filter(|rule| rule.verdict == Verdict::NotApplicable).count();
    let beside = if out == 0 { String::new() } else { format!(", {out} declared out of scope") };
    match &run.selection {
        Some(selection) => (
            FinalVerdict::SelectionPassed,
            format!("{passed} rules passed in {selection}; only the whole suite can say READY"),
        ),
        None => (FinalVerdict::Ready, format!("all {passed} rules passed{beside}")),
    }
}
