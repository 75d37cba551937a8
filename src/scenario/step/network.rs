//! What the network, the provider and time do to a payment.

use super::argument::{counted, span};
use super::{Group, Keyword, Wording};
use crate::model::Span;
use crate::scenario::{Action, Network};

pub(super) const GROUP: Group = Group {
    title: "The network and time",
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
            expression: "the network is reorganised",
            doc: "Every block that carries a transfer of the payment is replaced by one without \
                  it. A payment that was seen falls back to pending, a confirmed one fails.",
            example: "the network is reorganised",
            build: |_| Ok(Action::Network(Network::Reorganise(None))),
            print: |action| match action {
                Action::Network(Network::Reorganise(None)) => {
                    Some("the network is reorganised".to_owned())
                }
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::When,
            expression: "the network is reorganised, {count} block(s) deep",
            doc: "So many of the topmost blocks are replaced; one of them must carry a transfer.",
            example: "the network is reorganised, 3 blocks deep",
            build: |args| Ok(Action::Network(Network::Reorganise(Some(args.count(0)?)))),
            print: |action| match action {
                Action::Network(Network::Reorganise(Some(depth))) => {
                    let depth = counted(*depth, "block");
                    Some(format!("the network is reorganised, {depth} deep"))
                }
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::When,
            expression: "the lost transfer(s) return(s)",
            doc: "What a reorganisation took away is seen again, without confirmations.",
            example: "the lost transfer returns",
            build: |_| Ok(Action::Network(Network::ReturnOrphans)),
            print: |action| match action {
                Action::Network(Network::ReturnOrphans) => {
                    Some("the lost transfer returns".to_owned())
                }
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::When,
            expression: "the network stalls",
            doc: "It adds no block until it goes on; nothing can be confirmed.",
            example: "the network stalls",
            build: |_| Ok(Action::Network(Network::Stall)),
            print: |action| match action {
                Action::Network(Network::Stall) => Some("the network stalls".to_owned()),
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::When,
            expression: "the network goes on",
            doc: "It adds blocks again.",
            example: "the network goes on",
            build: |_| Ok(Action::Network(Network::Resume)),
            print: |action| match action {
                Action::Network(Network::Resume) => Some("the network goes on".to_owned()),
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::When,
            expression: "the network never confirms the transfer(s)",
            doc: "The clock passes the time for which the provider waits, 24 hours after the \
                  deadline: the payment fails.",
            example: "the network never confirms the transfer",
            build: |_| Ok(Action::Network(Network::GiveUp)),
            print: |action| match action {
                Action::Network(Network::GiveUp) => {
                    Some("the network never confirms the transfer".to_owned())
                }
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
