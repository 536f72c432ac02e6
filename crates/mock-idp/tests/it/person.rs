//! A person in front of a browser that keeps cookies, follows redirects within the server and submits forms.

use std::cell::RefCell;

use bytes::Bytes;
use http::Request;
use http::header::{CONTENT_TYPE, COOKIE, SET_COOKIE};
use http::request::Builder;
use mock_idp::MockIdp;
use oauth_types::Params;

use crate::browser::{Answer, Browser};

pub(crate) struct Person<'a> {
    browser: Browser<'a>,
    jar: RefCell<Vec<Held>>,
}

/// A cookie.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    pub(crate) name: String,
    pub(crate) value: String,
    /// Everything after the value.
    pub(crate) attributes: String,
    path: String,
}

impl<'a> Person<'a> {
    pub(crate) fn new(idp: &'a MockIdp) -> Self {
        Self::at(idp, "")
    }

    /// In front of the tenant whose path is `base`.
    pub(crate) fn at(idp: &'a MockIdp, base: &'a str) -> Self {
        Self { browser: Browser { idp, base }, jar: RefCell::default() }
    }

    /// Another browser with the same cookies.
    pub(crate) fn copy(&self) -> Self {
        let Browser { idp, base } = self.browser;
        Self { browser: Browser { idp, base }, jar: self.jar.clone() }
    }

    /// Follows an authorization request to the first page, or to the client.
    pub(crate) async fn asks(&self, params: &Params) -> Answer {
        self.opens(&format!("{}/authorize?{}", self.browser.base, params.encode())).await
    }

    /// Opens a path and follows the redirects within the server.
    pub(crate) async fn opens(&self, path: &str) -> Answer {
        let mut answer = self.sends(Request::get(path), Bytes::new()).await;
        while let Some(next) = within(&answer) {
            answer = self.sends(Request::get(next), Bytes::new()).await;
        }
        answer
    }

    /// Submits the form `id` of a page with `fields` beside what it carries, and follows.
    pub(crate) async fn submits(&self, page: &Answer, id: &str, fields: &[(&str, &str)]) -> Answer {
        let (action, mut params) = form(page, id);
        fields.iter().for_each(|(name, value)| params.push(*name, *value));
        self.posts(&action, &params).await
    }

    /// Posts a form that may be on no page, and follows.
    pub(crate) async fn posts(&self, path: &str, params: &Params) -> Answer {
        let answer = self.posts_once(path, params).await;
        match within(&answer) {
            Some(next) => self.opens(&next).await,
            None => answer,
        }
    }

    pub(crate) async fn posts_once(&self, path: &str, params: &Params) -> Answer {
        let request = Request::post(path).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.sends(request, params.encode().into()).await
    }

    /// Clicks on the button of a user on the login page.
    pub(crate) async fn is(&self, page: &Answer, user: &str) -> Answer {
        self.submits(page, "users", &[("user", user)]).await
    }

    pub(crate) async fn agrees(&self, page: &Answer) -> Answer {
        self.submits(page, "consent", &[("decision", "approve")]).await
    }

    /// Asks for `params`, logs in as `user`, and agrees.
    pub(crate) async fn logs_in(&self, params: &Params, user: &str) -> Answer {
        let page = self.asks(params).await;
        assert_eq!(title(&page), "Log in", "{page:?}");
        let mut answer = self.is(&page, user).await;
        if answer.location.is_none() {
            assert_eq!(title(&answer), "Do you agree?", "{answer:?}");
            answer = self.agrees(&answer).await;
        }
        assert!(answer.redirected().get("code").is_some(), "{answer:?}");
        answer
    }

    pub(crate) fn cookie(&self, name: &str) -> Option<Held> {
        self.jar.borrow().iter().find(|held| held.name == name).cloned()
    }

    pub(crate) fn forgets(&self, name: &str) {
        self.jar.borrow_mut().retain(|held| held.name != name);
    }

    pub(crate) fn takes(&self, cookie: Held) {
        self.forgets(&cookie.name);
        self.jar.borrow_mut().push(cookie);
    }

    pub(crate) async fn sends(&self, request: Builder, body: Bytes) -> Answer {
        let mut request = request.body(body).expect("a request");
        let path = request.uri().path().to_owned();
        for held in self.jar.borrow().iter().filter(|held| is_below(&path, &held.path)) {
            let pair = format!("{}={}", held.name, held.value);
            request.headers_mut().append(COOKIE, pair.parse().expect("a header"));
        }
        let answer = self.browser.send(request).await;
        for header in answer.response.headers().get_all(SET_COOKIE) {
            self.keeps(header.to_str().expect("ASCII"));
        }
        answer
    }

    fn keeps(&self, header: &str) {
        let (pair, attributes) = header.split_once(';').expect("attributes");
        let (name, value) = pair.split_once('=').expect("a pair");
        let path = attributes.split("Path=").nth(1).and_then(|rest| rest.split(';').next()).unwrap_or("/");
        let held = Held {
            name: name.to_owned(),
            value: value.to_owned(),
            attributes: attributes.to_owned(),
            path: path.to_owned(),
        };
        self.jar.borrow_mut().retain(|old| old.name != held.name || old.path != held.path);
        if !attributes.contains("Max-Age=0") {
            self.jar.borrow_mut().push(held);
        }
    }
}

/// Whether a cookie of `cookie` is sent to `path` (RFC 6265 §5.1.4).
fn is_below(path: &str, cookie: &str) -> bool {
    cookie == "/" || path == cookie || path.starts_with(&format!("{cookie}/"))
}

/// Where an answer redirects to within the server.
fn within(answer: &Answer) -> Option<String> {
    answer.location.clone().filter(|to| to.starts_with('/'))
}

pub(crate) fn title(page: &Answer) -> &str {
    let rest = page.body.split_once("<title>").map_or("", |(_, rest)| rest);
    rest.split_once("</title>").map_or("", |(title, _)| title)
}

/// The action and the hidden fields of a form.
pub(crate) fn form(page: &Answer, id: &str) -> (String, Params) {
    let start = page.body.find(&format!(" id=\"{id}\">")).unwrap_or_else(|| panic!("no form {id}: {}", page.body));
    let opening = &page.body[page.body[..start].rfind("<form").expect("a form")..start];
    let action = opening.split_once("action=\"").expect("an action").1;
    let action = action.split('"').next().expect("an end").to_owned();
    let inside = page.body[start..].split("</form>").next().expect("an end");
    let hidden = inside.split("<input type=\"hidden\" name=\"").skip(1).map(|input| {
        let (name, rest) = input.split_once("\" value=\"").expect("a value");
        (name.to_owned(), rest.split('"').next().expect("an end").to_owned())
    });
    (action, hidden.collect())
}
