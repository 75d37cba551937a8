//! Payments: created, listed, read, and seen by anyone.

use crate::model::{PaymentId, Reference, Status};

use super::route::{
    self, Access, Answer, Body, Call, Doc, Handler, Route, payment_in_path, schema_of,
};
use super::{ApiReply, ApiRequest, Subject, json, list};
use crate::provider::id::Prefix;
use crate::provider::idempotency::Outcome;
use crate::provider::key::Scope;
use crate::provider::payment::Payment;
use crate::provider::problem::{Code, Problem};
use crate::provider::query::{self, Parameter, Shape};
use crate::provider::wire::{self, List, PaymentForm, PublicForm};
use crate::provider::{Provider, request};

const REFERENCE: Parameter =
    Parameter::optional("reference", Shape::Reference, "Payments for this order only.");
const STATUS: Parameter = Parameter::optional("status", Shape::Status, "Payments that are so now.");
const AFTER: Parameter = Parameter::optional(
    "after",
    Shape::Id(Prefix::Payment),
    "Payments behind this one only; it need not exist.",
);
/// What the path of a payment names.
pub(super) const ID: Parameter =
    Parameter::required("id", Shape::Id(Prefix::Payment), "Which payment.");

pub(super) const CREATE: Route = Route {
    method: "POST",
    path: "/v1/payments",
    access: Access::Key(Scope::PaymentsWrite),
    item: None,
    query: &[],
    doc: Doc {
        name: "createPayment",
        summary: "Ask for a payment",
        about: "Asks either for an `amount` in the asset or for a `price`, which the provider quotes: \
                what is due is the price by the rate, rounded up to the next atom, and stays so \
                until the payment expires. One order may have several payments.",
        body: Some(Body {
            schema: schema_of::<request::NewPayment>,
            required: true,
            example: request::PAYMENT_EXAMPLE,
        }),
        answer: Answer {
            status: 201,
            about: "The payment, pending; a replay answers it as it was then.",
            schema: schema_of::<PaymentForm<'_>>,
            formats: &[],
        },
        codes: &[
            Code::ReferenceConflict,
            Code::AmountNotString,
            Code::RailUnknown,
            Code::RailNotEnabled,
            Code::AmountBelowMinimum,
            Code::AmountAboveMaximum,
            Code::AmountPrecision,
        ],
        next: &["readPayment", "cancelPayment", "refundPayment", "viewPayment"],
    },
    subject: |_, request, _| request::reference_in(&request.body).map(Subject::Reference),
    handler: Handler::OncePerKey(Provider::create_call),
};

pub(super) const LIST: Route = Route {
    method: "GET",
    path: "/v1/payments",
    access: Access::Key(Scope::PaymentsRead),
    item: None,
    doc: Doc {
        name: "listPayments",
        summary: "List payments",
        about: "Oldest first.",
        body: None,
        answer: Answer {
            status: 200,
            about: "The payments that are wanted.",
            schema: schema_of::<List<PaymentForm<'_>>>,
            formats: &[],
        },
        codes: &[],
        next: &["readPayment", "refundPayment", "cancelPayment", "viewPayment"],
    },
    query: &[&REFERENCE, &STATUS, &AFTER, &query::LIMIT],
    subject: |_, request, _| {
        let reference = query::glimpse(&request.query, &REFERENCE)?;
        Some(Subject::Reference(Reference::new(reference)))
    },
    handler: Handler::EachTime(|provider, call| Ok(provider.list_payments(call))),
};

pub(super) const READ: Route = Route {
    method: "GET",
    path: "/v1/payments/{id}",
    access: Access::Key(Scope::PaymentsRead),
    item: Some(&ID),
    query: &[],
    doc: Doc {
        name: "readPayment",
        summary: "Read a payment",
        about: "",
        body: None,
        answer: Answer {
            status: 200,
            about: "The payment as it is.",
            schema: schema_of::<PaymentForm<'_>>,
            formats: &[],
        },
        codes: &[Code::PaymentNotFound],
        next: &[],
    },
    subject: payment_in_path,
    handler: Handler::EachTime(|provider, call| provider.read_payment(call.item)),
};

/// The public view needs no key and says nothing of the order or of the account.
pub(super) const PUBLIC: Route = Route {
    method: "GET",
    path: "/v1/public/payments/{id}",
    access: Access::Anyone,
    item: Some(&ID),
    query: &[],
    doc: Doc {
        name: "viewPayment",
        summary: "See the public view of a payment",
        about: "For the page that the payer sees: no key, and nothing of the order or the account.",
        body: None,
        answer: Answer {
            status: 200,
            about: "What anyone may see.",
            schema: schema_of::<PublicForm<'_>>,
            formats: &[],
        },
        codes: &[Code::PaymentNotFound],
        next: &[],
    },
    subject: payment_in_path,
    handler: Handler::EachTime(|provider, call| {
        let payment = provider.find(call.item)?;
        let reply = json(&wire::public(&provider.account, payment));
        Ok(ApiReply { payment: Some(payment.id.clone()), ..reply })
    }),
};

impl Provider {
    fn create_call(&mut self, call: &Call<'_>) -> Result<(ApiReply, Outcome), Problem> {
        let terms = request::read(&call.request.body, &self.rails, self.habits(call.partition))?;
        if self.habits(call.partition).unique_reference {
            self.refuse_second(&terms.reference)?;
        }
        let (position, events) = self.create(terms, call.now, call.partition);
        let reply = ApiReply { events, ..self.created(position) };
        Ok((reply, Outcome::Created(position)))
    }

    /// An order that has a payment which still counts gets no second one.
    fn refuse_second(&self, reference: &Reference) -> Result<(), Problem> {
        let ended = [Status::Expired, Status::Failed, Status::Cancelled, Status::Refunded];
        let known = self.by_reference.get(reference).into_iter().flatten();
        let mut payments = known.map(|position| &self.payments[*position]);
        match payments.find(|payment| !ended.contains(&payment.status())) {
            None => Ok(()),
            Some(Payment { id, .. }) => {
                let detail = format!("{id} for `{reference}` is not ended; use that one");
                Err(Problem::new(Code::ReferenceConflict, detail))
            }
        }
    }

    /// The payment as it was when it was created, which is also what a replay says.
    pub(super) fn created(&self, position: usize) -> ApiReply {
        let payment = &self.payments[position];
        let view = payment.first_view();
        let mut reply = json(&wire::payment(&self.account, payment, &view));
        reply.status = 201;
        reply.headers.push(("location".to_owned(), format!("/v1/payments/{}", payment.id)));
        reply.payment = Some(payment.id.clone());
        reply
    }

    pub(super) fn read_payment(&self, id: &str) -> Result<ApiReply, Problem> {
        let payment = self.find(id)?;
        let view = payment.view(self.chains.height(payment));
        let reply = json(&wire::payment(&self.account, payment, &view));
        Ok(ApiReply { payment: Some(payment.id.clone()), ..reply })
    }

    /// What this call of the contract would have read before the last change.
    pub(in crate::provider) fn before(&self, request: &ApiRequest) -> Option<ApiReply> {
        let (route, item) = route::find(request).ok()?;
        if ![READ.doc.name, LIST.doc.name].contains(&route.doc.name) {
            return None;
        }
        let before = |payment: &Payment| {
            let view = &payment.said.iter().rev().nth(1)?.view;
            serde_json::to_value(wire::payment(&self.account, payment, view)).ok()
        };
        match (route.subject)(self, request, item)? {
            Subject::Payment(id) => {
                let form = before(self.get(&id)?)?;
                Some(ApiReply { payment: Some(id), ..json(&form) })
            }
            Subject::Reference(reference) => {
                let positions = self.by_reference.get(&reference)?;
                let forms: Option<Vec<_>> =
                    positions.iter().map(|at| before(&self.payments[*at])).collect();
                Some(json(&list(forms?.into_iter(), usize::MAX)))
            }
            Subject::Nothing => None,
        }
    }

    pub(super) fn find(&self, id: &str) -> Result<&Payment, Problem> {
        let unknown = || Problem::new(Code::PaymentNotFound, format!("there is no payment `{id}`"));
        self.get(&PaymentId::new(id)).ok_or_else(unknown)
    }

    fn list_payments(&self, call: &Call<'_>) -> ApiReply {
        let query = &call.query;
        let after = query.get(&AFTER).unwrap_or_default();
        let status = query.get(&STATUS).and_then(Status::from_word);
        let reference = query.get(&REFERENCE).map(Reference::new);
        let known = |payment: &Payment| payment.id.as_str() <= after;
        let of_order = reference.as_ref().map(|reference| self.by_reference.get(reference));
        let positions: Box<dyn Iterator<Item = usize>> = match of_order {
            Some(positions) => Box::new(positions.into_iter().flatten().copied()),
            None => Box::new(self.payments.partition_point(known)..self.payments.len()),
        };
        let wanted = positions
            .map(|position| &self.payments[position])
            .filter(|payment| !known(payment))
            .filter(|payment| status.is_none_or(|status| payment.status() == status));
        let forms = wanted.map(|payment| {
            wire::payment(&self.account, payment, &payment.view(self.chains.height(payment)))
        });
        json(&list(forms, query.limit()))
    }
}
