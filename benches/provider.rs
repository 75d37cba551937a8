//! Payments created and read over real HTTP at the service on its own, against a bare handler that
//! answers the same bytes, in the same run. What counts is the ratio; it should not fall below 80 %.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use axum::serve::ListenerExt;
use bytes::Bytes;
use countersign::io::interruption::Interrupt;
use countersign::io::serve::{Options, Service};
use divan::{Bencher, counter::ItemsCount};
use futures::future::join_all;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

/// Requests per sample, in turns on each of so many connections.
const BATCH: usize = 1_000;
const CONNECTIONS: usize = 10;
const KEY: &str = "sk_test_0123456789abcdef";

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("threads"));

/// Who calls, on connections that stay open.
struct Client {
    address: String,
    connections: Vec<SendRequest<Full<Bytes>>>,
    asked: usize,
}

impl Client {
    fn new(address: String) -> Self {
        let mut connections = Vec::new();
        for _ in 0..CONNECTIONS {
            connections.push(RUNTIME.block_on(connected(&address)));
        }
        Self { address, connections, asked: 0 }
    }

    /// The service as `countersign serve` runs it, without a file.
    fn of_service() -> Self {
        let options = Options {
            listen: "127.0.0.1:0".to_owned(),
            control: "127.0.0.1:0".to_owned(),
            api_key: Some(KEY.to_owned()),
            ..Options::default()
        };
        let service = RUNTIME.block_on(Service::open(options)).expect("it opens");
        let address = service.about.api.to_string();
        let (interrupt, interruption) = Interrupt::new();
        // As the command does: the service on a thread, its connections on the runtime's.
        std::thread::spawn(move || {
            let _kept = interrupt;
            RUNTIME.block_on(service.run(interruption))
        });
        Self::new(address)
    }

    /// A handler that reads the body and answers what the service once did.
    fn of_handler(answer: &Response<Bytes>) -> Self {
        let (status, body) = (answer.status(), answer.body().clone());
        let mut headers = HeaderMap::new();
        for name in [CONTENT_TYPE, LOCATION] {
            headers.insert(&name, answer.headers()[&name].clone());
        }
        let reply = move |_: Bytes| async move { (status, headers.clone(), body.clone()) };
        let app = axum::Router::new().route("/{*path}", post(reply.clone()).get(reply));
        let listener = RUNTIME.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let listener = listener.tap_io(|stream| stream.set_nodelay(true).expect("a socket"));
        RUNTIME.spawn(async move { axum::serve(listener, app).await });
        Self::new(address)
    }

    /// A payment of its own for each call.
    fn creation(&mut self) -> Request<Full<Bytes>> {
        self.asked += 1;
        let number = self.asked;
        let body = format!(
            r#"{{"reference":"INV-{number}","asset":"USDT","network":"tron","amount":"250.00","metadata":{{"cart":"81"}}}}"#
        );
        self.request(Method::POST, "/v1/payments", body)
    }

    fn request(&self, method: Method, path: &str, body: String) -> Request<Full<Bytes>> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", &self.address)
            .header("x-api-key", KEY)
            .header("idempotency-key", format!("order-{}", self.asked))
            .header("content-type", "application/json");
        request.body(Full::new(body.into())).expect("a request")
    }

    fn create(&mut self) -> Response<Bytes> {
        let request = self.creation();
        RUNTIME.block_on(sent(&mut self.connections[0], request))
    }

    fn create_batch(&mut self) {
        let requests = (0..BATCH).map(|_| self.creation()).collect();
        self.send_all(requests, StatusCode::CREATED);
    }

    fn read_batch(&mut self, path: &str) {
        let request = |_| self.request(Method::GET, path, String::new());
        let requests = (0..BATCH).map(request).collect();
        self.send_all(requests, StatusCode::OK);
    }

    fn send_all(&mut self, requests: Vec<Request<Full<Bytes>>>, expected: StatusCode) {
        let mut shares: Vec<Vec<_>> = (0..CONNECTIONS).map(|_| Vec::new()).collect();
        for (number, request) in requests.into_iter().enumerate() {
            shares[number % CONNECTIONS].push(request);
        }
        let callers = self.connections.iter_mut().zip(shares).map(|(connection, share)| async {
            for request in share {
                let answer = sent(connection, request).await;
                assert!([expected, StatusCode::CREATED].contains(&answer.status()));
            }
        });
        RUNTIME.block_on(join_all(callers));
    }
}

async fn connected(address: &str) -> SendRequest<Full<Bytes>> {
    let stream = TcpStream::connect(address).await.expect("a connection");
    stream.set_nodelay(true).expect("a socket");
    let (sender, connection) = handshake(TokioIo::new(stream)).await.expect("a connection");
    tokio::spawn(connection);
    sender
}

async fn sent(
    connection: &mut SendRequest<Full<Bytes>>,
    request: Request<Full<Bytes>>,
) -> Response<Bytes> {
    connection.ready().await.expect("an open connection");
    let (head, body) = connection.send_request(request).await.expect("an answer").into_parts();
    let body = body.collect().await.expect("a body").to_bytes();
    Response::from_parts(head, body)
}

/// The service, a handler that answers alike, and where a payment is read.
fn both() -> (Client, Client, String) {
    let mut service = Client::of_service();
    let created = service.create();
    assert_eq!(created.status(), StatusCode::CREATED);
    let path = created.headers()["location"].to_str().expect("a path").to_owned();
    let handler = Client::of_handler(&created);
    (service, handler, path)
}

#[divan::bench]
fn created(bencher: Bencher) {
    let (mut service, ..) = both();
    bencher.counter(ItemsCount::new(BATCH)).bench_local(|| service.create_batch());
}

#[divan::bench]
fn created_bare(bencher: Bencher) {
    let (_, mut handler, _) = both();
    bencher.counter(ItemsCount::new(BATCH)).bench_local(|| handler.create_batch());
}

#[divan::bench]
fn read(bencher: Bencher) {
    let (mut service, _, path) = both();
    bencher.counter(ItemsCount::new(BATCH)).bench_local(|| service.read_batch(&path));
}

#[divan::bench]
fn read_bare(bencher: Bencher) {
    let (_, mut handler, path) = both();
    bencher.counter(ItemsCount::new(BATCH)).bench_local(|| handler.read_batch(&path));
}

fn timed(batch: impl FnOnce()) -> Duration {
    let began = Instant::now();
    batch();
    began.elapsed()
}

/// Both take turns, and the fastest round of each counts: whatever else the machine does only slows.
fn ratio_in_percent(mut ours: impl FnMut(), mut bare: impl FnMut()) -> u128 {
    let (mut our_time, mut bare_time) = (Duration::MAX, Duration::MAX);
    for _ in 0..40 {
        our_time = our_time.min(timed(&mut ours));
        bare_time = bare_time.min(timed(&mut bare));
    }
    bare_time.as_nanos() * 100 / our_time.as_nanos().max(1)
}

fn main() {
    divan::main();
    // `cargo test` runs benchmarks once, only to see that they work.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let (mut service, mut handler, path) = both();
    let creating = ratio_in_percent(|| service.create_batch(), || handler.create_batch());
    let reading = ratio_in_percent(|| service.read_batch(&path), || handler.read_batch(&path));
    println!("creating reaches {creating} % of a bare handler, reading {reading} % (aim: 80 %)");
}
