//! Rails: an asset on a network, with what a payer and a merchant must know about it.
//!
//! One row per rail, last checked in November 2026. Confirmations, tiers, minimum, expiry and block time are the provider's
//! defaults, grounded in published confirmation policies (BVNK, Cryptopay, Circle; November 2026).

use serde::{Deserialize, Serialize};

use super::Span;
use super::money::Asset;
use super::payment::words;

/// An asset on a network.
#[derive(Debug, PartialEq, Eq)]
pub struct Rail {
    /// Such as `usdt-tron`.
    pub id: &'static str,
    /// What is moved.
    pub asset: Asset,
    /// Where it is moved, such as `tron`.
    pub network: &'static str,
    /// Contract or issuer of the token; none for a native asset.
    pub contract: Option<&'static str>,
    /// Confirmations until the policy is met.
    pub confirmations: u32,
    /// Atoms above which more confirmations are asked: (more than, confirmations), ascending.
    pub tiers: &'static [(u128, u32)],
    /// The least that may be asked for, in atoms.
    pub minimum_atoms: u128,
    /// What tells one payer from another.
    pub attribution: Attribution,
    /// How long a payment stays open, in seconds.
    pub expiry_s: u64,
    /// Simulated time between blocks, in milliseconds; zero where there are none.
    pub block_ms: u64,
}

words! {
    /// How a transfer says for which payment it is.
    Attribution {
        /// Each payment has an address of its own.
        Address = "address",
        /// One address, and a destination tag for each payment: a whole number of 32 bits.
        Tag = "tag",
        /// One address, and a comment for each payment: that number as a text.
        Comment = "comment",
        /// Each payment is an invoice of its own.
        Invoice = "invoice",
    }
}

const BTC: Asset = Asset { symbol: "BTC", decimals: 8 };
const BTC_LIGHTNING: Asset = Asset { symbol: "BTC", decimals: 11 };
const DASH: Asset = Asset { symbol: "DASH", decimals: 8 };
const ETH: Asset = Asset { symbol: "ETH", decimals: 18 };
const LTC: Asset = Asset { symbol: "LTC", decimals: 8 };
const USDC: Asset = Asset { symbol: "USDC", decimals: 6 };
const USDT: Asset = Asset { symbol: "USDT", decimals: 6 };
const USDT_BSC: Asset = Asset { symbol: "USDT", decimals: 18 };
const XRP: Asset = Asset { symbol: "XRP", decimals: 6 };

/// Every rail, in the order in which lists show them.
pub static RAILS: &[Rail] = &[
    Rail {
        id: "usdt-tron",
        asset: USDT,
        network: "tron",
        contract: Some("TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"),
        confirmations: 20,
        tiers: &[],
        minimum_atoms: 1_000_000,
        attribution: Attribution::Address,
        expiry_s: 1200,
        block_ms: 3000,
    },
    Rail {
        id: "usdc-base",
        asset: USDC,
        network: "base",
        contract: Some("0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913"),
        confirmations: 10,
        // Above ten thousand, finality is that of the layer below: about 15 minutes of blocks.
        tiers: &[(10_000_000_000, 450)],
        minimum_atoms: 1_000_000,
        attribution: Attribution::Address,
        expiry_s: 1200,
        block_ms: 2000,
    },
    Rail {
        id: "btc-bitcoin",
        asset: BTC,
        network: "bitcoin",
        contract: None,
        confirmations: 2,
        tiers: &[(100_000_000, 3), (1_000_000_000, 6)],
        minimum_atoms: 10_000,
        attribution: Attribution::Address,
        expiry_s: 900,
        block_ms: 600_000,
    },
    Rail {
        id: "xrp-xrpl",
        asset: XRP,
        network: "xrpl",
        contract: None,
        confirmations: 1,
        tiers: &[],
        minimum_atoms: 1_000_000,
        attribution: Attribution::Tag,
        expiry_s: 1200,
        block_ms: 4000,
    },
    Rail {
        id: "btc-lightning",
        asset: BTC_LIGHTNING,
        network: "lightning",
        contract: None,
        confirmations: 0,
        // An amount is known to a thousandth of a satoshi; the least is one satoshi.
        tiers: &[],
        minimum_atoms: 1_000,
        attribution: Attribution::Invoice,
        expiry_s: 600,
        block_ms: 0,
    },
    Rail {
        id: "ltc-litecoin",
        asset: LTC,
        network: "litecoin",
        contract: None,
        confirmations: 6,
        tiers: &[(100_000_000_000, 12)],
        minimum_atoms: 1_000_000,
        attribution: Attribution::Address,
        expiry_s: 1200,
        block_ms: 150_000,
    },
    Rail {
        id: "dash-dash",
        asset: DASH,
        network: "dash",
        contract: None,
        confirmations: 6,
        tiers: &[],
        minimum_atoms: 1_000_000,
        attribution: Attribution::Address,
        expiry_s: 1200,
        block_ms: 150_000,
    },
    Rail {
        id: "eth-ethereum",
        asset: ETH,
        network: "ethereum",
        contract: None,
        confirmations: 12,
        tiers: &[(3_000_000_000_000_000_000, 65)],
        minimum_atoms: 1_000_000_000_000_000,
        attribution: Attribution::Address,
        expiry_s: 1200,
        block_ms: 12_000,
    },
    Rail {
        id: "usdt-ethereum",
        asset: USDT,
        network: "ethereum",
        contract: Some("0xdAC17F958D2ee523a2206206994597C13D831ec7"),
        confirmations: 12,
        tiers: &[],
        minimum_atoms: 10_000_000,
        attribution: Attribution::Address,
        expiry_s: 1200,
        block_ms: 12_000,
    },
    Rail {
        id: "usdc-polygon",
        asset: USDC,
        network: "polygon",
        contract: Some("0x3c499c542cEF5E3811e1192ce70d8cC03d5c3359"),
        confirmations: 50,
        tiers: &[],
        minimum_atoms: 1_000_000,
        attribution: Attribution::Address,
        expiry_s: 1200,
        block_ms: 2000,
    },
    Rail {
        id: "usdc-solana",
        asset: USDC,
        network: "solana",
        contract: Some("EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"),
        confirmations: 32,
        tiers: &[],
        minimum_atoms: 1_000_000,
        attribution: Attribution::Address,
        expiry_s: 1200,
        block_ms: 400,
    },
    Rail {
        id: "usdt-bsc",
        asset: USDT_BSC,
        network: "bsc",
        contract: Some("0x55d398326f99059fF775485246999027B3197955"),
        confirmations: 15,
        tiers: &[],
        minimum_atoms: 1_000_000_000_000_000_000,
        attribution: Attribution::Address,
        expiry_s: 1200,
        block_ms: 750,
    },
    Rail {
        id: "usdt-ton",
        asset: USDT,
        network: "ton",
        contract: Some("EQCxE6mUtQJKFnGfaROTKOt1lZbDiiX1kCixRv7Nw2Id_sDs"),
        confirmations: 1,
        tiers: &[],
        minimum_atoms: 1_000_000,
        attribution: Attribution::Comment,
        expiry_s: 1200,
        block_ms: 1000,
    },
];

/// The rail of that id.
#[must_use]
pub fn rail_by_id(id: &str) -> Option<&'static Rail> {
    RAILS.iter().find(|rail| rail.id == id)
}

/// The rail of that asset on that network.
#[must_use]
pub fn rail_by_asset_network(asset: &str, network: &str) -> Option<&'static Rail> {
    RAILS.iter().find(|rail| rail.asset.symbol == asset && rail.network == network)
}

impl Attribution {
    /// Whether a payer must name a number beside the address.
    #[must_use]
    pub const fn needs_tag(self) -> bool {
        match self {
            Self::Tag | Self::Comment => true,
            Self::Address | Self::Invoice => false,
        }
    }
}

impl Rail {
    /// Whether money is final the moment it is seen.
    #[must_use]
    pub const fn is_instant(&self) -> bool {
        self.confirmations == 0
    }

    /// Whether the network lists transfers that it did not carry out: where contracts run, and on
    /// a ledger that charges for what it refuses.
    #[must_use]
    pub fn can_fail(&self) -> bool {
        self.contract.is_some() || ["ethereum", "xrpl"].contains(&self.network)
    }

    /// Whether a transfer tells what its sender asked for apart from what it delivered.
    #[must_use]
    pub fn tells_what_was_requested(&self) -> bool {
        self.network == "xrpl"
    }

    /// Whether money can come that nobody may move: issuers freeze tokens, and the XRP ledger holds
    /// money in escrow.
    #[must_use]
    pub fn can_lock(&self) -> bool {
        self.contract.is_some() || self.network == "xrpl"
    }

    /// How long so many confirmations take.
    #[must_use]
    pub const fn time_for(&self, confirmations: u32) -> Span {
        Span::from_ms(self.block_ms.saturating_mul(confirmations as u64))
    }

    /// Confirmations that a payment of so many atoms needs.
    #[must_use]
    pub fn confirmations_for(&self, atoms: u128) -> u32 {
        let tier = self.tiers.iter().rev().find(|(above, _)| atoms > *above);
        tier.map_or(self.confirmations, |(_, confirmations)| *confirmations)
    }
}

/// In external forms a rail is its id.
impl serde::Serialize for &'static Rail {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.id)
    }
}

/// Reads a rail's id; for `#[serde(deserialize_with)]`.
pub(crate) fn deserialize<'de, D: serde::Deserializer<'de>>(
    d: D,
) -> Result<&'static Rail, D::Error> {
    let id = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(d)?;
    rail_by_id(&id).ok_or_else(|| serde::de::Error::custom(format!("no rail `{id}`")))
}
