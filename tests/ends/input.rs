//! Faulty input ends a run before it begins: nothing is started, and what an earlier run recorded
//! and reported is still there.

use std::fs;

use super::merchant::sample;
use super::stage::Stage;

/// A stage with the records of an earlier run, and a merchant that would leave a mark.
fn stage() -> Stage {
    let stage = Stage::new();
    let start = ("command: [EXE, sample-merchant]", "command: [sh, -c, 'touch started; exit 1']");
    stage.write("countersign.yaml", &sample(&[start]));
    fs::create_dir_all(stage.path("reports/latest")).unwrap();
    stage.write("reports/latest/history.jsonl", "an earlier run\n");
    stage.write("reports/latest/report.json", "its report\n");
    stage
}

#[track_caller]
fn refused(stage: &Stage, arguments: &[&str], words: &[&str]) -> String {
    let ended = stage.run(arguments);
    stage.assert_nothing_is_left();
    ended.told(2, words);
    assert_eq!(ended.stdout, "");
    assert!(!stage.path("started").exists(), "{arguments:?} started the merchant");
    assert_eq!(stage.history(), "an earlier run\n", "{arguments:?}");
    assert_eq!(stage.read("reports/latest/report.json"), "its report\n", "{arguments:?}");
    ended.stderr
}

#[test]
fn five_faults_are_five_errors_each_in_its_place() {
    let stage = stage();
    let text = fs::read_to_string("fixtures/config/five-faults.yaml").unwrap();
    stage.write("countersign.yaml", &text);
    let told = refused(&stage, &["run"], &["5 errors", "nothing was started"]);
    let places: Vec<_> =
        told.lines().filter_map(|line| line.trim().strip_prefix("--> countersign.yaml:")).collect();
    assert_eq!(places, ["4:13", "7:16", "9:5", "11:37", "13:11"]);
}

#[test]
fn scenarios_that_do_not_parse() {
    let stage = stage();
    stage.write(
        "odd.feature",
        "Feature: Odd\n  Scenario: Unheard of\n    Given an order of 1.00 USDT on tron\n    \
         When the payer sneezes\n",
    );
    stage.write("tag.feature", "@IDEM-99\nFeature: Odd\n  Scenario: b\n    Given foo\n");
    refused(&stage, &["run", "odd.feature"], &["odd.feature:4", "the payer sneezes"]);
    refused(&stage, &["run", "tag.feature"], &["@IDEM-99", "did you mean"]);
    refused(&stage, &["run", "--tags", "@IDEM-99"], &["IDEM-99"]);
    refused(&stage, &["run", "--tags", "@must and"], &["@must and"]);
}

/// Zero selected scenarios are an error, never a success.
#[test]
fn nothing_is_selected() {
    let stage = stage();
    stage.write("empty.feature", "Feature: Nothing yet\n");
    let cases: &[(&[&str], &str)] = &[
        (&["--tags", "@IDEM-01 and not @IDEM-01"], "no scenario"),
        (&["--tags", "@RACE-01", "features/replay.feature"], "no scenario"),
        (&["features/idempotency.feature:9999"], "9999"),
        (&["features/idempotence.feature"], "features/idempotence.feature"),
        (&["The settled notification arrives four times"], "four times"),
        (&["empty.feature"], "empty.feature"),
    ];
    for (selection, word) in cases {
        refused(&stage, &[&["run"], *selection].concat(), &[word]);
        // The file that is there belongs to this folder, the rest to the suite as well.
        refused(&stage, &[&["demo"], *selection].concat(), &[word]);
    }
}

#[test]
fn what_cannot_be_written() {
    let stage = stage();
    stage.write("file", "");
    let cases: &[(&[&str], &[&str])] = &[
        (&["--report", "junit=file/junit.xml"], &["cannot write `file/junit.xml`", "give a path"]),
        (&["--report", "json=/proc/report.json"], &["/proc/report.json", "give a path"]),
        (&["--history", "file/history.jsonl"], &["cannot write `file/history.jsonl`"]),
        (&["--history", "/dev/full"], &["/dev/full", "no regular file"]),
        (&["--history", "h.jsonl", "--report", "json=h.jsonl"], &["h.jsonl", "of its own"]),
    ];
    for (arguments, words) in cases {
        refused(&stage, &[&["run"], *arguments].concat(), words);
    }
}
