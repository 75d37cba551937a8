//! Provider profiles as people write them: every broken file in `fixtures/profiles/broken` is told
//! exactly what is wrong with it, and what a profile says is what a merchant meets.
//!
//! The golden files lie beside them; `INSTA_UPDATE=always cargo test --test provider` writes them
//! anew, and their difference is reviewed like code.

use std::path::PathBuf;

use countersign::model::{EventKind, PaymentId, Span};
use countersign::provider::profile::{
    Payload, RedeliveryBody, Sequence, Snapshot, builtin, is_profile, names, read,
};
use countersign::provider::{ApiRequest, Event, Profile};
use serde_json::Value;

use super::{Desk, KEY, PARTITION};

#[test]
fn every_broken_file_is_told_what_is_wrong() {
    let folder = std::fs::read_dir("fixtures/profiles/broken").unwrap();
    let files = folder.map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> =
        files.filter(|path| path.extension().is_some_and(|it| it == "yaml")).collect();
    files.sort();
    assert!(files.len() >= 10, "{files:?}");
    let mut settings = insta::Settings::new();
    settings.set_snapshot_path("../../fixtures/profiles/broken");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    for path in files {
        let text = std::fs::read_to_string(&path).unwrap();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let errors = read(&text, &format!("{name}.yaml")).expect_err(&name);
        let places: Vec<_> = errors.0.iter().map(|error| (error.line, error.column)).collect();
        assert!(places.is_sorted(), "{name}: {places:?}");
        settings.bind(|| insta::assert_snapshot!(name, errors.to_string()));
    }
}

#[test]
fn what_a_profile_leaves_out_is_as_in_the_one_it_is_like() {
    let text = "version: 1\nname: acme-pay\nlike: coingate\nsummary: s\n\
                delivery: {timeout: 7s, success: [200-202]}\n";
    assert!(is_profile(text));
    let profile = read(text, "acme.yaml").unwrap_or_else(|errors| panic!("{errors}"));
    let coingate = builtin("coingate").unwrap();
    assert_eq!(profile.delivery.timeout.to_string(), "7s");
    assert!(profile.delivery.success.contains(202) && !profile.delivery.success.contains(204));
    assert_eq!(profile.delivery.schedule, coingate.delivery.schedule);
    assert_eq!(profile.events, coingate.events);
    assert_eq!(profile.sources, Vec::<String>::new());
}

#[test]
fn every_builtin_file_is_taken_for_a_profile_and_no_scenario_is() {
    for name in names() {
        let text = std::fs::read_to_string(format!("fixtures/profiles/{name}.yaml")).unwrap();
        assert!(is_profile(&text), "{name}");
        assert!(read(&text, "copy.yaml").is_ok(), "{name}");
    }
    for entry in std::fs::read_dir("scenarios").unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        assert!(!is_profile(&text));
    }
}

/// A call that is not held against the contract's description: a profile has words of its own.
fn ask(desk: &mut Desk, method: &str, path: &str, body: &str) -> (Value, Option<PaymentId>) {
    let headers = [("x-api-key", KEY), ("idempotency-key", "k")];
    let request = ApiRequest {
        method: method.to_owned(),
        path: path.to_owned(),
        headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        body: body.to_owned().into(),
        ..ApiRequest::default()
    };
    let reply = desk.provider.handle(&request, desk.now, PARTITION);
    (serde_json::from_slice(&reply.body).unwrap(), reply.payment)
}

/// A provider with a payment of 100 USDT on Tron that is paid, at a profile, and its last event.
fn paid(change: impl FnOnce(&mut Profile)) -> (Desk, PaymentId, Event) {
    let mut desk = Desk::with(change);
    let order = r#"{"reference":"INV-1","asset":"USDT","network":"tron","amount":"100.00"}"#;
    let payment = ask(&mut desk, "POST", "/v1/payments", order).1.unwrap();
    desk.pass(Span::from_s(1));
    let event = desk.provider.pay(&payment, 100_000_000, desk.now).unwrap().pop().unwrap();
    (desk, payment, event)
}

fn body(event: &Event) -> Value {
    serde_json::from_slice(&event.body).unwrap()
}

#[test]
fn events_and_answers_are_in_the_words_of_the_profile() {
    let (mut desk, payment, event) = paid(|profile| {
        *profile = builtin("coingate").unwrap().clone();
        profile.events.sequence = Sequence::Sent;
        profile.events.headers = [("x-kind".to_owned(), "{event.type}".to_owned())].into();
    });
    let told = body(&event);
    assert_eq!(told["type"], "order.status.confirming");
    assert_eq!(told["sequence"], 2);
    assert_eq!(told["data"]["payment"]["status"], "confirming");
    assert_eq!(told["data"]["payment"]["status_timeline"][1]["status"], "confirming");
    assert_eq!(event.headers, [("x-kind".to_owned(), "order.status.confirming".to_owned())]);
    // Whoever judges reads the contract's words.
    assert_eq!((event.type_name.as_str(), event.kind), ("payment.paid", Some(EventKind::Paid)));
    let (read, _) = ask(&mut desk, "GET", &format!("/v1/payments/{payment}"), "");
    assert_eq!(read["status"], "confirming");
}

#[test]
fn a_thin_event_says_what_to_read_and_no_more() {
    let (_, payment, event) = paid(|profile| profile.events.payload = Payload::Thin);
    let told = body(&event);
    assert_eq!(told["subject"]["id"], payment.as_str());
    assert_eq!((told["type"].as_str(), told.get("data")), (Some("payment.paid"), None));
}

#[test]
fn what_is_sent_later_is_as_it_was_unless_the_profile_says_otherwise() {
    let shown = |change: fn(&mut Profile), is_retry: bool| {
        let (mut desk, payment, event) = paid(change);
        desk.pass(Span::from_s(60));
        desk.mine_missing(&payment);
        let sent = desk.provider.as_sent(&event, desk.now, is_retry);
        assert_eq!(sent.id, event.id);
        let (was, is) = (body(&event), body(&sent));
        assert_eq!(is["occurred_at"], was["occurred_at"]);
        let status = is["data"]["payment"]["status"].as_str().unwrap().to_owned();
        (status, is["created_at"] != was["created_at"])
    };
    assert_eq!(shown(|_| {}, true), ("paid".to_owned(), false));
    let current: fn(&mut Profile) = |profile| profile.events.snapshot = Snapshot::Delivery;
    assert_eq!(shown(current, false), ("confirmed".to_owned(), false));
    let stamped: fn(&mut Profile) =
        |profile| profile.delivery.redelivery_body = RedeliveryBody::Restamped;
    assert_eq!(shown(stamped, false), ("paid".to_owned(), false));
    assert_eq!(shown(stamped, true), ("paid".to_owned(), true));
}
