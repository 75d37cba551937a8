//! Deliveries over real sockets: what goes out, what is told of what came back.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use countersign::history::Answer;
use countersign::io::deliver::{Deliverer, HttpDeliverer};
use countersign::model::Span;
use countersign::run::{Message, Sent};
use countersign::scenario::Arrival;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Barrier, mpsc};

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/// Long enough for a loaded machine; only the tests of the limit itself wait it out.
const LIMIT: Span = Span::from_s(20);

fn message(body: &str) -> Message {
    let headers = vec![
        ("webhook-signature".to_owned(), "v1,AA==".to_owned()),
        ("webhook-id".to_owned(), "evt_1".to_owned()),
        ("content-type".to_owned(), "application/json".to_owned()),
    ];
    Message { headers, body: body.to_owned().into() }
}

async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hooks?a=1", listener.local_addr().unwrap());
    (listener, url)
}

fn deliverer(url: &str, limit: Span) -> HttpDeliverer {
    HttpDeliverer::new(url, limit, Instant::now()).unwrap()
}

/// Reads one request whose body ends in `}`; empty when the peer has closed.
async fn request(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"}") {
        let mut buffer = [0; 4096];
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => break,
            Ok(n) => bytes.extend_from_slice(&buffer[..n]),
        }
    }
    String::from_utf8(bytes).unwrap()
}

/// A server that answers every request of every connection by what `answer` makes of it; closes
/// where that is empty. Tells every request to `seen`.
fn serve(
    listener: TcpListener,
    seen: mpsc::UnboundedSender<(usize, String)>,
    answer: &'static str,
) {
    tokio::spawn(async move {
        for connection in 1.. {
            let Ok((mut stream, _)) = listener.accept().await else { break };
            let seen = seen.clone();
            tokio::spawn(async move {
                loop {
                    let text = request(&mut stream).await;
                    if text.is_empty() {
                        break;
                    }
                    drop(seen.send((connection, text)));
                    if answer.is_empty() {
                        break;
                    }
                    stream.write_all(answer.as_bytes()).await.unwrap();
                }
            });
        }
    });
}

/// Sends one message to a server that answers so.
async fn check(answer: &'static str, limit: Span) -> (Sent, usize) {
    let (listener, url) = listen().await;
    let (seen, mut requests) = mpsc::unbounded_channel();
    serve(listener, seen, answer);
    let deliverer = deliverer(&url, limit);
    let sent = deliverer.send(&[message("{}")], Arrival::InTurn).await.remove(0);
    assert!(sent.sent_us <= sent.answered_us);
    let mut count = 0;
    while requests.try_recv().is_ok() {
        count += 1;
    }
    (sent, count)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bytes_and_the_order_of_headers_are_exact() {
    let (listener, url) = listen().await;
    let host = listener.local_addr().unwrap();
    let (seen, mut requests) = mpsc::unbounded_channel();
    serve(listener, seen, OK);
    let body = "{\n \"odd\" : 10.00 , \"ü\":\"\\/\"}";
    let sent = deliverer(&url, LIMIT).send(&[message(body)], Arrival::InTurn).await.remove(0);
    let (_, raw) = requests.recv().await.unwrap();
    let expected = format!(
        "POST /hooks?a=1 HTTP/1.1\r\nhost: {host}\r\nuser-agent: Payments-Webhooks/1.0\r\n\
         accept: */*\r\nwebhook-signature: v1,AA==\r\nwebhook-id: evt_1\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    assert_eq!(raw, expected);
    let told: String = sent.headers.iter().map(|(n, v)| format!("{n}: {v}\r\n")).collect();
    assert!(expected.contains(&told), "the history tells what was sent: {told}");
    assert_eq!(sent.answer, Answer::Http { status: 200, body: "ok".into() });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn copies_in_turn_share_a_connection() {
    let (listener, url) = listen().await;
    let (seen, mut requests) = mpsc::unbounded_channel();
    serve(listener, seen, OK);
    let copies = vec![message("{}"); 20];
    let sent = deliverer(&url, LIMIT).send(&copies, Arrival::InTurn).await;
    assert!(sent.windows(2).all(|two| two[0].answered_us <= two[1].sent_us));
    for _ in 0..20 {
        assert_eq!(requests.recv().await.unwrap().0, 1);
    }
}

/// No answer is given before all copies have arrived: were one of them sent only after another's
/// answer, none would ever be answered.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn copies_at_once_are_all_out_before_any_answer() {
    const COPIES: usize = 16;
    let (listener, url) = listen().await;
    let all = Arc::new(Barrier::new(COPIES));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let all = all.clone();
            tokio::spawn(async move {
                while !request(&mut stream).await.is_empty() {
                    all.wait().await;
                    stream.write_all(OK.as_bytes()).await.unwrap();
                }
            });
        }
    });
    let deliverer = deliverer(&url, LIMIT);
    for _round in 0..5 {
        let sent = deliverer.send(&vec![message("{}"); COPIES], Arrival::AtOnce).await;
        assert!(sent.iter().all(|s| matches!(s.answer, Answer::Http { status: 200, .. })));
        let last_sent = sent.iter().map(|s| s.sent_us).max();
        let first_answered = sent.iter().map(|s| s.answered_us).min();
        assert!(last_sent <= first_answered, "{sent:?}");
    }
}

/// The server closes each connection after its answer without announcing it. The next message
/// waits until that has happened, as it does when a merchant was restarted in between.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_closed_while_idle_is_replaced() {
    let (listener, url) = listen().await;
    let (closed, mut was_closed) = mpsc::unbounded_channel();
    let requests = Arc::new(AtomicUsize::new(0));
    let count = requests.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            assert!(!request(&mut stream).await.is_empty());
            count.fetch_add(1, Ordering::SeqCst);
            stream.write_all(OK.as_bytes()).await.unwrap();
            drop(stream);
            closed.send(()).unwrap();
        }
    });
    let deliverer = deliverer(&url, LIMIT);
    for n in 1..=20 {
        let sent = deliverer.send(&[message("{}")], Arrival::InTurn).await.remove(0);
        assert_eq!(sent.answer, Answer::Http { status: 200, body: "ok".into() });
        assert_eq!(requests.load(Ordering::SeqCst), n, "each message is seen once");
        was_closed.recv().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redirects_are_answers() {
    let answer = "HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n";
    let (sent, requests) = check(answer, LIMIT).await;
    assert_eq!(sent.answer, Answer::Http { status: 302, body: String::new() });
    assert_eq!(requests, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn retry_after_is_read_in_seconds() {
    for (value, expected) in [("7", Some(7)), ("Fri, 31 Dec 1999 23:59:59 GMT", None), ("-1", None)]
    {
        let answer = format!("HTTP/1.1 503 X\r\nretry-after: {value}\r\ncontent-length: 0\r\n\r\n");
        let (sent, _) = check(answer.leak(), LIMIT).await;
        assert_eq!(sent.retry_after_s, expected, "{value}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn silence_is_a_failure_after_the_limit() {
    let (listener, url) = listen().await;
    let deliverer = deliverer(&url, Span::from_ms(200));
    let sent = deliverer.send(&[message("{}")], Arrival::InTurn).await.remove(0);
    assert_eq!(sent.answer, Answer::Failed("no answer within 200ms".into()));
    assert!(sent.answered_us - sent.sent_us >= 190_000, "{sent:?}");
    drop(listener);
}

/// Once bytes are out they may have been acted upon: the message is not sent again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_breaks_after_the_request_is_told_and_not_repeated() {
    let (sent, requests) = check("", LIMIT).await;
    assert!(matches!(sent.answer, Answer::Failed(_)), "{sent:?}");
    assert_eq!(requests, 1);
    let broken = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nnonsense\r\n";
    let (sent, _) = check(broken, LIMIT).await;
    let Answer::Failed(why) = sent.answer else { panic!("{sent:?}") };
    assert!(why.starts_with("the answer 200 broke off"), "{why}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_there_is_a_failure() {
    let (listener, url) = listen().await;
    let address = listener.local_addr().unwrap();
    drop(listener);
    let sent = deliverer(&url, LIMIT).send(&[message("{}")], Arrival::InTurn).await.remove(0);
    let Answer::Failed(why) = sent.answer else { panic!("{sent:?}") };
    assert!(why.starts_with(&format!("cannot connect to {address}: ")), "{why}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn long_answers_are_read_and_kept_in_bounds() {
    let head = |length: usize| format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n");
    for length in [10, 3000, 1 << 20] {
        let answer = format!("{}{}", head(length), "x".repeat(length));
        let (sent, _) = check(answer.leak(), LIMIT).await;
        let kept = "x".repeat(length.min(2048));
        assert_eq!(sent.answer, Answer::Http { status: 200, body: kept });
    }
}

#[test]
fn only_absolute_http_urls_are_places() {
    for url in ["/hooks", "https://shop.test/hooks", "shop.test", "", "http://"] {
        let refused = HttpDeliverer::new(url, LIMIT, Instant::now());
        assert!(refused.is_err(), "{url}");
    }
}
