//! Calls that undo: a payment is cancelled, money is given back, a refund is read.

use super::route::{Access, Answer, Body, Call, Doc, Handler, Route, payment_in_path, schema_of};
use super::{ApiReply, Subject, json, payment};
use crate::provider::id::Prefix;
use crate::provider::idempotency::Outcome;
use crate::provider::key::Scope;
use crate::provider::problem::{Code, Problem};
use crate::provider::query::{Parameter, Shape};
use crate::provider::refund::RefundStatus;
use crate::provider::refused::Refused;
use crate::provider::wire::{self, PaymentForm, RefundForm};
use crate::provider::{Provider, request};

const ID: Parameter = Parameter::required("id", Shape::Id(Prefix::Refund), "Which refund.");

pub(super) const CANCEL: Route = Route {
    method: "POST",
    path: "/v1/payments/{id}/cancel",
    access: Access::Key(Scope::PaymentsWrite),
    item: Some(&payment::ID),
    doc: Doc {
        name: "cancelPayment",
        summary: "Call a payment off",
        about: "As long as nothing was seen of it.",
        body: Some(Body { schema: schema_of::<request::Nothing>, required: false, example: "{}" }),
        answer: Answer {
            status: 200,
            about: "The payment, cancelled.",
            schema: schema_of::<PaymentForm<'_>>,
            formats: &[],
        },
        codes: &[Code::PaymentNotFound, Code::PaymentNotCancellable],
        next: &[],
    },
    query: &[],
    subject: payment_in_path,
    handler: Handler::EachTime(Provider::cancel_call),
};

pub(super) const REFUND: Route = Route {
    method: "POST",
    path: "/v1/payments/{id}/refunds",
    access: Access::Key(Scope::PaymentsWrite),
    item: Some(&payment::ID),
    doc: Doc {
        name: "refundPayment",
        summary: "Give money back",
        about: "All that is left, to where the largest transfer came from, unless the body says \
                otherwise. A refund reserves its amount; one that fails frees it.",
        body: Some(Body {
            schema: schema_of::<request::NewRefund>,
            required: false,
            example: request::REFUND_EXAMPLE,
        }),
        answer: Answer {
            status: 201,
            about: "The refund, pending; a replay answers it as it was then.",
            schema: schema_of::<RefundForm<'_>>,
            formats: &[],
        },
        codes: &[
            Code::AmountNotString,
            Code::PaymentNotFound,
            Code::RefundNotAllowed,
            Code::RefundExceedsBalance,
            Code::DestinationTagRequired,
            Code::AmountBelowMinimum,
            Code::AmountAboveMaximum,
            Code::AmountPrecision,
        ],
        next: &["readRefund"],
    },
    query: &[],
    subject: payment_in_path,
    handler: Handler::OncePerKey(Provider::refund_call),
};

pub(super) const READ_REFUND: Route = Route {
    method: "GET",
    path: "/v1/refunds/{id}",
    access: Access::Key(Scope::PaymentsRead),
    item: Some(&ID),
    doc: Doc {
        name: "readRefund",
        summary: "Read a refund",
        about: "",
        body: None,
        answer: Answer {
            status: 200,
            about: "The refund as it is.",
            schema: schema_of::<RefundForm<'_>>,
            formats: &[],
        },
        codes: &[Code::RouteNotFound],
        next: &[],
    },
    query: &[],
    subject: |provider, _, id| {
        let position = provider.refunds.get(id)?;
        Some(Subject::Payment(provider.payments[*position].id.clone()))
    },
    handler: Handler::EachTime(|provider, call| provider.read_refund(call.item)),
};

impl Provider {
    fn cancel_call(&mut self, call: &Call<'_>) -> Result<ApiReply, Problem> {
        let payment = self.find(call.item)?.id.clone();
        request::empty(&call.request.body)?;
        let events = self
            .cancel(&payment, call.now)
            .map_err(|refused| Problem::new(Code::PaymentNotCancellable, refused.to_string()))?;
        Ok(ApiReply { events, ..self.read_payment(call.item)? })
    }

    fn refund_call(&mut self, call: &Call<'_>) -> Result<(ApiReply, Outcome), Problem> {
        let id = self.find(call.item)?.id.clone();
        let position = self.position(&id).expect("a payment that is found has a position");
        let payment = &self.payments[position];
        let wanted = request::read_refund(&call.request.body, payment.terms.rail)?;
        let left = payment.refundable();
        let atoms = wanted.amount.map_or(left, |money| money.atoms);
        let destination = wanted.destination.unwrap_or_else(|| payment.sender());
        // Nothing is left: that is about the payment, whatever was asked for.
        if left == 0 {
            let detail = format!("the payment is {} and nothing is left", payment.status());
            return Err(Problem::new(Code::RefundNotAllowed, detail));
        }
        let (id, events) = self
            .refund_to(position, (atoms, destination), call.now)
            .map_err(|refused| Problem::new(code_of(&refused), refused.to_string()))?;
        Ok((ApiReply { events, ..self.refunded(&id) }, Outcome::Refunded(id)))
    }

    /// The refund as it was when it was made, which is also what a replay says.
    pub(super) fn refunded(&self, id: &str) -> ApiReply {
        let mut reply = self.show_refund(id, Some(RefundStatus::Pending));
        reply.status = 201;
        reply.headers.push(("location".to_owned(), format!("/v1/refunds/{id}")));
        reply
    }

    fn read_refund(&self, id: &str) -> Result<ApiReply, Problem> {
        if !self.refunds.contains_key(id) {
            let detail = format!("there is no refund `{id}`");
            return Err(Problem::new(Code::RouteNotFound, detail));
        }
        Ok(self.show_refund(id, None))
    }

    /// The refund in that status, or as it is.
    fn show_refund(&self, id: &str, status: Option<RefundStatus>) -> ApiReply {
        let payment = &self.payments[self.refunds[id]];
        let refunds = payment.refunds.after(payment.refunds.steps.len());
        let found = refunds.into_iter().find(|(refund, _)| refund.id == id);
        let (refund, now) = found.expect("a refund stands at the payment that it is of");
        let reply = json(&wire::refund(payment, (refund, status.unwrap_or(now))));
        ApiReply { payment: Some(payment.id.clone()), ..reply }
    }
}

fn code_of(refused: &Refused) -> Code {
    match refused {
        Refused::ExceedsBalance(_) => Code::RefundExceedsBalance,
        Refused::NoAtoms => Code::AmountBelowMinimum,
        _ => Code::RefundNotAllowed,
    }
}
