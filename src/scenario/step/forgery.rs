//! Messages that do not prove what they claim.

use super::argument::span;
use super::delivery::seconds;
use super::{Group, Keyword, Wording};
use crate::model::Span;
use crate::scenario::{Action, Forgery};

pub(super) const GROUP: Group = Group {
    title: "Forgeries",
    doc: "The message reads as the event would if it were true. Write it before the truth, while \
          the provider itself says otherwise: a forged copy of something true proves nothing. \
          Where the signature scheme lacks what would be forged, the scenario is not testable.",
    wordings: &[
        Wording {
            keyword: Keyword::When,
            expression: "a forged {event} arrives {forgery}",
            doc: "In that one respect it is not genuine; everything else is as the provider would \
                  have it.",
            example: "a forged \"payment.confirmed\" arrives signed with another key",
            build: |args| Ok(Action::Forge { claim: args.event(0)?, forgery: args.forgery(1)? }),
            print: |action| match action {
                Action::Forge { forgery: Forgery::Aged(_) | Forgery::Ahead(_), .. } => None,
                Action::Forge { claim, forgery } => {
                    Some(format!("a forged \"{claim}\" arrives {}", forgery.phrase()))
                }
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::When,
            expression: "a stale {event} arrives, signed {span} ago",
            doc: "Signed with the endpoint's own key, with a timestamp beyond the tolerance.",
            example: "a stale \"payment.confirmed\" arrives, signed 360 seconds ago",
            build: |args| {
                let forgery = Forgery::Aged(seconds(args, 1)?);
                Ok(Action::Forge { claim: args.event(0)?, forgery })
            },
            print: |action| match action {
                Action::Forge { claim, forgery: Forgery::Aged(s) } => {
                    let ago = span(Span::from_s((*s).into()))?;
                    Some(format!("a stale \"{claim}\" arrives, signed {ago} ago"))
                }
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::When,
            expression: "a forged {event} arrives, signed {span} ahead",
            doc: "Signed with the endpoint's own key, with a timestamp in the future, beyond the \
                  tolerance.",
            example: "a forged \"payment.confirmed\" arrives, signed 360 seconds ahead",
            build: |args| {
                let forgery = Forgery::Ahead(seconds(args, 1)?);
                Ok(Action::Forge { claim: args.event(0)?, forgery })
            },
            print: |action| match action {
                Action::Forge { claim, forgery: Forgery::Ahead(s) } => {
                    let ahead = span(Span::from_s((*s).into()))?;
                    Some(format!("a forged \"{claim}\" arrives, signed {ahead} ahead"))
                }
                _ => None,
            },
        },
    ],
};

#[cfg(test)]
mod tests {
    use super::super::parameter::PARAMETERS;
    use super::super::read;
    use crate::scenario::{Action, FORGERIES};

    #[test]
    fn every_forgery_is_listed_and_read() {
        let listed = PARAMETERS.iter().find(|parameter| parameter.name == "forgery").unwrap().doc;
        for (forgery, _, phrase) in FORGERIES {
            assert!(listed.contains(&format!("`{phrase}`")), "{phrase} is not told");
            let text = format!("a forged \"payment.expired\" arrives {phrase}");
            let action = read(&text, None).unwrap();
            assert!(matches!(action, Action::Forge { forgery: f, .. } if f == *forgery));
        }
        let error = read("a forged \"payment.paid\" arrives with a random signatur", None);
        let error = error.expect_err("no such forgery");
        assert_eq!(error.nearest.as_deref(), Some("with a random signature"));
    }
}
