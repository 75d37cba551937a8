//! The sandbox: what commands do to it, and that a journal of them brings everything back.

use std::collections::BTreeMap;

use bytes::Bytes;
use countersign::model::{EventId, Mistake, PaymentId, RAILS, SimTime, Span};
use countersign::provider::sandbox::{Action, Attempt, Command, Declined, Entry, Reply, Sandbox};
use countersign::provider::{ApiKey, ApiReply, ApiRequest, Config};
use proptest::prelude::*;
use serde_json::Value;

use super::{KEY, START};

fn config() -> Config {
    Config {
        live: true,
        account: "acct_01J8Z3AAAA0000000000000000".to_owned(),
        keys: vec![ApiKey::with_all_scopes(KEY)],
        rails: RAILS.iter().collect(),
        seed: 7,
        nonce: "nonce".to_owned(),
        start: START,
        profile: std::sync::Arc::default(),
    }
}

const PAY: Action = Action::Pay { amount: None, mistake: None };
const MINE: Action = Action::Mine { blocks: None };

fn act(payment: &PaymentId, action: Action) -> Command {
    Command::Act { payment: payment.clone(), action }
}

/// A sandbox with a wall clock that the test moves, and the journal that it filled.
struct Rig {
    sandbox: Sandbox,
    wall: SimTime,
    journal: Vec<Entry>,
}

impl Rig {
    fn new(endpoint: bool) -> Self {
        let mut sandbox = Sandbox::new(config());
        sandbox.open(endpoint, START);
        Self { sandbox, wall: START, journal: Vec::new() }
    }

    /// The same from its journal alone, each command through its text.
    fn restarted(&mut self) -> Sandbox {
        self.journal.extend(self.sandbox.take_accepted());
        let mut again = Sandbox::new(config());
        for entry in &self.journal {
            let command = Command::from_text(&entry.command.to_text()).unwrap();
            again.replay(&Entry { at: entry.at, ids: entry.ids, command }).unwrap();
        }
        again
    }

    fn call(&mut self, method: &str, path: &str, key: &str, body: &str) -> ApiReply {
        let headers = [("x-api-key", KEY), ("idempotency-key", key)];
        let headers: BTreeMap<String, String> =
            headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let request = ApiRequest {
            method: method.to_owned(),
            path: path.to_owned(),
            query: String::new(),
            headers,
            body: Bytes::copy_from_slice(body.as_bytes()),
        };
        self.sandbox.call(request, self.wall)
    }

    fn create(&mut self, key: &str) -> PaymentId {
        let body = r#"{"reference":"INV-1","asset":"USDT","network":"tron","amount":"250.00"}"#;
        self.call("POST", "/v1/payments", key, body).payment.expect("it is a good request")
    }

    fn obey(&mut self, command: Command) -> Result<(), Declined> {
        self.sandbox.obey(command, self.wall)
    }

    /// Makes the attempt that is due, with that status as answer.
    fn attempt(&mut self, status: u16) -> Option<EventId> {
        let event = self.sandbox.take_attempt(self.wall)?.id;
        let reply = Reply::Http { status, body: "ok".to_owned() };
        let attempt = Attempt { signed_at: self.wall, took_ms: 3, reply };
        let command = Command::Attempted { event: event.clone(), attempt, retry_after_s: None };
        self.obey(command).unwrap();
        Some(event)
    }

    fn detail(&self, payment: &PaymentId) -> Value {
        detail(&self.sandbox, payment)
    }

    fn standings(&self, payment: &PaymentId) -> Vec<String> {
        let detail = self.detail(payment);
        let events = detail["events"].as_array().unwrap().iter();
        events.map(|e| e["delivery"]["standing"].as_str().unwrap_or("-").to_owned()).collect()
    }
}

fn detail(sandbox: &Sandbox, payment: &PaymentId) -> Value {
    let signing = |_: &_, _| vec![("webhook-id".to_owned(), "x".to_owned())];
    serde_json::from_slice(&sandbox.payment_json(payment, &signing).unwrap()).unwrap()
}

/// Everything that can be seen of it at that instant.
fn seen(sandbox: &Sandbox, wall: SimTime) -> Vec<String> {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let deliveries = sandbox.deliveries_json(None, 1000, &|_, _| Vec::new());
    let payments = sandbox.payments_json(None, 1000);
    vec![text(sandbox.status_json(wall)), text(payments), text(deliveries)]
}

#[test]
fn a_payment_is_paid_mined_settled_and_each_step_is_delivered() {
    let mut rig = Rig::new(true);
    let payment = rig.create("k");
    rig.obey(act(&payment, PAY)).unwrap();
    rig.obey(act(&payment, MINE)).unwrap();
    rig.obey(act(&payment, Action::Settle)).unwrap();
    let delivered: Vec<_> = std::iter::from_fn(|| rig.attempt(204)).collect();
    assert_eq!(delivered.len(), 4);
    assert!(delivered.is_sorted(), "in the order of events");
    let detail = rig.detail(&payment);
    assert_eq!(detail["payment"]["status"], "settled");
    assert_eq!(detail["missing"]["amount"], "0.000000");
    assert_eq!(detail["events"][3]["type"], "payment.settled");
    assert_eq!(detail["events"][3]["body"]["data"]["payment"]["status"], "settled");
    let attempt = &detail["events"][3]["delivery"]["attempts"][0];
    assert_eq!((&attempt["status"], &attempt["body"]), (&204.into(), &"ok".into()));
    assert_eq!(attempt["request_headers"][0][0], "webhook-id");
}

#[test]
fn amounts_short_over_late_and_accepted() {
    let mut rig = Rig::new(false);
    let payment = rig.create("k");
    let pay = |amount: &str| {
        act(&payment, Action::Pay { amount: Some(amount.to_owned()), mistake: None })
    };
    assert!(matches!(rig.obey(pay("1e3")), Err(Declined::Money(_))));
    rig.obey(pay("100")).unwrap();
    assert_eq!(rig.detail(&payment)["missing"]["amount"], "150.000000");
    rig.obey(act(&payment, Action::Expire)).unwrap();
    assert_eq!(rig.detail(&payment)["payment"]["status"], "expired");
    assert!(matches!(rig.obey(act(&payment, Action::Expire)), Err(Declined::Refused(_))));
    rig.obey(pay("150")).unwrap();
    rig.obey(act(&payment, Action::Accept)).unwrap();
    let detail = rig.detail(&payment);
    assert_eq!(detail["payment"]["status"], "confirmed");
    assert_eq!(detail["payment"]["flags"], serde_json::json!(["late", "manual"]));
    assert_eq!(rig.standings(&payment)[0], "-", "nothing is delivered to nowhere");
}

#[test]
fn money_comes_wrongly_is_held_goes_back_and_is_disputed() {
    let mut rig = Rig::new(false);
    let payment = rig.create("k");
    let mistake = Some(Mistake::OtherNetwork);
    let nowhere = rig.obey(act(&payment, Action::Pay { amount: None, mistake }));
    assert!(matches!(nowhere, Err(Declined::Refused(_))), "tron shares no addresses");
    let mistake = Some(Mistake::LookAlike);
    rig.obey(act(&payment, Action::Pay { amount: None, mistake })).unwrap();
    assert_eq!(rig.detail(&payment)["payment"]["flags"], serde_json::json!(["wrong_asset"]));
    for (action, status) in [
        (PAY, "paid"),
        (Action::Reorganise { depth: 0 }, "paid"),
        (Action::Hold, "held"),
        (Action::Release, "paid"),
        (MINE, "confirmed"),
        (
            Action::OpenDispute { amount: Some("50".into()), reason: "not received".into() },
            "confirmed",
        ),
        (Action::LoseDispute, "confirmed"),
    ] {
        rig.obey(act(&payment, action.clone())).unwrap_or_else(|e| panic!("{action:?}: {e}"));
        assert_eq!(rig.detail(&payment)["payment"]["status"], status, "{action:?}");
    }
    let path = format!("/v1/payments/{payment}/refunds");
    let refund: Value = serde_json::from_slice(&rig.call("POST", &path, "r", "{}").body).unwrap();
    let refund = refund["id"].as_str().expect("what is left can go back").to_owned();
    rig.obey(act(&payment, Action::CompleteRefund { refund })).unwrap();
    let events = rig.detail(&payment)["events"].as_array().unwrap().len();
    assert!(events > 8, "{events}");
}

/// Found by the property below: a double spend once took money away that a refund had reserved.
#[test]
fn what_may_go_back_is_not_spent_otherwise() {
    let mut rig = Rig::new(false);
    let payment = rig.create("k");
    rig.obey(act(&payment, Action::Pay { amount: Some("15".into()), mistake: None })).unwrap();
    rig.obey(act(&payment, Action::Expire)).unwrap();
    rig.call("POST", &format!("/v1/payments/{payment}/refunds"), "r", "{}");
    let otherwise = rig.obey(act(&payment, Action::Replace { amount: "14".into() }));
    assert!(matches!(otherwise, Err(Declined::Refused(_))), "{otherwise:?}");
}

#[test]
fn windows_close_at_their_own_instant_by_themselves() {
    let mut rig = Rig::new(false);
    let payment = rig.create("k");
    assert_eq!(rig.sandbox.rests_for(rig.wall), Some(Span::from_s(1200)));
    rig.wall = rig.wall.plus(Span::from_s(4000));
    let _ = rig.sandbox.take_attempt(rig.wall);
    let detail = rig.detail(&payment);
    assert_eq!(detail["payment"]["status_timeline"][1]["status"], "expired");
    assert_eq!(detail["payment"]["status_timeline"][1]["at"], detail["payment"]["expires_at"]);
    assert_eq!(rig.sandbox.rests_for(rig.wall), None);
}

#[test]
fn the_clock_moves_ahead_and_never_back() {
    let mut rig = Rig::new(false);
    rig.obey(Command::Advance { ms: 3_600_000 }).unwrap();
    assert_eq!(rig.sandbox.clock(START), START.plus(Span::from_s(3600)));
    let before = START.minus(Span::from_s(600));
    assert_eq!(rig.sandbox.clock(before), START.plus(Span::from_s(3600)));
    let far = rig.obey(Command::Advance { ms: u64::MAX });
    assert!(matches!(far, Err(Declined::TooFar(_))));
}

#[test]
fn failed_attempts_are_retried_by_the_schedule_on_the_moved_clock() {
    let mut rig = Rig::new(true);
    let payment = rig.create("k");
    let event = rig.attempt(500).unwrap();
    assert_eq!(rig.attempt(500), None, "not before it is due");
    assert_eq!(rig.standings(&payment), ["waiting"]);
    rig.obey(Command::Advance { ms: 6000 }).unwrap();
    assert_eq!(rig.attempt(200), Some(event));
    assert_eq!(rig.standings(&payment), ["delivered"]);
}

#[test]
fn a_delivery_is_held_released_dropped_and_sent_again() {
    let mut rig = Rig::new(true);
    let payment = rig.create("k");
    let event = rig.attempt(500).unwrap();
    rig.obey(Command::Hold { event: event.clone() }).unwrap();
    rig.obey(Command::Advance { ms: 86_400_000 }).unwrap();
    let late = rig.attempt(200).unwrap();
    assert_ne!(late, event, "it is that of the expiry");
    assert_eq!((rig.attempt(200), rig.standings(&payment)[0].as_str()), (None, "held"));
    rig.obey(Command::Release { event: event.clone() }).unwrap();
    assert_eq!(rig.attempt(503), Some(event.clone()));
    assert_eq!(rig.standings(&payment)[0], "waiting");
    rig.obey(Command::Drop { event: event.clone() }).unwrap();
    rig.obey(Command::Advance { ms: 86_400_000 }).unwrap();
    assert_eq!((rig.attempt(200), rig.standings(&payment)[0].as_str()), (None, "dropped"));
    rig.obey(Command::Redeliver { event: event.clone() }).unwrap();
    let underway = rig.sandbox.take_attempt(rig.wall).unwrap().id;
    let again = rig.obey(Command::Redeliver { event: underway });
    assert!(matches!(again, Err(Declined::Underway(_))));
    let unknown = rig.obey(Command::Hold { event: EventId::new("evt_x") });
    assert!(matches!(unknown, Err(Declined::UnknownDelivery(_))));
}

#[test]
fn everything_new_is_held_until_all_is_released() {
    let mut rig = Rig::new(true);
    rig.obey(Command::HoldAll { on: true }).unwrap();
    let payment = rig.create("k");
    rig.obey(act(&payment, PAY)).unwrap();
    assert_eq!((rig.attempt(200), rig.standings(&payment)), (None, vec!["held".to_owned(); 2]));
    rig.obey(Command::HoldAll { on: false }).unwrap();
    assert_eq!(std::iter::from_fn(|| rig.attempt(200)).count(), 2);
}

#[test]
fn a_410_ends_deliveries_until_one_is_asked_for() {
    let mut rig = Rig::new(true);
    let payment = rig.create("k");
    let event = rig.attempt(410).unwrap();
    rig.obey(act(&payment, PAY)).unwrap();
    assert_eq!((rig.attempt(200), rig.standings(&payment)), (None, vec!["ended".to_owned(); 2]));
    rig.obey(Command::Redeliver { event: event.clone() }).unwrap();
    assert_eq!(rig.attempt(200), Some(event));
    rig.obey(act(&payment, MINE)).unwrap();
    assert!(rig.attempt(200).is_some());
}

#[test]
fn refused_reads_leave_no_line_and_their_ids_are_not_given_again() {
    let mut rig = Rig::new(true);
    let known = rig.create("k");
    let request_id = |reply: ApiReply| {
        let body: Value = serde_json::from_slice(&reply.body).unwrap();
        body["request_id"].as_str().unwrap().to_owned()
    };
    rig.journal.extend(rig.sandbox.take_accepted());
    let before = request_id(rig.call("GET", "/v1/payments/pay_x", "", ""));
    let stranger =
        ApiRequest { method: "POST".into(), path: "/v1/payments".into(), ..Default::default() };
    assert_eq!(rig.sandbox.call(stranger, rig.wall).status, 401);
    assert!(rig.sandbox.take_accepted().is_empty());
    let mut again = rig.restarted();
    again.open(true, rig.wall);
    rig.sandbox = again;
    let after = request_id(rig.call("GET", "/v1/payments/pay_x", "", ""));
    assert!(before < after, "{before} {after}");
    assert_eq!(rig.create("k"), known, "the key is known after a restart");
}

#[test]
fn a_journal_of_another_service_is_noticed() {
    let mut rig = Rig::new(true);
    rig.create("k");
    rig.create("l");
    rig.journal.extend(rig.sandbox.take_accepted());
    let mut lines = rig.journal.clone();
    lines.swap(1, 2);
    let mut again = Sandbox::new(config());
    let replayed: Result<Vec<()>, _> = lines.iter().map(|entry| again.replay(entry)).collect();
    assert!(replayed.is_err());
}

/// What a step of the property does; subjects are chosen among what exists.
fn step(rig: &mut Rig, (what, choice, amount): (u8, u8, u32)) {
    let list: Value = serde_json::from_slice(&rig.sandbox.payments_json(None, 1000)).unwrap();
    let payments = list["data"].as_array().unwrap();
    let payment = match payments.len() {
        0 => PaymentId::new("pay_x"),
        n => PaymentId::new(payments[usize::from(choice) % n]["id"].as_str().unwrap()),
    };
    let list = rig.sandbox.deliveries_json(None, 1000, &|_, _| Vec::new());
    let list: Value = serde_json::from_slice(&list).unwrap();
    let deliveries = list["data"].as_array().unwrap();
    let event = match deliveries.len() {
        0 => EventId::new("evt_x"),
        n => EventId::new(deliveries[usize::from(choice) % n]["event"].as_str().unwrap()),
    };
    // What is refused must not show after a restart either.
    let _ = match what % 24 {
        0 | 1 => {
            rig.create(&format!("k{}", choice % 8));
            Ok(())
        }
        2 => {
            rig.call("POST", "/v1/payments", &format!("r{choice}"), "{\"reference\": 5}");
            rig.call("GET", "/v1/payments/pay_x", "", "");
            Ok(())
        }
        3 => rig.obey(act(&payment, PAY)),
        4 => rig
            .obey(act(&payment, Action::Pay { amount: Some(format!("{amount}")), mistake: None })),
        5 => rig.obey(act(&payment, Action::Mine { blocks: Some(amount % 25) })),
        6 => rig.obey(act(&payment, Action::Settle)),
        7 => rig.obey(act(&payment, Action::Expire)),
        8 => rig.obey(act(&payment, Action::Accept)),
        9 => rig.obey(Command::Advance { ms: u64::from(amount) * 60_000 }),
        10 => rig.obey(Command::HoldAll { on: choice < 64 }),
        11 => rig.obey(Command::Hold { event }),
        12 => rig.obey(Command::Release { event }),
        13 => rig.obey(Command::Drop { event }),
        14 => rig.obey(Command::Redeliver { event }),
        15 => rig.obey(act(&payment, Action::Reorganise { depth: amount % 30 })),
        16 => rig.obey(act(&payment, Action::Replace { amount: format!("{}", amount % 300) })),
        17 => rig
            .obey(act(&payment, [Action::Hold, Action::Release][usize::from(choice) % 2].clone())),
        18 => rig
            .obey(act(&payment, [Action::Reject, Action::GiveUp][usize::from(choice) % 2].clone())),
        19 => rig.obey(act(&payment, Action::OpenDispute { amount: None, reason: "x".into() })),
        20 => {
            let path = format!("/v1/payments/{payment}/refunds");
            rig.call("POST", &path, &format!("f{choice}"), "{}");
            Ok(())
        }
        21 => {
            let mistakes = [Mistake::OtherAsset, Mistake::LookAlike, Mistake::Failing];
            let mistake = Some(mistakes[usize::from(choice) % 3]);
            rig.obey(act(&payment, Action::Pay { amount: None, mistake }))
        }
        _ => {
            rig.wall = rig.wall.plus(Span::from_ms(u64::from(choice)));
            rig.attempt([200, 500, 410, 429][usize::from(choice) % 4]);
            Ok(())
        }
    };
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_journal_brings_everything_back(steps in proptest::collection::vec(any::<(u8, u8, u32)>(), 1..80)) {
        let mut rig = Rig::new(true);
        for (what, choice, amount) in steps {
            step(&mut rig, (what, choice, amount % 1000));
        }
        let again = rig.restarted();
        prop_assert_eq!(seen(&again, rig.wall), seen(&rig.sandbox, rig.wall));
    }
}
