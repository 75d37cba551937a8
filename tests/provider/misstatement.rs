//! Statements that are wrong: what differs, that the sums hold all the same, and how they are put
//! right and announced.

use std::collections::BTreeSet;

use countersign::model::{Rail, SimTime, Span, rail_by_id};
use countersign::provider::{Event, StatementFault};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::transition::{Act, HUNDRED, act};
use super::{Desk, json as body};

const FIRST: &str = "2026-01-05";
const SECOND: &str = "2026-01-06";

fn rail() -> &'static Rail {
    rail_by_id("usdt-tron").unwrap()
}

/// Two payments of a hundred, credited on the first day; the clock stands in the second.
fn credited() -> (Desk, SimTime) {
    let mut desk = Desk::new();
    for reference in ["INV-1", "INV-2"] {
        let payment = desk.create(reference, "USDT", "tron", "100.00");
        for step in [Act::Pay(HUNDRED), Act::Mine, Act::Settle] {
            act(&mut desk, &payment, step).unwrap();
        }
    }
    let first = desk.now;
    desk.pass(Span::from_s(86_400));
    (desk, first)
}

/// The day's statement, whose sums and digest hold.
fn read(desk: &mut Desk, day: &str) -> Value {
    let shown = desk.get(&format!("/v1/statements/{day}?rail=usdt-tron"));
    let atoms = |amount: &Value| {
        let text = amount.as_str().unwrap();
        let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
        sign * i128::try_from(rail().asset.parse(digits).unwrap().atoms).unwrap()
    };
    let lines = shown["lines"].as_array().unwrap();
    let net: i128 = lines.iter().map(|line| atoms(&line["net"])).sum();
    assert_eq!(atoms(&shown["closing"]), atoms(&shown["opening"]) + net, "{shown}");
    assert_eq!(atoms(&shown["totals"]["net"]), net, "{shown}");
    assert_eq!(shown["totals"]["lines"], lines.len());
    let mut unsealed = shown.clone();
    unsealed.as_object_mut().unwrap().remove("sha256");
    unsealed.sort_all_objects();
    assert_eq!(shown["sha256"], hex::encode(Sha256::digest(unsealed.to_string())));
    shown
}

fn both(desk: &mut Desk) -> (Value, Value) {
    let (first, second) = (read(desk, FIRST), read(desk, SECOND));
    assert_eq!(first["closing"], second["opening"], "days join");
    (first, second)
}

/// Type, reference and net of each line.
fn lines(statement: &Value) -> Vec<String> {
    let lines = statement["lines"].as_array().unwrap().iter();
    let text = |line: &Value, name: &str| line[name].as_str().unwrap_or("-").to_owned();
    lines.map(|line| ["type", "reference", "net"].map(|name| text(line, name)).join(" ")).collect()
}

fn types(events: &[Event]) -> Vec<&str> {
    events.iter().map(|event| event.type_name.as_str()).collect()
}

#[test]
fn each_fault_shows_where_it_says_and_nowhere_else() {
    let paid = |number| format!("payment INV-{number} 100.000000");
    let fee = |number| format!("fee INV-{number} -1.000000");
    let right = vec![paid(1), fee(1), paid(2), fee(2)];
    let short = "payment INV-1 99.999999".to_owned();
    let orphan = "payment - 1.000000".to_owned();
    let rows: &[(StatementFault, Vec<String>, Vec<String>, &str)] = &[
        (StatementFault::MissingLine, vec![paid(2), fee(2)], vec![], "99.000000"),
        (
            StatementFault::DuplicateLine,
            vec![paid(1), paid(1), fee(1), paid(2), fee(2)],
            vec![],
            "298.000000",
        ),
        (StatementFault::LateFee, vec![paid(1), paid(2), fee(2)], vec![fee(1)], "199.000000"),
        (StatementFault::WrongCutoff, vec![paid(1), fee(1)], vec![paid(2), fee(2)], "99.000000"),
        (
            StatementFault::RoundedByOneAtom,
            vec![short, fee(1), paid(2), fee(2)],
            vec![],
            "197.999999",
        ),
        (
            StatementFault::OrphanDeposit,
            vec![paid(1), fee(1), paid(2), fee(2), orphan],
            vec![],
            "199.000000",
        ),
    ];
    let tried: BTreeSet<_> = rows.iter().map(|(fault, ..)| fault).collect();
    assert_eq!(tried.len(), StatementFault::ALL.len(), "a new fault needs its row");
    for (fault, first, second, closing) in rows {
        let (mut desk, day) = credited();
        assert_eq!(lines(&both(&mut desk).0), right);
        let available = desk.provider.available(rail());
        desk.provider.misstate(rail(), day, *fault);
        let (one, two) = both(&mut desk);
        let mut shown = lines(&one);
        let mut wanted = first.clone();
        // Where in the day an orphan comes is its own affair.
        shown.sort();
        wanted.sort();
        assert_eq!((shown, &lines(&two)), (wanted, second), "{fault}");
        assert_eq!(one["closing"], *closing, "{fault}");
        assert_eq!(desk.provider.available(rail()), available, "{fault}: the money is right");
        let other = desk.get(&format!("/v1/statements/{FIRST}?rail=xrp-xrpl"));
        assert_eq!(other["lines"], json!([]), "{fault}: other rails are");
    }
}

#[test]
fn what_gives_each_fault_away() {
    let with = |fault| {
        let (mut desk, day) = credited();
        desk.provider.misstate(rail(), day, fault);
        both(&mut desk)
    };
    let (one, _) = with(StatementFault::DuplicateLine);
    assert_eq!(one["lines"][0], one["lines"][1], "one line id, twice");
    let (_, two) = with(StatementFault::LateFee);
    assert_eq!(two["lines"][0]["booked_at"], "2026-01-06T00:00:00.000Z");
    let (_, two) = with(StatementFault::WrongCutoff);
    let booked = two["lines"][0]["booked_at"].as_str().unwrap();
    assert!(booked < two["period"]["from"].as_str().unwrap(), "booked before the period: {booked}");
    let (one, _) = with(StatementFault::OrphanDeposit);
    let orphans =
        one["lines"].as_array().unwrap().iter().filter(|line| line["payment_id"].is_null());
    let orphan = orphans.collect::<Vec<_>>()[0].clone();
    assert_eq!((&orphan["reference"], &orphan["event_id"]), (&Value::Null, &Value::Null));
    assert_eq!(orphan["category"], "unattributed_deposit");
    assert_eq!(orphan["tx"]["hash"].as_str().unwrap().len(), 64);
}

#[test]
fn what_is_put_right_is_a_new_revision_that_names_the_lines() {
    for fault in StatementFault::ALL {
        let (mut desk, day) = credited();
        let right = read(&mut desk, FIRST);
        desk.provider.misstate(rail(), day, *fault);
        let wrong = read(&mut desk, FIRST);
        assert_eq!((&wrong["revision"], &wrong["changed_lines"]), (&json!(1), &json!([])));
        assert!(desk.provider.correct_statement(rail(), day, desk.now).is_empty(), "not announced");
        let corrected = read(&mut desk, FIRST);
        assert_eq!(corrected["revision"], 2);
        assert_eq!(
            (&corrected["lines"], &corrected["closing"]),
            (&right["lines"], &right["closing"])
        );
        let ids = |of: &Value| -> Vec<Value> { of["lines"].as_array().unwrap().clone() };
        let (before, after) = (ids(&wrong), ids(&corrected));
        let changed = corrected["changed_lines"].as_array().unwrap();
        assert!(!changed.is_empty(), "{fault}");
        for line in before.iter().chain(&after) {
            let count = |of: &[Value]| of.iter().filter(|other| *other == line).count();
            let differs = count(&before) != count(&after);
            assert_eq!(differs, changed.contains(&line["line_id"]), "{fault}: {line}");
        }
    }
}

#[test]
fn a_statement_is_announced_once_its_day_is_over_and_again_when_it_is_put_right() {
    let (mut desk, day) = credited();
    let early = desk.provider.close_days(day);
    assert!(early.is_empty(), "the day is not over");
    desk.provider.misstate(rail(), day, StatementFault::MissingLine);
    let events = desk.provider.close_days(desk.now);
    assert_eq!(types(&events), ["statement.ready"]);
    let said = body(&events[0]);
    let id = "stm_2026-01-05_USDT-tron";
    assert_eq!(said["subject"], json!({"kind": "statement", "id": id}));
    let listed = desk.get("/v1/statements?rail=usdt-tron")["data"][0].clone();
    assert_eq!(said["data"], json!({"statement": listed}));
    assert_eq!((&listed["status"], &listed["revision"]), (&json!("closed"), &json!(1)));
    assert!(desk.provider.close_days(desk.now).is_empty(), "once");

    let again = desk.provider.correct_statement(rail(), day, desk.now);
    assert_eq!(types(&again), ["statement.ready"]);
    assert_eq!(body(&again[0])["data"]["statement"]["revision"], 2);
    // What was said stays said, and stands in the list.
    let list = desk.get("/v1/events?type=statement.ready")["data"].clone();
    assert_eq!(list, json!([said, body(&again[0])]));
    assert_eq!(desk.provider.event(&events[0].id).unwrap(), events[0]);
}
