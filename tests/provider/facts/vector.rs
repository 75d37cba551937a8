//! How events and calls are signed, worked out here without our signer, and the vectors of
//! `fixtures/signature-vectors.json`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use countersign::model::SimTime;
use countersign::provider::Profile;
use countersign::signature::{self, Arrived, Message, Scheme, Secret};
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use serde_json::Value;
use sha2::{Sha256, Sha512};

use super::Cursor;

const URL: &str = "https://shop.test/webhooks";
const AT: SimTime = SimTime::from_unix_ms(1_767_608_128_000);

#[derive(Deserialize)]
struct Vectors {
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    name: String,
    scheme: String,
    secret: String,
    #[serde(default)]
    id: String,
    #[serde(default)]
    at_s: i64,
    body: String,
    signature: Option<String>,
}

/// What a source says of a signature.
struct Stated<'a> {
    algorithm: &'a str,
    /// Whether the secret is text, or base64 behind a prefix.
    key: &'a str,
    over: &'a str,
    encoding: &'a str,
}

impl Stated<'_> {
    fn made(&self, secret: &str, id: &str, body: &str) -> String {
        let sorted = || {
            let mut value: Value = serde_json::from_str(body).unwrap();
            value.sort_all_objects();
            value.to_string()
        };
        let stamp = (AT.unix_ms() / 1000).to_string();
        let signed = match self.over {
            "{sorted body}" => sorted(),
            over => over.replace("{id}", id).replace("{ts}", &stamp).replace("{body}", body),
        };
        let key = match self.key {
            "base64" => STANDARD.decode(secret.split_once('_').unwrap().1).unwrap(),
            _ => secret.as_bytes().to_vec(),
        };
        let bytes = match self.algorithm {
            "hmac-sha256" => mac::<Hmac<Sha256>>(&key, &signed),
            "hmac-sha512" => mac::<Hmac<Sha512>>(&key, &signed),
            other => panic!("{other} is not known here"),
        };
        if self.encoding == "base64" { STANDARD.encode(bytes) } else { hex::encode(bytes) }
    }
}

fn mac<M: Mac + KeyInit>(key: &[u8], signed: &str) -> Vec<u8> {
    let mut mac = <M as KeyInit>::new_from_slice(key).unwrap();
    mac.update(signed.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// Signs with the profile's scheme, and once more as the source says.
pub fn signed(fact: &Cursor<'_>, profile: &Profile) -> Result<(), String> {
    let fields = fact.fields(&["scheme", "header", "algorithm", "key", "over", "encoding"]);
    let text = |name: &str| fields.need(name).and_then(|it| it.text()).unwrap_or_default();
    if text("scheme") != profile.events.signature {
        return Err(format!("the profile has {}", profile.events.signature));
    }
    let stated = Stated {
        algorithm: text("algorithm"),
        key: text("key"),
        over: text("over"),
        encoding: text("encoding"),
    };
    proves(signature::scheme(text("scheme")), text("header"), &stated)
}

/// The same of the calls of merchants, by their key.
pub fn calls_signed(fact: &Cursor<'_>, profile: &Profile) -> Result<(), String> {
    let fields = fact.fields(&["scheme", "algorithm", "over"]);
    let text = |name: &str| fields.need(name).and_then(|it| it.text()).unwrap_or_default();
    if profile.api.signature.as_deref() != Some(text("scheme")) {
        return Err(format!("the profile has {:?}", profile.api.signature));
    }
    let (algorithm, over) = (text("algorithm"), text("over"));
    let stated = Stated { algorithm, key: "text", over, encoding: "hex" };
    proves(signature::call_scheme(text("scheme")), "signature", &stated)
}

fn proves(scheme: Option<&Scheme>, header: &str, stated: &Stated<'_>) -> Result<(), String> {
    let scheme = scheme.ok_or("there is no such scheme")?;
    let secret = scheme.fresh_secret(&[7; 32]);
    let (id, body) = ("evt_1", r#"{"z":1,"a":{"d":"x","b":[2,1]}}"#);
    let message = Message { id, ts: AT, url: URL, method: "POST", body: body.as_bytes() };
    let headers = scheme.sign(&secret, &message).map_err(|why| why.to_string())?.headers;
    let found = headers.iter().find(|(name, _)| name == header);
    let (_, value) = found.ok_or(format!("there is no {header} in {headers:?}"))?;
    let made = stated.made(secret.expose(), id, body);
    if value.contains(&made) { Ok(()) } else { Err(format!("{value} is not of {made}")) }
}

/// Each vector verifies under the profile's scheme, and no longer where one byte is another.
pub fn vectors(fact: &Cursor<'_>, profile: &Profile) -> Result<(), String> {
    let text = std::fs::read_to_string("fixtures/signature-vectors.json").unwrap();
    let all: Vectors = serde_json::from_str(&text).unwrap();
    let names = fact.texts();
    if names.is_empty() {
        return Err("no vector is named".to_owned());
    }
    for name in names {
        let found = all.vectors.iter().find(|vector| vector.name == name);
        let vector = found.ok_or(format!("there is no vector {name}"))?;
        if vector.scheme != profile.events.signature {
            return Err(format!("{name} is of {}", vector.scheme));
        }
        verified(vector)?;
    }
    Ok(())
}

fn verified(vector: &Vector) -> Result<(), String> {
    let Vector { name, id, body, .. } = vector;
    let scheme = signature::scheme(&vector.scheme).ok_or("there is no such scheme")?;
    let secret = Secret::new(&vector.secret);
    let now = SimTime::from_unix_ms(vector.at_s * 1000);
    let message = Message { id, ts: now, url: URL, method: "POST", body: body.as_bytes() };
    let made = scheme.sign(&secret, &message).map_err(|why| why.to_string())?.headers;
    let published = vector.signature.clone().unwrap_or_default();
    let carrier = made.iter().position(|(_, value)| *value == published);
    let carrier = carrier.ok_or(format!("{name} is not what is signed: {made:?}"))?;
    let holds = |headers: &[(String, String)], body: &str| {
        let arrived = Arrived { headers, url: URL, method: "POST", body: body.as_bytes() };
        scheme.verify(std::slice::from_ref(&secret), &arrived, now).is_ok()
    };
    if !holds(&made, body) {
        return Err(format!("{name} does not verify"));
    }
    let last = body.rfind(|c: char| c.is_ascii_alphanumeric()).unwrap();
    let altered = format!("{}~{}", &body[..last], &body[last + 1..]);
    let mut forged = made.clone();
    let middle = published.len() / 2;
    let swapped = if published.as_bytes()[middle] == b'0' { "1" } else { "0" };
    forged[carrier].1.replace_range(middle..=middle, swapped);
    if holds(&made, &altered) || holds(&forged, body) {
        return Err(format!("{name} verifies with another byte"));
    }
    Ok(())
}
