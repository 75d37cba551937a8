//! A resource of the API as data, and the one that a call is for, by method and path.
//!
//! Whether what the path names exists, and who may, is decided elsewhere.

use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::{ApiReply, ApiRequest, ROUTES, Subject};
use crate::model::{PaymentId, SimTime};
use crate::provider::Provider;
use crate::provider::idempotency::Outcome;
use crate::provider::key::Scope;
use crate::provider::problem::{Code, Problem};
use crate::provider::query::{self, Parameter, Query};

/// A resource with what may be done to it. New ones go into [`ROUTES`].
pub(in crate::provider) struct Route {
    /// In capitals, such as `POST`.
    pub method: &'static str,
    /// Such as `/v1/payments/{id}`; one segment at most stands in braces.
    pub path: &'static str,
    pub access: Access,
    /// What stands in the path's braces.
    pub item: Option<&'static Parameter>,
    /// Everything that the query may say.
    pub query: &'static [&'static Parameter],
    pub doc: Doc,
    /// What the call is about, before anything is checked.
    pub subject: fn(&Provider, &ApiRequest, &str) -> Option<Subject>,
    pub handler: Handler,
}

impl Route {
    /// Whether it answers a list.
    pub fn is_list(&self) -> bool {
        self.query.iter().any(|parameter| parameter.name == query::LIMIT.name)
    }
}

/// What a route is told about, to people and to programs.
pub(in crate::provider) struct Doc {
    /// What generated clients call it, such as `createPayment`.
    pub name: &'static str,
    /// What it does, in a few words.
    pub summary: &'static str,
    /// What else a caller must know; Markdown.
    pub about: &'static str,
    pub body: Option<Body>,
    pub answer: Answer,
    /// Every refusal that is about this route; those that any may meet stand elsewhere.
    pub codes: &'static [Code],
    /// Routes, by name, that take the answer's `id` in their path; that of the first item of a list.
    pub next: &'static [&'static str],
}

/// What a request says.
pub(in crate::provider) struct Body {
    pub schema: fn(&mut SchemaGenerator) -> Schema,
    pub required: bool,
    pub example: &'static str,
}

/// What is answered when nothing is wrong.
pub(in crate::provider) struct Answer {
    pub status: u16,
    pub about: &'static str,
    pub schema: fn(&mut SchemaGenerator) -> Schema,
    /// Media types beside JSON, by `Accept`.
    pub formats: &'static [&'static str],
}

/// The schema of a form, for [`Answer`].
pub(super) fn schema_of<T: JsonSchema>(schemas: &mut SchemaGenerator) -> Schema {
    schemas.subschema_for::<T>()
}

/// Who may call.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::provider) enum Access {
    Anyone,
    /// Whoever has a key with this scope.
    Key(Scope),
}

/// What answers.
#[derive(Clone, Copy)]
pub(in crate::provider) enum Handler {
    /// Each call anew.
    EachTime(fn(&mut Provider, &Call<'_>) -> Result<ApiReply, Problem>),
    /// Once per `Idempotency-Key`; the same outcome from then on.
    OncePerKey(Once),
    /// Once per `Idempotency-Key` where there is one, else each call anew.
    OnceIfKeyed(Once),
}

/// What is done once, with the outcome to keep.
pub(in crate::provider) type Once =
    fn(&mut Provider, &Call<'_>) -> Result<(ApiReply, Outcome), Problem>;

/// A call that found its route and was let in.
pub(in crate::provider) struct Call<'a> {
    pub request: &'a ApiRequest,
    /// The position of the key that opened it; none where none is needed.
    pub api_key: Option<usize>,
    /// What stands in the path's braces, as it came.
    pub item: &'a str,
    pub query: Query,
    pub now: SimTime,
    /// Whose chains a new payment rides on.
    pub partition: u32,
}

/// The route of a call with what stands in its braces, or why there is none.
pub(super) fn find(request: &ApiRequest) -> Result<(&'static Route, &str), Problem> {
    let fits = |route: &&'static Route| Some((*route, item(route.path, &request.path)?));
    let mut here = ROUTES.iter().filter_map(fits).peekable();
    if here.peek().is_none() {
        let detail = format!("there is nothing at `{}`", request.path);
        return Err(Problem::new(Code::RouteNotFound, detail));
    }
    let mut allow = Vec::new();
    for (route, item) in here {
        if route.method == request.method {
            return Ok((route, item));
        }
        allow.push(route.method);
    }
    allow.sort_unstable();
    let allow = allow.join(", ");
    let detail = format!("{} is not allowed here; allowed are {allow}", request.method);
    Err(Problem { allow: Some(allow), ..Problem::new(Code::MethodNotAllowed, detail) })
}

/// What a path has in the braces of its template, nothing where there are none; none if it does
/// not fit.
fn item<'a>(template: &str, path: &'a str) -> Option<&'a str> {
    let Some((before, rest)) = template.split_once('{') else {
        return (template == path).then_some("");
    };
    let (_, after) = rest.split_once('}')?;
    let item = path.strip_prefix(before)?.strip_suffix(after)?;
    (!item.contains('/')).then_some(item)
}

/// About the payment that the path names.
pub(super) fn payment_in_path(_: &Provider, _: &ApiRequest, id: &str) -> Option<Subject> {
    Some(Subject::Payment(PaymentId::new(id)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_fits_its_template() {
        let cases = [
            ("/v1/rails", "/v1/rails", Some("")),
            ("/v1/rails", "/v1/rails/", None),
            ("/v1/payments/{id}", "/v1/payments/pay_1", Some("pay_1")),
            ("/v1/payments/{id}", "/v1/payments/", Some("")),
            ("/v1/payments/{id}", "/v1/payments", None),
            ("/v1/payments/{id}", "/v1/payments/a/b", None),
            ("/v1/payments/{id}/cancel", "/v1/payments/a/cancel", Some("a")),
            ("/v1/payments/{id}/cancel", "/v1/payments/cancel", None),
        ];
        for (template, path, found) in cases {
            assert_eq!(item(template, path), found, "{template} {path}");
        }
    }

    #[test]
    fn no_two_routes_are_for_the_same_call() {
        for one in ROUTES {
            let request = ApiRequest {
                method: one.method.to_owned(),
                path: one.path.replace(['{', '}'], ""),
                ..ApiRequest::default()
            };
            let (found, _) = find(&request).unwrap_or_else(|problem| panic!("{}", problem.detail));
            assert_eq!((found.method, found.path), (one.method, one.path));
        }
    }
}
