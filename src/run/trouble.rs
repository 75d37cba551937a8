//! Trouble with the merchant's calls: armed by a step, met by the next call of its kind, applied to
//! what the provider does and says.
//!
//! What a call comes to is the provider's own affair; here it is kept from happening, or its answer
//! is spoilt. A trouble that no call met is told, so that no rule passes by it.

use crate::model::Span;
use crate::provider::{ApiReply, ApiRequest, Conduct};
use crate::scenario::{ApiTrouble, Trouble};

/// The troubles of one lane.
#[derive(Debug, Clone, Default)]
pub(super) struct Troubles(Vec<Armed>);

#[derive(Debug, Clone)]
struct Armed {
    trouble: ApiTrouble,
    met: u32,
}

/// A trouble that a call met.
#[derive(Debug)]
pub(super) struct Met {
    pub trouble: Trouble,
    /// What is answered in place of doing anything; none: the call is carried out.
    pub instead: Option<ApiReply>,
}

impl Troubles {
    /// From here on the next such calls meet it, behind those that were armed before.
    pub fn arm(&mut self, trouble: ApiTrouble) {
        self.0.push(Armed { trouble, met: 0 });
    }

    /// The trouble that this call meets, if any. `stale` makes the answer that shows what was true
    /// before: nothing is stale that did not change.
    pub fn meet(
        &mut self,
        request: &ApiRequest,
        stale: impl Fn() -> Option<ApiReply>,
    ) -> Option<Met> {
        self.0.iter_mut().find_map(|armed| {
            let ApiTrouble { call, times, trouble } = armed.trouble;
            if armed.met == times || !call.covers(&request.method, &request.path) {
                return None;
            }
            let instead = match trouble {
                Trouble::Stale => Some(stale()?),
                trouble => instead(trouble),
            };
            armed.met += 1;
            Some(Met { trouble, instead })
        })
    }

    /// Whether any call met any of them.
    pub fn is_met(&self) -> bool {
        self.0.iter().any(|armed| armed.met > 0)
    }

    /// The first that no call met.
    pub fn unmet(&self) -> Option<ApiTrouble> {
        self.0.iter().find(|armed| armed.met == 0).map(|armed| armed.trouble)
    }
}

/// What is answered in place of doing anything, for a trouble that keeps the call from it.
fn instead(trouble: Trouble) -> Option<ApiReply> {
    let reply = match trouble {
        Trouble::Fails(status) => failure(status),
        Trouble::TurnedAway(span) => turned_away(span),
        Trouble::Redirected => {
            let location = ("location".to_owned(), "/v2/moved".to_owned());
            ApiReply { status: 308, headers: vec![location], ..ApiReply::default() }
        }
        Trouble::OnlyAccepted => json(202, &serde_json::json!({"status": "accepted"})),
        Trouble::ErrorWithin => ApiReply { status: 200, ..failure(500) },
        Trouble::DoneButFails(_)
        | Trouble::Lost
        | Trouble::NeverAnswered
        | Trouble::Late(_)
        | Trouble::Cut
        | Trouble::Garbled
        | Trouble::WebPage
        | Trouble::Stale => return None,
    };
    Some(reply)
}

/// What becomes of the answer to a call that was carried out. What it is about stays with it:
/// the merchant does not hear of it, the record does.
pub(super) fn spoil(trouble: Trouble, reply: ApiReply) -> (ApiReply, Conduct) {
    match trouble {
        Trouble::DoneButFails(status) => {
            let ApiReply { status, headers, body, .. } = failure(status);
            (ApiReply { status, headers, body, ..reply }, Conduct::Whole)
        }
        Trouble::Lost => (reply, Conduct::Lost),
        Trouble::NeverAnswered => (reply, Conduct::Never),
        Trouble::Late(span) => (reply, Conduct::Late(span)),
        Trouble::Cut => (reply, Conduct::Cut),
        Trouble::Garbled => {
            let body = b"{\"id\": \"pay_01J8Z3HY5M\", \"status\": ".to_vec();
            (ApiReply { body, ..reply }, Conduct::Whole)
        }
        Trouble::WebPage => {
            let headers = vec![("content-type".to_owned(), "text/html; charset=utf-8".to_owned())];
            let body = b"<!doctype html><title>One moment</title><p>Please wait.".to_vec();
            (ApiReply { headers, body, ..reply }, Conduct::Whole)
        }
        Trouble::Fails(_)
        | Trouble::TurnedAway(_)
        | Trouble::Redirected
        | Trouble::OnlyAccepted
        | Trouble::ErrorWithin
        | Trouble::Stale => (reply, Conduct::Whole),
    }
}

fn failure(status: u16) -> ApiReply {
    let (code, title) = match status {
        503 => ("temporarily_unavailable", "The service is not available"),
        _ => ("internal_error", "The service failed"),
    };
    problem(status, code, title)
}

fn turned_away(span: Span) -> ApiReply {
    let seconds = span.ms().div_ceil(1000);
    let mut reply = problem(429, "rate_limited", "Too many requests");
    reply.headers.push(("retry-after".to_owned(), seconds.to_string()));
    reply
}

fn problem(status: u16, code: &str, title: &str) -> ApiReply {
    let form = serde_json::json!({
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": title.to_lowercase(),
        "code": code,
        "errors": [],
    });
    let mut reply = json(status, &form);
    reply.headers = vec![("content-type".to_owned(), "application/problem+json".to_owned())];
    reply
}

fn json(status: u16, form: &serde_json::Value) -> ApiReply {
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    ApiReply { status, headers, body: form.to_string().into_bytes(), ..ApiReply::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Call;

    fn call(method: &str, path: &str) -> ApiRequest {
        let (method, path) = (method.to_owned(), path.to_owned());
        ApiRequest { method, path, ..ApiRequest::default() }
    }

    #[test]
    fn each_call_meets_the_first_trouble_that_is_left_for_it() {
        let mut troubles = Troubles::default();
        troubles.arm(ApiTrouble { call: Call::Read, trouble: Trouble::Stale, times: 1 });
        troubles.arm(ApiTrouble { call: Call::Any, trouble: Trouble::Lost, times: 2 });
        let (create, read) = (call("POST", "/v1/payments"), call("GET", "/v1/payments/pay_1"));
        let before = || Some(ApiReply { status: 200, ..ApiReply::default() });
        let never = || -> Option<ApiReply> { unreachable!("nobody asked for what was before") };
        let mut met = |request, stale: &dyn Fn() -> Option<ApiReply>| {
            troubles.meet(request, stale).map(|met| (met.trouble, met.instead.is_some()))
        };
        assert_eq!(met(&create, &never), Some((Trouble::Lost, false)));
        assert_eq!(met(&read, &|| None), Some((Trouble::Lost, false)), "nothing changed yet");
        assert_eq!(met(&create, &never), None);
        assert_eq!(met(&read, &before), Some((Trouble::Stale, true)));
        assert_eq!(met(&read, &never), None);
        assert_eq!((troubles.is_met(), troubles.unmet()), (true, None));
    }
}
