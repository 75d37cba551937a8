//! What was tested: the rules with their verdicts, and the scenarios to filter and search.

use std::io::{self, Write};

use maud::{Markup, PreEscaped, html};

use super::{badge, put};
use crate::report::digest::is_told;
use crate::report::text::{count, visible};
use crate::rule::{Judged, ScenarioVerdict, Verdict, rule};

pub(super) fn rules(judged: &Judged) -> Markup {
    let mut rules: Vec<_> = judged.rules.iter().filter(|rule| is_told(judged, rule)).collect();
    // What stands in the way comes first; within that, the order of the rulebook.
    rules.sort_by_key(|rule| match rule.verdict {
        Verdict::Fail => 0,
        Verdict::Unknown => 1,
        Verdict::NotTestable => 2,
        Verdict::Pass => 3,
        Verdict::NotApplicable => 4,
    });
    html! {
        section #rules {
            h2 { "Rules" }
            p.lead { "Each is a fault that was looked for. A pass names what it rests on." }
            div.scroll tabindex="0" role="group" aria-label="Rules" { table {
                thead { tr { th scope="col" { "verdict" } th scope="col" { "rule" }
                    th scope="col" { "fault looked for" } th scope="col" { "level" }
                    th.number scope="col" { "scenarios" } } }
                tbody {
                    @for told in rules {
                        tr {
                            td { (badge(told.verdict)) }
                            td { code { (told.code) } }
                            td {
                                details {
                                    summary { (visible(told.title)) }
                                    @if !told.reason.is_empty() { p { (visible(&told.reason)) } }
                                    @if let Some(known) = rule(told.code) {
                                        p { (known.holds) }
                                        p.quiet { "Judged: " (known.judged) }
                                        p.quiet { "Seen before: " (known.references.join(", ")) }
                                    }
                                }
                            }
                            td { (told.level.as_str()) }
                            td.number { (told.scenarios) }
                        }
                    }
                }
            } }
        }
    }
}

pub(super) fn scenarios(judged: &Judged, out: &mut dyn Write) -> io::Result<()> {
    put(
        out,
        &html! {
            (PreEscaped("<section id=\"scenarios\">"))
            h2 { "Scenarios" }
            form.filter role="search" {
                label { "Search " input #search type="search" placeholder="a word, a code, a file"; }
                label { "Verdict " select #verdict {
                    option value="" { "all" }
                    @for word in ["fail", "unknown", "pass", "not testable", "not applicable"] {
                        option value=(word) { (word) }
                    }
                } }
                output #shown aria-live="polite" { (count(judged.scenarios.len() as u64, "scenario")) }
            }
        },
    )?;
    let mut feature = None;
    for scenario in &judged.scenarios {
        if feature.replace(&scenario.feature) != Some(&scenario.feature) {
            put(out, &html! { h3.feature { (visible(&scenario.feature)) } })?;
        }
        put(out, &self::scenario(scenario))?;
    }
    put(out, &PreEscaped("</section>".to_owned()))
}

fn scenario(scenario: &ScenarioVerdict) -> Markup {
    let codes: Vec<_> = scenario.rules.iter().map(|(code, _)| code.as_str()).collect();
    let verdict = scenario.verdict.as_str().replace('-', " ");
    html! {
        details.scenario data-verdict=(verdict) {
            summary {
                (badge(scenario.verdict)) " " span.name { (visible(&scenario.name)) } " "
                span.codes { (codes.join(" ")) }
            }
            p.place { (visible(&scenario.source.file)) ":" (scenario.source.line) }
            @if !scenario.reason.is_empty() { p { (visible(&scenario.reason)) } }
            ol.steps { @for step in &scenario.steps { li { (visible(step)) } } }
            ul.rules { @for (code, judgement) in &scenario.rules {
                li { (badge(judgement.verdict)) " " code { (code) } " " (visible(&judgement.reason))
                    @if !judgement.witnesses.is_empty() {
                        span.quiet { " · entries " (numbers(&judgement.witnesses)) }
                    }
                }
            } }
        }
    }
}

fn numbers(seqs: &[u64]) -> String {
    seqs.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
