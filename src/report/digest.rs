//! A judged run in few words: counts, consequences and gaps, said alike in every format for people.

use crate::report::text::count;
use crate::rule::{Finding, Judged, RuleVerdict, Verdict};

/// Names beyond this many are counted.
const NAMES_MAX: usize = 12;

/// Untested scenarios of a rule that passed beyond this many are counted.
const PARTS_MAX: usize = 3;

/// `24 passed, 1 failed, 2 not testable`; what there is none of is left out.
pub(super) fn tally(verdicts: impl Iterator<Item = Verdict> + Clone) -> String {
    let words = [
        (Verdict::Pass, "passed"),
        (Verdict::Fail, "failed"),
        (Verdict::Unknown, "unknown"),
        (Verdict::NotTestable, "not testable"),
        (Verdict::NotApplicable, "not applicable"),
    ];
    let part = |(verdict, word)| {
        let n = verdicts.clone().filter(|v| *v == verdict).count();
        (n > 0).then(|| format!("{n} {word}"))
    };
    let parts: Vec<_> = words.into_iter().filter_map(part).collect();
    if parts.is_empty() { "none".to_owned() } else { parts.join(", ") }
}

/// `RECON-02 Recovery repeats an effect (3 scenarios)`, one line per rule.
pub(super) fn consequences(findings: &[&Finding]) -> Vec<String> {
    let mut rules: Vec<(&Finding, u64)> = Vec::new();
    for finding in findings {
        match rules.iter_mut().find(|(first, _)| first.rule == finding.rule) {
            Some((_, n)) => *n += 1,
            None => rules.push((finding, 1)),
        }
    }
    let line = |(finding, n): &(&Finding, u64)| {
        format!("{} {} ({})", finding.rule, finding.title, count(*n, "scenario"))
    };
    rules.iter().map(line).collect()
}

/// Rules or scenarios about which nothing was decided, for one reason.
pub(super) struct Gap {
    names: Vec<String>,
    /// The verdict and its reason.
    pub why: String,
}

impl Gap {
    /// Whose gap it is, many of them counted.
    pub fn names(&self) -> String {
        let shown: Vec<_> = self.names.iter().take(NAMES_MAX).map(String::as_str).collect();
        match self.names.len().checked_sub(NAMES_MAX).filter(|more| *more > 0) {
            Some(more) => format!("{} and {more} more", shown.join(", ")),
            None => shown.join(", "),
        }
    }
}

/// What was not tested.
pub(super) fn gaps(judged: &Judged) -> Vec<Gap> {
    let mut gaps: Vec<Gap> = Vec::new();
    let mut add = |name: String, why: String| match gaps.iter_mut().find(|gap| gap.why == why) {
        Some(gap) => gap.names.push(name),
        None => gaps.push(Gap { names: vec![name], why }),
    };
    for rule in judged.rules.iter().filter(|rule| is_told(judged, rule)) {
        match rule.verdict {
            Verdict::Unknown | Verdict::NotTestable | Verdict::NotApplicable => {
                add(rule.code.to_owned(), format!("{}, {}", rule.verdict.as_str(), rule.reason));
            }
            Verdict::Pass => {
                for reason in rule.untested.iter().take(PARTS_MAX) {
                    add(format!("{} in part", rule.code), reason.clone());
                }
                let more = rule.untested.len().saturating_sub(PARTS_MAX) as u64;
                if more > 0 {
                    add(format!("{} in part", rule.code), count(more, "further scenario"));
                }
            }
            Verdict::Fail => {}
        }
    }
    let untold = judged.rules.iter().filter(|rule| !is_told(judged, rule)).count() as u64;
    if untold > 0 {
        add(count(untold, "further rule"), "not exercised by this selection".to_owned());
    }
    for (reason, scenarios) in left_out(judged) {
        add(count(scenarios, "scenario"), format!("left out, {reason}"));
    }
    gaps
}

/// How many scenarios were left out for each reason; which they are stands in `report.json`.
fn left_out(judged: &Judged) -> std::collections::BTreeMap<&str, u64> {
    let mut reasons = std::collections::BTreeMap::new();
    for (_, reason) in &judged.run.left_out {
        *reasons.entry(reason.as_str()).or_default() += 1;
    }
    reasons
}

/// A rule that a selection never meant to exercise is not worth a line of its own.
pub(super) fn is_told(judged: &Judged, rule: &RuleVerdict) -> bool {
    judged.run.selection.is_none() || rule.scenarios > 0 || rule.verdict != Verdict::NotTestable
}
