//! Every rule has a history that keeps it, one that breaks it and one that does not exercise it:
//! `fixtures/histories`, recorded by the script there. And whatever is missing from a history, a
//! judge neither panics nor passes without a witness.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{BufReader, Cursor};
use std::path::{Path, PathBuf};

use countersign::history::{Entry, Fact, Reader, RunStarted};
use countersign::merchant::Connection;
use countersign::model::LaneId;
use countersign::rule::{
    Case, Finding, Judgement, Need, Outcome, RULES, Rule, Verdict, judge, judge_scenario,
};
use proptest::prelude::*;

const FOLDER: &str = "fixtures/histories";
const BYTES_MAX: u64 = 1_500_000;

/// One recorded scenario and what holds for its run.
#[derive(Clone)]
struct Recorded {
    run: RunStarted,
    lane: LaneId,
    entries: Vec<Entry>,
}

fn reader(path: &Path) -> Reader<BufReader<File>> {
    let file = File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Reader::new(BufReader::new(file)).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The history of that name; what is silent for most rules is shared.
fn path(rule: &Rule, name: &str) -> PathBuf {
    let file = format!("{name}.jsonl");
    let own = Path::new(FOLDER).join(rule.code).join(&file);
    if name == "silent" && !own.exists() { Path::new(FOLDER).join(file) } else { own }
}

fn recorded(rule: &Rule, name: &str) -> Recorded {
    let mut history = reader(&path(rule, name));
    let own = history.lane(LaneId::RUN).unwrap();
    let Fact::RunStarted(run) = &own[0].fact else { panic!("it begins with {:?}", own[0]) };
    let lanes = history.lanes();
    let [LaneId::RUN, lane] = lanes[..] else { panic!("one scenario, not {lanes:?}") };
    Recorded { run: (**run).clone(), lane, entries: history.lane(lane).unwrap() }
}

impl Recorded {
    /// What the rule's own judge says, with nothing around it.
    fn outcome(&self, rule: &Rule) -> Outcome {
        (rule.judge)(&Case::new(&self.run, &self.entries).expect("a scenario"))
    }

    /// What is decided about the rule, and every finding.
    fn judged(&self, rule: &Rule) -> (Option<Judgement>, Vec<Finding>) {
        let judged = judge_scenario(&self.run, self.lane, &self.entries);
        let Some((scenario, findings)) = judged else { return (None, Vec::new()) };
        let judgement = scenario.rules.into_iter().find(|(code, _)| code == rule.code);
        (judgement.map(|(_, judgement)| judgement), findings)
    }

    /// The same scenario, tagged as if it were written for the rule.
    fn tagged(mut self, rule: &Rule) -> Self {
        for entry in &mut self.entries {
            if let Fact::ScenarioStarted(scenario) = &mut entry.fact {
                scenario.rules = vec![rule.code.to_owned()];
            }
        }
        self
    }

    fn seqs(&self) -> BTreeSet<u64> {
        self.entries.iter().map(|entry| entry.seq).collect()
    }
}

#[test]
fn what_is_kept_passes_with_witnesses() {
    for rule in RULES {
        let kept = recorded(rule, "kept");
        let (judgement, findings) = kept.judged(rule);
        let judgement = judgement.unwrap_or_else(|| panic!("{} is not tagged", rule.code));
        assert_eq!(judgement.verdict, Verdict::Pass, "{}: {}", rule.code, judgement.reason);
        assert_eq!(findings, [], "{}", rule.code);
        let witnesses: BTreeSet<_> = judgement.witnesses.into_iter().collect();
        assert!(!witnesses.is_empty() && witnesses.is_subset(&kept.seqs()), "{}", rule.code);
        let whole = judge(&mut reader(&path(rule, "kept"))).unwrap();
        assert_eq!(whole.outcome.exit(), 0, "{}: {}", rule.code, whole.why);
    }
}

/// By its own judge: that a scenario's expectation is not met would be no proof of the rule.
#[test]
fn what_is_broken_fails_under_its_own_code() {
    for rule in RULES {
        let broken = recorded(rule, "broken");
        let outcome = broken.outcome(rule);
        assert!(matches!(outcome, Outcome::Fail(_)), "{}: {outcome:?}", rule.code);
        let (judgement, findings) = broken.judged(rule);
        assert_eq!(judgement.map(|judgement| judgement.verdict), Some(Verdict::Fail));
        let finding = findings.iter().find(|finding| finding.rule == rule.code);
        let finding = finding.unwrap_or_else(|| panic!("{} has no finding", rule.code));
        let told: BTreeSet<_> = finding.entries.iter().map(|instant| instant.seq).collect();
        assert!(told.len() > 1, "{}: a timeline of {told:?}", rule.code);
        assert!(told.is_subset(&broken.seqs()), "{}", rule.code);
        assert!(!finding.expected.is_empty() && !finding.actual.is_empty(), "{}", rule.code);
        assert!(finding.money_at_risk.is_some(), "{}: no money at risk", rule.code);
    }
}

/// Over the whole run as well: the cause that a report leads with is the planted one.
#[test]
fn reports_of_what_is_broken_lead_with_the_rule() {
    for rule in RULES {
        let judged = judge(&mut reader(&path(rule, "broken"))).unwrap();
        let lead = &judged.findings[0];
        assert_eq!((lead.rule, lead.caused_by), (rule.code, None), "{:?}", judged.why);
        assert_eq!(judged.outcome.exit(), 1, "{}", judged.why);
    }
}

#[test]
fn what_is_silent_neither_passes_nor_fails() {
    for rule in RULES {
        let silent = recorded(rule, "silent");
        assert_eq!(silent.outcome(rule), Outcome::NotExercised, "{}", rule.code);
        let (judgement, findings) = silent.tagged(rule).judged(rule);
        assert_eq!(judgement.unwrap().verdict, Verdict::NotTestable, "{}", rule.code);
        assert_eq!(findings, [], "{}", rule.code);
    }
}

#[test]
fn without_what_it_needs_a_rule_is_not_testable() {
    for rule in RULES {
        for (need, name) in rule.needs.iter().flat_map(|need| [(need, "kept"), (need, "broken")]) {
            let mut history = recorded(rule, name);
            disconnect(&mut history.run.connection, *need);
            let (judgement, findings) = history.judged(rule);
            let judgement = judgement.expect("it is tagged");
            assert_eq!(judgement.verdict, Verdict::NotTestable, "{} {need:?}", rule.code);
            assert!(judgement.reason.contains(need.line()), "{}", judgement.reason);
            assert!(findings.iter().all(|finding| finding.rule != rule.code), "{}", rule.code);
        }
    }
}

/// A word that nobody mapped shows itself in the middle of a run: whoever reads the verdict has to
/// learn which.
#[test]
fn a_merchant_that_is_not_understood_is_unknown_and_the_reason_says_what_to_map() {
    let why = "order /status: `odd` is not mapped; add it to `lifecycle.<ours>: [odd]`";
    // Some rules look at the merchant's calls alone.
    for rule in RULES.iter().filter(|rule| rule.needs.contains(&Need::Order)) {
        let mut kept = recorded(rule, "kept");
        for entry in &mut kept.entries {
            if let Fact::Observed(observed) = &mut entry.fact {
                observed.seen = Err(why.to_owned());
            }
        }
        let (judgement, findings) = kept.judged(rule);
        let judgement = judgement.expect("it is tagged");
        assert_eq!(findings, [], "{}", rule.code);
        assert_eq!(judgement.verdict, Verdict::Unknown, "{}: {}", rule.code, judgement.reason);
        assert!(judgement.reason.contains(why), "{}: {}", rule.code, judgement.reason);
    }
}

fn disconnect(connection: &mut Connection, need: Need) {
    let connected = match need {
        Need::Checkout => &mut connection.checkout,
        Need::Reconcile => &mut connection.reconcile,
        Need::Order => &mut connection.order,
        Need::Ledger => &mut connection.ledger,
        Need::Fulfilments => &mut connection.fulfilments,
        Need::Exceptions => &mut connection.exceptions,
        Need::FutureDated => &mut connection.future_dated,
    };
    assert!(std::mem::replace(connected, false), "{need:?} was not connected before");
}

#[test]
fn what_is_declared_out_of_scope_is_not_applicable() {
    let reason = "no such thing in the first release";
    for rule in RULES {
        let family = format!("{}*", rule.code.trim_end_matches(|c: char| c.is_ascii_digit()));
        for pattern in [rule.code.to_owned(), family] {
            let mut broken = recorded(rule, "broken");
            broken.run.scope.not_applicable.push((pattern, reason.to_owned()));
            let (judgement, findings) = broken.judged(rule);
            let judgement = judgement.expect("it is tagged");
            assert_eq!(judgement.verdict, Verdict::NotApplicable, "{}", rule.code);
            assert_eq!(judgement.reason, reason);
            assert!(findings.iter().all(|finding| finding.rule != rule.code), "{}", rule.code);
        }
    }
}

/// A history of a rule that was retired or misspelt would never be read.
#[test]
fn every_history_belongs_to_a_rule_and_all_are_small() {
    let mut bytes = 0;
    for entry in fs::read_dir(FOLDER).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if !path.is_dir() {
            assert!(["make", "silent.jsonl"].contains(&name), "{name}");
            continue;
        }
        assert!(RULES.iter().any(|rule| rule.code == name), "{name} is no rule");
        for file in fs::read_dir(&path).unwrap() {
            bytes += file.unwrap().metadata().unwrap().len();
        }
    }
    assert!(bytes < BYTES_MAX, "{bytes} bytes");
}

/// What is left of a history after entries were lost.
fn torn() -> impl Strategy<Value = (usize, &'static str, Vec<bool>)> {
    let name = prop_oneof![Just("kept"), Just("broken"), Just("silent")];
    (0..RULES.len(), name, prop::collection::vec(prop::bool::weighted(0.8), 120))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    /// `judge_scenario` turns a judge's panic into `unknown`; here nothing stands in between.
    #[test]
    fn a_torn_history_is_judged_without_panic_and_passes_only_with_witnesses(
        (rule, name, kept) in torn()
    ) {
        let rule = RULES[rule];
        let mut history = recorded(rule, name);
        assert!(history.entries.len() <= kept.len(), "longer than the mask");
        let mut kept = kept.into_iter();
        history.entries.retain(|_| kept.next().unwrap_or(true));
        let seqs = history.seqs();
        if let Some(case) = Case::new(&history.run, &history.entries) {
            for rule in RULES {
                if let Outcome::Pass { witnesses, .. } = (rule.judge)(&case) {
                    prop_assert!(!witnesses.is_empty(), "{} passes without a witness", rule.code);
                    prop_assert!(witnesses.iter().all(|seq| seqs.contains(seq)), "{}", rule.code);
                }
            }
        }
        let Some((scenario, findings)) = judge_scenario(&history.run, history.lane, &history.entries)
        else { return Ok(()) };
        for (code, judgement) in scenario.rules {
            prop_assert!(!judgement.reason.contains("crashed"), "{code}: {}", judgement.reason);
            let witnessed = judgement.witnesses.iter().all(|seq| seqs.contains(seq));
            prop_assert!(witnessed, "{code}: {:?}", judgement.witnesses);
            if judgement.verdict == Verdict::Pass {
                prop_assert!(!judgement.witnesses.is_empty(), "{code} passes without a witness");
            }
            let is_told = findings.iter().any(|finding| finding.rule == code);
            prop_assert_eq!(is_told, judgement.verdict == Verdict::Fail, "{}", code);
        }
        for finding in findings {
            let told = finding.entries.iter().all(|instant| seqs.contains(&instant.seq));
            prop_assert!(told, "{}", finding.rule);
        }
    }
}

#[test]
fn a_history_that_is_not_as_it_was_written_is_refused() {
    let text = fs::read_to_string(Path::new(FOLDER).join("silent.jsonl")).unwrap();
    let lines: Vec<_> = text.lines().collect();
    let joined = |lines: &[&str]| lines.iter().map(|line| format!("{line}\n")).collect::<String>();
    let swapped = {
        let mut lines = lines.clone();
        lines.swap(2, 3);
        joined(&lines)
    };
    let doubled = text.clone() + &text;
    let newer = text.replacen("\"format\":1", "\"format\":2", 1);
    let cases = [
        (swapped, "line 4 of the history does not follow the one before".to_owned()),
        (doubled, format!("line {} of the history does not follow", lines.len() + 1)),
        (newer, "the history is of format 2, and this version reads format 1".to_owned()),
        (text.replacen('\n', "\nx\n", 1), "line 2 of the history is no entry".to_owned()),
    ];
    for (text, expected) in cases {
        let error = Reader::new(Cursor::new(text)).unwrap_err().to_string();
        assert!(error.starts_with(&expected), "{error}\nlacks {expected}");
    }
    // A line that is an entry by its head only is found when it is read.
    let torn = text.replacen("\"policy\":{", "\"policy\":{\"quiet\":null,", 1);
    let error = judge(&mut Reader::new(Cursor::new(torn)).unwrap()).unwrap_err().to_string();
    assert!(error.starts_with("line 1 of the history is no entry"), "{error}");
}
