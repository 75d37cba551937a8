//! Signing and verifying 1 KiB by the default scheme against the bare crates that do its
//! cryptography, in the same run. What counts is the ratio; it should not fall below 70 %.

use std::hint::black_box;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use countersign::model::SimTime;
use countersign::signature::{Arrived, Message, Scheme, Secret, scheme};
use divan::{Bencher, counter::BytesCount};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

const BODY: [u8; 1024] = [b'x'; 1024];
const ID: &str = "evt_01J8Z3K5Q7R9T1V3X5Z7B9D1F3";
const URL: &str = "https://merchant.example/webhooks";
const NOW: SimTime = SimTime::from_unix_ms(1_767_608_128_412);
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// As a service of payments and a merchant hold it.
struct Ours {
    scheme: &'static Scheme,
    secrets: [Secret; 1],
    headers: Vec<(String, String)>,
}

impl Ours {
    fn new() -> Self {
        let scheme = scheme("standard-webhooks").expect("it is in the table");
        let mut ours = Self { scheme, secrets: [Secret::new(SECRET)], headers: Vec::new() };
        ours.headers = ours.sign();
        ours.verify();
        ours
    }

    fn sign(&self) -> Vec<(String, String)> {
        let message = Message { id: ID, ts: NOW, url: URL, method: "POST", body: black_box(&BODY) };
        self.scheme.sign(&self.secrets[0], &message).expect("it can sign").headers
    }

    fn verify(&self) {
        let body = black_box(BODY.as_slice());
        let arrived = Arrived { headers: &self.headers, url: URL, method: "POST", body };
        self.scheme.verify(&self.secrets, &arrived, NOW).expect("it is authentic");
    }
}

/// What nobody who uses the scheme can leave out: the MAC and its text. The key is decoded already.
struct Bare {
    key: Vec<u8>,
    signature: String,
}

impl Bare {
    fn new() -> Self {
        let key = SECRET.strip_prefix("whsec_").and_then(|text| STANDARD.decode(text).ok());
        let mut bare = Self { key: key.expect("base64"), signature: String::new() };
        bare.signature = bare.sign();
        bare.verify();
        bare
    }

    fn mac(&self) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("any length");
        let stamp = NOW.unix_s().to_string();
        for part in [ID.as_bytes(), b".", stamp.as_bytes(), b".", black_box(&BODY)] {
            mac.update(part);
        }
        mac
    }

    fn sign(&self) -> String {
        format!("v1,{}", STANDARD.encode(self.mac().finalize().into_bytes()))
    }

    fn verify(&self) {
        let text = self.signature.strip_prefix("v1,").expect("its tag");
        let given = STANDARD.decode(text).expect("base64");
        self.mac().verify_slice(&given).expect("it is authentic");
    }
}

#[divan::bench]
fn sign(bencher: Bencher) {
    let ours = Ours::new();
    bencher.counter(BytesCount::new(BODY.len())).bench_local(|| ours.sign());
}

#[divan::bench]
fn sign_bare(bencher: Bencher) {
    let bare = Bare::new();
    bencher.counter(BytesCount::new(BODY.len())).bench_local(|| bare.sign());
}

#[divan::bench]
fn verify(bencher: Bencher) {
    let ours = Ours::new();
    bencher.counter(BytesCount::new(BODY.len())).bench_local(|| ours.verify());
}

#[divan::bench]
fn verify_bare(bencher: Bencher) {
    let bare = Bare::new();
    bencher.counter(BytesCount::new(BODY.len())).bench_local(|| bare.verify());
}

fn timed(work: impl Fn()) -> Duration {
    let began = Instant::now();
    (0..500).for_each(|_| work());
    began.elapsed()
}

/// Both take turns, and the fastest round of each counts: whatever else the machine does only slows.
fn ratio_in_percent(ours: impl Fn(), bare: impl Fn()) -> u128 {
    let (mut our_time, mut bare_time) = (Duration::MAX, Duration::MAX);
    for _ in 0..200 {
        our_time = our_time.min(timed(&ours));
        bare_time = bare_time.min(timed(&bare));
    }
    bare_time.as_nanos() * 100 / our_time.as_nanos().max(1)
}

fn main() {
    divan::main();
    // `cargo test` runs benchmarks once, only to see that they work.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let (ours, bare) = (Ours::new(), Bare::new());
    let signing =
        ratio_in_percent(|| drop(black_box(ours.sign())), || drop(black_box(bare.sign())));
    let verifying = ratio_in_percent(|| ours.verify(), || bare.verify());
    println!("signing reaches {signing} % of the bare crates, verifying {verifying} % (aim: 70 %)");
}
