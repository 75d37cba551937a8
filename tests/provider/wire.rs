//! Exact shapes on the wire.

use countersign::model::{EventKind, Span};
use countersign::provider::Event;

use super::{Desk, json, kinds};

fn pretty(event: &Event) -> String {
    serde_json::to_string_pretty(&json(event)).unwrap()
}

#[test]
fn a_payment_that_was_just_created() {
    let mut desk = Desk::new();
    let body = r#"{"reference":"INV-2026-00042","asset":"XRP","network":"xrpl","price":{"amount":"250","currency":"USD"}}"#;
    let reply = desk.call("POST", "/v1/payments", body, &[("idempotency-key", "k")]);
    let payment: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
    let location = format!("/v1/payments/{}", reply.payment.unwrap());
    assert!(reply.headers.contains(&("location".to_owned(), location)));
    insta::assert_snapshot!(serde_json::to_string_pretty(&payment).unwrap());
}

#[test]
fn an_event_that_confirms() {
    let mut desk = Desk::new();
    let payment = desk.hundred();
    desk.pass(Span::from_s(60));
    desk.provider.pay(&payment, 100_000_000, desk.now).unwrap();
    desk.pass(Span::from_s(60));
    let events = desk.mine_missing(&payment);
    assert_eq!(kinds(&events), [EventKind::Confirmed]);
    insta::assert_snapshot!(pretty(&events[0]));
}

#[test]
fn an_event_of_a_type_that_nobody_knows() {
    let mut desk = Desk::new();
    let payment = desk.hundred();
    let event = desk.provider.unknown_event(&payment, desk.now).unwrap();
    assert_eq!((event.kind, event.type_name.as_str()), (None, "payment.annotated"));
    assert_eq!(desk.provider.events_of(&payment).last(), Some(&event));
    insta::assert_snapshot!(pretty(&event));
}

#[test]
fn a_restated_event_differs_in_its_id_alone() {
    let mut desk = Desk::new();
    let payment = desk.hundred();
    let event = desk.provider.events_of(&payment).remove(0);
    let restated = desk.provider.restate(&event);
    assert_ne!(event.id, restated.id);
    let text = |event: &Event| String::from_utf8(event.body.to_vec()).unwrap();
    assert_eq!(text(&event).replace(event.id.as_str(), restated.id.as_str()), text(&restated));
    assert_eq!(desk.provider.events_of(&payment), [event]);
}

#[test]
fn metadata_comes_back_byte_for_byte() {
    let metadata = "{ \"n\": 10.00, \"e\":1E+2,\"u\":\"\\u00e9 é \\/\", \"b\":[ ],\n\t\"a\":\"payment.failed\"}";
    let mut desk = Desk::new();
    let body = format!(
        r#"{{"reference":"I","asset":"USDT","network":"tron","amount":"1","metadata":{metadata}}}"#
    );
    let reply = desk.call("POST", "/v1/payments", &body, &[("idempotency-key", "k")]);
    let created = String::from_utf8(reply.body).unwrap();
    assert!(created.contains(&format!("\"metadata\":{metadata},")), "{created}");
    let event = String::from_utf8(reply.events[0].body.to_vec()).unwrap();
    assert!(event.contains(&format!("\"metadata\":{metadata},")), "{event}");

    let exact = format!("{{\"a\":\"{}\"}}", "x".repeat(4096 - 8));
    for (metadata, status) in [(exact.clone(), 201), (exact.replace("{\"a", "{\"aa"), 400)] {
        let body = body.split_once("\"metadata\":").unwrap().0.to_owned()
            + "\"metadata\":"
            + &metadata
            + "}";
        let reply =
            desk.call("POST", "/v1/payments", &body, &[("idempotency-key", &status.to_string())]);
        assert_eq!(reply.status, status, "{}", String::from_utf8_lossy(&reply.body));
    }
}
