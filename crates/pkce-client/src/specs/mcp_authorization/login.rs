//! How somebody logs in to a resource: by default the user, through their browser.

use std::fmt;

use crate::client::Client;
use crate::error::Error;
use crate::login::LoginRequest;
use crate::session::Session;
use crate::transport::BoxFuture;

/// What a login to a resource is for.
#[derive(Clone)]
pub struct AccessRequest<'a> {
    pub(super) client: &'a Client,
    pub(super) resource: &'a str,
    pub(super) scopes: Vec<String>,
}

impl<'a> AccessRequest<'a> {
    /// The client as the authorization server knows it.
    pub fn client(&self) -> &'a Client {
        self.client
    }

    /// The identifier of the resource, which every token is asked for with (RFC 8707).
    pub fn resource(&self) -> &'a str {
        self.resource
    }

    /// The scopes to ask for.
    pub fn scopes(&self) -> &[String] {
        &self.scopes
    }

    /// A login through a browser that asks for all that.
    pub fn login(&self) -> LoginRequest<'a> {
        self.client.login().scopes(&self.scopes).resource(self.resource)
    }
}

impl fmt::Debug for AccessRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessRequest")
            .field("client", self.client)
            .field("resource", &self.resource)
            .field("scopes", &self.scopes)
            .finish()
    }
}

/// A way to log in to a resource. A session that is not for the resource, or not of the client, is not used.
pub trait ResourceLogin: Send + Sync {
    /// Logs in. Nobody else is logged in meanwhile.
    ///
    /// # Errors
    /// Whatever keeps it from that; the request that caused it fails with it.
    fn log_in<'a>(&'a self, request: AccessRequest<'a>) -> BoxFuture<'a, Result<Session, Error>>;
}

/// The user logs in through their browser: [`LoginRequest::native`].
#[cfg(not(target_family = "wasm"))]
#[derive(Debug, Clone, Copy, Default)]
pub struct NativeLogin;

#[cfg(not(target_family = "wasm"))]
impl ResourceLogin for NativeLogin {
    fn log_in<'a>(&'a self, request: AccessRequest<'a>) -> BoxFuture<'a, Result<Session, Error>> {
        Box::pin(request.login().native())
    }
}

/// Nobody logs in by itself: a page is left for a login.
#[cfg(target_family = "wasm")]
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct NoLogin;

#[cfg(target_family = "wasm")]
impl ResourceLogin for NoLogin {
    fn log_in<'a>(&'a self, _request: AccessRequest<'a>) -> BoxFuture<'a, Result<Session, Error>> {
        Box::pin(std::future::ready(Err(Error::ReauthRequired)))
    }
}

/// The client has access on its own account.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct OwnAccount;

impl ResourceLogin for OwnAccount {
    fn log_in<'a>(&'a self, request: AccessRequest<'a>) -> BoxFuture<'a, Result<Session, Error>> {
        Box::pin(async move {
            let access = request.client.client_credentials();
            access.scopes(&request.scopes).resource(request.resource).session().await
        })
    }
}

impl Session {
    /// Whether it is of this client, and for this resource alone.
    pub(super) async fn is_for(&self, client: &Client, resource: &str) -> bool {
        let same = (self.client.issuer(), self.client.client_id()) == (client.issuer(), client.client_id());
        same && self.resources().await == [resource]
    }
}
