//! Idempotency keys: the same answer for a day, and nothing done twice.

use countersign::model::Span;

use super::Desk;

const BODY: &str = r#"{"reference":"INV-1","asset":"USDT","network":"tron","amount":"100.00"}"#;
const SAME: &str =
    r#"{ "amount": "100.00", "network": "tron", "asset": "USDT", "reference": "INV-1" }"#;
const OTHER: &str = r#"{"reference":"INV-1","asset":"USDT","network":"tron","amount":"100.01"}"#;
const BAD: &str = r#"{"reference":"INV-1","asset":"USDT","network":"tron","amount":100}"#;

/// Status, body, and whether it says that it is a replay.
fn create(desk: &mut Desk, body: &str, key: &str) -> (u16, String, bool) {
    let reply = desk.call("POST", "/v1/payments", body, &[("idempotency-key", key)]);
    let replayed = ("idempotency-replayed".to_owned(), "true".to_owned());
    let replayed = reply.headers.contains(&replayed);
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
