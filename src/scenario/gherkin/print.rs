//! The plan as Gherkin again: what is printed parses to the same plan.

use std::fmt::Write as _;

use crate::scenario::{Scenario, Step, step};

/// The steps as sentences, `And` where the keyword repeats: `Given an order of 250.00 USDT on tron`.
#[must_use]
pub fn sentences(steps: &[Step]) -> Vec<String> {
    let mut last = None;
    let sentence = |step: &Step| {
        let Some((keyword, text)) = step::print(&step.action) else {
            // Only a plan that no front end can make has an action without a wording.
            return format!("* {:?}", step.action);
        };
        let word = if last == Some(keyword) { "And" } else { keyword.as_str() };
        last = Some(keyword);
        format!("{word} {text}")
    };
    steps.iter().map(sentence).collect()
}

/// Scenarios as feature files: one text for each feature, in their order.
#[must_use]
pub fn print(scenarios: &[Scenario]) -> Vec<String> {
    let features = scenarios.chunk_by(|a, b| a.feature == b.feature);
    features.map(feature).collect()
}

fn feature(scenarios: &[Scenario]) -> String {
    let mut text = String::new();
    let title = scenarios.first().map_or("", |scenario| &scenario.feature);
    let _ = writeln!(text, "Feature: {title}");
    for scenario in scenarios {
        let others = scenario.tags.iter().filter(|tag| !scenario.rules.contains(tag));
        let tags: Vec<_> = scenario.rules.iter().chain(others).map(|t| format!("@{t}")).collect();
        let _ = writeln!(text, "\n  {}\n  Scenario: {}", tags.join(" "), scenario.name);
        for sentence in sentences(&scenario.steps) {
            let _ = writeln!(text, "    {sentence}");
        }
    }
    text
}
