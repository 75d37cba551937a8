//! What payers, networks and the provider's operator do, as steps: the truth that each leads to,
//! and the events that follow.

use countersign::history::ScenarioEnded;

use super::{Shop, play};

/// Steps after an order of 100 USDT on Tron, and what came of them.
const PLAYS: &[(&str, &str)] = &[
    ("the payer pays in three parts", "=paid created detected underpaid detected underpaid paid"),
    ("the payer sends a look-alike token", "created detected"),
    ("the payer sends one atom of another asset", "created detected"),
    ("the payer sends a transfer that fails", "created detected"),
    (
        "the payer pays exactly; the payer raises the fee of the transfer",
        "=paid =paid created paid detected",
    ),
    ("the payer pays exactly; the payer spends the coins elsewhere", "=paid created paid reverted"),
    (
        "the payer pays exactly; the payer replaces the transfer by one of 10.00 USDT",
        "=paid created paid reverted",
    ),
    (
        "the payer pays exactly; the network adds 3 blocks; the network is reorganised; \
         the lost transfer returns; the network confirms the transfer",
        "=paid =paid =paid =confirmed created paid reverted paid confirmed",
    ),
    (
        "the payer pays exactly; the network confirms the transfer; the network is reorganised",
        "=paid =confirmed =failed created paid confirmed failed",
    ),
    (
        "the payer pays exactly; the network stalls; 2 hours pass; the network goes on; \
         the network confirms the transfer",
        "=paid =confirmed created paid confirmed",
    ),
    (
        "the payer pays exactly; the network never confirms the transfer",
        "=paid =failed created paid failed",
    ),
    (
        "the payer pays exactly; the provider holds the payment; the provider releases the payment",
        "=paid =held =paid created paid held released",
    ),
    (
        "the payer pays exactly; the provider holds the payment; the provider rejects the payment",
        "=paid =held =failed created paid held failed",
    ),
    ("the provider cancels the payment", "=cancelled created cancelled"),
    ("the provider tries the endpoint out", "created webhook.test"),
    (
        "the payer pays exactly; the provider refunds 60.00 USDT; the refund is on its way; \
         the refund arrives; the provider refunds everything; the refund fails",
        "=paid =confirmed =settled =settled =settled =settled =settled =settled created paid \
         confirmed settled refund.created refund.completed refund.created refund.failed",
    ),
    (
        "the payer pays exactly; the provider refunds everything; the refund arrives",
        "=paid =confirmed =settled =settled =refunded created paid confirmed settled \
         refund.created refund.completed",
    ),
    (
        "the payer pays exactly; the payer disputes the payment; the dispute is won",
        "=paid =confirmed =settled =settled =settled created paid confirmed settled \
         dispute.opened dispute.won",
    ),
    (
        "the payer pays exactly; the payer disputes 60.00 USDT; the dispute is lost",
        "=paid =confirmed =settled =settled =settled created paid confirmed settled \
         dispute.opened dispute.lost",
    ),
];

/// Steps that cannot be taken there, and why.
const IMPOSSIBLE: &[(&str, &str)] = &[
    ("the payer spends the coins elsewhere", "no transfer is unconfirmed"),
    ("the network is reorganised", "took no transfer away"),
    ("the lost transfer returns", "no transfer was orphaned"),
    ("the provider releases the payment", "must be held"),
    ("the payer pays exactly; the provider cancels the payment", "must be pending"),
    ("the refund arrives", "no refund that is not over"),
    ("the dispute is won", "no open dispute"),
    ("the payer pays exactly; the provider refunds 100.01 USDT", "only 100.00 USDT is available"),
    ("the payer pays exactly; the network stalls; the network adds one block", "stalled"),
];

fn steps(deeds: &str) -> String {
    let deeds: Vec<_> = deeds.split("; ").map(|deed| format!("When {}", deed.trim())).collect();
    format!("{}\nThen the notification is acknowledged", deeds.join("\n"))
}

#[test]
fn each_deed_leads_to_its_truth_and_its_events() {
    for (deeds, told) in PLAYS {
        let played = play(Shop::default(), &steps(deeds));
        assert_eq!(*played.ended(), ScenarioEnded::Complete, "{deeds}");
        assert_eq!(played.told(), format!("{told} then"), "{deeds}");
    }
}

#[test]
fn what_cannot_be_is_said_and_proves_nothing() {
    for (deeds, why) in IMPOSSIBLE {
        let played = play(Shop::default(), &steps(deeds));
        let ended = played.ended();
        let is_told = matches!(ended, ScenarioEnded::Broken(said) if said.contains(why));
        assert!(is_told, "{deeds}: {ended:?}");
    }
}
