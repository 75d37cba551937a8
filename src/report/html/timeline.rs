//! A scenario as a timeline in lanes: provider, deliveries, merchant, books.
//!
//! The picture leads to the rows below it; what proves the finding is marked in both.

use maud::{Markup, html};

use crate::report::text::{offset, visible};
use crate::rule::{Finding, Instant, Plane, ScenarioVerdict};

const PLANES: [Plane; 4] = [Plane::Provider, Plane::Delivery, Plane::Merchant, Plane::Books];
/// Units of the picture: one step to the right for each instant, one lane down for each plane.
const STEP: u64 = 22;
const LANE: u64 = 26;
const LEFT: u64 = 84;

/// Everything that happened in the scenario; just the proof where that was not kept.
pub(super) fn whole(scenario: &ScenarioVerdict, finding: &Finding) -> Markup {
    let all = if scenario.timeline.is_empty() { &finding.entries } else { &scenario.timeline };
    html! {
        (picture(all, finding))
        details {
            summary { "Timeline in words, with the messages as they were sent" }
            (rows(all, finding))
        }
    }
}

/// The few entries that prove the finding.
pub(super) fn proof(finding: &Finding) -> Markup {
    html! { (picture(&finding.entries, finding)) (rows(&finding.entries, finding)) }
}

fn is_proof(finding: &Finding, instant: &Instant) -> bool {
    finding.entries.iter().any(|entry| entry.seq == instant.seq)
}

fn name(finding: &Finding, instant: &Instant) -> String {
    format!("e-{}-{}", finding.fingerprint, instant.seq)
}

/// One mark for each entry, on its plane, from left to right as it happened. Not to scale: hours
/// pass between two marks, and milliseconds.
fn picture(all: &[Instant], finding: &Finding) -> Markup {
    let marks: Vec<&Instant> = {
        let mut last = 0;
        all.iter()
            .filter(|instant| std::mem::replace(&mut last, instant.seq) != instant.seq)
            .collect()
    };
    let width = LEFT + STEP * (marks.len() as u64 + 1);
    let height = LANE * PLANES.len() as u64 + 8;
    let y = |plane| {
        let lane = PLANES.iter().position(|known| *known == plane).unwrap_or(0) as u64;
        LANE * lane + LANE / 2 + 4
    };
    let told =
        format!("Timeline: {} of {} instants prove the finding", finding.entries.len(), all.len());
    html! {
        div.scroll tabindex="0" role="group" aria-label="Timeline in lanes" {
            svg.lanes viewBox={ "0 0 " (width) " " (height) } width=(width) height=(height)
                role="group" aria-label=(told) {
                @for plane in PLANES {
                    text x="0" y=(y(plane) + 4) { (plane.as_str()) }
                    line x1=(LEFT) x2=(width) y1=(y(plane)) y2=(y(plane)) {}
                }
                @for (at, instant) in marks.iter().enumerate() {
                    @let x = LEFT + STEP * (at as u64 + 1);
                    @let class = if is_proof(finding, instant) { "proof" } else { "mark" };
                    a href={ "#" (name(finding, instant)) } {
                        title { (visible(&instant.text)) }
                        circle.(class) cx=(x) cy=(y(instant.plane)) r="6" {}
                    }
                }
            }
        }
    }
}

fn rows(all: &[Instant], finding: &Finding) -> Markup {
    let Some(first) = all.first() else { return html! {} };
    html! {
        div.scroll tabindex="0" role="group" aria-label="Timeline in words" {
            table.timeline {
                thead { tr { th scope="col" { "entry" } th scope="col" { "when" }
                    th scope="col" { "plane" } th scope="col" { "what" } } }
                tbody {
                    @for instant in all {
                        tr id=[is_first(all, instant).then(|| name(finding, instant))]
                            .proof[is_proof(finding, instant)] {
                            td.number { (instant.seq) }
                            td.number { (offset(first.at, instant.at)) }
                            td { (instant.plane.as_str()) }
                            td { (visible(&instant.text)) (bytes(instant)) }
                        }
                    }
                }
            }
        }
    }
}

/// An entry may have several lines; the first is the one to lead to.
fn is_first(all: &[Instant], instant: &Instant) -> bool {
    all.iter()
        .find(|other| other.seq == instant.seq)
        .is_some_and(|first| std::ptr::eq(first, instant))
}

fn bytes(instant: &Instant) -> Markup {
    html! {
        @if !instant.bytes.is_empty() {
            details.bytes {
                summary { "message and answer" }
                pre { @for line in instant.bytes.lines() { (visible(line)) "\n" } }
            }
        }
    }
}
