//! Events: the envelope around a payment, as bytes that are signed and sent.
//!
//! A body is rendered from the record and the view that the announcement kept, the same bytes each
//! time. Knows nothing of deliveries, signatures or endpoints.

use bytes::Bytes;
use serde::Serialize;

use crate::model::{EventId, EventKind, PaymentId, Reference, SimTime};

use super::payment::{Announcement, Payment};
use super::payout::{Payout, PayoutForm};
use super::wire::{self, Account, DisputeForm, PaymentForm, RefundForm};

const API_VERSION: &str = "2026-01-01";

/// The type that no merchant can know.
const UNKNOWN_TYPE: &str = "payment.annotated";

/// One event, ready to be signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Unique per occurrence, the same in every attempt.
    pub id: EventId,
    /// Such as `payment.confirmed`.
    pub type_name: String,
    /// What it announces of a payment; none for a type that the contract does not have, and for
    /// what is about no payment.
    pub kind: Option<EventKind>,
    /// What it is about.
    pub subject: EventSubject,
    /// Strictly increases within a subject.
    pub occurred_at: SimTime,
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
}

impl Event {
    /// The payment that it is about.
    #[must_use]
    pub const fn payment(&self) -> Option<&PaymentId> {
        match &self.subject {
            EventSubject::Payment(payment, _) => Some(payment),
            EventSubject::Payout(_) => None,
        }
    }

    /// The same fact under another id.
    pub(super) fn renamed(&self, id: EventId) -> Self {
        // The id is the first text in the envelope that we wrote ourselves.
        let body = String::from_utf8_lossy(&self.body).replacen(self.id.as_str(), id.as_str(), 1);
        Self { id, body: body.into(), ..self.clone() }
    }
}

/// The envelope on the wire.
#[derive(Serialize)]
pub(super) struct EventForm<'a> {
    id: &'a str,
    #[serde(rename = "type")]
    type_name: &'static str,
    api_version: &'static str,
    account: &'a str,
    livemode: bool,
    created_at: SimTime,
    occurred_at: SimTime,
    subject: SubjectForm<'a>,
    data: DataForm<'a>,
}

#[derive(Serialize)]
struct SubjectForm<'a> {
    kind: &'static str,
    id: &'a str,
}

#[derive(Serialize)]
struct DataForm<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    payment: Option<PaymentForm<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payout: Option<PayoutForm<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refund: Option<RefundForm<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dispute: Option<DisputeForm<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
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

/// The type on the wire.
pub(super) fn type_name(said: &Announcement) -> &'static str {
    said.kind.map_or(UNKNOWN_TYPE, EventKind::as_str)
}

/// The envelope as it was when it was announced.
pub(super) fn form<'a>(
    account: &'a Account,
    payment: &'a Payment,
    said: &'a Announcement,
) -> EventForm<'a> {
    EventForm {
        id: said.id.as_str(),
        type_name: type_name(said),
        api_version: API_VERSION,
        account: &account.id,
        livemode: account.live,
        created_at: said.occurred_at,
        occurred_at: said.occurred_at,
        subject: SubjectForm { kind: "payment", id: payment.id.as_str() },
        data: DataForm {
            payment: Some(wire::payment(account, payment, &said.view)),
            payout: None,
            refund: refund(payment, said),
            dispute: dispute(payment, said),
            annotation: said.kind.is_none().then_some(ANNOTATION),
        },
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
    Event {
        id: said.id.clone(),
        type_name: type_name(said).to_owned(),
        kind: said.kind,
        subject: EventSubject::Payment(payment.id.clone(), payment.terms.reference.clone()),
        occurred_at: said.occurred_at,
        body: wire::to_bytes(&form(account, payment, said)).into(),
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
        id: said.event.as_str(),
        type_name: payout.kind(step).as_str(),
        api_version: API_VERSION,
        account: &account.id,
        livemode: account.live,
        created_at: said.at,
        occurred_at: said.at,
        subject: SubjectForm { kind: "payout", id: &payout.id },
        data: DataForm {
            payment: None,
            payout: Some(payout.form(step)),
            refund: None,
            dispute: None,
            annotation: None,
        },
    }
}

/// That event with its bytes.
pub(super) fn render_payout(account: &Account, payout: &Payout, step: usize) -> Event {
    let said = &payout.steps[step];
    Event {
        id: said.event.clone(),
        type_name: payout.kind(step).as_str().to_owned(),
        kind: None,
        subject: EventSubject::Payout(payout.id.clone()),
        occurred_at: said.at,
        body: wire::to_bytes(&payout_form(account, payout, step)).into(),
    }
}
