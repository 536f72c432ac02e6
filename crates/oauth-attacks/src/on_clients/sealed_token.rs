//! Encrypted tokens that nobody asked for.

use mock_idp::jose::{Encryption, Recipient};
use oauth_types::{ContentEncryption, KeyManagement, Secret};
use serde_json::Value;

use crate::attack::Inconclusive;
use crate::dice::fresh;
use crate::on_clients::forged_token::Right;

/// The claims of the right token, not signed, encrypted to whoever has this secret (OpenID Connect Core section 10.2).
pub(super) fn with_secret(secret: &str, right: &Right<'_>, more: Value) -> Result<String, Inconclusive> {
    octets(secret, Value::from(right.claims.clone()).to_string().as_bytes(), more)
}

/// The same of any octets, with these members in the header besides.
pub(super) fn octets(secret: &str, octets: &[u8], more: Value) -> Result<String, Inconclusive> {
    let secret = Secret::from(secret);
    let encryption = Encryption {
        recipient: Recipient::Secret(&secret),
        algorithm: KeyManagement::Dir,
        content: ContentEncryption::A128Gcm,
    };
    let more = more.as_object().cloned().unwrap_or_default();
    let token = encryption.encrypt_with(more, octets, &mut |octets| {
        let chance = fresh();
        octets.iter_mut().zip(chance.bytes().cycle()).for_each(|(octet, random)| *octet = random);
    });
    token.map_err(|error| Inconclusive::new(error.to_string()))
}

/// So many zeros and a few more, compressed (RFC 1951): one literal, and then copies of what stands before it.
pub(super) fn bomb(length: usize) -> Vec<u8> {
    // The last block, with the codes of section 3.2.6; the literal 0; copies of 258 octets; the end.
    let (start, copy, end) = ("11000110000", "1100010100000", "0000000");
    let bits = start.bytes().chain(copy.bytes().cycle().take(copy.len() * length.div_ceil(258))).chain(end.bytes());
    let mut octets = Vec::new();
    for (number, bit) in bits.enumerate() {
        if number % 8 == 0 {
            octets.push(0);
        }
        if let Some(last) = octets.last_mut() {
            *last |= (bit - b'0') << (number % 8);
        }
    }
    octets
}

#[cfg(test)]
mod tests {
    use super::bomb;

    #[test]
    fn a_bomb_is_a_thousandth_of_what_it_becomes() {
        assert_eq!(bomb(2 * 258), [0x63, 0x18, 0x05, 0xa3, 0x00, 0x00]);
        assert!(bomb(64 << 20).len() < 500_000);
    }
}
