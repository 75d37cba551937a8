//! Deliveries (signed, sent, answered, recorded) against bare requests of the same size on the same
//! endpoint in the same run. What counts is the ratio; it should not fall below 60 %.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use bytes::Bytes;
use countersign::history::{Attempt, Entry, Fact};
use countersign::io::deliver::{Deliverer, HttpDeliverer};
use countersign::model::{EventId, LaneId, PaymentId, Reference, SimTime, Span};
use countersign::run::Message as Outgoing;
use countersign::scenario::{Alteration, Arrival};
use countersign::signature::{Message, Scheme, Secret, scheme};
use divan::{Bencher, counter::ItemsCount};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

/// Requests per sample.
const BATCH: usize = 500;
/// As large as the reference service's events are.
static BODY: LazyLock<Bytes> = LazyLock::new(|| {
    let payment = format!(r#"{{"id":"pay_1","note":"{}"}}"#, "x".repeat(1200));
    format!(r#"{{"id":"evt_1","type":"payment.paid","data":{{"payment":{payment}}}}}"#).into()
});
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("threads"));
/// Address of an endpoint that reads a body and says nothing of interest.
static ENDPOINT: LazyLock<String> = LazyLock::new(|| {
    let app = axum::Router::new().route("/hooks", axum::routing::post(|_: Bytes| async { "ok" }));
    let listener = RUNTIME.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    RUNTIME.spawn(async move { axum::serve(listener, app).await });
    address
});

struct Delivery {
    scheme: &'static Scheme,
    secret: Secret,
    url: String,
    deliverer: HttpDeliverer,
    record: Vec<u8>,
}

impl Delivery {
    fn new() -> Self {
        let url = format!("http://{}/hooks", *ENDPOINT);
        let scheme = scheme("standard-webhooks").expect("it is in the table");
        let limit = Span::from_s(15);
        let deliverer = HttpDeliverer::new(&url, limit, Instant::now()).expect("a url");
        let secret = scheme.fresh_secret(&[7; 32]);
        Self { scheme, secret, url, deliverer, record: Vec::new() }
    }

    /// Everything that a run does for one attempt, but for the file under the record.
    async fn once(&mut self) {
        let ts = SimTime::from_unix_ms(1_700_000_000_000);
        let message = Message { id: "evt_1", ts, url: &self.url, method: "POST", body: &BODY };
        let signed = self.scheme.sign(&self.secret, &message).expect("it can sign");
        let outgoing = [Outgoing { headers: signed.headers, body: signed.body.into() }];
        let sent = self.deliverer.send(&outgoing, Arrival::InTurn).await.remove(0);
        let attempt = Attempt {
            event: EventId::new("evt_1"),
            event_type: "payment.paid".to_owned(),
            payment: PaymentId::new("pay_1"),
            reference: Reference::new("order-1"),
            attempt: 1,
            arrival: Arrival::InTurn,
            alteration: Alteration::None,
            forgery: None,
            retry: false,
            headers: sent.headers,
            body: String::from_utf8_lossy(&BODY).into_owned(),
            sent_us: sent.sent_us,
            answered_us: sent.answered_us,
            answer: sent.answer,
        };
        let fact = Fact::Attempted(Box::new(attempt));
        let entry = Entry { seq: 1, lane: LaneId::default(), at: ts, real_ms: 0, fact };
        self.record.clear();
        serde_json::to_writer(&mut self.record, &entry).expect("a record");
    }
}

struct Bare(SendRequest<Full<Bytes>>);

impl Bare {
    fn new() -> Self {
        let address = ENDPOINT.as_str();
        RUNTIME.block_on(async {
            let stream = TcpStream::connect(address).await.expect("a connection");
            stream.set_nodelay(true).expect("a socket");
            let (sender, connection) = handshake(TokioIo::new(stream)).await.expect("a connection");
            tokio::spawn(connection);
            Self(sender)
        })
    }

    async fn once(&mut self) {
        let request = hyper::Request::post("/hooks")
            .header("host", ENDPOINT.as_str())
            .header("user-agent", "Payments-Webhooks/1.0")
            .header("accept", "*/*")
            .header("content-type", "application/json")
            .header("webhook-id", "evt_1")
            .header("webhook-timestamp", "1700000000")
            .header("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
            .body(Full::new(BODY.clone()))
            .expect("a request");
        self.0.ready().await.expect("an open connection");
        let response = self.0.send_request(request).await.expect("an answer");
        response.into_body().collect().await.expect("a body");
    }
}

#[divan::bench]
fn deliveries(bencher: Bencher) {
    let mut delivery = Delivery::new();
    bencher.counter(ItemsCount::new(BATCH)).bench_local(|| batch_delivered(&mut delivery));
}

#[divan::bench]
fn bare_requests(bencher: Bencher) {
    let mut bare = Bare::new();
    bencher.counter(ItemsCount::new(BATCH)).bench_local(|| batch_bare(&mut bare));
}

fn batch_delivered(delivery: &mut Delivery) {
    RUNTIME.block_on(async {
        for _ in 0..BATCH {
            delivery.once().await;
        }
    });
}

fn batch_bare(bare: &mut Bare) {
    RUNTIME.block_on(async {
        for _ in 0..BATCH {
            bare.once().await;
        }
    });
}

fn timed(batch: impl FnOnce()) -> Duration {
    let began = Instant::now();
    batch();
    began.elapsed()
}

/// Both take turns, so that whatever else the machine does weighs on both alike.
fn ratio_in_percent() -> u128 {
    let mut delivery = Delivery::new();
    let mut bare = Bare::new();
    let (mut ours, mut theirs) = (Duration::ZERO, Duration::ZERO);
    for round in 0..21 {
        let (delivered, requested) =
            (timed(|| batch_delivered(&mut delivery)), timed(|| batch_bare(&mut bare)));
        // The first round warms up caches and connections.
        if round > 0 {
            ours += delivered;
            theirs += requested;
        }
    }
    theirs.as_nanos() * 100 / ours.as_nanos().max(1)
}

fn main() {
    divan::main();
    // `cargo test` runs benchmarks once, only to see that they work.
    if !std::env::args().any(|argument| argument == "--test") {
        println!("deliveries reach {} % of bare requests (aim: 60 %)", ratio_in_percent());
    }
}
