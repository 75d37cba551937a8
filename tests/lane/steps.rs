//! What the steps mean: what is sent, when, how often and in which order.

use std::collections::BTreeSet;

use countersign::history::ScenarioEnded;
use countersign::merchant::Policy;
use countersign::model::Status;
use countersign::scenario::Arrival;

use super::{Asked, Played, Shop, play};

fn complete(shop: Shop, steps: &str) -> Played {
    let played = play(shop, steps);
    assert_eq!(*played.ended(), ScenarioEnded::Complete, "{steps}");
    played
}

#[track_caller]
fn check(steps: &str, told: &str) {
    assert_eq!(complete(Shop::default(), steps).told(), told, "{steps}");
}

#[test]
fn nothing_is_sent_before_the_first_then() {
    check(
        "When the payer sends 100.00 USDT
         And the network confirms the transfer
         And the payment settles
         Then the order is paid",
        "=paid =confirmed =settled created paid confirmed settled then",
    );
}

#[test]
fn nothing_is_sent_before_a_delivery_step_which_sends_what_came_earlier_once_and_in_order() {
    check(
        r#"When the payer sends 100.00 USDT
           And "payment.paid" is delivered
           And the network confirms the transfer
           And the payment settles
           And "payment.settled" is delivered
           Then the order is paid"#,
        "=paid created paid =confirmed =settled confirmed settled then",
    );
}

#[test]
fn naming_an_event_drives_the_provider_to_it() {
    let cases = [
        ("payment.created", "created then"),
        ("payment.paid", "=paid created paid then"),
        ("payment.confirmed", "=paid =confirmed created paid confirmed then"),
        ("payment.settled", "=paid =confirmed =settled created paid confirmed settled then"),
        ("payment.expired", "=expired created expired then"),
        ("payment.late", "=expired =expired created expired late then"),
    ];
    for (event, told) in cases {
        check(&format!("When \"{event}\" is delivered\nThen nothing changes"), told);
    }
}

#[test]
fn an_event_that_the_provider_cannot_announce_breaks_the_scenario() {
    let steps = "When the payment expires\nAnd \"payment.paid\" is delivered\nThen nothing changes";
    let ended = play(Shop::default(), steps);
    assert!(matches!(ended.ended(), ScenarioEnded::Broken(why) if why.contains("payment.paid")));
}

#[test]
fn a_named_event_goes_out_only_as_said() {
    check(
        "When the payer sends 100.00 USDT
         And the network confirms the transfer
         And the notifications arrive in the order settled, confirmed, paid
         Then the order is paid",
        "=paid =confirmed =settled created settled confirmed paid then",
    );
    check(
        r#"When the payer sends 100.00 USDT
           And "payment.confirmed" is delivered
           Then the order is paid
           When "payment.paid" is delivered again
           Then the order is still paid"#,
        "=paid =confirmed created confirmed then paid then",
    );
}

#[test]
fn what_is_held_back_waits_for_the_step_that_names_it() {
    check(
        r#"When "payment.created" is held back
           And the payer sends 100.00 USDT
           And "payment.confirmed" is delivered
           Then the order is paid
           When "payment.created" is delivered
           Then the order is still paid"#,
        "=paid =confirmed paid confirmed then created then",
    );
    // Where none does, it waits for ever.
    check(
        r#"When "payment.paid" is held back
           And the payer sends 100.00 USDT
           Then the order is paid"#,
        "=paid =confirmed created confirmed then",
    );
}

#[test]
fn what_is_lost_is_never_sent() {
    check(
        r#"When "payment.paid" is never delivered
           And the payer sends 100.00 USDT
           Then the order is paid"#,
        "=paid =confirmed created confirmed then",
    );
    check(
        r#"When the payer sends 100.00 USDT
           And every other event is never delivered
           And "payment.settled" is delivered twice
           Then the order is paid"#,
        "=paid =confirmed =settled settled settled then",
    );
    check(
        "When nothing is delivered
         And the payer sends 100.00 USDT
         And the network confirms the transfer
         Then nothing changes",
        "=paid =confirmed then",
    );
}

/// From the step on: what went out before has gone out.
#[test]
fn losses_begin_with_their_step() {
    check(
        r#"When the payer sends 100.00 USDT
           And "payment.paid" is delivered
           And nothing is delivered
           And the network confirms the transfer
           Then nothing changes"#,
        "=paid created paid =confirmed then",
    );
}

#[test]
fn copies_go_out_in_turn_or_at_once() {
    let sends = |steps: &str| {
        let played = complete(Shop::default(), steps);
        let sends = played.asked.into_iter().filter_map(|(_, asked)| match asked {
            Asked::Send(messages, arrival) => Some((messages, arrival)),
            _ => None,
        });
        sends.collect::<Vec<_>>()
    };
    let (one, five) = ((1, Arrival::InTurn), (5, Arrival::AtOnce));
    let then = "\nThen nothing changes";
    let in_turn = format!("When \"payment.created\" is delivered 3 times{then}");
    assert_eq!(sends(&in_turn), [one, one, one]);
    let at_once = format!("When \"payment.created\" is delivered 5 times at once{then}");
    assert_eq!(sends(&at_once), [five]);
    let each = "When the notifications arrive in the order confirmed, paid, each 5 times at once";
    assert_eq!(sends(&format!("{each}{then}")), [one, five, five]);
}

#[test]
fn copies_are_one_event_and_a_restatement_is_another() {
    let played = complete(
        Shop::default(),
        r#"When the payer sends 100.00 USDT
           And "payment.confirmed" is delivered 3 times
           And "payment.confirmed" is delivered again
           And "payment.confirmed" is delivered again under a new event id
           Then the order is paid"#,
    );
    let told = "=paid =confirmed created paid confirmed confirmed confirmed confirmed confirmed \
                then";
    assert_eq!(played.told(), told);
    let attempts = played.attempts();
    let confirmed = attempts.iter().filter(|(_, a)| a.event_type == "payment.confirmed");
    let counted: Vec<_> = confirmed.clone().map(|(_, attempt)| attempt.attempt).collect();
    assert_eq!(counted, [1, 2, 3, 4, 1]);
    let ids: BTreeSet<_> = confirmed.map(|(_, attempt)| attempt.event.as_str()).collect();
    assert_eq!(ids.len(), 2);
}

#[test]
fn only_positive_expectations_drive_the_provider_on_and_a_later_then_delivers_what_that_queued() {
    check(
        "When the payer sends 100.00 USDT
         Then nothing changes
         And no credit is posted
         And the order is not fulfilled
         And the books agree with the provider
         And the order is paid",
        "=paid created paid then then then then =confirmed confirmed then",
    );
    check("Then nothing changes", "created then");
}

#[test]
fn the_provider_is_driven_as_far_as_the_policy_needs() {
    let policy = |fulfil_at, post_at| Policy { fulfil_at, post_at, ..Policy::default() };
    let cases = [
        (policy(Status::Confirmed, Status::Confirmed), "paid", "=paid =confirmed"),
        (policy(Status::Settled, Status::Confirmed), "paid", "=paid =confirmed =settled"),
        (policy(Status::Paid, Status::Confirmed), "paid", "=paid"),
        (policy(Status::Confirmed, Status::Settled), "posted", "=paid =confirmed =settled"),
        (policy(Status::Settled, Status::Confirmed), "posted", "=paid =confirmed"),
        (policy(Status::Settled, Status::Confirmed), "fulfilled", "=paid =confirmed =settled"),
    ];
    for (policy, expected, reached) in cases {
        let then = match expected {
            "paid" => "the order is paid",
            "posted" => "exactly one credit of 100.00 USDT is posted",
            _ => "the order is fulfilled once",
        };
        let shop = Shop { policy, ..Shop::default() };
        let played = complete(shop, &format!("When the payer sends 100.00 USDT\nThen {then}"));
        let told = played.told();
        let truths: Vec<_> = told.split(' ').filter(|word| word.starts_with('=')).collect();
        assert_eq!(truths.join(" "), reached, "{then}");
    }
}

#[test]
fn what_is_queued_for_every_order_goes_out_at_the_first_then() {
    check(
        r#"When the payer sends 100.00 USDT
           Given another order of 100.00 USDT on tron
           When the payer sends 100.00 USDT
           And "payment.paid" is delivered
           Then nothing changes
           Given we turn to the first order
           Then the order is paid"#,
        "=paid 2:=paid 2:created 2:paid created paid 2:then =confirmed 2:=confirmed confirmed \
         2:confirmed then",
    );
}

#[test]
fn forgeries_and_unknown_news_go_out_once_behind_what_is_queued() {
    check(
        r#"When the payer sends 100.00 USDT
           And a forged "payment.confirmed" arrives signed with another key
           And an event of an unknown type is delivered
           Then no credit is posted
           And the order is paid"#,
        "=paid created paid !confirmed annotated then =confirmed confirmed then",
    );
}

/// Each part of the price is announced by events of the same kinds.
#[test]
fn of_events_of_one_kind_the_next_is_meant_with_what_came_before_it() {
    check(
        r#"When the payer sends 30.00 USDT
           And "payment.underpaid" is delivered
           And the payer sends 30.00 USDT
           And "payment.underpaid" is delivered
           Then nothing changes"#,
        "created detected underpaid detected underpaid then",
    );
}

#[test]
fn what_an_expectation_drove_to_is_announced_although_a_later_step_names_it() {
    let policy = Policy { fulfil_at: Status::Settled, ..Policy::default() };
    let steps = r#"When the payer sends 100.00 USDT
                   And "payment.confirmed" is delivered
                   Then the order is paid
                   When "payment.settled" is delivered
                   Then the order is still paid"#;
    let played = complete(Shop { policy, ..Shop::default() }, steps);
    assert_eq!(
        played.told(),
        "=paid =confirmed created paid confirmed =settled settled then settled then"
    );
}

#[test]
fn books_are_closed_before_they_are_compared_where_the_policy_waits_for_settlement() {
    let steps = "When \"payment.confirmed\" is delivered\nThen the books agree with the provider";
    let policies = [
        (Status::Confirmed, "=paid =confirmed created paid confirmed then"),
        (Status::Settled, "=paid =confirmed created paid confirmed =settled settled then"),
    ];
    for (post_at, told) in policies {
        let policy = Policy { post_at, ..Policy::default() };
        assert_eq!(complete(Shop { policy, ..Shop::default() }, steps).told(), told);
    }
}

#[test]
fn what_is_held_back_goes_behind_all_that_is_sent_before_the_first_then() {
    const STEPS: &str = "Given the next create call is carried out, but the answer is held back
         And another order of 100.00 USDT on tron
         When the payer sends 100.00 USDT
         And the network confirms the transfer
         Then the order is paid";
    let played = complete(Shop::default(), STEPS);
    let asked = played.asked.iter().map(|(_, asked)| asked);
    let wanted = [Asked::Drive("checkout"); 2].iter().chain(&[Asked::Send(1, Arrival::InTurn); 4]);
    let wanted = wanted.chain(&[Asked::Release, Asked::Look]).collect::<Vec<_>>();
    assert_eq!(asked.collect::<Vec<_>>(), wanted);

    let blocked = play(Shop { is_blocked: true, ..Shop::default() }, STEPS);
    assert!(matches!(blocked.ended(), ScenarioEnded::NotTestable(_)), "{:?}", blocked.ended());

    let unasked = "Given the next create call is carried out, but the answer is held back
         And another order of 100.00 USDT on tron
         When the buyer checks out again
         Then the order is awaiting";
    let played = complete(Shop::default(), unasked);
    let released = played.asked.iter().position(|(_, asked)| *asked == Asked::Release);
    assert_eq!(released, Some(2), "before the next checkout: {:?}", played.asked);
}
