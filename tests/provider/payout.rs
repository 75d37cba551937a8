//! Payouts: what is available, how they go their way, and what each call refuses.

use countersign::model::Span;
use countersign::provider::{ApiReply, Event, PayoutStatus, Refused};
use serde_json::{Value, json as value};

use super::transition::{Act, HUNDRED, act};
use super::{Desk, json};

const PLACE: &str = r#"{"address":"TRzLEYiSh13DwNVp7N2Dc7ox8tEPxyGdh5"}"#;

fn body(reply: &ApiReply) -> Value {
    serde_json::from_slice(&reply.body).unwrap()
}

fn ask(desk: &mut Desk, key: &str, body: &str) -> ApiReply {
    desk.call("POST", "/v1/payouts", body, &[("idempotency-key", key)])
}

/// A payout of so much USDT on Tron.
fn usdt(amount: &str) -> String {
    format!(
        r#"{{"reference":"OUT-1","amount":"{amount}","asset":"USDT","network":"tron","destination":{PLACE}}}"#
    )
}

/// So many payments of a hundred USDT, credited: 99 each after the fee.
fn credited(payments: u32) -> Desk {
    let mut desk = Desk::new();
    for number in 0..payments {
        let payment = desk.create(&format!("INV-{number}"), "USDT", "tron", "100.00");
        for step in [Act::Pay(HUNDRED), Act::Mine, Act::Settle] {
            act(&mut desk, &payment, step).unwrap();
        }
    }
    desk
}

fn available(desk: &Desk) -> i128 {
    desk.provider.available(countersign::model::rail_by_id("usdt-tron").unwrap())
}

fn types(events: &[Event]) -> Vec<&str> {
    events.iter().map(|event| event.type_name.as_str()).collect()
}

#[test]
fn a_payout_goes_its_way_and_is_booked_when_it_arrives() {
    let mut desk = credited(1);
    let reply = ask(&mut desk, "k1", &usdt("60.00"));
    assert_eq!((reply.status, types(&reply.events)), (201, vec!["payout.created"]));
    let made = body(&reply);
    let id = made["id"].as_str().unwrap().to_owned();
    let expected = value!({
        "id": id, "reference": "OUT-1", "amount": "60.000000", "asset": "USDT", "network": "tron",
        "status": "processing", "created_at": desk.now.to_string(),
        "destination": {"address": "TRzLEYiSh13DwNVp7N2Dc7ox8tEPxyGdh5", "tag": null},
    });
    assert_eq!(made, expected);
    assert!(reply.headers.contains(&("location".to_owned(), format!("/v1/payouts/{id}"))));
    assert_eq!(desk.get(&format!("/v1/payouts/{id}")), made);
    assert_eq!(desk.get("/v1/payouts?reference=OUT-1")["data"], value!([made]));
    assert_eq!(desk.get("/v1/payouts?reference=OUT-2")["data"], value!([]));
    let lines = |desk: &mut Desk| {
        desk.get("/v1/statements/2026-01-05?rail=usdt-tron")["lines"].as_array().unwrap().clone()
    };
    assert_eq!(lines(&mut desk).len(), 2, "what is underway is not booked");

    desk.pass(Span::from_s(60));
    let events = desk.provider.complete_payout(&id, desk.now).unwrap();
    let said = json(&events[0]);
    assert_eq!(types(&events), ["payout.completed"]);
    assert_eq!(said["subject"], value!({"kind": "payout", "id": id}));
    assert_eq!(said["data"], value!({"payout": desk.get(&format!("/v1/payouts/{id}"))}));
    assert_eq!(said["data"]["payout"]["status"], "completed");
    let line = lines(&mut desk).pop().unwrap();
    let tail = id.trim_start_matches("pyt_");
    let expected = value!({
        "line_id": format!("ln_{tail}_payout_0"), "type": "payout", "category": "payout",
        "payment_id": null, "payout_id": id, "reference": "OUT-1", "event_id": said["id"],
        "tx": null, "gross": "-60.000000", "fee": "0.000000", "net": "-60.000000",
        "price": null, "price_currency": null, "rate": null,
        "booked_at": desk.now.to_string(), "available_on": "2026-01-06", "status": "booked",
    });
    assert_eq!(line, expected);

    // The list says what was signed; a key answers what it answered, and moves nothing.
    let listed = desk.get("/v1/events?type=payout.completed")["data"].clone();
    assert_eq!(listed, value!([said]));
    assert_eq!(desk.provider.event(&events[0].id).unwrap(), events[0]);
    let replay = ask(&mut desk, "k1", &usdt("60.00"));
    assert_eq!((replay.status, body(&replay), replay.events.len()), (201, made, 0));
    assert!(replay.headers.contains(&("idempotency-replayed".to_owned(), "true".to_owned())));
}

/// Every act in every status: those that lead on, and no others.
#[test]
fn the_table_of_payouts() {
    type Move = fn(&mut Desk, &str) -> Result<Vec<Event>, Refused>;
    let approve: Move = |desk, id| desk.provider.approve_payout(id, desk.now);
    let complete: Move = |desk, id| desk.provider.complete_payout(id, desk.now);
    let fail: Move = |desk, id| desk.provider.fail_payout(id, desk.now);
    let rows: &[(&[Move], Move, Option<&str>)] = &[
        (&[], approve, Some("processing")),
        (&[], complete, None),
        (&[], fail, Some("failed")),
        (&[approve], approve, None),
        (&[approve], complete, Some("completed")),
        (&[approve], fail, Some("failed")),
        (&[approve, complete], approve, None),
        (&[approve, complete], complete, None),
        (&[approve, complete], fail, None),
        (&[fail], approve, None),
        (&[fail], complete, None),
        (&[fail], fail, None),
    ];
    for (row, (before, act, leads_to)) in rows.iter().enumerate() {
        let mut desk = credited(11);
        let made = body(&ask(&mut desk, "k", &usdt("1000.00")));
        assert_eq!(made["status"], "pending_review", "a thousand dollars are looked at first");
        let id = made["id"].as_str().unwrap();
        for step in *before {
            step(&mut desk, id).unwrap();
        }
        let was = desk.get(&format!("/v1/payouts/{id}"));
        let events = act(&mut desk, id);
        let is = desk.get(&format!("/v1/payouts/{id}"));
        match (events, leads_to) {
            (Ok(events), Some(status)) => {
                assert_eq!((&is["status"], events.len()), (&value!(status), 1), "row {row}");
                assert_eq!(events[0].type_name, format!("payout.{status}"), "row {row}");
            }
            (Err(Refused::IllegalPayout { .. }), None) => assert_eq!(was, is, "row {row}"),
            (outcome, _) => panic!("row {row}: {outcome:?}"),
        }
        let free = if is["status"] == "failed" { 1_089_000_000 } else { 89_000_000 };
        assert_eq!(available(&desk), free, "row {row}");
    }
    assert_eq!(PayoutStatus::ALL.len(), 4, "a new status needs its rows");
    let unknown = Desk::new().provider.approve_payout("pyt_1", super::START);
    assert_eq!(unknown, Err(Refused::UnknownPayout("pyt_1".to_owned())));
}

#[test]
fn no_more_goes_out_than_was_credited_and_is_not_spoken_for() {
    let mut desk = Desk::new();
    let payment = desk.hundred();
    let mut steps = vec![(Act::Pay(HUNDRED), 0), (Act::Mine, 0), (Act::Settle, 99_000_000)];
    // What is disputed is spoken for until the dispute is won; here the fee is gone already.
    steps.extend([(Act::OpenDispute, -1_000_000), (Act::WinDispute, 99_000_000)]);
    // So is a refund that is asked for; one that failed is not.
    steps.extend([(Act::RefundPart(HUNDRED / 2), 49_000_000), (Act::FailRefund, 99_000_000)]);
    steps.extend([(Act::RefundPart(HUNDRED / 4), 74_000_000), (Act::CompleteRefund, 74_000_000)]);
    for (step, left) in steps {
        act(&mut desk, &payment, step).unwrap();
        assert_eq!(available(&desk), left, "{step:?}");
    }
    let reply = ask(&mut desk, "k1", &usdt("74.000001"));
    let told = body(&reply);
    assert_eq!((reply.status, &told["code"]), (422, &value!("payout_exceeds_balance")), "{told}");
    assert!(told["detail"].as_str().unwrap().contains("74.00 USDT"), "{told}");
    let reply = ask(&mut desk, "k2", &usdt("74.00"));
    assert_eq!((reply.status, available(&desk)), (201, 0));
    assert_eq!(ask(&mut desk, "k3", &usdt("1.00")).status, 422);
    // What was paid out can still be asked back; then nothing goes out until it is made up for.
    act(&mut desk, &payment, Act::RefundPart(HUNDRED / 2)).unwrap();
    assert_eq!(available(&desk), -50_000_000);
    assert_eq!(ask(&mut desk, "k4", &usdt("1.00")).status, 422);
    // One rail's money is not another's.
    let bitcoin = r#"{"reference":"O","amount":"0.001","asset":"BTC","network":"bitcoin","destination":{"address":"1A"}}"#;
    assert_eq!(body(&ask(&mut desk, "k5", bitcoin))["code"], "payout_exceeds_balance");
}

#[test]
fn what_a_payout_refuses() {
    let tagged = |tag: &str| {
        format!(
            r#"{{"reference":"O","amount":"1","asset":"XRP","network":"xrpl","destination":{{"address":"r1"{tag}}}}}"#
        )
    };
    let with = |from: &str, to: &str| usdt("10.00").replace(from, to);
    let cases = [
        (tagged(""), 422, "destination_tag_required", Some("/destination/tag")),
        (tagged(r#","tag":7"#), 422, "payout_exceeds_balance", None),
        (with(r#""10.00""#, "10"), 400, "amount_not_string", Some("/amount")),
        (with("10.00", "10.0000001"), 422, "amount_precision", Some("/amount")),
        (with("10.00", "0.50"), 422, "amount_below_minimum", Some("/amount")),
        (with("OUT-1", "a b"), 400, "invalid_request", Some("/reference")),
        (with("tron", "base"), 422, "rail_unknown", Some("/network")),
        (with("\"destination\"", "\"to\""), 400, "invalid_request", Some("/to")),
        ("{}".to_owned(), 400, "invalid_request", Some("/reference")),
        ("[".to_owned(), 400, "invalid_request", None),
    ];
    for (sent, status, code, pointer) in cases {
        let mut desk = credited(1);
        let reply = ask(&mut desk, "k", &sent);
        let told = body(&reply);
        assert_eq!((reply.status, told["code"].as_str()), (status, Some(code)), "{sent}: {told}");
        assert_eq!(told["errors"][0]["pointer"].as_str(), pointer, "{sent}");
        assert_eq!(available(&desk), 99_000_000);
        assert_eq!(desk.get("/v1/payouts")["data"], value!([]));
    }
    let mut desk = credited(1);
    let unkeyed = desk.call("POST", "/v1/payouts", &usdt("10.00"), &[]);
    assert_eq!(body(&unkeyed)["code"], "idempotency_key_missing");
    assert_eq!(desk.call("GET", "/v1/payouts/pyt_1", "", &[]).status, 404);
    assert_eq!(desk.call("GET", "/v1/payouts?after=1", "", &[]).status, 400);
}
