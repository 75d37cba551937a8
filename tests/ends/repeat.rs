//! The same again: one seed gives one plan and one history, and a merchant that remembers an
//! earlier run is judged like a fresh one.

use super::history::normalised;
use super::merchant::sample;
use super::stage::{EXE, Stage};

#[test]
fn the_same_seed_gives_the_same_history() {
    let stages = [Stage::new(), Stage::new()];
    let arguments = ["demo", "--seed", "7", "--jobs", "1"];
    let runs = stages.each_ref().map(|stage| stage.start(EXE, &arguments));
    for run in runs {
        run.end().told(0, &[]);
    }
    let [one, other] = stages.each_ref().map(|stage| normalised(&stage.history()));
    for (one, other) in one.iter().zip(&other) {
        assert_eq!(one, other);
    }
    assert_eq!(one.len(), other.len());
    stages.iter().for_each(Stage::assert_nothing_is_left);
}

#[test]
fn a_database_that_survived_does_not_confuse_the_next_run() {
    let stage = Stage::new();
    let database = ("{scratch}/shop.db", "shop.db");
    stage.write("countersign.yaml", &sample(&[database]));
    for run in ["first", "second"] {
        let ended = stage.run(&["run", "--seed", "7"]);
        stage.assert_nothing_is_left();
        ended.told(0, &[]);
        assert!(ended.stdout.contains("\nREADY  "), "{run}: {}", ended.stdout);
        assert!(stage.path("shop.db").exists());
    }
}
