//! Looks at the merchant as the profile declares it, mapped to an observation.

use std::collections::BTreeMap;

use futures::future::try_join_all;
use serde_json::Value;

use super::drive::{statement, texts};
use super::hands::Hands;
use super::http::Reach;
use super::sql::Purpose;
use crate::merchant::template::{Filled, Values, fill_path};
use crate::merchant::{Look, Looks, Probe, Profile, observation};
use crate::model::{Observation, Reference};

/// How much of a wrong answer a message shows.
const SHOWN_BYTES: usize = 200;

/// Looks at one order once. Probes that look alike share one look, so that what they show is of one
/// moment.
///
/// # Errors
/// The merchant cannot be reached, or its answer cannot be understood: in words that say what to
/// change.
pub async fn observe(
    hands: &Hands,
    profile: &Profile,
    reference: &Reference,
) -> Result<Observation, String> {
    let observe = profile.observing();
    // Each look once: the name that it goes by, and all probes that share it.
    let mut looks: Vec<(&str, Vec<&Probe>)> = Vec::new();
    let probes = [
        ("order", Some(&observe.order)),
        ("ledger", observe.ledger.as_ref()),
        ("exceptions", observe.exceptions.as_ref()),
    ];
    for (name, probe) in probes {
        let Some(probe) = probe else { continue };
        match looks.iter_mut().find(|(_, others)| others[0].look == probe.look) {
            Some((_, others)) => others.push(probe),
            None => looks.push((name, vec![probe])),
        }
    }
    let answers = looks.iter().map(|(name, probes)| async move {
        let answered = look(hands, probes, reference).await;
        answered.map_err(|why| format!("{name}: {why}"))
    });
    let answers = try_join_all(answers).await?;
    let answer = |probe: &Probe| {
        let position = looks.iter().position(|(_, probes)| probes[0].look == probe.look);
        answers[position?].clone()
    };
    let looks = Looks {
        order: answer(&observe.order),
        ledger: observe.ledger.as_ref().and_then(answer),
        exceptions: observe.exceptions.as_ref().and_then(answer),
    };
    observation(&observe, &profile.lifecycle, reference, &looks).map_err(|error| error.to_string())
}

/// The document that one look of these probes answers; none where it knows no such order.
async fn look(
    hands: &Hands,
    probes: &[&Probe],
    reference: &Reference,
) -> Result<Option<Value>, String> {
    let own = BTreeMap::from([("reference", reference.as_str().to_owned())]);
    let values = hands.filled(&own);
    match &probes[0].look {
        Look::Http { path, headers } => get(&hands.http, path, headers, &values).await,
        Look::Exec(words) => {
            let words =
                texts(words, &values, "a word of the command").map_err(|e| e.to_string())?;
            let printed = hands.commands.run(&words).await?;
            let text = String::from_utf8_lossy(&printed);
            let shown = || text.chars().take(SHOWN_BYTES).collect::<String>();
            let parsed: Value = serde_json::from_slice(&printed)
                .map_err(|error| format!("the command printed no JSON ({error}): {}", shown()))?;
            // Nothing is what one prints who knows nothing of it.
            Ok(Some(parsed).filter(|document| !document.is_null()))
        }
        Look::Sql(query) => {
            let mut statement = statement(query, &values, Purpose::Look)?;
            let columns = probes.iter().flat_map(|probe| probe.map.columns()).collect();
            statement.columns = Some(columns);
            let rows = hands.databases.rows(statement).await;
            rows.map(Some).map_err(|why| format!("the database says: {why}"))
        }
    }
}

/// The document that a GET answers; none for a 404.
async fn get(
    reach: &Reach,
    path: &str,
    headers: &BTreeMap<String, String>,
    values: &Values<'_>,
) -> Result<Option<Value>, String> {
    let path = fill_path(path, values).map_err(|error| error.to_string())?;
    let headers = headers.clone().into_iter().collect();
    let request = Filled { method: "GET".to_owned(), path, headers, body: None };
    let reply = reach.send(&request).await?;
    let told = || format!("GET {} answered {}", request.path, reply.status);
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
    use super::super::hands::Place;
    use super::*;
    use crate::history::{Answer, Redaction};
    use crate::merchant::{Known, Outside, read};

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

    fn hands(url: &str, timeout: Duration) -> Hands {
        let redaction = Redaction::default();
        let (exe, folder) = (std::path::Path::new("none"), PathBuf::from("/"));
        let place = Place { exe, folder, start: None, redaction: &redaction };
        Hands::new(url, timeout, &place, BTreeMap::new()).unwrap()
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
        let profile = read(&text, "m.yaml", PathBuf::from("/"), &Outside::NOTHING, &known);
        profile.unwrap_or_else(|errors| panic!("{errors}"))
    }

    #[tokio::test]
    async fn one_look_is_one_request_where_probes_share_it() {
        let (url, looks) = merchant().await;
        let reach = hands(&url, Duration::from_secs(5));
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
        let reach = hands(&url, Duration::from_secs(5));
        let hasty = hands(&url, Duration::from_millis(50));
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
        let reach = hands(&url, Duration::from_secs(5));
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
        let reach = hands(&url, Duration::from_secs(5));
        let values = BTreeMap::new();
        let answer = drive(&reach, &profile("/orders"), "checkout", &values).await;
        let Answer::Failed(why) = answer else { panic!("{answer:?}") };
        let told = format!("`drive.checkout`: no connection to {url}: ");
        assert!(why.starts_with(&told), "{why}");
    }
}
