//! A journal brings everything back, whatever was done.

use proptest::prelude::*;

use super::*;
use countersign::provider::Scope;

#[test]
fn refused_reads_leave_no_line_and_their_ids_are_not_given_again() {
    let mut rig = Rig::new(Some(URL));
    let known = rig.create("k");
    let request_id = |reply: ApiReply| {
        let body: Value = serde_json::from_slice(&reply.body).unwrap();
        body["request_id"].as_str().unwrap().to_owned()
    };
    rig.journal.extend(rig.sandbox.take_accepted());
    let before = request_id(rig.call("GET", "/v1/payments/pay_x", "", ""));
    let stranger =
        ApiRequest { method: "POST".into(), path: "/v1/payments".into(), ..Default::default() };
    assert_eq!(rig.sandbox.call(stranger.clone(), rig.wall).0.status, 401);
    assert!(rig.sandbox.take_accepted().is_empty());
    let mut again = rig.restarted();
    let _ = again.open(Some(URL), rig.wall);
    rig.sandbox = again;
    let after = request_id(rig.call("GET", "/v1/payments/pay_x", "", ""));
    assert!(before < after, "{before} {after}");
    assert_eq!(rig.create("k"), known, "the key is known after a restart");
}

#[test]
fn a_journal_of_another_service_is_noticed() {
    let mut rig = Rig::new(Some(URL));
    rig.create("k");
    rig.create("l");
    rig.journal.extend(rig.sandbox.take_accepted());
    let mut lines = rig.journal.clone();
    lines.swap(1, 2);
    let mut again = Sandbox::new(one());
    let replayed: Result<Vec<()>, _> = lines.iter().map(|entry| again.replay(entry)).collect();
    assert!(replayed.is_err());
}

const TEST_KEY: &str = "sk_test_0123456789abcdef";

/// One account in both modes.
fn both() -> Vec<Config> {
    let account = "acct_01J8Z3AAAA0000000000000000";
    vec![config(account, true, KEY), config(account, false, TEST_KEY)]
}

/// Everything that can be seen of it at that instant.
fn seen(sandbox: &Sandbox, wall: SimTime) -> Vec<String> {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let mut seen = vec![text(sandbox.status_json(wall))];
    for live in [true, false] {
        let books = sandbox.books(None, Some(live)).unwrap();
        seen.push(text(sandbox.deliveries_json(books, None, 1000)));
        seen.push(text(sandbox.payments_json(books, None, 1000)));
        let keys = sandbox.provider(books).keys().iter().map(|key| key.secret.clone());
        seen.extend(keys);
    }
    seen
}

#[test]
fn a_journal_holds_nothing_that_opens_anything() {
    let mut rig = Rig::new(Some(URL));
    rig.create("k");
    let body = format!("{{\"url\": \"{URL}\", \"events\": [\"*\"]}}");
    rig.call("POST", "/v1/webhook_endpoints", "e", &body);
    rig.obey(Command::MakeKey { books: BooksId::default(), scopes: [Scope::PaymentsRead].into() })
        .unwrap();
    rig.attempt(200);
    rig.restarted();
    let lines: Vec<String> = rig.journal.iter().map(|entry| entry.command.to_text()).collect();
    assert!(lines.len() >= 5, "{lines:?}");
    for secret in ["sk_", "whsec_", "x-api-key", "authorization"] {
        assert!(!lines.iter().any(|line| line.contains(secret)), "{secret} in {lines:#?}");
    }
}

/// What a step of the property does; subjects are chosen among what exists.
fn step(rig: &mut Rig, (what, choice, amount): (u8, u8, u32)) {
    let books = rig.sandbox.books(None, Some(choice < 128)).unwrap();
    let key = if choice < 128 { KEY } else { TEST_KEY };
    let list = rig.sandbox.payments_json(books, None, 1000);
    let list: Value = serde_json::from_slice(&list).unwrap();
    let payments = list["data"].as_array().unwrap();
    let payment = match payments.len() {
        0 => PaymentId::new("pay_x"),
        n => PaymentId::new(payments[usize::from(choice) % n]["id"].as_str().unwrap()),
    };
    let list = rig.sandbox.deliveries_json(books, None, 1000);
    let list: Value = serde_json::from_slice(&list).unwrap();
    let deliveries = list["data"].as_array().unwrap();
    let event = match deliveries.len() {
        0 => EventId::new("evt_x"),
        n => EventId::new(deliveries[usize::from(choice) % n]["event"].as_str().unwrap()),
    };
    // What is refused must not show after a restart either.
    let _ = match what % 30 {
        0..=3 | 20..=24 => {
            call(rig, (what, choice, amount), key, (&payment, &event));
            Ok(())
        }
        4 => rig.obey(act(&payment, PAY)),
        5 => rig.obey(act(&payment, Action::Mine { blocks: Some(amount % 25) })),
        6 => rig.obey(act(&payment, Action::Settle)),
        7 => rig.obey(act(&payment, Action::Expire)),
        8 => rig.obey(act(&payment, Action::Accept)),
        9 => rig.obey(Command::Advance { ms: u64::from(amount) * 60_000 }),
        10 => rig.obey(Command::HoldAll { books, on: choice % 2 == 0 }),
        11 => rig.obey(Command::Hold { event, endpoint: None }),
        12 => rig.obey(Command::Release { event, endpoint: None }),
        13 => rig.obey(Command::Drop { event, endpoint: None }),
        14 => rig.obey(Command::Redeliver { event, endpoint: None }),
        15 => rig.obey(act(&payment, Action::Reorganise { depth: amount % 30 })),
        16 => rig.obey(act(&payment, Action::Replace { amount: format!("{}", amount % 300) })),
        17 => rig
            .obey(act(&payment, [Action::Hold, Action::Release][usize::from(choice) % 2].clone())),
        18 => rig
            .obey(act(&payment, [Action::Reject, Action::GiveUp][usize::from(choice) % 2].clone())),
        19 => rig.obey(act(&payment, Action::OpenDispute { amount: None, reason: "x".into() })),
        25 => rig.obey(Command::MakeKey { books, scopes: [Scope::PaymentsRead].into() }),
        26 => {
            let mistakes = [Mistake::OtherAsset, Mistake::LookAlike, Mistake::Failing];
            let mistake = Some(mistakes[usize::from(choice) % 3]);
            rig.obey(act(&payment, Action::Pay { amount: None, mistake }))
        }
        27 => rig
            .obey(act(&payment, Action::Pay { amount: Some(format!("{amount}")), mistake: None })),
        _ => {
            rig.wall = rig.wall.plus(Span::from_ms(u64::from(choice)));
            rig.attempt([200, 500, 410, 429][usize::from(choice) % 4]);
            Ok(())
        }
    };
}

/// The steps of a merchant.
fn call(
    rig: &mut Rig,
    (what, choice, amount): (u8, u8, u32),
    key: &str,
    (payment, event): (&PaymentId, &EventId),
) {
    let mut post = |path: &str, idempotency: &str, body: &str| {
        rig.call_with(key, ("POST", path), idempotency, body);
    };
    match what % 30 {
        0 | 1 => post("/v1/payments", &format!("k{}", choice % 8), ORDER),
        2 => post("/v1/payments", &format!("r{choice}"), "{\"reference\": 5}"),
        20 => post(&format!("/v1/payments/{payment}/refunds"), &format!("f{choice}"), "{}"),
        21 | 22 => {
            let url = format!("http://127.0.0.1:9/{choice}");
            let terms = json!({"url": url, "events": ["*"]}).to_string();
            post("/v1/webhook_endpoints", "", &terms);
        }
        23 => {
            let list = body(&rig.call_with(key, ("GET", "/v1/webhook_endpoints"), "", "").0);
            let id = list["data"][0]["id"].as_str().unwrap_or("whe_x");
            let path = format!("/v1/webhook_endpoints/{id}");
            let (method, path) = match amount % 3 {
                0 => ("DELETE", path),
                1 => ("POST", format!("{path}/rotate")),
                _ => ("POST", format!("{path}/test")),
            };
            rig.call_with(key, (method, &path), "", "");
        }
        24 => post(&format!("/v1/events/{event}/redeliver"), "", ""),
        _ => drop(rig.call_with(key, ("GET", "/v1/payments/pay_x"), "", "")),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_journal_brings_everything_back(steps in proptest::collection::vec(any::<(u8, u8, u32)>(), 1..80)) {
        let mut rig = Rig::of(both, Some(URL));
        for (what, choice, amount) in steps {
            step(&mut rig, (what, choice, amount % 1000));
        }
        let again = rig.restarted();
        prop_assert_eq!(seen(&again, rig.wall), seen(&rig.sandbox, rig.wall));
    }
}
