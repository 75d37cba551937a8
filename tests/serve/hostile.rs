//! Requests that no sound client sends, over bare sockets, at both listeners: each is refused with a
//! problem, within bounds, and the service goes on as if nothing had been.

use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{KEY, Service};

/// Longer than any refusal takes, shorter than the service waits for a slow client.
const WITHIN: Duration = Duration::from_secs(15);

/// Every byte that is answered to these, sent at once, until the service ends the connection.
pub async fn answered(base: &str, sent: &[u8]) -> String {
    let address = base.strip_prefix("http://").unwrap();
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut reader, mut writer) = stream.into_split();
    let sent = sent.to_vec();
    // Whoever sends much must read meanwhile; what is refused early is not taken to its end.
    let sending = tokio::spawn(async move {
        let _ = writer.write_all(&sent).await;
        let _ = writer.shutdown().await;
    });
    let mut bytes = Vec::new();
    let whole = tokio::time::timeout(WITHIN, reader.read_to_end(&mut bytes)).await;
    // A reset after the answer is an end as well.
    let _ = whole.expect("the service ends the connection");
    sending.abort();
    String::from_utf8_lossy(&bytes).into_owned()
}

fn post(path: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\nx-api-key: {KEY}\r\nidempotency-key: {length}\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\
         {headers}\r\n"
    );
    [head.as_bytes(), body].concat()
}

/// The status and the problem of one answer.
#[track_caller]
fn problem(label: &str, answer: &str) -> (u16, Value) {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{label}: {answer}"));
    assert!(head.contains("content-type: application/problem+json"), "{label}: {head}");
    let status = head[9..12].parse().unwrap();
    let problem: Value =
        serde_json::from_str(body).unwrap_or_else(|e| panic!("{label}: {e} {body}"));
    assert_eq!(problem["status"], status, "{label}");
    (status, problem)
}

/// A label, the body, and the status for it.
fn bodies() -> Vec<(&'static str, Vec<u8>, u16)> {
    let good = r#""reference":"A","asset":"USDT","network":"tron""#;
    let with = |rest: &str| format!("{{{good},{rest}}}").into_bytes();
    let deep = |open: &str, close: &str| open.repeat(10_000) + &close.repeat(10_000);
    vec![
        ("nothing", Vec::new(), 400),
        ("no JSON", b"amount=250.00".to_vec(), 400),
        ("XML", b"<payment/>".to_vec(), 400),
        ("a byte order mark", b"\xef\xbb\xbf{}".to_vec(), 400),
        ("no UTF-8", b"{\"reference\":\"\xff\xfe\"}".to_vec(), 400),
        ("UTF-16", b"{\0}\0".to_vec(), 400),
        ("half of it", with(r#""amount":"250.00""#)[..40].to_vec(), 400),
        ("two of it", [with(r#""amount":"1""#), with(r#""amount":"1""#)].concat(), 400),
        ("a float", with(r#""amount":250.0"#), 400),
        ("a huge number", with(r#""expires_in_s":1e400"#), 400),
        ("a name twice", with(r#""amount":"1","amount":"2""#), 400),
        (
            "a name twice within",
            with(r#""price":{"amount":"1","amount":"2","currency":"USD"}"#),
            400,
        ),
        ("a name twice deep", with(r#""amount":"1","metadata":{"a":[{"b":1,"b":1}]}"#), 400),
        ("deep lists", deep("[", "]").into_bytes(), 400),
        ("deep objects", deep(r#"{"a":"#, "").into_bytes(), 400),
        ("deep metadata", with(&format!(r#""metadata":{{"a":{}}}"#, deep("[", "]"))), 400),
        ("half an emoji", with(r#""amount":"1","metadata":{"a":"\ud83d"}"#), 400),
        ("one byte too many", [&b" ".repeat(64 * 1024)[..], b"{"].concat(), 413),
        ("a megabyte", vec![b'['; 1 << 20], 413),
    ]
}

#[tokio::test]
async fn every_bad_body_is_a_problem_at_both_listeners() {
    let service = Service::start(&[]).await;
    for (label, body, status) in bodies() {
        let answer = answered(&service.api, &post("/v1/payments", "", &body)).await;
        let (found, problem) = problem(label, &answer);
        assert_eq!(found, status, "{label}: {problem}");
        assert_eq!(
            problem["code"],
            if label == "a float" { "amount_not_string" } else { "invalid_request" }
        );
        // An operator's command may have no body at all.
        if label != "nothing" {
            let answer = answered(&service.control, &post("/api/clock/advance", "", &body)).await;
            assert_eq!(self::problem(label, &answer).0, status, "{label} to the operator's side");
        }
    }
    goes_on(service).await;
}

#[tokio::test]
async fn what_breaks_off_or_is_no_request_is_refused() {
    let service = Service::start(&[]).await;
    let whole = String::from_utf8(post("/v1/payments", "", b"{}")).unwrap();
    let longer = whole.replace("content-length: 2", "content-length: 20");
    let chunks = whole.replace("content-length: 2", "transfer-encoding: chunked");
    let half_a_chunk = chunks.replace("{}", "5\r\n{");
    let no_chunk = chunks.replace("{}", "zz\r\n{}\r\n");
    for (label, sent) in [("short", &longer), ("half", &half_a_chunk), ("no chunk", &no_chunk)] {
        for (base, path) in
            [(&service.api, "/v1/payments"), (&service.control, "/api/clock/advance")]
        {
            let sent = sent.replace("/v1/payments", path);
            let (status, _) = problem(label, &answered(base, sent.as_bytes()).await);
            assert_eq!(status, 400, "{label}");
        }
    }
    // Below HTTP there is nobody who writes problems; a status and an end there is.
    let flood = (0..200).map(|i| format!("x-{i}: y\r\n")).collect::<String>();
    let wide = format!("x-wide: {}\r\n", "y".repeat(600_000));
    let twice = whole.replace("content-length: 2", "content-length: 2\r\ncontent-length: 3");
    let negative = whole.replace("content-length: 2", "content-length: -2");
    let cases = [
        ("a flood of headers", String::from_utf8(post("/v1/payments", &flood, b"{}")).unwrap()),
        ("a wide header", String::from_utf8(post("/v1/payments", &wide, b"{}")).unwrap()),
        ("two lengths", twice),
        ("a negative length", negative),
        ("no HTTP", "hello\r\n\r\n".to_owned()),
        ("TLS", "\u{16}\u{3}\u{1}\0\r\n\r\n".to_owned()),
    ];
    for (label, sent) in cases {
        for base in [&service.api, &service.control] {
            let answer = answered(base, sent.as_bytes()).await;
            assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{label}: {answer}");
            assert!(!answer.contains(" 200 ") && !answer.contains(" 201 "), "{label}: {answer}");
        }
    }
    goes_on(service).await;
}

#[tokio::test]
async fn requests_in_one_breath_are_answered_in_their_order() {
    let service = Service::start(&[]).await;
    let get =
        |path: &str| format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nx-api-key: {KEY}\r\n\r\n");
    let bad = "POST /v1/payments HTTP/1.1\r\nhost: localhost\r\nidempotency-key: k\r\n\
               content-length: 1\r\n\r\n{";
    let last = String::from_utf8(post("/v1/payments", "", b"[]")).unwrap();
    let sent = [get("/v1/rails"), bad.to_owned(), get("/nowhere"), last].concat();
    let answer = answered(&service.api, sent.as_bytes()).await;
    let statuses: Vec<&str> =
        answer.match_indices("HTTP/1.1 ").map(|(i, _)| &answer[i + 9..i + 12]).collect();
    assert_eq!(statuses, ["200", "401", "404", "400"], "{answer}");
    goes_on(service).await;
}

/// Nothing of all that left a trace.
async fn goes_on(mut service: Service) {
    assert_eq!(service.child.try_wait().unwrap(), None);
    assert!(service.all("/v1/payments").await.is_empty());
    assert_eq!(service.create("INV-1").await.unwrap().0, 201);
    assert_eq!(service.interrupt().await, Some(0));
}
