//! `report.html`: one file for the engineer, the release and finance, that works offline and from
//! an e-mail.
//!
//! Written piece by piece, so that ten thousand scenarios need no more memory than one. Everything
//! that a merchant said is escaped by the template; the only script is the one beside this file.

mod finance;
mod finding;
mod suite;
mod timeline;

use std::io::{self, Write};

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::model::{SimTime, Span};
use crate::report::Format;
use crate::report::cause::at_risk;
use crate::report::digest::{gaps, is_told, tally};
use crate::report::text::{count, took, visible};
use crate::rule::{FinalVerdict, Judged, Verdict};

pub(super) static FORMAT: Format = Format {
    name: "html",
    file: "report.html",
    by_default: true,
    media_type: "text/html",
    doc: "the page that engineers, release gates and finance decide from",
    render,
};

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

fn render(judged: &Judged, out: &mut dyn Write) -> io::Result<()> {
    let title = format!("{}: {}", judged.run.merchant, judged.outcome.as_str());
    put(
        out,
        &html! {
            (DOCTYPE)
            (PreEscaped("<html lang=\"en\"><head>"))
            meta charset="utf-8";
            meta name="viewport" content="width=device-width, initial-scale=1";
            meta name="color-scheme" content="light dark";
            title { (visible(&title)) }
            style { (PreEscaped(STYLE)) }
            (PreEscaped("</head><body>"))
            a.skip href="#main" { "To the verdict" }
        },
    )?;
    put(out, &head(judged))?;
    put(out, &PreEscaped("<main id=\"main\">".to_owned()))?;
    put(out, &finding::section(judged))?;
    put(out, &undecided(judged))?;
    put(out, &suite::rules(judged))?;
    suite::scenarios(judged, out)?;
    finance::section(judged, out)?;
    put(out, &about(judged))?;
    put(
        out,
        &html! {
            (PreEscaped("</main>"))
            script { (PreEscaped(SCRIPT)) }
            (PreEscaped("</body></html>\n"))
        },
    )
}

fn put(out: &mut dyn Write, markup: &Markup) -> io::Result<()> {
    out.write_all(markup.0.as_bytes())
}

fn head(judged: &Judged) -> Markup {
    let scenarios = tally(judged.scenarios.iter().map(|scenario| scenario.verdict));
    let told = judged.rules.iter().filter(|rule| is_told(judged, rule));
    let rules = tally(told.map(|rule| rule.verdict));
    let risk: Vec<_> = at_risk(&judged.findings).iter().map(ToString::to_string).collect();
    let class = match judged.outcome {
        FinalVerdict::Ready | FinalVerdict::SelectionPassed => "pass",
        FinalVerdict::NotReady => "fail",
        FinalVerdict::Incomplete => "unknown",
    };
    html! {
        header.(class) {
            p.product { "Countersign · payment integration report" }
            h1 { (visible(&judged.run.merchant)) " " span.verdict { (judged.outcome.as_str()) } }
            p.why { (visible(&judged.why)) }
            dl.facts {
                div { dt { "Scenarios" } dd { (scenarios) } }
                div { dt { "Rules" } dd { (rules) } }
                @if !risk.is_empty() {
                    div { dt { "Money at risk, in test orders" } dd { (risk.join(", ")) } }
                }
                div { dt { "Judged" } dd { (minute(judged.started)) } }
            }
            @if let Some(selection) = &judged.run.selection {
                p.note { "Only a selection: " (visible(selection)) ". It never says READY." }
            }
            @if judged.interrupted { p.note { "The run was interrupted." } }
            nav aria-label="Parts of this report" {
                @if !judged.findings.is_empty() { a href="#wrong" { "What went wrong" } }
                a href="#rules" { "Rules" }
                a href="#scenarios" { "Scenarios" }
                a href="#money" { "Money and sign-off" }
                a href="#about" { "About this run" }
            }
        }
    }
}

/// `2026-11-25 04:29 UTC`.
fn minute(at: SimTime) -> String {
    let text = at.to_string();
    match text.split_once('T') {
        Some((day, time)) => format!("{day} {} UTC", time.get(..5).unwrap_or(time)),
        None => text,
    }
}

fn undecided(judged: &Judged) -> Markup {
    let gaps = gaps(judged);
    html! {
        @if !gaps.is_empty() {
            section #undecided {
                h2 { "Not decided" }
                p.lead { "What nothing was said about, and why. None of it counts as passed." }
                ul {
                    @for gap in gaps {
                        li { strong { (visible(&gap.names())) } ": " (visible(&gap.why)) }
                    }
                }
            }
        }
    }
}

fn about(judged: &Judged) -> Markup {
    let run = &judged.run;
    let facts = [
        ("Countersign", run.version.clone()),
        ("Seed", run.seed.to_string()),
        ("Configuration", run.config.clone().unwrap_or_else(|| "the built-in sample".to_owned())),
        ("Rails", run.rails.join(", ")),
        ("Took", took(Span::from_ms(judged.took_ms))),
        (
            "Recorded",
            format!(
                "{}, {}",
                count(judged.entries, "history entry").replace("entrys", "entries"),
                count(judged.attempts, "delivery attempt"),
            ),
        ),
        ("Run again with", run.command.clone()),
    ];
    html! {
        section #about {
            h2 { "About this run" }
            p.lead {
                "This page was derived from the recorded history alone; "
                code { "countersign report --from history.jsonl" }
                " writes it again, byte for byte."
            }
            dl.facts.plain {
                @for (name, value) in facts { div { dt { (name) } dd { (visible(&value)) } } }
            }
        }
    }
}

/// A verdict as a word with a colour; the word alone says all.
fn badge(verdict: Verdict) -> Markup {
    let class = match verdict {
        Verdict::Pass => "pass",
        Verdict::Fail => "fail",
        Verdict::Unknown => "unknown",
        Verdict::NotTestable | Verdict::NotApplicable => "out",
    };
    html! { span.badge.(class) { (verdict.as_str().replace('-', " ")) } }
}
