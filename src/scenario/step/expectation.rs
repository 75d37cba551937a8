//! What must be seen of the order in focus.

use super::argument::times;
use super::{Group, Keyword, Wording};
use crate::model::OrderState;
use crate::scenario::{Action, Expectation};

pub(super) const GROUP: Group = Group {
    title: "Expectations",
    doc: "Judged through the merchant's declared policy: what is `paid`, `posted` and `fulfilled` \
          is expected once the provider has reached the status that the policy names, and the \
          provider is driven there.",
    wordings: &[
        Wording {
            keyword: Keyword::Then,
            expression: "the order is( still)( an) {state}",
            doc: "The order shows this state, or one that the contract allows in its place.",
            example: "the order is paid",
            build: |args| Ok(expect(Expectation::Order(args.state(0)?))),
            print: |action| match expected(action)? {
                Expectation::Order(OrderState::Exception) => {
                    Some("the order is an exception".to_owned())
                }
                Expectation::Order(state) => Some(format!("the order is {state}")),
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::Then,
            expression: "exactly one credit of {money} is posted",
            doc: "The books hold one credit for the order, of that amount.",
            example: "exactly one credit of 250.00 USDT is posted",
            build: |args| {
                let amount = Some(args.money(0)?);
                Ok(expect(Expectation::Credits { count: 1, amount }))
            },
            print: |action| match expected(action)? {
                Expectation::Credits { count: 1, amount: Some(amount) } => {
                    Some(format!("exactly one credit of {amount} is posted"))
                }
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::Then,
            expression: "exactly one credit of what is due is posted",
            doc: "The books hold one credit for the order, of the amount asked for.",
            example: "exactly one credit of what is due is posted",
            build: |_| Ok(expect(Expectation::Credits { count: 1, amount: None })),
            print: |action| match expected(action)? {
                Expectation::Credits { count: 1, amount: None } => {
                    Some("exactly one credit of what is due is posted".to_owned())
                }
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::Then,
            expression: "exactly {count} credits, together {money}, are posted",
            doc: "The books hold so many credits for the order; that amount is their sum.",
            example: "exactly two credits, together 250.00 USDT, are posted",
            build: |args| {
                let (count, amount) = (args.count(0)?, Some(args.money(1)?));
                Ok(expect(Expectation::Credits { count, amount }))
            },
            print: |action| match expected(action)? {
                Expectation::Credits { count, amount: Some(amount) } => {
                    Some(format!("exactly {count} credits, together {amount}, are posted"))
                }
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::Then,
            expression: "exactly {count} credits, together what is due, are posted",
            doc: "The books hold so many credits for the order; the amount asked for is their sum.",
            example: "exactly two credits, together what is due, are posted",
            build: |args| Ok(expect(Expectation::Credits { count: args.count(0)?, amount: None })),
            print: |action| match expected(action)? {
                Expectation::Credits { count: count @ 2.., amount: None } => {
                    Some(format!("exactly {count} credits, together what is due, are posted"))
                }
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::Then,
            expression: "no credit is posted",
            doc: "The books hold no credit for the order.",
            example: "no credit is posted",
            build: |_| Ok(expect(Expectation::Credits { count: 0, amount: None })),
            print: |action| match expected(action)? {
                Expectation::Credits { count: 0, amount: None } => {
                    Some("no credit is posted".to_owned())
                }
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::Then,
            expression: "exactly one refund of {money} is posted",
            doc: "The books hold one refund for the order, of that amount.",
            example: "exactly one refund of 60.00 USDT is posted",
            build: |args| {
                let amount = Some(args.money(0)?);
                Ok(expect(Expectation::Refunds { count: 1, amount }))
            },
            print: |action| match expected(action)? {
                Expectation::Refunds { count: 1, amount: Some(amount) } => {
                    Some(format!("exactly one refund of {amount} is posted"))
                }
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::Then,
            expression: "exactly {count} refunds, together {money}, are posted",
            doc: "The books hold so many refunds for the order; that amount is their sum.",
            example: "exactly two refunds, together 100.00 USDT, are posted",
            build: |args| {
                let (count, amount) = (args.count(0)?, Some(args.money(1)?));
                Ok(expect(Expectation::Refunds { count, amount }))
            },
            print: |action| match expected(action)? {
                Expectation::Refunds { count, amount: Some(amount) } => {
                    Some(format!("exactly {count} refunds, together {amount}, are posted"))
                }
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::Then,
            expression: "no refund is posted",
            doc: "The books hold no refund for the order.",
            example: "no refund is posted",
            build: |_| Ok(expect(Expectation::Refunds { count: 0, amount: None })),
            print: |action| match expected(action)? {
                Expectation::Refunds { count: 0, .. } => Some("no refund is posted".to_owned()),
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::Then,
            expression: "credits of {money} are taken back",
            doc: "The books hold reversals of that amount for the order; none are due where no \
                  credit ever stood.",
            example: "credits of 250.00 USDT are taken back",
            build: |args| Ok(expect(Expectation::Reversed(Some(args.money(0)?)))),
            print: |action| match expected(action)? {
                Expectation::Reversed(Some(amount)) => {
                    Some(format!("credits of {amount} are taken back"))
                }
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::Then,
            expression: "no credit is taken back",
            doc: "The books hold no reversal for the order.",
            example: "no credit is taken back",
            build: |_| Ok(expect(Expectation::Reversed(None))),
            print: |action| match expected(action)? {
                Expectation::Reversed(None) => Some("no credit is taken back".to_owned()),
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::Then,
            expression: "the order is fulfilled {times}",
            doc: "Goods left so often, counted over the whole scenario.",
            example: "the order is fulfilled once",
            build: |args| Ok(expect(Expectation::Fulfilments(args.times(0)?))),
            print: |action| match expected(action)? {
                Expectation::Fulfilments(n @ 1..) => {
                    Some(format!("the order is fulfilled {}", times(*n)))
                }
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::Then,
            expression: "the order is not fulfilled",
            doc: "No goods left.",
            example: "the order is not fulfilled",
            build: |_| Ok(expect(Expectation::Fulfilments(0))),
            print: |action| match expected(action)? {
                Expectation::Fulfilments(0) => Some("the order is not fulfilled".to_owned()),
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::Then,
            expression: "an exception of class {class} is open",
            doc: "Finance is told: an open exception of that class, or of class `other`.",
            example: "an exception of class late-payment is open",
            build: |args| Ok(expect(Expectation::Exception(args.class(0)?))),
            print: |action| match expected(action)? {
                Expectation::Exception(class) => {
                    Some(format!("an exception of class {class} is open"))
                }
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::Then,
            expression: "nothing changes",
            doc: "The order and the books show nothing that the provider's truth does not allow: \
                  what was just sent had no effect.",
            example: "nothing changes",
            build: |_| Ok(expect(Expectation::NoEffect)),
            print: |action| match expected(action)? {
                Expectation::NoEffect => Some("nothing changes".to_owned()),
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::Then,
            expression: "the notification is acknowledged",
            doc: "The last genuine event was answered with a 2xx, at the latest on a retry.",
            example: "the notification is acknowledged",
            build: |_| Ok(expect(Expectation::Acknowledged)),
            print: |action| match expected(action)? {
                Expectation::Acknowledged => Some("the notification is acknowledged".to_owned()),
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::Then,
            expression: "the books agree with the provider",
            doc: "Whatever the truth is by now, order and books are right for it under the \
                  merchant's policy: what is expected of short, late or surplus money.",
            example: "the books agree with the provider",
            build: |_| Ok(expect(Expectation::Consistent)),
            print: |action| match expected(action)? {
                Expectation::Consistent => Some("the books agree with the provider".to_owned()),
                _ => None,
            },
        },
    ],
};

fn expect(expectation: Expectation) -> Action {
    Action::Expect(expectation)
}

fn expected(action: &Action) -> Option<&Expectation> {
    match action {
        Action::Expect(expectation) => Some(expectation),
        _ => None,
    }
}
