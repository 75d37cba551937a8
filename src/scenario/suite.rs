//! The suite: the scenarios inside the binary, reading any mix of files into one plan, and
//! selecting from it.
//!
//! Knows paths only as names; whoever calls reads the files.

use include_dir::{Dir, File, include_dir};

use super::transpose::transposed;
use super::{Plan, Scenario, gherkin, yaml};
use crate::input::{InputError, InputErrors};

static FEATURES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/features");
static SCENARIOS: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/scenarios");

/// Every file of the built-in suite: path such as `features/idempotency.feature`, and text.
#[must_use]
pub fn embedded() -> Vec<(String, String)> {
    let named = |folder: &str, file: &File<'_>| {
        let text = file.contents_utf8().expect("the suite is UTF-8").to_owned();
        (format!("{folder}/{}", file.path().display()), text)
    };
    let features = FEATURES.files().map(|file| named("features", file));
    let sweeps = SCENARIOS.files().map(|file| named("scenarios", file));
    let mut files: Vec<_> = features.chain(sweeps).filter(|(path, _)| is_suite(path)).collect();
    files.sort();
    files
}

/// Whether the built-in suite has a file of that path.
#[must_use]
pub fn is_embedded(path: &str) -> bool {
    embedded().iter().any(|(known, _)| known == path)
}

/// Whether a file of that name is read as a feature or a sweep.
#[must_use]
pub fn is_suite(path: &str) -> bool {
    path.ends_with(".feature") || is_yaml(path)
}

/// Reads files into one plan. Scenarios on rails that the merchant is not enabled for are played on
/// one that it is enabled for, where they mean the same there; else they are left out, with the
/// reason.
///
/// # Errors
/// Every fault of every file.
pub fn plan(
    files: &[(String, String)],
    rails_enabled: &[&str],
    known_rules: &[&str],
) -> Result<Plan, InputErrors> {
    let (mut scenarios, mut errors): (Vec<Scenario>, Vec<InputError>) = Default::default();
    for (path, text) in files {
        let read = if path.ends_with(".feature") {
            gherkin::parse(text, path, known_rules)
        } else if is_yaml(path) {
            yaml::parse(text, path, known_rules)
        } else {
            Err(InputErrors(vec![unreadable(path)]))
        };
        match read {
            Ok(read) => scenarios.extend(read),
            Err(InputErrors(found)) => errors.extend(found),
        }
    }
    errors.extend(twins(&scenarios));
    if !errors.is_empty() {
        return Err(InputErrors(errors));
    }
    let mut plan = Plan::default();
    for scenario in scenarios {
        let Some(foreign) = foreign_rail(&scenario, rails_enabled) else {
            plan.scenarios.push(scenario);
            continue;
        };
        match transposed(&scenario, rails_enabled) {
            Some(scenario) => plan.scenarios.push(scenario),
            None => {
                let reason = format!("the merchant is not enabled for {foreign} (provider.rails)");
                plan.left_out.push((scenario.name, reason));
            }
        }
    }
    Ok(plan)
}

fn is_yaml(path: &str) -> bool {
    path.ends_with(".yaml") || path.ends_with(".yml")
}

/// A rail that the scenario needs and the merchant does not have.
fn foreign_rail(scenario: &Scenario, rails_enabled: &[&str]) -> Option<&'static str> {
    let mut rails = scenario.steps.iter().filter_map(|step| match &step.action {
        super::Action::Open { rail, .. } => Some(rail.id),
        _ => None,
    });
    rails.find(|rail| !rails_enabled.contains(rail))
}

/// Reports tell scenarios apart by name; two files may not use the same one.
fn twins(scenarios: &[Scenario]) -> Vec<InputError> {
    let mut seen = std::collections::BTreeMap::new();
    let mut errors = Vec::new();
    for scenario in scenarios {
        let Some(first) = seen.insert(&scenario.name, &scenario.source) else { continue };
        if first.file != scenario.source.file {
            errors.push(InputError {
                file: scenario.source.file.clone(),
                line: scenario.source.line,
                column: 1,
                problem: format!("`{}` is also in {}:{}", scenario.name, first.file, first.line),
                expected: Some("a title of its own".to_owned()),
                nearest: None,
            });
        }
    }
    errors
}

fn unreadable(path: &str) -> InputError {
    InputError {
        file: path.to_owned(),
        line: 0,
        column: 0,
        problem: "is neither a feature nor a sweep".to_owned(),
        expected: Some("a file that ends in .feature, .yaml or .yml".to_owned()),
        nearest: None,
    }
}
