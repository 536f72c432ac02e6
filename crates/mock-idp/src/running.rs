//! A running server, and its tenants: what a test holds in its hands.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use oauth_types::fault::{Barrier, Fault};
use oauth_types::scenario::NextLogin;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::http::barriers::{Barriers, Held};
use crate::http::departure::{Cut, Departing};
use crate::http::extract::{MAX_BODY, NoBody};
use crate::http::journal::Entry;
use crate::http::router::App;
use crate::http::tap::{Faults, Mounted};
use crate::http::tenants;
use crate::ports::clock::AdjustableClock;
use crate::ports::keys::Keys;
use crate::server::{Builder, Security};

/// A running mock authorization server. Dropping it stops it.
#[must_use = "dropping the server stops it"]
pub struct MockIdp {
    pub(crate) app: Arc<App>,
    pub(crate) clock: Arc<AdjustableClock>,
    pub(crate) security: Security,
    pub(crate) running: Option<Running>,
}

/// A socket that is being served.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) stop: watch::Sender<bool>,
    pub(crate) accepting: JoinHandle<()>,
}

impl MockIdp {
    /// Starts a server on a free port of 127.0.0.1, with the built-in clients and users. It is ready at once.
    ///
    /// # Panics
    /// If no port of 127.0.0.1 can be listened on. [`Builder::start`] gives an error instead.
    pub async fn start() -> Self {
        match Self::builder().start().await {
            Ok(server) => server,
            Err(error) => panic!("the mock server did not start: {error}"),
        }
    }

    /// A server that is still being described.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// The issuer of the tenant at the root (RFC 8414 §2): `http://127.0.0.1:PORT`, with TLS `https://`.
    pub fn issuer(&self) -> &str {
        &self.app.tenants.root().place.issuer
    }

    /// The address that is listened on; `None` for a server without a socket.
    pub fn address(&self) -> Option<SocketAddr> {
        self.running.as_ref().map(|running| running.address)
    }

    /// The tenant called `name`, made if it is not there. Its issuer is that of the root, a slash, and the name.
    ///
    /// # Panics
    /// If `name` cannot be a tenant's: 1 to 64 letters, digits and `-._~`, no dot at the start, no endpoint's name.
    pub fn tenant(&self, name: &str) -> Tenant {
        assert!(tenants::is_name(name), "{name:?} cannot be a tenant's name: 1 to 64 letters, digits and -._~");
        match self.app.tenants.find(name) {
            Some(tenant) => Tenant(tenant),
            None => panic!("this server has too many tenants"),
        }
    }

    /// The server's clock. Moving it moves the time of every code and token.
    pub fn clock(&self) -> &AdjustableClock {
        &self.clock
    }

    /// What the server signs with. `announce`, `rotate` and `retire` replace the keys of every tenant on command: the
    /// next ones are published before they are used, and the former ones until they are retired.
    pub fn keys(&self) -> &dyn Keys {
        &*self.app.world.ports.keys
    }

    /// Every request to the tenant at the root so far, in order. The journal keeps the last 4096.
    pub fn journal(&self) -> Vec<Entry> {
        self.app.tenants.root().journal.entries()
    }

    /// Forgets the journal of the tenant at the root.
    pub fn clear_journal(&self) {
        self.app.tenants.root().journal.clear();
    }

    /// Makes the tenant at the root misbehave until the guard is dropped.
    ///
    /// # Panics
    /// If the fault cannot do what it says: [`Fault::check`] tells why.
    pub fn mount(&self, fault: Fault) -> Mounted {
        match self.app.tenants.root().faults.mount(fault) {
            Ok(mounted) => mounted,
            Err(unfit) => panic!("this is no fault: {unfit}"),
        }
    }

    /// Holds requests to the tenant at the root until the guard releases them or is dropped.
    ///
    /// # Panics
    /// If the barrier cannot hold anything: [`Barrier::check`] tells why.
    pub fn hold(&self, barrier: Barrier) -> Held {
        match self.app.tenants.root().barriers.hold(barrier) {
            Ok(held) => held,
            Err(unfit) => panic!("this is no barrier: {unfit}"),
        }
    }

    /// The faults of the tenant at the root, by their ids.
    pub fn faults(&self) -> &Arc<Faults> {
        &self.app.tenants.root().faults
    }

    /// The barriers of the tenant at the root, by their ids.
    pub fn barriers(&self) -> &Arc<Barriers> {
        &self.app.tenants.root().barriers
    }

    /// Says what the person in front of the browser does at the next authorization request to the tenant at the root
    /// that gets as far as the login. What is said more than once happens in order.
    pub fn next_login(&self, next: NextLogin) {
        self.app.tenants.root().script.add(next);
    }

    /// Answers a request without a socket. The URI may be absolute or a path; limits are the same as over HTTP.
    ///
    /// Faults that take time take none here: the answer is there at once.
    ///
    /// # Panics
    /// If a fault broke the connection: [`MockIdp::exchange`] tells how.
    pub async fn call(&self, request: Request<Bytes>) -> Response<Bytes> {
        match self.exchange(request).await {
            Ok(response) => response,
            Err(cut) => panic!("a fault broke the connection: {cut}; MockIdp::exchange tells of it without a panic"),
        }
    }

    /// Answers a request without a socket, as [`MockIdp::call`] does, and tells what a client would have seen if a
    /// fault broke the connection.
    ///
    /// # Errors
    /// [`Cut`] if a fault reset the connection, closed it early, kept it open for nothing, or sent a body without end.
    pub async fn exchange(&self, request: Request<Bytes>) -> Result<Response<Bytes>, Cut> {
        self.arrive(request).await.at_once()
    }

    async fn arrive(&self, request: Request<Bytes>) -> Departing {
        let (mut parts, body) = request.into_parts();
        self.security.judge(&mut parts.extensions);
        let body = if body.len() > MAX_BODY { Err(NoBody::TooLarge) } else { Ok(body) };
        self.app.answer(parts, body).await
    }

    /// Stops the server: no connection is accepted any more, requests under way are finished, for at most 5 seconds.
    pub async fn stop(mut self) {
        if let Some(running) = self.running.take() {
            running.stop.send_replace(true);
            // The task ends by itself and does not panic; if it was cancelled, the server has stopped as well.
            let _ = running.accepting.await;
        }
    }
}

impl Drop for MockIdp {
    fn drop(&mut self) {
        if let Some(running) = &self.running {
            running.stop.send_replace(true);
        }
    }
}

impl fmt::Debug for MockIdp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MockIdp").field("issuer", &self.issuer()).field("address", &self.address()).finish()
    }
}

/// One issuer of a server, below the root.
#[derive(Debug, Clone)]
pub struct Tenant(Arc<tenants::Tenant>);

impl Tenant {
    /// The tenant's issuer.
    pub fn issuer(&self) -> &str {
        &self.0.place.issuer
    }

    /// Every request to this tenant so far, in order. The journal keeps the last 4096.
    pub fn journal(&self) -> Vec<Entry> {
        self.0.journal.entries()
    }

    /// Forgets this tenant's journal.
    pub fn clear_journal(&self) {
        self.0.journal.clear();
    }

    /// Says what the person in front of the browser does at the next authorization request to this tenant that gets as
    /// far as the login. What is said more than once happens in order.
    pub fn next_login(&self, next: NextLogin) {
        self.0.script.add(next);
    }

    /// Makes this tenant misbehave until the guard is dropped.
    ///
    /// # Panics
    /// If the fault cannot do what it says: [`Fault::check`] tells why.
    pub fn mount(&self, fault: Fault) -> Mounted {
        match self.0.faults.mount(fault) {
            Ok(mounted) => mounted,
            Err(unfit) => panic!("this is no fault: {unfit}"),
        }
    }

    /// Holds requests to this tenant until the guard releases them or is dropped.
    ///
    /// # Panics
    /// If the barrier cannot hold anything: [`Barrier::check`] tells why.
    pub fn hold(&self, barrier: Barrier) -> Held {
        match self.0.barriers.hold(barrier) {
            Ok(held) => held,
            Err(unfit) => panic!("this is no barrier: {unfit}"),
        }
    }

    /// The faults of this tenant, by their ids.
    pub fn faults(&self) -> &Arc<Faults> {
        &self.0.faults
    }

    /// The barriers of this tenant, by their ids.
    pub fn barriers(&self) -> &Arc<Barriers> {
        &self.0.barriers
    }
}
