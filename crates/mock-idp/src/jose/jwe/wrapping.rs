//! A content key inside another key: AES key wrap (RFC 7518 §4.4), and keys that are made of a client's secret.

use aws_lc_rs::digest::{SHA256, SHA384, SHA512, digest};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::key_wrap::{AES_128, AES_256, AesKek, KeyWrap};
use oauth_types::{KeyManagement, Secret};

/// The octets of the key that wraps, if one does.
pub(super) fn wrapping_size(algorithm: KeyManagement) -> Option<usize> {
    match algorithm {
        KeyManagement::A128Kw | KeyManagement::EcdhEsA128Kw => Some(16),
        KeyManagement::A256Kw | KeyManagement::EcdhEsA256Kw => Some(32),
        _ => None,
    }
}

/// `content_key`, wrapped.
pub(super) fn wrap(key: &[u8], content_key: &[u8]) -> Result<Vec<u8>, Unspecified> {
    let mut wrapped = vec![0; content_key.len() + 8];
    let size = wrapper(key)?.wrap(content_key, &mut wrapped)?.len();
    wrapped.truncate(size);
    Ok(wrapped)
}

/// The content key that was wrapped. The wrapping tells whether somebody changed it.
pub(super) fn unwrap(key: &[u8], wrapped: &[u8]) -> Result<Vec<u8>, Unspecified> {
    let mut content_key = vec![0; wrapped.len()];
    let size = wrapper(key)?.unwrap(wrapped, &mut content_key)?.len();
    content_key.truncate(size);
    Ok(content_key)
}

/// A key of `size` octets made of a client's secret: the left part of its hash (OpenID Connect Core §10.2).
pub(super) fn of_secret(secret: &Secret, size: usize) -> Result<Vec<u8>, Unspecified> {
    let hash = match size {
        0..=32 => &SHA256,
        33..=48 => &SHA384,
        _ => &SHA512,
    };
    let hashed = digest(hash, secret.expose().as_bytes());
    hashed.as_ref().get(..size).map(<[u8]>::to_vec).ok_or(Unspecified)
}

fn wrapper(key: &[u8]) -> Result<AesKek, Unspecified> {
    AesKek::new(if key.len() == 16 { &AES_128 } else { &AES_256 }, key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn octets(hex: &str) -> Vec<u8> {
        let pair = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex");
        (0..hex.len()).step_by(2).map(pair).collect()
    }

    #[test]
    fn rfc_3394_is_met() {
        // RFC 3394 §4.1, §4.3 and §4.6.
        for (key, content_key, wrapped) in [
            (
                "000102030405060708090A0B0C0D0E0F",
                "00112233445566778899AABBCCDDEEFF",
                "1FA68B0A8112B447AEF34BD8FB5A7B829D3E862371D2CFE5",
            ),
            (
                "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F",
                "00112233445566778899AABBCCDDEEFF",
                "64E8C3F9CE0F5BA263E9777905818A2A93C8191E7D6E8AE7",
            ),
            (
                "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F",
                "00112233445566778899AABBCCDDEEFF000102030405060708090A0B0C0D0E0F",
                "28C9F404C4B810F4CBCCB35CFB87F8263F5786E2D80ED326CBC7F0E71A99F43BFB988B9B7A02DD21",
            ),
        ] {
            let (key, content_key) = (octets(key), octets(content_key));
            assert_eq!(wrap(&key, &content_key).expect("wrapped"), octets(wrapped));
            assert_eq!(unwrap(&key, &octets(wrapped)).expect("unwrapped"), content_key);
            for at in 0..wrapped.len() / 2 {
                let mut changed = octets(wrapped);
                changed[at] ^= 1;
                assert!(unwrap(&key, &changed).is_err());
            }
        }
    }

    #[test]
    fn what_cannot_be_wrapped_is_an_error() {
        for size in [0, 8, 12, 16, 17, 23] {
            assert!(unwrap(&[1; 16], &vec![0; size]).is_err(), "{size}");
        }
        for size in [0, 15, 24, 33] {
            assert!(wrap(&vec![1; size], &[0; 16]).is_err(), "{size}");
        }
    }

    #[test]
    fn a_key_is_the_left_part_of_the_hash_of_a_secret() {
        let secret = Secret::new("abc");
        // FIPS 180-4: SHA-256 and SHA-512 of "abc".
        assert_eq!(of_secret(&secret, 16).expect("a key"), octets("ba7816bf8f01cfea414140de5dae2223"));
        let whole = of_secret(&secret, 32).expect("a key");
        assert_eq!(whole, octets("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
        assert_eq!(of_secret(&secret, 64).expect("a key")[..4], octets("ddaf35a1"));
        assert!(of_secret(&secret, 65).is_err());
    }
}
