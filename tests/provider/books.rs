//! The books as anyone can read them over the API: they add up, whatever happened.

use countersign::model::{Rail, Status, Truth, rail_by_id};
use countersign::provider::profile::Counts;
use serde_json::Value;

use super::Desk;

/// What is shown of each transfer and refund adds up to what is shown of the payment, in atoms.
pub fn check_money(truth: &Truth, read: &Value, counts: Counts) {
    let asset = truth.due.asset;
    // Another network may have more decimals; what is finer than an atom here does not count.
    let atoms = |amount: &Value| {
        let (whole, fraction) = amount.as_str().unwrap().split_once('.').unwrap();
        let kept = fraction.len().min(usize::from(asset.decimals));
        asset.parse(&format!("{whole}.{}", &fraction[..kept])).unwrap().atoms
    };
    let lost = ["replaced", "orphaned", "reverted", "bounced", "locked"];
    let counts = |transfer: &&Value| match counts {
        Counts::Naive => transfer["asset"] == read["rail"]["asset"],
        Counts::Strict => {
            !lost.contains(&transfer["status"].as_str().unwrap())
                && transfer["asset"] == read["rail"]["asset"]
                && transfer["network"] == read["rail"]["network"]
                && transfer["contract"] == read["rail"]["contract"]
        }
    };
    let transfers = read["transactions"].as_array().unwrap().iter();
    let received: u128 = transfers.filter(counts).map(|transfer| atoms(&transfer["amount"])).sum();
    assert_eq!((truth.received.atoms, atoms(&read["amount"]["received"])), (received, received));
    let back = |statuses: &[&str]| -> u128 {
        let refunds = read["refunds"].as_array().unwrap().iter();
        let counted = refunds.filter(|r| statuses.contains(&r["status"].as_str().unwrap()));
        counted.map(|refund| atoms(&refund["amount"])).sum()
    };
    assert_eq!(atoms(&read["amount"]["refunded"]), back(&["completed"]));
    let disputed = match read["dispute"]["status"].as_str() {
        Some("opened" | "lost") => atoms(&read["dispute"]["amount"]),
        _ => 0,
    };
    assert!(back(&["pending", "processing", "completed"]) + disputed <= received);
    if truth.status == Status::Refunded {
        assert_eq!(back(&["completed"]) + disputed, received);
    }
}

/// Conservation: what came is credited, went back, is held, or waits to be credited; and nothing is
/// booked before it is settled.
pub fn check_books(desk: &mut Desk, read: &Value) {
    let rail = rail_by_id(read["rail"]["id"].as_str().unwrap()).unwrap();
    let mut credited = 0i128;
    let list = desk.get(&format!("/v1/statements?rail={}", rail.id));
    for head in list["data"].as_array().unwrap() {
        let date = head["period"]["from"].as_str().unwrap().split('T').next().unwrap();
        let statement = desk.get(&format!("/v1/statements/{date}?rail={}", rail.id));
        let mut sum = atoms_of(rail, &statement["opening"]);
        for line in statement["lines"].as_array().unwrap() {
            sum += atoms_of(rail, &line["net"]);
            if line["payment_id"] == read["id"] && line["type"] != "fee" {
                credited += atoms_of(rail, &line["net"]);
            }
        }
        assert_eq!(sum, atoms_of(rail, &statement["closing"]));
    }
    let lost = match read["dispute"]["status"].as_str() {
        Some("lost") => atoms_of(rail, &read["dispute"]["amount"]),
        _ => 0,
    };
    let received = atoms_of(rail, &read["amount"]["received"]);
    let refunded = atoms_of(rail, &read["amount"]["refunded"]);
    let left = received - credited - refunded - lost;
    let timeline = read["status_timeline"].as_array().unwrap();
    if timeline.iter().any(|entry| entry["status"] == "settled") {
        assert_eq!(left, 0, "{read}");
    } else {
        // Held where the payment is held, uncredited elsewhere.
        assert_eq!(credited, 0, "{read}");
        assert!(left >= 0, "{read}");
    }
}

/// What may be paid out is what the statements say, less what is on its way out: the running sum
/// against one over everything that can be read.
pub fn check_available(desk: &mut Desk, rail: &'static Rail) {
    let today = desk.now.to_string();
    let today = today.split('T').next().unwrap();
    let booked = desk.get(&format!("/v1/statements/{today}?rail={}", rail.id));
    let mut left = atoms_of(rail, &booked["closing"]);
    for payout in desk.get("/v1/payouts?limit=100")["data"].as_array().unwrap() {
        let here = payout["network"] == rail.network && payout["asset"] == rail.asset.symbol;
        if here && ["pending_review", "processing"].contains(&payout["status"].as_str().unwrap()) {
            left -= atoms_of(rail, &payout["amount"]);
        }
    }
    for payment in desk.get("/v1/payments?limit=100")["data"].as_array().unwrap() {
        let timeline = payment["status_timeline"].as_array().unwrap();
        let credited = timeline.iter().any(|entry| entry["status"] == "settled");
        if payment["rail"]["id"] != rail.id || !credited {
            continue;
        }
        for refund in payment["refunds"].as_array().unwrap() {
            if ["pending", "processing"].contains(&refund["status"].as_str().unwrap()) {
                left -= atoms_of(rail, &refund["amount"]);
            }
        }
        if payment["dispute"]["status"] == "opened" {
            left -= atoms_of(rail, &payment["dispute"]["amount"]);
        }
    }
    assert_eq!(desk.provider.available(rail), left, "{}", rail.id);
}

fn atoms_of(rail: &Rail, amount: &Value) -> i128 {
    let text = amount.as_str().unwrap();
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
    sign * i128::try_from(rail.asset.parse(digits).unwrap().atoms).unwrap()
}

/// Every statement of a rail: each adds up, they join, every day between is a day without lines, and
/// every payment line was confirmed. Answers the lines.
pub fn check_statements(desk: &mut Desk, rail: &'static Rail) -> Vec<Value> {
    let mut lines = Vec::new();
    let mut closing = "0".to_owned();
    let list = desk.get(&format!("/v1/statements?limit=100&rail={}", rail.id));
    for head in list["data"].as_array().unwrap() {
        let date = head["period"]["from"].as_str().unwrap().split('T').next().unwrap();
        let statement = desk.get(&format!("/v1/statements/{date}?rail={}", rail.id));
        assert_eq!(
            [&head["opening"], &head["closing"], &head["totals"]],
            [&statement["opening"], &statement["closing"], &statement["totals"]],
            "{date} is listed as it reads"
        );
        let opening = atoms_of(rail, &statement["opening"]);
        assert_eq!(opening, atoms_of(rail, &Value::from(closing)), "{date} joins");
        let of_day = statement["lines"].as_array().unwrap();
        assert!(!of_day.is_empty(), "only days with lines are listed");
        let net: i128 = of_day.iter().map(|line| atoms_of(rail, &line["net"])).sum();
        assert_eq!(atoms_of(rail, &statement["closing"]), opening + net);
        closing = statement["closing"].as_str().unwrap().to_owned();
        lines.extend(of_day.clone());
    }
    for line in lines.iter().filter(|line| line["category"] == "charge") {
        let id = line["payment_id"].as_str().unwrap();
        let confirmed = desk.get(&format!("/v1/events?type=payment.confirmed&payment_id={id}"));
        let confirmed = confirmed["data"].as_array().unwrap();
        assert!(confirmed.iter().any(|event| event["id"] == line["event_id"]), "{line}");
    }
    lines
}
