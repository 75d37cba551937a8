//! `countersign explain CODE`: one rule in full, from its declaration.

use std::io::{self, Write};
use std::process::ExitCode;

use anstyle::Style;

use crate::cli::failure::Failure;
use crate::cli::page::{print, width};
use crate::input::nearest;
use crate::report::wrap;
use crate::rule::{Rule, codes, rule};

/// Explain a rule: what must hold, how it is judged, how to fix it
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: countersign explain IDEM-01")]
pub struct Args {
    /// Code of the rule, such as IDEM-01
    code: String,
}

/// Explains it.
///
/// # Errors
/// There is no such rule, or stdout cannot be written.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    let code = args.code.to_uppercase();
    let Some(rule) = rule(&code) else {
        let hint = nearest(&code, codes()).map(|near| format!("; did you mean {near}?"));
        return Err(Failure::Input(format!(
            "no rule `{}`{}; `countersign rules` lists all",
            args.code,
            hint.unwrap_or_default()
        )));
    };
    print(|out| tell(rule, width().min(100), out))?;
    Ok(ExitCode::SUCCESS)
}

fn tell(rule: &Rule, width: usize, out: &mut dyn Write) -> io::Result<()> {
    let bold = Style::new().bold();
    let (code, level) = (rule.code, rule.level.as_str());
    writeln!(out, "{bold}{code}  {}{bold:#}  ({level})", rule.title)?;
    let needs: Vec<_> = rule.needs.iter().map(|need| need.line()).collect();
    let explains = match rule.explains {
        [] => String::new(),
        codes => {
            format!("When it fails, {} follow from it and are told under it.", codes.join(", "))
        }
    };
    let parts = [
        ("What must hold", rule.holds.to_owned()),
        ("How it is judged", rule.judged.to_owned()),
        ("What is not judged", rule.not_judged.to_owned()),
        ("How it is usually fixed", rule.fix.to_owned()),
        ("What follows from it", explains),
        ("What it needs", needs.join(", ")),
        ("Who acts on a finding", rule.owner.as_str().to_owned()),
        ("References", rule.references.join(", ")),
    ];
    for (title, text) in parts.iter().filter(|(_, text)| !text.is_empty()) {
        writeln!(out, "\n{bold}{title}{bold:#}")?;
        for line in wrap(text, width - 2) {
            writeln!(out, "  {line}")?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::RULES;

    #[test]
    fn every_rule_says_all_that_a_reader_needs() {
        for rule in RULES {
            let mut page = Vec::new();
            tell(rule, 100, &mut page).unwrap();
            let page = String::from_utf8(page).unwrap();
            for part in ["must hold", "is judged", "not judged", "fixed", "needs", "References"] {
                assert!(page.contains(part), "{}: {part}", rule.code);
            }
        }
    }
}
