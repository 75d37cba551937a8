//! Verifying: whether a message proves what it claims.
//!
//! Any listed signature under any configured key is enough; unknown tags are skipped; what is
//! missing, undecodable or empty fails; the timestamp is judged before the signature is reported.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::model::SimTime;

use super::draft::fields;
use super::input::{Direction, Input, Location, Stamp};
use super::key::Checker;
use super::scheme::{KeyId, Scheme, Signature};
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

/// What a message says of itself, read but not believed.
struct Claim<'a> {
    arrived: &'a Arrived<'a>,
    form: Vec<(String, String)>,
    item: Option<&'a Value>,
}

impl Scheme {
    /// The id that a message says it has, where the scheme has a place for one.
    #[must_use]
    pub fn id_in(&self, arrived: &Arrived) -> Option<String> {
        let claim = Claim { arrived, form: Vec::new(), item: None };
        claim.one(self.id.as_ref()?).ok()?.map(Cow::into_owned)
    }

    /// The instant at which a message says it was signed.
    #[must_use]
    pub fn signed_at(&self, arrived: &Arrived) -> Option<SimTime> {
        let claim = Claim { arrived, form: Vec::new(), item: None };
        let stamp = self.ts.as_ref()?;
        stamp.unit.parse(&claim.one(&stamp.input).ok()??)
    }

    /// Whether a message that arrived is authentic and fresh, under the keys that a merchant was
    /// [handed](Scheme::handed). Under a scheme without signatures every message passes and proves
    /// nothing: it is a hint to ask the API.
    ///
    /// # Errors
    /// The [`Rejection`]; of several faults, the first in the order of its variants as a verifier
    /// meets them: inputs, timestamp, signature.
    pub fn verify(
        &self,
        keys: &[Secret],
        arrived: &Arrived,
        now: SimTime,
    ) -> Result<(), Rejection> {
        let Some(sig) = &self.sig else { return Ok(()) };
        let checkers: Vec<_> = keys.iter().flat_map(|key| self.key.checkers(key)).collect();
        if checkers.is_empty() {
            return Err(Rejection::NoKey);
        }
        let document: Option<Value> =
            if self.reads_json() { serde_json::from_slice(arrived.body).ok() } else { None };
        let form = || if self.is_form() { fields(arrived.body) } else { Vec::new() };
        let Some(each) = &self.each else {
            let claim = Claim { arrived, form: form(), item: document.as_ref() };
            return self.verify_item(&claim, sig, &checkers, now);
        };
        let items = document.as_ref().map_or_else(Vec::new, |document| self.items(document));
        if items.is_empty() {
            return Err(Rejection::Missing(format!("json:{each}")));
        }
        items.iter().try_for_each(|at| {
            let item = document.as_ref().and_then(|document| document.pointer(at));
            self.verify_item(&Claim { arrived, form: form(), item }, sig, &checkers, now)
        })
    }

    fn verify_item(
        &self,
        claim: &Claim,
        sig: &Signature,
        checkers: &[Checker],
        now: SimTime,
    ) -> Result<(), Rejection> {
        let one = |name, input| match input {
            Some(input) if self.proves(name, input) => claim.one(input),
            _ => Ok(None),
        };
        let id = one("id", self.id.as_ref())?;
        one("delivery", self.delivery.as_ref())?;
        let ts = one("ts", self.ts.as_ref().map(|ts| &ts.input))?;
        let var = one("var", self.var.as_ref().map(|(_, input)| input))?;
        let list =
            claim.text(&sig.input)?.ok_or_else(|| Rejection::Missing(sig.input.at.word()))?;
        if let (Some(stamp), Some(ts)) = (&self.ts, &ts) {
            stamp.check(ts, now)?;
        }
        let key_id = self.key_id(claim, var.as_deref())?;
        let named = |checker: &&Checker| checker.id.is_none() || checker.id == key_id;
        let checkers = || checkers.iter().filter(named);
        if checkers().next().is_none() {
            return Err(Rejection::UnknownKey(key_id.unwrap_or_default()));
        }
        let values = Values {
            id: id.as_deref(),
            ts: ts.as_deref(),
            var: var.as_deref(),
            key_id: key_id.as_deref(),
            url: claim.arrived.url,
            method: claim.arrived.method,
            body: claim.arrived.body,
            headers: claim.arrived.headers,
            form: &claim.form,
            document: claim.item,
        };
        let signed = match &self.sign {
            Some(template) => template.pieces(&values).map_err(Rejection::Missing)?,
            None => Vec::new(),
        };
        let mut listed = sig.input.items(&list).peekable();
        if listed.peek().is_none() {
            return Err(Rejection::UnknownTag(sig.input.tag.clone()));
        }
        let decode = |text| sig.encoding.decode(text, sig.fold_case);
        let mut decoded = listed.filter_map(decode).peekable();
        if decoded.peek().is_none() {
            return Err(Rejection::Undecodable(sig.encoding.word()));
        }
        let matches = |given: Vec<u8>| checkers().any(|key| key.matches(&signed, &given));
        if decoded.any(matches) { Ok(()) } else { Err(Rejection::Mismatch) }
    }

    /// The id of the key that the message names.
    fn key_id(&self, claim: &Claim, jws: Option<&str>) -> Result<Option<String>, Rejection> {
        match &self.key.by {
            None => Ok(None),
            Some(KeyId::Header(name)) => {
                let word = || format!("header:{name}");
                match claim.header(name).collect::<Vec<_>>().as_slice() {
                    [] | [""] => Err(Rejection::Missing(word())),
                    [id] => Ok(Some((*id).to_owned())),
                    _ => Err(Rejection::Repeated(word())),
                }
            }
            Some(KeyId::Jws) => {
                let kid = || {
                    let (protected, _) = jws?.split_once("..")?;
                    let bytes = URL_SAFE_NO_PAD.decode(protected).ok()?;
                    let protected: Value = serde_json::from_slice(&bytes).ok()?;
                    protected.get("kid")?.as_str().map(str::to_owned)
                };
                kid().map(Some).ok_or_else(|| Rejection::Missing("kid of the JWS".into()))
            }
        }
    }
}

impl Claim<'_> {
    /// The text where an input travels; none where it is absent and need not be there.
    fn text(&self, input: &Input) -> Result<Option<Cow<'_, str>>, Rejection> {
        match &input.at {
            Location::Header(name) => only(input, self.header(name)),
            Location::Form(name) => {
                let fields = self.form.iter().filter(|(n, _)| n == name);
                only(input, fields.map(|(_, value)| value.as_str()))
            }
            Location::Json(pointer) => {
                let text = scalar(self.item.and_then(|item| item.pointer(pointer)));
                filled(input, text.into())
            }
            Location::Nowhere => Ok(None),
        }
    }

    /// All values of a header.
    fn header(&self, name: &str) -> impl Iterator<Item = &str> {
        let headers = self.arrived.headers.iter();
        // Nearly all are spelt alike, and comparing without regard to case is dear.
        let is_named = move |n: &str| n == name || n.eq_ignore_ascii_case(name);
        headers.filter(move |(n, _)| is_named(n)).map(|(_, v)| v.as_str())
    }

    /// The one item of an input.
    fn one<'c>(&'c self, input: &'c Input) -> Result<Option<Cow<'c, str>>, Rejection> {
        Ok(match self.text(input)? {
            None => None,
            Some(Cow::Borrowed(text)) => only_item(input, text)?.map(Cow::Borrowed),
            Some(Cow::Owned(text)) => only_item(input, &text)?.map(|item| item.to_owned().into()),
        })
    }
}

fn only_item<'t>(input: &'t Input, text: &'t str) -> Result<Option<&'t str>, Rejection> {
    let mut items = input.items(text);
    match (items.next(), items.next()) {
        (None, _) if input.required => Err(Rejection::Missing(input.at.word())),
        (_, Some(_)) => Err(Rejection::Repeated(input.at.word())),
        (item, None) => Ok(item),
    }
}

/// Which of two headers counts is where verifier and application disagree.
fn only<'t>(
    input: &Input,
    mut found: impl Iterator<Item = &'t str>,
) -> Result<Option<Cow<'t, str>>, Rejection> {
    let text = found.next().unwrap_or_default();
    match found.next() {
        None => filled(input, text.into()),
        Some(_) => Err(Rejection::Repeated(input.at.word())),
    }
}

fn filled<'t>(input: &Input, text: Cow<'t, str>) -> Result<Option<Cow<'t, str>>, Rejection> {
    match text {
        text if !text.is_empty() => Ok(Some(text)),
        _ if input.required => Err(Rejection::Missing(input.at.word())),
        _ => Ok(None),
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
