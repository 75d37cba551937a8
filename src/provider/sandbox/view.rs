//! What an operator sees of a sandbox, as JSON: payments with their timelines, events, deliveries
//! with each attempt's request and answer, endpoints, keys by their scopes.
//!
//! Reads, changes nothing, and shows no secret. Payments look as they do on the merchants' side;
//! the headers of a request are signed again as they were.

use bytes::Bytes;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::model::{EndpointId, EventId, PaymentId, SimTime};
use crate::provider::endpoint::EndpointForm;
use crate::provider::payment::{Announcement, Payment};
use crate::provider::wire::{self, PaymentForm};
use crate::provider::{Event, event};

use super::books::Books;
use super::delivery::{Attempt, Deliveries, Reply, Standing};
use super::trouble::{self, ChoiceForm};
use super::{BooksId, Sandbox, Spell};

/// The sandbox as a whole.
#[derive(Serialize)]
struct StatusForm<'a> {
    now: SimTime,
    ahead_ms: u64,
    /// What befalls the next calls.
    trouble: Option<Spell>,
    /// What else could.
    troubles: Vec<ChoiceForm>,
    books: Vec<BooksForm<'a>>,
}

/// One account in one mode.
#[derive(Serialize)]
struct BooksForm<'a> {
    account: &'a str,
    livemode: bool,
    rails: Vec<&'static str>,
    keys: Vec<KeyForm>,
    endpoints: Vec<EndpointForm<'a>>,
    /// Whether new deliveries are held back.
    holding: bool,
    payments: usize,
    events: usize,
    deliveries: usize,
}

/// A key by what it opens; the key itself is never shown again.
#[derive(Serialize)]
struct KeyForm {
    scopes: Vec<&'static str>,
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
    /// None for what no endpoint took.
    deliveries: Vec<DeliveryForm<'a>>,
}

#[derive(Serialize)]
struct DeliveryForm<'a> {
    endpoint: &'a EndpointId,
    url: &'a str,
    standing: Standing,
    next_attempt_at: Option<SimTime>,
    attempts: Vec<AttemptForm<'a>>,
}

#[derive(Serialize)]
struct AttemptForm<'a> {
    signed_at: SimTime,
    took_ms: u64,
    request_headers: Vec<(String, String)>,
    /// Where it was another than the event's.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_body: Option<&'a str>,
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
        wire::to_bytes(&StatusForm {
            now: self.clock(wall),
            ahead_ms: self.ahead.ms(),
            trouble: self.trouble,
            troubles: trouble::choices(),
            books: self.books.iter().map(Books::form).collect(),
        })
    }

    /// Payments, the newest first: those before this one, at most so many.
    #[must_use]
    pub fn payments_json(&self, at: BooksId, before: Option<&str>, limit: usize) -> Vec<u8> {
        let books = &self.books[at.0];
        let payments = &books.provider.payments;
        let end = match before {
            Some(id) => payments.partition_point(|payment| payment.id.as_str() < id),
            None => payments.len(),
        };
        let wanted = payments[..end].iter().rev().take(limit);
        let data = wanted.map(|payment| books.payment_form(payment)).collect();
        wire::to_bytes(&ListForm { data, has_more: end > limit })
    }

    /// One payment with its events and deliveries.
    #[must_use]
    pub fn payment_json(&self, id: &PaymentId) -> Option<Vec<u8>> {
        let books = self.books.iter().find(|books| books.provider.get(id).is_some())?;
        let payment = books.provider.get(id)?;
        let (due, received) = (payment.terms.due(), payment.received());
        let missing = due.less(received).unwrap_or(due);
        let events = payment.said.iter().map(|said| books.event_form(payment, said));
        Some(wire::to_bytes(&DetailForm {
            payment: books.payment_form(payment),
            missing: MissingForm {
                amount: missing.amount(),
                confirmations: books.provider.confirmations_missing(id),
            },
            events: events.collect(),
        }))
    }

    /// Deliveries, the newest event first: those before this event, of so many events at most.
    #[must_use]
    pub fn deliveries_json(&self, at: BooksId, before: Option<&str>, limit: usize) -> Vec<u8> {
        let books = &self.books[at.0];
        let provider = &books.provider;
        let events = provider.events.iter().rev().copied();
        let events = events.map(|place| (place, provider.event_id(place)));
        let earlier = events.skip_while(|(_, id)| before.is_some_and(|end| id.as_str() >= end));
        let delivered = earlier.filter(|(_, id)| books.deliveries.values().any(|of| of.has(id)));
        let mut delivered = delivered.peekable();
        let listed = delivered.by_ref().take(limit).flat_map(|(place, id)| {
            let deliveries = books.delivery_forms(id, || provider.event_at(place));
            deliveries.into_iter().map(move |delivery| ListedForm {
                event: id.as_str(),
                type_name: provider.event_type(place),
                payment: provider.payment_at(place).map(|payment| payment.id.as_str()),
                delivery,
            })
        });
        let data: Vec<_> = listed.collect();
        let has_more = delivered.peek().is_some();
        wire::to_bytes(&ListForm { data, has_more })
    }
}

impl Books {
    fn form(&self) -> BooksForm<'_> {
        let provider = &self.provider;
        let keys = provider.keys.iter();
        BooksForm {
            account: &provider.account.id,
            livemode: provider.account.live,
            rails: provider.rails.iter().map(|rail| rail.id).collect(),
            keys: keys.map(|key| KeyForm { scopes: key.scope_words() }).collect(),
            endpoints: provider.endpoints().map(|endpoint| endpoint.form_now()).collect(),
            holding: self.holding,
            payments: provider.payments.len(),
            events: provider.events.len(),
            deliveries: self.deliveries.values().map(Deliveries::count).sum(),
        }
    }

    fn payment_form<'a>(&'a self, payment: &'a Payment) -> PaymentForm<'a> {
        let view = payment.view(self.provider.chains.height(payment));
        wire::payment(&self.provider.account, payment, &view)
    }

    fn event_form<'a>(&'a self, payment: &'a Payment, said: &'a Announcement) -> EventForm<'a> {
        let form = event::form(&self.provider.account, payment, said);
        let rendered = || event::render(&self.provider.account, payment, said);
        EventForm {
            id: said.id.as_str(),
            type_name: event::type_name(said),
            occurred_at: said.occurred_at,
            body: serde_json::value::to_raw_value(&form).expect("our own forms have text keys"),
            deliveries: self.delivery_forms(&said.id, rendered),
        }
    }

    /// The deliveries of an event, one for each endpoint to which it goes or went.
    fn delivery_forms(&self, id: &EventId, event: impl Fn() -> Event) -> Vec<DeliveryForm<'_>> {
        let forms = self.deliveries.iter().filter_map(|(endpoint, deliveries)| {
            let (delivery, standing, next_attempt_at) = deliveries.get(id)?;
            let is_deleted = self.provider.endpoint(endpoint).is_none();
            let attempts = delivery.attempts.iter();
            let attempts = attempts.map(|attempt| AttemptForm {
                signed_at: attempt.signed_at,
                took_ms: attempt.took_ms,
                request_headers: self.headers(endpoint, event(), attempt),
                request_body: attempt.body.as_deref(),
                reply: match &attempt.reply {
                    Reply::Http { status, body } => ReplyForm::Http { status: *status, body },
                    Reply::Failed(failed) => ReplyForm::Failed { failed },
                },
            });
            Some(DeliveryForm {
                endpoint,
                url: self.provider.url_of(endpoint)?,
                standing: if is_deleted { standing.without_endpoint() } else { standing },
                next_attempt_at: next_attempt_at.filter(|_| !is_deleted),
                attempts: attempts.collect(),
            })
        });
        forms.collect()
    }

    fn headers(
        &self,
        endpoint: &EndpointId,
        mut event: Event,
        attempt: &Attempt,
    ) -> Vec<(String, String)> {
        if let Some(body) = &attempt.body {
            event.body = Bytes::copy_from_slice(body.as_bytes());
        }
        let dispatch = self.dispatch(endpoint, event, attempt.signed_by.clone());
        // What could be signed once can always be signed.
        let signed = dispatch.and_then(|dispatch| dispatch.signed(attempt.signed_at).ok());
        signed.map(|signed| signed.headers).unwrap_or_default()
    }
}
