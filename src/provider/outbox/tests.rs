//! The outbox under every habit of deliveries.

use super::*;

const FAILED: Outcome = Outcome::Failed { retry_after_s: None };
const START: SimTime = SimTime::from_unix_ms(1_767_608_128_412);

fn event() -> EventId {
    EventId::new("evt_01J8Z3K5Q7R9T1V3X5Z7B9D1F3")
}

/// Fails every attempt when it is due; the delays between them.
fn delays(seed: u64) -> Vec<u64> {
    let mut outbox = Outbox::new(seed, Arc::default());
    outbox.queue(event());
    let (mut now, mut delays) = (START, Vec::new());
    loop {
        outbox.answered(&event(), now, FAILED);
        let Some((_, due)) = outbox.next_due() else { break };
        delays.push(due.since(now).ms());
        now = due;
    }
    assert!(outbox.exhausted(&event()));
    assert_eq!(outbox.attempts(&event()), 10);
    delays
}

#[test]
fn the_schedule_is_the_published_one_within_a_tenth() {
    let delays = delays(1);
    let schedule = Profile::default().delivery.schedule;
    assert_eq!(delays.len(), schedule.len());
    for (delay, planned) in delays.iter().zip(schedule) {
        let planned = planned.ms();
        assert!((planned * 9 / 10..=planned * 11 / 10).contains(delay), "{delay} {planned}");
    }
}

#[test]
fn jitter_repeats_with_the_seed_and_only_with_it() {
    assert_eq!(delays(1), delays(1));
    assert_ne!(delays(1), delays(2));
}

#[test]
fn retry_after_is_clamped() {
    for (asked, least, most) in [(0, 4500, 5500), (7, 7000, 7000), (3600, 9000, 11000)] {
        let mut outbox = Outbox::new(1, Arc::default());
        outbox.answered(&event(), START, Outcome::Failed { retry_after_s: Some(asked) });
        let delay = outbox.next_due().unwrap().1.since(START).ms();
        assert!((least..=most).contains(&delay), "{asked}: {delay}");
    }
}

#[test]
fn copies_that_fail_together_are_one_step() {
    let mut outbox = Outbox::new(1, Arc::default());
    for _ in 0..5 {
        outbox.answered(&event(), START, FAILED);
    }
    assert_eq!(outbox.attempts(&event()), 5);
    assert!(outbox.next_due().unwrap().1.since(START).ms() <= 5500);
}

#[test]
fn once_delivered_is_delivered() {
    let mut outbox = Outbox::new(1, Arc::default());
    outbox.answered(&event(), START, FAILED);
    outbox.answered(&event(), START, Outcome::Delivered);
    outbox.answered(&event(), START, FAILED);
    assert!(outbox.is_delivered(&event()) && !outbox.exhausted(&event()));
    assert_eq!(outbox.next_due(), None);
}

#[test]
fn gone_ends_everything() {
    let other = EventId::new("evt_01J8Z3K5Q7R9T1V3X5Z7B9D1F4");
    let mut outbox = Outbox::new(1, Arc::default());
    outbox.answered(&event(), START, FAILED);
    outbox.answered(&other, START, Outcome::Gone);
    outbox.answered(&event(), START.plus(Span::from_s(60)), FAILED);
    assert!(outbox.is_disabled());
    assert_eq!(outbox.next_due(), None);
}

#[test]
fn what_is_forgotten_is_not_retried() {
    let mut outbox = Outbox::new(1, Arc::default());
    outbox.answered(&event(), START, FAILED);
    outbox.forget(&event());
    assert_eq!((outbox.next_due(), outbox.attempts(&event())), (None, 0));
}

fn outbox(change: impl FnOnce(&mut crate::provider::profile::Delivery)) -> Outbox {
    let mut profile = Profile::default();
    change(&mut profile.delivery);
    Outbox::new(1, profile.into())
}

#[test]
fn a_schedule_of_one_step_is_used_up_by_two_failures() {
    let mut outbox = outbox(|delivery| {
        delivery.schedule = vec![Span::from_s(60)];
        delivery.jitter_per_mille = 0;
        delivery.retry_after = RetryAfter::Ignored;
    });
    outbox.answered(&event(), START, Outcome::Failed { retry_after_s: Some(100) });
    let due = START.plus(Span::from_s(60));
    assert_eq!(outbox.due_at(&event()), Some(due));
    outbox.answered(&event(), due, FAILED);
    assert!(outbox.exhausted(&event()));
}

#[test]
fn a_refusal_ends_one_delivery() {
    let other = EventId::new("evt_01J8Z3K5Q7R9T1V3X5Z7B9D1F4");
    let mut outbox = outbox(|_| {});
    outbox.answered(&event(), START, Outcome::Refused);
    outbox.answered(&other, START, FAILED);
    outbox.answered(&event(), START, FAILED);
    assert!(outbox.is_refused(&event()) && !outbox.is_planned(&event()));
    assert!(outbox.is_planned(&other) && !outbox.is_disabled());
}

#[test]
fn an_endpoint_that_fails_too_long_is_given_up_unless_something_is_acknowledged() {
    let other = EventId::new("evt_01J8Z3K5Q7R9T1V3X5Z7B9D1F4");
    let hours = |hours: u64| START.plus(Span::from_s(hours * 3600));
    for (acknowledged, disabled) in [(false, true), (true, false)] {
        let mut outbox = outbox(|delivery| delivery.auto_disable = Some(Span::from_s(7200)));
        outbox.answered(&event(), hours(0), FAILED);
        if acknowledged {
            outbox.answered(&other, hours(1), Outcome::Delivered);
        }
        outbox.answered(&event(), hours(2), FAILED);
        assert_eq!(outbox.is_disabled(), disabled);
        assert_eq!(outbox.is_planned(&event()), !disabled);
    }
}

#[test]
fn a_head_of_line_blocks_until_it_is_acknowledged_or_given_up() {
    let other = EventId::new("evt_01J8Z3K5Q7R9T1V3X5Z7B9D1F4");
    for end in [Outcome::Delivered, Outcome::Refused] {
        let mut outbox = outbox(|delivery| delivery.queue = Queue::HeadOfLine);
        outbox.queue(event());
        outbox.queue(other.clone());
        outbox.answered(&event(), START, FAILED);
        assert!(outbox.is_blocked(&other) && !outbox.is_blocked(&event()));
        outbox.answered(&event(), START.plus(Span::from_s(60)), end);
        assert!(!outbox.is_blocked(&other));
    }
}
