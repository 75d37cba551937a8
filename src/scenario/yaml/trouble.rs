//! `trouble` in a sweep: what goes wrong with the merchant's next calls to the provider.

use super::axis::Row;
use super::play::span;
use crate::input::{Cursor, Fields};
use crate::model::Span;
use crate::scenario::{Action, ApiTrouble, Call, Trouble};

/// Makes a trouble of what else the entry says.
type Build = fn(&Details<'_, '_>) -> Option<Trouble>;

const WHAT: &[(&str, Build)] = &[
    ("fails", |details| Some(Trouble::Fails(details.status()?))),
    ("done-but-fails", |details| Some(Trouble::DoneButFails(details.status()?))),
    ("lost", |_| Some(Trouble::Lost)),
    ("never-answered", |_| Some(Trouble::NeverAnswered)),
    ("late", |details| Some(Trouble::Late(details.span("after")?))),
    ("turned-away", |details| Some(Trouble::TurnedAway(details.span("for")?))),
    ("cut", |_| Some(Trouble::Cut)),
    ("garbled", |_| Some(Trouble::Garbled)),
    ("web-page", |_| Some(Trouble::WebPage)),
    ("redirected", |_| Some(Trouble::Redirected)),
    ("only-accepted", |_| Some(Trouble::OnlyAccepted)),
    ("error-within", |_| Some(Trouble::ErrorWithin)),
    ("stale", |_| Some(Trouble::Stale)),
];

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
        let known: Vec<_> = WHAT.iter().map(|(word, _)| *word).collect();
        let Some((_, build)) = WHAT.iter().find(|(known, _)| *known == word) else {
            at.unknown(&word, "trouble", &known);
            return None;
        };
        build(&Details { fields: &fields, row })
    });
    let (call, times, trouble) = (call?, times?, what?);
    if trouble == Trouble::Stale && call != Call::Read {
        cursor.fault("only a read shows what was", "call: read");
        return None;
    }
    Some(vec![Action::Trouble(ApiTrouble { call, trouble, times: times.max(1) })])
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
    fn status(&self) -> Option<u16> {
        let at = self.fields.need("status")?;
        let status = u16::try_from(self.row.number(&at)?).ok();
        let status = status.filter(|status| (500..600).contains(status));
        if status.is_none() {
            at.fault("an error of the provider is 500 or above", "such as 500 or 503");
        }
        status
    }

    fn span(&self, key: &str) -> Option<Span> {
        span(&self.fields.need(key)?, self.row)
    }
}
