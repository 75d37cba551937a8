//! The schemas of what people write, made of what the readers ask: `docs/schema` holds them, and
//! editors complete and check by them.
//!
//! A key that no document below has is unknown to the schema: add it to a file of `fixtures/schema`.
//! `UPDATE_GOLDEN=1 cargo test --test schema` then writes the schemas anew.

mod document;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use countersign::input::{InputErrors, Kind, Shape, parse_yaml};
use countersign::provider::profile;
use countersign::scenario::yaml;
use countersign::{merchant, rule, signature};
use document::document;
use serde_json::{Value, json};

/// One kind of file.
struct Schema {
    /// `docs/schema/<name>.schema.json`.
    name: &'static str,
    title: &'static str,
    /// Valid files that together have every key: files, and folders of them.
    documents: &'static [&'static str],
    shape: fn(&str, &str) -> Result<Shape, InputErrors>,
    kinds: &'static [Kind<'static>],
    /// Places that hold any document.
    free: &'static [&'static str],
    /// Broken files.
    broken: &'static str,
}

const SCHEMAS: &[Schema] = &[
    Schema {
        name: "countersign",
        title: "countersign.yaml: how a merchant is started, driven and observed",
        documents: &["examples/countersign.yaml", "fixtures/schema/countersign"],
        shape: merchant_shape,
        kinds: &[
            Kind { name: "verb", path: "drive.as_stranger", but: &[], nests: true },
            Kind { name: "verb", path: "drive", but: &["as_stranger"], nests: true },
            Kind { name: "words", path: "lifecycle", but: &[], nests: false },
            Kind { name: "words", path: "observe.ledger.kinds", but: &[], nests: false },
            Kind { name: "words", path: "observe.exceptions.classes", but: &[], nests: false },
        ],
        free: &["http.json", "observe.ledger.unit", "observe.ledger.credit"],
        broken: "fixtures/config",
    },
    Schema {
        name: "scenario",
        title: "A sweep of scenarios",
        documents: &["scenarios", "fixtures/schema/scenario"],
        shape: scenario_shape,
        kinds: &[],
        // A list, or permutations(a, b, c).
        free: &["sweep.*"],
        broken: "fixtures/suite",
    },
    Schema {
        name: "provider",
        title: "A provider profile: the habits of a payment service",
        documents: &["fixtures/profiles", "fixtures/schema/provider"],
        shape: profile::shape,
        kinds: &[
            Kind { name: "theirs", path: "events.statuses", but: &[], nests: false },
            Kind { name: "theirs", path: "events.types", but: &[], nests: false },
        ],
        free: &["events.webhook", "api.routes.*.body", "api.routes.*.answer", "api.problem"],
        broken: "fixtures/schema/broken",
    },
];

fn merchant_shape(text: &str, path: &str) -> Result<Shape, InputErrors> {
    let (rules, signatures) = (rule::codes(), signature::signing());
    let scope_words: Vec<&str> = rule::SCOPE_WORDS.iter().map(|(word, _)| *word).collect();
    let profiles = profile::names();
    let known = merchant::Known {
        rules: &rules,
        signatures: &signatures,
        profiles: &profiles,
        scope_words: &scope_words,
    };
    merchant::shape(text, path, &merchant::Outside::NOTHING, &known)
}

fn scenario_shape(text: &str, path: &str) -> Result<Shape, InputErrors> {
    yaml::shape(text, path, &rule::codes())
}

/// YAML files at these paths, with their texts.
fn files(paths: &[&str]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for path in paths {
        if Path::new(path).is_dir() {
            let entries = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
            found.extend(entries.filter(|path| path.extension().is_some_and(|it| it == "yaml")));
        } else {
            found.push(path.into());
        }
    }
    found.sort();
    let named = found.into_iter().map(|path| path.to_string_lossy().into_owned());
    named.map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
}

impl Schema {
    fn asked(&self) -> Shape {
        let mut all = Shape::default();
        for (path, text) in files(self.documents) {
            all.extend((self.shape)(&text, &path).unwrap_or_else(|errors| panic!("{errors}")));
        }
        all
    }

    fn written(&self) -> Value {
        let mut schema = json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": self.title,
        });
        let about = match self.name {
            "countersign" => meanings(),
            "provider" => profile::knobs().map(|it| (it.name.into(), it.about.into())).collect(),
            _ => BTreeMap::new(),
        };
        let made = self.asked().schema(self.kinds, self.free, &about);
        for (key, value) in made.as_object().unwrap() {
            schema[key] = value.clone();
        }
        // The reader takes the number and compares it.
        if self.name != "scenario" {
            schema["properties"]["version"] = json!({"const": 1});
        }
        schema
    }

    fn path(&self) -> String {
        format!("docs/schema/{}.schema.json", self.name)
    }

    fn faults(&self, text: &str) -> Vec<String> {
        let validator = jsonschema::validator_for(&self.written()).unwrap();
        let document = document(&parse_yaml(text, "a.yaml").unwrap());
        validator.iter_errors(&document).map(|error| error.to_string()).collect()
    }
}

/// Tables of the guide, by the heading above them: what keys are relative to.
const TABLES: &[(&str, &str)] = &[
    ("## Merchant\n", "merchant."),
    ("### `merchant.start`\n", "merchant.start."),
    ("## Provider\n", "provider."),
    ("## Policy\n", "policy."),
    ("## Scope\n", ""),
];

/// What the guide says of each key.
fn meanings() -> BTreeMap<String, String> {
    let guide = fs::read_to_string("docs/connect.md").unwrap();
    let mut all = BTreeMap::new();
    for (heading, above) in TABLES {
        let (_, section) = guide.split_once(heading).unwrap_or_else(|| panic!("no {heading}"));
        let rows = section.lines().skip_while(|line| !line.starts_with("| key |"));
        for row in rows.skip(2).take_while(|line| line.starts_with('|')) {
            let cells: Vec<_> =
                row.split(" | ").map(|cell| cell.trim_matches(['|', ' '])).collect();
            let (key, meaning, usual) = (cells[0].trim_matches('`'), cells[1], cells[2]);
            let usual = match usual {
                "" | "required" => String::new(),
                usual => format!(" (left out: {usual})"),
            };
            all.insert(format!("{above}{key}"), format!("{meaning}{usual}").replace('`', ""));
        }
    }
    all
}

#[test]
fn the_schemas_are_what_the_readers_ask() {
    for schema in SCHEMAS {
        let mut unseen = schema.asked().unseen(schema.kinds);
        unseen.retain(|key| !schema.free.iter().any(|end| key.ends_with(end)));
        assert!(unseen.is_empty(), "no document of {} has {unseen:?}", schema.name);
        let written = format!("{:#}\n", schema.written());
        let path = schema.path();
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&path, &written).unwrap();
        }
        let there = fs::read_to_string(&path).unwrap_or_default();
        assert!(there == written, "{path} is old: UPDATE_GOLDEN=1 cargo test --test schema");
    }
}

/// Every meaning of the guide is told where its key is.
#[test]
fn what_the_guide_says_is_told() {
    let written = SCHEMAS[0].written().to_string();
    for (key, meaning) in meanings() {
        assert!(written.contains(&json!(meaning).to_string()), "{key}: {meaning}");
    }
}

#[test]
fn what_the_readers_take_the_schemas_take() {
    for schema in SCHEMAS {
        for (path, text) in files(schema.documents) {
            let faults = schema.faults(&text);
            assert!(faults.is_empty(), "{path}: {faults:?}");
        }
    }
    let example = fs::read_to_string("examples/merchants/python/countersign.yaml").unwrap();
    assert_eq!(SCHEMAS[0].faults(&example), [] as [&str; 0]);
}

/// What a schema can see: an unknown key, a missing one, another word, another kind of value.
fn is_seen(problem: &str) -> bool {
    let seen = [
        "is no key of",
        "lacks `",
        "is no map",
        "is no list",
        "is a list",
        "is a map",
        "is empty",
        "is no whole number",
        "is neither yes nor no",
        "is no span of time",
        "is no signature scheme",
        "is no part that a merchant may lack",
        "is no state of an order",
        "is no posting kind",
        "is no exception class",
        "is no method",
        "is no signal",
        "is no mode",
        "is no rail",
    ];
    // One way of three is needed: the schema knows none that is needed always.
    seen.iter().any(|words| problem.contains(words)) && !problem.ends_with("lacks `http`")
}

#[test]
fn what_a_schema_can_see_it_refuses() {
    let mut refused = 0;
    for schema in SCHEMAS {
        for (path, text) in files(&[schema.broken]) {
            if parse_yaml(&text, &path).is_err() {
                continue;
            }
            let errors = (schema.shape)(&text, &path).expect_err("a broken file");
            let seen = errors.0.iter().filter(|error| is_seen(&error.problem));
            let seen: Vec<_> = seen.map(|error| &error.problem).collect();
            let faults = schema.faults(&text);
            assert!(seen.is_empty() || !faults.is_empty(), "{path} passes in spite of {seen:?}");
            refused += usize::from(!faults.is_empty());
        }
    }
    assert!(refused > 10, "{refused}");
}

/// The guard guards: each of these breaks one kind of promise, and the schema alone tells.
#[test]
fn a_change_of_any_kind_is_seen() {
    let text = fs::read_to_string("examples/countersign.yaml").unwrap();
    let changes = [
        ("name: acme-shop", "nmae: acme-shop"),
        ("path: /webhooks/payments  ", "pat: /webhooks/payments  "),
        ("fulfil_at: confirmed", "fulfil_at: confirmd"),
        ("within: 20s", "within: soon"),
        ("rails: [usdt-tron", "rails: [usdt-trom"),
        ("version: 1", "version: 2"),
        ("absent: [payouts", "absent: [payout"),
        ("command: [python3, app.py]", "command: python3 app.py"),
        ("method: POST", "method: PSOT"),
    ];
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        assert_ne!(SCHEMAS[0].faults(&text.replacen(from, to, 1)), [] as [&str; 0], "{to}");
    }
}
