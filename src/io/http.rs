//! The client side towards the merchant: one HTTP client, bounded answers, failures in words.
//!
//! For driving and probing. Deliveries need exact bytes and copies at one instant, and have a
//! writer of their own.

use std::error::Error;
use std::time::Duration;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

use super::clock::Clock;
use crate::merchant::template::Filled;

/// An idle connection is closed by us, long before servers close theirs: otherwise a request meets
/// the end of its connection, and a server that serves one connection at a time serves no webhook.
const IDLE_MAX: Duration = Duration::from_millis(500);
/// An answer beyond this is taken for a mistake.
const BODY_BYTES_MAX: usize = 1 << 20;

/// The merchant as it can be reached: cheap to clone, connections are shared.
#[derive(Debug, Clone)]
pub struct Reach {
    client: reqwest::Client,
    base_url: String,
    timeout: Duration,
}

/// A whole answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// Names, in lower case, and values that are text.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Reach {
    /// For a merchant at this address, `{port}` filled in, and so much time for each answer.
    ///
    /// # Errors
    /// The system gives no client.
    pub fn new(base_url: &str, timeout: Duration) -> Result<Self, reqwest::Error> {
        // A proxy of the environment would hide the merchant; a redirect followed would hide the
        // answer that it gave.
        let client = reqwest::Client::builder()
            .no_proxy()
            .pool_idle_timeout(IDLE_MAX)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("countersign/", env!("CARGO_PKG_VERSION")))
            .build()?;
        let base_url = base_url.trim_end_matches('/').to_owned();
        Ok(Self { client, base_url, timeout })
    }

    /// Where the merchant is, without a slash at the end.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Sends a request and reads its answer whole.
    ///
    /// # Errors
    /// No connection, a reset, no answer in time, more than 1 MiB: in words.
    pub async fn send(&self, request: &Filled) -> Result<Reply, String> {
        let method = reqwest::Method::from_bytes(request.method.as_bytes())
            .map_err(|_| format!("`{}` is no method", request.method))?;
        let url = format!("{}{}", self.base_url, request.path);
        let mut builder = self.client.request(method, url).timeout(self.timeout);
        for (name, value) in &request.headers {
            builder = builder.header(name, value);
        }
        if let Some(body) = &request.body {
            builder = builder.body(body.clone());
        }
        let mut response = builder.send().await.map_err(|error| self.in_words(&error))?;
        let status = response.status().as_u16();
        let texts = response.headers().iter().filter_map(|(name, value)| {
            Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
        });
        let headers = texts.collect();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.in_words(&error))? {
            if body.len() + chunk.len() > BODY_BYTES_MAX {
                return Err(format!("answered {status} with more than 1 MiB"));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Reply { status, headers, body })
    }

    /// How many seconds the merchant's clock is ahead of ours, to the second, as whatever it answers
    /// is dated; none where it does not say.
    pub(super) async fn clock_ahead_s(&self, clock: Clock) -> Option<i64> {
        let asked = self.client.get(format!("{}/", self.base_url)).timeout(self.timeout);
        let before = clock.now().wall;
        let answer = asked.send().await.ok()?;
        let after = clock.now().wall;
        let date = answer.headers().get(reqwest::header::DATE)?.to_str().ok()?;
        let date = OffsetDateTime::parse(date, &Rfc2822).ok()?.unix_timestamp();
        // Dates are whole seconds: between asking and answering is as good as right.
        let (earliest, latest) = (before.unix_s(), after.unix_s());
        Some((date - earliest).min(0) + (date - latest).max(0))
    }

    fn in_words(&self, error: &reqwest::Error) -> String {
        if error.is_timeout() {
            return format!("no answer within {} ms", self.timeout.as_millis());
        }
        // The client's own words say only that it failed; the innermost cause says why.
        let mut cause: &dyn Error = error;
        while let Some(inner) = cause.source() {
            cause = inner;
        }
        if error.is_connect() {
            return format!("no connection to {}: {cause}", self.base_url);
        }
        cause.to_string()
    }
}

impl Reply {
    /// The beginning of the body, as text for people and for the history.
    #[must_use]
    pub fn beginning(&self, bytes_max: usize) -> String {
        let cut = &self.body[..self.body.len().min(bytes_max)];
        match std::str::from_utf8(cut) {
            Ok(text) => text.to_owned(),
            // A character that the cut has split is left out; other bytes are shown as unknown.
            Err(error) if error.error_len().is_none() => {
                String::from_utf8_lossy(&cut[..error.valid_up_to()]).into_owned()
            }
            Err(_) => String::from_utf8_lossy(cut).into_owned(),
        }
    }
}
