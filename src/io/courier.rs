//! The courier of a sandbox: makes the attempts that are due, and tells what came of them.
//!
//! Signs at the moment of sending, on the wall clock, which is what an endpoint compares with. When
//! and whether there is an attempt is decided by the sandbox.

use std::sync::Arc;

use tokio::task::JoinSet;

use super::clock;
use super::deliver::{Deliverer, HttpDeliverer};
use super::desk::{Desk, Next, Refusal};
use super::journal::Lost;
use crate::history::Answer;
use crate::model::SimTime;
use crate::provider::Event;
use crate::provider::sandbox::{Attempt, Command, Reply};
use crate::run::{Message, Sent};
use crate::scenario::Arrival;
use crate::signature::{self, Scheme, Secret, SignatureError, Signed};

/// Attempts at a time. More would only wait at the merchant's.
const UNDERWAY_MAX: usize = 16;
/// How much of an answer's body is kept for the page.
const BODY_CHARS: usize = 500;

/// Where deliveries go and how they are signed.
pub struct Endpoint {
    url: String,
    scheme: &'static Scheme,
    secret: Secret,
    deliverer: HttpDeliverer,
}

impl Endpoint {
    /// Signs for this URL with this secret.
    ///
    /// # Errors
    /// The scheme cannot sign with it.
    pub fn new(
        url: String,
        scheme: &'static Scheme,
        secret: Secret,
        deliverer: HttpDeliverer,
    ) -> Result<Self, SignatureError> {
        let endpoint = Self { url, scheme, secret, deliverer };
        // Signed once for nobody, so that a bad key is told at the start and not in the first hour.
        endpoint.sign("evt_0", b"{}", clock::wall())?;
        Ok(endpoint)
    }

    /// The message that announces the event, signed at that instant.
    #[must_use]
    pub fn message(&self, event: &Event, at: SimTime) -> Message {
        // What could be signed once can always be signed.
        match self.sign(&event.wire_id, &event.body, at) {
            Ok(signed) => {
                let signed = signed.with_headers(&event.headers);
                Message { headers: signed.headers, body: signed.body.into() }
            }
            Err(_) => Message { headers: Vec::new(), body: event.body.clone() },
        }
    }

    /// Sends the event, signed now.
    pub async fn send(&self, event: &Event) -> (SimTime, Sent) {
        let at = clock::wall();
        let message = self.message(event, at);
        let mut sent = self.deliverer.send(&[message], Arrival::InTurn).await;
        (at, sent.pop().expect("one message has one answer"))
    }

    fn sign(&self, id: &str, body: &[u8], ts: SimTime) -> Result<Signed, SignatureError> {
        let message = signature::Message { id, ts, url: &self.url, method: "POST", body };
        self.scheme.sign(&self.secret, &message)
    }
}

/// Makes attempts until the journal cannot be written any more. Attempts that are underway when
/// this is dropped are made again after a restart.
pub async fn work(desk: Arc<Desk>, endpoint: Option<Arc<Endpoint>>) -> Lost {
    let mut underway = JoinSet::new();
    loop {
        while let Some(ended) = underway.try_join_next() {
            if let Ok(Err(Refusal::Lost(lost))) = ended {
                return lost;
            }
        }
        if underway.len() >= UNDERWAY_MAX {
            underway.join_next().await;
            continue;
        }
        match desk.next().await {
            Err(lost) => return lost,
            Ok(Next::Attempt(event)) => {
                // The sandbox has attempts only where there is an endpoint.
                if let Some(endpoint) = endpoint.clone() {
                    underway.spawn(attempt(desk.clone(), endpoint, event));
                }
            }
            Ok(Next::Rest(span)) => {
                let rest = async {
                    match span {
                        Some(span) => tokio::time::sleep(span.to_duration()).await,
                        None => std::future::pending().await,
                    }
                };
                tokio::select! {
                    () = rest => {}
                    () = desk.stirred() => {}
                }
            }
        }
    }
}

async fn attempt(
    desk: Arc<Desk>,
    endpoint: Arc<Endpoint>,
    event: Box<Event>,
) -> Result<(), Refusal> {
    let (signed_at, sent) = endpoint.send(&event).await;
    let took_ms = sent.answered_us.saturating_sub(sent.sent_us) / 1000;
    let retry_after_s = sent.retry_after_s;
    let attempt = Attempt { signed_at, took_ms, reply: reply(sent.answer) };
    desk.obey(Command::Attempted { event: event.id, attempt, retry_after_s }).await
}

fn reply(answer: Answer) -> Reply {
    match answer {
        Answer::Http { status, body } => {
            Reply::Http { status, body: body.chars().take(BODY_CHARS).collect() }
        }
        Answer::Failed(why) => Reply::Failed(why),
        Answer::Ran(_) | Answer::Waited(_) => unreachable!("a message is answered or it is not"),
    }
}
