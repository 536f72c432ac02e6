//! The user's browser, and how a user is logged in at the server under test.

use std::cmp::Reverse;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Mutex;

use cookie_store::{CookieStore, RawCookie};
use http::HeaderValue;
use http::header::{ACCEPT, COOKIE, ORIGIN, REFERER, SET_COOKIE};
use oauth_types::Params;
use url::Url;

use crate::agent::{Agent, AgentError, Request, lock};
use crate::answer::Answer;
use crate::trace::Party;
use crate::user_agent::Forms;

/// What a browser asks for when it opens a page.
const PAGES: HeaderValue = HeaderValue::from_static("text/html,application/xhtml+xml,*/*;q=0.8");

/// A browser: keeps cookies as RFC 6265 says, and follows no redirect by itself.
pub struct Browser {
    agent: Agent,
    cookies: Mutex<CookieStore>,
}

/// A page that a browser opens.
#[derive(Debug, Clone)]
pub struct Visit {
    /// Its address, with the query.
    pub url: String,
    /// What is posted to it; absent means GET.
    pub form: Option<Params>,
}

/// Gets a user through login and consent of the server under test.
///
/// [`SentBackAtOnce`] does for servers that ask nothing, and [`Forms`] for those that ask on pages. For others,
/// implement this: open the pages, send the forms, and return the answer that ends the authorization request, which is
/// a redirect to the client or an error page.
pub trait Login: Send + Sync {
    /// Opens an authorization request in a browser and returns the answer that ends it.
    ///
    /// The browser may hold the cookies of an earlier login.
    fn authorize<'a>(&'a self, browser: &'a Browser, visit: Visit) -> Landing<'a>;

    /// The same for a second user. Where the server goes by `login_hint`, there is nothing to be done differently.
    fn authorize_second<'a>(&'a self, browser: &'a Browser, visit: Visit) -> Landing<'a> {
        self.authorize(browser, visit)
    }

    /// Whether a second user can log in, with or without a `login_hint`.
    fn has_second_user(&self) -> bool {
        false
    }

    /// The forms on the way, if an attack can get its hands on them.
    fn forms(&self) -> Option<&Forms> {
        None
    }

    /// Whether there are forms on the way, that an attack can get its hands on.
    fn shows_forms(&self) -> bool {
        self.forms().is_some()
    }
}

/// The answer that ends an authorization request, once it is there.
pub type Landing<'a> = Pin<Box<dyn Future<Output = Result<Answer, AgentError>> + Send + 'a>>;

/// For servers that send the user back without asking anything, as mock servers do.
#[derive(Debug, Clone, Copy, Default)]
pub struct SentBackAtOnce;

impl Login for SentBackAtOnce {
    fn authorize<'a>(&'a self, browser: &'a Browser, visit: Visit) -> Landing<'a> {
        Box::pin(browser.open(visit))
    }
}

impl Browser {
    /// A browser without cookies.
    pub fn new(agent: Agent) -> Self {
        Self { agent, cookies: Mutex::default() }
    }

    /// Opens a page whose address was typed in.
    ///
    /// # Errors
    /// [`AgentError`] when there is no answer.
    pub async fn open(&self, visit: Visit) -> Result<Answer, AgentError> {
        self.open_from(visit, None).await
    }

    /// Opens a page that another page leads to, by a link or by a form. If that page is another site's, the server is
    /// told, and cookies that are for its own site stay at home.
    ///
    /// # Errors
    /// [`AgentError`] when there is no answer.
    pub async fn open_from(&self, visit: Visit, page: Option<&str>) -> Result<Answer, AgentError> {
        let (from, to) = (Party::Browser, Party::Server);
        let (url, query) = split_query(&visit.url);
        let whole = Url::parse(&visit.url).ok();
        let relation = Relation::of(page.and_then(|page| Url::parse(page).ok()), whole.as_ref());
        let posted = visit.form.is_some();
        let mut request = match visit.form {
            None => Request::get(from, to, url, query),
            Some(form) => Request { query, ..Request::post(from, to, url, form) },
        };
        request.headers.insert(ACCEPT, PAGES);
        relation.tell(&mut request, posted);
        if let Some(cookies) = whole.as_ref().and_then(|url| self.cookie_header(url, &relation, posted)) {
            request.headers.insert(COOKIE, cookies);
        }
        let answer = self.agent.send(request).await?;
        if let Some(url) = &whole {
            for cookie in answer.headers.get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok()) {
                self.keep(cookie, url);
            }
        }
        Ok(answer)
    }

    /// Its HTTP.
    pub(crate) fn agent(&self) -> &Agent {
        &self.agent
    }

    fn cookie_header(&self, url: &Url, relation: &Relation, posted: bool) -> Option<HeaderValue> {
        let cookies = lock(&self.cookies);
        let mut matching = cookies.matches(url);
        matching.retain(|cookie| relation.lets_through(cookie, posted));
        // RFC 6265 section 5.4: the longest path first.
        matching.sort_by_key(|cookie| (Reverse(cookie.path.len()), cookie.name()));
        let pairs: Vec<_> = matching.iter().map(|cookie| format!("{}={}", cookie.name(), cookie.value())).collect();
        HeaderValue::from_str(&pairs.join("; ")).ok().filter(|value| !value.is_empty())
    }

    /// Keeps a cookie, unless the server may not set it.
    fn keep(&self, cookie: &str, url: &Url) {
        if let Ok(cookie) = RawCookie::parse(cookie.to_owned()) {
            // What may not be set is dropped in silence, as browsers do.
            let _ = lock(&self.cookies).insert_raw(&cookie, url);
        }
    }
}

impl fmt::Debug for Browser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cookies = lock(&self.cookies).iter_unexpired().count();
        f.debug_struct("Browser").field("cookies", &cookies).finish_non_exhaustive()
    }
}

/// How a page that leads somewhere is related to where it leads.
enum Relation {
    /// There is no such page: the address was typed in.
    None,
    /// Both are of one origin.
    SameOrigin(Url),
    /// They share the host.
    SameSite(Url),
    /// They do not.
    CrossSite(Url),
}

impl Relation {
    fn of(page: Option<Url>, place: Option<&Url>) -> Self {
        match (page, place) {
            (None, _) => Self::None,
            (Some(page), Some(place)) if page.origin() == place.origin() => Self::SameOrigin(page),
            (Some(page), Some(place)) if page.host() == place.host() && page.scheme() == place.scheme() => {
                Self::SameSite(page)
            }
            (Some(page), _) => Self::CrossSite(page),
        }
    }

    /// Says so in the headers that browsers use for it.
    fn tell(&self, request: &mut Request, posted: bool) {
        let (site, page) = match self {
            Self::None => ("none", None),
            Self::SameOrigin(page) => ("same-origin", Some(page)),
            Self::SameSite(page) => ("same-site", Some(page)),
            Self::CrossSite(page) => ("cross-site", Some(page)),
        };
        request.headers.insert("sec-fetch-site", HeaderValue::from_static(site));
        request.headers.insert("sec-fetch-mode", HeaderValue::from_static("navigate"));
        request.headers.insert("sec-fetch-dest", HeaderValue::from_static("document"));
        let Some(page) = page else { return };
        let origin = page.origin().ascii_serialization();
        let referrer = match self {
            Self::SameOrigin(page) => page[..url::Position::AfterQuery].to_owned(),
            _ => format!("{origin}/"),
        };
        if let Ok(value) = HeaderValue::from_str(&referrer) {
            request.headers.insert(REFERER, value);
        }
        if let Some(value) = HeaderValue::from_str(&origin).ok().filter(|_| posted) {
            request.headers.insert(ORIGIN, value);
        }
    }

    /// Whether a cookie goes along (`SameSite` of RFC 6265bis).
    fn lets_through(&self, cookie: &RawCookie<'_>, posted: bool) -> bool {
        let attribute = cookie.same_site();
        match self {
            Self::CrossSite(_) => {
                let strict = attribute.is_some_and(|same_site| same_site.is_strict());
                let lax = attribute.is_some_and(|same_site| same_site.is_lax());
                !(strict || lax && posted)
            }
            _ => true,
        }
    }
}

/// Takes a readable query off a URL, so that it is shown as parameters. A query that cannot be read stays.
fn split_query(url: &str) -> (String, Params) {
    let split = url.split_once('?').and_then(|(url, query)| Some((url, Params::parse(query).ok()?)));
    split.map_or_else(|| (url.to_owned(), Params::new()), |(url, query)| (url.to_owned(), query))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::Tls;

    fn browser() -> Browser {
        Browser::new(Agent::new(Tls::Untrusted).expect("an agent"))
    }

    fn url(text: &str) -> Url {
        Url::parse(text).expect("an address")
    }

    fn sent(browser: &Browser, to: &str) -> String {
        let header = browser.cookie_header(&url(to), &Relation::None, false);
        header.map_or_else(String::new, |value| value.to_str().expect("text").to_owned())
    }

    #[test]
    fn cookies_are_replaced_by_name_and_removed_by_their_age() {
        let (browser, home) = (browser(), url("http://127.0.0.1:8080/login"));
        browser.keep("a=1; Path=/; HttpOnly", &home);
        browser.keep("a=3; Path=/", &home);
        assert_eq!(sent(&browser, "http://127.0.0.1:8080/"), "a=3");
        browser.keep("a=; Path=/; Max-Age=0", &home);
        assert_eq!(sent(&browser, "http://127.0.0.1:8080/"), "");
        browser.keep("a=4; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT", &home);
        assert_eq!(sent(&browser, "http://127.0.0.1:8080/"), "");
    }

    #[test]
    fn cookies_go_to_their_path_the_longest_first() {
        let (browser, home) = (browser(), url("http://127.0.0.1:8080/a/login"));
        browser.keep("root=1; Path=/", &home);
        browser.keep("own=2", &home);
        assert_eq!(sent(&browser, "http://127.0.0.1:8080/a/consent"), "own=2; root=1");
        assert_eq!(sent(&browser, "http://127.0.0.1:8080/ab"), "root=1");
    }

    #[test]
    fn cookies_go_to_their_domain_and_nobody_sets_those_of_others() {
        let (browser, home) = (browser(), url("https://login.idp.example/"));
        browser.keep("host=1", &home);
        browser.keep("site=2; Domain=idp.example", &home);
        browser.keep("foreign=3; Domain=other.example", &home);
        assert_eq!(sent(&browser, "https://login.idp.example/"), "host=1; site=2");
        assert_eq!(sent(&browser, "https://api.idp.example/"), "site=2");
        assert_eq!(sent(&browser, "https://other.example/"), "");
    }

    #[test]
    fn secure_cookies_stay_off_plain_connections() {
        let browser = browser();
        browser.keep("a=1; Secure", &url("https://idp.example/"));
        assert_eq!(sent(&browser, "https://idp.example/"), "a=1");
        assert_eq!(sent(&browser, "http://idp.example/"), "");
    }

    #[test]
    fn cookies_of_the_own_site_do_not_go_along_with_the_form_of_another() {
        let (browser, home) = (browser(), url("https://idp.example/"));
        for cookie in ["lax=1; SameSite=Lax", "strict=2; SameSite=Strict", "any=3; SameSite=None; Secure"] {
            browser.keep(cookie, &home);
        }
        let from = |page: &str, posted| {
            let relation = Relation::of(Some(url(page)), Some(&home));
            let header = browser.cookie_header(&home, &relation, posted).expect("cookies");
            header.to_str().expect("text").split("; ").map(str::to_owned).collect::<std::collections::BTreeSet<_>>()
        };
        assert_eq!(from("https://idp.example/login", true).len(), 3);
        assert_eq!(from("https://attacker.example/", true), ["any=3".to_owned()].into());
        assert_eq!(from("https://attacker.example/", false), ["any=3".to_owned(), "lax=1".to_owned()].into());
    }

    #[test]
    fn the_server_is_told_which_page_a_form_was_on() {
        let told = |page: &str| {
            let place = url("https://idp.example/consent");
            let mut request = Request::post(Party::Browser, Party::Server, place.as_str(), Params::new());
            Relation::of(Some(url(page)), Some(&place)).tell(&mut request, true);
            let header = |name: &str| request.headers[name].to_str().expect("text").to_owned();
            [header("sec-fetch-site"), header("origin"), header("referer")]
        };
        let own = ["same-origin", "https://idp.example", "https://idp.example/login?i=1"];
        assert_eq!(told("https://idp.example/login?i=1#top"), own);
        let foreign = ["cross-site", "https://attacker.example", "https://attacker.example/"];
        assert_eq!(told("https://attacker.example/win?code=canary"), foreign);
    }

    #[test]
    fn a_browser_shows_no_cookie() {
        let browser = browser();
        browser.keep("session=canary", &url("https://idp.example/"));
        assert!(!format!("{browser:?}").contains("canary"));
    }

    #[test]
    fn a_query_becomes_parameters_without_being_changed() {
        let (url, query) = split_query("http://a/authorize?x=1&x=2");
        assert_eq!((url.as_str(), query.encode().as_str()), ("http://a/authorize", "x=1&x=2"));
        assert_eq!(split_query("http://a/authorize?x=%zz").0, "http://a/authorize?x=%zz");
    }
}
