//! `money.csv`: the money of every order, for a spreadsheet (RFC 4180, UTF-8, with a head).
//!
//! Amounts are plain decimals without their asset, which has a column of its own; what is not known
//! is empty. A text that a spreadsheet would take for a formula begins with an apostrophe.

use std::io::{self, Write};

use crate::model::Money;
use crate::report::Format;
use crate::report::text::visible;
use crate::rule::Judged;

pub(super) static FORMAT: Format = Format {
    name: "money",
    file: "money.csv",
    by_default: true,
    media_type: "text/csv",
    doc: "the money of every order, for a spreadsheet",
    render,
};

const HEAD: [&str; 12] = [
    "reference",
    "scenario",
    "verdict",
    "rules",
    "asset",
    "due",
    "received",
    "credited",
    "provider",
    "merchant",
    "fulfilled",
    "source",
];

fn render(judged: &Judged, out: &mut dyn Write) -> io::Result<()> {
    let mut table = csv::Writer::from_writer(out);
    table.write_record(HEAD)?;
    let amount = |money: Option<Money>| money.map(|money| money.amount()).unwrap_or_default();
    for scenario in &judged.scenarios {
        let rules: Vec<_> = scenario.rules.iter().map(|(code, _)| code.as_str()).collect();
        for row in &scenario.money {
            table.write_record([
                text(row.reference.as_str()),
                text(&scenario.name),
                scenario.verdict.as_str().to_owned(),
                rules.join(" "),
                row.due.asset.symbol.to_owned(),
                amount(Some(row.due)),
                amount(row.received),
                amount(row.credited),
                text(&row.provider),
                text(&row.order),
                row.fulfilled.map(|n| n.to_string()).unwrap_or_default(),
                text(&format!("{}:{}", scenario.source.file, scenario.source.line)),
            ])?;
        }
    }
    table.flush()
}

fn text(text: &str) -> String {
    let shown = visible(text);
    if shown.starts_with(['=', '+', '-', '@']) { format!("'{shown}") } else { shown }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spreadsheet_takes_no_text_for_a_formula() {
        assert_eq!(text("=HYPERLINK(1)"), "'=HYPERLINK(1)");
        assert_eq!(text("One, \"two\""), "One, \"two\"");
    }
}
