//! Rust files as the style checks see them: code without comments, literals and test modules.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// One file.
pub struct Source {
    /// From the root, with slashes: `src/rule/mod.rs`.
    pub path: String,
    /// As it is.
    pub text: String,
    /// Comments and the insides of literals blanked, the module of tests cut off; lines keep their
    /// numbers.
    pub code: String,
}

/// Every Rust file below a folder, in order. A folder that is not there holds none.
pub fn sources(folder: &str) -> Vec<Source> {
    let read = |path: String| {
        let text = fs::read_to_string(&path).expect("a source file is UTF-8");
        let code = if is_test(&path) { String::new() } else { code(&text) };
        Source { path, text, code }
    };
    files(Path::new(folder)).into_iter().filter(|path| path.ends_with(".rs")).map(read).collect()
}

/// Whether a file is a module of tests that its parent declares so.
fn is_test(path: &str) -> bool {
    let (folder, file) = path.rsplit_once('/').expect("a file in a folder");
    let parent = fs::read_to_string(format!("{folder}/mod.rs")).unwrap_or_default();
    parent.contains(&format!("#[cfg(test)]\nmod {};", file.trim_end_matches(".rs")))
}

/// Every text that is committed for people or machines to read, but for these checks themselves.
pub fn texts() -> Vec<(String, String)> {
    let folders =
        ["src", "tests", "benches", "features", "scenarios", "fixtures", "docs", "examples"];
    let mut paths: Vec<_> = folders.iter().flat_map(|folder| files(Path::new(folder))).collect();
    let root = fs::read_dir(".").expect("the root is readable");
    let root = root.map(|entry| entry.expect("an entry").path()).filter(|path| path.is_file());
    paths.extend(root.filter_map(|path| Some(path.file_name()?.to_str()?.to_owned())));
    let own = |path: &String| !path.starts_with("tests/tidy/");
    let read = |path: String| fs::read_to_string(&path).ok().map(|text| (path, text));
    paths.into_iter().filter(own).filter_map(read).collect()
}

fn files(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    let mut found = Vec::new();
    for path in paths {
        // What others wrote and an example installed beside itself.
        if path.ends_with("node_modules") || path.ends_with(".venv") {
            continue;
        }
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path.to_str().expect("names are UTF-8").to_owned());
        }
    }
    found
}

impl Source {
    /// The folder below `src`, such as `rule`; none for `lib.rs` and `main.rs`.
    pub fn folder(&self) -> Option<&str> {
        self.path.strip_prefix("src/")?.split_once('/').map(|(folder, _)| folder)
    }

    /// The folder or file below `src`.
    pub fn top(&self) -> &str {
        let below = self.path.strip_prefix("src/").unwrap_or(&self.path);
        below.split('/').next().unwrap_or(below)
    }

    /// Folders named after `crate::`. A group right after it would hide them, so it counts as
    /// `{`, which no layer allows.
    pub fn imports(&self) -> BTreeSet<String> {
        let after = self.code.match_indices("crate::").filter(|(at, _)| {
            let before = self.code[..*at].chars().next_back();
            before.is_none_or(|c| !(c.is_alphanumeric() || c == '_'))
        });
        after
            .map(|(at, word)| {
                let rest = &self.code[at + word.len()..];
                let name: String =
                    rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                if name.is_empty() { rest.chars().take(1).collect() } else { name }
            })
            .collect()
    }

    /// Places in the code where one of these words stands, not as a part of a longer name.
    pub fn find(&self, words: &[&str]) -> Vec<String> {
        let part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        let mut found = Vec::new();
        for (i, line) in self.code.lines().enumerate() {
            for word in words {
                let stands = |(at, _): &(usize, &str)| {
                    let (before, after) = (&line[..*at], &line[at + word.len()..]);
                    let open = word.ends_with(|c: char| !c.is_alphanumeric());
                    !(word.starts_with(char::is_alphanumeric) && part(before.chars().next_back()))
                        && (open || !part(after.chars().next()))
                };
                if line.match_indices(word).any(|m| stands(&m)) {
                    found.push(format!("{}:{}: {word}", self.path, i + 1));
                }
            }
        }
        found
    }

    /// Literals such as `0.5`; `x.0.1` reads fields, `0..5` is a range.
    pub fn float_literals(&self) -> Vec<String> {
        let pattern = regex::Regex::new(r"(^|[^\w.])\d[\d_]*\.\d").expect("a valid pattern");
        let lines = self.code.lines().enumerate().filter(|(_, line)| pattern.is_match(line));
        lines.map(|(i, line)| format!("{}:{}: {}", self.path, i + 1, line.trim())).collect()
    }

    /// Functions with a body: line, name, lines from `fn` to its last brace.
    pub fn functions(&self) -> Vec<(usize, String, usize)> {
        let pattern = regex::Regex::new(r"\bfn (\w+)").expect("a valid pattern");
        let line_of = |at: usize| self.code[..at].matches('\n').count() + 1;
        let body = |captures: regex::Captures<'_>| {
            let at = captures.get(0)?.start();
            let end = at + body_end(&self.code[at..])?;
            Some((line_of(at), captures[1].to_owned(), line_of(end) - line_of(at) + 1))
        };
        pattern.captures_iter(&self.code).filter_map(body).collect()
    }
}

/// Where the block that begins in this text ends; none where a semicolon comes first.
fn body_end(text: &str) -> Option<usize> {
    let (mut round, mut curly) = (0_i32, 0_i32);
    for (at, c) in text.char_indices() {
        match c {
            '(' | '[' => round += 1,
            ')' | ']' => round -= 1,
            ';' if round == 0 && curly == 0 => return None,
            '{' => curly += 1,
            '}' => {
                curly -= 1;
                if curly == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

/// Blanks comments and literals; cuts off at the module of tests, which stands last by custom.
fn code(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let length = literal(rest, code.chars().next_back());
        if length == 0 {
            code.push(c);
            rest = &rest[c.len_utf8()..];
        } else {
            code.extend(rest[..length].chars().filter(|c| *c == '\n'));
            code.push(' ');
            rest = &rest[length..];
        }
    }
    let tests = code.find("#[cfg(test)]\nmod tests {").unwrap_or(code.len());
    code.truncate(tests);
    code
}

/// Length of the comment or literal at the beginning of this text; zero where there is none.
fn literal(text: &str, before: Option<char>) -> usize {
    let to = |from: usize, end: &str| {
        text[from..].find(end).map_or(text.len(), |at| from + at + end.len())
    };
    if text.starts_with("//") {
        return text.find('\n').unwrap_or(text.len());
    }
    if text.starts_with("/*") {
        return to(2, "*/");
    }
    let in_word = before.is_some_and(|c| c.is_alphanumeric() || c == '_');
    if text.starts_with('r') && !in_word {
        let hashes = text[1..].chars().take_while(|c| *c == '#').count();
        if text[1 + hashes..].starts_with('"') {
            return to(2 + hashes, &format!("\"{}", "#".repeat(hashes)));
        }
    }
    if text.starts_with('"') {
        return closed(text, '"');
    }
    // A lifetime is no literal: those are one character or an escape between quotes.
    let mut after = text.chars().skip(1);
    match (text.starts_with('\''), after.next(), after.next()) {
        (true, Some('\\'), _) | (true, Some(_), Some('\'')) => closed(text, '\''),
        _ => 0,
    }
}

fn closed(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + c.len_utf8(),
            _ => {}
        }
    }
    text.len()
}

#[test]
fn comments_and_literals_are_no_code() {
    let text =
        "a(); // f64\nlet s = \"f32 \\\" {\"; /* {\n */ b('{', '\\'', r#\"\"}\"#); fn c<'a>() {}\n";
    let code = code(text);
    assert!(!code.contains('f') || code.contains("fn c<'a>() {}"), "{code}");
    assert!(!code.contains("f64") && !code.contains("f32") && code.contains("b("), "{code}");
    assert_eq!((code.matches('{').count(), code.lines().count()), (1, text.lines().count()));
}

#[test]
fn functions_are_measured() {
    let text = "trait T { fn a(&self) -> [u8; 2]; }\nfn b(\n) {\n    if x { y }\n}\n";
    let source = Source { path: "x.rs".to_owned(), text: text.to_owned(), code: code(text) };
    assert_eq!(source.functions(), [(2, "b".to_owned(), 4)]);
}
