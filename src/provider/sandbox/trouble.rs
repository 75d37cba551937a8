//! Trouble that an operator makes: the next calls of merchants go wrong.
//!
//! It is over when so many calls have met it, or with the process: it is not journalled, because
//! nothing that a merchant was told is to be kept of it.

use serde::{Deserialize, Serialize};

use crate::model::{Conduct, Detail, Span, TROUBLES, Trouble, TroubleRow};

/// Trouble, for so many calls. As JSON: `{"trouble": "fails", "status": 503, "calls": 2}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "SpellForm", into = "SpellForm")]
pub struct Spell {
    /// How they go wrong.
    pub trouble: Trouble,
    /// How many still will.
    pub calls: u32,
}

/// Under the word of a sweep; a detail that is left out is as in the example of the kind.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SpellForm {
    trouble: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    wait: Option<String>,
    calls: u32,
}

/// What an operator may choose.
#[derive(Serialize)]
pub(super) struct ChoiceForm {
    /// What becomes of the call, for people.
    says: String,
    /// For the next call.
    #[serde(flatten)]
    spell: Spell,
}

/// Every kind but the one that needs a scenario: nobody here would let a held answer go.
fn known() -> impl Iterator<Item = &'static TroubleRow> {
    TROUBLES.iter().filter(|row| row.conduct != Conduct::Held)
}

/// One of each kind.
pub(super) fn choices() -> Vec<ChoiceForm> {
    let rows = known();
    let choice =
        |trouble: Trouble| ChoiceForm { says: trouble.tell(), spell: Spell { trouble, calls: 1 } };
    rows.map(|row| choice(row.like)).collect()
}

impl Spell {
    /// After one more call; none when it is over.
    pub(super) const fn shorter(self) -> Option<Self> {
        match self.calls {
            0 | 1 => None,
            calls => Some(Self { calls: calls - 1, ..self }),
        }
    }
}

impl TryFrom<SpellForm> for Spell {
    type Error = String;

    fn try_from(form: SpellForm) -> Result<Self, String> {
        let row = known().find(|row| row.word == form.trouble);
        let like = row.map(|row| row.like).ok_or_else(|| {
            let words: Vec<_> = known().map(|row| row.word).collect();
            format!("`{}` is no trouble; there are {}", form.trouble, words.join(", "))
        })?;
        let trouble = match (like.detail(), form.status, form.wait) {
            (_, None, None) => like,
            (Some(Detail::Status(_)), Some(status), None) if Trouble::is_failure(status) => {
                like.with_status(status)
            }
            (Some(Detail::Status(_)), Some(status), None) => {
                return Err(format!("{status} is no error of a provider; 500 or 503 is"));
            }
            (Some(Detail::Wait(..)), None, Some(wait)) => {
                like.with_wait(wait.parse::<Span>().map_err(|error| error.to_string())?)
            }
            (_, Some(_), _) => return Err(format!("`{}` has no `status`", form.trouble)),
            (_, _, Some(_)) => return Err(format!("`{}` has no `wait`", form.trouble)),
        };
        Ok(Self { trouble, calls: form.calls })
    }
}

impl From<Spell> for SpellForm {
    fn from(Spell { trouble, calls }: Spell) -> Self {
        let (status, wait) = match trouble.detail() {
            None => (None, None),
            Some(Detail::Status(status)) => (Some(status), None),
            Some(Detail::Wait(_, wait)) => (None, Some(wait.to_string())),
        };
        Self { trouble: trouble.row().word.to_owned(), status, wait, calls }
    }
}
