//! What goes wrong with the merchant's calls to the provider's API.

use super::argument::{calls, span};
use super::{Args, Group, Keyword, StepError, Wording};
use crate::scenario::{Action, ApiTrouble, Call, Trouble};

pub(super) const GROUP: Group = Group {
    title: "The provider's API",
    doc: "Something goes wrong with the next calls that the merchant makes about an order of the \
          scenario, in the order of these steps. A trouble that no call meets leaves the scenario \
          undecided: its rules are `unknown`.",
    wordings: &[
        Wording {
            keyword: Keyword::Given,
            expression: "the next {calls} fail(s) with status {count}",
            doc: "Nothing is done at the provider; the merchant hears 500 or above.",
            example: "the next create call fails with status 503",
            build: |args| arm(args, Trouble::Fails(status(args, 1)?)),
            print: |action| match told(action)? {
                (calls, one, Trouble::Fails(status)) => Some(format!(
                    "the next {calls} {} with status {status}",
                    if one { "fails" } else { "fail" }
                )),
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::Given,
            expression: "the next {calls} is/are carried out, but fail(s) with status {count}",
            doc: "It is done at the provider; the merchant hears 500 or above all the same.",
            example: "the next create call is carried out, but fails with status 500",
            build: |args| arm(args, Trouble::DoneButFails(status(args, 1)?)),
            print: |action| match told(action)? {
                (calls, one, Trouble::DoneButFails(status)) => Some(format!(
                    "the next {calls} {} carried out, but {} with status {status}",
                    is(one),
                    if one { "fails" } else { "fail" }
                )),
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::Given,
            expression: "the next {calls} is/are carried out, but the answer is lost",
            doc: "It is done at the provider; the connection ends without an answer.",
            example: "the next create call is carried out, but the answer is lost",
            build: |args| arm(args, Trouble::Lost),
            print: |action| match told(action)? {
                (calls, one, Trouble::Lost) => Some(format!(
                    "the next {calls} {} carried out, but the answer is lost",
                    is(one)
                )),
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::Given,
            expression: "the next {calls} is/are carried out, but never answered",
            doc: "It is done at the provider; the merchant hears nothing for as long as it waits.",
            example: "the next create call is carried out, but never answered",
            build: |args| arm(args, Trouble::NeverAnswered),
            print: |action| match told(action)? {
                (calls, one, Trouble::NeverAnswered) => {
                    Some(format!("the next {calls} {} carried out, but never answered", is(one)))
                }
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::Given,
            expression: "the next {calls} is/are answered after {span}",
            doc: "It is done at the provider at once; the answer comes after so much real time.",
            example: "the next create call is answered after 2 seconds",
            build: |args| arm(args, Trouble::Late(args.span(1)?)),
            print: |action| match told(action)? {
                (calls, one, Trouble::Late(late)) => {
                    Some(format!("the next {calls} {} answered after {}", is(one), span(late)?))
                }
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::Given,
            expression: "the next {calls} is/are turned away for {span}",
            doc: "Nothing is done; the merchant hears 429 and, in Retry-After, how long to wait.",
            example: "the next create call is turned away for 1 second",
            build: |args| arm(args, Trouble::TurnedAway(args.span(1)?)),
            print: |action| match told(action)? {
                (calls, one, Trouble::TurnedAway(wait)) => {
                    Some(format!("the next {calls} {} turned away for {}", is(one), span(wait)?))
                }
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::Given,
            expression: "the next {calls} is/are carried out, but the answer breaks off",
            doc: "It is done at the provider; half of the answer arrives.",
            example: "the next create call is carried out, but the answer breaks off",
            build: |args| arm(args, Trouble::Cut),
            print: |action| match told(action)? {
                (calls, one, Trouble::Cut) => Some(format!(
                    "the next {calls} {} carried out, but the answer breaks off",
                    is(one)
                )),
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::Given,
            expression: "the next {calls} is/are carried out, but the answer is no JSON",
            doc: "It is done at the provider; the answer cannot be read.",
            example: "the next create call is carried out, but the answer is no JSON",
            build: |args| arm(args, Trouble::Garbled),
            print: |action| match told(action)? {
                (calls, one, Trouble::Garbled) => Some(format!(
                    "the next {calls} {} carried out, but the answer is no JSON",
                    is(one)
                )),
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::Given,
            expression: "the next {calls} is/are carried out, but the answer is a web page",
            doc: "It is done at the provider; the answer is HTML with status 201 or 200, as from a gateway.",
            example: "the next create call is carried out, but the answer is a web page",
            build: |args| arm(args, Trouble::WebPage),
            print: |action| match told(action)? {
                (calls, one, Trouble::WebPage) => Some(format!(
                    "the next {calls} {} carried out, but the answer is a web page",
                    is(one)
                )),
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::Given,
            expression: "the next {calls} is/are redirected",
            doc: "Nothing is done; the answer is a 308 that points to another place.",
            example: "the next create call is redirected",
            build: |args| arm(args, Trouble::Redirected),
            print: |action| match told(action)? {
                (calls, one, Trouble::Redirected) => {
                    Some(format!("the next {calls} {} redirected", is(one)))
                }
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::Given,
            expression: "the next {calls} is/are only accepted",
            doc: "Nothing is done yet; the answer is a 202 without a payment.",
            example: "the next create call is only accepted",
            build: |args| arm(args, Trouble::OnlyAccepted),
            print: |action| match told(action)? {
                (calls, one, Trouble::OnlyAccepted) => {
                    Some(format!("the next {calls} {} only accepted", is(one)))
                }
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::Given,
            expression: "the next {calls} is/are answered with an error inside a 200",
            doc: "Nothing is done; the error stands in the body alone.",
            example: "the next create call is answered with an error inside a 200",
            build: |args| arm(args, Trouble::ErrorWithin),
            print: |action| match told(action)? {
                (calls, one, Trouble::ErrorWithin) => Some(format!(
                    "the next {calls} {} answered with an error inside a 200",
                    is(one)
                )),
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::Given,
            expression: "the next {calls} is/are answered with what was true before",
            doc: "The answer shows the payment as it was before its last change, and never as it was not.",
            example: "the next read call is answered with what was true before",
            build: |args| arm(args, Trouble::Stale),
            print: |action| match told(action)? {
                (calls, one, Trouble::Stale) => {
                    Some(format!("the next {calls} {} answered with what was true before", is(one)))
                }
                _ => None,
            },
        },
    ],
};

fn arm(args: &Args, trouble: Trouble) -> Result<Action, StepError> {
    let (call, times) = args.calls(0)?;
    if trouble == Trouble::Stale && call != Call::Read {
        return Err(args.fault(0, "only a read shows what was".to_owned(), "`read call`"));
    }
    Ok(Action::Trouble(ApiTrouble { call, trouble, times }))
}

fn status(args: &Args, n: usize) -> Result<u16, StepError> {
    let status = u16::try_from(args.count(n)?).ok().filter(|status| (500..600).contains(status));
    let problem = "an error of the provider is 500 or above";
    status.ok_or_else(|| args.fault(n, problem.to_owned(), "such as 500 or 503"))
}

/// The calls as they are written, whether it is one, and what goes wrong with them.
fn told(action: &Action) -> Option<(String, bool, Trouble)> {
    match action {
        Action::Trouble(ApiTrouble { call, trouble, times }) => {
            Some((calls(*call, *times), *times == 1, *trouble))
        }
        _ => None,
    }
}

const fn is(one: bool) -> &'static str {
    if one { "is" } else { "are" }
}
