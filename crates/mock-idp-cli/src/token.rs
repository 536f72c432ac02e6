//! `mock-idp token` and `mock-idp jwks`: tokens without a flow, and the keys that verify them.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use mock_idp::{MockIdp, Profile};
use oauth_types::mint::{Key, Kind, Mint};
use oauth_types::{Algorithm, Secret};
use serde_json::Value;

use crate::config;
use crate::there::{control, refused};

/// What is to be in the token.
#[derive(Debug, clap::Args)]
pub(crate) struct Token {
    /// Whom it is about: a user, or anybody else by any text. Without this, the client itself.
    sub: Option<String>,
    /// What kind of token: access_token, id_token, refresh_token or logout_token.
    #[arg(long, value_parser = word::<Kind, 4>(KINDS), hide_possible_values = true, default_value = "access_token")]
    kind: Kind,
    /// The client that it is issued to. Without this, the first one of the server.
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,
    /// Whom it is for; may be repeated. Without this, the issuer, or the client for what clients read.
    #[arg(long, value_name = "URI")]
    audience: Vec<String>,
    /// Its scope, with spaces between the tokens.
    #[arg(long)]
    scope: Option<String>,
    /// A claim, such as roles='["admin"]': JSON, or text if it is none. May be repeated.
    #[arg(long, value_name = "NAME=VALUE", value_parser = claim)]
    claim: Vec<(String, Value)>,
    /// A claim to leave out; may be repeated.
    #[arg(long, value_name = "NAME")]
    without: Vec<String>,
    /// How long it lives from now on, in seconds; what is negative has expired.
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    lifetime: Option<i64>,
    /// What it is signed with, such as ES256.
    #[arg(long, value_parser = config::signing)]
    alg: Option<Algorithm>,
    /// By which key: current, former or unpublished.
    #[arg(long, value_parser = word::<Key, 3>(KEYS), hide_possible_values = true, default_value = "current")]
    key: Key,
    /// The issuer that it names, if not http://127.0.0.1:8080.
    #[arg(long, value_name = "URL", conflicts_with = "url")]
    issuer: Option<String>,
    /// Let the server that is there make it, by its control API and, if it has one, with the token in
    /// MOCK_IDP_CONTROL_TOKEN. It knows the token then, as if it had issued it.
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// Trust this certification authority of that server, or this certificate, and no other. PEM. Without this, what
    /// MOCK_IDP_BUNDLE_OUT, MOCK_IDP_CA_OUT or MOCK_IDP_TLS_CERT names.
    #[arg(long, value_name = "FILE", requires = "url")]
    ca: Option<PathBuf>,
    /// The tenant of that server, if not the one at the root.
    #[arg(long, value_name = "NAME", requires = "url")]
    tenant: Option<String>,
}

const KINDS: [&str; 4] = ["access_token", "id_token", "refresh_token", "logout_token"];
const KEYS: [&str; 3] = ["current", "former", "unpublished"];

/// One of a few words, as they are written in JSON.
fn word<T, const MANY: usize>(words: [&'static str; MANY]) -> impl TypedValueParser<Value = T>
where
    T: serde::de::DeserializeOwned + Default + Clone + Send + Sync + 'static,
{
    // Words of the list are all known, which a test sees to.
    PossibleValuesParser::new(words).map(|text| serde_json::from_value(text.into()).unwrap_or_default())
}

fn claim(text: &str) -> Result<(String, Value), String> {
    let (name, value) = text.split_once('=').ok_or("say NAME=VALUE")?;
    Ok((name.to_owned(), serde_json::from_str(value).unwrap_or_else(|_| value.into())))
}

impl Token {
    /// Makes it.
    ///
    /// # Errors
    /// Why there can be no such token.
    pub(crate) async fn run(self) -> Result<Secret, String> {
        let mint = Mint {
            kind: self.kind,
            sub: self.sub,
            client_id: self.client_id,
            audience: self.audience,
            scope: self.scope,
            claims: self.claim.into_iter().collect(),
            without: self.without,
            lifetime: self.lifetime,
            alg: self.alg,
            key: self.key,
            ..Mint::default()
        };
        let Some(url) = self.url else {
            alone(&mint)?;
            let issuer = self.issuer.unwrap_or_else(|| "http://127.0.0.1:8080".to_owned());
            let idp = MockIdp::builder().issuer(issuer).in_process().map_err(|error| error.to_string())?;
            return idp.try_mint(&mint).await.map_err(|error| error.to_string());
        };
        let client = control(&url, self.ca.as_deref())?;
        let tenant = self.tenant.map_or_else(|| client.root(), |name| client.tenant(name));
        tenant.mint(&mint).await.map_err(|error| format!("{url}: {}", refused(&error)))
    }
}

/// Whether a token is of any use that no server has made.
fn alone(mint: &Mint) -> Result<(), String> {
    let server = "name the server that is to make it by --url";
    match (mint.kind, mint.key) {
        (Kind::RefreshToken, _) => Err(format!("a refresh token is one that its server knows; {server}")),
        (_, Key::Former) => Err(format!("only a server whose keys were rotated has a former one; {server}")),
        _ => Ok(()),
    }
}

/// The public keys that every server begins with, as a JWK Set.
///
/// # Errors
/// If there is no such server.
pub(crate) async fn jwks() -> Result<String, String> {
    let idp = MockIdp::builder().profile(Profile::Strict).in_process().map_err(|error| error.to_string())?;
    let request = http::Request::get("/jwks").body(bytes::Bytes::new()).map_err(|error| error.to_string())?;
    let keys: Value = serde_json::from_slice(idp.call(request).await.body()).map_err(|error| error.to_string())?;
    Ok(format!("{keys:#}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_one_that_is_known() {
        for kind in KINDS {
            let known: Result<Kind, _> = serde_json::from_value(kind.into());
            assert!(known.is_ok(), "{kind}");
        }
        for key in KEYS {
            let known: Result<Key, _> = serde_json::from_value(key.into());
            assert!(known.is_ok(), "{key}");
        }
    }

    #[test]
    fn what_no_server_would_take_is_not_made() {
        let mint = |kind, key| Mint { kind, key, ..Mint::default() };
        for useless in [mint(Kind::RefreshToken, Key::Current), mint(Kind::IdToken, Key::Former)] {
            let error = alone(&useless).expect_err("useless");
            assert!(error.ends_with("by --url"), "{error}");
        }
        assert_eq!(alone(&mint(Kind::IdToken, Key::Unpublished)), Ok(()));
    }
}
