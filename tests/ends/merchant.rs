//! Merchants as profiles describe them: the sample, connected by a file as anybody's would be, and
//! a till of a few lines that runs already and has one fault of wiring.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::stage::EXE;

/// The sample merchant's profile.
const SAMPLE: &str = r#"version: 1
merchant:
  name: shop
  base_url: http://127.0.0.1:{port}
  webhook: {path: /webhooks/payments, signature: standard-webhooks}
  start:
    command: [EXE, sample-merchant]
    env:
      PORT: "{port}"
      DB: "{scratch}/shop.db"
      PAYMENTS_API: "{provider.url}"
      PAYMENTS_KEY: "{provider.api_key}"
      PAYMENTS_ACCOUNT: "{provider.account}"
      WEBHOOK_SECRET: "{webhook.secret}"
    ready: {http: /healthz, within: 20s}
    stop: {signal: TERM, within: 5s}
provider:
  rails: [usdt-tron, usdc-base, btc-bitcoin, xrp-xrpl]
drive:
  checkout: {http: {method: POST, path: /orders, json: {reference: "{reference}", amount: "{amount}", asset: "{asset}", network: "{network}"}}}
  reconcile: {http: {method: POST, path: /reconcile}}
policy: {under: park, forgery: refuse, replay_window: 5m, converge_within: 3s, quiet: 60ms, recover_within: 5s}
scope:
  absent: [refunds, payouts, disputes, vouchers, fiat-prices, client-prices, free-orders, return-page, claims, tenants, second-gateway, disabled-gateway, sandbox-door, pages, registration, alerts, attribution-tags]
  reason: "a shop that takes payments and does nothing else"
"#;

/// The profile with some of its text changed; every change finds its text.
#[track_caller]
pub fn sample(changes: &[(&str, &str)]) -> String {
    changes
        .iter()
        .fold(SAMPLE.to_owned(), |text, (from, to)| {
            assert!(text.contains(from), "`{from}` is not in the profile");
            text.replace(from, to)
        })
        .replace("EXE", EXE)
}

/// What a till does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quirk {
    /// It compares times of the body with its own clock.
    RefusesAhead,
    /// It shows amounts as JSON numbers.
    NumericAmount,
    /// The same, once it was told that a payment is confirmed.
    NumericAmountLater,
}

/// A merchant that runs already. It opens orders, accepts notifications, and applies none.
pub struct Till {
    pub profile: String,
    _runtime: tokio::runtime::Runtime,
}

struct Counter {
    quirk: Quirk,
    provider: String,
    orders: Mutex<BTreeSet<String>>,
    confirmed: Mutex<BTreeSet<String>>,
}

impl Till {
    pub fn open(quirk: Quirk) -> Self {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let provider = super::stage::free_port();
        let provider_url = format!("http://127.0.0.1:{provider}");
        let (orders, confirmed) = (Mutex::default(), Mutex::default());
        let counter = Counter { quirk, provider: provider_url, orders, confirmed };
        let app = Router::new()
            .route("/orders", post(check_out))
            .route("/w", post(notify))
            .route("/countersign/orders/{reference}", get(show))
            .with_state(Arc::new(counter));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0");
        let listener = runtime.block_on(listener).unwrap();
        let port = listener.local_addr().unwrap().port();
        runtime.spawn(async move { axum::serve(listener, app).await });
        let profile = format!(
            "version: 1\nmerchant: {{name: till, base_url: \"http://127.0.0.1:{port}\", webhook: \
             {{path: /w}}}}\nprovider: {{listen: \"127.0.0.1:{provider}\", api_key: sk_live_0123, \
             webhook_secret: whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3, rails: [usdt-tron]}}\n\
             drive: {{checkout: {{http: {{method: POST, path: /orders, json: {{reference: \
             \"{{reference}}\", amount: \"{{amount}}\", asset: USDT, network: tron}}}}}}}}\n"
        );
        Self { profile, _runtime: runtime }
    }
}

async fn check_out(State(counter): State<Arc<Counter>>, body: String) -> (StatusCode, String) {
    let order: Value = serde_json::from_str(&body).unwrap();
    let reference = order["reference"].as_str().unwrap().to_owned();
    let asked = reqwest::Client::new()
        .post(format!("{}/v1/payments", counter.provider))
        .bearer_auth("sk_live_0123")
        .header("idempotency-key", &reference)
        .header("content-type", "application/json")
        .body(body);
    let answer = asked.send().await.unwrap();
    let status = StatusCode::from_u16(answer.status().as_u16()).unwrap();
    counter.orders.lock().unwrap().insert(reference);
    (status, answer.text().await.unwrap())
}

async fn notify(State(counter): State<Arc<Counter>>, body: String) -> (StatusCode, &'static str) {
    let event: Value = serde_json::from_str(&body).unwrap();
    let occurred = OffsetDateTime::parse(event["occurred_at"].as_str().unwrap(), &Rfc3339).unwrap();
    let is_ahead = occurred > OffsetDateTime::now_utc() + time::Duration::DAY;
    if counter.quirk == Quirk::RefusesAhead && is_ahead {
        return (StatusCode::BAD_REQUEST, "from the future");
    }
    if event["type"] == "payment.confirmed" {
        let order = event["data"]["payment"]["reference"].as_str().unwrap().to_owned();
        counter.confirmed.lock().unwrap().insert(order);
    }
    (StatusCode::OK, "ok")
}

async fn show(
    State(counter): State<Arc<Counter>>,
    Path(order): Path<String>,
) -> (StatusCode, String) {
    if !counter.orders.lock().unwrap().contains(&order) {
        return (StatusCode::NOT_FOUND, String::new());
    }
    let posting = json!({
        "id": "p1", "kind": "credit", "amount": 25.5, "asset": "USDT", "payment_id": "pay_1",
    });
    let is_confirmed = counter.confirmed.lock().unwrap().contains(&order);
    let postings = match counter.quirk {
        Quirk::NumericAmount => vec![posting],
        Quirk::NumericAmountLater if is_confirmed => vec![posting],
        Quirk::NumericAmountLater | Quirk::RefusesAhead => Vec::new(),
    };
    let shown = json!({
        "reference": order, "state": "awaiting", "payment_ids": [], "fulfilments": 0,
        "postings": postings, "exceptions": [],
    });
    (StatusCode::OK, shown.to_string())
}
