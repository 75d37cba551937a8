//! What a payment costs as there are more of them: memory, and the time of a transition. Both must
//! stay what they were with a thousand.
//!
//! Each payment is created by a call, paid, confirmed by blocks and settled. `GROWTH_PAYMENTS` says up to how many; a million without it.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use countersign::model::{PaymentId, RAILS, SimTime, Span};
use countersign::provider::{ApiKey, ApiRequest, Config, Provider};

const KEY: &str = "sk_test_0123456789abcdef";
const START: SimTime = SimTime::from_unix_ms(1_767_608_128_412);
/// Created, paid, confirmed, settled.
const TRANSITIONS: u32 = 4;

struct Growing {
    provider: Provider,
    payments: usize,
    now: SimTime,
}

impl Growing {
    fn new() -> Self {
        let provider = Provider::new(Config {
            live: false,
            account: "acct_01J8Z3AAAA0000000000000000".to_owned(),
            keys: vec![ApiKey::with_all_scopes(KEY)],
            rails: RAILS.iter().collect(),
            seed: 1,
            nonce: "n".to_owned(),
            start: START,
            profile: std::sync::Arc::default(),
            keyring: None,
        });
        Self { provider, payments: 0, now: START }
    }

    fn call(&mut self, method: &str, path: &str, query: &str, body: String) -> Option<PaymentId> {
        let key = format!("order-{}", self.payments);
        let headers = [("x-api-key", KEY), ("idempotency-key", &key)];
        let headers: BTreeMap<String, String> =
            headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let request = ApiRequest {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers,
            body: body.into(),
        };
        let reply = self.provider.handle(&request, self.now, 0);
        assert!(reply.status < 300, "{}", String::from_utf8_lossy(&reply.body));
        reply.payment
    }

    /// One payment from its creation to its settlement.
    fn grow(&mut self) {
        self.payments += 1;
        self.now = self.now.plus(Span::from_ms(20));
        let reference = format!("INV-{}", self.payments);
        let body = format!(
            r#"{{"reference":"{reference}","asset":"USDT","network":"tron","amount":"250.00"}}"#
        );
        let id = self.call("POST", "/v1/payments", "", body).expect("a payment");
        let moved = |events: Vec<_>| assert!(!events.is_empty());
        moved(self.provider.pay(&id, 250_000_000, self.now).expect("it is paid"));
        let blocks = self.provider.confirmations_missing(&id);
        moved(self.provider.mine(&id, blocks, self.now).expect("it is confirmed"));
        moved(self.provider.settle(&id, self.now).expect("it is settled"));
    }

    /// What a merchant reads of it.
    fn read(&mut self) {
        let reference = format!("reference=INV-{}", self.payments);
        let id = self.call("GET", "/v1/payments", &reference, String::new());
        assert_eq!(id, None, "a list");
        self.call("GET", "/v1/payments", "limit=10", String::new());
        self.call("GET", "/v1/events", "limit=10", String::new());
    }

    /// As many as that; how long each of the last thousand took for a transition, and for a read.
    fn grow_to(&mut self, payments: usize) -> [Duration; 2] {
        let sampled = payments.saturating_sub(1_000);
        while self.payments < sampled {
            self.grow();
        }
        let began = on_cpu();
        while self.payments < payments {
            self.grow();
        }
        let count = u32::try_from(payments - sampled).unwrap_or(1).max(1);
        let each = (on_cpu() - began) / (count * TRANSITIONS);
        let began = on_cpu();
        (0..100).for_each(|_| self.read());
        [each, (on_cpu() - began) / 300]
    }
}

/// How long this thread has been on a processor: whatever else the machine does takes no part in it.
fn on_cpu() -> Duration {
    let told = fs::read_to_string("/proc/thread-self/schedstat").expect("a Linux machine");
    let spent = told.split(' ').next().expect("its first number");
    Duration::from_nanos(spent.parse().expect("nanoseconds"))
}

/// What this process holds in memory.
fn resident_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("a Linux machine");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

fn main() {
    let wished = std::env::var("GROWTH_PAYMENTS").ok();
    let most = wished.map_or(1_000_000, |text| text.parse().expect("GROWTH_PAYMENTS is a number"));
    // `cargo test` runs benchmarks once, only to see that they work.
    let most = if std::env::args().any(|argument| argument == "--test") { 10_000 } else { most };
    let mut growing = Growing::new();
    let empty_kib = resident_kib();
    let mut times: Vec<Duration> = Vec::new();
    for payments in [1_000, 10_000, 100_000, 1_000_000].into_iter().filter(|of| *of <= most) {
        let [transition, read] = growing.grow_to(payments);
        let kib = resident_kib().saturating_sub(empty_kib);
        println!(
            "{payments:>9} payments  {transition:>8.2?} a transition, {read:>8.2?} a read, \
             {:>5} MiB, {} MiB for each 100,000",
            kib / 1024,
            kib * 100_000 / 1024 / payments as u64
        );
        times.push(transition);
    }
    let (first, last) = (times[0].as_nanos().max(1), times[times.len() - 1].as_nanos());
    println!("a transition takes {} % of what it took with 1,000 payments", last * 100 / first);
}
