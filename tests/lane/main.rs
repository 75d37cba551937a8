//! The executor, played against a merchant in memory: no socket, no process, a clock that moves
//! only when something takes time.
//!
//! A scenario is written as people write it; what came of it is told in one line, see `Played`.

mod death;
mod rail;
mod steps;
mod time;
mod wait;

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use countersign::history::{Answer as Reply, Attempt, Entry, Fact, ScenarioEnded};
use countersign::merchant::Policy;
use countersign::model::{
    Conduct, LaneId, Observation, OrderState, Posting, PostingKind, RAILS, Reference, SimTime, Span,
};
use countersign::provider::{ApiKey, ApiRequest, Config, Provider};
use countersign::run::{Answer, Lane, Message, Now, Request, Sent, Settings, World};
use countersign::scenario::{Arrival, Scenario, gherkin};
use countersign::signature::{self, Secret};
use serde_json::Value;

const KEY: &str = "sk_test_0123456789abcdef";
const START: SimTime = SimTime::from_unix_ms(1_767_608_128_412);
const LANE: LaneId = LaneId(1);
/// How long the merchant takes to answer anything but a look.
const ANSWER_MS: u64 = 1;
/// Far more than any scenario asks for.
const REQUESTS_MAX: u32 = 10_000;

/// A merchant in memory: sound, unless it is told otherwise.
struct Shop {
    policy: Policy,
    can_reconcile: bool,
    can_restart: bool,
    can_check_out: bool,
    /// Status and `Retry-After` for the n-th message of that type, from 1.
    answer: fn(&str, u32) -> (u16, Option<u64>),
    /// Types that it takes for payment.
    believes: &'static [&'static str],
    /// Whether it books again what it has booked.
    repeats: bool,
    /// How long its books take to show what it did.
    lag_ms: u64,
    /// At which request its process dies (`checkout`, `send`, `look`), and whether this lane is
    /// the first to meet it.
    dies: Option<(&'static str, bool)>,
    /// Whether it takes nothing in while it waits for the provider.
    is_blocked: bool,
    /// Whether it can be had again after a kill.
    restarts: Result<(), &'static str>,
}

impl Default for Shop {
    fn default() -> Self {
        Self {
            policy: Policy::default(),
            can_reconcile: false,
            can_restart: false,
            can_check_out: true,
            answer: |_, _| (200, None),
            believes: &["payment.confirmed", "payment.settled"],
            repeats: false,
            lag_ms: 0,
            is_blocked: false,
            restarts: Ok(()),
            dies: None,
        }
    }
}

/// What was asked of the merchant, with the real time at which it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    Drive(&'static str),
    Send(usize, Arrival),
    Look,
    Pause(u64),
    Release,
    Kill,
    Restart,
}

/// A scenario that was played.
struct Played {
    entries: Vec<Entry>,
    asked: Vec<(u64, Asked)>,
}

/// One lane on its stage.
struct Stage {
    shop: Shop,
    world: World,
    real_ms: u64,
    received: BTreeMap<String, u32>,
    /// Per order: when each credit shows in the books.
    credits: BTreeMap<String, Vec<u64>>,
    asked: Vec<(u64, Asked)>,
}

/// Plays these steps after an order of 100 USDT on Tron.
fn play(shop: Shop, steps: &str) -> Played {
    let scenario = Arc::new(scenario(steps));
    let settings = Settings {
        policy: shop.policy.clone(),
        can_reconcile: shop.can_reconcile,
        can_restart: shop.can_restart,
        profile: Arc::default(),
        scheme: signature::scheme("standard-webhooks").unwrap(),
        secret: Secret::new("whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="),
        webhook_url: "http://127.0.0.1:1/webhook".to_owned(),
        nonce: "TEST".to_owned(),
        seed: 7,
    };
    let mut stage = Stage::new(shop);
    stage.world.enter(LANE, START);
    let mut lane = Lane::new(LANE, scenario, Arc::new(settings));
    let mut answer = Answer::Start;
    for _ in 0..REQUESTS_MAX {
        let now = stage.now();
        match lane.next(&mut stage.world, answer, now) {
            Request::Done => {
                let entries = stage.world.leave(LANE);
                assert!(stage.world.failure().is_none());
                assert!(entries.is_sorted_by_key(|entry| entry.at), "the clock went back");
                return Played { entries, asked: stage.asked };
            }
            request => answer = stage.answer(request),
        }
    }
    panic!("the lane never ends");
}

fn scenario(steps: &str) -> Scenario {
    let steps = steps.trim();
    let text = format!(
        "@must @IDEM-01\nFeature: A lane\n  Scenario: One\n    Given an order of 100.00 USDT on \
         tron\n    {steps}\n"
    );
    let read = gherkin::parse(&text, "lane.feature", &["IDEM-01"]);
    read.unwrap_or_else(|errors| panic!("{text}\n{errors}")).remove(0)
}

impl Stage {
    fn new(shop: Shop) -> Self {
        let provider = Provider::new(Config {
            live: false,
            account: "acct_01J8Z3AAAA0000000000000000".to_owned(),
            keys: vec![ApiKey::with_all_scopes(KEY)],
            rails: RAILS.iter().collect(),
            seed: 7,
            nonce: "TEST".to_owned(),
            start: START,
            profile: Arc::default(),
            keyring: None,
        });
        let world = World::new(provider, Box::new(std::io::sink()), START);
        let (received, credits, asked) = Default::default();
        Self { shop, world, real_ms: 0, received, credits, asked }
    }

    fn now(&self) -> Now {
        Now { wall: START.plus(Span::from_ms(self.real_ms)), real_ms: self.real_ms }
    }

    fn answer(&mut self, request: Request) -> Answer {
        let (at, asked) = match &request {
            Request::Drive { verb, .. } => ("checkout", Asked::Drive(verb)),
            Request::Send { messages, arrival } => ("send", Asked::Send(messages.len(), *arrival)),
            Request::Look(_) => ("look", Asked::Look),
            Request::Pause(span) => ("pause", Asked::Pause(span.ms())),
            Request::Release => ("release", Asked::Release),
            Request::Kill => ("kill", Asked::Kill),
            Request::Restart => ("restart", Asked::Restart),
            Request::Done => unreachable!("it is over"),
        };
        self.asked.push((self.real_ms, asked));
        if let Some((_, blamed)) = self.shop.dies.filter(|(when, _)| *when == at) {
            return Answer::Died { how: "signal 9".to_owned(), blamed };
        }
        match request {
            Request::Drive { verb: "checkout", values } => self.check_out(&values),
            Request::Drive { .. } => Answer::Driven(http(200)),
            Request::Send { messages, .. } => {
                let sent_us = self.real_ms * 1000;
                self.real_ms += ANSWER_MS;
                Answer::Sent(messages.iter().map(|message| self.take(message, sent_us)).collect())
            }
            Request::Look(reference) => Answer::Seen(Ok(self.show(reference))),
            Request::Pause(span) => {
                self.real_ms += span.ms();
                Answer::Paused
            }
            Request::Release => {
                Answer::Released { driven: Some(http(201)), early: self.shop.is_blocked }
            }
            Request::Kill => Answer::Killed { driven: None, early: false },
            Request::Restart => Answer::Restarted(self.shop.restarts.map_err(str::to_owned)),
            Request::Done => unreachable!("it is over"),
        }
    }

    fn check_out(&mut self, values: &BTreeMap<&'static str, String>) -> Answer {
        self.real_ms += ANSWER_MS;
        if !self.shop.can_check_out {
            return Answer::Driven(http(500));
        }
        let fields = ["reference", "amount", "asset", "network"];
        let body: BTreeMap<_, _> = fields.iter().map(|field| (field, &values[field])).collect();
        let headers = [("x-api-key", KEY), ("idempotency-key", values["reference"].as_str())];
        let request = ApiRequest {
            method: "POST".to_owned(),
            path: "/v1/payments".to_owned(),
            headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
            body: Bytes::from(serde_json::to_vec(&body).unwrap()),
            ..ApiRequest::default()
        };
        let (_, reply, conduct) = self.world.api(&request, self.real_ms);
        assert_eq!(reply.status, 201, "{}", String::from_utf8_lossy(&reply.body));
        if conduct == Conduct::Held { Answer::Held } else { Answer::Driven(http(201)) }
    }

    /// The merchant takes a message, and books it where it believes and acknowledges it.
    fn take(&mut self, message: &Message, sent_us: u64) -> Sent {
        let event: Value = serde_json::from_slice(&message.body).unwrap();
        let type_name = event["type"].as_str().unwrap();
        let nth = self.received.entry(type_name.to_owned()).or_default();
        *nth += 1;
        let (status, retry_after_s) = (self.shop.answer)(type_name, *nth);
        let reference = event["data"]["payment"]["reference"].as_str().unwrap();
        let credits = self.credits.entry(reference.to_owned()).or_default();
        let is_booked = self.shop.believes.contains(&type_name) && (200..300).contains(&status);
        if is_booked && (credits.is_empty() || self.shop.repeats) {
            credits.push(self.real_ms + self.shop.lag_ms);
        }
        let headers = message.headers.clone();
        let answered_us = self.real_ms * 1000;
        Sent { headers, sent_us, answered_us, answer: http(status), retry_after_s }
    }

    fn show(&self, reference: Reference) -> Observation {
        let credits = self.credits.get(reference.as_str()).into_iter().flatten();
        let credits = credits.filter(|shown_from| **shown_from <= self.real_ms).count();
        let posting = Posting {
            id: None,
            kind: PostingKind::Credit,
            amount: "100.000000".to_owned(),
            asset: "USDT".to_owned(),
            payment: None,
        };
        Observation {
            reference,
            state: Some(if credits > 0 { OrderState::Paid } else { OrderState::Awaiting }),
            payments: None,
            fulfilments: Some(credits as u64),
            postings: Some(vec![posting; credits]),
            exceptions: Some(Vec::new()),
        }
    }
}

fn http(status: u16) -> Reply {
    Reply::Http { status, body: String::new() }
}

/// What happened, told in one line: `=paid` the provider says so, `paid` an attempt of
/// `payment.paid`, `~paid` a retry of it that the schedule made, `!paid` a forgery, `then` an
/// expectation was decided, `2:` before whatever is about the second order. The creation of a
/// payment and looks are not told.
impl Played {
    fn told(&self) -> String {
        let mut words = Vec::new();
        for entry in &self.entries {
            let (reference, word) = match &entry.fact {
                Fact::Transitioned(transition) => match transition.truth.status.as_str() {
                    "pending" => continue,
                    status => (&transition.truth.reference, format!("={status}")),
                },
                Fact::Attempted(attempt) => (&attempt.reference, told(attempt)),
                Fact::Expected(expected) => (&expected.reference, "then".to_owned()),
                _ => continue,
            };
            let order = reference.as_str().split_once('.').map(|(_, order)| format!("{order}:"));
            words.push(order.unwrap_or_default() + &word);
        }
        words.join(" ")
    }

    fn attempts(&self) -> Vec<(&Entry, &Attempt)> {
        self.entries
            .iter()
            .filter_map(|entry| match &entry.fact {
                Fact::Attempted(attempt) => Some((entry, attempt.as_ref())),
                _ => None,
            })
            .collect()
    }

    fn ended(&self) -> &ScenarioEnded {
        match self.entries.last().map(|entry| &entry.fact) {
            Some(Fact::ScenarioEnded(ended)) => ended,
            other => panic!("the lane's last word is {other:?}"),
        }
    }

    /// Real milliseconds at which the expectations were decided.
    fn decided_ms(&self) -> Vec<u64> {
        let decided = |entry: &&Entry| matches!(entry.fact, Fact::Expected(_));
        self.entries.iter().filter(decided).map(|entry| entry.real_ms).collect()
    }
}

fn told(attempt: &Attempt) -> String {
    let kind = attempt.event_type.trim_start_matches("payment.");
    let mark = match (attempt.forgery, attempt.retry) {
        (Some(_), _) => "!",
        (None, true) => "~",
        (None, false) => "",
    };
    format!("{mark}{kind}")
}
