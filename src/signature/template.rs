//! The template of what is signed: literal text and `{…}` parts, such as `{id}.{ts}.{body}`.
//!
//! Parts: `{id}` `{ts}` `{keyid}` `{url}` `{method}` `{body}` `{header:n}` `{json:/pointer}`
//! `{form:n}` `{config:webhook_id}` `{rfc9421-base}` and the scheme's own variable. Filters:
//! `{body|json-sort}` `{body|json-sort-js}` `{body|base64url}` `{body|crc32-dec}`
//! `{var|header-values}` `{var|before-dots}`. Anything else is a fault of the scheme's text.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::base;
use super::canonical;
use super::input::Location;

/// A parsed template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Template {
    text: String,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Id,
    Ts,
    KeyId,
    Url,
    Method,
    Body,
    SortedBody,
    ReplacedBody,
    EncodedBody,
    Checksum,
    Header(String),
    Json(String),
    Form(String),
    WebhookId,
    Base,
    Var,
    HeaderValues,
    BeforeDots,
}

/// A run of the bytes that are signed.
pub(super) type Piece<'v> = Cow<'v, [u8]>;

/// Where the parts get their values.
#[derive(Default)]
pub(super) struct Values<'a> {
    pub(super) id: Option<&'a str>,
    pub(super) ts: Option<&'a str>,
    pub(super) var: Option<&'a str>,
    pub(super) key_id: Option<&'a str>,
    pub(super) url: &'a str,
    pub(super) method: &'a str,
    pub(super) body: &'a [u8],
    pub(super) headers: &'a [(String, String)],
    pub(super) form: &'a [(String, String)],
    pub(super) document: Option<&'a Value>,
}

impl Template {
    /// Parses a template. `var` is the name of the scheme's own variable.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub(super) fn parse(text: &str, var: Option<&str>) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((literal, after)) = rest.split_once('{') {
            if !literal.is_empty() {
                parts.push(Part::Text(literal.to_owned()));
            }
            let (name, tail) = after
                .split_once('}')
                .ok_or_else(|| format!("`{text}` opens a brace that it does not close"))?;
            parts.push(Part::parse(name, var).ok_or_else(|| format!("`{{{name}}}` is no part"))?);
            rest = tail;
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        Ok(Self { text: text.to_owned(), parts })
    }

    /// As it was written.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Whether a part is read from a JSON body.
    pub(super) fn reads_json(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Json(_)))
    }

    /// Whether a part is read from the headers.
    pub(super) fn reads_headers(&self) -> bool {
        let reads = |part: &Part| matches!(part, Part::Header(_) | Part::Base | Part::HeaderValues);
        self.parts.iter().any(reads)
    }

    /// The first value of a JSON body that is signed on its own.
    pub(super) fn json_pointer(&self) -> Option<&str> {
        self.parts.iter().find_map(|part| match part {
            Part::Json(pointer) => Some(pointer.as_str()),
            _ => None,
        })
    }

    /// Whether the id that travels there is signed on its own.
    pub(super) fn signs_id(&self, place: Option<&Location>) -> bool {
        self.parts.iter().any(|part| match (part, place) {
            (Part::Id, _) => true,
            (Part::Json(pointer), Some(Location::Json(at))) => pointer == at,
            (Part::Form(name), Some(Location::Form(at))) => name == at,
            _ => false,
        })
    }

    /// Whether a change of any value of the body changes what is signed.
    pub(super) fn covers_body(&self) -> bool {
        self.covers_bytes() || self.parts.contains(&Part::SortedBody)
    }

    /// Whether a change of any byte of the body changes what is signed.
    pub(super) fn covers_bytes(&self) -> bool {
        let whole = [Part::Body, Part::EncodedBody, Part::Checksum, Part::Base];
        self.parts.iter().any(|part| whole.contains(part))
    }

    /// Whether a message needs the headers of RFC 9421.
    pub(super) fn has_base(&self) -> bool {
        self.parts.contains(&Part::Base)
    }

    /// Whether the variable lists the headers that are signed.
    pub(super) fn lists_headers(&self) -> bool {
        self.parts.contains(&Part::HeaderValues)
    }

    /// The bytes to be signed, piece by piece so that no body is copied, or the part whose value is
    /// missing.
    pub(super) fn pieces<'v>(&'v self, values: &Values<'v>) -> Result<Vec<Piece<'v>>, String> {
        let mut pieces = Vec::with_capacity(self.parts.len());
        for part in &self.parts {
            pieces.push(part.piece(values)?);
        }
        Ok(pieces)
    }
}

impl Part {
    fn parse(name: &str, var: Option<&str>) -> Option<Self> {
        let of_var = |name: &str| var == Some(name);
        Some(match name.split_once('|') {
            Some(("body", "json-sort")) => Self::SortedBody,
            Some(("body", "json-sort-js")) => Self::ReplacedBody,
            Some(("body", "base64url")) => Self::EncodedBody,
            Some(("body", "crc32-dec")) => Self::Checksum,
            Some((name, "header-values")) if of_var(name) => Self::HeaderValues,
            Some((name, "before-dots")) if of_var(name) => Self::BeforeDots,
            Some(_) => return None,
            None => match name.split_once(':') {
                Some(("header", header)) => Self::Header(header.to_owned()),
                Some(("json", pointer)) => Self::Json(pointer.to_owned()),
                Some(("form", field)) => Self::Form(field.to_owned()),
                Some(("config", "webhook_id")) => Self::WebhookId,
                Some(_) => return None,
                None => match name {
                    "id" => Self::Id,
                    "ts" => Self::Ts,
                    "keyid" => Self::KeyId,
                    "url" => Self::Url,
                    "method" => Self::Method,
                    "body" => Self::Body,
                    "rfc9421-base" => Self::Base,
                    name if of_var(name) => Self::Var,
                    _ => return None,
                },
            },
        })
    }

    fn piece<'v>(&'v self, values: &Values<'v>) -> Result<Piece<'v>, String> {
        let var = || values.var.ok_or("the variable");
        Ok(match self {
            Self::Text(text) => text.as_bytes().into(),
            Self::Id => values.id.ok_or("id")?.as_bytes().into(),
            Self::Ts => values.ts.ok_or("ts")?.as_bytes().into(),
            Self::KeyId => values.key_id.ok_or("keyid")?.as_bytes().into(),
            Self::Url => values.url.as_bytes().into(),
            Self::Method => values.method.as_bytes().into(),
            Self::Body => values.body.into(),
            Self::SortedBody => {
                canonical::sorted(values.body).ok_or("a body of JSON")?.into_bytes().into()
            }
            Self::ReplacedBody => {
                let sorted = canonical::sorted_by_replacer(values.body);
                sorted.ok_or("a body that is a JSON object")?.into_bytes().into()
            }
            Self::EncodedBody => URL_SAFE_NO_PAD.encode(values.body).into_bytes().into(),
            Self::Checksum => crc32fast::hash(values.body).to_string().into_bytes().into(),
            Self::Header(name) => values.header(name)?.as_bytes().into(),
            Self::Json(pointer) => {
                let document = values.document.ok_or_else(|| format!("json:{pointer}"))?;
                scalar(document.pointer(pointer)).into_bytes().into()
            }
            Self::Form(name) => {
                let field = values.form.iter().find(|(n, _)| n == name);
                let (_, value) = field.ok_or_else(|| format!("form:{name}"))?;
                value.as_bytes().into()
            }
            Self::WebhookId => webhook_id(values.url).into_bytes().into(),
            Self::Base => base::base(values)?.into(),
            Self::Var => var()?.as_bytes().into(),
            Self::HeaderValues => {
                let named = var()?.split(' ').filter(|name| !name.is_empty());
                let listed: Result<Vec<&str>, String> = named.map(|n| values.header(n)).collect();
                listed?.join(".").into_bytes().into()
            }
            Self::BeforeDots => {
                let (protected, _) = var()?.split_once("..").ok_or("a detached JWS")?;
                protected.as_bytes().into()
            }
        })
    }
}

impl<'v> Values<'v> {
    fn header(&self, name: &str) -> Result<&'v str, String> {
        let found = self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str()).ok_or_else(|| format!("header:{name}"))
    }
}

/// The id of an endpoint, which a merchant is configured with where a scheme signs it.
#[must_use]
pub fn webhook_id(url: &str) -> String {
    format!("WH-{}", hex::encode_upper(&Sha256::digest(url)[..8]))
}

/// A value of the body as text; what is absent or null counts as empty, as Adyen signs it.
pub(super) fn scalar(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}
