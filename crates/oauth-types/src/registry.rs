//! Values that are registered with IANA or fixed by a specification, spelled as on the wire.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$vdoc])* #[serde(rename = $text)] $variant,)*
        }

        impl $name {
            /// Every value, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The value as it is written on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// The value written exactly so, if there is one. Values are case-sensitive.
            pub fn from_wire(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$variant),)* _ => None }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

words! {
    /// Error codes of authorization, token and resource responses.
    ErrorCode {
        /// RFC 6749 §4.1.2.1: the resource owner or the server denied the request.
        AccessDenied = "access_denied",
        /// OpenID Connect Core §3.1.2.6.
        ConsentRequired = "consent_required",
        /// RFC 6750 §3.1: the token lacks a scope.
        InsufficientScope = "insufficient_scope",
        /// OpenID Connect Core §3.1.2.6.
        InteractionRequired = "interaction_required",
        /// RFC 6749 §5.2: client authentication failed.
        InvalidClient = "invalid_client",
        /// RFC 6749 §5.2: the code or refresh token is wrong, used, expired, or another client's.
        InvalidGrant = "invalid_grant",
        /// RFC 6749 §4.1.2.1 and §5.2: a parameter is missing, repeated or malformed.
        InvalidRequest = "invalid_request",
        /// RFC 6749 §4.1.2.1 and §5.2.
        InvalidScope = "invalid_scope",
        /// RFC 6750 §3.1: the access token is malformed, revoked or expired.
        InvalidToken = "invalid_token",
        /// OpenID Connect Core §3.1.2.6.
        LoginRequired = "login_required",
        /// OpenID Connect Core §3.1.2.6.
        RequestNotSupported = "request_not_supported",
        /// OpenID Connect Core §3.1.2.6.
        RequestUriNotSupported = "request_uri_not_supported",
        /// RFC 6749 §4.1.2.1.
        ServerError = "server_error",
        /// RFC 6749 §4.1.2.1.
        TemporarilyUnavailable = "temporarily_unavailable",
        /// RFC 6749 §4.1.2.1 and §5.2: the client may not use this grant.
        UnauthorizedClient = "unauthorized_client",
        /// RFC 6749 §5.2.
        UnsupportedGrantType = "unsupported_grant_type",
        /// RFC 6749 §4.1.2.1.
        UnsupportedResponseType = "unsupported_response_type",
        /// OpenID Connect Core §3.1.2.6.
        AccountSelectionRequired = "account_selection_required",
        /// RFC 8628 §3.5: the person has not decided yet.
        AuthorizationPending = "authorization_pending",
        /// CIBA §13: the login hint token has expired.
        ExpiredLoginHintToken = "expired_login_hint_token",
        /// RFC 8628 §3.5: the device code has expired.
        ExpiredToken = "expired_token",
        /// RFC 9470 §3: the login was not strong or not recent enough.
        InsufficientUserAuthentication = "insufficient_user_authentication",
        /// RFC 9396 §5.
        InvalidAuthorizationDetails = "invalid_authorization_details",
        /// CIBA §13: the binding message cannot be shown.
        InvalidBindingMessage = "invalid_binding_message",
        /// RFC 7591 §3.2.2.
        InvalidClientMetadata = "invalid_client_metadata",
        /// RFC 9449 §5: the proof of possession is missing or wrong.
        InvalidDpopProof = "invalid_dpop_proof",
        /// RFC 7591 §3.2.2.
        InvalidRedirectUri = "invalid_redirect_uri",
        /// RFC 9101 §7.
        InvalidRequestObject = "invalid_request_object",
        /// RFC 9101 §7.
        InvalidRequestUri = "invalid_request_uri",
        /// RFC 7591 §3.2.2.
        InvalidSoftwareStatement = "invalid_software_statement",
        /// RFC 8707 §2.
        InvalidTarget = "invalid_target",
        /// CIBA §13: the user code is wrong.
        InvalidUserCode = "invalid_user_code",
        /// CIBA §13: a user code is needed.
        MissingUserCode = "missing_user_code",
        /// RFC 8628 §3.5: poll more slowly.
        SlowDown = "slow_down",
        /// CIBA §11: the authentication did not come to an end.
        TransactionFailed = "transaction_failed",
        /// RFC 7591 §3.2.2.
        UnapprovedSoftwareStatement = "unapproved_software_statement",
        /// CIBA §13: nobody is known by the hint.
        UnknownUserId = "unknown_user_id",
        /// OpenID Connect Core Unmet Authentication Requirements 1.0 §2.
        UnmetAuthenticationRequirements = "unmet_authentication_requirements",
        /// RFC 7009 §2.2.1.
        UnsupportedTokenType = "unsupported_token_type",
        /// RFC 9449 §8: the proof needs the nonce that comes with this answer.
        UseDpopNonce = "use_dpop_nonce",
    }
}

words! {
    /// How an authorization response travels back to the client.
    ResponseMode {
        /// OAuth 2.0 Multiple Response Type Encoding Practices §2.1: in the query of the redirect.
        Query = "query",
        /// OAuth 2.0 Multiple Response Type Encoding Practices §2.1: in the fragment of the redirect.
        Fragment = "fragment",
        /// OAuth 2.0 Form Post Response Mode §2: in the body of a form the browser submits.
        FormPost = "form_post",
        /// JARM §2.3.4: in a signed token, by the default mode of the response type.
        Jwt = "jwt",
        /// JARM §2.3.1: in a signed token in the query of the redirect.
        QueryJwt = "query.jwt",
        /// JARM §2.3.2: in a signed token in the fragment of the redirect.
        FragmentJwt = "fragment.jwt",
        /// JARM §2.3.3: in a signed token in the body of a form the browser submits.
        FormPostJwt = "form_post.jwt",
    }
}

words! {
    /// JWS algorithms (RFC 7518 §3.1, RFC 8037 §3.1, RFC 9864 §2.2) that tokens are signed with.
    ///
    /// ES256K (RFC 8812) is left out, since no profile of OAuth allows its curve. So is `none`, which signs nothing.
    Algorithm {
        /// RSASSA-PKCS1-v1_5 with SHA-256; the default of OpenID Connect Core §2.
        Rs256 = "RS256",
        /// RSASSA-PKCS1-v1_5 with SHA-384.
        Rs384 = "RS384",
        /// RSASSA-PKCS1-v1_5 with SHA-512.
        Rs512 = "RS512",
        /// RSASSA-PSS with SHA-256.
        Ps256 = "PS256",
        /// RSASSA-PSS with SHA-384.
        Ps384 = "PS384",
        /// RSASSA-PSS with SHA-512.
        Ps512 = "PS512",
        /// ECDSA on P-256 with SHA-256.
        Es256 = "ES256",
        /// ECDSA on P-384 with SHA-384.
        Es384 = "ES384",
        /// ECDSA on P-521 with SHA-512.
        Es512 = "ES512",
        /// Edwards-curve signatures by their old name, which does not say the curve; Ed25519 here.
        EdDsa = "EdDSA",
        /// The same signatures by their fully specified name (RFC 9864 §2.2).
        Ed25519 = "Ed25519",
        /// HMAC with SHA-256: both sides know the key.
        Hs256 = "HS256",
        /// HMAC with SHA-384.
        Hs384 = "HS384",
        /// HMAC with SHA-512.
        Hs512 = "HS512",
    }
}

impl Algorithm {
    /// The values with a private and a public key, in the order of declaration.
    pub const SIGNING: &'static [Self] = &[
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::Es256,
        Self::Es384,
        Self::Es512,
        Self::EdDsa,
        Self::Ed25519,
    ];

    /// The values with one key that both sides know: keyed hashes (RFC 7518 §3.2).
    pub const KEYED_HASH: &'static [Self] = &[Self::Hs256, Self::Hs384, Self::Hs512];

    /// Whether it is a keyed hash, made and checked with the same key.
    pub const fn is_symmetric(self) -> bool {
        matches!(self, Self::Hs256 | Self::Hs384 | Self::Hs512)
    }
}

words! {
    /// How the key of an encrypted token is made known to its reader (RFC 7518 §4.1).
    ///
    /// RSA1_5 is left out, because its padding tells secrets (RFC 8725 §3.2); so are the algorithms with 192 bits, the
    /// password-based ones, and AES-GCM for wrapping keys, which no client of OpenID Connect needs.
    KeyManagement {
        /// RSAES-OAEP with SHA-1, as the RFC's default parameters have it (§4.3).
        RsaOaep = "RSA-OAEP",
        /// RSAES-OAEP with SHA-256 (§4.3).
        RsaOaep256 = "RSA-OAEP-256",
        /// Agreement on the content key itself, with an ephemeral key (§4.6).
        EcdhEs = "ECDH-ES",
        /// Agreement on a key that wraps the content key with AES-128 (§4.6).
        EcdhEsA128Kw = "ECDH-ES+A128KW",
        /// Agreement on a key that wraps the content key with AES-256 (§4.6).
        EcdhEsA256Kw = "ECDH-ES+A256KW",
        /// AES-128 key wrap with a key that both sides know (§4.4).
        A128Kw = "A128KW",
        /// AES-256 key wrap with a key that both sides know (§4.4).
        A256Kw = "A256KW",
        /// The content key itself is known to both sides (§4.5).
        Dir = "dir",
    }
}

impl KeyManagement {
    /// Whether both sides know the key, which OpenID Connect derives from the client's secret (Core §10.2).
    pub const fn is_symmetric(self) -> bool {
        matches!(self, Self::A128Kw | Self::A256Kw | Self::Dir)
    }
}

words! {
    /// What the content of an encrypted token is encrypted with (RFC 7518 §5.1).
    ContentEncryption {
        /// AES-128 in CBC mode with HMAC SHA-256 (§5.2.3); the default of OpenID Connect Registration §2.
        A128CbcHs256 = "A128CBC-HS256",
        /// AES-256 in CBC mode with HMAC SHA-512 (§5.2.5).
        A256CbcHs512 = "A256CBC-HS512",
        /// AES-128 in Galois/Counter mode (§5.3).
        A128Gcm = "A128GCM",
        /// AES-256 in Galois/Counter mode (§5.3).
        A256Gcm = "A256GCM",
    }
}

#[cfg(test)]
mod tests {
    use super::{Algorithm, ContentEncryption, ErrorCode, KeyManagement, ResponseMode};

    #[test]
    fn values_are_read_back_as_they_are_written() {
        for code in ErrorCode::ALL {
            assert_eq!(ErrorCode::from_wire(code.as_str()), Some(*code));
            assert_eq!(serde_json::to_value(code).unwrap_or_default(), code.as_str());
        }
        for mode in ResponseMode::ALL {
            assert_eq!(ResponseMode::from_wire(mode.as_str()), Some(*mode));
        }
        for algorithm in Algorithm::ALL {
            assert_eq!(Algorithm::from_wire(algorithm.as_str()), Some(*algorithm));
        }
        for algorithm in KeyManagement::ALL {
            assert_eq!(KeyManagement::from_wire(algorithm.as_str()), Some(*algorithm));
        }
        for encryption in ContentEncryption::ALL {
            assert_eq!(ContentEncryption::from_wire(encryption.as_str()), Some(*encryption));
        }
    }

    #[test]
    fn every_algorithm_has_a_public_key_or_is_a_keyed_hash() {
        let both: Vec<Algorithm> = Algorithm::SIGNING.iter().chain(Algorithm::KEYED_HASH).copied().collect();
        assert_eq!(both, Algorithm::ALL);
        assert!(Algorithm::KEYED_HASH.iter().all(|algorithm| algorithm.is_symmetric()));
        assert!(!Algorithm::SIGNING.iter().any(|algorithm| algorithm.is_symmetric()));
    }

    #[test]
    fn values_are_case_sensitive() {
        assert_eq!(Algorithm::from_wire("rs256"), None);
        assert_eq!(ResponseMode::from_wire("Query"), None);
    }
}
