//! The program as a whole, over real sockets: the sample merchants judged, the exit codes, and what
//! is left when a run is cut short.

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
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

#[test]
fn a_part_of_the_suite_never_says_ready() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path();
    let output = countersign(folder, &["demo", "--tags", "@RACE-01 and not @IDEM-01"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    assert!(text(&output.stdout).contains("\nSELECTION PASSED  "));
    assert_eq!(report(folder)["verdict"], "SELECTION PASSED");
}

/// Waits for something that another process does; the deadline only ends a test that has failed.
fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !holds() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::yield_now();
    }
}

/// A run that is in the middle of its suite.
fn playing(folder: &Path) -> (Child, Pid) {
    let child = command(folder, &["demo", "--defect", "no-dedup", "--jobs", "1"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let history = folder.join("reports/latest/history.jsonl");
    let has_played = || {
        let text = std::fs::read_to_string(&history).unwrap_or_default();
        text.contains("\"scenario-ended\"")
    };
    eventually("no scenario ended", has_played);
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap());
    (child, pid)
}

#[test]
fn an_interrupted_run_is_judged_as_far_as_it_got() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path();
    let (child, pid) = playing(folder);
    kill(pid, Signal::SIGINT).unwrap();
    let output = child.wait_with_output().unwrap();
    let report = report(folder);
    assert_eq!(report["interrupted"], true);
    assert!(report["scenarios"].as_array().is_some_and(|played| !played.is_empty()));
    let code = output.status.code();
    assert!(code == Some(1) || code == Some(3), "{code:?}: {}", text(&output.stdout));
    assert_eq!(Some(report["exit"].as_i64().unwrap()), code.map(i64::from));
    assert!(text(&output.stdout).contains("not played to its end"));
}

/// Not even SIGKILL takes the record away, or leaves the merchant behind.
#[test]
fn a_killed_run_leaves_a_history_and_no_merchant() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path();
    let (mut child, pid) = playing(folder);
    let own = family(pid);
    assert!(own.len() >= 2 || cfg!(not(target_os = "linux")), "a guardian and a merchant: {own:?}");
    kill(pid, Signal::SIGKILL).unwrap();
    child.wait().unwrap();
    eventually("the merchant outlives its run", || own.iter().all(|pid| kill(*pid, None).is_err()));
    let output = countersign(folder, &["report", "--from", "reports/latest/history.jsonl"]);
    let code = output.status.code();
    assert!(code == Some(1) || code == Some(3), "{code:?}: {}", text(&output.stderr));
    assert_eq!(report(folder)["interrupted"], true);
}

/// Processes below this one, where the kernel lists them.
fn family(pid: Pid) -> Vec<Pid> {
    let list = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
    let children = list.unwrap_or_default();
    let children =
        children.split_whitespace().filter_map(|pid| pid.parse().ok()).map(Pid::from_raw);
    children.flat_map(|child| [vec![child], family(child)].concat()).collect()
}

#[test]
fn wiring_that_is_wrong_is_no_verdict() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().port();
    let profile = |start: &str, rest: &str| {
        format!(
            "version: 1\nmerchant:\n  name: shop\n  base_url: http://127.0.0.1:{{port}}\n  \
             webhook: {{path: /w, signature: standard-webhooks}}\n  start: {{{start}, ready: \
             {{http: /, within: 300ms}}}}\nprovider: {{rails: [usdt-tron]{rest}}}\ndrive: \
             {{checkout: {{http: {{method: POST, path: /orders}}}}}}\n"
        )
    };
    let listen = format!(", listen: \"127.0.0.1:{taken}\"");
    let cases = [
        (profile("command: [sh, -c, 'echo out of paper; exit 3']", ""), "out of paper"),
        (profile("command: [no-such-program]", ""), "no-such-program"),
        (profile("command: [sleep, '100']", ""), "not ready"),
        (profile("command: [sleep, '100']", &listen), "provider.listen"),
    ];
    for (text_of, words) in cases {
        std::fs::write(folder.join("countersign.yaml"), &text_of).unwrap();
        let output = countersign(folder, &["run"]);
        let told = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{text_of}{told}");
        assert!(told.contains(words), "{told}");
        assert_eq!(text(&output.stdout), "");
    }
}
