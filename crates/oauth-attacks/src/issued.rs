//! What a token that was issued is good for, as far as anybody can find out.

use mock_idp::jose::Jws;
use serde_json::{Map, Value};

use crate::answer::Answer;
use crate::attack::Inconclusive;
use crate::bench::{Bench, Tokens};
use crate::target::{Registration, Role};

impl Bench {
    /// What an access token says of itself, if it is a JWT, or what introspection says of it.
    ///
    /// # Errors
    /// [`Inconclusive`] when nobody says anything.
    pub async fn said_of(&self, client: &Registration, tokens: &Tokens) -> Result<Map<String, Value>, Inconclusive> {
        if let Ok(jwt) = Jws::parse(tokens.access.expose()) {
            return Ok(jwt.into_claims());
        }
        let silent = || Inconclusive::new("the server does not say what its access tokens are good for");
        self.endpoint("introspection_endpoint").map_err(|_| silent())?;
        let roles = [Role::Resource, Role::Confidential].into_iter().filter_map(|role| self.target().role(role));
        for asking in roles.chain([client]) {
            let answer = self.introspection(asking, &tokens.access).aside().send().await?;
            let said = answer.object().filter(|said| answer.status == 200 && said["active"] == true);
            if let Some(said) = said {
                return Ok(said);
            }
        }
        Err(silent())
    }

    /// Whether the scope of the tokens in an answer to `client` has this value.
    ///
    /// # Errors
    /// [`Inconclusive`] when nobody says so.
    pub async fn has_scope(&self, client: &Registration, answer: &Answer, value: &str) -> Result<bool, Inconclusive> {
        let scope = match answer.member("scope") {
            Some(scope) => scope,
            None => {
                let said = self.said_of(client, &self.tokens_of(client, answer)?).await?;
                let scope = said.get("scope").and_then(Value::as_str);
                scope.ok_or_else(|| Inconclusive::new("the server does not say which scope it granted"))?.to_owned()
            }
        };
        Ok(scope.split(' ').any(|own| own == value))
    }

    /// Whether the access token in an answer to `client` is meant for this resource (RFC 8707 section 2.2).
    ///
    /// # Errors
    /// [`Inconclusive`] when nobody says so.
    pub async fn is_for(&self, client: &Registration, answer: &Answer, resource: &str) -> Result<bool, Inconclusive> {
        let said = self.said_of(client, &self.tokens_of(client, answer)?).await?;
        Ok(match said.get("aud") {
            Some(Value::Array(all)) => all.iter().any(|own| own == resource),
            Some(one) => one == resource,
            None => false,
        })
    }
}
