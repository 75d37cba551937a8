//! Walks a tree and takes values out of it, noting every fault and going on.
//!
//! A [`Faults`] collects; a [`Cursor`] stands on one value and knows its dotted name; a [`Fields`]
//! is a map whose keys are all known. Whatever cannot be read is noted and answered with `None`, so
//! that a reader goes on with a default and [`Faults::finish`] throws the result away.
//!
//! ```
//! use countersign::input::{Cursor, Faults, parse_yaml};
//! let text = "name: acme\nretries: 3\n";
//! let root = parse_yaml(text, "shop.yaml")?;
//! let faults = Faults::new("shop.yaml");
//! let fields = Cursor::root(&root, &faults).fields(&["name", "retries"]);
//! let name = fields.need("name").and_then(|c| c.text()).unwrap_or_default();
//! let retries = fields.get("retries").and_then(|c| c.number()).unwrap_or(1);
//! let (name, retries) = faults.finish(Some((name, retries)))?;
//! assert_eq!((name, retries), ("acme", 3));
//! # Ok::<(), countersign::input::InputErrors>(())
//! ```

use std::cell::RefCell;

use super::shape::{Asked, ITEM, Shape};
use super::yaml::{Node, Pair, Place, Value};
use super::{InputError, InputErrors, nearest};
use crate::model::Span;

/// The faults of one file, as they are found.
#[derive(Debug)]
pub struct Faults {
    file: String,
    found: RefCell<Vec<InputError>>,
    /// What was asked, where that is noted.
    shape: Option<RefCell<Shape>>,
}

/// One value under reading.
#[derive(Debug, Clone)]
pub struct Cursor<'a> {
    node: &'a Node,
    /// Dotted, such as `merchant.webhook`; empty at the root.
    name: String,
    /// The keys above it, where what is asked is noted.
    path: Vec<String>,
    /// Where what is missing inside it is told: its key, or the value itself.
    place: Place,
    faults: &'a Faults,
}

/// A map whose keys have been checked against the known ones.
#[derive(Debug, Clone)]
pub struct Fields<'a> {
    owner: Cursor<'a>,
    /// Which visit of a map this is, where that is noted.
    visit: usize,
    pairs: &'a [Pair],
    /// Whether it could be read as a map at all; if not, nothing in it is missing.
    readable: bool,
}

impl Faults {
    /// None yet, in this file.
    #[must_use]
    pub fn new(file: &str) -> Self {
        Self { file: file.to_owned(), found: RefCell::default(), shape: None }
    }

    /// None yet, and everything that a reader asks is noted.
    #[must_use]
    pub fn noting(file: &str) -> Self {
        Self { shape: Some(RefCell::default()), ..Self::new(file) }
    }

    /// What was asked; nothing where it was not noted.
    #[must_use]
    pub fn shape(&self) -> Shape {
        self.shape.as_ref().map(RefCell::take).unwrap_or_default()
    }

    fn ask(&self, path: &[String], asked: &Asked<'_>) {
        if let Some(shape) = &self.shape {
            shape.borrow_mut().note(path, asked);
        }
    }

    /// Notes a fault at a place.
    pub fn at(&self, place: Place, problem: impl Into<String>, expected: impl Into<String>) {
        self.add(place, problem.into(), Some(expected.into()), None);
    }

    /// Notes a fault of the whole file.
    pub fn whole(&self, problem: impl Into<String>, expected: impl Into<String>) {
        self.at(Place { line: 0, column: 0 }, problem, expected);
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.found.borrow().is_empty()
    }

    /// The value, if nothing was found wrong. What was noted is handed out, not kept.
    ///
    /// # Errors
    /// All faults, in the order of the file.
    ///
    /// # Panics
    /// If there is neither a value nor a fault, which is a mistake of the reader, not of the file.
    pub fn finish<T>(&self, value: Option<T>) -> Result<T, InputErrors> {
        let found = self.found.take();
        if found.is_empty() {
            return Ok(value.expect("a reader that gives no value notes a fault"));
        }
        Err(InputErrors::in_order(found))
    }

    fn add(
        &self,
        place: Place,
        problem: String,
        expected: Option<String>,
        nearest: Option<String>,
    ) {
        let Place { line, column } = place;
        let file = self.file.clone();
        self.found.borrow_mut().push(InputError { file, line, column, problem, expected, nearest });
    }
}

impl<'a> Cursor<'a> {
    /// Stands on the whole document.
    #[must_use]
    pub fn root(node: &'a Node, faults: &'a Faults) -> Self {
        Self { node, name: String::new(), path: Vec::new(), place: node.place, faults }
    }

    /// The value itself.
    #[must_use]
    pub fn node(&self) -> &'a Node {
        self.node
    }

    /// Its name in messages, such as `merchant.webhook`.
    #[must_use]
    pub fn name(&self) -> &str {
        if self.name.is_empty() { "the file" } else { &self.name }
    }

    /// Where it starts.
    #[must_use]
    pub fn place(&self) -> Place {
        self.node.place
    }

    /// Notes that something is wrong with this value.
    pub fn fault(&self, problem: impl Into<String>, expected: impl Into<String>) {
        self.faults.at(self.node.place, problem, expected);
    }

    /// Notes that `word`, found in this value, is none of the valid ones: "`word` is no `what`".
    pub fn unknown(&self, word: &str, what: &str, valid: &[&str]) {
        unknown(self.faults, self.node.place, word, what, valid);
    }

    /// Text: any scalar but nothing.
    #[must_use]
    pub fn text(&self) -> Option<&'a str> {
        self.ask(&Asked::Text);
        self.scalar()
    }

    fn scalar(&self) -> Option<&'a str> {
        match &self.node.value {
            Value::Scalar { text, .. } if !self.node.is_null() => Some(text),
            Value::Scalar { .. } => self.wrong("is empty", "text"),
            Value::Map(pairs) => {
                // `{port}` without quotes is a map with one key to YAML; say so.
                let bare = pairs.len() == 1 && pairs[0].value.is_null();
                let expected = match bare {
                    true => format!("quotes: \"{{{}}}\"", pairs[0].key),
                    false => "text".to_owned(),
                };
                self.wrong("is a map", &expected)
            }
            Value::List(_) => self.wrong("is a list", "text"),
        }
    }

    /// `true` or `false`, without quotes.
    #[must_use]
    pub fn bool(&self) -> Option<bool> {
        self.ask(&Asked::Bool);
        match self.plain() {
            Some("true") => Some(true),
            Some("false") => Some(false),
            _ => self.wrong("is neither yes nor no", "true or false"),
        }
    }

    /// A whole number, not negative, without quotes.
    #[must_use]
    pub fn number(&self) -> Option<u64> {
        self.ask(&Asked::Number);
        let number = self.plain().and_then(|text| text.parse().ok());
        number.or_else(|| self.wrong("is no whole number", "digits, such as 3"))
    }

    /// A span of time.
    #[must_use]
    pub fn span(&self) -> Option<Span> {
        self.ask(&Asked::Span);
        self.scalar()?.parse().ok().or_else(|| {
            self.wrong("is no span of time", "a whole number and ms, s, m, h or d, such as 150ms")
        })
    }

    /// One of the valid words; `what` names what they are, such as `rail`.
    #[must_use]
    pub fn word(&self, what: &str, valid: &[&str]) -> Option<&'a str> {
        self.ask(&Asked::Words(valid));
        let word = self.scalar()?;
        if valid.contains(&word) {
            return Some(word);
        }
        self.unknown(word, what, valid);
        None
    }

    /// Whether this word stands there in place of what usually does; nothing is noted where not.
    #[must_use]
    pub fn is_word(&self, word: &str) -> bool {
        self.ask(&Asked::Other(word));
        matches!(&self.node.value, Value::Scalar { text, .. } if text == word)
    }

    /// The items of a list; none if it is no list.
    #[must_use]
    pub fn items(&self) -> Vec<Cursor<'a>> {
        self.ask(&Asked::Items);
        let Value::List(items) = &self.node.value else {
            self.wrong::<()>("is no list", "a list in square brackets, or lines that begin with -");
            return Vec::new();
        };
        let each = items.iter().enumerate().map(|(i, node)| Cursor {
            node,
            name: format!("{}[{i}]", self.name),
            path: self.below(ITEM),
            place: node.place,
            faults: self.faults,
        });
        each.collect()
    }

    /// A list of texts.
    #[must_use]
    pub fn texts(&self) -> Vec<&'a str> {
        self.items().iter().filter_map(Cursor::text).collect()
    }

    /// Keys and values of a map whose keys are the user's own.
    #[must_use]
    pub fn entries(&self) -> Vec<(&'a str, Cursor<'a>)> {
        self.ask(&Asked::Entries);
        self.pairs().iter().map(|pair| (pair.key.as_str(), self.inside(pair))).collect()
    }

    /// A map with these keys and no others; unknown ones are noted with the nearest known one.
    #[must_use]
    pub fn fields(&self, known: &[&str]) -> Fields<'a> {
        self.fields_but(known, &[])
    }

    /// The same, where the keys are words of their own: `what` names them, such as `posting kind`.
    #[must_use]
    pub fn fields_of(&self, what: &str, known: &[&str]) -> Fields<'a> {
        self.check_keys(what, known, &[])
    }

    /// The same, with further keys that are valid and not built yet: each with what to use instead.
    #[must_use]
    pub fn fields_but(&self, known: &[&str], later: &[(&str, &str)]) -> Fields<'a> {
        self.check_keys(&format!("key of {}", self.quoted()), known, later)
    }

    fn check_keys(&self, what: &str, known: &[&str], later: &[(&str, &str)]) -> Fields<'a> {
        let pairs = self.pairs();
        let visit = self.faults.shape.as_ref().map(|shape| shape.borrow_mut().visit());
        let visit = visit.unwrap_or_default();
        self.ask(&Asked::Keys(visit, known));
        for pair in pairs {
            let key = pair.key.as_str();
            if let Some((_, instead)) = later.iter().find(|(word, _)| *word == key) {
                let name = self.inside(pair).name;
                let problem = format!("`{name}` is not supported yet in this version");
                self.faults.at(pair.place, problem, *instead);
            } else if !known.contains(&key) {
                unknown(self.faults, pair.place, key, what, known);
            }
        }
        let readable = matches!(self.node.value, Value::Map(_));
        Fields { owner: self.clone(), visit, pairs, readable }
    }

    fn pairs(&self) -> &'a [Pair] {
        if let Value::Map(pairs) = &self.node.value {
            return pairs;
        }
        self.wrong::<()>("is no map", "keys and values");
        &[]
    }

    fn inside(&self, pair: &'a Pair) -> Self {
        let dot = if self.name.is_empty() { "" } else { "." };
        let name = format!("{}{dot}{}", self.name, pair.key);
        let path = self.below(&pair.key);
        Self { node: &pair.value, name, path, place: pair.place, faults: self.faults }
    }

    fn below(&self, key: &str) -> Vec<String> {
        match self.faults.shape {
            Some(_) => [self.path.as_slice(), &[key.to_owned()]].concat(),
            None => Vec::new(),
        }
    }

    fn ask(&self, asked: &Asked<'_>) {
        self.faults.ask(&self.path, asked);
    }

    fn plain(&self) -> Option<&'a str> {
        match &self.node.value {
            Value::Scalar { text, plain: true } => Some(text),
            Value::Scalar { .. } | Value::List(_) | Value::Map(_) => None,
        }
    }

    /// Notes what is wrong with the value, naming it: "`retries` is no whole number: `many`".
    fn wrong<T>(&self, problem: &str, expected: &str) -> Option<T> {
        let name = self.quoted();
        match &self.node.value {
            Value::Scalar { text, .. } if !self.node.is_null() => {
                self.fault(format!("{name} {problem}: `{text}`"), expected);
            }
            _ => self.fault(format!("{name} {problem}"), expected),
        }
        None
    }

    fn quoted(&self) -> String {
        if self.name.is_empty() { "the file".to_owned() } else { format!("`{}`", self.name) }
    }
}

impl<'a> Fields<'a> {
    /// The value of a key, where it is set.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<Cursor<'a>> {
        let pair = self.pairs.iter().find(|pair| pair.key == key)?;
        Some(self.owner.inside(pair))
    }

    /// The value of a key that must be set.
    #[must_use]
    pub fn need(&self, key: &str) -> Option<Cursor<'a>> {
        self.owner.ask(&Asked::Needed(self.visit, key));
        let found = self.get(key);
        if found.is_none() && self.readable {
            let problem = format!("{} lacks `{key}`", self.owner.quoted());
            self.owner.faults.at(self.owner.place, problem, format!("a line `{key}: …`"));
        }
        found
    }

    /// The map itself, for faults that belong to none of its keys.
    #[must_use]
    pub fn owner(&self) -> &Cursor<'a> {
        &self.owner
    }
}

fn unknown(faults: &Faults, place: Place, word: &str, what: &str, valid: &[&str]) {
    let expected = match valid {
        [] => "nothing here".to_owned(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    };
    let near = nearest(word, valid.iter().copied()).map(str::to_owned);
    faults.add(place, format!("`{word}` is no {what}"), Some(expected), near);
}
