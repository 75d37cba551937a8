//! Examples, played rather than written: a small story on a service of its own, so that what the
//! document shows is what is served.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::model::{EventKind, PaymentId, RAILS, SimTime, Span};
use crate::provider::api::{ApiReply, ApiRequest, ROUTES, Route};
use crate::provider::id::Prefix;
use crate::provider::key::ApiKey;
use crate::provider::query::Shape;
use crate::provider::request::PAYMENT_EXAMPLE;
use crate::provider::{Config, Keyring, Provider};
use crate::signature;

const KEY: &str = "sk_test_example";
const START: SimTime = SimTime::from_unix_ms(1_767_608_128_412);
const DAY: &str = "2026-01-05";
const PARTITION: u32 = 1;

/// Answers by the name of their route, events by type.
#[derive(Default)]
pub(super) struct Examples {
    pub answers: BTreeMap<&'static str, Value>,
    pub events: BTreeMap<String, Value>,
}

/// Plays the story: a payment is made, paid, confirmed and settled, some of it goes back, some of
/// it is taken out; another one is called off.
pub(super) fn play() -> Examples {
    let mut provider = service();
    let mut examples = Examples::default();
    let paid = create(&mut provider, "story-1");
    let called_off = create(&mut provider, "story-2");
    // All of it is legal; where it were not, an example would be missing, and a test says so.
    let _ = provider.pay(&paid, 250_000_000, START);
    let _ = provider.mine(&paid, 20, START);
    let _ = provider.settle(&paid, START);
    let mut ids = BTreeMap::from([(Prefix::Payment, paid.as_str().to_owned())]);
    ids.extend(provider.announced().next().map(|of| (Prefix::Event, of.id.to_string())));
    // The description would describe itself, for ever.
    for route in ROUTES.iter().filter(|route| route.path != "/openapi.json") {
        let item = match route.item.map(|item| item.shape) {
            Some(Shape::Id(Prefix::Payment)) if route.doc.name == "cancelPayment" => {
                called_off.as_str()
            }
            Some(Shape::Id(prefix)) => ids.get(&prefix).map_or("", String::as_str),
            Some(_) => DAY,
            None => "",
        };
        let reply = call(&mut provider, route, item);
        let Ok(answer) = serde_json::from_slice::<Value>(&reply.body) else { continue };
        if reply.status != route.doc.answer.status {
            continue;
        }
        if let Some(id) = answer["id"].as_str() {
            let made = [Prefix::Refund, Prefix::Payout, Prefix::Endpoint];
            let made = made.into_iter().find(|made| made.fits(id));
            ids.extend(made.map(|made| (made, id.to_owned())));
        }
        examples.answers.insert(route.doc.name, answer);
    }
    let _ = provider.close_days(START.plus(Span::from_s(86_400)));
    collect_events(&provider, &paid, &mut examples);
    examples
}

/// What was announced, and what could be.
fn collect_events(provider: &Provider, paid: &PaymentId, examples: &mut Examples) {
    let claims = EventKind::ALL.iter().filter_map(|kind| provider.claim(paid, *kind, START));
    for event in provider.announced().chain(claims) {
        if let Ok(body) = serde_json::from_slice(&event.body) {
            examples.events.entry(event.type_name).or_insert(body);
        }
    }
}

fn service() -> Provider {
    Provider::new(Config {
        live: false,
        account: "acct_01J8Z3AAAA0000000000000000".to_owned(),
        keys: vec![ApiKey::with_all_scopes(KEY)],
        rails: RAILS.iter().collect(),
        seed: 1,
        nonce: "example".to_owned(),
        start: START,
        profile: Arc::default(),
        keyring: signature::scheme("standard-webhooks")
            .map(|scheme| Keyring::new([7; 32], scheme, None)),
    })
}

fn create(provider: &mut Provider, key: &str) -> PaymentId {
    let request = request("POST", "/v1/payments", "", (PAYMENT_EXAMPLE, key));
    let reply = provider.handle(&request, START, PARTITION);
    reply.payment.expect("the example of a payment creates one")
}

fn call(provider: &mut Provider, route: &Route, item: &str) -> ApiReply {
    let before = route.path.split('{').next().unwrap_or_default();
    let after = route.path.split('}').nth(1).unwrap_or_default();
    let path = format!("{before}{item}{after}");
    let required = route.query.iter().find(|parameter| parameter.required);
    let query = match required {
        Some(parameter) => format!("{}=usdt-tron", parameter.name),
        None if route.is_list() => "limit=1".to_owned(),
        None => String::new(),
    };
    let body = route.doc.body.as_ref().map_or("", |body| body.example);
    let request = request(route.method, &path, &query, (body, route.doc.name));
    provider.handle(&request, START, PARTITION)
}

fn request(method: &str, path: &str, query: &str, (body, key): (&str, &str)) -> ApiRequest {
    let headers = [("x-api-key", KEY), ("idempotency-key", key)];
    ApiRequest {
        method: method.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        body: body.as_bytes().to_vec().into(),
    }
}
