//! RFC 7523 §2.1, the authorization grant: somebody whom the server trusts has signed on whose behalf the client acts.

use std::fmt;

use oauth_types::{Params, Secret};

use crate::asked::Asked;
use crate::client::Client;
use crate::error::Error;
use crate::session::Session;

const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// A grant that somebody else has signed, to be redeemed.
#[must_use = "call send() to redeem the assertion"]
pub struct JwtBearer<'a> {
    client: &'a Client,
    assertion: Secret,
    asked: Asked,
}

impl Client {
    /// Starts to describe what `assertion` is redeemed for: a JWT about a user or a workload, for this server alone.
    pub fn jwt_bearer(&self, assertion: impl Into<Secret>) -> JwtBearer<'_> {
        JwtBearer { client: self, assertion: assertion.into(), asked: Asked::default() }
    }
}

impl JwtBearer<'_> {
    /// Asks for these scopes, besides those asked for before.
    pub fn scopes<S: AsRef<str>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.asked.for_scopes(scopes);
        self
    }

    /// Says which resource the access token will be used at (RFC 8707 §2), besides those said before.
    pub fn resource(mut self, resource: impl Into<String>) -> Self {
        self.asked.resources.push(resource.into());
        self
    }

    /// Redeems the assertion, with one request that is not repeated. The session has no claims about a user.
    ///
    /// # Errors
    /// [`Error::Config`] if a scope or a resource is unusable; [`Error::OAuth`] if the server refuses;
    /// [`Error::Protocol`]; [`Error::Transport`].
    pub async fn send(self) -> Result<Session, Error> {
        self.asked.judge()?;
        let mut params = Params::new().with("grant_type", GRANT_TYPE).with("assertion", self.assertion.expose());
        self.asked.say(&mut params);
        let response = self.client.token(params).await?;
        Ok(Session::new(self.client.clone(), self.asked, response, None))
    }
}

impl fmt::Debug for JwtBearer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwtBearer")
            .field("resources", &self.asked.resources)
            .field("scopes", &self.asked.scopes)
            .finish_non_exhaustive()
    }
}
