//! A run that is told to end, or killed: what was recorded is kept and judged, and nothing is left.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use super::merchant::sample;
use super::stage::{EXE, Running, Stage};

/// The longest scenarios of the suite leave plenty of time one at a time.
fn in_the_middle<'s>(stage: &'s Stage, arguments: &[&str]) -> Running<'s> {
    let mut run = stage.start(EXE, &[arguments, &["--jobs", "1"]].concat());
    run.until("a scenario ends", |stage| stage.history().contains("\"scenario-ended\""));
    run
}

/// What every interrupted run leaves: all reports, a history that says so, and nothing else.
#[track_caller]
fn interrupted(stage: &Stage, by: &str) {
    stage.assert_nothing_is_left();
    let history = stage.history();
    assert!(
        history.contains(&format!("{{\"by\":\"{by}\"}}"))
            || history.contains(&format!("\"by\":\"{by}\""))
    );
    assert!(history.ends_with("\"run-ended\",\"interrupted\":null}\n"), "it has an end");
    let report = stage.report();
    assert_eq!(report["interrupted"], true);
    for file in ["summary.txt", "junit.xml", "report.json", "summary.md"] {
        assert!(!stage.read(&format!("reports/latest/{file}")).is_empty(), "{file}");
    }
    let (code, again) = stage.judge_again();
    assert_eq!(code.map(i64::from), report["exit"].as_i64());
    assert!(again == report, "the history tells the same again");
}

#[test]
fn each_signal_ends_a_run_that_is_sound_so_far() {
    for (signal, name) in
        [(Signal::SIGINT, "SIGINT"), (Signal::SIGTERM, "SIGTERM"), (Signal::SIGHUP, "SIGHUP")]
    {
        let stage = Stage::new();
        let run = in_the_middle(&stage, &["demo"]);
        run.signal(signal);
        let ended = run.end();
        ended.told(3, &[]);
        assert!(ended.stdout.contains("\nINCOMPLETE  the run was interrupted"), "{}", ended.stdout);
        interrupted(&stage, name);
    }
}

#[test]
fn what_had_failed_until_then_counts() {
    let stage = Stage::new();
    let mut run = in_the_middle(&stage, &["demo", "--defect", "no-dedup"]);
    // A scenario is over in which two postings for one payment were seen.
    run.until("a second posting is shown", |stage| {
        let history = stage.history();
        let mut lines = history.lines();
        lines.any(|line| line.matches("\"kind\":\"credit\"").count() >= 2)
            && lines.any(|line| line.contains("\"scenario-ended\""))
    });
    run.signal(Signal::SIGINT);
    let ended = run.end();
    ended.told(1, &[]);
    assert!(ended.stdout.contains("\nNOT READY  "), "{}", ended.stdout);
    interrupted(&stage, "SIGINT");
    let found = stage.report()["findings"][0].to_string();
    assert!(found.matches("\"posting p").count() >= 2, "{found}");
}

/// With all scenarios at once, those that wait for a common drive of reconciliation included.
#[test]
fn many_scenarios_at_once_end_as_well() {
    let stage = Stage::new();
    let mut run = stage.start(EXE, &["demo"]);
    run.until("a scenario ends", |stage| stage.history().contains("\"scenario-ended\""));
    run.signal(Signal::SIGINT);
    run.end().told(3, &[]);
    interrupted(&stage, "SIGINT");
}

/// A merchant whose own job runs every ten minutes is given twice that; whoever interrupts is not.
#[test]
fn no_wait_for_the_merchant_outlasts_the_signal() {
    let stage = Stage::new();
    let slow = [
        ("  reconcile: {http: {method: POST, path: /reconcile}}\n", ""),
        ("policy: {", "policy: {background_every: 10m, "),
    ];
    stage.write("countersign.yaml", &sample(&slow));
    let mut run = stage.start(EXE, &["run", "--tags", "@RECON-01 or @REPLAY-01"]);
    let (mut length, mut since) = (0, Instant::now());
    // One second in which nothing is recorded is no proof, and needs none: the signal may come
    // whenever it wants.
    run.until("it waits", |stage| {
        let history = stage.history();
        if history.len() != length {
            (length, since) = (history.len(), Instant::now());
        }
        history.contains("\"scenario-ended\"") && since.elapsed() > Duration::from_secs(1)
    });
    run.signal(Signal::SIGINT);
    run.end().told(3, &[]);
    interrupted(&stage, "SIGINT");
}

/// Before there is a merchant: nothing was played, which is no success, and what was being started
/// is gone.
#[test]
fn a_merchant_that_is_not_ready_yet() {
    let waits = "sh, -c, 'touch waiting; exec sleep 1000'";
    let starts = ("EXE, sample-merchant", waits);
    let prepares = ("command: ", &*format!("prepare: [[{waits}]]\n    command: "));
    for change in [starts, prepares] {
        let stage = Stage::new();
        stage.write("countersign.yaml", &sample(&[change]));
        let mut run = stage.start(EXE, &["run"]);
        run.until("it starts", |stage| stage.path("waiting").exists());
        run.signal(Signal::SIGINT);
        run.end().told(3, &[]);
        interrupted(&stage, "SIGINT");
        assert_eq!(stage.report()["scenarios"].as_array().map(Vec::len), Some(0));
    }
}

/// A merchant that does not want to end is waited for; whoever does not want to wait says so again.
#[test]
fn the_second_signal_does_not_ask() {
    let stage = Stage::new();
    // What a shell ignores, its children ignore.
    let stubborn = "[sh, -c, \"trap '' TERM; exec EXE sample-merchant\"]";
    let changes = [
        ("[EXE, sample-merchant]", stubborn),
        ("stop: {signal: TERM, within: 5s}", "stop: {signal: TERM, within: 10m}"),
    ];
    stage.write("countersign.yaml", &sample(&changes));
    let mut run = in_the_middle(&stage, &["run"]);
    run.signal(Signal::SIGINT);
    run.until("it says so", |stage| stage.read("stderr").contains("interrupted by SIGINT"));
    run.signal(Signal::SIGINT);
    run.end().told(3, &["second signal, SIGINT", "countersign report --from"]);
    stage.assert_nothing_is_left_soon();
    let (code, report) = stage.judge_again();
    assert_eq!((code, report["interrupted"].as_bool()), (Some(3), Some(true)));
    assert!(report["scenarios"].as_array().is_some_and(|played| !played.is_empty()));
}

/// Not even SIGKILL takes the record away, or leaves the merchant behind.
#[test]
fn a_killed_run() {
    let stage = Stage::new();
    let run = in_the_middle(&stage, &["demo"]);
    assert!(stage.merchant().is_some() || cfg!(not(target_os = "linux")));
    run.signal(Signal::SIGKILL);
    assert_eq!(run.end().code, None);
    stage.assert_nothing_is_left_soon();
    let (code, report) = stage.judge_again();
    assert_eq!((code, report["interrupted"].as_bool()), (Some(3), Some(true)));
    assert!(report["scenarios"].as_array().is_some_and(|played| !played.is_empty()));
}

/// Many merchants, one signal: none of them is started any more, and half a matrix is none.
#[test]
fn calibration_is_interrupted_as_a_whole() {
    let stage = Stage::new();
    let mut run = stage.start(EXE, &["calibrate"]);
    run.until("merchants run", |stage| stage.merchant().is_some());
    run.signal(Signal::SIGINT);
    let ended = run.end();
    stage.assert_nothing_is_left();
    ended.told(3, &["interrupted by SIGINT", "start it again"]);
    assert_eq!(ended.stdout, "");
}
