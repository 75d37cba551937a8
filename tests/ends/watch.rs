//! A merchant is judged again whenever its files or the suite's change, until Ctrl-C: what failed
//! first, and nothing is left behind.

use nix::sys::signal::Signal;

use super::merchant::sample;
use super::stage::{EXE, Running, Stage};

/// A merchant whose only file says which defect it has.
fn shop(stage: &Stage, arguments: &str) {
    stage.write("shop/shop.sh", &format!("exec {EXE} sample-merchant {arguments}\n"));
}

fn stage() -> Stage {
    let stage = Stage::new();
    let command = ("command: [EXE, sample-merchant]", "command: [sh, shop.sh]\n    cwd: shop");
    // Every round ends with an audit after this time.
    let hasty = ("recover_within: 5s", "recover_within: 500ms");
    stage.write("countersign.yaml", &sample(&[command, hasty]));
    std::fs::create_dir(stage.path("shop")).unwrap();
    stage
}

/// What was printed since the round before ended with a wait for changes.
#[track_caller]
fn until_round(running: &mut Running<'_>, number: usize) -> String {
    const WAITS: &str = "watching for changes; Ctrl-C ends\n";
    running.until("it waits for changes", |stage| {
        stage.read("stdout").matches(WAITS).count() >= number
    });
    let stdout = running.stage().read("stdout");
    stdout.split(WAITS).nth(number - 1).unwrap_or_default().to_owned()
}

#[track_caller]
fn ends_cleanly(stage: &Stage, running: Running<'_>) {
    running.signal(Signal::SIGINT);
    let ended = running.end();
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    stage.assert_nothing_is_left();
}

#[test]
fn a_defect_is_found_fixed_and_gone() {
    let stage = stage();
    shop(&stage, "--defect event-id-only");
    let mut running = stage.start(EXE, &["watch", "--tags", "@IDEM-01 or @IDEM-02"]);
    let round = until_round(&mut running, 1);
    assert!(round.contains("NOT READY  broken: IDEM-02"), "{round}");
    let whole = round.matches("IDEM-01").count();
    assert!(whole > 0, "{round}");

    // Another change that fixes nothing: what failed is played, and nothing else.
    shop(&stage, "--defect event-id-only # thinking");
    let round = until_round(&mut running, 2);
    assert!(round.contains("changed: shop.sh") && round.contains("NOT READY"), "{round}");
    assert!(round.contains("what failed the last time"), "{round}");
    assert!(!round.contains("now everything"), "{round}");

    // The fix: what failed passes, then everything is played.
    shop(&stage, "");
    let round = until_round(&mut running, 3);
    let (first, rest) =
        round.split_once("what failed passes; now everything").expect("both rounds");
    assert!(first.contains("what failed the last time"), "{round}");
    assert!(!first.contains("NOT READY") && !rest.contains("NOT READY"), "{round}");
    assert!(rest.contains("SELECTION PASSED"), "{round}");
    assert_eq!(stage.report()["findings"].as_array().map(Vec::len), Some(0));

    // A merchant in the middle of being written is no end of watching.
    stage.write("shop/shop.sh", "exit 3\n");
    until_round(&mut running, 4);
    let told = stage.read("stderr");
    assert!(told.contains("died before it was ready: it exited with status 3"), "{told}");
    shop(&stage, "");
    let round = until_round(&mut running, 5);
    assert!(round.contains("SELECTION PASSED"), "{round}");
    ends_cleanly(&stage, running);
}

#[test]
fn a_scenario_that_changes_is_played_alone() {
    let stage = stage();
    shop(&stage, "");
    let scenario = |name: &str, step: &str| {
        format!(
            "@IDEM-01\nFeature: {name}\n  Scenario: {name}\n    Given an order of 25.00 USDT on \
             tron\n    When the payer pays exactly\n    And \"payment.confirmed\" is delivered 2 \
             times\n    Then the order is paid\n    And {step}\n"
        )
    };
    stage.write("a.feature", &scenario("first", "the order is fulfilled once"));
    stage.write("b.feature", &scenario("second", "the order is fulfilled once"));
    let mut running = stage.start(EXE, &["watch", "a.feature", "b.feature"]);
    until_round(&mut running, 1);
    let names = || {
        let report = stage.report();
        let scenarios = report["scenarios"].as_array().unwrap().iter();
        scenarios.map(|it| it["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(), ["first", "second"]);
    stage.write("b.feature", &scenario("second", "nothing is in the mail"));
    until_round(&mut running, 2);
    let told = stage.read("stderr");
    assert!(told.contains("b.feature:8") && told.contains("nothing is in the mail"), "{told}");
    stage.write("b.feature", &scenario("second", "the order is fulfilled once"));
    // After a round that could not be played, everything is.
    until_round(&mut running, 3);
    assert_eq!(names(), ["first", "second"]);
    stage.write("b.feature", &scenario("third", "the order is fulfilled once"));
    let round = until_round(&mut running, 4);
    assert!(round.contains("the scenarios that changed"), "{round}");
    assert_eq!(names(), ["third"]);
    ends_cleanly(&stage, running);
}

/// What a merchant writes beside itself whenever it runs does not have it judged for ever.
#[test]
fn a_merchant_that_writes_files_of_its_own_is_not_judged_for_ever() {
    let stage = stage();
    stage.write("shop/shop.sh", &format!("date +%N >> cache.txt\nexec {EXE} sample-merchant\n"));
    let mut running = stage.start(EXE, &["watch", "--tags", "@IDEM-01"]);
    let round = until_round(&mut running, 1);
    assert_eq!(round.matches("changed: cache.txt").count(), 1, "{round}");
    assert_eq!(round.matches("SELECTION PASSED").count(), 2, "{round}");
    ends_cleanly(&stage, running);
}

#[test]
fn it_ends_while_it_plays_as_well() {
    let stage = stage();
    shop(&stage, "");
    let mut running = stage.start(EXE, &["watch"]);
    running.until("the merchant runs", |stage| stage.merchant().is_some());
    ends_cleanly(&stage, running);
}
