//! Signing: a message becomes the headers that prove it.

use super::scheme::{Input, Location, Scheme};
use super::template::Values;
use super::{Message, Secret, SignatureError};

/// Headers in the making: several inputs may share one header, as lists.
#[derive(Default)]
struct Headers(Vec<(String, String)>);

impl Scheme {
    /// All headers that the scheme adds to a message: id, timestamp and signature, in this order.
    ///
    /// # Errors
    /// [`SignatureError::Unsupported`] if the scheme needs what the interpreter cannot do;
    /// [`SignatureError::Key`] if the secret is no key; [`SignatureError::Missing`] if the message
    /// lacks something that is signed.
    pub fn sign(
        &self,
        secret: &Secret,
        message: &Message,
    ) -> Result<Vec<(String, String)>, SignatureError> {
        self.sign_spoilt(secret, message, |signature| signature)
    }

    /// A secret of the form that merchants of this scheme are given: `whsec_` and base64, or text.
    #[must_use]
    pub fn fresh_secret(&self, entropy: &[u8; 32]) -> Secret {
        self.key.fresh(entropy)
    }

    /// Whether the secret is a key of this scheme.
    ///
    /// # Errors
    /// [`SignatureError::Key`] if it is not.
    pub fn check_secret(&self, secret: &Secret) -> Result<(), SignatureError> {
        self.key_of(secret).map(drop)
    }

    fn key_of(&self, secret: &Secret) -> Result<Vec<u8>, SignatureError> {
        self.key.bytes(secret).ok_or_else(|| SignatureError::Key {
            scheme: self.name.clone(),
            form: self.key.form_in_words(),
        })
    }

    /// Signs, and passes the encoded signature through `spoil` before it is put into its header:
    /// forgeries keep everything else as a genuine sender would have it.
    pub(crate) fn sign_spoilt(
        &self,
        secret: &Secret,
        message: &Message,
        spoil: impl FnOnce(String) -> String,
    ) -> Result<Vec<(String, String)>, SignatureError> {
        self.signable()?;
        let (Some(sig), Some(template), Some(mac)) =
            (&self.sig, &self.sign, self.key.algorithm.mac)
        else {
            unreachable!("a signable scheme has a signature, a template and a mac");
        };
        let key = self.key_of(secret)?;
        let ts = self.ts.as_ref().map(|ts| ts.unit.render(message.ts));
        let mut headers = Headers::default();
        if let Some(id) = &self.id {
            headers.put(id, message.id);
        }
        if let (Some(stamp), Some(ts)) = (&self.ts, &ts) {
            headers.put(&stamp.input, ts);
        }
        let document: Option<serde_json::Value> =
            if template.reads_json() { serde_json::from_slice(message.body).ok() } else { None };
        let values = Values {
            id: Some(message.id),
            ts: ts.as_deref(),
            url: message.url,
            method: message.method,
            body: message.body,
            headers: &headers.0,
            document: document.as_ref(),
        };
        let missing = |input| SignatureError::Missing { scheme: self.name.clone(), input };
        let signed = template.render(&values).map_err(missing)?;
        let signature = sig.encoding.map(|encoding| encoding.encode(&mac.sign(&key, &signed)));
        headers.put(&sig.input, &spoil(signature.unwrap_or_default()));
        Ok(headers.0)
    }
}

impl Headers {
    /// Adds an input where it travels in a header; what is inside the body is there already.
    fn put(&mut self, input: &Input, value: &str) {
        let Location::Header(name) = &input.at else { return };
        let item = format!("{}{value}", input.tag);
        match self.0.iter_mut().find(|(n, _)| n == name) {
            Some((_, list)) => {
                list.push_str(input.split.as_deref().unwrap_or(","));
                list.push_str(&item);
            }
            None => self.0.push((name.clone(), item)),
        }
    }
}
