//! Wiring that is wrong is found before anything is judged: exit 2, with the cause and the remedy,
//! and never a finding.

use super::merchant::{Quirk, Till, sample};
use super::stage::Stage;

#[track_caller]
fn check(profile: &str, words: &[&str]) {
    let stage = Stage::new();
    stage.write("countersign.yaml", profile);
    let ended = stage.run(&["run"]);
    stage.assert_nothing_is_left();
    ended.told(2, words);
    assert!(ended.stderr.contains("\n  to do: "), "no remedy: {}", ended.stderr);
    assert_eq!(ended.stdout, "");
    assert!(!stage.path("reports/latest/report.json").exists(), "a fault of wiring is no verdict");
    let (code, report) = stage.judge_again();
    assert_eq!((code, report["verdict"].as_str()), (Some(3), Some("INCOMPLETE")));
    assert_eq!(report["findings"].as_array().map(Vec::len), Some(0), "{}", report["findings"]);
    assert_eq!(report["scenarios"].as_array().map(Vec::len), Some(0));
}

#[test]
fn the_webhook_path_is_another() {
    let path = ("path: /webhooks/payments", "path: /webhooks/payment");
    check(&sample(&[path]), &["answered 404", "/webhooks/payment", "merchant.webhook.path"]);
}

#[test]
fn the_secret_is_another() {
    let secret =
        ("provider:\n", "provider:\n  webhook_secret: whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM=\n");
    let env = ("\"{webhook.secret}\"", "whsec_YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnc=");
    let words = ["answered 401", "verifies with {webhook.secret}", "provider.webhook_secret"];
    check(&sample(&[secret, env]), &words);
}

#[test]
fn events_dated_ahead_are_refused() {
    let till = Till::open(Quirk::RefusesAhead);
    check(&till.profile, &["dated three days ahead", "answered 400", "webhook-timestamp"]);
}

#[test]
fn the_checkout_does_not_call_the_provider() {
    let key = ("\"{provider.api_key}\"", "sk_live_of_somebody_else");
    check(
        &sample(&[key]),
        &["created no payment", "was answered 401", "hand {provider.api_key} to the merchant"],
    );
    let api = ("\"{provider.url}\"", "http://127.0.0.1:9");
    check(
        &sample(&[api]),
        &["created no payment", "the merchant answered: ", "hand {provider.url} to the merchant"],
    );
    let door = ("path: /orders,", "path: /order,");
    check(&sample(&[door]), &["created no payment", "answered: 404", "drive.checkout"]);
}

#[test]
fn the_look_leads_nowhere() {
    let look = "observe: {order: {http: {path: \"/shown/{reference}\"}, map: {state: /state}}}";
    let words = "lifecycle: {awaiting: [awaiting], paid: [paid]}";
    let profile = sample(&[("scope:", &format!("{look}\n{words}\nscope:"))]);
    check(&profile, &["shows no order", "observe.order"]);
}

#[test]
fn a_state_is_not_mapped() {
    let look = "observe: {order: {http: {path: \"/countersign/orders/{reference}\"}, map: {state: /state}}}";
    let words = "lifecycle: {awaiting: [new], paid: [paid]}";
    let profile = sample(&[("scope:", &format!("{look}\n{words}\nscope:"))]);
    check(&profile, &["`awaiting` is not mapped", "lifecycle"]);
}

#[test]
fn an_amount_is_a_number() {
    let till = Till::open(Quirk::NumericAmount);
    check(&till.profile, &["25.5", "is not", "not understood"]);
}

/// What the preflight cannot see yet makes scenarios unknown: no finding, and no success.
#[test]
fn what_shows_itself_only_later_accuses_nobody() {
    let till = Till::open(Quirk::NumericAmountLater);
    let stage = Stage::new();
    stage.write("countersign.yaml", &till.profile);
    let ended = stage.run(&["run", "The settled notification arrives three times"]);
    stage.assert_nothing_is_left();
    ended.told(3, &[]);
    let report = stage.report();
    assert_eq!(report["findings"].as_array().map(Vec::len), Some(0), "{}", report["findings"]);
    assert_eq!(report["scenarios"][0]["verdict"], "unknown");
    let told = report["scenarios"][0].to_string();
    assert!(told.contains("25.5 is not a decimal string"), "{told}");
}
