//! The orders that a scenario has opened so far, and the one in focus: what makes a list of steps
//! a scenario, whichever front end it was written for.

use super::{Action, Scenario};
use crate::model::Rail;

/// Told where a step is about an order and none is open.
pub(super) const NONE_OPEN: &str = "no order is open yet";

/// The orders opened so far.
#[derive(Debug, Default)]
pub(super) struct Orders {
    rails: Vec<&'static Rail>,
    focus: usize,
}

impl Orders {
    /// The rail of the order in focus.
    pub(super) fn rail(&self) -> Option<&'static Rail> {
        self.rails.get(self.focus).copied()
    }

    /// Takes the next action.
    ///
    /// # Errors
    /// An action about an order that is not open, as a fragment.
    pub(super) fn take(&mut self, action: &Action) -> Result<(), String> {
        match action {
            Action::Open { rail, .. } => {
                self.focus = self.rails.len();
                self.rails.push(rail);
                Ok(())
            }
            Action::Focus(n) => {
                let at = usize::try_from(*n).ok().and_then(|n| n.checked_sub(1));
                let Some(at) = at.filter(|at| *at < self.rails.len()) else {
                    return Err(match self.rails.len() {
                        0 => NONE_OPEN.to_owned(),
                        1 => "only one order is open yet".to_owned(),
                        open => format!("only {open} orders are open yet"),
                    });
                };
                self.focus = at;
                Ok(())
            }
            Action::PassTime(_)
            | Action::Trouble(_)
            | Action::Reconcile
            | Action::Kill(_)
            | Action::Restart => Ok(()),
            _ if self.rails.is_empty() => Err(NONE_OPEN.to_owned()),
            _ => Ok(()),
        }
    }
}

/// What keeps a scenario, whose steps are all right, from checking anything: a problem, and what
/// would be accepted.
pub(super) fn vacuous(scenario: &Scenario) -> Option<(String, &'static str)> {
    let expects = scenario.steps.iter().any(|step| matches!(step.action, Action::Expect(_)));
    if scenario.rules.is_empty() {
        let problem = format!("`{}` names no rule, so it would check nothing", scenario.name);
        Some((problem, "a tag such as @IDEM-01; `countersign rules` lists the codes"))
    } else if !expects {
        let problem = format!("`{}` expects nothing, so it would check nothing", scenario.name);
        Some((problem, "at least one Then"))
    } else {
        None
    }
}
