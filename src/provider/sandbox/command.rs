//! Commands, and the form in which a journal keeps them.
//!
//! A command's JSON is a file format: words here are never given another meaning. Knows nothing of
//! the file.

use std::collections::BTreeSet;

use bytes::Bytes;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::model::{EndpointId, EventId, MoneyError, PaymentId, SimTime, Span};
use crate::provider::{ApiRequest, Refused, Scope, StatementFault};

use super::action::{Action, PayoutAction};
use super::delivery::Attempt;

/// What moves a sandbox.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case", deny_unknown_fields)]
pub enum Command {
    /// The service started.
    Opened {
        /// Where the operator's own endpoint is; it stays as it was where this is left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        webhook: Option<String>,
    },
    /// A merchant called.
    Called(Call),
    /// The clock reached something.
    Tick {
        /// In these books.
        books: BooksId,
    },
    /// The clock moves ahead.
    Advance {
        /// By so many milliseconds.
        ms: u64,
    },
    /// Something is done to a payment.
    Act {
        /// To this one.
        payment: PaymentId,
        /// What.
        action: Action,
    },
    /// Something is done to a payout.
    ActOnPayout {
        /// To this one, such as `pyt_01J8Z3HY5M0000000000000000`.
        payout: String,
        /// What.
        action: PayoutAction,
    },
    /// The statement of a day is wrong from now on.
    Misstate {
        /// In these books.
        books: BooksId,
        /// Of this rail, such as `usdt-tron`.
        rail: String,
        /// Of this day, such as `2026-01-05`.
        date: String,
        /// In this way.
        fault: StatementFault,
    },
    /// The statement of a day is put right.
    CorrectStatement {
        /// In these books.
        books: BooksId,
        /// Of this rail.
        rail: String,
        /// Of this day.
        date: String,
    },
    /// New deliveries are held back, or no longer; then those that were held are released.
    HoldAll {
        /// Of these books.
        books: BooksId,
        /// From now on, or no longer.
        on: bool,
    },
    /// A key is made.
    MakeKey {
        /// For these books.
        books: BooksId,
        /// What it opens.
        scopes: BTreeSet<Scope>,
    },
    /// An endpoint is tried out.
    TryOut {
        /// This one.
        endpoint: EndpointId,
    },
    /// A delivery is held back: no further attempts until it is released.
    Hold {
        /// Of this event.
        event: EventId,
        /// For this endpoint; for all where left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        endpoint: Option<EndpointId>,
    },
    /// A delivery that was held back goes out.
    Release {
        /// Of this event.
        event: EventId,
        /// For this endpoint; for all where left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        endpoint: Option<EndpointId>,
    },
    /// A delivery is given up.
    Drop {
        /// Of this event.
        event: EventId,
        /// For this endpoint; for all where left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        endpoint: Option<EndpointId>,
    },
    /// An event is delivered, whatever came of it before.
    Redeliver {
        /// This one.
        event: EventId,
        /// To this endpoint; to all that take it where left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        endpoint: Option<EndpointId>,
    },
    /// An attempt was made.
    Attempted {
        /// Of this event.
        event: EventId,
        /// For this endpoint.
        endpoint: EndpointId,
        /// How it went.
        attempt: Attempt,
        /// Seconds that the answer's `Retry-After` asked for.
        retry_after_s: Option<u64>,
    },
}

/// Which books: their number, which they keep for as long as their file lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BooksId(pub(super) usize);

/// A call of a merchant that was let in. The key that opened it is kept by its number, not as it
/// came: a journal holds nothing that opens anything. A call that is signed proves itself alone.
#[derive(Debug, Clone)]
pub struct Call {
    /// Whose it is.
    pub books: BooksId,
    /// The number of the key that opened it; none where none was needed.
    pub key: Option<usize>,
    /// The rest.
    pub request: ApiRequest,
}

/// One line of a journal: what was done, when, and how many ids had been given until then.
#[derive(Debug, Clone)]
pub struct Entry {
    /// On the sandbox's clock.
    pub at: SimTime,
    /// Before it was done.
    pub ids: u32,
    /// What.
    pub command: Command,
}

/// Why a command was not carried out. Everything is as it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Declined {
    /// By the payment.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// Not an amount of the rail's asset.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// No such delivery.
    #[error("there is no such delivery of {0}; it goes where an endpoint takes its type")]
    UnknownDelivery(EventId),
    /// No such rail or day.
    #[error("there is no statement of {0} on {1}; name an enabled rail and a day as 2026-01-05")]
    UnknownStatement(String, String),
    /// No such endpoint.
    #[error("there is no endpoint {0}")]
    UnknownEndpoint(EndpointId),
    /// Two attempts of one delivery at a time would race.
    #[error("an attempt of {0} is underway; wait for its answer")]
    Underway(EventId),
    /// Beyond what the clock can show.
    #[error("the clock cannot move by {0}; at most a year at once, and not beyond 2200")]
    TooFar(Span),
}

/// A line that is no entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no entry of a journal: {why}; the file may be of a newer countersign")]
pub struct Unreadable {
    /// Its beginning.
    text: String,
    /// What is wrong with it.
    why: String,
}

impl Command {
    /// As a journal keeps it.
    #[must_use]
    pub fn to_text(&self) -> String {
        serde_json::to_string(self).expect("commands have text keys")
    }

    /// From a journal.
    ///
    /// # Errors
    /// [`Unreadable`], for what this version does not know.
    pub fn from_text(text: &str) -> Result<Self, Unreadable> {
        let beginning = || text.chars().take(80).collect();
        serde_json::from_str(text)
            .map_err(|error| Unreadable { text: beginning(), why: error.to_string() })
    }
}

/// A call in the journal. A body that is no text is kept as hexadecimal digits.
#[derive(Serialize, Deserialize)]
struct CallForm {
    books: BooksId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<usize>,
    method: String,
    path: String,
    query: String,
    headers: std::collections::BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    body_hex: Option<String>,
}

impl Serialize for Call {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let ApiRequest { method, path, query, headers, body } = &self.request;
        let text = std::str::from_utf8(body).ok().map(str::to_owned);
        let form = CallForm {
            books: self.books,
            key: self.key,
            method: method.clone(),
            path: path.clone(),
            query: query.clone(),
            headers: headers.clone(),
            body_hex: text.is_none().then(|| hex::encode(body)),
            body: text,
        };
        form.serialize(s)
    }
}

impl<'de> Deserialize<'de> for Call {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let form = CallForm::deserialize(d)?;
        let body = match (form.body, form.body_hex) {
            (Some(text), _) => Bytes::from(text),
            (None, Some(digits)) => {
                Bytes::from(hex::decode(digits).map_err(serde::de::Error::custom)?)
            }
            (None, None) => Bytes::new(),
        };
        let CallForm { books, key, method, path, query, headers, .. } = form;
        let request = ApiRequest { method, path, query, headers, body };
        Ok(Self { books, key, request })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_survives_the_journal_whatever_its_body() {
        for body in [&b"{\"a\":\"\\u00e9\"}"[..], b"", b"\xff\xfe", b"null"] {
            let request = ApiRequest {
                method: "POST".to_owned(),
                path: "/v1/payments".to_owned(),
                query: "a=b".to_owned(),
                headers: [("idempotency-key".to_owned(), "k".to_owned())].into(),
                body: Bytes::copy_from_slice(body),
            };
            let call = Call { books: BooksId(1), key: Some(2), request: request.clone() };
            let text = Command::Called(call).to_text();
            let Command::Called(call) = Command::from_text(&text).unwrap() else {
                panic!("{text} is read as another command");
            };
            assert_eq!((call.books, call.key), (BooksId(1), Some(2)));
            let back = call.request;
            assert_eq!(
                (back.method, back.path, back.query),
                ("POST".into(), request.path, "a=b".into())
            );
            assert_eq!((back.headers, back.body), (request.headers, request.body));
        }
    }

    #[test]
    fn an_unknown_command_is_told_and_not_skipped() {
        for text in ["", "{}", r#"{"command":"fly"}"#, r#"{"command":"act","payment":"p"}"#] {
            let error = Command::from_text(text).unwrap_err().to_string();
            assert!(error.contains("newer countersign"), "{error}");
        }
    }
}
