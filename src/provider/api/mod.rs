//! The API: a request goes in, a reply comes out. Which route, who may, what it answers.
//!
//! Requests and replies are plain values; no socket and no HTTP library is known here.

mod back;
mod camt;
mod description;
mod endpoint;
mod event;
mod payment;
mod payout;
mod rail;
mod route;
mod statement;

use std::collections::BTreeMap;
use std::fmt;

use bytes::Bytes;

use crate::model::{EventId, PaymentId, Reference, SimTime};

use super::id::Prefix;
use super::idempotency::{self, Outcome, Scope};
use super::problem::{Code, Problem};
use super::query::Query;
use super::quota::Quota;
use super::wire::{self, List};
use super::{Event, Provider, guard};
pub(super) use route::{Access, Handler, Route};
use route::{Call, Once};

pub(super) use statement::HeadForm;

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
    /// The event that is to be delivered once more.
    pub redelivery: Option<EventId>,
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

/// Every resource, each once: what answers calls and what describes them both read this.
pub(super) const ROUTES: &[&Route] = &[
    &payment::CREATE,
    &payment::LIST,
    &payment::READ,
    &payment::PUBLIC,
    &back::CANCEL,
    &back::REFUND,
    &back::READ_REFUND,
    &payout::CREATE,
    &payout::LIST,
    &payout::READ,
    &event::LIST,
    &event::REDELIVER,
    &endpoint::CREATE,
    &endpoint::LIST,
    &endpoint::READ,
    &endpoint::ROTATE,
    &endpoint::TEST,
    &endpoint::DELETE,
    &rail::LIST,
    &statement::LIST,
    &statement::READ,
    &description::READ,
];

impl Provider {
    /// What a call is about, so that the caller can find the clock that goes with it. Nothing is
    /// checked: a call that will be refused has a subject too.
    #[must_use]
    pub fn subject(&self, request: &ApiRequest) -> Subject {
        let meant = self.meant(request);
        let found = route::find(&meant).ok();
        let subject = found.and_then(|(route, item)| (route.subject)(self, &meant, item));
        subject.unwrap_or(Subject::Nothing)
    }

    /// Answers a call. Payments that it creates ride on the chains of this partition.
    pub fn handle(&mut self, request: &ApiRequest, now: SimTime, partition: u32) -> ApiReply {
        if let Some(reply) = self.answer_translated(request, now, partition) {
            return reply;
        }
        let answer = match self.proven(request) {
            Ok(Some(key)) => {
                let mut shown = request.clone();
                shown.headers.extend([key]);
                self.answer(&shown, now, partition)
            }
            Err(problem) if seen_by_anyone(request).is_none() => Err(problem),
            Ok(None) | Err(_) => self.answer(request, now, partition),
        };
        answer.unwrap_or_else(|problem| self.refuse(&problem))
    }

    /// Answers a call of the contract.
    pub(super) fn answer(
        &mut self,
        request: &ApiRequest,
        now: SimTime,
        partition: u32,
    ) -> Result<ApiReply, Problem> {
        guard::check_url(request)?;
        let (route, item) = route::find(request)?;
        let Access::Key(scope) = route.access else {
            // The public view needs no key, so a browser that reads it gives none away.
            return self.carry_out((route, item), (request, None), (now, partition));
        };
        guard::check_origin(request)?;
        let key = guard::check_key(request, &self.keys, self.account.live)?;
        guard::check_scope(&self.keys[key], scope)?;
        let limit = self.profile.api.rate_limit;
        let quota = limit.map(|limit| self.quotas.take(limit, key, now));
        let outcome = match quota.as_ref().and_then(Quota::problem) {
            Some(problem) => Err(problem),
            None => self.carry_out((route, item), (request, Some(key)), (now, partition)),
        };
        let mut reply = outcome.unwrap_or_else(|problem| self.refuse(&problem));
        reply.headers.extend(quota.into_iter().flat_map(|quota| quota.headers()));
        Ok(reply)
    }

    /// Answers a call that was let in.
    fn carry_out(
        &mut self,
        (route, item): (&Route, &str),
        (request, api_key): (&ApiRequest, Option<usize>),
        (now, partition): (SimTime, u32),
    ) -> Result<ApiReply, Problem> {
        if request.body.len() > BODY_BYTES_MAX {
            let detail = format!("the body has more than {BODY_BYTES_MAX} bytes");
            return Err(Problem::new(Code::BodyTooLarge, detail));
        }
        let query = Query::read(&request.query, route.query)?;
        let call = Call { request, api_key, item, query, now, partition };
        match route.handler {
            Handler::EachTime(handler) => handler(self, &call),
            Handler::OncePerKey(handler) => self.idempotent(&call, handler),
            Handler::OnceIfKeyed(handler) if request.headers.contains_key("idempotency-key") => {
                self.idempotent(&call, handler)
            }
            Handler::OnceIfKeyed(handler) => handler(self, &call).map(|(reply, _)| reply),
        }
    }

    /// The reply that tells a problem.
    pub(super) fn refuse(&mut self, problem: &Problem) -> ApiReply {
        let body = problem.body(Some(&self.ids.next(Prefix::Request)));
        let mut reply = refusal(problem.code.status(), body);
        if let Some(methods) = &problem.allow {
            reply.headers.push(("allow".to_owned(), methods.clone()));
        }
        if problem.code.status() == 401 {
            reply.headers.push(("www-authenticate".to_owned(), "Bearer".to_owned()));
        }
        reply
    }

    /// Does what the call asks for once per key, as far as the profile has it.
    fn idempotent(&mut self, call: &Call<'_>, handler: Once) -> Result<ApiReply, Problem> {
        let Call { request, api_key, now, partition, .. } = *call;
        let habit = self.profile.api.idempotency;
        let Some(key) = idempotency::key(request.headers.get("idempotency-key"), habit)? else {
            return handler(self, call).map(|(reply, _)| reply);
        };
        let scope = Scope::of(request, api_key, key);
        if let Some(outcome) = self.idempotency.find(habit, (&scope, &request.body), now)? {
            let mut reply = match outcome {
                Outcome::Created(position) => self.created(position),
                Outcome::Refunded(id) => self.refunded(&id),
                Outcome::PaidOut(position) => self.paid_out(position),
                Outcome::Endpoint(position, rotations, status) => {
                    self.with_secret(position, (rotations, status))
                }
                Outcome::Refused(status, body) => refusal(status, body),
            };
            let replayed = idempotency::replay_header(habit);
            reply.headers.push((replayed.to_owned(), "true".to_owned()));
            return Ok(reply);
        }
        let (reply, outcome) = match handler(self, call) {
            Ok(done) => done,
            Err(problem) if idempotency::keeps_refusal(habit, &problem) => {
                let reply = self.refuse(&problem);
                let outcome = Outcome::Refused(reply.status, reply.body.clone());
                (reply, outcome)
            }
            Err(problem) => return Err(problem),
        };
        let request = (scope, request.body.clone());
        self.idempotency.keep(request, outcome, (now, partition));
        Ok(reply)
    }
}

/// What a path names that anyone may see, where the call is for such a path.
pub(super) fn seen_by_anyone(request: &ApiRequest) -> Option<&str> {
    let (route, item) = route::find(request).ok()?;
    (route.access == Access::Anyone).then_some(item)
}

/// The first items, and whether there are more.
fn list<T>(items: impl Iterator<Item = T>, limit: usize) -> List<T> {
    let mut data: Vec<T> = items.take(limit.saturating_add(1)).collect();
    let has_more = data.len() > limit;
    data.truncate(limit);
    List { data, has_more }
}

/// Why a call was not answered by the service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unheard {
    /// Its body did not arrive in time.
    TooSlow,
    /// Its body ended before its end.
    CutOff,
    /// What it did could not be kept, for this reason.
    Lost(String),
}

/// What is answered in place of the service; such a call has no id.
#[must_use]
pub fn unheard(why: Unheard) -> ApiReply {
    let problem = match why {
        Unheard::TooSlow => Problem::new(Code::TooSlow, "send the body in one go"),
        Unheard::CutOff => Problem::new(Code::CutOff, "send as much as content-length announces"),
        Unheard::Lost(detail) => Problem::new(Code::Unavailable, detail),
    };
    let mut reply = refusal(problem.code.status(), problem.body(None));
    if reply.status != 503 {
        // What is left of the body would be taken for the next request.
        reply.headers.push(("connection".to_owned(), "close".to_owned()));
    }
    reply
}

fn json(form: &impl serde::Serialize) -> ApiReply {
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    ApiReply { status: 200, headers, body: wire::to_bytes(form), ..ApiReply::default() }
}

fn refusal(status: u16, body: Vec<u8>) -> ApiReply {
    let headers = vec![("content-type".to_owned(), "application/problem+json".to_owned())];
    ApiReply { status, headers, body, ..ApiReply::default() }
}
