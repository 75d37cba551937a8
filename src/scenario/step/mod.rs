//! The vocabulary: every wording that a step may have, with its meaning.
//!
//! A wording is one row in one group's file. It turns words into an [`Action`] and back; it never
//! does anything. Lists, documentation and errors follow from the table.

mod argument;
mod delivery;
mod document;
mod expectation;
mod forgery;
mod merchant;
mod money_back;
mod network;
mod order;
mod parameter;
mod payer;
mod provider;
mod service;

use std::sync::LazyLock;

use cucumber_expressions::Expression;
use regex::Regex;

pub use argument::Args;
pub use document::document;
pub use parameter::{PARAMETERS, Parameter};

use super::Action;
use crate::model::Rail;

/// Wordings about one noun.
#[derive(Debug)]
pub struct Group {
    /// The heading in lists, such as `Deliveries`.
    pub title: &'static str,
    /// What all its wordings have in common.
    pub doc: &'static str,
    /// One row per wording.
    pub wordings: &'static [Wording],
}

/// One way to write a step.
#[derive(Debug)]
pub struct Wording {
    /// The keyword that it is usually written and always printed with.
    pub keyword: Keyword,
    /// A cucumber expression, such as `the payer sends {money}`.
    pub expression: &'static str,
    /// What it means.
    pub doc: &'static str,
    /// A text that it reads.
    pub example: &'static str,
    /// The meaning of what was written.
    pub build: fn(&Args) -> Result<Action, StepError>,
    /// The text for an action; none where another wording prints it.
    pub print: fn(&Action) -> Option<String>,
}

/// The part of a scenario that a step belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keyword {
    /// How it starts.
    Given,
    /// What happens.
    When,
    /// What must be seen.
    Then,
}

/// Why a text is no step.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct StepError {
    /// Where in the text, in characters from 0.
    pub offset: u32,
    /// What is wrong, naming the offending words.
    pub problem: String,
    /// What would be accepted.
    pub expected: Option<String>,
    /// The nearest valid words.
    pub nearest: Option<String>,
}

/// Every wording, in the order in which lists show them.
pub static STEPS: &[Group] = &[
    order::GROUP,
    payer::GROUP,
    network::GROUP,
    provider::GROUP,
    money_back::GROUP,
    service::GROUP,
    delivery::GROUP,
    forgery::GROUP,
    merchant::GROUP,
    expectation::GROUP,
];

impl Keyword {
    /// As it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Given => "Given",
            Self::When => "When",
            Self::Then => "Then",
        }
    }
}

/// Every wording, without its group.
pub fn wordings() -> impl Iterator<Item = &'static Wording> {
    STEPS.iter().flat_map(|group| group.wordings)
}

/// The meaning of a step's text, keyword left out. Money is read in the asset of `focus`, the
/// rail of the order that the step is about.
///
/// # Errors
/// Text that no wording reads, that two read, or that names an unknown word.
pub fn read(text: &str, focus: Option<&'static Rail>) -> Result<Action, StepError> {
    let mut fitting = wordings().zip(PATTERNS.iter()).filter(|(_, regex)| regex.is_match(text));
    let Some((wording, regex)) = fitting.next() else { return Err(unmatched(text)) };
    if let Some((other, _)) = fitting.next() {
        let problem = format!(
            "`{text}` can be read as `{}` and as `{}`",
            wording.expression, other.expression
        );
        return Err(StepError { offset: 0, problem, expected: None, nearest: None });
    }
    (wording.build)(&Args::new(text, (wording, regex), focus))
}

/// The keyword and text of an action; none where no wording can say it.
#[must_use]
pub fn print(action: &Action) -> Option<(Keyword, String)> {
    wordings().find_map(|wording| Some((wording.keyword, (wording.print)(action)?)))
}

/// Each wording's regular expression, in the order of the table.
static PATTERNS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    let pattern = |wording: &Wording| {
        Expression::regex_with_parameters(wording.expression, parameter::Known)
            .unwrap_or_else(|error| panic!("`{}`: {error}", wording.expression))
    };
    wordings().map(pattern).collect()
});

fn unmatched(text: &str) -> StepError {
    let shape = parameter::shape(text);
    let near = wordings().min_by_key(|wording| {
        strsim::damerau_levenshtein(&shape, &parameter::shape(wording.example))
    });
    StepError {
        offset: 0,
        problem: format!("no step reads `{text}`"),
        expected: Some("a step of the vocabulary; `countersign steps` lists it".to_owned()),
        nearest: near.map(|wording| wording.example.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::rail_by_id;

    fn tron() -> Option<&'static Rail> {
        rail_by_id("usdt-tron")
    }

    #[test]
    fn every_example_is_read_by_its_own_wording_and_prints_back() {
        for (wording, regex) in wordings().zip(PATTERNS.iter()) {
            let example = wording.example;
            assert!(regex.is_match(example), "{example} is no {}", wording.expression);
            let rail = if example.contains("XRP") { rail_by_id("xrp-xrpl") } else { tron() };
            let action = read(example, rail).unwrap_or_else(|e| panic!("{example}: {e:?}"));
            let (_, printed) = print(&action).unwrap_or_else(|| panic!("{example}: {action:?}"));
            assert_eq!(read(&printed, rail), Ok(action), "{example} prints as {printed}");
        }
    }

    #[test]
    fn every_wording_is_told_in_sentences() {
        for wording in wordings() {
            assert!(wording.doc.ends_with('.'), "{}", wording.expression);
        }
    }

    #[test]
    fn what_is_not_understood_is_told_with_the_nearest() {
        let cases = [
            ("the payer sends 250.00 USDX", 16, "`USDX`", Some("USDT")),
            ("the payer sends 0.0000001 USDT", 16, "more decimals", None),
            ("the payer send 250.00 USDT", 0, "no step", Some("the payer sends 250.00 USDT")),
            ("the order is paied", 13, "`paied`", Some("paid")),
            ("\"payment.confirm\" is delivered", 1, "`payment.confirm`", Some("payment.confirmed")),
            ("an order of 1.00 USDT on trom", 25, "`trom`", Some("tron")),
            ("an order of 1.00 XRP on base", 24, "XRP", Some("xrpl")),
            (
                "an exception of class late-paiment is open",
                22,
                "late-paiment",
                Some("late-payment"),
            ),
            ("2 hous pass", 0, "`hous`", Some("hours")),
        ];
        for (text, offset, problem, nearest) in cases {
            let error = read(text, tron()).expect_err(text);
            assert!(error.problem.contains(problem), "{text}: {}", error.problem);
            assert_eq!((error.offset, error.nearest.as_deref()), (offset, nearest), "{text}");
        }
    }

    #[test]
    fn money_needs_an_order() {
        let error = read("the payer sends 250.00 USDT", None).expect_err("no order is open");
        assert!(error.problem.contains("no order"), "{}", error.problem);
    }
}
