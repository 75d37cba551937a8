//! What the provider's office does in a sandbox: payouts and statements, by command and by the clock,
//! and once more from the journal.

use bytes::Bytes;
use countersign::model::{PaymentId, SimTime, Span};
use countersign::provider::sandbox::{Action, BooksId, Command, Entry, PayoutAction, Sandbox};
use countersign::provider::{ApiReply, ApiRequest, StatementFault};
use serde_json::Value;

use super::sandbox::one;
use super::{KEY, START};

fn sandbox() -> Sandbox {
    Sandbox::new(one())
}

fn call(sandbox: &mut Sandbox, target: &str, body: &str, wall: SimTime) -> ApiReply {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let headers = [("x-api-key", KEY), ("idempotency-key", target)];
    let request = ApiRequest {
        method: if body.is_empty() { "GET" } else { "POST" }.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        body: Bytes::copy_from_slice(body.as_bytes()),
    };
    sandbox.call(request.clone(), wall).0
}

fn get(sandbox: &mut Sandbox, target: &str, wall: SimTime) -> Value {
    serde_json::from_slice(&call(sandbox, target, "", wall).body).unwrap()
}

/// A payment of 250 USDT, credited.
fn credited(sandbox: &mut Sandbox) -> PaymentId {
    let body = r#"{"reference":"INV-1","asset":"USDT","network":"tron","amount":"250.00"}"#;
    let payment = call(sandbox, "/v1/payments", body, START).payment.unwrap();
    let pay = Action::Pay { amount: None, mistake: None };
    for action in [pay, Action::Mine { blocks: None }, Action::Settle] {
        let payment = payment.clone();
        sandbox.obey(Command::Act { payment, action }, START).unwrap();
    }
    payment
}

fn types(sandbox: &mut Sandbox, wall: SimTime) -> Vec<String> {
    let list = get(sandbox, "/v1/events?limit=100", wall);
    let all = list["data"].as_array().unwrap().iter();
    all.map(|event| event["type"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn payouts_and_statements_go_their_way_and_survive_a_restart() {
    let mut one = sandbox();
    let _ = one.open(None, START);
    credited(&mut one);
    let body = r#"{"reference":"O","amount":"60","asset":"USDT","network":"tron","destination":{"address":"T1"}}"#;
    let made = call(&mut one, "/v1/payouts", body, START);
    let made: Value = serde_json::from_slice(&made.body).unwrap();
    let payout = made["id"].as_str().unwrap().to_owned();
    let complete =
        |payout: &str, action| Command::ActOnPayout { payout: payout.to_owned(), action };
    one.obey(complete(&payout, PayoutAction::Complete), START).unwrap();
    assert!(one.obey(complete(&payout, PayoutAction::Fail), START).is_err(), "it arrived");
    assert!(one.obey(complete("pyt_1", PayoutAction::Fail), START).is_err());

    let books = BooksId::default();
    let (rail, date) = ("usdt-tron".to_owned(), "2026-01-05".to_owned());
    let fault = StatementFault::MissingLine;
    let misstate = Command::Misstate { books, rail: rail.clone(), date: date.clone(), fault };
    one.obey(misstate, START).unwrap();
    for (rail, date) in [("nothing", "2026-01-05"), ("usdt-tron", "yesterday")] {
        let (rail, date) = (rail.to_owned(), date.to_owned());
        assert!(one.obey(Command::CorrectStatement { books, rail, date }, START).is_err());
    }
    assert!(!types(&mut one, START).contains(&"statement.ready".to_owned()), "the day goes on");

    // The clock passes midnight by itself, or is moved.
    let tomorrow = START.plus(Span::from_s(86_400));
    one.tick(tomorrow);
    one.tick(tomorrow.plus(Span::from_s(1)));
    let said = types(&mut one, tomorrow);
    assert_eq!(said[said.len() - 2..], ["payout.completed", "statement.ready"]);
    one.obey(Command::CorrectStatement { books, rail, date }, tomorrow).unwrap();
    let target = "/v1/statements/2026-01-05?rail=usdt-tron";
    let shown = get(&mut one, target, tomorrow);
    assert_eq!((&shown["revision"], &shown["closing"]), (&2.into(), &"187.500000".into()));
    let said = types(&mut one, tomorrow);
    assert_eq!(said.iter().filter(|kind| *kind == "statement.ready").count(), 2);

    let journal: Vec<Entry> = one.take_accepted();
    let mut again = sandbox();
    for Entry { at, ids, command } in journal {
        let command = Command::from_text(&command.to_text()).unwrap();
        again.replay(&Entry { at, ids, command }).unwrap();
    }
    assert_eq!(get(&mut again, target, tomorrow), shown);
    let events = "/v1/events?limit=100";
    assert_eq!(get(&mut again, events, tomorrow), get(&mut one, events, tomorrow));
}
