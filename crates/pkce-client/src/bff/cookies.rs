//! The cookies of this application: what the browser brought, and how new ones are written (RFC 6265).

use axum::response::Response;
use cookie::time::Duration;
use cookie::{Cookie, SameSite};
use http::header::{COOKIE, SET_COOKIE};
use http::{HeaderMap, HeaderValue};

use crate::pending::FlowKey;

/// The most logins that are under way in one browser: their cookies come with every request, and servers in between take
/// no more than 8 KiB of them.
const MAX_LOGINS: usize = 4;

/// The longest cookie that every browser takes, in octets, with its name and attributes (RFC 6265 §6.1).
const MAX_LENGTH: usize = 4096;

const SESSION: &str = "session";
const LOGOUT: &str = "logout";
const LOGIN: &str = "login-";

/// What a browser brought.
pub(super) struct Cookies {
    /// In the order in which they came: the oldest first (RFC 6265 §5.4).
    brought: Vec<(String, String)>,
    secure: bool,
}

/// How a login's cookie was found.
pub(super) enum Found<'a> {
    /// The only one of its name.
    One(&'a str),
    /// Two of its name: one was put there by somebody else.
    Several,
    /// There are some of other logins.
    Others,
    /// There is none of any login.
    Nothing,
}

impl Cookies {
    pub(super) fn read(headers: &HeaderMap, secure: bool) -> Self {
        let texts = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
        let cookies = texts.flat_map(|text| Cookie::split_parse(text.to_owned())).flatten();
        let brought = cookies.map(|cookie| (cookie.name().to_owned(), cookie.value().to_owned())).collect();
        Self { brought, secure }
    }

    /// The session's, unless there are two.
    pub(super) fn session(&self) -> Option<&str> {
        self.only(SESSION)
    }

    pub(super) fn logout(&self) -> Option<&str> {
        self.only(LOGOUT)
    }

    pub(super) fn login(&self, flow: &FlowKey) -> Found<'_> {
        let mut of_flow = self.all(self.name(&format!("{LOGIN}{flow}")));
        match (of_flow.next(), of_flow.next()) {
            (Some(value), None) => Found::One(value),
            (Some(_), Some(_)) => Found::Several,
            (None, _) if self.logins().next().is_some() => Found::Others,
            (None, _) => Found::Nothing,
        }
    }

    /// Keeps a login in the browser, and has the oldest make room if there are too many. `None` if it is too long.
    pub(super) fn keep_login(
        &self,
        response: &mut Response,
        flow: &FlowKey,
        value: String,
        (lifetime, posted): (u64, bool),
    ) -> Option<()> {
        // A page of the server posts the response: it is another site.
        let same_site = if posted { SameSite::None } else { SameSite::Lax };
        let cookie = self.cookie(&format!("{LOGIN}{flow}"), value, lifetime, same_site);
        if cookie.to_string().len() > MAX_LENGTH {
            return None;
        }
        let surplus = (self.logins().count() + 1).saturating_sub(MAX_LOGINS);
        for name in self.logins().take(surplus) {
            set(response, &self.spent(name));
        }
        set(response, &cookie);
        Some(())
    }

    pub(super) fn forget_login(&self, response: &mut Response, flow: &FlowKey) {
        set(response, &self.spent(&self.name(&format!("{LOGIN}{flow}"))));
    }

    pub(super) fn keep_session(&self, response: &mut Response, value: String, lifetime: u64) {
        set(response, &self.cookie(SESSION, value, lifetime, SameSite::Lax));
    }

    pub(super) fn forget_session(&self, response: &mut Response) {
        set(response, &self.spent(&self.name(SESSION)));
    }

    pub(super) fn keep_logout(&self, response: &mut Response, value: String, lifetime: u64) {
        set(response, &self.cookie(LOGOUT, value, lifetime, SameSite::Lax));
    }

    pub(super) fn forget_logout(&self, response: &mut Response) {
        set(response, &self.spent(&self.name(LOGOUT)));
    }

    fn all(&self, name: String) -> impl Iterator<Item = &str> {
        self.brought.iter().filter(move |(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    fn only(&self, name: &str) -> Option<&str> {
        let mut values = self.all(self.name(name));
        values.next().filter(|_| values.next().is_none())
    }

    /// The names of the logins' cookies.
    fn logins(&self) -> impl Iterator<Item = &str> {
        let start = self.name(LOGIN);
        self.brought.iter().map(|(name, _)| name.as_str()).filter(move |name| name.starts_with(&start))
    }

    /// With the prefix that browsers let nobody set from another host, or without encryption.
    fn name(&self, name: &str) -> String {
        if self.secure { format!("__Host-{name}") } else { name.to_owned() }
    }

    fn cookie(&self, name: &str, value: String, lifetime: u64, same_site: SameSite) -> Cookie<'static> {
        let lifetime = Duration::seconds(i64::try_from(lifetime).unwrap_or(i64::MAX));
        let cookie = Cookie::build((self.name(name), value)).path("/").http_only(true).max_age(lifetime);
        cookie.secure(self.secure).same_site(same_site).build()
    }

    /// One that takes another's place and is gone at once.
    fn spent(&self, name: &str) -> Cookie<'static> {
        let cookie = Cookie::build((name.to_owned(), "")).path("/").http_only(true).max_age(Duration::ZERO);
        cookie.secure(self.secure).same_site(SameSite::Lax).build()
    }
}

fn set(response: &mut Response, cookie: &Cookie<'_>) {
    // Names and values are base64url, or come from a header.
    if let Ok(value) = HeaderValue::from_str(&cookie.to_string()) {
        response.headers_mut().append(SET_COOKIE, value);
    }
}
