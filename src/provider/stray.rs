//! What comes where something else was due: the assets, networks and contracts that payers confuse.
//!
//! A table, read by the machine (can this be sent at all?) and by the wire (what does the transfer
//! show?). Knows no payment.

use crate::model::{Asset, RAILS, Rail};

use super::address;
use super::id::digest;
use super::payment::Coin;

/// Networks on which one key has one address everywhere, so that money can come on the wrong one.
const SHARED_ADDRESSES: &[&str] = &["ethereum", "base", "polygon", "bsc"];

/// What else wallets send on a network: its own coin, else a token that is common there. Bitcoin
/// and its like carry nothing else.
const OTHERS: &[(&str, Asset)] = &[
    ("tron", Asset { symbol: "TRX", decimals: 6 }),
    ("base", Asset { symbol: "ETH", decimals: 18 }),
    ("ethereum", Asset { symbol: "DAI", decimals: 18 }),
    ("polygon", Asset { symbol: "POL", decimals: 18 }),
    ("bsc", Asset { symbol: "BNB", decimals: 18 }),
    ("solana", Asset { symbol: "SOL", decimals: 9 }),
    ("ton", Asset { symbol: "TON", decimals: 9 }),
    ("xrpl", Asset { symbol: "RLUSD", decimals: 6 }),
];

/// What a transfer shows of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shown {
    pub asset: Asset,
    pub network: &'static str,
    pub contract: Option<String>,
}

/// What such a transfer on that rail shows. None: it cannot be sent there.
pub(super) fn coin(rail: &'static Rail, coin: Coin) -> Option<Shown> {
    let own = |network, contract: Option<&str>| Shown {
        asset: rail.asset,
        network,
        contract: contract.map(str::to_owned),
    };
    match coin {
        Coin::Own => Some(own(rail.network, rail.contract)),
        Coin::Untagged => rail.attribution.needs_tag().then(|| own(rail.network, rail.contract)),
        Coin::Failing => rail.can_fail().then(|| own(rail.network, rail.contract)),
        Coin::LookAlike => {
            rail.contract?;
            let seed = digest(&[b"look-alike", rail.id.as_bytes()]);
            let contract = address::address(rail.network, &seed);
            Some(Shown { contract: Some(contract), ..own(rail.network, None) })
        }
        Coin::OtherAsset => {
            let (_, asset) = OTHERS.iter().find(|(network, _)| *network == rail.network)?;
            Some(Shown { asset: *asset, ..own(rail.network, None) })
        }
        Coin::OtherNetwork => {
            let shares = |network: &str| SHARED_ADDRESSES.contains(&network);
            let other = RAILS.iter().find(|other| {
                other.asset.symbol == rail.asset.symbol
                    && other.network != rail.network
                    && shares(rail.network)
                    && shares(other.network)
            })?;
            Some(Shown { asset: other.asset, ..own(other.network, other.contract) })
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::model::rail_by_id;

    use super::*;

    #[test]
    fn mistakes_are_those_that_the_network_allows() {
        use Coin::{Failing, LookAlike, OtherAsset, OtherNetwork, Own, Untagged};
        let cases: &[(&str, &[Coin])] = &[
            ("usdt-tron", &[Own, OtherAsset, LookAlike, Failing]),
            ("usdc-base", &[Own, OtherAsset, OtherNetwork, LookAlike, Failing]),
            ("usdt-bsc", &[Own, OtherAsset, OtherNetwork, LookAlike, Failing]),
            ("btc-bitcoin", &[Own]),
            ("btc-lightning", &[Own]),
            ("xrp-xrpl", &[Own, OtherAsset, Untagged, Failing]),
            ("usdt-ton", &[Own, OtherAsset, LookAlike, Untagged, Failing]),
        ];
        let all = [Own, OtherAsset, OtherNetwork, LookAlike, Untagged, Failing];
        for (rail, possible) in cases {
            let rail = rail_by_id(rail).unwrap();
            let found: Vec<_> =
                all.into_iter().filter(|what| coin(rail, *what).is_some()).collect();
            assert_eq!(found, *possible, "{}", rail.id);
        }
    }

    #[test]
    fn a_look_alike_has_the_name_and_another_contract() {
        let rail = rail_by_id("usdt-tron").unwrap();
        let (own, other) = (coin(rail, Coin::Own).unwrap(), coin(rail, Coin::LookAlike).unwrap());
        assert_eq!((own.asset, own.network), (other.asset, other.network));
        assert_ne!(own.contract, other.contract);
    }
}
