//! How a lane ends before its last step: the merchant dies, makes no payment, or cannot do what is
//! asked.

use countersign::history::{Fact, ScenarioEnded};

use super::{Asked, Shop, play};

#[test]
fn only_the_lane_whose_request_met_the_death_first_holds_it_against_the_merchant() {
    let cases = [
        ("checkout", true, true),
        ("checkout", false, false),
        ("send", true, true),
        ("send", false, false),
        // A look has no effect; the cause lies elsewhere.
        ("look", true, false),
        ("look", false, false),
    ];
    for (at, is_first, is_accused) in cases {
        let shop = Shop { dies: Some((at, is_first)), ..Shop::default() };
        let played = play(shop, "Then nothing changes");
        let why = match played.ended() {
            ScenarioEnded::MerchantDied(why) if is_accused => why,
            ScenarioEnded::Broken(why) if !is_accused => why,
            other => panic!("{at}, {is_first}: {other:?}"),
        };
        assert!(why.contains("signal 9"), "{why}");
        assert!(played.decided_ms().is_empty(), "nothing is decided after a death");
        let ends = played.entries.iter().filter(|e| matches!(e.fact, Fact::ScenarioEnded(_)));
        assert_eq!(ends.count(), 1);
    }
}

#[test]
fn a_checkout_without_a_payment_ends_the_lane_and_says_what_was_answered() {
    let shop = Shop { can_check_out: false, ..Shop::default() };
    let played = play(shop, "When the payer sends 100.00 USDT\nThen the order is paid");
    let ScenarioEnded::Broken(why) = played.ended() else { panic!("{:?}", played.ended()) };
    assert!(why.contains("no payment") && why.contains("500"), "{why}");
    assert_eq!(played.told(), "");
}

#[test]
fn reconciliation_is_driven_where_it_is_connected_and_not_testable_elsewhere() {
    let steps = "When the merchant reconciles\nThen nothing changes";
    let played = play(Shop { can_reconcile: true, ..Shop::default() }, steps);
    assert_eq!(*played.ended(), ScenarioEnded::Complete);
    assert!(played.asked.iter().any(|(_, asked)| *asked == Asked::Drive("reconcile")));
    let played = play(Shop::default(), steps);
    let missing = "not connected: drive.reconcile".to_owned();
    assert_eq!(*played.ended(), ScenarioEnded::NotTestable(missing));
}

#[test]
fn a_step_that_is_impossible_breaks_the_scenario_and_nobody_is_accused() {
    for steps in [
        "When the payment settles\nThen nothing changes",
        "When the provider accepts the payment\nThen nothing changes",
        "When \"payment.settled\" is delivered\nAnd the payer sends 1.00 USDT\nThen nothing changes",
    ] {
        let played = play(Shop::default(), steps);
        assert!(matches!(played.ended(), ScenarioEnded::Broken(_)), "{:?}", played.ended());
    }
}
