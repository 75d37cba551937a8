//! Two judged runs, built by hand: what the samples of every report format show.

use std::collections::BTreeMap;

use countersign::history::RunStarted;
use countersign::merchant::{Connection, Policy, Scope};
use countersign::model::{Asset, LaneId, Money, Reference, SimTime};
use countersign::rule::{
    FinalVerdict, Finding, Instant, Judged, Judgement, Level, MoneyRow, Owner, Plane, RuleVerdict,
    ScenarioVerdict, Verdict,
};
use countersign::scenario::Source;

const USDT: Asset = Asset { symbol: "USDT", decimals: 6 };
const REPEATED: &str = "the same event is applied twice";
const RACE: &str = "two copies at once both pass the duplicate check";
const LOST: &str = "a payment whose notifications were lost is never found";
const LATE: &str = "money after the deadline is neither honoured nor surfaced";
const FORGED: &str = "a notification without a signature is not checked";

fn usdt(text: &str) -> Money {
    USDT.parse(text).unwrap()
}

fn at(ms: i64) -> SimTime {
    SimTime::from_unix_ms(1_767_608_128_412).plus(countersign::model::Span::from_ms(ms as u64))
}

/// A run in which everything passed, one SHOULD rule warned, and one was declared out of scope.
pub fn ready() -> Judged {
    Judged {
        run: run(None),
        started: at(0),
        took_ms: 1_912,
        interrupted: false,
        outcome: FinalVerdict::Ready,
        why: "every MUST rule passed".to_owned(),
        scenarios: vec![
            scenario(1, "Three times", Verdict::Pass, "IDEM-01", "250.00"),
            scenario(2, "Five copies at the same instant", Verdict::Pass, "RACE-01", "250.00"),
        ],
        rules: vec![
            rule("IDEM-01", REPEATED, Level::Must, Verdict::Pass, ""),
            rule("RACE-01", RACE, Level::Must, Verdict::Pass, ""),
            rule("LIFE-08", LATE, Level::Should, Verdict::NotApplicable, "no late payments here"),
        ],
        findings: vec![],
        entries: 214,
        attempts: 18,
    }
}

/// A merchant that credits twice, with a consequence, a warning, gaps, and text that tries to
/// break out of every format.
pub fn not_ready() -> Judged {
    let repeated = finding("IDEM-01", REPEATED, 1, "Three times");
    let again = finding("IDEM-01", REPEATED, 2, "An outline with <markup> & | \"quotes\"");
    let race = Finding {
        caused_by: Some("IDEM-01"),
        ..finding("RACE-01", RACE, 3, "Five copies at the same instant")
    };
    let late = Finding {
        level: Level::Should,
        money_at_risk: None,
        owner: Owner::Finance,
        ..finding("LIFE-08", LATE, 5, "Money after the deadline")
    };
    Judged {
        run: run(Some("countersign.yaml")),
        started: at(0),
        took_ms: 62_481,
        interrupted: false,
        outcome: FinalVerdict::NotReady,
        why: "2 MUST rules failed: IDEM-01 and, following from it, RACE-01".to_owned(),
        scenarios: vec![
            scenario(1, "Three times", Verdict::Fail, "IDEM-01", "750.00"),
            scenario(2, again.scenario.as_str(), Verdict::Fail, "IDEM-01", "500.00"),
            scenario(3, "Five copies at the same instant", Verdict::Fail, "RACE-01", "500.00"),
            scenario(4, "Nothing is delivered", Verdict::NotTestable, "RECON-01", "0"),
            scenario(5, "Money after the deadline", Verdict::Fail, "LIFE-08", "0"),
            scenario(6, "No signature at all", Verdict::Unknown, "AUTH-04", "0"),
        ],
        rules: vec![
            rule("AUTH-04", FORGED, Level::Must, Verdict::Unknown, "the control was refused (429)"),
            rule("IDEM-01", REPEATED, Level::Must, Verdict::Fail, "3 credits instead of 1"),
            rule("RACE-01", RACE, Level::Must, Verdict::Fail, "2 credits instead of 1"),
            rule("LIFE-08", LATE, Level::Should, Verdict::Fail, "no exception was opened"),
            rule("RECON-01", LOST, Level::Must, Verdict::NotTestable, "add `drive.reconcile`"),
        ],
        findings: vec![repeated, again, race, late],
        entries: 1_377,
        attempts: 96,
    }
}

fn run(config: Option<&str>) -> RunStarted {
    let left_out = match config {
        Some(_) => vec![("order-of-arrival [xrp-xrpl]".to_owned(), "rail not enabled".to_owned())],
        None => vec![],
    };
    RunStarted {
        format: 1,
        version: "0.1.0".to_owned(),
        seed: 42,
        nonce: "7F3K".to_owned(),
        merchant: "acme-shop".to_owned(),
        config: config.map(str::to_owned),
        command: config.map_or("countersign demo", |_| "countersign run").to_owned(),
        selection: None,
        strict: false,
        connection: Connection::default(),
        policy: Policy::default(),
        scope: Scope::default(),
        rails: vec!["usdt-tron".to_owned()],
        lifecycle: BTreeMap::new(),
        scenarios: 6,
        left_out,
    }
}

fn scenario(
    lane: u32,
    name: &str,
    verdict: Verdict,
    rule: &str,
    credited: &str,
) -> ScenarioVerdict {
    let reason = match verdict {
        Verdict::Pass => "",
        Verdict::Fail => "not as expected",
        Verdict::Unknown => "the control was refused (429)",
        Verdict::NotTestable | Verdict::NotApplicable => "add `drive.reconcile`",
    };
    let (witnesses, unseen) = (vec![12, 14], Vec::new());
    let judgement = Judgement { verdict, reason: reason.to_owned(), witnesses, unseen };
    let feature = if lane < 4 { "One payment, one effect" } else { "The books agree" };
    let credited = usdt(credited);
    ScenarioVerdict {
        lane: LaneId(lane),
        name: name.to_owned(),
        feature: feature.to_owned(),
        source: source(lane),
        tags: vec![rule.to_owned(), "must".to_owned()],
        steps: vec![
            "Given an order of 250.00 USDT on tron".to_owned(),
            "When the payer sends 250.00 USDT".to_owned(),
            "Then exactly one credit of 250.00 USDT is posted".to_owned(),
        ],
        verdict,
        reason: reason.to_owned(),
        rules: vec![(rule.to_owned(), judgement)],
        took_ms: 41,
        money: vec![MoneyRow {
            reference: Reference::new(format!("CS-7F3K-{lane:04}")),
            due: usdt("250.00"),
            received: Some(usdt("250.00")),
            provider: "settled".to_owned(),
            order: "paid".to_owned(),
            credited: Some(credited),
            fulfilled: Some(u64::try_from(credited.atoms / 250_000_000).unwrap()),
        }],
        timeline: Vec::new(),
    }
}

fn source(lane: u32) -> Source {
    Source { file: "features/idempotency.feature".to_owned(), line: 8 + lane }
}

fn rule(
    code: &'static str,
    title: &'static str,
    level: Level,
    verdict: Verdict,
    reason: &str,
) -> RuleVerdict {
    let exercised = matches!(verdict, Verdict::Pass | Verdict::Fail);
    RuleVerdict {
        code,
        title,
        level,
        verdict,
        reason: reason.to_owned(),
        witnesses: if exercised { vec![12, 14] } else { vec![] },
        scenarios: u32::from(exercised),
        untested: vec![],
    }
}

fn finding(rule: &'static str, title: &'static str, lane: u32, scenario: &str) -> Finding {
    let instant = |seq, ms, plane, text: &str| Instant {
        seq,
        at: at(ms),
        plane,
        text: text.into(),
        bytes: String::new(),
    };
    Finding {
        rule,
        title,
        level: Level::Must,
        scenario: scenario.to_owned(),
        source: source(lane),
        lane: LaneId(lane),
        expected: "exactly one credit of 250.00 USDT".to_owned(),
        actual: "2 credits: 250.00 USDT and 250.00 USDT".to_owned(),
        money_at_risk: Some(usdt("250.00")),
        owner: Owner::Engineering,
        fix: "Record the payment's effect under a unique key in the same transaction as the effect.",
        entries: vec![
            instant(112, 0, Plane::Provider, "settled, received 250.00 USDT of 250.00 USDT"),
            instant(113, 4, Plane::Delivery, "payment.settled, first try: 200 \u{1b}[31m<b>ok</b>"),
            instant(114, 61_000, Plane::Delivery, "payment.settled, second try: 200"),
            instant(121, 7_200_000, Plane::Books, "credits p1 250.00 USDT, p2 250.00 USDT"),
        ],
        caused_by: None,
        fingerprint: format!("{lane:016x}"),
        replay: format!("countersign run --config countersign.yaml features/a.feature:{lane}"),
    }
}
