//! RFC 8693, Token Exchange: a token is given, and another one is got for it.

use std::fmt;

use oauth_types::{Params, Secret};
use serde_json::{Map, Value};

use crate::asked::Asked;
use crate::client::Client;
use crate::error::{Defect, Error};
use crate::token::{TokenType, access_token, members, refresh_token, scopes, seconds, text};
use crate::transport::Endpoint;

const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

/// What a token is (§3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TokenKind {
    /// An access token.
    AccessToken,
    /// A refresh token.
    RefreshToken,
    /// An ID token.
    IdToken,
    /// A SAML 1.1 assertion, in base64url.
    Saml1,
    /// A SAML 2.0 assertion, in base64url.
    Saml2,
    /// A JWT of any use.
    Jwt,
    /// An Identity Assertion JWT Authorization Grant (draft-ietf-oauth-identity-assertion-authz-grant §6): what an identity
    /// provider signs for another server, to be redeemed there by [`Client::jwt_bearer`].
    IdJag,
}

impl TokenKind {
    const ALL: [Self; 7] =
        [Self::AccessToken, Self::RefreshToken, Self::IdToken, Self::Saml1, Self::Saml2, Self::Jwt, Self::IdJag];

    /// Its registered identifier.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccessToken => "urn:ietf:params:oauth:token-type:access_token",
            Self::RefreshToken => "urn:ietf:params:oauth:token-type:refresh_token",
            Self::IdToken => "urn:ietf:params:oauth:token-type:id_token",
            Self::Saml1 => "urn:ietf:params:oauth:token-type:saml1",
            Self::Saml2 => "urn:ietf:params:oauth:token-type:saml2",
            Self::Jwt => "urn:ietf:params:oauth:token-type:jwt",
            Self::IdJag => "urn:ietf:params:oauth:token-type:id-jag",
        }
    }
}

/// An exchange to be.
#[must_use = "call send() to exchange the token"]
pub struct ExchangeRequest<'a> {
    client: &'a Client,
    subject: (Secret, TokenKind),
    actor: Option<(Secret, TokenKind)>,
    requested: Option<TokenKind>,
    audiences: Vec<String>,
    asked: Asked,
}

/// A token that was got for another.
#[derive(Clone)]
pub struct ExchangedToken {
    token: Secret,
    kind: TokenKind,
    token_type: Option<TokenType>,
    expires_at: Option<u64>,
    scopes: Vec<String>,
    refresh_token: Option<Secret>,
}

impl Client {
    /// Starts to describe an exchange of `subject`: a token that says on whose behalf the request is made.
    ///
    /// ```no_run
    /// # async fn example(client: pkce_client::Client, theirs: pkce_client::Secret) -> Result<(), pkce_client::Error> {
    /// use pkce_client::TokenKind;
    ///
    /// let exchange = client.token_exchange(theirs, TokenKind::AccessToken).audience("backend").scopes(["read"]);
    /// let ours = exchange.send().await?;
    /// # let _ = ours.token().expose();
    /// # Ok(())
    /// # }
    /// ```
    pub fn token_exchange(&self, subject: impl Into<Secret>, kind: TokenKind) -> ExchangeRequest<'_> {
        ExchangeRequest {
            client: self,
            subject: (subject.into(), kind),
            actor: None,
            requested: None,
            audiences: Vec::new(),
            asked: Asked::default(),
        }
    }
}

impl ExchangeRequest<'_> {
    /// Says by a token who acts on behalf of the subject.
    pub fn actor(mut self, actor: impl Into<Secret>, kind: TokenKind) -> Self {
        self.actor = Some((actor.into(), kind));
        self
    }

    /// Asks for a token of this kind, and takes no other. The default is what the server thinks fit.
    pub fn requesting(mut self, kind: TokenKind) -> Self {
        self.requested = Some(kind);
        self
    }

    /// Says by its name where the token will be used, besides what was said before.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audiences.push(audience.into());
        self
    }

    /// Says by its address where the token will be used (RFC 8707 §2), besides what was said before.
    pub fn resource(mut self, resource: impl Into<String>) -> Self {
        self.asked.resources.push(resource.into());
        self
    }

    /// Asks for these scopes, besides those asked for before.
    pub fn scopes<S: AsRef<str>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.asked.for_scopes(scopes);
        self
    }

    /// Exchanges the token, with one request (§2.1, §2.2). Nothing is verified of the new token: it is for somebody else.
    ///
    /// # Errors
    /// [`Error::Config`] if a scope or a resource is unusable; [`Error::OAuth`] if the server refuses;
    /// [`Error::Protocol`] also if the token is of another kind than asked for; [`Error::Transport`].
    pub async fn send(self) -> Result<ExchangedToken, Error> {
        self.asked.judge()?;
        let client = self.client;
        let now = client.inner.clock.now();
        let mut members = members(Endpoint::Token, client.post(Endpoint::Token, self.params()).await?)?;
        let read = self.read(now, &mut members);
        read.map_err(|defect| Error::Protocol { endpoint: Endpoint::Token, defect })
    }

    fn params(&self) -> Params {
        let mut params = Params::new()
            .with("grant_type", GRANT_TYPE)
            .with("subject_token", self.subject.0.expose())
            .with("subject_token_type", self.subject.1.as_str());
        if let Some((actor, kind)) = &self.actor {
            params.push("actor_token", actor.expose());
            params.push("actor_token_type", kind.as_str());
        }
        if let Some(kind) = self.requested {
            params.push("requested_token_type", kind.as_str());
        }
        for audience in &self.audiences {
            params.push("audience", audience);
        }
        self.asked.say(&mut params);
        params
    }

    /// §2.2.1
    fn read(self, now: u64, members: &mut Map<String, Value>) -> Result<ExchangedToken, Defect> {
        const KIND: &str = "issued_token_type";
        let kind = text(members, KIND)?.ok_or(Defect::Missing(KIND))?;
        let kind = TokenKind::ALL.into_iter().find(|known| known.as_str() == kind).ok_or(Defect::Member(KIND))?;
        if self.requested.is_some_and(|requested| requested != kind) {
            return Err(Defect::Member(KIND));
        }
        let wanted = self.client.token_type();
        let token_type = text(members, "token_type")?.ok_or(Defect::Missing("token_type"))?;
        // What is no access token has no type to be used with.
        let unusable = kind != TokenKind::AccessToken && token_type.eq_ignore_ascii_case("N_A");
        if !unusable && !token_type.eq_ignore_ascii_case(wanted.as_str()) {
            return Err(Defect::TokenType(wanted));
        }
        Ok(ExchangedToken {
            token: access_token(members)?,
            kind,
            token_type: (!unusable).then_some(wanted),
            expires_at: seconds(members, "expires_in")?.map(|seconds| now.saturating_add(seconds)),
            scopes: scopes(members)?.unwrap_or(self.asked.scopes),
            refresh_token: refresh_token(members)?,
        })
    }
}

impl ExchangedToken {
    /// The token.
    pub fn token(&self) -> &Secret {
        &self.token
    }

    /// What it is.
    pub fn kind(&self) -> TokenKind {
        self.kind
    }

    /// What it has to be shown with, if it can be used as an access token.
    pub fn token_type(&self) -> Option<TokenType> {
        self.token_type
    }

    /// When it expires, in seconds since 1970-01-01T00:00:00Z, if the server said so.
    pub fn expires_at(&self) -> Option<u64> {
        self.expires_at
    }

    /// The scopes that were granted; fewer or others than asked for, if the server said so.
    pub fn scopes(&self) -> &[String] {
        &self.scopes
    }

    /// A refresh token, where the server thought one fit.
    pub fn refresh_token(&self) -> Option<&Secret> {
        self.refresh_token.as_ref()
    }
}

impl fmt::Debug for ExchangeRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExchangeRequest")
            .field("audiences", &self.audiences)
            .field("resources", &self.asked.resources)
            .field("scopes", &self.asked.scopes)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ExchangedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExchangedToken")
            .field("kind", &self.kind)
            .field("expires_at", &self.expires_at)
            .field("scopes", &self.scopes)
            .finish_non_exhaustive()
    }
}
