//! What the payer does: sends money, or the wrong amount of it.

use super::argument::counted;
use super::{Group, Keyword, Wording};
use crate::scenario::{Action, Pay};

pub(super) const GROUP: Group = Group {
    title: "The payer",
    doc: "Changes the provider's truth and queues events; nothing is sent before a delivery step \
          or the first Then.",
    wordings: &[
        Wording {
            keyword: Keyword::When,
            expression: "the payer sends {money}",
            doc: "One transfer of that amount, in the asset that the order is to be paid in.",
            example: "the payer sends 250.00 USDT",
            build: |args| Ok(Action::Pay(Pay::Amount(args.money(0)?))),
            print: |action| match action {
                Action::Pay(Pay::Amount(money)) => Some(format!("the payer sends {money}")),
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::When,
            expression: "the payer pays exactly",
            doc: "One transfer of exactly what is due.",
            example: "the payer pays exactly",
            build: |_| Ok(Action::Pay(Pay::Exact)),
            print: |action| match action {
                Action::Pay(Pay::Exact) => Some("the payer pays exactly".to_owned()),
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::When,
            expression: "the payer sends {count} atom(s) too little",
            doc: "One transfer that is short by so many of the asset's smallest units.",
            example: "the payer sends one atom too little",
            build: |args| Ok(Action::Pay(Pay::UnderBy(args.count(0)?.into()))),
            print: |action| match action {
                Action::Pay(Pay::UnderBy(atoms)) => {
                    let atoms = counted(u32::try_from(*atoms).ok()?, "atom");
                    Some(format!("the payer sends {atoms} too little"))
                }
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::When,
            expression: "the payer sends {count} atom(s) too much",
            doc: "One transfer that exceeds what is due by so many of the asset's smallest units.",
            example: "the payer sends one atom too much",
            build: |args| Ok(Action::Pay(Pay::OverBy(args.count(0)?.into()))),
            print: |action| match action {
                Action::Pay(Pay::OverBy(atoms)) => {
                    let atoms = counted(u32::try_from(*atoms).ok()?, "atom");
                    Some(format!("the payer sends {atoms} too much"))
                }
                _ => None,
            },
        },
    ],
};
