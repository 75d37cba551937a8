//! The two clocks: what moves the scenario's own, how retries follow the schedule without using it
//! up too fast, and how a 429 is waited out.

use countersign::history::{Entry, Fact, ScenarioEnded};
use countersign::merchant::Policy;
use countersign::model::{SimTime, Span};
use countersign::scenario::Arrival;

use super::{ANSWER_MS, Asked, Played, START, Shop, play};

/// The window of a payment on Tron.
const WINDOW: Span = Span::from_s(20 * 60);
/// Delays of the published schedule, in seconds.
const SCHEDULE_S: [u64; 9] = [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400];

/// Status and `Retry-After` for the nth attempt of an event type, from 1.
type Answers = fn(&str, u32) -> (u16, Option<u64>);

fn refusing(answer: Answers) -> Shop {
    Shop { answer, ..Shop::default() }
}

/// Virtual and real time of every attempt of that type.
fn attempts(played: &Played, event_type: &str) -> Vec<(SimTime, u64)> {
    let attempts = played.attempts();
    let of_type = attempts.iter().filter(|(_, attempt)| attempt.event_type == event_type);
    of_type.map(|(entry, _)| (entry.at, entry.real_ms)).collect()
}

fn last(played: &Played, wanted: fn(&Fact) -> bool) -> &Entry {
    played.entries.iter().rev().find(|entry| wanted(&entry.fact)).unwrap()
}

#[test]
fn steps_move_the_clock_and_deadlines_fire_on_the_way() {
    let cases = [
        ("When 19 minutes pass", 19 * 60, "created then"),
        ("When 20 minutes pass", 20 * 60, "=expired created expired then"),
        ("When 2 hours pass", 7200, "=expired created expired then"),
        ("When the payment expires", 20 * 60 + 1, "=expired created expired then"),
    ];
    for (step, seconds, told) in cases {
        let played = play(Shop::default(), &format!("{step}\nThen nothing changes"));
        assert_eq!(played.told(), told, "{step}");
        let sent = last(&played, |fact| matches!(fact, Fact::Attempted(_)));
        assert_eq!(sent.at.since(START), Span::from_s(seconds), "{step}");
    }
}

/// What is not said takes little enough that no window closes over it.
#[test]
fn paying_and_confirming_never_reach_a_live_deadline() {
    let played = play(
        Shop::default(),
        "When 1199 seconds pass
         And the payer sends 40.00 USDT
         And the payer sends 40.00 USDT
         And the network adds 1000 blocks
         And the payer sends 20.00 USDT
         Then the order is paid",
    );
    let told = played.told();
    assert!(told.ends_with("underpaid paid confirmed then") && !told.contains("expired"), "{told}");
}

#[test]
fn a_refused_delivery_is_retried_until_it_is_acknowledged() {
    let shop = refusing(|event, nth| match (event, nth) {
        ("payment.confirmed", 1..=2) => (503, None),
        _ => (200, None),
    });
    let played = play(shop, "When the payer sends 100.00 USDT\nThen the order is paid");
    let told = "=paid =confirmed created paid confirmed ~confirmed ~confirmed then";
    assert_eq!(played.told(), told);
}

#[test]
fn retries_follow_the_schedule_and_last_as_long_as_the_merchant_may_take_to_recover() {
    let shop = refusing(|event, _| match event {
        "payment.confirmed" => (500, None),
        _ => (200, None),
    });
    let recover_within = shop.policy.recover_within;
    let played = play(
        shop,
        "When the payer sends 100.00 USDT
         And \"payment.confirmed\" is delivered
         Then the notification is acknowledged
         And no credit is posted",
    );
    let attempts = attempts(&played, "payment.confirmed");
    assert_eq!(attempts.len(), 1 + SCHEDULE_S.len());
    for (pair, seconds) in attempts.windows(2).zip(SCHEDULE_S) {
        let delay_ms = pair[1].0.since(pair[0].0).ms();
        let tenth = seconds * 100;
        let planned = seconds * 1000;
        assert!((planned - tenth..=planned + tenth).contains(&delay_ms), "{delay_ms} {planned}");
    }
    let took = attempts[9].1 - attempts[0].1;
    assert!(took >= recover_within.ms(), "used up after {took} ms");
    // A schedule that is used up is not waited for again.
    let [first, second] = played.decided_ms()[..] else { panic!("two expectations") };
    let policy = Policy::default();
    let patience = recover_within.ms() + policy.converge_within.ms() + policy.quiet.ms();
    assert!(first <= patience, "{first}");
    assert!(second - first <= policy.converge_within.ms(), "{first} {second}");
}

/// Only a step that moves time may end the window of a payment.
#[test]
fn retries_never_pass_a_live_deadline_and_are_used_up_all_the_same() {
    let shop = refusing(|event, _| match event {
        "payment.created" => (500, None),
        _ => (200, None),
    });
    let policy = shop.policy.clone();
    let played = play(shop, "Then nothing changes\nAnd no credit is posted");
    let retries = vec!["~created"; SCHEDULE_S.len()].join(" ");
    assert_eq!(played.told(), format!("created {retries} then then"));
    let end = played.entries.last().unwrap();
    assert!(end.at < START.plus(WINDOW), "{} is past the deadline", end.at);
    let attempts = attempts(&played, "payment.created");
    assert!(attempts[9].1 - attempts[0].1 >= policy.recover_within.ms());
    let [first, second] = played.decided_ms()[..] else { panic!("two expectations") };
    assert!(second - first <= policy.converge_within.ms(), "{first} {second}");
}

#[test]
fn a_429_is_waited_out_and_the_attempt_repeated() {
    let shop = refusing(|event, nth| match (event, nth) {
        ("payment.paid", 1) => (429, Some(2)),
        ("payment.paid", 2) => (429, None),
        _ => (200, None),
    });
    let played = play(shop, "When the payer sends 100.00 USDT\nThen the order is paid");
    // Repeated at once, not by the schedule.
    assert_eq!(played.told(), "=paid =confirmed created paid paid paid confirmed then");
    let times: Vec<_> = attempts(&played, "payment.paid").into_iter().map(|(_, ms)| ms).collect();
    assert_eq!(times[1] - times[0], 2000 + ANSWER_MS);
    assert_eq!(times[2] - times[1], 1000 + ANSWER_MS);
}

/// Where some copies of a race are let in, the race took place; where none is, it is repeated whole.
#[test]
fn copies_are_repeated_together_or_not_at_all() {
    const fn until(answered: u32, nth: u32) -> (u16, Option<u64>) {
        if nth < answered { (429, Some(1)) } else { (200, None) }
    }
    let cases: [(Answers, &[usize]); 3] = [
        (|_, nth| until(3, nth), &[3]),
        (|_, nth| until(4, nth), &[3, 3]),
        (|_, nth| until(7, nth), &[3, 3, 3]),
    ];
    for (answers, races) in cases {
        let shop = refusing(answers);
        let steps = "When \"payment.created\" is delivered 3 times at once\nThen nothing changes";
        let played = play(shop, steps);
        let sends = played.asked.iter().filter_map(|(_, asked)| match asked {
            Asked::Send(messages, Arrival::AtOnce) => Some(*messages),
            _ => None,
        });
        assert_eq!(sends.collect::<Vec<_>>(), races);
    }
}

#[test]
fn what_is_lost_is_not_retried() {
    let cases: [(&str, &[&str]); 3] = [
        ("nothing is delivered", &[]),
        ("\"payment.paid\" is never delivered", &["~created"]),
        ("every other event is never delivered", &["~paid"]),
    ];
    for (lost, retried) in cases {
        let shop = refusing(|_, _| (500, None));
        let steps = format!("When \"payment.paid\" is delivered\nAnd {lost}\nThen nothing changes");
        let told = play(shop, &steps).told();
        assert!(told.starts_with("=paid created paid "), "{told}");
        let found = ["~created", "~paid"].into_iter().filter(|retry| told.contains(retry));
        assert_eq!(found.collect::<Vec<_>>(), retried, "{lost}: {told}");
    }
}

#[test]
fn nobody_waits_longer_for_a_429_than_the_merchant_may_take_to_recover() {
    let policy = Policy { recover_within: Span::from_s(4), ..Policy::default() };
    let answer = |_: &str, _| (429, Some(3600));
    let played = play(Shop { policy, answer, ..Shop::default() }, "Then nothing changes");
    assert_eq!(*played.ended(), ScenarioEnded::Complete);
    let longest = played.asked.iter().filter_map(|(_, asked)| match asked {
        Asked::Pause(ms) => Some(*ms),
        _ => None,
    });
    assert_eq!(longest.max(), Some(4000));
    // Then its answer stands, and the schedule goes on.
    let told = played.told();
    assert!(told.starts_with("created created ~created"), "{told}");
}

#[test]
fn a_forgery_that_met_a_429_is_repeated_and_one_that_was_refused_is_not() {
    let steps = "When a forged \"payment.confirmed\" arrives without a signature\n\
                 Then nothing changes";
    let busy = refusing(|event, nth| match (event, nth) {
        ("payment.confirmed", 1) => (429, Some(1)),
        _ => (401, None),
    });
    let told = play(busy, steps).told();
    assert_eq!(told.matches('!').count(), 2, "{told}");
    let refused = refusing(|event, _| match event {
        "payment.confirmed" => (401, None),
        _ => (200, None),
    });
    assert_eq!(play(refused, steps).told(), "created !confirmed then");
}
