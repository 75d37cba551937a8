//! Routes of a provider's own: a call becomes one of the contract, and its answer is told in the
//! provider's form.
//!
//! The books and their rules stay the contract's; only words, paths and proofs differ. Knows no
//! HTTP library.

use std::borrow::Cow;

use bytes::Bytes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::{Map, Value, json};

use crate::model::SimTime;
use crate::signature::{self, Arrived, Secret};

use super::problem::{Code, Problem};
use super::profile::{Route, Scope};
use super::{ApiReply, ApiRequest, Provider, guard, idempotency, wire};

/// RFC 3986's unreserved characters stay.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A call that a route of the profile takes.
struct Translated<'a> {
    route: &'a Route,
    /// What was asked, for templates.
    document: Value,
    /// The call of the contract.
    request: ApiRequest,
}

impl Provider {
    /// What a call means in the contract's words; itself where it is in them already.
    #[must_use]
    pub fn meant<'a>(&self, request: &'a ApiRequest) -> Cow<'a, ApiRequest> {
        match self.translation(request) {
            Some(Ok(translated)) => Cow::Owned(translated.request),
            Some(Err(_)) | None => Cow::Borrowed(request),
        }
    }

    /// The call of the contract that this one stands for; none where the profile has no routes of
    /// its own.
    fn translation(&self, request: &ApiRequest) -> Option<Result<Translated<'_>, Problem>> {
        let routes = &self.profile.api.routes;
        if routes.is_empty() {
            return None;
        }
        let mut here = routes.iter().filter_map(|route| Some((route, route.fits(&request.path)?)));
        let found = here.find(|(route, _)| route.take.0 == request.method);
        let Some((route, path)) = found else {
            let detail = format!("there is nothing at `{} {}`", request.method, request.path);
            return Some(Err(Problem::new(Code::RouteNotFound, detail)));
        };
        let path = path.into_iter().map(|(name, text)| (name.to_owned(), decoded(text)));
        let document = json!({
            "path": path.collect::<Map<_, _>>(),
            "query": query(&request.query),
            "header": request.headers,
            "body": serde_json::from_slice::<Value>(&request.body).unwrap_or_default(),
        });
        let scope = Scope { document: &document, tables: &self.profile.tables, item: None };
        let (path, query) = route.call.1.split_once('?').unwrap_or((&route.call.1, ""));
        let encoded = |text: &str| {
            let filled = scope.text(text)?;
            Some(utf8_percent_encode(&filled, ENCODED).to_string())
        };
        let path: Vec<_> = path.split('/').map(|part| encoded(part).unwrap_or_default()).collect();
        let query = query.split('&').filter_map(|pair| {
            let (name, template) = pair.split_once('=')?;
            Some(format!("{name}={}", encoded(template)?))
        });
        let body = route.body.as_ref().and_then(|template| scope.fill(template));
        let further = route.headers.iter();
        let further = further.filter_map(|(name, text)| Some((name.clone(), scope.text(text)?)));
        let headers = request.headers.clone().into_iter().chain(further).collect();
        let request = ApiRequest {
            method: route.call.0.clone(),
            path: path.join("/"),
            query: query.collect::<Vec<_>>().join("&"),
            headers,
            body: body.map(|body| Bytes::from(body.to_string())).unwrap_or_default(),
        };
        Some(Ok(Translated { route, document, request }))
    }

    /// Answers a call at a provider with routes of its own.
    pub(super) fn answer_translated(
        &mut self,
        request: &ApiRequest,
        now: SimTime,
        partition: u32,
    ) -> Option<ApiReply> {
        let translated = self.translation(request)?;
        let prepared = translated.and_then(|translated| {
            let mut own = translated.request.clone();
            own.headers.extend(self.proven(request)?);
            Ok((own, translated.route.clone(), translated.document))
        });
        let (own, route, document) = match prepared {
            Ok(prepared) => prepared,
            Err(problem) => return Some(self.refuse_as_told(&problem)),
        };
        let reply = self.answer(&own, now, partition);
        let reply = reply.unwrap_or_else(|problem| self.refuse(&problem));
        Some(if reply.status < 300 {
            self.told(&route, document, reply)
        } else {
            self.retold(reply)
        })
    }

    /// The answer to this read of a payment, or of an order's payments, as it was before the last
    /// change; none for any other call, or where nothing changed since the creation.
    pub(super) fn stale(&self, request: &ApiRequest) -> Option<ApiReply> {
        match self.translation(request) {
            None => self.before(request),
            Some(Ok(Translated { route, document, request })) => {
                Some(self.told(route, document, self.before(&request)?))
            }
            Some(Err(_)) => None,
        }
    }

    /// Whether the call's key came before, with whatever it came to.
    pub(super) fn has_known_key(&self, request: &ApiRequest) -> bool {
        let mut meant = self.meant(request).into_owned();
        meant.headers.extend(self.proven(request).ok().flatten());
        let header = meant.headers.get("idempotency-key");
        let key = idempotency::key(header, self.profile.api.idempotency).ok().flatten();
        let api_key = guard::check_key(&meant, &self.keys, self.account.live).ok();
        key.is_some_and(|key| self.idempotency.knows(&idempotency::Scope::of(&meant, api_key, key)))
    }

    /// The reply that tells a problem, in the form of the provider.
    pub(super) fn refuse_as_told(&mut self, problem: &Problem) -> ApiReply {
        let reply = self.refuse(problem);
        self.retold(reply)
    }

    /// The key of a call that is signed, as the header that the contract has for it. When it was
    /// signed is not compared with a clock: this service's own may be days ahead.
    pub(super) fn proven(&self, request: &ApiRequest) -> Result<Option<(String, String)>, Problem> {
        let named = self.profile.api.signature.as_deref();
        let Some(scheme) = named.and_then(signature::call_scheme) else { return Ok(None) };
        let headers: Vec<_> = request.headers.clone().into_iter().collect();
        let arrived = Arrived {
            headers: &headers,
            url: &request.path,
            method: &request.method,
            body: &request.body,
        };
        let refused = |detail: String| Err(Problem::new(Code::Unauthenticated, detail));
        let signed_at = scheme.signed_at(&arrived).unwrap_or_default();
        if scheme.id_in(&arrived).is_some_and(|id| id != self.account.id) {
            return refused("the call names another account".to_owned());
        }
        let proves = |secret: &str| {
            scheme
                .verify(&[Secret::new(secret)], &arrived, signed_at)
                .map_err(|why| why.to_string())
        };
        let mut why = "there is no key".to_owned();
        for key in &self.keys {
            match proves(&key.secret) {
                Ok(()) => return Ok(Some(("x-api-key".to_owned(), key.secret.clone()))),
                Err(rejection) => why = rejection,
            }
        }
        refused(format!("the call is not signed with the API key: {why}"))
    }

    /// A success in the form of the route.
    fn told(&self, route: &Route, mut document: Value, reply: ApiReply) -> ApiReply {
        let answer = serde_json::from_slice::<Value>(&reply.body).unwrap_or_default();
        document["answer"] = answer;
        let scope = Scope { document: &document, tables: &self.profile.tables, item: None };
        let body = wire::to_bytes(&scope.fill(&route.answer).unwrap_or_default());
        // A location would name a route that there is not.
        let headers = reply.headers.into_iter().filter(|(name, _)| name != "location");
        let status = route.status.unwrap_or(reply.status);
        ApiReply { status, headers: headers.collect(), body, ..reply }
    }

    /// A refusal in the form of the provider.
    fn retold(&self, reply: ApiReply) -> ApiReply {
        let Some(template) = &self.profile.api.problem else { return reply };
        let problem = serde_json::from_slice::<Value>(&reply.body).unwrap_or_default();
        let document = json!({ "problem": problem });
        let scope = Scope { document: &document, tables: &self.profile.tables, item: None };
        let body = wire::to_bytes(&scope.fill(template).unwrap_or_default());
        let headers = reply.headers.into_iter().map(|(name, value)| match &*name {
            "content-type" => (name, "application/json".to_owned()),
            _ => (name, value),
        });
        ApiReply { headers: headers.collect(), body, ..reply }
    }
}

fn query(text: &str) -> Map<String, Value> {
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs.map(|(name, value)| (plain(name), decoded(value))).collect()
}

fn decoded(text: &str) -> Value {
    Value::String(plain(text))
}

fn plain(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}
