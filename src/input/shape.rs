//! What a reader asks of a document, noted while it reads: which keys it knows, which it needs,
//! which words and kinds of values it takes where. Made into a JSON Schema, so that editors and the
//! reader cannot disagree.
//!
//! Knows what was asked and never why. Values that the reader only looks at are free.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

/// A span of time, as `Cursor::span` takes it.
const SPAN: &str = "^[0-9]+(ms|s|m|h|d)$";
/// The items of a list, and values under keys that are the user's own.
pub(super) const ITEM: &str = "[]";
const ANY: &str = "*";
/// What any text is called in a schema.
const TEXT: &str = "text";

/// One thing that a reader asks of a value.
#[derive(Debug)]
pub(super) enum Asked<'a> {
    Text,
    Span,
    Bool,
    Number,
    Words(&'a [&'a str]),
    /// A word in place of what usually stands there.
    Other(&'a str),
    Items,
    /// A map whose keys are the user's own.
    Entries,
    /// A map with these keys: one visit, by its number.
    Keys(usize, &'a [&'a str]),
    /// A key that this visit cannot do without.
    Needed(usize, &'a str),
}

/// What was asked of the values at one place.
#[derive(Debug, Clone, Default)]
struct Place {
    text: bool,
    span: bool,
    bool: bool,
    number: bool,
    words: BTreeSet<String>,
    others: BTreeSet<String>,
    items: bool,
    entries: bool,
    keys: BTreeSet<String>,
    /// What each visit needs.
    needed: BTreeMap<usize, BTreeSet<String>>,
}

type Path = Vec<String>;

/// What was asked of a document, or of several of its kind.
#[derive(Debug, Clone, Default)]
pub struct Shape {
    places: BTreeMap<Path, Place>,
    visits: usize,
}

/// Places whose values are all of one kind, by that kind's name: the values under `path`, but for
/// these keys.
#[derive(Debug, Clone, Copy)]
pub struct Kind<'a> {
    /// How it is called in the schema.
    pub name: &'a str,
    /// The map that holds such values, dotted.
    pub path: &'a str,
    /// Keys of that map that hold something else.
    pub but: &'a [&'a str],
    /// Whether a list of such values may stand in the place of one.
    pub nests: bool,
}

impl Shape {
    /// Notes a question about the value below these keys.
    pub(super) fn note(&mut self, path: &[String], asked: &Asked<'_>) {
        let place = self.places.entry(path.to_owned()).or_default();
        match asked {
            Asked::Text => place.text = true,
            Asked::Span => place.span = true,
            Asked::Bool => place.bool = true,
            Asked::Number => place.number = true,
            Asked::Words(words) => place.words.extend(words.iter().map(|&word| word.to_owned())),
            Asked::Other(word) => drop(place.others.insert((*word).to_owned())),
            Asked::Items => place.items = true,
            Asked::Entries => place.entries = true,
            Asked::Keys(visit, keys) => {
                place.keys.extend(keys.iter().map(|&key| key.to_owned()));
                place.needed.entry(*visit).or_default();
            }
            Asked::Needed(visit, key) => {
                place.needed.entry(*visit).or_default().insert((*key).to_owned());
            }
        }
    }

    /// A number for the next visit of a map.
    pub(super) fn visit(&mut self) -> usize {
        self.visits += 1;
        self.visits
    }

    /// Adds what was asked of another document.
    pub fn extend(&mut self, other: Self) {
        for (path, mut place) in other.places {
            let needed = std::mem::take(&mut place.needed);
            place.needed = needed.into_iter().map(|(n, keys)| (n + self.visits, keys)).collect();
            self.places.entry(path).or_default().merge(place);
        }
        self.visits += other.visits;
    }

    /// Keys that the reader knows and no document had, dotted: nothing is known of their values.
    #[must_use]
    pub fn unseen(&self, kinds: &[Kind<'_>]) -> Vec<String> {
        let shape = self.gathered(kinds);
        let mut unseen = Vec::new();
        for (path, place) in &shape.places {
            for key in &place.keys {
                let below = [path.as_slice(), std::slice::from_ref(key)].concat();
                let is_of_kind = kinds.iter().any(|kind| kind.holds(&below));
                if !is_of_kind && !shape.places.keys().any(|other| other.starts_with(&below)) {
                    unseen.push(below.join("."));
                }
            }
        }
        unseen
    }

    /// The schema. Places at `free` (ends of dotted paths) hold anything; `about` describes places
    /// by their dotted paths, `[]` for items and `*` for keys of the user's own.
    #[must_use]
    pub fn schema(
        &self,
        kinds: &[Kind<'_>],
        free: &[&str],
        about: &BTreeMap<String, String>,
    ) -> Value {
        let shape = self.gathered(kinds);
        let writer = Writer { shape: &shape, kinds, free, about };
        let mut schema = writer.place(&Path::new());
        let definitions = kinds
            .iter()
            .map(|kind| (kind.name.to_owned(), writer.place(&vec![format!("${}", kind.name)])));
        let mut definitions: Map<_, _> = definitions.collect();
        // Any scalar is a text to the reader, quoted or not.
        definitions.insert(TEXT.to_owned(), json!({"type": ["string", "number", "boolean"]}));
        schema["$defs"] = definitions.into();
        schema
    }

    /// The same with all values of a kind in one place, and all values under keys of the user's own.
    fn gathered(&self, kinds: &[Kind<'_>]) -> Self {
        self.moved(|path| of_kinds(path, kinds)).moved_among_own()
    }

    fn moved(&self, to: impl Fn(Path) -> Path) -> Self {
        let mut shape = Self::default();
        for (path, place) in &self.places {
            shape.places.entry(to(path.clone())).or_default().merge(place.clone());
        }
        shape
    }

    /// Outer maps first: what is below a key of the user's own may be one itself.
    fn moved_among_own(self) -> Self {
        let deepest = self.places.keys().map(Vec::len).max().unwrap_or_default();
        (0..deepest).fold(self, |shape, depth| {
            let is_own = |above: &[String]| {
                shape.places.get(above).is_some_and(|it| it.entries && it.keys.is_empty())
            };
            shape.moved(|mut path| {
                if path.len() > depth && path[depth] != ITEM && is_own(&path[..depth]) {
                    path[depth] = ANY.to_owned();
                }
                path
            })
        })
    }
}

/// The path with each value of a kind called by that; a list of such values is one of them.
fn of_kinds(mut path: Path, kinds: &[Kind<'_>]) -> Path {
    for kind in kinds {
        let depth = self::path(kind.path).len() + 1;
        if path.len() >= depth && kind.holds(&path[..depth]) {
            path.splice(..depth, [format!("${}", kind.name)]);
            if kind.nests && path.get(1).is_some_and(|key| key == ITEM) {
                path.remove(1);
            }
        }
    }
    path
}

impl Kind<'_> {
    /// Whether this is an item of a list of such values.
    fn is_in(&self, path: &[String]) -> bool {
        let [kind, item] = path else { return false };
        self.nests && item == ITEM && kind.strip_prefix('$') == Some(self.name)
    }

    fn holds(&self, path: &[String]) -> bool {
        let above = self::path(self.path);
        path.len() == above.len() + 1
            && path.starts_with(&above)
            && !self.but.contains(&path[above.len()].as_str())
    }
}

impl Place {
    fn merge(&mut self, other: Self) {
        self.text |= other.text;
        self.span |= other.span;
        self.bool |= other.bool;
        self.number |= other.number;
        self.items |= other.items;
        self.entries |= other.entries;
        self.words.extend(other.words);
        self.others.extend(other.others);
        self.keys.extend(other.keys);
        for (visit, keys) in other.needed {
            self.needed.entry(visit).or_default().extend(keys);
        }
    }

    /// What no visit can do without.
    fn required(&self) -> BTreeSet<String> {
        let mut visits = self.needed.values().cloned();
        let first = visits.next().unwrap_or_default();
        visits.fold(first, |all, keys| &all & &keys)
    }
}

struct Writer<'a> {
    shape: &'a Shape,
    kinds: &'a [Kind<'a>],
    free: &'a [&'a str],
    about: &'a BTreeMap<String, String>,
}

impl Writer<'_> {
    fn place(&self, path: &Path) -> Value {
        let dotted = path.join(".");
        let mut schema = if self.free.iter().any(|end| dotted.ends_with(end)) {
            json!({})
        } else if let Some(kind) =
            self.kinds.iter().find(|kind| kind.holds(path) || kind.is_in(path))
        {
            json!({"$ref": format!("#/$defs/{}", kind.name)})
        } else {
            match self.forms(path).as_slice() {
                [] => json!({}),
                [one] => one.clone(),
                several => json!({"anyOf": several}),
            }
        };
        if let Some(about) = self.about.get(&dotted) {
            schema["description"] = about.as_str().into();
        }
        schema
    }

    /// Each form that the value may have.
    fn forms(&self, path: &Path) -> Vec<Value> {
        let Some(place) = self.shape.places.get(path) else { return Vec::new() };
        let below = |key: &str| {
            let mut below = path.clone();
            below.push(key.to_owned());
            self.place(&below)
        };
        let mut forms = Vec::new();
        // A word is often looked at before it is taken; another text in place of a span is taken.
        if !place.words.is_empty() {
            forms.push(json!({"enum": place.words}));
        } else if place.text {
            forms.push(json!({"$ref": format!("#/$defs/{TEXT}")}));
        } else if place.span {
            forms.push(json!({"type": "string", "pattern": SPAN}));
        }
        if !place.others.is_empty() {
            forms.push(json!({"enum": place.others}));
        }
        if place.bool {
            forms.push(json!({"type": "boolean"}));
        }
        if place.number {
            forms.push(json!({"type": "integer", "minimum": 0}));
        }
        if place.items {
            forms.push(json!({"type": "array", "items": below(ITEM)}));
        }
        if !place.keys.is_empty() {
            let members: Map<_, _> =
                place.keys.iter().map(|key| (key.clone(), below(key))).collect();
            let mut form = json!({
                "type": "object", "properties": members, "additionalProperties": false,
            });
            if !place.required().is_empty() {
                form["required"] = json!(place.required());
            }
            forms.push(form);
        } else if place.entries {
            forms.push(json!({"type": "object", "additionalProperties": below(ANY)}));
        }
        forms
    }
}

/// `a.b` → `a`, `b`.
fn path(dotted: &str) -> Path {
    dotted.split('.').filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::{Cursor, Faults, parse_yaml};

    fn read(text: &str) -> Shape {
        let root = parse_yaml(text, "a.yaml").unwrap();
        let faults = Faults::noting("a.yaml");
        let fields = Cursor::root(&root, &faults).fields(&["name", "every", "env", "runs", "kind"]);
        let _ = fields.need("name").and_then(|name| name.text());
        let every = fields.get("every").filter(|every| !every.is_word("never"));
        let _ = every.and_then(|every| every.span());
        for (_, value) in fields.get("env").iter().flat_map(Cursor::entries) {
            let _ = value.number();
        }
        for run in fields.get("runs").iter().flat_map(Cursor::items) {
            let fields = run.fields(&["quick", "http"]);
            let _ = fields.get("quick").and_then(|quick| quick.bool());
            if fields.get("http").is_none() {
                let _ = fields.need("quick");
            }
        }
        if let Some(kind) = fields.need("kind") {
            let _ = kind.word("kind", &["a", "b"]);
        }
        faults.shape()
    }

    #[test]
    fn what_a_reader_asks_is_a_schema() {
        let shape = read("{name: n, every: 1s, env: {A: 1, B: 2}, kind: a, runs: [{quick: true}]}");
        let about = BTreeMap::from([("runs.[].quick".to_owned(), "how".to_owned())]);
        let expected = json!({
            "type": "object",
            "additionalProperties": false,
            "required": ["kind", "name"],
            "$defs": {"text": {"type": ["string", "number", "boolean"]}},
            "properties": {
                "name": {"$ref": "#/$defs/text"},
                "every": {"anyOf": [{"type": "string", "pattern": SPAN}, {"enum": ["never"]}]},
                "env": {"type": "object", "additionalProperties": {"type": "integer", "minimum": 0}},
                "kind": {"enum": ["a", "b"]},
                "runs": {"type": "array", "items": {
                    "type": "object", "additionalProperties": false, "required": ["quick"],
                    "properties": {"quick": {"type": "boolean", "description": "how"}, "http": {}},
                }},
            },
        });
        assert_eq!(shape.schema(&[], &[], &about), expected);
        assert_eq!(shape.unseen(&[]), ["runs.[].http"]);
    }

    /// Only what every document needs is required, and each adds what it had.
    #[test]
    fn documents_add_up() {
        let mut shape = read("{name: n, kind: a, runs: [{quick: true}, {http: 1}]}");
        shape.extend(read("{name: n, kind: b}"));
        let schema = shape.schema(&[], &["runs"], &BTreeMap::new());
        assert_eq!(schema["required"], json!(["kind", "name"]));
        assert_eq!(schema["properties"]["runs"], json!({}));
        let schema = shape.schema(&[], &[], &BTreeMap::new());
        assert_eq!(schema["properties"]["runs"]["items"]["required"], Value::Null);
    }

    #[test]
    fn values_of_a_kind_are_described_once() {
        let shape = read("{name: n, kind: a, env: {A: 1}}");
        let kinds = [Kind { name: "number", path: "env", but: &["B"], nests: false }];
        let schema = shape.schema(&kinds, &[], &BTreeMap::new());
        assert_eq!(schema["$defs"]["number"], json!({"type": "integer", "minimum": 0}));
    }
}
