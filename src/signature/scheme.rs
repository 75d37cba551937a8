//! A signature scheme as a value: where its inputs travel, what is signed, with what key.
//!
//! The grammar, as `fixtures/signature-schemes.yaml` writes it:
//!
//! ```text
//! <name>:
//!   like: <name>                 # takes over what is not written here
//!   key:
//!     use: hmac-sha256 …         # see ALGORITHMS
//!     decode: utf8|hex|base64 …  # how the secret's text becomes key bytes
//!     strip: <prefix>            # removed before decoding
//!     by: <location>             # where a key id comes from
//!   each: <json pointer with *>  # one signature per item of the body
//!   id|delivery|ts|sig:          # named inputs; further ones under vars
//!     at: header:<n> | json:<pointer> | form:<n> | query:<n> | none
//!     split: <separator>         # the text is a list
//!     tag: <prefix of the wanted items>
//!     after: <take the part after this>
//!     required: true|false
//!     encoding: hex|base64 …     # sig only; fold_case: hex in either case
//!     unit: s|ms|rfc3339         # ts only, with tolerance (seconds) and direction: both|past
//!   sign: "{id}.{ts}.{body}"     # see `template`
//! ```
//!
//! Knows no YAML and no cryptography.

use crate::model::{SimTime, Span};

use super::Unsupported;
use super::template::Template;

/// One way of signing webhooks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scheme {
    pub(super) name: String,
    pub(super) key: Key,
    pub(super) each: Option<String>,
    pub(super) id: Option<Input>,
    pub(super) delivery: Option<Input>,
    pub(super) ts: Option<Stamp>,
    pub(super) vars: Vec<String>,
    pub(super) sig: Option<Signature>,
    pub(super) sign: Option<Template>,
}

/// What the secret is and how its text becomes bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) algorithm: Algorithm,
    pub(super) form: Option<KeyForm>,
    pub(super) strip: String,
    /// Where a key id travels; nothing here can resolve one.
    pub(super) by: Option<String>,
}

/// The word of a scheme, and the MAC behind it where we have one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Algorithm {
    pub(super) word: &'static str,
    pub(super) mac: Option<Mac>,
}

/// MACs that we can compute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mac {
    HmacSha256,
    HmacSha512,
}

/// Every algorithm of the grammar; those without a MAC are known and unsupported.
pub(super) const ALGORITHMS: &[Algorithm] = &[
    Algorithm { word: "hmac-sha256", mac: Some(Mac::HmacSha256) },
    Algorithm { word: "hmac-sha512", mac: Some(Mac::HmacSha512) },
    Algorithm { word: "hmac-sha1", mac: None },
    Algorithm { word: "ed25519", mac: None },
    Algorithm { word: "ecdsa-p256-sha256", mac: None },
    Algorithm { word: "rsa-pkcs1-sha256", mac: None },
    Algorithm { word: "rsa-pkcs1-sha512", mac: None },
    Algorithm { word: "rsa-pss-sha512", mac: None },
    Algorithm { word: "rsa-pkcs1-sha256-of-sha256", mac: None },
    Algorithm { word: "token-equal", mac: None },
    Algorithm { word: "none", mac: None },
];

/// How a secret's text becomes key bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyForm {
    Utf8,
    Hex,
    Base64,
}

/// The forms of the grammar; `None`: known and unsupported.
pub(super) const KEY_FORMS: &[(&str, Option<KeyForm>)] = &[
    ("utf8", Some(KeyForm::Utf8)),
    ("hex", Some(KeyForm::Hex)),
    ("base64", Some(KeyForm::Base64)),
    ("pem", None),
    ("spki-der", None),
    ("jwks", None),
    ("x509", None),
];

/// How signature bytes become text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Hex,
    Base64,
    Base64Url,
}

/// The encodings of the grammar; `None`: known and unsupported.
pub(super) const ENCODINGS: &[(&str, Option<Encoding>)] = &[
    ("hex", Some(Encoding::Hex)),
    ("base64", Some(Encoding::Base64)),
    ("base64url", Some(Encoding::Base64Url)),
    ("sf-binary", None),
];

/// Where an input travels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Location {
    Header(String),
    Json(String),
    Form(String),
    Query(String),
    Nowhere,
}

/// One named input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Input {
    pub(super) at: Location,
    pub(super) split: Option<String>,
    pub(super) tag: String,
    pub(super) after: Option<String>,
    pub(super) required: bool,
}

/// The instant of signing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stamp {
    pub(super) input: Input,
    pub(super) unit: Unit,
    pub(super) tolerance: Option<Span>,
    pub(super) direction: Direction,
}

/// In what an instant is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Seconds,
    Millis,
    Rfc3339,
}

/// Which deviation of a timestamp is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Both,
    Past,
}

/// The signature itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Signature {
    pub(super) input: Input,
    pub(super) encoding: Option<Encoding>,
    pub(super) fold_case: bool,
}

impl Scheme {
    /// The name in the table, such as `standard-webhooks`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Longest deviation of the timestamp; none: the scheme does not bound it.
    #[must_use]
    pub fn tolerance(&self) -> Option<Span> {
        self.ts.as_ref().and_then(|ts| ts.tolerance)
    }

    /// Whether an instant of signing travels with the message.
    #[must_use]
    pub fn has_timestamp(&self) -> bool {
        self.ts.is_some()
    }

    /// Names of the headers that carry a signature: what an unsigned message leaves out.
    #[must_use]
    pub fn signature_headers(&self) -> Vec<String> {
        match self.sig.as_ref().map(|sig| &sig.input.at) {
            Some(Location::Header(name)) => vec![name.clone()],
            _ => Vec::new(),
        }
    }

    /// Whether verifying reads the body as JSON.
    pub(super) fn reads_json(&self) -> bool {
        let proof = self.inputs().into_iter().filter(|(name, input)| self.proves(name, input));
        proof.map(|(_, input)| input).any(|input| matches!(input.at, Location::Json(_)))
            || self.each.is_some()
            || self.sign.as_ref().is_some_and(Template::reads_json)
    }

    /// Whether an input takes part in the proof. An id inside the body that is not signed on its
    /// own says what to deduplicate by; its absence is the application's business.
    pub(super) fn proves(&self, name: &str, input: &Input) -> bool {
        let signed = name == "id" && self.sign.as_ref().is_some_and(Template::signs_id);
        signed || matches!(name, "ts" | "sig") || !matches!(input.at, Location::Json(_))
    }

    /// All named inputs.
    pub(super) fn inputs(&self) -> Vec<(&'static str, &Input)> {
        let ts = self.ts.as_ref().map(|ts| &ts.input);
        let sig = self.sig.as_ref().map(|sig| &sig.input);
        [("id", self.id.as_ref()), ("delivery", self.delivery.as_ref()), ("ts", ts), ("sig", sig)]
            .into_iter()
            .filter_map(|(name, input)| Some((name, input?)))
            .collect()
    }

    /// An error if a message of this scheme cannot be verified.
    ///
    /// # Errors
    /// [`Unsupported`], naming what it would take.
    pub fn verifiable(&self) -> Result<(), Unsupported> {
        self.beyond_verifying().map_or(Ok(()), |what| Err(self.unsupported(what)))
    }

    /// An error if a message cannot be signed by this scheme.
    ///
    /// # Errors
    /// [`Unsupported`], naming what it would take.
    pub fn signable(&self) -> Result<(), Unsupported> {
        let beyond = self.beyond_verifying().or_else(|| self.beyond_signing());
        beyond.map_or(Ok(()), |what| Err(self.unsupported(what)))
    }

    pub(super) fn unsupported(&self, what: String) -> Unsupported {
        Unsupported { scheme: self.name.clone(), what }
    }

    fn beyond_verifying(&self) -> Option<String> {
        let Some(sig) = &self.sig else { return Some("another proof than a signature".into()) };
        if self.key.algorithm.mac.is_none() {
            return Some(format!("`{}` keys", self.key.algorithm.word));
        }
        if self.key.form.is_none() || self.key.by.is_some() {
            return Some("keys found by an id or a certificate".into());
        }
        if sig.encoding.is_none() {
            return Some("signatures in another encoding than hex or base64".into());
        }
        if let Some(name) = self.vars.first() {
            return Some(format!("the variable `{name}`"));
        }
        for (name, input) in self.inputs() {
            if matches!(input.at, Location::Form(_) | Location::Query(_)) || input.after.is_some() {
                return Some(format!("`{name}` from a form, a query or a part of a text"));
            }
        }
        match &self.sign {
            None => Some("a template of what is signed".into()),
            Some(template) => template.beyond().map(|part| format!("`{{{part}}}`")),
        }
    }

    /// What travels inside the body cannot be added by whoever signs finished bytes.
    fn beyond_signing(&self) -> Option<String> {
        if self.each.is_some() {
            return Some("one signature per item of the body".into());
        }
        let in_body = |name: &str, input: &Input| {
            matches!(input.at, Location::Json(_)) && matches!(name, "ts" | "sig")
        };
        if let Some((name, _)) = self.inputs().into_iter().find(|(n, input)| in_body(n, input)) {
            return Some(format!("`{name}` inside the body"));
        }
        let delivery = self.delivery.as_ref()?;
        (delivery.required && matches!(delivery.at, Location::Header(_)))
            .then(|| "an id of its own per delivery".into())
    }
}

impl Input {
    /// The wanted items of a text, without their tags: all of it where it is no list.
    pub(super) fn items<'t>(&self, text: &'t str) -> Vec<&'t str> {
        match self.split.as_deref() {
            Some(separator) => {
                text.split(separator).filter_map(|item| item.strip_prefix(&self.tag)).collect()
            }
            None => text.strip_prefix(&self.tag).into_iter().collect(),
        }
    }
}

impl Location {
    /// As the grammar writes it.
    pub(super) fn word(&self) -> String {
        match self {
            Self::Header(name) => format!("header:{name}"),
            Self::Json(pointer) => format!("json:{pointer}"),
            Self::Form(name) => format!("form:{name}"),
            Self::Query(name) => format!("query:{name}"),
            Self::Nowhere => "none".to_owned(),
        }
    }
}

impl Unit {
    /// As the message carries it.
    pub(super) fn render(self, at: SimTime) -> String {
        match self {
            Self::Seconds => at.unix_s().to_string(),
            Self::Millis => at.unix_ms().to_string(),
            Self::Rfc3339 => at.to_string(),
        }
    }

    /// The instant that a text names: digits only for numbers, as every verification library
    /// should insist.
    pub(super) fn parse(self, text: &str) -> Option<SimTime> {
        let digits = || text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse::<i64>().ok());
        match self {
            Self::Seconds => digits()??.checked_mul(1000).map(SimTime::from_unix_ms),
            Self::Millis => digits()?.map(SimTime::from_unix_ms),
            Self::Rfc3339 => text.parse().ok(),
        }
    }

    /// `at` in the precision of this unit, so that a tolerance of 300 s accepts 300.9 s as 300.
    pub(super) fn floor(self, at: SimTime) -> SimTime {
        match self {
            Self::Seconds => SimTime::from_unix_ms(at.unix_s() * 1000),
            Self::Millis | Self::Rfc3339 => at,
        }
    }
}
