//! A client under test: whatever can begin a login and take what comes back from it.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, Weak};

use mock_idp::tls::Tls;

use crate::agent::lock;
pub use crate::errand::{Ability, Done, Door, Errand, Page};
use crate::target::Registration;
use crate::trace::Party;

/// Where the client under test lets its users come back to, unless it says otherwise. Nobody listens there: what
/// comes back is handed to [`ClientUnderTest::finish`].
const REDIRECT_URI: &str = "http://127.0.0.1:9/callback";

/// A client under test.
///
/// It is a web application with two doors: somebody asks to be logged in, and a browser comes back. It tells its
/// visitors apart by their cookies, as a web application does.
pub trait ClientUnderTest: Send + Sync {
    /// Begins a login of `visitor` at `provider` and returns the address the browser is sent to.
    ///
    /// # Errors
    /// [`Rejected`] if the client does not want to have to do with this provider.
    fn begin<'a>(&'a self, visitor: &'a Visitor, provider: &'a Provider) -> Answered<'a, Result<String, Rejected>>;

    /// Takes the address that the browser of `visitor` came back to, with everything after the `?`, and says what
    /// came of it.
    fn finish<'a>(&'a self, visitor: &'a Visitor, address: &'a str) -> Answered<'a, Said>;

    /// Whether the client can do this. What it cannot do is not asked of it, and attacks that need it are
    /// inconclusive.
    fn can(&self, _ability: Ability) -> bool {
        false
    }

    /// Does something other than logging in, on behalf of `visitor`.
    ///
    /// # Errors
    /// [`Rejected`] if the client does not want to, or cannot.
    fn run<'a>(&'a self, _visitor: &'a Visitor, _errand: &'a Errand) -> Answered<'a, Result<Done, Rejected>> {
        Box::pin(std::future::ready(Err(Rejected::new("the client cannot do that"))))
    }

    /// Where the client expects its issuers, if it is configured for addresses that do not change. Otherwise it is told
    /// of each provider when a login begins.
    fn issuers_at(&self) -> &[SocketAddr] {
        &[]
    }

    /// How its issuers show who they are, if it takes none without https. Without this they have http.
    fn https(&self) -> Option<Tls> {
        None
    }

    /// Whether the client drives a real browser, which goes wherever it is sent. Then what it asks at the
    /// authorization endpoint of a lying server is kept from it, and is written down by [`Visitor::note_opened`] while
    /// the client still works.
    fn drives_a_browser(&self) -> bool {
        false
    }

    /// How the client is registered with every provider. By default it is public and comes back to
    /// `http://127.0.0.1:9/callback`.
    fn registration(&self) -> Registration {
        Registration::public("client-under-test", REDIRECT_URI)
    }
}

impl<T: ClientUnderTest + ?Sized> ClientUnderTest for Arc<T> {
    fn begin<'a>(&'a self, visitor: &'a Visitor, provider: &'a Provider) -> Answered<'a, Result<String, Rejected>> {
        self.as_ref().begin(visitor, provider)
    }

    fn finish<'a>(&'a self, visitor: &'a Visitor, address: &'a str) -> Answered<'a, Said> {
        self.as_ref().finish(visitor, address)
    }

    fn can(&self, ability: Ability) -> bool {
        self.as_ref().can(ability)
    }

    fn run<'a>(&'a self, visitor: &'a Visitor, errand: &'a Errand) -> Answered<'a, Result<Done, Rejected>> {
        self.as_ref().run(visitor, errand)
    }

    fn issuers_at(&self) -> &[SocketAddr] {
        self.as_ref().issuers_at()
    }

    fn https(&self) -> Option<Tls> {
        self.as_ref().https()
    }

    fn drives_a_browser(&self) -> bool {
        self.as_ref().drives_a_browser()
    }

    fn registration(&self) -> Registration {
        self.as_ref().registration()
    }
}

/// An answer of the client under test, once it is there.
pub type Answered<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Somebody at a browser: a jar of cookies. Clones share the jar.
#[derive(Clone)]
pub struct Visitor {
    cookies: Arc<Mutex<BTreeMap<String, String>>>,
    seen: Arc<Mutex<Seen>>,
    party: Party,
}

/// What a visitor was shown.
#[derive(Default)]
struct Seen {
    page: Option<Page>,
    opened: Vec<String>,
    requests: usize,
}

/// Whether a visitor is still there.
pub(crate) struct Presence(Weak<Mutex<Seen>>);

impl Presence {
    /// Whether anybody still has the visitor.
    pub(crate) fn lasts(&self) -> bool {
        self.0.strong_count() > 0
    }
}

impl Default for Visitor {
    fn default() -> Self {
        Self { cookies: Arc::default(), seen: Arc::default(), party: Party::Browser }
    }
}

impl Visitor {
    /// A visitor without cookies.
    pub fn new() -> Self {
        Self::default()
    }

    /// The attacker at their own browser, without cookies.
    pub fn attacker() -> Self {
        Self { party: Party::Attacker, ..Self::default() }
    }

    /// Who it is in the story.
    pub fn party(&self) -> Party {
        self.party
    }

    /// The value of a cookie.
    pub fn cookie(&self, name: &str) -> Option<String> {
        lock(&self.cookies).get(name).cloned()
    }

    /// Shows the visitor a page.
    pub fn show(&self, page: Page) {
        lock(&self.seen).page = Some(page);
    }

    /// The page the visitor sees, or saw last.
    pub fn page(&self) -> Option<Page> {
        lock(&self.seen).page.clone()
    }

    /// Writes down an address that the client wanted a browser to open, whatever it is.
    pub fn note_opened(&self, address: impl Into<String>) {
        lock(&self.seen).opened.push(address.into());
    }

    /// Every address that the client wanted a browser to open.
    pub fn opened(&self) -> Vec<String> {
        lock(&self.seen).opened.clone()
    }

    /// Counts requests that servers got while something was asked of a client that drives a real browser.
    pub(crate) fn note_requests(&self, requests: usize) {
        lock(&self.seen).requests += requests;
    }

    /// How many requests servers got while something was asked of the client for this visitor.
    pub(crate) fn requests(&self) -> usize {
        lock(&self.seen).requests
    }

    /// Something that is there for as long as the visitor is.
    pub(crate) fn presence(&self) -> Presence {
        Presence(Arc::downgrade(&self.seen))
    }

    /// Puts a cookie into the visitor's browser.
    pub fn set_cookie(&self, name: impl Into<String>, value: impl Into<String>) {
        lock(&self.cookies).insert(name.into(), value.into());
    }
}

impl fmt::Debug for Visitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(lock(&self.cookies).keys()).finish()
    }
}

/// An authorization server that the client under test is configured for.
#[derive(Debug, Clone)]
pub struct Provider {
    /// The issuer. Metadata is at its well-known addresses.
    pub issuer: String,
    /// How the client is registered there.
    pub client: Registration,
    /// The certification authority that says who the issuer is, in PEM, if it has https.
    pub ca_pem: Option<String>,
}

/// What the client under test made of what came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// The visitor is logged in.
    Accepted {
        /// At which issuer.
        issuer: String,
        /// As whom there.
        subject: String,
    },
    /// The visitor is not logged in.
    Rejected(Rejected),
    /// The visitor is sent to another address, to log in again for instance.
    SentOn {
        /// That address.
        url: String,
    },
    /// The client broke down, which is no defence.
    BrokeDown,
}

/// A refusal of the client under test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// What the client calls the reason. It is shown, so it must not hold secrets.
    pub code: String,
    /// The reason in words, if the client has any. They are shown in the place of the code.
    pub says: Option<String>,
}

impl Rejected {
    /// A refusal for this reason.
    pub fn new(code: impl Into<String>) -> Self {
        Self { code: code.into(), says: None }
    }

    /// The same, and the reason in words.
    #[must_use]
    pub fn because(mut self, says: impl Into<String>) -> Self {
        self.says = Some(says.into());
        self
    }

    /// What a person is shown of it.
    pub fn shown(&self) -> &str {
        self.says.as_deref().unwrap_or(&self.code)
    }
}

/// A client under test made of two functions: how it begins a login, and what it makes of what comes back.
///
/// ```
/// use oauth_attacks::client::{Closures, Provider, Rejected, Said, Visitor};
/// let client = Closures::new(
///     |_visitor: Visitor, provider: Provider| async move {
///         Ok::<_, Rejected>(format!("{}/authorize", provider.issuer))
///     },
///     |_visitor: Visitor, _address: String| async move { Said::Rejected(Rejected::new("not written yet")) },
/// );
/// # let _ = client;
/// ```
pub struct Closures<B, F> {
    begin: B,
    finish: F,
    registration: Registration,
}

impl<B, F> Closures<B, F> {
    /// A client of these two functions.
    pub fn new(begin: B, finish: F) -> Self {
        Self { begin, finish, registration: Registration::public("client-under-test", REDIRECT_URI) }
    }

    /// The same client, registered like this.
    #[must_use]
    pub fn registered(mut self, registration: Registration) -> Self {
        self.registration = registration;
        self
    }
}

impl<B, F, X, Y> ClientUnderTest for Closures<B, F>
where
    B: Fn(Visitor, Provider) -> X + Send + Sync,
    X: Future<Output = Result<String, Rejected>> + Send + 'static,
    F: Fn(Visitor, String) -> Y + Send + Sync,
    Y: Future<Output = Said> + Send + 'static,
{
    fn begin<'a>(&'a self, visitor: &'a Visitor, provider: &'a Provider) -> Answered<'a, Result<String, Rejected>> {
        Box::pin((self.begin)(visitor.clone(), provider.clone()))
    }

    fn finish<'a>(&'a self, visitor: &'a Visitor, address: &'a str) -> Answered<'a, Said> {
        Box::pin((self.finish)(visitor.clone(), address.to_owned()))
    }

    fn registration(&self) -> Registration {
        self.registration.clone()
    }
}

impl<B, F> fmt::Debug for Closures<B, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Closures").field("registration", &self.registration).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn visitors_have_jars_of_their_own_and_clones_share_one() {
        let (alice, bob) = (Visitor::new(), Visitor::new());
        alice.clone().set_cookie("session", "canary");
        assert_eq!(alice.cookie("session").as_deref(), Some("canary"));
        assert_eq!(bob.cookie("session"), None);
        assert!(!format!("{alice:?}").contains("canary"));
    }
}
