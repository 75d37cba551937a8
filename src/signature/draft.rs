//! A message in the making: what each input says, and how all of them are put where they travel.
//!
//! A genuine sender fills a draft, seals it and assembles it. A forger does the same and changes
//! something before or after the seal, so that everything else stays as the sender would have it.

use std::borrow::Cow;

use form_urlencoded::{Serializer, parse};
use serde_json::Value;

use crate::model::SimTime;

use super::input::{Input, Location};
use super::scheme::{KeyId, Scheme};
use super::template::{Template, scalar};
use super::{Message, base};

/// A message as it goes out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// The content type, then what the scheme adds.
    pub headers: Vec<(String, String)>,
    /// The message's own bytes, unless the scheme puts something into the body.
    pub body: Vec<u8>,
}

impl Signed {
    /// With headers of the sender's own, which nobody signs, behind the content type.
    #[must_use]
    pub fn with_headers(mut self, own: &[(String, String)]) -> Self {
        self.headers.splice(1..1, own.iter().cloned());
        self
    }
}

/// The inputs of one message; what is none is left out.
#[derive(Debug, Clone)]
pub(crate) struct Draft<'m> {
    pub(crate) id: Option<String>,
    pub(crate) delivery: Option<String>,
    pub(crate) ts: Option<String>,
    pub(crate) key_id: Option<String>,
    pub(super) var: Option<String>,
    /// For each item of the body its signatures, encoded and behind their tags.
    pub(crate) signatures: Vec<Vec<String>>,
    pub(crate) body: Cow<'m, [u8]>,
    pub(super) url: &'m str,
    pub(super) method: &'m str,
    /// What RFC 9421 signs beside the inputs.
    pub(super) covered: Option<[(String, String); 2]>,
}

impl Scheme {
    /// What a genuine sender would say of a message, before it is sealed.
    pub(crate) fn draft<'m>(&self, message: &Message<'m>) -> Draft<'m> {
        let has_base = self.sign.as_ref().is_some_and(|template| template.has_base());
        let id = message.id.to_owned();
        Draft {
            delivery: self.delivery.as_ref().map(|_| delivery_id(&id)),
            id: Some(id),
            ts: self.stamp(message.ts),
            key_id: None,
            var: None,
            signatures: Vec::new(),
            covered: has_base.then(|| base::headers(message.body)),
            body: message.body.into(),
            url: message.url,
            method: message.method,
        }
    }

    /// Puts every input of a draft where it travels.
    pub(crate) fn assemble(&self, draft: &Draft) -> Signed {
        let mut headers = Headers(Vec::with_capacity(8));
        headers.0.push(("content-type".to_owned(), self.content_type().to_owned()));
        let mut form = if self.is_form() { fields(&draft.body) } else { Vec::new() };
        headers.0.extend(draft.covered.iter().flatten().cloned());
        let ts = self.ts.as_ref().map(|ts| &ts.input);
        let var = self.var.as_ref().map(|(_, input)| input);
        let inputs = [
            (self.id.as_ref(), &draft.id),
            (self.delivery.as_ref(), &draft.delivery),
            (ts, &draft.ts),
            (var, &draft.var),
        ];
        for (input, value) in inputs {
            if let (Some(input), Some(value)) = (input, value) {
                put(&mut headers, &mut form, input, [&input.tag, value.as_str()].concat());
            }
        }
        if let (Some(KeyId::Header(name)), Some(id)) = (&self.key.by, &draft.key_id) {
            headers.0.push((name.clone(), id.clone()));
        }
        let body = match &self.sig {
            Some(sig) => {
                for item in draft.signatures.iter().flatten() {
                    put(&mut headers, &mut form, &sig.input, item.clone());
                }
                match &sig.input.at {
                    Location::Json(pointer) => self.with_signatures(draft, pointer),
                    _ => draft.body.to_vec(),
                }
            }
            None => draft.body.to_vec(),
        };
        let body = if self.is_form() { encode(&form) } else { body };
        Signed { headers: headers.0, body }
    }

    /// The message without any signature: not even a header that would carry one.
    pub(crate) fn unsigned(&self, mut draft: Draft) -> Signed {
        draft.signatures.clear();
        let mut signed = self.assemble(&draft);
        if let Some(Location::Header(name)) = self.sig.as_ref().map(|sig| &sig.input.at) {
            signed.headers.retain(|(n, _)| n != name);
        }
        signed
    }

    /// Changes the texts of all signatures behind their tags.
    pub(crate) fn spoil(&self, draft: &mut Draft, change: impl Fn(&str) -> String) {
        let tag = self.tag();
        for text in draft.signatures.iter_mut().flatten() {
            *text = format!("{tag}{}", change(text.strip_prefix(tag).unwrap_or(text)));
        }
    }

    /// Puts all signatures under a tag that the scheme does not know; none where it has no tags.
    pub(crate) fn mistag(&self, draft: &mut Draft) -> Option<()> {
        let tag = Some(self.tag()).filter(|tag| !tag.is_empty())?;
        let other: String = tag.chars().map(|c| if c.is_ascii_digit() { '9' } else { c }).collect();
        for text in draft.signatures.iter_mut().flatten() {
            *text = format!("{other}{}", text.strip_prefix(tag).unwrap_or(text));
        }
        (other != tag).then_some(())
    }

    /// The instant of signing as the scheme writes it.
    pub(crate) fn stamp(&self, at: SimTime) -> Option<String> {
        self.ts.as_ref().map(|ts| ts.unit.render(at))
    }

    fn tag(&self) -> &str {
        self.sig.as_ref().map_or("", |sig| &sig.input.tag)
    }

    /// Changes something that is signed: the body where it is signed whole, else a value in it, or
    /// the id.
    pub(super) fn alter(&self, draft: &mut Draft, change: impl Fn(&[u8]) -> Vec<u8>) {
        if self.covers_body() {
            draft.body = change(&draft.body).into();
            draft.covered = draft.covered.is_some().then(|| base::headers(&draft.body));
            return;
        }
        let pointer = self.sign.as_ref().and_then(Template::json_pointer);
        let document = serde_json::from_slice::<Value>(&draft.body);
        if let (Some(pointer), Ok(mut document)) = (pointer, document) {
            for item in self.items(&document) {
                let at = format!("{item}{pointer}");
                let text = scalar(document.pointer(&at));
                let text = String::from_utf8_lossy(&change(text.as_bytes())).into_owned();
                if let Some(value) = document.pointer_mut(&at) {
                    *value = Value::String(text);
                }
            }
            draft.body = serde_json::to_vec(&document).unwrap_or_default().into();
            return;
        }
        let id = draft.id.take().unwrap_or_default();
        draft.id = Some(String::from_utf8_lossy(&change(id.as_bytes())).into_owned());
    }

    fn content_type(&self) -> &'static str {
        if self.is_form() { "application/x-www-form-urlencoded" } else { "application/json" }
    }

    /// The body with its signatures inside; one that is no JSON stays as it is.
    fn with_signatures(&self, draft: &Draft, pointer: &str) -> Vec<u8> {
        let Ok(mut document) = serde_json::from_slice::<Value>(&draft.body) else {
            return draft.body.to_vec();
        };
        let items = self.items(&document);
        for (item, signatures) in items.iter().zip(&draft.signatures) {
            if let (Some(item), Some(signature)) = (document.pointer_mut(item), signatures.first())
            {
                set(item, pointer, signature);
            }
        }
        serde_json::to_vec(&document).unwrap_or_else(|_| draft.body.to_vec())
    }

    /// Pointers to what is signed on its own: every item that `each` reaches, or the whole.
    pub(super) fn items(&self, document: &Value) -> Vec<String> {
        let Some(each) = &self.each else { return vec![String::new()] };
        let mut reached = vec![String::new()];
        for token in each.split('/').skip(1) {
            let next = |at: &String| -> Vec<String> {
                match (token, document.pointer(at)) {
                    ("*", Some(Value::Array(items))) => {
                        (0..items.len()).map(|i| format!("{at}/{i}")).collect()
                    }
                    _ => vec![format!("{at}/{token}")],
                }
            };
            reached = reached.iter().flat_map(next).collect();
            reached.retain(|at| document.pointer(at).is_some());
        }
        reached
    }
}

/// Headers in the making: several inputs may share one header, as lists.
struct Headers(Vec<(String, String)>);

fn put(headers: &mut Headers, form: &mut Vec<(String, String)>, input: &Input, item: String) {
    match &input.at {
        Location::Header(name) => match headers.0.iter_mut().find(|(n, _)| n == name) {
            Some((_, list)) => {
                // What comes after a mark follows it at once: the mark is there already.
                if input.after.is_none() {
                    list.push(input.split.unwrap_or(','));
                }
                list.push_str(&item);
            }
            None => headers.0.push((name.clone(), item)),
        },
        Location::Form(name) => {
            form.retain(|(n, _)| n != name);
            form.push((name.clone(), item));
        }
        // What is inside a JSON body but the signature is the sender's own business.
        Location::Json(_) | Location::Nowhere => {}
    }
}

/// Sets a member of an object, making the objects on the way.
fn set(item: &mut Value, pointer: &str, text: &str) {
    let mut at = item;
    for token in pointer.split('/').skip(1) {
        if !at.is_object() {
            *at = Value::Object(serde_json::Map::new());
        }
        at = &mut at[token];
    }
    *at = Value::String(text.to_owned());
}

/// The id of a delivery to the one endpoint: that of the event, under another prefix.
fn delivery_id(event: &str) -> String {
    format!("dlv_{}", event.strip_prefix("evt_").unwrap_or(event))
}

/// The fields of a form. A JSON object becomes one: texts as they are, everything else as JSON.
pub(super) fn fields(body: &[u8]) -> Vec<(String, String)> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(members)) => members
            .into_iter()
            .map(|(name, value)| match value {
                Value::String(text) => (name, text),
                other => (name, other.to_string()),
            })
            .collect(),
        _ => parse(body).into_owned().collect(),
    }
}

fn encode(form: &[(String, String)]) -> Vec<u8> {
    Serializer::new(String::new()).extend_pairs(form).finish().into_bytes()
}
