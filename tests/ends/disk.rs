//! A full disk is our fault, not the merchant's: exit 4, and what fitted can be judged.

use super::merchant::sample;
use super::stage::{EXE, Stage};

/// No disk has to be filled: a limit on the size of files, in blocks of at most 1 KiB, does the same
/// to the one that grows. It leaves room for what is told on stderr.
fn limited(blocks: u32) -> String {
    format!("trap '' XFSZ; ulimit -S -f {blocks}; exec {EXE} run --jobs 1")
}

#[test]
fn the_history_no_longer_fits() {
    let stage = Stage::new();
    let free = "command: [sh, -c, 'ulimit -S -f unlimited; exec EXE sample-merchant']";
    stage.write("countersign.yaml", &sample(&[("command: [EXE, sample-merchant]", free)]));
    let ended = stage.start("sh", &["-c", &limited(200)]).end();
    stage.assert_nothing_is_left();
    let words = ["history.jsonl` cannot be written", "what fitted is kept", "make room"];
    ended.told(4, &words);
    assert_eq!(ended.stdout, "");
    let (code, report) = stage.judge_again();
    assert_eq!((code, report["interrupted"].as_bool()), (Some(3), Some(true)));
    assert!(report["scenarios"].as_array().is_some_and(|played| !played.is_empty()));
    // It stopped there and then: the rest would have been played for nobody.
    assert!(report["took_ms"].as_u64().unwrap() < 10_000);
}

/// Not even the beginning fits: nothing is started.
#[test]
fn nothing_fits_at_all() {
    let stage = Stage::new();
    let start = ("command: [EXE, sample-merchant]", "command: [sh, -c, 'touch started; exit 1']");
    stage.write("countersign.yaml", &sample(&[start]));
    let ended = stage.start("sh", &["-c", &limited(1)]).end();
    stage.assert_nothing_is_left();
    ended.told(4, &["history.jsonl` cannot be written", "make room"]);
    assert!(!stage.path("started").exists());
}
