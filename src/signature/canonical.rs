//! Bodies rewritten before they are signed: sorted JSON in two dialects, and a checksum.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

/// The body as compact JSON with the keys of every object in order. Numbers keep their text:
/// JavaScript, PHP and Python would each spell them in another way. None if it is no JSON.
pub(super) fn sorted(body: &[u8]) -> Option<String> {
    write(serde_json::from_slice(body).ok()?, None)
}

/// The same as `JSON.stringify(body, Object.keys(body).sort())` writes it: the list of keys holds
/// at every depth, so a nested key that the top level lacks is silently left out.
pub(super) fn sorted_by_replacer(body: &[u8]) -> Option<String> {
    let top: BTreeMap<String, &RawValue> = serde_json::from_slice(body).ok()?;
    let keys: Vec<String> = top.into_keys().collect();
    write(serde_json::from_slice(body).ok()?, Some(&keys))
}

fn write(value: &RawValue, only: Option<&[String]>) -> Option<String> {
    let text = value.get();
    Some(match text.bytes().next()? {
        b'{' => {
            let mut members: BTreeMap<String, &RawValue> = serde_json::from_str(text).ok()?;
            members.retain(|key, _| only.is_none_or(|only| only.contains(key)));
            let member = |(key, value): (String, &RawValue)| {
                let key = serde_json::to_string(&key).ok()?;
                Some(format!("{key}:{}", write(value, only)?))
            };
            let members: Option<Vec<String>> = members.into_iter().map(member).collect();
            format!("{{{}}}", members?.join(","))
        }
        b'[' => {
            let items: Vec<&RawValue> = serde_json::from_str(text).ok()?;
            let items: Option<Vec<String>> =
                items.into_iter().map(|item| write(item, only)).collect();
            format!("[{}]", items?.join(","))
        }
        b'"' => serde_json::to_string(&serde_json::from_str::<String>(text).ok()?).ok()?,
        _ => text.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] =
        br#" {"b" : 1.50, "a": [{"z": "\u0065\/", "b": 1e3}], "c": {"a": null, "y": true}} "#;

    #[test]
    fn keys_are_sorted_at_every_depth_and_numbers_keep_their_text() {
        let expected = r#"{"a":[{"b":1e3,"z":"e/"}],"b":1.50,"c":{"a":null,"y":true}}"#;
        assert_eq!(sorted(BODY).as_deref(), Some(expected));
        assert_eq!(sorted(b"{"), None);
    }

    #[test]
    fn a_replacer_drops_nested_keys_that_the_top_lacks() {
        let expected = r#"{"a":[{"b":1e3}],"b":1.50,"c":{"a":null}}"#;
        assert_eq!(sorted_by_replacer(BODY).as_deref(), Some(expected));
    }
}
