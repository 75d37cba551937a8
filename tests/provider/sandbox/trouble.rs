//! Trouble that an operator makes: each kind, as calls meet it.

use countersign::model::{Conduct, Said, TROUBLES, Trouble, TroubleRow};
use countersign::provider::sandbox::Spell;
use serde_json::{Value, json};

use super::{KEY, ORDER, PAY, Rig, act, body};

fn known() -> impl Iterator<Item = &'static TroubleRow> {
    TROUBLES.iter().filter(|row| row.conduct != Conduct::Held)
}

#[test]
fn the_next_calls_go_wrong_as_they_are_told_to() {
    let at_once = |said| ![Said::Before, Said::InProgress].contains(&said);
    for row in known().filter(|row| at_once(row.said)) {
        let mut rig = Rig::new(None);
        rig.sandbox.make_trouble(Some(Spell { trouble: row.like, calls: 2 }));
        for n in 0..2 {
            let key = format!("k{n}");
            let (reply, left) = rig.call_with(KEY, ("POST", "/v1/payments"), &key, ORDER);
            assert_eq!(left, row.conduct, "{}", row.word);
            let (status, code) = match row.said {
                Said::Failure if row.is_done => (500, Some("internal_error")),
                Said::Failure => (503, Some("temporarily_unavailable")),
                Said::TooMany => (429, Some("rate_limited")),
                Said::InProgress => (409, Some("idempotency_in_progress")),
                Said::FailureWithin => (200, Some("internal_error")),
                Said::Elsewhere => (308, None),
                Said::Accepted => (202, None),
                Said::AsEver if !row.is_done => (0, None),
                Said::AsEver | Said::Garbled | Said::WebPage | Said::Before => (201, None),
            };
            assert_eq!(reply.status, status, "{}", row.word);
            let document = serde_json::from_slice::<Value>(&reply.body).unwrap_or_default();
            assert_eq!(document["code"].as_str(), code, "{}", row.word);
            if let Some(code) = code {
                assert_eq!(document["type"], format!("/problems/{code}"));
                assert!(document["request_id"].as_str().unwrap().starts_with("req_"));
            }
            let waits = reply.headers.iter().any(|(name, _)| name == "retry-after");
            assert_eq!(waits, [429, 503].contains(&status), "{}", row.word);
        }
        let reply = rig.call("GET", "/v1/payments", "", "");
        let made = body(&reply)["data"].as_array().unwrap().len();
        assert_eq!((reply.status, made), (200, if row.is_done { 2 } else { 0 }), "{}", row.word);
        assert_eq!(rig.restarted().all().count(), 1);
    }
}

#[test]
fn a_read_is_stale_once_something_changed() {
    let mut rig = Rig::new(None);
    let payment = rig.create("k");
    rig.sandbox.make_trouble(Some(Spell { trouble: Trouble::Stale, calls: 1 }));
    let path = format!("/v1/payments/{payment}");
    assert_eq!(body(&rig.call("GET", &path, "", ""))["status"], "pending");
    rig.obey(act(&payment, PAY)).unwrap();
    let told = [(); 2].map(|()| body(&rig.call("GET", &path, "", ""))["status"].clone());
    assert_eq!(told, ["pending", "paid"]);
}

/// The first answer is lost, the retry comes too early, and the one after hears the first answer.
#[test]
fn a_call_is_in_progress_only_where_its_key_came_before() {
    let mut rig = Rig::new(None);
    rig.sandbox.make_trouble(Some(Spell { trouble: Trouble::InProgress, calls: 1 }));
    let first = rig.call("POST", "/v1/payments", "k", ORDER);
    assert_eq!(first.status, 201, "nothing came before");
    assert_eq!(rig.call("POST", "/v1/payments", "l", ORDER).status, 201);
    let early = rig.call("POST", "/v1/payments", "k", ORDER);
    assert_eq!(
        (early.status, body(&early)["code"].as_str()),
        (409, Some("idempotency_in_progress"))
    );
    let again = rig.call("POST", "/v1/payments", "k", ORDER);
    assert_eq!((again.status, again.body), (201, first.body));
    assert_eq!(body(&rig.call("GET", "/v1/payments", "", ""))["data"].as_array().unwrap().len(), 2);
}

#[test]
fn a_spell_is_read_in_the_words_of_a_sweep() {
    for row in known() {
        let spell = Spell { trouble: row.like, calls: 2 };
        let written = serde_json::to_value(spell).unwrap();
        assert_eq!(written["trouble"], row.word);
        assert_eq!(serde_json::from_value::<Spell>(written).unwrap(), spell);
        let bare = json!({"trouble": row.word, "calls": 2});
        assert_eq!(serde_json::from_value::<Spell>(bare).unwrap(), spell);
    }
    let broken = [
        (json!({"trouble": "held", "calls": 1}), "no trouble"),
        (json!({"trouble": "fail", "calls": 1}), "no trouble"),
        (json!({"trouble": "fails", "status": 404, "calls": 1}), "500 or 503"),
        (json!({"trouble": "lost", "status": 500, "calls": 1}), "no `status`"),
        (json!({"trouble": "fails", "wait": "1s", "calls": 1}), "no `wait`"),
        (json!({"trouble": "late", "wait": "soon", "calls": 1}), "no span"),
    ];
    for (written, why) in broken {
        let error = serde_json::from_value::<Spell>(written.clone()).unwrap_err().to_string();
        assert!(error.contains(why), "{written}: {error}");
    }
}
