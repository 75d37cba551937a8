//! Who may come to the control side: nobody whom a foreign page in the operator's browser sends.
//!
//! It asks for no key, so other origins, names that only lead here, and bodies that are not
//! declared as JSON are refused, as is what is too large or too slow. Knows no route.

use std::net::IpAddr;

use axum::extract::{Request, State};
use axum::http::{Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http_body_util::{BodyExt, Collected};

use super::accept::{self, Patience, Unread};
use super::control_http::{PROBLEM, Problem};
use crate::provider::BODY_BYTES_MAX;

/// Keeps foreign pages out, which the operator's browser would carry in. `loopback` says that only
/// this machine can come here; then only its own names are answered to.
pub(super) async fn guard(State(loopback): State<bool>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let host = text(header::HOST).unwrap_or_default();
    let same = |origin: &str| origin.split_once("://").is_some_and(|(_, rest)| rest == host);
    let json = text(header::CONTENT_TYPE).is_some_and(|of| of.starts_with("application/json"));
    let refused = if loopback && !is_local(host) {
        Some("this is answered under localhost or the address only")
    } else if text(header::ORIGIN).is_some_and(|origin| !same(origin)) {
        Some("a page of another origin may not come here")
    } else if request.method() != Method::GET && !json {
        Some("send content-type: application/json")
    } else {
        None
    };
    if let Some(why) = refused {
        return Problem::Forbidden(why).into_response();
    }
    let (head, body) = request.into_parts();
    match accept::read(body, BODY_BYTES_MAX, Patience::default()).await {
        Ok(body) if body.len() > BODY_BYTES_MAX => Problem::TooLarge.into_response(),
        Ok(body) => as_problem(next.run(Request::from_parts(head, body.into())).await).await,
        Err(Unread::TooSlow) => Problem::TooSlow.into_response(),
        Err(Unread::CutOff) => {
            Problem::Unreadable("the body breaks off".to_owned()).into_response()
        }
    }
}

/// What the routing refuses by itself, such as a query that it cannot read, is a problem as well.
async fn as_problem(response: Response) -> Response {
    let (status, headers) = (response.status(), response.headers());
    let is_told = headers.get(header::CONTENT_TYPE).is_some_and(|form| form == PROBLEM);
    if is_told || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let allow = headers.get(header::ALLOW).cloned();
    let body = response.into_body().collect().await.map(Collected::to_bytes).unwrap_or_default();
    let detail = match &*String::from_utf8_lossy(&body) {
        "" => status.to_string(),
        text => text.to_owned(),
    };
    let mut response = Problem::Unroutable(status, detail).into_response();
    response.headers_mut().extend(allow.map(|allow| (header::ALLOW, allow)));
    response
}

/// Whether a `Host` names this machine by itself, and not by a name that somebody else gave it.
fn is_local(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let name = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::is_local;

    #[test]
    fn only_the_own_names_of_the_machine_are_local() {
        for host in ["127.0.0.1:8081", "localhost", "LOCALHOST:1", "[::1]:8081", "10.0.0.5:80"] {
            assert!(is_local(host), "{host}");
        }
        for host in ["", "evil.example", "evil.example:8081", "localhost.evil.example", "::1x"] {
            assert!(!is_local(host), "{host}");
        }
    }
}
