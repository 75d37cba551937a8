//! Which findings are causes and which only follow from them, and what money they put at risk.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Asset, LaneId, Money};
use crate::report::story::by_lane;
use crate::rule::{Finding, Judged};

/// One broken rule with everything that it explains.
pub(super) struct Cause<'a> {
    /// The finding that is told in full.
    pub lead: &'a Finding,
    /// The same rule, broken in further scenarios.
    pub also: Vec<&'a Finding>,
    /// What follows from it under other codes.
    pub consequences: Vec<&'a Finding>,
}

impl<'a> Cause<'a> {
    /// Every finding that it accounts for, its own first.
    pub(super) fn all(&self) -> impl Iterator<Item = &'a Finding> {
        let lead = std::iter::once(self.lead);
        lead.chain(self.also.iter().copied()).chain(self.consequences.iter().copied())
    }
}

/// Findings by cause, in the order in which the causes come. A cause is told by a scenario that was
/// written for its rule, where one found it: that shows it most plainly.
pub(super) fn causes(judged: &Judged) -> Vec<Cause<'_>> {
    let lanes = by_lane(judged);
    let is_own = |finding: &Finding| {
        let rules = lanes.get(&finding.lane).map(|scenario| &scenario.rules);
        rules.and_then(|rules| rules.first()).is_some_and(|(code, _)| code == finding.rule)
    };
    let mut causes = folded(&judged.findings);
    for cause in &mut causes {
        if !is_own(cause.lead)
            && let Some(own) = cause.also.iter().position(|finding| is_own(finding))
        {
            let lead = std::mem::replace(&mut cause.lead, cause.also.remove(own));
            cause.also.insert(0, lead);
        }
    }
    causes
}

fn folded(findings: &[Finding]) -> Vec<Cause<'_>> {
    let mut causes: Vec<Cause<'_>> = Vec::new();
    for finding in findings {
        if root(findings, finding).rule == finding.rule {
            match causes.iter_mut().find(|cause| cause.lead.rule == finding.rule) {
                Some(cause) => cause.also.push(finding),
                None => {
                    causes.push(Cause { lead: finding, also: vec![], consequences: vec![] });
                }
            }
        }
    }
    for finding in findings {
        let root = root(findings, finding).rule;
        if root != finding.rule
            && let Some(cause) = causes.iter_mut().find(|cause| cause.lead.rule == root)
        {
            cause.consequences.push(finding);
        }
    }
    causes
}

/// The finding at the end of the chain of `caused_by`. A cause that was not found itself does not
/// hide its consequence, and neither does a circle.
fn root<'a>(findings: &'a [Finding], from: &'a Finding) -> &'a Finding {
    let mut seen = BTreeSet::from([from.rule]);
    let mut at = from;
    while let Some(code) = at.caused_by {
        let in_lane = findings.iter().find(|f| f.rule == code && f.lane == at.lane);
        let Some(next) = in_lane.or_else(|| findings.iter().find(|f| f.rule == code)) else {
            return at;
        };
        if !seen.insert(next.rule) {
            return from;
        }
        at = next;
    }
    at
}

/// Money at risk over all findings, per asset. Several findings of one scenario are about the same
/// money: the largest of them counts.
pub(super) fn at_risk<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> Vec<Money> {
    let mut lanes: BTreeMap<(LaneId, Asset), Money> = BTreeMap::new();
    for finding in findings {
        let Some(money) = finding.money_at_risk else { continue };
        let most = lanes.entry((finding.lane, money.asset)).or_insert(money);
        *most = money.max(*most);
    }
    let mut assets: BTreeMap<Asset, Money> = BTreeMap::new();
    for ((_, asset), money) in lanes {
        let sum = assets.entry(asset).or_insert(asset.zero());
        *sum = Money { atoms: sum.atoms.saturating_add(money.atoms), asset };
    }
    assets.into_values().filter(|money| !money.is_zero()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SimTime;
    use crate::rule::{Instant, Level, Owner, Plane};
    use crate::scenario::Source;

    const USDT: Asset = Asset { symbol: "USDT", decimals: 6 };

    fn finding(rule: &'static str, lane: u32, caused_by: Option<&'static str>) -> Finding {
        let at = SimTime::from_unix_ms(0);
        let (text, bytes) = ("a posting".to_owned(), String::new());
        let proof = Instant { seq: 1, at, plane: Plane::Books, text, bytes };
        Finding {
            rule,
            title: "a title",
            level: Level::Must,
            scenario: "a scenario".to_owned(),
            source: Source { file: "features/a.feature".to_owned(), line: 1 },
            lane: LaneId(lane),
            expected: "one".to_owned(),
            actual: "two".to_owned(),
            money_at_risk: Some(Money { atoms: 250_000_000, asset: USDT }),
            owner: Owner::Engineering,
            fix: "a fix",
            entries: vec![proof],
            caused_by,
            fingerprint: "0123456789abcdef".to_owned(),
            replay: "countersign run features/a.feature:1".to_owned(),
        }
    }

    /// `CODE lane [< CAUSE]` per finding.
    fn findings(notation: &[&'static str]) -> Vec<Finding> {
        let read = |line: &&'static str| {
            let mut words = line.split(' ');
            let rule = words.next().unwrap();
            let lane = words.next().unwrap().parse().unwrap();
            finding(rule, lane, words.nth(1))
        };
        notation.iter().map(read).collect()
    }

    #[track_caller]
    fn check(notation: &[&'static str], expected: &[(&str, usize, &[&str])]) {
        let findings = findings(notation);
        let told: Vec<_> = folded(&findings)
            .iter()
            .map(|c| (c.lead.rule, c.also.len(), c.consequences.iter().map(|f| f.rule).collect()))
            .collect();
        let expected: Vec<(&str, usize, Vec<&str>)> =
            expected.iter().map(|(rule, also, follow)| (*rule, *also, follow.to_vec())).collect();
        assert_eq!(told, expected);
    }

    #[test]
    fn consequences_fold_under_their_cause() {
        check(&["A 1", "A 2", "B 1 < A", "C 1 < B"], &[("A", 1, &["B", "C"])]);
    }

    #[test]
    fn a_cause_that_was_not_found_hides_nothing() {
        check(&["B 1 < A"], &[("B", 0, &[])]);
    }

    #[test]
    fn a_circle_hides_nothing() {
        check(&["A 1 < B", "B 1 < A"], &[("A", 0, &[]), ("B", 0, &[])]);
    }

    #[test]
    fn money_of_one_scenario_is_counted_once() {
        let three = findings(&["A 1", "B 1 < A", "A 2"]);
        assert_eq!(at_risk(&three), [Money { atoms: 500_000_000, asset: USDT }]);
    }
}
