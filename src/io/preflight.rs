//! Before anything is judged: is the merchant wired up at all? What fails here is a fault of the
//! configuration, and never looks like a finding.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;

use super::shared::Shared;
use super::{drive, probe};
use crate::history::{Answer, Drive, Fact};
use crate::model::{EventKind, LaneId, Money, PaymentId, Rail, Reference, Span, rail_by_id};
use crate::provider::Event;
use crate::run::Message;
use crate::scenario::Arrival;
use crate::signature;

/// How far ahead of the merchant's clock the second event is dated: scenarios skip days.
const AHEAD: Span = Span::from_s(3 * 86_400);
/// What the order of the preflight costs: above every rail's minimum.
const UNITS: u128 = 25;

/// The pause before a second try; each further one is twice as long.
const FIRST_PAUSE: Span = Span::from_ms(100);

/// What is wired wrongly, and what to do.
#[derive(Debug, thiserror::Error)]
#[error("{problem}\n  to do: {remedy}")]
pub struct Miswired {
    problem: String,
    remedy: String,
}

fn miswired(problem: impl Into<String>, remedy: impl Into<String>) -> Miswired {
    Miswired { problem: problem.into(), remedy: remedy.into() }
}

/// Opens one order and follows it as far as `payment.created`.
pub(super) async fn check(shared: &Arc<Shared>) -> Result<(), Miswired> {
    let rails = &shared.profile.provider.rails;
    let rail = rails.iter().find_map(|id| rail_by_id(id));
    let rail = rail.ok_or_else(|| miswired("no rail is enabled", "name one in provider.rails"))?;
    let unit = 10_u128.pow(u32::from(rail.asset.decimals));
    let due = Money { atoms: UNITS * unit, asset: rail.asset };
    let reference = shared.settings.reference(LaneId::RUN, 1);
    if shared.profile.drive.checkout.is_none() {
        return Err(miswired(
            "the merchant cannot be made to open an order",
            "declare drive.checkout: the request that opens an order and creates its payment",
        ));
    }
    let payment = check_out(shared, &reference, due, rail).await?;
    let (created, dated_ahead) = {
        let world = shared.world();
        let created = world.provider.events_of(&payment).into_iter().next();
        let ahead = world.clock(LaneId::RUN).plus(AHEAD);
        (created, world.provider.redated(&payment, EventKind::Created, ahead))
    };
    let created = created.ok_or_else(|| miswired("no payment.created", "report this"))?;
    let answer = deliver(shared, &created).await;
    if !answer.is_success() {
        return Err(refused(shared, &answer));
    }
    if let Some(event) = dated_ahead {
        let answer = deliver(shared, &event).await;
        if !answer.is_success() {
            return Err(miswired(
                format!(
                    "an authentic event whose body is dated three days ahead was answered {}, \
                     although the one dated now was accepted",
                    answer.tell()
                ),
                "scenarios skip days, so occurred_at runs ahead of your clock: compare the signed \
                 webhook-timestamp with the clock, not times of the body",
            ));
        }
    }
    look(shared, &reference).await
}

async fn check_out(
    shared: &Arc<Shared>,
    reference: &Reference,
    due: Money,
    rail: &'static Rail,
) -> Result<PaymentId, Miswired> {
    let mut values = BTreeMap::from([
        ("reference", reference.as_str().to_owned()),
        ("amount", due.short()),
        ("atoms", due.atoms.to_string()),
        ("asset", rail.asset.symbol.to_owned()),
        ("network", rail.network.to_owned()),
    ]);
    shared.merchant.add_values(&mut values);
    shared.world().own(reference.clone(), LaneId::RUN, due);
    shared.world().checking_out(LaneId::RUN, true);
    let reach = shared.merchant.reach();
    let answer = drive::drive(reach, &shared.profile, "checkout", &values).await;
    let told = match &answer {
        Answer::Http { status, body } => format!("{status} {body}"),
        Answer::Waited(_) | Answer::Failed(_) => answer.tell(),
    };
    let drive = Drive { verb: "checkout".to_owned(), reference: Some(reference.clone()), answer };
    let real_ms = shared.clock.now().real_ms;
    let mut world = shared.world();
    world.append(LaneId::RUN, Fact::Driven(drive), real_ms);
    world.checking_out(LaneId::RUN, false);
    let payment = world.provider.payments_of(reference).pop();
    drop(world);
    payment.ok_or_else(|| {
        miswired(
            format!(
                "the checkout created no payment with reference {reference} at the provider; the \
                 merchant answered: {told}"
            ),
            "check that drive.checkout opens an order, that the merchant calls {provider.url} with \
             {provider.api_key} (start.env), and that it passes its order's reference on",
        )
    })
}

/// Delivers as the provider would: whoever asks for a later try, or is not up yet, gets one.
async fn deliver(shared: &Arc<Shared>, event: &Event) -> Answer {
    let patience = shared.profile.policy.recover_within.to_duration();
    let deadline = tokio::time::Instant::now() + patience;
    let mut pause = FIRST_PAUSE;
    loop {
        let (answer, retry_after_s) = attempt(shared, event).await;
        let asks_again = matches!(answer, Answer::Http { status: 429 | 500..=599, .. });
        let asked = retry_after_s.map_or(pause, Span::from_s).to_duration();
        if !asks_again || tokio::time::Instant::now() + asked > deadline {
            return answer;
        }
        tokio::time::sleep(asked).await;
        pause = Span::from_ms(pause.ms().saturating_mul(2));
    }
}

/// One try, with the seconds that its answer asked to be left alone for.
async fn attempt(shared: &Arc<Shared>, event: &Event) -> (Answer, Option<u64>) {
    let settings = &shared.settings;
    let message = signature::Message {
        id: event.id.as_str(),
        ts: shared.clock.now().wall,
        url: &settings.webhook_url,
        method: "POST",
        body: &event.body,
    };
    let signed = match settings.scheme.sign(&settings.secret, &message) {
        Ok(signed) => signed,
        Err(error) => return (Answer::Failed(error.to_string()), None),
    };
    let mut headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    headers.extend(signed);
    let messages = [Message { headers, body: Bytes::clone(&event.body) }];
    let sent = shared.merchant.send(&messages, Arrival::InTurn).await;
    sent.into_iter().next().map_or_else(
        || (Answer::Failed("nothing was sent".into()), None),
        |sent| (sent.answer, sent.retry_after_s),
    )
}

fn refused(shared: &Arc<Shared>, answer: &Answer) -> Miswired {
    let url = &shared.settings.webhook_url;
    let (told, remedy) = match answer {
        Answer::Http { status: 404 | 405, .. } => {
            (answer.tell(), "correct merchant.webhook.path: nothing takes a POST there")
        }
        Answer::Http { status: 400 | 401 | 403, .. } => (
            answer.tell(),
            "check that the merchant verifies with {webhook.secret} (start.env, or \
             provider.webhook_secret), over the raw body, with the scheme of \
             merchant.webhook.signature, and that its clock is right",
        ),
        Answer::Http { .. } => (
            answer.tell(),
            "look into what the merchant said: merchant.log beside the history, where \
              countersign started it",
        ),
        Answer::Waited(_) | Answer::Failed(_) => {
            (answer.tell(), "check merchant.base_url and that it listens")
        }
    };
    miswired(
        format!("the genuine payment.created of a fresh order was answered {told} at {url}"),
        remedy,
    )
}

async fn look(shared: &Arc<Shared>, reference: &Reference) -> Result<(), Miswired> {
    let declared = shared.profile.observe.is_some();
    let seen = probe::observe(shared.merchant.reach(), &shared.profile, reference).await;
    match seen {
        Ok(seen) if seen.state.is_some() => Ok(()),
        Ok(_) => Err(miswired(
            format!("the merchant shows no order {reference} although it was just opened"),
            if declared {
                "correct observe.order: its path, or what it answers"
            } else {
                "answer GET /countersign/orders/{reference} as the observation contract says, or \
                 declare `observe`"
            },
        )),
        Err(why) => Err(miswired(
            format!("what the merchant shows of order {reference} is not understood: {why}"),
            if declared {
                "correct observe and lifecycle in countersign.yaml"
            } else {
                "correct the answer to GET /countersign/orders/{reference}"
            },
        )),
    }
}
