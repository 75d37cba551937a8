//! Deliveries of a sandbox: retried, held, dropped, sent again.

use super::*;

#[test]
fn failed_attempts_are_retried_by_the_schedule_on_the_moved_clock() {
    let mut rig = Rig::new(Some(URL));
    let payment = rig.create("k");
    let event = rig.attempt(500).unwrap();
    assert_eq!(rig.attempt(500), None, "not before it is due");
    assert_eq!(rig.standings(&payment), ["waiting"]);
    rig.obey(Command::Advance { ms: 6000 }).unwrap();
    assert_eq!(rig.attempt(200), Some(event));
    assert_eq!(rig.standings(&payment), ["delivered"]);
}

#[test]
fn a_delivery_is_held_released_dropped_and_sent_again() {
    let mut rig = Rig::new(Some(URL));
    let payment = rig.create("k");
    let event = rig.attempt(500).unwrap();
    rig.obey(Command::Hold { event: event.clone(), endpoint: None }).unwrap();
    rig.obey(Command::Advance { ms: 86_400_000 }).unwrap();
    let late = rig.attempt(200).unwrap();
    assert_ne!(late, event, "it is that of the expiry");
    assert_eq!((rig.attempt(200), rig.standings(&payment)[0].as_str()), (None, "held"));
    rig.obey(Command::Release { event: event.clone(), endpoint: None }).unwrap();
    assert_eq!(rig.attempt(503), Some(event.clone()));
    assert_eq!(rig.standings(&payment)[0], "waiting");
    rig.obey(Command::Drop { event: event.clone(), endpoint: None }).unwrap();
    rig.obey(Command::Advance { ms: 86_400_000 }).unwrap();
    assert_eq!((rig.attempt(200), rig.standings(&payment)[0].as_str()), (None, "dropped"));
    rig.obey(Command::Redeliver { event: event.clone(), endpoint: None }).unwrap();
    let underway = rig.sandbox.take_attempt(rig.wall).unwrap().event.id;
    let again = rig.obey(Command::Redeliver { event: underway, endpoint: None });
    assert!(matches!(again, Err(Declined::Underway(_))));
    let unknown = rig.obey(Command::Hold { event: EventId::new("evt_x"), endpoint: None });
    assert!(matches!(unknown, Err(Declined::UnknownDelivery(_))));
}

#[test]
fn everything_new_is_held_until_all_is_released() {
    let mut rig = Rig::new(Some(URL));
    rig.obey(hold_all(true)).unwrap();
    let payment = rig.create("k");
    rig.obey(act(&payment, PAY)).unwrap();
    assert_eq!((rig.attempt(200), rig.standings(&payment)), (None, vec!["held".to_owned(); 2]));
    rig.obey(hold_all(false)).unwrap();
    assert_eq!(std::iter::from_fn(|| rig.attempt(200)).count(), 2);
}

#[test]
fn a_410_ends_deliveries_until_one_is_asked_for() {
    let mut rig = Rig::new(Some(URL));
    let payment = rig.create("k");
    let event = rig.attempt(410).unwrap();
    rig.obey(act(&payment, PAY)).unwrap();
    assert_eq!((rig.attempt(200), rig.standings(&payment)), (None, vec!["ended".to_owned(); 2]));
    rig.obey(Command::Redeliver { event: event.clone(), endpoint: None }).unwrap();
    assert_eq!(rig.attempt(200), Some(event));
    rig.obey(act(&payment, MINE)).unwrap();
    assert!(rig.attempt(200).is_some());
}
