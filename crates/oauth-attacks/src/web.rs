//! A client under test that is a running web application. The harness is its browser, one jar of cookies for each
//! visitor, and judges by what the browser sees.

use std::collections::HashMap;
use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use http::HeaderMap;
use oauth_types::Params;

use crate::agent::{Agent, AgentError, Request, Tls, lock};
use crate::answer::Answer;
use crate::browser::{Browser, Visit};
use crate::client::{
    Ability, Answered, ClientUnderTest, Done, Door, Errand, Page, Provider, Rejected, Said, Visitor,
};
use crate::dice::fresh;
use crate::site::Site;
use crate::target::Registration;
use crate::trace::Party;

/// The cookie that leads to a visitor's browser. The application never sees it.
const COOKIE: &str = "browser";
/// The most redirects from one page to the next.
const MOST_REDIRECTS: usize = 20;

/// A client under test that is a running web application.
///
/// It is configured for an issuer whose address does not change; the lying servers of the attacks listen there one after
/// the other. A second address is for attacks with two servers, if the application knows two.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use oauth_attacks::{Options, Registration, Web, run_on_client};
///
/// let client = Web::new("http://127.0.0.1:3000/login", "/me~alice".parse()?)?
///     .registered(Registration::confidential("web", "s3cret", "http://127.0.0.1:3000/callback"))
///     .issuers_at("127.0.0.1:9400".parse()?, None);
/// run_on_client(client, &Options::new()).await.assert_all_stopped();
/// # Ok(())
/// # }
/// ```
pub struct Web {
    site: Site,
    notified_at: Option<url::Url>,
    agent: Agent,
    visitors: Mutex<HashMap<String, Arc<Seat>>>,
}

/// A visitor's browser, and the provider they went to.
struct Seat {
    browser: Browser,
    issuer: Mutex<String>,
    /// Somebody was seen to be logged in.
    logged_in: AtomicBool,
}

/// How to see that somebody is logged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoggedIn {
    /// A page of the application is answered with this status. Written `/me=200`.
    Status {
        /// The path of the page.
        path: String,
        /// The status.
        status: u16,
    },
    /// A page of the application contains this text. Written `/me~alice`, or `~alice` for the page that the browser
    /// is on.
    Text {
        /// The path of the page; empty for the one that the browser is on.
        path: String,
        /// The text.
        text: String,
    },
}

/// What is no way to see that somebody is logged in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no predicate; write PATH=STATUS, such as /me=200, or PATH~TEXT, such as /~Welcome, or ~TEXT")]
pub struct NoPredicate(pub String);

/// What keeps a web application from being attacked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WebError {
    /// An address is none.
    #[error("{0} is no address: {1}")]
    Address(String, url::ParseError),
    /// An HTTP client could not be made.
    #[error(transparent)]
    Agent(#[from] AgentError),
}

impl FromStr for LoggedIn {
    type Err = NoPredicate;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let no = || NoPredicate(text.to_owned());
        let at = text.find(['=', '~']).filter(|_| text.starts_with(['/', '~'])).ok_or_else(no)?;
        let (path, rest) = (text[..at].to_owned(), &text[at + 1..]);
        match &text[at..=at] {
            "~" if !rest.is_empty() => Ok(Self::Text { path, text: rest.to_owned() }),
            "=" => {
                let status = rest.parse().ok().filter(|status| (100..600).contains(status)).ok_or_else(no)?;
                Ok(Self::Status { path, status })
            }
            _ => Err(no()),
        }
    }
}

impl LoggedIn {
    /// The path of the page that shows it; empty for the one that the browser is on.
    pub(crate) fn path(&self) -> &str {
        match self {
            Self::Status { path, .. } | Self::Text { path, .. } => path,
        }
    }

    /// Whether this page, with this status, says so.
    pub(crate) fn holds(&self, at: u16, page: &str) -> bool {
        match self {
            Self::Status { status, .. } => at == *status,
            Self::Text { text, .. } => at < 400 && page.contains(text),
        }
    }
}

impl Web {
    /// An application whose logins begin where this address leads, and how to see that somebody is logged in. It is a
    /// public client of every server, and its redirect URI is `/callback`.
    ///
    /// # Errors
    /// [`WebError`] when the address is none.
    pub fn new(start: &str, logged_in: LoggedIn) -> Result<Self, WebError> {
        let site = Site::new(start, logged_in)?;
        let agent = Agent::new(Tls::for_url(site.start.as_str()))?.aside();
        Ok(Self { site, notified_at: None, agent, visitors: Mutex::default() })
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

    /// With the address where servers send logout tokens to.
    ///
    /// # Errors
    /// [`WebError`] when the address is none.
    pub fn notified_at(mut self, at: &str) -> Result<Self, WebError> {
        self.notified_at = Some(self.site.address(at)?);
        Ok(self)
    }

    /// The browser of this visitor, which is a new one for a new visitor.
    fn seat(&self, visitor: &Visitor) -> Arc<Seat> {
        let name = visitor.cookie(COOKIE).unwrap_or_else(fresh);
        visitor.set_cookie(COOKIE, &name);
        let new = || Seat {
            browser: Browser::new(self.agent.clone()),
            issuer: Mutex::default(),
            logged_in: AtomicBool::new(false),
        };
        Arc::clone(lock(&self.visitors).entry(name).or_insert_with(|| Arc::new(new())))
    }

    async fn begin_login(&self, visitor: &Visitor, provider: &Provider) -> Result<String, Rejected> {
        let seat = self.seat(visitor);
        lock(&seat.issuer).clone_from(&provider.issuer);
        match self.open(visitor, &seat, self.site.start.to_string()).await? {
            Landed::Elsewhere(url) => Ok(url),
            Landed::Here(answer) => {
                Err(Rejected::new(format!("the application answered {} and leads nowhere", answer.status)))
            }
        }
    }

    async fn finish_login(&self, visitor: &Visitor, address: &str) -> Result<Said, Rejected> {
        let seat = self.seat(visitor);
        match self.open(visitor, &seat, address.to_owned()).await? {
            Landed::Elsewhere(url) => {
                visitor.note_opened(&url);
                // A login may end by leading elsewhere; whether it was one is seen at home.
                let said = self.who(visitor, &seat).await?;
                Ok(if matches!(said, Said::Accepted { .. }) { said } else { Said::SentOn { url } })
            }
            // Whoever was logged in before may still be, and this response has nothing to do with it.
            Landed::Here(answer) if answer.status >= 400 && seat.logged_in.load(Ordering::Relaxed) => {
                Err(Rejected::new(format!("the application answered {}", answer.status)))
            }
            Landed::Here(_) => self.who(visitor, &seat).await,
        }
    }

    /// Opens an address and follows where it leads within the application. The last page is shown to the visitor.
    async fn open(&self, visitor: &Visitor, seat: &Seat, url: String) -> Result<Landed, Rejected> {
        self.visit(visitor, seat, Visit { url, form: None }).await
    }

    /// The same, beginning perhaps with a form on a page of the application.
    async fn visit(&self, visitor: &Visitor, seat: &Seat, first: Visit) -> Result<Landed, Rejected> {
        let broken = |error: AgentError| Rejected::new(error.to_string());
        let Visit { mut url, mut form } = first;
        for _ in 0..MOST_REDIRECTS {
            let before = form.is_some().then_some(self.site.start.as_str());
            let visit = Visit { url: url.clone(), form: form.take() };
            let answer = seat.browser.open_from(visit, before).await.map_err(broken)?;
            visitor.show(Page { address: Some(url.clone()), ..page(&answer) });
            let Some(location) = answer.location() else { return Ok(Landed::Here(answer)) };
            let next = url::Url::parse(&url).and_then(|here| here.join(location));
            let next = next.map_err(|_| Rejected::new("the application redirects to what is no address"))?;
            if next.origin() != self.site.start.origin() {
                return Ok(Landed::Elsewhere(next.into()));
            }
            url = next.into();
        }
        Err(Rejected::new("the application redirects without end"))
    }

    /// Who is logged in, as far as can be seen.
    async fn who(&self, visitor: &Visitor, seat: &Seat) -> Result<Said, Rejected> {
        let page = match self.site.logged_in.path() {
            "" => visitor.page().unwrap_or_default(),
            path => {
                let url = self.site.start.join(path).map_err(|error| Rejected::new(error.to_string()))?;
                let answer = seat.browser.open(Visit { url: url.into(), form: None }).await;
                page(&answer.map_err(|error| Rejected::new(error.to_string()))?)
            }
        };
        let said = self.site.who(&lock(&seat.issuer), (page.status, &page.body));
        if said != Said::BrokeDown {
            seat.logged_in.store(matches!(said, Said::Accepted { .. }), Ordering::Relaxed);
        }
        Ok(said)
    }

    async fn do_errand(&self, visitor: &Visitor, errand: &Errand) -> Result<Done, Rejected> {
        let seat = self.seat(visitor);
        let sent = |landed: Landed| match landed {
            Landed::Elsewhere(url) => Done::Sent { url },
            Landed::Here(answer) => Done::Answered { status: answer.status },
        };
        match errand {
            Errand::WhoAmI => Ok(Done::Is(self.who(visitor, &seat).await?)),
            Errand::Logout => {
                let url = self.site.logout()?;
                let mut landed = self.open(visitor, &seat, url.clone()).await?;
                // A careful application takes nothing but the form of its own page there.
                if matches!(&landed, Landed::Here(answer) if answer.status == 405) {
                    let form = Visit { url, form: Some(Params::new()) };
                    landed = self.visit(visitor, &seat, form).await?;
                }
                Ok(sent(landed))
            }
            Errand::Open { door, params } => {
                let url = self.site.through(*door, params)?;
                Ok(sent(self.open(visitor, &seat, url).await?))
            }
            Errand::Notify { logout_token } => {
                let url = self.notified_at.clone().ok_or_else(|| Rejected::new("no address to notify is known"))?;
                let form = Params::new().with("logout_token", logout_token);
                let answer = self.agent.send(Request::post(Party::Server, Party::Client, url, form)).await;
                let status = answer.map_err(|error| Rejected::new(error.to_string()))?.status;
                Ok(Done::Answered { status })
            }
            _ => Err(Rejected::new("a web application is not asked that")),
        }
    }
}

/// Where an address led.
enum Landed {
    /// To a page of the application.
    Here(Answer),
    /// Away from it.
    Elsewhere(String),
}

fn page(answer: &Answer) -> Page {
    let text = |headers: &HeaderMap| {
        let pairs = headers.iter().map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes())));
        pairs.map(|(name, value)| (name, value.into_owned())).collect()
    };
    Page { status: answer.status, headers: text(&answer.headers), body: answer.body.clone(), ..Page::default() }
}

impl ClientUnderTest for Web {
    fn begin<'a>(&'a self, visitor: &'a Visitor, provider: &'a Provider) -> Answered<'a, Result<String, Rejected>> {
        Box::pin(self.begin_login(visitor, provider))
    }

    fn finish<'a>(&'a self, visitor: &'a Visitor, address: &'a str) -> Answered<'a, Said> {
        Box::pin(async move { self.finish_login(visitor, address).await.unwrap_or_else(Said::Rejected) })
    }

    fn can(&self, ability: Ability) -> bool {
        match ability {
            Ability::Notify => self.notified_at.is_some(),
            other => self.site.can(other),
        }
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
}

impl fmt::Debug for Web {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Web")
            .field("start", &self.site.start.as_str())
            .field("places", &self.site.places)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_predicate_is_a_path_and_what_is_there() {
        let text = LoggedIn::Text { path: "/me".to_owned(), text: "a=b~c".to_owned() };
        assert_eq!("/me~a=b~c".parse(), Ok(text));
        assert_eq!("/?x=200".parse(), Ok(LoggedIn::Status { path: "/?x".to_owned(), status: 200 }));
        assert_eq!("~a".parse(), Ok(LoggedIn::Text { path: String::new(), text: "a".to_owned() }));
        for wrong in ["", "/me", "me=200", "/me=", "/me=99", "/me~", "~", "=200", "me~a"] {
            assert_eq!(wrong.parse::<LoggedIn>(), Err(NoPredicate(wrong.to_owned())), "{wrong}");
        }
    }
}
