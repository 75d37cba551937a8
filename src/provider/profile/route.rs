//! Routes of a provider's own, as translations: what is taken becomes a call of the contract, and
//! its answer is told in the provider's form.
//!
//! Only data and its reading; who translates is elsewhere.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value as Json;

use super::template::placeholders;
use super::written;
use crate::input::Cursor;

/// What the templates of a call are filled in from.
const CALL_ROOTS: &[&str] = &["path", "query", "header", "body"];
/// What those of an answer are.
const ANSWER_ROOTS: &[&str] = &["path", "query", "header", "body", "answer"];
const METHODS: &[&str] = &["GET", "POST", "PUT", "PATCH", "DELETE"];

/// A route of a provider's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Method and path of the provider, with names in braces: `GET`, `/invoice/{id}`.
    pub take: (String, String),
    /// Method, and template of path and query, of the contract.
    pub call: (String, String),
    /// Templates of further headers of that call.
    pub headers: BTreeMap<String, String>,
    /// The template of its body; none: no body.
    pub body: Option<Json>,
    /// The status of a success; none: that of the contract.
    pub status: Option<u16>,
    /// The template of what is answered.
    pub answer: Json,
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ((method, path), (called, template)) = (&self.take, &self.call);
        write!(f, "{method} {path} → {called} {template}")
    }
}

impl Route {
    /// What stands in the braces of its path, by name; none if the path is another's.
    pub(in crate::provider) fn fits<'a>(
        &'a self,
        path: &'a str,
    ) -> Option<BTreeMap<&'a str, &'a str>> {
        let (own, given) = (self.take.1.split('/'), path.split('/'));
        if own.clone().count() != given.clone().count() {
            return None;
        }
        let mut named = BTreeMap::new();
        for (own, given) in own.zip(given) {
            match own.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
                Some(name) if !given.is_empty() => {
                    named.insert(name, given);
                }
                _ if own == given => {}
                _ => return None,
            }
        }
        Some(named)
    }
}

/// The list of routes.
pub(super) fn routes(cursor: &Cursor<'_>) -> Option<Vec<Route>> {
    let routes: Vec<_> = cursor.items().iter().map(route).collect();
    routes.into_iter().collect()
}

fn route(cursor: &Cursor<'_>) -> Option<Route> {
    let fields = cursor.fields(&["take", "as", "headers", "body", "status", "answer"]);
    let take = fields.need("take").and_then(|cursor| line(&cursor));
    let call = fields.need("as").and_then(|cursor| {
        let (method, path) = line(&cursor)?;
        written::check(&cursor, &path, CALL_ROOTS).then_some((method, path))
    });
    let entries = fields.get("headers").map(|cursor| cursor.entries()).unwrap_or_default();
    let headers = entries.into_iter().filter_map(|(name, value)| {
        Some((name.to_ascii_lowercase(), written::text(&value, CALL_ROOTS)?))
    });
    let headers = headers.collect();
    let body = fields.get("body").map(|cursor| written::document(&cursor, CALL_ROOTS));
    let status = fields.get("status").map(|cursor| {
        let status = cursor.number().and_then(|status| u16::try_from(status).ok());
        let status = status.filter(|status| (200..=299).contains(status));
        if status.is_none() {
            cursor.fault("no success has this status", "a code from 200 to 299");
        }
        status
    });
    let answer = fields.need("answer").and_then(|cursor| written::document(&cursor, ANSWER_ROOTS));
    let (take, call, answer) = (take?, call?, answer?);
    if let Some(name) = unnamed(&take.1, &call.1) {
        let problem = format!("`{{path.{name}}}` stands in `as` and `{{{name}}}` not in `take`");
        cursor.fault(problem, "the same name in both");
        return None;
    }
    let (body, status) = (body.map_or(Some(None), |body| body.map(Some))?, status.unwrap_or(None));
    Some(Route { take, call, headers, body, status, answer })
}

/// `GET /invoice/{id}`.
fn line(cursor: &Cursor<'_>) -> Option<(String, String)> {
    let text = cursor.text()?;
    let found = text.split_once(' ').filter(|(method, path)| {
        METHODS.contains(method) && path.starts_with('/') && !path.contains(' ')
    });
    if found.is_none() {
        let expected = "a method and a path, such as GET /invoice/{id}";
        cursor.fault(format!("`{text}` is no route"), expected);
    }
    found.map(|(method, path)| (method.to_owned(), path.to_owned()))
}

/// A name of the path that the translation reads and the route does not have.
fn unnamed<'a>(take: &str, call: &'a str) -> Option<&'a str> {
    let names = placeholders(call).into_iter().filter_map(|it| it.path.strip_prefix("path."));
    names.into_iter().find(|name| !take.split('/').any(|part| part == format!("{{{name}}}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named<'a>(route: &'a Route, path: &'a str) -> Option<Vec<(&'a str, &'a str)>> {
        route.fits(path).map(|named| named.into_iter().collect())
    }

    #[test]
    fn a_route_takes_its_paths_and_no_others() {
        let route = Route {
            take: ("GET".to_owned(), "/invoice/{id}/state".to_owned()),
            call: ("GET".to_owned(), "/v1/payments/{path.id}".to_owned()),
            headers: BTreeMap::new(),
            body: None,
            status: None,
            answer: Json::Null,
        };
        assert_eq!(named(&route, "/invoice/7/state"), Some(vec![("id", "7")]));
        for other in ["/invoice//state", "/invoice/7", "/invoice/7/state/", "/invoice/7/stat", ""] {
            assert_eq!(named(&route, other), None, "{other}");
        }
    }
}
