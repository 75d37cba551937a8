//! What the payer and the operator may do in the ordinary course, and what an event claims.

use countersign::model::{AmountState, EventKind, Flag, PaymentId, Span, Status};
use countersign::provider::Refused;

use super::transition::{Act, HUNDRED, act, path};
use super::{Desk, json, kinds};

#[test]
fn late_and_short_money_is_accepted_by_the_operator() {
    let late: &[Act] = &[Act::Deadline, Act::Pay(HUNDRED)];
    let short: &[Act] = &[Act::Pay(HUNDRED / 2), Act::Deadline];
    let short_and_late: &[Act] = &[Act::Deadline, Act::Pay(HUNDRED / 2)];
    let cases = [
        (late, AmountState::Exact),
        (short, AmountState::Under),
        (short_and_late, AmountState::Under),
    ];
    for (path, amount) in cases {
        let mut desk = Desk::new();
        let payment = desk.hundred();
        for step in path {
            act(&mut desk, &payment, *step).unwrap();
        }
        let events = act(&mut desk, &payment, Act::Accept).unwrap();
        assert_eq!(kinds(&events), [EventKind::Confirmed]);
        let truth = desk.truth(&payment);
        assert_eq!((truth.status, truth.amount_state), (Status::Confirmed, amount));
        assert_eq!(truth.flags, [Flag::Late, Flag::Manual].into());
        let body = &json(&events[0])["data"]["payment"];
        assert_eq!(body["flags"], serde_json::json!(["late", "manual"]));
        assert_eq!(body["previous_status"], "expired");
        assert_eq!(body["transactions"][0]["status"], "confirmed");
        assert_eq!(kinds(&act(&mut desk, &payment, Act::Settle).unwrap()), [EventKind::Settled]);
    }
}

#[test]
fn parts_sum_until_they_cover() {
    let mut desk = Desk::new();
    let payment = desk.hundred();
    for part in [HUNDRED / 4, HUNDRED / 4] {
        act(&mut desk, &payment, Act::Pay(part)).unwrap();
        assert_eq!(desk.truth(&payment).status, Status::Pending);
    }
    assert_eq!(kinds(&act(&mut desk, &payment, Act::Pay(HUNDRED / 2)).unwrap()), [EventKind::Paid]);
    let truth = desk.truth(&payment);
    assert_eq!((truth.amount_state, truth.transfers), (AmountState::Exact, 3));
}

#[test]
fn all_transfers_must_be_deep_enough() {
    let mut desk = Desk::new();
    let payment = desk.hundred();
    act(&mut desk, &payment, Act::Pay(HUNDRED / 2)).unwrap();
    act(&mut desk, &payment, Act::Mine).unwrap();
    assert_eq!(desk.provider.confirmations_missing(&payment), 0);
    act(&mut desk, &payment, Act::Pay(HUNDRED / 2)).unwrap();
    assert_eq!(desk.provider.confirmations_missing(&payment), 20);
    assert_eq!(kinds(&act(&mut desk, &payment, Act::MineShort).unwrap()), []);
    assert_eq!(kinds(&act(&mut desk, &payment, Act::Mine).unwrap()), [EventKind::Confirmed]);
}

#[test]
fn larger_amounts_need_more_confirmations() {
    for (amount, confirmations) in [("1.00000000", 2), ("1.00000001", 3), ("10.00000001", 6)] {
        let mut desk = Desk::new();
        let payment = desk.create("INV-1", "BTC", "bitcoin", amount);
        assert_eq!(desk.provider.confirmations_missing(&payment), confirmations, "{amount}");
    }
}

#[test]
fn money_at_the_deadline_is_late_even_if_nobody_moved_the_clock_there() {
    let mut desk = Desk::new();
    let payment = desk.hundred();
    desk.now = desk.provider.expires_at(&payment).unwrap();
    let events = desk.provider.pay(&payment, HUNDRED, desk.now).unwrap();
    assert_eq!(kinds(&events), [EventKind::Expired, EventKind::Late]);
}

#[test]
fn blocks_are_shared_within_a_network_and_a_partition() {
    let mut desk = Desk::new();
    let first = desk.hundred();
    let second = desk.create("INV-2", "USDT", "tron", "100.00");
    let elsewhere = desk.create("INV-3", "XRP", "xrpl", "100.00");
    for payment in [&first, &second, &elsewhere] {
        desk.provider.pay(payment, HUNDRED, desk.now).unwrap();
    }
    let events = desk.mine_missing(&first);
    let concerned: Vec<_> = events.iter().map(|event| event.payment().unwrap().clone()).collect();
    assert_eq!(concerned, [first, second]);
    assert_eq!(desk.truth(&elsewhere).status, Status::Paid);
}

#[test]
fn an_unknown_payment_is_refused() {
    let mut desk = Desk::new();
    let nobody = PaymentId::new("pay_01J8Z3HY5M0000000000000000");
    assert!(matches!(desk.provider.pay(&nobody, 1, desk.now), Err(Refused::UnknownPayment(_))));
    assert!(matches!(desk.provider.accept(&nobody, desk.now), Err(Refused::UnknownPayment(_))));
    assert_eq!(desk.provider.truth(&nobody), None);
    assert_eq!(desk.provider.claim(&nobody, EventKind::Paid, desk.now), None);
}

/// Every kind can be claimed of a payment in every status, and nothing comes of it.
#[test]
fn a_claim_reads_as_the_truth_would_and_changes_nothing() {
    for status in Status::ALL {
        for kind in EventKind::ALL {
            let mut desk = Desk::new();
            let payment = desk.hundred();
            for step in path(*status) {
                act(&mut desk, &payment, *step).unwrap();
            }
            let before = (desk.truth(&payment), desk.provider.events_of(&payment));
            let claim = desk.provider.claim(&payment, *kind, desk.now);
            let claim = claim.unwrap_or_else(|| panic!("no claim of {kind} while {status}"));
            assert_eq!(before, (desk.truth(&payment), desk.provider.events_of(&payment)));
            assert_eq!(
                (claim.kind, json(&claim)["type"].as_str()),
                (Some(*kind), Some(kind.as_str()))
            );
            assert_eq!(json(&claim)["id"], claim.id.as_str());
            assert!(before.1.iter().all(|event| event.id != claim.id));
        }
    }
}

#[test]
fn a_claimed_transfer_has_the_hash_that_it_will_have() {
    let mut desk = Desk::new();
    let payment = desk.hundred();
    let claim = desk.provider.claim(&payment, EventKind::Confirmed, desk.now).unwrap();
    desk.provider.pay(&payment, HUNDRED, desk.now).unwrap();
    let truth = desk.mine_missing(&payment).remove(0);
    let (claimed, true_one) = (json(&claim), json(&truth));
    let of = |body: &serde_json::Value| body["data"]["payment"]["transactions"].clone();
    assert_eq!(of(&claimed), of(&true_one));
    assert_eq!(claimed["data"]["payment"]["status"], "confirmed");
    assert_ne!(claim.id, truth.id);
}

/// For those who look at dates: only the id and the dates of the envelope differ.
#[test]
fn a_fact_dated_anew_is_the_same_fact() {
    let mut desk = Desk::new();
    let payment = desk.hundred();
    let created = desk.provider.events_of(&payment).remove(0);
    let ahead = desk.now.plus(Span::from_s(3 * 86_400));
    let redated = desk.provider.redated(&payment, EventKind::Created, ahead).unwrap();
    let (mut one, two) = (json(&created), json(&redated));
    assert_ne!(one["id"], two["id"]);
    for field in ["created_at", "occurred_at"] {
        assert_eq!(two[field], ahead.to_string());
        one[field] = two[field].clone();
    }
    one["id"] = two["id"].clone();
    assert_eq!(one, two);
    assert_eq!(desk.provider.redated(&payment, EventKind::Paid, ahead), None);
    assert_eq!(desk.provider.events_of(&payment).len(), 1);
}

/// Found by the property: the event that a window closed still showed what was gone by then.
#[test]
fn what_is_replaced_after_the_deadline_is_gone_when_the_window_closes() {
    let mut desk = Desk::new();
    let payment = desk.hundred();
    desk.provider.pay(&payment, 1, desk.now).unwrap();
    desk.now = desk.provider.expires_at(&payment).unwrap();
    let events = desk.provider.replace(&payment, 0, desk.now).unwrap();
    assert_eq!(kinds(&events), [EventKind::Expired]);
    assert_eq!(json(&events[0])["data"]["payment"], desk.get(&format!("/v1/payments/{payment}")));
}
