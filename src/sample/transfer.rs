//! One transfer as the payment service lists it, and the ways in which a shop counts what does not
//! count.
//!
//! A sound shop never counts: it takes what the service says was received. Knows no order.

use serde::Deserialize;

use super::defect::Fault;
use super::money::{Rail, parse_atoms};

/// A transfer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Transfer {
    pub asset: String,
    pub amount: String,
    #[serde(default)]
    network: String,
    contract: Option<String>,
    requested: Option<String>,
    #[serde(default)]
    confirmations: u64,
    #[serde(default)]
    status: String,
}

impl Transfer {
    /// Whether a block carries it.
    pub(super) const fn is_in_a_block(&self) -> bool {
        self.confirmations > 0
    }

    /// Planted: what this transfer adds to a count in which one comparison is left out.
    fn atoms(&self, rail: &Rail, contract: Option<&str>, fault: Fault) -> u128 {
        let left_out = |faults: &[Fault]| faults.contains(&fault);
        let is_asset = self.asset == rail.asset || left_out(&[Fault::AssetNotCompared]);
        let is_network = self.network == rail.network || left_out(&[Fault::NetworkNotCompared]);
        let is_contract = self.contract.as_deref() == contract
            || left_out(&[
                Fault::AssetNotCompared,
                Fault::NetworkNotCompared,
                Fault::ContractNotCompared,
            ]);
        let is_good = match self.status.as_str() {
            "reverted" => left_out(&[Fault::RevertedCounts]),
            "bounced" => left_out(&[Fault::UntaggedCounts]),
            "replaced" | "orphaned" | "locked" => false,
            _ => true,
        };
        if !(is_asset && is_network && is_contract && is_good) {
            return 0;
        }
        let requested = self.requested.as_ref().filter(|_| fault == Fault::RequestedCounts);
        parse_atoms(requested.unwrap_or(&self.amount), rail.decimals).unwrap_or(0)
    }
}

/// Planted (AMT-02, AMT-09, AMT-10, AMT-17, BIND-11, LIFE-04): the shop's own count of what came.
/// None: it does not count by itself.
pub(super) fn own_count(
    transfers: &[Transfer],
    rail: &Rail,
    contract: Option<&str>,
    fault: Option<Fault>,
) -> Option<u128> {
    let fault = fault.filter(|fault| fault.miscounts())?;
    let atoms = transfers.iter().map(|transfer| transfer.atoms(rail, contract, fault));
    Some(atoms.fold(0, u128::saturating_add))
}

impl Fault {
    const fn miscounts(self) -> bool {
        matches!(
            self,
            Self::AssetNotCompared
                | Self::NetworkNotCompared
                | Self::ContractNotCompared
                | Self::RevertedCounts
                | Self::UntaggedCounts
                | Self::RequestedCounts
        )
    }
}
