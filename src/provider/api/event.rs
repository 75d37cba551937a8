//! Events, listed and sent again: for a merchant that missed some.

use crate::model::{EventId, PaymentId};

use super::endpoint::ELSEWHERE;
use super::route::{Access, Answer, Call, Doc, Handler, Route, schema_of};
use super::{ApiReply, Subject, json, list};
use crate::provider::event::EventForm;
use crate::provider::id::Prefix;
use crate::provider::key::Scope;
use crate::provider::problem::{Code, Problem};
use crate::provider::query::{self, Parameter, Shape};
use crate::provider::wire::List;
use crate::provider::{Provider, request};

const AFTER: Parameter = Parameter::optional(
    "after",
    Shape::Id(Prefix::Event),
    "Events behind this one only; it need not exist.",
);
const PAYMENT: Parameter =
    Parameter::optional("payment_id", Shape::Id(Prefix::Payment), "Events of this payment only.");
const TYPE: Parameter = Parameter::optional("type", Shape::Text, "Events of this type only.");

const ID: Parameter = Parameter::required("id", Shape::Id(Prefix::Event), "Which event.");

pub(super) const LIST: Route = Route {
    method: "GET",
    path: "/v1/events",
    access: Access::Key(Scope::PaymentsRead),
    item: None,
    doc: Doc {
        name: "listEvents",
        summary: "List events",
        about: "What was announced, oldest first: for whoever missed some of it. Ask with `after` \
                for what came since.",
        body: None,
        answer: Answer {
            status: 200,
            about: "The events that are wanted, as they were announced.",
            schema: schema_of::<List<EventForm<'_>>>,
            formats: &[],
        },
        codes: &[],
        next: &[],
    },
    query: &[&AFTER, &PAYMENT, &TYPE, &query::LIMIT],
    subject: |_, request, _| {
        query::glimpse(&request.query, &PAYMENT).map(|id| Subject::Payment(PaymentId::new(id)))
    },
    handler: Handler::EachTime(|provider, call| Ok(provider.list_events(call))),
};

/// The event goes once more to every endpoint that takes it, whatever came of it before.
pub(super) const REDELIVER: Route = Route {
    method: "POST",
    path: "/v1/events/{id}/redeliver",
    access: Access::Key(Scope::PaymentsWrite),
    item: Some(&ID),
    query: &[],
    doc: Doc {
        name: "redeliverEvent",
        summary: "Have an event delivered again",
        about: "It goes once more to every endpoint that takes its type, whatever came of it \
                before, and whether or not the endpoint was there when it was announced.",
        body: None,
        answer: Answer {
            status: 202,
            about: "The event.",
            schema: schema_of::<EventForm<'_>>,
            formats: &[],
        },
        codes: &[Code::RouteNotFound],
        next: &[],
    },
    subject: |provider, _, id| {
        let event = provider.event(&EventId::new(id))?;
        event.payment().cloned().map(Subject::Payment)
    },
    handler: Handler::EachTime(|provider, call| provider.redeliver(call)),
};

impl Provider {
    fn redeliver(&self, call: &Call<'_>) -> Result<ApiReply, Problem> {
        request::empty(&call.request.body)?;
        if self.keyring.is_none() {
            return Err(Problem::new(Code::RouteNotFound, ELSEWHERE));
        }
        let id = EventId::new(call.item);
        let unknown = || Problem::new(Code::RouteNotFound, format!("there is no event `{id}`"));
        let place = self.place_of(&id).ok_or_else(unknown)?;
        let payment = self.payment_at(place).map(|payment| payment.id.clone());
        let reply = json(&self.event_form(place));
        Ok(ApiReply { status: 202, payment, redelivery: Some(id), ..reply })
    }

    fn list_events(&self, call: &Call<'_>) -> ApiReply {
        let query = &call.query;
        let after = query.get(&AFTER).unwrap_or_default();
        let (subject, kind) = (query.get(&PAYMENT), query.get(&TYPE));
        // A poller asks for what is new: the rest is skipped without being looked at.
        let start = self.events.partition_point(|at| self.event_id(*at).as_str() <= after);
        let about = |place| self.payment_at(place).map(|payment| payment.id.as_str());
        let wanted = self.events[start..]
            .iter()
            .copied()
            .filter(|place| subject.is_none_or(|id| about(*place) == Some(id)))
            .filter(|place| kind.is_none_or(|kind| self.event_type(*place) == kind));
        let forms = wanted.map(|place| self.event_form(place));
        let reply = json(&list(forms, query.limit()));
        ApiReply { payment: subject.map(PaymentId::new), ..reply }
    }
}
