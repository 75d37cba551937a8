//! A merchant of a few lines that runs already, sound but for one fault of its wiring.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use countersign::model::SimTime;
use countersign::signature::{Arrived, Secret, scheme};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::{Rfc2822, Rfc3339};

const SECRET: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3";
const KEY: &str = "sk_live_0123";

/// What is wrong with a till.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quirk {
    Sound,
    /// The address of the provider is another.
    CallsNobody,
    /// So is the key.
    OtherKey,
    /// The address has a path that it must not have.
    OtherPath,
    /// It asks for an asset that does not exist.
    OtherAsset,
    /// It makes up references of its own.
    OtherReference,
    /// The webhook stands behind a protection of forms.
    Csrf,
    /// The webhook moves requests to a path with a slash.
    Redirects,
    OtherSecret,
    TextAsKey,
    /// What is verified has been through a JSON parser and a JSON writer.
    Rewrites,
    /// What is verified has been read before.
    ReadsEmpty,
    /// Its clock is ten minutes behind.
    ClockBehind,
    /// It compares times of the body with its clock.
    RefusesAhead,
    /// It verifies nothing.
    Believes,
    ShowsNoOrder,
    ShowsHtml,
    ShowsNoState,
    /// A state that is in no table, from the beginning.
    UnmappedState,
    /// The same, once the order is paid.
    UnmappedLater,
    NumericAmount,
    EmptyLedger,
    NothingFulfilled,
    /// It answers 500 to what it should book.
    CannotBook,
}

/// A till, open for business.
pub struct Till {
    pub profile: String,
    _runtime: tokio::runtime::Runtime,
}

struct Counter {
    quirk: Quirk,
    provider: String,
    url: String,
    /// Reference → its events so far.
    orders: Mutex<BTreeMap<String, Vec<String>>>,
}

impl Till {
    pub fn open(quirk: Quirk) -> Self {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let free = || std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let provider = free().to_string();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let port = listener.local_addr().unwrap().port();
        let url = format!("http://127.0.0.1:{port}/w");
        let counter = Counter {
            quirk,
            provider: format!("http://{provider}"),
            url,
            orders: Mutex::default(),
        };
        let app = Router::new()
            .route("/orders", post(check_out))
            .route("/w", post(notify))
            .route("/countersign/orders/{reference}", get(show))
            .with_state(Arc::new(counter))
            .layer(axum::middleware::map_response(move |response| dated(quirk, response)));
        runtime.spawn(async move { axum::serve(listener, app).await });
        let profile = format!(
            r#"version: 1
merchant:
  name: till
  base_url: http://127.0.0.1:{port}
  webhook: {{path: /w}}
provider:
  listen: {provider}
  api_key: {KEY}
  webhook_secret: {SECRET}
  rails: [usdt-tron]
drive:
  checkout: {{http: {{path: /orders, json: {{reference: "{{reference}}", amount: "{{amount}}", asset: USDT, network: tron}}}}}}
policy: {{converge_within: 500ms, quiet: 60ms, recover_within: 500ms}}
"#
        );
        Self { profile, _runtime: runtime }
    }
}

async fn dated(quirk: Quirk, mut response: Response) -> Response {
    if quirk == Quirk::ClockBehind {
        let date = now(quirk).format(&Rfc2822).unwrap();
        response.headers_mut().insert(header::DATE, date.parse().unwrap());
    }
    response
}

fn now(quirk: Quirk) -> OffsetDateTime {
    let behind = if quirk == Quirk::ClockBehind { 10 } else { 0 };
    OffsetDateTime::now_utc() - time::Duration::minutes(behind)
}

async fn check_out(State(counter): State<Arc<Counter>>, body: String) -> Response {
    let mut order: Value = serde_json::from_str(&body).unwrap();
    let reference = order["reference"].as_str().unwrap().to_owned();
    let quirk = counter.quirk;
    if quirk == Quirk::OtherReference {
        order["reference"] = "ORDER-1".into();
    }
    if quirk == Quirk::OtherAsset {
        order["asset"] = "USDX".into();
    }
    let key = if quirk == Quirk::OtherKey { "sk_live_of_somebody" } else { KEY };
    let url = match quirk {
        Quirk::CallsNobody => "http://127.0.0.1:9/v1/payments".to_owned(),
        Quirk::OtherPath => format!("{}/v1/v1/payments", counter.provider),
        _ => format!("{}/v1/payments", counter.provider),
    };
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let asked = client.post(url).header("x-api-key", key).header("idempotency-key", &reference);
    match asked.json(&order).send().await {
        Ok(answer) if answer.status().is_success() => {
            counter.orders.lock().unwrap().insert(reference, Vec::new());
            (StatusCode::CREATED, "opened").into_response()
        }
        Ok(_) | Err(_) => (StatusCode::BAD_GATEWAY, "no payment today").into_response(),
    }
}

/// Whether the till takes the message for the provider's.
fn verified(counter: &Counter, headers: &HeaderMap, body: &str) -> bool {
    let quirk = counter.quirk;
    let seen = match quirk {
        Quirk::Rewrites => {
            let document: Value = serde_json::from_str(body).unwrap();
            document.to_string().replace("\":", "\": ").replace(",\"", ", \"")
        }
        Quirk::ReadsEmpty => String::new(),
        _ => body.to_owned(),
    };
    let secret = match quirk {
        Quirk::OtherSecret => "whsec_YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnc=".to_owned(),
        // The key is what was to be decoded; a library that decodes is given it encoded.
        Quirk::TextAsKey => {
            use base64::Engine;
            base64::engine::general_purpose::STANDARD.encode(SECRET)
        }
        _ => SECRET.to_owned(),
    };
    let pairs = headers.iter().map(|(name, value)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    });
    let headers: Vec<_> = pairs.collect();
    let arrived =
        Arrived { headers: &headers, url: &counter.url, method: "POST", body: seen.as_bytes() };
    let ms = i64::try_from(now(quirk).unix_timestamp_nanos() / 1_000_000).unwrap();
    let scheme = scheme("standard-webhooks").unwrap();
    scheme.verify(&[Secret::new(secret)], &arrived, SimTime::from_unix_ms(ms)).is_ok()
}

async fn notify(State(counter): State<Arc<Counter>>, headers: HeaderMap, body: String) -> Response {
    let quirk = counter.quirk;
    if quirk == Quirk::Csrf {
        return (StatusCode::FORBIDDEN, "CSRF verification failed").into_response();
    }
    if quirk == Quirk::Redirects {
        return (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, "/w/")]).into_response();
    }
    if quirk != Quirk::Believes && !verified(&counter, &headers, &body) {
        return (StatusCode::UNAUTHORIZED, "not by the provider").into_response();
    }
    let event: Value = serde_json::from_str(&body).unwrap();
    let occurred = OffsetDateTime::parse(event["occurred_at"].as_str().unwrap(), &Rfc3339).unwrap();
    if quirk == Quirk::RefusesAhead && occurred > now(quirk) + time::Duration::DAY {
        return (StatusCode::BAD_REQUEST, "from the future").into_response();
    }
    let kind = event["type"].as_str().unwrap().to_owned();
    if quirk == Quirk::CannotBook && kind == "payment.confirmed" {
        return (StatusCode::INTERNAL_SERVER_ERROR, "no such table: postings").into_response();
    }
    let reference = event["data"]["payment"]["reference"].as_str().unwrap();
    if let Some(events) = counter.orders.lock().unwrap().get_mut(reference) {
        events.push(kind);
    }
    StatusCode::OK.into_response()
}

async fn show(State(counter): State<Arc<Counter>>, Path(reference): Path<String>) -> Response {
    let quirk = counter.quirk;
    if quirk == Quirk::ShowsHtml {
        return "<h1>Please log in</h1>".into_response();
    }
    let orders = counter.orders.lock().unwrap();
    let Some(events) = orders.get(&reference).filter(|_| quirk != Quirk::ShowsNoOrder) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let was = |kind: &str| events.iter().any(|event| event == kind);
    let is_paid = was("payment.confirmed");
    let state = match (is_paid, was("payment.paid")) {
        (true, _) if quirk == Quirk::UnmappedLater => "complete",
        (true, _) => "paid",
        (false, true) => "provisional",
        (false, false) if quirk == Quirk::UnmappedState => "new",
        (false, false) => "awaiting",
    };
    let amount = if quirk == Quirk::NumericAmount { json!(25) } else { json!("25.00") };
    let posting = json!({"id": reference, "kind": "credit", "amount": amount, "asset": "USDT"});
    let is_booked = is_paid && quirk != Quirk::EmptyLedger;
    let fulfilments = i32::from(is_paid && quirk != Quirk::NothingFulfilled);
    let mut shown = json!({
        "reference": reference, "state": state, "payment_ids": [], "fulfilments": fulfilments,
        "postings": if is_booked { vec![posting] } else { Vec::new() }, "exceptions": [],
    });
    if quirk == Quirk::ShowsNoState {
        shown.as_object_mut().unwrap().remove("state");
    }
    axum::Json(shown).into_response()
}
