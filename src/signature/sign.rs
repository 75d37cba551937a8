//! Signing: a message becomes the headers, and where the scheme wants it the body, that prove it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::draft::{Draft, Signed, fields};
use super::input::{Input, Location};
use super::key::Signer;
use super::scheme::{KeyForm, KeyId, Scheme};
use super::template::{Piece, Values};
use super::{Message, Secret, SignatureError};

impl Scheme {
    /// The message with everything that the scheme adds to it.
    ///
    /// # Errors
    /// [`SignatureError::Key`] if the secret is no key; [`SignatureError::Missing`] if the message
    /// lacks something that is signed.
    pub fn sign(&self, secret: &Secret, message: &Message) -> Result<Signed, SignatureError> {
        self.sign_all(std::slice::from_ref(secret), message)
    }

    /// The same during a rotation, the newest secret first: where the scheme lists signatures,
    /// under every secret; elsewhere under the newest.
    ///
    /// # Errors
    /// As [`Scheme::sign`].
    pub fn sign_all(
        &self,
        secrets: &[Secret],
        message: &Message,
    ) -> Result<Signed, SignatureError> {
        let signers: Result<Vec<_>, _> = secrets.iter().map(|s| self.signer(s)).collect();
        let mut draft = self.draft(message);
        self.seal(&mut draft, &signers?)?;
        Ok(self.assemble(&draft))
    }

    /// A secret of the form that senders of this scheme hold: `whsec_` and base64, text, or a
    /// private key. Merchants are given what [`Scheme::handed`] makes of it.
    #[must_use]
    pub fn fresh_secret(&self, entropy: &[u8; 32]) -> Secret {
        self.key.fresh(entropy)
    }

    /// What a merchant is given to verify with: the secret itself where it is shared, the public
    /// half of a pair in the scheme's form. What is no key stays as it is.
    #[must_use]
    pub fn handed(&self, secret: &Secret) -> Secret {
        self.key.handed(secret).unwrap_or_else(|| secret.clone())
    }

    /// What a merchant is given for several keys that are valid together: one set where the scheme
    /// has sets, else one text per key.
    #[must_use]
    pub fn handed_all(&self, secrets: &[Secret]) -> Vec<Secret> {
        let handed: Vec<_> = secrets.iter().map(|secret| self.handed(secret)).collect();
        if self.key.form != KeyForm::Jwks {
            return handed;
        }
        let sets = handed.iter().filter_map(|set| serde_json::from_str(set.expose()).ok());
        let keys: Vec<Value> =
            sets.filter_map(|set: Value| set["keys"].as_array().cloned()).flatten().collect();
        vec![Secret::new(json!({ "keys": keys }).to_string())]
    }

    /// Whether the secret is a key of this scheme.
    ///
    /// # Errors
    /// [`SignatureError::Key`] if it is not.
    pub fn check_secret(&self, secret: &Secret) -> Result<(), SignatureError> {
        self.signer(secret).map(drop)
    }

    /// What signs with this secret.
    pub(crate) fn signer(&self, secret: &Secret) -> Result<Signer, SignatureError> {
        self.key.signer(secret).ok_or_else(|| SignatureError::Key {
            scheme: self.name.clone(),
            form: self.key.form_in_words(),
        })
    }

    /// What signs with a key of no bytes; none where keys cannot be empty.
    pub(crate) fn empty_signer(&self) -> Option<Signer> {
        self.key.empty()
    }

    /// Signs a draft as it stands.
    pub(crate) fn seal(&self, draft: &mut Draft, signers: &[Signer]) -> Result<(), SignatureError> {
        let Some(sig) = &self.sig else { return Ok(()) };
        self.name_key(draft, signers);
        draft.signatures.clear();
        let few = signers.len().min(1);
        let signers = if self.lists_signatures() { signers } else { &signers[..few] };
        draft.signatures = self.signatures(draft, |message| {
            let text = |signer: &Signer| sig.encoding.encode(&signer.sign(message));
            signers.iter().map(|s| [&sig.input.tag, text(s).as_str()].concat()).collect()
        })?;
        Ok(())
    }

    /// Signs another message than the draft's, `change`d in something that is signed, and puts its
    /// signature on the draft.
    pub(crate) fn seal_another(
        &self,
        draft: &mut Draft,
        signers: &[Signer],
        change: impl Fn(&[u8]) -> Vec<u8>,
    ) -> Result<(), SignatureError> {
        let (id, body) = (draft.id.clone(), draft.body.clone());
        self.alter(draft, change);
        self.seal(draft, signers)?;
        (draft.id, draft.body) = (id, body);
        Ok(())
    }

    /// What `sign` makes of each item.
    fn signatures(
        &self,
        draft: &Draft,
        sign: impl Fn(&[Piece]) -> Vec<String>,
    ) -> Result<Vec<Vec<String>>, SignatureError> {
        let missing = |input| SignatureError::Missing { scheme: self.name.clone(), input };
        let Some(template) = &self.sign else { return Ok(vec![sign(&[])]) };
        let is_form = self.is_form();
        let open = (is_form || template.reads_headers()).then(|| self.assemble(draft));
        let headers = open.as_ref().map_or(&[][..], |open| &open.headers);
        let form = open.as_ref().filter(|_| is_form).map_or(Vec::new(), |open| fields(&open.body));
        let document: Option<Value> =
            if self.reads_json() { serde_json::from_slice(&draft.body).ok() } else { None };
        let items = match (&document, &self.each) {
            (Some(document), _) => self.items(document),
            (None, None) => vec![String::new()],
            (None, Some(_)) => Vec::new(),
        };
        if let ([], Some(each)) = (items.as_slice(), &self.each) {
            return Err(missing(format!("json:{each}")));
        }
        let values = |item: &String| Values {
            id: draft.id.as_deref(),
            ts: draft.ts.as_deref(),
            var: draft.var.as_deref(),
            key_id: draft.key_id.as_deref(),
            url: draft.url,
            method: draft.method,
            body: &draft.body,
            headers,
            form: &form,
            document: document.as_ref().and_then(|document| document.pointer(item)),
        };
        let signed = |item| template.pieces(&values(item)).map(|message| sign(&message));
        items.iter().map(|item| signed(item).map_err(missing)).collect()
    }

    /// The id of the key, and the variable, as the signing key makes them.
    fn name_key(&self, draft: &mut Draft, signers: &[Signer]) {
        let id = signers.first().and_then(Signer::id);
        if let (Some(_), Some(id), None) = (&self.key.by, &id, &draft.key_id) {
            // `.invalid` is nobody's: a merchant is given the certificate and need not fetch it.
            let url = || format!("https://certs.invalid/CERT-{id}");
            draft.key_id = Some(if self.key.form == KeyForm::X509 { url() } else { id.clone() });
        }
        if self.var.is_none() {
            return;
        }
        let lists_headers = self.sign.as_ref().is_some_and(|template| template.lists_headers());
        draft.var = if lists_headers {
            draft.var.take().or_else(|| Some(self.header_names().join(" ")))
        } else if self.key.by == Some(KeyId::Jws) {
            let protected = json!({ "alg": "RS512", "kid": draft.key_id }).to_string();
            Some(format!("{}..", URL_SAFE_NO_PAD.encode(protected)))
        } else {
            None
        };
    }

    /// The headers of its own that a scheme can list as signed.
    fn header_names(&self) -> Vec<String> {
        let inputs = [&self.id, &self.delivery].into_iter().flatten();
        let name = |input: &Input| match &input.at {
            Location::Header(name) => Some(name.clone()),
            _ => None,
        };
        inputs.filter_map(name).collect()
    }
}
