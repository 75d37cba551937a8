//! `summary.md`: the page that a CI job shows beside its log, or that is pasted into a ticket.
//!
//! GitHub and GitLab render it; raw it still reads. Text from outside is escaped, so that a
//! merchant's answer cannot write markup into somebody's pipeline page.

use std::io::{self, Write};

use crate::model::Span;
use crate::report::Format;
use crate::report::cause::{Cause, at_risk, causes};
use crate::report::digest::{consequences, gaps, is_told, tally};
use crate::report::story::{by_lane, story};
use crate::report::text::{count, offset, took, visible};
use crate::rule::{FinalVerdict, Finding, Judged, Verdict};

pub(super) static FORMAT: Format = Format {
    name: "markdown",
    file: "summary.md",
    by_default: true,
    media_type: "text/markdown",
    doc: "the summary for a CI job's page or a ticket",
    render,
};

/// So many further scenarios of a finding are named.
const ALSO_MAX: usize = 10;

fn render(judged: &Judged, out: &mut dyn Write) -> io::Result<()> {
    header(judged, out)?;
    rules(judged, out)?;
    findings(judged, out)?;
    untested(judged, out)?;
    scenarios(judged, out)
}

fn header(judged: &Judged, out: &mut dyn Write) -> io::Result<()> {
    let run = &judged.run;
    let mark = match judged.outcome {
        FinalVerdict::Ready | FinalVerdict::SelectionPassed => "✅",
        FinalVerdict::NotReady => "❌",
        FinalVerdict::Incomplete => "⚠️",
    };
    writeln!(out, "## {mark} {}: {}\n", judged.outcome.as_str(), escape(&run.merchant))?;
    writeln!(out, "{}\n", escape(&judged.why))?;
    let scenarios = tally(judged.scenarios.iter().map(|scenario| scenario.verdict));
    writeln!(out, "- **Scenarios:** {scenarios}")?;
    writeln!(out, "- **Rules:** {}", tally(told(judged).map(|rule| rule.verdict)))?;
    let risk: Vec<_> = at_risk(&judged.findings).iter().map(ToString::to_string).collect();
    if !risk.is_empty() {
        writeln!(out, "- **Money at risk:** {}", risk.join(", "))?;
    }
    if let Some(selection) = &run.selection {
        writeln!(out, "- **Only a selection:** {}", escape(selection))?;
    }
    if judged.interrupted {
        writeln!(out, "- **Not played to its end**")?;
    }
    let attempts = count(judged.attempts, "delivery attempt");
    let took = took(Span::from_ms(judged.took_ms));
    let (version, seed) = (&run.version, run.seed);
    writeln!(out, "- {attempts} in {took}, seed {seed}, countersign {version}")
}

fn told(judged: &Judged) -> impl Iterator<Item = &crate::rule::RuleVerdict> + Clone {
    judged.rules.iter().filter(|rule| is_told(judged, rule))
}

fn rules(judged: &Judged, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\n| | Rule | Level | Fault looked for | Scenarios |\n|---|---|---|---|---:|")?;
    for rule in told(judged) {
        let (mark, level) = (mark(rule.verdict), rule.level.as_str());
        let (code, title, scenarios) = (rule.code, escape(rule.title), rule.scenarios);
        writeln!(out, "| {mark} | `{code}` | {level} | {title} | {scenarios} |")?;
    }
    Ok(())
}

fn findings(judged: &Judged, out: &mut dyn Write) -> io::Result<()> {
    let causes = causes(judged);
    if causes.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n### What went wrong")?;
    let lanes = by_lane(judged);
    for cause in &causes {
        let story = lanes.get(&cause.lead.lane).map(|s| story(s)).unwrap_or_default();
        self::cause(cause, &story, out)?;
    }
    Ok(())
}

fn cause(
    cause: &Cause<'_>,
    story: &[(&'static str, String)],
    out: &mut dyn Write,
) -> io::Result<()> {
    let lead = cause.lead;
    writeln!(out, "\n#### `{}` {}\n", lead.rule, escape(lead.title))?;
    writeln!(out, "{}, {}.\n", escape(&lead.scenario), place(lead))?;
    writeln!(out, "| | |\n|---|---|")?;
    for (speaker, sentence) in story {
        writeln!(out, "| {speaker} | {} |", escape(sentence))?;
    }
    writeln!(out, "| **expected** | {} |", escape(&lead.expected))?;
    writeln!(out, "| **but** | {} |", escape(&lead.actual))?;
    if let Some(money) = lead.money_at_risk {
        writeln!(out, "| money at risk | **{money}** |")?;
    }
    writeln!(out, "| owner | {} |\n| usual fix | {} |", lead.owner.as_str(), escape(lead.fix))?;
    timeline(lead, out)?;
    writeln!(out, "\nReplay:\n\n```sh\n{}\n```", visible(&lead.replay))?;
    if !cause.also.is_empty() {
        writeln!(out, "\nAlso in {}:\n", count(cause.also.len() as u64, "scenario"))?;
        for other in cause.also.iter().take(ALSO_MAX) {
            writeln!(out, "- {}, {}", escape(&other.scenario), place(other))?;
        }
        if cause.also.len() > ALSO_MAX {
            writeln!(out, "- and {} more", cause.also.len() - ALSO_MAX)?;
        }
    }
    if !cause.consequences.is_empty() {
        writeln!(out, "\nFollows from it:\n")?;
        for told in consequences(&cause.consequences) {
            writeln!(out, "- {}", escape(&told))?;
        }
    }
    Ok(())
}

fn place(finding: &Finding) -> String {
    format!("`{}:{}`", visible(&finding.source.file).replace('`', "'"), finding.source.line)
}

fn timeline(finding: &Finding, out: &mut dyn Write) -> io::Result<()> {
    let Some(first) = finding.entries.first() else { return Ok(()) };
    writeln!(out, "\n| entry | when | plane | what |\n|---:|---:|---|---|")?;
    for instant in &finding.entries {
        let (seq, when) = (instant.seq, offset(first.at, instant.at));
        writeln!(
            out,
            "| {seq} | {when} | {} | {} |",
            instant.plane.as_str(),
            escape(&instant.text)
        )?;
    }
    Ok(())
}

fn untested(judged: &Judged, out: &mut dyn Write) -> io::Result<()> {
    let gaps = gaps(judged);
    if gaps.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n### Not decided\n")?;
    for gap in gaps {
        writeln!(out, "- {}: {}", escape(&gap.names()), escape(&gap.why))?;
    }
    Ok(())
}

fn scenarios(judged: &Judged, out: &mut dyn Write) -> io::Result<()> {
    let all = count(judged.scenarios.len() as u64, "scenario");
    writeln!(out, "\n<details><summary>{all}</summary>\n")?;
    writeln!(out, "| | Scenario | Where | Rules |\n|---|---|---|---|")?;
    for scenario in &judged.scenarios {
        let (mark, name) = (mark(scenario.verdict), escape(&scenario.name));
        let (file, line) = (escape(&scenario.source.file), scenario.source.line);
        let codes: Vec<_> = scenario.rules.iter().map(|(code, _)| code.as_str()).collect();
        writeln!(out, "| {mark} | {name} | {file}:{line} | {} |", codes.join(" "))?;
    }
    writeln!(out, "\n</details>")
}

fn mark(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Fail => "❌ fail",
        Verdict::Unknown => "❔ unknown",
        Verdict::Pass => "✅ pass",
        Verdict::NotTestable => "⚪ not testable",
        Verdict::NotApplicable => "➖ not applicable",
    }
}

/// Text as text, inside a table as well.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in visible(text).chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '|' | '`' | '*' | '[' | ']' | '\\' | '!' | '~' => {
                escaped.push('\\');
                escaped.push(c);
            }
            // Numbered references and mentions would be turned into links and notify people.
            '#' | '@' => escaped.push_str(if c == '#' { "&#35;" } else { "&#64;" }),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_merchant_says_stays_text() {
        let shown = escape("<img src=x>|`a` [b](c) @team #1");
        assert_eq!(shown, "&lt;img src=x&gt;\\|\\`a\\` \\[b\\](c) &#64;team &#35;1");
    }
}
