//! What providers do by themselves with too little, too much and too late money, what they count,
//! and what they leave unsaid.

use std::collections::BTreeSet;

use countersign::model::{AmountState, EventKind, Flag, PaymentId, Span, Status, Truth};
use countersign::provider::profile::{Counts, LatePolicy, OverPolicy, Payments, UnderPolicy};
use countersign::provider::{Coin, Sending};
use serde_json::Value;

use super::transition::{Act, HUNDRED, act};
use super::{Desk, PARTITION, kinds};

const HALF: u128 = HUNDRED / 2;

/// A payment of a hundred at a provider with these habits, and everything said of it by the acts.
fn after(change: impl FnOnce(&mut Payments), acts: &[Act]) -> (Desk, PaymentId, Vec<EventKind>) {
    let mut desk = Desk::with(|profile| change(&mut profile.payments));
    let payment = desk.hundred();
    let mut said = Vec::new();
    for step in acts {
        let done = act(&mut desk, &payment, *step);
        said.extend(kinds(&done.unwrap_or_else(|refused| panic!("{step:?}: {refused}"))));
    }
    (desk, payment, said)
}

fn read(desk: &mut Desk, payment: &PaymentId) -> Value {
    desk.get(&format!("/v1/payments/{payment}"))
}

/// The refunds that were made by themselves, in order.
fn refunds(desk: &mut Desk, payment: &PaymentId) -> Vec<String> {
    let read = read(desk, payment);
    let all = read["refunds"].as_array().unwrap().iter();
    all.map(|refund| refund["amount"].as_str().unwrap().to_owned()).collect()
}

struct Row {
    habits: (UnderPolicy, OverPolicy, LatePolicy),
    acts: &'static [Act],
    status: Status,
    refunds: &'static [&'static str],
    last: EventKind,
}

const fn row(
    habits: (UnderPolicy, OverPolicy, LatePolicy),
    acts: &'static [Act],
    (status, refunds, last): (Status, &'static [&'static str], EventKind),
) -> Row {
    Row { habits, acts, status, refunds, last }
}

const SHORT: &[Act] = &[Act::Pay(HALF), Act::Mine];
const SHORT_AND_OVER: &[Act] = &[Act::Pay(HALF), Act::Mine, Act::Deadline];
const TOPPED_UP: &[Act] = &[Act::Pay(HALF), Act::Pay(HALF), Act::Mine];
const TOO_MUCH: &[Act] = &[Act::Pay(HUNDRED + HALF), Act::Mine];
const LATE: &[Act] = &[Act::Deadline, Act::Pay(HUNDRED), Act::Mine];
const LATE_UNCONFIRMED: &[Act] = &[Act::Deadline, Act::Pay(HUNDRED), Act::MineShort];
const LATE_AND_SHORT: &[Act] = &[Act::Deadline, Act::Pay(HALF), Act::Mine];
const LATE_AND_MORE: &[Act] = &[Act::Deadline, Act::Pay(HUNDRED + HALF), Act::Mine];

#[test]
fn what_follows_by_itself() {
    use EventKind::{Confirmed, Expired, Late, RefundCreated, Underpaid};
    use LatePolicy::{Confirm, Flag as Say, Refund as Return};
    use OverPolicy::{Flag as Keep, Refund as Surplus};
    use UnderPolicy::{Refund as Back, Terminal, Wait};
    let rows = [
        row((Wait, Keep, Say), SHORT, (Status::Pending, &[], Underpaid)),
        row((Wait, Keep, Say), SHORT_AND_OVER, (Status::Expired, &[], Expired)),
        row((Wait, Keep, Say), TOO_MUCH, (Status::Confirmed, &[], Confirmed)),
        row((Wait, Keep, Say), LATE, (Status::Expired, &[], Late)),
        row((Terminal, Keep, Say), SHORT, (Status::Confirmed, &[], Confirmed)),
        row((Terminal, Keep, Say), TOPPED_UP, (Status::Confirmed, &[], Confirmed)),
        row((Terminal, Keep, Say), LATE, (Status::Expired, &[], Late)),
        row((Terminal, Keep, Say), LATE_AND_SHORT, (Status::Confirmed, &[], Confirmed)),
        row((Back, Keep, Say), SHORT, (Status::Pending, &[], Underpaid)),
        row((Back, Keep, Say), SHORT_AND_OVER, (Status::Expired, &["50.000000"], RefundCreated)),
        row((Back, Keep, Say), TOPPED_UP, (Status::Confirmed, &[], Confirmed)),
        row((Wait, Surplus, Say), TOO_MUCH, (Status::Confirmed, &["50.000000"], RefundCreated)),
        row((Wait, Surplus, Say), TOPPED_UP, (Status::Confirmed, &[], Confirmed)),
        row((Wait, Keep, Confirm), LATE, (Status::Confirmed, &[], Confirmed)),
        row((Wait, Keep, Confirm), LATE_UNCONFIRMED, (Status::Expired, &[], Late)),
        row((Wait, Keep, Confirm), LATE_AND_SHORT, (Status::Expired, &[], Late)),
        row(
            (Wait, Surplus, Confirm),
            LATE_AND_MORE,
            (Status::Confirmed, &["50.000000"], RefundCreated),
        ),
        row((Wait, Keep, Return), LATE, (Status::Expired, &["100.000000"], RefundCreated)),
        row((Wait, Keep, Return), LATE_UNCONFIRMED, (Status::Expired, &[], Late)),
        row((Wait, Keep, Return), LATE_AND_SHORT, (Status::Expired, &["50.000000"], RefundCreated)),
        row((Wait, Keep, Return), SHORT_AND_OVER, (Status::Expired, &[], Expired)),
    ];
    for (number, row) in rows.iter().enumerate() {
        let habits = |payments: &mut Payments| {
            (payments.under_policy, payments.over_policy, payments.late_policy) = row.habits;
        };
        let (mut desk, payment, said) = after(habits, row.acts);
        let truth = desk.truth(&payment);
        assert_eq!((truth.status, said.last()), (row.status, Some(&row.last)), "row {number}");
        assert_eq!(refunds(&mut desk, &payment), row.refunds, "row {number}");
        if truth.status == Status::Confirmed && truth.amount_state == AmountState::Under {
            assert!(truth.flags.contains(&Flag::Manual), "row {number}: a policy took it");
        }
    }
}

/// What a policy gave back goes its way as any refund; what failed is left to people.
#[test]
fn a_refund_by_policy_is_a_refund() {
    let back = |payments: &mut Payments| payments.late_policy = LatePolicy::Refund;
    let (mut desk, payment, _) = after(back, LATE);
    act(&mut desk, &payment, Act::CompleteRefund).unwrap();
    assert_eq!(desk.truth(&payment).status, Status::Refunded);

    let (mut desk, payment, _) = after(back, LATE);
    act(&mut desk, &payment, Act::FailRefund).unwrap();
    assert_eq!(refunds(&mut desk, &payment), ["100.000000"]);
    assert_eq!(desk.provider.refundable(&payment), HUNDRED);
    act(&mut desk, &payment, Act::Pay(1)).unwrap();
    assert_eq!(refunds(&mut desk, &payment), ["100.000000"], "not tried again by itself");
}

/// The lane of one scenario has habits of its own; those of the others stay.
#[test]
fn habits_of_one_partition() {
    let mut desk = Desk::new();
    let counts = Payments { under_policy: UnderPolicy::Terminal, ..Payments::default() };
    desk.provider.set_habits(PARTITION, counts);
    let payment = desk.hundred();
    for step in SHORT {
        act(&mut desk, &payment, *step).unwrap();
    }
    assert_eq!(desk.truth(&payment).status, Status::Confirmed);
    assert_eq!(desk.provider.habits(PARTITION + 1), &Payments::default());
}

#[test]
fn a_payment_that_names_no_amount() {
    let body = r#"{"reference":"INV-1","asset":"USDT","network":"tron"}"#;
    let key = &[("idempotency-key", "k")];
    assert_eq!(Desk::new().call("POST", "/v1/payments", body, key).status, 400);

    let mut desk = Desk::with(|profile| profile.payments.open_amount = true);
    let payment = desk.call("POST", "/v1/payments", body, key).payment.unwrap();
    let made = read(&mut desk, &payment);
    assert_eq!((&made["amount"]["due"], &made["amount"]["atomic"]), (&Value::Null, &Value::Null));
    assert!(!made["destination"]["uri"].as_str().unwrap().contains('?'), "{made}");
    assert_eq!(made["status"], "pending", "nothing came, so nothing is paid");
    // The first transfer pays it, whatever it is; a second one is no surplus.
    for (step, said) in [
        (Act::Pay(7), vec![EventKind::Paid]),
        (Act::Pay(HUNDRED), vec![EventKind::Detected]),
        (Act::Mine, vec![EventKind::Confirmed]),
    ] {
        assert_eq!(kinds(&act(&mut desk, &payment, step).unwrap()), said, "{step:?}");
        assert_eq!(desk.truth(&payment).amount_state, AmountState::Exact);
    }
    // An amount may be named all the same.
    let named = desk.create("INV-2", "USDT", "tron", "100.00");
    act(&mut desk, &named, Act::Pay(HALF)).unwrap();
    assert_eq!(desk.truth(&named).status, Status::Pending);
}

#[test]
fn an_order_with_one_payment_at_a_time() {
    let mut desk = Desk::with(|profile| profile.payments.unique_reference = true);
    let first = desk.hundred();
    let body = r#"{"reference":"INV-1","asset":"USDT","network":"tron","amount":"100.00"}"#;
    let second = |desk: &mut Desk, key| {
        let reply = desk.call("POST", "/v1/payments", body, &[("idempotency-key", key)]);
        (reply.status, String::from_utf8(reply.body).unwrap())
    };
    let (status, told) = second(&mut desk, "k1");
    assert_eq!(status, 409);
    assert!(told.contains("reference_conflict") && told.contains(first.as_str()), "{told}");
    desk.create("INV-2", "USDT", "tron", "100.00");
    for step in [Act::Pay(HUNDRED), Act::Mine] {
        act(&mut desk, &first, step).unwrap();
        assert_eq!(second(&mut desk, "k1").0, 409);
    }
    act(&mut desk, &first, Act::Refund).unwrap();
    act(&mut desk, &first, Act::CompleteRefund).unwrap();
    assert_eq!(second(&mut desk, "k2").0, 201, "what is paid back makes room");
}

/// What came as it is shown, and what a strict and a naive provider make of it.
#[test]
fn what_counts_strictly_and_naively() {
    let sent = |coin, atoms, requested| vec![Sending { atoms, requested, coin }];
    let short = Sending { atoms: 1, requested: Some(HUNDRED), coin: Coin::Own };
    let rows: &[(&str, &str, Vec<Sending>, u128, u128)] = &[
        ("USDT", "tron", sent(Coin::Own, HUNDRED, None), HUNDRED, HUNDRED),
        ("USDT", "tron", sent(Coin::LookAlike, HUNDRED, None), 0, HUNDRED),
        ("USDT", "tron", sent(Coin::Failing, HUNDRED, None), 0, HUNDRED),
        ("USDT", "tron", sent(Coin::Locked, HUNDRED, None), 0, HUNDRED),
        ("USDT", "tron", sent(Coin::OtherAsset, HUNDRED, None), 0, 0),
        ("USDT", "ton", sent(Coin::Untagged, HUNDRED, None), 0, HUNDRED),
        // Eighteen decimals on the other network.
        ("USDT", "ethereum", sent(Coin::OtherNetwork, 100 * 10u128.pow(18), None), 0, HUNDRED),
        ("XRP", "xrpl", vec![short], 1, HUNDRED),
        ("XRP", "xrpl", vec![short, short], 2, 2 * HUNDRED),
    ];
    for (row, (asset, network, sendings, strictly, naively)) in rows.iter().enumerate() {
        for (counts, expected) in [(Counts::Strict, strictly), (Counts::Naive, naively)] {
            let mut desk = Desk::with(|profile| profile.payments.counts = counts);
            let payment = desk.create("INV-1", asset, network, "100.00");
            for sending in sendings {
                desk.provider.send(&payment, *sending, desk.now).unwrap();
            }
            desk.mine_missing(&payment);
            let truth = desk.truth(&payment);
            assert_eq!(truth.received.atoms, *expected, "row {row} {counts:?}");
            assert_eq!(truth.strictly_counted, expected == strictly, "row {row} {counts:?}");
            assert_eq!(truth.status == Status::Confirmed, *expected >= HUNDRED, "row {row}");
            // However it is counted, the transfer is shown as what it is.
            let seen = read(&mut desk, &payment)["transactions"][0].clone();
            let status = match sendings[0].coin {
                Coin::Failing => "reverted",
                Coin::Untagged => "bounced",
                Coin::Locked => "locked",
                Coin::Own | Coin::OtherAsset | Coin::OtherNetwork | Coin::LookAlike => "confirmed",
            };
            assert_eq!(seen["status"], status, "row {row} {counts:?}");
        }
    }
}

/// A naive provider does not see that a transfer was taken away, and counts it again if it is
/// listed again. Its confirmation is genuine all the same.
#[test]
fn what_is_taken_away_or_listed_twice() {
    let naive = |payments: &mut Payments| payments.counts = Counts::Naive;
    for (acts, status) in [
        (&[Act::Pay(HUNDRED), Act::Replace(0)][..], "replaced"),
        (&[Act::Pay(HUNDRED), Act::MineShort, Act::Reorganise], "orphaned"),
    ] {
        let (mut desk, payment, _) = after(naive, acts);
        desk.mine_missing(&payment);
        let truth = desk.truth(&payment);
        assert_eq!((truth.status, truth.received.atoms), (Status::Confirmed, HUNDRED));
        assert!(truth.flags.is_empty() && !truth.is_plain(), "only the transfer tells");
        assert_eq!(read(&mut desk, &payment)["transactions"][0]["status"], status);
        let (desk, payment, _) = after(|_| {}, acts);
        assert_eq!(desk.truth(&payment).received.atoms, 0);
    }
    for (counts, received) in [(Counts::Naive, HUNDRED), (Counts::Strict, HALF)] {
        let (mut desk, payment, _) = after(|habits| habits.counts = counts, &[Act::Pay(HALF)]);
        desk.provider.relist(&payment, desk.now).unwrap();
        assert_eq!(desk.truth(&payment).received.atoms, received);
        let shown = read(&mut desk, &payment)["transactions"].clone();
        if counts == Counts::Naive {
            assert_eq!(shown[0], shown[1], "one hash and index, listed twice");
        } else {
            assert_eq!(shown.as_array().unwrap().len(), 1);
        }
    }
}

#[test]
fn what_is_left_unsaid_happens_all_the_same() {
    let acts = [Act::Pay(HUNDRED), Act::Replace(0), Act::Pay(HUNDRED), Act::Mine, Act::Settle];
    let all = [
        EventKind::Created,
        EventKind::Paid,
        EventKind::Reverted,
        EventKind::Paid,
        EventKind::Confirmed,
        EventKind::Settled,
    ];
    let skips = [&[EventKind::Reverted][..], &[EventKind::Confirmed], &all];
    let mut statements = BTreeSet::new();
    for skip in [&[][..]].into_iter().chain(skips) {
        let mut desk = Desk::with(|profile| {
            profile.events.emit_reverted = !skip.contains(&EventKind::Reverted);
            profile.events.skip = skip.iter().copied().collect();
        });
        let body = r#"{"reference":"INV-1","asset":"USDT","network":"tron","amount":"100.00"}"#;
        let made = desk.call("POST", "/v1/payments", body, &[("idempotency-key", "k")]);
        let payment = made.payment.unwrap();
        for step in acts {
            act(&mut desk, &payment, step).unwrap();
        }
        let expected: Vec<_> = all.into_iter().filter(|kind| !skip.contains(kind)).collect();
        assert_eq!(kinds(&desk.provider.events_of(&payment)), expected);
        let read = read(&mut desk, &payment);
        assert_eq!(read["status_timeline"].as_array().unwrap().len(), 6);
        let times: Vec<_> = read["status_timeline"].as_array().unwrap().iter().collect();
        assert!(times.is_sorted_by_key(|entry| entry["at"].as_str().unwrap().to_owned()));
        let statement = desk.get("/v1/statements/2026-01-05?rail=usdt-tron");
        statements.insert((statement["closing"].to_string(), statement["totals"].to_string()));
    }
    assert_eq!(statements.len(), 1, "the books do not depend on what is said");
}

#[test]
fn a_confirmation_is_counted_aloud() {
    let mut desk = Desk::with(|profile| profile.events.repeat = 3);
    let payment = desk.hundred();
    act(&mut desk, &payment, Act::Pay(HUNDRED)).unwrap();
    let events = act(&mut desk, &payment, Act::Mine).unwrap();
    use EventKind::{Confirmed, Paid};
    assert_eq!(kinds(&events), [Paid, Paid, Paid, Confirmed]);
    let ids: BTreeSet<_> = events.iter().map(|event| event.id.clone()).collect();
    assert_eq!(ids.len(), 4);
    for (tick, event) in events.iter().enumerate() {
        let body: Value = serde_json::from_slice(&event.body).unwrap();
        let seen = &body["data"]["payment"]["transactions"][0]["confirmations"];
        assert_eq!(*seen, if tick < 3 { tick + 1 } else { 20 });
    }
}

/// Watched for a shorter time, given up earlier; and when it would be credited.
#[test]
fn spans_are_the_profiles() {
    let spans = |payments: &mut Payments| {
        payments.monitoring = Span::from_s(3600);
        payments.settle_after = Span::from_s(7200);
    };
    let (mut desk, payment, _) = after(spans, &[Act::Pay(HUNDRED)]);
    let deadline = desk.provider.expires_at(&payment).unwrap();
    assert_eq!(desk.provider.settles_at(&payment), None);
    let early = deadline.plus(Span::from_s(3599));
    assert!(desk.provider.give_up(&payment, early).is_err());
    assert!(desk.provider.give_up(&payment, early.plus(Span::from_s(1))).is_ok());
    let (desk, payment, _) = after(spans, &[Act::Pay(HUNDRED), Act::Mine]);
    assert_eq!(desk.provider.settles_at(&payment), Some(desk.now.plus(Span::from_s(7200))));
}

/// A truth that histories keep says it only where it is not as always.
#[test]
fn a_truth_says_that_it_was_not_counted_strictly() {
    let (desk, payment, _) = after(|habits| habits.counts = Counts::Naive, &[Act::Pay(HALF)]);
    let text = serde_json::to_string(&desk.truth(&payment)).unwrap();
    assert!(!text.contains("strictly"), "{text}");
    let truth = Truth { strictly_counted: false, ..desk.truth(&payment) };
    let text = serde_json::to_string(&truth).unwrap();
    assert_eq!(serde_json::from_str::<Truth>(&text).unwrap(), truth);
}

/// Found by the property: the blocks that an operator waits for made the policy take the money, and
/// what was announced by that was not answered.
#[test]
fn an_operator_accepts_what_a_policy_takes_anyway() {
    let confirm = |payments: &mut Payments| payments.late_policy = LatePolicy::Confirm;
    let (_, _, said) = after(confirm, &[Act::Deadline, Act::Pay(HUNDRED), Act::Accept]);
    assert_eq!(said, [EventKind::Expired, EventKind::Late, EventKind::Confirmed]);
}
