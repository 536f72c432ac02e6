//! Proofs as a protected resource verifies them (RFC 9449 §4.3).

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, Method};
use oauth_types::{Algorithm, Secret};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use url::Url;

use super::PROOF;
use crate::claims::{optional_text, required_text, time};
use crate::jwks;
use crate::jwt::{Jwt, JwtError, JwtKind};
use crate::public_key::thumbprint;

/// The longest proof that is read, in octets.
const MAX_PROOF: usize = 16 * 1024;

/// The longest `jti` and nonce that are taken, in octets.
const MAX_NAME: usize = 512;

/// Members of a key that say what nobody may know (RFC 7518 §6.2.2, §6.3.2, §6.4; RFC 8037 §2).
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// Why a proof proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProofError {
    /// There is none: "There is not more than one DPoP HTTP request header field", and not less.
    #[error("there is no DPoP header")]
    Absent,
    /// There are several.
    #[error("there are several DPoP headers")]
    Repeated,
    /// It is no signed token of the right type, or a claim of it is not as it has to be.
    #[error("{0}")]
    Jwt(#[from] JwtError),
    /// Its key is a private one, or none that verifies a signature.
    #[error("its jwk is not a public key")]
    Key,
    /// It is for a request with another method (`htm`).
    #[error("it is for another method")]
    Method,
    /// It is for a request to another address (`htu`).
    #[error("it is for another address")]
    Target,
    /// It is for another access token (`ath`).
    #[error("it is for another access token")]
    AccessToken,
    /// It was made too long ago.
    #[error("it was made at {iat}, which is too long ago: here it is {now}")]
    TooOld {
        /// The claim.
        iat: u64,
        /// The clock of the resource.
        now: u64,
    },
    /// It has no nonce of this resource, or one that is not taken any more (§9).
    #[error("it needs a nonce of this resource")]
    Nonce,
    /// The token is bound to another key (`jkt`, §6).
    #[error("its key is not the one that the token is bound to")]
    OtherKey,
}

impl ProofError {
    /// Its name among the errors of proofs.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Repeated => "repeated",
            Self::Jwt(_) => "jwt",
            Self::Key => "key",
            Self::Method => "method",
            Self::Target => "target",
            Self::AccessToken => "access_token",
            Self::TooOld { .. } => "too_old",
            Self::Nonce => "nonce",
            Self::OtherKey => "other_key",
        }
    }
}

/// What a proof is held against.
pub(crate) struct Expected<'a> {
    pub(crate) method: &'a Method,
    pub(crate) target: &'a Url,
    pub(crate) token: &'a Secret,
    pub(crate) algorithms: &'a [Algorithm],
    pub(crate) now: u64,
    /// How long a proof may be shown after it was made.
    pub(crate) lifetime: Duration,
    pub(crate) leeway: Duration,
}

/// A proof that is right, for a key that nothing is known of yet. Whether it was seen before is not known either.
pub(crate) struct Proof {
    /// The SHA-256 thumbprint of its key (RFC 7638), in base64url.
    pub(crate) thumbprint: String,
    /// What no two proofs have in common.
    pub(crate) id: String,
    /// Until when it is worth something.
    pub(crate) until: u64,
    pub(crate) nonce: Option<Secret>,
}

impl Proof {
    /// Verifies the proof of a request.
    pub(crate) fn verify(headers: &HeaderMap, expected: &Expected<'_>) -> Result<Self, ProofError> {
        let mut proofs = headers.get_all(PROOF).iter();
        let proof = match (proofs.next(), proofs.next()) {
            (None, _) => return Err(ProofError::Absent),
            (Some(_), Some(_)) => return Err(ProofError::Repeated),
            (Some(proof), None) => proof.to_str().map_err(|_| JwtError::NotCompact)?,
        };
        if proof.len() > MAX_PROOF {
            return Err(JwtError::TooLong.into());
        }
        let jwt = Jwt::parse(JwtKind::Proof, proof, expected.algorithms)?;
        let jwk = jwt.jwk.as_ref().ok_or(JwtError::Header("jwk"))?;
        if PRIVATE.iter().any(|name| jwk.contains_key(*name)) {
            return Err(ProofError::Key);
        }
        let key = jwks::public_key(jwk, jwt.algorithm).map_err(|error| match error {
            JwtError::UnknownKey => ProofError::Key,
            weak => weak.into(),
        })?;
        if !jwt.is_signed_by(&key) {
            return Err(JwtError::Signature.into());
        }
        Self::judge(&jwt.claims()?, thumbprint(jwk).ok_or(ProofError::Key)?, expected)
    }

    fn judge(claims: &Map<String, Value>, thumbprint: String, expected: &Expected<'_>) -> Result<Self, ProofError> {
        let jti = name(required_text(claims, "jti")?, "jti")?;
        if required_text(claims, "htm")? != expected.method.as_str() {
            return Err(ProofError::Method);
        }
        let target = Url::parse(required_text(claims, "htu")?).map_err(|_| JwtError::Malformed("htu"))?;
        if normal(&target) != normal(expected.target) {
            return Err(ProofError::Target);
        }
        let (now, leeway) = (expected.now, expected.leeway.as_secs());
        let iat = time(claims, "iat")?.ok_or(JwtError::Missing("iat"))?;
        if iat > now.saturating_add(leeway) {
            return Err(JwtError::IssuedInFuture { iat, now }.into());
        }
        let until = iat.saturating_add(expected.lifetime.as_secs()).saturating_add(leeway);
        if now > until {
            return Err(ProofError::TooOld { iat, now });
        }
        let ath = required_text(claims, "ath")?;
        if ath != URL_SAFE_NO_PAD.encode(Sha256::digest(expected.token.expose())) {
            return Err(ProofError::AccessToken);
        }
        let nonce = optional_text(claims, "nonce")?.map(|nonce| name(nonce, "nonce")).transpose()?;
        // §11.1: in the context of the target, and of a key, so that nobody uses up the names of somebody else.
        let id = Sha256::new_with_prefix(&thumbprint).chain_update(normal(&target)).chain_update([0]);
        let id = URL_SAFE_NO_PAD.encode(id.chain_update(jti).finalize());
        Ok(Self { thumbprint, id, until, nonce: nonce.map(Secret::new) })
    }
}

impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proof").field("until", &self.until).finish_non_exhaustive()
    }
}

fn name<'a>(text: &'a str, name: &'static str) -> Result<&'a str, JwtError> {
    if (1..=MAX_NAME).contains(&text.len()) { Ok(text) } else { Err(JwtError::Malformed(name)) }
}

/// An address without query and fragment, as it is compared: "syntax-based normalization (Section 6.2.2 of \[RFC3986\])
/// and scheme-based normalization (Section 6.2.3 of \[RFC3986\])". The parser has done all but the percent-encoding.
fn normal(url: &Url) -> String {
    let mut normal = format!("{}:{}:{}@", url.scheme(), url.username(), url.password().unwrap_or_default());
    normal += url.host_str().unwrap_or_default();
    normal += &url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let mut rest = url.path();
    while let Some(at) = rest.find('%') {
        let (before, after) = rest.split_at(at);
        normal += before;
        let octet = after.get(1..3).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        let Some(octet) = octet else {
            normal.push('%');
            rest = &after[1..];
            continue;
        };
        if octet.is_ascii_alphanumeric() || b"-._~".contains(&octet) {
            normal.push(char::from(octet));
        } else {
            normal += &format!("%{octet:02X}");
        }
        rest = &after[3..];
    }
    normal + rest
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn same(one: &str, other: &str) -> bool {
        let normal = |text| normal(&Url::parse(text).expect("a URL"));
        normal(one) == normal(other)
    }

    #[test]
    fn addresses_are_compared_as_far_as_they_mean_the_same() {
        for other in [
            "HTTPS://API.Example:443/a/%7Eb/%C3%a9",
            "https://api.example/x/../a/~b/%C3%A9",
            "https://api.example/a/~b/%c3%A9?q=1#f",
        ] {
            assert!(same("https://api.example/a/~b/%C3%A9", other), "{other}");
        }
        for other in [
            "http://api.example/a",
            "https://api.example:444/a",
            "https://api.example/a/",
            "https://api.example/A",
            "https://api.example.evil/a",
            "https://user@api.example/a",
            "https://:secret@api.example/a",
            "https://api.example/%2Fa",
            "https://api.example//a",
        ] {
            assert!(!same("https://api.example/a", other), "{other}");
        }
        assert!(!same("https://api.example/a/b", "https://api.example/a%2Fb"));
        assert!(same("https://api.example/%zz%", "https://api.example/%zz%"));
    }

    proptest! {
        #[test]
        fn no_path_panics(path in ".{0,40}") {
            if let Ok(url) = Url::parse(&format!("https://a.example/{path}")) {
                normal(&url);
            }
        }
    }
}
