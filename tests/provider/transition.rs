//! The table of transitions: every act in every status, legal with what follows or refused.

use countersign::model::{EventKind, PaymentId, Reason, Span, Status};
use countersign::provider::{Coin, Event, Hold, Refused, Sending};
use serde_json::Value;

use super::{Desk, kinds};

/// What is due, in atoms.
pub const HUNDRED: u128 = 100_000_000;

/// What somebody does to a payment of a hundred.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    Pay(u128),
    Send(Coin),
    /// The last unconfirmed transfer again, with so many atoms.
    Replace(u128),
    /// All the blocks that the policy asks for.
    Mine,
    /// One block less.
    MineShort,
    /// As deep as the policy asks for.
    Reorganise,
    ReturnOrphans,
    Settle,
    /// With the clock at the deadline.
    Deadline,
    /// With the clock before it.
    Early,
    Accept,
    /// With the clock where nobody waits any longer.
    GiveUp,
    Hold(Hold),
    Release,
    Reject,
    Cancel,
    /// All that is left.
    Refund,
    /// That much.
    RefundPart(u128),
    CompleteRefund,
    FailRefund,
    OpenDispute,
    WinDispute,
    LoseDispute,
    Test,
}

/// Does it, a second after the last.
pub fn act(desk: &mut Desk, payment: &PaymentId, act: Act) -> Result<Vec<Event>, Refused> {
    desk.pass(Span::from_s(1));
    let missing = desk.provider.confirmations_missing(payment);
    let deadline = desk.provider.expires_at(payment).unwrap();
    match act {
        Act::Deadline => desk.now = desk.now.max(deadline),
        Act::GiveUp => desk.now = desk.now.max(deadline.plus(Span::from_s(86_400))),
        _ => {}
    }
    let (now, left) = (desk.now, desk.provider.refundable(payment));
    let refund = last_refund(desk, payment);
    let provider = &mut desk.provider;
    match act {
        Act::Pay(atoms) => provider.pay(payment, atoms, now),
        Act::Send(coin) => {
            provider.send(payment, Sending { atoms: HUNDRED, requested: None, coin }, now)
        }
        Act::Replace(atoms) => provider.replace(payment, atoms, now),
        Act::Mine => provider.mine(payment, missing, now),
        Act::MineShort => provider.mine(payment, missing.saturating_sub(1), now),
        Act::Reorganise => provider.reorganise(payment, 20, now),
        Act::ReturnOrphans => provider.return_orphans(payment, now),
        Act::Settle => provider.settle(payment, now),
        Act::Deadline | Act::Early => provider.pass_deadline(payment, now),
        Act::Accept => provider.accept(payment, now),
        Act::GiveUp => provider.give_up(payment, now),
        Act::Hold(hold) => provider.hold(payment, hold, now),
        Act::Release => provider.release(payment, now),
        Act::Reject => provider.reject(payment, now),
        Act::Cancel => provider.cancel(payment, now),
        Act::Refund => provider.refund(payment, left, now).map(|(_, events)| events),
        Act::RefundPart(atoms) => provider.refund(payment, atoms, now).map(|(_, events)| events),
        Act::CompleteRefund => provider.complete_refund(&refund, now),
        Act::FailRefund => provider.fail_refund(&refund, now),
        Act::OpenDispute => provider.open_dispute(payment, (HUNDRED, "not_received"), now),
        Act::WinDispute => provider.win_dispute(payment, now),
        Act::LoseDispute => provider.lose_dispute(payment, now),
        Act::Test => provider.test_event(payment, now),
    }
}

/// The id of the refund made last; none has this one.
fn last_refund(desk: &mut Desk, payment: &PaymentId) -> String {
    let refunds = desk.get(&format!("/v1/payments/{payment}"))["refunds"].clone();
    let last = refunds.as_array().unwrap().last().cloned();
    last.map_or("rfd_none".to_owned(), |refund| refund["id"].as_str().unwrap().to_owned())
}

/// How a payment of a hundred comes to each status.
pub fn path(status: Status) -> &'static [Act] {
    match status {
        Status::Pending => &[],
        Status::Paid => &[Act::Pay(HUNDRED)],
        Status::Confirmed => &[Act::Pay(HUNDRED), Act::Mine],
        Status::Settled => &[Act::Pay(HUNDRED), Act::Mine, Act::Settle],
        Status::Expired => &[Act::Deadline],
        Status::Failed => &[Act::Pay(HUNDRED), Act::GiveUp],
        Status::Cancelled => &[Act::Cancel],
        Status::Held => &[Act::Pay(HUNDRED), Act::Hold(Hold::Screening)],
        Status::Refunded => &[Act::Pay(HUNDRED), Act::Mine, Act::Refund, Act::CompleteRefund],
    }
}

/// Brings a payment there.
fn after(acts: &[Act]) -> (Desk, PaymentId) {
    let mut desk = Desk::new();
    let payment = desk.hundred();
    for step in acts {
        act(&mut desk, &payment, *step).unwrap_or_else(|refused| panic!("{step:?}: {refused}"));
    }
    (desk, payment)
}

fn read(desk: &mut Desk, payment: &PaymentId) -> Value {
    desk.get(&format!("/v1/payments/{payment}"))
}

const ACTS: &[Act] = &[
    Act::Pay(HUNDRED),
    Act::Pay(HUNDRED - 1),
    Act::Pay(HUNDRED + 1),
    Act::Pay(0),
    Act::Send(Coin::OtherAsset),
    Act::Send(Coin::LookAlike),
    Act::Send(Coin::Failing),
    // Tron knows no tags, and no other network has its addresses.
    Act::Send(Coin::Untagged),
    Act::Send(Coin::OtherNetwork),
    Act::Replace(HUNDRED),
    Act::Replace(0),
    Act::Mine,
    Act::MineShort,
    Act::Reorganise,
    Act::ReturnOrphans,
    Act::Settle,
    Act::Deadline,
    Act::Early,
    Act::Accept,
    Act::GiveUp,
    Act::Hold(Hold::Screening),
    Act::Hold(Hold::Manual),
    Act::Release,
    Act::Reject,
    Act::Cancel,
    Act::Refund,
    Act::CompleteRefund,
    Act::FailRefund,
    Act::OpenDispute,
    Act::WinDispute,
    Act::LoseDispute,
    Act::Test,
];

/// What is legal: where it leads and what it says. Whatever is not here is refused.
fn legal(from: Status, act: Act) -> Option<(Status, &'static [EventKind])> {
    use EventKind as E;
    use Status as S;
    Some(match (from, act) {
        (S::Pending, Act::Pay(HUNDRED)) => (S::Paid, &[E::Paid]),
        (S::Pending, Act::Pay(atoms)) if atoms > HUNDRED => (S::Paid, &[E::Paid, E::Overpaid]),
        (S::Pending, Act::Pay(1..)) => (S::Pending, &[E::Detected, E::Underpaid]),
        (S::Paid, Act::Pay(1..)) => (S::Paid, &[E::Overpaid]),
        (S::Expired, Act::Pay(1..)) => (S::Expired, &[E::Late]),
        (S::Pending | S::Paid, Act::Send(Coin::OtherAsset | Coin::LookAlike | Coin::Failing)) => {
            (from, &[E::Detected])
        }
        (S::Expired, Act::Send(Coin::OtherAsset | Coin::LookAlike | Coin::Failing)) => {
            (from, &[E::Late])
        }
        (S::Paid, Act::Replace(0)) => (S::Pending, &[E::Reverted]),
        (S::Held, Act::Replace(0)) => (S::Failed, &[E::Failed]),
        (S::Paid | S::Held, Act::Replace(_)) => (from, &[E::Detected]),
        (S::Paid, Act::Mine) => (S::Confirmed, &[E::Confirmed]),
        (_, Act::Mine | Act::MineShort) => (from, &[]),
        (S::Confirmed, Act::Reorganise) => (S::Failed, &[E::Failed]),
        // Nothing is in a block yet, or nothing came at all.
        (S::Pending | S::Paid | S::Held | S::Expired, Act::Reorganise) => (from, &[]),
        (S::Confirmed, Act::Settle) => (S::Settled, &[E::Settled]),
        (S::Pending, Act::Deadline) => (S::Expired, &[E::Expired]),
        (S::Failed, Act::Accept) => (S::Confirmed, &[E::Confirmed]),
        (S::Paid, Act::GiveUp) => (S::Failed, &[E::Failed]),
        (S::Paid | S::Confirmed, Act::Hold(_)) => (S::Held, &[E::Held]),
        (S::Held, Act::Release) => (S::Paid, &[E::Released]),
        (S::Held, Act::Reject) => (S::Failed, &[E::Failed]),
        (S::Pending, Act::Cancel) => (S::Cancelled, &[E::Cancelled]),
        (S::Confirmed | S::Settled | S::Failed, Act::Refund) => (from, &[E::RefundCreated]),
        (S::Confirmed | S::Settled, Act::OpenDispute) => (from, &[E::DisputeOpened]),
        (_, Act::Test) => (from, &[E::Test]),
        _ => return None,
    })
}

#[test]
fn every_status_meets_every_act() {
    for from in Status::ALL {
        for command in ACTS {
            let (mut desk, payment) = after(path(*from));
            assert_eq!(desk.truth(&payment).status, *from);
            let before = (read(&mut desk, &payment), desk.provider.events_of(&payment));
            match (act(&mut desk, &payment, *command), legal(*from, *command)) {
                (Ok(events), Some((to, said))) => {
                    assert_eq!(desk.truth(&payment).status, to, "{from} {command:?}");
                    let own: Vec<_> =
                        events.into_iter().filter(|e| e.payment() == Some(&payment)).collect();
                    assert_eq!(kinds(&own), said, "{from} {command:?}");
                }
                (Err(_), None) => {
                    let now = (read(&mut desk, &payment), desk.provider.events_of(&payment));
                    assert_eq!(now, before, "{from} {command:?}");
                }
                (result, expected) => panic!("{from} {command:?}: {result:?}, not {expected:?}"),
            }
        }
    }
}

/// What is done, through what it comes after pending, why it ended there, and its flags.
type Way = (&'static [Act], &'static [Status], Option<Reason>, &'static [&'static str]);

const FULL: Act = Act::Pay(HUNDRED);
const MANUAL: Hold = Hold::Manual;
const SCREENING: Hold = Hold::Screening;

const WAYS_OF_THE_CHAIN: &[Way] = {
    use Act::*;
    &[
        // T4, and paid again by the same transfer.
        (&[FULL, MineShort, Reorganise], &[Status::Paid, Status::Pending], None, &["reorged"]),
        (
            &[FULL, MineShort, Reorganise, ReturnOrphans, Mine],
            &[Status::Paid, Status::Pending, Status::Paid, Status::Confirmed],
            None,
            &["reorged"],
        ),
        (
            &[FULL, Replace(0), FULL, Mine, Settle],
            &[Status::Paid, Status::Pending, Status::Paid, Status::Confirmed, Status::Settled],
            None,
            &["replaced"],
        ),
        (&[FULL, Replace(1)], &[Status::Paid, Status::Pending], None, &["replaced"]),
        // Lost, and then too late.
        (
            &[FULL, Replace(0), Deadline],
            &[Status::Paid, Status::Pending, Status::Expired],
            None,
            &["replaced"],
        ),
        (
            &[FULL, MineShort, Reorganise, Deadline, ReturnOrphans, Accept],
            &[Status::Paid, Status::Pending, Status::Expired, Status::Confirmed],
            None,
            &["late", "reorged", "manual"],
        ),
        // T7 and T12: the block came after all.
        (
            &[FULL, GiveUp, Accept],
            &[Status::Paid, Status::Failed, Status::Confirmed],
            None,
            &["late", "manual"],
        ),
        // T8.
        (
            &[FULL, Mine, Reorganise],
            &[Status::Paid, Status::Confirmed, Status::Failed],
            Some(Reason::Reorged),
            &["reorged"],
        ),
    ]
};

const WAYS_OF_PEOPLE: &[Way] = {
    use Act::*;
    &[
        // T14 from both sides and to all ends.
        (
            &[FULL, Mine, Hold(MANUAL)],
            &[Status::Paid, Status::Confirmed, Status::Held],
            Some(Reason::Manual),
            &[],
        ),
        (
            &[FULL, Mine, Hold(MANUAL), Release, Settle],
            &[Status::Paid, Status::Confirmed, Status::Held, Status::Confirmed, Status::Settled],
            None,
            &[],
        ),
        (
            &[FULL, Hold(SCREENING), Mine, Release],
            &[Status::Paid, Status::Held, Status::Paid, Status::Confirmed],
            None,
            &[],
        ),
        (
            &[FULL, Hold(SCREENING), Reject],
            &[Status::Paid, Status::Held, Status::Failed],
            Some(Reason::Rejected),
            &[],
        ),
        (
            &[FULL, MineShort, Hold(SCREENING), Reorganise],
            &[Status::Paid, Status::Held, Status::Failed],
            Some(Reason::Reorged),
            &["reorged"],
        ),
        (
            &[FULL, Hold(SCREENING), Replace(0)],
            &[Status::Paid, Status::Held, Status::Failed],
            Some(Reason::DoubleSpent),
            &["replaced"],
        ),
        // Foreign money beside the right one.
        (
            &[Send(Coin::LookAlike), FULL, Mine],
            &[Status::Paid, Status::Confirmed],
            None,
            &["wrong_asset"],
        ),
        (&[Send(Coin::Failing), FULL, Mine], &[Status::Paid, Status::Confirmed], None, &[]),
        // T15 out of every status that has it.
        (
            &[Deadline, FULL, Refund, CompleteRefund],
            &[Status::Expired, Status::Refunded],
            None,
            &["late"],
        ),
        (
            &[FULL, Hold(SCREENING), Reject, Refund, CompleteRefund],
            &[Status::Paid, Status::Held, Status::Failed, Status::Refunded],
            None,
            &[],
        ),
        (
            &[FULL, Mine, Settle, Refund, CompleteRefund],
            &[Status::Paid, Status::Confirmed, Status::Settled, Status::Refunded],
            None,
            &[],
        ),
    ]
};

#[test]
fn longer_ways_lead_where_the_contract_says() {
    for (acts, statuses, reason, flags) in WAYS_OF_THE_CHAIN.iter().chain(WAYS_OF_PEOPLE) {
        let (mut desk, payment) = after(acts);
        let shown = read(&mut desk, &payment);
        let timeline = shown["status_timeline"].as_array().unwrap();
        let came: Vec<_> = timeline.iter().skip(1).map(|entry| entry["status"].clone()).collect();
        let expected: Vec<_> = statuses.iter().map(|status| status.as_str()).collect();
        assert_eq!(came, expected, "{acts:?}");
        assert_eq!(shown["reason"].as_str(), reason.map(Reason::as_str), "{acts:?}");
        assert_eq!(shown["flags"], serde_json::json!(flags), "{acts:?}");
    }
}

#[test]
fn what_ended_for_good_stays_so() {
    use Act::*;
    let cases: &[(&[Act], Act)] = &[
        (&[FULL, Mine, Reorganise], Accept),
        (&[FULL, Hold(SCREENING), Reject], Accept),
        (&[FULL, Mine, Reorganise], Refund),
        (&[Pay(1)], Cancel),
        (&[Send(Coin::LookAlike)], Cancel),
        (&[Send(Coin::LookAlike), Deadline], Accept),
        (&[FULL, Mine, Settle], Reorganise),
        (&[FULL, Mine, RefundPart(1)], Reorganise),
        (&[FULL, Mine, OpenDispute], Reorganise),
        (&[FULL, Mine, OpenDispute], OpenDispute),
        (&[FULL, Mine, OpenDispute, WinDispute], OpenDispute),
        (&[FULL, Mine, OpenDispute, LoseDispute], WinDispute),
        (&[FULL, Mine, OpenDispute], Refund),
        (&[FULL, Mine, OpenDispute, LoseDispute], Refund),
        (&[FULL, Mine, RefundPart(1)], OpenDispute),
        (&[FULL, Mine, RefundPart(60_000_000)], RefundPart(40_000_001)),
        (&[FULL, Mine, RefundPart(1), CompleteRefund], CompleteRefund),
        (&[FULL, Mine, RefundPart(1), FailRefund], CompleteRefund),
        (&[FULL, Mine, RefundPart(1), Hold(SCREENING)], CompleteRefund),
        (&[FULL, Mine], Replace(HUNDRED)),
    ];
    for (acts, refused) in cases {
        let (mut desk, payment) = after(acts);
        let before = read(&mut desk, &payment);
        assert!(act(&mut desk, &payment, *refused).is_err(), "{acts:?} then {refused:?}");
        assert_eq!(read(&mut desk, &payment), before, "{acts:?} then {refused:?}");
    }
}
