//! A client as its metadata describe it (RFC 7591 §2), whoever wrote them.

use oauth_types::scenario::ClientSetup;
use oauth_types::{Algorithm, Secret};
use serde_json::{Map, Value};

use super::Client;
use crate::memory::Scope;
use crate::redirect::RedirectRule;

/// A member of client metadata that is not what it has to be. The text is fit for a hint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{name} has to be {wanted}")]
pub(crate) struct BadMember {
    name: &'static str,
    wanted: &'static str,
}

impl Client {
    /// The client that `metadata` describe, with the defaults of RFC 7591 §2 for what they leave out. All of them are
    /// kept: each document reads its own.
    ///
    /// # Errors
    /// [`BadMember`] if one that every client has is of the wrong type. Nothing else is judged here.
    pub(crate) fn from_metadata(
        client_id: String,
        secret: Option<Secret>,
        metadata: Map<String, Value>,
    ) -> Result<Self, BadMember> {
        let redirects = texts(&metadata, "redirect_uris")?.unwrap_or_default();
        let grant_types = texts(&metadata, "grant_types")?;
        let auth_method = text(&metadata, "token_endpoint_auth_method", "a text")?;
        let scope = text(&metadata, "scope", SCOPE)?;
        let scope = scope.map(|scope| Scope::parse(scope).ok_or(BadMember { name: "scope", wanted: SCOPE }));
        let algorithm = text(&metadata, "id_token_signed_response_alg", ALGORITHM)?;
        let unknown = BadMember { name: "id_token_signed_response_alg", wanted: ALGORITHM };
        let algorithm = algorithm.map(|name| Algorithm::from_wire(name).ok_or(unknown)).transpose()?;
        Ok(Self {
            secret,
            redirects: redirects.into_iter().map(RedirectRule::Registered).collect(),
            scope: scope.transpose()?.map(|scope| scope.tokens().map(str::to_owned).collect()),
            grant_types: grant_types.unwrap_or_else(|| vec!["authorization_code".to_owned()]),
            id_token_algorithm: algorithm,
            auth_method: Some(auth_method.unwrap_or("client_secret_basic").to_owned()),
            metadata,
            ..Self::public(client_id)
        })
    }
}

#[cfg(feature = "control")]
impl Client {
    /// The setup of this client, with its secret.
    pub(crate) fn setup(&self) -> ClientSetup {
        let registered = self.redirects.iter().filter_map(|rule| match rule {
            RedirectRule::Registered(uri) => Some(uri.clone()),
            RedirectRule::AnyLoopback | RedirectRule::Any => None,
        });
        let grant_types = if self.any_grant_type { vec![EVERY.to_owned()] } else { self.grant_types.clone() };
        ClientSetup {
            client_id: self.client_id.clone(),
            client_secret: self.secret.clone(),
            redirect_uris: registered.collect(),
            any_loopback_redirect: self.redirects.contains(&RedirectRule::AnyLoopback),
            scope: self.scope.as_ref().map(|tokens| tokens.join(" ")),
            grant_types: Some(grant_types),
            id_token_signed_response_alg: self.id_token_algorithm,
            token_endpoint_auth_method: self.auth_method.clone(),
            metadata: self.metadata.clone(),
        }
    }
}

impl From<ClientSetup> for Client {
    fn from(setup: ClientSetup) -> Self {
        let ClientSetup { client_id, client_secret, redirect_uris, any_loopback_redirect, scope, .. } = setup;
        let mut client = match client_secret {
            Some(secret) => Self::confidential(client_id, secret),
            None => Self::public(client_id),
        };
        client = redirect_uris.into_iter().fold(client, Self::redirect_uri);
        if any_loopback_redirect {
            client = client.any_loopback_redirect();
        }
        if let Some(scope) = scope {
            client = client.scope(scope.split_whitespace());
        }
        client = match setup.grant_types {
            Some(types) if types == [EVERY] => client.any_grant_type(),
            Some(types) => client.grant_types(types),
            None => client,
        };
        if let Some(method) = setup.token_endpoint_auth_method {
            client = client.token_endpoint_auth_method(method);
        }
        if let Some(algorithm) = setup.id_token_signed_response_alg {
            client = client.id_token_signed_response_alg(algorithm);
        }
        setup.metadata.into_iter().fold(client, |client, (name, value)| client.metadata(name, value))
    }
}

/// Every grant type that the server supports.
const EVERY: &str = "*";
const SCOPE: &str = "scope tokens with one space between them";
const ALGORITHM: &str = "an algorithm of this server; none is not supported";

fn text<'a>(
    metadata: &'a Map<String, Value>,
    name: &'static str,
    wanted: &'static str,
) -> Result<Option<&'a str>, BadMember> {
    let member = metadata.get(name);
    member.map(|value| value.as_str().ok_or(BadMember { name, wanted })).transpose()
}

fn texts(metadata: &Map<String, Value>, name: &'static str) -> Result<Option<Vec<String>>, BadMember> {
    let bad = BadMember { name, wanted: "an array of texts" };
    let Some(member) = metadata.get(name) else { return Ok(None) };
    let texts = member.as_array().ok_or(bad)?.iter().map(|text| text.as_str().map(str::to_owned).ok_or(bad));
    texts.collect::<Result<_, _>>().map(Some)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn described(metadata: &Value) -> Result<Client, BadMember> {
        Client::from_metadata("c".to_owned(), None, metadata.as_object().expect("an object").clone())
    }

    #[test]
    fn what_is_left_out_has_the_defaults_of_the_document() {
        let client = described(&json!({})).expect("metadata");
        assert_eq!(client.grant_types, ["authorization_code"]);
        assert_eq!(client.auth_method.as_deref(), Some("client_secret_basic"));
        assert_eq!((client.redirects, client.scope, client.id_token_algorithm), (vec![], None, None));
    }

    #[test]
    fn what_is_said_counts_and_all_of_it_is_kept() {
        let metadata = json!({
            "redirect_uris": ["https://a.example/cb"], "grant_types": ["client_credentials"], "scope": "a b",
            "token_endpoint_auth_method": "none", "id_token_signed_response_alg": "ES256", "further": [1],
        });
        let client = described(&metadata).expect("metadata");
        assert_eq!(client.redirects, [RedirectRule::Registered("https://a.example/cb".to_owned())]);
        assert!(client.may_use("client_credentials") && !client.may_use("authorization_code"));
        assert_eq!(client.scope, Some(vec!["a".to_owned(), "b".to_owned()]));
        assert!(client.is_public());
        assert_eq!(client.id_token_algorithm, Some(Algorithm::Es256));
        assert_eq!(Value::Object(client.metadata), metadata);
    }

    #[test]
    fn a_member_of_the_wrong_type_is_named() {
        for metadata in [
            json!({"redirect_uris": "https://a.example"}),
            json!({"grant_types": [1]}),
            json!({"token_endpoint_auth_method": 1}),
            json!({"scope": "a  b"}),
            json!({"scope": ["a"]}),
            json!({"id_token_signed_response_alg": "none"}),
        ] {
            let name = metadata.as_object().and_then(|members| members.keys().next()).expect("a member");
            let error = described(&metadata).expect_err("a wrong type").to_string();
            assert!(error.starts_with(name.as_str()), "{error}");
        }
    }
}
