//! Statements: what is booked on which day, that days join, and that the sums are exact.

use countersign::model::{PaymentId, Span};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::transition::{Act, HUNDRED, act};
use super::{Desk, kinds};

const DAY: Span = Span::from_s(86_400);

fn statement(desk: &mut Desk, date: &str) -> Value {
    desk.get(&format!("/v1/statements/{date}?rail=usdt-tron"))
}

fn settled(desk: &mut Desk, reference: &str) -> PaymentId {
    let payment = desk.create(reference, "USDT", "tron", "100.00");
    for step in [Act::Pay(HUNDRED), Act::Mine, Act::Settle] {
        act(desk, &payment, step).unwrap();
    }
    payment
}

/// The column of every line.
fn column(statement: &Value, name: &str) -> Vec<String> {
    let lines = statement["lines"].as_array().unwrap().iter();
    lines.map(|line| line[name].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn a_payment_is_booked_with_its_fee_on_the_day_of_its_settlement() {
    let mut desk = Desk::new();
    let payment = settled(&mut desk, "INV-1");
    let read = desk.get(&format!("/v1/payments/{payment}"));
    let at = read["status_timeline"][3]["at"].clone();
    let shown = statement(&mut desk, "2026-01-05");
    let head = |name: &str| shown[name].clone();
    assert_eq!(head("statement_id"), "stm_2026-01-05_USDT-tron");
    assert_eq!((head("opening"), head("closing")), (json!("0.000000"), json!("99.000000")));
    assert_eq!((head("status"), head("revision")), (json!("open"), json!(1)));
    let totals = json!({"gross": "100.000000", "fees": "1.000000", "net": "99.000000", "lines": 2});
    assert_eq!(head("totals"), totals);
    let period = json!({
        "from": "2026-01-05T00:00:00.000Z", "to": "2026-01-06T00:00:00.000Z", "cutoff": "UTC",
    });
    assert_eq!(head("period"), period);

    let confirmed = &desk.provider.events_of(&payment)[2];
    assert_eq!(kinds(std::slice::from_ref(confirmed))[0].as_str(), "payment.confirmed");
    let line = &shown["lines"][0];
    let tail = payment.as_str().trim_start_matches("pay_");
    let expected = json!({
        "line_id": format!("ln_{tail}_payment_0"), "type": "payment", "category": "charge",
        "payment_id": payment.as_str(), "payout_id": null, "reference": "INV-1", "event_id": confirmed.id.as_str(),
        "tx": {"hash": read["transactions"][0]["hash"], "index": 0},
        "gross": "100.000000", "fee": "0.000000", "net": "100.000000",
        "price": null, "price_currency": null, "rate": null,
        "booked_at": at, "available_on": "2026-01-06", "status": "booked",
    });
    assert_eq!(*line, expected);
    assert_eq!(column(&shown, "type"), ["payment", "fee"]);
    assert_eq!(column(&shown, "net"), ["100.000000", "-1.000000"]);
}

#[test]
fn what_goes_back_is_booked_on_its_own_day_and_days_join() {
    let mut desk = Desk::new();
    let (first, second) = (settled(&mut desk, "INV-1"), settled(&mut desk, "INV-2"));
    // What went back before the settlement was never credited.
    let third = desk.create("INV-3", "USDT", "tron", "100.00");
    for step in [Act::Pay(HUNDRED), Act::Mine, Act::RefundPart(HUNDRED / 4), Act::CompleteRefund] {
        act(&mut desk, &third, step).unwrap();
    }
    act(&mut desk, &third, Act::Settle).unwrap();
    desk.pass(DAY);
    for step in [Act::RefundPart(HUNDRED / 2), Act::CompleteRefund] {
        act(&mut desk, &first, step).unwrap();
    }
    desk.pass(DAY);
    desk.pass(DAY);
    for step in [Act::OpenDispute, Act::LoseDispute] {
        act(&mut desk, &second, step).unwrap();
    }
    let days = ["2026-01-05", "2026-01-06", "2026-01-07", "2026-01-08"];
    let shown: Vec<_> = days.iter().map(|day| statement(&mut desk, day)).collect();
    let closings: Vec<_> = shown.iter().map(|day| day["closing"].as_str().unwrap()).collect();
    assert_eq!(closings, ["272.000000", "222.000000", "222.000000", "122.000000"]);
    let joined = shown.windows(2).all(|pair| pair[0]["closing"] == pair[1]["opening"]);
    assert!(joined);
    assert_eq!(column(&shown[0], "type"), ["payment", "fee", "payment", "fee", "payment", "fee"]);
    assert_eq!(column(&shown[0], "net")[4], "75.000000");
    assert_eq!(column(&shown[1], "type"), ["refund"]);
    assert_eq!(column(&shown[1], "net"), ["-50.000000"]);
    assert_eq!(column(&shown[3], "type"), ["reversal"]);
    let statuses: Vec<_> = shown.iter().map(|day| day["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["closed", "closed", "closed", "open"]);

    // Only days with bookings are listed; each has everything but the lines.
    let listed = desk.get("/v1/statements?rail=usdt-tron&limit=2");
    let head = |day: &Value| {
        let mut day = day.as_object().unwrap().clone();
        day.retain(|name, _| name != "lines" && name != "sha256");
        Value::Object(day)
    };
    assert_eq!(listed["data"], json!([head(&shown[0]), head(&shown[1])]));
    assert_eq!(listed["has_more"], true);
    let after = desk.get("/v1/statements?after=stm_2026-01-06_USDT-tron");
    assert_eq!((&after["data"], &after["has_more"]), (&json!([head(&shown[3])]), &json!(false)));
    assert_eq!(desk.get("/v1/statements?rail=xrp-xrpl")["data"], json!([]));
}

#[test]
fn a_statement_is_sealed_and_its_csv_has_the_same_lines() {
    let mut desk = Desk::new();
    settled(&mut desk, "INV-1");
    let shown = statement(&mut desk, "2026-01-05");
    let mut unsealed = shown.clone();
    unsealed.as_object_mut().unwrap().remove("sha256");
    unsealed.sort_all_objects();
    assert_eq!(shown["sha256"], hex::encode(Sha256::digest(unsealed.to_string())));
    assert_eq!(statement(&mut desk, "2026-01-05"), shown, "read twice, it is the same");

    let path = "/v1/statements/2026-01-05?rail=usdt-tron";
    let reply = desk.call("GET", path, "", &[("accept", "text/csv")]);
    let csv = String::from_utf8(reply.body).unwrap();
    let rows: Vec<Vec<&str>> =
        csv.split_terminator("\r\n").map(|row| row.split(',').collect()).collect();
    assert_eq!(rows.len(), 3, "a header and two lines");
    assert!(rows.iter().all(|row| row.len() == rows[0].len()));
    for (row, line) in rows[1..].iter().zip(shown["lines"].as_array().unwrap()) {
        for (name, cell) in rows[0].iter().zip(row) {
            let value = match *name {
                "tx_hash" => line["tx"]["hash"].as_str().unwrap_or_default().to_owned(),
                "tx_index" => line["tx"]["index"].as_u64().map_or(String::new(), |i| i.to_string()),
                name => line[name].as_str().unwrap_or_default().to_owned(),
            };
            assert_eq!(*cell, value, "{name}");
        }
    }
}

#[test]
fn what_is_no_statement() {
    let mut desk = Desk::new();
    for (path, status) in [
        ("/v1/statements/2026-01-05", 400),
        ("/v1/statements/2026-01-05?rail=usdc-base", 400),
        ("/v1/statements/2026-01-05?rail=nothing", 400),
        ("/v1/statements/2026-01-05?rail=usdt-tron&day=1", 400),
        ("/v1/statements/2026-01-06?rail=usdt-tron", 404),
        ("/v1/statements/2026-02-30?rail=usdt-tron", 404),
        ("/v1/statements/today?rail=usdt-tron", 404),
        ("/v1/statements?rail=nothing", 400),
    ] {
        assert_eq!(desk.call("GET", path, "", &[]).status, status, "{path}");
    }
    // A day before anything was booked is a day without lines.
    let empty = statement(&mut desk, "2025-12-31");
    assert_eq!((&empty["lines"], &empty["status"]), (&json!([]), &json!("closed")));
}
