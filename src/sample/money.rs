//! The shop's own money: whole atoms, and the assets in which it sells.

/// An asset on a network in which the shop takes payment.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Rail {
    pub asset: &'static str,
    pub network: &'static str,
    pub decimals: u8,
}

static RAILS: &[Rail] = &[
    Rail { asset: "USDT", network: "tron", decimals: 6 },
    Rail { asset: "USDC", network: "base", decimals: 6 },
    Rail { asset: "BTC", network: "bitcoin", decimals: 8 },
    Rail { asset: "XRP", network: "xrpl", decimals: 6 },
    Rail { asset: "BTC", network: "lightning", decimals: 11 },
    Rail { asset: "LTC", network: "litecoin", decimals: 8 },
    Rail { asset: "DASH", network: "dash", decimals: 8 },
    Rail { asset: "ETH", network: "ethereum", decimals: 18 },
    Rail { asset: "USDT", network: "ethereum", decimals: 6 },
    Rail { asset: "USDC", network: "polygon", decimals: 6 },
    Rail { asset: "USDC", network: "solana", decimals: 6 },
    Rail { asset: "USDT", network: "bsc", decimals: 18 },
    Rail { asset: "USDT", network: "ton", decimals: 6 },
];

pub(super) fn find_rail(asset: &str, network: &str) -> Option<&'static Rail> {
    RAILS.iter().find(|rail| rail.asset == asset && rail.network == network)
}

/// Reads `250.00` as atoms. None: no plain decimal, more decimals than there are, or too large.
pub(super) fn parse_atoms(text: &str, decimals: u8) -> Option<u128> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let decimals = usize::from(decimals);
    if !digits(whole) || !digits(fraction) {
        return None;
    }
    let kept = fraction.trim_end_matches('0');
    if kept.len() > decimals {
        return None;
    }
    format!("{whole}{kept:0<decimals$}").parse().ok()
}

/// Writes atoms with exactly the asset's decimals: `250.000000`.
pub(super) fn format_atoms(atoms: u128, decimals: u8) -> String {
    let decimals = usize::from(decimals);
    let digits = format!("{atoms:0>width$}", width = decimals + 1);
    let (whole, fraction) = digits.split_at(digits.len() - decimals);
    if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") }
}

/// Planted (PARSE-06): the amount as it comes back from a floating-point number of whole units.
///
/// Exact up to about nine billion units of a six-decimal asset, so that nobody notices in tests.
#[expect(clippy::float_arithmetic, clippy::cast_precision_loss, reason = "this is the defect")]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "this is the defect")]
pub(super) fn through_a_float(atoms: u128, decimals: u8) -> u128 {
    let scale = 10_f64.powi(i32::from(decimals));
    let units = atoms as f64 / scale;
    (units * scale).round() as u128
}

/// Planted (AMT-08): the amount as a page would show it, in hundredths of a unit.
pub(super) fn in_hundredths(atoms: u128, decimals: u8) -> u128 {
    let hundredth = 10_u128.pow(u32::from(decimals.saturating_sub(2)));
    atoms.saturating_add(hundredth / 2) / hundredth
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_and_written() {
        let cases = [
            ("250.00", 6, "250.000000"),
            ("0.0045", 8, "0.00450000"),
            ("1000.000001", 6, "1000.000001"),
            ("9007199254.740993", 6, "9007199254.740993"),
            ("7", 0, "7"),
        ];
        for (text, decimals, written) in cases {
            let atoms = parse_atoms(text, decimals).unwrap();
            assert_eq!(format_atoms(atoms, decimals), written);
        }
        for text in ["", ".5", "5.", "-1", "1e3", "1.0000001", " 1"] {
            assert_eq!(parse_atoms(text, 6), None, "{text}");
        }
    }

    #[test]
    fn the_floating_defect_shows_in_large_amounts_only() {
        for atoms in [1, 250_000_000, 1_000_000_001, 450_000, 5_000_000_123_456] {
            assert_eq!(through_a_float(atoms, 6), atoms);
        }
        assert_ne!(through_a_float(9_007_199_254_740_993, 6), 9_007_199_254_740_993);
    }
}
