//! Orders: opening one, and saying which one the next steps are about.

use super::argument::ordinal;
use super::{Group, Keyword, Wording};
use crate::scenario::Action;

pub(super) const GROUP: Group = Group {
    title: "Orders",
    doc: "A scenario may have several orders. Steps are about the one in focus: the one opened \
          last, unless a step turned to another.",
    wordings: &[
        Wording {
            keyword: Keyword::Given,
            expression: "an/another order of {money} on {network}",
            doc: "The merchant opens an order and creates its payment; the order is in focus.",
            example: "an order of 250.00 USDT on tron",
            build: |args| {
                let (amount, rail) = args.money_on(0, 1)?;
                Ok(Action::Open { amount, rail })
            },
            print: |action| match action {
                Action::Open { amount, rail } => {
                    Some(format!("an order of {amount} on {}", rail.network))
                }
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::When,
            expression: "the buyer checks out again",
            doc: "The checkout of the same order is submitted once more.",
            example: "the buyer checks out again",
            build: |_| Ok(Action::CheckOutAgain),
            print: |action| match action {
                Action::CheckOutAgain => Some("the buyer checks out again".to_owned()),
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::Given,
            expression: "we turn to the {nth} order",
            doc: "The next steps are about the order that was opened as the n-th.",
            example: "we turn to the second order",
            build: |args| Ok(Action::Focus(args.nth(0)?)),
            print: |action| match action {
                Action::Focus(n) => Some(format!("we turn to the {} order", ordinal(*n)?)),
                _ => None,
            },
        },
    ],
};
