//! `junit.xml`, in the dialect that GitHub, GitLab and Jenkins read: a suite per feature, a case
//! per scenario, and one case for the last word.
//!
//! The last word is a case of its own because a run can be not ready without a failing scenario:
//! a file of green and skipped cases would say otherwise. A scenario that broke only SHOULD rules
//! passes with a warning, as the exit code does.

use std::io::{self, Write};
use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::report::Format;
use crate::report::digest::gaps;
use crate::report::story::{findings_by_lane, story};
use crate::report::text::visible;
use crate::rule::{FinalVerdict, Finding, Judged, Level, ScenarioVerdict, Verdict};

pub(super) static FORMAT: Format = Format {
    name: "junit",
    file: "junit.xml",
    by_default: true,
    media_type: "application/xml",
    doc: "test results for CI servers: GitHub, GitLab, Jenkins",
    render,
};

fn render(judged: &Judged, out: &mut dyn Write) -> io::Result<()> {
    let mut report = Report::new("countersign");
    report.set_time(Duration::from_millis(judged.took_ms));
    let findings = findings_by_lane(judged);
    let mut suites: Vec<TestSuite> = Vec::new();
    for scenario in &judged.scenarios {
        if suites.last().is_none_or(|suite| suite.name.as_str() != scenario.feature) {
            suites.push(suite(&scenario.feature, judged));
        }
        let suite = suites.last_mut().expect("one was just pushed");
        let found = findings.get(&scenario.lane).map_or(&[][..], Vec::as_slice);
        let case = case(judged, scenario, found);
        suite.time = suite.time.zip(case.time).map(|(sum, more)| sum + more);
        suite.add_test_case(case);
    }
    report.add_test_suites(suites);
    let mut last = suite("Verdict", judged);
    last.add_test_case(last_word(judged));
    report.add_test_suite(last);
    report.serialize(out).map_err(io::Error::other)
}

fn suite(name: &str, judged: &Judged) -> TestSuite {
    let mut suite = TestSuite::new(name);
    suite.set_time(Duration::ZERO);
    // As a plain attribute, because the typed one would bring a second calendar library with it.
    suite.extra.insert("timestamp".into(), judged.started.to_string().into());
    suite.add_property(("seed", judged.run.seed.to_string().as_str()));
    suite
}

fn case(judged: &Judged, scenario: &ScenarioVerdict, findings: &[&Finding]) -> TestCase {
    let warns = scenario.verdict == Verdict::Fail
        && !judged.run.strict
        && !findings.is_empty()
        && findings.iter().all(|finding| finding.level == Level::Should);
    let told: Vec<_> = findings.iter().map(|finding| tell(finding, scenario)).collect();
    let told = told.join("\n");
    let status = if warns { TestCaseStatus::success() } else { status(scenario, findings, &told) };
    let mut case = TestCase::new(scenario.name.as_str(), status);
    case.set_classname(scenario.feature.as_str());
    case.set_time(Duration::from_millis(scenario.took_ms));
    case.extra.insert("file".into(), scenario.source.file.as_str().into());
    case.extra.insert("line".into(), scenario.source.line.to_string().into());
    if warns {
        case.set_system_out(format!("warning, as SHOULD rules do not count:\n{told}"));
    }
    case
}

fn status(scenario: &ScenarioVerdict, findings: &[&Finding], told: &str) -> TestCaseStatus {
    let mut status = match scenario.verdict {
        Verdict::Pass => return TestCaseStatus::success(),
        Verdict::Fail => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Verdict::Unknown => TestCaseStatus::non_success(NonSuccessKind::Error),
        Verdict::NotTestable | Verdict::NotApplicable => TestCaseStatus::skipped(),
    };
    let Some(first) = findings.first() else {
        status.set_message(visible(&scenario.reason)).set_type(scenario.verdict.as_str());
        return status;
    };
    let codes: Vec<_> = findings.iter().map(|finding| finding.rule).collect();
    let message = format!("{} {}: {}", first.rule, first.title, first.actual);
    status.set_message(visible(&message)).set_type(codes.join(" ")).set_description(told);
    status
}

/// A finding as text that reads well in a CI server's failure view.
fn tell(finding: &Finding, scenario: &ScenarioVerdict) -> String {
    let mut lines = vec![format!("{} {}", finding.rule, finding.title)];
    let mut add = |label: &str, text: &str| lines.push(format!("  {label}: {}", visible(text)));
    for (speaker, sentence) in story(scenario) {
        add(speaker, &sentence);
    }
    add("expected", &finding.expected);
    add("but", &finding.actual);
    for instant in &finding.entries {
        add(&format!("#{} {}", instant.seq, instant.plane.as_str()), &instant.text);
    }
    if let Some(money) = finding.money_at_risk {
        add("money at risk", &money.to_string());
    }
    if let Some(cause) = finding.caused_by {
        add("follows from", cause);
    }
    add("owner", finding.owner.as_str());
    add("usual fix", finding.fix);
    add("replay", &finding.replay);
    lines.join("\n") + "\n"
}

fn last_word(judged: &Judged) -> TestCase {
    let mut status = match judged.outcome {
        FinalVerdict::Ready | FinalVerdict::SelectionPassed => TestCaseStatus::success(),
        FinalVerdict::NotReady => TestCaseStatus::non_success(NonSuccessKind::Failure),
        FinalVerdict::Incomplete => TestCaseStatus::non_success(NonSuccessKind::Error),
    };
    let word = judged.outcome.as_str();
    status.set_message(format!("{word}: {}", visible(&judged.why))).set_type(word);
    let gaps = gaps(judged);
    let told: Vec<_> = gaps.iter().map(|gap| format!("{}: {}", gap.names(), gap.why)).collect();
    if !told.is_empty() {
        status.set_description(visible(&format!("not decided: {}", told.join("; "))));
    }
    let mut case = TestCase::new("The last word on the run", status);
    case.set_classname("Verdict").set_time(Duration::ZERO);
    case.set_system_out(format!("{word}: {}", visible(&judged.why)));
    case
}
