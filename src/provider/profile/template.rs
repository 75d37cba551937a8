//! Templates: what one document becomes in the words of a provider.
//!
//! Text with placeholders in braces, such as `payment:{payment.id}:{event.type}`. A placeholder is
//! a path into the document at hand, and may pass through a table: `{payment.rail.id|token}`. A
//! text that is one placeholder and nothing else becomes the value itself, whatever it is. What is
//! not there, or null, drops the member that it stands in. A map `{each: …, item: …}` becomes a
//! list: `item` once for each thing at the path `each`, which it calls `item`.
//!
//! Knows neither payments nor HTTP.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// Tables by name: word → word. What a table does not have stays as it is.
pub type Tables = BTreeMap<String, BTreeMap<String, String>>;

/// What templates are filled in from.
pub(in crate::provider) struct Scope<'a> {
    /// Paths start here.
    pub document: &'a Value,
    pub tables: &'a Tables,
    /// What `item` is, inside an `each`.
    pub item: Option<&'a Value>,
}

/// A placeholder: its path, and the table that its value passes through.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Placeholder<'t> {
    pub path: &'t str,
    pub table: Option<&'t str>,
}

impl Scope<'_> {
    /// The template filled in; none where all of it hangs on something that is not there.
    pub fn fill(&self, template: &Value) -> Option<Value> {
        match template {
            Value::String(text) => self.fill_text(text),
            Value::Array(items) => Some(items.iter().filter_map(|item| self.fill(item)).collect()),
            Value::Object(members) => match each(members) {
                Some((path, item)) => self.fill_each(path, item),
                None => {
                    let filled = members.iter().map(|(key, value)| (key, self.fill(value)));
                    let filled = filled.filter_map(|(key, value)| Some((key.clone(), value?)));
                    Some(Value::Object(filled.collect()))
                }
            },
            Value::Null | Value::Bool(_) | Value::Number(_) => Some(template.clone()),
        }
    }

    /// The text filled in, as text.
    pub fn text(&self, template: &str) -> Option<String> {
        self.fill_text(template).map(|value| plain(&value))
    }

    fn fill_text(&self, text: &str) -> Option<Value> {
        let (mut filled, mut rest) = (String::new(), text);
        while let Some((before, placeholder, after)) = next(rest) {
            let value = self.value(&placeholder)?;
            if rest.len() == text.len() && before.is_empty() && after.is_empty() {
                return Some(value);
            }
            filled.push_str(before);
            filled.push_str(&plain(&value));
            rest = after;
        }
        filled.push_str(rest);
        Some(Value::String(filled))
    }

    fn fill_each(&self, path: &str, item: &Value) -> Option<Value> {
        let list = self.at(path)?.as_array()?;
        let (document, tables) = (self.document, self.tables);
        let each = list.iter().map(|of| Scope { document, tables, item: Some(of) }.fill(item));
        Some(each.flatten().collect())
    }

    fn value(&self, placeholder: &Placeholder<'_>) -> Option<Value> {
        let value = self.at(placeholder.path)?;
        let table = placeholder.table.and_then(|name| self.tables.get(name));
        match table.and_then(|table| table.get(&plain(value))) {
            Some(word) => Some(Value::String(word.clone())),
            None => Some(value.clone()),
        }
    }

    fn at(&self, path: &str) -> Option<&Value> {
        let mut steps = path.split('.');
        let mut found = match (steps.next()?, self.item) {
            ("item", Some(item)) => item,
            (first, _) => self.document.get(first)?,
        };
        for step in steps {
            found = match found {
                Value::Array(list) => list.get(step.parse::<usize>().ok()?)?,
                _ => found.get(step)?,
            };
        }
        Some(found).filter(|found| !found.is_null())
    }
}

/// The placeholders of a text, in their order.
pub(super) fn placeholders(text: &str) -> Vec<Placeholder<'_>> {
    let (mut found, mut rest) = (Vec::new(), text);
    while let Some((_, placeholder, after)) = next(rest) {
        found.push(placeholder);
        rest = after;
    }
    found
}

/// Path and template of a map that stands for a list.
pub(super) fn each(members: &Map<String, Value>) -> Option<(&str, &Value)> {
    let path = members.get("each")?.as_str()?;
    (members.len() == 2).then_some((path, members.get("item")?))
}

/// What stands before the next placeholder, the placeholder, and what stands after it. Braces that
/// hold no path stay as they are.
fn next(text: &str) -> Option<(&str, Placeholder<'_>, &str)> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    let mut from = 0;
    loop {
        let open = from + text[from..].find('{')?;
        let inside = &text[open + 1..];
        let found = inside.find('}').map(|end| (&inside[..end], &inside[end + 1..]));
        if let Some((name, after)) = found {
            let (path, table) = match name.split_once('|') {
                Some((path, table)) => (path, Some(table)),
                None => (name, None),
            };
            let is_path = |text: &str| !text.is_empty() && text.chars().all(is_name);
            if is_path(path) && table.is_none_or(is_path) {
                return Some((&text[..open], Placeholder { path, table }, after));
            }
        }
        from = open + 1;
    }
}

/// A value as text.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fill(template: &Value) -> Option<Value> {
        let document = json!({
            "event": {"type": "payment.paid"},
            "payment": {"id": "pay_1", "rail": {"id": "usdt-tron"}, "tag": null, "n": 3,
                        "transactions": [{"hash": "a"}, {"hash": "b"}]},
        });
        let row = |(ours, theirs): (&str, &str)| (ours.to_owned(), theirs.to_owned());
        let tables =
            Tables::from([("token".to_owned(), [("usdt-tron", "USDTTRC")].map(row).into())]);
        Scope { document: &document, tables: &tables, item: None }.fill(template)
    }

    #[track_caller]
    fn check(template: Value, filled: Value) {
        assert_eq!(fill(&template).unwrap_or_default(), filled, "{template}");
    }

    #[test]
    fn texts_are_filled_in() {
        check(json!("payment:{payment.id}:{event.type}"), json!("payment:pay_1:payment.paid"));
        check(json!("{payment.rail.id|token}"), json!("USDTTRC"));
        check(json!("{payment.id|token}"), json!("pay_1"));
        check(json!("{payment.transactions.1.hash}"), json!("b"));
        check(json!("n{payment.n}"), json!("n3"));
        check(json!("{}{ }{a b}"), json!("{}{ }{a b}"));
    }

    #[test]
    fn one_placeholder_is_the_value_itself() {
        check(json!("{payment.n}"), json!(3));
        check(json!("{payment.rail}"), json!({"id": "usdt-tron"}));
    }

    #[test]
    fn what_is_not_there_drops_its_member() {
        let template = json!({"tag": "{payment.tag}", "x": "a{payment.x}", "id": "{payment.id}"});
        check(template, json!({"id": "pay_1"}));
        check(json!(["{payment.tag}", 1, true, null]), json!([1, true, null]));
        assert_eq!(fill(&json!("{payment.x}")), None);
    }

    #[test]
    fn each_makes_a_list() {
        let each = json!({"each": "payment.transactions", "item": {"h": "{item.hash}",
                          "id": "{payment.id}"}});
        check(each, json!([{"h": "a", "id": "pay_1"}, {"h": "b", "id": "pay_1"}]));
        check(json!({"each": "payment.none", "item": 1}), Value::Null);
    }
}
