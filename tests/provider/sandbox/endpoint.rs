//! Webhook endpoints of a sandbox: made by the API, each with deliveries and secrets of its own.

use countersign::model::EndpointId;
use countersign::signature::{Arrived, Rejection, Secret};

use super::*;

const OTHER: &str = "http://127.0.0.1:10/other";

fn make(rig: &mut Rig, url: &str, events: &[&str]) -> Value {
    let terms = json!({"url": url, "events": events}).to_string();
    let reply = rig.call("POST", "/v1/webhook_endpoints", "", &terms);
    assert_eq!(reply.status, 201, "{}", String::from_utf8_lossy(&reply.body));
    body(&reply)
}

fn path(endpoint: &Value) -> String {
    format!("/v1/webhook_endpoints/{}", endpoint["id"].as_str().unwrap())
}

fn text(of: &Value) -> String {
    of.as_str().unwrap().to_owned()
}

/// Whether a message is authentic to somebody who knows this secret.
fn verify(dispatch: &Dispatch, at: SimTime, secret: &str) -> Result<(), Rejection> {
    let signed = dispatch.signed(at).unwrap();
    let arrived = Arrived {
        headers: &signed.headers,
        url: &dispatch.url,
        method: "POST",
        body: &signed.body,
    };
    dispatch.scheme.verify(&[Secret::new(secret)], &arrived, at)
}

#[test]
fn a_secret_is_shown_once_and_again_only_to_a_replay() {
    let mut rig = Rig::new(None);
    let terms = json!({"url": URL, "events": ["payment.paid", "*"]}).to_string();
    let create = |rig: &mut Rig| rig.call("POST", "/v1/webhook_endpoints", "e", &terms);
    let made = create(&mut rig);
    let endpoint = body(&made);
    assert!(text(&endpoint["secret"]).starts_with("whsec_"), "{endpoint}");
    assert_eq!(endpoint["status"], "enabled");
    assert!(made.headers.contains(&("location".to_owned(), path(&endpoint))));
    let replayed = create(&mut rig);
    assert_eq!((replayed.status, &replayed.body), (201, &made.body));
    assert!(replayed.headers.iter().any(|(name, _)| name == "idempotency-replayed"));
    let read = rig.call("GET", &path(&endpoint), "", "");
    let list = rig.call("GET", "/v1/webhook_endpoints", "", "");
    for shown in [&read.body, &list.body, &rig.sandbox.status_json(rig.wall)] {
        let shown = String::from_utf8_lossy(shown);
        assert!(shown.contains(URL) && !shown.contains("whsec_"), "{shown}");
    }
    // Nor does a restart forget it.
    let secret = text(&endpoint["secret"]);
    rig.sandbox = rig.restarted();
    assert_eq!(body(&create(&mut rig))["secret"], json!(secret));
}

#[test]
fn each_endpoint_gets_what_it_asked_for_on_a_schedule_of_its_own() {
    let mut rig = Rig::new(Some(URL));
    make(&mut rig, OTHER, &["payment.paid"]);
    let payment = rig.create("k");
    rig.obey(act(&payment, PAY)).unwrap();
    let mut came = Vec::new();
    while let Some(dispatch) = rig.sandbox.take_attempt(rig.wall) {
        came.push((dispatch.url.clone(), dispatch.event.type_name.clone()));
        let status = if dispatch.url == URL { 200 } else { 500 };
        rig.answer(dispatch, status);
    }
    came.sort();
    let expected = [(OTHER, "payment.paid"), (URL, "payment.created"), (URL, "payment.paid")];
    assert_eq!(came, expected.map(|(url, kind)| (url.to_owned(), kind.to_owned())));
    let shown = &rig.detail(&payment)["events"][1]["deliveries"];
    assert_eq!((&shown[0]["url"], &shown[0]["standing"]), (&json!(URL), &json!("delivered")));
    assert_eq!((&shown[1]["url"], &shown[1]["standing"]), (&json!(OTHER), &json!("waiting")));
    rig.obey(Command::Advance { ms: 6000 }).unwrap();
    let retried = rig.sandbox.take_attempt(rig.wall).unwrap();
    assert_eq!((retried.url.as_str(), retried.event.type_name.as_str()), (OTHER, "payment.paid"));
}

#[test]
fn both_secrets_sign_during_a_rotation_and_only_the_new_one_after_it() {
    let mut rig = Rig::new(None);
    let endpoint = make(&mut rig, URL, &["*"]);
    let old = text(&endpoint["secret"]);
    let rotate = format!("{}/rotate", path(&endpoint));
    let reply = rig.call("POST", &rotate, "r", r#"{"overlap_s": 600}"#);
    let rotated = body(&reply);
    let new = text(&rotated["secret"]);
    assert_eq!((reply.status, new == old), (200, false));
    assert_eq!(rig.call("POST", &rotate, "r", r#"{"overlap_s": 600}"#).body, reply.body);
    let until: SimTime = text(&rotated["previous_secret_until"]).parse().unwrap();
    assert_eq!(until, START.plus(Span::from_s(600)));

    let payment = rig.create("k");
    let during = rig.sandbox.take_attempt(rig.wall).unwrap();
    for secret in [&old, &new] {
        assert_eq!(verify(&during, rig.wall, secret), Ok(()));
    }
    let signature = &during.signed(rig.wall).unwrap().headers[3];
    assert_eq!((signature.0.as_str(), signature.1.split(' ').count()), ("webhook-signature", 2));
    rig.answer(during, 500);
    rig.obey(Command::Advance { ms: 600_000 }).unwrap();
    let after = rig.sandbox.take_attempt(rig.wall).unwrap();
    assert_eq!(verify(&after, rig.wall, &new), Ok(()));
    assert!(verify(&after, rig.wall, &old).is_err());
    let sent = after.signed(rig.wall).unwrap().headers;
    rig.answer(after, 200);
    // The page shows each attempt as it was signed.
    let attempts = &rig.detail(&payment)["events"][0]["deliveries"][0]["attempts"];
    assert_eq!(attempts[1]["request_headers"], json!(sent));
    let first = text(&attempts[0]["request_headers"][3][1]);
    assert_eq!(first.split(' ').count(), 2);
}

#[test]
fn a_deleted_endpoint_gets_nothing_more_and_a_refusing_one_is_disabled() {
    let mut rig = Rig::new(None);
    let endpoint = make(&mut rig, URL, &["*"]);
    let payment = rig.create("k");
    assert!(rig.attempt(500).is_some());
    let deleted = rig.call("DELETE", &path(&endpoint), "", "");
    assert_eq!((deleted.status, &body(&deleted)["status"]), (200, &json!("deleted")));
    assert_eq!(rig.call("DELETE", &path(&endpoint), "", "").status, 404);
    rig.obey(act(&payment, PAY)).unwrap();
    rig.obey(Command::Advance { ms: 60_000 }).unwrap();
    assert_eq!(
        (rig.attempt(200), rig.standings(&payment)),
        (None, ["ended", "-"].map(String::from).into())
    );

    let endpoint = make(&mut rig, OTHER, &["*"]);
    rig.obey(act(&payment, MINE)).unwrap();
    rig.attempt(410);
    let status = |rig: &mut Rig| body(&rig.call("GET", &path(&endpoint), "", ""))["status"].clone();
    assert_eq!(status(&mut rig), "disabled");
    let events = body(&rig.call("GET", "/v1/events", "", ""));
    let event = text(&events["data"][0]["id"]);
    let asked = rig.call("POST", &format!("/v1/events/{event}/redeliver"), "", "");
    assert_eq!((asked.status, &body(&asked)["id"]), (202, &json!(event)));
    assert_eq!(status(&mut rig), "enabled");
    // Even what was announced before the endpoint was there.
    let dispatch = rig.sandbox.take_attempt(rig.wall).unwrap();
    assert_eq!((dispatch.url.as_str(), dispatch.event.id.as_str()), (OTHER, event.as_str()));
    assert_eq!(rig.call("POST", "/v1/events/evt_x/redeliver", "", "").status, 404);
}

#[test]
fn a_test_reaches_one_endpoint_and_says_nothing_of_any_payment() {
    let mut rig = Rig::new(Some(URL));
    let endpoint = make(&mut rig, OTHER, &["payment.paid"]);
    let asked = rig.call("POST", &format!("{}/test", path(&endpoint)), "", "");
    assert_eq!((asked.status, &body(&asked)["type"]), (202, &json!("webhook.test")));
    let own = rig.sandbox.all().next().unwrap().endpoints().next().unwrap().id.clone();
    rig.obey(Command::TryOut { endpoint: own }).unwrap();
    let mut came = BTreeMap::new();
    while let Some(dispatch) = rig.sandbox.take_attempt(rig.wall) {
        let event: Value = serde_json::from_slice(&dispatch.event.body).unwrap();
        assert_eq!(event["subject"]["kind"], "webhook_endpoint");
        assert_eq!((&event["type"], &event["data"]), (&json!("webhook.test"), &json!({})));
        *came.entry(dispatch.url.clone()).or_insert(0) += 1;
        rig.answer(dispatch, 200);
    }
    assert_eq!(came, [(URL.to_owned(), 1), (OTHER.to_owned(), 1)].into());
    let unknown = rig.obey(Command::TryOut { endpoint: EndpointId::new("whe_x") });
    assert!(matches!(unknown, Err(Declined::UnknownEndpoint(_))));
}

#[test]
fn what_is_no_endpoint_is_refused_and_there_is_an_end_to_them() {
    let mut rig = Rig::new(None);
    for (terms, pointers) in [
        (json!({}), vec!["/url", "/events"]),
        (json!({"url": "https://a/", "events": ["*"]}), vec!["/url"]),
        (json!({"url": URL, "events": []}), vec!["/events"]),
        (json!({"url": URL, "events": "*"}), vec!["/events"]),
        (json!({"url": URL, "events": ["payment.payed", "*"]}), vec!["/events"]),
        (json!({"url": 5, "events": ["*"], "secret": "whsec_"}), vec!["/secret", "/url"]),
    ] {
        let reply = rig.call("POST", "/v1/webhook_endpoints", "", &terms.to_string());
        let told = body(&reply);
        let errors = told["errors"].as_array().unwrap().iter();
        let told: Vec<_> = errors.map(|error| text(&error["pointer"])).collect();
        assert_eq!((reply.status, told), (400, pointers.iter().map(|p| (*p).to_owned()).collect()));
    }
    let endpoint = make(&mut rig, URL, &["*"]);
    for overlap in [json!(-1), json!("5"), json!(1.5), json!(2_592_001)] {
        let terms = json!({"overlap_s": overlap}).to_string();
        let reply = rig.call("POST", &format!("{}/rotate", path(&endpoint)), "", &terms);
        assert_eq!(body(&reply)["errors"][0]["pointer"], "/overlap_s", "{overlap}");
    }
    for _ in 0..15 {
        make(&mut rig, URL, &["*"]);
    }
    let terms = json!({"url": URL, "events": ["*"]}).to_string();
    let reply = rig.call("POST", "/v1/webhook_endpoints", "", &terms);
    assert_eq!((reply.status, &body(&reply)["code"]), (409, &json!("endpoint_limit")));
}
