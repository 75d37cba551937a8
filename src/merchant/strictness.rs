//! What probes may answer, and what they are told: one row each.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Look, Looks, Mapping, Misread, Observe, Probe, observation};
use crate::model::{ExceptionClass, Observation, OrderState, PaymentId, PostingKind, Reference};

fn mapping(fields: &[(&str, &str)]) -> Mapping {
    let text = |(field, pointer): &(&str, &str)| ((*field).into(), (*pointer).into());
    Mapping { fields: fields.iter().map(text).collect(), ..Mapping::default() }
}

/// A shop with words of its own.
fn shop() -> (Observe, BTreeMap<String, OrderState>) {
    let probe = |path: &str, each: Option<&str>, map| Probe {
        look: Look::Http { path: path.to_owned(), headers: BTreeMap::new() },
        each: each.map(str::to_owned),
        map,
    };
    let order = mapping(&[("state", "/status"), ("fulfilments", "/shipments")]);
    let mut ledger = mapping(&[
        ("id", "/no"),
        ("kind", "/kind"),
        ("amount", "/amount"),
        ("asset", "/asset"),
        ("payment", "/pid"),
    ]);
    ledger.kinds.insert("receipt".to_owned(), PostingKind::Credit);
    let mut exceptions = mapping(&[("class", "/type"), ("reference", "/order")]);
    exceptions.classes.insert("late".to_owned(), ExceptionClass::LatePayment);
    let observe = Observe {
        order: probe("/o/{reference}", None, order),
        ledger: Some(probe("/l/{reference}", None, ledger)),
        exceptions: Some(probe("/exceptions", Some("/items"), exceptions)),
    };
    let states = [("paid", OrderState::Paid), ("new", OrderState::Awaiting)];
    (observe, states.into_iter().map(|(word, state)| (word.to_owned(), state)).collect())
}

fn order() -> Value {
    json!({"status": "paid", "shipments": [{"id": 1}]})
}

fn posting() -> Value {
    json!({"no": 7, "kind": "receipt", "amount": "250.00", "asset": "USDT", "pid": "pay_1"})
}

fn look(order: Option<Value>, ledger: Option<Value>, exceptions: Option<Value>) -> String {
    let (observe, lifecycle) = shop();
    let looks = Looks { order, ledger, exceptions };
    match observation(&observe, &lifecycle, &Reference::new("A-1"), &looks) {
        Ok(seen) => serde_json::to_string(&seen).unwrap(),
        Err(why) => format!("error: {why}"),
    }
}

/// Looks at the shop with one part replaced.
fn check(part: &str, value: Value, expected: &str) {
    let replaced = |name: &str, usual: Value| match name == part {
        true => Some(value.clone()).filter(|value| !value.is_null()),
        false => Some(usual),
    };
    let items = json!({"items": [{"type": "late", "order": "A-1"}, {"type": "?", "order": "B"}]});
    let seen = look(
        replaced("order", order()),
        replaced("ledger", json!([posting()])),
        replaced("exceptions", items),
    );
    assert!(seen.contains(expected), "{part} {value}\n{seen}\nlacks {expected}");
}

#[test]
fn words_of_the_merchant_become_ours() {
    check("", Value::Null, r#""state":"paid","payments":null,"fulfilments":1"#);
    check(
        "",
        Value::Null,
        r#"{"id":"7","kind":"credit","amount":"250.00","asset":"USDT","payment":"pay_1"}"#,
    );
    // Another order's exception is left out before its words are read.
    check("", Value::Null, r#""exceptions":[{"class":"late-payment","payment":null}]"#);
    check("order", json!({"status": "new", "shipments": 0}), r#""fulfilments":0"#);
    check("ledger", json!([]), r#""postings":[]"#);
}

#[test]
fn nothing_is_guessed() {
    let with = |field: &str, value: Value| {
        let mut posting = posting();
        posting[field] = value;
        json!([posting])
    };
    check(
        "order",
        json!({"status": "sent", "shipments": 1}),
        "error: order /status: `sent` is not mapped; add it to `lifecycle.<ours>: [sent]`, ours one of awaiting, provisional",
    );
    check("order", json!({"shipments": 1}), "error: order /status: nothing is there");
    check(
        "order",
        json!({"status": null, "shipments": 1}),
        "error: order /status: null is not text",
    );
    check("order", json!({"status": "paid"}), "error: order /shipments: nothing is there");
    check("order", json!({"status": "paid", "shipments": true}), "a count of fulfilments");
    check("order", json!({"status": "paid", "shipments": -1}), "a count of fulfilments");
    check("order", json!([order(), order()]), "error: order: 2 orders answered to A-1");
    check("order", json!("paid"), r#"error: order: "paid" is not a list of objects"#);
    check(
        "ledger",
        with("amount", json!(250.0)),
        "error: ledger /0/amount: 250.0 is not a decimal string",
    );
    check("ledger", with("amount", json!("-1")), "is not a decimal string without a sign");
    check("ledger", with("amount", json!("1e3")), "is not a decimal string");
    check("ledger", with("amount", json!("")), "is not a decimal string");
    check(
        "ledger",
        with("kind", json!("payout")),
        "`payout` is not mapped; add it to `observe.ledger.kinds.<ours>: [payout]`",
    );
    check("ledger", with("asset", Value::Null), "error: ledger /0/asset: null is not text");
    check("ledger", with("pid", json!(["a"])), "is not text");
    check("ledger", Value::Null, "error: ledger: 404 for an order that exists");
    check("ledger", json!({"rows": []}), "error: ledger /kind: nothing is there");
    check("exceptions", json!([]), "error: exceptions /items: nothing is there");
    check(
        "exceptions",
        json!({"items": [{"type": "odd", "order": "A-1"}]}),
        "`odd` is not mapped; add it to `observe.exceptions.classes.<ours>: [odd]`",
    );
}

#[test]
fn an_unknown_order_shows_nothing_and_stray_money_all_the_same() {
    let nothing = look(None, None, None);
    let expected = r#""state":null,"payments":null,"fulfilments":0,"postings":[],"exceptions":[]"#;
    assert!(nothing.contains(expected), "{nothing}");
    let stray = look(None, None, Some(json!({"items": [{"type": "late", "order": "A-1"}]})));
    assert!(stray.contains("late-payment"), "{stray}");
}

fn contract(document: Option<Value>) -> Result<Observation, Misread> {
    let looks = Looks { order: document.clone(), ledger: document.clone(), exceptions: document };
    observation(&Observe::contract(), &BTreeMap::new(), &Reference::new("A-1"), &looks)
}

#[test]
fn the_contract_is_read_as_it_is_written() {
    let document = json!({
        "reference": "A-1",
        "state": "paid",
        "payment_ids": ["pay_1"],
        "fulfilments": 1,
        "postings": [{"id": "p1", "kind": "credit", "amount": "250.00", "asset": "USDT",
                      "payment_id": "pay_1"}],
        "exceptions": [{"class": "amount-mismatch", "payment_id": "pay_1"}],
    });
    let seen = contract(Some(document.clone())).unwrap();
    assert_eq!(seen.state, Some(OrderState::Paid));
    assert_eq!(seen.payments, Some(vec![PaymentId::new("pay_1")]));
    assert_eq!(seen.postings.unwrap().len(), 1);
    assert_eq!(seen.exceptions.unwrap()[0].class, ExceptionClass::AmountMismatch);
    assert_eq!(contract(None).unwrap().postings, Some(Vec::new()));

    for lost in ["state", "fulfilments", "postings", "exceptions"] {
        let mut document = document.clone();
        document.as_object_mut().unwrap().remove(lost);
        let why = contract(Some(document)).expect_err(lost).to_string();
        assert!(why.contains(&format!("/{lost}: nothing is there")), "{why}");
    }
    let mut other = document;
    other["reference"] = json!("B-2");
    let why = contract(Some(other)).unwrap_err().to_string();
    assert_eq!(why, "order: another order answered to A-1; the probe must show this order alone");
}
