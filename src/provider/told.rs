//! An event in the words of a profile: its id, its further headers, its bytes.
//!
//! Takes the envelope of the contract and says it as the provider at hand would. Decides nothing
//! about payments.

use std::borrow::Cow;

use bytes::Bytes;
use serde_json::{Map, Value};

use super::event::EventForm;
use super::profile::{Payload, Profile, Scope};
use super::wire;

/// What goes on the wire.
pub(super) struct Told {
    pub id: String,
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
}

/// The envelope as a provider of this profile sends it.
pub(super) fn told(profile: &Profile, mut form: EventForm<'_>) -> Told {
    let events = &profile.events;
    let is_plain = events.id.is_none() && events.webhook.is_none() && events.headers.is_empty();
    if is_plain && events.payload == Payload::Fat {
        return Told { id: form.id.to_string(), headers: Vec::new(), body: bytes(&form) };
    }
    let document = document(&form);
    let scope = Scope { document: &document, tables: &profile.tables, item: None };
    if let Some(id) = events.id.as_deref().and_then(|template| scope.text(template)) {
        form.id = Cow::Owned(id);
    }
    let headers = events.headers.iter();
    let headers = headers.filter_map(|(name, text)| Some((name.clone(), scope.text(text)?)));
    let body = match (&events.webhook, events.payload) {
        (Some(template), _) => bytes(&scope.fill(template).unwrap_or_default()),
        // Not through the document: metadata comes back byte for byte.
        (None, Payload::Fat) => bytes(&form),
        (None, Payload::Thin) => {
            form.data = None;
            bytes(&form)
        }
    };
    Told { id: form.id.to_string(), headers: headers.collect(), body }
}

/// What templates read: the envelope as `event`, and what it holds beside it.
fn document(form: &EventForm<'_>) -> Value {
    let mut document = Map::new();
    if let Ok(Value::Object(mut event)) = serde_json::to_value(form) {
        if let Some(Value::Object(data)) = event.remove("data") {
            document.extend(data);
        }
        document.insert("event".to_owned(), Value::Object(event));
    }
    Value::Object(document)
}

fn bytes(form: &impl serde::Serialize) -> Bytes {
    wire::to_bytes(form).into()
}
