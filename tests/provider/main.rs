//! The reference payment service, through its public face: what moves a payment, what is said of
//! it, and what the API answers.

mod api;
mod books;
#[path = "../fuzz/mod.rs"]
mod breaking;
mod camt;
mod described;
mod facts;
mod fuzz;
mod idempotency;
mod machine;
mod misstatement;
mod office;
mod payout;
mod policy;
mod profile;
mod property;
mod quota;
mod refund;
mod routes;
mod sandbox;
mod statement;
mod transition;
mod wire;

use std::collections::BTreeMap;

use bytes::Bytes;
use countersign::model::{EventKind, PaymentId, RAILS, Reference, SimTime, Span, Truth};
use countersign::provider::{
    ApiKey, ApiReply, ApiRequest, Config, Event, Keyring, Profile, Provider, Scope,
};
use serde_json::Value;

const KEY: &str = "sk_live_0123456789abcdef";
const START: SimTime = SimTime::from_unix_ms(1_767_608_128_412);
const PARTITION: u32 = 1;

/// One key for everything, and one for each scope, which ends with its name.
fn keys() -> Vec<ApiKey> {
    let one = |scope: &Scope| ApiKey { secret: key_for(*scope), scopes: [*scope].into() };
    let all = [ApiKey::with_all_scopes(KEY)];
    all.into_iter().chain(Scope::ALL.iter().map(one)).collect()
}

fn key_for(scope: Scope) -> String {
    format!("{KEY}_{scope}")
}

/// A service with a clock that the test moves.
struct Desk {
    provider: Provider,
    now: SimTime,
}

impl Desk {
    fn new() -> Self {
        Self::with(|_| {})
    }

    /// With a provider whose habits differ from the default.
    fn with(change: impl FnOnce(&mut Profile)) -> Self {
        Self::furnished(change, None)
    }

    /// With endpoints of its own as well.
    fn furnished(change: impl FnOnce(&mut Profile), keyring: Option<Keyring>) -> Self {
        let mut profile = Profile::default();
        change(&mut profile);
        let config = Config {
            live: true,
            account: "acct_01J8Z3AAAA0000000000000000".to_owned(),
            keys: keys(),
            // One rail of the catalogue is left out, so that there is one that is not enabled.
            rails: RAILS.iter().filter(|rail| rail.id != "usdc-base").collect(),
            seed: 7,
            nonce: "nonce".to_owned(),
            start: START,
            profile: std::sync::Arc::new(profile),
            keyring,
        };
        Self { provider: Provider::new(config), now: START }
    }

    fn call(&mut self, method: &str, target: &str, body: &str, extra: &[(&str, &str)]) -> ApiReply {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        // Later ones replace earlier ones; an empty value takes the header away.
        let headers = [("x-api-key", KEY)].into_iter().chain(extra.iter().copied());
        let mut headers: BTreeMap<String, String> =
            headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        headers.retain(|_, value| !value.is_empty());
        let request = ApiRequest {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers,
            body: Bytes::copy_from_slice(body.as_bytes()),
        };
        let reply = self.provider.handle(&request, self.now, PARTITION);
        described::check_reply(&request, &reply);
        reply.events.iter().for_each(described::check_event);
        reply
    }

    fn get(&mut self, target: &str) -> Value {
        let reply = self.call("GET", target, "", &[]);
        assert_eq!(reply.status, 200, "{target}: {}", String::from_utf8_lossy(&reply.body));
        serde_json::from_slice(&reply.body).unwrap()
    }

    fn create(&mut self, reference: &str, asset: &str, network: &str, amount: &str) -> PaymentId {
        let body = format!(
            r#"{{"reference":"{reference}","asset":"{asset}","network":"{network}","amount":"{amount}"}}"#
        );
        let known = self.provider.payments_of(&Reference::new(reference)).len();
        let key = format!("{reference}-{known}");
        let reply = self.call("POST", "/v1/payments", &body, &[("idempotency-key", &key)]);
        assert_eq!(reply.status, 201, "{}", String::from_utf8_lossy(&reply.body));
        assert_eq!(kinds(&reply.events), [EventKind::Created]);
        reply.payment.unwrap()
    }

    /// A payment of 100 USDT on Tron.
    fn hundred(&mut self) -> PaymentId {
        self.create("INV-1", "USDT", "tron", "100.00")
    }

    fn truth(&self, payment: &PaymentId) -> Truth {
        self.provider.truth(payment).unwrap()
    }

    fn pass(&mut self, span: Span) {
        self.now = self.now.plus(span);
    }

    fn mine_missing(&mut self, payment: &PaymentId) -> Vec<Event> {
        let blocks = self.provider.confirmations_missing(payment);
        self.provider.mine(payment, blocks, self.now).unwrap()
    }
}

fn kinds(events: &[Event]) -> Vec<EventKind> {
    events.iter().filter_map(|event| event.kind).collect()
}

fn json(event: &Event) -> Value {
    described::check_event(event);
    serde_json::from_slice(&event.body).unwrap()
}
