//! Which resource a call is for, by method and path.
//!
//! Whether it exists, and who may, is decided elsewhere.

use super::ApiRequest;
use crate::provider::problem::{Code, Problem};

/// A resource with what is wanted of it.
#[derive(Clone, Copy)]
pub(super) enum Route<'a> {
    Create,
    Payments,
    Payment(&'a str),
    Public(&'a str),
    Cancel(&'a str),
    Refund(&'a str),
    ReadRefund(&'a str),
    Events,
    Rails,
    Statements,
    /// Of that day.
    Statement(&'a str),
}

/// The route of a call, or why there is none.
pub(super) fn route(request: &ApiRequest) -> Result<Route<'_>, Problem> {
    let method = request.method.as_str();
    let segments: Vec<&str> = request.path.split('/').skip(1).collect();
    let known = match segments.as_slice() {
        ["v1", "payments"] => vec![("GET", Route::Payments), ("POST", Route::Create)],
        ["v1", "payments", id] => vec![("GET", Route::Payment(id))],
        ["v1", "payments", id, "cancel"] => vec![("POST", Route::Cancel(id))],
        ["v1", "payments", id, "refunds"] => vec![("POST", Route::Refund(id))],
        ["v1", "refunds", id] => vec![("GET", Route::ReadRefund(id))],
        ["v1", "public", "payments", id] => vec![("GET", Route::Public(id))],
        ["v1", "events"] => vec![("GET", Route::Events)],
        ["v1", "statements"] => vec![("GET", Route::Statements)],
        ["v1", "statements", date] => vec![("GET", Route::Statement(date))],
        ["v1", "rails"] => vec![("GET", Route::Rails)],
        _ => {
            let detail = format!("there is nothing at `{}`", request.path);
            return Err(Problem::new(Code::RouteNotFound, detail));
        }
    };
    let allow: Vec<&str> = known.iter().map(|(method, _)| *method).collect();
    let found = known.iter().find(|(allowed, _)| *allowed == method);
    found.map(|(_, route)| *route).ok_or_else(|| {
        let allow = allow.join(", ");
        let detail = format!("{method} is not allowed here; allowed are {allow}");
        Problem { allow: Some(allow), ..Problem::new(Code::MethodNotAllowed, detail) }
    })
}
