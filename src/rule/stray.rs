//! What comes and does not count: the wrong coin, the wrong network, a transfer that moved nothing.
//!
//! The provider lists such a transfer and never counts it. One row for each mistake; all of them
//! are judged in one way.

use super::after::{became, each, heard, unmoved};
use super::case::{Case, Order};
use super::control::controlled;
use super::oracle::Fault;
use super::{Level, Need, Outcome, Owner, Rails, Rule};
use crate::model::{Mistake, Rail, Truth};

const NEEDS: &[Need] = &[Need::Checkout, Need::Order];
const NOT_JUDGED: &str = "An exception that is opened for what came: it is right to tell somebody. \
    Nor a transfer that comes beside the price.";
const FAULTS: &[Fault] = &[Fault::Unproven, Fault::ShortAccepted, Fault::Excess];

/// AMT-02
pub static ASSET_NOT_COMPARED: Rule = Rule {
    code: "AMT-02",
    title: "the paid asset is not compared with the order's",
    level: Level::Must,
    holds: "Sixty of one coin are not sixty of another. A merchant that compares numbers alone \
        sells for any coin, and payers choose the cheapest.",
    judged: "As many units of another asset of the same network come as are due of the right one; \
        the merchant is told, or asks. No fulfilment, no credit, and no order shown as paid. \
        Control: in the same scenario, an order paid exactly becomes paid.",
    not_judged: NOT_JUDGED,
    fix: "Take what the provider counts as received, or compare asset and decimals with the \
        order's own before the amount.",
    needs: NEEDS,
    only_on: Some(Rails {
        has: |rail| rail.allows(Mistake::OtherAsset),
        told: "carries another asset",
    }),
    owner: Owner::Engineering,
    references: &["Sun et al., NDSS 2014", "bitpay/bitpay-checkout-for-woocommerce#139"],
    explains: &["AMT-10", "AMT-17"],
    judge: |case| uncounted(case, Mistake::OtherAsset, "another asset"),
};

/// AMT-10
pub static LOOK_ALIKE_ACCEPTED: Rule = Rule {
    code: "AMT-10",
    title: "a token of the same name is taken for the real one",
    level: Level::Must,
    holds: "Anybody can issue a token called USDT. Its contract tells it from the real one; its \
        symbol does not, and a merchant that goes by it ships for worthless coins.",
    judged: "A token with the right symbol and decimals and another contract comes; the merchant \
        is told, or asks. No fulfilment, no credit, and no order shown as paid. Control: in the \
        same scenario, an order paid exactly becomes paid.",
    not_judged: NOT_JUDGED,
    fix: "Take what the provider counts as received; never go by a symbol.",
    needs: NEEDS,
    only_on: Some(Rails { has: |rail| rail.allows(Mistake::LookAlike), told: "has contracts" }),
    owner: Owner::Engineering,
    references: &["SlowMist, false top-ups", "fake USDT on TON"],
    explains: &[],
    judge: |case| uncounted(case, Mistake::LookAlike, "a look-alike token"),
};

/// AMT-17
pub static NETWORK_NOT_COMPARED: Rule = Rule {
    code: "AMT-17",
    title: "the right asset on the wrong network is taken for paid",
    level: Level::Must,
    holds: "One key has one address on several networks, so money arrives where nobody looks for \
        it. It may be recovered by hand, at a cost, or never; it has not paid the order.",
    judged: "The asset comes on another network with the same addresses; the merchant is told, or \
        asks. No fulfilment, no credit, and no order shown as paid. Control: in the same scenario, \
        an order paid exactly becomes paid.",
    not_judged: NOT_JUDGED,
    fix: "Compare the network of each transfer with the order's, or take what the provider counts.",
    needs: NEEDS,
    only_on: Some(Rails {
        has: |rail| rail.allows(Mistake::OtherNetwork),
        told: "shares its addresses with another network",
    }),
    owner: Owner::Engineering,
    references: &["MugglePay/MugglePay#9"],
    explains: &[],
    judge: |case| uncounted(case, Mistake::OtherNetwork, "the asset on another network"),
};

/// LIFE-04
pub static FAILED_TRANSFER_CREDITED: Rule = Rule {
    code: "LIFE-04",
    title: "a transfer that failed is credited because amount and address match",
    level: Level::Must,
    holds: "A chain lists transfers that moved nothing: reverted calls, tokens that return false. \
        They cost the sender a fee of cents, and look like the price.",
    judged: "A transfer of the price is listed whose execution failed; the merchant is told, or \
        asks. No fulfilment, no credit, and no order shown as paid. Control: in the same scenario, \
        an order paid exactly becomes paid.",
    not_judged: NOT_JUDGED,
    fix: "Look at the transfer's status before its amount, or take what the provider counts.",
    needs: NEEDS,
    only_on: Some(Rails {
        has: |rail| rail.allows(Mistake::Failing),
        told: "lists transfers that fail",
    }),
    owner: Owner::Engineering,
    references: &["SlowMist, EOS hard_fail", "SlowMist, ETH inner revert", "DEPOSafe, 2020"],
    explains: &[],
    judge: |case| uncounted(case, Mistake::Failing, "a transfer that failed"),
};

/// BIND-11
pub static UNTAGGED_CREDITED: Rule = Rule {
    code: "BIND-11",
    title: "money without its tag is credited to an order",
    level: Level::Must,
    holds: "Where many payers share one address, the tag says whose money it is. Money without one \
        is nobody's yet; whoever it is credited to gets what somebody else paid.",
    judged: "A transfer of the price comes without its tag; the merchant is told, or asks. No \
        fulfilment, no credit, and no order shown as paid. Control: in the same scenario, an order \
        paid exactly becomes paid.",
    not_judged: NOT_JUDGED,
    fix: "Match transfers by address and tag, or take what the provider counts.",
    needs: NEEDS,
    only_on: Some(Rails { has: |rail| rail.allows(Mistake::Untagged), told: "needs tags" }),
    owner: Owner::Engineering,
    references: &["XRPL, destination tags", "Stellar, memo required"],
    explains: &[],
    judge: |case| uncounted(case, Mistake::Untagged, "money without its tag"),
};

/// AMT-09
pub static REQUESTED_CREDITED: Rule = Rule {
    code: "AMT-09",
    title: "what the sender asked for is credited instead of what was delivered",
    level: Level::Must,
    holds: "On some chains a transfer names one amount and delivers less. A merchant that credits \
        the name is robbed of the difference, a thousandfold if the payer likes.",
    judged: "A transfer names at least the price and delivers a part of it; the merchant is told, \
        or asks. No fulfilment, and no credit of more than was delivered. Control: in the same \
        scenario, an order paid exactly becomes paid.",
    not_judged: "What becomes of the part that was delivered.",
    fix: "Read the delivered amount and no other.",
    needs: NEEDS,
    only_on: Some(Rails {
        has: Rail::tells_what_was_requested,
        told: "tells what was asked for from what was delivered",
    }),
    owner: Owner::Engineering,
    references: &["XRPL, partial payments exploit"],
    explains: &[],
    judge: |case| controlled(case, each(case, asked_for)),
};

/// Judges each order of which nothing came but that mistake.
fn uncounted(case: &Case<'_>, mistake: Mistake, what: &str) -> Outcome {
    let came = |truth: &Truth| truth.mistakes.contains(&mistake) && truth.received.is_zero();
    controlled(case, each(case, |order| ineffective(order, came, what)))
}

fn asked_for(order: &Order<'_>) -> Outcome {
    let came = |truth: &Truth| {
        truth.asked_for.is_some_and(|asked| asked.atoms >= truth.due.atoms)
            && truth.received.atoms < truth.due.atoms
    };
    ineffective(order, came, "a transfer that names more than it delivers")
}

/// Judges from when the merchant hears of what came until something else comes.
fn ineffective(order: &Order<'_>, came: impl Fn(&Truth) -> bool, what: &str) -> Outcome {
    let Some(since) = became(order, 0, &came) else { return Outcome::NotExercised };
    let Some(heard) = heard(order, since) else { return Outcome::NotExercised };
    let until = became(order, since, |truth| !came(truth)).unwrap_or(u64::MAX);
    let what = format!("{what} had no effect");
    unmoved(order, vec![since, heard], until, FAULTS, &what)
}
