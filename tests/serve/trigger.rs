//! `countersign trigger`: one event, correctly signed, and an exit code that says how it went.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use countersign::model::SimTime;
use countersign::signature::{self, Arrived, Secret};
use tokio::sync::watch;

use super::SECRET;

pub type Seen = Arc<watch::Sender<Vec<(HeaderMap, String)>>>;

/// A place that answers everything alike, and what came to it.
pub async fn door(status: StatusCode) -> (String, Seen) {
    let seen = Seen::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/webhooks", listener.local_addr().unwrap());
    let keep = move |State(seen): State<Seen>, headers: HeaderMap, body: String| async move {
        seen.send_modify(|seen| seen.push((headers, body)));
        status
    };
    let router = Router::new().fallback(keep).with_state(seen.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, seen)
}

async fn trigger(arguments: &[&str]) -> (Option<i32>, String, String) {
    let run = tokio::process::Command::new(env!("CARGO_BIN_EXE_countersign"))
        .arg("trigger")
        .args(arguments)
        .output()
        .await
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (run.status.code(), text(run.stdout), text(run.stderr))
}

#[tokio::test]
async fn an_event_arrives_as_its_verifier_wants_it() {
    let (url, seen) = door(StatusCode::ACCEPTED).await;
    for scheme in ["standard-webhooks", "stripe"] {
        let arguments =
            ["payment.confirmed", "--to", &url, "--secret", SECRET, "--signature", scheme];
        let (code, told, _) = trigger(&arguments).await;
        assert!(code == Some(0) && told.contains("answered 202"), "{told}");
        assert!(!told.contains(SECRET), "the secret is told");
        let (headers, body) = seen.borrow().last().unwrap().clone();
        let headers: Vec<(String, String)> = headers
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect();
        let arrived =
            Arrived { headers: &headers, url: &url, method: "POST", body: body.as_bytes() };
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        let now = SimTime::from_unix_ms(i64::try_from(now.as_millis()).unwrap());
        let scheme = signature::scheme(scheme).unwrap();
        assert_eq!(scheme.verify(&[Secret::new(SECRET)], &arrived, now), Ok(()));
        let event: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!(event["data"]["payment"]["status"], "confirmed");
    }
}

#[tokio::test]
async fn what_is_not_acknowledged_ends_with_one_and_bad_input_with_two() {
    let (url, _) = door(StatusCode::UNAUTHORIZED).await;
    let (code, told, _) = trigger(&["payment.paid", "--to", &url, "--secret", SECRET]).await;
    assert!(code == Some(1) && told.contains("answered 401"), "{told}");
    for (arguments, word) in [
        (["payment.confirmd", "--to", &url, "--secret", SECRET], "payment.confirmed"),
        (["payment.paid", "--to", "https://x.example/", "--secret", SECRET], "http://"),
        (["payment.paid", "--to", &url, "--secret", "whsec_!"], "base64"),
    ] {
        let (code, _, told) = trigger(&arguments).await;
        assert!(code == Some(2) && told.contains(word), "{arguments:?}: {told}");
    }
}
