//! A running server, and its tenants: what a test holds in its hands.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use oauth_types::Secret;
use oauth_types::fault::{Barrier, Fault};
use oauth_types::journal::Expect;
use oauth_types::mint::Mint;
use oauth_types::scenario::NextLogin;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::http::barriers::{Barriers, Held};
#[cfg(feature = "control")]
use crate::http::control;
use crate::http::departure::Cut;
use crate::http::extract::{MAX_BODY, NoBody};
use crate::http::journal::snapshot::Journal;
use crate::http::mint::{self as http_mint, MintError};
use crate::http::router::App;
use crate::http::tap::{Faults, Mounted};
use crate::http::tenants::{self, is_name};
use crate::ports::clock::AdjustableClock;
use crate::ports::keys::Keys;
use crate::server::{Builder, Security, StartError};

mod playing;

/// A running mock authorization server. Dropping it stops it.
///
/// It is used as the [`Tenant`] at its root, by whose methods a test drives it.
#[must_use = "dropping the server stops it"]
pub struct MockIdp {
    root: Tenant,
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
    pub(crate) fn new(app: Arc<App>, security: Security) -> Self {
        let tenant = app.tenants.root().clone();
        Self { root: Tenant { app, tenant }, security, running: None }
    }

    pub(crate) fn app(&self) -> &Arc<App> {
        &self.root.app
    }

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

    /// The address that is listened on; `None` for a server without a socket.
    pub fn address(&self) -> Option<SocketAddr> {
        self.running.as_ref().map(|running| running.address)
    }

    /// The tenant called `name`, made like the one at the root if it is not there. Its issuer is that of the root, a
    /// slash, and the name.
    ///
    /// # Panics
    /// If `name` cannot be a tenant's: 1 to 64 letters, digits and `-._~`, no dot or underscore at the start, no endpoint's
    /// name; or if there are 10,000 tenants already.
    pub fn tenant(&self, name: &str) -> Tenant {
        assert_name(name);
        self.hand(self.app().tenants.find(name))
    }

    /// Makes a tenant as `description` says, in the place of the one of this name if there is one. What a server has but
    /// once, such as its address and its TLS, is that of the server.
    ///
    /// # Errors
    /// [`StartError`] if there can be no such tenant.
    ///
    /// # Panics
    /// If `name` cannot be a tenant's, or if there are too many: see [`MockIdp::tenant`].
    pub fn create(&self, name: &str, description: Builder) -> Result<Tenant, StartError> {
        assert_name(name);
        let tenants = &self.app().tenants;
        Ok(self.hand(tenants.create(name, description.tenant(tenants.origin()))?))
    }

    /// Makes a tenant that nobody else uses, as `description` says: one for a test. It is gone when the guard is dropped.
    ///
    /// # Errors
    /// [`StartError`] if there can be no such tenant.
    ///
    /// # Panics
    /// If there are 10,000 tenants already.
    pub fn disposable(&self, description: Builder) -> Result<Disposable, StartError> {
        let name = tenants::fresh_name(self.app().tenants.origin().dice.as_ref());
        Ok(Disposable(self.create(&name, description)?))
    }

    /// Every tenant but the one at the root, by name.
    pub fn tenants(&self) -> Vec<Tenant> {
        let all = self.app().tenants.all().into_iter();
        all.map(|tenant| Tenant { app: self.app().clone(), tenant }).collect()
    }

    /// Takes every tenant away but the one at the root, which is made again what it was when the server started.
    pub fn reset_all(&self) {
        reset(self.app().tenants.reset_all());
    }

    /// Answers a request without a socket, at once. The URI may be absolute or a path; limits are the same as over HTTP.
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
        let (mut parts, body) = request.into_parts();
        self.security.judge(&mut parts.extensions);
        // Whoever holds the server is on its machine; a test may say otherwise.
        if parts.extensions.get::<SocketAddr>().is_none() {
            parts.extensions.insert(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
        }
        #[cfg(feature = "control")]
        let most = if self.app().controls(parts.uri.path()) { control::MAX_BODY } else { MAX_BODY };
        #[cfg(not(feature = "control"))]
        let most = MAX_BODY;
        let body = if body.len() > most { Err(NoBody::TooLarge) } else { Ok(body) };
        self.app().answer(parts, body).await.at_once()
    }

    /// Stops the server: no connection is accepted any more, requests under way are finished, for at most 5 seconds.
    pub async fn stop(mut self) {
        if let Some(running) = self.running.take() {
            running.stop.send_replace(true);
            // The task ends by itself and does not panic; if it was cancelled, the server has stopped as well.
            let _ = running.accepting.await;
        }
    }

    fn hand(&self, tenant: Option<Arc<tenants::Tenant>>) -> Tenant {
        match tenant {
            Some(tenant) => Tenant { app: self.app().clone(), tenant },
            None => panic!("this server has {} tenants already", tenants::MOST),
        }
    }
}

impl Deref for MockIdp {
    type Target = Tenant;

    fn deref(&self) -> &Tenant {
        &self.root
    }
}

impl Drop for MockIdp {
    fn drop(&mut self) {
        if let Some(running) = &self.running {
            running.stop.send_replace(true);
        }
        self.root.verify_at_end();
        self.tenants().iter().for_each(Tenant::verify_at_end);
    }
}

impl fmt::Debug for MockIdp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MockIdp").field("issuer", &self.issuer()).field("address", &self.address()).finish()
    }
}

/// One issuer of a server, with documents, clients, people, keys, a clock, faults and a journal of its own.
#[derive(Clone)]
pub struct Tenant {
    app: Arc<App>,
    tenant: Arc<tenants::Tenant>,
}

impl Tenant {
    /// Its name, which is the first segment of its paths; empty for the one at the root.
    pub fn name(&self) -> &str {
        &self.tenant.name
    }

    /// Its issuer (RFC 8414 §2): `http://127.0.0.1:PORT` at the root, with TLS `https://`.
    pub fn issuer(&self) -> &str {
        &self.tenant.address.issuer
    }

    /// Its clock. Moving it moves the time of every code and token. It began as the one at the root stood.
    pub fn clock(&self) -> &AdjustableClock {
        &self.tenant.clock
    }

    /// What it signs with. `announce`, `rotate` and `retire` replace its keys on command: the next ones are published
    /// before they are used, and the former ones until they are retired.
    pub fn keys(&self) -> Arc<dyn Keys> {
        self.tenant.live().world.ports.keys.clone()
    }

    /// Every request so far, in order, and what can be asked of them. The journal keeps the last 4096.
    pub fn journal(&self) -> Journal {
        self.tenant.written()
    }

    /// Says beforehand what the journal will have. When the server is dropped, or the [`Disposable`] tenant, it fails the
    /// test if it was otherwise.
    /// ```no_run
    /// # async fn test() {
    /// use oauth_types::journal::Expect;
    ///
    /// let idp = mock_idp::MockIdp::start().await;
    /// idp.expect(Expect::token().grant_type("refresh_token").times(1));
    /// // … the client refreshes, however many of its threads want to …
    /// # }
    /// ```
    pub fn expect(&self, expected: Expect) {
        self.tenant.journal.expect(expected);
    }

    /// Fails the test now unless everything that was expected is so.
    ///
    /// # Panics
    /// If something is otherwise: with what was expected, and the journal.
    #[track_caller]
    pub fn verify(&self) {
        let expected = self.tenant.journal.expected();
        if !expected.is_empty() {
            let journal = self.journal();
            expected.into_iter().for_each(|expected| {
                journal.expect(expected);
            });
        }
    }

    /// The same as the end of a test does, unless that has failed already.
    fn verify_at_end(&self) {
        if !std::thread::panicking() {
            self.verify();
        }
    }

    /// Forgets the journal.
    pub fn clear_journal(&self) {
        self.tenant.journal.clear();
    }

    /// Says what the person in front of the browser does at the next authorization request that gets as far as the
    /// login. What is said more than once happens in order.
    ///
    /// # Panics
    /// If it cannot be: [`NextLogin::check`].
    pub fn next_login(&self, next: NextLogin) {
        match next.check() {
            Ok(()) => self.tenant.script.add(next),
            Err(error) => panic!("there is no such login: {error}"),
        }
    }

    /// [`Tenant::next_login`], shorter: `login("bob")` logs that user in next, and so does whatever else makes a
    /// [`NextLogin`].
    ///
    /// # Panics
    /// If it cannot be: [`NextLogin::check`].
    pub fn login(&self, next: impl Into<NextLogin>) {
        self.next_login(next.into());
    }

    /// Makes the tenant misbehave until the guard is dropped: by a fault of the
    /// [catalogue](oauth_types::fault::catalogue), or by one of your own.
    pub fn fault(&self, fault: impl Into<Fault>) -> Mounted {
        self.mount(fault.into())
    }

    /// Makes a token without a flow, right or wrong: for tests of whoever takes tokens. A right one is taken here too.
    ///
    /// # Panics
    /// If there can be no such token. [`Tenant::try_mint`] gives an error instead.
    pub async fn mint(&self, mint: Mint) -> Secret {
        match self.try_mint(&mint).await {
            Ok(token) => token,
            Err(error) => panic!("the token cannot be made: {error}"),
        }
    }

    /// Makes a token without a flow, if there can be such a token.
    ///
    /// # Errors
    /// [`MintError`] if there cannot.
    pub async fn try_mint(&self, mint: &Mint) -> Result<Secret, MintError> {
        http_mint::mint(&self.tenant.live(), mint).await
    }

    /// Makes the tenant misbehave until the guard is dropped.
    ///
    /// # Panics
    /// If the fault cannot do what it says: [`Fault::check`] tells why.
    pub fn mount(&self, fault: Fault) -> Mounted {
        let mounted = self.tenant.faults.mount(fault).unwrap_or_else(|unfit| panic!("this is no fault: {unfit}"));
        mounted.telling(&self.tenant.journal)
    }

    /// Holds requests to the tenant until the guard releases them or is dropped.
    ///
    /// # Panics
    /// If the barrier cannot hold anything: [`Barrier::check`] tells why.
    pub fn hold(&self, barrier: Barrier) -> Held {
        self.tenant.barriers.hold(barrier).unwrap_or_else(|unfit| panic!("this is no barrier: {unfit}"))
    }

    /// Its faults, by their ids.
    pub fn faults(&self) -> &Arc<Faults> {
        &self.tenant.faults
    }

    /// Its barriers, by their ids.
    pub fn barriers(&self) -> &Arc<Barriers> {
        &self.tenant.barriers
    }

    /// Describes the tenant otherwise: `change` goes on from how it is described now. Codes, tokens, sessions, keys and
    /// the journal stay; every request meets the tenant either as it was or as it is then.
    ///
    /// # Errors
    /// [`StartError`] if there can be no such tenant; it stays as it is.
    pub fn change(&self, change: impl FnOnce(Builder) -> Builder) -> Result<(), StartError> {
        self.tenant.describe(|description| Ok(change(Builder::of(description)).into_description()))
    }

    /// Makes the tenant again what it was at first: its description, keys and clock. What happened since, what was
    /// granted and what was mounted is forgotten.
    pub fn reset(&self) {
        reset(self.app.tenants.reset(&self.tenant));
    }

    /// Stops the tenant, so that it can be looked at: requests are answered with 503, and its clock stands.
    pub fn freeze(&self) {
        self.tenant.freeze();
    }

    /// Lets a frozen tenant go on from where it stopped.
    pub fn thaw(&self) {
        self.tenant.thaw();
    }

    /// Whether the tenant is frozen.
    pub fn is_frozen(&self) -> bool {
        self.tenant.is_frozen()
    }

    /// Takes the tenant away after this time, by the clock of the tenant at the root, in whole seconds. The one at the
    /// root stays as long as the server.
    pub fn lives_for(&self, time: Duration) {
        self.tenant.ends_at(self.app.tenants.now().saturating_add(time.as_secs()));
    }

    /// Takes the tenant away. A later request makes a new one of this name. The one at the root stays.
    ///
    /// Says whether it was there: another one may be in its place.
    pub fn destroy(&self) -> bool {
        self.app.tenants.destroy(&self.tenant)
    }
}

impl fmt::Debug for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tenant").field("issuer", &self.issuer()).finish_non_exhaustive()
    }
}

/// A tenant that is gone when this is dropped.
#[derive(Debug)]
#[must_use = "dropping this takes the tenant away"]
pub struct Disposable(Tenant);

impl Deref for Disposable {
    type Target = Tenant;

    fn deref(&self) -> &Tenant {
        &self.0
    }
}

impl Drop for Disposable {
    fn drop(&mut self) {
        self.0.destroy();
        self.0.verify_at_end();
    }
}

fn assert_name(name: &str) {
    assert!(is_name(name), "{name:?} cannot be a tenant's name: 1 to 64 letters, digits and -._~");
}

/// A tenant was made from its description before, so it can be again: all that could fail then failed then.
fn reset(outcome: Result<(), StartError>) {
    if let Err(error) = outcome {
        panic!("the tenant cannot be made again: {error}");
    }
}
