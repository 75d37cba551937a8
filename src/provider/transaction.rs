//! One transfer as the payment's `transactions` show it.
//!
//! Shows truly what came, whatever counts: asset, network, contract, amount, and what the network
//! did to it since. Decides nothing.

use serde::Serialize;

use crate::model::{Money, Rail};

use super::address;
use super::id::digest;
use super::payment::{Coin, Fate, Payment, View};
use super::stray;

/// The transfer on the wire.
#[derive(Serialize)]
pub(super) struct TransactionForm {
    hash: String,
    index: u32,
    from: String,
    asset: &'static str,
    network: &'static str,
    contract: Option<String>,
    amount: String,
    requested: Option<String>,
    confirmations: u64,
    required: u32,
    status: &'static str,
    replaces: Option<String>,
}

/// The transfer at this position, as it was at that view.
///
/// Hash and sender follow from the payment and the position alone: a claim about a transfer that
/// has not come yet names the hash that it will have.
pub(super) fn form(of: &Payment, position: usize, view: &View) -> TransactionForm {
    let rail = of.terms.rail;
    let transfer = &of.transfers[position];
    let shown = stray::coin(rail, transfer.coin);
    let shown = shown.expect("a transfer that cannot be sent is refused");
    let required = of.confirmations_required();
    let confirmations = of.confirmations_in(position, view.fates, view.height);
    TransactionForm {
        hash: hash(of, position),
        index: 0,
        from: sender(of, position),
        asset: shown.asset.symbol,
        network: shown.network,
        contract: shown.contract,
        amount: amount(rail, transfer.coin, transfer.atoms),
        requested: transfer.requested.map(|atoms| amount(rail, transfer.coin, atoms)),
        confirmations,
        required,
        status: match (transfer.coin, of.fate_in(position, view.fates)) {
            (_, Some(Fate::Replaced)) => "replaced",
            (_, Some(Fate::Orphaned)) => "orphaned",
            (Coin::Failing, _) => "reverted",
            (Coin::Untagged, _) => "bounced",
            _ if confirmations >= u64::from(required) => "confirmed",
            _ if confirmations == 0 => "seen",
            _ => "confirming",
        },
        replaces: transfer.replaces.map(|replaced| hash(of, replaced)),
    }
}

/// From where the transfer came.
pub(super) fn sender(of: &Payment, position: usize) -> String {
    address::address(of.terms.rail.network, &seed(of, "payer", position))
}

/// The hash of the transfer at this position.
pub(super) fn hash(of: &Payment, position: usize) -> String {
    address::transaction_hash(of.terms.rail.network, &seed(of, "transaction", position))
}

fn amount(rail: &'static Rail, coin: Coin, atoms: u128) -> String {
    let asset = stray::coin(rail, coin).map_or(rail.asset, |shown| shown.asset);
    Money { atoms, asset }.amount()
}

fn seed(of: &Payment, what: &str, position: usize) -> [u8; 32] {
    let number = (position as u64).to_be_bytes();
    digest(&[what.as_bytes(), of.id.as_str().as_bytes(), &number])
}
