//! Several accounts and modes behind one address: nothing of one is seen from another.

use super::*;
use countersign::provider::Provider;

/// Two accounts, each in both modes; the key of each ends with its number.
fn four() -> Vec<Config> {
    let books = [("A", false), ("A", true), ("B", false), ("B", true)];
    let books = books.iter().enumerate().map(|(n, (name, live))| {
        let account = format!("acct_{}", name.repeat(26));
        config(&account, *live, &key(*live, n))
    });
    books.collect()
}

fn key(live: bool, n: usize) -> String {
    format!("sk_{}_{n}", if live { "live" } else { "test" })
}

const LIVE: [bool; 4] = [false, true, false, true];

#[test]
fn everything_of_a_tenant_is_unknown_to_the_others() {
    let mut rig = Rig::of(four, None);
    let terms = json!({"url": URL, "events": ["*"]}).to_string();
    // What belongs to the second books, by its path.
    let own = key(true, 1);
    let payment = rig.call_with(&own, ("POST", "/v1/payments"), "k", ORDER).0;
    let payment = payment.payment.unwrap();
    rig.obey(act(&payment, PAY)).unwrap();
    rig.obey(act(&payment, MINE)).unwrap();
    let refunds = format!("/v1/payments/{payment}/refunds");
    let refund = body(&rig.call_with(&own, ("POST", &refunds), "r", "{}").0);
    let endpoint = body(&rig.call_with(&own, ("POST", "/v1/webhook_endpoints"), "", &terms).0);
    let events = body(&rig.call_with(&own, ("GET", "/v1/events"), "", "").0);
    let id = |of: &Value| of["id"].as_str().unwrap().to_owned();
    let (refund, endpoint, event) = (id(&refund), id(&endpoint), id(&events["data"][0]));
    let single = [
        ("GET", format!("/v1/payments/{payment}")),
        ("POST", format!("/v1/payments/{payment}/cancel")),
        ("POST", refunds),
        ("GET", format!("/v1/refunds/{refund}")),
        ("POST", format!("/v1/events/{event}/redeliver")),
        ("GET", format!("/v1/webhook_endpoints/{endpoint}")),
        ("POST", format!("/v1/webhook_endpoints/{endpoint}/rotate")),
        ("POST", format!("/v1/webhook_endpoints/{endpoint}/test")),
        ("DELETE", format!("/v1/webhook_endpoints/{endpoint}")),
    ];
    let lists = ["/v1/payments", "/v1/events", "/v1/webhook_endpoints"];
    for (n, live) in LIVE.into_iter().enumerate().filter(|(n, _)| *n != 1) {
        for (method, path) in &single {
            let (reply, _) = rig.call_with(&key(live, n), (method, path), "x", "");
            let text = String::from_utf8_lossy(&reply.body).into_owned();
            assert_eq!(reply.status, 404, "{method} {path} for {n}: {text}");
            assert!(!text.contains("INV-1"), "{text}");
        }
        for path in lists {
            let (reply, _) = rig.call_with(&key(live, n), ("GET", path), "", "");
            assert_eq!(body(&reply)["data"], json!([]), "{path} for {n}");
        }
    }
    // The same calls of its owner are understood.
    for (method, path) in single.iter().filter(|(method, _)| *method == "GET") {
        assert_eq!(rig.call_with(&own, (method, path), "", "").0.status, 200, "{path}");
    }
    // Anyone may see what a customer sees, whoever's it is.
    let public = format!("/v1/public/payments/{payment}");
    assert_eq!(rig.call_with("", ("GET", &public), "", "").0.status, 200);
}

#[test]
fn a_key_opens_its_own_books_and_says_whose() {
    let mut rig = Rig::of(four, None);
    for (n, live) in LIVE.into_iter().enumerate() {
        let (reply, _) = rig.call_with(&key(live, n), ("POST", "/v1/payments"), "k", ORDER);
        let payment = body(&reply);
        assert_eq!((reply.status, &payment["livemode"]), (201, &json!(live)));
        let account = four()[n].account.clone();
        assert_eq!(payment["account"], json!(account));
        let books = rig.sandbox.books(Some(&account), Some(live)).unwrap();
        assert_eq!(rig.sandbox.provider(books).account_id(), account);
    }
    // The same idempotency key was used four times, by four keys: each has one payment.
    let count = |of: &Provider| of.payments_of(&countersign::model::Reference::new("INV-1")).len();
    assert!(rig.sandbox.all().all(|of| count(of) == 1));
}

#[test]
fn a_key_of_a_mode_that_is_not_served_is_told_so() {
    let unknown = |rig: &mut Rig, key: &str| {
        let (reply, _) = rig.call_with(key, ("GET", "/v1/rails"), "", "");
        (reply.status, body(&reply)["code"].as_str().unwrap().to_owned())
    };
    let mut rig = Rig::of(four, None);
    for key in ["sk_live_x", "sk_test_x", "x", ""] {
        assert_eq!(unknown(&mut rig, key), (401, "unauthenticated".to_owned()), "{key}");
    }
    let mut rig = Rig::new(None);
    assert_eq!(unknown(&mut rig, "sk_test_x"), (401, "environment_mismatch".to_owned()));
    assert_eq!(unknown(&mut rig, "sk_live_x"), (401, "unauthenticated".to_owned()));
}

#[test]
fn commands_reach_the_books_that_they_are_about_and_one_clock_moves_for_all() {
    let mut rig = Rig::of(four, None);
    let mut payments = Vec::new();
    for (n, live) in LIVE.into_iter().enumerate() {
        let (reply, _) = rig.call_with(&key(live, n), ("POST", "/v1/payments"), "k", ORDER);
        payments.push(reply.payment.unwrap());
    }
    rig.obey(act(&payments[2], PAY)).unwrap();
    let status = |rig: &Rig, n: usize| rig.detail(&payments[n])["payment"]["status"].clone();
    assert_eq!([0, 1, 2, 3].map(|n| status(&rig, n)), ["pending", "pending", "paid", "pending"]);
    rig.obey(act(&payments[3], Action::Expire)).unwrap();
    assert_eq!([0, 1, 2, 3].map(|n| status(&rig, n)), ["expired", "expired", "paid", "expired"]);
    // And all of it comes back.
    let again = rig.restarted();
    assert_eq!(again.status_json(rig.wall), rig.sandbox.status_json(rig.wall));
}
