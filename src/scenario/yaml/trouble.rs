//! `trouble` in a sweep: what goes wrong with the merchant's next calls to the provider.

use super::axis::Row;
use super::play::span;
use crate::input::{Cursor, Fields};
use crate::model::{Detail, TROUBLES, Trouble};
use crate::scenario::{Action, ApiTrouble, Call};

/// What an entry says beside its kind.
struct Details<'a, 'r> {
    fields: &'r Fields<'a>,
    row: &'r Row<'r>,
}

/// `{call: create, what: lost}`, with `times`, and `status`, `after` or `for` where that says more.
pub(super) fn read(cursor: &Cursor<'_>, row: &Row<'_>) -> Option<Vec<Action>> {
    let fields = cursor.fields(&["call", "what", "times", "status", "after", "for"]);
    let call = fields.need("call").and_then(|at| call(&at, row));
    let times = fields.get("times").map_or(Some(1), |at| row.number(&at));
    let what = fields.need("what").and_then(|at| {
        let word = row.text(&at)?;
        let Some(known) = TROUBLES.iter().find(|known| known.word == word) else {
            let known: Vec<_> = TROUBLES.iter().map(|known| known.word).collect();
            at.unknown(&word, "trouble", &known);
            return None;
        };
        Details { fields: &fields, row }.of(known.like)
    });
    let (call, times, trouble) = (call?, times?, what?);
    let armed = ApiTrouble { call, trouble, times: times.max(1) };
    if let Some((problem, fit)) = armed.misfit() {
        cursor.fault(problem, format!("call: {fit}"));
        return None;
    }
    Some(vec![Action::Trouble(armed)])
}

fn call(cursor: &Cursor<'_>, row: &Row<'_>) -> Option<Call> {
    let word = row.text(cursor)?;
    let known = Call::ALL.map(|(word, _)| word);
    let found = Call::ALL.into_iter().find(|(known, _)| *known == word);
    if found.is_none() {
        cursor.unknown(&word, "kind of call", &known);
    }
    found.map(|(_, call)| call)
}

impl Details<'_, '_> {
    /// A trouble like this one, with the detail that the entry says.
    fn of(&self, like: Trouble) -> Option<Trouble> {
        Some(match like.detail() {
            None => like,
            Some(Detail::Status(_)) => like.with_status(self.status()?),
            Some(Detail::Wait(key, _)) => like.with_wait(span(&self.fields.need(key)?, self.row)?),
        })
    }

    fn status(&self) -> Option<u16> {
        let at = self.fields.need("status")?;
        let status = u16::try_from(self.row.number(&at)?).ok();
        let status = status.filter(|status| Trouble::is_failure(*status));
        if status.is_none() {
            at.fault("an error of the provider is 500 or above", "such as 500 or 503");
        }
        status
    }
}
