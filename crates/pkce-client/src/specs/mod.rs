//! Extensions of OAuth: one document, one file, with everything that is particular to it, the methods of the public
//! types included. A document that takes part in every exchange is a [`Spec`] and has its line in [`ORDER`].

pub(crate) mod draft_client_id_metadata;
pub(crate) mod mcp_authorization;
mod oauth_form_post;
pub(crate) mod oidc_backchannel_logout;
pub(crate) mod oidc_core;
pub(crate) mod oidc_frontchannel_logout;
pub(crate) mod oidc_jarm;
pub(crate) mod oidc_rp_initiated_logout;
pub(crate) mod oidc_signed_userinfo;
pub(crate) mod rfc6749_client_credentials;
pub(crate) mod rfc6750_bearer;
mod rfc7009_revocation;
#[cfg(not(target_family = "wasm"))]
pub(crate) mod rfc7516_jwe;
mod rfc7523_client_assertion;
pub(crate) mod rfc7523_jwt_bearer;
pub(crate) mod rfc7591_registration;
mod rfc7592_management;
pub(crate) mod rfc7662_introspection;
pub(crate) mod rfc8628_device;
pub(crate) mod rfc8693_token_exchange;
mod rfc8705_mtls;
pub(crate) mod rfc8707_resource;
pub(crate) mod rfc9068_access_token;
pub(crate) mod rfc9101_jar;
pub(crate) mod rfc9126_par;
pub(crate) mod rfc9396_rar;
pub(crate) mod rfc9449_dpop;
pub(crate) mod rfc9470_step_up;
mod rfc9701_jwt_introspection;
pub(crate) mod rfc9728_resource;

use std::any::{Any, TypeId};

use http::request::Parts;
use oauth_types::{Params, Secret};

use crate::client::Client;
use crate::dice::Dice;
use crate::discover::Server;
use crate::error::Error;
use crate::jwt::{JwtError, JwtKind};
use crate::login::AuthorizationRequest;
use crate::token::TokenType;
use crate::transport::{BoxFuture, Endpoint};

/// In which order the documents that are on have their say.
const ORDER: &[fn() -> TypeId] = &[
    TypeId::of::<oidc_jarm::SignedResponses>,
    // A request is signed before it is pushed.
    TypeId::of::<rfc9101_jar::Signed>,
    TypeId::of::<rfc8705_mtls::CertificateBound>,
    TypeId::of::<rfc9126_par::Pushed>,
    TypeId::of::<oidc_signed_userinfo::SignedUserinfo>,
    #[cfg(not(target_family = "wasm"))]
    TypeId::of::<rfc7516_jwe::Encrypted>,
    TypeId::of::<rfc9449_dpop::Dpop>,
];

/// A document that takes part in what the client sends and believes. What it does not speak of, it leaves alone.
pub(crate) trait Spec: Any + Send + Sync {
    /// Judges the metadata when the client is made. What was asked for and is not offered is an error, never left out
    /// in silence.
    fn accept(&self, _server: &Server) -> Result<(), Error> {
        Ok(())
    }

    /// Draws what the client keeps for as long as it lives.
    fn prepare(&mut self, _dice: &dyn Dice) -> Result<(), Error> {
        Ok(())
    }

    /// Adds to the authorization request, and to what its response will be held against.
    fn ask(&self, _client: &Client, _request: &mut AuthorizationRequest) -> Result<(), Error> {
        Ok(())
    }

    /// Changes how the authorization request travels: what it returns goes through the browser.
    fn carry<'a>(&'a self, _client: &'a Client, params: Params) -> BoxFuture<'a, Result<Params, Error>> {
        Box::pin(std::future::ready(Ok(params)))
    }

    /// Adds a proof to a request that is about to be sent to `endpoint`, with `token` if it is for a protected resource.
    fn prove(
        &self,
        _client: &Client,
        _endpoint: Endpoint,
        _head: &mut Parts,
        _token: Option<&Secret>,
    ) -> Result<(), Error> {
        Ok(())
    }

    /// Looks at the answer to a request that went to `url`, as one for `endpoint`.
    fn heard(
        &self,
        _client: &Client,
        _endpoint: Endpoint,
        _url: &http::Uri,
        _answer: &http::Response<Vec<u8>>,
    ) -> Again {
        Again::No
    }

    /// Whether tokens of this kind are encrypted for this client.
    fn encrypts(&self, _kind: JwtKind) -> bool {
        false
    }

    /// Opens a token of a kind that is encrypted for this client: a signed token if `is_signed`, claims otherwise.
    fn decrypt(&self, _kind: JwtKind, token: &Secret, _is_signed: bool) -> Result<Secret, JwtError> {
        Ok(token.clone())
    }

    /// Whether the connection proves something, so that endpoints may be elsewhere (RFC 8705 §5).
    fn is_in_connection(&self) -> bool {
        false
    }

    /// The only type of access token that is taken, if it is another than `Bearer`.
    fn token_type(&self) -> Option<TokenType> {
        None
    }
}

/// Whether the same request is made and sent once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(crate) enum Again {
    No,
    Once,
}

impl Again {
    pub(crate) fn or(self, other: Self) -> Self {
        if self == Self::Once { self } else { other }
    }
}

/// Puts `spec` in its place among `specs`; another of the same document is replaced.
pub(crate) fn place<S: Spec>(specs: &mut Vec<Box<dyn Spec>>, spec: S) {
    let of = |spec: &dyn Spec| (spec as &dyn Any).type_id();
    specs.retain(|other| of(&**other) != TypeId::of::<S>());
    specs.push(Box::new(spec));
    specs.sort_by_key(|spec| ORDER.iter().position(|id| id() == of(&**spec)).unwrap_or(ORDER.len()));
}

/// The document of this type, put among `specs` if it is not there.
#[cfg(not(target_family = "wasm"))]
pub(crate) fn find<S: Spec + Default>(specs: &mut Vec<Box<dyn Spec>>) -> &mut S {
    if !specs.iter().any(|spec| (&**spec as &dyn Any).is::<S>()) {
        place(specs, S::default());
    }
    let found = specs.iter_mut().find_map(|spec| (&mut **spec as &mut dyn Any).downcast_mut());
    found.expect("it was put there")
}

impl Client {
    /// A document that is on, by its type.
    pub(crate) fn spec<S: Spec>(&self) -> Option<&S> {
        self.inner.specs.iter().find_map(|spec| (&**spec as &dyn Any).downcast_ref())
    }
}
