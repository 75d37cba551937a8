//! The wiring of a merchant, checked one by one and told one by one: the preflight's checks and
//! what an order shows until it is paid. Nothing here is a verdict.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::play;
use super::preflight::{self, Opened};
use super::shared::Shared;
use super::wiring::{Came, Check, Miswired};
use crate::fault::apart;
use crate::history::{Entry, Fact, Observed, ScenarioEnded};
use crate::input::InputErrors;
use crate::merchant::Profile;
use crate::model::{LaneId, Observation, OrderState};
use crate::rule::{codes, judge_scenario};
use crate::scenario::{Plan, Scenario, suite};

/// What is played beyond the preflight.
const WIRING: (&str, &str) = ("wiring.feature", include_str!("../../fixtures/wiring.feature"));
/// Half of the tolerance that webhooks usually have: beyond it a delayed one is taken for stale.
const APART_S_MAX: u64 = 150;
/// Less than this is as good as right.
const APART_S_TOLD: u64 = 3;

/// The scenarios that a doctor plays with this merchant: a forgery, then a whole payment. None of
/// them where no rail of the merchant fits.
///
/// # Errors
/// The steps are not understood, which is a mistake of this program.
pub fn plan(profile: &Profile) -> Result<Plan, InputErrors> {
    let rails: Vec<&str> = profile.provider.rails.iter().map(String::as_str).collect();
    let (path, text) = WIRING;
    suite::plan(&[(path.to_owned(), text.to_owned())], &rails, &codes())
}

/// What came of each check so far.
#[derive(Default)]
struct Sheet(BTreeMap<Check, Came>);

impl Sheet {
    fn fine(&mut self, check: Check) {
        self.0.insert(check, Came::Fine(None));
    }

    fn note(&mut self, check: Check, what: String) {
        self.0.insert(check, Came::Fine(Some(what)));
    }

    /// Notes the outcome; answers whether it is fine.
    fn came(&mut self, check: Check, outcome: Result<(), Miswired>) -> bool {
        let is_fine = outcome.is_ok();
        let came = outcome.map_or_else(Came::Wrong, |()| Came::Fine(None));
        self.0.insert(check, came);
        is_fine
    }

    /// In the order of checking.
    fn finish(mut self) -> Vec<(Check, Came)> {
        let came = |check: &Check| {
            let came = self.0.remove(check);
            (*check, came.unwrap_or_else(|| Came::Unchecked("not checked".to_owned())))
        };
        Check::ALL.iter().map(came).collect()
    }
}

/// Checks a merchant that is ready.
pub(super) async fn examine(shared: &Arc<Shared>, plan: Plan) -> Vec<(Check, Came)> {
    let mut sheet = Sheet::default();
    sheet.note(Check::Ready, shared.merchant.hands().http.base_url().to_owned());
    tokio::select! {
        () = checks(shared, plan, &mut sheet) => {}
        () = shared.interrupted.happens() => {}
    }
    sheet.finish()
}

async fn checks(shared: &Arc<Shared>, plan: Plan, sheet: &mut Sheet) {
    shared.watch.note("a checkout");
    let opened = preflight::open(shared).await;
    clock(shared, sheet).await;
    let opened = match opened {
        Ok(opened) => opened,
        Err(miswired) => {
            for check in [Check::Reached, Check::Created].into_iter().filter(|c| *c < miswired.at) {
                sheet.fine(check);
            }
            sheet.came(miswired.at, Err(miswired));
            return;
        }
    };
    for check in [Check::Reached, Check::Created, Check::Reference] {
        sheet.fine(check);
    }
    deliveries(shared, &opened, sheet).await;
    let shown = preflight::look(shared, &opened.reference).await;
    let is_understood = sheet.came(Check::Shown, shown);
    let accepts = matches!(sheet.0.get(&Check::Ahead), Some(Came::Fine(_)));
    if !(is_understood && accepts) {
        return;
    }
    shared.watch.note("a forgery and a payment");
    let mut scenarios = plan.scenarios.into_iter().map(Arc::new).zip([1, 2].map(LaneId));
    let (Some(forgery), Some(payment)) = (scenarios.next(), scenarios.next()) else {
        let why = "none of provider.rails is one that it can be played on".to_owned();
        sheet.0.insert(Check::Forged, Came::Unchecked(why.clone()));
        sheet.0.insert(Check::Paid, Came::Unchecked(why));
        return;
    };
    forged(shared, forgery, sheet).await;
    match paid(shared, payment).await {
        Ok(seen) => sheet.note(Check::Paid, seen),
        Err(miswired) => drop(sheet.came(Check::Paid, Err(miswired))),
    }
}

async fn deliveries(shared: &Arc<Shared>, opened: &Opened, sheet: &mut Sheet) {
    shared.watch.note("webhooks");
    if sheet.came(Check::Genuine, preflight::genuine(shared, opened).await) {
        sheet.came(Check::Ahead, preflight::ahead(shared, opened).await);
    }
}

async fn clock(shared: &Shared, sheet: &mut Sheet) {
    let came = match shared.merchant.hands().http.clock_ahead_s(shared.clock).await {
        None => Came::Unchecked("its answers carry no date".to_owned()),
        Some(ahead_s) if ahead_s.unsigned_abs() > APART_S_MAX => Came::Wrong(Miswired::new(
            Check::Clock,
            format!("the merchant's clock is {} of ours", apart(ahead_s)),
            "set the clock of the machine or container that the merchant runs on, or ours: \
             webhooks are refused by their age",
        )),
        Some(ahead_s) if ahead_s.unsigned_abs() >= APART_S_TOLD => {
            Came::Fine(Some(format!("it is {}", apart(ahead_s))))
        }
        Some(_) => Came::Fine(None),
    };
    sheet.0.insert(Check::Clock, came);
}

async fn forged(
    shared: &Arc<Shared>,
    (scenario, lane): (Arc<Scenario>, LaneId),
    sheet: &mut Sheet,
) {
    let entries = play::lane(shared, lane, scenario, None).await;
    let findings = judge_scenario(&shared.run, lane, &entries).map(|(_, findings)| findings);
    let outcome = match findings.unwrap_or_default().first() {
        None => stopped(&entries, Check::Forged),
        Some(finding) => Err(Miswired::new(
            Check::Forged,
            format!(
                "a payment.confirmed that was signed with another key had an effect: {}",
                finding.actual
            ),
            "switch verification on where the merchant is tested, as it is in production; if it \
             is on, `countersign run` says which check is missing",
        )),
    };
    sheet.came(Check::Forged, outcome);
}

/// Plays a whole payment; answers what was seen on the way.
async fn paid(
    shared: &Arc<Shared>,
    (scenario, lane): (Arc<Scenario>, LaneId),
) -> Result<String, Miswired> {
    let entries = play::lane(shared, lane, scenario, None).await;
    stopped(&entries, Check::Paid)?;
    let wrong = |problem: String, remedy: &str| Err(Miswired::new(Check::Paid, problem, remedy));
    let mut seen = Vec::new();
    for look in looks(&entries) {
        match &look.seen {
            Ok(observation) => seen.push(observation),
            Err(why) => {
                let problem =
                    format!("on its way to being paid, an order is not understood: {why}");
                let declared = shared.profile.observe.is_some();
                return wrong(problem, preflight::not_understood(declared));
            }
        }
    }
    let Some(last) = seen.last() else {
        return wrong("the order was never looked at".to_owned(), "start again, undisturbed");
    };
    let word = last.state.map_or("no order at all", |state| state.as_str());
    if last.state != Some(OrderState::Paid) {
        let problem = format!(
            "an order whose payment is settled shows `{word}`{}",
            refusals(&entries).map(|told| format!("; {told}")).unwrap_or_default()
        );
        let remedy = "look into what the merchant did with payment.confirmed; if the order is paid \
             there, put its word for that into lifecycle.paid";
        return wrong(problem, remedy);
    }
    if last.postings.as_ref().is_some_and(Vec::is_empty) {
        let problem = "the ledger shows nothing for an order that is paid and settled".to_owned();
        let remedy = "correct observe.ledger: where it looks, `each`, and `map.reference`, by which \
             orders are told apart";
        return wrong(problem, remedy);
    }
    if last.fulfilments == Some(0) {
        let problem = "an order that is paid and settled shows no fulfilment".to_owned();
        let remedy = "let observe.order.map.fulfilments point at what counts the goods that left, \
             or leave the line out where nothing does";
        return wrong(problem, remedy);
    }
    Ok(summary(&seen))
}

fn looks(entries: &[Entry]) -> impl Iterator<Item = &Observed> {
    entries.iter().filter_map(|entry| match &entry.fact {
        Fact::Observed(observed) => Some(&**observed),
        _ => None,
    })
}

/// Whether the scenario was played to its end.
fn stopped(entries: &[Entry], at: Check) -> Result<(), Miswired> {
    let ended = entries.iter().rev().find_map(|entry| match &entry.fact {
        Fact::ScenarioEnded(ended) => Some(ended),
        _ => None,
    });
    let (why, remedy) = match ended {
        Some(ScenarioEnded::Complete) => return Ok(()),
        Some(ScenarioEnded::Broken(why)) => (why.as_str(), "look into what the merchant said"),
        Some(ScenarioEnded::NotApplicable(why)) => (why.as_str(), "choose another profile"),
        Some(ScenarioEnded::NotTestable(why)) => (why.as_str(), "add that line"),
        Some(ScenarioEnded::MerchantDied(why)) => (why.as_str(), "look into why it died"),
        None => ("it was interrupted", "start again"),
    };
    Err(Miswired::new(at, format!("an order could not be followed to its end: {why}"), remedy))
}

/// The last genuine event that was not taken, where there is one.
fn refusals(entries: &[Entry]) -> Option<String> {
    entries.iter().rev().find_map(|entry| match &entry.fact {
        Fact::Attempted(attempt) if attempt.forgery.is_none() && !attempt.answer.is_taken() => {
            Some(format!("{} was answered {}", attempt.event_type, attempt.answer.tell()))
        }
        _ => None,
    })
}

/// `seen: awaiting, provisional, paid, 1 posting`.
fn summary(seen: &[&Observation]) -> String {
    let states: BTreeSet<OrderState> = seen.iter().filter_map(|look| look.state).collect();
    let mut words: Vec<String> = states.iter().map(|state| state.as_str().to_owned()).collect();
    if let Some(postings) = seen.last().and_then(|look| look.postings.as_ref()) {
        let plural = if postings.len() == 1 { "" } else { "s" };
        words.push(format!("{} posting{plural}", postings.len()));
    }
    format!("seen: {}", words.join(", "))
}
