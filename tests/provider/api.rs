//! What the API answers: routes, the boundary, lists, and every refusal with its code.

use countersign::model::{PaymentId, RAILS, Reference};
use countersign::provider::{ApiRequest, BODY_BYTES_MAX, Scope, Subject};
use serde_json::{Value, json};

use super::{Desk, KEY, key_for};

/// Refuses, and answers the problem document.
fn problem(desk: &mut Desk, call: (&str, &str, &str), headers: &[(&str, &str)]) -> Value {
    let (method, target, body) = call;
    let reply = desk.call(method, target, body, headers);
    let problem: Value = serde_json::from_slice(&reply.body).unwrap();
    let content_type = ("content-type".to_owned(), "application/problem+json".to_owned());
    assert!(reply.headers.contains(&content_type), "{problem}");
    assert_eq!(problem["status"], reply.status);
    assert_eq!(problem["type"], format!("/problems/{}", problem["code"].as_str().unwrap()));
    assert!(problem["request_id"].as_str().unwrap().starts_with("req_"));
    assert!(!problem.to_string().contains(KEY));
    problem
}

#[test]
fn the_boundary_is_kept_before_anything_else() {
    let test_key = "sk_test_0123456789abcdef";
    let bearer = format!("bearer {KEY}");
    /// Target, headers, status, code.
    type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], u16, &'a str);
    let refused: &[Case<'_>] = &[
        ("/v1/rails", &[("x-api-key", "")], 401, "unauthenticated"),
        ("/v1/rails", &[("x-api-key", "sk_live_other")], 401, "unauthenticated"),
        (
            "/v1/rails",
            &[("x-api-key", ""), ("authorization", "Basic eDp5")],
            401,
            "unauthenticated",
        ),
        ("/v1/rails", &[("x-api-key", test_key)], 401, "environment_mismatch"),
        ("/v1/rails?api_key=x", &[], 401, "api_key_in_url"),
        ("/v1/rails?token=sk_live_x", &[], 401, "api_key_in_url"),
        ("/v1/rails", &[("origin", "https://shop.example")], 403, "browser_origin"),
        (
            "/v1/rails",
            &[("sec-fetch-mode", "cors"), ("sec-fetch-site", "cross-site")],
            403,
            "browser_origin",
        ),
    ];
    for (target, headers, status, code) in refused {
        let mut desk = Desk::new();
        let problem = problem(&mut desk, ("GET", target, ""), headers);
        assert_eq!((&problem["status"], &problem["code"]), (&json!(status), &json!(code)));
    }
    let mut desk = Desk::new();
    let accepted =
        desk.call("GET", "/v1/rails", "", &[("x-api-key", ""), ("authorization", &bearer)]);
    assert_eq!(accepted.status, 200);
    // As the `fetch` of Node.js calls.
    let accepted = desk.call("GET", "/v1/rails", "", &[("sec-fetch-mode", "cors")]);
    assert_eq!(accepted.status, 200);
}

#[test]
fn a_key_opens_what_its_scopes_say_and_nothing_else() {
    let payment = "/v1/payments/pay_x";
    let cases = [
        ("POST", "/v1/payments", Scope::PaymentsWrite),
        ("POST", "/v1/payments/pay_x/cancel", Scope::PaymentsWrite),
        ("POST", "/v1/payments/pay_x/refunds", Scope::PaymentsWrite),
        ("GET", "/v1/payments", Scope::PaymentsRead),
        ("GET", payment, Scope::PaymentsRead),
        ("GET", "/v1/events", Scope::PaymentsRead),
        ("GET", "/v1/rails", Scope::PaymentsRead),
        ("GET", "/v1/refunds/rfd_x", Scope::PaymentsRead),
        ("POST", "/v1/payouts", Scope::PaymentsWrite),
        ("GET", "/v1/payouts", Scope::PaymentsRead),
        ("GET", "/v1/payouts/pyt_x", Scope::PaymentsRead),
        ("GET", "/v1/statements", Scope::StatementsRead),
        ("GET", "/v1/statements/2026-01-05", Scope::StatementsRead),
    ];
    for (method, target, needed) in cases {
        for scope in Scope::ALL {
            let reply = Desk::new().call(method, target, "", &[("x-api-key", &key_for(*scope))]);
            assert_eq!(reply.status == 403, *scope != needed, "{method} {target} with {scope}");
        }
    }
    let reading = key_for(Scope::PaymentsRead);
    let refused = problem(
        &mut Desk::new(),
        ("POST", "/v1/payments", "{}"),
        &[("x-api-key", &reading), ("idempotency-key", "k")],
    );
    assert_eq!(refused["code"], "insufficient_scope");
    assert!(refused["detail"].as_str().unwrap().contains("payments:write"), "{refused}");
}

/// Body (`G` stands for three good fields), status, code, pointers.
const FAULTY_CREATES: &[(&str, u16, &str, &[&str])] = &[
    ("", 400, "invalid_request", &[]),
    ("[]", 400, "invalid_request", &[]),
    ("{}", 400, "invalid_request", &["/reference", "/asset", "/network", "/amount"]),
    (r#"{G,"amount":250.0}"#, 400, "amount_not_string", &["/amount"]),
    (r#"{G,"amount":"1e3"}"#, 400, "invalid_request", &["/amount"]),
    (r#"{G,"amount":"250.0000001"}"#, 422, "amount_precision", &["/amount"]),
    (r#"{G,"amount":"0.999999"}"#, 422, "amount_below_minimum", &["/amount"]),
    (r#"{G,"amount":"1000000000000.000001"}"#, 422, "amount_above_maximum", &["/amount"]),
    (
        r#"{G,"amount":"340282366920938463463374607431768211456"}"#,
        422,
        "amount_above_maximum",
        &["/amount"],
    ),
    (
        r#"{G,"amount":"1","price":{"amount":"1","currency":"USD"}}"#,
        400,
        "invalid_request",
        &["/amount"],
    ),
    (
        r#"{G,"price":{"amount":"1.001","currency":"USD"}}"#,
        422,
        "amount_precision",
        &["/price/amount"],
    ),
    (
        r#"{G,"price":{"amount":1,"currency":"EUR","x":0}}"#,
        400,
        "invalid_request",
        &["/price/x", "/price/amount", "/price/currency"],
    ),
    (r#"{G,"price":{"amount":1,"currency":"USD"}}"#, 400, "amount_not_string", &["/price/amount"]),
    (r#"{G,"price":"250"}"#, 400, "invalid_request", &["/price"]),
    (
        r#"{G,"amount":"1","colour":"red","a/b~c":1}"#,
        400,
        "invalid_request",
        &["/colour", "/a~1b~0c"],
    ),
    (r#"{G,"amount":"1","amount":"2"}"#, 400, "invalid_request", &["/amount"]),
    (
        r#"{G,"amount":"1","metadata":{"a":[{"b":1,"c":2,"b":3}]}}"#,
        400,
        "invalid_request",
        &["/metadata/a/0/b"],
    ),
    (r#"{G,"amount":"1","metadata":{"a":"\ud800"}}"#, 400, "invalid_request", &[]),
    (r#"{G,"amount":"1","expires_in_s":"60"}"#, 400, "invalid_request", &["/expires_in_s"]),
    (r#"{G,"amount":"1","expires_in_s":0}"#, 400, "invalid_request", &["/expires_in_s"]),
    (r#"{G,"amount":"1","metadata":[]}"#, 400, "invalid_request", &["/metadata"]),
    (
        r#"{"reference":"a b","asset":"USDT","network":"tron","amount":"1"}"#,
        400,
        "invalid_request",
        &["/reference"],
    ),
    (
        r#"{"reference":"I","asset":"USDT","network":"solana","amount":"1"}"#,
        422,
        "rail_unknown",
        &["/network"],
    ),
    (
        r#"{"reference":"I","asset":"USDC","network":"base","amount":"1"}"#,
        422,
        "rail_not_enabled",
        &["/network"],
    ),
    // What could not be understood outranks what was understood and is refused.
    (
        r#"{"reference":"I","asset":"USDC","network":"base","amount":1}"#,
        400,
        "amount_not_string",
        &["/network", "/amount"],
    ),
];

#[test]
fn a_create_is_refused_with_every_fault_at_once() {
    let good = r#""reference":"INV-1","asset":"USDT","network":"tron""#;
    for (body, status, code, pointers) in FAULTY_CREATES {
        let mut desk = Desk::new();
        let body = body.replace('G', good);
        let call = ("POST", "/v1/payments", body.as_str());
        let problem = problem(&mut desk, call, &[("idempotency-key", "k")]);
        assert_eq!(
            (&problem["status"], &problem["code"]),
            (&json!(status), &json!(code)),
            "{body}"
        );
        let errors = problem["errors"].as_array().unwrap();
        let found: Vec<&str> = errors.iter().map(|e| e["pointer"].as_str().unwrap()).collect();
        assert_eq!(found, *pointers, "{body}");
        assert!(desk.get("/v1/payments")["data"].as_array().unwrap().is_empty());
    }
}

#[test]
fn a_refused_rail_lists_what_is_enabled() {
    let mut desk = Desk::new();
    let body = r#"{"reference":"I","asset":"USDC","network":"base","amount":"1"}"#;
    let problem = problem(&mut desk, ("POST", "/v1/payments", body), &[("idempotency-key", "k")]);
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("USDT on tron, BTC on bitcoin, XRP on xrpl"), "{detail}");
}

#[test]
fn what_does_not_exist_or_is_too_large() {
    let large = " ".repeat(BODY_BYTES_MAX + 1);
    let cases = [
        ("GET", "/v1/payments/pay_01J8Z3HY5M0000000000000000", "", 404, "payment_not_found"),
        ("GET", "/v1/payments/x", "", 404, "payment_not_found"),
        ("GET", "/v1/payments/", "", 404, "payment_not_found"),
        ("GET", "/", "", 404, "not_found"),
        ("GET", "", "", 404, "not_found"),
        ("DELETE", "/v1/payments", "", 405, "method_not_allowed"),
        ("POST", "/v1/events", "", 405, "method_not_allowed"),
        ("POST", "/v1/payments", &large, 413, "invalid_request"),
    ];
    for (method, target, body, status, code) in cases {
        let problem = problem(&mut Desk::new(), (method, target, body), &[]);
        assert_eq!((&problem["status"], &problem["code"]), (&json!(status), &json!(code)));
    }
}

#[test]
fn lists_are_filtered_and_paged_oldest_first() {
    let mut desk = Desk::new();
    let ids: Vec<PaymentId> = (0..25).map(|_| desk.hundred()).collect();
    desk.create("INV-2", "XRP", "xrpl", "5");
    desk.provider.pay(&ids[3], 100_000_000, desk.now).unwrap();

    let found = |list: &Value| -> Vec<PaymentId> {
        let items = list["data"].as_array().unwrap().iter();
        items.map(|item| PaymentId::new(item["id"].as_str().unwrap())).collect()
    };
    let first = desk.get("/v1/payments?reference=INV-1");
    assert_eq!((found(&first), &first["has_more"]), (ids[..20].to_vec(), &json!(true)));
    let rest = desk.get(&format!("/v1/payments?reference=INV-1&after={}", ids[19]));
    assert_eq!((found(&rest), &rest["has_more"]), (ids[20..].to_vec(), &json!(false)));
    assert_eq!(found(&desk.get("/v1/payments?status=paid")), [ids[3].clone()]);
    assert_eq!(found(&desk.get("/v1/payments?limit=100")).len(), 26);
    // Well-formed ids that do not exist stand where they would.
    let all = desk.get("/v1/payments?limit=100&after=pay_00000000000000000000000000");
    assert_eq!(found(&all).len(), 26);
    let none = desk.get("/v1/payments?after=pay_7ZZZZZZZZZZZZZZZZZZZZZZZZZ");
    assert!(found(&none).is_empty());

    let events = desk.get(&format!("/v1/events?payment_id={}", ids[3]));
    let types: Vec<&Value> =
        events["data"].as_array().unwrap().iter().map(|e| &e["type"]).collect();
    assert_eq!(types, ["payment.created", "payment.paid"]);
    let paid = desk.get("/v1/events?type=payment.paid&limit=1");
    assert_eq!((found(&paid).len(), &paid["has_more"]), (1, &json!(false)));
    let after = paid["data"][0]["id"].as_str().unwrap();
    assert!(found(&desk.get(&format!("/v1/events?after={after}"))).is_empty());
}

#[test]
fn a_list_refuses_what_it_does_not_know() {
    for target in [
        "/v1/payments?order=desc",
        "/v1/payments?reference=",
        "/v1/payments?limit=0",
        "/v1/payments?limit=101",
        "/v1/payments?status=done",
        "/v1/payments?after=evt_01J8Z3K5Q7R9T1V3X5Z7B9D1F3",
        "/v1/events?after=x",
        "/v1/events?payment_id=x",
    ] {
        let problem = problem(&mut Desk::new(), ("GET", target, ""), &[]);
        assert_eq!(
            (&problem["status"], &problem["code"]),
            (&json!(400), &json!("invalid_request"))
        );
        assert_eq!(problem["errors"].as_array().unwrap().len(), 1, "{target}");
    }
}

#[test]
fn anyone_may_see_the_public_view_and_no_more() {
    let mut desk = Desk::new();
    let payment = desk.hundred();
    let target = format!("/v1/public/payments/{payment}");
    let reply = desk.call("GET", &target, "", &[("x-api-key", ""), ("sec-fetch-site", "none")]);
    let body: Value = serde_json::from_slice(&reply.body).unwrap();
    let names: Vec<&String> = body.as_object().unwrap().keys().collect();
    assert_eq!(names, ["status", "amount", "destination", "expires_at"]);
}

#[test]
fn rails_that_are_enabled_are_listed() {
    let rails = Desk::new().get("/v1/rails");
    let ids: Vec<&Value> =
        rails["data"].as_array().unwrap().iter().map(|rail| &rail["id"]).collect();
    let enabled = RAILS.iter().map(|rail| rail.id).filter(|id| *id != "usdc-base");
    assert_eq!(ids, enabled.collect::<Vec<_>>());
}

#[test]
fn a_call_has_a_subject_even_if_it_will_be_refused() {
    let desk = Desk::new();
    let payment = || Subject::Payment(PaymentId::new("pay_1"));
    let reference = || Subject::Reference(Reference::new("INV/1"));
    let cases = [
        ("POST", "/v1/payments", "", r#"{"reference":"INV/1","amount":1}"#, reference()),
        ("POST", "/v1/payments", "", "{", Subject::Nothing),
        ("GET", "/v1/payments", "reference=INV%2F1&limit=0", "", reference()),
        ("GET", "/v1/payments", "", "", Subject::Nothing),
        ("GET", "/v1/payments/pay_1", "", "", payment()),
        ("GET", "/v1/events", "payment_id=pay_1", "", payment()),
        ("GET", "/v1/rails", "", "", Subject::Nothing),
        ("GET", "/elsewhere", "", "", Subject::Nothing),
    ];
    for (method, path, query, body, subject) in cases {
        let request = ApiRequest {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            body: body.into(),
            ..ApiRequest::default()
        };
        assert_eq!(desk.provider.subject(&request), subject, "{method} {path}?{query}");
    }
}

#[test]
fn nothing_prints_a_key() {
    let mut headers = std::collections::BTreeMap::new();
    headers.insert("x-api-key".to_owned(), KEY.to_owned());
    let query = format!("api_key={KEY}");
    let request = ApiRequest { headers, query, ..ApiRequest::default() };
    assert!(!format!("{request:?}{:?}", Desk::new().provider).contains("sk_live"));
}
