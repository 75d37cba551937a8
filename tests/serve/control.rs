//! The control side, as an operator and as a stranger meets it.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Door, Service, path};

async fn payment(service: &Service) -> String {
    let (status, _, payment) = service.create("INV-1").await.unwrap();
    assert_eq!(status, 201, "{payment}");
    payment["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_payment_is_played_to_its_end_and_delivered() {
    let door = Door::open().await;
    let service = Service::start(&["--webhook", &door.url]).await;
    let id = payment(&service).await;
    for (verb, body, status) in [
        ("pay", json!({"amount": "100"}), "pending"),
        ("pay", json!({}), "paid"),
        ("mine", json!({"blocks": 1}), "paid"),
        ("mine", json!({}), "confirmed"),
        ("settle", json!({}), "settled"),
    ] {
        let (code, answer) =
            service.operate(&format!("payments/{id}/{verb}"), &body).await.unwrap();
        assert_eq!((code, &answer["payment"]["status"]), (200, &json!(status)), "{verb}: {answer}");
    }
    let events = service.look(&format!("payments/{id}")).await["events"].as_array().unwrap().len();
    door.counts(u32::try_from(events).unwrap()).await;
    assert_eq!(service.interrupt().await, Some(0));
}

#[tokio::test]
async fn what_an_operator_is_refused() {
    let service = Service::start(&[]).await;
    let id = payment(&service).await;
    let pay = format!("payments/{id}/pay");
    let cases: &[(&str, Value, u16, &str)] = &[
        ("payments/pay_x/pay", json!({}), 404, "pay_x"),
        (&pay, json!({"amount": "1e3"}), 400, "1e3"),
        (&pay, json!({"amount": 5}), 400, "string"),
        (&pay, json!({"amuont": "5"}), 400, "amuont"),
        (&pay, json!({"blocks": 5}), 400, "blocks"),
        (&format!("payments/{id}/settle"), json!({}), 409, "pending"),
        (&format!("payments/{id}/fly"), json!({}), 400, "give_up"),
        (&format!("payments/{id}/complete-refund"), json!({"refund": "rfd_x"}), 404, "rfd_x"),
        ("deliveries/evt_x/hold", json!({}), 404, "evt_x"),
        ("clock/advance", json!({"by": "5"}), 400, "/by"),
        ("clock/advance", json!({"by": "5000d"}), 409, "year"),
        ("nowhere", json!({}), 404, "help"),
    ];
    for (path, body, status, word) in cases {
        let (code, answer) = service.operate(path, body).await.unwrap();
        let detail = answer["detail"].as_str().unwrap();
        assert!(code == *status && detail.contains(word), "{path} {body}: {code} {detail}");
    }
}

/// It asks for no key, so what a foreign page could make a browser send is refused.
#[tokio::test]
async fn a_foreign_page_can_neither_act_nor_look() {
    let service = Service::start(&[]).await;
    let id = payment(&service).await;
    let pay = format!("{}/api/payments/{id}/pay", service.control);
    let send = |name: &'static str, value: &'static str| {
        service.client.post(&pay).header("content-type", "application/json").header(name, value)
    };
    let form = service.client.post(&pay).header("content-type", "text/plain").body("{}");
    let origin = send("origin", "https://elsewhere.example");
    let host = send("host", "elsewhere.example");
    for request in [form, origin, host] {
        assert_eq!(request.send().await.unwrap().status().as_u16(), 403);
    }
    assert_eq!(service.look(&format!("payments/{id}")).await["payment"]["status"], "pending");
    let page = service.client.get(&service.control).send().await.unwrap();
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("default-src 'none'"), "{policy}");
    let page = page.text().await.unwrap();
    for word in ["http://", "https://", "src=", "@import"] {
        let found = page.replace("http://www.w3.org/2000/svg", "").contains(word);
        assert!(!found, "the page loads something: {word}");
    }
    // And nothing of it is where merchants call.
    let (status, _, _) =
        service.merchant(Method::GET, "/api/status", "", &json!({})).await.unwrap();
    assert_eq!(status, 404);
}

#[tokio::test]
async fn changes_are_told_as_they_happen() {
    let service = Service::start(&[]).await;
    let url = format!("{}/api/changes", service.control);
    let mut changes = service.client.get(url).send().await.unwrap();
    let id = payment(&service).await;
    let mut told = String::new();
    while !told.contains(&id) {
        told += &String::from_utf8_lossy(&changes.chunk().await.unwrap().expect("it goes on"));
    }
    // Whoever watches does not keep it from ending.
    assert_eq!(service.interrupt().await, Some(0));
}

#[tokio::test]
async fn a_store_remembers_how_it_was_begun() {
    let scratch = tempfile::tempdir().unwrap();
    let store = scratch.path().join("sandbox.db");
    let service = Service::start(&["--store", path(&store)]).await;
    let id = payment(&service).await;
    service.operate("clock/advance", &json!({"by": "48h"})).await.unwrap();
    let before = service.look(&format!("payments/{id}")).await;
    assert_eq!(before["payment"]["status"], "expired");
    assert_eq!(service.interrupt().await, Some(0));

    let again = Service::start(&["--store", path(&store)]).await;
    assert_eq!(again.look(&format!("payments/{id}")).await, before);
    assert_eq!(again.look("status").await["ahead_ms"], 48 * 3_600_000);
    let refused = |arguments: &[&str]| {
        let run = std::process::Command::new(env!("CARGO_BIN_EXE_countersign"))
            .args(["serve", "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0", "--store"])
            .arg(&store)
            .args(arguments)
            .output()
            .unwrap();
        (run.status.code(), String::from_utf8(run.stderr).unwrap())
    };
    let (code, told) = refused(&[]);
    assert!(code == Some(2) && told.contains("no other countersign uses"), "{code:?} {told}");
    assert_eq!(again.interrupt().await, Some(0));
    for (flag, value, word) in [
        ("--mode", "live", "test"),
        ("--rails", "usdt-tron", "xrp-xrpl"),
        ("--api-key", "sk_test_another", "of its own"),
        ("--secret", "whsec_another", "of its own"),
    ] {
        let (code, told) = refused(&[flag, value]);
        assert!(code == Some(2) && told.contains(word) && told.contains(flag), "{code:?} {told}");
    }
}
