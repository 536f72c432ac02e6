//! Clients and users of a server, as data.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::{Algorithm, Secret};

/// A user, with the claims that are known of them.
/// ```
/// use oauth_types::scenario::{Destination, UserSetup};
/// let user = UserSetup::new("carol").claim("email", "carol@example.com");
/// let user = user.claim_in(Destination::AccessToken, "roles", ["admin"]);
/// let text = serde_json::to_string(&user)?;
/// assert_eq!(text, r#"{"sub":"carol","claims":{"email":"carol@example.com"},"access_token":{"roles":["admin"]}}"#);
/// assert_eq!(serde_json::from_str::<UserSetup>(&text)?, user);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct UserSetup {
    /// The identifier that tokens carry as `sub`, unless a client is told a pairwise one.
    pub sub: String,
    /// Asked for on the login page; absent means that naming the user is enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Secret>,
    /// Asked for on a page of its own, after the password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub one_time_code: Option<Secret>,
    /// What is known of the user. It goes where the scope and the claims parameter of a request ask for it.
    #[serde(default, deserialize_with = "claims", skip_serializing_if = "Map::is_empty")]
    pub claims: Map<String, Value>,
    /// What ID tokens say beside that, or instead of it, whatever the scope; `null` takes a claim out.
    #[serde(default, deserialize_with = "claims", skip_serializing_if = "Map::is_empty")]
    pub id_token: Map<String, Value>,
    /// What access tokens say of the user (RFC 9068 §2.2.3), whatever the scope.
    #[serde(default, deserialize_with = "claims", skip_serializing_if = "Map::is_empty")]
    pub access_token: Map<String, Value>,
    /// What UserInfo says beside that, or instead of it, whatever the scope; `null` takes a claim out.
    #[serde(default, deserialize_with = "claims", skip_serializing_if = "Map::is_empty")]
    pub userinfo: Map<String, Value>,
}

/// Where claims of a user go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Destination {
    /// Into ID tokens (OpenID Connect Core §2).
    IdToken,
    /// Into access tokens (RFC 9068 §2.2.3).
    AccessToken,
    /// Into the answers of the UserInfo endpoint (OpenID Connect Core §5.3.2).
    Userinfo,
}

/// A client, with the names of RFC 7591 §2 and §3.2.1.
/// ```
/// use oauth_types::scenario::ClientSetup;
/// let text = r#"{"client_id":"web","client_secret":"s3cret","redirect_uris":["https://app.example/callback"]}"#;
/// let client: ClientSetup = serde_json::from_str(text)?;
/// assert_eq!(client.redirect_uris, ["https://app.example/callback"]);
/// assert_eq!(serde_json::to_string(&client)?, text);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ClientSetup {
    /// Its identifier.
    pub client_id: String,
    /// Its secret; absent means that it is public, or authenticates in another way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<Secret>,
    /// Where it may be answered, compared exactly; on a loopback address the port may differ (RFC 8252 §7.3).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub redirect_uris: Vec<String>,
    /// Whether it may be answered at any `http` URI on 127.0.0.1, `[::1]` or localhost.
    #[serde(default, skip_serializing_if = "is_false")]
    pub any_loopback_redirect: bool,
    /// The scope it may ask for, its tokens with spaces between them; absent means any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// Its grant types; absent means `authorization_code` and `refresh_token`, and `*` alone every one there is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant_types: Option<Vec<String>>,
    /// What its ID tokens are signed with, if not with the server's default: an algorithm with a private key.
    #[serde(default, deserialize_with = "signing", skip_serializing_if = "Option::is_none")]
    pub id_token_signed_response_alg: Option<Algorithm>,
    /// How it authenticates; absent means whatever fits its credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_endpoint_auth_method: Option<String>,
    /// Members that documents of their own define, such as `jwks` and `dpop_bound_access_tokens`.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub metadata: Map<String, Value>,
}

/// What tokens say that is not about a person, and what a login says of itself. The server says it; a fault makes it lie.
const RESERVED: &[&str] = &[
    "acr",
    "act",
    "amr",
    "at_hash",
    "aud",
    "auth_time",
    "authorization_details",
    "azp",
    "c_hash",
    "client_id",
    "cnf",
    "exp",
    "iat",
    "iss",
    "jti",
    "may_act",
    "nbf",
    "nonce",
    "s_hash",
    "scope",
    "sid",
    "sub",
];

/// A claim that cannot be said of a person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} is no claim of a person: the server says it itself, and a fault makes it lie")]
pub struct NotAPersons(String);

/// Whether a claim of this name is said by the server itself, as `sub` and `exp` are, and not known of a person.
pub fn is_reserved(name: &str) -> bool {
    RESERVED.binary_search(&name).is_ok()
}

/// Looks for claims that cannot be said of a person.
pub(super) fn check(claims: &Map<String, Value>) -> Result<(), NotAPersons> {
    match claims.keys().find(|name| is_reserved(name)) {
        Some(name) => Err(NotAPersons(name.clone())),
        None => Ok(()),
    }
}

/// Claims of a person.
pub(super) fn claims<'de, D: Deserializer<'de>>(source: D) -> Result<Map<String, Value>, D::Error> {
    let claims = Map::deserialize(source)?;
    check(&claims).map_err(D::Error::custom)?;
    Ok(claims)
}

/// An algorithm with a private key.
pub(super) fn signing<'de, D: Deserializer<'de>>(source: D) -> Result<Option<Algorithm>, D::Error> {
    let algorithm = Option::<Algorithm>::deserialize(source)?;
    match algorithm {
        Some(keyed) if keyed.is_symmetric() => {
            Err(D::Error::custom(format!("{keyed} has no private key to sign with")))
        }
        other => Ok(other),
    }
}

fn is_false(value: &bool) -> bool {
    !*value
}

impl UserSetup {
    /// A user of whom nothing but `sub` is known.
    pub fn new(sub: impl Into<String>) -> Self {
        Self { sub: sub.into(), ..Self::default() }
    }

    /// The same with a claim, or with another value of it.
    #[must_use]
    pub fn claim(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.claims.insert(name.into(), value.into());
        self
    }

    /// The same with a claim in one place alone.
    #[must_use]
    pub fn claim_in(mut self, at: Destination, name: impl Into<String>, value: impl Into<Value>) -> Self {
        let claims = match at {
            Destination::IdToken => &mut self.id_token,
            Destination::AccessToken => &mut self.access_token,
            Destination::Userinfo => &mut self.userinfo,
        };
        claims.insert(name.into(), value.into());
        self
    }

    /// The same with a password, which is asked for on the login page.
    #[must_use]
    pub fn password(mut self, password: impl Into<Secret>) -> Self {
        self.password = Some(password.into());
        self
    }

    /// The same with a one-time code, which is asked for after the password.
    #[must_use]
    pub fn one_time_code(mut self, code: impl Into<Secret>) -> Self {
        self.one_time_code = Some(code.into());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_names_are_in_order() {
        assert!(RESERVED.is_sorted());
        assert!(is_reserved("sub") && is_reserved("acr") && !is_reserved("email"));
    }

    #[test]
    fn a_misspelt_member_is_an_error() {
        assert!(serde_json::from_str::<UserSetup>(r#"{"sub":"a","claim":{}}"#).is_err());
        assert!(serde_json::from_str::<ClientSetup>(r#"{"client_id":"a","redirect_uri":"x"}"#).is_err());
    }

    #[test]
    fn what_the_server_says_itself_is_no_claim_of_a_person() {
        for text in [
            r#"{"sub":"a","claims":{"sub":"b"}}"#,
            r#"{"sub":"a","id_token":{"nonce":"b"}}"#,
            r#"{"sub":"a","access_token":{"exp":1}}"#,
            r#"{"sub":"a","userinfo":{"iss":"b"}}"#,
        ] {
            let error = serde_json::from_str::<UserSetup>(text).expect_err(text).to_string();
            assert!(error.contains("is no claim of a person"), "{error}");
        }
    }

    #[test]
    fn an_algorithm_without_a_private_key_is_refused() {
        let read = |alg: &str| {
            serde_json::from_str::<ClientSetup>(&format!(
                r#"{{"client_id":"a","id_token_signed_response_alg":{alg}}}"#
            ))
        };
        assert!(read("\"HS256\"").expect_err("a keyed hash").to_string().starts_with("HS256 has no private key"));
        assert_eq!(read("\"ES256\"").expect("an algorithm").id_token_signed_response_alg, Some(Algorithm::Es256));
    }

    #[test]
    fn no_secret_of_a_setup_is_shown() {
        let user = UserSetup::new("a").password("canary").one_time_code("canary");
        let client = ClientSetup { client_secret: Some("canary".into()), ..ClientSetup::default() };
        assert!(!format!("{user:?} {client:?}").contains("canary"));
    }
}
