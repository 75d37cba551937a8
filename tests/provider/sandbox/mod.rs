//! The sandbox: what commands do to it, and that a journal of them brings everything back.

mod delivery;
mod endpoint;
mod habit;
mod journal;
mod tenant;
mod trouble;

use std::collections::BTreeMap;

use bytes::Bytes;
use countersign::model::{Conduct, EventId, Mistake, PaymentId, RAILS, SimTime, Span};
use countersign::provider::profile::builtin;
use countersign::provider::sandbox::{
    Action, Attempt, BooksId, Command, Declined, Dispatch, Entry, Reply, Sandbox,
};
use countersign::provider::{ApiKey, ApiReply, ApiRequest, Config, Keyring};
use countersign::signature;
use serde_json::{Value, json};

use super::{KEY, START};

/// The end of the day on which tests start.
const MIDNIGHT: SimTime = SimTime::from_unix_ms(1_767_657_600_000);
const URL: &str = "http://127.0.0.1:9/webhooks";
const PAY: Action = Action::Pay { amount: None, mistake: None };
const MINE: Action = Action::Mine { blocks: None };
const ORDER: &str = r#"{"reference":"INV-1","asset":"USDT","network":"tron","amount":"250.00"}"#;

/// One account in one mode.
fn config(account: &str, live: bool, key: &str) -> Config {
    config_at("default", account, live, key)
}

/// The same at a provider of that profile.
fn config_at(profile: &str, account: &str, live: bool, key: &str) -> Config {
    let profile = std::sync::Arc::new(builtin(profile).unwrap().clone());
    let scheme = signature::scheme(&profile.events.signature).unwrap();
    Config {
        live,
        account: account.to_owned(),
        keys: vec![ApiKey::with_all_scopes(key)],
        rails: RAILS.iter().collect(),
        seed: 7,
        nonce: format!("{account} {live}"),
        start: START,
        profile,
        keyring: Some(Keyring::new([7; 32], scheme, None)),
    }
}

/// The books of one account in live mode.
pub fn one() -> Vec<Config> {
    vec![config("acct_01J8Z3AAAA0000000000000000", true, KEY)]
}

fn act(payment: &PaymentId, action: Action) -> Command {
    Command::Act { payment: payment.clone(), action }
}

fn hold_all(on: bool) -> Command {
    Command::HoldAll { books: BooksId::default(), on }
}

/// A sandbox with a wall clock that the test moves, and the journal that it filled.
struct Rig {
    configs: Box<dyn Fn() -> Vec<Config>>,
    sandbox: Sandbox,
    wall: SimTime,
    journal: Vec<Entry>,
}

impl Rig {
    /// With one account, and an endpoint of the operator's or none.
    fn new(webhook: Option<&str>) -> Self {
        Self::of(one, webhook)
    }

    fn of(configs: impl Fn() -> Vec<Config> + 'static, webhook: Option<&str>) -> Self {
        let mut sandbox = Sandbox::new(configs());
        let _ = sandbox.open(webhook, START);
        Self { configs: Box::new(configs), sandbox, wall: START, journal: Vec::new() }
    }

    /// The same from its journal alone, each command through its text.
    fn restarted(&mut self) -> Sandbox {
        self.journal.extend(self.sandbox.take_accepted());
        let mut again = Sandbox::new((self.configs)());
        for entry in &self.journal {
            let command = Command::from_text(&entry.command.to_text()).unwrap();
            again.replay(&Entry { at: entry.at, ids: entry.ids, command }).unwrap();
        }
        again
    }

    fn call(&mut self, method: &str, path: &str, key: &str, body: &str) -> ApiReply {
        self.call_with(KEY, (method, path), key, body).0
    }

    fn call_with(
        &mut self,
        api_key: &str,
        (method, path): (&str, &str),
        key: &str,
        body: &str,
    ) -> (ApiReply, Conduct) {
        let headers = [("x-api-key", api_key), ("idempotency-key", key)];
        let mut headers: BTreeMap<String, String> =
            headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        headers.retain(|_, value| !value.is_empty());
        let request = ApiRequest {
            method: method.to_owned(),
            path: path.to_owned(),
            query: String::new(),
            headers,
            body: Bytes::copy_from_slice(body.as_bytes()),
        };
        self.sandbox.call(request.clone(), self.wall)
    }

    fn create(&mut self, key: &str) -> PaymentId {
        self.call("POST", "/v1/payments", key, ORDER).payment.expect("it is a good request")
    }

    fn obey(&mut self, command: Command) -> Result<(), Declined> {
        self.sandbox.obey(command, self.wall)
    }

    /// Makes the attempt that is due, with that status as answer.
    fn attempt(&mut self, status: u16) -> Option<EventId> {
        let dispatch = self.sandbox.take_attempt(self.wall)?;
        let event = dispatch.event.id.clone();
        self.answer(dispatch, status);
        Some(event)
    }

    /// What an endpoint answers to a message.
    fn answer(&mut self, dispatch: Dispatch, status: u16) {
        let Dispatch { endpoint, signed_by, event, is_restated, .. } = dispatch;
        let reply = Reply::Http { status, body: "ok".to_owned() };
        let body = is_restated.then(|| String::from_utf8(event.body.to_vec()).unwrap());
        let signed_at = dispatch.signed_at.unwrap_or(self.wall);
        let attempt = Attempt { signed_at, signed_by, took_ms: 3, reply, body };
        let command =
            Command::Attempted { event: event.id, endpoint, attempt, retry_after_s: None };
        self.obey(command).unwrap();
    }

    fn detail(&self, payment: &PaymentId) -> Value {
        serde_json::from_slice(&self.sandbox.payment_json(payment).unwrap()).unwrap()
    }

    fn standings(&self, payment: &PaymentId) -> Vec<String> {
        let detail = self.detail(payment);
        let events = detail["events"].as_array().unwrap().iter();
        let word = |e: &Value| e["deliveries"][0]["standing"].as_str().unwrap_or("-").to_owned();
        events.map(word).collect()
    }
}

fn body(reply: &ApiReply) -> Value {
    serde_json::from_slice(&reply.body).unwrap_or_default()
}

#[test]
fn a_payment_is_paid_mined_settled_and_each_step_is_delivered() {
    let mut rig = Rig::new(Some(URL));
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
    let attempt = &detail["events"][3]["deliveries"][0]["attempts"][0];
    assert_eq!((&attempt["status"], &attempt["body"]), (&204.into(), &"ok".into()));
    assert_eq!(attempt["request_headers"][1][0], "webhook-id");
}

#[test]
fn amounts_short_over_late_and_accepted() {
    let mut rig = Rig::new(None);
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
    let mut rig = Rig::new(None);
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
    let mut rig = Rig::new(None);
    let payment = rig.create("k");
    rig.obey(act(&payment, Action::Pay { amount: Some("15".into()), mistake: None })).unwrap();
    rig.obey(act(&payment, Action::Expire)).unwrap();
    rig.call("POST", &format!("/v1/payments/{payment}/refunds"), "r", "{}");
    let otherwise = rig.obey(act(&payment, Action::Replace { amount: "14".into() }));
    assert!(matches!(otherwise, Err(Declined::Refused(_))), "{otherwise:?}");
}

#[test]
fn windows_close_at_their_own_instant_by_themselves() {
    let mut rig = Rig::new(None);
    let payment = rig.create("k");
    assert_eq!(rig.sandbox.rests_for(rig.wall), Some(Span::from_s(1200)));
    rig.wall = rig.wall.plus(Span::from_s(4000));
    let _ = rig.sandbox.take_attempt(rig.wall);
    let detail = rig.detail(&payment);
    assert_eq!(detail["payment"]["status_timeline"][1]["status"], "expired");
    assert_eq!(detail["payment"]["status_timeline"][1]["at"], detail["payment"]["expires_at"]);
    // Then the day ends, and with it its statements.
    assert_eq!(rig.sandbox.rests_for(rig.wall), Some(MIDNIGHT.since(rig.wall)));
    assert_eq!(Rig::new(None).sandbox.rests_for(START), None, "nothing waits without a payment");
}

/// Nobody calls and nothing else is due: whoever drives it sleeps until midnight, and there the
/// statement of the day is ready.
#[test]
fn an_idle_sandbox_states_the_day_at_its_end() {
    let mut rig = Rig::new(Some(URL));
    let payment = rig.create("k");
    rig.obey(act(&payment, PAY)).unwrap();
    rig.obey(act(&payment, MINE)).unwrap();
    rig.obey(act(&payment, Action::Settle)).unwrap();
    while rig.attempt(200).is_some() {}
    let mut sent = Vec::new();
    while sent.is_empty() {
        let rest = rig.sandbox.rests_for(rig.wall).expect("the day ends");
        rig.wall = rig.wall.plus(rest);
        sent.extend(rig.sandbox.take_attempt(rig.wall).map(|it| it.event.type_name));
    }
    assert_eq!((sent, rig.wall), (vec!["statement.ready".to_owned()], MIDNIGHT));
}

/// T7 a day after the deadline, T9 an hour after the confirmation, each at its own instant.
#[test]
fn nobody_waits_for_ever_and_what_is_confirmed_is_credited() {
    let mut rig = Rig::new(None);
    let (lost, won) = (rig.create("k"), rig.create("l"));
    for payment in [&lost, &won] {
        rig.obey(act(payment, PAY)).unwrap();
    }
    rig.obey(act(&lost, Action::Hold)).unwrap();
    rig.obey(act(&won, MINE)).unwrap();
    rig.obey(act(&won, Action::Reorganise { depth: 0 })).unwrap();
    let rest = rig.sandbox.rests_for(rig.wall);
    assert!(rest.is_some_and(|rest| rest <= Span::from_s(3600)), "{rest:?}");
    rig.obey(Command::Advance { ms: 3_599_000 }).unwrap();
    assert_eq!(rig.detail(&won)["payment"]["status"], "confirmed");
    rig.obey(Command::Advance { ms: 200_000 }).unwrap();
    assert_eq!(rig.detail(&won)["payment"]["status"], "settled");
    let steps = rig.detail(&won)["payment"]["status_timeline"].clone();
    let at = |step: &Value| step["at"].as_str().unwrap().parse::<SimTime>().unwrap();
    let last = steps.as_array().unwrap().len() - 1;
    assert_eq!(at(&steps[last]), at(&steps[last - 1]).plus(Span::from_s(3600)));

    // What is stopped waits for a person, however long.
    rig.obey(Command::Advance { ms: 300 * 86_400_000 }).unwrap();
    assert_eq!(rig.detail(&lost)["payment"]["status"], "held");
    rig.obey(act(&lost, Action::Release)).unwrap();
    let left = rig.detail(&lost)["payment"]["status"].clone();
    assert_eq!(left, "confirmed", "its network went on meanwhile");
    let alone = rig.create("m");
    rig.obey(act(&alone, Action::Stall)).unwrap();
    rig.obey(act(&alone, PAY)).unwrap();
    rig.obey(Command::Advance { ms: (1200 + 86_399) * 1000 }).unwrap();
    assert_eq!(rig.detail(&alone)["payment"]["status"], "paid");
    rig.obey(Command::Advance { ms: 2000 }).unwrap();
    let detail = rig.detail(&alone);
    assert_eq!(detail["payment"]["status"], "failed");
    assert_eq!(detail["payment"]["reason"], "not_confirmed");
}

#[test]
fn the_clock_moves_ahead_and_never_back() {
    let mut rig = Rig::new(None);
    rig.obey(Command::Advance { ms: 3_600_000 }).unwrap();
    assert_eq!(rig.sandbox.clock(START), START.plus(Span::from_s(3600)));
    let before = START.minus(Span::from_s(600));
    assert_eq!(rig.sandbox.clock(before), START.plus(Span::from_s(3600)));
    let far = rig.obey(Command::Advance { ms: u64::MAX });
    assert!(matches!(far, Err(Declined::TooFar(_))));
}
