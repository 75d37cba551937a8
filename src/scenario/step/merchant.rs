//! What the merchant is made to do.

use super::{Group, Keyword, Wording};
use crate::scenario::Action;

pub(super) const GROUP: Group = Group {
    title: "The merchant",
    doc: "What touches the whole merchant runs when no other scenario does.",
    wordings: &[Wording {
        keyword: Keyword::When,
        expression: "the merchant reconciles",
        doc: "The merchant's own recovery and reconciliation runs now.",
        example: "the merchant reconciles",
        build: |_| Ok(Action::Reconcile),
        print: |action| match action {
            Action::Reconcile => Some("the merchant reconciles".to_owned()),
            _ => None,
        },
    }],
};
