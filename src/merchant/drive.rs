//! What the merchant can be made to do: verbs, and the steps by which each is driven.
//!
//! Values only: a step becomes a request, a command or a statement where it is taken, in `io`.

use std::collections::BTreeMap;

use super::template::{ORDER_PLACEHOLDERS, RUN_PLACEHOLDERS};

/// One thing that a merchant can be made to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verb {
    /// As it stands under `drive`; `as_stranger.` before it where a stranger tries the same.
    pub word: &'static str,
    /// What it does.
    pub what: &'static str,
    /// What is filled in beside the run's own values.
    pub placeholders: &'static [&'static str],
}

/// Every verb of the format.
pub const VERBS: &[Verb] = &[
    of_order("checkout", "opens an order and makes the merchant create its payment"),
    of_order("retry", "makes a further attempt at payment for the same order"),
    of_order("return", "the browser comes back from the payment page"),
    of_order("confirm", "a client claims in public that it has paid"),
    of_order("edit", "changes an order after its payment was created"),
    of_order("cancel", "the customer or staff cancels the order"),
    of_order("redeem", "spends a voucher, balance or stock"),
    of_order("free", "takes the path of an order that costs nothing"),
    of_order("refund", "staff pay money back"),
    of_order("payout", "sends money out that is no refund"),
    of_order("as_stranger.refund", "the same without the customer's authority"),
    of_order("as_stranger.cancel", "the same without the customer's authority"),
    of_order("as_stranger.edit", "the same without the customer's authority"),
    of_order("as_stranger.confirm", "the same without the customer's authority"),
    Verb {
        word: "reconcile",
        what: "runs the merchant's own recovery and reconciliation now",
        placeholders: &["date"],
    },
    Verb {
        word: "advance",
        what: "tells a merchant with a test clock that time has passed",
        placeholders: &["seconds"],
    },
    Verb { word: "settle", what: "finishes background work now", placeholders: &[] },
];

const fn of_order(word: &'static str, what: &'static str) -> Verb {
    Verb { word, what, placeholders: ORDER_PLACEHOLDERS }
}

impl Verb {
    /// What may be filled in, apart from what steps before have captured.
    #[must_use]
    pub fn all_placeholders(&self) -> Vec<&'static str> {
        [self.placeholders, RUN_PLACEHOLDERS].concat()
    }

    /// Whether it is about one order, whose captured values and cookies it shares.
    #[must_use]
    pub fn is_of_order(&self) -> bool {
        self.placeholders.contains(&"reference")
    }
}

/// What the merchant can be made to do: verb → its steps, never empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Drives(BTreeMap<&'static str, Vec<Step>>);

impl Drives {
    /// Declares a verb of the table by its steps.
    ///
    /// # Panics
    /// If there is no such verb, or no step.
    pub fn declare(&mut self, word: &str, steps: Vec<Step>) {
        let verb = VERBS.iter().find(|verb| verb.word == word);
        assert!(!steps.is_empty(), "`{word}` has a step");
        self.0.insert(verb.expect("a verb of the table").word, steps);
    }

    /// The steps of a verb; none: it is not declared.
    #[must_use]
    pub fn get(&self, word: &str) -> Option<&[Step]> {
        self.0.get(word).map(Vec::as_slice)
    }

    /// Whether a verb is declared.
    #[must_use]
    pub fn has(&self, word: &str) -> bool {
        self.0.contains_key(word)
    }

    /// The declared verbs, in the order of their names.
    pub fn words(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.0.keys().copied()
    }

    /// All steps of all verbs.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.0.values().flatten()
    }
}

/// One step of a verb: something is done, and values are taken from its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What is done.
    pub act: Act,
    /// Placeholder → where its value stands in the answer.
    pub captures: BTreeMap<String, Source>,
}

/// How a step is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// A request to the merchant.
    Http(HttpTemplate),
    /// Program and arguments, run where the merchant runs; no shell reads them.
    Exec(Vec<String>),
    /// A statement in the merchant's database.
    Sql(SqlTemplate),
}

impl From<Act> for Step {
    fn from(act: Act) -> Self {
        Self { act, captures: BTreeMap::new() }
    }
}

/// An HTTP request with placeholders in braces.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpTemplate {
    /// `GET`, `POST`, `PUT`, `PATCH` or `DELETE`.
    pub method: String,
    /// Path on `base_url`.
    pub path: String,
    /// Further headers.
    pub headers: BTreeMap<String, String>,
    /// What is sent.
    pub body: Body,
}

/// The body of a request; strings in it may hold placeholders.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Body {
    /// Nothing is sent.
    #[default]
    None,
    /// `json`: a document.
    Json(serde_json::Value),
    /// `form`: fields and values, URL-encoded.
    Form(Vec<(String, String)>),
    /// `body`: the text itself.
    Text(String),
}

/// A statement of SQL with values that are bound, never spliced.
#[derive(Clone, PartialEq, Eq)]
pub struct SqlTemplate {
    /// `postgres://…`, `mysql://…`, `mariadb://…` or `sqlite:…`, with placeholders of the run.
    pub url: String,
    /// The statement as the database takes it: `$1` or `?` stand for the arguments.
    pub statement: String,
    /// One template for each argument.
    pub args: Vec<String>,
}

/// Where in an answer a value stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A JSON pointer in the body, in what a command printed, or in the rows of a statement.
    Json(String),
    /// A header.
    Header(String),
    /// A cookie that the answer sets.
    Cookie(String),
    /// A regular expression: its first group, or all that it matches.
    Regex(String),
}
