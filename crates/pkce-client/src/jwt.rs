//! Signed tokens: their structure and header (RFC 7515, RFC 8725), then their signature. Claims are judged elsewhere.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oauth_types::Algorithm;
use serde_json::{Map, Value};

use crate::error::Error;
use crate::issuer::{IssuerDifference, IssuerPolicy};
use crate::json::{self, JsonError};
use crate::jwks::{KeySet, Unverified};
use crate::public_key::PublicKey;

/// What a signed token is for. A token of one kind is never taken for another (RFC 8725 §3.12).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum JwtKind {
    /// An ID token (OpenID Connect Core §2).
    IdToken,
    /// An authorization response (JARM §2.1).
    AuthorizationResponse,
    /// A logout token (OpenID Connect Back-Channel Logout §2.4).
    LogoutToken,
    /// A UserInfo response (OpenID Connect Core §5.3.2).
    Userinfo,
    /// An introspection response (RFC 9701 §5).
    Introspection,
    /// An access token (RFC 9068 §2.1).
    AccessToken,
    /// A proof of possession of a key (RFC 9449 §4.2).
    Proof,
}

impl JwtKind {
    /// Whether a header with this `typ` is one of such a token. Media types are compared without regard to case, and
    /// `application/` may be left out (RFC 7515 §4.1.9).
    pub(crate) fn has_type(self, typ: Option<&str>) -> bool {
        let bare = |typ: &str| {
            let typ = typ.to_ascii_lowercase();
            typ.strip_prefix("application/").map(str::to_owned).unwrap_or(typ)
        };
        match (self, typ.map(bare).as_deref()) {
            (Self::Introspection, typ) => typ == Some("token-introspection+jwt"),
            (Self::AccessToken, typ) => typ == Some("at+jwt"),
            (Self::Proof, typ) => typ == Some("dpop+jwt"),
            // It came into use before it had a type of its own.
            (Self::LogoutToken, typ) => matches!(typ, None | Some("jwt" | "logout+jwt")),
            (_, typ) => matches!(typ, None | Some("jwt")),
        }
    }

    /// Whether its header has this parameter with a key.
    fn brings(self, parameter: &str) -> bool {
        self == Self::Proof && parameter == "jwk"
    }

    /// The error of a token of this kind.
    pub(crate) fn failed(self, error: JwtError) -> Error {
        match self {
            Self::IdToken => Error::IdToken(error),
            kind => Error::Jwt { kind, error },
        }
    }
}

impl fmt::Display for JwtKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::IdToken => "ID token",
            Self::AuthorizationResponse => "signed authorization response",
            Self::LogoutToken => "logout token",
            Self::Userinfo => "signed UserInfo response",
            Self::Introspection => "signed introspection response",
            Self::AccessToken => "access token",
            Self::Proof => "DPoP proof",
        })
    }
}

/// Why a signed token is not valid. Nothing of a response with such a token is used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JwtError {
    /// `openid` was asked for and the response has no ID token (OpenID Connect Core §3.1.3.3).
    #[error("there is none, although openid was asked for")]
    Absent,
    /// It does not have exactly three segments with content (RFC 7515 §3.1).
    #[error("it is not in compact serialisation with three segments")]
    NotCompact,
    /// It is longer than any honest token.
    #[error("it is too long")]
    TooLong,
    /// A segment is not base64url without padding, written canonically (RFC 7515 §2).
    #[error("a segment is not canonical base64url")]
    NotBase64Url,
    /// The header or the claims are not acceptable JSON.
    #[error("the header or the claims are unusable: {0}")]
    Json(#[from] JsonError),
    /// A header parameter has the wrong type, or `alg` is missing.
    #[error("the header parameter {0} is missing or malformed")]
    Header(&'static str),
    /// `alg` is not one the client allows (RFC 8725 §3.1). The default is RS256 alone (OpenID Connect Core §2).
    #[error("its algorithm is not allowed; for ID tokens: ClientBuilder::id_token_algorithms")]
    Algorithm,
    /// `typ` says that it is another kind of token (RFC 8725 §3.11).
    #[error("its type is not the expected one")]
    Type,
    /// `crit` names an extension; none is understood here (RFC 7515 §4.1.11).
    #[error("it has critical header parameters")]
    Critical,
    /// The header brings or names a key of its own (RFC 8725 §3.10).
    #[error("its header parameter {0} brings its own key")]
    EmbeddedKey(&'static str),
    /// It has not the five segments of an encrypted token, and has to be one (`ClientBuilder::encrypted_id_tokens`).
    #[error("it is not encrypted")]
    NotEncrypted,
    /// `alg` of the encryption is not one the client allows.
    #[error("the key of its encryption comes in a way that is not allowed")]
    KeyManagement,
    /// `enc` is not one the client allows.
    #[error("its content is encrypted in a way that is not allowed")]
    ContentEncryption,
    /// It was compressed before it was encrypted (RFC 8725 §3.6).
    #[error("its content is compressed")]
    Compressed,
    /// It is not for the key of this client, or it was changed. It is not told which (RFC 7516 §11.5).
    #[error("it cannot be decrypted")]
    Undecryptable,
    /// No published key fits `alg` and `kid`.
    #[error("no published key fits it")]
    UnknownKey,
    /// Several published keys fit, and `kid` does not say which.
    #[error("several published keys fit it")]
    AmbiguousKey,
    /// The key is an RSA key of less than 2048 bits (RFC 7518 §3.3), or one no honest server has.
    #[error("its key is too weak")]
    WeakKey,
    /// The signature is not one of that key over this text.
    #[error("its signature is wrong")]
    Signature,
    /// A required claim is absent.
    #[error("the claim {0} is missing")]
    Missing(&'static str),
    /// A claim has the wrong type or an impossible value.
    #[error("the claim {0} is malformed")]
    Malformed(&'static str),
    /// A claim is there that such a token must not have.
    #[error("the claim {0} must not be there")]
    Forbidden(&'static str),
    /// A token with the same `jti` was received before.
    #[error("it was received before")]
    Replayed,
    /// `iss` is not this server, compared exactly.
    #[error("it is of another issuer")]
    Issuer,
    /// `iss` is nearly this server, but not exactly.
    #[error("it is of another issuer{0}")]
    IssuerNearly(IssuerDifference),
    /// `tid` is a tenant whose users are not let in (see `IssuerPolicy`).
    #[error("it is of a tenant that is not allowed")]
    Tenant,
    /// It was signed with a key that is published for another tenant.
    #[error("it is signed with a key of another tenant")]
    TenantKey,
    /// `aud` does not contain the `client_id`.
    #[error("it is for another client")]
    Audience,
    /// `aud` contains somebody else, too.
    #[error("it is also for {0:?}; if that is expected, call ClientBuilder::trusted_audiences([{0:?}])")]
    UntrustedAudience(String),
    /// `azp` is another client.
    #[error("it was issued to another client")]
    AuthorizedParty,
    /// It has expired.
    #[error("it expired at {exp}, and here it is {now}")]
    Expired {
        /// The claim.
        exp: u64,
        /// The client's clock.
        now: u64,
    },
    /// It is not valid yet.
    #[error("it is not valid before {nbf}, and here it is {now}")]
    NotYetValid {
        /// The claim.
        nbf: u64,
        /// The client's clock.
        now: u64,
    },
    /// It was issued in the future.
    #[error("it was issued at {iat}, and here it is {now}")]
    IssuedInFuture {
        /// The claim.
        iat: u64,
        /// The client's clock.
        now: u64,
    },
    /// `nonce` is not the one sent with this login.
    #[error("its nonce is not that of this login")]
    Nonce,
    /// `at_hash` is not the hash of the access token beside it (OpenID Connect Core §3.1.3.8).
    #[error("its at_hash is not that of the access token")]
    AccessTokenHash,
    /// `c_hash` is not the hash of the code that was redeemed (OpenID Connect Core §3.3.2.11).
    #[error("its c_hash is not that of the code")]
    CodeHash,
    /// `s_hash` is not the hash of this login's `state` (FAPI 1.0 Advanced §5.1).
    #[error("its s_hash is not that of the state")]
    StateHash,
    /// `acr` is not one of those that were required (OpenID Connect Core §5.5.1.1).
    #[error("the login was not of a class that was required")]
    Acr,
    /// `sub` is not the user that the claims parameter asked for (OpenID Connect Core §3.1.2.2, §5.5.1).
    #[error("it is about another user than was asked for")]
    Subject,
    /// The user logged in longer ago than `max_age` allows.
    #[error("the user logged in at {auth_time}, which is too long ago: here it is {now}")]
    TooOld {
        /// The claim.
        auth_time: u64,
        /// The client's clock.
        now: u64,
    },
    /// A refreshed ID token was issued before the first one (OpenID Connect Core §12.2).
    #[error("it was issued before the ID token of the login")]
    IssuedBeforeLogin,
    /// The named claim of a refreshed ID token is not that of the first one (OpenID Connect Core §12.2).
    #[error("the claim {0} changed when the session was refreshed")]
    Changed(&'static str),
}

/// Header parameters that bring or name a key.
const KEY_PARAMETERS: [&str; 4] = ["jwk", "jku", "x5c", "x5u"];

/// A token taken apart. Its claims are not readable before the signature is verified.
pub(crate) struct Jwt<'a> {
    pub(crate) kind: JwtKind,
    signed: &'a [u8],
    signature: Vec<u8>,
    pub(crate) algorithm: Algorithm,
    pub(crate) kid: Option<String>,
    /// The key it brings, if it is of a kind that does.
    pub(crate) jwk: Option<Map<String, Value>>,
    payload: Vec<u8>,
}

impl<'a> Jwt<'a> {
    /// Takes a compact JWS apart and judges its header.
    pub(crate) fn parse(kind: JwtKind, token: &'a str, allowed: &[Algorithm]) -> Result<Self, JwtError> {
        let mut segments = token.split('.');
        let (Some(header), Some(payload), Some(signature), None) =
            (segments.next(), segments.next(), segments.next(), segments.next())
        else {
            return Err(JwtError::NotCompact);
        };
        if header.is_empty() || payload.is_empty() || signature.is_empty() {
            return Err(JwtError::NotCompact);
        }
        let decode = |segment: &str| URL_SAFE_NO_PAD.decode(segment).map_err(|_| JwtError::NotBase64Url);
        let signed = &token.as_bytes()[..header.len() + 1 + payload.len()];
        let signature = decode(signature)?;
        let payload = decode(payload)?;
        let mut header = json::object(&decode(header)?)?;
        let algorithm = judge_header(kind, &header, allowed)?;
        let kid = text(&header, "kid")?.map(str::to_owned);
        let jwk = match header.remove("jwk") {
            Some(Value::Object(jwk)) => Some(jwk),
            Some(_) => return Err(JwtError::Header("jwk")),
            None => None,
        };
        Ok(Self { kind, signed, signature, algorithm, kid, jwk, payload })
    }

    /// Verifies the signature with the one key of `keys` that fits.
    pub(crate) fn verify(&self, keys: &KeySet, issuers: &IssuerPolicy) -> Result<(), Unverified> {
        let (key, issuer) = keys.select(self.algorithm, self.kid.as_deref()).map_err(|error| match error {
            JwtError::UnknownKey => Unverified::NewerKeysMayHelp(error),
            _ => Unverified::ForGood(error),
        })?;
        match (self.is_signed_by(key), &self.kid) {
            (true, _) => match issuer {
                Some(issuer) if !issuers.allows_key(issuer, &self.claims().map_err(Unverified::ForGood)?) => {
                    Err(Unverified::ForGood(JwtError::TenantKey))
                }
                _ => Ok(()),
            },
            // Without a `kid`, a new key looks like a wrong signature.
            (false, None) => Err(Unverified::NewerKeysMayHelp(JwtError::Signature)),
            (false, Some(_)) => Err(Unverified::ForGood(JwtError::Signature)),
        }
    }

    /// The claims. Call it after [`Jwt::verify`].
    pub(crate) fn claims(&self) -> Result<Map<String, Value>, JwtError> {
        Ok(json::object(&self.payload)?)
    }

    pub(crate) fn is_signed_by(&self, key: &PublicKey) -> bool {
        key.verifies(self.algorithm, self.signed, &self.signature)
    }
}

fn judge_header(kind: JwtKind, header: &Map<String, Value>, allowed: &[Algorithm]) -> Result<Algorithm, JwtError> {
    if header.contains_key("crit") {
        return Err(JwtError::Critical);
    }
    if let Some(name) = KEY_PARAMETERS.into_iter().find(|name| header.contains_key(*name) && !kind.brings(name)) {
        return Err(JwtError::EmbeddedKey(name));
    }
    if !kind.has_type(text(header, "typ")?) {
        return Err(JwtError::Type);
    }
    let alg = text(header, "alg")?.ok_or(JwtError::Header("alg"))?;
    let alg = Algorithm::from_wire(alg).filter(|alg| allowed.contains(alg));
    alg.ok_or(JwtError::Algorithm)
}

/// A header parameter that is text, if it is there.
pub(crate) fn text<'a>(header: &'a Map<String, Value>, name: &'static str) -> Result<Option<&'a str>, JwtError> {
    match header.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(JwtError::Header(name)),
    }
}
