//! What is known of providers, in `fixtures/providers`, against the profiles that play them.
//!
//! Every fact is compared with its profile; whatever a profile says otherwise than the default one
//! has a fact behind it, or says that it is our own choice. Each comparison is shown to fail where a
//! profile differs.

mod kind;
mod vector;

use std::collections::{BTreeMap, BTreeSet};

use countersign::input::{Cursor, Faults, InputErrors, Node, parse_yaml};
use countersign::provider::profile::{Profile, builtin, knobs, names};

use kind::{KINDS, Kind};

/// One file, read.
struct Provider<'a> {
    profile: String,
    /// Where each source is.
    sources: BTreeMap<String, String>,
    /// Each with what it says.
    facts: Vec<(&'static Kind, Cursor<'a>)>,
    /// Knobs that no source speaks of, each with why it is as it is.
    ours: BTreeMap<String, String>,
}

fn text_of(name: &str) -> String {
    std::fs::read_to_string(format!("fixtures/providers/{name}.yaml")).expect(name)
}

/// Reads a file strictly: keys that are not known, facts without a source and sources without a
/// date are faults.
fn read<'a>(root: &'a Node, faults: &'a Faults) -> Option<Provider<'a>> {
    let top = Cursor::root(root, faults);
    let fields = top.fields(&["version", "profile", "sources", "facts", "ours"]);
    let version = fields.need("version").and_then(|cursor| cursor.number());
    let profile = fields.need("profile").and_then(|cursor| cursor.text());
    let mut sources = BTreeMap::new();
    for (name, source) in fields.need("sources").map(|of| of.entries()).unwrap_or_default() {
        let source = source.fields(&["at", "as_of"]);
        let at = source.need("at").and_then(|cursor| cursor.text());
        let _ = source.need("as_of").and_then(|cursor| cursor.text());
        sources.insert(name.to_owned(), at?.to_owned());
    }
    let known: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
    let stated = fields.need("facts")?;
    let stated_fields = stated.fields_of("fact", &known);
    let mut facts = Vec::new();
    let mut used = BTreeSet::new();
    for kind in KINDS {
        let Some(fact) = stated_fields.get(kind.name) else { continue };
        let fact = fact.fields(&["is", "from"]);
        let names: Vec<&str> = sources.keys().map(String::as_str).collect();
        used.extend(fact.need("from").and_then(|cursor| cursor.word("source", &names)));
        facts.push((kind, fact.need("is")?));
    }
    let ours = fields.get("ours").map(|cursor| cursor.entries()).unwrap_or_default();
    let ours = ours.iter().map(|(knob, why)| ((*knob).to_owned(), why.text().map(str::to_owned)));
    let ours = ours.map(|(knob, why)| Some((knob, why?))).collect::<Option<_>>()?;
    (version == Some(1)).then_some(())?;
    Some(Provider { profile: profile?.to_owned(), sources, facts, ours })
}

/// Reads a file and does something with what it says.
fn with<T>(
    name: &str,
    text: &str,
    work: impl FnOnce(&Provider<'_>) -> T,
) -> Result<T, InputErrors> {
    let root = parse_yaml(text, name)?;
    let faults = Faults::new(name);
    let done = read(&root, &faults).map(|provider| work(&provider));
    faults.finish(done)
}

/// Where a profile is otherwise than what is known of the provider.
fn differences(provider: &Provider<'_>, profile: &Profile) -> Vec<String> {
    let compared = provider.facts.iter().filter_map(|(kind, fact)| {
        let difference = (kind.compare)(fact, profile).err()?;
        Some(format!("{}: {difference}", kind.name))
    });
    compared.collect()
}

#[test]
fn every_profile_is_as_its_provider_is_known_to_be() {
    for name in names() {
        let profile = builtin(name).unwrap();
        let compared = with(name, &text_of(name), |provider| {
            assert_eq!(provider.profile, name);
            assert!(!provider.facts.is_empty(), "{name}");
            differences(provider, profile)
        });
        let found = compared.unwrap_or_else(|faults| panic!("{faults}"));
        assert_eq!(found, Vec::<String>::new(), "{name}");
    }
}

/// The test of the test: a profile that differs in one thing is found, and that thing is named.
#[test]
fn every_comparison_fails_where_a_profile_differs() {
    let mut tried = BTreeSet::new();
    for name in names() {
        let found = with(name, &text_of(name), |provider| {
            for (kind, fact) in &provider.facts {
                let mut other = builtin(name).unwrap().clone();
                (kind.plant)(&mut other);
                assert!((kind.compare)(fact, &other).is_err(), "{name}: {} is not seen", kind.name);
                tried.insert(kind.name);
            }
        });
        found.unwrap_or_else(|faults| panic!("{faults}"));
    }
    let untried: Vec<_> = KINDS.iter().filter(|kind| !tried.contains(kind.name)).collect();
    assert!(
        untried.is_empty(),
        "nobody states {:?}",
        untried.iter().map(|k| k.name).collect::<Vec<_>>()
    );
}

#[test]
fn what_a_profile_says_otherwise_than_the_default_has_a_fact_or_is_called_ours() {
    let default = builtin("default").unwrap();
    for name in names() {
        let profile = builtin(name).unwrap();
        let said = with(name, &text_of(name), |provider| {
            let stated: BTreeSet<&str> =
                provider.facts.iter().flat_map(|(kind, _)| kind.knobs).copied().collect();
            for knob in knobs().filter(|knob| knob.told(profile) != knob.told(default)) {
                let is_ours = provider.ours.contains_key(knob.name);
                assert!(
                    is_ours || stated.contains(knob.name),
                    "{name}: {} is unfounded",
                    knob.name
                );
            }
            for knob in provider.ours.keys() {
                let differs =
                    knobs().any(|it| it.name == knob && it.told(profile) != it.told(default));
                assert!(differs, "{name}: {knob} is as by default");
            }
        });
        said.unwrap_or_else(|faults| panic!("{faults}"));
    }
}

/// A profile tells its users where its facts are from, and those are where these are from.
#[test]
fn the_sources_of_a_profile_are_those_of_its_facts() {
    for name in names() {
        let told = &builtin(name).unwrap().sources;
        let missing = with(name, &text_of(name), |provider| {
            let known =
                |source: &&String| provider.sources.values().any(|at| source.contains(at.as_str()));
            told.iter().filter(|source| !known(source)).cloned().collect::<Vec<_>>()
        });
        let missing = missing.unwrap_or_else(|faults| panic!("{faults}"));
        assert!(missing.is_empty() && !told.is_empty(), "{name}: {missing:?}");
    }
}

#[test]
fn a_file_is_read_strictly() {
    let whole = text_of("coingate");
    let refused = |from: &str, to: &str, expected: &str| {
        assert!(whole.contains(from), "{from}");
        let text = whole.replacen(from, to, 1);
        let faults = with("coingate", &text, |_| ()).expect_err(to).to_string();
        assert!(faults.contains(expected), "{faults}");
    };
    refused("  retries:", "  retrys:", "retries");
    refused("from: channels", "from: chanels", "channels");
    refused("{is: 40, from: callbacks}", "{is: 40}", "from");
    refused("ours:", "theirs:", "ours");
    refused(", as_of: \"2025-12-10\"", "", "as_of");
}

#[test]
fn every_file_is_of_a_profile_that_there_is() {
    let files = std::fs::read_dir("fixtures/providers").unwrap();
    let stems = files.map(|file| file.unwrap().path().file_stem().unwrap().to_owned());
    let stems: BTreeSet<String> = stems.map(|stem| stem.to_string_lossy().into_owned()).collect();
    assert_eq!(stems, names().into_iter().map(str::to_owned).collect());
}
