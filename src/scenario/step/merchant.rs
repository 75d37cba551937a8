//! What the merchant is made to do, and what is done to its process.

use super::{Args, Group, Keyword, StepError, Wording};
use crate::scenario::{Action, KILLS, KillRow};

pub(super) const GROUP: Group = Group {
    title: "The merchant",
    doc: "What touches the whole merchant runs when no other scenario does. Only a merchant that \
          countersign starts (`merchant.start`) can be killed; what its commands `prepare` is not \
          done again.",
    wordings: &[
        Wording {
            keyword: Keyword::When,
            expression: "the merchant reconciles",
            doc: "The merchant's own recovery and reconciliation runs now.",
            example: "the merchant reconciles",
            build: |_| Ok(Action::Reconcile),
            print: |action| match action {
                Action::Reconcile => Some("the merchant reconciles".to_owned()),
                _ => None,
            },
        },
        killed(&KILLS[0]),
        killed(&KILLS[1]),
        killed(&KILLS[2]),
        Wording {
            keyword: Keyword::When,
            expression: "the merchant is started again",
            doc: "By the same command, on what the killed one had kept; the step ends when it is \
                  ready.",
            example: "the merchant is started again",
            build: |_| Ok(Action::Restart),
            print: |action| match action {
                Action::Restart => Some("the merchant is started again".to_owned()),
                _ => None,
            },
        },
    ],
};

const fn killed(row: &'static KillRow) -> Wording {
    let (expression, doc) = (row.step, row.doc);
    let keyword = Keyword::When;
    Wording { keyword, expression, doc, example: expression, build, print }
}

fn build(args: &Args) -> Result<Action, StepError> {
    let row = KILLS.iter().find(|row| row.step == args.expression());
    Ok(Action::Kill(row.expect("the wordings are those of the table").kill))
}

fn print(action: &Action) -> Option<String> {
    let Action::Kill(kill) = action else { return None };
    KILLS.iter().find(|row| row.kill == *kill).map(|row| row.step.to_owned())
}
