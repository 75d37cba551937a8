//! The house style that a machine can check: who imports whom, how long files and functions are,
//! what stays outside the pure layers, and that every member of an open set is in its table.
//!
//! The rules themselves stand in ARCHITECTURE.md and CONTRIBUTING.md; an exception is a row here,
//! with its reason.

mod source;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use source::{Source, sources, texts};

const FILE_LINES_MAX: usize = 400;
const FUNCTION_LINES_MAX: usize = 70;

/// Imports that the table in ARCHITECTURE.md does not allow: file, folder, reason.
const IMPORT_EXCEPTIONS: &[(&str, &str, &str)] = &[
    ("src/sample/profile.rs", "merchant", "tells the harness how the sample is connected"),
    ("src/sample/profile.rs", "model", "tells the harness how the sample is connected"),
];

/// Where the world may be touched: sockets, files, clocks, randomness, threads, async.
const WORLD: &[&str] = &["io", "cli", "sample", "main.rs"];

/// Tests that may sleep: file, reason.
const SLEEPERS: &[(&str, &str)] = &[
    ("tests/launch.rs", "asks the kernel again until a process is gone, up to a deadline"),
    ("tests/ends/stage.rs", "looks again at what another process does, up to a deadline"),
];

/// What touches it, as it stands in code.
const WORLDLY: &[&str] = &[
    "std::fs",
    // The module's addresses are mere values.
    "TcpListener",
    "TcpStream",
    "UdpSocket",
    "ToSocketAddrs",
    "std::env",
    "std::thread",
    "std::process",
    "SystemTime",
    "Instant::now",
    "now_utc",
    "RandomState",
    "getrandom",
    "tokio::",
    "async ",
    ".await",
    "thread_local",
];

#[track_caller]
fn none(faults: Vec<String>) {
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

/// The rows of "Who may import whom".
fn layers() -> BTreeMap<String, BTreeSet<String>> {
    let page = fs::read_to_string("ARCHITECTURE.md").expect("the page is there");
    let (_, section) = page.split_once("## Who may import whom").expect("it has the section");
    let rows = section.lines().skip_while(|line| !line.starts_with("| `"));
    rows.take_while(|line| line.starts_with('|'))
        .map(|row| {
            let mut words = row.split('`').skip(1).step_by(2).map(str::to_owned);
            (words.next().expect("a row names its folder"), words.collect())
        })
        .collect()
}

#[test]
fn folders_import_only_what_the_architecture_allows() {
    let layers = layers();
    let mut faults = Vec::new();
    for source in sources("src") {
        let Some(folder) = source.folder() else { continue };
        let Some(allowed) = layers.get(folder) else {
            faults.push(format!("{}: no row for `{folder}` in ARCHITECTURE.md", source.path));
            continue;
        };
        for word in source.imports() {
            let excepted =
                IMPORT_EXCEPTIONS.iter().any(|(p, w, _)| *p == source.path && *w == word);
            if word != folder && !allowed.contains(&word) && !excepted {
                faults.push(format!("{}: `{folder}` may not import `{word}`", source.path));
            }
        }
        if source.path == format!("src/{folder}/mod.rs") && source.code.contains("super::") {
            faults.push(format!("{}: reaches out of its folder with super::", source.path));
        }
    }
    none(faults);
}

/// A circle between folders would make two of them one.
#[test]
fn the_layers_have_no_circle() {
    let mut left = layers();
    while !left.is_empty() {
        let free = |allowed: &BTreeSet<String>| allowed.iter().all(|w| !left.contains_key(w));
        let bottom: Vec<_> = left.iter().filter(|(_, a)| free(a)).map(|(f, _)| f.clone()).collect();
        assert!(!bottom.is_empty(), "a circle among {:?}", left.keys());
        left.retain(|folder, _| !bottom.contains(folder));
    }
}

#[test]
fn nothing_outside_io_touches_the_world() {
    let pure = |source: &Source| !WORLD.contains(&source.top());
    let faults = sources("src").into_iter().filter(pure).flat_map(|source| source.find(WORLDLY));
    none(faults.collect());
}

#[test]
fn only_ordered_collections() {
    let words = ["HashMap", "HashSet"];
    none(sources("src").into_iter().flat_map(|source| source.find(&words)).collect());
}

/// One planted defect of the sample merchant is made of floats; there alone they exist.
#[test]
fn no_floats() {
    let apart = |source: &Source| source.top() != "sample";
    let found = |source: Source| {
        let mut faults = source.find(&["f32", "f64"]);
        faults.extend(source.float_literals());
        faults
    };
    none(sources("src").into_iter().filter(apart).flat_map(found).collect());
}

#[test]
fn nothing_is_unwrapped_outside_tests() {
    let words = [".unwrap()", "unreachable_unchecked"];
    none(sources("src").into_iter().flat_map(|source| source.find(&words)).collect());
}

#[test]
fn files_and_functions_fit() {
    let mut faults = Vec::new();
    for source in sources("src").into_iter().chain(sources("tests")).chain(sources("benches")) {
        let lines = source.text.lines().count();
        if lines > FILE_LINES_MAX {
            faults.push(format!("{}: {lines} lines, at most {FILE_LINES_MAX}", source.path));
        }
        for (line, name, length) in source.functions() {
            if length > FUNCTION_LINES_MAX {
                let path = &source.path;
                faults.push(format!("{path}:{line}: `{name}` has {length} lines, at most 70"));
            }
        }
    }
    none(faults);
}

#[test]
fn every_file_says_what_it_holds() {
    let silent = |source: &Source| !source.text.starts_with("//! ");
    let files = sources("src").into_iter().chain(sources("tests")).chain(sources("benches"));
    none(files.filter(silent).map(|source| format!("{}: no module docs", source.path)).collect());
}

/// A file that no `mod` names is not compiled, and nobody notices.
#[test]
fn every_file_is_a_module() {
    let all = sources("src");
    let mut faults = Vec::new();
    for source in &all {
        let Some((folder, file)) = source.path.rsplit_once('/') else { continue };
        let (parent, name) = match file {
            "lib.rs" | "main.rs" => continue,
            "mod.rs" => folder.rsplit_once('/').expect("a folder below src"),
            file => (folder, file.trim_end_matches(".rs")),
        };
        let owner = |path: &str| {
            path == format!("{parent}/mod.rs")
                || path == format!("{parent}/lib.rs")
                || path == format!("{parent}.rs")
        };
        let named = |text: &str| text.contains(&format!("mod {name};"));
        if !all.iter().any(|other| owner(&other.path) && named(&other.text)) {
            faults.push(format!("{}: no `mod {name};` in {parent}", source.path));
        }
    }
    none(faults);
}

/// What each open set declares, and the table that must name it.
#[test]
fn every_member_is_in_its_table() {
    let sets = [
        ("src/rule/", ": Rule = ", "src/rule/mod.rs"),
        ("src/report/", ": Format = ", "src/report/mod.rs"),
        ("src/scenario/step/", ": Group = ", "src/scenario/step/mod.rs"),
        ("src/provider/api/", ": Route = ", "src/provider/api/mod.rs"),
    ];
    let all = sources("src");
    let mut faults = Vec::new();
    for (folder, declaration, table) in sets {
        let table = &all.iter().find(|s| s.path == table).expect("the table is there").code;
        let mut members = 0;
        for source in all.iter().filter(|source| source.path.starts_with(folder)) {
            let path = source.path.trim_end_matches(".rs").trim_end_matches("/mod");
            let module = path.rsplit('/').next().unwrap_or_default();
            for line in source.code.lines().filter(|line| line.contains(declaration)) {
                let name = line.split(':').next().and_then(|head| head.split_whitespace().last());
                let entry = format!("{module}::{}", name.unwrap_or_default());
                members += 1;
                if !table.contains(&entry) {
                    faults.push(format!("{}: {entry} is not in the table", source.path));
                }
            }
        }
        assert!(members > 0, "nothing declared in {folder}");
    }
    let faults_table = &all.iter().find(|s| s.path == "src/fault/mod.rs").expect("a table").text;
    for source in all.iter().filter(|s| s.folder() == Some("fault") && !s.path.ends_with("mod.rs"))
    {
        let name = source.path.trim_start_matches("src/fault/").trim_end_matches(".rs");
        if !faults_table.contains(&format!("| `{name}` |")) {
            faults.push(format!("{}: not in the table at the head of mod.rs", source.path));
        }
    }
    none(faults);
}

/// What is written here stands for itself: no reminder without an issue, no path of one machine.
#[test]
fn nothing_points_elsewhere() {
    let words = [
        concat!("../", "shared"),
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        "/tmp/",
        "/work/",
        "/root/",
    ];
    let mut faults = Vec::new();
    for (path, text) in texts() {
        for (i, line) in text.lines().enumerate() {
            for word in words.iter().filter(|word| line.contains(**word)) {
                faults.push(format!("{path}:{}: {word}", i + 1));
            }
        }
    }
    none(faults);
}

#[test]
fn no_test_is_ignored_and_none_sleeps() {
    let words = [concat!("#[ign", "ore"), concat!("thread::sl", "eep")];
    let mut faults = Vec::new();
    for source in sources("src").into_iter().chain(sources("tests")) {
        for (i, line) in source.text.lines().enumerate() {
            let excepted = SLEEPERS.iter().any(|(path, _)| *path == source.path);
            if !excepted && words.iter().any(|word| line.contains(word)) {
                faults.push(format!("{}:{}: {}", source.path, i + 1, line.trim()));
            }
        }
    }
    none(faults);
}

#[test]
fn every_dependency_has_its_reason() {
    let manifest = fs::read_to_string("Cargo.toml").expect("the manifest is there");
    let (_, tables) = manifest.split_once("[dependencies]").expect("it has dependencies");
    let (tables, _) = tables.split_once("[lints").unwrap_or((tables, ""));
    let lines: Vec<_> = tables.lines().collect();
    let bare = lines.windows(2).filter(|pair| {
        pair[1].contains(" = ") && !pair[1].starts_with('#') && !pair[0].starts_with("# ")
    });
    none(bare.map(|pair| format!("Cargo.toml: no reason above `{}`", pair[1])).collect());
}
