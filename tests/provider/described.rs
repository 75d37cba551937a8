//! The API against its own description: every reply of every test here, every event, every
//! example, and every body that the description allows or forbids.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use countersign::model::{AccountEventKind, EventKind};
use countersign::provider::profile::Idempotency;
use countersign::provider::{ApiReply, ApiRequest, Event, openapi};
use jsonschema::Validator;
use serde_json::{Value, json};

use super::Desk;

/// What the schema at that place of the document has against the value.
fn faults(pointer: &str, value: &Value) -> Vec<String> {
    thread_local! {
        static VALIDATORS: RefCell<BTreeMap<String, Rc<Validator>>> = RefCell::default();
    }
    let validator = VALIDATORS.with_borrow_mut(|known| {
        let compiled = known.entry(pointer.to_owned()).or_insert_with(|| {
            let schema = openapi().pointer(pointer).unwrap_or_else(|| panic!("no {pointer}"));
            let schema = json!({ "allOf": [schema], "components": openapi()["components"] });
            let options = jsonschema::options().should_validate_formats(true);
            Rc::new(options.build(&schema).unwrap_or_else(|error| panic!("{pointer}: {error}")))
        });
        compiled.clone()
    });
    validator.iter_errors(value).map(|e| format!("{}: {e}", e.instance_path())).collect()
}

fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// The path of the document that a request is for.
fn template(path: &str) -> Option<&'static String> {
    let fits = |template: &str| match template.split_once('{') {
        None => template == path,
        Some((before, rest)) => {
            let after = rest.split_once('}').map_or("", |(_, after)| after);
            let item = path.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
            item.is_some_and(|item| !item.contains('/'))
        }
    };
    openapi()["paths"].as_object().unwrap().keys().find(|template| fits(template))
}

/// The reply is one that the description has: its status, its code, its form.
#[track_caller]
pub fn check_reply(request: &ApiRequest, reply: &ApiReply) {
    let label = format!("{} {} {}", request.method, request.path, reply.status);
    let method = request.method.to_ascii_lowercase();
    let Some(template) = template(&request.path) else {
        // A key in a URL is refused before anything is looked for.
        assert!([401, 404].contains(&reply.status), "{label}");
        return;
    };
    let operation = format!("/paths/{}/{method}", escaped(template));
    // Methods are told apart by their case.
    let is_method = request.method == method.to_ascii_uppercase();
    if !is_method || openapi().pointer(&operation).is_none() {
        assert!([401, 405].contains(&reply.status), "{label}");
        return;
    }
    let media = reply.headers.iter().find(|(name, _)| name == "content-type").expect(&label);
    let media = media.1.split(';').next().unwrap_or_default();
    let content = format!("{operation}/responses/{}/content/{}", reply.status, escaped(media));
    assert!(openapi().pointer(&content).is_some(), "{label} {media} is not described");
    if media.ends_with("json") {
        let body: Value = serde_json::from_slice(&reply.body).unwrap();
        let found = faults(&format!("{content}/schema"), &body);
        assert!(found.is_empty(), "{label}: {found:?}\n{body:#}");
    }
}

/// Whether the description has a call with this body.
pub fn allows(request: &ApiRequest, body: &Value) -> bool {
    let template = template(&request.path).expect("a path that is described");
    let method = request.method.to_ascii_lowercase();
    let place = format!("/paths/{}/{method}/requestBody", escaped(template));
    faults(&format!("{place}/content/application~1json/schema"), body).is_empty()
}

/// The event is one that the description has; that of a type that nobody can know is none.
#[track_caller]
pub fn check_event(event: &Event) {
    if event.type_name == "payment.annotated" {
        return;
    }
    let body: Value = serde_json::from_slice(&event.body).unwrap();
    let content = "post/requestBody/content/application~1json/schema";
    let found = faults(&format!("/webhooks/{}/{content}", event.type_name), &body);
    assert!(found.is_empty(), "{}: {found:?}\n{body:#}", event.type_name);
}

/// Operations with their place.
fn operations() -> impl Iterator<Item = (String, &'static Value)> {
    ["paths", "webhooks"].into_iter().flat_map(|part| {
        let items = openapi()[part].as_object().unwrap().iter();
        items.flat_map(move |(name, item)| {
            let place = format!("/{part}/{}", escaped(name));
            let methods = item.as_object().unwrap().iter();
            methods.map(move |(method, operation)| (format!("{place}/{method}"), operation))
        })
    })
}

#[test]
fn every_event_has_its_webhook_and_every_operation_its_own_name() {
    let kinds = EventKind::ALL.iter().map(|kind| kind.as_str());
    let kinds = kinds.chain(AccountEventKind::ALL.iter().map(|kind| kind.as_str()));
    for kind in kinds {
        assert!(openapi()["webhooks"][kind]["post"].is_object(), "{kind}");
    }
    let names: Vec<&str> =
        operations().map(|(_, operation)| operation["operationId"].as_str().unwrap()).collect();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{names:?}");
    for (place, operation) in operations() {
        for (_, answer) in operation["responses"].as_object().unwrap() {
            for (_, link) in answer["links"].as_object().into_iter().flatten() {
                assert!(names.contains(&link["operationId"].as_str().unwrap()), "{place}");
            }
        }
    }
}

/// An example is served, so it is valid; what has none was not reached by the story.
#[test]
fn every_example_is_there_and_valid() {
    let mut without = Vec::new();
    for (place, operation) in operations() {
        let bodies =
            operation.get("requestBody").map(|body| (format!("{place}/requestBody"), body));
        let answers = operation["responses"].as_object().unwrap().iter();
        let answers = answers.filter(|(status, _)| matches!(status.as_str(), "200" | "201"));
        let answers = answers.map(|(status, it)| (format!("{place}/responses/{status}"), it));
        for (place, holder) in bodies.into_iter().chain(answers) {
            let Some(example) = holder["content"]["application/json"].get("example") else {
                without.push(place);
                continue;
            };
            let found = faults(&format!("{place}/content/application~1json/schema"), example);
            assert!(found.is_empty(), "{place}: {found:?}\n{example:#}");
        }
    }
    let expected = [
        "/paths/~1openapi.json/get/responses/200",
        // The story ends before a person has looked at the payout.
        "/webhooks/payout.processing/post/requestBody",
        "/webhooks/payout.completed/post/requestBody",
        "/webhooks/payout.failed/post/requestBody",
    ];
    assert_eq!(without, expected);
}

/// Values to put anywhere: right ones, nearly right ones, wrong ones.
fn values() -> Vec<Value> {
    let texts = [
        "",
        "INV-1",
        "a b",
        "USDT",
        "USDC",
        "XRP",
        "usdt",
        "tron",
        "base",
        "xrpl",
        "moon",
        "USD",
        "EUR",
        "250.00",
        "1",
        "0",
        "0.0000001",
        "01",
        "1.",
        ".5",
        "-1",
        "+1",
        "1e3",
        "1\n",
        "é",
        "999999999999999999999999999999999999999999",
        "TJRabPrwbZy45sbavfcjinPJC18kjpRTv8",
    ];
    let texts = texts.map(Value::from).into_iter();
    let long = [65, 128, 129].map(|n| Value::from("x".repeat(n)));
    let odd = ["ß".repeat(128), "ß".repeat(129)].map(Value::from);
    let others = [
        json!(null),
        json!(true),
        json!(0),
        json!(1),
        json!(-1),
        json!(1200),
        json!(2_592_000),
        json!(2_592_001),
        json!(4_294_967_295_u32),
        json!(4_294_967_296_u64),
        json!(250.5),
        json!(60.0),
        json!([]),
        json!({}),
        json!({"a": [1, {"b": null}]}),
        json!({"amount": "1.00", "currency": "USD"}),
        json!({"amount": 1, "currency": "USD"}),
        json!({"amount": "1.001", "currency": "USD"}),
        json!({"amount": "1.00"}),
        json!({"amount": "1.00", "currency": "EUR"}),
        json!({"amount": "x", "currency": "USD"}),
        json!({"amount": "1.00", "currency": "USD", "x": 1}),
        json!({"address": "rPT1Sjq2YGrBMTttX4GZHjKu9dyfzbpAYe"}),
        json!({"address": ""}),
        json!({"address": "r", "tag": 7}),
        json!({"address": "r", "tag": "7"}),
        json!({"address": "r", "tag": -1}),
        json!({"address": "r", "tag": null, "memo": "x"}),
        json!({"tag": 7}),
        json!({"address": 7}),
    ];
    texts.chain(long).chain(odd).chain(others).collect()
}

/// Whatever one field of a body holds, or two do: what the schema forbids is refused with 400, and
/// what it allows never is.
#[test]
fn a_request_is_refused_with_400_exactly_where_the_schema_forbids_it() {
    let mut desk = Desk::new();
    let payment = desk.hundred();
    let refunds = format!("/v1/payments/{payment}/refunds");
    let cancel = format!("/v1/payments/{payment}/cancel");
    let by_amount =
        json!({"reference": "A", "asset": "USDT", "network": "tron", "amount": "250.00"});
    let by_price = json!({"reference": "A", "asset": "XRP", "network": "xrpl",
        "price": {"amount": "250.00", "currency": "USD"}, "expires_in_s": 60, "metadata": {}});
    let payout = json!({"reference": "A", "asset": "USDT", "network": "tron", "amount": "250.00",
        "destination": {"address": "T", "tag": null}});
    let refund = json!({"amount": "1.00", "destination": null, "reason": "x"});
    let bases = [
        ("/v1/payments", "/v1/payments", by_amount),
        ("/v1/payments", "/v1/payments", by_price),
        ("/v1/payouts", "/v1/payouts", payout),
        ("/v1/payments/{id}/refunds", refunds.as_str(), refund),
        ("/v1/payments/{id}/cancel", cancel.as_str(), json!({})),
    ];
    let names = [
        "reference",
        "asset",
        "network",
        "amount",
        "price",
        "expires_in_s",
        "metadata",
        "destination",
        "reason",
        "tag",
        "colour",
    ];
    let (mut forbidden, mut allowed) = (0, 0);
    for (template, target, base) in bases {
        let place = format!("/paths/{}/post/requestBody", escaped(template));
        let mut bodies = values();
        for name in names {
            let with = values().into_iter().map(|value| {
                let mut body = base.clone();
                body[name] = value;
                body
            });
            bodies.extend(with);
            let mut without = base.clone();
            without.as_object_mut().unwrap().remove(name);
            bodies.push(without);
        }
        for body in bodies {
            let found = faults(&format!("{place}/content/application~1json/schema"), &body);
            let key = format!("{forbidden}-{allowed}");
            let text = body.to_string();
            let reply = desk.call("POST", target, &text, &[("idempotency-key", &key)]);
            // A rail that is unknown today may be known tomorrow: the contract has it understood.
            let unknown_rail = String::from_utf8_lossy(&reply.body).contains("\"rail_unknown\"");
            assert_eq!(
                reply.status == 400 || (unknown_rail && !found.is_empty()),
                !found.is_empty(),
                "{target} {text}: {} {found:?}\n{}",
                reply.status,
                String::from_utf8_lossy(&reply.body)
            );
            *(if found.is_empty() { &mut allowed } else { &mut forbidden }) += 1;
        }
    }
    assert!(forbidden > 1000 && allowed > 200, "{forbidden} {allowed}");
}

/// What a call must say differs with the profile, and so does the description that is served.
#[test]
fn the_description_is_of_the_profile_at_hand() {
    let order = json!({"reference": "A", "asset": "USDT", "network": "tron"});
    let amounts = [
        json!({}),
        json!({"amount": "5.00"}),
        json!({"price": {"amount": "5.00", "currency": "USD"}}),
        json!({"amount": "5.00", "price": {"amount": "5.00", "currency": "USD"}}),
    ];
    for (open, habit) in [
        (false, Idempotency::Ietf),
        (true, Idempotency::Only2xx),
        (false, Idempotency::StripeV1),
        (true, Idempotency::IgnoreKey),
    ] {
        let mut desk = Desk::with(|profile| {
            profile.payments.open_amount = open;
            profile.api.idempotency = habit;
        });
        let served = desk.get("/openapi.json");
        let create = &served["paths"]["/v1/payments"]["post"];
        let schema = &create["requestBody"]["content"]["application/json"]["schema"];
        let schema = json!({ "allOf": [schema], "components": served["components"] });
        let schema = jsonschema::validator_for(&schema).unwrap();
        let key = &create["parameters"][0];
        assert_eq!(key["name"], "Idempotency-Key");
        let mut allowed = 0;
        for (n, amount) in amounts.iter().enumerate() {
            let mut body = order.clone();
            body.as_object_mut().unwrap().extend(amount.as_object().unwrap().clone());
            let key = format!("k{n}");
            let keyed = [("idempotency-key", key.as_str())];
            let status = desk.call("POST", "/v1/payments", &body.to_string(), &keyed).status;
            assert_eq!(schema.is_valid(&body), status == 201, "{open} {body}");
            allowed += usize::from(status == 201);
        }
        assert_eq!(allowed, if open { 3 } else { 2 });
        let body = json!({"reference": "B", "asset": "USDT", "network": "tron", "amount": "5.00"});
        let bare = desk.call("POST", "/v1/payments", &body.to_string(), &[]).status;
        assert_eq!(key["required"], bare == 400, "{habit:?}");
    }
}

/// The same for what a query may say.
#[test]
fn a_query_is_refused_exactly_where_its_schema_forbids_it() {
    let mut desk = Desk::new();
    desk.hundred();
    let words = [
        "",
        "x",
        "1",
        "20",
        "100",
        "0",
        "101",
        "-1",
        "1.0",
        "paid",
        "done",
        "usdt-tron",
        "moon",
        "INV-1",
        "a b",
        "payment.paid",
        "pay_01J8Z3HY5M0000000000000000",
        "evt_01J8Z3HY5M0000000000000000",
        "pyt_01J8Z3HY5M0000000000000000",
        "2026-01-05",
        "stm_2026-01-05_USDT-tron",
    ];
    let mut asked = 0;
    for (place, operation) in operations().filter(|(place, _)| place.ends_with("/get")) {
        let path = place.strip_prefix("/paths/").unwrap().strip_suffix("/get").unwrap();
        let path = path.replace("~1", "/").replace("{date}", "2026-01-05");
        if path.contains('{') {
            continue;
        }
        for (i, parameter) in operation["parameters"].as_array().unwrap().iter().enumerate() {
            if parameter["in"] != "query" {
                continue;
            }
            let name = parameter["name"].as_str().unwrap();
            for word in words {
                let value = match word.parse::<u64>() {
                    Ok(number) if parameter["schema"]["type"] == "integer" => number.into(),
                    _ => Value::from(word),
                };
                let allowed = faults(&format!("{place}/parameters/{i}/schema"), &value);
                let rail =
                    if path.contains("2026") && name != "rail" { "rail=usdt-tron&" } else { "" };
                let target = format!("{path}?{rail}{name}={}", word.replace(' ', "%20"));
                let reply = desk.call("GET", &target, "", &[]);
                assert_eq!(reply.status == 400, !allowed.is_empty(), "{target} {allowed:?}");
                asked += 1;
            }
        }
    }
    assert!(asked > 200, "{asked}");
}
