//! A provider's own routes: the profile `kobbopay-observed`, in both directions.

use std::collections::BTreeMap;

use countersign::model::{SimTime, Trouble};
use countersign::provider::profile::builtin;
use countersign::provider::{ApiReply, ApiRequest};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha512;

use super::{Desk, KEY};

pub const ACCOUNT: &str = "acct_01J8Z3AAAA0000000000000000";

fn desk() -> Desk {
    Desk::with(|profile| *profile = builtin("kobbopay-observed").unwrap().clone())
}

/// A call as a client of that provider signs it.
fn signed(method: &str, path: &str, body: &str, key: &str) -> ApiRequest {
    signed_by(ACCOUNT, (method, path), body, key)
}

/// The same by another account.
pub fn signed_by(account: &str, (method, path): (&str, &str), body: &str, key: &str) -> ApiRequest {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    ApiRequest {
        method: method.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers: proof(account, body.as_bytes(), key),
        body: body.to_owned().into(),
    }
}

/// The headers by which a client of that provider proves a call with this body.
pub fn proof(account: &str, body: &[u8], key: &str) -> BTreeMap<String, String> {
    let stamp = "1767608128";
    let mut mac = Hmac::<Sha512>::new_from_slice(key.as_bytes()).unwrap();
    mac.update(stamp.as_bytes());
    mac.update(body);
    let proof = hex::encode(mac.finalize().into_bytes());
    let headers = [("apipublic", account), ("timestamp", stamp), ("signature", &proof)];
    headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

fn ask(desk: &mut Desk, method: &str, path: &str, body: &str) -> (u16, Value) {
    let reply = desk.provider.handle(&signed(method, path, body, KEY), desk.now, 1);
    (reply.status, read(&reply))
}

fn read(reply: &ApiReply) -> Value {
    serde_json::from_slice(&reply.body).unwrap()
}

const WISH: &str = r#"{"token":"USDTTRC","client_transaction_id":"INV-1"}"#;

#[test]
fn an_invoice_is_made_once_and_read() {
    let mut desk = desk();
    let (status, made) = ask(&mut desk, "POST", "/invoice/create", WISH);
    assert_eq!(status, 200, "{made}");
    assert!(made["receiver"].as_str().unwrap().starts_with('T'), "{made}");
    assert_eq!(made.get("dest_tag"), None);
    let again = signed("POST", "/invoice/create", WISH, KEY);
    assert!(desk.provider.can_meet(Trouble::InProgress, &again));
    let other = signed("POST", "/invoice/create", &WISH.replace("INV-1", "INV-2"), KEY);
    assert!(!desk.provider.can_meet(Trouble::InProgress, &other));
    let busy = desk.provider.spoil(Trouble::InProgress, &again, ApiReply::default());
    assert_eq!((busy.status, &read(&busy)["error"]), (409, &json!("idempotency_in_progress")));
    assert_eq!(ask(&mut desk, "POST", "/invoice/create", WISH).1, made);

    let tracker = made["tracker_id"].as_str().unwrap().to_owned();
    let payment = countersign::model::PaymentId::new(tracker.clone());
    let events = desk.provider.pay(&payment, 60_000_000, desk.now).unwrap();
    let (_, invoice) = ask(&mut desk, "GET", &format!("/invoice/{tracker}"), "");
    assert_eq!((&invoice["status"], &invoice["received"]), (&json!("Paid"), &json!("60.000000")));
    assert_eq!(invoice["client_transaction_id"], "INV-1");
    assert_eq!(invoice["transactions"][0]["status"], "ACCEPTED");
    assert_eq!(invoice["transactions"][0]["token"], "USDTTRC");
    let (_, found) = ask(&mut desk, "GET", "/invoices?client_transaction_id=INV-1", "");
    assert_eq!(found, json!([{"tracker_id": tracker, "client_transaction_id": "INV-1"}]));

    let event = &events[0];
    assert_eq!(event.wire_id, format!("payment:{tracker}:payment.paid"));
    assert_ne!(event.wire_id, event.id.as_str());
    let told: Value = serde_json::from_slice(&event.body).unwrap();
    let created_at: SimTime = told["createdAt"].as_str().unwrap().parse().unwrap();
    assert_eq!(created_at, event.occurred_at);
    let expected = json!({
        "event": "payment.paid", "paymentId": tracker, "orderId": "INV-1", "status": "Paid",
        "token": "USDTTRC", "amount": "60.000000", "receivedAmount": "60.000000",
        "hash": invoice["transactions"][0]["hash"], "createdAt": told["createdAt"],
    });
    assert_eq!(told, expected);
}

#[test]
fn calls_without_proof_and_without_a_route_are_refused_in_the_providers_form() {
    let mut desk = desk();
    let mut refused = |request: &ApiRequest, status: u16, code: &str| {
        let reply = desk.provider.handle(request, desk.now, 1);
        let told = read(&reply);
        assert_eq!((reply.status, told["error"].as_str()), (status, Some(code)), "{told}");
        assert!(told["message"].is_string() && reply.events.is_empty());
    };
    refused(&signed("POST", "/invoice/create", WISH, "another key"), 401, "unauthenticated");
    let mut altered = signed("POST", "/invoice/create", WISH, KEY);
    altered.body = WISH.replace("INV-1", "INV-2").into();
    refused(&altered, 401, "unauthenticated");
    let mut foreign = signed("POST", "/invoice/create", WISH, KEY);
    foreign.headers.insert("apipublic".to_owned(), "acct_2".to_owned());
    refused(&foreign, 401, "unauthenticated");
    let mut bare = signed("POST", "/invoice/create", WISH, KEY);
    bare.headers.clear();
    bare.headers.insert("x-api-key".to_owned(), "another key".to_owned());
    refused(&bare, 401, "unauthenticated");
    refused(&signed("POST", "/v1/payments", "{}", KEY), 404, "not_found");
    refused(&signed("GET", "/invoice/pay_none", "", KEY), 404, "payment_not_found");
    let unknown = WISH.replace("USDTTRC", "USDTXXX");
    refused(&signed("POST", "/invoice/create", &unknown, KEY), 422, "rail_unknown");
}

#[test]
fn trouble_is_told_in_the_form_of_the_provider() {
    let mut desk = desk();
    let (_, made) = ask(&mut desk, "POST", "/invoice/create", WISH);
    let tracker = made["tracker_id"].as_str().unwrap();
    let read_call = signed("GET", &format!("/invoice/{tracker}"), "", KEY);
    assert!(!desk.provider.can_meet(Trouble::Stale, &read_call), "nothing changed yet");
    let payment = countersign::model::PaymentId::new(tracker);
    desk.provider.pay(&payment, 60_000_000, desk.now).unwrap();

    assert!(desk.provider.can_meet(Trouble::Stale, &read_call));
    let before = desk.provider.spoil(Trouble::Stale, &read_call, ApiReply::default());
    let now = desk.provider.handle(&read_call, desk.now, 1);
    assert_eq!(
        (&read(&before)["status"], &read(&now)["status"]),
        (&json!("Pending"), &json!("Paid"))
    );
    let keys =
        |reply: &ApiReply| read(reply).as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&before), keys(&now));

    let failed = desk.provider.spoil(Trouble::Fails(503), &read_call, ApiReply::default());
    let expected = json!({"error": "temporarily_unavailable", "message": "try again in a moment"});
    assert_eq!((failed.status, read(&failed)), (503, expected));
    let cut = desk.provider.spoil(Trouble::Garbled, &read_call, now);
    assert!(serde_json::from_slice::<Value>(&cut.body).is_err());
}
