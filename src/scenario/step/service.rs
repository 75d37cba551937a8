//! What goes wrong with the merchant's calls to the provider's API: a wording for each kind.

use super::argument::{calls, span};
use super::{Args, Group, Keyword, StepError, Wording};
use crate::model::{Detail, TROUBLES, Trouble, TroubleRow};
use crate::scenario::{Action, ApiTrouble};

pub(super) const GROUP: Group = Group {
    title: "The provider's API",
    doc: "Something goes wrong with the next calls that the merchant makes about an order of the \
          scenario, in the order of these steps. A trouble that no call meets leaves the scenario \
          undecided: its rules are `unknown`.",
    wordings: &WORDINGS,
};

const WORDINGS: [Wording; TROUBLES.len()] = {
    let mut wordings = [const { wording(&TROUBLES[0]) }; TROUBLES.len()];
    let mut n = 1;
    while n < TROUBLES.len() {
        wordings[n] = wording(&TROUBLES[n]);
        n += 1;
    }
    wordings
};

const fn wording(row: &TroubleRow) -> Wording {
    let (expression, doc, example) = (row.step, row.doc, row.example);
    Wording { keyword: Keyword::Given, expression, doc, example, build, print }
}

fn build(args: &Args) -> Result<Action, StepError> {
    let row = TROUBLES.iter().find(|row| row.step == args.expression());
    let like = row.expect("the wordings are those of the table").like;
    let trouble = match like.detail() {
        None => like,
        Some(Detail::Status(_)) => like.with_status(status(args, 1)?),
        Some(Detail::Wait(..)) => like.with_wait(args.span(1)?),
    };
    let (call, times) = args.calls(0)?;
    let armed = ApiTrouble { call, trouble, times };
    match armed.misfit() {
        None => Ok(Action::Trouble(armed)),
        Some((problem, fit)) => Err(args.fault(0, problem.to_owned(), &format!("`{fit} call`"))),
    }
}

fn status(args: &Args, n: usize) -> Result<u16, StepError> {
    let status = u16::try_from(args.count(n)?).ok().filter(|status| Trouble::is_failure(*status));
    let problem = "an error of the provider is 500 or above";
    status.ok_or_else(|| args.fault(n, problem.to_owned(), "such as 500 or 503"))
}

fn print(action: &Action) -> Option<String> {
    let Action::Trouble(ApiTrouble { call, times, trouble }) = action else { return None };
    let (is, s) = if *times == 1 { ("is", "s") } else { ("are", "") };
    let text = trouble.row().step.replace("is/are", is).replace("(s)", s);
    let text = text.replace("{calls}", &calls(*call, *times));
    Some(match trouble.detail() {
        None => text,
        Some(Detail::Status(status)) => text.replace("{count}", &status.to_string()),
        Some(Detail::Wait(_, wait)) => text.replace("{span}", &span(wait)?),
    })
}
