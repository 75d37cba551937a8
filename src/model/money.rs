//! Money as integer atoms of an asset. Floats do not exist here.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::rail::RAILS;

/// An asset as one network counts it: `USDT` has 6 decimals on Tron.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Asset {
    /// Ticker in capitals, such as `USDT`.
    pub symbol: &'static str,
    /// Atoms per unit as a power of ten, 0 to 18.
    pub decimals: u8,
}

/// An amount of one asset, in atoms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money {
    /// Whole atoms: 250 USDT on Tron are 250000000.
    pub atoms: u128,
    /// What is counted.
    pub asset: Asset,
}

/// Why a text is no amount, or two amounts cannot be combined.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not digits with at most one point between them.
    #[error("`{0}` is no decimal amount; write digits, such as 250.00")]
    NotDecimal(String),
    /// More decimals than the asset has.
    #[error("`{text}` has more decimals than {symbol} has ({decimals})")]
    Precision {
        /// The offending text.
        text: String,
        /// The asset's ticker.
        symbol: &'static str,
        /// How many decimals it has.
        decimals: u8,
    },
    /// Beyond 128 bits of atoms.
    #[error("`{0}` is too large")]
    Overflow(String),
    /// Two assets in one sum.
    #[error("{0} and {1} cannot be added")]
    Mixed(&'static str, &'static str),
}

impl Asset {
    /// The asset of that ticker with that many decimals, where some rail carries it.
    #[must_use]
    pub fn find(symbol: &str, decimals: u8) -> Option<Self> {
        let mut assets = RAILS.iter().map(|rail| rail.asset);
        assets.find(|asset| asset.symbol == symbol && asset.decimals == decimals)
    }

    /// Reads a decimal amount in the major unit. Shorter fractions are padded; a sign, an exponent
    /// or a leading zero is refused (contract: amounts on the wire).
    ///
    /// # Errors
    /// Text that is no plain decimal, has too many decimals, or does not fit.
    pub fn parse(self, text: &str) -> Result<Money, MoneyError> {
        let not_decimal = || MoneyError::NotDecimal(text.to_owned());
        let (whole, fraction) = match text.split_once('.') {
            Some((_, "")) => return Err(not_decimal()),
            Some(parts) => parts,
            None => (text, ""),
        };
        let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        let leading_zero = whole.len() > 1 && whole.starts_with('0');
        if whole.is_empty() || leading_zero || !digits(whole) || !digits(fraction) {
            return Err(not_decimal());
        }
        let decimals = usize::from(self.decimals);
        if fraction.len() > decimals {
            let (symbol, decimals) = (self.symbol, self.decimals);
            return Err(MoneyError::Precision { text: text.to_owned(), symbol, decimals });
        }
        let joined = format!("{whole}{fraction:0<decimals$}");
        let atoms = joined.parse().map_err(|_| MoneyError::Overflow(text.to_owned()))?;
        Ok(Money { atoms, asset: self })
    }

    /// Nothing of this asset.
    #[must_use]
    pub const fn zero(self) -> Money {
        Money { atoms: 0, asset: self }
    }
}

impl Money {
    /// The sum.
    ///
    /// # Errors
    /// Different assets, or a sum beyond 128 bits.
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        if self.asset != other.asset {
            return Err(MoneyError::Mixed(self.asset.symbol, other.asset.symbol));
        }
        let sum = self.atoms.checked_add(other.atoms);
        let atoms = sum.ok_or_else(|| MoneyError::Overflow(self.to_string()))?;
        Ok(Self { atoms, ..self })
    }

    /// The difference, or zero where `other` is more.
    ///
    /// # Errors
    /// Different assets.
    pub fn less(self, other: Self) -> Result<Self, MoneyError> {
        if self.asset != other.asset {
            return Err(MoneyError::Mixed(self.asset.symbol, other.asset.symbol));
        }
        Ok(Self { atoms: self.atoms.saturating_sub(other.atoms), ..self })
    }

    /// Whether there is nothing.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.atoms == 0
    }

    /// The amount alone, with exactly the asset's decimals: `250.000000`.
    #[must_use]
    pub fn amount(self) -> String {
        let decimals = usize::from(self.asset.decimals);
        if decimals == 0 {
            return self.atoms.to_string();
        }
        let digits = format!("{:0>width$}", self.atoms, width = decimals + 1);
        let (whole, fraction) = digits.split_at(digits.len() - decimals);
        format!("{whole}.{fraction}")
    }

    /// The amount as people write it: at least two decimals where the asset has them, no further
    /// trailing zeros: `250.00`, `0.0045`.
    #[must_use]
    pub fn short(self) -> String {
        let full = self.amount();
        let Some((whole, fraction)) = full.split_once('.') else { return full };
        let kept = fraction.trim_end_matches('0').len().max(2.min(fraction.len()));
        format!("{whole}.{}", &fraction[..kept])
    }
}

/// `250.00 USDT`.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.short(), self.asset.symbol)
    }
}

/// External form: `{"atoms": "250000000", "asset": "USDT", "decimals": 6}`.
#[derive(Serialize, Deserialize)]
struct MoneyForm {
    atoms: String,
    asset: String,
    decimals: u8,
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let Asset { symbol, decimals } = self.asset;
        let form = MoneyForm { atoms: self.atoms.to_string(), asset: symbol.to_owned(), decimals };
        form.serialize(s)
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        let form = MoneyForm::deserialize(d)?;
        let asset = Asset::find(&form.asset, form.decimals)
            .ok_or_else(|| D::Error::custom(format!("no asset {}", form.asset)))?;
        let atoms = form.atoms.parse().map_err(D::Error::custom)?;
        Ok(Self { atoms, asset })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const USDT: Asset = Asset { symbol: "USDT", decimals: 6 };

    #[test]
    fn amounts_that_are_refused() {
        for text in ["", ".5", "5.", "-1", "+1", "1e3", "01", "1,0", "1.0000001", " 1", "١"] {
            assert!(USDT.parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn people_read_two_decimals() {
        let cases = [("250", "250.00"), ("0.0045", "0.0045"), ("1000.000001", "1000.000001")];
        for (text, short) in cases {
            assert_eq!(USDT.parse(text).unwrap().short(), short);
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_parses_back(atoms: u128, decimals in 0u8..=18) {
            let asset = Asset { symbol: "X", decimals };
            let money = Money { atoms, asset };
            prop_assert_eq!(asset.parse(&money.amount()), Ok(money));
        }

        #[test]
        fn shorter_forms_mean_the_same(atoms: u128, decimals in 0u8..=18) {
            let asset = Asset { symbol: "X", decimals };
            let money = Money { atoms, asset };
            prop_assert_eq!(asset.parse(&money.short()), Ok(money));
            if decimals > 0 {
                let trimmed = money.amount();
                let trimmed = trimmed.trim_end_matches('0').trim_end_matches('.');
                prop_assert_eq!(asset.parse(trimmed), Ok(money));
            }
        }

        #[test]
        fn sums_are_exact_or_refused(one: u128, other: u128, decimals in 0u8..=18) {
            let asset = Asset { symbol: "X", decimals };
            let (one, other) = (Money { atoms: one, asset }, Money { atoms: other, asset });
            prop_assert_eq!(one.plus(other).ok(), other.plus(one).ok());
            match one.plus(other) {
                Ok(sum) => {
                    prop_assert_eq!(sum.less(other), Ok(one));
                    prop_assert!(sum >= one && sum >= other);
                }
                Err(error) => {
                    prop_assert!(one.atoms.checked_add(other.atoms).is_none());
                    prop_assert!(matches!(error, MoneyError::Overflow(_)));
                }
            }
            let foreign = Money { asset: Asset { symbol: "Y", decimals }, ..other };
            prop_assert!(one.plus(foreign).is_err() && one.less(foreign).is_err());
        }

        #[test]
        fn one_digit_too_many_is_refused(atoms: u128, decimals in 0u8..=18, digit in 0u8..=9) {
            let asset = Asset { symbol: "X", decimals };
            let point = if decimals == 0 { "." } else { "" };
            let text = format!("{}{point}{digit}", Money { atoms, asset }.amount());
            let refused = matches!(asset.parse(&text), Err(MoneyError::Precision { .. }));
            prop_assert!(refused, "{}", text);
        }

        #[test]
        fn no_text_is_read_as_another_amount(text in "[0-9.eE+_ -]{0,24}", decimals in 0u8..=18) {
            let asset = Asset { symbol: "X", decimals };
            if let Ok(money) = asset.parse(&text) {
                let full = money.amount();
                let (whole, _) = text.split_once('.').unwrap_or((&text, ""));
                prop_assert!(full == text || full.starts_with(&text), "{} as {}", text, full);
                prop_assert_eq!(full.split('.').next(), Some(whole));
            }
        }
    }

    #[test]
    fn the_largest_amount_is_read_and_one_atom_more_is_refused() {
        for decimals in [0, 6, 18] {
            let asset = Asset { symbol: "X", decimals };
            let largest = Money { atoms: u128::MAX, asset };
            assert_eq!(asset.parse(&largest.amount()), Ok(largest));
            let beyond = largest.amount().replacen("211455", "211456", 1);
            assert!(matches!(asset.parse(&beyond), Err(MoneyError::Overflow(_))), "{beyond}");
            assert!(largest.plus(Money { atoms: 1, asset }).is_err());
        }
    }
}
