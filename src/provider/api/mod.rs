//! The API: a request goes in, a reply comes out. Which route, who may, what it answers.
//!
//! Requests and replies are plain values; no socket and no HTTP library is known here.

mod back;
mod route;
mod statement;

use std::collections::BTreeMap;
use std::fmt;

use bytes::Bytes;

use crate::model::{PaymentId, Reference, SimTime};

use super::id::Prefix;
use super::idempotency::{self, Outcome, Scope};
use super::payment::Payment;
use super::problem::{Code, Problem};
use super::query::Query;
use super::wire::{self, List};
use super::{Event, Provider, event, guard, request};
use route::{Route, route};

/// The most that a request body may hold.
pub const BODY_BYTES_MAX: usize = 64 * 1024;

/// A call, as the service needs it.
#[derive(Clone, Default)]
pub struct ApiRequest {
    /// In capitals, such as `POST`.
    pub method: String,
    /// Without the query, such as `/v1/payments`.
    pub path: String,
    /// Without the question mark, as it came.
    pub query: String,
    /// Names in lower case.
    pub headers: BTreeMap<String, String>,
    /// One byte above the bound is enough to be refused.
    pub body: Bytes,
}

/// Method, path and names of headers: values, queries and bodies may hold secrets.
impl fmt::Debug for ApiRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiRequest")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

/// The answer to a call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ApiReply {
    /// The status code.
    pub status: u16,
    /// In the order in which they are sent.
    pub headers: Vec<(String, String)>,
    /// JSON, or a problem.
    pub body: Vec<u8>,
    /// The payment that it is about, where it is about one.
    pub payment: Option<PaymentId>,
    /// What this call made the service announce.
    pub events: Vec<Event>,
}

/// What a call is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// One payment, which may not exist.
    Payment(PaymentId),
    /// One order.
    Reference(Reference),
    /// Nothing in particular.
    Nothing,
}

impl Provider {
    /// What a call is about, so that the caller can find the clock that goes with it. Nothing is
    /// checked: a call that will be refused has a subject too.
    #[must_use]
    pub fn subject(&self, request: &ApiRequest) -> Subject {
        let query = |name: &str| {
            let query = Query::read(&request.query, QUERY_NAMES).ok()?;
            query.get(name).map(str::to_owned)
        };
        let reference = |found: Option<Reference>| found.map(Subject::Reference);
        let payment = |id: String| Subject::Payment(PaymentId::new(id));
        let subject = match route(request) {
            Ok(Route::Create) => reference(request::reference_in(&request.body)),
            Ok(Route::Payments) => reference(query("reference").map(Reference::new)),
            Ok(Route::Payment(id) | Route::Public(id) | Route::Cancel(id) | Route::Refund(id)) => {
                Some(payment(id.to_owned()))
            }
            Ok(Route::ReadRefund(id)) => {
                let position = self.refunds.get(id);
                position.map(|at| Subject::Payment(self.payments[*at].id.clone()))
            }
            Ok(Route::Events) => query("payment_id").map(payment),
            Ok(Route::Rails | Route::Statements | Route::Statement(_)) | Err(_) => None,
        };
        subject.unwrap_or(Subject::Nothing)
    }

    /// Answers a call. Payments that it creates ride on the chains of this partition.
    pub fn handle(&mut self, request: &ApiRequest, now: SimTime, partition: u32) -> ApiReply {
        self.answer(request, now, partition).unwrap_or_else(|problem| self.refuse(&problem))
    }

    fn answer(
        &mut self,
        request: &ApiRequest,
        now: SimTime,
        partition: u32,
    ) -> Result<ApiReply, Problem> {
        guard::check_url(request)?;
        let route = route(request)?;
        // The public view needs no key, so a browser that reads it gives none away.
        if let Route::Public(id) = route {
            return self.public(id);
        }
        guard::check_origin(request)?;
        guard::check_key(request, &self.api_key, self.account.live)?;
        if request.body.len() > BODY_BYTES_MAX {
            let detail = format!("the body has more than {BODY_BYTES_MAX} bytes");
            return Err(Problem::new(Code::BodyTooLarge, detail));
        }
        match route {
            Route::Create => self.idempotent_create(request, now, partition),
            Route::Payments => self.list_payments(&request.query),
            Route::Payment(id) | Route::Public(id) => self.read_payment(id),
            Route::Cancel(id) => self.cancel_call(request, id, now),
            Route::Refund(id) => self.refund_call(request, id, now),
            Route::ReadRefund(id) => self.read_refund(id),
            Route::Statements => self.list_statements(&request.query, now),
            Route::Statement(date) => self.read_statement(request, date, now),
            Route::Events => self.list_events(&request.query),
            Route::Rails => Ok(json(&list(self.rails.iter().map(|of| wire::rail(of)), usize::MAX))),
        }
    }

    fn refuse(&mut self, problem: &Problem) -> ApiReply {
        let body = problem.body(&self.ids.next(Prefix::Request));
        let mut reply = refusal(problem.code.status(), body);
        if let Some(methods) = &problem.allow {
            reply.headers.push(("allow".to_owned(), methods.clone()));
        }
        if problem.code.status() == 401 {
            reply.headers.push(("www-authenticate".to_owned(), "Bearer".to_owned()));
        }
        reply
    }

    fn idempotent_create(
        &mut self,
        request: &ApiRequest,
        now: SimTime,
        partition: u32,
    ) -> Result<ApiReply, Problem> {
        self.idempotent(request, now, |provider| {
            let terms = request::read(&request.body, &provider.rails)?;
            let (position, events) = provider.create(terms, now, partition);
            let reply = ApiReply { events, ..provider.created(position) };
            Ok((reply, Outcome::Created(position)))
        })
    }

    /// Does what the call asks for once per key: a refusal of the body or of the state is an
    /// outcome too.
    fn idempotent(
        &mut self,
        request: &ApiRequest,
        now: SimTime,
        carry_out: impl FnOnce(&mut Self) -> Result<(ApiReply, Outcome), Problem>,
    ) -> Result<ApiReply, Problem> {
        let key = idempotency::key(request.headers.get("idempotency-key"))?;
        let scope = Scope { method: request.method.clone(), path: request.path.clone(), key };
        let fingerprint = idempotency::fingerprint(&request.body);
        if let Some(outcome) = self.idempotency.find(&scope, &fingerprint, now)? {
            let mut reply = match outcome {
                Outcome::Created(position) => self.created(position),
                Outcome::Refunded(id) => self.refunded(&id),
                Outcome::Refused(status, body) => refusal(status, body),
            };
            reply.headers.push(("idempotency-replayed".to_owned(), "true".to_owned()));
            return Ok(reply);
        }
        let (reply, outcome) = carry_out(self).unwrap_or_else(|problem| {
            let reply = self.refuse(&problem);
            let outcome = Outcome::Refused(reply.status, reply.body.clone());
            (reply, outcome)
        });
        self.idempotency.keep(scope, fingerprint, outcome, now);
        Ok(reply)
    }

    /// The payment as it was when it was created, which is also what a replay says.
    fn created(&self, position: usize) -> ApiReply {
        let payment = &self.payments[position];
        let view = &payment.said[0].view;
        let mut reply = json(&wire::payment(&self.account, payment, view));
        reply.status = 201;
        reply.headers.push(("location".to_owned(), format!("/v1/payments/{}", payment.id)));
        reply.payment = Some(payment.id.clone());
        reply
    }

    fn read_payment(&self, id: &str) -> Result<ApiReply, Problem> {
        let payment = self.find(id)?;
        let view = payment.view(self.chains.height(payment));
        let reply = json(&wire::payment(&self.account, payment, &view));
        Ok(ApiReply { payment: Some(payment.id.clone()), ..reply })
    }

    fn public(&self, id: &str) -> Result<ApiReply, Problem> {
        let payment = self.find(id)?;
        Ok(ApiReply { payment: Some(payment.id.clone()), ..json(&wire::public(payment)) })
    }

    fn find(&self, id: &str) -> Result<&Payment, Problem> {
        let unknown = || Problem::new(Code::PaymentNotFound, format!("there is no payment `{id}`"));
        self.get(&PaymentId::new(id)).ok_or_else(unknown)
    }

    fn list_payments(&self, query: &str) -> Result<ApiReply, Problem> {
        let query = Query::read(query, &["reference", "status", "after", "limit"])?;
        let (limit, status) = (query.limit()?, query.status()?);
        let after = query.id("after", Prefix::Payment)?.unwrap_or_default();
        let reference = query.get("reference").map(Reference::new);
        let positions = match reference {
            Some(reference) => self.by_reference.get(&reference).cloned().unwrap_or_default(),
            None => {
                let known = |payment: &Payment| payment.id.as_str() <= after;
                (self.payments.partition_point(known)..self.payments.len()).collect()
            }
        };
        let wanted = positions
            .iter()
            .map(|position| &self.payments[*position])
            .filter(|payment| payment.id.as_str() > after)
            .filter(|payment| status.is_none_or(|status| payment.status() == status));
        let forms = wanted.map(|payment| {
            wire::payment(&self.account, payment, &payment.view(self.chains.height(payment)))
        });
        Ok(json(&list(forms, limit)))
    }

    fn list_events(&self, query: &str) -> Result<ApiReply, Problem> {
        let query = Query::read(query, &["after", "payment_id", "type", "limit"])?;
        let limit = query.limit()?;
        let after = query.id("after", Prefix::Event)?.unwrap_or_default();
        let subject = query.id("payment_id", Prefix::Payment)?;
        let kind = query.get("type");
        // A poller asks for what is new: the rest is skipped without being looked at.
        let announced = |&(payment, said): &(usize, usize)| {
            let payment: &Payment = &self.payments[payment];
            (payment, &payment.said[said])
        };
        let start = self.events.partition_point(|at| announced(at).1.id.as_str() <= after);
        let wanted = self.events[start..]
            .iter()
            .map(announced)
            .filter(|(payment, _)| subject.is_none_or(|id| payment.id.as_str() == id))
            .filter(|(_, said)| kind.is_none_or(|kind| event::type_name(said) == kind));
        let forms = wanted.map(|(payment, said)| event::form(&self.account, payment, said));
        let reply = json(&list(forms, limit));
        Ok(ApiReply { payment: subject.map(PaymentId::new), ..reply })
    }
}

/// Every name that some list knows.
const QUERY_NAMES: &[&str] = &["reference", "status", "after", "limit", "payment_id", "type"];

/// The first items, and whether there are more.
fn list<T>(items: impl Iterator<Item = T>, limit: usize) -> List<T> {
    let mut data: Vec<T> = items.take(limit.saturating_add(1)).collect();
    let has_more = data.len() > limit;
    data.truncate(limit);
    List { data, has_more }
}

fn json(form: &impl serde::Serialize) -> ApiReply {
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    ApiReply { status: 200, headers, body: wire::to_bytes(form), ..ApiReply::default() }
}

fn refusal(status: u16, body: Vec<u8>) -> ApiReply {
    let headers = vec![("content-type".to_owned(), "application/problem+json".to_owned())];
    ApiReply { status, headers, body, ..ApiReply::default() }
}
