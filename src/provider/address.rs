//! Addresses and transaction hashes in the shape that each network gives them.
//!
//! They are checksummed where the network's are, because a careful merchant checks. Nobody holds
//! a key to any of them. Knows no payments: what they derive from is handed in as bytes.

use sha2::{Digest, Sha256};

const BITCOIN: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const RIPPLE: &[u8; 58] = b"rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz";

/// An address on the network, from 32 bytes.
pub(super) fn address(network: &str, seed: &[u8; 32]) -> String {
    let account = &seed[..20];
    match network {
        "tron" => base58check(BITCOIN, 0x41, account),
        "bitcoin" => base58check(BITCOIN, 0x00, account),
        "xrpl" => base58check(RIPPLE, 0x00, account),
        // All in lower case: then no EIP-55 checksum is claimed.
        _ => format!("0x{}", hex::encode(account)),
    }
}

/// A transaction hash on the network, from 32 bytes.
pub(super) fn transaction_hash(network: &str, seed: &[u8; 32]) -> String {
    match network {
        "tron" | "bitcoin" => hex::encode(seed),
        "xrpl" => hex::encode_upper(seed),
        _ => format!("0x{}", hex::encode(seed)),
    }
}

/// Version, payload and four bytes of double SHA-256, in base 58.
fn base58check(alphabet: &[u8; 58], version: u8, payload: &[u8]) -> String {
    let mut bytes = vec![version];
    bytes.extend_from_slice(payload);
    let checksum = Sha256::digest(Sha256::digest(&bytes));
    bytes.extend_from_slice(&checksum[..4]);

    // Long division of the whole number by 58, least significant digit first.
    let mut digits: Vec<u8> = Vec::with_capacity(35);
    for byte in &bytes {
        let mut carry = u32::from(*byte);
        for digit in &mut digits {
            carry += u32::from(*digit) << 8;
            *digit = u8::try_from(carry % 58).unwrap_or(0);
            carry /= 58;
        }
        while carry > 0 {
            digits.push(u8::try_from(carry % 58).unwrap_or(0));
            carry /= 58;
        }
    }
    // Leading zero bytes are no part of the number; each is written as the first letter.
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    digits.extend(std::iter::repeat_n(0, zeros));
    digits.iter().rev().map(|digit| char::from(alphabet[usize::from(*digit)])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The address of Bitcoin's first block, and the account with which the XRP ledger began.
    #[test]
    fn published_addresses_come_out() {
        let genesis = hex::decode("62e907b15cbf27d5425399ebf6f0fb50ebb88f18").unwrap();
        assert_eq!(base58check(BITCOIN, 0, &genesis), "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa");
        assert_eq!(base58check(RIPPLE, 0, &[0; 20]), "rrrrrrrrrrrrrrrrrrrrrhoLvTp");
        let usdt = hex::decode("a614f803b6fd780986a42c78ec9c7f77e6ded13c").unwrap();
        assert_eq!(base58check(BITCOIN, 0x41, &usdt), "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t");
    }

    #[test]
    fn each_network_has_its_shape() {
        let cases = [("tron", "T", 34), ("base", "0x", 42), ("bitcoin", "1", 0), ("xrpl", "r", 0)];
        for (network, start, length) in cases {
            let text = address(network, &[0xA5; 32]);
            assert!(text.starts_with(start), "{text}");
            assert!(length == 0 || text.len() == length, "{text}");
        }
    }
}
