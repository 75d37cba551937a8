//! Rails: an asset on a network, with what a payer and a merchant must know about it.
//!
//! One row per rail. Confirmations, tiers, minimum, expiry and block time are the provider's
//! defaults, grounded in published confirmation policies (BVNK, Cryptopay, Circle; November 2026).

use super::money::Asset;

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
    /// Whether a destination tag tells payers apart.
    pub tag: bool,
    /// How long a payment stays open, in seconds.
    pub expiry_s: u64,
    /// Simulated time between blocks, in milliseconds.
    pub block_ms: u64,
}

const BTC: Asset = Asset { symbol: "BTC", decimals: 8 };
const USDC: Asset = Asset { symbol: "USDC", decimals: 6 };
const USDT: Asset = Asset { symbol: "USDT", decimals: 6 };
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
        tag: false,
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
        tag: false,
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
        tag: false,
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
        tag: true,
        expiry_s: 1200,
        block_ms: 4000,
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

impl Rail {
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
