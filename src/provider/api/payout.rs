//! Payouts: asked for, listed, read.

use crate::model::Reference;

use super::route::{Access, Answer, Body, Call, Doc, Handler, Route, schema_of};
use super::{ApiReply, json, list};
use crate::provider::id::Prefix;
use crate::provider::idempotency::Outcome;
use crate::provider::key::Scope;
use crate::provider::payout::PayoutForm;
use crate::provider::problem::{Code, Problem};
use crate::provider::query::{self, Parameter, Shape};
use crate::provider::wire::List;
use crate::provider::{Provider, request};

const REFERENCE: Parameter =
    Parameter::optional("reference", Shape::Reference, "Payouts of this name only.");
const AFTER: Parameter = Parameter::optional(
    "after",
    Shape::Id(Prefix::Payout),
    "Payouts behind this one only; it need not exist.",
);
const ID: Parameter = Parameter::required("id", Shape::Id(Prefix::Payout), "Which payout.");

pub(super) const CREATE: Route = Route {
    method: "POST",
    path: "/v1/payouts",
    access: Access::Key(Scope::PaymentsWrite),
    item: None,
    query: &[],
    doc: Doc {
        name: "createPayout",
        summary: "Take money out",
        about: "No more than what was credited on that rail and is not spoken for. A large one is \
                looked at by a person first.",
        body: Some(Body {
            schema: schema_of::<request::NewPayout>,
            required: true,
            example: request::PAYOUT_EXAMPLE,
        }),
        answer: Answer {
            status: 201,
            about: "The payout; a replay answers it as it was then.",
            schema: schema_of::<PayoutForm<'_>>,
            formats: &[],
        },
        codes: &[
            Code::AmountNotString,
            Code::RailUnknown,
            Code::RailNotEnabled,
            Code::AmountBelowMinimum,
            Code::AmountAboveMaximum,
            Code::AmountPrecision,
            Code::DestinationTagRequired,
            Code::PayoutExceedsBalance,
        ],
        next: &["readPayout"],
    },
    subject: |_, _, _| None,
    handler: Handler::OncePerKey(Provider::payout_call),
};

pub(super) const LIST: Route = Route {
    method: "GET",
    path: "/v1/payouts",
    access: Access::Key(Scope::PaymentsRead),
    item: None,
    doc: Doc {
        name: "listPayouts",
        summary: "List payouts",
        about: "Oldest first.",
        body: None,
        answer: Answer {
            status: 200,
            about: "The payouts that are wanted.",
            schema: schema_of::<List<PayoutForm<'_>>>,
            formats: &[],
        },
        codes: &[],
        next: &["readPayout"],
    },
    query: &[&REFERENCE, &AFTER, &query::LIMIT],
    subject: |_, _, _| None,
    handler: Handler::EachTime(|provider, call| Ok(provider.list_payouts(call))),
};

pub(super) const READ: Route = Route {
    method: "GET",
    path: "/v1/payouts/{id}",
    access: Access::Key(Scope::PaymentsRead),
    item: Some(&ID),
    doc: Doc {
        name: "readPayout",
        summary: "Read a payout",
        about: "",
        body: None,
        answer: Answer {
            status: 200,
            about: "The payout as it is.",
            schema: schema_of::<PayoutForm<'_>>,
            formats: &[],
        },
        codes: &[Code::RouteNotFound],
        next: &[],
    },
    query: &[],
    subject: |_, _, _| None,
    handler: Handler::EachTime(|provider, call| provider.read_payout(call.item)),
};

impl Provider {
    fn payout_call(&mut self, call: &Call<'_>) -> Result<(ApiReply, Outcome), Problem> {
        let terms = request::read_payout(&call.request.body, &self.rails)?;
        let (position, event) = self
            .pay_out(terms, call.now)
            .map_err(|refused| Problem::new(Code::PayoutExceedsBalance, refused.to_string()))?;
        let reply = ApiReply { events: vec![event], ..self.paid_out(position) };
        Ok((reply, Outcome::PaidOut(position)))
    }

    /// The payout as it was when it was made, which is also what a replay says.
    pub(super) fn paid_out(&self, position: usize) -> ApiReply {
        let payout = &self.payouts[position];
        let mut reply = json(&payout.form(0));
        reply.status = 201;
        reply.headers.push(("location".to_owned(), format!("/v1/payouts/{}", payout.id)));
        reply
    }

    fn read_payout(&self, id: &str) -> Result<ApiReply, Problem> {
        let unknown = || Problem::new(Code::RouteNotFound, format!("there is no payout `{id}`"));
        let payout = &self.payouts[self.payout_position(id).ok_or_else(unknown)?];
        Ok(json(&payout.form(payout.steps.len() - 1)))
    }

    fn list_payouts(&self, call: &Call<'_>) -> ApiReply {
        let query = &call.query;
        let after = query.get(&AFTER).unwrap_or_default();
        let reference = query.get(&REFERENCE).map(Reference::new);
        let start = self.payouts.partition_point(|payout| payout.id.as_str() <= after);
        let wanted = self.payouts[start..]
            .iter()
            .filter(|payout| reference.as_ref().is_none_or(|of| payout.terms.reference == *of));
        let forms = wanted.map(|payout| payout.form(payout.steps.len() - 1));
        json(&list(forms, query.limit()))
    }
}
