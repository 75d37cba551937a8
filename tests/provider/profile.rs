//! Provider profiles as people write them: every broken file in `fixtures/profiles/broken` is told
//! exactly what is wrong with it, and what a profile says is what a merchant meets.
//!
//! The golden files lie beside them; `INSTA_UPDATE=always cargo test --test provider` writes them
//! anew, and their difference is reviewed like code.

use std::path::PathBuf;

use countersign::provider::profile::{builtin, is_profile, names, read};

#[test]
fn every_broken_file_is_told_what_is_wrong() {
    let folder = std::fs::read_dir("fixtures/profiles/broken").unwrap();
    let files = folder.map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> =
        files.filter(|path| path.extension().is_some_and(|it| it == "yaml")).collect();
    files.sort();
    assert!(files.len() >= 10, "{files:?}");
    let mut settings = insta::Settings::new();
    settings.set_snapshot_path("../../fixtures/profiles/broken");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    for path in files {
        let text = std::fs::read_to_string(&path).unwrap();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let errors = read(&text, &format!("{name}.yaml")).expect_err(&name);
        let places: Vec<_> = errors.0.iter().map(|error| (error.line, error.column)).collect();
        assert!(places.is_sorted(), "{name}: {places:?}");
        settings.bind(|| insta::assert_snapshot!(name, errors.to_string()));
    }
}

#[test]
fn what_a_profile_leaves_out_is_as_in_the_one_it_is_like() {
    let text = "version: 1\nname: acme-pay\nlike: coingate\nsummary: s\n\
                delivery: {timeout: 7s, success: [200-202]}\n";
    assert!(is_profile(text));
    let profile = read(text, "acme.yaml").unwrap_or_else(|errors| panic!("{errors}"));
    let coingate = builtin("coingate").unwrap();
    assert_eq!(profile.delivery.timeout.to_string(), "7s");
    assert!(profile.delivery.success.contains(202) && !profile.delivery.success.contains(204));
    assert_eq!(profile.delivery.schedule, coingate.delivery.schedule);
    assert_eq!(profile.events, coingate.events);
    assert_eq!(profile.sources, Vec::<String>::new());
}

#[test]
fn every_builtin_file_is_taken_for_a_profile_and_no_scenario_is() {
    for name in names() {
        let text = std::fs::read_to_string(format!("fixtures/profiles/{name}.yaml")).unwrap();
        assert!(is_profile(&text), "{name}");
        assert!(read(&text, "copy.yaml").is_ok(), "{name}");
    }
    for entry in std::fs::read_dir("scenarios").unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        assert!(!is_profile(&text));
    }
}
