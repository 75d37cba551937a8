//! What the provider and its operator do to a payment.

use super::{Group, Keyword, Wording};
use crate::scenario::{Action, Operation};

pub(super) const GROUP: Group = Group {
    title: "The provider",
    doc: "Changes the provider's truth and queues events; nothing is sent before a delivery step \
          or the first Then.",
    wordings: &[
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
            expression: "the provider holds the payment",
            doc: "Screening stops a payment that was paid or confirmed: nobody ships or refunds \
                  by himself until it is over.",
            example: "the provider holds the payment",
            build: |_| Ok(Action::Operate(Operation::Hold)),
            print: |action| match action {
                Action::Operate(Operation::Hold) => {
                    Some("the provider holds the payment".to_owned())
                }
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::When,
            expression: "the provider releases the payment",
            doc: "The stop is over, and the payment goes on where it stood.",
            example: "the provider releases the payment",
            build: |_| Ok(Action::Operate(Operation::Release)),
            print: |action| match action {
                Action::Operate(Operation::Release) => {
                    Some("the provider releases the payment".to_owned())
                }
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::When,
            expression: "the provider rejects the payment",
            doc: "Screening ends against a payment that is held: it fails.",
            example: "the provider rejects the payment",
            build: |_| Ok(Action::Operate(Operation::Reject)),
            print: |action| match action {
                Action::Operate(Operation::Reject) => {
                    Some("the provider rejects the payment".to_owned())
                }
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::When,
            expression: "the provider cancels the payment",
            doc: "A payment that nobody has paid yet is called off.",
            example: "the provider cancels the payment",
            build: |_| Ok(Action::Operate(Operation::Cancel)),
            print: |action| match action {
                Action::Operate(Operation::Cancel) => {
                    Some("the provider cancels the payment".to_owned())
                }
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::When,
            expression: "the provider tries the endpoint out",
            doc: "An event of type `webhook.test`: nothing happened.",
            example: "the provider tries the endpoint out",
            build: |_| Ok(Action::Operate(Operation::Test)),
            print: |action| match action {
                Action::Operate(Operation::Test) => {
                    Some("the provider tries the endpoint out".to_owned())
                }
                _ => None,
            },
        },
    ],
};
