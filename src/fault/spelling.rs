//! The same JSON, oddly but legally spelt: what a merchant that parses JSON does not notice, and
//! one that matches bytes, re-serialises before verifying, or hashes bodies does.

use serde_json::Value;

/// Spells a JSON body anew: blanks and line breaks, members of objects in reverse, escapes in
/// string values. Numbers keep their text, keys theirs, and an object that names a key twice keeps
/// its order, because there the order is the meaning. A body that is no JSON stays as it is.
#[must_use]
pub fn respell(body: &[u8]) -> Vec<u8> {
    // Validated by a parser with a bounded depth first, so that the speller may trust its input.
    if serde_json::from_slice::<Value>(body).is_err() {
        return body.to_vec();
    }
    let mut speller = Speller { text: body, at: 0 };
    let mut out = speller.value();
    out.push(b'\n');
    out
}

/// Adds a text in letters beyond ASCII, literally, as senders may write them (RFC 8259 section
/// 8.1): to the metadata, which is anybody's, or as a member of the whole where there is none.
/// None: the body is no JSON object.
#[must_use]
pub fn annotate(body: &[u8]) -> Option<Vec<u8>> {
    const METADATA: &[u8] = br#""metadata":{"#;
    let members: serde_json::Map<String, Value> = serde_json::from_slice(body).ok()?;
    let mut places = body.windows(METADATA.len()).enumerate();
    let metadata = places.find(|(_, place)| *place == METADATA).map(|(at, _)| at + METADATA.len());
    let (at, is_empty) = match metadata {
        Some(at) => (at, body.get(at) == Some(&b'}')),
        None => (body.iter().position(|byte| *byte == b'{')? + 1, members.is_empty()),
    };
    let comma = if is_empty { "" } else { "," };
    let note = format!(r#""note":"Größe, 價格, ✓"{comma}"#);
    Some([&body[..at], note.as_bytes(), &body[at..]].concat())
}

/// Reads valid JSON from `at` on and writes it oddly.
struct Speller<'t> {
    text: &'t [u8],
    at: usize,
}

impl Speller<'_> {
    fn value(&mut self) -> Vec<u8> {
        match self.peek() {
            b'{' => self.object(),
            b'[' => self.array(),
            b'"' => {
                let raw = self.string();
                escape(&raw)
            }
            _ => self.plain(),
        }
    }

    fn object(&mut self) -> Vec<u8> {
        let mut members: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
        self.at += 1;
        while self.peek() != b'}' {
            let key = self.string();
            self.pass(b':');
            members.push((key, self.value()));
            self.pass(b',');
        }
        self.at += 1;
        if !repeats(&members) {
            members.reverse();
        }
        let spelt = members.into_iter().map(|(key, value)| [key, value].join(&b" : "[..]));
        enclose(b'{', spelt.collect(), b'}')
    }

    fn array(&mut self) -> Vec<u8> {
        let mut items = Vec::new();
        self.at += 1;
        while self.peek() != b']' {
            items.push(self.value());
            self.pass(b',');
        }
        self.at += 1;
        enclose(b'[', items, b']')
    }

    /// A string with its quotes, as it stands.
    fn string(&mut self) -> Vec<u8> {
        self.peek();
        let start = self.at;
        self.at += 1;
        while self.text[self.at] != b'"' {
            self.at += if self.text[self.at] == b'\\' { 2 } else { 1 };
        }
        self.at += 1;
        self.text[start..self.at].to_vec()
    }

    /// A number, `true`, `false` or `null`, as it stands.
    fn plain(&mut self) -> Vec<u8> {
        let start = self.at;
        let ends = |b: &u8| matches!(b, b',' | b'}' | b']') || b.is_ascii_whitespace();
        self.at += self.text[start..].iter().take_while(|b| !ends(b)).count();
        self.text[start..self.at].to_vec()
    }

    /// The next byte that is no blank; zero at the end.
    fn peek(&mut self) -> u8 {
        while self.text.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
        self.text.get(self.at).copied().unwrap_or_default()
    }

    fn pass(&mut self, separator: u8) {
        if self.peek() == separator {
            self.at += 1;
        }
    }
}

/// Whether a key stands twice. Escaped and plain spellings of one key are the same key.
fn repeats(members: &[(Vec<u8>, Vec<u8>)]) -> bool {
    let plain = |key: &Vec<u8>| serde_json::from_slice::<String>(key).ok();
    let keys: std::collections::BTreeSet<_> = members.iter().map(|(key, _)| plain(key)).collect();
    keys.len() < members.len()
}

fn enclose(open: u8, items: Vec<Vec<u8>>, close: u8) -> Vec<u8> {
    let mut out = vec![open, b'\n', b' '];
    out.extend(items.join(&b" ,\n "[..]));
    out.extend([b'\n', close]);
    out
}

/// Escapes what need not be escaped: `e` as `\u0065`, `/` as `\/`. Escapes that are there stay.
fn escape(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len() * 2);
    let mut bytes = raw.iter();
    while let Some(&byte) = bytes.next() {
        match byte {
            b'\\' => {
                // The digits of `\u00e9` are no letters.
                let escape = bytes.as_slice();
                let length = if escape.first() == Some(&b'u') { 5 } else { 1 };
                out.push(byte);
                out.extend(bytes.by_ref().take(length));
            }
            b'e' => out.extend(b"\\u0065"),
            b'/' => out.extend(b"\\/"),
            _ => out.push(byte),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &[u8]) -> Value {
        serde_json::from_slice(text).unwrap()
    }

    #[test]
    fn a_note_is_one_text_more_and_nothing_else() {
        let cases = [
            (r#"{"id":1}"#, r#"{"note":"Größe, 價格, ✓","id":1}"#),
            (r#"{"metadata":{}}"#, r#"{"metadata":{"note":"Größe, 價格, ✓"}}"#),
            (r#"{"metadata":{"a":1}}"#, r#"{"metadata":{"note":"Größe, 價格, ✓","a":1}}"#),
        ];
        for (body, noted) in cases {
            assert_eq!(annotate(body.as_bytes()), Some(noted.as_bytes().to_vec()));
        }
        assert_eq!((annotate(b"[1]"), annotate(b"id=1")), (None, None));
    }

    #[test]
    fn the_spelling_changes_and_the_value_does_not() {
        let cases = [
            r#"{"id":"evt_1","type":"payment.confirmed","url":"https://x/y","n":10.00}"#,
            r#"[]"#,
            r#"{}"#,
            r#"[1,-2.50e+10,true,false,null,"",{"a":{},"b":[[]]}]"#,
            r#" { "a" : "quote \" backslash \\ escaped \u00e9 \n end", "b":"ünïcode 🙂" } "#,
            r#""\\e\\""#,
        ];
        for case in cases {
            let spelt = respell(case.as_bytes());
            assert_ne!(spelt, case.as_bytes());
            assert_eq!(parse(&spelt), parse(case.as_bytes()), "{case}");
        }
    }

    #[test]
    fn a_spelling_in_full() {
        let spelt = respell(br#"{"b":10.00,"a":["be/","e\/"]}"#);
        let expected =
            "{\n \"a\" : [\n \"b\\u0065\\/\" ,\n \"\\u0065\\/\"\n] ,\n \"b\" : 10.00\n}\n";
        assert_eq!(String::from_utf8(spelt).unwrap(), expected);
    }

    #[test]
    fn a_key_named_twice_keeps_its_order_in_either_spelling() {
        for case in [r#"{"a":1,"b":2,"a":3}"#, r#"{"a":1,"b":2,"\u0061":3}"#] {
            assert_eq!(parse(&respell(case.as_bytes()))["a"], 3, "{case}");
        }
    }

    #[test]
    fn what_is_no_json_stays() {
        for case in ["", "{", "id=1&x=2", "{\"a\":}"] {
            assert_eq!(respell(case.as_bytes()), case.as_bytes());
        }
    }

    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            ".*".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 64, 8, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::btree_map(".*", inner, 0..6)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_value_survives(value in json()) {
            let text = serde_json::to_vec(&value).unwrap();
            prop_assert_eq!(parse(&respell(&text)), value);
        }
    }
}
