//! A failing scenario told on three planes: what the provider says, what the merchant shows, what
//! the books show.

use std::collections::BTreeMap;

use crate::model::LaneId;
use crate::rule::{Finding, Judged, MoneyRow, ScenarioVerdict};

/// The scenarios of a run by lane: findings name lanes.
pub(super) fn by_lane(judged: &Judged) -> BTreeMap<LaneId, &ScenarioVerdict> {
    judged.scenarios.iter().map(|scenario| (scenario.lane, scenario)).collect()
}

/// The findings of a run by lane.
pub(super) fn findings_by_lane(judged: &Judged) -> BTreeMap<LaneId, Vec<&Finding>> {
    let mut lanes: BTreeMap<LaneId, Vec<&Finding>> = BTreeMap::new();
    for finding in &judged.findings {
        lanes.entry(finding.lane).or_default().push(finding);
    }
    lanes
}

/// The story: speaker and sentence, line by line. With several orders each is named first.
pub(super) fn story(scenario: &ScenarioVerdict) -> Vec<(&'static str, String)> {
    let several = scenario.money.len() > 1;
    let mut lines = Vec::new();
    for row in &scenario.money {
        if several {
            lines.push(("order", format!("{} over {}", row.reference, row.due)));
        }
        lines.push(("provider says", provider(row)));
        lines.push(("merchant shows", merchant(row)));
        lines.push(("books show", books(row)));
    }
    lines
}

fn provider(row: &MoneyRow) -> String {
    match row.received {
        Some(received) => format!("{}, received {received} of {}", row.provider, row.due),
        None => "no payment was ever created".to_owned(),
    }
}

fn merchant(row: &MoneyRow) -> String {
    let fulfilled = match row.fulfilled {
        None => "fulfilment not connected".to_owned(),
        Some(0) => "not fulfilled".to_owned(),
        Some(1) => "fulfilled once".to_owned(),
        Some(2) => "fulfilled twice".to_owned(),
        Some(n) => format!("fulfilled {n} times"),
    };
    format!("{}, {fulfilled}", row.order)
}

fn books(row: &MoneyRow) -> String {
    match row.credited {
        None => "not connected, or not understood".to_owned(),
        Some(credited) if credited.is_zero() => "nothing credited".to_owned(),
        Some(credited) => format!("{credited} credited"),
    }
}
