//! Statements as camt.053: the documents as they are, kept as files that `./test` holds against the
//! standard's schema.

use std::fs;

use countersign::model::Span;

use super::Desk;
use super::transition::{Act, act};

const PLACE: &str = "tests/provider/camt";

/// The statement of that rail, after a day on which everything was booked that can be.
fn document(rail: &str, (asset, network): (&str, &str), day: &str) -> String {
    let mut desk = Desk::new();
    let unit = 10u128.pow(if network == "bsc" { 18 } else { 6 });
    for (reference, last) in
        [("INV-1", &[][..]), ("INV/2:b", &[Act::OpenDispute, Act::LoseDispute])]
    {
        let payment = desk.create(reference, asset, network, "100.00");
        act(&mut desk, &payment, Act::Pay(100 * unit + 1)).unwrap();
        for step in [Act::Mine, Act::Settle].iter().chain(last) {
            // A dispute of the table is about a hundred of six decimals, wherever it is.
            act(&mut desk, &payment, *step).unwrap();
        }
        if last.is_empty() {
            act(&mut desk, &payment, Act::RefundPart(unit / 3)).unwrap();
            act(&mut desk, &payment, Act::CompleteRefund).unwrap();
        }
    }
    let out = format!(
        r#"{{"reference":"OUT-1","amount":"10","asset":"{asset}","network":"{network}","destination":{{"address":"A"}}}}"#
    );
    let reply = desk.call("POST", "/v1/payouts", &out, &[("idempotency-key", "out")]);
    let made: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
    desk.provider.complete_payout(made["id"].as_str().unwrap(), desk.now).unwrap();
    desk.pass(Span::from_s(86_400));
    let path = format!("/v1/statements/{day}?rail={rail}");
    let reply = desk.call("GET", &path, "", &[("accept", "application/xml")]);
    assert!(reply.headers.contains(&("content-type".to_owned(), "application/xml".to_owned())));
    String::from_utf8(reply.body).unwrap()
}

#[test]
fn documents_are_as_they_were_held_against_the_schema() {
    for (name, rail, pair, day) in [
        ("closed", "usdt-tron", ("USDT", "tron"), "2026-01-05"),
        ("eighteen-decimals", "usdt-bsc", ("USDT", "bsc"), "2026-01-05"),
        ("open", "usdt-tron", ("USDT", "tron"), "2026-01-06"),
    ] {
        let path = format!("{PLACE}/{name}.xml");
        let made = document(rail, pair, day);
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::create_dir_all(PLACE).unwrap();
            fs::write(&path, &made).unwrap();
        }
        let kept = fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(made, kept, "{path}: review, then UPDATE_GOLDEN=1, then ./test");
    }
}

/// What the standard cannot say stands beside it, exactly.
#[test]
fn what_has_no_place_stands_beside() {
    let xml = document("usdt-bsc", ("USDT", "bsc"), "2026-01-05");
    assert!(xml.contains(r#"<Amt Ccy="XXX">100.00000</Amt><CdtDbtInd>CRDT</CdtDbtInd>"#), "{xml}");
    assert!(xml.contains(" net=100.000000000000000001"), "{xml}");
    assert!(xml.contains("<Tp><Prtry>USDT-bsc</Prtry></Tp>"), "{xml}");
    for (kind, count) in
        [("payment/charge", 2), ("fee/", 2), ("refund/", 1), ("reversal/", 1), ("payout/", 1)]
    {
        assert_eq!(xml.matches(&format!("<Cd>{kind}")).count(), count, "{kind}");
    }
    assert_eq!(xml.matches("<RvslInd>true</RvslInd>").count(), 1);
}
