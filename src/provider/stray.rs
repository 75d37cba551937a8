//! What comes where something else was due: the assets, networks and contracts that payers confuse.
//!
//! A table, read by the machine (can this be sent at all?) and by the wire (what does the transfer
//! show?). Knows no payment.

use crate::model::{Asset, Mistake, PaymentId, Rail, SimTime};

use super::id::digest;
use super::payment::Coin;
use super::refused::Refused;
use super::transfer::Sending;
use super::{Event, Provider, address};

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

impl From<Mistake> for Coin {
    fn from(mistake: Mistake) -> Self {
        match mistake {
            Mistake::OtherAsset => Self::OtherAsset,
            Mistake::OtherNetwork => Self::OtherNetwork,
            Mistake::LookAlike => Self::LookAlike,
            Mistake::Untagged => Self::Untagged,
            Mistake::Failing => Self::Failing,
            Mistake::Locked => Self::Locked,
        }
    }
}

impl Provider {
    /// The payer sends something by mistake: so many atoms of it, or as many units as are due,
    /// whatever they are worth. What comes wrongly never counts, so nothing of it is ever missing.
    ///
    /// # Errors
    /// As `send`.
    pub fn mistake(
        &mut self,
        payment: &PaymentId,
        (mistake, atoms): (Mistake, Option<u128>),
        now: SimTime,
    ) -> Result<Vec<Event>, Refused> {
        let truth = self.truth(payment);
        let truth = truth.ok_or_else(|| Refused::UnknownPayment(payment.clone()))?;
        let coin = Coin::from(mistake);
        let shown = self::coin(truth.rail, coin).ok_or(Refused::NoSuchCoin(truth.rail.id))?;
        let due = truth.due;
        let whole = || converted(due.atoms, due.asset, shown.asset);
        let sending = Sending { atoms: atoms.unwrap_or_else(whole), requested: None, coin };
        self.send(payment, sending, now)
    }
}

/// As many units of another asset, whatever they are worth; as many as can be counted.
fn converted(atoms: u128, from: Asset, to: Asset) -> u128 {
    let power = |n: u8| 10_u128.pow(u32::from(n));
    match to.decimals.checked_sub(from.decimals) {
        Some(more) => atoms.saturating_mul(power(more)),
        None => atoms / power(from.decimals - to.decimals),
    }
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
        Coin::Locked => rail.can_lock().then(|| own(rail.network, rail.contract)),
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
            let other = rail.sibling()?;
            Some(Shown { asset: other.asset, ..own(other.network, other.contract) })
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::model::{RAILS, rail_by_id};

    use super::*;

    #[test]
    fn mistakes_are_those_that_the_network_allows() {
        use Coin::{Failing, Locked, LookAlike, OtherAsset, OtherNetwork, Own, Untagged};
        let cases: &[(&str, &[Coin])] = &[
            ("usdt-tron", &[Own, OtherAsset, LookAlike, Failing, Locked]),
            ("usdc-base", &[Own, OtherAsset, OtherNetwork, LookAlike, Failing, Locked]),
            ("usdt-bsc", &[Own, OtherAsset, OtherNetwork, LookAlike, Failing, Locked]),
            ("btc-bitcoin", &[Own]),
            ("btc-lightning", &[Own]),
            ("xrp-xrpl", &[Own, OtherAsset, Untagged, Failing, Locked]),
            ("usdt-ton", &[Own, OtherAsset, LookAlike, Untagged, Failing, Locked]),
        ];
        let all = [Own, OtherAsset, OtherNetwork, LookAlike, Untagged, Failing, Locked];
        for (rail, possible) in cases {
            let rail = rail_by_id(rail).unwrap();
            let found: Vec<_> =
                all.into_iter().filter(|what| coin(rail, *what).is_some()).collect();
            assert_eq!(found, *possible, "{}", rail.id);
        }
    }

    #[test]
    fn the_model_knows_the_same_mistakes() {
        for rail in RAILS {
            for mistake in Mistake::ALL {
                let possible = coin(rail, Coin::from(*mistake)).is_some();
                assert_eq!(rail.allows(*mistake), possible, "{mistake} on {}", rail.id);
            }
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
