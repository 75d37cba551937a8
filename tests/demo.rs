//! The program as a whole, over real sockets: the sample merchants judged, and the exit codes. How
//! runs end that are not played to their end: `tests/ends`.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
    command.args(arguments).current_dir(folder).env("NO_COLOR", "1");
    command
}

fn countersign(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, arguments).output().expect("the binary starts")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("output is UTF-8")
}

fn report(folder: &Path) -> Value {
    let text = std::fs::read_to_string(folder.join("reports/latest/report.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn the_sound_merchant_is_ready_and_its_history_tells_everything_again() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path();
    let output = countersign(folder, &["demo"]);
    let told = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{told}{}", text(&output.stderr));
    assert!(told.contains("\nREADY  "), "{told}");
    assert_eq!(text(&output.stderr), "", "silent without a terminal");

    let report = report(folder);
    assert!(report["scenarios"].as_array().unwrap().len() >= 25);
    assert!(report["rules"].as_array().unwrap().len() >= 15);
    for rule in report["rules"].as_array().unwrap() {
        assert_eq!(rule["verdict"], "pass", "{rule}");
        assert!(!rule["witnesses"].as_array().unwrap().is_empty(), "a pass without proof: {rule}");
    }
    let schema = std::fs::read_to_string("docs/schema/report.schema.json").unwrap();
    let validator = jsonschema::validator_for(&serde_json::from_str(&schema).unwrap()).unwrap();
    assert!(validator.is_valid(&report), "{:?}", validator.iter_errors(&report).next());

    std::fs::create_dir(folder.join("again")).unwrap();
    let history = folder.join("again/history.jsonl");
    std::fs::copy(folder.join("reports/latest/history.jsonl"), &history).unwrap();
    let again = countersign(folder, &["report", "--from", "again/history.jsonl"]);
    assert_eq!(again.status.code(), Some(0));
    for file in ["summary.txt", "junit.xml", "report.json", "summary.md"] {
        let first = std::fs::read(folder.join("reports/latest").join(file)).unwrap();
        let second = std::fs::read(folder.join("again").join(file)).unwrap();
        assert!(first == second, "{file} differs when it is written again");
    }
}

#[test]
fn a_planted_defect_is_not_ready_and_its_replay_command_finds_it_again() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path();
    let select = "The settled notification arrives three times";
    let output = countersign(folder, &["demo", "--defect", "no-dedup", select]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stdout));
    let first = report(folder);
    assert_eq!(first["verdict"], "NOT READY");
    let finding = &first["findings"][0];
    assert_eq!(finding["rule"], "IDEM-01");
    let proof: String =
        finding["entries"].as_array().unwrap().iter().map(|e| e.to_string()).collect();
    assert!(proof.matches("posting ").count() >= 2, "both postings are shown: {proof}");

    let replay = finding["replay"].as_str().unwrap();
    let arguments: Vec<_> = replay.split(' ').skip(1).collect();
    let again = countersign(folder, &arguments);
    assert_eq!(again.status.code(), Some(1), "{replay}: {}", text(&again.stderr));
    let again = report(folder);
    assert_eq!(again["findings"][0]["fingerprint"], finding["fingerprint"]);
    assert_eq!(again["seed"], first["seed"]);
}

/// A second credit shows in scenarios of every family; it must not be told as a fault of signatures,
/// of copies or of races.
#[test]
fn a_second_effect_is_accused_as_that_and_nothing_else() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path();
    let output = countersign(folder, &["demo", "--defect", "credit-per-status"]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stdout));
    let report = report(folder);
    for finding in report["findings"].as_array().unwrap() {
        let cause = finding["caused_by"].as_str().or(finding["rule"].as_str());
        assert_eq!(cause, Some("IDEM-02"), "{finding}");
    }
}

#[test]
fn a_part_of_the_suite_never_says_ready() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path();
    let output = countersign(folder, &["demo", "--tags", "@RACE-01 and not @IDEM-01"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    assert!(text(&output.stdout).contains("\nSELECTION PASSED  "));
    assert_eq!(report(folder)["verdict"], "SELECTION PASSED");
}

/// In a job of GitHub Actions the findings stand beside their lines and the summary on its page.
#[test]
fn a_job_of_github_actions_is_told_in_its_own_way() {
    let folder = tempfile::tempdir().unwrap();
    let history = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/histories/IDEM-01/broken.jsonl");
    let report = || command(folder.path(), &["report", "--from", history, "--report", "tap=t.tap"]);
    let page = folder.path().join("page.md");
    std::fs::write(&page, "what an earlier step said\n").unwrap();
    let mut told = report();
    told.env("GITHUB_ACTIONS", "true").env("GITHUB_STEP_SUMMARY", &page);
    let out = told.output().unwrap();
    let text = String::from_utf8(out.stdout).unwrap();
    let errors: Vec<_> = text.lines().filter(|line| line.starts_with("::error file=")).collect();
    assert!(errors.iter().any(|line| line.contains("title=IDEM-01 ")), "{text}");
    let page = std::fs::read_to_string(&page).unwrap();
    assert!(page.starts_with("what an earlier step said\n## ❌ NOT READY"), "{page}");
    let out = report().env_remove("GITHUB_ACTIONS").output().unwrap();
    assert!(!String::from_utf8(out.stdout).unwrap().contains("::error"));
}
