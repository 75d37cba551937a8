//! Sends messages to the merchant's webhook door: exact bytes, headers in their order, copies one
//! after the other or all at once.
//!
//! Knows nothing of signatures or payments: what it is given is what goes out, and what came back
//! is told as it was.

use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::future::join_all;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::TrySendError;
use hyper::header::{HeaderName, HeaderValue, RETRY_AFTER};
use hyper::{Request, Response, Uri};
use tokio::time::timeout;

use super::connection::{Connection, Pool};
use crate::history::Answer;
use crate::model::Span;
use crate::run::{Message, Sent};
use crate::scenario::Arrival;

/// How much of an answer's body is kept.
const KEPT_BYTES: usize = 2048;
/// How much of it is read at most, so that the connection can be used again.
const READ_BYTES_MAX: usize = 64 * 1024;
/// How long a request may take from being handed over to standing ready in its connection.
const READY_WITHIN: Duration = Duration::from_secs(1);
/// What a payment provider would call itself. A merchant must not be able to tell a test by it.
const USER_AGENT: &str = "Payments-Webhooks/1.0";

/// Whoever can carry messages to the merchant.
pub trait Deliverer: Send + Sync {
    /// Sends all messages, and answers for each in the same order, however it went.
    fn send(
        &self,
        outgoing: &[Message],
        arrival: Arrival,
    ) -> impl Future<Output = Vec<Sent>> + Send;
}

/// Carries messages to one URL over HTTP/1.1. Redirects are never followed.
pub struct HttpDeliverer {
    pool: Pool,
    host: String,
    target: Uri,
    timeout: Span,
    started: Instant,
}

/// Why nothing can be delivered to a URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no place for webhooks; write an absolute http:// url such as http://127.0.0.1:4000/webhooks"
)]
pub struct UrlError(String);

/// A request that was handed over and whose answer is awaited.
struct Underway {
    connection: Connection,
    answer: Pin<Box<dyn Future<Output = Exchange> + Send>>,
}

type Exchange = Result<Response<Incoming>, TrySendError<Request<Full<Bytes>>>>;

/// What was read of an answer.
struct Reply {
    answer: Answer,
    retry_after_s: Option<u64>,
    /// Whether it was read to its end, so that the connection can carry the next request.
    complete: bool,
}

impl HttpDeliverer {
    /// For a URL; `started` is where the microseconds count from.
    ///
    /// # Errors
    /// [`UrlError`] if it is not an absolute `http` URL.
    pub fn new(url: &str, timeout: Span, started: Instant) -> Result<Self, UrlError> {
        let error = || UrlError(url.to_owned());
        let uri: Uri = url.parse().map_err(|_| error())?;
        let (Some("http"), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(error());
        };
        let address = format!("{}:{}", authority.host(), authority.port_u16().unwrap_or(80));
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        Ok(Self {
            pool: Pool::new(address, started),
            host: authority.as_str().to_owned(),
            target: path.parse().map_err(|_| error())?,
            timeout,
            started,
        })
    }

    /// Closes idle connections; to be called when the merchant is ended or restarted on purpose,
    /// so that the next message does not meet a connection of the process before.
    pub fn forget_connections(&self) {
        self.pool.clear();
    }

    async fn send_in_turn(&self, outgoing: &[Message]) -> Vec<Sent> {
        let mut sent = Vec::with_capacity(outgoing.len());
        for message in outgoing {
            let connection = self.connect().await;
            let underway = connection.map(|connection| self.release(connection, message));
            sent.push(self.finish(underway, message).await);
        }
        sent
    }

    /// Connects for every copy first, writes each request but for its last byte, and lets all last
    /// bytes go in one breath: no copy can be answered before it is complete, so that a fast
    /// merchant on a busy machine still has all of them at once.
    async fn send_at_once(&self, outgoing: &[Message]) -> Vec<Sent> {
        let connections = join_all(outgoing.iter().map(|_| self.connect())).await;
        let mut underway = Vec::with_capacity(outgoing.len());
        for (connection, message) in connections.into_iter().zip(outgoing) {
            let held = connection.map(|connection| {
                connection.hold();
                self.release(connection, message)
            });
            let wire = held.as_ref().ok().map(|held| held.connection.wire.clone());
            underway.push(held);
            // A connection that broke never stands ready; `finish` tells what became of it.
            if let Some(wire) = wire {
                let _ = timeout(READY_WITHIN, wire.stands_ready(&message.body)).await;
            }
        }
        let_go_together(&underway);
        let finishing = underway.into_iter().zip(outgoing).map(|(u, m)| self.finish(u, m));
        join_all(finishing).await
    }

    async fn connect(&self) -> Result<Connection, String> {
        match timeout(self.timeout.to_duration(), self.pool.take()).await {
            Ok(Ok(connection)) => Ok(connection),
            Ok(Err(error)) => Err(format!("cannot connect to {}: {error}", self.host)),
            Err(_) => Err(format!("cannot connect to {} within {}", self.host, self.timeout)),
        }
    }

    /// Hands a request to its connection, which writes it without further ado.
    fn release(&self, mut connection: Connection, message: &Message) -> Underway {
        let answer = Box::pin(connection.sender.try_send_request(self.request(message)));
        Underway { connection, answer }
    }

    async fn finish(&self, underway: Result<Underway, String>, message: &Message) -> Sent {
        let released_us = self.now_us();
        let (sent_us, outcome) = match underway {
            Err(why) => (released_us, Err(why)),
            Ok(mut underway) => {
                let limit = self.timeout.to_duration();
                let outcome = timeout(limit, self.exchange(&mut underway, message)).await;
                let outcome =
                    outcome.unwrap_or_else(|_| Err(format!("no answer within {}", self.timeout)));
                let sent_us = underway.connection.wire.first_write_us().unwrap_or(released_us);
                if outcome.as_ref().is_ok_and(|reply| reply.complete) {
                    self.pool.put(underway.connection);
                }
                (sent_us, outcome)
            }
        };
        let answered_us = self.now_us();
        let (answer, retry_after_s) = match outcome {
            Ok(reply) => (reply.answer, reply.retry_after_s),
            Err(why) => (Answer::Failed(why), None),
        };
        Sent { headers: self.headers(message), sent_us, answered_us, answer, retry_after_s }
    }

    /// Awaits the answer. Where an idle connection turns out to be closed before a byte was
    /// written, nobody has seen the message, and it goes out once more over a new connection:
    /// that is no second delivery, and no fault of the merchant. Once a byte is out, a reset is
    /// what happened to this attempt and is told as it was.
    async fn exchange(&self, underway: &mut Underway, message: &Message) -> Result<Reply, String> {
        let mut answer = (&mut underway.answer).await;
        let connection = &underway.connection;
        let unseen = connection.reused && connection.wire.first_write_us().is_none();
        if answer.is_err() && unseen {
            let fresh = self.pool.open().await;
            let fresh = fresh.map_err(|e| format!("cannot connect to {}: {e}", self.host))?;
            *underway = self.release(fresh, message);
            answer = (&mut underway.answer).await;
        }
        read(answer.map_err(|error| in_words(error.error()))?).await
    }

    fn request(&self, message: &Message) -> Request<Full<Bytes>> {
        let mut request = Request::post(self.target.clone());
        for (name, value) in self.headers(message) {
            let name = HeaderName::from_bytes(name.as_bytes()).expect("our header names are valid");
            let value = HeaderValue::from_str(&value).expect("our header values are valid");
            request = request.header(name, value);
        }
        request.body(Full::new(message.body.clone())).expect("all parts are valid")
    }

    /// The map that carries them keeps the order of insertion, and the encoder writes it so; a
    /// test reads the raw bytes.
    fn headers(&self, message: &Message) -> Vec<(String, String)> {
        let given = |name: &str| message.headers.iter().any(|(n, _)| n.eq_ignore_ascii_case(name));
        let ours = [("host", self.host.as_str()), ("user-agent", USER_AGENT), ("accept", "*/*")];
        let mut headers: Vec<_> = ours
            .into_iter()
            .filter(|(name, _)| !given(name))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        headers.extend(message.headers.iter().cloned());
        headers.push(("content-length".to_owned(), message.body.len().to_string()));
        headers
    }

    fn now_us(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}

impl Deliverer for HttpDeliverer {
    async fn send(&self, outgoing: &[Message], arrival: Arrival) -> Vec<Sent> {
        match arrival {
            Arrival::InTurn => self.send_in_turn(outgoing).await,
            Arrival::AtOnce => self.send_at_once(outgoing).await,
        }
    }
}

/// Everything but the last bytes, then all last bytes. A write that fails shows in the answer,
/// which then does not come.
fn let_go_together(underway: &[Result<Underway, String>]) {
    let ready = || underway.iter().filter_map(|underway| underway.as_ref().ok());
    ready().for_each(|underway| drop(underway.connection.send_head_start()));
    ready().for_each(|underway| drop(underway.connection.let_go()));
}

/// Reads an answer to its end, or as far as it is worth it.
async fn read(response: Response<Incoming>) -> Result<Reply, String> {
    let status = response.status().as_u16();
    let retry_after = response.headers().get(RETRY_AFTER).and_then(|v| v.to_str().ok());
    let retry_after_s = retry_after.and_then(|text| text.trim().parse().ok());
    let mut body = response.into_body();
    let mut kept = Vec::new();
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        let broken = |error| format!("the answer {status} broke off: {}", in_words(&error));
        let Ok(bytes) = frame.map_err(broken)?.into_data() else { continue };
        length += bytes.len();
        let room = KEPT_BYTES - kept.len();
        kept.extend_from_slice(&bytes[..bytes.len().min(room)]);
        if length > READ_BYTES_MAX {
            break;
        }
    }
    let body = String::from_utf8_lossy(&kept).into_owned();
    let complete = length <= READ_BYTES_MAX;
    Ok(Reply { answer: Answer::Http { status, body }, retry_after_s, complete })
}

/// The innermost cause says what the network did; the layers above only that something failed.
fn in_words(error: &hyper::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
