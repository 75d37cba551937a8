//! Who may call: the boundary that the API keeps before it looks at anything else.
//!
//! Each refusal is evidence of where a merchant keeps its key, so each has a code of its own.

use subtle::ConstantTimeEq;

use super::api::ApiRequest;
use super::key::{ApiKey, Scope};
use super::problem::{Code, Problem};

const KEY_PARAMETERS: &[&str] = &["api_key", "apikey", "api-key", "x-api-key", "key"];
/// Browsers send `sec-fetch-site` beside every `sec-fetch-mode`. The latter alone is no mark: the
/// `fetch` of Node.js sends it from servers.
const BROWSER_MARKS: &[&str] = &["origin", "sec-fetch-site"];
/// By which a key comes, the first of them taken first.
const KEY_HEADERS: [&str; 2] = ["x-api-key", "authorization"];
const LIVE_PREFIX: &str = "sk_live_";
const TEST_PREFIX: &str = "sk_test_";

/// No key in the URL, whatever else the request carries.
pub(super) fn check_url(request: &ApiRequest) -> Result<(), Problem> {
    let exposed = request.query.split('&').any(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let is_key = |text: &str| text.starts_with(LIVE_PREFIX) || text.starts_with(TEST_PREFIX);
        KEY_PARAMETERS.contains(&name.to_ascii_lowercase().as_str()) || is_key(value)
    });
    if exposed {
        let detail = "send the key as x-api-key or Authorization: Bearer, and revoke this one: \
                      URLs end up in logs";
        return Err(Problem::new(Code::ApiKeyInUrl, detail));
    }
    Ok(())
}

/// No marks of a browser: a key that a browser holds is no secret.
pub(super) fn check_origin(request: &ApiRequest) -> Result<(), Problem> {
    let marked = BROWSER_MARKS.iter().find(|mark| request.headers.contains_key(**mark));
    match marked {
        Some(mark) => {
            let detail = format!("the request carries {mark}; call from a server");
            Err(Problem::new(Code::BrowserOrigin, detail))
        }
        None => Ok(()),
    }
}

/// A known key, of the right mode: its position among the keys.
pub(super) fn check_key(
    request: &ApiRequest,
    keys: &[ApiKey],
    live: bool,
) -> Result<usize, Problem> {
    let Some(given) = given_key(request) else {
        let detail = "send the key as x-api-key or Authorization: Bearer";
        return Err(Problem::new(Code::Unauthenticated, detail));
    };
    let is_given = |key: &ApiKey| bool::from(given.as_bytes().ct_eq(key.secret.as_bytes()));
    if let Some(position) = keys.iter().position(is_given) {
        return Ok(position);
    }
    let (here, other) = if live { (LIVE_PREFIX, TEST_PREFIX) } else { (TEST_PREFIX, LIVE_PREFIX) };
    if given.starts_with(other) {
        let detail = format!("this mode takes keys that start with {here}");
        return Err(Problem::new(Code::EnvironmentMismatch, detail));
    }
    Err(Problem::new(Code::Unauthenticated, "the key is not known"))
}

/// A key that may do this.
pub(super) fn check_scope(key: &ApiKey, needed: Scope) -> Result<(), Problem> {
    if key.scopes.contains(&needed) {
        return Ok(());
    }
    let given = key.scope_words().join(", ");
    let detail = format!("this needs the scope {needed}, and the key has {given}");
    Err(Problem::new(Code::InsufficientScope, detail))
}

/// Whether the call comes with a key of this mode.
pub(super) fn is_of_mode(request: &ApiRequest, live: bool) -> bool {
    let prefix = if live { LIVE_PREFIX } else { TEST_PREFIX };
    given_key(request).is_some_and(|key| key.starts_with(prefix))
}

/// The call without what opened it, and the number of the key that did.
pub(super) fn set_aside(mut request: ApiRequest, keys: &[ApiKey]) -> (ApiRequest, Option<usize>) {
    let number = check_key(&request, keys, true).ok();
    request.headers.retain(|name, _| !KEY_HEADERS.contains(&name.as_str()));
    (request, number)
}

/// The call as it came, but for the header that the key is in.
pub(super) fn put_back(request: &ApiRequest, keys: &[ApiKey], number: Option<usize>) -> ApiRequest {
    let mut request = request.clone();
    let key = number.and_then(|number| keys.get(number));
    request.headers.extend(key.map(|key| (KEY_HEADERS[0].to_owned(), key.secret.clone())));
    request
}

fn given_key(request: &ApiRequest) -> Option<&str> {
    if let Some(key) = request.headers.get(KEY_HEADERS[0]) {
        return Some(key.trim());
    }
    let (scheme, key) = request.headers.get(KEY_HEADERS[1])?.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(key.trim())
}
