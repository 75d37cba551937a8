//! The control side of a sandbox over HTTP: what an operator sees and does, and the page for it.
//!
//! Lives on a listener of its own: nothing here is reachable where merchants call. It asks for no
//! key, so it refuses what a foreign page in the operator's browser could send: other origins,
//! names that only lead here, and bodies that are not declared as JSON.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::sse::{Event as Push, KeepAlive, Sse};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use futures::Stream;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::sync::broadcast::error::RecvError;

use super::accept::{self, Patience, Unread};
use super::courier::Endpoint;
use super::desk::{Desk, Refusal};
use super::interruption::Interruption;
use super::journal::Lost;
use crate::model::{EventId, PaymentId, SimTime, Span};
use crate::provider::sandbox::{Action, Command, Declined};
use crate::provider::{BODY_BYTES_MAX, Event, Refused, StatementFault};

const PAGE: &str = include_str!("control.html");

/// The page loads nothing, from nowhere, and is framed by nobody.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; \
                      connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

const LIMIT_DEFAULT: usize = 50;
const LIMIT_MAX: usize = 500;

/// What the routes share.
#[derive(Clone)]
struct Control {
    desk: Arc<Desk>,
    endpoint: Option<Arc<Endpoint>>,
    interrupted: Interruption,
    /// Whether only this machine can come here; then only its own names are answered to.
    loopback: bool,
}

/// Why an operator does not get what he asked for.
#[derive(Debug, thiserror::Error)]
enum Problem {
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
    #[error("there is nothing here; the paths stand in `countersign serve --help`")]
    Nowhere,
    #[error(transparent)]
    Refusal(#[from] Refusal),
    #[error(transparent)]
    Lost(#[from] Lost),
}

type Answer = Result<Response, Problem>;

/// The routes, for a listener at that address.
pub fn router(
    desk: Arc<Desk>,
    endpoint: Option<Arc<Endpoint>>,
    address: SocketAddr,
    interrupted: Interruption,
) -> Router {
    let loopback = address.ip().is_loopback();
    let control = Control { desk, endpoint, interrupted, loopback };
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
        .fallback(async || Problem::Nowhere)
        .layer(middleware::from_fn_with_state(control.clone(), guard))
        .with_state(control)
}

/// Keeps foreign pages out, which the operator's browser would carry in.
async fn guard(State(control): State<Control>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let host = text(header::HOST).unwrap_or_default();
    let same = |origin: &str| origin.split_once("://").is_some_and(|(_, rest)| rest == host);
    let json = text(header::CONTENT_TYPE).is_some_and(|of| of.starts_with("application/json"));
    let refused = if control.loopback && !is_local(host) {
        Some("this is answered under localhost or the address only")
    } else if text(header::ORIGIN).is_some_and(|origin| !same(origin)) {
        Some("a page of another origin may not come here")
    } else if request.method() != Method::GET && !json {
        Some("send content-type: application/json")
    } else {
        None
    };
    if let Some(why) = refused {
        return Problem::Forbidden(why).into_response();
    }
    let (head, body) = request.into_parts();
    match accept::read(body, BODY_BYTES_MAX, Patience::default()).await {
        Ok(body) if body.len() > BODY_BYTES_MAX => Problem::TooLarge.into_response(),
        Ok(body) => next.run(Request::from_parts(head, body.into())).await,
        Err(Unread::TooSlow) => Problem::TooSlow.into_response(),
        Err(Unread::CutOff) => {
            Problem::Unreadable("the body breaks off".to_owned()).into_response()
        }
    }
}

/// Whether a `Host` names this machine by itself, and not by a name that somebody else gave it.
fn is_local(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let name = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok()
}

async fn page() -> Response {
    ([(header::CONTENT_SECURITY_POLICY, POLICY)], Html(PAGE)).into_response()
}

async fn status(State(control): State<Control>) -> Answer {
    Ok(json(control.desk.read(|sandbox, wall| sandbox.status_json(wall)).await?))
}

/// Which part of a list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Part {
    before: Option<String>,
    limit: Option<usize>,
}

impl Part {
    fn limit(&self) -> usize {
        self.limit.unwrap_or(LIMIT_DEFAULT).clamp(1, LIMIT_MAX)
    }
}

async fn payments(State(control): State<Control>, Query(part): Query<Part>) -> Answer {
    let (before, limit) = (part.before.as_deref(), part.limit());
    Ok(json(control.desk.read(|sandbox, _| sandbox.payments_json(before, limit)).await?))
}

async fn payment(State(control): State<Control>, Path(id): Path<String>) -> Answer {
    let id = PaymentId::new(id);
    control.payment(&id).await
}

async fn deliveries(State(control): State<Control>, Query(part): Query<Part>) -> Answer {
    let (before, limit) = (part.before.as_deref(), part.limit());
    let signing = |event: &Event, at| control.signed(event, at);
    let look = control.desk.read(|sandbox, _| sandbox.deliveries_json(before, limit, &signing));
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
    body: Bytes,
) -> Answer {
    let Misstate { fault } = read(&body)?;
    control.desk.obey(Command::Misstate { rail, date, fault }).await?;
    status(State(control)).await
}

async fn correct_statement(
    State(control): State<Control>,
    Path((rail, date)): Path<(String, String)>,
) -> Answer {
    control.desk.obey(Command::CorrectStatement { rail, date }).await?;
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

async fn hold_all(State(control): State<Control>, body: Bytes) -> Answer {
    let HoldAll { on } = read(&body)?;
    control.desk.obey(Command::HoldAll { on }).await?;
    status(State(control)).await
}

async fn deliver(
    State(control): State<Control>,
    Path((event, verb)): Path<(String, String)>,
) -> Answer {
    let event = EventId::new(event);
    let id = event.clone();
    let command = match verb.as_str() {
        "hold" => Command::Hold { event },
        "release" => Command::Release { event },
        "drop" => Command::Drop { event },
        "redeliver" => Command::Redeliver { event },
        _ => return Err(Problem::Nowhere),
    };
    control.desk.obey(command).await?;
    let subject = control.desk.read(|sandbox, _| sandbox.provider().event(&id)).await?;
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
        let signing = |event: &Event, at| self.signed(event, at);
        let seen = self.desk.read(|sandbox, _| sandbox.payment_json(id, &signing)).await?;
        seen.map(json).ok_or_else(|| Problem::NoPayment(id.clone()))
    }

    /// How a request of then read.
    fn signed(&self, event: &Event, at: SimTime) -> Vec<(String, String)> {
        self.endpoint
            .as_ref()
            .map(|endpoint| endpoint.message(event, at).headers)
            .unwrap_or_default()
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
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::NoPayment(_)
            | Self::Nowhere
            | Self::Refusal(Refusal::Declined(
                Declined::Refused(
                    Refused::UnknownPayment(_)
                    | Refused::UnknownRefund(_)
                    | Refused::UnknownPayout(_),
                )
                | Declined::UnknownDelivery(_)
                | Declined::UnknownStatement(..),
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
        let form = header::HeaderValue::from_static("application/problem+json");
        headers.insert(header::CONTENT_TYPE, form);
        (status, headers, body.to_string()).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::is_local;

    #[test]
    fn only_the_own_names_of_the_machine_are_local() {
        for host in ["127.0.0.1:8081", "localhost", "LOCALHOST:1", "[::1]:8081", "10.0.0.5:80"] {
            assert!(is_local(host), "{host}");
        }
        for host in ["", "evil.example", "evil.example:8081", "localhost.evil.example", "::1x"] {
            assert!(!is_local(host), "{host}");
        }
    }
}
