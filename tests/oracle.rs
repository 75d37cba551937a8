//! What the provider's truth allows a merchant to show, row by row: the table of expected states,
//! and the bounds of credits and fulfilments, under each policy.

use std::collections::BTreeSet;

use countersign::merchant::{Amount, Policy};
use countersign::model::{
    AmountState, Asset, ExceptionClass, Flag, Money, OrderState, PaymentId, Reference, Status,
    Truth, rail_by_id,
};
use countersign::rule::oracle::{Allowed, Scrutiny, Shown, inspect};

/// Rows of a table, without its head; cells are trimmed.
fn rows(table: &'static str) -> Vec<Vec<&'static str>> {
    let lines = table.trim().lines().skip(1);
    lines.map(|line| line.trim().trim_matches('|').split('|').map(str::trim).collect()).collect()
}

fn usdt(text: &str) -> Money {
    Asset { symbol: "USDT", decimals: 6 }.parse(text).unwrap()
}

/// `confirmed 40 manual`: status, what was received of 100 where it is not the whole or nothing,
/// flags.
fn truth(text: &str) -> Truth {
    let mut words = text.split(' ').peekable();
    let payment = if words.next_if_eq(&"other").is_some() { "pay_2" } else { "pay_1" };
    let status = Status::from_word(words.next().unwrap()).unwrap();
    let nothing = matches!(status, Status::Pending | Status::Expired);
    let received = words.next_if(|word| word.parse::<u32>().is_ok());
    let received = usdt(received.unwrap_or(if nothing { "0" } else { "100" }));
    // A transfer that does not count, such as one without its tag.
    let is_stray = words.next_if_eq(&"stray").is_some();
    let due = usdt("100");
    let amount_state = match received.atoms.cmp(&due.atoms) {
        _ if received.is_zero() => AmountState::None,
        std::cmp::Ordering::Less => AmountState::Under,
        std::cmp::Ordering::Equal => AmountState::Exact,
        std::cmp::Ordering::Greater => AmountState::Over,
    };
    Truth {
        strictly_counted: true,
        payment: PaymentId::new(payment),
        reference: Reference::new("CS-1"),
        rail: rail_by_id("usdt-tron").unwrap(),
        status,
        amount_state,
        flags: words.map(|word| Flag::from_word(word).unwrap()).collect(),
        due,
        received,
        transfers: u32::from(is_stray || !received.is_zero()),
        mistakes: BTreeSet::new(),
        asked_for: None,
        charged_back: None,
        event: None,
    }
}

/// `under accept, tolerance 60`, on top of what a policy is by default; `-` is nothing.
fn policy(text: &str) -> Policy {
    let mut policy = Policy::default();
    for (word, value) in text.split(", ").filter_map(|part| part.split_once(' ')) {
        let status = || Status::from_word(value).unwrap();
        let amount = || match value {
            "park" => Some(Amount::Park),
            "accept" => Some(Amount::Accept),
            "refund" => Some(Amount::Refund),
            other => panic!("no answer `{other}`"),
        };
        match word {
            "fulfil_at" => policy.fulfil_at = status(),
            "post_at" => policy.post_at = status(),
            "tolerance" => policy.amount_tolerance = value.to_owned(),
            "under" => policy.under = amount(),
            "over" => policy.over = amount(),
            "late" => policy.late = amount(),
            other => panic!("no policy `{other}`"),
        }
    }
    policy
}

fn allowed(policy_text: &str, truths: &[&str]) -> Allowed {
    let truths: Vec<_> = truths.iter().map(|text| truth(text)).collect();
    Allowed::after(&policy(policy_text), usdt("100"), &truths.iter().collect::<Vec<_>>())
}

fn states(text: &str) -> BTreeSet<OrderState> {
    text.split_whitespace().map(|word| OrderState::from_word(word).unwrap()).collect()
}

/// The journeys that the provider takes: each truth of the tables with those before it.
fn journey(last: &'static str) -> Vec<&'static str> {
    let before: &[&str] = match last {
        "pending" => &[],
        "pending stray" | "pending stray wrong_asset" => &["pending"],
        "expired stray wrong_asset" => &["pending", "pending stray wrong_asset"],
        "pending 40" | "paid" | "paid 110" | "expired" => &["pending"],
        "confirmed" => &["pending", "paid"],
        "confirmed 110" => &["pending", "paid 110"],
        "settled" => &["pending", "paid", "confirmed"],
        "expired 40" => &["pending", "pending 40"],
        "expired 40 late" | "expired 100 late" => &["pending", "expired"],
        "confirmed 40 late manual" => &["pending", "pending 40", "expired 40"],
        "confirmed 100 late manual" => &["pending", "expired", "expired 100 late"],
        "settled 100 late manual" => {
            &["pending", "expired", "expired 100 late", "confirmed 100 late manual"]
        }
        other => panic!("no journey to `{other}`"),
    };
    before.iter().copied().chain([last]).collect()
}

/// States once the merchant has caught up, where goods may leave at that status.
const STATES: &str = "
| provider says             | paid                                | confirmed                      | settled                        |
| pending                   | awaiting                            | awaiting                       | awaiting                       |
| pending 40                | awaiting exception                  | awaiting exception             | awaiting exception             |
| pending stray             | awaiting exception                  | awaiting exception             | awaiting exception             |
| pending stray wrong_asset | awaiting exception                  | awaiting exception             | awaiting exception             |
| expired stray wrong_asset | cancelled awaiting exception        | cancelled awaiting exception   | cancelled awaiting exception   |
| paid                      | awaiting provisional paid           | awaiting provisional           | awaiting provisional           |
| paid 110                  | awaiting provisional paid exception | awaiting provisional exception | awaiting provisional exception |
| confirmed                 | paid                                | paid                           | awaiting provisional           |
| confirmed 110             | paid exception                      | paid exception                 | awaiting provisional exception |
| settled                   | paid                                | paid                           | paid                           |
| expired                   | cancelled awaiting exception        | cancelled awaiting exception   | cancelled awaiting exception   |
| expired 40                | cancelled awaiting exception        | cancelled awaiting exception   | cancelled awaiting exception   |
| expired 100 late          | cancelled awaiting exception        | cancelled awaiting exception   | cancelled awaiting exception   |
| confirmed 40 late manual  | paid exception                      | paid exception                 | awaiting provisional exception |
| confirmed 100 late manual | paid exception                      | paid exception                 | awaiting provisional exception |
| settled 100 late manual   | paid exception                      | paid exception                 | paid exception                 |
";

#[test]
fn states_follow_the_table() {
    for row in rows(STATES) {
        for (fulfil_at, expected) in ["paid", "confirmed", "settled"].iter().zip(&row[1..]) {
            let policy = format!("fulfil_at {fulfil_at}");
            let allowed = allowed(&policy, &journey(row[0]));
            assert_eq!(allowed.states_right, states(expected), "{} ({policy})", row[0]);
        }
    }
}

/// A merchant that lags behind shows what was right earlier; it never runs ahead.
#[test]
fn who_lags_behind_may_show_what_was_right_before() {
    for row in rows(STATES) {
        for (fulfil_at, _) in ["paid", "confirmed", "settled"].iter().zip(&row[1..]) {
            let policy = format!("fulfil_at {fulfil_at}");
            let truths = journey(row[0]);
            let mut expected = states("awaiting");
            for i in 0..truths.len() {
                expected.extend(allowed(&policy, &truths[..=i]).states_right);
                if ["paid", "confirmed", "settled"].iter().any(|s| truths[i].starts_with(s)) {
                    expected.insert(OrderState::Provisional);
                }
            }
            let shown = allowed(&policy, &truths).states;
            assert_eq!(shown, expected, "{} ({policy})", row[0]);
            let early = !shown.contains(&OrderState::Paid);
            let reached = truths.iter().any(|text| {
                let order = ["paid", "confirmed", "settled"];
                let rank = |word: &str| order.iter().position(|other| *other == word);
                rank(text.split(' ').next().unwrap()) >= rank(fulfil_at)
            });
            assert_eq!(early, !reached, "{} ({policy})", row[0]);
        }
    }
}

/// The most that may be credited, and the sums that are right once the merchant has caught up.
const CREDITS: &str = "
| provider says             | policy                              | most | right    |
| pending                   | -                                   | 0    | 0        |
| pending 40                | -                                   | 0    | 0        |
| pending 40                | under accept                        | 0    | 0        |
| paid                      | -                                   | 0    | 0        |
| paid                      | fulfil_at paid                      | 0    | 0        |
| confirmed                 | -                                   | 100  | 100      |
| confirmed                 | post_at settled                     | 0    | 0        |
| confirmed                 | fulfil_at settled                   | 100  | 100      |
| settled                   | post_at settled                     | 100  | 100      |
| confirmed 110             | -                                   | 110  | 0 100 110 |
| expired                   | -                                   | 0    | 0        |
| expired                   | late accept, under accept           | 0    | 0        |
| expired 40                | -                                   | 0    | 0        |
| expired 40                | under park                          | 0    | 0        |
| expired 40                | late accept                         | 0    | 0        |
| expired 40                | under accept                        | 100  | 0 100    |
| expired 100 late          | -                                   | 0    | 0        |
| expired 100 late          | under accept                        | 0    | 0        |
| expired 100 late          | late refund                         | 0    | 0        |
| expired 100 late          | late accept                         | 100  | 0 100    |
| expired 40 late           | late accept                         | 40   | 0 40     |
| confirmed 40 late manual  | -                                   | 40   | 0 40     |
| confirmed 40 late manual  | tolerance 59                        | 40   | 0 40     |
| confirmed 40 late manual  | tolerance 60                        | 100  | 0 40 100 |
| confirmed 40 late manual  | under accept                        | 100  | 0 40 100 |
| confirmed 40 late manual  | post_at settled                     | 0    | 0        |
| confirmed 100 late manual | -                                   | 100  | 0 100    |
| settled 100 late manual   | post_at settled                     | 100  | 0 100    |
";

#[test]
fn credits_follow_what_was_received() {
    for row in rows(CREDITS) {
        let [provider, policy, most, right] = row[..] else { panic!("{row:?}") };
        let allowed = allowed(policy, &journey(provider));
        assert_eq!(allowed.credit_max, usdt(most), "{provider} ({policy})");
        let right: BTreeSet<_> = right.split_whitespace().map(usdt).collect();
        assert_eq!(allowed.credit_right, right, "{provider} ({policy})");
    }
}

/// The most fulfilments, those that are right, whether an exception is due, whether it is short.
const EFFECTS: &str = "
| provider says             | policy                   | most | right | due | short |
| pending                   | -                        | 0    | 0 0   | no  | no    |
| pending 40                | -                        | 0    | 0 0   | no  | yes   |
| paid                      | -                        | 0    | 0 0   | no  | no    |
| paid                      | fulfil_at paid           | 1    | 0 1   | no  | no    |
| confirmed                 | fulfil_at paid           | 1    | 1 1   | no  | no    |
| confirmed                 | -                        | 1    | 1 1   | no  | no    |
| confirmed                 | fulfil_at settled        | 0    | 0 0   | no  | no    |
| settled                   | fulfil_at settled        | 1    | 1 1   | no  | no    |
| confirmed 110             | -                        | 1    | 0 1   | no  | no    |
| expired                   | -                        | 0    | 0 0   | no  | no    |
| expired 40                | -                        | 0    | 0 0   | yes | yes   |
| expired 40                | under park               | 0    | 0 0   | yes | yes   |
| expired 40                | under refund             | 0    | 0 0   | no  | yes   |
| expired 40                | under accept             | 0    | 0 0   | no  | no    |
| expired 40                | late accept              | 0    | 0 0   | yes | yes   |
| expired 100 late          | -                        | 0    | 0 0   | yes | no    |
| expired 100 late          | late park                | 0    | 0 0   | yes | no    |
| expired 100 late          | late refund              | 0    | 0 0   | no  | no    |
| expired 100 late          | late accept              | 0    | 0 0   | no  | no    |
| expired 100 late          | under accept             | 0    | 0 0   | yes | no    |
| confirmed 40 late manual  | -                        | 0    | 0 0   | no  | yes   |
| confirmed 40 late manual  | tolerance 60             | 1    | 0 1   | no  | no    |
| confirmed 40 late manual  | under accept             | 1    | 0 1   | no  | no    |
| confirmed 100 late manual | -                        | 1    | 0 1   | no  | no    |
";

#[test]
fn fulfilments_and_exceptions_follow_the_policy() {
    let yes = |flag| if flag { "yes" } else { "no" };
    for row in rows(EFFECTS) {
        let [provider, policy, most, right, due, short] = row[..] else { panic!("{row:?}") };
        let allowed = allowed(policy, &journey(provider));
        let (least, top) = allowed.fulfil_right.clone().into_inner();
        let told = (allowed.fulfil_max.to_string(), format!("{least} {top}"));
        assert_eq!(told, (most.to_owned(), right.to_owned()), "{provider} ({policy})");
        let told = (yes(allowed.exception_due), yes(allowed.is_short));
        assert_eq!(told, (due, short), "{provider} ({policy})");
    }
}

/// Classes of an open exception that fit; `other` always does.
const CLASSES: &str = "
| provider says             | classes                                               |
| pending                   | other                                                 |
| confirmed                 | other                                                 |
| pending 40                | other amount-mismatch                                 |
| confirmed 110             | other amount-mismatch                                 |
| expired                   | other late-payment delayed-confirmation               |
| expired 40                | other late-payment delayed-confirmation amount-mismatch |
| expired 100 late          | other late-payment delayed-confirmation               |
| confirmed 100 late manual | other late-payment delayed-confirmation               |
";

#[test]
fn classes_fit_what_is_peculiar() {
    for row in rows(CLASSES) {
        let classes = row[1].split(' ').map(|word| ExceptionClass::from_word(word).unwrap());
        let classes: BTreeSet<_> = classes.collect();
        assert_eq!(allowed("-", &journey(row[0])).classes, classes, "{}", row[0]);
    }
}

#[test]
fn before_a_payment_exists_nothing_may_be_shown() {
    let allowed = allowed("fulfil_at paid, under accept, late accept", &[]);
    assert_eq!(allowed.states, states("awaiting"));
    assert_eq!((allowed.credit_max, allowed.fulfil_max), (usdt("0"), 0));
}

/// Orders with two payments: what was said of them, the states that are right, the credits, the
/// most that may be credited, the fewest fulfilments.
const TWO_PAYMENTS: &str = "
| truths                    | states                       | credits | most | goods |
| confirmed, other settled  | paid exception               | 100 200 | 200  | 0     |
| confirmed, other confirmed | paid exception              | 100 200 | 200  | 0     |
| paid, other confirmed     | paid exception               | 100     | 100  | 0     |
| confirmed, other pending  | paid                         | 100     | 100  | 1     |
| other expired, confirmed  | paid                         | 100     | 100  | 1     |
| confirmed, other expired  | paid                         | 100     | 100  | 1     |
| expired, other pending    | awaiting cancelled exception | 0       | 0    | 0     |
| expired 40, other settled | paid exception               | 100     | 100  | 0     |
| confirmed, refunded, other pending | awaiting refunded exception | 0 100 | 100 | 0 |
";

#[test]
fn the_payment_that_got_furthest_governs_and_another_is_somebodys_money() {
    for row in rows(TWO_PAYMENTS) {
        let truths: Vec<_> = row[0].split(", ").collect();
        let allowed = allowed("-", &truths);
        assert_eq!(allowed.states_right, states(row[1]), "{row:?}");
        let credits: BTreeSet<_> = row[2].split(' ').map(usdt).collect();
        assert_eq!(allowed.credit_right, credits, "{row:?}");
        assert_eq!(allowed.credit_max, usdt(row[3]), "{row:?}");
        assert_eq!(allowed.fulfil_right.start().to_string(), row[4], "{row:?}");
    }
    let twice = allowed("-", &["confirmed", "other settled"]);
    assert!(twice.classes.contains(&ExceptionClass::DuplicatePayment));
}

/// Merchants with an order whose two payments were both confirmed, once everything must have caught
/// up: state, credits, fulfilments, class of the open exception, and the faults.
const TWO_CONFIRMED: &str = "
| shown                                  | faults                     |
| paid 100 1 -                           | -                          |
| paid 100 1 duplicate-payment           | -                          |
| paid 100+100 1 duplicate-payment       | -                          |
| exception 100 0 duplicate-payment      | -                          |
| paid 100+100 2 duplicate-payment       | Repeated                   |
| paid 100+100+100 1 duplicate-payment   | Repeated                   |
| exception 100 0 -                      | Missing                    |
| awaiting 0 0 -                         | Missing Missing            |
| cancelled 100 1 -                      | Unproven Missing           |
";

#[test]
fn an_order_paid_twice_is_shipped_once_and_credited_at_most_twice() {
    let allowed = allowed("-", &["confirmed", "other confirmed"]);
    for row in rows(TWO_CONFIRMED) {
        let cells: Vec<_> = row[0].split(' ').collect();
        let &[state, credits, fulfilments, class] = &cells[..] else { panic!("{row:?}") };
        let credits: Vec<_> = credits.split('+').map(usdt).filter(|of| !of.is_zero()).collect();
        let credited = credits.iter().fold(usdt("0"), |sum, of| sum.plus(*of).unwrap());
        let shown = Shown {
            state: OrderState::from_word(state),
            credited: Some(credited),
            credits: Some(credits.len().try_into().unwrap()),
            reversed: Some(usdt("0")),
            refunds: Some(0),
            refunded: Some(usdt("0")),
            odd_posting: None,
            fulfilments: fulfilments.parse().ok(),
            exceptions: Some(ExceptionClass::from_word(class).into_iter().collect()),
        };
        let found = inspect(&shown, &allowed, usdt("100"), false, Scrutiny::ALL);
        let faults: Vec<_> = found.iter().map(|(fault, ..)| format!("{fault:?}")).collect();
        let expected = if row[1] == "-" { "" } else { row[1] };
        assert_eq!(faults.join(" "), expected, "{row:?}");
    }
}
