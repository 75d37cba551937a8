//! The control side of a sandbox over HTTP: what an operator sees and does, and the page for it.
//!
//! Lives on a listener of its own: nothing here is reachable where merchants call. It asks for no
//! key; who may come is decided by `control_guard`.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware;
use axum::response::sse::{Event as Push, KeepAlive, Sse};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use futures::Stream;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::sync::broadcast::error::RecvError;

use super::control_guard;
use super::desk::{Desk, Refusal};
use super::interruption::Interruption;
use super::journal::Lost;
use crate::model::{EndpointId, EventId, PaymentId, Span};
use crate::provider::sandbox::{Action, BooksId, Command, Declined, Sandbox, Spell};
use crate::provider::{BODY_BYTES_MAX, Refused, Scope, StatementFault};

const PAGE: &str = include_str!("control.html");

/// The page loads nothing, from nowhere, and is framed by nobody.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; \
                      connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

const LIMIT_DEFAULT: usize = 50;
const LIMIT_MAX: usize = 500;

/// The form of every refusal.
pub(super) const PROBLEM: &str = "application/problem+json";

/// What the routes share.
#[derive(Clone)]
struct Control {
    desk: Arc<Desk>,
    interrupted: Interruption,
}

/// Why an operator does not get what he asked for.
#[derive(Debug, thiserror::Error)]
pub(super) enum Problem {
    #[error("{0}")]
    Unreadable(String),
    #[error("{0}")]
    Forbidden(&'static str),
    #[error("the body has more than {BODY_BYTES_MAX} bytes")]
    TooLarge,
    #[error("the body did not arrive in time; send it in one go")]
    TooSlow,
    #[error("there is no payment {0}")]
    NoPayment(PaymentId),
    #[error("there is no such account, or not in that mode; GET /api/status lists them")]
    NoBooks,
    #[error("there is nothing here; the paths stand in `countersign serve --help`")]
    Nowhere,
    #[error("{1}")]
    Unroutable(StatusCode, String),
    #[error(transparent)]
    Refusal(#[from] Refusal),
    #[error(transparent)]
    Lost(#[from] Lost),
}

type Answer = Result<Response, Problem>;

/// The routes, for a listener at that address.
pub fn router(desk: Arc<Desk>, address: SocketAddr, interrupted: Interruption) -> Router {
    let loopback = address.ip().is_loopback();
    let control = Control { desk, interrupted };
    Router::new()
        .route("/", get(page))
        .route("/api/status", get(status))
        .route("/api/changes", get(changes))
        .route("/api/clock/advance", post(advance))
        .route("/api/payments", get(payments))
        .route("/api/payments/{id}", get(payment))
        .route("/api/payments/{id}/{verb}", post(act))
        .route("/api/payouts/{id}/{verb}", post(act_on_payout))
        .route("/api/statements/{rail}/{date}/misstate", post(misstate))
        .route("/api/statements/{rail}/{date}/correct", post(correct_statement))
        .route("/api/deliveries", get(deliveries))
        .route("/api/deliveries/hold", post(hold_all))
        .route("/api/deliveries/{event}/{verb}", post(deliver))
        .route("/api/endpoints/{id}/test", post(try_out))
        .route("/api/keys", post(make_key))
        .route("/api/faults", post(make_trouble))
        .fallback(async || Problem::Nowhere)
        .layer(middleware::from_fn_with_state(loopback, control_guard::guard))
        .with_state(control)
}

async fn page() -> Response {
    ([(header::CONTENT_SECURITY_POLICY, POLICY)], Html(PAGE)).into_response()
}

async fn status(State(control): State<Control>) -> Answer {
    Ok(json(control.desk.read(|sandbox, wall| sandbox.status_json(wall)).await?))
}

/// Which account in which mode: the first that fits what is named.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Whose {
    account: Option<String>,
    mode: Option<Mode>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Mode {
    Test,
    Live,
}

/// Which part of whose list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Part {
    account: Option<String>,
    mode: Option<Mode>,
    before: Option<String>,
    limit: Option<usize>,
}

impl Part {
    /// Whose, before what, how many.
    fn read(self) -> (Whose, Option<String>, usize) {
        let limit = self.limit.unwrap_or(LIMIT_DEFAULT).clamp(1, LIMIT_MAX);
        (Whose { account: self.account, mode: self.mode }, self.before, limit)
    }
}

async fn payments(State(control): State<Control>, Query(part): Query<Part>) -> Answer {
    let (whose, before, limit) = part.read();
    let books = control.books(&whose).await?;
    let look = control.desk.read(|of, _| of.payments_json(books, before.as_deref(), limit));
    Ok(json(look.await?))
}

async fn payment(State(control): State<Control>, Path(id): Path<String>) -> Answer {
    let id = PaymentId::new(id);
    control.payment(&id).await
}

async fn deliveries(State(control): State<Control>, Query(part): Query<Part>) -> Answer {
    let (whose, before, limit) = part.read();
    let books = control.books(&whose).await?;
    let look = control.desk.read(|of, _| of.deliveries_json(books, before.as_deref(), limit));
    Ok(json(look.await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    by: String,
}

async fn advance(State(control): State<Control>, body: Bytes) -> Answer {
    let Advance { by } = read(&body)?;
    let by: Span = by.parse().map_err(|error| Problem::Unreadable(format!("/by: {error}")))?;
    control.desk.obey(Command::Advance { ms: by.ms() }).await?;
    status(State(control)).await
}

/// The verb of the path and the fields of the body are one action.
async fn act(
    State(control): State<Control>,
    Path((id, verb)): Path<(String, String)>,
    body: Bytes,
) -> Answer {
    let mut fields: serde_json::Map<String, serde_json::Value> = read(&body)?;
    fields.insert("action".to_owned(), verb.replace('-', "_").into());
    let action: Action = serde_json::from_value(fields.into())
        .map_err(|error| Problem::Unreadable(format!("{verb}: {error}")))?;
    let payment = PaymentId::new(id);
    control.desk.obey(Command::Act { payment: payment.clone(), action }).await?;
    control.payment(&payment).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Misstate {
    fault: StatementFault,
}

async fn misstate(
    State(control): State<Control>,
    Path((rail, date)): Path<(String, String)>,
    Query(whose): Query<Whose>,
    body: Bytes,
) -> Answer {
    let Misstate { fault } = read(&body)?;
    let books = control.books(&whose).await?;
    control.desk.obey(Command::Misstate { books, rail, date, fault }).await?;
    status(State(control)).await
}

async fn correct_statement(
    State(control): State<Control>,
    Path((rail, date)): Path<(String, String)>,
    Query(whose): Query<Whose>,
) -> Answer {
    let books = control.books(&whose).await?;
    control.desk.obey(Command::CorrectStatement { books, rail, date }).await?;
    status(State(control)).await
}

async fn act_on_payout(
    State(control): State<Control>,
    Path((payout, verb)): Path<(String, String)>,
) -> Answer {
    let action = serde_json::from_value(verb.clone().into())
        .map_err(|error| Problem::Unreadable(format!("{verb}: {error}")))?;
    control.desk.obey(Command::ActOnPayout { payout, action }).await?;
    status(State(control)).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HoldAll {
    on: bool,
}

async fn hold_all(
    State(control): State<Control>,
    Query(whose): Query<Whose>,
    body: Bytes,
) -> Answer {
    let HoldAll { on } = read(&body)?;
    let books = control.books(&whose).await?;
    control.desk.obey(Command::HoldAll { books, on }).await?;
    status(State(control)).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MakeKey {
    scopes: BTreeSet<Scope>,
}

/// The one answer that shows the key.
async fn make_key(
    State(control): State<Control>,
    Query(whose): Query<Whose>,
    body: Bytes,
) -> Answer {
    let MakeKey { scopes } = read(&body)?;
    if scopes.is_empty() {
        return Err(Problem::Unreadable("/scopes: name one at least".to_owned()));
    }
    let books = control.books(&whose).await?;
    control.desk.obey(Command::MakeKey { books, scopes: scopes.clone() }).await?;
    let newest = |of: &Sandbox, _| {
        let mut keys = of.provider(books).keys().iter().rev();
        keys.find(|key| key.scopes == scopes).map(|key| key.secret.clone())
    };
    let key = control.desk.read(newest).await?;
    Ok(json(serde_json::json!({"key": key, "scopes": scopes}).to_string().into_bytes()))
}

async fn try_out(State(control): State<Control>, Path(id): Path<String>) -> Answer {
    control.desk.obey(Command::TryOut { endpoint: EndpointId::new(id) }).await?;
    status(State(control)).await
}

async fn make_trouble(State(control): State<Control>, body: Bytes) -> Answer {
    let spell: Spell = read(&body)?;
    control.desk.make_trouble(Some(spell).filter(|spell| spell.calls > 0));
    status(State(control)).await
}

/// For which endpoint; for all where left out.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Where {
    endpoint: Option<EndpointId>,
}

async fn deliver(
    State(control): State<Control>,
    Path((event, verb)): Path<(String, String)>,
    Query(Where { endpoint }): Query<Where>,
) -> Answer {
    let event = EventId::new(event);
    let id = event.clone();
    let command = match verb.as_str() {
        "hold" => Command::Hold { event, endpoint },
        "release" => Command::Release { event, endpoint },
        "drop" => Command::Drop { event, endpoint },
        "redeliver" => Command::Redeliver { event, endpoint },
        _ => return Err(Problem::Nowhere),
    };
    control.desk.obey(command).await?;
    let subject = control.desk.read(|sandbox, _| sandbox.announcer(&id)?.event(&id)).await?;
    let subject = subject.ok_or(Problem::Nowhere)?;
    match subject.payment() {
        Some(payment) => control.payment(payment).await,
        None => status(State(control)).await,
    }
}

/// Server-sent events: each names the payments that changed, or says that all may have.
async fn changes(
    State(control): State<Control>,
) -> Sse<impl Stream<Item = Result<Push, Infallible>>> {
    let start = (control.desk.watch(), control.interrupted);
    let stream = futures::stream::unfold(start, |(mut changes, interrupted)| async move {
        let change = tokio::select! {
            change = changes.recv() => change,
            () = interrupted.happens() => Err(RecvError::Closed),
        };
        let data = match change {
            Ok(payments) => serde_json::json!({"payments": *payments}),
            Err(RecvError::Lagged(_)) => serde_json::json!({"payments": null}),
            Err(RecvError::Closed) => return None,
        };
        Some((Ok(Push::default().data(data.to_string())), (changes, interrupted)))
    });
    Sse::new(stream).keep_alive(KeepAlive::default())
}

impl Control {
    async fn payment(&self, id: &PaymentId) -> Answer {
        let seen = self.desk.read(|sandbox, _| sandbox.payment_json(id)).await?;
        seen.map(json).ok_or_else(|| Problem::NoPayment(id.clone()))
    }

    async fn books(&self, whose: &Whose) -> Result<BooksId, Problem> {
        let live = whose.mode.map(|mode| mode == Mode::Live);
        let found = self.desk.read(|sandbox, _| sandbox.books(whose.account.as_deref(), live));
        found.await?.ok_or(Problem::NoBooks)
    }
}

/// The body of a command; nothing at all stands for no wishes.
fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let body = if body.is_empty() { b"{}" } else { body };
    serde_json::from_slice(body).map_err(|error| Problem::Unreadable(format!("the body: {error}")))
}

fn json(body: Vec<u8>) -> Response {
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    (headers, body).into_response()
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = match &self {
            Self::Unreadable(_) | Self::Refusal(Refusal::Declined(Declined::Money(_))) => {
                StatusCode::BAD_REQUEST
            }
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::Unroutable(status, _) => *status,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::NoPayment(_)
            | Self::NoBooks
            | Self::Nowhere
            | Self::Refusal(Refusal::Declined(
                Declined::Refused(
                    Refused::UnknownPayment(_)
                    | Refused::UnknownRefund(_)
                    | Refused::UnknownPayout(_),
                )
                | Declined::UnknownDelivery(_)
                | Declined::UnknownStatement(..)
                | Declined::UnknownEndpoint(_),
            )) => StatusCode::NOT_FOUND,
            Self::Refusal(Refusal::Declined(
                Declined::Refused(_) | Declined::Underway(_) | Declined::TooFar(_),
            )) => StatusCode::CONFLICT,
            Self::Refusal(Refusal::Lost(_)) | Self::Lost(_) => StatusCode::SERVICE_UNAVAILABLE,
        };
        let body = serde_json::json!({
            "type": "about:blank",
            "title": status.canonical_reason(),
            "status": status.as_u16(),
            "detail": self.to_string(),
        });
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM));
        (status, headers, body.to_string()).into_response()
    }
}
