//! Webhook endpoints: made, listed, read, deleted, their secret changed, tried out.
//!
//! A secret is shown by the answer that made it, and by the replay of that answer.

use super::route::{Access, Answer, Body, Call, Doc, Handler, Route, schema_of};
use super::{ApiReply, json, list};
use crate::provider::endpoint::{ENDPOINTS_MAX, EndpointForm, EndpointStatus};
use crate::provider::event::EventForm;
use crate::provider::id::Prefix;
use crate::provider::idempotency::Outcome;
use crate::provider::key::Scope;
use crate::provider::problem::{Code, Problem};
use crate::provider::query::{self, Parameter, Shape};
use crate::provider::wire::List;
use crate::provider::{Provider, request};

/// Said where the service has no endpoints: a run delivers as its scenarios say.
pub(super) const ELSEWHERE: &str = "deliveries go to the one place that the operator knows";

const AFTER: Parameter = Parameter::optional(
    "after",
    Shape::Id(Prefix::Endpoint),
    "Endpoints behind this one only; it need not exist.",
);
const ID: Parameter = Parameter::required("id", Shape::Id(Prefix::Endpoint), "Which endpoint.");

const SHOWN: Answer = Answer {
    status: 200,
    about: "The endpoint, without its secret.",
    schema: schema_of::<EndpointForm<'_>>,
    formats: &[],
};

pub(super) const CREATE: Route = Route {
    method: "POST",
    path: "/v1/webhook_endpoints",
    access: Access::Key(Scope::PaymentsWrite),
    item: None,
    query: &[],
    doc: Doc {
        name: "createWebhookEndpoint",
        summary: "Have events delivered",
        about: "Everything of these types that is announced from now on is delivered there. The \
                secret is shown this once.",
        body: Some(Body {
            schema: schema_of::<request::NewEndpoint>,
            required: true,
            example: request::ENDPOINT_EXAMPLE,
        }),
        answer: Answer {
            status: 201,
            about: "The endpoint with its secret.",
            schema: schema_of::<EndpointForm<'_>>,
            formats: &[],
        },
        codes: &[Code::RouteNotFound, Code::EndpointLimit],
        next: &["readWebhookEndpoint", "rotateWebhookSecret", "testWebhookEndpoint"],
    },
    subject: |_, _, _| None,
    handler: Handler::OnceIfKeyed(Provider::create_endpoint),
};

pub(super) const LIST: Route = Route {
    method: "GET",
    path: "/v1/webhook_endpoints",
    access: Access::Key(Scope::PaymentsRead),
    item: None,
    query: &[&AFTER, &query::LIMIT],
    doc: Doc {
        name: "listWebhookEndpoints",
        summary: "List webhook endpoints",
        about: "Oldest first.",
        body: None,
        answer: Answer {
            status: 200,
            about: "The endpoints, without their secrets.",
            schema: schema_of::<List<EndpointForm<'_>>>,
            formats: &[],
        },
        codes: &[],
        next: &[],
    },
    subject: |_, _, _| None,
    handler: Handler::EachTime(|provider, call| {
        let after = call.query.get(&AFTER).unwrap_or_default();
        let wanted = provider.endpoints().filter(|endpoint| endpoint.id.as_str() > after);
        Ok(json(&list(wanted.map(|endpoint| endpoint.form_now()), call.query.limit())))
    }),
};

pub(super) const READ: Route = Route {
    method: "GET",
    path: "/v1/webhook_endpoints/{id}",
    access: Access::Key(Scope::PaymentsRead),
    item: Some(&ID),
    query: &[],
    doc: Doc {
        name: "readWebhookEndpoint",
        summary: "Read a webhook endpoint",
        about: "",
        body: None,
        answer: SHOWN,
        codes: &[Code::RouteNotFound],
        next: &[],
    },
    subject: |_, _, _| None,
    handler: Handler::EachTime(|provider, call| {
        let position = provider.find_endpoint(call.item)?;
        Ok(json(&provider.endpoints[position].form_now()))
    }),
};

pub(super) const DELETE: Route = Route {
    method: "DELETE",
    path: "/v1/webhook_endpoints/{id}",
    access: Access::Key(Scope::PaymentsWrite),
    item: Some(&ID),
    query: &[],
    doc: Doc {
        name: "deleteWebhookEndpoint",
        summary: "Have nothing more delivered",
        about: "Nothing more goes there, not even what waits for its next attempt.",
        body: None,
        answer: SHOWN,
        codes: &[Code::RouteNotFound],
        next: &[],
    },
    subject: |_, _, _| None,
    handler: Handler::EachTime(|provider, call| {
        let position = provider.find_endpoint(call.item)?;
        provider.delete_endpoint(position);
        Ok(json(&provider.endpoints[position].form_now()))
    }),
};

pub(super) const ROTATE: Route = Route {
    method: "POST",
    path: "/v1/webhook_endpoints/{id}/rotate",
    access: Access::Key(Scope::PaymentsWrite),
    item: Some(&ID),
    query: &[],
    doc: Doc {
        name: "rotateWebhookSecret",
        summary: "Change a secret",
        about: "The new secret is shown this once. Until the overlap is over, deliveries are \
                signed with it and with the one before.",
        body: Some(Body {
            schema: schema_of::<request::Rotation>,
            required: false,
            example: request::ROTATION_EXAMPLE,
        }),
        answer: Answer {
            status: 200,
            about: "The endpoint with its new secret.",
            schema: schema_of::<EndpointForm<'_>>,
            formats: &[],
        },
        codes: &[Code::RouteNotFound],
        next: &[],
    },
    subject: |_, _, _| None,
    handler: Handler::OnceIfKeyed(Provider::rotate_secret),
};

pub(super) const TEST: Route = Route {
    method: "POST",
    path: "/v1/webhook_endpoints/{id}/test",
    access: Access::Key(Scope::PaymentsWrite),
    item: Some(&ID),
    query: &[],
    doc: Doc {
        name: "testWebhookEndpoint",
        summary: "Try a webhook endpoint out",
        about: "Sends `webhook.test` there, whatever types it takes, and nowhere else.",
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
    subject: |_, _, _| None,
    handler: Handler::EachTime(|provider, call| {
        let position = provider.find_endpoint(call.item)?;
        request::empty(&call.request.body)?;
        let event = provider.try_out(position, call.now);
        let place = provider.events[provider.events.len() - 1];
        let reply = json(&provider.event_form(place));
        Ok(ApiReply { status: 202, events: vec![event], ..reply })
    }),
};

impl Provider {
    fn create_endpoint(&mut self, call: &Call<'_>) -> Result<(ApiReply, Outcome), Problem> {
        if self.keyring.is_none() {
            return Err(Problem::new(Code::RouteNotFound, ELSEWHERE));
        }
        let terms = request::read_endpoint(&call.request.body)?;
        if self.endpoints().count() >= ENDPOINTS_MAX {
            let detail = format!("there are {ENDPOINTS_MAX} endpoints already; delete one first");
            return Err(Problem::new(Code::EndpointLimit, detail));
        }
        let position = self.add_endpoint(terms, call.now);
        Ok(self.made(position))
    }

    fn rotate_secret(&mut self, call: &Call<'_>) -> Result<(ApiReply, Outcome), Problem> {
        let position = self.find_endpoint(call.item)?;
        let overlap = request::read_overlap(&call.request.body)?;
        self.rotate(position, overlap, call.now);
        Ok(self.made(position))
    }

    /// A secret was made just now.
    fn made(&self, position: usize) -> (ApiReply, Outcome) {
        let endpoint = &self.endpoints[position];
        let (rotations, status) = (endpoint.rotations(), endpoint.status());
        let reply = self.with_secret(position, (rotations, status));
        (reply, Outcome::Endpoint(position, rotations, status))
    }

    /// The endpoint as it was then, with the secret that was made then.
    pub(super) fn with_secret(
        &self,
        position: usize,
        (rotations, status): (usize, EndpointStatus),
    ) -> ApiReply {
        let endpoint = &self.endpoints[position];
        // A merchant is given what it verifies with, which may not be what signs.
        let handed = |secret| self.webhook_scheme().map(|scheme| scheme.handed(&secret));
        let secret = self.webhook_secret(&endpoint.id, rotations).and_then(handed);
        let mut reply = json(&endpoint.form(rotations, status, secret.as_ref()));
        if rotations == 0 {
            let location = format!("/v1/webhook_endpoints/{}", endpoint.id);
            reply.status = 201;
            reply.headers.push(("location".to_owned(), location));
        }
        reply
    }

    fn find_endpoint(&self, id: &str) -> Result<usize, Problem> {
        let unknown = || Problem::new(Code::RouteNotFound, format!("there is no endpoint `{id}`"));
        self.endpoint_position(id).ok_or_else(unknown)
    }
}
