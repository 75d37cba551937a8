//! One transfer as the payment's `transactions` show it.
//!
//! Shows truly what came, whatever counts: asset, network, contract, amount, and what the network
//! did to it since. Decides nothing.

use schemars::JsonSchema;
use serde::Serialize;

use crate::model::{Money, Rail};

use super::address;
use super::id::digest;
use super::payment::{Coin, Fate, Payment, View};
use super::shape;
use super::stray;

/// What the network did to a transfer.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
enum TransferStatus {
    /// No block carries it yet.
    Seen,
    /// Blocks carry it, fewer than the policy asks for.
    Confirming,
    /// As many blocks carry it as the policy asks for.
    Confirmed,
    /// Another transfer spent the same coins.
    Replaced,
    /// The block that carried it is no part of the chain any more.
    Orphaned,
    /// Its execution failed: nothing moved.
    Reverted,
    /// It went back for want of a tag.
    Bounced,
    /// It came, and nobody may move it.
    Locked,
}

/// The transfer on the wire.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Transaction")]
pub(super) struct TransactionForm {
    hash: String,
    /// Which part of the transaction; with the hash it names the transfer.
    index: u32,
    from: String,
    asset: &'static str,
    network: &'static str,
    /// The token's contract; null for a network's own asset.
    contract: Option<String>,
    /// What was delivered.
    #[schemars(with = "shape::Amount")]
    amount: String,
    /// What the sender asked for, where the chain tells that apart; null otherwise.
    #[schemars(with = "Option<shape::Amount>")]
    requested: Option<String>,
    confirmations: u64,
    /// How many confirmations the policy asks for.
    required: u32,
    status: TransferStatus,
    /// The hash of the transfer that this one replaces.
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
            (_, Some(Fate::Replaced)) => TransferStatus::Replaced,
            (_, Some(Fate::Orphaned)) => TransferStatus::Orphaned,
            (Coin::Failing, _) => TransferStatus::Reverted,
            (Coin::Untagged, _) => TransferStatus::Bounced,
            (Coin::Locked, _) => TransferStatus::Locked,
            _ if confirmations >= u64::from(required) => TransferStatus::Confirmed,
            _ if confirmations == 0 => TransferStatus::Seen,
            _ => TransferStatus::Confirming,
        },
        replaces: transfer.replaces.map(|replaced| hash(of, replaced)),
    }
}

/// From where the transfer came.
pub(super) fn sender(of: &Payment, position: usize) -> String {
    let position = of.transfers.get(position).and_then(|of| of.repeats).unwrap_or(position);
    address::address(of.terms.rail.network, &seed(of, "payer", position))
}

/// The hash of the transfer at this position.
pub(super) fn hash(of: &Payment, position: usize) -> String {
    let position = of.transfers.get(position).and_then(|of| of.repeats).unwrap_or(position);
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
