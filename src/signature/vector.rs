//! The published vectors of `fixtures/signature-vectors.json`, and what a verifier must refuse.

use serde::Deserialize;

use super::*;
use crate::model::{SimTime, Span};

const URL: &str = "https://shop.test/webhooks";

#[derive(Deserialize)]
struct Fixture {
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    name: String,
    scheme: String,
    secret: String,
    #[serde(default = "some_id")]
    id: String,
    #[serde(default)]
    at_s: i64,
    body: String,
    /// The value of the signature's header; none: it travels in the body.
    signature: Option<String>,
    #[serde(default)]
    verify_only: bool,
}

fn some_id() -> String {
    "evt_1".to_owned()
}

fn at(seconds: i64) -> SimTime {
    SimTime::from_unix_ms(seconds * 1000)
}

fn post<'a>(headers: &'a [(String, String)], body: &'a [u8]) -> Arrived<'a> {
    Arrived { headers, url: URL, method: "POST", body }
}

fn vectors() -> Vec<Vector> {
    let text = include_str!("../../fixtures/signature-vectors.json");
    serde_json::from_str::<Fixture>(text).unwrap().vectors
}

#[test]
fn published_vectors_are_signed_and_verified() {
    for vector in vectors() {
        let Vector { name, id, body, .. } = &vector;
        let scheme = scheme(&vector.scheme).unwrap();
        let secret = Secret::new(&vector.secret);
        let now = at(vector.at_s);
        let message = Message { id, ts: now, url: URL, method: "POST", body: body.as_bytes() };
        let carrier = carrier(scheme);
        let headers = if vector.verify_only {
            carrier.zip(vector.signature.clone()).into_iter().collect()
        } else {
            let Signed { headers, .. } = scheme.sign(&secret, &message).unwrap();
            let made = headers.iter().find(|(n, _)| Some(n) == carrier.as_ref()).unwrap();
            assert_eq!(Some(&made.1), vector.signature.as_ref(), "{name}");
            headers
        };
        let verify = |secret: &Secret, body: &str| {
            let key = scheme.handed(secret);
            scheme.verify(&[key], &post(&headers, body.as_bytes()), now)
        };
        assert_eq!(verify(&secret, body), Ok(()), "{name}");
        let other = scheme.fresh_secret(&[9; 32]);
        assert_eq!(verify(&other, body), Err(Rejection::Mismatch), "{name}: another key");
        let altered = body.replacen(['t', 'o', '1'], "x", 1);
        assert!(verify(&secret, &altered).is_err(), "{name}: another body");
    }
}

/// Verifies the Standard Webhooks vector, changed by `change`, at `now_s`.
fn check(change: impl Fn(&mut Vec<(String, String)>), now_s: i64) -> Result<(), Rejection> {
    let vector = &vectors()[0];
    let scheme = scheme(&vector.scheme).unwrap();
    let signature = vector.signature.clone().unwrap();
    let mut headers = vec![
        ("Webhook-Id".to_owned(), vector.id.clone()),
        ("Webhook-Timestamp".to_owned(), vector.at_s.to_string()),
        ("Webhook-Signature".to_owned(), signature),
    ];
    change(&mut headers);
    let secrets = [scheme.fresh_secret(&[9; 32]), Secret::new(&vector.secret)];
    scheme.verify(&secrets, &post(&headers, vector.body.as_bytes()), at(now_s))
}

const T: i64 = 1_614_265_330;
const MAC: &str = "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

#[test]
fn time_counts_to_the_second() {
    let tolerance = Span::from_s(300);
    assert_eq!(check(|_| (), T + 300), Ok(()));
    assert_eq!(check(|_| (), T - 300), Ok(()));
    assert_eq!(check(|_| (), T + 301), Err(Rejection::Stale(tolerance)));
    assert_eq!(check(|_| (), T - 301), Err(Rejection::Ahead(tolerance)));
    for odd in ["1614265330.0", "+1614265330", " 1614265330", "0x60", "99999999999999999999"] {
        let result = check(|h| h[1].1 = odd.to_owned(), T);
        assert_eq!(result, Err(Rejection::Timestamp(odd.to_owned())));
    }
    // Milliseconds for seconds: digits, and far ahead.
    let millis = check(|h| h[1].1 = format!("{T}000"), T);
    assert_eq!(millis, Err(Rejection::Ahead(tolerance)));
}

#[test]
fn signatures_count_only_decoded_and_under_a_known_tag() {
    let signature = |value: String| check(|h| h[2].1.clone_from(&value), T);
    let missing = || Err(Rejection::Missing("header:webhook-signature".into()));
    let unknown = || Err(Rejection::UnknownTag("v1,".into()));
    let undecodable = || Err(Rejection::Undecodable("base64"));
    let cases = [
        (format!("v1,{MAC}"), Ok(())),
        (format!("v1a,{MAC} v1,AAAA v1,!! v1,{MAC}"), Ok(())),
        (format!("v2,{MAC} v1a,{MAC}"), unknown()),
        (MAC.to_owned(), unknown()),
        (format!("V1,{MAC}"), unknown()),
        (String::new(), missing()),
        ("v1,".to_owned(), undecodable()),
        (format!("v1,{}", &MAC[..30]), undecodable()),
        (format!("v1,{}", &MAC[..28]), Err(Rejection::Mismatch)),
        (format!("v1,{}", MAC.replace('+', "-").replace('/', "_")), undecodable()),
        (format!("v1,{}", MAC.to_uppercase()), Err(Rejection::Mismatch)),
        (format!("v1,{}", MAC.replacen('g', "h", 1)), Err(Rejection::Mismatch)),
    ];
    for (value, expected) in cases {
        assert_eq!(signature(value.clone()), expected, "{value}");
    }
}

#[test]
fn inputs_must_be_there_once() {
    for (i, name) in ["id", "timestamp", "signature"].into_iter().enumerate() {
        let at = format!("header:webhook-{name}");
        let missing = check(|h| drop(h.remove(i)), T);
        assert_eq!(missing, Err(Rejection::Missing(at.clone())));
        let twice = check(|h| h.push(h[i].clone()), T);
        assert_eq!(twice, Err(Rejection::Repeated(at)));
    }
    assert_eq!(check(|h| h[0].1 = "msg_other".into(), T), Err(Rejection::Mismatch));
}

#[test]
fn an_empty_or_foreign_secret_is_no_key() {
    let scheme = scheme("standard-webhooks").unwrap();
    let message = Message { id: "e", ts: at(T), url: URL, method: "POST", body: b"{}" };
    for text in ["", "whsec_", "whsec_%%%"] {
        let secret = Secret::new(text);
        let signed = scheme.sign(&secret, &message);
        assert!(matches!(signed, Err(SignatureError::Key { .. })), "{text}");
        let verified = scheme.verify(&[secret], &post(&[], b"{}"), at(T));
        assert_eq!(verified, Err(Rejection::NoKey), "{text}");
    }
    assert_eq!(format!("{:?}", Secret::new("whsec_x")), "Secret(…)");
}

#[test]
fn one_sided_clocks_accept_the_future() {
    let vector = vectors().into_iter().find(|v| v.scheme == "paddle").unwrap();
    let headers = [("paddle-signature".to_owned(), vector.signature.unwrap())];
    let verify = |now_s| {
        let secrets = [Secret::new(&vector.secret)];
        let paddle = scheme("paddle").unwrap();
        paddle.verify(&secrets, &post(&headers, vector.body.as_bytes()), at(now_s))
    };
    assert_eq!(verify(vector.at_s + 5), Ok(()));
    assert_eq!(verify(vector.at_s + 6), Err(Rejection::Stale(Span::from_s(5))));
    assert_eq!(verify(vector.at_s - 86_400), Ok(()));
}

#[test]
fn a_signature_of_another_length_is_wrong_and_harmless() {
    let body = vectors().into_iter().find(|v| v.scheme == "adyen-standard").unwrap().body;
    let of_33_bytes = "A".repeat(44);
    let odd = body.replace("ZNBPtI+oDyyRrLyD1XirkKnQgIAlFc07Vj27TeHsDRE=", &of_33_bytes);
    let adyen = scheme("adyen-standard").unwrap();
    let secrets = [Secret::new("DFB1EB5485895CFA84146406857104ABB4CBCABDC8AAF103A624C8F6A3EAAB00")];
    let verify = |body: &str| adyen.verify(&secrets, &post(&[], body.as_bytes()), at(T));
    assert_eq!(verify(&odd), Err(Rejection::Mismatch));
    let nothing = Rejection::Missing("json:/notificationItems/*/NotificationRequestItem".into());
    assert_eq!(verify(r#"{"notificationItems":[]}"#), Err(nothing));
}

#[test]
fn a_scheme_may_be_written_in_place() {
    let text = "\
schemes:
  outbound:
    key: {use: hmac-sha512, decode: utf8}
    ts: {at: \"header:timestamp\", unit: s}
    sig: {at: \"header:signature\", encoding: hex}
    sign: \"{ts}{body}\"
";
    let scheme = &read::read(text, "own.yaml").unwrap()[0];
    let body = br#"{"amount":"10","currency":"USDT"}"#;
    let message = Message { id: "", ts: at(1_700_000_000), url: URL, method: "POST", body };
    let signed = scheme.sign(&Secret::new("p".repeat(64)), &message).unwrap();
    let expected = "ffefccc634f788f03dda36b7bd34fd7bba3acadb8902bd3d6eda329c8d7c6eeb\
                    36ac2950734526b8bde04505ae80539511ec5e25756c62253c3e52b7aecf012a";
    assert_eq!(signed.headers[2], ("signature".to_owned(), expected.to_owned()));
}

/// A body that every scheme can sign: Adyen signs its items.
const ANY: &str = r#"{"id":"evt_1","event_id":"evt_1","event":{"id":"evt_1"},"data":{"amount":"10.00"},
    "notificationItems":[{"NotificationRequestItem":{"pspReference":"8515131751004933","success":"true"}},
                         {"NotificationRequestItem":{"pspReference":"8515131751004934","success":"true"}}]}"#;

/// The header in which the signature travels.
fn carrier(scheme: &Scheme) -> Option<String> {
    let message = Message { id: "e", ts: at(T), url: URL, method: "POST", body: ANY.as_bytes() };
    let secret = scheme.fresh_secret(&[9; 32]);
    let signer = [scheme.signer(&secret).unwrap()];
    let mut draft = scheme.draft(&message);
    scheme.seal(&mut draft, &signer).unwrap();
    let all = scheme.assemble(&draft).headers;
    let rest = scheme.unsigned(draft).headers;
    let gone = all.into_iter().find(|(name, _)| !rest.iter().any(|(n, _)| n == name));
    gone.map(|(name, _)| name)
}

#[test]
fn every_scheme_signs_what_it_verifies() {
    assert_eq!(names().len(), 33);
    for name in names() {
        let scheme = scheme(name).unwrap();
        let [old, new] = [[5; 32], [6; 32]].map(|entropy| scheme.fresh_secret(&entropy));
        assert_eq!(scheme.check_secret(&new), Ok(()), "{name}");
        let message =
            Message { id: "evt_1", ts: at(T), url: URL, method: "POST", body: ANY.as_bytes() };
        let signed = scheme.sign(&new, &message).unwrap();
        assert_eq!(scheme.sign(&new, &message), Ok(signed.clone()), "{name} repeats");
        let verify = |keys: &[&Secret], body: &[u8]| {
            let keys: Vec<_> = keys.iter().map(|secret| scheme.handed(secret)).collect();
            scheme.verify(&keys, &post(&signed.headers, body), at(T))
        };
        assert_eq!(verify(&[&new], &signed.body), Ok(()), "{name}");
        assert_eq!(verify(&[&old, &new], &signed.body), Ok(()), "{name}: one of two keys");
        if !scheme.has_signature() {
            continue;
        }
        assert!(verify(&[&old], &signed.body).is_err(), "{name}: another key");
        assert_eq!(verify(&[], &signed.body), Err(Rejection::NoKey), "{name}: no key");
        if scheme.covers_body() {
            let altered = String::from_utf8(signed.body.clone()).unwrap().replace("10.00", "99.00");
            assert!(verify(&[&new], altered.as_bytes()).is_err(), "{name}: another body");
        }
    }
}

/// Before, during and after a rotation, by the direction that the scheme has.
#[test]
fn keys_are_rotated_in_the_direction_of_the_scheme() {
    let mut directions = Vec::new();
    for name in names() {
        let scheme = scheme(name).unwrap();
        let rotation = scheme.rotation();
        if !directions.contains(&rotation) {
            directions.push(rotation);
        }
        if rotation == Rotation::None {
            continue;
        }
        let [old, new] = [[5; 32], [6; 32]].map(|entropy| scheme.fresh_secret(&entropy));
        let message =
            Message { id: "evt_1", ts: at(T), url: URL, method: "POST", body: ANY.as_bytes() };
        let is_believed = |senders: &[&Secret], known: &[&Secret]| {
            let [senders, known] =
                [senders, known].map(|keys| keys.iter().copied().cloned().collect::<Vec<_>>());
            let signed = scheme.sign_all(&senders, &message).unwrap();
            let arrived = post(&signed.headers, &signed.body);
            scheme.verify(&scheme.handed_all(&known), &arrived, at(T)).is_ok()
        };
        // A retry of before, and what is new, while the merchant knows both.
        assert!(
            is_believed(&[&old], &[&old, &new]) && is_believed(&[&new], &[&old, &new]),
            "{name}"
        );
        let during = is_believed(&[&new, &old], &[&old]);
        assert_eq!(
            during,
            rotation == Rotation::SenderSignsBoth,
            "{name}: who knows the old alone"
        );
        assert!(is_believed(&[&new, &old], &[&new]), "{name}: who knows the new alone");
        assert!(!is_believed(&[&old], &[&new]), "{name}: the old key afterwards");
        assert!(!is_believed(&[&new], &[&old]), "{name}: the new key too early");
    }
    assert_eq!(directions.len(), 5, "{directions:?}");
}

#[test]
fn the_private_half_of_a_pair_is_never_handed_out() {
    let pairs = ["standard-webhooks-ed25519", "circle-v2", "turnkey", "bridge-xyz"];
    for name in pairs.into_iter().chain(["fireblocks-legacy", "fireblocks-v2", "paypal"]) {
        let scheme = scheme(name).unwrap();
        let secret = scheme.fresh_secret(&[5; 32]);
        let handed = scheme.handed(&secret);
        assert_ne!(handed, secret, "{name}");
        assert!(!handed.expose().contains("PRIVATE"), "{name}");
        assert!(scheme.check_secret(&handed).is_err(), "{name}: a public key signs nothing");
    }
    let shared = scheme("github").unwrap();
    let secret = shared.fresh_secret(&[5; 32]);
    assert_eq!(shared.handed(&secret), secret);
}

#[test]
fn events_of_the_reference_service_fit_every_scheme_but_one_of_a_shape_of_its_own() {
    let unfit: Vec<_> = names().into_iter().filter(|name| !signing().contains(name)).collect();
    assert_eq!(unfit, ["adyen-standard"]);
}
