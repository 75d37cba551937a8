//! `report.tap`: the Test Anything Protocol, version 14, one line for each scenario.
//!
//! What was not tested is skipped, with the reason; what could not be told is not ok.

use std::io::{self, Write};

use crate::report::Format;
use crate::report::text::visible;
use crate::rule::{Judged, Verdict};

pub(super) static FORMAT: Format = Format {
    name: "tap",
    file: "report.tap",
    by_default: false,
    media_type: "text/plain",
    doc: "scenarios in the Test Anything Protocol, for whatever reads it",
    render,
};

fn render(judged: &Judged, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "TAP version 14\n1..{}", judged.scenarios.len())?;
    for (n, scenario) in judged.scenarios.iter().enumerate() {
        let (ok, skipped) = match scenario.verdict {
            Verdict::Pass => ("ok", false),
            Verdict::Fail | Verdict::Unknown => ("not ok", false),
            Verdict::NotTestable | Verdict::NotApplicable => ("ok", true),
        };
        let reason = escape(&scenario.reason);
        let skip = if skipped { format!(" # SKIP {reason}") } else { String::new() };
        writeln!(out, "{ok} {} - {}{skip}", n + 1, escape(&scenario.name))?;
        if ok == "not ok" {
            let (file, line) = (&scenario.source.file, scenario.source.line);
            let quoted = |text: &str| serde_json::Value::from(visible(text)).to_string();
            writeln!(out, "  ---")?;
            writeln!(out, "  verdict: {}", scenario.verdict.as_str())?;
            writeln!(out, "  reason: {}", quoted(&scenario.reason))?;
            writeln!(out, "  at: {}", quoted(&format!("{file}:{line}")))?;
            writeln!(out, "  ...")?;
        }
    }
    Ok(())
}

/// A hash would begin a directive.
fn escape(text: &str) -> String {
    visible(text).replace('\\', "\\\\").replace('#', "\\#")
}
