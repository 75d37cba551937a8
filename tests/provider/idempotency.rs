//! Idempotency keys: the same answer for a day, and nothing done twice.

use countersign::model::Span;
use countersign::provider::Scope;
use countersign::provider::profile::Idempotency as Habit;

use super::transition::{Act, HUNDRED, act};
use super::{Desk, key_for};

const BODY: &str = r#"{"reference":"INV-1","asset":"USDT","network":"tron","amount":"100.00"}"#;
const SAME: &str =
    r#"{ "amount": "100.00", "network": "tron", "asset": "USDT", "reference": "INV-1" }"#;
const OTHER: &str = r#"{"reference":"INV-1","asset":"USDT","network":"tron","amount":"100.01"}"#;
const BAD: &str = r#"{"reference":"INV-1","asset":"USDT","network":"tron","amount":100}"#;

/// Status, body, and whether it says that it is a replay.
fn create(desk: &mut Desk, body: &str, key: &str) -> (u16, String, bool) {
    let reply = desk.call("POST", "/v1/payments", body, &[("idempotency-key", key)]);
    let says_so = |name: &str| reply.headers.contains(&(name.to_owned(), "true".to_owned()));
    let replayed = says_so("idempotency-replayed") || says_so("idempotent-replayed");
    assert!(!replayed || reply.events.is_empty());
    (reply.status, String::from_utf8(reply.body).unwrap(), replayed)
}

#[test]
fn a_retry_gets_the_first_answer_even_after_the_payment_moved_on() {
    let mut desk = Desk::new();
    let (status, first, replayed) = create(&mut desk, BODY, "k");
    assert_eq!((status, replayed), (201, false));
    let payment = desk.provider.payments_of(&countersign::model::Reference::new("INV-1")).remove(0);
    desk.provider.pay(&payment, 100_000_000, desk.now).unwrap();
    desk.pass(Span::from_s(24 * 3600 - 1));
    assert_eq!(create(&mut desk, SAME, "k"), (201, first, true));
    assert_eq!(desk.get("/v1/payments")["data"].as_array().unwrap().len(), 1);
}

#[test]
fn a_key_is_free_after_a_day() {
    let mut desk = Desk::new();
    let (_, first, _) = create(&mut desk, BODY, "k");
    desk.pass(Span::from_s(24 * 3600));
    let (status, second, replayed) = create(&mut desk, OTHER, "k");
    assert_eq!((status, replayed), (201, false));
    assert_ne!(first, second);
}

#[test]
fn another_request_needs_another_key() {
    let mut desk = Desk::new();
    create(&mut desk, BODY, "k");
    let (status, body, replayed) = create(&mut desk, OTHER, "k");
    assert_eq!((status, replayed), (422, false));
    assert!(body.contains("idempotency_key_reused"));
    assert_eq!(create(&mut desk, OTHER, "other").0, 201);
}

#[test]
fn a_refusal_is_an_outcome_too() {
    let mut desk = Desk::new();
    let (status, first, replayed) = create(&mut desk, BAD, "k");
    assert_eq!((status, replayed), (400, false));
    assert_eq!(create(&mut desk, BAD, "k"), (400, first, true));
    assert_eq!(create(&mut desk, BODY, "k").0, 422);
}

#[test]
fn a_create_without_a_usable_key_does_nothing() {
    let long = "k".repeat(256);
    for (key, code) in [
        ("", "idempotency_key_missing"),
        (" ", "idempotency_key_missing"),
        (long.as_str(), "invalid_request"),
    ] {
        let mut desk = Desk::new();
        let (status, body, _) = create(&mut desk, BODY, key);
        assert!(status == 400 && body.contains(code), "{body}");
        assert!(desk.get("/v1/payments")["data"].as_array().unwrap().is_empty());
    }
}

/// What a second call comes to, by habit: its status, and whether it says that it is a replay.
#[test]
fn what_a_key_means_to_each_provider() {
    use Habit::{Ietf, IgnoreBody, IgnoreKey, Only2xx, StripeV1};
    let rows: &[(Habit, &str, &str, (u16, bool), usize)] = &[
        // The same request again.
        (Ietf, BODY, SAME, (201, true), 1),
        (StripeV1, BODY, SAME, (201, true), 1),
        (Only2xx, BODY, SAME, (201, true), 1),
        (IgnoreBody, BODY, SAME, (201, true), 1),
        (IgnoreKey, BODY, SAME, (201, false), 2),
        // Another request under the same key.
        (Ietf, BODY, OTHER, (422, false), 1),
        (StripeV1, BODY, OTHER, (400, false), 1),
        (Only2xx, BODY, OTHER, (422, false), 1),
        (IgnoreBody, BODY, OTHER, (201, true), 1),
        (IgnoreKey, BODY, OTHER, (201, false), 2),
        // The right request after one that could not be understood.
        (Ietf, BAD, BODY, (422, false), 0),
        (StripeV1, BAD, BODY, (201, false), 1),
        (Only2xx, BAD, BODY, (201, false), 1),
        (IgnoreBody, BAD, BODY, (400, true), 0),
        (IgnoreKey, BAD, BODY, (201, false), 1),
    ];
    for (row, (habit, first, second, expected, payments)) in rows.iter().enumerate() {
        let mut desk = Desk::with(|profile| profile.api.idempotency = *habit);
        let (_, before, _) = create(&mut desk, first, "k");
        let (status, after, replayed) = create(&mut desk, second, "k");
        assert_eq!((status, replayed), *expected, "row {row}");
        assert_eq!(before == after, replayed, "row {row}: what was answered before, byte for byte");
        let made = desk.get("/v1/payments")["data"].as_array().unwrap().len();
        assert_eq!(made, *payments, "row {row}");
    }
}

/// A refund that is refused because nothing is left, and asked for again once something is.
#[test]
fn whose_refusals_stay() {
    for (habit, status) in [
        (Habit::Ietf, 409),
        (Habit::StripeV1, 409),
        (Habit::IgnoreBody, 409),
        (Habit::Only2xx, 201),
        (Habit::IgnoreKey, 201),
    ] {
        let mut desk = Desk::with(|profile| profile.api.idempotency = habit);
        let payment = desk.hundred();
        let path = format!("/v1/payments/{payment}/refunds");
        let refund =
            |desk: &mut Desk| desk.call("POST", &path, "", &[("idempotency-key", "k")]).status;
        assert_eq!(refund(&mut desk), 409);
        for step in [Act::Pay(HUNDRED), Act::Mine] {
            act(&mut desk, &payment, step).unwrap();
        }
        assert_eq!(refund(&mut desk), status, "{habit:?}");
    }
}

#[test]
fn who_can_do_without_a_key() {
    for (habit, status) in [
        (Habit::Ietf, 400),
        (Habit::Only2xx, 400),
        (Habit::IgnoreBody, 400),
        (Habit::StripeV1, 201),
        (Habit::IgnoreKey, 201),
    ] {
        let mut desk = Desk::with(|profile| profile.api.idempotency = habit);
        assert_eq!(create(&mut desk, BODY, "").0, status, "{habit:?}");
    }
}

#[test]
fn another_api_key_has_idempotency_keys_of_its_own() {
    let mut desk = Desk::new();
    create(&mut desk, BODY, "k");
    let writing = key_for(Scope::PaymentsWrite);
    let headers = [("idempotency-key", "k"), ("x-api-key", writing.as_str())];
    let reply = desk.call("POST", "/v1/payments", OTHER, &headers);
    assert_eq!((reply.status, reply.events.len()), (201, 1));
}
