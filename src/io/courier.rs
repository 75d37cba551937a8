//! The courier of a sandbox: makes the attempts that are due, and tells what came of them.
//!
//! Signs at the moment of sending, on the wall clock, which is what an endpoint compares with. When
//! and whether there is an attempt is decided by the sandbox.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use tokio::task::JoinSet;

use super::clock;
use super::deliver::{Deliverer, HttpDeliverer, UrlError};
use super::desk::{Desk, Next, Refusal};
use super::journal::Lost;
use crate::history::Answer;
use crate::model::{SimTime, Span};
use crate::provider::sandbox::{Attempt, Command, Dispatch, Reply};
use crate::run::{Message, Sent};
use crate::scenario::Arrival;
use crate::signature::SignatureError;

/// How much of an answer's body is kept for the page.
const BODY_CHARS: usize = 500;

/// Sends what a sandbox wants sent.
pub struct Courier {
    desk: Arc<Desk>,
    /// How long an endpoint may take to answer.
    timeout: Span,
    started: Instant,
    /// One for each URL, because it keeps connections.
    deliverers: BTreeMap<String, Arc<HttpDeliverer>>,
}

impl Courier {
    /// For whoever comes to this desk.
    #[must_use]
    pub fn new(desk: Arc<Desk>, timeout: Span) -> Self {
        Self { desk, timeout, started: Instant::now(), deliverers: BTreeMap::new() }
    }

    /// Makes attempts until the journal cannot be written any more. Attempts that are underway when
    /// this is dropped are made again after a restart.
    pub async fn work(mut self) -> Lost {
        let mut underway = JoinSet::new();
        loop {
            while let Some(ended) = underway.try_join_next() {
                if let Ok(Err(Refusal::Lost(lost))) = ended {
                    return lost;
                }
            }
            match self.desk.next().await {
                Err(lost) => return lost,
                Ok(Next::Attempt(dispatch)) => {
                    let deliverer = self.deliverer(&dispatch.url);
                    underway.spawn(attempt(self.desk.clone(), deliverer, dispatch));
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
                        () = self.desk.stirred() => {}
                    }
                }
            }
        }
    }

    fn deliverer(&mut self, url: &str) -> Result<Arc<HttpDeliverer>, UrlError> {
        if let Some(known) = self.deliverers.get(url) {
            return Ok(known.clone());
        }
        let made = Arc::new(HttpDeliverer::new(url, self.timeout, self.started)?);
        self.deliverers.insert(url.to_owned(), made.clone());
        Ok(made)
    }
}

/// Sends a message, signed now, or as it was signed before.
///
/// # Errors
/// A secret that is no key.
pub async fn send(
    deliverer: &HttpDeliverer,
    dispatch: &Dispatch,
) -> Result<(SimTime, Sent), SignatureError> {
    let at = dispatch.signed_at.unwrap_or_else(clock::wall);
    let signed = dispatch.signed(at)?;
    let message = Message { headers: signed.headers, body: signed.body.into() };
    let mut sent = deliverer.send(&[message], Arrival::InTurn).await;
    Ok((at, sent.pop().expect("one message has one answer")))
}

async fn attempt(
    desk: Arc<Desk>,
    deliverer: Result<Arc<HttpDeliverer>, UrlError>,
    dispatch: Box<Dispatch>,
) -> Result<(), Refusal> {
    let unsent = |why: String| (clock::wall(), 0, Reply::Failed(why), None);
    let sent = match &deliverer {
        Ok(deliverer) => send(deliverer, &dispatch).await.map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    let (signed_at, took_ms, reply, retry_after_s) = match sent {
        Ok((at, sent)) => {
            let took_ms = sent.answered_us.saturating_sub(sent.sent_us) / 1000;
            (at, took_ms, reply(sent.answer), sent.retry_after_s)
        }
        Err(why) => unsent(why),
    };
    let Dispatch { endpoint, signed_by, event, is_restated, .. } = *dispatch;
    let body = is_restated.then(|| String::from_utf8_lossy(&event.body).into_owned());
    let attempt = Attempt { signed_at, signed_by, took_ms, reply, body };
    let command = Command::Attempted { event: event.id, endpoint, attempt, retry_after_s };
    desk.obey(command).await
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
