//! The user's browser, and how a user is logged in at the server under test.

use std::future::Future;
use std::pin::Pin;
use std::sync::Mutex;

use http::HeaderValue;
use http::header::{COOKIE, SET_COOKIE};
use oauth_types::Params;

use crate::agent::{Agent, AgentError, Request, lock};
use crate::answer::Answer;
use crate::trace::Party;

/// A browser: sends cookies back and follows no redirect by itself.
#[derive(Debug)]
pub struct Browser {
    agent: Agent,
    cookies: Mutex<Vec<(String, String)>>,
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
/// [`SentBackAtOnce`] does for servers that ask nothing. For others, implement this: open the pages, send the forms,
/// and return the answer that ends the authorization request, which is a redirect to the client or an error page.
pub trait Login: Send + Sync {
    /// Opens an authorization request in a browser and returns the answer that ends it.
    ///
    /// The browser may hold the cookies of an earlier login.
    fn authorize<'a>(&'a self, browser: &'a Browser, visit: Visit) -> Landing<'a>;

    /// Whether there are forms on the way, that an attack can get its hands on.
    fn shows_forms(&self) -> bool {
        false
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

    /// Opens a page.
    ///
    /// # Errors
    /// [`AgentError`] when there is no answer.
    pub async fn open(&self, visit: Visit) -> Result<Answer, AgentError> {
        let (from, to) = (Party::Browser, Party::Server);
        let (url, query) = split_query(&visit.url);
        let mut request = match visit.form {
            None => Request::get(from, to, url, query),
            Some(form) => Request { query, ..Request::post(from, to, url, form) },
        };
        if let Some(cookies) = self.cookie_header() {
            request.headers.insert(COOKIE, cookies);
        }
        let answer = self.agent.send(request).await?;
        for cookie in answer.headers.get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok()) {
            self.keep(cookie);
        }
        Ok(answer)
    }

    fn cookie_header(&self) -> Option<HeaderValue> {
        let cookies = lock(&self.cookies);
        let pairs: Vec<_> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        HeaderValue::from_str(&pairs.join("; ")).ok().filter(|value| !value.is_empty())
    }

    fn keep(&self, cookie: &str) {
        let pair = cookie.split(';').next().unwrap_or_default();
        let Some((name, value)) = pair.split_once('=') else { return };
        let mut cookies = lock(&self.cookies);
        cookies.retain(|(known, _)| known != name.trim());
        if !value.trim().is_empty() {
            cookies.push((name.trim().to_owned(), value.trim().to_owned()));
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

    #[test]
    fn cookies_are_replaced_by_name_and_removed_when_empty() {
        let browser = Browser::new(Agent::new(Tls::Untrusted).expect("an agent"));
        browser.keep("a=1; Path=/; HttpOnly");
        browser.keep("b=2");
        browser.keep("a=3");
        assert_eq!(browser.cookie_header().expect("cookies"), "b=2; a=3");
        browser.keep("b=; Max-Age=0");
        assert_eq!(browser.cookie_header().expect("cookies"), "a=3");
    }

    #[test]
    fn a_query_becomes_parameters_without_being_changed() {
        let (url, query) = split_query("http://a/authorize?x=1&x=2");
        assert_eq!((url.as_str(), query.encode().as_str()), ("http://a/authorize", "x=1&x=2"));
        assert_eq!(split_query("http://a/authorize?x=%zz").0, "http://a/authorize?x=%zz");
    }
}
