//! `policy`: what the merchant promises, as finance signs it.

use crate::input::{Cursor, Fields};
use crate::merchant::item::is_decimal;
use crate::merchant::profile::{Amount, Policy};
use crate::model::{Span, Status};

const KEYS: &[&str] = &[
    "fulfil_at",
    "post_at",
    "amount_tolerance",
    "under",
    "over",
    "late",
    "forgery",
    "replay_window",
    "converge_within",
    "quiet",
    "recover_within",
    "background_every",
    "client_timeout",
    "webhook_rate",
    "dedup_retention",
];

const AMOUNTS: &[(&str, Amount)] = &[
    ("park", Amount::Park),
    ("wait", Amount::Wait),
    ("accept", Amount::Accept),
    ("refund", Amount::Refund),
];

pub(super) fn read(cursor: &Cursor<'_>) -> Policy {
    let fields = cursor.fields(KEYS);
    let usual = Policy::default();
    // Promises that no rule of this version judges: checked, so that they are right once one does.
    let _ = span(&fields, "client_timeout", usual.quiet);
    let _ = span(&fields, "dedup_retention", usual.quiet);
    let webhook_rate_per_s = fields.get("webhook_rate").as_ref().and_then(rate);
    let forgery =
        fields.get("forgery").and_then(|c| c.word("answer to forgeries", &["any", "refuse"]));
    let statuses = [Status::Paid, Status::Confirmed, Status::Settled];
    let every = fields.get("background_every").and_then(|cursor| cursor.span());
    let recover = fields.get("recover_within").and_then(|cursor| cursor.span());
    let twice = every.map(|every| Span::from_ms(every.ms().saturating_mul(2)));
    Policy {
        fulfil_at: status(&fields, "fulfil_at", "goods may leave", &statuses)
            .unwrap_or(usual.fulfil_at),
        // Posting what is only paid would book money that may vanish.
        post_at: status(&fields, "post_at", "the ledger may move", &statuses[1..])
            .unwrap_or(usual.post_at),
        amount_tolerance: tolerance(&fields).unwrap_or(usual.amount_tolerance),
        under: amount(&fields, "under"),
        over: amount(&fields, "over"),
        late: amount(&fields, "late"),
        refuses_forgeries: forgery == Some("refuse"),
        converge_within: span(&fields, "converge_within", usual.converge_within),
        quiet: span(&fields, "quiet", usual.quiet),
        recover_within: recover.unwrap_or(usual.recover_within),
        background_every: every,
        webhook_rate_per_s,
        audit_after: twice.max(recover).unwrap_or_default(),
        replay_window: span(&fields, "replay_window", usual.replay_window),
    }
}

fn span(fields: &Fields<'_>, key: &str, usual: Span) -> Span {
    fields.get(key).and_then(|cursor| cursor.span()).unwrap_or(usual)
}

fn status(fields: &Fields<'_>, key: &str, what: &str, valid: &[Status]) -> Option<Status> {
    let words: Vec<&str> = valid.iter().map(|status| status.as_str()).collect();
    Status::from_word(fields.get(key)?.word(&format!("status at which {what}"), &words)?)
}

fn amount(fields: &Fields<'_>, key: &str) -> Option<Amount> {
    let words: Vec<&str> = AMOUNTS.iter().map(|(word, _)| *word).collect();
    let word = fields.get(key)?.word("treatment of an amount", &words)?;
    AMOUNTS.iter().find(|(known, _)| *known == word).map(|(_, amount)| *amount)
}

fn tolerance(fields: &Fields<'_>) -> Option<String> {
    let cursor = fields.get("amount_tolerance")?;
    let text = cursor.text()?;
    if !is_decimal(text) {
        cursor.fault(format!("`{text}` is no decimal amount"), "digits, such as \"0\" or \"0.50\"");
    }
    Some(text.to_owned())
}

/// `50/s`.
fn rate(cursor: &Cursor<'_>) -> Option<u32> {
    let text = cursor.text()?;
    let number = text.strip_suffix("/s").and_then(|number| number.parse().ok());
    let number = number.filter(|number| *number > 0);
    if number.is_none() {
        cursor.fault(format!("`{text}` is no rate"), "a whole number per second, such as 50/s");
    }
    number
}
