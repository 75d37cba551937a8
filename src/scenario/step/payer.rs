//! What the payer does: sends money, or the wrong amount of it.

use super::argument::{counted, mistake};
use super::{Group, Keyword, Wording};
use crate::scenario::{Action, Pay, Replacement};

/// More parts than this prove nothing that fewer do not.
const PARTS_MAX: u32 = 100;

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
        Wording {
            keyword: Keyword::When,
            expression: "the payer pays in {count} parts",
            doc: "What is due, in so many transfers of the same size; odd atoms come with the last.",
            example: "the payer pays in three parts",
            build: |args| match args.count(0)? {
                parts @ 2..=PARTS_MAX => Ok(Action::Pay(Pay::InParts(parts))),
                parts => {
                    let problem = format!("nobody pays in {parts} parts");
                    Err(args.fault(0, problem, &format!("2 to {PARTS_MAX}")))
                }
            },
            print: |action| match action {
                Action::Pay(Pay::InParts(parts)) => {
                    Some(format!("the payer pays in {parts} parts"))
                }
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::When,
            expression: "the payer sends {mistake}",
            doc: "By mistake or on purpose: as many units as are due, of something that does not \
                  count. The provider lists the transfer and never adds it to what was received.",
            example: "the payer sends a look-alike token",
            build: |args| Ok(Action::Pay(Pay::Mistake { what: args.mistake(0)?, atoms: None })),
            print: |action| match action {
                Action::Pay(Pay::Mistake { what, atoms: None }) => {
                    Some(format!("the payer sends {}", mistake(*what)))
                }
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::When,
            expression: "the payer sends {count} atom(s) of {mistake}",
            doc: "Dust: so little that it pays for nothing, of something that does not count.",
            example: "the payer sends one atom of another asset",
            build: |args| {
                let (atoms, what) = (Some(args.count(0)?), args.mistake(1)?);
                Ok(Action::Pay(Pay::Mistake { what, atoms }))
            },
            print: |action| match action {
                Action::Pay(Pay::Mistake { what, atoms: Some(atoms) }) => {
                    let atoms = counted(*atoms, "atom");
                    Some(format!("the payer sends {atoms} of {}", mistake(*what)))
                }
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::When,
            expression: "the payer asks for {money} and delivers {money}",
            doc: "A partial payment of XRPL: the transfer names the first amount and moves the \
                  second, and only the second was received.",
            example: "the payer asks for 25.50 XRP and delivers 0.01 XRP",
            build: |args| {
                let (requested, delivered) = (args.money(0)?, args.money(1)?);
                match args.focus() {
                    Some(rail) if !rail.tells_what_was_requested() => {
                        let problem = format!("on {} a transfer moves what it names", rail.id);
                        Err(args.fault(0, problem, "an order of XRP on xrpl"))
                    }
                    Some(_) | None => Ok(Action::Pay(Pay::Partial { requested, delivered })),
                }
            },
            print: |action| match action {
                Action::Pay(Pay::Partial { requested, delivered }) => {
                    Some(format!("the payer asks for {requested} and delivers {delivered}"))
                }
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::When,
            expression: "the payer raises the fee of the transfer",
            doc: "The last unconfirmed transfer is replaced by one of what is due.",
            example: "the payer raises the fee of the transfer",
            build: |_| Ok(Action::Pay(Pay::Replace(Replacement::Exact))),
            print: |action| match action {
                Action::Pay(Pay::Replace(Replacement::Exact)) => {
                    Some("the payer raises the fee of the transfer".to_owned())
                }
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::When,
            expression: "the payer replaces the transfer by one of {money}",
            doc: "The coins of the last unconfirmed transfer are spent once more, with that much \
                  for this payment.",
            example: "the payer replaces the transfer by one of 100.00 USDT",
            build: |args| {
                let money = args.money(0)?;
                Ok(Action::Pay(Pay::Replace(Replacement::Amount(money))))
            },
            print: |action| match action {
                Action::Pay(Pay::Replace(Replacement::Amount(money))) => {
                    Some(format!("the payer replaces the transfer by one of {money}"))
                }
                _ => None,
            },
        },
        Wording {
            keyword: Keyword::When,
            expression: "the payer spends the coins elsewhere",
            doc: "A double spend: the last unconfirmed transfer is replaced by one that brings \
                  this payment nothing.",
            example: "the payer spends the coins elsewhere",
            build: |_| Ok(Action::Pay(Pay::Replace(Replacement::Elsewhere))),
            print: |action| match action {
                Action::Pay(Pay::Replace(Replacement::Elsewhere)) => {
                    Some("the payer spends the coins elsewhere".to_owned())
                }
                _ => None,
            },
        },
    ],
};
