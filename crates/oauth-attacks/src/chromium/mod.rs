//! A client under test that is a single-page application. A real Chromium, without a window, is the browser: one for
//! each visitor, driven by chromedriver. What it asks at the authorization endpoint is held by the lying server.

use std::collections::HashMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::OnceCell;
use tokio::time::Instant;

use crate::agent::lock;
use crate::client::{
    Ability, Answered, ClientUnderTest, Done, Door, Errand, Page, Presence, Provider, Rejected, Said, Visitor,
};
use crate::dice::fresh;
use crate::site::Site;
use crate::target::Registration;
use crate::web::{LoggedIn, WebError};

mod driver;

pub use driver::DriverError;
use driver::{Driver, Session};

/// The cookie that leads to a visitor's browser. The application never sees it.
const COOKIE: &str = "chromium";
/// How long nothing has to happen for nothing more to be expected.
const QUIET: Duration = Duration::from_secs(3);
/// How long something may go on happening.
const RESTLESS: Duration = Duration::from_secs(20);
/// How often the page is looked at.
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);
/// The most octets of a page that are kept.
const LONGEST: usize = 256 * 1024;

/// What a person reads on the page, if it is one of the application.
const READ: &str = "const [origin, done] = arguments;
    done(location.origin === origin && document.body ? document.body.innerText : '')";
/// A page of the application, as its own scripts get it.
const FETCH: &str = "const [url, done] = arguments;
    fetch(url, { cache: 'no-store', credentials: 'same-origin' })
        .then(async answer => done([answer.status, await answer.text()])).catch(() => done(null))";

/// A client under test that is a single-page application, driven through a real Chromium.
///
/// It is configured for an issuer whose address does not change, as with [`Web`](crate::Web).
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use oauth_attacks::{Chromium, Options, Registration, run_on_client};
///
/// let client = Chromium::new("http://127.0.0.1:5173/login", "~Hello alice".parse()?)?
///     .registered(Registration::public("spa", "http://127.0.0.1:5173/callback"))
///     .issuers_at("127.0.0.1:9400".parse()?, None);
/// run_on_client(client, &Options::new()).await.assert_all_stopped();
/// # Ok(())
/// # }
/// ```
pub struct Chromium {
    site: Site,
    program: PathBuf,
    quiet: Duration,
    driver: OnceCell<Arc<Driver>>,
    seats: Mutex<HashMap<String, Arc<Seat>>>,
}

/// A visitor's browser, and the provider they went to.
struct Seat {
    session: Session,
    issuer: Mutex<String>,
    presence: Presence,
}

/// What came of an address that was opened.
enum Came {
    /// Somebody is logged in.
    LoggedIn,
    /// The application sends the browser to this address.
    Away(String),
    /// Nothing more happens.
    Nothing,
}

impl Chromium {
    /// An application whose logins begin where this address leads, and how to see that somebody is logged in. It is a
    /// public client of every server, and its redirect URI is `/callback`.
    ///
    /// # Errors
    /// [`WebError`] when the address is none.
    pub fn new(start: &str, logged_in: LoggedIn) -> Result<Self, WebError> {
        Ok(Self {
            site: Site::new(start, logged_in)?,
            program: PathBuf::from("chromedriver"),
            quiet: QUIET,
            driver: OnceCell::new(),
            seats: Mutex::default(),
        })
    }

    /// Registered like this.
    #[must_use]
    pub fn registered(mut self, registration: Registration) -> Self {
        self.site.registration = registration;
        self
    }

    /// Configured for issuers at these addresses: `http://` and the first for the honest server, and the second, if it
    /// knows one, for another.
    #[must_use]
    pub fn issuers_at(mut self, first: SocketAddr, second: Option<SocketAddr>) -> Self {
        self.site.expect_issuers_at(first, second);
        self
    }

    /// Driven by this program, instead of the `chromedriver` that is found on the path.
    #[must_use]
    pub fn chromedriver(mut self, program: impl Into<PathBuf>) -> Self {
        self.program = program.into();
        self
    }

    /// Waiting for so long, instead of three seconds, until nothing more is expected of the application. Every request
    /// that a server gets starts this time anew.
    #[must_use]
    pub fn quiet_after(mut self, time: Duration) -> Self {
        self.quiet = time;
        self
    }

    /// With another address that links may lead to, absolute or below the first.
    ///
    /// # Errors
    /// [`WebError`] when the address is none.
    pub fn door(mut self, door: Door, at: &str) -> Result<Self, WebError> {
        self.site.has_door(door, at)?;
        Ok(self)
    }

    /// With the address where visitors log out.
    ///
    /// # Errors
    /// [`WebError`] when the address is none.
    pub fn logout_at(mut self, at: &str) -> Result<Self, WebError> {
        self.site.logs_out_at(at)?;
        Ok(self)
    }

    /// The same client, whose chromedriver runs. Otherwise it is started by the first visitor.
    ///
    /// # Errors
    /// [`DriverError`] when it does not start.
    pub async fn started(self) -> Result<Self, DriverError> {
        self.driver().await?;
        Ok(self)
    }

    async fn driver(&self) -> Result<Arc<Driver>, DriverError> {
        let start = async || Driver::start(&self.program).await.map(Arc::new);
        self.driver.get_or_try_init(start).await.map(Arc::clone)
    }

    /// The browser of this visitor, which is a new one for a new visitor. Those whose visitors are gone are closed.
    async fn seat(&self, visitor: &Visitor) -> Result<Arc<Seat>, DriverError> {
        if let Some(seat) = visitor.cookie(COOKIE).and_then(|name| lock(&self.seats).get(&name).cloned()) {
            return Ok(seat);
        }
        let left: Vec<Arc<Seat>> = {
            let mut seats = lock(&self.seats);
            let (kept, left) = seats.drain().partition(|(_, seat)| seat.presence.lasts());
            *seats = kept;
            left.into_values().collect()
        };
        for seat in left {
            seat.session.close().await;
        }
        let session = Session::open(self.driver().await?).await?;
        let seat = Arc::new(Seat { session, issuer: Mutex::default(), presence: visitor.presence() });
        let name = fresh();
        visitor.set_cookie(COOKIE, &name);
        lock(&self.seats).insert(name, Arc::clone(&seat));
        Ok(seat)
    }

    async fn begin_login(&self, visitor: &Visitor, provider: &Provider) -> Result<String, Rejected> {
        let seat = self.seat(visitor).await?;
        lock(&seat.issuer).clone_from(&provider.issuer);
        match self.open(visitor, &seat, self.site.start.as_str(), false).await? {
            Came::Away(url) => Ok(url),
            Came::LoggedIn | Came::Nothing => Err(Rejected::new("the application leads nowhere")),
        }
    }

    async fn finish_login(&self, visitor: &Visitor, address: &str) -> Result<Said, Rejected> {
        let seat = self.seat(visitor).await?;
        match self.open(visitor, &seat, address, true).await? {
            Came::Away(url) => Ok(Said::SentOn { url }),
            Came::LoggedIn | Came::Nothing => Ok(self.who(&seat).await?),
        }
    }

    /// Opens an address and waits for what comes of it. The page at the end is shown to the visitor.
    async fn open(&self, visitor: &Visitor, seat: &Seat, url: &str, login: bool) -> Result<Came, Rejected> {
        let before = visitor.opened().len();
        // What happened before does not count.
        seat.session.events().await?;
        seat.session.go(url).await?;
        let came = self.settled(visitor, seat, before, login).await?;
        let (page, failure) = self.shown(&seat.session).await?;
        visitor.show(page);
        match (came, failure) {
            (Came::Nothing, Some(failure)) => {
                Err(Rejected::new(format!("the application cannot be opened: {failure}")))
            }
            (came, _) => Ok(came),
        }
    }

    /// Waits until somebody is logged in, if a login is to be finished, or the application sends the browser away, or
    /// nothing has happened for a while.
    async fn settled(&self, visitor: &Visitor, seat: &Seat, before: usize, login: bool) -> Result<Came, DriverError> {
        let mut looks = tokio::time::interval(BETWEEN_LOOKS);
        let (begun, mut requests) = (Instant::now(), visitor.requests());
        let mut still = begun;
        loop {
            looks.tick().await;
            if login && matches!(self.who(seat).await?, Said::Accepted { .. }) {
                return Ok(Came::LoggedIn);
            }
            if let Some(url) = visitor.opened().get(before) {
                return Ok(Came::Away(url.clone()));
            }
            if let Some(url) = self.elsewhere(&seat.session).await? {
                visitor.note_opened(&url);
                return Ok(Came::Away(url));
            }
            if requests != visitor.requests() {
                (requests, still) = (visitor.requests(), Instant::now());
            }
            if still.elapsed() >= self.quiet || begun.elapsed() >= RESTLESS {
                return Ok(Came::Nothing);
            }
        }
    }

    /// The address the browser is at, if that is none of the application.
    async fn elsewhere(&self, session: &Session) -> Result<Option<String>, DriverError> {
        let url = session.address().await?;
        let parsed = url::Url::parse(&url).ok().filter(|url| url.has_host());
        Ok(parsed.filter(|parsed| parsed.origin() != self.site.start.origin()).map(|_| url))
    }

    /// The page as it is now, with the status and the headers that it came with, and why there is none.
    async fn shown(&self, session: &Session) -> Result<(Page, Option<String>), DriverError> {
        let mut page = Page { body: session.source().await?, ..Page::default() };
        page.body.truncate(page.body.floor_char_boundary(LONGEST));
        let mut failure = None;
        for event in session.events().await?.iter().filter(|event| event["params"]["type"] == "Document") {
            let answer = &event["params"]["response"];
            if event["method"] == "Network.responseReceived" && self.is_own(&answer["url"]) {
                page.status = answer["status"].as_u64().and_then(|status| u16::try_from(status).ok()).unwrap_or(0);
                page.headers = answer["headers"].as_object().into_iter().flatten().map(header).collect();
            } else if event["method"] == "Network.loadingFailed" {
                // An address that is left, or leads nowhere, is not opened either.
                let why = event["params"]["errorText"].as_str().filter(|why| *why != "net::ERR_ABORTED");
                failure = why.map(str::to_owned).or(failure);
            }
        }
        Ok((page, failure))
    }

    /// Whether this is an address of the application.
    fn is_own(&self, url: &Value) -> bool {
        let parsed = url.as_str().and_then(|url| url::Url::parse(url).ok());
        parsed.is_some_and(|url| url.origin() == self.site.start.origin())
    }

    /// Who is logged in, as far as can be seen. The page that the browser is on stays as it is.
    async fn who(&self, seat: &Seat) -> Result<Said, DriverError> {
        let (status, text) = match self.site.logged_in.path() {
            "" => (200, seat.session.run(READ, &json!([self.site.start.origin().ascii_serialization()])).await?),
            path => {
                let url = self.site.start.join(path).map(String::from).unwrap_or_default();
                let mut answer = seat.session.run(FETCH, &json!([url])).await?;
                let status = answer[0].as_u64().and_then(|status| u16::try_from(status).ok());
                (status.unwrap_or(404), answer.get_mut(1).map(Value::take).unwrap_or_default())
            }
        };
        Ok(self.site.who(&lock(&seat.issuer), (status, text.as_str().unwrap_or_default())))
    }

    async fn do_errand(&self, visitor: &Visitor, errand: &Errand) -> Result<Done, Rejected> {
        let url = match errand {
            Errand::WhoAmI => {
                let seat = self.seat(visitor).await?;
                return Ok(Done::Is(self.who(&seat).await?));
            }
            Errand::Logout => self.site.logout()?,
            Errand::Open { door, params } => self.site.through(*door, params)?,
            _ => return Err(Rejected::new("a single-page application is not asked that")),
        };
        let seat = self.seat(visitor).await?;
        Ok(match self.open(visitor, &seat, &url, false).await? {
            Came::Away(url) => Done::Sent { url },
            Came::LoggedIn | Came::Nothing => Done::Answered { status: visitor.page().map_or(0, |page| page.status) },
        })
    }
}

fn header((name, value): (&String, &Value)) -> (String, String) {
    (name.to_ascii_lowercase(), value.as_str().unwrap_or_default().to_owned())
}

impl From<DriverError> for Rejected {
    fn from(error: DriverError) -> Self {
        Self::new(error.to_string())
    }
}

impl ClientUnderTest for Chromium {
    fn begin<'a>(&'a self, visitor: &'a Visitor, provider: &'a Provider) -> Answered<'a, Result<String, Rejected>> {
        Box::pin(self.begin_login(visitor, provider))
    }

    fn finish<'a>(&'a self, visitor: &'a Visitor, address: &'a str) -> Answered<'a, Said> {
        Box::pin(async move { self.finish_login(visitor, address).await.unwrap_or_else(Said::Rejected) })
    }

    fn can(&self, ability: Ability) -> bool {
        self.site.can(ability)
    }

    fn run<'a>(&'a self, visitor: &'a Visitor, errand: &'a Errand) -> Answered<'a, Result<Done, Rejected>> {
        Box::pin(self.do_errand(visitor, errand))
    }

    fn registration(&self) -> Registration {
        self.site.registration.clone()
    }

    fn issuers_at(&self) -> &[SocketAddr] {
        &self.site.places
    }

    fn drives_a_browser(&self) -> bool {
        true
    }
}

impl fmt::Debug for Chromium {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chromium")
            .field("start", &self.site.start.as_str())
            .field("places", &self.site.places)
            .finish_non_exhaustive()
    }
}
