//! One public key as a JWK (RFC 7517 §4), read strictly and parsed once.

use std::fmt;
use std::sync::OnceLock;

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::signature::{ParsedPublicKey, RsaPublicKeyComponents};
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use oauth_types::{Algorithm, KeyManagement};
use serde_json::{Map, Value};

use super::digest::sha256;
use super::verifying::{Curve, RSA};

/// A public key that was read from a JWK: RSA, EC (P-256, P-384, P-521) or OKP (Ed25519, X25519).
pub struct PublicKey {
    kid: Option<String>,
    alg: Option<String>,
    used_for: Option<String>,
    operations: Option<Vec<String>>,
    certificate: Option<Vec<u8>>,
    material: Material,
}

/// Why a JWK is no usable public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JwkError {
    /// It is something else than an object.
    #[error("A JWK is not a JSON object")]
    NotAnObject,
    /// A member that its type needs is not there (RFC 7518 §6).
    #[error("The JWK has no '{0}'")]
    Missing(&'static str),
    /// A member is not text, or not base64url without padding, or of the wrong length (RFC 7518 §6).
    #[error("'{0}' of the JWK is malformed")]
    Malformed(&'static str),
    /// An integer is written with more octets than it has (RFC 7518 §2, Base64urlUInt).
    #[error("'{0}' of the JWK begins with a zero octet")]
    LeadingZero(&'static str),
    /// It has a member of a private key: that key is a secret no longer.
    #[error("The JWK holds the private key: '{0}' must never leave its owner")]
    Private(&'static str),
    /// It is of type `oct`: both sides would have to know it.
    #[error("The JWK is a symmetric key, which is a secret and cannot be published")]
    Symmetric,
    /// A value of this member is unknown to this server (RFC 7517 §5).
    #[error("This server does not know the '{0}' of the JWK")]
    Unknown(&'static str),
    /// `alg` is of another type of key than `kty` and `crv` (RFC 7517 §4.4).
    #[error("'alg' of the JWK is for another type of key than its 'kty' and 'crv'")]
    AlgorithmDoesNotFit,
    /// An RSA key has fewer than 2048 bits (RFC 7518 §3.3).
    #[error("The RSA key has {0} bits, and 2048 are needed")]
    WeakRsa(usize),
    /// An RSA key has more than 8192 bits, which would cost too much to use.
    #[error("The RSA key has {0} bits, more than the 8192 this server takes")]
    LargeRsa(usize),
    /// The exponent of an RSA key is even, 1, or longer than 33 bits.
    #[error("'e' of the JWK is no exponent of an RSA key")]
    Exponent,
    /// The coordinates are not a point of the curve.
    #[error("The coordinates of the JWK are not on its curve")]
    NotOnTheCurve,
}

/// Why a key is not for an algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unfit {
    /// `kty` and `crv` are for others.
    Type,
    /// `alg` names another.
    Algorithm,
    /// `use` is for something else.
    Use,
    /// `key_ops` lacks it.
    Operations,
}

pub(super) enum Material {
    Rsa(Box<Rsa>),
    /// A curve, and the public key as octets: a point that is not compressed, or the one coordinate of an OKP key.
    Curve {
        curve: Curve,
        octets: Vec<u8>,
        parsed: Option<Box<ParsedPublicKey>>,
    },
}

pub(super) struct Rsa {
    pub(super) n: Vec<u8>,
    pub(super) e: Vec<u8>,
    /// One for each of [`RSA`], parsed when it is first used.
    parsed: [OnceLock<Option<ParsedPublicKey>>; 6],
}

/// Members that only private keys have (RFC 7518 §6.2.2 and §6.3.2, RFC 8037 §2).
const PRIVATE: [&str; 7] = ["d", "p", "q", "dp", "dq", "qi", "oth"];

impl PublicKey {
    /// Reads one JWK, such as the `jwk` header of a DPoP proof (RFC 9449 §4.2).
    ///
    /// # Errors
    /// [`JwkError`] says what is wrong with it.
    pub fn parse(jwk: &Value) -> Result<Self, JwkError> {
        let members = jwk.as_object().ok_or(JwkError::NotAnObject)?;
        let kty = text(members, "kty")?.ok_or(JwkError::Missing("kty"))?;
        if kty == "oct" || members.contains_key("k") {
            return Err(JwkError::Symmetric);
        }
        if let Some(name) = PRIVATE.into_iter().find(|name| members.contains_key(*name)) {
            return Err(JwkError::Private(name));
        }
        let owned = |name| Ok(text(members, name)?.map(str::to_owned));
        let key = Self {
            kid: owned("kid")?,
            alg: owned("alg")?,
            used_for: owned("use")?,
            operations: operations(members)?,
            certificate: certificate(members)?,
            material: Material::read(kty, members)?,
        };
        key.judge_labels()?;
        Ok(key)
    }

    /// Its `kid` (RFC 7517 §4.5).
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// Its `alg`: the one algorithm it is for (RFC 7517 §4.4).
    pub fn alg(&self) -> Option<&str> {
        self.alg.as_deref()
    }

    /// Its `use`: `sig` or `enc` (RFC 7517 §4.2).
    pub fn used_for(&self) -> Option<&str> {
        self.used_for.as_deref()
    }

    /// The certificate of this key in DER, if `x5c` has one (RFC 7517 §4.7). Whether it is of this key is not looked at.
    pub fn certificate(&self) -> Option<&[u8]> {
        self.certificate.as_deref()
    }

    /// The SHA-256 thumbprint in base64url (RFC 7638 §3): `jkt` of a confirmation.
    pub fn thumbprint(&self) -> String {
        let text = |octets: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(octets);
        // RFC 7638 §3.2: the required members, in the order of their names, without white space.
        let required = match &self.material {
            Material::Rsa(rsa) => format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, text(&rsa.e), text(&rsa.n)),
            Material::Curve { curve, octets, .. } => match coordinates(*curve, octets) {
                (x, Some(y)) => {
                    let (x, y) = (text(x), text(y));
                    format!(r#"{{"crv":"{}","kty":"EC","x":"{x}","y":"{y}"}}"#, curve.name())
                }
                (x, None) => format!(r#"{{"crv":"{}","kty":"OKP","x":"{}"}}"#, curve.name(), text(x)),
            },
        };
        sha256(required.as_bytes())
    }

    /// The key as a SubjectPublicKeyInfo in DER (RFC 5280 §4.1.2.7), to be compared with that of a certificate. There
    /// is none for X25519, with which no certificate of a client can be used.
    pub fn spki(&self) -> Option<Vec<u8>> {
        let parsed = match &self.material {
            Material::Rsa(rsa) => rsa.parsed(Algorithm::Rs256),
            Material::Curve { parsed, .. } => parsed.as_deref(),
        };
        Some(AsDer::<PublicKeyX509Der<'_>>::as_der(parsed?).ok()?.as_ref().to_vec())
    }

    /// Whether it may verify signatures of `algorithm`.
    pub(super) fn fits(&self, algorithm: Algorithm) -> Result<(), Unfit> {
        if !self.material.algorithms().any(|own| own == algorithm) {
            return Err(Unfit::Type);
        }
        if self.alg.as_deref().is_some_and(|own| own != algorithm.as_str()) {
            return Err(Unfit::Algorithm);
        }
        if self.used_for.as_deref().is_some_and(|own| own != "sig") {
            return Err(Unfit::Use);
        }
        match &self.operations {
            Some(operations) if !operations.iter().any(|operation| operation == "verify") => Err(Unfit::Operations),
            _ => Ok(()),
        }
    }

    /// Whether tokens may be encrypted to its owner with `algorithm`.
    pub(super) fn fits_encryption(&self, algorithm: KeyManagement) -> Result<(), Unfit> {
        if !self.material.manages(algorithm) {
            return Err(Unfit::Type);
        }
        if self.alg.as_deref().is_some_and(|own| own != algorithm.as_str()) {
            return Err(Unfit::Algorithm);
        }
        if self.used_for.as_deref().is_some_and(|own| own != "enc") {
            return Err(Unfit::Use);
        }
        // RFC 7517 §4.3. The public half of an agreement does nothing that has a name there.
        let wanted: &[&str] = match self.material {
            Material::Rsa(_) => &["wrapKey", "encrypt"],
            Material::Curve { .. } => &["deriveKey", "deriveBits"],
        };
        match &self.operations {
            Some(own) if !own.is_empty() && !own.iter().any(|own| wanted.contains(&own.as_str())) => {
                Err(Unfit::Operations)
            }
            _ => Ok(()),
        }
    }

    pub(super) fn material(&self) -> &Material {
        &self.material
    }

    /// Whether `signature`, raw, is one of `algorithm` over `message` by the owner of this key.
    pub(crate) fn verifies(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        let parsed = match &self.material {
            Material::Rsa(rsa) => rsa.parsed(algorithm),
            Material::Curve { curve, parsed, .. } => {
                parsed.as_deref().filter(|_| curve.algorithms().contains(&algorithm))
            }
        };
        parsed.is_some_and(|key| key.verify_sig(message, signature).is_ok())
    }

    fn judge_labels(&self) -> Result<(), JwkError> {
        if self.used_for.as_deref().is_some_and(|used_for| used_for != "sig" && used_for != "enc") {
            return Err(JwkError::Unknown("use"));
        }
        let Some(alg) = self.alg.as_deref() else { return Ok(()) };
        let fits = match (Algorithm::from_wire(alg), KeyManagement::from_wire(alg)) {
            (Some(algorithm), _) => self.material.algorithms().any(|own| own == algorithm),
            (None, Some(algorithm)) => self.material.manages(algorithm),
            (None, None) => return Err(JwkError::Unknown("alg")),
        };
        if fits { Ok(()) } else { Err(JwkError::AlgorithmDoesNotFit) }
    }
}

impl Material {
    fn read(kty: &str, members: &Map<String, Value>) -> Result<Self, JwkError> {
        if kty == "RSA" {
            return Ok(Self::Rsa(Box::new(Rsa::read(members)?)));
        }
        if kty != "EC" && kty != "OKP" {
            return Err(JwkError::Unknown("kty"));
        }
        let crv = text(members, "crv")?.ok_or(JwkError::Missing("crv"))?;
        let curve = Curve::named(kty, crv).ok_or(JwkError::Unknown("crv"))?;
        let coordinate = |name| {
            let octets = octets(members, name)?;
            if octets.len() == curve.size() { Ok(octets) } else { Err(JwkError::Malformed(name)) }
        };
        let octets = match kty {
            // SEC 1 §2.3.3: a point that is not compressed.
            "EC" => [&[4][..], &coordinate("x")?, &coordinate("y")?].concat(),
            _ => coordinate("x")?,
        };
        let parsed = match curve.verification() {
            Some(verification) => {
                let parsed = ParsedPublicKey::new(verification, &octets).map_err(|_| JwkError::NotOnTheCurve)?;
                Some(Box::new(parsed))
            }
            None => None,
        };
        Ok(Self::Curve { curve, octets, parsed })
    }

    /// The algorithms of signatures that keys of this type make.
    fn algorithms(&self) -> impl Iterator<Item = Algorithm> + '_ {
        let (rsa, curve) = match self {
            Self::Rsa(_) => (&RSA[..], &[][..]),
            Self::Curve { curve, .. } => (&[][..], curve.algorithms()),
        };
        rsa.iter().map(|(algorithm, _)| *algorithm).chain(curve.iter().copied())
    }

    /// Whether keys of this type manage the keys of encrypted tokens in this way.
    fn manages(&self, algorithm: KeyManagement) -> bool {
        use KeyManagement::{EcdhEs, EcdhEsA128Kw, EcdhEsA256Kw, RsaOaep, RsaOaep256};
        match self {
            Self::Rsa(_) => matches!(algorithm, RsaOaep | RsaOaep256),
            Self::Curve { curve: Curve::Ed25519, .. } => false,
            Self::Curve { .. } => matches!(algorithm, EcdhEs | EcdhEsA128Kw | EcdhEsA256Kw),
        }
    }
}

impl Rsa {
    fn read(members: &Map<String, Value>) -> Result<Self, JwkError> {
        let (n, e) = (integer(members, "n")?, integer(members, "e")?);
        let bits = n.len() * 8 - n.first().map_or(0, |first| first.leading_zeros() as usize);
        if bits < 2048 {
            return Err(JwkError::WeakRsa(bits));
        }
        if bits > 8192 {
            return Err(JwkError::LargeRsa(bits));
        }
        if n.last().is_some_and(|last| last % 2 == 0) {
            return Err(JwkError::Malformed("n"));
        }
        let odd = e.last().is_some_and(|last| last % 2 == 1);
        let short = e.len() <= 4 || (e.len() == 5 && e[0] == 1);
        if !odd || !short || e == [1] {
            return Err(JwkError::Exponent);
        }
        Ok(Self { n, e, parsed: Default::default() })
    }

    fn parsed(&self, algorithm: Algorithm) -> Option<&ParsedPublicKey> {
        let at = RSA.iter().position(|(own, _)| *own == algorithm)?;
        let parse = || RsaPublicKeyComponents { n: &self.n, e: &self.e }.to_parsed_public_key(RSA[at].1).ok();
        self.parsed[at].get_or_init(parse).as_ref()
    }
}

/// A public key is no secret, but long: it is shown by its `kid`.
impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PublicKey").field("kid", &self.kid).field("alg", &self.alg).finish_non_exhaustive()
    }
}

/// The coordinates of a public key on a curve; there is one if the curve is of the OKP type.
pub(crate) fn coordinates(curve: Curve, octets: &[u8]) -> (&[u8], Option<&[u8]>) {
    match octets.split_at_checked(octets.len() - curve.size()) {
        Some(([_, x @ ..], y)) => (x, Some(y)),
        _ => (octets, None),
    }
}

fn text<'a>(members: &'a Map<String, Value>, name: &'static str) -> Result<Option<&'a str>, JwkError> {
    match members.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(JwkError::Malformed(name)),
    }
}

fn octets(members: &Map<String, Value>, name: &'static str) -> Result<Vec<u8>, JwkError> {
    let text = text(members, name)?.ok_or(JwkError::Missing(name))?;
    BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| JwkError::Malformed(name))
}

/// An integer in as few octets as it has (RFC 7518 §2, Base64urlUInt).
fn integer(members: &Map<String, Value>, name: &'static str) -> Result<Vec<u8>, JwkError> {
    let octets = octets(members, name)?;
    match octets.first() {
        None => Err(JwkError::Malformed(name)),
        Some(0) => Err(JwkError::LeadingZero(name)),
        Some(_) => Ok(octets),
    }
}

/// RFC 7517 §4.3: text values, none of them twice.
fn operations(members: &Map<String, Value>) -> Result<Option<Vec<String>>, JwkError> {
    const MALFORMED: JwkError = JwkError::Malformed("key_ops");
    let Some(value) = members.get("key_ops") else { return Ok(None) };
    let mut operations = Vec::new();
    for operation in value.as_array().ok_or(MALFORMED)? {
        let operation = operation.as_str().ok_or(MALFORMED)?.to_owned();
        if operations.contains(&operation) {
            return Err(MALFORMED);
        }
        operations.push(operation);
    }
    Ok(Some(operations))
}

/// RFC 7517 §4.7: certificates in base64, not base64url, that of the key first.
fn certificate(members: &Map<String, Value>) -> Result<Option<Vec<u8>>, JwkError> {
    const MALFORMED: JwkError = JwkError::Malformed("x5c");
    let Some(value) = members.get("x5c") else { return Ok(None) };
    let own = value.as_array().and_then(|chain| chain.first()).and_then(Value::as_str).ok_or(MALFORMED)?;
    BASE64_STANDARD.decode(own).map(Some).map_err(|_| MALFORMED)
}
