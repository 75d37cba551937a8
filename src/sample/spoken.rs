//! What the payment service of the stage says: payments and events as JSON.

use serde_json::{Value, json};

use super::stage::REFERENCE;

/// The payment in that status; what came may be in parts, `125+125`.
pub(super) fn payment(due: &str, status: &str, received: &str) -> Value {
    let parts: Vec<_> = received.split('+').collect();
    let transfers = parts.iter().map(|part| json!({"asset": "USDT", "amount": part}));
    let transfers: Vec<_> = transfers.collect();
    let sum = match parts[..] {
        [one] => one.to_owned(),
        _ => parts.iter().map(|part| part.parse::<u64>().unwrap()).sum::<u64>().to_string(),
    };
    let timeline: &[&str] = match status {
        "pending" => &["pending"],
        "confirmed" => &["pending", "paid", "confirmed"],
        "settled" => &["pending", "paid", "confirmed", "settled"],
        "failed" => &["pending", "paid", "confirmed", "failed"],
        "refunded" => &["pending", "paid", "confirmed", "settled", "refunded"],
        other => &["pending", other],
    };
    let timeline: Vec<_> = timeline.iter().map(|status| json!({"status": status})).collect();
    json!({"id": "pay_1", "account": "acct_1", "livemode": true, "reference": REFERENCE,
           "status": status, "flags": [], "transactions": transfers,
           "rail": {"asset": "USDT", "network": "tron", "decimals": 6, "contract": "TR7"},
           "amount": {"due": due, "received": sum, "refunded": "0"},
           "status_timeline": timeline, "dispute": null})
}

/// A transfer that does not count: right in all but one respect.
pub(super) fn stray(mistake: &str, due: &str) -> Value {
    let mut transfer = json!({"asset": "USDT", "network": "tron", "contract": "TR7", "amount": due,
                              "confirmations": 0, "status": "seen"});
    match mistake {
        "other-asset" => transfer["asset"] = "TRX".into(),
        "other-network" => transfer["network"] = "bsc".into(),
        "look-alike" => transfer["contract"] = "TX9".into(),
        "failing" => transfer["status"] = "reverted".into(),
        "untagged" => transfer["status"] = "bounced".into(),
        "asked" => {
            transfer["requested"] = due.into();
            transfer["amount"] = "1".into();
        }
        other => panic!("no such mistake: {other}"),
    }
    transfer
}

pub(super) fn event(id: &str, kind: &str, payment: &Value) -> Value {
    json!({"id": id, "type": kind, "account": "acct_1", "livemode": true,
           "data": {"payment": payment}})
}
