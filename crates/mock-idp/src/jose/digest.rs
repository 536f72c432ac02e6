//! Hashes that travel inside tokens.

use aws_lc_rs::digest::{SHA256, SHA384, SHA512, digest};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use oauth_types::Algorithm;

/// The SHA-256 of a certificate in DER, in base64url: the confirmation `x5t#S256` (RFC 8705 §3.1).
pub fn x5t_s256(der: &[u8]) -> String {
    sha256(der)
}

/// The left half of the hash of `text`, in base64url: `at_hash`, `c_hash` and `s_hash` (OpenID Connect Core §3.1.3.6).
///
/// The hash is that of the algorithm the ID token is signed with. For Ed25519 it is SHA-512 (RFC 8032 §5.1).
pub fn left_half(text: &str, algorithm: Algorithm) -> String {
    let hash = match algorithm {
        Algorithm::Rs384 | Algorithm::Ps384 | Algorithm::Es384 | Algorithm::Hs384 => &SHA384,
        Algorithm::Rs512 | Algorithm::Ps512 | Algorithm::Es512 | Algorithm::Hs512 => &SHA512,
        Algorithm::EdDsa | Algorithm::Ed25519 => &SHA512,
        _ => &SHA256,
    };
    let whole = digest(hash, text.as_bytes());
    let half = &whole.as_ref()[..whole.as_ref().len() / 2];
    BASE64_URL_SAFE_NO_PAD.encode(half)
}

/// The SHA-256 of `octets` in base64url.
pub(super) fn sha256(octets: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, octets))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_hash_is_half_as_long_as_the_algorithm_says() {
        for algorithm in Algorithm::ALL {
            let expected = match algorithm.as_str() {
                "EdDSA" | "Ed25519" => 43,
                name if name.ends_with("256") => 22,
                name if name.ends_with("384") => 32,
                _ => 43,
            };
            assert_eq!(left_half("a token", *algorithm).len(), expected, "{algorithm}");
        }
    }

    #[test]
    fn openid_connect_core_a_3_is_met() {
        // OpenID Connect Core, Appendix A.3: the access token and its at_hash.
        assert_eq!(
            left_half("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y", Algorithm::Rs256),
            "77QmUPtjPfzWtF2AnpK9RQ"
        );
    }

    #[test]
    fn the_thumbprint_of_a_certificate_is_that_of_its_octets() {
        // SHA-256 of "abc" (FIPS 180-4).
        assert_eq!(x5t_s256(b"abc"), "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0");
    }
}
