//! The document as a page for people. Reads only the document, so the page cannot say anything else.

use std::collections::BTreeSet;
use std::fmt::Write;

use serde_json::{Map, Value};

const HEAD: &str = "\
# The API of the reference payment service

<!-- Written by `countersign openapi --markdown`; do not edit. -->

The same as a program reads it: `GET /openapi.json`, or `countersign openapi`. What the service \
means by all this is told in [provider.md](provider.md).
";

pub(super) fn page(document: &Value) -> String {
    let mut page = format!("{HEAD}\n{}\n", text(&document["info"]["description"]));
    page += "\nA key is sent as `x-api-key` or as `Authorization: Bearer`.\n\n## Calls\n";
    for (path, item) in members(&document["paths"]) {
        for (method, operation) in members(item) {
            call(&mut page, (method, path), operation);
        }
    }
    page += "\n## Events\n\nDelivered as a POST to the merchant's endpoint, and listed at `/v1/events`. \
             Any answer of 2xx ends a delivery, 410 ends all of them, every other one is tried \
             again.\n\n| type | when |\n| --- | --- |\n";
    for (kind, item) in members(&document["webhooks"]) {
        line(&mut page, &format!("| `{kind}` | {} |", text(&item["post"]["summary"])));
    }
    page += "\n## Forms\n";
    for (name, schema) in sorted(&document["components"]["schemas"]) {
        form(&mut page, name, schema);
    }
    page
}

fn call(page: &mut String, (method, path): (&str, &str), operation: &Value) {
    line(page, &format!("\n### {}\n", text(&operation["summary"])));
    let access = match operation["security"][0]["key"][0].as_str() {
        Some(scope) => format!("with the scope `{scope}`"),
        None => "without a key".to_owned(),
    };
    line(page, &format!("`{} {path}`, {access}", method.to_ascii_uppercase()));
    if let Some(about) = operation["description"].as_str() {
        line(page, &format!("\n{about}"));
    }
    let parameters = items(&operation["parameters"]);
    if !parameters.is_empty() {
        *page += "\n| parameter | in | |\n| --- | --- | --- |\n";
        for parameter in parameters {
            let need = if parameter["required"] == true { " Required." } else { "" };
            let (name, place) = (text(&parameter["name"]), text(&parameter["in"]));
            let about = text(&parameter["description"]);
            line(page, &format!("| `{name}` | {place} | {about}{need} |"));
        }
    }
    let body = &operation["requestBody"];
    if body.is_object() {
        let content = &body["content"]["application/json"];
        let need = if body["required"] == true { "" } else { ", which may be left out" };
        line(page, &format!("\nBody{need}: {}\n", kind(&content["schema"])));
        line(page, &format!("```json\n{:#}\n```", content["example"]));
    }
    *page += "\n| status | |\n| --- | --- |\n";
    for (status, answer) in members(&operation["responses"]) {
        let forms = members(&answer["content"]).map(|(media, content)| match media.as_str() {
            "application/json" => kind(&content["schema"]),
            "application/problem+json" => String::new(),
            media => format!("`{media}`"),
        });
        let forms: Vec<String> = forms.filter(|form| !form.is_empty()).collect();
        let forms = if forms.is_empty() { String::new() } else { format!(" {}", forms.join(", ")) };
        line(page, &format!("| {status} | {}{forms} |", text(&answer["description"])));
    }
}

fn form(page: &mut String, name: &str, schema: &Value) {
    line(page, &format!("\n### {name}\n"));
    if let Some(about) = schema["description"].as_str() {
        line(page, about);
    }
    if let Some(pattern) = schema["pattern"].as_str() {
        line(page, &format!("\n`{pattern}`"));
    }
    let required: BTreeSet<&str> =
        items(&schema["required"]).iter().filter_map(Value::as_str).collect();
    let mut rows = members(&schema["properties"]).peekable();
    if rows.peek().is_some() {
        *page += "\n| field | | |\n| --- | --- | --- |\n";
    }
    for (name, schema) in rows {
        let optional = if required.contains(name.as_str()) { "" } else { "optional, " };
        let about = text(&schema["description"]);
        line(page, &format!("| `{name}` | {optional}{} | {about} |", kind(schema)));
    }
}

/// What a schema is, in a word or a link.
fn kind(schema: &Value) -> String {
    if let Some(reference) = schema["$ref"].as_str() {
        let name = reference.rsplit('/').next().unwrap_or_default();
        return format!("[{name}](#{})", name.to_lowercase());
    }
    if let Some(either) = schema["anyOf"].as_array() {
        return either.iter().map(kind).collect::<Vec<_>>().join(" or ");
    }
    if let Some(either) = schema["oneOf"].as_array().filter(|of| of[0]["const"].is_string()) {
        let words = either.iter().map(|of| format!("`{}`", text(&of["const"])));
        return words.collect::<Vec<_>>().join(", ");
    }
    match &schema["type"] {
        Value::String(name) if name == "array" => format!("list of {}", kind(&schema["items"])),
        Value::String(name) => name.clone(),
        Value::Array(names) => {
            names.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or ")
        }
        _ => String::new(),
    }
}

fn line(page: &mut String, text: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(page, "{text}");
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter)
}

fn sorted(value: &Value) -> Vec<(&String, &Value)> {
    let mut sorted: Vec<_> = members(value).collect();
    sorted.sort_by_key(|(name, _)| name.to_lowercase());
    sorted
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_in_the_guide_is_this_one() {
        let page = include_str!("../../../docs/api.md");
        let same = page == super::super::api_page();
        assert!(same, "run `countersign openapi --markdown > docs/api.md`");
    }
}
