//! Profiles as people write them: the example is valid and read whole, and every file in
//! `fixtures/config` is told exactly what is wrong with it.
//!
//! The golden files lie beside them; `INSTA_UPDATE=always cargo test --test config` writes them
//! anew, and their difference is reviewed like code.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use countersign::input::InputErrors;
use countersign::merchant::{Act, Body, HttpTemplate, Known, Outside, Profile, Step, read};
use countersign::model::{OrderState, Span};
use countersign::{rule, signature};

fn check(text: &str, path: &str) -> Result<Profile, InputErrors> {
    let rules: Vec<&str> = rule::RULES.iter().map(|rule| rule.code).collect();
    let scope_words: Vec<&str> = rule::SCOPE_WORDS.iter().map(|(word, _)| *word).collect();
    // Few and fixed, so that a new scheme or rule does not change what these files are told.
    assert!(signature::scheme("standard-webhooks").is_some());
    assert!(rules.contains(&"AUTH-01") && rules.contains(&"RECON-01"));
    let known = Known {
        rules: &["AUTH-01", "AUTH-04", "RECON-01"],
        signatures: &["standard-webhooks", "github"],
        profiles: &["default", "coingate"],
        scope_words: &scope_words,
    };
    let outside = Outside { env: &BTreeMap::new(), file: &secret_file };
    read(text, path, PathBuf::from("/shop"), &outside, &known)
}

/// The files that `${file:…}` may name.
fn secret_file(path: &Path) -> Result<String, String> {
    match path.to_str() {
        Some("/shop/secrets/staff") => Ok("hush-of-staff\n".to_owned()),
        Some("/run/key.pem") => {
            Ok("-----BEGIN KEY-----\nhushhushhush\n-----END KEY-----\n".to_owned())
        }
        Some("/shop/secrets/empty") => Ok("\n".to_owned()),
        Some("/shop/secrets/latin") => Err("stream did not contain valid UTF-8".to_owned()),
        _ => Err("No such file or directory (os error 2)".to_owned()),
    }
}

fn checkout(profile: &Profile) -> &HttpTemplate {
    let [Step { act: Act::Http(template), .. }] = profile.drive.get("checkout").unwrap() else {
        panic!("{profile:?}")
    };
    template
}

fn read_to_string(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn the_example_is_valid_and_read_whole() {
    let path = "examples/countersign.yaml";
    let profile = check(&read_to_string(Path::new(path)), path).unwrap_or_else(|e| panic!("{e}"));

    assert_eq!(profile.name, "acme-shop");
    assert_eq!(profile.base_url, "http://127.0.0.1:{port}");
    assert_eq!(profile.webhook, "/webhooks/payments");
    let start = profile.start.as_ref().unwrap();
    assert_eq!(start.command, ["python3", "app.py"]);
    assert_eq!(start.prepare, [["python3", "manage.py", "migrate"]]);
    assert_eq!(start.env["DB"], "{scratch}/shop.db");
    assert_eq!(start.ready.http.as_deref(), Some("/healthz"));
    assert_eq!(start.stop.within, Span::from_s(5));
    assert!(profile.provider.live);
    assert_eq!(profile.provider.rails.len(), 4);

    let checkout = checkout(&profile);
    let Body::Json(json) = &checkout.body else { panic!("{checkout:?}") };
    assert_eq!(json.pointer("/amount").and_then(|v| v.as_str()), Some("{amount}"));
    let ledger = profile.observe.as_ref().unwrap().ledger.as_ref().unwrap();
    assert_eq!(ledger.each.as_deref(), Some("/postings"));
    assert_eq!(ledger.map.fields["payment"], "/payment_id");
    assert_eq!(ledger.map.kinds["receipt"].as_str(), "credit");
    assert_eq!(profile.lifecycle["complete"], OrderState::Paid);
    assert_eq!(profile.policy.background_every, Some(Span::from_s(10)));
    assert_eq!(profile.scope.absent, ["payouts", "vouchers", "tenants"]);
    assert_eq!(profile.scope.not_applicable[0].0, "RECON-*");

    let connection = profile.connection();
    assert!(connection.checkout && connection.reconcile && connection.fulfilments);
    assert!(connection.ledger && connection.exceptions);
}

#[test]
fn the_least_that_a_contract_merchant_needs() {
    let text = "version: 1\n\
                merchant: {name: m, base_url: \"http://127.0.0.1:8080/\", webhook: {path: /w}}\n\
                provider: {listen: \"127.0.0.1:9000\", api_key: k, webhook_secret: s, rails: [usdt-tron]}\n";
    let profile = check(text, "least.yaml").unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(profile.base_url, "http://127.0.0.1:8080");
    assert!(profile.start.is_none() && profile.observe.is_none());
    let connection = profile.connection();
    assert!(!connection.checkout && connection.ledger && connection.exceptions);
}

#[test]
fn the_environment_is_filled_in_and_kept_out_of_debug_output() {
    let text = "version: 1\n\
                merchant: {name: \"${NAME}\", base_url: \"http://127.0.0.1:80\", webhook: {path: /w}}\n\
                provider: {listen: \"127.0.0.1:9000\", api_key: \"${KEY}\", webhook_secret: \"x${KEY}\", rails: [usdt-tron]}\n\
                drive: {checkout: {http: {path: /o, headers: {authorization: \"Bearer ${KEY}\"}}}}\n";
    let env = BTreeMap::from([("NAME", "shop"), ("KEY", "hush")]);
    let env = env.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let known =
        Known { rules: &[], signatures: &["standard-webhooks"], profiles: &[], scope_words: &[] };
    let outside = Outside { env: &env, file: &secret_file };
    let profile = read(text, "env.yaml", PathBuf::from("/shop"), &outside, &known);
    let profile = profile.unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(profile.name, "shop");
    assert_eq!(profile.provider.webhook_secret.as_deref(), Some("xhush"));
    let checkout = checkout(&profile);
    assert_eq!(checkout.headers["authorization"], "Bearer hush");
    assert!(!format!("{profile:?}").contains("hush"));
}

#[test]
fn files_are_filled_in_and_their_values_are_secrets_wherever_they_stand() {
    let text = "version: 1\n\
                merchant: {name: m, base_url: \"http://127.0.0.1:80\", webhook: {path: /w}}\n\
                provider: {listen: \"127.0.0.1:9000\", api_key: k, webhook_secret: \"${file:/run/key.pem}\", rails: [usdt-tron]}\n\
                drive: {checkout: {http: {path: /o, json: {pin: \"p-${file:secrets/staff}\"}}}}\n";
    let profile = check(text, "file.yaml").unwrap_or_else(|errors| panic!("{errors}"));
    let Body::Json(json) = &checkout(&profile).body else { panic!() };
    assert_eq!(json["pin"], "p-hush-of-staff");
    let secrets = profile.secrets();
    let key = "-----BEGIN KEY-----\nhushhushhush\n-----END KEY-----";
    assert_eq!(profile.provider.webhook_secret.as_deref(), Some(key));
    // A log tells a key line by line.
    for secret in ["hush-of-staff", key, "hushhushhush"] {
        assert!(secrets.iter().any(|known| known == secret), "{secret}");
    }
    assert!(!secrets.iter().any(|known| known == "-----BEGIN KEY-----"));
    assert!(!format!("{profile:?}").contains("hush"), "{profile:?}");
}

#[test]
fn five_faults_are_five_errors() {
    let path = "fixtures/config/five-faults.yaml";
    let errors = check(&read_to_string(Path::new(path)), path).unwrap_err();
    assert_eq!(errors.0.len(), 5, "{errors}");
}

#[test]
fn every_broken_file_is_told_what_is_wrong() {
    let folder = Path::new("fixtures/config");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .collect();
    files.sort();
    assert!(files.len() > 12, "{files:?}");
    let settings = {
        let mut settings = insta::Settings::new();
        settings.set_snapshot_path("../fixtures/config");
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings
    };
    for path in files {
        let text = read_to_string(&path);
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let errors = check(&text, &format!("{name}.yaml")).expect_err(&name);
        let places: Vec<_> = errors.0.iter().map(|error| (error.line, error.column)).collect();
        assert!(places.is_sorted(), "{name}: {places:?}");
        let told = format!("{errors}\n\n{}", errors.render(|_| Some(text.clone()), false));
        settings.bind(|| insta::assert_snapshot!(name, told));
    }
}
