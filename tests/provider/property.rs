//! Whatever is done in whatever order: the books add up, time moves ahead, and bytes stay said.

use std::collections::BTreeMap;

use countersign::model::{EventKind, PaymentId, Span, Status};
use countersign::provider::Event;
use proptest::prelude::*;

use super::{Desk, json};

#[derive(Debug, Clone)]
enum Act {
    Create(usize),
    Pay(usize, u128),
    Mine(usize, u32),
    Settle(usize),
    Deadline(usize),
    Accept(usize),
    Unknown(usize),
    Claim(usize, usize),
    Pass(u64),
}

const RAILS: &[(&str, &str)] = &[("USDT", "tron"), ("BTC", "bitcoin"), ("XRP", "xrpl")];

/// The contract's changes of status, written a second time: a table that checks itself checks
/// nothing.
const LEGAL: &[(Status, Status)] = &[
    (Status::Pending, Status::Paid),
    (Status::Paid, Status::Confirmed),
    (Status::Confirmed, Status::Settled),
    (Status::Pending, Status::Expired),
    (Status::Expired, Status::Confirmed),
];

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let which = 0usize..4;
    let act = prop_oneof![
        2 => (0..RAILS.len()).prop_map(Act::Create),
        4 => (which.clone(), prop_oneof![Just(0u128), 1u128..300_000_000, Just(100_000_000)])
            .prop_map(|(i, atoms)| Act::Pay(i, atoms)),
        4 => (which.clone(), 0u32..25).prop_map(|(i, n)| Act::Mine(i, n)),
        2 => which.clone().prop_map(Act::Settle),
        1 => which.clone().prop_map(Act::Deadline),
        1 => which.clone().prop_map(Act::Accept),
        1 => which.clone().prop_map(Act::Unknown),
        2 => (which, 0..EventKind::ALL.len()).prop_map(|(i, k)| Act::Claim(i, k)),
        2 => (0u64..2_000_000).prop_map(Act::Pass),
    ];
    prop::collection::vec(act, 1..60)
}

/// What the test itself knows of a run.
#[derive(Default)]
struct Book {
    payments: Vec<PaymentId>,
    received: BTreeMap<PaymentId, u128>,
    said: Vec<Event>,
}

fn play(desk: &mut Desk, book: &mut Book, act: &Act) {
    let nobody = PaymentId::new("pay_00000000000000000000000000");
    let payment = |i: usize| book.payments.get(i).cloned().unwrap_or(nobody.clone());
    let now = desk.now;
    let events = match *act {
        Act::Create(rail) => {
            let (asset, network) = RAILS[rail];
            let id = desk.create(&format!("INV-{}", book.payments.len()), asset, network, "100");
            book.payments.push(id.clone());
            desk.provider.events_of(&id)
        }
        Act::Pay(i, atoms) => {
            let events = desk.provider.pay(&payment(i), atoms, now);
            if events.is_ok() {
                *book.received.entry(payment(i)).or_default() += atoms;
            }
            events.unwrap_or_default()
        }
        Act::Mine(i, blocks) => desk.provider.mine(&payment(i), blocks, now).unwrap_or_default(),
        Act::Settle(i) => desk.provider.settle(&payment(i), now).unwrap_or_default(),
        Act::Deadline(i) => desk.provider.pass_deadline(&payment(i), now).unwrap_or_default(),
        Act::Accept(i) => desk.provider.accept(&payment(i), now).unwrap_or_default(),
        Act::Unknown(i) => desk.provider.unknown_event(&payment(i), now).into_iter().collect(),
        Act::Claim(i, kind) => {
            let _ = desk.provider.claim(&payment(i), EventKind::ALL[kind], now);
            Vec::new()
        }
        Act::Pass(ms) => {
            desk.pass(Span::from_ms(ms));
            Vec::new()
        }
    };
    // The last event of a payment says what a read says at that moment.
    for payment in &book.payments {
        if let Some(event) = events.iter().rev().find(|event| event.payment == *payment) {
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
        let received = book.received.get(payment).copied().unwrap_or_default();
        assert_eq!(truth.received.atoms, received);

        let events = desk.provider.events_of(payment);
        assert!(events.is_sorted_by(|a, b| a.occurred_at < b.occurred_at && a.id < b.id));
        let ours: Vec<_> = book.said.iter().filter(|e| e.payment == *payment).cloned().collect();
        assert_eq!(events, ours, "bytes once said stay said");
        let list = desk.get(&format!("/v1/events?limit=100&payment_id={payment}"));
        let listed: Vec<_> = events.iter().map(json).collect();
        assert_eq!(list["data"].as_array(), Some(&listed), "the list says what was signed");

        let read = desk.get(&format!("/v1/payments/{payment}"));
        let timeline = read["status_timeline"].as_array().unwrap();
        let statuses: Vec<Status> = timeline
            .iter()
            .map(|entry| Status::from_word(entry["status"].as_str().unwrap()).unwrap())
            .collect();
        assert_eq!(statuses[0], Status::Pending);
        assert!(statuses.windows(2).all(|pair| LEGAL.contains(&(pair[0], pair[1]))));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn the_books_add_up_and_bytes_stay_said(acts in acts()) {
        let (mut desk, mut book) = (Desk::new(), Book::default());
        for act in &acts {
            play(&mut desk, &mut book, act);
        }
        check(&mut desk, &book);
        // A second service that goes through the same says the same.
        let (mut again, mut second) = (Desk::new(), Book::default());
        for act in &acts {
            play(&mut again, &mut second, act);
        }
        prop_assert_eq!(book.said, second.said);
    }
}
