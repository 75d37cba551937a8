//! Whatever is done in whatever order: the books add up, time moves ahead, and bytes stay said.

use std::collections::BTreeMap;

use countersign::model::{EventKind, Money, PaymentId, Span, Status, rail_by_asset_network};
use countersign::provider::profile::{Counts, LatePolicy, OverPolicy, Payments, UnderPolicy};
use countersign::provider::{Coin, Event, Hold, Refused, Sending, StatementFault};
use proptest::prelude::*;
use serde_json::Value;

use super::books::{check_available, check_books, check_money, check_statements};
use super::{Desk, PARTITION, START, json};

#[derive(Debug, Clone)]
enum Act {
    Create(usize),
    Pay(usize, u128),
    Mine(usize, u32),
    Settle(usize),
    Deadline(usize),
    Accept(usize),
    Send(usize, Coin, u128),
    Replace(usize, u128),
    Reorganise(usize, u32),
    Return(usize),
    Relist(usize),
    GiveUp(usize),
    Hold(usize),
    Release(usize),
    Reject(usize),
    Cancel(usize),
    Refund(usize, u128),
    EndRefund(usize, usize, bool),
    Dispute(usize, u128),
    EndDispute(usize, bool),
    Test(usize),
    Unknown(usize),
    Claim(usize, usize),
    PayOut(usize, u128),
    ApprovePayout(usize),
    EndPayout(usize, bool),
    Pass(u64),
}

const RAILS: [(&str, &str); 6] = [
    ("USDT", "tron"),
    ("BTC", "bitcoin"),
    ("XRP", "xrpl"),
    ("BTC", "lightning"),
    ("USDT", "bsc"),
    ("USDT", "ton"),
];

const COINS: &[Coin] = &[
    Coin::Own,
    Coin::OtherAsset,
    Coin::OtherNetwork,
    Coin::LookAlike,
    Coin::Untagged,
    Coin::Failing,
    Coin::Locked,
];

/// The contract's changes of status, written a second time: a table that checks itself checks
/// nothing.
const LEGAL: &[(Status, Status)] = &[
    (Status::Pending, Status::Paid),
    (Status::Paid, Status::Confirmed),
    (Status::Confirmed, Status::Settled),
    (Status::Pending, Status::Expired),
    (Status::Expired, Status::Confirmed),
    (Status::Pending, Status::Confirmed),
    (Status::Pending, Status::Cancelled),
    (Status::Paid, Status::Pending),
    (Status::Paid, Status::Failed),
    (Status::Paid, Status::Held),
    (Status::Confirmed, Status::Failed),
    (Status::Confirmed, Status::Held),
    (Status::Confirmed, Status::Refunded),
    (Status::Held, Status::Paid),
    (Status::Held, Status::Confirmed),
    (Status::Held, Status::Failed),
    (Status::Failed, Status::Confirmed),
    (Status::Failed, Status::Refunded),
    (Status::Settled, Status::Refunded),
    (Status::Expired, Status::Refunded),
];

/// Often exactly what is due, so that payments get somewhere.
fn atoms() -> impl Strategy<Value = u128> {
    prop_oneof![1 => Just(0u128), 2 => 1u128..300_000_000, 4 => Just(100_000_000), 1 => Just(u128::MAX / 2)]
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let i = 0usize..4;
    let on = |act: fn(usize) -> Act| i.clone().prop_map(act);
    let act = prop_oneof![
        2 => (0..RAILS.len()).prop_map(Act::Create),
        6 => (i.clone(), atoms()).prop_map(|(i, atoms)| Act::Pay(i, atoms)),
        6 => (i.clone(), 0u32..25).prop_map(|(i, n)| Act::Mine(i, n)),
        2 => on(Act::Settle),
        1 => on(Act::Deadline),
        1 => on(Act::Accept),
        2 => (i.clone(), 0..COINS.len(), atoms())
            .prop_map(|(i, coin, atoms)| Act::Send(i, COINS[coin], atoms)),
        1 => (i.clone(), atoms()).prop_map(|(i, atoms)| Act::Replace(i, atoms)),
        1 => (i.clone(), 0u32..25).prop_map(|(i, n)| Act::Reorganise(i, n)),
        1 => on(Act::Return),
        1 => on(Act::Relist),
        1 => on(Act::GiveUp),
        1 => on(Act::Hold),
        1 => on(Act::Release),
        1 => on(Act::Reject),
        1 => on(Act::Cancel),
        2 => (i.clone(), atoms()).prop_map(|(i, atoms)| Act::Refund(i, atoms)),
        2 => (i.clone(), 0usize..3, any::<bool>()).prop_map(|(i, n, ok)| Act::EndRefund(i, n, ok)),
        1 => (i.clone(), atoms()).prop_map(|(i, atoms)| Act::Dispute(i, atoms)),
        1 => (i.clone(), any::<bool>()).prop_map(|(i, won)| Act::EndDispute(i, won)),
        1 => on(Act::Test),
        1 => on(Act::Unknown),
        2 => (i.clone(), 0..EventKind::ALL.len()).prop_map(|(i, k)| Act::Claim(i, k)),
        2 => (0..RAILS.len(), atoms()).prop_map(|(rail, atoms)| Act::PayOut(rail, atoms)),
        1 => (0usize..3).prop_map(Act::ApprovePayout),
        2 => (0usize..3, any::<bool>()).prop_map(|(n, ok)| Act::EndPayout(n, ok)),
        2 => prop_oneof![3 => 0u64..2_000_000, 1 => Just(90_000_000)].prop_map(Act::Pass),
    ];
    prop::collection::vec(act, 1..80)
}

/// What the test itself knows of a run.
#[derive(Default)]
struct Book {
    payments: Vec<PaymentId>,
    refunds: BTreeMap<PaymentId, Vec<String>>,
    payouts: Vec<String>,
    /// Payouts that were asked for, granted or not.
    asked: usize,
    /// How many times the service says once more that something is paid.
    repeat: u32,
    said: Vec<Event>,
}

fn apply(desk: &mut Desk, book: &mut Book, act: &Act) -> Result<Vec<Event>, Refused> {
    let payment = |i: usize| book.payments.get(i).cloned().unwrap_or(PaymentId::new("pay_0"));
    let refund = |i: usize, n: usize| {
        let ids = book.refunds.get(&payment(i));
        ids.and_then(|ids| ids.get(n)).cloned().unwrap_or_default()
    };
    let payout = |n: usize| book.payouts.get(n).cloned().unwrap_or_default();
    let (provider, now) = (&mut desk.provider, desk.now);
    match *act {
        Act::Create(rail) => {
            let (asset, network) = RAILS[rail];
            let id = desk.create(&format!("INV-{}", book.payments.len()), asset, network, "100");
            book.payments.push(id.clone());
            Ok(desk.provider.events_of(&id))
        }
        Act::Pay(i, atoms) => provider.pay(&payment(i), atoms, now),
        Act::Send(i, coin, atoms) => {
            provider.send(&payment(i), Sending { atoms, requested: None, coin }, now)
        }
        Act::Replace(i, atoms) => provider.replace(&payment(i), atoms, now),
        Act::Mine(i, blocks) => provider.mine(&payment(i), blocks, now),
        Act::Reorganise(i, depth) => provider.reorganise(&payment(i), depth, now),
        Act::Return(i) => provider.return_orphans(&payment(i), now),
        Act::Relist(i) => provider.relist(&payment(i), now),
        Act::Settle(i) => provider.settle(&payment(i), now),
        Act::Deadline(i) => provider.pass_deadline(&payment(i), now),
        Act::Accept(i) => provider.accept(&payment(i), now),
        Act::GiveUp(i) => provider.give_up(&payment(i), now),
        Act::Hold(i) => provider.hold(&payment(i), Hold::Manual, now),
        Act::Release(i) => provider.release(&payment(i), now),
        Act::Reject(i) => provider.reject(&payment(i), now),
        Act::Cancel(i) => provider.cancel(&payment(i), now),
        Act::Refund(i, atoms) => {
            let (id, events) = provider.refund(&payment(i), atoms, now)?;
            book.refunds.entry(payment(i)).or_default().push(id);
            Ok(events)
        }
        Act::EndRefund(i, n, true) => provider.complete_refund(&refund(i, n), now),
        Act::EndRefund(i, n, false) => provider.fail_refund(&refund(i, n), now),
        Act::Dispute(i, atoms) => provider.open_dispute(&payment(i), (atoms, "other"), now),
        Act::EndDispute(i, true) => provider.win_dispute(&payment(i), now),
        Act::EndDispute(i, false) => provider.lose_dispute(&payment(i), now),
        Act::Test(i) => provider.test_event(&payment(i), now),
        Act::Unknown(i) => Ok(provider.unknown_event(&payment(i), now).into_iter().collect()),
        Act::Claim(i, kind) => {
            let _ = provider.claim(&payment(i), EventKind::ALL[kind], now);
            Ok(Vec::new())
        }
        Act::PayOut(rail, atoms) => Ok(pay_out(desk, book, rail, atoms)),
        Act::ApprovePayout(n) => provider.approve_payout(&payout(n), now),
        Act::EndPayout(n, true) => provider.complete_payout(&payout(n), now),
        Act::EndPayout(n, false) => provider.fail_payout(&payout(n), now),
        Act::Pass(ms) => {
            desk.pass(Span::from_ms(ms));
            Ok(Vec::new())
        }
    }
}

/// Asks for a payout; what is granted was available.
fn pay_out(desk: &mut Desk, book: &mut Book, rail: usize, atoms: u128) -> Vec<Event> {
    let (asset, network) = RAILS[rail];
    let rail = rail_by_asset_network(asset, network).unwrap();
    let amount = Money { atoms, asset: rail.asset }.amount();
    let body = format!(
        r#"{{"reference":"OUT","amount":"{amount}","asset":"{asset}","network":"{network}","destination":{{"address":"A","tag":1}}}}"#
    );
    let left = desk.provider.available(rail);
    book.asked += 1;
    let key = format!("out-{}", book.asked);
    let reply = desk.call("POST", "/v1/payouts", &body, &[("idempotency-key", &key)]);
    if reply.status == 201 {
        assert!(i128::try_from(atoms).unwrap() <= left);
        let made: Value = serde_json::from_slice(&reply.body).unwrap();
        book.payouts.push(made["id"].as_str().unwrap().to_owned());
    }
    reply.events
}

fn play(desk: &mut Desk, book: &mut Book, act: &Act) {
    let events = apply(desk, book, act).unwrap_or_default();
    // The last event of a payment says what a read says at that moment. Where single blocks are
    // told of, some come after it.
    let exact = book.repeat == 0 || !matches!(act, Act::Mine(..));
    for payment in book.payments.iter().filter(|_| exact) {
        if let Some(event) = events.iter().rev().find(|event| event.payment() == Some(payment)) {
            assert_eq!(
                json(event)["data"]["payment"],
                desk.get(&format!("/v1/payments/{payment}"))
            );
        }
    }
    book.said.extend(events);
}

fn check(desk: &mut Desk, book: &Book) {
    for payment in &book.payments {
        let truth = desk.truth(payment);
        let read = desk.get(&format!("/v1/payments/{payment}"));
        check_money(&truth, &read, desk.provider.habits(PARTITION).counts);
        check_books(desk, &read);

        let events = desk.provider.events_of(payment);
        assert!(events.is_sorted_by(|a, b| a.occurred_at < b.occurred_at && a.id < b.id));
        let ours: Vec<_> =
            book.said.iter().filter(|e| e.payment() == Some(payment)).cloned().collect();
        assert_eq!(events, ours, "bytes once said stay said");
        let list = desk.get(&format!("/v1/events?limit=100&payment_id={payment}"));
        let listed: Vec<_> = events.iter().map(json).collect();
        assert_eq!(list["data"].as_array(), Some(&listed), "the list says what was signed");

        let timeline = read["status_timeline"].as_array().unwrap();
        let statuses: Vec<Status> = timeline
            .iter()
            .map(|entry| Status::from_word(entry["status"].as_str().unwrap()).unwrap())
            .collect();
        assert_eq!(statuses[0], Status::Pending);
        assert!(statuses.windows(2).all(|pair| LEGAL.contains(&(pair[0], pair[1]))));
    }
}

fn fault() -> impl Strategy<Value = StatementFault> {
    prop::sample::select(StatementFault::ALL)
}

/// Every combination of what a provider does by itself and of what it counts.
fn habits() -> impl Strategy<Value = Payments> {
    let under =
        prop::sample::select(&[UnderPolicy::Wait, UnderPolicy::Terminal, UnderPolicy::Refund]);
    let over = prop::sample::select(&[OverPolicy::Flag, OverPolicy::Refund]);
    let late = prop::sample::select(&[LatePolicy::Flag, LatePolicy::Confirm, LatePolicy::Refund]);
    let counts = prop::sample::select(&[Counts::Strict, Counts::Naive]);
    (under, over, late, counts).prop_map(|(under_policy, over_policy, late_policy, counts)| {
        Payments { under_policy, over_policy, late_policy, counts, ..Payments::default() }
    })
}

/// A service that goes through the same, and what it said.
fn played(acts: &[Act], habits: &Payments, repeat: u32) -> (Desk, Book) {
    let mut desk = Desk::with(|profile| {
        profile.payments = habits.clone();
        profile.events.repeat = repeat;
    });
    let mut book = Book { repeat, ..Book::default() };
    for act in acts {
        play(&mut desk, &mut book, act);
    }
    (desk, book)
}

fn check_all(acts: &[Act], habits: &Payments, repeat: u32) {
    let (mut desk, book) = played(acts, habits, repeat);
    check(&mut desk, &book);
    for (asset, network) in RAILS {
        check_available(&mut desk, rail_by_asset_network(asset, network).unwrap());
    }
    let (_, second) = played(acts, habits, repeat);
    assert_eq!(book.said, second.said, "a second service that goes through the same says the same");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn the_books_add_up_and_bytes_stay_said(acts in acts()) {
        check_all(&acts, &Payments::default(), 0);
    }

    #[test]
    fn wrong_statements_add_up_and_are_put_right(
        acts in acts(),
        faults in prop::collection::vec((0..RAILS.len(), 0u64..3, fault()), 0..6),
    ) {
        let (mut desk, _) = played(&acts, &Payments::default(), 0);
        let rails = RAILS.map(|(asset, network)| rail_by_asset_network(asset, network).unwrap());
        let right = rails.map(|rail| check_statements(&mut desk, rail));
        for (rail, days, fault) in &faults {
            let day = START.plus(Span::from_s(86_400 * days));
            desk.provider.misstate(rails[*rail], day, *fault);
        }
        let _ = rails.map(|rail| check_statements(&mut desk, rail));
        for (rail, days, _) in &faults {
            let (day, now) = (START.plus(Span::from_s(86_400 * days)), desk.now);
            desk.provider.correct_statement(rails[*rail], day, now);
        }
        prop_assert_eq!(rails.map(|rail| check_statements(&mut desk, rail)), right);
    }

    #[test]
    fn the_books_add_up_under_every_policy(acts in acts(), habits in habits(), repeat in 0u32..3) {
        check_all(&acts, &habits, repeat);
    }
}
