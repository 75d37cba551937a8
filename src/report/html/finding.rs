//! What went wrong: each cause as a short story, its proof, and what to do about it.

use maud::{Markup, html};

use super::timeline;
use crate::report::cause::{Cause, causes};
use crate::report::digest::consequences;
use crate::report::story::{by_lane, story};
use crate::report::text::{count, visible};
use crate::rule::{Finding, Judged, ScenarioVerdict};

pub(super) fn section(judged: &Judged) -> Markup {
    let lanes = by_lane(judged);
    let causes = causes(judged);
    html! {
        @if !causes.is_empty() {
            section #wrong {
                h2 { "What went wrong" }
                @for told in &causes { (cause(told, lanes.get(&told.lead.lane).copied())) }
            }
        }
    }
}

fn cause(cause: &Cause<'_>, scenario: Option<&ScenarioVerdict>) -> Markup {
    let lead = cause.lead;
    html! {
        article.finding id={ "finding-" (lead.fingerprint) } {
            h3 {
                code { (lead.rule) } " " (visible(lead.title))
                " " span.level { (lead.level.as_str()) }
            }
            p.where { (visible(&lead.scenario)) " · " (place(lead)) }
            @if let Some(scenario) = scenario {
                dl.story {
                    @for (speaker, sentence) in story(scenario) {
                        div { dt { (speaker) } dd { (visible(&sentence)) } }
                    }
                }
            }
            div.sides {
                div.expected { h4 { "Expected" } p { (visible(&lead.expected)) } }
                div.got { h4 { "Got" } p { (visible(&lead.actual)) } }
            }
            dl.facts.plain {
                @if let Some(money) = lead.money_at_risk {
                    div { dt { "Money at risk" } dd { strong { (money) } } }
                }
                div { dt { "Who acts" } dd { (lead.owner.as_str()) } }
                div { dt { "Usual fix" } dd { (visible(lead.fix)) } }
            }
            @if let Some(scenario) = scenario { (timeline::whole(scenario, lead)) }
            @else { (timeline::proof(lead)) }
            p.replay { "Replay: " code { (visible(&lead.replay)) } }
            (others(cause))
        }
    }
}

fn others(cause: &Cause<'_>) -> Markup {
    html! {
        @if !cause.also.is_empty() {
            details {
                summary { "Also in " (count(cause.also.len() as u64, "scenario")) }
                ul { @for other in &cause.also {
                    li { (visible(&other.scenario)) " · " (place(other)) }
                } }
            }
        }
        @if !cause.consequences.is_empty() {
            details open {
                summary { "Follows from it" }
                ul { @for told in consequences(&cause.consequences) { li { (visible(&told)) } } }
            }
        }
    }
}

fn place(finding: &Finding) -> Markup {
    html! { span.place { (visible(&finding.source.file)) ":" (finding.source.line) } }
}
