//! The command line as people meet it: help screens and lists against goldens, and what each kind
//! of bad input is told, with its exit code.
//!
//! After a wanted change: `INSTA_UPDATE=always cargo test --test cli`, and review the difference.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn countersign(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_countersign"))
        .args(arguments)
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .output()
        .expect("the binary starts")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("output is UTF-8")
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("output is UTF-8")
}

/// What is told on stderr contains each of these words, stdout stays empty, nothing is written.
#[track_caller]
fn refused(folder: &Path, arguments: &[&str], words: &[&str]) {
    let output = countersign(folder, arguments);
    let told = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {told}");
    for word in words {
        assert!(told.contains(word), "{arguments:?} does not tell {word}: {told}");
    }
    assert_eq!(stdout(&output), "", "{arguments:?}");
    assert!(!folder.join("reports/latest/history.jsonl").exists(), "{arguments:?} started a run");
}

const COMMANDS: &[&str] = &[
    "run",
    "watch",
    "demo",
    "calibrate",
    "init",
    "check",
    "doctor",
    "report",
    "rules",
    "rails",
    "profiles",
    "schemes",
    "explain",
    "steps",
    "suite",
    "serve",
    "openapi",
    "trigger",
    "sample-merchant",
];

#[test]
fn screens() {
    let here = Path::new(".");
    insta::assert_snapshot!("welcome", stdout(&countersign(here, &[])));
    insta::assert_snapshot!("help", stdout(&countersign(here, &["--help"])));
    insta::assert_snapshot!("rules", stdout(&countersign(here, &["rules"])));
    insta::assert_snapshot!("rails", stdout(&countersign(here, &["rails"])));
    insta::assert_snapshot!("profiles", stdout(&countersign(here, &["profiles"])));
    insta::assert_snapshot!("profile", stdout(&countersign(here, &["profiles", "coingate"])));
    insta::assert_snapshot!("schemes", stdout(&countersign(here, &["schemes"])));
    insta::assert_snapshot!("scheme", stdout(&countersign(here, &["schemes", "stripe"])));
    insta::assert_snapshot!("explain", stdout(&countersign(here, &["explain", "idem-01"])));
    insta::assert_snapshot!("steps", stdout(&countersign(here, &["steps"])));
    for command in COMMANDS {
        let output = countersign(here, &[command, "--help"]);
        assert!(output.status.success(), "{command}: {}", stderr(&output));
        insta::assert_snapshot!(format!("help-{command}"), stdout(&output));
    }
}

#[test]
fn help_lists_every_command_and_hides_what_is_not_for_people() {
    let help = stdout(&countersign(Path::new("."), &["--help"]));
    for command in COMMANDS {
        assert!(help.contains(&format!("\n  {command} ")), "{command}");
    }
    assert!(!help.contains("guard"));
}

/// What the newcomer is told to type has to exist.
#[test]
fn the_welcome_names_a_defect_that_exists() {
    let welcome = stdout(&countersign(Path::new("."), &[]));
    let (_, rest) = welcome.split_once("--defect ").expect("it plants one");
    let name = rest.split_whitespace().next().expect("by its name");
    let list = stdout(&countersign(Path::new("."), &["sample-merchant", "--list"]));
    assert!(list.lines().any(|line| line.starts_with(&format!("{name} "))), "{name}");
}

#[test]
fn bad_input_is_told_and_nothing_starts() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path();
    std::fs::write(folder.join("odd.feature"), "Feature: A\n  Scenario: b\n    Given foo\n")
        .unwrap();
    std::fs::write(
        folder.join("tag.feature"),
        "@IDEM-99\nFeature: A\n  Scenario: b\n    Given foo\n",
    )
    .unwrap();
    std::fs::write(folder.join("bad.yaml"), "version: 2\nmerchant: {nam: x}\n").unwrap();
    std::fs::write(folder.join("file"), "").unwrap();
    let cases: &[(&[&str], &[&str])] = &[
        (&["run"], &["countersign.yaml", "--config", "countersign demo"]),
        (&["run", "--config", "bad.yaml"], &["bad.yaml:1", "`nam`", "name", "errors"]),
        (&["demo", "odd.feature"], &["odd.feature:3", "no step reads `foo`"]),
        (&["demo", "tag.feature"], &["@IDEM-99", "IDEM-01"]),
        (&["demo", "--tags", "@IDEM-99"], &["IDEM-99", "IDEM-01"]),
        (&["demo", "--tags", "@IDEM-01 and not @IDEM-01"], &["no scenario"]),
        (&["demo", "no such title"], &["no such title"]),
        (&["demo", "--defect", "no-dedupe"], &["no-dedupe", "did you mean no-dedup?"]),
        (&["demo", "--report", "junit=file/below.xml"], &["file/below.xml", "cannot write"]),
        (&["demo", "--report", "junit=."], &["no regular file"]),
        (&["demo", "--report", "junt=a.xml"], &["junt", "did you mean junit?"]),
        (&["demo", "--report", "json=a", "--report", "junit=a"], &["two reports"]),
        (&["demo", "--history", "file/h.jsonl"], &["file/h.jsonl", "cannot write"]),
        (&["demo", "--jobs", "0"], &["--jobs"]),
        (&["explain", "IDEM-1"], &["IDEM-1", "did you mean IDEM-01"]),
        (&["report", "--from", "none.jsonl"], &["none.jsonl"]),
        (&["report", "--from", "file"], &["does not begin with a run"]),
        (&["check", "none.feature"], &["none.feature"]),
        (&["calibrate", "--rule", "XXX-01"], &["no planted defect fits"]),
        (&["schemes", "strpe"], &["strpe", "did you mean stripe"]),
        (&["rnu"], &["rnu", "--help"]),
    ];
    for (arguments, words) in cases {
        refused(folder, arguments, words);
    }
}

#[test]
fn the_page_of_schemes_is_what_the_command_writes() {
    let written = stdout(&countersign(Path::new("."), &["schemes", "--markdown"]));
    let page = std::fs::read_to_string("docs/signatures.md").unwrap();
    assert!(page == written, "write it: countersign schemes --markdown > docs/signatures.md");
}

#[test]
fn a_reader_that_goes_away_is_no_fault() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_countersign"))
        .args(["steps", "--markdown"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(0), ""));
}

#[test]
fn the_suite_is_exported_once_and_never_over_changes() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path();
    for _ in 0..2 {
        assert!(countersign(folder, &["suite", "export", "mine"]).status.success());
    }
    let checked = countersign(folder, &["check", "mine/features/idempotency.feature"]);
    assert!(checked.status.success(), "{}", stderr(&checked));
    std::fs::write(folder.join("mine/features/idempotency.feature"), "changed").unwrap();
    refused(folder, &["suite", "export", "mine"], &["idempotency.feature", "overwritten"]);
}

/// The profile, the scenario and the defects that the readme shows are real.
#[test]
fn the_readme_tells_the_truth() {
    let readme = std::fs::read_to_string("README.md").unwrap();
    let block = |language: &str, word: &str| {
        let mut blocks = readme.split("```").skip(1).step_by(2);
        let block = blocks.find(|b| b.starts_with(language) && b.contains(word)).expect(word);
        block.trim_start_matches(language).trim_start().to_owned()
    };
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path();
    std::fs::write(folder.join("countersign.yaml"), block("yaml", "version: 1")).unwrap();
    std::fs::write(folder.join("my.feature"), block("gherkin", "Feature:")).unwrap();
    let checked = countersign(folder, &["check", "my.feature"]);
    assert!(checked.status.success(), "{}", stderr(&checked));
    assert!(stdout(&checked).contains("1 scenarios can run"), "{}", stdout(&checked));
    let defect = readme.split("--defect ").nth(1).and_then(|rest| rest.split_whitespace().next());
    let list = stdout(&countersign(folder, &["sample-merchant", "--list"]));
    assert!(list.contains(&format!("{} ", defect.unwrap())), "{defect:?}");
    for link in readme.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
        assert!(link.starts_with("https://") || Path::new(link).exists(), "{link}");
    }
}

/// When its owner goes away, a guarded command is asked to end, and its answer counts.
#[test]
fn a_guarded_command_is_asked_to_end() {
    let script =
        "trap 'echo bye; exit 7' TERM; echo ready; while :; do wait; read -t 1 _ < /dev/null; done";
    let mut guard = Command::new(env!("CARGO_BIN_EXE_countersign"))
        .args(["guard", "--within-ms", "60000", "--", "bash", "-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(guard.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "ready");
    let mut leash = guard.stdin.take().unwrap();
    leash.flush().unwrap();
    drop(leash);
    assert_eq!(lines.next().unwrap().unwrap(), "bye");
    assert_eq!(guard.wait().unwrap().code(), Some(7));
}
