//! Quotes: what a fiat price is in an asset.
//!
//! The rates are fixed, so that a run repeats; nothing here asks a market. Only US dollars are
//! quoted so far.

use crate::model::{Asset, Money, MoneyError, Rail};

use super::payment::Price;

/// The one currency in which prices may be given.
pub(super) const CURRENCY: Asset = Asset { symbol: "USD", decimals: 2 };

const RATE_DECIMALS: u8 = 6;

/// Price of one unit in millionths of a dollar.
const RATES: &[(&str, u128)] = &[
    ("USDT", 1_000_000),
    ("USDC", 1_000_000),
    ("BTC", 96_500_000_000),
    ("ETH", 3_420_000_000),
    ("LTC", 104_000_000),
    ("DASH", 41_500_000),
    ("XRP", 2_430_000),
];

/// Why there is no quote.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum QuoteError {
    /// The text is no amount of dollars.
    #[error(transparent)]
    Amount(#[from] MoneyError),
    /// No rate for this asset.
    #[error("{0} is not quoted; give an amount in the asset instead of a price")]
    NotQuoted(&'static str),
}

/// What is due for the price: price / rate, rounded up to the next atom.
pub(super) fn quote(rail: &Rail, amount: &str) -> Result<(Money, Price), QuoteError> {
    let price = CURRENCY.parse(amount)?;
    let asset = rail.asset;
    let row = RATES.iter().find(|(symbol, _)| *symbol == asset.symbol);
    let rate = row.ok_or(QuoteError::NotQuoted(asset.symbol))?.1;
    let scale = 10u128.pow(u32::from(asset.decimals + RATE_DECIMALS - CURRENCY.decimals));
    let scaled = price.atoms.checked_mul(scale);
    let atoms = scaled.ok_or_else(|| MoneyError::Overflow(amount.to_owned()))?.div_ceil(rate);
    let rate = Money { atoms: rate, asset: Asset { symbol: "USD", decimals: RATE_DECIMALS } };
    let price = Price { amount: price.amount(), currency: CURRENCY.symbol, rate: rate.amount() };
    Ok((Money { atoms, asset }, price))
}

/// So much of the rail's asset, or more, is worth the price.
pub(super) fn is_worth(rail: &Rail, amount: Money, price: &str) -> bool {
    quote(rail, price).is_ok_and(|(least, _)| amount >= least)
}

#[cfg(test)]
mod tests {
    use crate::model::{RAILS, rail_by_id};

    use super::*;

    #[test]
    fn every_rail_is_quoted_and_rounded_up() {
        assert!(RAILS.iter().all(|rail| quote(rail, "250").is_ok()));
        let cases = [
            ("usdt-tron", "250.00", "250.000000", "1.000000"),
            ("btc-bitcoin", "250.00", "0.00259068", "96500.000000"),
            ("btc-bitcoin", "96.50", "0.00100000", "96500.000000"),
            ("xrp-xrpl", "0.01", "0.004116", "2.430000"),
        ];
        for (rail, price, due, rate) in cases {
            let (money, quoted) = quote(rail_by_id(rail).unwrap(), price).unwrap();
            assert_eq!((money.amount(), quoted.rate), (due.to_owned(), rate.to_owned()));
        }
    }

    #[test]
    fn a_price_has_two_decimals() {
        let rail = rail_by_id("usdt-tron").unwrap();
        assert!(matches!(quote(rail, "1.001"), Err(QuoteError::Amount(_))));
    }
}
