//! The parameters of wordings: what may stand where a wording has braces.
//!
//! Patterns are wider than what is valid, so that a misspelt word is told as such and not as an
//! unknown step. They capture no groups of their own: each parameter is one group.

use cucumber_expressions::{Spanned, expand::ParametersProvider};

/// A parameter.
#[derive(Debug)]
pub struct Parameter {
    /// Its name in braces.
    pub name: &'static str,
    /// A regular expression without capturing groups.
    pub pattern: &'static str,
    /// What is accepted.
    pub doc: &'static str,
}

/// Every parameter.
pub static PARAMETERS: &[Parameter] = &[
    Parameter {
        name: "money",
        pattern: r"[-+]?[0-9][^\s]* [A-Za-z]+",
        doc: "an amount with its asset, such as `250.00 USDT`",
    },
    Parameter {
        name: "network",
        pattern: "[A-Za-z0-9-]+",
        doc: "the network that carries the asset, such as `tron`; together they name the rail",
    },
    Parameter {
        name: "event",
        pattern: "\"[^\"]*\"",
        doc: "an event of the contract in quotes, such as `\"payment.confirmed\"`",
    },
    Parameter {
        name: "events",
        pattern: "[A-Za-z.]+(?:, ?[A-Za-z.]+)+",
        doc: "several events with commas, such as `paid, confirmed, settled`",
    },
    Parameter {
        name: "state",
        pattern: "[A-Za-z-]+",
        doc: "`awaiting`, `provisional`, `paid`, `exception`, `cancelled` or `refunded`",
    },
    Parameter {
        name: "class",
        pattern: "[A-Za-z-]+",
        doc: "an exception class of the contract, such as `late-payment`",
    },
    Parameter {
        name: "count",
        pattern: "[0-9]+|[a-z]+",
        doc: "a whole number, as digits or as a word up to ten",
    },
    Parameter {
        name: "times",
        pattern: "once|twice|[0-9]+ times|[a-z]+ times",
        doc: "`once`, `twice`, `three times`, `5 times`",
    },
    Parameter {
        name: "mistake",
        pattern: "another asset|the asset on another network|a look-alike token|money without its \
                  tag|a transfer that fails",
        doc: "`another asset`, `the asset on another network`, `a look-alike token`, `money \
              without its tag` or `a transfer that fails`, where the rail allows it",
    },
    Parameter {
        name: "forgery",
        pattern: "without [a-z ]+|with [a-z ]+|signed with [a-z ]+",
        doc: "`without a signature`, `with an empty signature`, `signed with another key`, \
              `signed with an empty key`, `with a truncated signature`, `with a random signature`, \
              `with an undecodable signature`, `with a signature of an unknown version`, \
              `with its body altered`, `with its id altered` or `with its timestamp altered`",
    },
    Parameter {
        name: "calls",
        pattern: "(?:[a-z]+ |[0-9]+ )?[A-Za-z]+ calls?",
        doc: "calls of the merchant to the provider: `create call`, `3 create calls`, `read call`, \
              `refund call`, or `API call` for whatever it calls",
    },
    Parameter { name: "nth", pattern: "[a-z]+", doc: "`first` to `tenth`" },
    Parameter {
        name: "span",
        pattern: "[0-9]+ [a-z]+|[a-z]+ [a-z]+",
        doc: "a whole number of seconds, minutes, hours or days",
    },
];

/// The table as cucumber expressions ask for it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known;

impl<'s> ParametersProvider<Spanned<'s>> for Known {
    type Item = char;
    type Value = &'static str;

    fn get(&self, name: &Spanned<'s>) -> Option<&'static str> {
        let found = PARAMETERS.iter().find(|parameter| parameter.name == *name.fragment());
        found.map(|parameter| parameter.pattern)
    }
}

/// A text without what differs from use to use, so that texts are compared by their wording.
pub(super) fn shape(text: &str) -> String {
    let mut shape = String::new();
    let mut quoted = false;
    for c in text.chars() {
        match c {
            '"' => {
                quoted = !quoted;
                shape.push('"');
            }
            _ if quoted || c == '.' => {}
            '0'..='9' => {
                if !shape.ends_with('0') {
                    shape.push('0');
                }
            }
            _ => shape.push(c),
        }
    }
    shape
}
