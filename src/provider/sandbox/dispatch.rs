//! A message to an endpoint: which event, where to, and how it is signed.
//!
//! Signing takes the instant as an argument, so that what was sent once can be shown again as it
//! was. Sends nothing.

use crate::model::{EndpointId, SimTime};
use crate::provider::Event;
use crate::signature::{Message, Scheme, Secret, SignatureError, Signed};

/// One event for one endpoint, ready to be signed.
#[derive(Debug, Clone)]
pub struct Dispatch {
    /// Whose delivery it is.
    pub endpoint: EndpointId,
    /// Where it goes.
    pub url: String,
    /// What signs it.
    pub scheme: &'static Scheme,
    /// With these, the newest first.
    pub secrets: Vec<Secret>,
    /// Which of the endpoint's secrets these are: each by the number of rotations before it.
    pub signed_by: Vec<usize>,
    /// The instant that the signature bears where it is made again as it was; none: when it is sent.
    pub signed_at: Option<SimTime>,
    /// What is sent.
    pub event: Event,
    /// Whether its body is another than the one that was announced.
    pub is_restated: bool,
}

impl Dispatch {
    /// What goes over the wire, signed at that instant.
    ///
    /// # Errors
    /// A secret that is no key of the scheme.
    pub fn signed(&self, at: SimTime) -> Result<Signed, SignatureError> {
        let Event { wire_id: id, body, .. } = &self.event;
        let message = Message { id, ts: at, url: &self.url, method: "POST", body };
        let signed = self.scheme.sign_all(&self.secrets, &message)?;
        Ok(signed.with_headers(&self.event.headers))
    }
}
