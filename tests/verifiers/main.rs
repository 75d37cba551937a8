//! Writes down what every scheme's verifiers must accept and refuse, for verifiers that others
//! published: `./test` hands the file to `check.py` and `check.mjs` beside this one.
//!
//! One line per trial, with the key that a merchant would be given. The instant is a fixed one, to
//! which the scripts set their clocks.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;

use countersign::fault::trials;
use countersign::model::SimTime;
use countersign::signature::{Message, names, scheme, webhook_id};
use serde_json::json;

const NOW_S: i64 = 1_700_000_000;
const URL: &str = "https://shop.test/webhooks/payments";
const EVENT: &str = r#"{"id":"evt_01J8Z3K5Q7R9T1V3X5Z7B9D1F3","type":"payment.confirmed","text":"Grüße","data":{"amount":"250.00"}}"#;
/// Adyen signs the items of bodies of its own shape.
const ITEMS: &str = r#"{"live":"false","notificationItems":[{"NotificationRequestItem":{"pspReference":"7914073381342284","originalReference":"","merchantAccountCode":"TestMerchant","merchantReference":"TestPayment-1407325143704","amount":{"value":1130,"currency":"EUR"},"eventCode":"AUTHORISATION","success":"true"}}]}"#;

#[test]
fn trials_are_written_for_the_verifiers_of_others() {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let path = target.join("trials.jsonl");
    let mut file = std::fs::File::create(&path).unwrap();
    let mut seen = BTreeSet::new();
    for name in names() {
        let scheme = scheme(name).unwrap();
        let secret = scheme.fresh_secret(&[7; 32]);
        let key = scheme.handed(&secret);
        let body = if scheme.fits_any_body() { EVENT } else { ITEMS };
        let message = Message {
            id: "evt_01J8Z3K5Q7R9T1V3X5Z7B9D1F3",
            ts: SimTime::from_unix_ms(NOW_S * 1000),
            url: URL,
            method: "POST",
            body: body.as_bytes(),
        };
        for trial in trials(scheme, &secret, &message).unwrap().held {
            let line = json!({
                "scheme": name,
                "trial": trial.name,
                "is_genuine": trial.is_genuine,
                "key": key.expose(),
                "now_s": NOW_S,
                "url": URL,
                "webhook_id": webhook_id(URL),
                "headers": trial.message.headers,
                "body": String::from_utf8(trial.message.body).unwrap(),
            });
            writeln!(file, "{line}").unwrap();
            seen.insert((name, trial.is_genuine));
        }
    }
    // Both kinds, or the scripts would have nothing to tell apart.
    let without: Vec<_> =
        names().into_iter().filter(|name| !seen.contains(&(*name, false))).collect();
    assert_eq!(seen.iter().filter(|(_, is_genuine)| *is_genuine).count(), 33);
    assert_eq!(without, [""; 0]);
}
