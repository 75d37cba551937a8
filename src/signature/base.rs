//! The signature base of RFC 9421 (HTTP Message Signatures), as far as webhooks need it: the
//! components `@method`, `@authority`, `@path`, `@query`, `@target-uri` and header fields, under
//! the label `sig1`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::template::Values;

/// What this sender covers. The digest stands for the body.
const COVERED: &str = r#"sig1=("@method" "@authority" "@path" "content-digest")"#;

/// The headers that a message needs before it can be signed; parameters are appended.
pub(super) fn headers(body: &[u8]) -> [(String, String); 2] {
    [
        ("content-digest".to_owned(), digest(body)),
        ("signature-input".to_owned(), COVERED.to_owned()),
    ]
}

fn digest(body: &[u8]) -> String {
    format!("sha-256=:{}:", STANDARD.encode(Sha256::digest(body)))
}

/// The base of a message, or what it lacks. A signature that does not cover the body, or another
/// body, proves nothing here.
pub(super) fn base(values: &Values) -> Result<Vec<u8>, String> {
    let covered = components(values)?;
    if !covered.iter().any(|name| name == "content-digest") {
        return Err("content-digest among the signed components".to_owned());
    }
    if header(values, "content-digest")? != digest(values.body) {
        return Err("a content-digest of this body".to_owned());
    }
    lines(values, &covered)
}

fn lines(values: &Values, covered: &[String]) -> Result<Vec<u8>, String> {
    let mut base = String::new();
    for name in covered {
        base.push_str(&format!("\"{name}\": {}\n", component(values, name)?));
    }
    let input = header(values, "signature-input")?;
    let parameters = input.trim_start_matches("sig1=");
    base.push_str(&format!("\"@signature-params\": {parameters}"));
    Ok(base.into_bytes())
}

/// The names between the parentheses of `sig1`.
fn components(values: &Values) -> Result<Vec<String>, String> {
    let input = header(values, "signature-input")?;
    let list = input.strip_prefix("sig1=(").and_then(|rest| rest.split_once(')'));
    let (list, _) = list.ok_or("sig1 in header:signature-input")?;
    Ok(list.split_whitespace().map(|name| name.trim_matches('"').to_owned()).collect())
}

fn component(values: &Values, name: &str) -> Result<String, String> {
    // `http://shop.test:8080/hooks?x=1`: authority, path and query.
    let rest = values.url.split_once("://").map_or(values.url, |(_, rest)| rest);
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, target) = rest.split_at(end);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    Ok(match name {
        "@method" => values.method.to_owned(),
        "@target-uri" => values.url.to_owned(),
        "@authority" => {
            let authority = authority.to_ascii_lowercase();
            let default = if values.url.starts_with("https:") { ":443" } else { ":80" };
            authority.strip_suffix(default).unwrap_or(&authority).to_owned()
        }
        "@path" => if path.is_empty() { "/" } else { path }.to_owned(),
        "@query" => format!("?{query}"),
        derived if derived.starts_with('@') => return Err(format!("the component {derived}")),
        field => header(values, field)?.trim().to_owned(),
    })
}

fn header<'v>(values: &'v Values, name: &str) -> Result<&'v str, String> {
    let found = values.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.as_str()).ok_or_else(|| format!("header:{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signature::scheme::Mac;

    /// RFC 9421, B.2.5: signing a request using hmac-sha256.
    #[test]
    fn the_example_of_the_standard() {
        let text = |text: &str| text.to_owned();
        let input = r#"sig1=("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret""#;
        let headers = [
            (text("Date"), text("Tue, 20 Apr 2021 02:07:55 GMT")),
            (text("Content-Type"), text("application/json")),
            (text("Signature-Input"), text(input)),
        ];
        let url = "https://Example.com:443/foo?param=Value&Pet=dog";
        let values = Values { url, method: "POST", headers: &headers, ..Values::default() };
        let covered = components(&values).unwrap();
        let base = lines(&values, &covered).unwrap();
        let key = "uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==";
        let signature = Mac::HmacSha256.sign(&STANDARD.decode(key).unwrap(), &[base.into()]);
        let signature = STANDARD.encode(signature);
        assert_eq!(signature, "pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=");
        let unbound = super::base(&values).unwrap_err();
        assert!(unbound.contains("content-digest"), "{unbound}");
    }

    #[test]
    fn derived_components_come_from_the_address() {
        let url = "http://Shop.test:8080/hooks?x=1";
        let values = Values { url, method: "POST", ..Values::default() };
        let cases = [
            ("@authority", "shop.test:8080"),
            ("@path", "/hooks"),
            ("@query", "?x=1"),
            ("@target-uri", url),
            ("@method", "POST"),
        ];
        for (name, expected) in cases {
            assert_eq!(component(&values, name).as_deref(), Ok(expected));
        }
        assert!(component(&values, "@status").is_err());
    }
}
