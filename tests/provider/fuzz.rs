//! Whatever bytes come as a call: the service answers, within its description, and nothing that it
//! refuses leaves a trace.

use std::collections::BTreeMap;

use countersign::model::{PaymentId, Span, rail_by_asset_network};
use countersign::provider::profile::builtin;
use countersign::provider::{ApiReply, ApiRequest, Keyring};
use countersign::signature;
use proptest::prelude::*;
use serde_json::Value;

use super::books::{check_books, check_money};
use super::breaking::{Change, change, run};
use super::{Desk, KEY, PARTITION, described, routes};

/// Right calls: method, path, query, body. What stands in braces is something that exists.
const CALLS: &[(&str, &str, &str, &str)] = &[
    (
        "POST",
        "/v1/payments",
        "",
        r#"{"reference":"INV-1","asset":"USDT","network":"tron","amount":"250.00"}"#,
    ),
    (
        "POST",
        "/v1/payments",
        "",
        r#"{"reference":"INV-2","asset":"XRP","network":"xrpl","price":{"amount":"250.00","currency":"USD"},"expires_in_s":1200,"metadata":{"cart":"81","a":[1.50,{"b":"\u00e9"}]}}"#,
    ),
    ("GET", "/v1/payments", "reference=INV-1&status=pending&limit=5", ""),
    ("GET", "/v1/payments", "after={payment}", ""),
    ("GET", "/v1/payments/{payment}", "", ""),
    ("GET", "/v1/public/payments/{payment}", "", ""),
    ("POST", "/v1/payments/{payment}/cancel", "", "{}"),
    (
        "POST",
        "/v1/payments/{payment}/refunds",
        "",
        r#"{"amount":"1.50","destination":{"address":"TJRabPrwbZy45sbavfcjinPJC18kjpRTv8","tag":null},"reason":"returned"}"#,
    ),
    ("POST", "/v1/payments/{payment}/refunds", "", ""),
    ("GET", "/v1/refunds/{refund}", "", ""),
    (
        "POST",
        "/v1/payouts",
        "",
        r#"{"reference":"OUT-1","amount":"2.00","asset":"USDT","network":"tron","destination":{"address":"TJRabPrwbZy45sbavfcjinPJC18kjpRTv8"}}"#,
    ),
    ("GET", "/v1/payouts", "reference=OUT-1", ""),
    ("GET", "/v1/payouts/{payout}", "", ""),
    ("GET", "/v1/events", "payment_id={payment}&type=payment.paid&limit=100", ""),
    ("GET", "/v1/events", "after={event}", ""),
    ("POST", "/v1/events/{event}/redeliver", "", ""),
    (
        "POST",
        "/v1/webhook_endpoints",
        "",
        r#"{"url":"https://shop.example/hooks","events":["payment.paid","payment.confirmed"]}"#,
    ),
    ("GET", "/v1/webhook_endpoints", "", ""),
    ("GET", "/v1/webhook_endpoints/{endpoint}", "", ""),
    ("POST", "/v1/webhook_endpoints/{endpoint}/rotate", "", r#"{"overlap_s":3600}"#),
    ("POST", "/v1/webhook_endpoints/{endpoint}/test", "", ""),
    ("DELETE", "/v1/webhook_endpoints/{endpoint}", "", ""),
    ("GET", "/v1/rails", "", ""),
    ("GET", "/v1/statements", "rail=usdt-tron", ""),
    ("GET", "/v1/statements/2026-01-05", "rail=usdt-tron", ""),
    ("GET", "/openapi.json", "", ""),
];

/// Right calls at a provider with routes of its own.
const FOREIGN_CALLS: &[(&str, &str, &str, &str)] = &[
    ("POST", "/invoice/create", "", r#"{"token":"USDTTRC","client_transaction_id":"INV-1"}"#),
    ("GET", "/invoice/{payment}", "", ""),
    ("GET", "/invoices", "client_transaction_id=INV-1", ""),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Method,
    Path,
    Query,
    Key,
    IdempotencyKey,
    Accept,
    Body,
}

const PARTS: &[Part] = &[
    Part::Method,
    Part::Path,
    Part::Query,
    Part::Key,
    Part::IdempotencyKey,
    Part::Accept,
    Part::Body,
    Part::Body,
    Part::Body,
    Part::Body,
];

#[derive(Debug, Clone)]
struct Wish {
    call: usize,
    /// Which of the things that exist.
    item: usize,
    key: u8,
    changes: Vec<(Part, Change)>,
    wait_ms: u64,
}

fn wishes(calls: usize) -> impl Strategy<Value = Vec<Wish>> {
    let part = prop::sample::select(PARTS);
    let changes = prop_oneof![
        3 => Just(Vec::new()),
        5 => prop::collection::vec((part.clone(), change()), 1),
        2 => prop::collection::vec((part, change()), 2..4),
    ];
    let wait = prop_oneof![4 => Just(0u64), 1 => 0u64..2_000_000, 1 => Just(90_000_000)];
    let wish = (0..calls, 0usize..8, any::<u8>(), changes, wait);
    let wish = wish.prop_map(|(call, item, key, changes, wait_ms)| Wish {
        call,
        item,
        key,
        changes,
        wait_ms,
    });
    prop::collection::vec(wish, 1..40)
}

/// A service where something of everything exists, and what it is.
struct Place {
    desk: Desk,
    payments: Vec<PaymentId>,
    items: BTreeMap<&'static str, Vec<String>>,
}

impl Place {
    /// With endpoints of its own as in a sandbox, or without as in a run.
    fn new(has_endpoints: bool) -> Self {
        let scheme = signature::scheme("standard-webhooks").unwrap();
        let keyring = has_endpoints.then(|| Keyring::new([7; 32], scheme, None));
        let mut desk = Desk::furnished(|_| {}, keyring);
        let tron = rail_by_asset_network("USDT", "tron").unwrap();
        let mut payments = Vec::new();
        for (number, atoms) in [0, 100_000_000, 100_000_000, 250_000_000].into_iter().enumerate() {
            let id = desk.create(&format!("OLD-{number}"), "USDT", "tron", "100.00");
            if atoms > 0 {
                desk.provider.pay(&id, atoms, desk.now).unwrap();
            }
            if number > 1 {
                desk.mine_missing(&id);
                desk.provider.settle(&id, desk.now).unwrap();
            }
            payments.push(id);
        }
        assert!(desk.provider.available(tron) > 0);
        let (refund, _) = desk.provider.refund(&payments[3], 1_000_000, desk.now).unwrap();
        let event = desk.provider.events_of(&payments[1])[0].id.to_string();
        let mut items = BTreeMap::from([("{refund}", vec![refund]), ("{event}", vec![event])]);
        items.insert("{payment}", payments.iter().map(PaymentId::to_string).collect());
        Self { desk, payments, items }
    }

    fn filled(&self, text: &str, item: usize) -> String {
        let Some((before, rest)) = text.split_once('{') else { return text.to_owned() };
        let (name, after) = rest.split_once('}').unwrap();
        let known = self.items.get(format!("{{{name}}}").as_str());
        let found = known.map_or("none", |known| known[item % known.len()].as_str());
        format!("{before}{found}{after}")
    }

    fn request(&self, calls: &[(&str, &str, &str, &str)], wish: &Wish) -> ApiRequest {
        let (method, path, query, body) = calls[wish.call];
        let mut parts = BTreeMap::from([
            (Part::Method, method.to_owned().into_bytes()),
            (Part::Path, self.filled(path, wish.item).into_bytes()),
            (Part::Query, self.filled(query, wish.item).into_bytes()),
            (Part::Key, KEY.to_owned().into_bytes()),
            (Part::IdempotencyKey, format!("key-{}", wish.key).into_bytes()),
            (Part::Accept, b"*/*".to_vec()),
            (Part::Body, body.to_owned().into_bytes()),
        ]);
        for (part, change) in &wish.changes {
            change.apply(parts.get_mut(part).unwrap());
        }
        let text = |part| String::from_utf8_lossy(&parts[&part]).into_owned();
        let headers = [
            ("x-api-key", text(Part::Key)),
            ("idempotency-key", text(Part::IdempotencyKey)),
            ("accept", text(Part::Accept)),
        ];
        ApiRequest {
            method: text(Part::Method),
            path: text(Part::Path),
            query: text(Part::Query),
            headers: headers.map(|(name, value)| (name.to_owned(), value)).into(),
            body: parts[&Part::Body].clone().into(),
        }
    }

    /// Answers, and remembers what came into being.
    fn ask(&mut self, request: &ApiRequest) -> ApiReply {
        let _ = self.desk.provider.subject(request);
        let reply = self.desk.provider.handle(request, self.desk.now, PARTITION);
        assert!(reply.status < 400 || reply.events.is_empty(), "a refusal announces nothing");
        let told: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
        if let Some(id) = told["id"].as_str().filter(|_| reply.status == 201) {
            let names = [
                ("pay_", "{payment}"),
                ("rfd_", "{refund}"),
                ("pyt_", "{payout}"),
                ("whe_", "{endpoint}"),
            ];
            let name = names.iter().find(|(prefix, _)| id.starts_with(prefix)).unwrap().1;
            self.items.entry(name).or_default().push(id.to_owned());
            self.payments.extend((name == "{payment}").then(|| PaymentId::new(id)));
        }
        reply
    }

    /// What was there before and what came since is sound, and the service goes on.
    fn check(&mut self) {
        for payment in self.payments.clone().iter().rev().take(3) {
            let (truth, read) =
                (self.desk.truth(payment), self.desk.get(&format!("/v1/payments/{payment}")));
            check_money(&truth, &read, self.desk.provider.habits(PARTITION).counts);
            check_books(&mut self.desk, &read);
        }
        self.desk.create("AFTERWARDS", "BTC", "bitcoin", "1");
    }
}

/// What was accepted was understood: the answer says what the body asked for.
fn check_understood(request: &ApiRequest, reply: &ApiReply) {
    if !matches!(reply.status, 200..300) || request.method != "POST" || request.body.is_empty() {
        return;
    }
    let asked: Value = serde_json::from_slice(&request.body).unwrap();
    assert!(described::allows(request, &asked), "{asked:#}");
    let told: Value = serde_json::from_slice(&reply.body).unwrap();
    let is_replay = reply.headers.iter().any(|(name, _)| name == "idempotency-replayed");
    if request.path != "/v1/payments" || is_replay {
        return;
    }
    let rail =
        rail_by_asset_network(asked["asset"].as_str().unwrap(), asked["network"].as_str().unwrap());
    assert_eq!(told["reference"], asked["reference"]);
    assert_eq!(told["rail"]["id"], rail.unwrap().id);
    if let Some(amount) = asked["amount"].as_str() {
        let due = rail.unwrap().asset.parse(amount).unwrap();
        assert_eq!(told["amount"]["due"], due.amount());
    }
    if asked.get("metadata").is_some() {
        assert_eq!(told["metadata"], asked["metadata"]);
    }
}

#[test]
fn whatever_comes_as_a_call_is_answered_and_leaves_sound_books() {
    let strategy = (any::<bool>(), wishes(CALLS.len()));
    run("the API", &strategy, |(has_endpoints, wishes), tally| {
        let mut place = Place::new(has_endpoints);
        for wish in &wishes {
            place.desk.pass(Span::from_ms(wish.wait_ms));
            let request = place.request(CALLS, wish);
            let reply = place.ask(&request);
            described::check_reply(&request, &reply);
            reply.events.iter().for_each(described::check_event);
            check_understood(&request, &reply);
            tally.count(&wish.changes, reply.status);
        }
        place.check();
    });
}

#[test]
fn whatever_comes_at_routes_of_another_provider_is_answered() {
    let profile = builtin("kobbopay-observed").unwrap();
    run("routes of another provider", &wishes(FOREIGN_CALLS.len()), |wishes, tally| {
        let mut place = Place::new(false);
        place.desk = Desk::with(|of| *of = profile.clone());
        for wish in &wishes {
            place.desk.pass(Span::from_ms(wish.wait_ms));
            let mut request = place.request(FOREIGN_CALLS, wish);
            request.headers = routes::proof(routes::ACCOUNT, &request.body, KEY);
            let reply = place.ask(&request);
            let told: Value = serde_json::from_slice(&reply.body).unwrap();
            assert!(matches!(reply.status, 200 | 400..500), "{} {told}", reply.status);
            assert_eq!(reply.status >= 400, told["error"].is_string(), "{told}");
            if let Some(id) = told["tracker_id"].as_str() {
                place.items.insert("{payment}", vec![id.to_owned()]);
            }
            tally.count(&wish.changes, reply.status);
        }
    });
}
