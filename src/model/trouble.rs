//! What goes wrong with calls to the provider's API, as one table: each kind in the words of steps,
//! of sweeps and of timelines, and what it does.
//!
//! Runs, the sandbox and the documentation read this and nothing else. Who makes the answers, and
//! which call meets a trouble, is elsewhere.

use std::mem;

use serde::{Deserialize, Serialize};

use super::{Conduct, Span};

/// What goes wrong with a call. Each has a row in [`TROUBLES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the rows tell what each is")]
pub enum Trouble {
    Fails(u16),
    DoneButFails(u16),
    Lost,
    NeverAnswered,
    Hangs,
    Late(Span),
    Held,
    TurnedAway(Span),
    InProgress,
    Cut,
    Garbled,
    WebPage,
    Redirected,
    OnlyAccepted,
    ErrorWithin,
    Stale,
}

/// One kind of trouble.
#[derive(Debug)]
pub struct TroubleRow {
    /// One of the kind, with the detail that its example has.
    pub like: Trouble,
    /// In sweeps and at the sandbox, such as `done-but-fails`.
    pub word: &'static str,
    /// The step: a cucumber expression whose `is/are` and `(s)` follow the number of calls.
    pub step: &'static str,
    /// A step that says `like`.
    pub example: &'static str,
    /// What it means, in whole sentences.
    pub doc: &'static str,
    /// In a timeline; the detail stands in the braces.
    pub told: &'static str,
    /// Whether the call is carried out.
    pub is_done: bool,
    /// What is said.
    pub said: Said,
    /// How the answer leaves.
    pub conduct: Conduct,
}

/// What is said to a call that meets trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// What is always said.
    AsEver,
    /// That the service failed, with the status of the detail.
    Failure,
    /// That there were too many calls, and how long to wait.
    TooMany,
    /// That the same call came before and is not finished: a 409.
    InProgress,
    /// That it is elsewhere: a 308.
    Elsewhere,
    /// That it is accepted, and nothing of a payment: a 202.
    Accepted,
    /// That the service failed, with status 200.
    FailureWithin,
    /// What is always said, as text that is no JSON.
    Garbled,
    /// A page of HTML, with the status that it always has.
    WebPage,
    /// What was true before the last change.
    Before,
}

/// What a trouble says beside its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// A status; 500 to 599.
    Status(u16),
    /// How long, under this key of a sweep's entry.
    Wait(&'static str, Span),
}

/// Every kind, in the order in which lists show them.
pub static TROUBLES: &[TroubleRow] = &[
    TroubleRow {
        like: Trouble::Fails(503),
        word: "fails",
        step: "the next {calls} fail(s) with status {count}",
        example: "the next create call fails with status 503",
        doc: "Nothing is done at the provider; the merchant hears 500 or above.",
        told: "nothing was done; answered {}",
        is_done: false,
        said: Said::Failure,
        conduct: Conduct::Whole,
    },
    TroubleRow {
        like: Trouble::DoneButFails(500),
        word: "done-but-fails",
        step: "the next {calls} is/are carried out, but fail(s) with status {count}",
        example: "the next create call is carried out, but fails with status 500",
        doc: "It is done at the provider; the merchant hears 500 or above all the same.",
        told: "it was done; answered {}",
        is_done: true,
        said: Said::Failure,
        conduct: Conduct::Whole,
    },
    TroubleRow {
        like: Trouble::Lost,
        word: "lost",
        step: "the next {calls} is/are carried out, but the answer is lost",
        example: "the next create call is carried out, but the answer is lost",
        doc: "It is done at the provider; the connection ends without an answer.",
        told: "it was done; the answer was lost",
        is_done: true,
        said: Said::AsEver,
        conduct: Conduct::Lost,
    },
    TroubleRow {
        like: Trouble::NeverAnswered,
        word: "never-answered",
        step: "the next {calls} is/are carried out, but never answered",
        example: "the next create call is carried out, but never answered",
        doc: "It is done at the provider; the merchant hears nothing for as long as it waits.",
        told: "it was done; never answered",
        is_done: true,
        said: Said::AsEver,
        conduct: Conduct::Never,
    },
    TroubleRow {
        like: Trouble::Hangs,
        word: "hangs",
        step: "the next {calls} hang(s)",
        example: "the next create call hangs",
        doc: "Nothing is done at the provider; the merchant hears nothing for as long as it waits.",
        told: "nothing was done; never answered",
        is_done: false,
        said: Said::AsEver,
        conduct: Conduct::Never,
    },
    TroubleRow {
        like: Trouble::Late(Span::from_s(2)),
        word: "late",
        step: "the next {calls} is/are answered after {span}",
        example: "the next create call is answered after 2 seconds",
        doc: "It is done at the provider at once; the answer comes after so much real time.",
        told: "it was done; answered after {}",
        is_done: true,
        said: Said::AsEver,
        conduct: Conduct::Late(Span::from_s(2)),
    },
    TroubleRow {
        like: Trouble::Held,
        word: "held",
        step: "the next {calls} is/are carried out, but the answer is held back",
        example: "the next create call is carried out, but the answer is held back",
        doc: "It is done at the provider; the answer comes at the first Then or further call, behind \
              everything that is delivered until there.",
        told: "it was done; the answer was held back",
        is_done: true,
        said: Said::AsEver,
        conduct: Conduct::Held,
    },
    TroubleRow {
        like: Trouble::TurnedAway(Span::from_s(1)),
        word: "turned-away",
        step: "the next {calls} is/are turned away for {span}",
        example: "the next create call is turned away for 1 second",
        doc: "Nothing is done; the merchant hears 429 and, in Retry-After, how long to wait.",
        told: "nothing was done; answered 429, wait {}",
        is_done: false,
        said: Said::TooMany,
        conduct: Conduct::Whole,
    },
    TroubleRow {
        like: Trouble::InProgress,
        word: "in-progress",
        step: "the next {calls} is/are told that the same is in progress",
        example: "the next create call is told that the same is in progress",
        doc: "Nothing is done; a call whose Idempotency-Key came before hears 409, as if the first with \
              it were not finished.",
        told: "nothing was done; answered 409, the same is in progress",
        is_done: false,
        said: Said::InProgress,
        conduct: Conduct::Whole,
    },
    TroubleRow {
        like: Trouble::Cut,
        word: "cut",
        step: "the next {calls} is/are carried out, but the answer breaks off",
        example: "the next create call is carried out, but the answer breaks off",
        doc: "It is done at the provider; half of the answer arrives.",
        told: "it was done; the answer broke off",
        is_done: true,
        said: Said::AsEver,
        conduct: Conduct::Cut,
    },
    TroubleRow {
        like: Trouble::Garbled,
        word: "garbled",
        step: "the next {calls} is/are carried out, but the answer is no JSON",
        example: "the next create call is carried out, but the answer is no JSON",
        doc: "It is done at the provider; the answer cannot be read.",
        told: "it was done; the answer was no JSON",
        is_done: true,
        said: Said::Garbled,
        conduct: Conduct::Whole,
    },
    TroubleRow {
        like: Trouble::WebPage,
        word: "web-page",
        step: "the next {calls} is/are carried out, but the answer is a web page",
        example: "the next create call is carried out, but the answer is a web page",
        doc: "It is done at the provider; the answer is HTML with status 201 or 200, as from a gateway.",
        told: "it was done; the answer was a web page",
        is_done: true,
        said: Said::WebPage,
        conduct: Conduct::Whole,
    },
    TroubleRow {
        like: Trouble::Redirected,
        word: "redirected",
        step: "the next {calls} is/are redirected",
        example: "the next create call is redirected",
        doc: "Nothing is done; the answer is a 308 that points to another place.",
        told: "nothing was done; answered 308",
        is_done: false,
        said: Said::Elsewhere,
        conduct: Conduct::Whole,
    },
    TroubleRow {
        like: Trouble::OnlyAccepted,
        word: "only-accepted",
        step: "the next {calls} is/are only accepted",
        example: "the next create call is only accepted",
        doc: "Nothing is done yet; the answer is a 202 without a payment.",
        told: "nothing was done; answered 202 without a payment",
        is_done: false,
        said: Said::Accepted,
        conduct: Conduct::Whole,
    },
    TroubleRow {
        like: Trouble::ErrorWithin,
        word: "error-within",
        step: "the next {calls} is/are answered with an error inside a 200",
        example: "the next create call is answered with an error inside a 200",
        doc: "Nothing is done; the error stands in the body alone.",
        told: "nothing was done; answered 200 with an error inside",
        is_done: false,
        said: Said::FailureWithin,
        conduct: Conduct::Whole,
    },
    TroubleRow {
        like: Trouble::Stale,
        word: "stale",
        step: "the next {calls} is/are answered with what was true before",
        example: "the next read call is answered with what was true before",
        doc: "The answer shows the payment as it was before its last change, and never as it was not.",
        told: "answered with what was true before",
        is_done: false,
        said: Said::Before,
        conduct: Conduct::Whole,
    },
];

impl Trouble {
    /// What an error of the provider has for a status: 500 or above.
    #[must_use]
    pub const fn is_failure(status: u16) -> bool {
        status >= 500 && status < 600
    }

    /// Its row.
    ///
    /// # Panics
    /// Never: the tests hold every kind against the table.
    #[must_use]
    pub fn row(self) -> &'static TroubleRow {
        let kind = mem::discriminant(&self);
        let row = TROUBLES.iter().find(|row| mem::discriminant(&row.like) == kind);
        row.expect("every trouble has a row")
    }

    /// What it says beside its kind.
    #[must_use]
    pub const fn detail(self) -> Option<Detail> {
        match self {
            Self::Fails(status) | Self::DoneButFails(status) => Some(Detail::Status(status)),
            Self::Late(span) => Some(Detail::Wait("after", span)),
            Self::TurnedAway(span) => Some(Detail::Wait("for", span)),
            Self::Lost
            | Self::NeverAnswered
            | Self::Hangs
            | Self::Held
            | Self::InProgress
            | Self::Cut
            | Self::Garbled
            | Self::WebPage
            | Self::Redirected
            | Self::OnlyAccepted
            | Self::ErrorWithin
            | Self::Stale => None,
        }
    }

    /// The same kind with this status; itself where it has none.
    #[must_use]
    pub const fn with_status(self, status: u16) -> Self {
        match self {
            Self::Fails(_) => Self::Fails(status),
            Self::DoneButFails(_) => Self::DoneButFails(status),
            other => other,
        }
    }

    /// The same kind with this wait; itself where it has none.
    #[must_use]
    pub const fn with_wait(self, wait: Span) -> Self {
        match self {
            Self::Late(_) => Self::Late(wait),
            Self::TurnedAway(_) => Self::TurnedAway(wait),
            other => other,
        }
    }

    /// How the answer leaves.
    #[must_use]
    pub fn conduct(self) -> Conduct {
        match self {
            Self::Late(span) => Conduct::Late(span),
            other => other.row().conduct,
        }
    }

    /// Whether the call was carried out and the merchant did not hear so.
    #[must_use]
    pub fn is_done_unheard(self) -> bool {
        self.row().is_done && !matches!(self, Self::Late(_) | Self::Held)
    }

    /// What became of the call, as a timeline tells it.
    #[must_use]
    pub fn tell(self) -> String {
        let detail = match self.detail() {
            Some(Detail::Status(status)) => status.to_string(),
            Some(Detail::Wait(_, span)) => span.to_string(),
            None => String::new(),
        };
        self.row().told.replace("{}", &detail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_row_under_the_word_that_histories_have() {
        let unknown = serde_json::from_str::<Trouble>("\"unknown\"").unwrap_err().to_string();
        let words: Vec<_> = unknown.split('`').skip(3).step_by(2).collect();
        assert_eq!(words, TROUBLES.iter().map(|row| row.word).collect::<Vec<_>>(), "{unknown}");
    }

    #[test]
    fn a_row_says_its_example() {
        for row in TROUBLES {
            assert!(std::ptr::eq(row.like.row(), row), "{}", row.word);
            assert_eq!(row.like.conduct(), row.conduct, "{}", row.word);
            assert_eq!(row.told.contains("{}"), row.like.detail().is_some(), "{}", row.word);
            assert!(!row.like.tell().contains("{}"), "{}", row.word);
        }
    }

    #[test]
    fn the_pages_that_list_words_list_all() {
        let pages =
            [include_str!("../../docs/scenarios.md"), include_str!("../../docs/sandbox.md")];
        for row in TROUBLES {
            let word = format!("`{}`", row.word);
            assert!(pages[0].contains(&word), "{word}");
            // Nobody lets a held answer go at a sandbox.
            assert_eq!(pages[1].contains(&word), row.conduct != Conduct::Held, "{word}");
        }
    }
}
