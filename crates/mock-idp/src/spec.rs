//! A specification as this server sees it: OAuth's own extension points (RFC 6749 §8), each with a default that does
//! nothing.
//!
//! One document is one implementation of [`Spec`] in one file of `specs/`. The pipeline calls the hooks; the order
//! is that of the list in `specs/mod.rs`.

use std::fmt::Debug;

use oauth_types::ResponseMode;
use serde_json::{Map, Value};

use crate::clients::{Client, Proven};
use crate::ports::Ports;
use crate::ports::store::{BoxFuture, Kept};
use crate::refusal::{Document, Refusal, Rule};
use crate::reply::{AuthorizationResponse, Delivery, Stop, TokenReply};
use crate::request::{Arrival, Attempt, AuthorizationRequest, Draft, Found, Place, Spent, TokenRequest};
use crate::world::Policy;

/// One document.
pub(crate) trait Spec: Debug + Send + Sync + 'static {
    /// Which one.
    fn document(&self) -> &'static Document;

    /// The rules of it that are enforced.
    fn rules(&self) -> &'static [&'static Rule] {
        &[]
    }

    /// Whether a server can do without it.
    fn optional(&self) -> bool {
        false
    }

    /// The paths below the issuer that it needs served, beside those of the authorization and token endpoints.
    fn paths(&self) -> &'static [&'static str] {
        &[]
    }

    /// Adds what it supports to the metadata (RFC 8414 §2).
    fn metadata(&self, _place: &Place, _policy: &Policy, _document: &mut Map<String, Value>) {}

    /// Judges the parameters it knows in an authorization request, and remembers what it will need (RFC 6749 §8.2).
    fn authorize(&self, _request: &AuthorizationRequest<'_>, _draft: &mut Draft) -> Result<(), Refusal> {
        Ok(())
    }

    /// Adds parameters to an authorization response, successful or not (RFC 6749 §8.2).
    fn respond(&self, _place: &Place, _response: &mut AuthorizationResponse) {}

    /// The response modes it defines.
    fn response_modes(&self) -> &'static [ResponseMode] {
        &[]
    }

    /// Puts an authorization response of one of its modes on its way.
    fn deliver(&self, _response: &AuthorizationResponse) -> Option<Delivery> {
        None
    }

    /// Names the methods of client authentication that a request uses (RFC 6749 §2.3). Two of them are an error.
    fn presented(&self, _attempt: &Attempt<'_>, _methods: &mut Vec<&'static str>) {}

    /// The client that credentials of `method` are about, if the method is one of its own.
    fn claimed(&self, _method: &str, _attempt: &Attempt<'_>) -> Option<Result<String, Refusal>> {
        None
    }

    /// Checks credentials of `method` for `client`, if the method is one of its own.
    fn authenticate(
        &self,
        _method: &str,
        _attempt: &Attempt<'_>,
        _client: &Client,
    ) -> Option<Result<Proven, Refusal>> {
        None
    }

    /// The grant type it defines (RFC 6749 §8.3).
    fn grant_type(&self) -> Option<&'static str> {
        None
    }

    /// Finds what a token request of its grant type is about. It does not spend it.
    fn grant<'a>(&'a self, _request: &'a TokenRequest<'a>) -> BoxFuture<'a, Result<Option<Found>, Stop>> {
        Box::pin(std::future::ready(Ok(None)))
    }

    /// Judges a token request against what was remembered. The last chance to refuse.
    fn redeem(&self, _request: &TokenRequest<'_>, _found: &Found) -> Result<(), Refusal> {
        Ok(())
    }

    /// Adds to the answer of a token request (RFC 6749 §8.1). It cannot refuse: the grant is spent.
    fn bind(&self, _request: &TokenRequest<'_>, _spent: &Spent, _reply: &mut TokenReply) {}

    /// Finds an access token in a request to a protected resource, if it is presented in a way it defines.
    fn access<'a>(&self, _arrival: &Arrival<'a>) -> Result<Option<&'a str>, Refusal> {
        Ok(None)
    }

    /// Finds out what an access token stands for, if it is of a kind it defines.
    fn resolve<'a>(
        &'a self,
        _ports: &'a Ports,
        _place: &'a Place,
        _token: &'a str,
    ) -> BoxFuture<'a, Result<Option<Kept>, Stop>> {
        Box::pin(std::future::ready(Ok(None)))
    }
}
