//! YAML as an editor reads it: what stands without quotes is a number, true, false or nothing where
//! JSON has it so.

use countersign::input::{self, Node};
use serde_json::{Map, Value, json};

/// The document below a node.
pub fn document(node: &Node) -> Value {
    match &node.value {
        input::Value::List(items) => items.iter().map(document).collect(),
        input::Value::Map(pairs) => {
            let members = pairs.iter().map(|pair| (pair.key.clone(), document(&pair.value)));
            Value::Object(members.collect::<Map<_, _>>())
        }
        input::Value::Scalar { text, plain: true } if text.is_empty() => Value::Null,
        input::Value::Scalar { text, plain } => {
            let parsed = serde_json::from_str::<Value>(text).ok().filter(|_| *plain);
            parsed.filter(|value| !value.is_string()).unwrap_or_else(|| json!(text))
        }
    }
}
