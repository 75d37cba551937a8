//! Verifying: whether a message proves what it claims.
//!
//! Any listed signature under any configured key is enough; unknown tags are skipped; what is
//! missing, undecodable or empty fails; the timestamp is judged before the MAC is reported.

use serde_json::Value;

use crate::model::SimTime;

use super::scheme::{Direction, Input, Location, Scheme, Stamp};
use super::template::{Values, scalar};
use super::{Rejection, Secret};

/// A message as it arrived, before anything is believed.
#[derive(Debug, Clone, Copy)]
pub struct Arrived<'a> {
    /// All headers; names in any case.
    pub headers: &'a [(String, String)],
    /// The absolute URL that it was sent to, as the sender knows it.
    pub url: &'a str,
    /// `POST`.
    pub method: &'a str,
    /// The exact bytes of the body.
    pub body: &'a [u8],
}

impl Scheme {
    /// Whether a message that arrived is authentic and fresh.
    ///
    /// # Errors
    /// The [`Rejection`]; of several faults, the first in the order of its variants as a verifier
    /// meets them: inputs, timestamp, signature.
    pub fn verify(
        &self,
        secrets: &[Secret],
        arrived: &Arrived,
        now: SimTime,
    ) -> Result<(), Rejection> {
        self.verifiable()?;
        let keys: Vec<_> = secrets.iter().filter_map(|s| self.key.bytes(s)).collect();
        if keys.is_empty() {
            return Err(Rejection::NoKey);
        }
        let document: Option<Value> =
            if self.reads_json() { serde_json::from_slice(arrived.body).ok() } else { None };
        let Some(each) = &self.each else {
            return self.verify_item(arrived, document.as_ref(), &keys, now);
        };
        let items = document.as_ref().map_or_else(Vec::new, |d| resolve(d, each));
        if items.is_empty() {
            return Err(Rejection::Missing(format!("json:{each}")));
        }
        items.into_iter().try_for_each(|item| self.verify_item(arrived, Some(item), &keys, now))
    }

    fn verify_item(
        &self,
        arrived: &Arrived,
        document: Option<&Value>,
        keys: &[Vec<u8>],
        now: SimTime,
    ) -> Result<(), Rejection> {
        let (Some(sig), Some(template), Some(mac)) =
            (&self.sig, &self.sign, self.key.algorithm.mac)
        else {
            unreachable!("a verifiable scheme has a signature, a template and a mac");
        };
        let one = |name, input: &Option<Input>| match input {
            Some(input) if self.proves(name, input) => arrived.one(input, document),
            _ => Ok(None),
        };
        let id = one("id", &self.id)?;
        one("delivery", &self.delivery)?;
        let ts = match &self.ts {
            Some(stamp) => arrived.one(&stamp.input, document)?,
            None => None,
        };
        let list = arrived
            .text(&sig.input, document)?
            .ok_or_else(|| Rejection::Missing(sig.input.at.word()))?;
        if let (Some(stamp), Some(ts)) = (&self.ts, &ts) {
            stamp.check(ts, now)?;
        }
        let signed = template
            .render(&Values {
                id: id.as_deref(),
                ts: ts.as_deref(),
                url: arrived.url,
                method: arrived.method,
                body: arrived.body,
                headers: arrived.headers,
                document,
            })
            .map_err(Rejection::Missing)?;
        let listed = sig.input.items(&list);
        if listed.is_empty() {
            return Err(Rejection::UnknownTag(sig.input.tag.clone()));
        }
        let decoded: Vec<_> = listed.into_iter().filter_map(|text| sig.decode(text)).collect();
        if decoded.is_empty() {
            return Err(Rejection::Undecodable(sig.encoding.map_or("", |e| e.word())));
        }
        let matches = |given: &Vec<u8>| keys.iter().any(|key| mac.matches(key, &signed, given));
        if decoded.iter().any(matches) { Ok(()) } else { Err(Rejection::Mismatch) }
    }
}

impl Arrived<'_> {
    /// The text where an input travels; none where it is absent and need not be there.
    fn text(&self, input: &Input, document: Option<&Value>) -> Result<Option<String>, Rejection> {
        let found = match &input.at {
            Location::Header(name) => {
                let mut all = self.headers.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name));
                let first = all.next();
                // Which of two headers counts is where verifier and application disagree.
                if all.next().is_some() {
                    return Err(Rejection::Repeated(input.at.word()));
                }
                first.map(|(_, value)| value.clone()).unwrap_or_default()
            }
            Location::Json(pointer) => scalar(document.and_then(|d| d.pointer(pointer))),
            Location::Form(_) | Location::Query(_) | Location::Nowhere => return Ok(None),
        };
        match found {
            text if !text.is_empty() => Ok(Some(text)),
            _ if input.required => Err(Rejection::Missing(input.at.word())),
            _ => Ok(None),
        }
    }

    /// The one item of an input.
    fn one(&self, input: &Input, document: Option<&Value>) -> Result<Option<String>, Rejection> {
        let Some(text) = self.text(input, document)? else { return Ok(None) };
        match input.items(&text).as_slice() {
            [] if input.required => Err(Rejection::Missing(input.at.word())),
            [] => Ok(None),
            [item] => Ok(Some((*item).to_owned())),
            _ => Err(Rejection::Repeated(input.at.word())),
        }
    }
}

impl Stamp {
    fn check(&self, text: &str, now: SimTime) -> Result<(), Rejection> {
        let signed = self.unit.parse(text).ok_or_else(|| Rejection::Timestamp(text.to_owned()))?;
        let Some(tolerance) = self.tolerance else { return Ok(()) };
        let now = self.unit.floor(now);
        if now.since(signed) > tolerance {
            return Err(Rejection::Stale(tolerance));
        }
        match self.direction {
            Direction::Both if signed.since(now) > tolerance => Err(Rejection::Ahead(tolerance)),
            Direction::Both | Direction::Past => Ok(()),
        }
    }
}

/// All values that a JSON pointer with `*` for "every element" reaches.
fn resolve<'v>(document: &'v Value, pointer: &str) -> Vec<&'v Value> {
    let mut reached = vec![document];
    for token in pointer.split('/').skip(1) {
        reached = reached
            .into_iter()
            .flat_map(|value| match (token, value) {
                ("*", Value::Array(items)) => items.iter().collect(),
                _ => value.pointer(&format!("/{token}")).into_iter().collect::<Vec<_>>(),
            })
            .collect();
    }
    reached
}
