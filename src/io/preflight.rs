//! Before anything is judged: is the merchant wired up at all? What fails here is a fault of the
//! configuration, and never looks like a finding.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::shared::Shared;
use super::wiring::{Check, Miswired};
use super::{drive, probe, refusal};
use crate::history::{Answer, ApiCall, Drive, Fact};
use crate::merchant::Start;
use crate::model::{EventKind, LaneId, Money, PaymentId, Rail, Reference, Span, rail_by_id};
use crate::provider::Event;
use crate::run::Message;
use crate::scenario::Arrival;
use crate::signature::{self, Signed};

/// How far ahead of the merchant's clock the second event is dated: scenarios skip days.
const AHEAD: Span = Span::from_s(3 * 86_400);
/// What the order of the preflight costs: above every rail's minimum.
const UNITS: u128 = 25;

/// The pause before a second try; each further one is twice as long.
const FIRST_PAUSE: Span = Span::from_ms(100);

/// The order that the preflight opened.
pub(super) struct Opened {
    pub(super) reference: Reference,
    payment: PaymentId,
}

/// Opens one order and follows it as far as `payment.created`.
pub(super) async fn check(shared: &Arc<Shared>) -> Result<(), Miswired> {
    let opened = open(shared).await?;
    genuine(shared, &opened).await?;
    ahead(shared, &opened).await?;
    look(shared, &opened.reference).await
}

/// A checkout makes the merchant create a payment that is tied to the order.
pub(super) async fn open(shared: &Arc<Shared>) -> Result<Opened, Miswired> {
    let wrong = |problem: &str, remedy| Miswired::new(Check::Reached, problem, remedy);
    let rails = &shared.profile.provider.rails;
    let rail = rails.iter().find_map(|id| rail_by_id(id));
    let rail = rail.ok_or_else(|| wrong("no rail is enabled", "name one in provider.rails"))?;
    let unit = 10_u128.pow(u32::from(rail.asset.decimals));
    let due = Money { atoms: UNITS * unit, asset: rail.asset };
    let reference = shared.settings.reference(LaneId::RUN, 1);
    if !shared.profile.drive.has("checkout") {
        return Err(wrong(
            "the merchant cannot be made to open an order",
            "declare drive.checkout: the request that opens an order and creates its payment",
        ));
    }
    let (answer, calls) = check_out(shared, &reference, due, rail).await;
    let payment = shared.world().provider.payments_of(&reference).pop();
    match payment {
        Some(payment) => Ok(Opened { reference, payment }),
        None => Err(not_created(shared, &reference, &answer, &calls)),
    }
}

/// Drives the checkout; answers what the merchant said, and what it asked the provider meanwhile.
async fn check_out(
    shared: &Arc<Shared>,
    reference: &Reference,
    due: Money,
    rail: &'static Rail,
) -> (Answer, Vec<ApiCall>) {
    let values = BTreeMap::from([
        ("reference", reference.as_str().to_owned()),
        ("amount", due.short()),
        ("atoms", due.atoms.to_string()),
        ("asset", rail.asset.symbol.to_owned()),
        ("network", rail.network.to_owned()),
    ]);
    {
        let mut world = shared.world();
        world.own(reference.clone(), LaneId::RUN, due);
        let now = world.clock(LaneId::RUN);
        world.enter(LaneId::RUN, now);
        world.checking_out(LaneId::RUN, true);
    }
    let hands = shared.merchant.hands();
    let answer = drive::drive(hands, &shared.profile, "checkout", &values).await;
    let (verb, reference) = ("checkout".to_owned(), Some(reference.clone()));
    let drive = Drive { verb, reference, answer: answer.clone() };
    let real_ms = shared.clock.now().real_ms;
    let mut world = shared.world();
    world.append(LaneId::RUN, Fact::Driven(drive), real_ms);
    let calls = world.leave(LaneId::RUN).into_iter().filter_map(|entry| match entry.fact {
        Fact::ApiCalled(call) => Some(*call),
        _ => None,
    });
    (answer, calls.collect())
}

/// Why a checkout led to no payment of its order.
fn not_created(
    shared: &Shared,
    reference: &Reference,
    answer: &Answer,
    calls: &[ApiCall],
) -> Miswired {
    let told = match answer {
        Answer::Http { status, body } => format!("{status} {body}"),
        Answer::Ran(said) => format!("done {said}"),
        Answer::Waited(_) | Answer::Failed(_) => answer.tell(),
    };
    let start = shared.profile.start.as_ref();
    let none = format!("the checkout created no payment with reference {reference}");
    let made = calls.iter().rev().find(|call| call.method == "POST" && call.status < 300);
    let other = made.and_then(|call| shared.world().provider.reference_of(call.payment.as_ref()?));
    if let Some(other) = other {
        let problem = format!("{none}, but one with reference `{other}`");
        let remedy = "pass the order's own reference on to the provider, as drive.checkout hands \
             it over in {reference}";
        return Miswired::new(Check::Reference, problem, remedy);
    }
    let Some(call) = calls.last() else {
        let problem = format!("{none}, and did not call it; the merchant answered: {told}");
        return Miswired::new(Check::Reached, problem, no_call_remedy(answer, start));
    };
    let asked = format!("{} {}", call.method, call.path);
    let response = &call.response;
    let problem = format!("{none}: {asked} was answered {} {response}", call.status);
    let (at, remedy) = match call.status {
        401 | 403 if lacks(start, "provider.api_key") => {
            (Check::Reached, "hand {provider.api_key} to the merchant in merchant.start.env")
        }
        401 | 403 => (
            Check::Reached,
            "the merchant's key must be {provider.api_key} of merchant.start.env, or \
             provider.api_key where it runs already",
        ),
        404 | 405 => (
            Check::Reached,
            "{provider.url} is the address alone: payments are created by POST to \
             {provider.url}/v1/payments",
        ),
        _ => (
            Check::Created,
            "correct what the merchant asks for, as the answer says; rails are enabled in \
             provider.rails",
        ),
    };
    Miswired::new(at, problem, remedy)
}

/// What to do about a checkout after which the provider was not called.
fn no_call_remedy(answer: &Answer, start: Option<&Start>) -> &'static str {
    match answer {
        Answer::Http { status: 404 | 405, .. } => {
            "correct drive.checkout: nothing takes this request there"
        }
        Answer::Http { status: 401 | 403, .. } => {
            "let drive.checkout bring what this request needs, such as a header with a token"
        }
        Answer::Http { status: 300..=399, .. } => {
            "correct the path of drive.checkout: redirects are not followed (often a slash is \
             missing at its end, or a login stands before it)"
        }
        _ if lacks(start, "provider.url") => {
            "hand {provider.url} to the merchant in merchant.start.env"
        }
        _ => {
            "check that drive.checkout opens an order, and that the merchant can reach \
             {provider.url} (merchant.start.env; provider.listen where it runs already or \
             elsewhere)"
        }
    }
}

/// Whether the merchant is started by us without being handed this value.
pub(super) fn lacks(start: Option<&Start>, placeholder: &str) -> bool {
    let Some(start) = start else { return false };
    let named = format!("{{{placeholder}}}");
    let texts = start.env.values().chain(&start.command).chain(start.prepare.iter().flatten());
    !texts.into_iter().any(|text| text.contains(&named))
}

/// The genuine `payment.created` of the order is accepted.
pub(super) async fn genuine(shared: &Arc<Shared>, opened: &Opened) -> Result<(), Miswired> {
    let created = shared.world().provider.events_of(&opened.payment).into_iter().next();
    // A provider that does not announce it leaves nothing to try the endpoint with.
    let Some(created) = created else { return Ok(()) };
    let answer = deliver(shared, &created).await;
    if answer.is_success() {
        Ok(())
    } else {
        Err(refusal::explain(shared, &created, &answer).await)
    }
}

/// So is one whose body is dated days ahead.
pub(super) async fn ahead(shared: &Arc<Shared>, opened: &Opened) -> Result<(), Miswired> {
    let event = {
        let world = shared.world();
        let ahead = world.clock(LaneId::RUN).plus(AHEAD);
        world.provider.redated(&opened.payment, EventKind::Created, ahead)
    };
    let Some(event) = event else { return Ok(()) };
    let answer = deliver(shared, &event).await;
    if answer.is_success() {
        return Ok(());
    }
    Err(Miswired::new(
        Check::Ahead,
        format!(
            "an authentic event whose body is dated three days ahead was answered {}, although \
             the one dated now was accepted",
            answer.tell()
        ),
        "scenarios skip days, so occurred_at runs ahead of your clock: compare the signed \
         webhook-timestamp with the clock, not times of the body",
    ))
}

/// Delivers as the provider would: whoever asks for a later try, or is not up yet, gets one.
async fn deliver(shared: &Arc<Shared>, event: &Event) -> Answer {
    let patience = shared.profile.policy.recover_within.to_duration();
    let deadline = tokio::time::Instant::now() + patience;
    let mut pause = FIRST_PAUSE;
    loop {
        let message = message(shared, event);
        let signed = shared.settings.scheme.sign(&shared.settings.secret, &message);
        let (answer, retry_after_s) = match signed {
            Ok(signed) => attempt(shared, signed.with_headers(&event.headers)).await,
            Err(error) => (Answer::Failed(error.to_string()), None),
        };
        let asks_again = matches!(answer, Answer::Http { status: 429 | 500..=599, .. });
        let asked = retry_after_s.map_or(pause, Span::from_s).to_duration();
        if !asks_again || tokio::time::Instant::now() + asked > deadline {
            return answer;
        }
        tokio::time::sleep(asked).await;
        pause = Span::from_ms(pause.ms().saturating_mul(2));
    }
}

/// The event as it is signed now.
pub(super) fn message<'m>(shared: &'m Shared, event: &'m Event) -> signature::Message<'m> {
    signature::Message {
        id: &event.wire_id,
        ts: shared.clock.now().wall,
        url: &shared.settings.webhook_url,
        method: "POST",
        body: &event.body,
    }
}

/// One try, with the seconds that its answer asked to be left alone for.
pub(super) async fn attempt(shared: &Shared, signed: Signed) -> (Answer, Option<u64>) {
    let messages = [Message { headers: signed.headers, body: signed.body.into() }];
    let sent = shared.merchant.send(&messages, Arrival::InTurn).await;
    sent.into_iter().next().map_or_else(
        || (Answer::Failed("nothing was sent".into()), None),
        |sent| (sent.answer, sent.retry_after_s),
    )
}

/// What the merchant shows of the order can be understood.
pub(super) async fn look(shared: &Arc<Shared>, reference: &Reference) -> Result<(), Miswired> {
    let declared = shared.profile.observe.is_some();
    let seen = probe::observe(shared.merchant.hands(), &shared.profile, reference).await;
    let wrong = |problem, remedy| Err(Miswired::new(Check::Shown, problem, remedy));
    match seen {
        Ok(seen) if seen.state.is_some() => Ok(()),
        Ok(_) => wrong(
            format!("the merchant shows no order {reference} although it was just opened"),
            if declared {
                "correct observe.order: its path, or what it answers"
            } else {
                "answer GET /countersign/orders/{reference} as the observation contract says, or \
                 declare `observe`"
            },
        ),
        Err(why) => wrong(
            format!("what the merchant shows of order {reference} is not understood: {why}"),
            not_understood(declared),
        ),
    }
}

/// What to do about an answer of a probe that is not understood.
pub(super) const fn not_understood(is_declared: bool) -> &'static str {
    if is_declared {
        "correct observe and lifecycle in countersign.yaml"
    } else {
        "correct the answer to GET /countersign/orders/{reference}"
    }
}
