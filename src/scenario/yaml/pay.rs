//! What happens to a payment in a sweep: `pay`, `replace`, `network` and `provider`.

use super::axis::Row;
use super::{Story, money};
use crate::input::{Cursor, Value};
use crate::model::{Mistake, Rail};
use crate::scenario::{Network, Operation, Pay, Replacement};

/// More parts than this prove nothing that fewer do not.
const PARTS_MAX: u32 = 100;

const NETWORK: &[(&str, Network)] = &[
    ("reorganise", Network::Reorganise(None)),
    ("return", Network::ReturnOrphans),
    ("stall", Network::Stall),
    ("resume", Network::Resume),
    ("give-up", Network::GiveUp),
];

const PROVIDER: &[(&str, Operation)] = &[
    ("hold", Operation::Hold),
    ("release", Operation::Release),
    ("reject", Operation::Reject),
    ("cancel", Operation::Cancel),
    ("test", Operation::Test),
    ("refund", Operation::Refund(None)),
    ("refund-sent", Operation::StartRefund),
    ("refund-arrives", Operation::CompleteRefund),
    ("refund-fails", Operation::FailRefund),
    ("dispute", Operation::OpenDispute(None)),
    ("dispute-won", Operation::WinDispute),
    ("dispute-lost", Operation::LoseDispute),
];

/// `exact`, `{amount: "100.00"}`, `{short_by: 1}`, `{over_by: 1}`, `{parts: 3}`,
/// `{mistake: look_alike}`, with `atoms: 1` for dust, or `{requested: "25.50", delivered: "0.01"}`.
pub(super) fn pay(cursor: &Cursor<'_>, row: &Row<'_>, story: &Story) -> Option<Pay> {
    let rail = story.orders.rail();
    if let Value::Scalar { .. } = cursor.node().value {
        return match row.text(cursor)?.as_str() {
            "exact" => Some(Pay::Exact),
            other => {
                cursor.unknown(other, "payment", &["exact"]);
                None
            }
        };
    }
    let fields = cursor.fields(&[
        "amount",
        "short_by",
        "over_by",
        "parts",
        "mistake",
        "atoms",
        "requested",
        "delivered",
    ]);
    if let Some(amount) = fields.get("amount") {
        return Some(Pay::Amount(money(&amount, row, rail?)?));
    }
    if let Some(atoms) = fields.get("short_by") {
        return Some(Pay::UnderBy(row.number(&atoms)?.into()));
    }
    if let Some(atoms) = fields.get("over_by") {
        return Some(Pay::OverBy(row.number(&atoms)?.into()));
    }
    if let Some(parts) = fields.get("parts") {
        return match row.number(&parts)? {
            n @ 2..=PARTS_MAX => Some(Pay::InParts(n)),
            n => {
                parts.fault(format!("nobody pays in {n} parts"), format!("2 to {PARTS_MAX}"));
                None
            }
        };
    }
    if let Some(what) = fields.get("mistake") {
        let atoms = match fields.get("atoms") {
            Some(atoms) => Some(row.number(&atoms)?),
            None => None,
        };
        return Some(Pay::Mistake { what: mistake(&what, row, rail?)?, atoms });
    }
    if let Some(delivered) = fields.get("delivered") {
        let rail = rail?;
        if !rail.tells_what_was_requested() {
            let problem = format!("on {} a transfer moves what it names", rail.id);
            cursor.fault(problem, "the rail xrp-xrpl");
            return None;
        }
        let requested = fields.need("requested")?;
        let (requested, delivered) = (money(&requested, row, rail), money(&delivered, row, rail));
        return Some(Pay::Partial { requested: requested?, delivered: delivered? });
    }
    let expected = "exact, amount, short_by, over_by, parts, mistake, or requested and delivered";
    cursor.fault("the payment says no amount", expected);
    None
}

/// `exact`, `elsewhere` or an amount.
pub(super) fn replace(cursor: &Cursor<'_>, row: &Row<'_>, story: &Story) -> Option<Replacement> {
    match row.text(cursor)?.as_str() {
        "exact" => Some(Replacement::Exact),
        "elsewhere" => Some(Replacement::Elsewhere),
        _ => Some(Replacement::Amount(money(cursor, row, story.orders.rail()?)?)),
    }
}

/// A word, or `{reorganise: 3}`, in blocks.
pub(super) fn network(cursor: &Cursor<'_>, row: &Row<'_>) -> Option<Network> {
    if let Value::Map(_) = cursor.node().value {
        let depth = cursor.fields(&["reorganise"]).need("reorganise")?;
        return Some(Network::Reorganise(Some(row.number(&depth)?)));
    }
    word(cursor, row, "deed of the network", NETWORK)
}

/// A word, `{refund: "60.00"}` or `{dispute: "60.00"}`.
pub(super) fn operate(cursor: &Cursor<'_>, row: &Row<'_>, story: &Story) -> Option<Operation> {
    if let Value::Map(_) = cursor.node().value {
        let fields = cursor.fields(&["refund", "dispute"]);
        let amount = |cursor: &Cursor<'_>| money(cursor, row, story.orders.rail()?);
        return match (fields.get("refund"), fields.get("dispute")) {
            (Some(refund), _) => Some(Operation::Refund(Some(amount(&refund)?))),
            (None, Some(dispute)) => Some(Operation::OpenDispute(Some(amount(&dispute)?))),
            (None, None) => {
                cursor.fault("nothing is said of an amount", "{refund: \"60.00\"}");
                None
            }
        };
    }
    word(cursor, row, "deed of the provider", PROVIDER)
}

/// What a payer of that rail can send by mistake.
fn mistake(cursor: &Cursor<'_>, row: &Row<'_>, rail: &Rail) -> Option<Mistake> {
    let word = row.text(cursor)?;
    let found = Mistake::from_word(&word);
    if found.is_some_and(|mistake| rail.allows(mistake)) {
        return found;
    }
    let possible = Mistake::ALL.iter().filter(|mistake| rail.allows(**mistake));
    let possible: Vec<_> = possible.map(|mistake| mistake.as_str()).collect();
    match found {
        Some(_) => {
            let problem = format!("nobody can send `{word}` on {}", rail.id);
            cursor.fault(problem, format!("another rail, or one of {}", possible.join(", ")));
        }
        None => cursor.unknown(&word, "mistake on this rail", &possible),
    }
    None
}

fn word<T: Copy>(cursor: &Cursor<'_>, row: &Row<'_>, what: &str, words: &[(&str, T)]) -> Option<T> {
    let word = row.text(cursor)?;
    let found = words.iter().find(|(known, _)| *known == word);
    if found.is_none() {
        let known: Vec<_> = words.iter().map(|(known, _)| *known).collect();
        cursor.unknown(&word, what, &known);
    }
    found.map(|(_, meaning)| *meaning)
}
