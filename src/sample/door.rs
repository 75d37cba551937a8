//! The shop's HTTP: routes, and what each outcome is answered with.

use std::sync::Arc;
use std::time::SystemTime;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::json;

use super::defect::Fault;
use super::inbox::{self, Receipt};
use super::payment::Event;
use super::provider::ProviderError;
use super::shop::{Checkout, Shop, ShopError};
use super::view::view;

/// Every door of the shop.
pub(super) fn router(shop: Shop) -> Router {
    Router::new()
        .route("/healthz", get(async || "ok"))
        .route("/orders", post(check_out))
        .route("/countersign/orders/{reference}", get(show))
        .route("/reconcile", post(reconcile))
        .route("/webhooks/payments", post(take_event))
        .with_state(Arc::new(shop))
}

async fn check_out(State(shop): State<Arc<Shop>>, Json(checkout): Json<Checkout>) -> Response {
    let reference = checkout.reference().to_owned();
    match shop.check_out(checkout).await {
        Ok(payment) => {
            let body = json!({"reference": reference, "payment_id": payment});
            (StatusCode::CREATED, Json(body)).into_response()
        }
        Err(error) => error.into_response(),
    }
}

async fn show(State(shop): State<Arc<Shop>>, Path(reference): Path<String>) -> Response {
    match shop.store.read(move |db| view(db, &reference)).await {
        Ok(Some(order)) => Json(order).into_response(),
        Ok(None) => answer(StatusCode::NOT_FOUND, "no such order"),
        Err(error) => ShopError::from(error).into_response(),
    }
}

async fn reconcile(State(shop): State<Arc<Shop>>) -> Response {
    match shop.reconcile().await {
        Ok(checked) => Json(json!({"checked": checked})).into_response(),
        Err(error) => error.into_response(),
    }
}

/// Proof first, on the bytes as they came; only then is anything read out of them.
async fn take_event(State(shop): State<Arc<Shop>>, headers: HeaderMap, body: Bytes) -> Response {
    let fault = shop.config.fault();
    if let Err(refusal) = shop.key.check(&headers, &body, now_s(), fault) {
        eprintln!("webhook refused: {refusal}");
        return answer(StatusCode::UNAUTHORIZED, "not accepted");
    }
    let Ok(body) = String::from_utf8(body.into()) else {
        return answer(StatusCode::BAD_REQUEST, "the body is no text");
    };
    let event = match Event::read(body.as_bytes()) {
        Ok(event) => event,
        Err(error) => {
            eprintln!("webhook unreadable: {error}");
            return answer(StatusCode::BAD_REQUEST, "the body cannot be read");
        }
    };
    if fault == Some(Fault::UnknownTypeCrash) && !event.is_known() {
        eprintln!("webhook failed: no handler for this type");
        return answer(StatusCode::INTERNAL_SERVER_ERROR, "internal error");
    }
    if fault == Some(Fault::TestEventRefused) && event.payment.is_none() && event.is_test() {
        return answer(StatusCode::UNPROCESSABLE_ENTITY, "no payment in it");
    }
    match inbox::receive(&shop.store, &shop.config, event, body).await {
        // A duplicate gets the same answer as the first, so that retries end.
        Ok(Receipt::Known) if fault == Some(Fault::DuplicateIsAnError) => {
            answer(StatusCode::INTERNAL_SERVER_ERROR, "unique constraint failed")
        }
        Ok(Receipt::Accepted | Receipt::Known) => Json(json!({"ok": true})).into_response(),
        Ok(Receipt::TooEarly) => {
            answer(StatusCode::SERVICE_UNAVAILABLE, "the order is not known yet")
        }
        Err(error) => ShopError::from(error).into_response(),
    }
}

fn answer(status: StatusCode, message: &str) -> Response {
    (status, Json(json!({"error": message}))).into_response()
}

fn now_s() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

impl IntoResponse for ShopError {
    fn into_response(self) -> Response {
        eprintln!("{self}");
        let status = match &self {
            Self::Unsellable(_) | Self::Provider(ProviderError::Refused(_)) => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            Self::Taken => StatusCode::CONFLICT,
            Self::Provider(ProviderError::Unavailable(_) | ProviderError::Unreadable(_)) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::Store(_) => return answer(StatusCode::INTERNAL_SERVER_ERROR, "internal error"),
        };
        answer(status, &self.to_string())
    }
}
