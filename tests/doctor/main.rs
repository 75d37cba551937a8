//! `countersign doctor` names what is wired wrongly, by its cause and with its remedy: each fault is
//! planted in a real merchant, alone, and a sound one is told that all is well.

mod till;

use std::path::Path;
use std::process::Command;

use till::{Quirk, Till};

/// What a doctor says of this profile, with its exit code.
fn doctor(profile: &str) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    let (tmp, file) = (folder.path().join("tmp"), folder.path().join("countersign.yaml"));
    std::fs::create_dir(&tmp).unwrap();
    std::fs::write(&file, profile).unwrap();
    let ended = Command::new(env!("CARGO_BIN_EXE_countersign"))
        .args(["doctor", "--config", "countersign.yaml"])
        .current_dir(folder.path())
        .env("TMPDIR", &tmp)
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    let told = String::from_utf8(ended.stdout).unwrap();
    let errors = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(files(&tmp), 0, "temporary files are left");
    assert_eq!(files(folder.path()), 2, "it writes nothing beside the profile");
    (ended.status.code(), told + &errors)
}

fn files(folder: &Path) -> usize {
    std::fs::read_dir(folder).unwrap().count()
}

/// Text on one line, as it was before it was broken for the screen.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The one check that fails, and what is told below it.
#[track_caller]
fn check_profile(profile: &str, title: &str, words: &[&str]) {
    let (code, told) = doctor(profile);
    assert_eq!(code, Some(2), "{told}");
    let (before, _) = told.split_once("\n\n").expect("a list, and what cannot be tested");
    let wrong: Vec<_> = before.split("\n✗ ").skip(1).collect();
    assert_eq!(wrong.len(), 1, "one cause, one fault: {told}");
    let below = wrong[0].split(['✓', '–']).next().unwrap_or_default();
    let below = flat(below);
    for word in [title].iter().chain(words) {
        assert!(below.contains(word), "`{word}` is not told: {told}");
    }
}

#[track_caller]
fn check(quirk: Quirk, title: &str, words: &[&str]) {
    check_profile(&Till::open(quirk).profile, title, words);
}

/// A sound till whose profile has one fault.
#[track_caller]
fn check_change((from, to): (&str, &str), title: &str, words: &[&str]) {
    let till = Till::open(Quirk::Sound);
    assert!(till.profile.contains(from), "`{from}` is not in the profile");
    check_profile(&till.profile.replace(from, to), title, words);
}

const READY: &str = "the merchant runs and is ready";
const REACHED: &str = "a checkout makes it call the provider, with the right key";
const CREATED: &str = "the provider creates the payment that it asks for";
const REFERENCE: &str = "the payment carries the order's reference";
const GENUINE: &str = "the genuine payment.created is accepted";
const SHOWN: &str = "what it shows of the order is understood";
const PAID: &str = "so is everything until the order is paid and settled";

#[test]
fn a_sound_merchant_is_told_so_and_what_is_left_untested() {
    let (code, told) = doctor(&Till::open(Quirk::Sound).profile);
    assert_eq!(code, Some(0), "{told}");
    assert_eq!(told.matches('✓').count(), 11, "{told}");
    assert!(!told.contains('✗') && !told.contains('–'), "{told}");
    for word in [
        "countersign.yaml is valid",
        "seen: awaiting, provisional, paid, 1 posting",
        "without drive.reconcile (or policy.background_every): LIFE-02, RECON-01, RECON-02, RECON-07",
        "- {rules: [LIFE-02, RECON-01, RECON-02, RECON-07], reason: \"…\"}",
    ] {
        assert!(told.contains(word) || flat(&told).contains(word), "{word}: {told}");
    }
}

/// What is offered for pasting has to be read as it stands.
#[test]
fn the_waiver_can_be_pasted() {
    let till = Till::open(Quirk::Sound);
    let (_, told) = doctor(&till.profile);
    let (_, lines) = told.split_once("with your reason:\n").expect("a waiver");
    let pasted: Vec<_> = lines.lines().map(|line| line.strip_prefix("  ").unwrap()).collect();
    let (code, told) = doctor(&format!("{}{}\n", till.profile, pasted.join("\n")));
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("Nothing that this version judges is left untested."), "{told}");
}

#[test]
fn the_provider_is_not_called() {
    check(Quirk::CallsNobody, REACHED, &["did not call it", "no payment today", "{provider.url}"]);
    let path = ("path: /orders", "path: /order");
    check_change(path, REACHED, &["answered: 404", "nothing takes this request there"]);
    let till = Till::open(Quirk::Sound);
    let (before, rest) = till.profile.split_once("drive:").unwrap();
    let (_, after) = rest.split_once("policy:").unwrap();
    let words = ["cannot be made to open an order", "declare drive.checkout"];
    check_profile(&format!("{before}policy:{after}"), REACHED, &words);
}

#[test]
fn the_provider_refuses() {
    check(Quirk::OtherKey, REACHED, &["was answered 401", "{provider.api_key}"]);
    check(Quirk::OtherPath, REACHED, &["/v1/v1/payments was answered 404", "the address alone"]);
    check(Quirk::OtherAsset, CREATED, &["was answered 4", "USDX", "provider.rails"]);
    check(Quirk::OtherReference, REFERENCE, &["one with reference `ORDER-1`", "{reference}"]);
}

#[test]
fn the_merchant_is_not_there() {
    let till = Till::open(Quirk::Sound);
    let port = till.profile.split("base_url: http://127.0.0.1:").nth(1).unwrap();
    let port = port.split_once('\n').unwrap().0;
    let other = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let profile = till.profile.replace(&format!(":{port}\n"), &format!(":{other}\n"));
    check_profile(&profile, READY, &["no merchant is ready at", "`merchant.base_url`"]);
}

#[test]
fn the_merchant_does_not_come_up() {
    let start = |start: &str| {
        format!(
            "version: 1\nmerchant: {{name: m, base_url: \"http://127.0.0.1:{{port}}\", webhook: \
             {{path: /w}}, start: {{{start}}}}}\nprovider: {{rails: [usdt-tron]}}\n"
        )
    };
    let words = ["died before it was ready", "cannot start `no-such-program`"];
    check_profile(&start("command: [no-such-program]"), READY, &words);
    let words = ["died before it was ready", "status 3", "no such database"];
    let command = "command: [sh, -c, 'echo no such database >&2; exit 3']";
    check_profile(&start(command), READY, &words);
    let words = ["was not ready", "within 200ms", "does it listen on this port"];
    let command = "command: [sleep, \"1000\"], ready: {http: /healthz, within: 200ms}";
    check_profile(&start(command), READY, &words);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let profile = start("command: [sleep, \"1000\"]").replace("{port}", &port.to_string());
    check_profile(&profile, READY, &[&format!("port {port} is taken by another program")]);
}

/// What a merchant is not handed is found in the profile, whatever the merchant says about it.
#[test]
fn the_merchant_is_not_handed_what_it_needs() {
    let exe = env!("CARGO_BIN_EXE_countersign");
    let env = [
        ("PAYMENTS_API", "{provider.url}", "http://127.0.0.1:9", REACHED),
        ("PAYMENTS_KEY", "{provider.api_key}", "sk_live_0", REACHED),
        ("WEBHOOK_SECRET", "{webhook.secret}", "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3", GENUINE),
    ];
    for (_, placeholder, other, title) in env {
        let value = |name: &str, ours: &str| {
            format!("{name}: \"{}\"", if ours == placeholder { other } else { ours })
        };
        let handed: Vec<_> = env.iter().map(|(name, ours, ..)| value(name, ours)).collect();
        let profile = format!(
            "version: 1\nmerchant:\n  name: m\n  base_url: http://127.0.0.1:{{port}}\n  webhook: \
             {{path: /webhooks/payments}}\n  start:\n    command: [{exe}, sample-merchant]\n    \
             env: {{PORT: \"{{port}}\", DB: \"{{scratch}}/shop.db\", PAYMENTS_ACCOUNT: \
             \"{{provider.account}}\", {}}}\nprovider: {{rails: [usdt-tron]}}\ndrive: {{checkout: \
             {{http: {{path: /orders, json: {{reference: \"{{reference}}\", amount: \
             \"{{amount}}\", asset: \"{{asset}}\", network: \"{{network}}\"}}}}}}}}\n",
            handed.join(", ")
        );
        check_profile(&profile, title, &[&format!("hand {placeholder} to the merchant")]);
    }
}

#[test]
fn the_webhook_is_not_taken() {
    check_change(("path: /w}", "path: /v}"), GENUINE, &["answered 404", "merchant.webhook.path"]);
    check(Quirk::Redirects, GENUINE, &["answered 308", "redirects are not followed"]);
    check(Quirk::Csrf, GENUINE, &["answered 403", "cross-site requests"]);
}

#[test]
fn the_webhook_is_verified_wrongly() {
    check(Quirk::OtherSecret, GENUINE, &["answered 401", "verifies with {webhook.secret}"]);
    check(Quirk::TextAsKey, GENUINE, &["takes the text of the secret for the key", "base64"]);
    check(Quirk::Rewrites, GENUINE, &["what its JSON parser made of the body", "raw body"]);
    check(Quirk::ReadsEmpty, GENUINE, &["an empty body", "raw body"]);
    let ahead = "so is one whose body is dated days ahead";
    check(Quirk::RefusesAhead, ahead, &["answered 400", "webhook-timestamp"]);
    let forged = "a wrongly signed payment.confirmed changes nothing";
    check(Quirk::Believes, forged, &["had an effect", "switch verification on"]);
}

/// One cause that shows twice: by the date of its answers, and by what it refuses.
#[test]
fn the_clock_is_off() {
    let (code, told) = doctor(&Till::open(Quirk::ClockBehind).profile);
    let told = flat(&told);
    assert_eq!(code, Some(2), "{told}");
    let behind = "the merchant's clock is about 10 minutes behind";
    assert_eq!(told.matches(behind).count(), 2, "{told}");
    assert!(told.contains("to do: set the clock of the machine or container"), "{told}");
}

#[test]
fn what_is_shown_is_not_understood() {
    check(Quirk::ShowsNoOrder, SHOWN, &["shows no order", "GET /countersign/orders/{reference}"]);
    check(Quirk::ShowsHtml, SHOWN, &["no JSON", "Please log in"]);
    check(Quirk::ShowsNoState, SHOWN, &["order /state: nothing is there"]);
    check(Quirk::UnmappedState, SHOWN, &["`new` is not mapped", "lifecycle"]);
    check(Quirk::UnmappedLater, PAID, &["`complete` is not mapped", "lifecycle"]);
    check(Quirk::NumericAmount, PAID, &["25 is not a decimal string"]);
}

#[test]
fn what_is_shown_is_not_what_there_is() {
    check(Quirk::EmptyLedger, PAID, &["the ledger shows nothing", "observe.ledger"]);
    check(Quirk::NothingFulfilled, PAID, &["shows no fulfilment", "map.fulfilments"]);
    let words = ["payment.confirmed was answered 500", "lifecycle.paid"];
    check(Quirk::CannotBook, PAID, &words);
}
