//! The built-in suite: it parses, it is whole, it prints back; and whatever in `fixtures/suite` is
//! wrong is told exactly.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use countersign::input::InputErrors;
use countersign::model::RAILS;
use countersign::rule::RULES;
use countersign::scenario::{Plan, Scenario, Selection, TagExpression, Target, gherkin, suite};

fn codes() -> Vec<&'static str> {
    RULES.iter().map(|rule| rule.code).collect()
}

fn rails() -> Vec<&'static str> {
    RAILS.iter().map(|rail| rail.id).collect()
}

fn plan() -> Plan {
    suite::plan(&suite::embedded(), &rails(), &codes()).unwrap_or_else(|errors| panic!("{errors}"))
}

/// What makes two scenarios the same plan: everything but where they are written.
fn meaning(scenario: &Scenario) -> impl PartialEq + std::fmt::Debug {
    let actions: Vec<_> = scenario.steps.iter().map(|step| step.action.clone()).collect();
    (scenario.name.clone(), scenario.rules.clone(), scenario.tags.clone(), actions)
}

#[test]
fn the_suite_is_whole() {
    let plan = plan();
    assert!(plan.left_out.is_empty(), "{:?}", plan.left_out);
    let written = |ending: &str| -> BTreeSet<_> {
        let of_kind = plan.scenarios.iter().filter(|s| s.source.file.ends_with(ending));
        of_kind.map(|scenario| (&scenario.source.file, scenario.source.line)).collect()
    };
    assert!(written(".feature").len() >= 25, "{} scenarios", written(".feature").len());
    assert!(written(".yaml").len() >= 3, "{} sweeps", written(".yaml").len());
}

#[test]
fn every_rule_is_named_by_a_scenario() {
    let plan = plan();
    let named: BTreeSet<_> =
        plan.scenarios.iter().flat_map(|scenario| &scenario.rules).map(String::as_str).collect();
    let missing: Vec<_> = codes().into_iter().filter(|code| !named.contains(code)).collect();
    assert!(missing.is_empty(), "no scenario names {missing:?}");
}

#[test]
fn every_level_on_a_scenario_is_that_of_its_rules() {
    for scenario in plan().scenarios.iter().filter(|s| s.source.file.ends_with(".feature")) {
        for code in &scenario.rules {
            let rule = RULES.iter().find(|rule| rule.code == code).expect("parsed against them");
            let level = rule.level.as_str().to_lowercase();
            assert!(scenario.tags.contains(&level), "{}: {code} is {level}", scenario.name);
        }
    }
}

#[test]
fn every_feature_says_why_it_matters() {
    for (path, text) in suite::embedded() {
        if path.ends_with(".feature") {
            let body = text.split_once("Feature:").expect("a feature has a title").1;
            let told: Vec<_> =
                body.lines().skip(1).take_while(|line| !line.trim().is_empty()).collect();
            assert!(told.len() >= 2, "{path} opens without a reason");
        }
    }
}

#[test]
fn the_whole_plan_prints_back_to_itself() {
    let plan = plan();
    for text in gherkin::print(&plan.scenarios) {
        let read = gherkin::parse(&text, "printed.feature", &codes())
            .unwrap_or_else(|errors| panic!("{errors}\n{text}"));
        for scenario in read {
            let original = plan.scenarios.iter().find(|s| s.name == scenario.name);
            let original = original.unwrap_or_else(|| panic!("`{}` is new", scenario.name));
            assert_eq!(meaning(&scenario), meaning(original));
        }
    }
}

#[test]
fn rows_on_foreign_rails_are_left_out_and_listed() {
    let plan = suite::plan(&suite::embedded(), &["usdt-tron"], &codes()).expect("it parses");
    assert!(!plan.scenarios.is_empty());
    assert!(
        plan.left_out.iter().any(|(name, _)| name.starts_with("order-of-arrival [btc-bitcoin"))
    );
    assert!(plan.left_out.iter().all(|(_, reason)| reason.contains("not enabled for")));
}

#[test]
fn what_the_merchant_does_not_have_is_left_out_and_listed() {
    let mut plan = plan();
    let all = plan.scenarios.len();
    plan.leave_out(&["refunds".to_owned()]);
    assert!(!plan.left_out.is_empty() && plan.scenarios.len() + plan.left_out.len() == all);
    assert!(plan.scenarios.iter().all(|scenario| !scenario.tags.contains("refunds")));
    assert!(plan.left_out.iter().all(|(_, reason)| reason.contains("no refunds")));
}

#[test]
fn what_is_selected_is_what_was_meant() {
    let file = "features/idempotency.feature";
    let all = plan();
    let first = all.scenarios.iter().find(|s| s.source.file == file).expect("it has scenarios");
    let (line, name) = (first.source.line, first.name.clone());
    let count = |targets: &[&str], tags: Option<&str>| {
        let mut plan = plan();
        let tags = tags.map(|tags| TagExpression::parse(tags, &codes()).expect("an expression"));
        let targets = targets.iter().map(|word| Target::parse(word)).collect();
        Selection { targets, tags }.apply(&mut plan).map(|()| plan.scenarios.len())
    };
    assert_eq!(count(&[&format!("{file}:{line}")], None), Ok(1));
    assert_eq!(count(&[&format!("{file}:{}", line - 1)], None), Ok(1), "its tags lead to it");
    assert_eq!(count(&[&format!("{file}:{}", line + 2)], None), Ok(1), "its steps are it");
    assert_eq!(count(&[&name], None), Ok(1));
    assert_eq!(count(&["scenarios/copies.yaml"], None), Ok(24));
    assert_eq!(count(&[], Some("@IDEM-02 and not @amounts")), Ok(3));
    for (targets, tags) in [
        (&["features/idempotence.feature"][..], None),
        (&["features/idempotency.feature:9999"][..], None),
        (&["no such title"][..], None),
        (&["features/replay.feature"][..], Some("@RACE-01")),
    ] {
        let refused = count(targets, tags).expect_err("nothing is selected").to_string();
        assert!(!refused.is_empty());
    }
    assert!(TagExpression::parse("@IDEM-99", &codes()).is_err());
    assert!(TagExpression::parse("@must and", &codes()).is_err());
}

#[test]
fn an_outline_is_selected_by_its_title_and_by_its_row() {
    let (path, text) = suite::embedded()
        .into_iter()
        .find(|(path, _)| path == "features/ordering.feature")
        .expect("it is in the suite");
    let title = text.lines().position(|line| line.contains("Scenario Outline:")).expect("one") + 1;
    let row = text.lines().position(|line| line.contains("| settled, paid")).expect("one") + 1;
    for (line, expected) in [(title, 5), (row, 1)] {
        let mut plan = plan();
        let targets = vec![Target::parse(&format!("{path}:{line}"))];
        Selection { targets, tags: None }.apply(&mut plan).expect("something is there");
        assert_eq!(plan.scenarios.len(), expected, "{path}:{line}");
    }
}

#[test]
fn what_is_wrong_is_told_exactly() {
    let folder = Path::new("fixtures/suite");
    let mut told = BTreeMap::new();
    for entry in std::fs::read_dir(folder).expect("the folder exists") {
        let path = entry.expect("it is readable").path();
        let name = path.file_name().and_then(|name| name.to_str()).expect("plain names").to_owned();
        if suite::is_suite(&name) {
            let text = std::fs::read_to_string(&path).expect("it is text");
            let errors = suite::plan(&[(name.clone(), text)], &rails(), &codes());
            let InputErrors(errors) = errors.map(|_| ()).expect_err(&name);
            told.insert(name, InputErrors(errors).to_string());
        }
    }
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../fixtures/suite");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    for (name, errors) in told {
        settings.bind(|| insta::assert_snapshot!(name, errors));
    }
}

/// Whatever single rail a merchant is enabled for, the suite exercises every rule that can be broken
/// on it.
#[test]
fn every_rail_alone_exercises_every_rule() {
    for rail in RAILS {
        let plan = suite::plan(&suite::embedded(), &[rail.id], &codes()).expect("it parses");
        let exercised: BTreeSet<&str> =
            plan.scenarios.iter().flat_map(|s| s.rules.iter().map(String::as_str)).collect();
        let dark: Vec<_> = codes().into_iter().filter(|code| !exercised.contains(code)).collect();
        let exempt = RULES.iter().filter(|rule| rule.only_on.is_some_and(|only| !(only.has)(rail)));
        let exempt: Vec<_> = exempt.map(|rule| rule.code).collect();
        assert_eq!(dark, exempt, "on {} alone", rail.id);
    }
}
