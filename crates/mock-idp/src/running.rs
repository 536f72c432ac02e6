//! A running server, and its tenants: what a test holds in its hands.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::Deref;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use tokio::sync::watch;
use tokio::task::JoinHandle;

#[cfg(feature = "control")]
use crate::http::control;
use crate::http::departure::Cut;
use crate::http::extract::{MAX_BODY, NoBody};
use crate::http::router::App;
use crate::http::tenants::{self, is_name};
use crate::server::{Builder, Security, StartError};

mod playing;
mod tenant;

pub use tenant::{Disposable, Tenant};

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
    /// ```
    /// # let idp = mock_idp::MockIdp::builder().in_process()?;
    /// let acme = idp.tenant("acme");
    /// assert_eq!(acme.issuer(), "http://mock-idp.test/acme");
    /// # Ok::<(), mock_idp::StartError>(())
    /// ```
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
    /// ```
    /// # let idp = mock_idp::MockIdp::builder().in_process()?;
    /// use mock_idp::{MockIdp, Profile};
    ///
    /// let bank = idp.create("bank", MockIdp::builder().profile(Profile::Fapi2))?;
    /// # assert_eq!(bank.name(), "bank");
    /// # Ok::<(), mock_idp::StartError>(())
    /// ```
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
    /// ```
    /// # let idp = mock_idp::MockIdp::builder().in_process()?;
    /// use mock_idp::MockIdp;
    ///
    /// let own = idp.disposable(MockIdp::builder())?;
    /// assert_eq!(idp.tenants().len(), 1);
    /// drop(own);
    /// assert!(idp.tenants().is_empty());
    /// # Ok::<(), mock_idp::StartError>(())
    /// ```
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
    /// ```
    /// # let idp = mock_idp::MockIdp::builder().in_process()?;
    /// idp.tenant("acme");
    /// assert_eq!(idp.tenants()[0].name(), "acme");
    /// # Ok::<(), mock_idp::StartError>(())
    /// ```
    pub fn tenants(&self) -> Vec<Tenant> {
        let all = self.app().tenants.all().into_iter();
        all.map(|tenant| Tenant { app: self.app().clone(), tenant }).collect()
    }

    /// Describes the tenant at the root anew while it runs, and with it those that were made like it: clients, users,
    /// lifetimes, documents and choices. Codes, tokens, keys, clocks, faults and journals stay. What was said on top of the
    /// former description, by [`Tenant::play`] or the control API, is gone. What a server has but once, such as its address,
    /// its issuer, its store and its TLS, is not looked at.
    /// ```
    /// # let idp = mock_idp::MockIdp::builder().in_process()?;
    /// use mock_idp::{MockIdp, User};
    ///
    /// idp.redescribe(MockIdp::builder().user(User::new("carol")))?;
    /// # Ok::<(), mock_idp::StartError>(())
    /// ```
    ///
    /// # Errors
    /// [`StartError`] if there can be no such server. Then everything is as before.
    pub fn redescribe(&self, description: Builder) -> Result<(), StartError> {
        let description = description.into_description();
        self.app().tenants.root().redescribe(&description)?;
        let like_root = self.app().tenants.all();
        like_root.iter().filter(|tenant| tenant.is_like_root()).try_for_each(|tenant| tenant.redescribe(&description))
    }

    /// Takes every tenant away but the one at the root, which is made again what it was when the server started.
    /// ```
    /// # let idp = mock_idp::MockIdp::builder().in_process()?;
    /// idp.tenant("acme");
    /// idp.reset_all(); // between two tests
    /// assert!(idp.tenants().is_empty());
    /// # Ok::<(), mock_idp::StartError>(())
    /// ```
    pub fn reset_all(&self) {
        reset(self.app().tenants.reset_all());
    }

    /// Answers a request without a socket, at once. The URI may be absolute or a path; limits are the same as over HTTP.
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), mock_idp::StartError> {
    /// # let idp = mock_idp::MockIdp::builder().in_process()?;
    /// use bytes::Bytes;
    ///
    /// let request = http::Request::get("/jwks").body(Bytes::new()).expect("a request");
    /// assert_eq!(idp.call(request).await.status(), 200);
    /// # Ok(())
    /// # }
    /// ```
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
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), mock_idp::StartError> {
    /// # let idp = mock_idp::MockIdp::builder().in_process()?;
    /// use bytes::Bytes;
    /// use mock_idp::Cut;
    /// use oauth_types::fault::{Point, catalogue};
    ///
    /// let _fault = idp.fault(catalogue::CONNECTION_RESET.at(Point::Jwks));
    /// let request = http::Request::get("/jwks").body(Bytes::new()).expect("a request");
    /// assert!(matches!(idp.exchange(request).await, Err(Cut::Reset)));
    /// # Ok(())
    /// # }
    /// ```
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

fn assert_name(name: &str) {
    assert!(is_name(name), "{name:?} cannot be a tenant's name: 1 to 64 letters, digits and -._~");
}

/// A tenant was made from its description before, so it can be again: all that could fail then failed then.
fn reset(outcome: Result<(), StartError>) {
    if let Err(error) = outcome {
        panic!("the tenant cannot be made again: {error}");
    }
}
