//! One issuer of a server, as a test holds it.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use oauth_types::Secret;
use oauth_types::fault::{Barrier, Fault};
use oauth_types::journal::Expect;
use oauth_types::mint::Mint;
use oauth_types::scenario::NextLogin;

use crate::http::barriers::{Barriers, Held};
use crate::http::journal::snapshot::Journal;
use crate::http::mint::{self as http_mint, MintError};
use crate::http::router::App;
use crate::http::tap::{Faults, Mounted};
use crate::http::tenants;
use crate::ports::clock::AdjustableClock;
use crate::ports::keys::Keys;
use crate::server::{Builder, StartError};

/// One issuer of a server, with documents, clients, people, keys, a clock, faults and a journal of its own.
#[derive(Clone)]
pub struct Tenant {
    pub(super) app: Arc<App>,
    pub(super) tenant: Arc<tenants::Tenant>,
}

impl Tenant {
    /// Its name, which is the first segment of its paths; empty for the one at the root.
    /// ```
    /// # let idp = mock_idp::MockIdp::builder().in_process()?;
    /// assert_eq!((idp.name(), idp.tenant("acme").name()), ("", "acme"));
    /// # Ok::<(), mock_idp::StartError>(())
    /// ```
    pub fn name(&self) -> &str {
        &self.tenant.name
    }

    /// Its issuer (RFC 8414 §2): `http://127.0.0.1:PORT` at the root, with TLS `https://`.
    /// ```
    /// # let idp = mock_idp::MockIdp::builder().in_process()?;
    /// assert_eq!(idp.tenant("acme").issuer(), format!("{}/acme", idp.issuer()));
    /// # Ok::<(), mock_idp::StartError>(())
    /// ```
    pub fn issuer(&self) -> &str {
        &self.tenant.address.issuer
    }

    /// Its clock. Moving it moves the time of every code and token. It began as the one at the root stood.
    /// ```
    /// # let idp = mock_idp::MockIdp::builder().in_process()?;
    /// use std::time::Duration;
    ///
    /// idp.clock().set(1_000_000);
    /// idp.tenant("late").clock().advance(Duration::from_secs(300)); // the clock of this tenant alone
    /// assert_eq!(idp.clock().reading().now, 1_000_000);
    /// # Ok::<(), mock_idp::StartError>(())
    /// ```
    pub fn clock(&self) -> &AdjustableClock {
        &self.tenant.clock
    }

    /// What it signs with. `announce`, `rotate` and `retire` replace its keys on command: the next ones are published
    /// before they are used, and the former ones until they are retired.
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let idp = mock_idp::MockIdp::builder().in_process()?;
    /// idp.keys().announce()?; // clients may fetch the next keys now
    /// idp.keys().rotate()?; // from now on they sign
    /// idp.keys().retire()?; // what the former ones signed no longer verifies
    /// # Ok(())
    /// # }
    /// ```
    pub fn keys(&self) -> Arc<dyn Keys> {
        self.tenant.live().world.ports.keys.clone()
    }

    /// Every request so far, in order, and what can be asked of them. The journal keeps the last 4096.
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), mock_idp::StartError> {
    /// # let idp = mock_idp::MockIdp::builder().in_process()?;
    /// use bytes::Bytes;
    ///
    /// idp.call(http::Request::get("/jwks").body(Bytes::new()).expect("a request")).await;
    /// assert_eq!(idp.journal()[0].status, 200);
    /// # Ok(())
    /// # }
    /// ```
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
    /// ```
    /// # let idp = mock_idp::MockIdp::builder().in_process()?;
    /// use oauth_types::journal::Expect;
    ///
    /// idp.expect(Expect::token().never());
    /// idp.verify(); // so far, nobody asked for tokens
    /// # Ok::<(), mock_idp::StartError>(())
    /// ```
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
    pub(super) fn verify_at_end(&self) {
        if !std::thread::panicking() {
            self.verify();
        }
    }

    /// Forgets the journal.
    /// ```
    /// # let idp = mock_idp::MockIdp::builder().in_process()?;
    /// idp.clear_journal();
    /// assert!(idp.journal().is_empty());
    /// # Ok::<(), mock_idp::StartError>(())
    /// ```
    pub fn clear_journal(&self) {
        self.tenant.journal.clear();
    }

    /// Says what the person in front of the browser does at the next authorization request that gets as far as the
    /// login. What is said more than once happens in order.
    /// ```
    /// # let idp = mock_idp::MockIdp::builder().in_process()?;
    /// use oauth_types::scenario::NextLogin;
    ///
    /// idp.next_login(NextLogin::deny()); // the next person does not agree
    /// idp.next_login(NextLogin::user("bob").for_client("web")); // at the next request of this client
    /// # Ok::<(), mock_idp::StartError>(())
    /// ```
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
    /// ```
    /// # let idp = mock_idp::MockIdp::builder().in_process()?;
    /// use oauth_types::scenario::{NextLogin, UserSetup};
    ///
    /// idp.login("bob");
    /// idp.login(NextLogin::user("alice").mfa());
    /// idp.login(UserSetup::new("carol").claim("email", "carol@example.com")); // somebody new
    /// # Ok::<(), mock_idp::StartError>(())
    /// ```
    ///
    /// # Panics
    /// If it cannot be: [`NextLogin::check`].
    pub fn login(&self, next: impl Into<NextLogin>) {
        self.next_login(next.into());
    }

    /// Makes the tenant misbehave until the guard is dropped: by a fault of the
    /// [catalogue](oauth_types::fault::catalogue), or by one of your own.
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), mock_idp::StartError> {
    /// # let idp = mock_idp::MockIdp::builder().in_process()?;
    /// use bytes::Bytes;
    /// use oauth_types::fault::catalogue;
    ///
    /// let guard = idp.fault(catalogue::INTERNAL_SERVER_ERROR);
    /// let request = http::Request::post("/token").body(Bytes::new()).expect("a request");
    /// assert_eq!(idp.call(request).await.status(), 500);
    /// drop(guard); // it acted; had it not, this would fail the test
    /// # Ok(())
    /// # }
    /// ```
    pub fn fault(&self, fault: impl Into<Fault>) -> Mounted {
        self.mount(fault.into())
    }

    /// Makes a token without a flow, right or wrong: for tests of whoever takes tokens. A right one is taken here too.
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), mock_idp::StartError> {
    /// # let idp = mock_idp::MockIdp::builder().in_process()?;
    /// use oauth_types::mint::Mint;
    ///
    /// let token = idp.mint(Mint::access_token("alice").audience("https://api.example").scope("read")).await;
    /// let expired = idp.mint(Mint::access_token("alice").expired()).await;
    /// # assert_ne!(token.expose(), expired.expose());
    /// # Ok(())
    /// # }
    /// ```
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
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), mock_idp::StartError> {
    /// # let idp = mock_idp::MockIdp::builder().in_process()?;
    /// use mock_idp::MintError;
    /// use oauth_types::mint::{Key, Mint};
    ///
    /// let former = Mint::access_token("alice").key(Key::Former);
    /// assert_eq!(idp.try_mint(&former).await, Err(MintError::NoFormerKey)); // nothing has been rotated
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`MintError`] if there cannot.
    pub async fn try_mint(&self, mint: &Mint) -> Result<Secret, MintError> {
        http_mint::mint(&self.tenant.live(), mint).await
    }

    /// Makes the tenant misbehave until the guard is dropped.
    /// ```
    /// # let idp = mock_idp::MockIdp::builder().in_process()?;
    /// use oauth_types::fault::{Edit, Fault, Point};
    ///
    /// let guard = idp.mount(Fault::always(Point::IdToken, Edit::set("aud", "somebody-else")).once());
    /// assert_eq!(guard.fired(), 0);
    /// guard.unmount(); // without asking whether it acted
    /// # Ok::<(), mock_idp::StartError>(())
    /// ```
    ///
    /// # Panics
    /// If the fault cannot do what it says: [`Fault::check`] tells why.
    pub fn mount(&self, fault: Fault) -> Mounted {
        let mounted = self.tenant.faults.mount(fault).unwrap_or_else(|unfit| panic!("this is no fault: {unfit}"));
        mounted.telling(&self.tenant.journal)
    }

    /// Holds requests to the tenant until the guard releases them or is dropped.
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), mock_idp::StartError> {
    /// # let idp = mock_idp::MockIdp::builder().in_process()?;
    /// use bytes::Bytes;
    /// use oauth_types::fault::{Barrier, Point};
    ///
    /// let held = idp.hold(Barrier::at(Point::Jwks));
    /// let request = http::Request::get("/jwks").body(Bytes::new()).expect("a request");
    /// let (answer, waiting) = tokio::join!(idp.call(request), async {
    ///     let waiting = held.arrived(1).await; // the answer is ready, and does not leave
    ///     held.release();
    ///     waiting
    /// });
    /// assert_eq!((answer.status().as_u16(), waiting), (200, 1));
    /// # Ok(())
    /// # }
    /// ```
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
    /// ```
    /// # let idp = mock_idp::MockIdp::builder().in_process()?;
    /// use mock_idp::User;
    ///
    /// idp.change(|description| description.user(User::new("carol")).on("login-pages"))?;
    /// # Ok::<(), mock_idp::StartError>(())
    /// ```
    ///
    /// # Errors
    /// [`StartError`] if there can be no such tenant; it stays as it is.
    pub fn change(&self, change: impl FnOnce(Builder) -> Builder) -> Result<(), StartError> {
        self.tenant.describe(|description| Ok(change(Builder::of(description)).into_description()))
    }

    /// Makes the tenant again what it was at first: its description, keys and clock. What happened since, what was
    /// granted and what was mounted is forgotten.
    /// ```
    /// # let idp = mock_idp::MockIdp::builder().in_process()?;
    /// idp.clock().set(1_000);
    /// idp.reset();
    /// assert!(idp.clock().reading().now > 1_000);
    /// # Ok::<(), mock_idp::StartError>(())
    /// ```
    pub fn reset(&self) {
        super::reset(self.app.tenants.reset(&self.tenant));
    }

    /// Stops the tenant, so that it can be looked at: requests are answered with 503, and its clock stands.
    /// ```
    /// # let idp = mock_idp::MockIdp::builder().in_process()?;
    /// idp.freeze();
    /// assert!(idp.is_frozen() && idp.clock().is_frozen());
    /// # Ok::<(), mock_idp::StartError>(())
    /// ```
    pub fn freeze(&self) {
        self.tenant.freeze();
    }

    /// Lets a frozen tenant go on from where it stopped.
    /// ```
    /// # let idp = mock_idp::MockIdp::builder().in_process()?;
    /// idp.freeze();
    /// idp.thaw();
    /// assert!(!idp.is_frozen() && !idp.clock().is_frozen());
    /// # Ok::<(), mock_idp::StartError>(())
    /// ```
    pub fn thaw(&self) {
        self.tenant.thaw();
    }

    /// Whether the tenant is frozen.
    pub fn is_frozen(&self) -> bool {
        self.tenant.is_frozen()
    }

    /// Takes the tenant away after this time, by the clock of the tenant at the root, in whole seconds. The one at the
    /// root stays as long as the server.
    /// ```
    /// # let idp = mock_idp::MockIdp::builder().in_process()?;
    /// use std::time::Duration;
    ///
    /// idp.tenant("short").lives_for(Duration::from_secs(60));
    /// idp.clock().advance(Duration::from_secs(61));
    /// assert!(idp.tenants().is_empty());
    /// # Ok::<(), mock_idp::StartError>(())
    /// ```
    pub fn lives_for(&self, time: Duration) {
        self.tenant.ends_at(self.app.tenants.now().saturating_add(time.as_secs()));
    }

    /// Takes the tenant away. A later request makes a new one of this name. The one at the root stays.
    ///
    /// Says whether it was there: another one may be in its place.
    /// ```
    /// # let idp = mock_idp::MockIdp::builder().in_process()?;
    /// let acme = idp.tenant("acme");
    /// assert!(acme.destroy() && !acme.destroy());
    /// # Ok::<(), mock_idp::StartError>(())
    /// ```
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
pub struct Disposable(pub(super) Tenant);

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
