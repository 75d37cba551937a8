//! The template of what is signed: literal text and `{…}` parts, such as `{id}.{ts}.{body}`.
//!
//! Parts: `{id}` `{ts}` `{url}` `{method}` `{body}` `{header:n}` `{json:/pointer}`. Everything else
//! (filters after `|`, forms, configuration, key ids, builders) is kept as written and known to be
//! beyond us, so that a scheme that needs it is refused instead of signed wrongly.

use serde_json::Value;

/// A parsed template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Template(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Id,
    Ts,
    Url,
    Method,
    Body,
    Header(String),
    Json(String),
    Beyond(String),
}

/// Where the parts get their values.
pub(super) struct Values<'a> {
    pub(super) id: Option<&'a str>,
    pub(super) ts: Option<&'a str>,
    pub(super) url: &'a str,
    pub(super) method: &'a str,
    pub(super) body: &'a [u8],
    pub(super) headers: &'a [(String, String)],
    pub(super) document: Option<&'a Value>,
}

impl Template {
    /// Parses a template; none if a brace is not closed.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((literal, after)) = rest.split_once('{') {
            if !literal.is_empty() {
                parts.push(Part::Text(literal.to_owned()));
            }
            let (name, tail) = after.split_once('}')?;
            parts.push(Part::parse(name));
            rest = tail;
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        Some(Self(parts))
    }

    /// The first part that cannot be filled in.
    pub(super) fn beyond(&self) -> Option<&str> {
        self.0.iter().find_map(|part| match part {
            Part::Beyond(text) => Some(text.as_str()),
            _ => None,
        })
    }

    /// Whether a part is read from the body.
    pub(super) fn reads_json(&self) -> bool {
        self.0.iter().any(|part| matches!(part, Part::Json(_)))
    }

    /// Whether the id is signed.
    pub(super) fn signs_id(&self) -> bool {
        self.0.contains(&Part::Id)
    }

    /// The bytes to be signed, or the part whose value is missing.
    pub(super) fn render(&self, values: &Values) -> Result<Vec<u8>, String> {
        let mut out = Vec::with_capacity(values.body.len() + 128);
        for part in &self.0 {
            match part {
                Part::Text(text) => out.extend_from_slice(text.as_bytes()),
                Part::Id => out.extend_from_slice(values.id.ok_or("id")?.as_bytes()),
                Part::Ts => out.extend_from_slice(values.ts.ok_or("ts")?.as_bytes()),
                Part::Url => out.extend_from_slice(values.url.as_bytes()),
                Part::Method => out.extend_from_slice(values.method.as_bytes()),
                Part::Body => out.extend_from_slice(values.body),
                Part::Header(name) => {
                    let found = values.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name));
                    let (_, value) = found.ok_or_else(|| format!("header:{name}"))?;
                    out.extend_from_slice(value.as_bytes());
                }
                Part::Json(pointer) => {
                    let document = values.document.ok_or_else(|| format!("json:{pointer}"))?;
                    out.extend_from_slice(scalar(document.pointer(pointer)).as_bytes());
                }
                Part::Beyond(text) => return Err(text.clone()),
            }
        }
        Ok(out)
    }
}

impl Part {
    fn parse(name: &str) -> Self {
        match name.split_once(':') {
            _ if name.contains('|') => Self::Beyond(name.to_owned()),
            Some(("header", header)) => Self::Header(header.to_owned()),
            Some(("json", pointer)) => Self::Json(pointer.to_owned()),
            Some(_) => Self::Beyond(name.to_owned()),
            None => match name {
                "id" => Self::Id,
                "ts" => Self::Ts,
                "url" => Self::Url,
                "method" => Self::Method,
                "body" => Self::Body,
                _ => Self::Beyond(name.to_owned()),
            },
        }
    }
}

/// A value of the body as text; what is absent or null counts as empty, as Adyen signs it.
pub(super) fn scalar(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}
