//! What a call is told that meets trouble: as the service itself tells it, in the words of its
//! profile.
//!
//! Which calls meet trouble, and how answers leave, is elsewhere.

use crate::model::{Detail, Said, Span, Trouble};

use super::problem::{Code, Problem};
use super::{ApiReply, ApiRequest, Provider};

impl Provider {
    /// Whether a call can meet that trouble now: nothing is stale that did not change, and nothing
    /// is in progress that was not asked for before.
    #[must_use]
    pub fn can_meet(&self, trouble: Trouble, request: &ApiRequest) -> bool {
        match trouble.row().said {
            Said::Before => self.stale(request).is_some(),
            Said::InProgress => self.has_known_key(request),
            Said::AsEver
            | Said::Failure
            | Said::TooMany
            | Said::Elsewhere
            | Said::Accepted
            | Said::FailureWithin
            | Said::Garbled
            | Said::WebPage => true,
        }
    }

    /// What a call is told that meets that trouble. `own` is the answer to it, where it was carried
    /// out; what that is about stays with it: the merchant does not hear of it, others do.
    pub fn spoil(&mut self, trouble: Trouble, request: &ApiRequest, own: ApiReply) -> ApiReply {
        let told = match trouble.row().said {
            Said::AsEver => return own,
            Said::Failure => self.failure(trouble),
            Said::TooMany => self.too_many(trouble),
            Said::InProgress => {
                let detail =
                    "the first request with this key is not finished; try again in a moment";
                self.refuse_as_told(&Problem::new(Code::IdempotencyInProgress, detail))
            }
            Said::Elsewhere => elsewhere(request),
            Said::Accepted => accepted(),
            Said::FailureWithin => ApiReply { status: 200, ..self.failure(trouble) },
            Said::Garbled => garbled(&own),
            Said::WebPage => page(own.status, "One moment", "Please wait."),
            Said::Before => self.stale(request).unwrap_or_else(|| own.clone()),
        };
        let ApiReply { status, headers, body, payment, .. } = told;
        ApiReply { status, headers, body, payment: own.payment.or(payment), ..own }
    }

    /// The service knows two errors of its own; others are those of a gateway before it.
    fn failure(&mut self, trouble: Trouble) -> ApiReply {
        let (code, detail) = match trouble.detail() {
            None | Some(Detail::Wait(..) | Detail::Status(500)) => {
                (Code::InternalError, "something broke; try again later")
            }
            Some(Detail::Status(503)) => (Code::Unavailable, "try again in a moment"),
            Some(Detail::Status(502)) => return page(502, "502 Bad Gateway", "nginx"),
            Some(Detail::Status(504)) => return page(504, "504 Gateway Time-out", "nginx"),
            Some(Detail::Status(status)) => {
                return page(status, &format!("{status} Server Error"), "nginx");
            }
        };
        let mut reply = self.refuse_as_told(&Problem::new(code, detail));
        if code == Code::Unavailable {
            reply.headers.push(("retry-after".to_owned(), "1".to_owned()));
        }
        reply
    }

    fn too_many(&mut self, trouble: Trouble) -> ApiReply {
        let wait_s = match trouble.detail() {
            Some(Detail::Wait(_, wait)) => wait.ms().div_ceil(1000),
            Some(Detail::Status(_)) | None => 1,
        };
        let detail = format!("too many calls; try again in {}", Span::from_s(wait_s));
        let mut reply = self.refuse_as_told(&Problem::new(Code::RateLimited, detail));
        reply.headers.push(("retry-after".to_owned(), wait_s.to_string()));
        reply
    }
}

/// A version of the API that there is not.
fn elsewhere(request: &ApiRequest) -> ApiReply {
    let path = request.path.strip_prefix("/v1").unwrap_or(&request.path);
    let location = ("location".to_owned(), format!("/v2{path}"));
    ApiReply { status: 308, headers: vec![location], ..ApiReply::default() }
}

/// Two thirds of a document, sent as a whole: no such beginning is JSON.
fn garbled(own: &ApiReply) -> ApiReply {
    let ApiReply { status, headers, body, .. } = own.clone();
    let kept = body.len() * 2 / 3;
    ApiReply { status, headers, body: body[..kept].to_vec(), ..ApiReply::default() }
}

fn page(status: u16, title: &str, text: &str) -> ApiReply {
    let body = format!("<!doctype html><title>{title}</title><h1>{title}</h1><p>{text}");
    let headers = vec![("content-type".to_owned(), "text/html; charset=utf-8".to_owned())];
    ApiReply { status, headers, body: body.into_bytes(), ..ApiReply::default() }
}

/// A 202 that says nothing of a payment.
fn accepted() -> ApiReply {
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    let body = br#"{"status":"accepted"}"#.to_vec();
    ApiReply { status: 202, headers, body, ..ApiReply::default() }
}
