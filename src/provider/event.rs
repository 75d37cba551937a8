//! Events: the envelope around a payment, as bytes that are signed and sent.
//!
//! A body is rendered from the record and the view that the announcement kept, the same bytes each
//! time. Knows nothing of deliveries, signatures or endpoints.

use std::borrow::Cow;

use bytes::Bytes;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::model::{
    AccountEventKind, EndpointId, EventId, EventKind, PaymentId, Reference, SimTime,
};

use super::api::HeadForm;
use super::endpoint::Trial;
use super::misstatement::Ready;
use super::payment::{Announcement, Payment, View};
use super::payout::{Payout, PayoutForm};
use super::profile::Sequence;
use super::shape;
use super::told::{Told, told};
use super::wire::{self, Account, DisputeForm, PaymentForm, RefundForm};

pub(super) const API_VERSION: &str = "2026-01-01";

/// The type that no merchant can know.
const UNKNOWN_TYPE: &str = "payment.annotated";

/// One event, ready to be signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Unique per occurrence, the same in every attempt.
    pub id: EventId,
    /// The id that its receiver reads: the same, unless the profile has another form for it.
    pub wire_id: String,
    /// Such as `payment.confirmed`, whatever word the profile has for it.
    pub type_name: String,
    /// What it announces of a payment; none for a type that the contract does not have, and for
    /// what is about no payment.
    pub kind: Option<EventKind>,
    /// What it is about.
    pub subject: EventSubject,
    /// Strictly increases within a subject.
    pub occurred_at: SimTime,
    /// Headers that the profile adds.
    pub headers: Vec<(String, String)>,
    /// The exact bytes.
    pub body: Bytes,
}

/// What an event is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventSubject {
    /// A payment, and the order that it is for.
    Payment(PaymentId, Reference),
    /// A payout, such as `pyt_01J8Z3HY5M0000000000000000`.
    Payout(String),
    /// The statement of a rail and day, such as `stm_2026-01-05_USDT-tron`.
    Statement(String),
    /// An endpoint that is tried out, and nobody else's business.
    Endpoint(EndpointId),
}

impl Event {
    /// The payment that it is about.
    #[must_use]
    pub const fn payment(&self) -> Option<&PaymentId> {
        match &self.subject {
            EventSubject::Payment(payment, _) => Some(payment),
            EventSubject::Payout(_) | EventSubject::Statement(_) | EventSubject::Endpoint(_) => {
                None
            }
        }
    }

    /// The same fact under another id.
    pub(super) fn renamed(&self, id: EventId) -> Self {
        // The id is the first text in the envelope that we wrote ourselves.
        let body = String::from_utf8_lossy(&self.body).replacen(self.id.as_str(), id.as_str(), 1);
        let wire_id = self.wire_id.replace(self.id.as_str(), id.as_str());
        Self { id, wire_id, body: body.into(), ..self.clone() }
    }
}

/// What happened, as it is delivered and listed. Unknown types and fields are to be ignored.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Event")]
pub(super) struct EventForm<'a> {
    #[schemars(with = "shape::EventId")]
    pub id: Cow<'a, str>,
    /// Such as `payment.confirmed`.
    #[serde(rename = "type")]
    type_name: &'a str,
    /// The version of this form.
    api_version: &'static str,
    #[schemars(with = "shape::AccountId")]
    account: &'a str,
    /// Whether this is about real money.
    livemode: bool,
    created_at: SimTime,
    /// Strictly increases within a subject: what orders its events, whatever order they come in.
    occurred_at: SimTime,
    #[serde(skip_serializing_if = "Option::is_none")]
    sequence: Option<usize>,
    subject: SubjectForm<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<DataForm<'a>>,
}

/// What the event is about.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Subject")]
struct SubjectForm<'a> {
    kind: &'static str,
    id: &'a str,
}

/// What is about to be seen there: the whole payment or payout as it was then, and what the event is
/// about beside it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "EventData")]
pub(super) struct DataForm<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    payment: Option<PaymentForm<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payout: Option<PayoutForm<'a>>,
    /// Without its lines.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<HeadForm>")]
    statement: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refund: Option<RefundForm<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dispute: Option<DisputeForm<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<shape::Unknown>")]
    annotation: Option<AnnotationForm>,
}

/// Fields that a merchant cannot know, nested, with the names of fields that it does know: one
/// that searches a body by name takes the wrong ones.
#[derive(Serialize)]
struct AnnotationForm {
    text: &'static str,
    labels: [&'static str; 2],
    context: ContextForm,
}

#[derive(Serialize)]
struct ContextForm {
    status: &'static str,
    amount: Option<&'static str>,
    score: u32,
}

const ANNOTATION: AnnotationForm = AnnotationForm {
    text: "reviewed",
    labels: ["routine", "näher geprüft"],
    context: ContextForm { status: "closed", amount: None, score: 12 },
};

/// The type, in the contract's words.
pub(super) fn type_name(said: &Announcement) -> &'static str {
    said.kind.map_or(UNKNOWN_TYPE, EventKind::as_str)
}

/// The type on the wire.
pub(super) fn wire_type<'a>(account: &'a Account, said: &Announcement) -> &'a str {
    said.kind.map_or(UNKNOWN_TYPE, |kind| account.profile.events.names.event(kind))
}

/// The envelope as it was when it was announced.
pub(super) fn form<'a>(
    account: &'a Account,
    payment: &'a Payment,
    said: &'a Announcement,
) -> EventForm<'a> {
    form_as(account, (payment, said), &said.view, said.occurred_at)
}

/// The envelope with the payment as it was at that view.
fn form_as<'a>(
    account: &'a Account,
    (payment, said): (&'a Payment, &'a Announcement),
    view: &View,
    created_at: SimTime,
) -> EventForm<'a> {
    EventForm {
        id: said.id.as_str().into(),
        type_name: wire_type(account, said),
        api_version: API_VERSION,
        account: &account.id,
        livemode: account.live,
        created_at,
        occurred_at: said.occurred_at,
        sequence: sequence(account, payment, said),
        subject: SubjectForm { kind: "payment", id: payment.id.as_str() },
        data: Some(DataForm {
            payment: Some(wire::payment(account, payment, view)),
            payout: None,
            statement: None,
            refund: refund(payment, said),
            dispute: dispute(payment, said),
            annotation: said.kind.is_none().then_some(ANNOTATION),
        }),
    }
}

/// How many events of the payment there were with this one, where the profile counts them.
fn sequence(account: &Account, payment: &Payment, said: &Announcement) -> Option<usize> {
    match account.profile.events.sequence {
        Sequence::Stripped => None,
        Sequence::Sent => {
            let before = payment.said.iter().position(|other| other.id == said.id);
            Some(before.unwrap_or(payment.said.len()) + 1)
        }
    }
}

/// The refund that the event is about: the one that made the last step.
fn refund<'a>(payment: &'a Payment, said: &Announcement) -> Option<RefundForm<'a>> {
    let kinds = [EventKind::RefundCreated, EventKind::RefundCompleted, EventKind::RefundFailed];
    let _ = said.kind.filter(|kind| kinds.contains(kind))?;
    let steps = said.view.refund_steps;
    let (at, status, _) = *payment.refunds.steps[..steps].last()?;
    Some(wire::refund(payment, (&payment.refunds.all[at], status)))
}

/// The dispute that the event is about.
fn dispute<'a>(payment: &'a Payment, said: &Announcement) -> Option<DisputeForm<'a>> {
    let kinds = [EventKind::DisputeOpened, EventKind::DisputeWon, EventKind::DisputeLost];
    let _ = said.kind.filter(|kind| kinds.contains(kind))?;
    wire::dispute(payment, &said.view)
}

/// The event with its bytes.
pub(super) fn render(account: &Account, payment: &Payment, said: &Announcement) -> Event {
    render_as(account, (payment, said), &said.view, said.occurred_at)
}

/// The event with the payment as it was at that view.
pub(super) fn render_as(
    account: &Account,
    (payment, said): (&Payment, &Announcement),
    view: &View,
    created_at: SimTime,
) -> Event {
    let form = form_as(account, (payment, said), view, created_at);
    let Told { id, headers, body } = told(&account.profile, form);
    Event {
        id: said.id.clone(),
        wire_id: id,
        type_name: type_name(said).to_owned(),
        kind: said.kind,
        subject: EventSubject::Payment(payment.id.clone(), payment.terms.reference.clone()),
        occurred_at: said.occurred_at,
        headers,
        body,
    }
}

/// The envelope of what befell a payout at this step.
pub(super) fn payout_form<'a>(
    account: &'a Account,
    payout: &'a Payout,
    step: usize,
) -> EventForm<'a> {
    let said = &payout.steps[step];
    EventForm {
        id: said.event.as_str().into(),
        type_name: payout.kind(step).as_str(),
        api_version: API_VERSION,
        account: &account.id,
        livemode: account.live,
        created_at: said.at,
        occurred_at: said.at,
        sequence: None,
        subject: SubjectForm { kind: "payout", id: &payout.id },
        data: Some(DataForm {
            payment: None,
            payout: Some(payout.form(step)),
            statement: None,
            refund: None,
            dispute: None,
            annotation: None,
        }),
    }
}

/// That event with its bytes.
pub(super) fn render_payout(account: &Account, payout: &Payout, step: usize) -> Event {
    let said = &payout.steps[step];
    let Told { id, headers, body } = told(&account.profile, payout_form(account, payout, step));
    Event {
        id: said.event.clone(),
        wire_id: id,
        type_name: payout.kind(step).as_str().to_owned(),
        kind: None,
        subject: EventSubject::Payout(payout.id.clone()),
        occurred_at: said.at,
        headers,
        body,
    }
}

/// The envelope of a statement that is ready.
pub(super) fn statement_form<'a>(account: &'a Account, ready: &'a Ready) -> EventForm<'a> {
    EventForm {
        id: ready.event.as_str().into(),
        type_name: AccountEventKind::StatementReady.as_str(),
        api_version: API_VERSION,
        account: &account.id,
        livemode: account.live,
        created_at: ready.at,
        occurred_at: ready.at,
        sequence: None,
        subject: SubjectForm { kind: "statement", id: &ready.id },
        data: Some(DataForm {
            payment: None,
            payout: None,
            statement: Some(&ready.head),
            refund: None,
            dispute: None,
            annotation: None,
        }),
    }
}

/// That event with its bytes.
pub(super) fn render_statement(account: &Account, ready: &Ready) -> Event {
    let Told { id, headers, body } = told(&account.profile, statement_form(account, ready));
    Event {
        id: ready.event.clone(),
        wire_id: id,
        type_name: AccountEventKind::StatementReady.as_str().to_owned(),
        kind: None,
        subject: EventSubject::Statement(ready.id.clone()),
        occurred_at: ready.at,
        headers,
        body,
    }
}

/// The envelope that tries an endpoint out: there is nothing in it.
pub(super) fn trial_form<'a>(account: &'a Account, trial: &'a Trial) -> EventForm<'a> {
    EventForm {
        id: trial.event.as_str().into(),
        type_name: EventKind::Test.as_str(),
        api_version: API_VERSION,
        account: &account.id,
        livemode: account.live,
        created_at: trial.at,
        occurred_at: trial.at,
        sequence: None,
        subject: SubjectForm { kind: "webhook_endpoint", id: trial.endpoint.as_str() },
        data: Some(DataForm {
            payment: None,
            payout: None,
            statement: None,
            refund: None,
            dispute: None,
            annotation: None,
        }),
    }
}

/// That event with its bytes.
pub(super) fn render_trial(account: &Account, trial: &Trial) -> Event {
    let Told { id, headers, body } = told(&account.profile, trial_form(account, trial));
    Event {
        id: trial.event.clone(),
        wire_id: id,
        type_name: EventKind::Test.as_str().to_owned(),
        kind: None,
        subject: EventSubject::Endpoint(trial.endpoint.clone()),
        occurred_at: trial.at,
        headers,
        body,
    }
}
