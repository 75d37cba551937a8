//! What payers send by mistake, and where it can happen at all.

use serde::{Deserialize, Serialize};

use super::payment::words;
use super::{RAILS, Rail};

words! {
    /// What a payer sends by mistake. Nothing of it counts.
    Mistake {
        /// Another asset of the same network.
        OtherAsset = "other_asset",
        /// The same asset on another network that has the same addresses.
        OtherNetwork = "other_network",
        /// A token of the same name from another contract.
        LookAlike = "look_alike",
        /// The right asset without the tag that tells payers apart.
        Untagged = "untagged",
        /// A transfer that the chain lists and does not carry out.
        Failing = "failing",
        /// A transfer of the right asset that its issuer or a contract keeps locked.
        Locked = "locked",
    }
}

/// Networks that carry one asset and nothing else.
const PLAIN_NETWORKS: &[&str] = &["bitcoin", "lightning", "litecoin", "dash"];

/// Networks on which one key has one address everywhere, so that money can come on the wrong one.
const SHARED_ADDRESSES: &[&str] = &["ethereum", "base", "polygon", "bsc"];

impl Rail {
    /// Whether a payer on this rail can make that mistake.
    #[must_use]
    pub fn allows(&self, mistake: Mistake) -> bool {
        match mistake {
            Mistake::OtherAsset => !PLAIN_NETWORKS.contains(&self.network),
            Mistake::OtherNetwork => self.sibling().is_some(),
            Mistake::LookAlike => self.contract.is_some(),
            Mistake::Untagged => self.attribution.needs_tag(),
            Mistake::Failing => self.can_fail(),
            Mistake::Locked => self.can_lock(),
        }
    }

    /// A rail of the same asset on another network with the same addresses.
    #[must_use]
    pub fn sibling(&self) -> Option<&'static Self> {
        let shares = |network: &str| SHARED_ADDRESSES.contains(&network);
        RAILS.iter().find(|other| {
            other.asset.symbol == self.asset.symbol
                && other.network != self.network
                && shares(self.network)
                && shares(other.network)
        })
    }
}
