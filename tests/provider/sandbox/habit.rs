//! A sandbox with the habits of a provider: its schedule on the moved clock, its words and its
//! signatures, checked by nothing of ours.

use countersign::model::Reference;
use countersign::provider::profile::{Profile, SigningKey};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::*;

/// What an endpoint received.
struct Came {
    headers: BTreeMap<String, String>,
    body: String,
}

impl Rig {
    fn at(profile: &str, change: impl Fn(&mut Profile) + 'static) -> Self {
        let name = profile.to_owned();
        let configs = move || {
            let mut config = config_at(&name, "acct_01J8Z3AAAA0000000000000000", true, KEY);
            let mut profile = (*config.profile).clone();
            change(&mut profile);
            config.profile = profile.into();
            vec![config]
        };
        Self::of(configs, Some(URL))
    }

    /// The attempt that is due, answered with that status.
    fn receive(&mut self, status: u16) -> Option<Came> {
        let dispatch = self.sandbox.take_attempt(self.wall)?;
        let signed = dispatch.signed(dispatch.signed_at.unwrap_or(self.wall)).unwrap();
        self.answer(dispatch, status);
        let headers = signed.headers.into_iter().collect();
        Some(Came { headers, body: String::from_utf8(signed.body).unwrap() })
    }

    /// What an endpoint's secret was after so many rotations.
    fn secret(&self, rotations: usize) -> String {
        let provider = self.sandbox.provider(BooksId::default());
        let endpoint = provider.endpoints().next().unwrap().id.clone();
        provider.webhook_secret(&endpoint, rotations).unwrap().expose().to_owned()
    }

    /// Passes real time, so that a signature of now is not one of before.
    fn pass(&mut self, span: Span) {
        self.wall = self.wall.plus(span);
    }

    fn rotate(&mut self) {
        let endpoint = self.sandbox.provider(BooksId::default()).endpoints().next().unwrap();
        let path = format!("/v1/webhook_endpoints/{}/rotate", endpoint.id);
        assert_eq!(self.call("POST", &path, "rotate", r#"{"overlap_s":0}"#).status, 200);
    }
}

fn mac(secret: &str, signed: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(signed.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

/// How a webhook of Stripe is verified, by its documentation.
fn stripe_proves(secret: &str, came: &Came) -> bool {
    let header = &came.headers["stripe-signature"];
    let part = |name: &str| header.split(',').find_map(|part| part.strip_prefix(name)).unwrap();
    part("v1=") == mac(secret, &format!("{}.{}", part("t="), came.body))
}

#[test]
fn stripes_habits_are_those_of_its_sandbox() {
    let mut rig = Rig::at("stripe", |_| {});
    let payment = rig.create("k");
    rig.obey(act(&payment, PAY)).unwrap();
    let secret = rig.secret(0);
    let (created, paid) = (rig.receive(200).unwrap(), rig.receive(500).unwrap());
    assert!(stripe_proves(&secret, &created) && stripe_proves(&secret, &paid));
    let told: Value = serde_json::from_str(&paid.body).unwrap();
    assert_eq!(told["type"], "payment_intent.processing");
    assert_eq!(told["data"]["payment"]["status"], "processing");
    // Five minutes and half an hour, each a tenth more or less.
    for (too_early_s, late_enough_s) in [(269, 62), (1619, 362)] {
        rig.obey(Command::Advance { ms: too_early_s * 1000 }).unwrap();
        assert!(rig.receive(500).is_none(), "before it is due");
        rig.obey(Command::Advance { ms: late_enough_s * 1000 }).unwrap();
        let again = rig.receive(500).expect("it is due");
        assert!(stripe_proves(&secret, &again));
        assert_eq!(again.body, paid.body);
    }
    let read = body(&rig.call("GET", &format!("/v1/payments/{payment}"), "", ""));
    assert_eq!(read["status"], "processing");
}

#[test]
fn what_ends_a_delivery_is_the_profiles() {
    for (profile, status, standing) in [
        ("default", 302, "waiting"),
        ("coingate", 302, "ended"),
        ("coingate", 202, "waiting"),
        ("coinbase-commerce", 204, "waiting"),
        ("btcpay", 404, "ended"),
        ("btcpay", 429, "waiting"),
    ] {
        let mut rig = Rig::at(profile, |_| {});
        let payment = rig.create("k");
        rig.attempt(status).unwrap();
        assert_eq!(rig.standings(&payment), [standing], "{profile} {status}");
    }
}

/// One queue: what is not acknowledged holds up what is behind it, until it is given up.
#[test]
fn a_failing_delivery_holds_up_those_behind_it_where_the_provider_has_one_queue() {
    for (profile, held_up) in [("btcpay", true), ("default", false)] {
        let mut rig = Rig::at(profile, |_| {});
        let payment = rig.create("k");
        rig.obey(act(&payment, PAY)).unwrap();
        let first = rig.attempt(500).unwrap();
        assert_eq!(rig.attempt(200).is_none(), held_up, "{profile}");
        rig.obey(Command::Drop { event: first.clone(), endpoint: None }).unwrap();
        assert_eq!(rig.attempt(200).is_some(), held_up, "{profile}");
        assert_eq!(rig.standings(&payment)[0], "dropped", "{profile}");
        rig.obey(Command::Redeliver { event: first.clone(), endpoint: None }).unwrap();
        assert_eq!(rig.attempt(200), Some(first));
    }
}

/// A restamped retry has other bytes; what is shown of it is what was sent, after a restart too.
#[test]
fn each_attempt_is_shown_as_it_was_sent() {
    let mut rig = Rig::at("btcpay", |_| {});
    let payment = rig.create("k");
    let first = rig.receive(500).unwrap();
    rig.obey(Command::Advance { ms: 11_000 }).unwrap();
    let second = rig.receive(200).unwrap();
    assert_ne!(first.body, second.body);
    let secret = rig.secret(0);
    for came in [&first, &second] {
        assert_eq!(came.headers["btcpay-sig"], format!("sha256={}", mac(&secret, &came.body)));
    }
    let shown = rig.detail(&payment);
    let attempts = &shown["events"][0]["deliveries"][0]["attempts"];
    assert_eq!(attempts[0].get("request_body"), None);
    assert_eq!(attempts[1]["request_body"], second.body);
    for (n, came) in [first, second].iter().enumerate() {
        let headers: BTreeMap<String, String> =
            serde_json::from_value(attempts[n]["request_headers"].clone())
                .map(|pairs: Vec<(String, String)>| pairs.into_iter().collect())
                .unwrap();
        assert_eq!(headers, came.headers);
    }
    rig.sandbox = rig.restarted();
    assert_eq!(rig.detail(&payment), shown);
}

/// A delivery that failed before the secret was changed, and is tried again after.
fn tried_after_a_rotation(change: fn(&mut Profile)) -> (Rig, Came, Came) {
    let mut rig = Rig::at("stripe", change);
    rig.create("k");
    let first = rig.receive(500).unwrap();
    rig.rotate();
    rig.pass(Span::from_s(400));
    let second = rig.receive(200).expect("it is due");
    assert!(stripe_proves(&rig.secret(0), &first) && first.body == second.body);
    (rig, first, second)
}

#[test]
fn a_retry_is_signed_with_the_key_that_the_profile_says() {
    let (rig, first, second) = tried_after_a_rotation(|_| {});
    assert!(stripe_proves(&rig.secret(1), &second) && !stripe_proves(&rig.secret(0), &second));
    assert_ne!(first.headers, second.headers);

    let (rig, first, second) = tried_after_a_rotation(|profile| {
        profile.delivery.signing_key_on_retry = SigningKey::AtCreation;
    });
    assert!(stripe_proves(&rig.secret(0), &second) && !stripe_proves(&rig.secret(1), &second));
    assert_ne!(first.headers, second.headers, "at another time");

    for key in [SigningKey::Current, SigningKey::AtCreation] {
        let change: fn(&mut Profile) = match key {
            SigningKey::Current => |profile| profile.delivery.resign_on_retry = false,
            SigningKey::AtCreation => |profile| {
                profile.delivery.resign_on_retry = false;
                profile.delivery.signing_key_on_retry = SigningKey::AtCreation;
            },
        };
        let (mut rig, first, second) = tried_after_a_rotation(change);
        assert_eq!(first.headers, second.headers, "{key:?}: what is not signed anew stays");
        rig.create("l");
        let fresh = rig.receive(200).unwrap();
        assert!(stripe_proves(&rig.secret(1), &fresh), "{key:?}: what is new has the new key");
    }
}

/// Two accounts at a provider whose calls are signed: each call is for the books of its key.
#[test]
fn a_signed_call_finds_its_account() {
    let accounts = ["acct_01J8Z3AAAA0000000000000000", "acct_01J8Z3BBBB0000000000000000"];
    let keys = [KEY, "sk_live_fedcba9876543210"];
    let configs = move || {
        let pairs = accounts.iter().zip(keys);
        pairs.map(|(id, key)| config_at("kobbopay-observed", id, true, key)).collect()
    };
    let mut rig = Rig::of(configs, Some(URL));
    for (position, (account, key)) in accounts.into_iter().zip(keys).enumerate() {
        let wish = r#"{"token":"USDTTRC","client_transaction_id":"INV-1"}"#;
        let request = crate::routes::signed_by(account, ("POST", "/invoice/create"), wish, key);
        let (reply, _) = rig.sandbox.call(request.clone(), rig.wall);
        assert_eq!(reply.status, 200, "{}", body(&reply));
        let made = rig.sandbox.books(Some(account), None).unwrap();
        let payments = rig.sandbox.provider(made).payments_of(&Reference::new("INV-1"));
        assert_eq!(payments.len(), 1, "{position}");
    }
    let came = rig.receive(200).expect("the first account has an endpoint");
    let stamp = &came.headers["x-kobbopay-timestamp"];
    let expected = mac(&rig.secret(0), &format!("{stamp}.{}", came.body));
    assert_eq!(came.headers["x-kobbopay-signature"], expected);
    let told: Value = serde_json::from_str(&came.body).unwrap();
    assert_eq!((&told["event"], &told["orderId"]), (&"payment.created".into(), &"INV-1".into()));
    let event = format!("payment:{}:payment.created", told["paymentId"].as_str().unwrap());
    assert_eq!(came.headers["x-kobbopay-event-id"], event);
    let before = rig.sandbox.status_json(rig.wall);
    assert_eq!(rig.restarted().status_json(rig.wall), before);
}
