//! Messages that do not prove what they claim.

use super::argument::span;
use super::delivery::seconds;
use super::{Group, Keyword, Wording};
use crate::model::{EventKind, Span};
use crate::scenario::{Action, Forgery};

pub(super) const GROUP: Group = Group {
    title: "Forgeries",
    doc: "The message reads as the event would if it were true. Write it before the truth, while \
          the provider itself says otherwise: a forged copy of something true proves nothing.",
    wordings: &[
        Wording {
            keyword: Keyword::When,
            expression: "a forged {event} arrives without a signature",
            doc: "No signature headers at all.",
            example: "a forged \"payment.confirmed\" arrives without a signature",
            build: |args| Ok(forge(args.event(0)?, Forgery::Unsigned)),
            print: |action| match forged(action)? {
                (event, Forgery::Unsigned) => {
                    Some(format!("a forged \"{event}\" arrives without a signature"))
                }
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::When,
            expression: "a forged {event} arrives signed with another key",
            doc: "Well-formed and fresh, made with a key that is not the endpoint's.",
            example: "a forged \"payment.confirmed\" arrives signed with another key",
            build: |args| Ok(forge(args.event(0)?, Forgery::WrongKey)),
            print: |action| match forged(action)? {
                (event, Forgery::WrongKey) => {
                    Some(format!("a forged \"{event}\" arrives signed with another key"))
                }
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::When,
            expression: "a forged {event} arrives with a truncated signature",
            doc: "The last characters of the signature are cut off.",
            example: "a forged \"payment.confirmed\" arrives with a truncated signature",
            build: |args| Ok(forge(args.event(0)?, Forgery::Truncated)),
            print: |action| match forged(action)? {
                (event, Forgery::Truncated) => {
                    Some(format!("a forged \"{event}\" arrives with a truncated signature"))
                }
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::When,
            expression: "a forged {event} arrives with a random signature",
            doc: "A signature of the right shape, and of nothing.",
            example: "a forged \"payment.confirmed\" arrives with a random signature",
            build: |args| Ok(forge(args.event(0)?, Forgery::Random)),
            print: |action| match forged(action)? {
                (event, Forgery::Random) => {
                    Some(format!("a forged \"{event}\" arrives with a random signature"))
                }
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::When,
            expression: "a forged {event} arrives with its body altered",
            doc: "Signed genuinely; then the body was changed.",
            example: "a forged \"payment.confirmed\" arrives with its body altered",
            build: |args| Ok(forge(args.event(0)?, Forgery::Tampered)),
            print: |action| match forged(action)? {
                (event, Forgery::Tampered) => {
                    Some(format!("a forged \"{event}\" arrives with its body altered"))
                }
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::When,
            expression: "a stale {event} arrives, signed {span} ago",
            doc: "Signed with the endpoint's own key, with a timestamp beyond the tolerance.",
            example: "a stale \"payment.confirmed\" arrives, signed 360 seconds ago",
            build: |args| Ok(forge(args.event(0)?, Forgery::Aged(seconds(args, 1)?))),
            print: |action| match forged(action)? {
                (event, Forgery::Aged(s)) => {
                    let ago = span(Span::from_s(s.into()))?;
                    Some(format!("a stale \"{event}\" arrives, signed {ago} ago"))
                }
                _ => None,
            },
        },
    ],
};

fn forge(claim: EventKind, forgery: Forgery) -> Action {
    Action::Forge { claim, forgery }
}

fn forged(action: &Action) -> Option<(EventKind, Forgery)> {
    match action {
        Action::Forge { claim, forgery } => Some((*claim, *forgery)),
        _ => None,
    }
}
