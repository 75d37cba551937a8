//! Every report format has committed samples, `reports/sample/<run>/`, and they are what the code
//! writes. After a wanted change run `UPDATE_GOLDEN=1 cargo test --test report` and review the
//! difference as code.

mod example;

use std::path::Path;

use countersign::report::{FORMATS, Format, Screen, format, screen};
use countersign::rule::{Judged, ScenarioVerdict, Verdict};

fn rendered(format: &Format, judged: &Judged) -> String {
    let mut bytes = Vec::new();
    (format.render)(judged, &mut bytes).expect("a vector takes every byte");
    String::from_utf8(bytes).expect("every format is UTF-8")
}

fn runs() -> [(&'static str, Judged); 2] {
    [("ready", example::ready()), ("not-ready", example::not_ready())]
}

#[test]
fn samples_are_what_the_code_writes() {
    for (run, judged) in runs() {
        for format in FORMATS {
            let path = Path::new("reports/sample").join(run).join(format.file);
            let text = rendered(format, &judged);
            if std::env::var_os("UPDATE_GOLDEN").is_some() {
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(&path, &text).unwrap();
            }
            let sample = std::fs::read_to_string(&path).unwrap_or_default();
            assert!(sample == text, "{} is stale; see the head of this test", path.display());
        }
    }
}

#[test]
fn the_json_report_keeps_to_its_schema() {
    let text = std::fs::read_to_string("docs/schema/report.schema.json").unwrap();
    let schema = serde_json::from_str(&text).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for (run, judged) in runs() {
        let report = serde_json::from_str(&rendered(format("json").unwrap(), &judged)).unwrap();
        let errors: Vec<_> = validator.iter_errors(&report).map(|e| e.to_string()).collect();
        assert_eq!(errors, Vec::<String>::new(), "{run}");
    }
}

/// Everything but what must stay whole (names, commands, proofs) keeps to the width.
#[test]
fn the_screen_keeps_to_its_width() {
    for (_, judged) in runs() {
        for width in [60, 80, 120] {
            let mut bytes = Vec::new();
            let page = Screen { width, styled: false, reports: Some("reports/latest") };
            screen(&judged, &page, &mut bytes).unwrap();
            let text = String::from_utf8(bytes).unwrap();
            for line in text.lines().filter(|line| line.chars().count() > width) {
                let whole = [
                    "Rules",
                    "replay",
                    "proof",
                    "#",
                    "✓",
                    "✗",
                    "?",
                    "-",
                    "countersign",
                    "↳",
                    "; rep",
                ];
                assert!(whole.iter().any(|mark| line.contains(mark)), "{width}: {line}");
            }
        }
    }
}

/// Colour is decoration: without its escapes the styled page is the plain one.
#[test]
fn colours_carry_no_meaning_of_their_own() {
    for (_, judged) in runs() {
        let page = |styled| {
            let mut bytes = Vec::new();
            let page = Screen { width: 100, styled, reports: None };
            screen(&judged, &page, &mut bytes).unwrap();
            String::from_utf8(bytes).unwrap()
        };
        let stripped = anstream::adapter::strip_str(&page(true)).to_string();
        assert_ne!(page(true), page(false));
        assert_eq!(stripped, page(false));
    }
}

/// A red file for every run that is not ready, a green one for every run that is.
#[test]
fn junit_is_never_green_by_accident() {
    let cases = [(example::ready(), true), (example::not_ready(), false)];
    for (judged, green) in cases {
        let xml = rendered(format("junit").unwrap(), &judged);
        let head = xml.lines().find(|line| line.starts_with("<testsuites")).unwrap();
        let clean = head.contains("failures=\"0\"") && head.contains("errors=\"0\"");
        assert_eq!(clean, green, "{head}");
    }
}

/// The format knows no `unknown`; it must not come out as passed, and a sweep must come out whole.
#[test]
fn cucumber_is_never_green_by_accident_and_leaves_nothing_out() {
    let mut judged = example::ready();
    let one = judged.scenarios[0].clone();
    judged.scenarios =
        (0..200).map(|n| ScenarioVerdict { name: format!("row {n}"), ..one.clone() }).collect();
    let verdicts = [Verdict::Pass, Verdict::Unknown, Verdict::Fail, Verdict::NotTestable];
    for (scenario, verdict) in judged.scenarios.iter_mut().zip(verdicts) {
        scenario.verdict = verdict;
    }
    let report: serde_json::Value =
        serde_json::from_str(&rendered(format("cucumber").unwrap(), &judged)).unwrap();
    let elements = report[0]["elements"].as_array().unwrap();
    assert_eq!((report.as_array().unwrap().len(), elements.len()), (1, 200));
    for (element, status) in elements.iter().zip(["passed", "failed", "failed", "skipped"]) {
        let last = element["steps"].as_array().unwrap().last().unwrap();
        assert_eq!(last["result"]["status"], status, "{}", element["name"]);
    }
    assert!(!report.to_string().contains("panicked"));
}

/// Whatever a merchant said is text on the page, and nothing of it comes from elsewhere.
#[test]
fn the_page_stands_alone_and_shows_what_a_merchant_said_as_text() {
    for (run, judged) in runs() {
        let page = rendered(format("html").unwrap(), &judged);
        assert!(!page.contains("<b>ok</b>") && !page.contains('\u{1b}'), "{run}");
        let links = page.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap());
        for link in links {
            let name = link.strip_prefix('#').unwrap_or_else(|| panic!("{run}: {link}"));
            assert!(page.contains(&format!("id=\"{name}\"")), "{run}: #{name} leads nowhere");
        }
        assert!(!page.contains("src=") && !page.contains("@import"), "{run}");
        for finding in &judged.findings {
            assert!(page.contains(finding.rule), "{run}: {}", finding.rule);
        }
        for scenario in &judged.scenarios {
            assert!(page.contains(scenario.money[0].reference.as_str()), "{run}");
        }
    }
}

#[test]
fn the_money_table_has_every_order_and_the_sums_of_the_run() {
    for (_, judged) in runs() {
        let text = rendered(format("money").unwrap(), &judged);
        let mut table = csv::Reader::from_reader(text.as_bytes());
        let rows: Vec<_> = table.records().map(Result::unwrap).collect();
        let orders: Vec<_> = judged.scenarios.iter().flat_map(|s| &s.money).collect();
        assert_eq!(rows.len(), orders.len());
        for (row, order) in rows.iter().zip(orders) {
            assert_eq!(&row[0], order.reference.as_str());
            assert_eq!(order.due.asset.parse(&row[5]), Ok(order.due));
            assert_eq!(order.credited.map(|c| c.asset.parse(&row[7])), order.credited.map(Ok));
        }
    }
}

#[test]
fn tap_is_never_green_by_accident() {
    let judged = example::not_ready();
    let text = rendered(format("tap").unwrap(), &judged);
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("TAP version 14"));
    assert_eq!(lines.next(), Some(&*format!("1..{}", judged.scenarios.len())));
    let results: Vec<_> = lines.filter(|line| !line.starts_with(' ')).collect();
    assert_eq!(results.len(), judged.scenarios.len());
    for (line, scenario) in results.iter().zip(&judged.scenarios) {
        let is_good = line.starts_with("ok ");
        let is_bad = matches!(scenario.verdict, Verdict::Fail | Verdict::Unknown);
        assert_eq!(is_good, !is_bad, "{line}");
        assert_eq!(line.contains("# SKIP"), is_good && scenario.verdict != Verdict::Pass, "{line}");
    }
}
