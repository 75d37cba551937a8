//! Calls that undo: cancel, refunds, and what each refuses.

use countersign::model::{EventKind, PaymentId, Status};
use countersign::provider::ApiReply;
use serde_json::{Value, json as value};

use super::transition::{Act, HUNDRED, act};
use super::{Desk, json, kinds};

fn body(reply: &ApiReply) -> Value {
    serde_json::from_slice(&reply.body).unwrap()
}

fn after(acts: &[Act]) -> (Desk, PaymentId) {
    let mut desk = Desk::new();
    let payment = desk.hundred();
    for step in acts {
        act(&mut desk, &payment, *step).unwrap();
    }
    (desk, payment)
}

fn refund(desk: &mut Desk, payment: &PaymentId, key: &str, body: &str) -> ApiReply {
    let path = format!("/v1/payments/{payment}/refunds");
    desk.call("POST", &path, body, &[("idempotency-key", key)])
}

const FINAL: &[Act] = &[Act::Pay(HUNDRED), Act::Mine];

#[test]
fn what_is_pending_is_cancelled_once() {
    let (mut desk, payment) = after(&[]);
    let path = format!("/v1/payments/{payment}/cancel");
    let reply = desk.call("POST", &path, "", &[]);
    assert_eq!((reply.status, kinds(&reply.events)), (200, vec![EventKind::Cancelled]));
    assert_eq!(body(&reply)["status"], "cancelled");
    assert_eq!(body(&reply), desk.get(&format!("/v1/payments/{payment}")));
    assert_eq!(desk.call("POST", &path, "{}", &[]).status, 409);
    for (acts, sent, status, code) in [
        (&[Act::Pay(1)][..], "", 409, "payment_not_cancellable"),
        (FINAL, "", 409, "payment_not_cancellable"),
        (&[], r#"{"reason":"x"}"#, 400, "invalid_request"),
        (&[], "[]", 400, "invalid_request"),
    ] {
        let (mut desk, payment) = after(acts);
        let before = desk.truth(&payment);
        let reply = desk.call("POST", &format!("/v1/payments/{payment}/cancel"), sent, &[]);
        assert_eq!((reply.status, body(&reply)["code"].as_str()), (status, Some(code)), "{sent}");
        assert_eq!(desk.truth(&payment), before);
    }
    assert_eq!(desk.call("POST", "/v1/payments/pay_0/cancel", "", &[]).status, 404);
    let reply = desk.call("GET", &path, "", &[]);
    assert_eq!(reply.status, 405);
    assert!(reply.headers.contains(&("allow".to_owned(), "POST".to_owned())));
}

#[test]
fn a_refund_goes_its_way() {
    let (mut desk, payment) = after(FINAL);
    let reply = refund(&mut desk, &payment, "k1", r#"{"amount":"60.00","reason":"returned"}"#);
    assert_eq!((reply.status, kinds(&reply.events)), (201, vec![EventKind::RefundCreated]));
    let made = body(&reply);
    let id = made["id"].as_str().unwrap().to_owned();
    let read = desk.get(&format!("/v1/payments/{payment}"));
    // Back to where it came from, where nothing else is said.
    let expected = value!({
        "id": id, "payment_id": payment.as_str(), "amount": "60.000000", "asset": "USDT",
        "status": "pending", "created_at": desk.now.to_string(),
        "destination": {"address": read["transactions"][0]["from"], "tag": null},
    });
    assert_eq!(made, expected);
    assert_eq!(read["refunds"], value!([made]));
    assert_eq!(desk.get(&format!("/v1/refunds/{id}")), made);
    assert!(reply.headers.contains(&("location".to_owned(), format!("/v1/refunds/{id}"))));

    desk.provider.start_refund(&id, desk.now).unwrap();
    assert_eq!(desk.get(&format!("/v1/refunds/{id}"))["status"], "processing");
    let events = desk.provider.complete_refund(&id, desk.now).unwrap();
    assert_eq!(kinds(&events), [EventKind::RefundCompleted]);
    let said = json(&events[0]);
    assert_eq!(said["data"]["refund"]["status"], "completed");
    assert_eq!(said["data"]["payment"]["amount"]["refunded"], "60.000000");
    assert_eq!(said["data"]["payment"]["status"], "confirmed");

    // The rest, without a body; then the payment is refunded.
    let rest = refund(&mut desk, &payment, "k2", "");
    assert_eq!(body(&rest)["amount"], "40.000000");
    let id = body(&rest)["id"].as_str().unwrap().to_owned();
    let events = desk.provider.complete_refund(&id, desk.now).unwrap();
    let payment_said = &json(&events[0])["data"]["payment"];
    assert_eq!(
        (kinds(&events), &payment_said["status"]),
        (vec![EventKind::RefundCompleted], &value!("refunded"))
    );
    assert_eq!(desk.truth(&payment).status, Status::Refunded);
    assert_eq!(refund(&mut desk, &payment, "k3", "").status, 409);

    // A key answers what it answered, and moves nothing.
    let replay = refund(&mut desk, &payment, "k1", r#"{"reason":"returned", "amount":"60.00"}"#);
    assert_eq!((replay.status, body(&replay), replay.events.len()), (201, made, 0));
    assert!(replay.headers.contains(&("idempotency-replayed".to_owned(), "true".to_owned())));
}

#[test]
fn what_failed_is_free_again() {
    let (mut desk, payment) = after(FINAL);
    let id = body(&refund(&mut desk, &payment, "k1", ""))["id"].as_str().unwrap().to_owned();
    assert_eq!(refund(&mut desk, &payment, "k2", "").status, 409);
    let events = desk.provider.fail_refund(&id, desk.now).unwrap();
    assert_eq!(json(&events[0])["data"]["refund"]["status"], "failed");
    assert_eq!(refund(&mut desk, &payment, "k3", "").status, 201);
}

#[test]
fn what_a_refund_refuses() {
    let late: &[Act] = &[Act::Deadline, Act::Pay(HUNDRED)];
    for (acts, sent, status, code, pointer) in [
        (&[][..], "", 409, "refund_not_allowed", None),
        (&[Act::Pay(HUNDRED)], "", 409, "refund_not_allowed", None),
        (late, r#"{"amount":"100.000001"}"#, 422, "refund_exceeds_balance", None),
        (FINAL, r#"{"amount":"0.00"}"#, 422, "amount_below_minimum", None),
        (FINAL, r#"{"amount":60}"#, 400, "amount_not_string", Some("/amount")),
        (FINAL, r#"{"amount":"1.0000001"}"#, 422, "amount_precision", Some("/amount")),
        (FINAL, r#"{"sum":"1"}"#, 400, "invalid_request", Some("/sum")),
        (FINAL, r#"{"reason":1}"#, 400, "invalid_request", Some("/reason")),
        (FINAL, r#"{"destination":"T1"}"#, 400, "invalid_request", Some("/destination")),
        (FINAL, r#"{"destination":{}}"#, 400, "invalid_request", Some("/destination/address")),
        (
            FINAL,
            r#"{"destination":{"address":"T1","tag":-1}}"#,
            400,
            "invalid_request",
            Some("/destination/tag"),
        ),
        (FINAL, "{", 400, "invalid_request", None),
    ] {
        let (mut desk, payment) = after(acts);
        let before = desk.truth(&payment);
        let reply = refund(&mut desk, &payment, "k", sent);
        let told = body(&reply);
        assert_eq!((reply.status, told["code"].as_str()), (status, Some(code)), "{sent}: {told}");
        assert_eq!(told["errors"][0]["pointer"].as_str(), pointer, "{sent}");
        assert_eq!(desk.truth(&payment), before);
    }
    let (mut desk, payment) = after(FINAL);
    let path = format!("/v1/payments/{payment}/refunds");
    assert_eq!(body(&desk.call("POST", &path, "", &[]))["code"], "idempotency_key_missing");
    assert_eq!(desk.call("GET", "/v1/refunds/rfd_1", "", &[]).status, 404);
    let nobody = PaymentId::new("pay_1");
    assert_eq!(refund(&mut desk, &nobody, "k", "").status, 404);
}

#[test]
fn where_tags_tell_payers_apart_a_destination_needs_one() {
    let mut desk = Desk::new();
    let payment = desk.create("INV-1", "XRP", "xrpl", "100.00");
    desk.provider.pay(&payment, HUNDRED, desk.now).unwrap();
    desk.mine_missing(&payment);
    let untagged = refund(&mut desk, &payment, "k1", r#"{"destination":{"address":"r1"}}"#);
    assert_eq!(body(&untagged)["code"], "destination_tag_required");
    let tagged = r#"{"destination":{"address":"r1","tag":7}}"#;
    let reply = refund(&mut desk, &payment, "k2", tagged);
    assert_eq!(body(&reply)["destination"], value!({"address": "r1", "tag": 7}));
}
