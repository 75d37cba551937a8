//! Looks at the merchant: GETs as the profile declares them, mapped to an observation.

use std::collections::BTreeMap;

use futures::future::try_join_all;
use serde_json::Value;

use super::http::Reach;
use crate::merchant::template::{Filled, fill_path};
use crate::merchant::{Looks, Probe, Profile, observation};
use crate::model::{Observation, Reference};

/// How much of a wrong answer a message shows.
const SHOWN_BYTES: usize = 200;

/// Looks at one order once. Probes that share a request share its answer, so that what they show
/// is of one moment.
///
/// # Errors
/// The merchant cannot be reached, or its answer cannot be understood: in words that say what to
/// change.
pub async fn observe(
    reach: &Reach,
    profile: &Profile,
    reference: &Reference,
) -> Result<Observation, String> {
    let observe = profile.observing();
    let mut requests: Vec<(&str, &Probe)> = vec![("order", &observe.order)];
    let further = [("ledger", &observe.ledger), ("exceptions", &observe.exceptions)];
    for (name, probe) in further {
        let Some(probe) = probe else { continue };
        if !requests.iter().any(|(_, other)| is_same_request(other, probe)) {
            requests.push((name, probe));
        }
    }
    let answers = requests.iter().map(|(name, probe)| get(reach, name, probe, reference));
    let answers = try_join_all(answers).await?;
    let answer = |probe: &Probe| {
        let position = requests.iter().position(|(_, other)| is_same_request(other, probe));
        answers[position?].clone()
    };
    let looks = Looks {
        order: answer(&observe.order),
        ledger: observe.ledger.as_ref().and_then(answer),
        exceptions: observe.exceptions.as_ref().and_then(answer),
    };
    observation(&observe, &profile.lifecycle, reference, &looks).map_err(|error| error.to_string())
}

fn is_same_request(one: &Probe, other: &Probe) -> bool {
    one.path == other.path && one.headers == other.headers
}

/// The document that a probe answers; none for a 404.
async fn get(
    reach: &Reach,
    name: &str,
    probe: &Probe,
    reference: &Reference,
) -> Result<Option<Value>, String> {
    let values = BTreeMap::from([("reference", reference.as_str().to_owned())]);
    let path = fill_path(&probe.path, &values).map_err(|error| format!("{name}: {error}"))?;
    let headers = probe.headers.clone().into_iter().collect();
    let request = Filled { method: "GET".to_owned(), path, headers, body: None };
    let reply = reach.send(&request).await.map_err(|why| format!("{name}: {why}"))?;
    let told = || format!("{name}: GET {} answered {}", request.path, reply.status);
    match reply.status {
        404 => Ok(None),
        200..=299 => {
            let parsed = serde_json::from_slice(&reply.body);
            let shown = || reply.beginning(SHOWN_BYTES);
            parsed.map(Some).map_err(|error| format!("{}, no JSON ({error}): {}", told(), shown()))
        }
        _ => Err(format!("{}: {}", told(), reply.beginning(SHOWN_BYTES))),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::sync::{Arc, LazyLock};
    use std::time::Duration;

    use axum::Router;
    use axum::http::{HeaderMap, StatusCode, header};
    use axum::routing::{get, post};

    use super::super::drive::drive;
    use super::*;
    use crate::history::Answer;
    use crate::merchant::{Known, read};

    static ORDER: LazyLock<String> = LazyLock::new(|| {
        serde_json::json!({
            "reference": "A-1", "state": "paid", "payment_ids": [], "fulfilments": 1,
            "postings": [], "exceptions": [],
        })
        .to_string()
    });

    /// A merchant that implements the contract, and every way of not doing so.
    async fn merchant() -> (String, Arc<AtomicU32>) {
        let looks = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&looks);
        let order = move || {
            counted.fetch_add(1, Ordering::Relaxed);
            async { ORDER.as_str() }
        };
        let echo = async |headers: HeaderMap, body: String| {
            let kind = headers.get(header::CONTENT_TYPE).cloned();
            (StatusCode::CREATED, format!("{kind:?} {body}"))
        };
        let app = Router::new()
            .route("/countersign/orders/A-1", get(order))
            .route("/countersign/orders/html", get(async || "<html>"))
            .route("/countersign/orders/broken", get(async || StatusCode::BAD_GATEWAY))
            .route("/countersign/orders/slow", get(std::future::pending::<()>))
            .route("/countersign/orders/huge", get(async || "x".repeat(2 << 20)))
            .route("/orders", post(echo))
            .route("/moved", post(async || (StatusCode::FOUND, [(header::LOCATION, "/orders")])));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, app).await });
        (format!("http://{address}"), looks)
    }

    fn profile(checkout: &str) -> Profile {
        let text = format!(
            "version: 1\n\
             merchant: {{name: m, base_url: \"http://127.0.0.1:80\", webhook: {{path: /w}}}}\n\
             provider: {{listen: \"127.0.0.1:9\", api_key: k, webhook_secret: s, rails: [usdt-tron]}}\n\
             drive: {{checkout: {{http: {{path: {checkout}, json: {{ref: \"{{reference}}\"}}}}}}}}\n"
        );
        let known = Known {
            rules: &[],
            signatures: &["standard-webhooks"],
            profiles: &[],
            scope_words: &[],
        };
        let profile = read(&text, "m.yaml", PathBuf::from("/"), &BTreeMap::new(), &known);
        profile.unwrap_or_else(|errors| panic!("{errors}"))
    }

    #[tokio::test]
    async fn one_look_is_one_request_where_probes_share_it() {
        let (url, looks) = merchant().await;
        let reach = Reach::new(&url, Duration::from_secs(5)).unwrap();
        let seen = observe(&reach, &profile("/orders"), &Reference::new("A-1")).await.unwrap();
        assert_eq!((seen.fulfilments, seen.postings), (Some(1), Some(Vec::new())));
        assert_eq!(looks.load(Ordering::Relaxed), 1);
        let unknown = observe(&reach, &profile("/orders"), &Reference::new("B/2")).await.unwrap();
        assert_eq!((unknown.state, unknown.fulfilments), (None, Some(0)));
    }

    #[tokio::test]
    async fn what_cannot_be_understood_is_told_in_words() {
        let (url, _) = merchant().await;
        // Only the merchant that never answers is waited for; the others answer at once.
        let reach = Reach::new(&url, Duration::from_secs(5)).unwrap();
        let hasty = Reach::new(&url, Duration::from_millis(50)).unwrap();
        let cases = [
            (&reach, "html", "order: GET /countersign/orders/html answered 200, no JSON"),
            (&reach, "broken", "order: GET /countersign/orders/broken answered 502"),
            (&reach, "huge", "order: answered 200 with more than 1 MiB"),
            (&hasty, "slow", "order: no answer within 50 ms"),
        ];
        for (reach, reference, expected) in cases {
            let looked = observe(reach, &profile("/orders"), &Reference::new(reference)).await;
            let why = looked.unwrap_err();
            assert!(why.starts_with(expected), "{why}\nlacks {expected}");
        }
    }

    #[tokio::test]
    async fn a_drive_sends_its_template_and_keeps_the_answer() {
        let (url, _) = merchant().await;
        let reach = Reach::new(&url, Duration::from_secs(5)).unwrap();
        let values = BTreeMap::from([("reference", "A-1".to_owned())]);
        let Answer::Http { status, body } =
            drive(&reach, &profile("/orders"), "checkout", &values).await
        else {
            panic!("no answer")
        };
        assert_eq!((status, body.as_str()), (201, "Some(\"application/json\") {\"ref\":\"A-1\"}"));

        let moved = drive(&reach, &profile("/moved"), "checkout", &values).await;
        assert!(matches!(moved, Answer::Http { status: 302, .. }), "{moved:?}");
        let undeclared = drive(&reach, &profile("/orders"), "reconcile", &values).await;
        let expected = Answer::Failed("`drive.reconcile` is not declared".to_owned());
        assert_eq!(undeclared, expected);
    }

    #[tokio::test]
    async fn a_merchant_that_is_not_there_is_told_with_its_address() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        drop(listener);
        let reach = Reach::new(&url, Duration::from_secs(5)).unwrap();
        let values = BTreeMap::new();
        let answer = drive(&reach, &profile("/orders"), "checkout", &values).await;
        let Answer::Failed(why) = answer else { panic!("{answer:?}") };
        assert!(why.starts_with(&format!("no connection to {url}: ")), "{why}");
    }
}
