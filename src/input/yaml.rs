//! YAML as a tree in which every value and every key knows its place.
//!
//! Only the plain part of YAML is read: one document, no anchors, no tags, no key twice. What is
//! left out is refused, never ignored. What the words mean is the business of whoever walks the
//! tree with a [`Cursor`](super::Cursor).

use granit_parser::{Event, Marker, Parser, ScalarStyle, options};

use super::{Faults, InputErrors};

/// Beyond this a text is taken for a mistake.
const BYTES_MAX: usize = 1 << 20;
/// Deeper nesting is taken for a mistake.
const DEPTH_MAX: usize = 32;

/// A value and where it starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// What it is.
    pub value: Value,
    /// Where it starts.
    pub place: Place,
}

/// A place in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// 1-based.
    pub line: u32,
    /// 1-based, in characters.
    pub column: u32,
}

/// What a value can be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A word, a number, a text.
    Scalar {
        /// As written, escapes resolved.
        text: String,
        /// Whether it stands without quotes: only then is `true` a yes and nothing a null.
        plain: bool,
    },
    /// A list.
    List(Vec<Node>),
    /// Keys and values in the order in which they are written.
    Map(Vec<Pair>),
}

/// One row of a map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// The key.
    pub key: String,
    /// Where the key stands.
    pub place: Place,
    /// Its value.
    pub value: Node,
}

impl Node {
    /// Whether nothing stands here: `key:`, `~` or `null`, without quotes.
    #[must_use]
    pub fn is_null(&self) -> bool {
        match &self.value {
            Value::Scalar { text, plain } => *plain && matches!(text.as_str(), "" | "~" | "null"),
            Value::List(_) | Value::Map(_) => false,
        }
    }
}

/// Reads one document.
///
/// # Errors
/// Bad syntax, a key twice, an anchor, an alias, a tag, a second document, nothing at all, more
/// than 1 MiB, deeper than 32 levels. Reading ends at the first error of syntax.
pub fn parse(text: &str, file: &str) -> Result<Node, InputErrors> {
    let faults = Faults::new(file);
    let root = build(text, &faults);
    faults.finish(root)
}

fn build(text: &str, faults: &Faults) -> Option<Node> {
    if text.len() > BYTES_MAX {
        faults.whole("is larger than 1 MiB", "a smaller file");
        return None;
    }
    let mut tree = Tree { faults, open: Vec::new(), root: None };
    let mut documents = 0;
    let limits = options! {
        emit_unresolved_aliases: true,
        emit_comments: false,
        flow_nesting_limit: DEPTH_MAX,
        block_nesting_limit: DEPTH_MAX,
    };
    for next in Parser::new_from_str_with_options(text, limits) {
        let (event, span) = match next {
            Ok(next) => next,
            Err(error) => {
                let remedy = "YAML; look for an open bracket or quote above, or for a tab";
                faults.at(place_of(error.marker()), error.info(), remedy);
                return None;
            }
        };
        let place = place_of(&span.start);
        if matches!(event, Event::DocumentStart(..)) {
            documents += 1;
            if documents > 1 {
                faults.at(place, "a second document begins here", "one document in one file");
                return None;
            }
        }
        // The parser writes `~` where nothing stands; the tree keeps what the file says.
        let event = match event {
            Event::Scalar(_, style @ ScalarStyle::Plain, anchor, tag) if span.is_empty() => {
                Event::Scalar("".into(), style, anchor, tag)
            }
            event => event,
        };
        tree.take(event, place);
    }
    let root = tree.root;
    if root.as_ref().is_none_or(Node::is_null) {
        faults.whole("holds nothing", "at least one `key: value`");
        return None;
    }
    root
}

/// The parser counts lines from one and columns from zero.
fn place_of(mark: &Marker) -> Place {
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Place { line: number(mark.line()), column: number(mark.col()).saturating_add(1) }
}

/// The tree while it is built: what is open, innermost last.
struct Tree<'a> {
    faults: &'a Faults,
    open: Vec<Open>,
    root: Option<Node>,
}

struct Open {
    node: Node,
    /// The key that waits for its value.
    key: Option<(String, Place)>,
}

impl Tree<'_> {
    fn take(&mut self, event: Event<'_>, place: Place) {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.refuse_properties(anchor, tag.is_some(), place);
                let plain = style == ScalarStyle::Plain;
                self.place(Node { value: Value::Scalar { text: text.into_owned(), plain }, place });
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.refuse_properties(anchor, tag.is_some(), place);
                self.begin(Value::List(Vec::new()), place);
            }
            Event::MappingStart(_, anchor, tag) => {
                self.refuse_properties(anchor, tag.is_some(), place);
                self.begin(Value::Map(Vec::new()), place);
            }
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(done) = self.open.pop() {
                    self.place(done.node);
                }
            }
            Event::Alias(_) | Event::UnresolvedAlias(_) => {
                self.faults.at(place, "an alias stands here", "the value itself, written out");
                let value = Value::Scalar { text: String::new(), plain: false };
                self.place(Node { value, place });
            }
            // Documents and streams have no place in the tree; comments are not emitted.
            _ => {}
        }
    }

    fn begin(&mut self, value: Value, place: Place) {
        self.open.push(Open { node: Node { value, place }, key: None });
    }

    fn refuse_properties(&self, anchor: usize, tagged: bool, place: Place) {
        if anchor != 0 {
            self.faults.at(place, "an anchor (`&`) stands here", "the value without it");
        }
        if tagged {
            self.faults.at(place, "a tag (`!`) stands here", "the value without it");
        }
    }

    /// Puts a finished node where it belongs: into the innermost open one, or at the root.
    fn place(&mut self, node: Node) {
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return;
        };
        match &mut open.node.value {
            Value::List(items) => items.push(node),
            Value::Map(pairs) => match open.key.take() {
                Some((key, place)) => pairs.push(Pair { key, place, value: node }),
                None => open.key = Some(key_of(node, pairs, self.faults)),
            },
            Value::Scalar { .. } => unreachable!("only lists and maps are ever open"),
        }
    }
}

fn key_of(node: Node, pairs: &[Pair], faults: &Faults) -> (String, Place) {
    let place = node.place;
    let Value::Scalar { text, .. } = node.value else {
        let remedy = "a word, then a colon; text that begins with a brace needs quotes";
        faults.at(place, "a list or a map stands where a key belongs", remedy);
        return (String::new(), place);
    };
    if let Some(first) = pairs.iter().find(|pair| pair.key == text) {
        let problem = format!("`{text}` is set twice, first on line {}", first.place.line);
        faults.at(place, problem, "each key once");
    }
    (text, place)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let errors = parse(text, "f.yaml").expect_err(text).to_string();
        assert!(errors.starts_with(expected), "{text:?}\n{errors}");
    }

    #[test]
    fn every_value_knows_its_place() {
        let root = parse("a: 1\nb:\n  - x\n  - {k: 'v'}\n", "f.yaml").unwrap();
        let Value::Map(pairs) = &root.value else { panic!("{root:?}") };
        assert_eq!(pairs[1].place, Place { line: 2, column: 1 });
        let Value::List(items) = &pairs[1].value.value else { panic!("{root:?}") };
        assert_eq!(items[0].place, Place { line: 3, column: 5 });
        let Value::Map(inner) = &items[1].value else { panic!("{root:?}") };
        assert_eq!(inner[0].value.place, Place { line: 4, column: 9 });
        assert_eq!(inner[0].value.value, Value::Scalar { text: "v".to_owned(), plain: false });
    }

    #[test]
    fn what_is_refused() {
        check("", "f.yaml: holds nothing");
        check("# only a remark\n", "f.yaml: holds nothing");
        check("a: 1\na: 2\n", "f.yaml:2:1: `a` is set twice, first on line 1");
        check("a: {b: 1, b: 2}\n", "f.yaml:1:11: `b` is set twice");
        check("a: &x 1\n", "f.yaml:1:7: an anchor");
        check("a: *x\n", "f.yaml:1:4: an alias");
        check("a: !!str 1\n", "f.yaml:1:10: a tag");
        check("a: 1\n---\nb: 2\n", "f.yaml:2:1: a second document");
        check("{a: 1}: 2\n", "f.yaml:1:1: a list or a map");
        check("a: [1, 2\n", "f.yaml:");
        check("a: \"x\n", "f.yaml:");
        check("a:\n\tb: 1\n", "f.yaml:2:");
        check(&"[".repeat(40), "f.yaml:1:");
        check(&"x".repeat(BYTES_MAX + 1), "f.yaml: is larger");
    }

    #[test]
    fn all_faults_before_an_error_of_syntax_are_told_with_it() {
        let errors = parse("a: 1\na: 2\nb: [\n", "f.yaml").unwrap_err();
        assert_eq!(errors.0.len(), 2, "{errors}");
    }
}
