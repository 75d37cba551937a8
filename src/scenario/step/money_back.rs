//! Money on its way back: refunds that are started at the provider, and disputes.

use super::{Group, Keyword, Wording};
use crate::scenario::{Action, Operation};

pub(super) const GROUP: Group = Group {
    title: "Money back",
    doc: "Changes the provider's truth and queues events, as what the provider does. Money goes \
          back once it is settled: the payment is driven there first.",
    wordings: &[
        Wording {
            keyword: Keyword::When,
            expression: "the provider refunds {money}",
            doc: "Somebody refunds so much at the provider, where the merchant has no part in it. It is \
                  on its way until a step says how it ends.",
            example: "the provider refunds 60.00 USDT",
            build: |args| {
                let amount = Some(args.money(0)?);
                Ok(Action::Operate(Operation::Refund(amount)))
            },
            print: |action| match action {
                Action::Operate(Operation::Refund(Some(amount))) => {
                    Some(format!("the provider refunds {amount}"))
                }
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::When,
            expression: "the provider refunds everything",
            doc: "The same with all that is left.",
            example: "the provider refunds everything",
            build: |_| Ok(Action::Operate(Operation::Refund(None))),
            print: |action| match action {
                Action::Operate(Operation::Refund(None)) => {
                    Some("the provider refunds everything".to_owned())
                }
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::When,
            expression: "the refund is on its way",
            doc: "The oldest refund that is not over is sent to the network. Nothing is announced.",
            example: "the refund is on its way",
            build: |_| Ok(Action::Operate(Operation::StartRefund)),
            print: |action| match action {
                Action::Operate(Operation::StartRefund) => {
                    Some("the refund is on its way".to_owned())
                }
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::When,
            expression: "the refund arrives",
            doc: "The oldest refund that is not over is paid out; where nothing is left, the payment is \
                  refunded.",
            example: "the refund arrives",
            build: |_| Ok(Action::Operate(Operation::CompleteRefund)),
            print: |action| match action {
                Action::Operate(Operation::CompleteRefund) => Some("the refund arrives".to_owned()),
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::When,
            expression: "the refund fails",
            doc: "The oldest refund that is not over does not arrive: its money is the merchant's again.",
            example: "the refund fails",
            build: |_| Ok(Action::Operate(Operation::FailRefund)),
            print: |action| match action {
                Action::Operate(Operation::FailRefund) => Some("the refund fails".to_owned()),
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::When,
            expression: "the payer disputes the payment",
            doc: "The payer objects to all that is left. The status of the payment stays.",
            example: "the payer disputes the payment",
            build: |_| Ok(Action::Operate(Operation::OpenDispute(None))),
            print: |action| match action {
                Action::Operate(Operation::OpenDispute(None)) => {
                    Some("the payer disputes the payment".to_owned())
                }
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::When,
            expression: "the payer disputes {money}",
            doc: "The payer objects to so much of it.",
            example: "the payer disputes 60.00 USDT",
            build: |args| {
                let amount = Some(args.money(0)?);
                Ok(Action::Operate(Operation::OpenDispute(amount)))
            },
            print: |action| match action {
                Action::Operate(Operation::OpenDispute(Some(amount))) => {
                    Some(format!("the payer disputes {amount}"))
                }
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::When,
            expression: "the dispute is won",
            doc: "The merchant keeps the money.",
            example: "the dispute is won",
            build: |_| Ok(Action::Operate(Operation::WinDispute)),
            print: |action| match action {
                Action::Operate(Operation::WinDispute) => Some("the dispute is won".to_owned()),
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::When,
            expression: "the dispute is lost",
            doc: "The payer gets the money, and the statement has a reversal.",
            example: "the dispute is lost",
            build: |_| Ok(Action::Operate(Operation::LoseDispute)),
            print: |action| match action {
                Action::Operate(Operation::LoseDispute) => Some("the dispute is lost".to_owned()),
                _ => None,
            },
        },
    ],
};
