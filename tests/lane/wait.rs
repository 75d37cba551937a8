//! Waiting: what is wanted ends a wait as soon as it is seen; what must not be is judged when
//! everything has held still.

use countersign::history::{Fact, ScenarioEnded};
use countersign::merchant::Policy;

use super::{Played, Shop, play};

const PAID: &str = "When the payer sends 100.00 USDT\nAnd \"payment.confirmed\" is delivered\n";

fn quiet_ms() -> u64 {
    Policy::default().quiet.ms()
}

fn converge_ms() -> u64 {
    Policy::default().converge_within.ms()
}

/// Real milliseconds between the last answer to a message and the decision.
fn waited(played: &Played) -> u64 {
    assert_eq!(*played.ended(), ScenarioEnded::Complete);
    let sent = played.attempts().last().map_or(0, |(entry, _)| entry.real_ms);
    played.decided_ms().last().unwrap() - sent
}

fn looks(played: &Played) -> usize {
    played.entries.iter().filter(|entry| matches!(entry.fact, Fact::Observed(_))).count()
}

#[test]
fn a_positive_expectation_ends_as_soon_as_it_is_seen() {
    let played = play(Shop::default(), &format!("{PAID}Then the order is paid"));
    assert_eq!((waited(&played), looks(&played)), (0, 1));
    for lag_ms in [1, 40, 700, 2500] {
        let shop = Shop { lag_ms, ..Shop::default() };
        let played = play(shop, &format!("{PAID}Then the order is paid"));
        let waited = waited(&played);
        assert!((lag_ms..=lag_ms + quiet_ms()).contains(&waited), "{lag_ms}: {waited}");
        // Only what is new is recorded.
        assert_eq!(looks(&played), 2);
    }
}

#[test]
fn what_must_not_be_is_decided_when_everything_has_held_still() {
    let expectations = [
        "nothing changes",
        "no credit is posted",
        "the order is not fulfilled",
        "the books agree with the provider",
    ];
    for expectation in expectations {
        let played = play(Shop::default(), &format!("Then {expectation}"));
        let waited = waited(&played);
        assert!((quiet_ms()..converge_ms()).contains(&waited), "{expectation}: {waited}");
    }
    for exactly in ["exactly one credit of 100.00 USDT is posted", "the order is fulfilled once"] {
        for lag_ms in [0, 500] {
            let shop = Shop { lag_ms, ..Shop::default() };
            let waited = waited(&play(shop, &format!("{PAID}Then {exactly}")));
            let least = lag_ms + quiet_ms();
            assert!((least..lag_ms + converge_ms()).contains(&waited), "{exactly}: {waited}");
        }
    }
}

/// A second expectation about what has held still already needs no second wait.
#[test]
fn what_was_seen_last_decides_the_next_expectation_as_well() {
    let then = "Then exactly one credit of 100.00 USDT is posted\nAnd the order is fulfilled once";
    let [first, second] = play(Shop::default(), &format!("{PAID}{then}")).decided_ms()[..] else {
        panic!("two expectations")
    };
    assert_eq!(first, second);
}

#[test]
fn an_effect_that_must_not_be_ends_the_wait_at_once() {
    let believes = &["payment.created"];
    let played = play(Shop { believes, ..Shop::default() }, "Then nothing changes");
    assert_eq!(waited(&played), 0);
}

#[test]
fn what_is_too_much_does_not_become_less_by_waiting() {
    let shop = Shop { repeats: true, ..Shop::default() };
    let steps = "When the payer sends 100.00 USDT
         And \"payment.confirmed\" is delivered twice
         Then exactly one credit of 100.00 USDT is posted";
    let waited = waited(&play(shop, steps));
    assert!((quiet_ms()..converge_ms()).contains(&waited), "{waited}");
}

#[test]
fn what_never_comes_is_waited_for_as_long_as_the_merchant_declares() {
    let expectations = [
        "the order is paid",
        "exactly one credit of 100.00 USDT is posted",
        "the order is fulfilled once",
        "an exception of class other is open",
        "the books agree with the provider",
    ];
    for expectation in expectations {
        let shop = Shop { believes: &[], ..Shop::default() };
        let played = play(shop, &format!("{PAID}Then {expectation}"));
        let waited = waited(&played);
        let most = converge_ms() + quiet_ms();
        assert!((converge_ms()..=most).contains(&waited), "{expectation}: {waited}");
        let seen = played.entries.iter().find_map(|entry| match &entry.fact {
            Fact::Expected(expected) => expected.observation,
            _ => None,
        });
        assert!(seen.is_some(), "{expectation}: no look decides it");
    }
}
