//! Addresses and transaction hashes in the shape that each network gives them.
//!
//! They are checksummed where the network's are, because a careful merchant checks. Nobody holds
//! a key to any of them. Knows no payments: what they derive from is handed in as bytes.

use base64::Engine;
use sha2::{Digest, Sha256};

const BECH32: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const BITCOIN: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const RIPPLE: &[u8; 58] = b"rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz";

/// An address on the network, from 32 bytes.
pub(super) fn address(network: &str, seed: &[u8; 32]) -> String {
    let account = &seed[..20];
    match network {
        "tron" => base58check(BITCOIN, 0x41, account),
        "bitcoin" => base58check(BITCOIN, 0x00, account),
        "litecoin" => base58check(BITCOIN, 0x30, account),
        "dash" => base58check(BITCOIN, 0x4C, account),
        "xrpl" => base58check(RIPPLE, 0x00, account),
        "solana" => base58(BITCOIN, seed),
        "ton" => friendly(seed),
        "lightning" => invoice(seed),
        // All in lower case: then no EIP-55 checksum is claimed.
        _ => format!("0x{}", hex::encode(account)),
    }
}

/// A transaction hash on the network, from 32 bytes.
pub(super) fn transaction_hash(network: &str, seed: &[u8; 32]) -> String {
    match network {
        "tron" | "bitcoin" | "litecoin" | "dash" | "lightning" | "ton" => hex::encode(seed),
        "xrpl" => hex::encode_upper(seed),
        // A transaction is known by its first signature, which has 64 bytes.
        "solana" => base58(BITCOIN, &[seed.as_slice(), &Sha256::digest(seed)].concat()),
        _ => format!("0x{}", hex::encode(seed)),
    }
}

/// A TON address that is not bounced, on the basic workchain, with its CRC-16.
fn friendly(account: &[u8; 32]) -> String {
    let mut bytes = vec![0x51, 0x00];
    bytes.extend_from_slice(account);
    let crc = bytes.iter().fold(0u16, |crc, byte| {
        (0..8).fold(crc ^ (u16::from(*byte) << 8), |crc, _| {
            let shifted = crc << 1;
            if crc & 0x8000 == 0 { shifted } else { shifted ^ 0x1021 }
        })
    });
    bytes.extend_from_slice(&crc.to_be_bytes());
    base64::engine::general_purpose::URL_SAFE.encode(bytes)
}

/// The shape of a Lightning invoice: its prefix, words and a right checksum (BIP 173). It names no
/// node, so nobody can pay it.
fn invoice(seed: &[u8; 32]) -> String {
    const PREFIX: &str = "lnbc";
    let mut words: Vec<u8> = (0..4u8)
        .flat_map(|part| Sha256::digest([seed.as_slice(), &[part]].concat()).to_vec())
        .map(|byte| byte & 31)
        .collect();
    let high = PREFIX.bytes().map(|byte| byte >> 5);
    let low = PREFIX.bytes().map(|byte| byte & 31);
    let all: Vec<u8> =
        high.chain([0]).chain(low).chain(words.iter().copied()).chain([0; 6]).collect();
    let sum = polymod(&all) ^ 1;
    words.extend((0..6).map(|i| u8::try_from(sum >> (5 * (5 - i)) & 31).unwrap_or(0)));
    let text = words.iter().map(|word| char::from(BECH32[usize::from(*word)]));
    format!("{PREFIX}1{}", text.collect::<String>())
}

/// The checksum of BIP 173.
fn polymod(words: &[u8]) -> u32 {
    const GENERATOR: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
    words.iter().fold(1u32, |sum, word| {
        let top = sum >> 25;
        let shifted = (sum & 0x01ff_ffff) << 5 ^ u32::from(*word);
        let set = (0..5).filter(|bit| top >> bit & 1 == 1);
        set.fold(shifted, |sum, bit| sum ^ GENERATOR[bit])
    })
}

/// Version, payload and four bytes of double SHA-256, in base 58.
fn base58check(alphabet: &[u8; 58], version: u8, payload: &[u8]) -> String {
    let mut bytes = vec![version];
    bytes.extend_from_slice(payload);
    let checksum = Sha256::digest(Sha256::digest(&bytes));
    bytes.extend_from_slice(&checksum[..4]);
    base58(alphabet, &bytes)
}

fn base58(alphabet: &[u8; 58], bytes: &[u8]) -> String {
    // Long division of the whole number by 58, least significant digit first.
    let mut digits: Vec<u8> = Vec::with_capacity(88);
    for byte in bytes {
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
        let cases = [
            ("tron", "T", 34),
            ("base", "0x", 42),
            ("bitcoin", "1", 0),
            ("litecoin", "L", 34),
            ("dash", "X", 34),
            ("xrpl", "r", 0),
            ("ton", "UQ", 48),
            ("lightning", "lnbc1", 0),
            ("solana", "", 44),
        ];
        for (network, start, length) in cases {
            let text = address(network, &[0xA5; 32]);
            assert!(text.starts_with(start), "{text}");
            assert!(length == 0 || text.len() == length, "{text}");
        }
    }

    /// The USDT master contract on TON, and a text that BIP 173 lists as valid.
    #[test]
    fn published_checksums_come_out() {
        let engine = base64::engine::general_purpose::URL_SAFE;
        let master = "EQCxE6mUtQJKFnGfaROTKOt1lZbDiiX1kCixRv7Nw2Id_sDs";
        let bytes = engine.decode(master).unwrap();
        let ours = engine.decode(friendly(&bytes[2..34].try_into().unwrap())).unwrap();
        assert_eq!((ours[1..34].to_vec(), ours.len()), (bytes[1..34].to_vec(), bytes.len()));

        let words = |text: &str| -> Vec<u8> {
            let place = |c: u8| BECH32.iter().position(|known| *known == c).unwrap();
            text.bytes().map(|c| u8::try_from(place(c)).unwrap()).collect()
        };
        // `a12uel5l`: the prefix `a`, no words, a checksum.
        let listed = [vec![b'a' >> 5, 0, b'a' & 31], words("2uel5l")].concat();
        assert_eq!(polymod(&listed), 1);
        let text = invoice(&[7; 32]);
        let expanded = [vec![3, 3, 3, 3, 0, 12, 14, 2, 3], words(&text["lnbc1".len()..])].concat();
        assert_eq!(polymod(&expanded), 1);
    }
}
