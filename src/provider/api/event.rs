//! Events, listed: for a merchant that missed some.

use crate::model::PaymentId;

use super::route::{Access, Answer, Call, Doc, Handler, Route, schema_of};
use super::{ApiReply, Subject, json, list};
use crate::provider::Provider;
use crate::provider::event::EventForm;
use crate::provider::id::Prefix;
use crate::provider::key::Scope;
use crate::provider::query::{self, Parameter, Shape};
use crate::provider::wire::List;

const AFTER: Parameter = Parameter::optional(
    "after",
    Shape::Id(Prefix::Event),
    "Events behind this one only; it need not exist.",
);
const PAYMENT: Parameter =
    Parameter::optional("payment_id", Shape::Id(Prefix::Payment), "Events of this payment only.");
const TYPE: Parameter = Parameter::optional("type", Shape::Text, "Events of this type only.");

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

impl Provider {
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
