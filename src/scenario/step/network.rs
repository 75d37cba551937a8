//! What the network, the provider and time do to a payment.

use super::argument::{counted, span};
use super::{Group, Keyword, Wording};
use crate::model::Span;
use crate::scenario::Action;

pub(super) const GROUP: Group = Group {
    title: "The network, the provider and time",
    doc: "Changes the provider's truth and queues events; nothing is sent before a delivery step \
          or the first Then.",
    wordings: &[
        Wording {
            keyword: Keyword::When,
            expression: "the network confirms the transfer(s)",
            doc: "As many blocks as the provider's confirmation policy needs.",
            example: "the network confirms the transfer",
            build: |_| Ok(Action::Confirm(None)),
            print: |action| match action {
                Action::Confirm(None) => Some("the network confirms the transfer".to_owned()),
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::When,
            expression: "the network adds {count} block(s)",
            doc: "So many blocks, whether or not they are enough.",
            example: "the network adds 3 blocks",
            build: |args| Ok(Action::Confirm(Some(args.count(0)?))),
            print: |action| match action {
                Action::Confirm(Some(n)) => {
                    Some(format!("the network adds {}", counted(*n, "block")))
                }
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::When,
            expression: "the payment settles",
            doc: "The provider credits the payment and writes the statement line.",
            example: "the payment settles",
            build: |_| Ok(Action::Settle),
            print: |action| match action {
                Action::Settle => Some("the payment settles".to_owned()),
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::When,
            expression: "the payment expires",
            doc: "Time passes the payment's deadline.",
            example: "the payment expires",
            build: |_| Ok(Action::Expire),
            print: |action| match action {
                Action::Expire => Some("the payment expires".to_owned()),
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::When,
            expression: "the provider accepts the payment",
            doc: "An operator of the provider accepts money that came late or short: the payment \
                  is confirmed and flagged as manual.",
            example: "the provider accepts the payment",
            build: |_| Ok(Action::Accept),
            print: |action| match action {
                Action::Accept => Some("the provider accepts the payment".to_owned()),
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::When,
            expression: "{span} pass(es)",
            doc: "The scenario's clock moves ahead; nobody waits.",
            example: "2 hours pass",
            build: |args| Ok(Action::PassTime(args.span(0)?)),
            print: |action| match action {
                Action::PassTime(time) => {
                    let text = span(*time)?;
                    let verb = if is_one(*time) { "passes" } else { "pass" };
                    Some(format!("{text} {verb}"))
                }
                _ => None,
            },
        },
    ],
};

fn is_one(time: Span) -> bool {
    span(time).is_some_and(|text| text.starts_with("1 "))
}
