//! Rate limits: who is refused when, and what every answer says of it.

use countersign::model::Span;
use countersign::provider::ApiReply;
use countersign::provider::profile::RateLimit;

use super::Desk;

/// Three calls within a minute. The clock of a desk starts 28.412 s into one.
fn limited() -> Desk {
    Desk::with(|profile| {
        profile.api.rate_limit = Some(RateLimit { calls: 3, within: Span::from_s(60) });
    })
}

fn header<'a>(reply: &'a ApiReply, wanted: &str) -> Option<&'a str> {
    let found = reply.headers.iter().find(|(name, _)| name == wanted);
    found.map(|(_, value)| value.as_str())
}

#[test]
fn a_window_has_so_many_calls_and_every_answer_says_how_many_are_left() {
    let mut desk = limited();
    for (path, status, state) in [
        ("/v1/rails", 200, r#""per-key";r=2;t=32"#),
        ("/v1/payments/pay_1", 404, r#""per-key";r=1;t=32"#),
        ("/v1/events?after=x", 400, r#""per-key";r=0;t=32"#),
        ("/v1/rails", 429, r#""per-key";r=0;t=32"#),
    ] {
        let reply = desk.call("GET", path, "", &[]);
        assert_eq!((reply.status, header(&reply, "ratelimit")), (status, Some(state)), "{path}");
        assert_eq!(header(&reply, "ratelimit-policy"), Some(r#""per-key";q=3;w=60"#));
        assert_eq!(header(&reply, "retry-after"), (status == 429).then_some("32"));
        if status == 429 {
            let body = String::from_utf8(reply.body).unwrap();
            assert!(body.contains(r#""code":"rate_limited""#), "{body}");
        }
    }
    // Who waits as long as he was told gets on; a second earlier is too early.
    desk.pass(Span::from_s(31));
    assert_eq!(desk.call("GET", "/v1/rails", "", &[]).status, 429);
    desk.pass(Span::from_s(1));
    assert_eq!(desk.call("GET", "/v1/rails", "", &[]).status, 200);
}

/// A refusal for haste is no outcome of a key, and what nobody let in does not count.
#[test]
fn what_is_refused_does_nothing_and_what_was_not_let_in_does_not_count() {
    let mut desk = limited();
    for _ in 0..5 {
        assert_eq!(desk.call("GET", "/v1/rails", "", &[("x-api-key", "sk_live_no")]).status, 401);
        assert_eq!(desk.call("GET", "/v1/public/payments/pay_1", "", &[]).status, 404);
    }
    let body = r#"{"reference":"INV-1","asset":"USDT","network":"tron","amount":"100.00"}"#;
    let key = &[("idempotency-key", "k")];
    for status in [200, 200, 200] {
        assert_eq!(desk.call("GET", "/v1/rails", "", &[]).status, status);
    }
    assert_eq!(desk.call("POST", "/v1/payments", body, key).status, 429);
    desk.pass(Span::from_s(60));
    assert_eq!(desk.call("POST", "/v1/payments", body, key).status, 201);
    assert_eq!(desk.get("/v1/payments")["data"].as_array().unwrap().len(), 1);
}

#[test]
fn without_a_limit_nothing_is_said_of_one() {
    let reply = Desk::new().call("GET", "/v1/rails", "", &[]);
    assert_eq!((header(&reply, "ratelimit"), header(&reply, "ratelimit-policy")), (None, None));
}
