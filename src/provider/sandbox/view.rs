//! What an operator sees of a sandbox, as JSON: payments with their timelines, events, deliveries
//! with each attempt's request and answer.
//!
//! Reads, changes nothing. Payments look as they do on the merchants' side. How a request was
//! signed is told by the caller, who has the key.

use serde::Serialize;
use serde_json::value::RawValue;

use crate::model::{EventId, PaymentId, SimTime};
use crate::provider::payment::{Announcement, Payment};
use crate::provider::wire::{self, PaymentForm};
use crate::provider::{Event, event};

use super::Sandbox;
use super::delivery::{Attempt, Reply, Standing};

/// How the request of an attempt read that was signed at that instant: its headers.
pub type Signing<'a> = &'a dyn Fn(&Event, SimTime) -> Vec<(String, String)>;

/// The sandbox as a whole.
#[derive(Serialize)]
struct StatusForm<'a> {
    now: SimTime,
    ahead_ms: u64,
    account: &'a str,
    livemode: bool,
    rails: Vec<&'static str>,
    /// Whether there is a place for deliveries, and whether it takes any.
    endpoint: &'static str,
    holding: bool,
    payments: usize,
    events: usize,
    deliveries: usize,
}

#[derive(Serialize)]
struct ListForm<T> {
    data: Vec<T>,
    has_more: bool,
}

/// One payment with all that happened to it.
#[derive(Serialize)]
struct DetailForm<'a> {
    payment: PaymentForm<'a>,
    /// What covers it, in the rail's asset, and what confirms it.
    missing: MissingForm,
    events: Vec<EventForm<'a>>,
}

#[derive(Serialize)]
struct MissingForm {
    amount: String,
    confirmations: u32,
}

#[derive(Serialize)]
struct EventForm<'a> {
    id: &'a str,
    #[serde(rename = "type")]
    type_name: &'static str,
    occurred_at: SimTime,
    body: Box<RawValue>,
    /// None for what was announced while there was no endpoint.
    delivery: Option<DeliveryForm<'a>>,
}

#[derive(Serialize)]
struct DeliveryForm<'a> {
    standing: Standing,
    next_attempt_at: Option<SimTime>,
    attempts: Vec<AttemptForm<'a>>,
}

#[derive(Serialize)]
struct AttemptForm<'a> {
    signed_at: SimTime,
    took_ms: u64,
    request_headers: Vec<(String, String)>,
    #[serde(flatten)]
    reply: ReplyForm<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum ReplyForm<'a> {
    Http { status: u16, body: &'a str },
    Failed { failed: &'a str },
}

/// A delivery in the list of all.
#[derive(Serialize)]
struct ListedForm<'a> {
    event: &'a str,
    #[serde(rename = "type")]
    type_name: &'static str,
    /// None for an event that is about no payment.
    payment: Option<&'a str>,
    #[serde(flatten)]
    delivery: DeliveryForm<'a>,
}

impl Sandbox {
    /// The sandbox as a whole, when the wall clock shows this.
    #[must_use]
    pub fn status_json(&self, wall: SimTime) -> Vec<u8> {
        let provider = &self.provider;
        wire::to_bytes(&StatusForm {
            now: self.clock(wall),
            ahead_ms: self.ahead.ms(),
            account: &provider.account.id,
            livemode: provider.account.live,
            rails: provider.rails.iter().map(|rail| rail.id).collect(),
            endpoint: match (self.deliveries.endpoint, self.deliveries.is_disabled()) {
                (false, _) => "none",
                (true, false) => "enabled",
                (true, true) => "disabled",
            },
            holding: self.deliveries.holding,
            payments: provider.payments.len(),
            events: provider.events.len(),
            deliveries: self.deliveries.count(),
        })
    }

    /// Payments, the newest first: those before this one, at most so many.
    #[must_use]
    pub fn payments_json(&self, before: Option<&str>, limit: usize) -> Vec<u8> {
        let payments = &self.provider.payments;
        let end = match before {
            Some(id) => payments.partition_point(|payment| payment.id.as_str() < id),
            None => payments.len(),
        };
        let wanted = payments[..end].iter().rev().take(limit);
        let data = wanted.map(|payment| self.payment_form(payment)).collect();
        wire::to_bytes(&ListForm { data, has_more: end > limit })
    }

    /// One payment with its events and deliveries.
    #[must_use]
    pub fn payment_json(&self, id: &PaymentId, signing: Signing<'_>) -> Option<Vec<u8>> {
        let payment = self.provider.get(id)?;
        let (due, received) = (payment.terms.due(), payment.received());
        let missing = due.less(received).unwrap_or(due);
        let events = payment.said.iter().map(|said| self.event_form(payment, said, signing));
        Some(wire::to_bytes(&DetailForm {
            payment: self.payment_form(payment),
            missing: MissingForm {
                amount: missing.amount(),
                confirmations: self.provider.confirmations_missing(id),
            },
            events: events.collect(),
        }))
    }

    /// Deliveries, the newest event first: those before this event, at most so many.
    #[must_use]
    pub fn deliveries_json(
        &self,
        before: Option<&str>,
        limit: usize,
        signing: Signing<'_>,
    ) -> Vec<u8> {
        let provider = &self.provider;
        let events = provider.events.iter().rev().copied();
        let events = events.map(|place| (place, provider.event_id(place)));
        let earlier = events.skip_while(|(_, id)| before.is_some_and(|end| id.as_str() >= end));
        let mut forms = earlier.filter_map(|(place, id)| {
            Some(ListedForm {
                event: id.as_str(),
                type_name: provider.event_type(place),
                payment: provider.payment_at(place).map(|payment| payment.id.as_str()),
                delivery: self.delivery_form(id, || provider.event_at(place), signing)?,
            })
        });
        let data: Vec<_> = forms.by_ref().take(limit).collect();
        let has_more = forms.next().is_some();
        wire::to_bytes(&ListForm { data, has_more })
    }

    fn payment_form<'a>(&'a self, payment: &'a Payment) -> PaymentForm<'a> {
        let view = payment.view(self.provider.chains.height(payment));
        wire::payment(&self.provider.account, payment, &view)
    }

    fn event_form<'a>(
        &'a self,
        payment: &'a Payment,
        said: &'a Announcement,
        signing: Signing<'_>,
    ) -> EventForm<'a> {
        let form = event::form(&self.provider.account, payment, said);
        EventForm {
            id: said.id.as_str(),
            type_name: event::type_name(said),
            occurred_at: said.occurred_at,
            body: serde_json::value::to_raw_value(&form).expect("our own forms have text keys"),
            delivery: self.delivery_form(
                &said.id,
                || event::render(&self.provider.account, payment, said),
                signing,
            ),
        }
    }

    fn delivery_form<'a>(
        &'a self,
        id: &EventId,
        event: impl FnOnce() -> Event,
        signing: Signing<'_>,
    ) -> Option<DeliveryForm<'a>> {
        let (delivery, standing, next_attempt_at) = self.deliveries.get(id)?;
        let event = event();
        let attempts = delivery.attempts.iter();
        let attempts = attempts.map(|attempt| attempt_form(attempt, &event, signing)).collect();
        Some(DeliveryForm { standing, next_attempt_at, attempts })
    }
}

fn attempt_form<'a>(attempt: &'a Attempt, event: &Event, signing: Signing<'_>) -> AttemptForm<'a> {
    AttemptForm {
        signed_at: attempt.signed_at,
        took_ms: attempt.took_ms,
        request_headers: signing(event, attempt.signed_at),
        reply: match &attempt.reply {
            Reply::Http { status, body } => ReplyForm::Http { status: *status, body },
            Reply::Failed(failed) => ReplyForm::Failed { failed },
        },
    }
}
