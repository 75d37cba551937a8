//! Whatever bytes come at the listener of merchants or of the operator: they are answered, and the
//! service goes on.

use std::cell::Cell;
use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::breaking::{Change, change, run};
use super::hostile::answered;
use super::{KEY, Service};

/// Right calls: at which listener, method, target, body. What stands in braces is something that
/// exists.
const CALLS: &[(Listener, &str, &str, &str)] = &[
    (Listener::Merchants, "POST", "/v1/payments", ORDER),
    (Listener::Merchants, "GET", "/v1/payments?reference=INV-1&limit=5", ""),
    (Listener::Merchants, "GET", "/v1/public/payments/{payment}", ""),
    (Listener::Operator, "GET", "/api/status", ""),
    (Listener::Operator, "GET", "/api/payments?mode=test&limit=5", ""),
    (Listener::Operator, "GET", "/api/payments/{payment}", ""),
    (Listener::Operator, "GET", "/api/deliveries?limit=5", ""),
    (Listener::Operator, "POST", "/api/payments/{payment}/pay", r#"{"amount":"1.50"}"#),
    (Listener::Operator, "POST", "/api/payments/{payment}/mine", r#"{"blocks":3}"#),
    (Listener::Operator, "POST", "/api/payments/{payment}/replace", r#"{"amount":"250.00"}"#),
    (Listener::Operator, "POST", "/api/payments/{payment}/test", ""),
    (Listener::Operator, "POST", "/api/clock/advance", r#"{"by":"3s"}"#),
    (Listener::Operator, "POST", "/api/deliveries/hold", r#"{"on":true}"#),
    (Listener::Operator, "POST", "/api/deliveries/{event}/redeliver", ""),
    (Listener::Operator, "POST", "/api/endpoints/{endpoint}/test", ""),
    (Listener::Operator, "POST", "/api/keys", r#"{"scopes":["payments:read"]}"#),
    (
        Listener::Operator,
        "POST",
        "/api/statements/usdt-tron/2026-01-05/misstate?mode=test",
        r#"{"fault":"missing_line"}"#,
    ),
    (Listener::Operator, "POST", "/api/statements/usdt-tron/2026-01-05/correct", ""),
    (Listener::Operator, "POST", "/api/faults", CALM),
];

const ORDER: &str = r#"{"reference":"INV-1","asset":"USDT","network":"tron","amount":"250.00"}"#;

/// No trouble at all.
const CALM: &str = r#"{"trouble":"fails","status":503,"calls":0}"#;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Listener {
    Merchants,
    Operator,
}

#[derive(Debug, Clone, Copy)]
enum Part {
    Target,
    Body,
    /// Everything, with a content length that fits no more.
    Message,
}

#[derive(Debug, Clone)]
struct Wish {
    call: usize,
    changes: Vec<(Part, Change)>,
}

fn wishes() -> impl Strategy<Value = Vec<Wish>> {
    let part = prop::sample::select(&[Part::Target, Part::Body, Part::Body, Part::Message]);
    let changes = prop_oneof![
        3 => Just(Vec::new()),
        6 => prop::collection::vec((part.clone(), change()), 1),
        1 => prop::collection::vec((part, change()), 2..4),
    ];
    let wish = (0..CALLS.len(), changes).prop_map(|(call, changes)| Wish { call, changes });
    prop::collection::vec(wish, 1..12)
}

impl Wish {
    fn message(&self, known: &BTreeMap<&str, String>) -> Vec<u8> {
        let (_, method, target, body) = CALLS[self.call];
        let known = known.iter();
        let target =
            known.fold(target.to_owned(), |target, (name, id)| target.replace(name, id.as_str()));
        let (mut target, mut body) = (target.into_bytes(), body.to_owned().into_bytes());
        for (part, change) in &self.changes {
            match part {
                Part::Target => change.apply(&mut target),
                Part::Body => change.apply(&mut body),
                Part::Message => {}
            }
        }
        let head = format!(
            " HTTP/1.1\r\nhost: localhost\r\nx-api-key: {KEY}\r\nidempotency-key: k\r\n\
             content-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            body.len()
        );
        let mut message =
            [method.as_bytes(), b" ", &target, head.as_bytes(), body.as_slice()].concat();
        for (part, change) in &self.changes {
            if matches!(part, Part::Message) {
                change.apply(&mut message);
            }
        }
        message
    }
}

/// The status of an answer that is sound; none where the bytes were no request at all.
fn check(answer: &str) -> Option<u16> {
    let (head, rest) = answer.split_once("\r\n\r\n")?;
    // The version is that of the request.
    let status: u16 = head.strip_prefix("HTTP/1.").and_then(|of| of[2..5].parse().ok()).unwrap();
    assert!(matches!(status, 200..500), "{answer}");
    // Below HTTP there is nobody who writes problems.
    let is_bare = head.contains("content-length: 0") && [400, 414, 431].contains(&status);
    if status >= 400 && !is_bare {
        assert!(head.contains("content-type: application/problem+json"), "{answer}");
        // There may be a second answer: to what was behind the request.
        let mut problems = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
        assert_eq!(problems.next().unwrap().unwrap()["status"], status, "{answer}");
    }
    Some(status)
}

/// One of everything; the payment is a new one, because what is shown of one grows with what befell
/// it.
async fn furnished(service: &Service, number: usize) -> BTreeMap<&'static str, String> {
    let get = async |path: &str| {
        service.merchant(reqwest::Method::GET, path, "", &json!({})).await.unwrap().2
    };
    let id = |of: &Value| of["id"].as_str().unwrap().to_owned();
    let payment = id(&service.create(&format!("NEW-{number}")).await.unwrap().2);
    let events = get(&format!("/v1/events?payment_id={payment}")).await;
    let hooks = json!({"url": "http://127.0.0.1:9/hooks", "events": ["*"]});
    let made = service.merchant(reqwest::Method::POST, "/v1/webhook_endpoints", "e", &hooks);
    let endpoint = id(&made.await.unwrap().2);
    let event = id(&events["data"][0]);
    [("{payment}", payment), ("{event}", event), ("{endpoint}", endpoint)].into()
}

#[test]
fn whatever_comes_at_either_listener_is_answered() {
    let runtime = Runtime::new().unwrap();
    let service = runtime.block_on(Service::start(&[]));
    let began = Cell::new(0);
    run("both listeners", &wishes(), |wishes, tally| {
        began.set(began.get() + 1);
        let known = runtime.block_on(furnished(&service, began.get()));
        for wish in &wishes {
            let base = match CALLS[wish.call].0 {
                Listener::Merchants => &service.api,
                Listener::Operator => &service.control,
            };
            let answer = runtime.block_on(answered(base, &wish.message(&known)));
            tally.count(&wish.changes, check(&answer).unwrap_or(400));
            if CALLS[wish.call].3 == CALM {
                // Trouble that came of it would be taken for that of the next call.
                let calm = serde_json::from_str(CALM).unwrap();
                assert_eq!(runtime.block_on(service.operate("faults", &calm)).unwrap().0, 200);
            }
        }
        assert!(runtime.block_on(service.look("status"))["now"].is_string());
    });
    assert_eq!(runtime.block_on(service.interrupt()), Some(0));
}
