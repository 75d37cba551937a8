//! What finance reads and signs: exposure, promises, the money of every order, the sign-off.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::io::{self, Write};

use maud::{Markup, PreEscaped, html};

use super::{badge, put};
use crate::model::{Asset, Money};
use crate::report::cause::{at_risk, causes};
use crate::report::text::{count, visible};
use crate::rule::{Judged, MoneyRow, ScenarioVerdict};

/// Sums of one asset, in atoms.
#[derive(Default)]
struct Sum {
    due: u128,
    received: u128,
    credited: u128,
}

pub(super) fn section(judged: &Judged, out: &mut dyn Write) -> io::Result<()> {
    put(
        out,
        &html! {
            (PreEscaped("<section id=\"money\">"))
            h2 { "Money and sign-off" }
            (exposure(judged))
            (promises(judged))
            (PreEscaped(TABLE))
        },
    )?;
    let mut sums = BTreeMap::<Asset, Sum>::new();
    for scenario in &judged.scenarios {
        for row in &scenario.money {
            let sum = sums.entry(row.due.asset).or_default();
            let atoms = |money: Option<Money>| money.map_or(0, |money| money.atoms);
            sum.due = sum.due.saturating_add(row.due.atoms);
            sum.received = sum.received.saturating_add(atoms(row.received));
            sum.credited = sum.credited.saturating_add(atoms(row.credited));
            put(out, &order(scenario, row))?;
        }
    }
    put(out, &html! { (totals(&sums)) (sign_off(judged)) (PreEscaped("</section>")) })
}

const TABLE: &str = "<h3>Every order</h3><p class=\"lead\">What the provider holds against what the \
    books show, when the run ended. A difference is a fault only where a rule says so.</p>\
    <div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"Money of every order\">\
    <table class=\"money\"><thead><tr><th scope=\"col\">order</th><th scope=\"col\">scenario</th>\
    <th scope=\"col\">verdict</th><th scope=\"col\" class=\"number\">due</th><th scope=\"col\" class=\"number\">received</th>\
    <th scope=\"col\" class=\"number\">credited</th>\
    <th scope=\"col\" class=\"number\">difference</th><th scope=\"col\">provider</th>\
    <th scope=\"col\">merchant</th><th scope=\"col\" class=\"number\">fulfilled</th></tr></thead><tbody>";

fn exposure(judged: &Judged) -> Markup {
    let causes = causes(judged);
    html! {
        h3 { "Exposure" }
        @if causes.is_empty() {
            p { "No finding puts money at risk." }
        } @else {
            div.scroll tabindex="0" role="group" aria-label="Exposure by finding" { table {
                thead { tr { th scope="col" { "finding" } th scope="col" { "who acts" }
                    th.number scope="col" { "scenarios" } th.number scope="col" { "at risk" } } }
                tbody { @for cause in &causes {
                    @let risk: Vec<_> = at_risk(cause.all()).iter().map(ToString::to_string).collect();
                    tr {
                        td { a href={ "#finding-" (cause.lead.fingerprint) } {
                            code { (cause.lead.rule) } " " (visible(cause.lead.title)) } }
                        td { (cause.lead.owner.as_str()) }
                        td.number { (cause.also.len() + 1) }
                        td.number { (risk.join(", ")) }
                    }
                } }
            } }
        }
    }
}

/// What the merchant declared, and is judged by.
fn promises(judged: &Judged) -> Markup {
    let run = &judged.run;
    html! {
        h3 { "What the merchant declares" }
        dl.facts.plain {
            div { dt { "Fulfils at" } dd { (run.policy.fulfil_at) } }
            div { dt { "Posts at" } dd { (run.policy.post_at) } }
            div { dt { "Tolerance" } dd { (visible(&run.policy.amount_tolerance)) } }
            @for (state, words) in &run.lifecycle {
                div { dt { "Words for " (visible(state)) } dd { (visible(&words.join(", "))) } }
            }
            @if !run.scope.absent.is_empty() {
                div.wide {
                    dt { "Does not have" }
                    dd {
                        (visible(&run.scope.absent.join(", ")))
                        @if let Some(reason) = &run.scope.reason { ": " (visible(reason)) }
                    }
                }
            }
        }
    }
}

fn order(scenario: &ScenarioVerdict, row: &MoneyRow) -> Markup {
    let told = |money: Option<Money>| money.map_or_else(|| "–".to_owned(), |money| money.short());
    html! {
        tr {
            td { code { (visible(row.reference.as_str())) } }
            td { (visible(&scenario.name)) }
            td { (badge(scenario.verdict)) }
            td.number { (row.due.short()) " " (row.due.asset.symbol) }
            td.number { (told(row.received)) }
            td.number { (told(row.credited)) }
            td.number { (difference(row)) }
            td { (visible(&row.provider)) }
            td { (visible(&row.order)) }
            td.number { (row.fulfilled.map_or_else(|| "–".to_owned(), |n| n.to_string())) }
        }
    }
}

/// Credited less received, with its sign.
fn difference(row: &MoneyRow) -> String {
    let (Some(received), Some(credited)) = (row.received, row.credited) else {
        return "–".to_owned();
    };
    if received.asset != credited.asset {
        return "–".to_owned();
    }
    let gap = Money { atoms: credited.atoms.abs_diff(received.atoms), ..received };
    match credited.atoms.cmp(&received.atoms) {
        Ordering::Less => format!("−{}", gap.short()),
        Ordering::Equal => "0".to_owned(),
        Ordering::Greater => format!("+{}", gap.short()),
    }
}

fn totals(sums: &BTreeMap<Asset, Sum>) -> Markup {
    html! {
        (PreEscaped("</tbody><tfoot>"))
        @for (asset, sum) in sums {
            @let told = |atoms| Money { atoms, asset: *asset }.short();
            tr {
                th scope="row" colspan="3" { "all in " (asset.symbol) }
                td.number { (told(sum.due)) }
                td.number { (told(sum.received)) }
                td.number { (told(sum.credited)) }
                td colspan="4" {}
            }
        }
        (PreEscaped("</tfoot></table></div>"))
    }
}

fn sign_off(judged: &Judged) -> Markup {
    let open = count(judged.findings.len() as u64, "finding");
    html! {
        h3 { "Sign-off" }
        p {
            "Verdict " strong { (judged.outcome.as_str()) } ", " (open) ", seed " (judged.run.seed)
            ", countersign " (judged.run.version) "."
        }
        div.signatures {
            @for role in ["Engineering", "Finance"] {
                div.signature {
                    h4 { (role) }
                    @for line in ["Name", "Date", "Signature"] { p { (line) span.line {} } }
                }
            }
        }
    }
}
