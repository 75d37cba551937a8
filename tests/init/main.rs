//! `countersign init` writes a file that is valid and fits the folder, asks nobody in CI, and
//! overwrites nothing.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use countersign::input::parse_yaml;
use document::document;
use tempfile::TempDir;

#[path = "../schema/document.rs"]
mod document;

fn countersign(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_countersign"))
        .args(arguments)
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

#[track_caller]
fn ends(output: &Output, code: i32) -> String {
    let told = [&output.stdout[..], &output.stderr[..]].concat();
    let told = String::from_utf8(told).unwrap();
    assert_eq!(output.status.code(), Some(code), "{told}");
    told
}

/// What is written for a folder with these files has this line, and is valid.
#[track_caller]
fn writes(files: &[(&str, &str)], more: &[&str], lines: &[&str]) -> String {
    let folder = folder(files);
    let told = ends(&countersign(folder.path(), &[&["init", "--yes"], more].concat()), 0);
    assert!(told.contains("countersign doctor"), "the next step is told: {told}");
    let text = fs::read_to_string(folder.path().join("countersign.yaml")).unwrap();
    for line in lines {
        assert!(text.contains(line), "`{line}` is not written:\n{text}");
    }
    ends(&countersign(folder.path(), &["check"]), 0);
    // The schema that the first line names is there, and takes the file.
    let (_, schema) = text.lines().next().unwrap().split_once("$schema=").expect("a modeline");
    let schema = fs::read_to_string(folder.path().join(schema)).unwrap();
    let validator = jsonschema::validator_for(&serde_json::from_str(&schema).unwrap()).unwrap();
    let file = document(&parse_yaml(&text, "").unwrap());
    let faults: Vec<_> = validator.iter_errors(&file).collect();
    assert!(faults.is_empty(), "{faults:?}\n{text}");
    text
}

#[test]
fn every_stack_gets_a_valid_file() {
    let port = "PORT: \"{port}\"";
    let node = r#"{"name": "acme-shop", "scripts": {"start": "node server.js"}}"#;
    let command = "command: [node, server.js]";
    writes(&[("package.json", node)], &[], &["name: acme-shop", command, port]);
    let project = "[project]\nname = \"shop\"\ndependencies = [\"fastapi\"]\n";
    let command = "command: [python3, \"-m\", uvicorn, \"main:app\", \"--port\", \"{port}\"]";
    writes(&[("pyproject.toml", project), ("main.py", "")], &[], &["name: shop", command]);
    let command = "command: [python3, app.py]";
    writes(&[("requirements.txt", "x"), ("app.py", "")], &[], &[command, port]);
    let prepare = "prepare: [[python3, manage.py, migrate]]";
    writes(&[("requirements.txt", "django"), ("manage.py", "")], &[], &[prepare]);
    let command = "command: [php, artisan, serve, \"--port={port}\"]";
    writes(&[("composer.json", "{}"), ("artisan", "")], &[], &[command]);
    let command = "command: [bin/rails, server, \"-p\", \"{port}\"]";
    writes(&[("Gemfile", ""), ("bin/rails", "")], &[], &[command, "db:prepare"]);
    writes(&[("go.mod", "module a.b/shop\n"), ("main.go", "")], &[], &["[go, run, .]", port]);
    let spring = "spring-boot-starter";
    let variable = "SERVER_PORT: \"{port}\"";
    writes(&[("pom.xml", spring)], &[], &[variable, "within: 180s"]);
    writes(&[("build.gradle.kts", "org.springframework.boot")], &[], &["bootRun", variable]);
    let cargo = "[package]\nname = \"shop\"\n";
    writes(&[("Cargo.toml", cargo)], &[], &["[cargo, run, \"--quiet\"]", "name: shop"]);
}

#[test]
fn flags_go_before_proposals() {
    let node = ("package.json", r#"{"name": "shop", "scripts": {"start": "node a.js"}}"#);
    let flags = [
        ["--name", "till"],
        ["--command", "bin/serve --listen 127.0.0.1:{port}"],
        ["--webhook", "/hooks"],
        ["--checkout", "/api/orders"],
        ["--ready", "/up"],
        ["--rails", "btc-bitcoin,xrp-xrpl"],
    ];
    let lines = [
        "name: till",
        "command: [bin/serve, \"--listen\", \"127.0.0.1:{port}\"]",
        "path: /hooks",
        "path: /api/orders",
        "ready: {http: /up, within: 60s}",
        "rails: [btc-bitcoin, xrp-xrpl]",
    ];
    let text = writes(&[node], flags.as_flattened(), &lines);
    assert!(!text.contains("PORT:"), "the port is an argument already: {text}");
    let shell = ["--command", "source .env && exec node a.js"];
    writes(&[], &shell, &["[sh, \"-c\", \"source .env && exec node a.js\"]"]);
}

/// No two teams are given the same secret, and none is written where we start the merchant.
#[test]
fn a_merchant_that_runs_already_is_given_fresh_values() {
    let running = ["--base-url", "http://127.0.0.1:4000"];
    let lines = ["base_url: http://127.0.0.1:4000", "api_key: sk_live_", "webhook_secret: whsec_"];
    let texts = [(); 2].map(|()| writes(&[("package.json", "{}")], &running, &lines));
    assert_ne!(texts[0], texts[1]);
    assert!(!texts[0].contains("start:"), "{}", texts[0]);
    let started = writes(&[("Cargo.toml", "")], &[], &[]);
    assert!(!started.contains("api_key:") && !started.contains("whsec_"), "{started}");
}

#[test]
fn what_is_there_stays_unless_it_may_be_replaced() {
    let folder = folder(&[("Cargo.toml", ""), ("countersign.yaml", "mine\n")]);
    let config = folder.path().join("countersign.yaml");
    let told = ends(&countersign(folder.path(), &["init", "--yes"]), 2);
    assert!(told.contains("is there already") && told.contains("--force"), "{told}");
    assert_eq!(fs::read_to_string(&config).unwrap(), "mine\n");
    ends(&countersign(folder.path(), &["init", "--yes", "--force"]), 0);
    assert!(fs::read_to_string(&config).unwrap().contains("[cargo, run,"));
    let other = ["init", "--yes", "--config", "test/staging.yaml"];
    let told = ends(&countersign(folder.path(), &other), 2);
    assert!(told.contains("--command"), "no stack is in that folder: {told}");
    let other = [&other[..], &["--command", "a"]].concat();
    let told = ends(&countersign(folder.path(), &other), 0);
    assert!(told.contains("countersign check --config test/staging.yaml"), "{told}");
    // Nothing is left of the writing but the files.
    let names = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<_> = names.collect();
    names.sort();
    assert_eq!(names, ["Cargo.toml", "countersign.schema.json", "countersign.yaml", "test"]);
}

#[test]
fn what_cannot_be_written_is_told_and_nothing_is_written() {
    let cases: &[(&[&str], &[&str])] = &[
        (&["--yes"], &["package.json", "--command", "--base-url"]),
        (&[], &["nobody can be asked", "--yes"]),
        (&["--yes", "--command", "a", "--webhook", "hooks"], &["--webhook", "a slash first"]),
        (&["--yes", "--command", "a", "--rails", "usdt-trn"], &["did you mean usdt-tron?"]),
        (&["--yes", "--base-url", "localhost:4000"], &["no address"]),
        (&["--yes", "--base-url", "http://127.0.0.1:x"], &["no valid file", "host and port"]),
        (&["--yes", "--base-url", "http://127.0.0.1:4000", "--ready", "/up"], &["--command"]),
        (&["--yes", "--command", ""], &["--command", "such as `node server.js`"]),
    ];
    for (arguments, words) in cases {
        let folder = folder(&[]);
        let told = ends(&countersign(folder.path(), &[&["init"], *arguments].concat()), 2);
        for word in *words {
            assert!(told.contains(word), "{arguments:?} does not tell {word}: {told}");
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "{arguments:?}");
    }
}

/// From nothing to a merchant that is wired: what is proposed is what a usual service reads.
#[test]
fn what_is_written_connects_a_merchant_as_it_stands() {
    let folder = folder(&[]);
    let command = format!(
        "DB={{scratch}}/shop.db PAYMENTS_ACCOUNT={{provider.account}} exec {} sample-merchant",
        env!("CARGO_BIN_EXE_countersign")
    );
    let init = ["init", "--yes", "--command", &command, "--ready", "/healthz"];
    ends(&countersign(folder.path(), &init), 0);
    let told = ends(&countersign(folder.path(), &["doctor"]), 0);
    assert!(told.contains("so is everything until the order is paid"), "{told}");
}
