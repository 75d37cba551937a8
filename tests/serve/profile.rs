//! `countersign serve --profile`: what a merchant meets there is what the provider does, and a store
//! keeps it. Signatures are made and verified here by nothing of ours.

use axum::http::StatusCode;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Sha256, Sha512};

use super::trigger::{Seen, door};
use super::{KEY, SECRET, Service, path};

/// The message of that number, once it has come.
async fn came(seen: &Seen, number: usize) -> (axum::http::HeaderMap, String) {
    let mut seen = seen.subscribe();
    seen.wait_for(|seen| seen.len() > number).await.unwrap()[number].clone()
}

fn mac(secret: &str, signed: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(signed.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

fn stripe_proves((headers, body): &(axum::http::HeaderMap, String)) -> bool {
    let header = headers["stripe-signature"].to_str().unwrap();
    let part = |name: &str| header.split(',').find_map(|part| part.strip_prefix(name)).unwrap();
    part("v1=") == mac(SECRET, &format!("{}.{body}", part("t=")))
}

/// Stripe tries again after five minutes, give or take a tenth, and a store goes on with that.
#[tokio::test]
async fn stripe_is_played_and_kept() {
    let (url, seen) = door(StatusCode::INTERNAL_SERVER_ERROR).await;
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("sandbox.db");
    let begun = ["--webhook", &url, "--store", path(&store), "--profile", "stripe"];
    let service = Service::start(&begun).await;
    let (status, _, payment) = service.create("INV-1").await.unwrap();
    assert_eq!((status, &payment["status"]), (201, &json!("requires_payment_method")));
    let (_, replayed, _) = service.create("INV-1").await.unwrap();
    assert!(!replayed, "the header of a replay is Stripe's own");
    let first = came(&seen, 0).await;
    let told: Value = serde_json::from_str(&first.1).unwrap();
    assert_eq!(told["type"], "payment_intent.created");
    assert!(stripe_proves(&first), "{first:?}");
    service.kill().await;

    let again = Service::start(&["--store", path(&store)]).await;
    again.operate("clock/advance", &json!({"by": "331s"})).await.unwrap();
    // What was not answered before the kill is tried once more at once; then there is the retry.
    let mut number = 1;
    while came(&seen, number).await.1 != first.1 {
        number += 1;
    }
    assert!(stripe_proves(&came(&seen, number).await));
    again.kill().await;
    for (profile, expected) in [("coingate", "with profile stripe"), ("strype", "stripe?")] {
        let (code, told) = refused(&["--store", path(&store), "--profile", profile]).await;
        assert!(code == Some(2) && told.contains(expected), "{told}");
    }
    Service::start(&begun).await.kill().await;
}

/// A file of one's own is kept as it was; the file may be gone, and may not have changed.
#[tokio::test]
async fn a_profile_of_ones_own_is_kept_with_the_store() {
    let folder = tempfile::tempdir().unwrap();
    let (store, file) = (folder.path().join("sandbox.db"), folder.path().join("acme.yaml"));
    let text = "version: 1\nname: acme-pay\nsummary: s\nevents: {statuses: {pending: open}}\n";
    std::fs::write(&file, text).unwrap();
    let begun = ["--store", path(&store), "--profile", path(&file)];
    let service = Service::start(&begun).await;
    assert_eq!(service.create("INV-1").await.unwrap().2["status"], "open");
    service.kill().await;
    std::fs::write(&file, text.replace("open", "new")).unwrap();
    let (code, told) = refused(&begun).await;
    assert!(code == Some(2) && told.contains("profile acme-pay as it was then"), "{told}");
    std::fs::remove_file(&file).unwrap();
    let service = Service::start(&["--store", path(&store)]).await;
    let payments = service.all("/v1/payments").await;
    assert_eq!((payments.len(), &payments[0]["status"]), (1, &json!("open")));
    service.kill().await;
}

/// A client of that provider, which knows nothing of ours: it signs its calls, and verifies.
#[tokio::test]
async fn kobbopay_is_played_in_both_directions() {
    let (url, seen) = door(StatusCode::OK).await;
    let service = Service::start(&["--webhook", &url, "--profile", "kobbopay-observed"]).await;
    let account = service.look("status").await["books"][0]["account"].as_str().unwrap().to_owned();
    let call = async |method: Method, path: &str, body: &str| {
        let stamp = "1767608128";
        let mut mac = Hmac::<Sha512>::new_from_slice(KEY.as_bytes()).unwrap();
        mac.update(format!("{stamp}{body}").as_bytes());
        let request = service.client.request(method, format!("{}{path}", service.api));
        let request = request.header("ApiPublic", &account).header("Timestamp", stamp);
        let request = request.header("Signature", hex::encode(mac.finalize().into_bytes()));
        let answer = request.body(body.to_owned()).send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    };
    let wish = r#"{"token":"USDTTRC","client_transaction_id":"INV-1"}"#;
    let (status, made) = call(Method::POST, "/invoice/create", wish).await;
    let id = made["tracker_id"].as_str().unwrap_or_default().to_owned();
    assert!(status == 200 && made["receiver"].as_str().unwrap().starts_with('T'), "{made}");
    let paid = service.operate(&format!("payments/{id}/pay"), &json!({"amount": "12.5"})).await;
    assert_eq!(paid.unwrap().0, 200);
    let (_, read) = call(Method::GET, &format!("/invoice/{id}"), "").await;
    assert_eq!((&read["status"], &read["received"]), (&json!("Paid"), &json!("12.500000")));
    let (headers, body) = came(&seen, 1).await;
    let header = |name: &str| headers[name].to_str().unwrap();
    let stamp = header("x-kobbopay-timestamp");
    assert_eq!(header("x-kobbopay-signature"), mac(SECRET, &format!("{stamp}.{body}")));
    assert_eq!(header("x-kobbopay-event-id"), format!("payment:{id}:payment.paid"));
    let told: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        (&told["event"], &told["receivedAmount"]),
        (&json!("payment.paid"), &json!("12.500000"))
    );
    let (status, _, _) = service.create("INV-2").await.unwrap();
    assert_eq!(status, 404, "there are no routes but the provider's own");
}

/// A start that is refused: its exit code, and why.
async fn refused(arguments: &[&str]) -> (Option<i32>, String) {
    let run = tokio::process::Command::new(env!("CARGO_BIN_EXE_countersign"))
        .args(["serve", "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0"])
        .args(arguments)
        .output()
        .await
        .unwrap();
    (run.status.code(), String::from_utf8(run.stderr).unwrap())
}
