//! Tokens as data: what a test wants to hold without a flow, right or wrong.
//!
//! What is not said is what the server would say itself.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::Algorithm;
use crate::fault::Edit;

/// A token to be made.
/// ```
/// use oauth_types::mint::Mint;
/// let mint = Mint::access_token("alice").audience("https://api.example").scope("read").lifetime(-60);
/// let text = serde_json::to_string(&mint)?;
/// assert_eq!(text, r#"{"sub":"alice","audience":["https://api.example"],"scope":"read","lifetime":-60}"#);
/// assert_eq!(serde_json::from_str::<Mint>(&text)?, mint);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Mint {
    /// What kind of token.
    #[serde(skip_serializing_if = "is_default")]
    pub kind: Kind,
    /// Who it is about: a user by `sub`, `preferred_username` or `email`, or anybody else by any text. Absent means the
    /// client itself, as with client credentials (RFC 6749 §4.4).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub: Option<String>,
    /// Which client it is issued to, known or not; absent means the first one of the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// Whom it is for; none means the issuer, or, of an ID token or logout token, the client.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub audience: Vec<String>,
    /// Its scope, the tokens with one space between them; absent means none. That of an ID token has `openid` besides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// Claims that are added, or put in the place of those the server would say.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub claims: Map<String, Value>,
    /// Claims that are left out, by name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub without: Vec<String>,
    /// How long it lives from now on, in seconds; what is negative has expired. Absent means as long as the server's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lifetime: Option<i64>,
    /// Its `iat`, in seconds from now; negative is in the past. Absent means now, or so long before its end that it lived
    /// as long as the server's do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iat: Option<i64>,
    /// Its `nbf`, in seconds from now; absent means that it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nbf: Option<i64>,
    /// What it is signed with; absent means what the server would use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alg: Option<Algorithm>,
    /// By which key.
    #[serde(skip_serializing_if = "is_default")]
    pub key: Key,
    /// The thumbprint of the key that it is bound to (RFC 9449 §6.1, `jkt`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jkt: Option<String>,
    /// The thumbprint of the certificate that it is bound to (RFC 8705 §3.1).
    #[serde(rename = "x5t#S256", skip_serializing_if = "Option::is_none")]
    pub x5t_s256: Option<String>,
    /// What is wrong with it: edits that act on tokens, as those of a fault do.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub edit: Vec<Edit>,
}

/// A kind of token.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Kind {
    /// An access token as the server issues them: a JWT (RFC 9068).
    #[default]
    AccessToken,
    /// An ID token (OpenID Connect Core §2).
    IdToken,
    /// A refresh token (RFC 6749 §1.5). It is no JWT: it has no claims, and nothing signs it.
    RefreshToken,
    /// A logout token (OpenID Connect Back-Channel Logout §2.4).
    LogoutToken,
}

/// A key of the server, by what has become of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Key {
    /// The one that signs now.
    #[default]
    Current,
    /// The one that signed before the last rotation, for as long as it is published.
    Former,
    /// One that is not published. The header names the one that signs now.
    Unpublished,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Mint {
    /// An access token about a user.
    pub fn access_token(sub: impl Into<String>) -> Self {
        Self::about(Kind::AccessToken, sub)
    }

    /// An access token of a client itself, as with client credentials (RFC 6749 §4.4).
    pub fn client_token(client_id: impl Into<String>) -> Self {
        Self::default().client(client_id)
    }

    /// An ID token about a user.
    pub fn id_token(sub: impl Into<String>) -> Self {
        Self::about(Kind::IdToken, sub)
    }

    /// A refresh token about a user.
    pub fn refresh_token(sub: impl Into<String>) -> Self {
        Self::about(Kind::RefreshToken, sub)
    }

    /// A logout token about a user.
    pub fn logout_token(sub: impl Into<String>) -> Self {
        Self::about(Kind::LogoutToken, sub)
    }

    fn about(kind: Kind, sub: impl Into<String>) -> Self {
        Self { kind, sub: Some(sub.into()), ..Self::default() }
    }

    /// The same, issued to this client.
    #[must_use]
    pub fn client(mut self, client_id: impl Into<String>) -> Self {
        self.client_id = Some(client_id.into());
        self
    }

    /// The same, for one more audience.
    #[must_use]
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience.push(audience.into());
        self
    }

    /// The same with a scope: its tokens with one space between them.
    #[must_use]
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scope = Some(scope.into());
        self
    }

    /// The same with a claim, or with another value of it.
    #[must_use]
    pub fn claim(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.claims.insert(name.into(), value.into());
        self
    }

    /// The same without a claim.
    #[must_use]
    pub fn without(mut self, name: impl Into<String>) -> Self {
        self.without.push(name.into());
        self
    }

    /// The same, living so many seconds from now on; what is negative has expired.
    #[must_use]
    pub fn lifetime(mut self, seconds: i64) -> Self {
        self.lifetime = Some(seconds);
        self
    }

    /// The same, expired a minute ago.
    #[must_use]
    pub fn expired(self) -> Self {
        self.lifetime(-60)
    }

    /// The same, issued so many seconds from now; negative is in the past.
    #[must_use]
    pub fn iat(mut self, seconds: i64) -> Self {
        self.iat = Some(seconds);
        self
    }

    /// The same, not valid before so many seconds from now; negative is in the past.
    #[must_use]
    pub fn nbf(mut self, seconds: i64) -> Self {
        self.nbf = Some(seconds);
        self
    }

    /// The same, signed with this algorithm.
    #[must_use]
    pub fn alg(mut self, algorithm: Algorithm) -> Self {
        self.alg = Some(algorithm);
        self
    }

    /// The same, signed by this key.
    #[must_use]
    pub fn key(mut self, key: Key) -> Self {
        self.key = key;
        self
    }

    /// The same, bound to a key by its thumbprint (RFC 9449 §6.1).
    #[must_use]
    pub fn jkt(mut self, thumbprint: impl Into<String>) -> Self {
        self.jkt = Some(thumbprint.into());
        self
    }

    /// The same, bound to a certificate by its thumbprint (RFC 8705 §3.1).
    #[must_use]
    pub fn x5t_s256(mut self, thumbprint: impl Into<String>) -> Self {
        self.x5t_s256 = Some(thumbprint.into());
        self
    }

    /// The same, and one more thing is wrong with it.
    #[must_use]
    pub fn edit(mut self, edit: Edit) -> Self {
        self.edit.push(edit);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::Signature;

    #[test]
    fn a_token_is_written_by_hand_easily() {
        let text = r#"{"kind":"id_token","sub":"bob","without":["nonce"],"key":"unpublished","alg":"ES256",
            "x5t#S256":"abc","edit":[{"do":"sign","with":"alg_none"}]}"#;
        let mint = Mint::id_token("bob").without("nonce").key(Key::Unpublished).alg(Algorithm::Es256);
        let mint = mint.x5t_s256("abc").edit(Edit::Sign { with: Signature::AlgNone });
        assert_eq!(serde_json::from_str::<Mint>(text).expect("a token"), mint);
        assert_eq!(serde_json::from_str::<Mint>("{}").expect("a token"), Mint::default());
        assert_eq!(serde_json::to_string(&Mint::client_token("svc")).expect("JSON"), r#"{"client_id":"svc"}"#);
    }

    #[test]
    fn a_misspelt_member_is_an_error() {
        assert!(serde_json::from_str::<Mint>(r#"{"subject":"bob"}"#).is_err());
        assert!(serde_json::from_str::<Mint>(r#"{"kind":"token"}"#).is_err());
    }
}
