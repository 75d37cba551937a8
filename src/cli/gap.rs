//! What cannot be tested as a profile stands: the lines that would change it, and what to paste
//! where a part is left out on purpose.

use std::collections::BTreeMap;
use std::io::{self, Write};

use crate::merchant::{Connection, Profile};
use crate::rule::{RULES, SCOPE_WORDS, absent, covers, missing};

/// A line of configuration that is not there, with the rules that wait for it.
pub type Gaps = BTreeMap<&'static str, Vec<&'static str>>;

/// The lines that rules lack, each with its rules in the order of the rulebook.
#[must_use]
pub fn gaps(profile: &Profile) -> Gaps {
    // Whether it accepts events dated ahead of its clock, only a run can tell.
    let connection = Connection { future_dated: true, ..profile.connection() };
    let mut gaps = Gaps::new();
    for rule in RULES.iter().filter(|rule| absent(rule, &profile.scope).is_none()) {
        for line in missing(rule, &connection) {
            gaps.entry(line).or_default().push(rule.code);
        }
    }
    gaps
}

/// Tells them, each with what to paste instead.
pub fn tell(gaps: &Gaps, out: &mut dyn Write) -> io::Result<()> {
    if gaps.is_empty() {
        return writeln!(out, "Nothing that this version judges is left untested.");
    }
    writeln!(out, "Not testable as things stand")?;
    for (line, codes) in gaps {
        writeln!(out, "  without {line}: {}", codes.join(", "))?;
    }
    writeln!(out, "\nConnect each line, or leave its rules out on purpose, with your reason:")?;
    let words = scope_words(gaps);
    if !words.is_empty() {
        writeln!(out, "  scope:\n    absent: [{}]\n    reason: \"…\"", words.join(", "))?;
    }
    writeln!(out, "  not_applicable:")?;
    for codes in gaps.values() {
        writeln!(out, "    - {{rules: [{}], reason: \"…\"}}", codes.join(", "))?;
    }
    Ok(())
}

/// Words of `scope.absent` whose every rule waits for a line; a merchant that lacks the part says
/// it in one word.
fn scope_words(gaps: &Gaps) -> Vec<&'static str> {
    let waits = |code: &str| gaps.values().flatten().any(|waiting| *waiting == code);
    let fits = |patterns: &[&str]| {
        let mut meant = RULES.iter().filter(|rule| patterns.iter().any(|p| covers(p, rule.code)));
        let mut some = meant.by_ref().peekable();
        some.peek().is_some() && some.all(|rule| waits(rule.code))
    };
    let words = SCOPE_WORDS.iter().filter(|(_, patterns)| fits(patterns));
    words.map(|(word, _)| *word).filter(|word| *word != "webhooks").collect()
}
