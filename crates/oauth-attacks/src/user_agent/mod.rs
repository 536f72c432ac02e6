//! A user agent: a browser with somebody in front of it who logs in and agrees, on the pages of any server.
//!
//! It works over HTTP alone and runs no scripts, but it knows what the scripts of login pages mostly do: a form without
//! visible fields that is sent at once, and a page that leads on. Fields and buttons are recognised by their types and
//! names and by what is written on them; where a server is unusual, CSS selectors say which they are.

use std::fmt;

use oauth_types::Secret;

use crate::agent::AgentError;
use crate::answer::Answer;
use crate::browser::{Browser, Landing, Login, Visit};

mod filling;
mod form;
mod page;
mod reading;
#[cfg(test)]
mod shapes;

pub use form::{Button, Field, Form, Submission};
pub use page::Page;
use page::Route;
pub(crate) use page::{forms_of, page_in};

/// The most redirects that are followed from one page to the next.
const MOST_REDIRECTS: usize = 20;
/// The most pages on which somebody does something.
const MOST_PAGES: usize = 12;
/// The most forms that an error tells of.
const MOST_FORMS: usize = 5;

/// Logs users in by forms.
///
/// ```
/// use oauth_attacks::user_agent::Forms;
/// let login = Forms::new().user("alice", "wonderland").second_user("bob", "builder");
/// let unusual = Forms::new().user("alice", "wonderland").name_field("#who").press("button.primary");
/// ```
#[derive(Debug, Clone, Default)]
pub struct Forms {
    users: [Option<User>; 2],
    name_field: Option<String>,
    password_field: Option<String>,
    press: Vec<String>,
    also: Vec<String>,
}

/// Somebody who can log in.
#[derive(Debug, Clone)]
struct User {
    name: String,
    password: Secret,
}

/// Which of the users is in front of the browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// The one that attacks mostly are about.
    First,
    /// The other one.
    Second,
}

/// Where an authorization request has come to.
#[derive(Debug, Clone)]
pub enum Reached {
    /// A page that waits for the user.
    Page(Box<Page>),
    /// Its end: a redirect or a form to the client, or an error page.
    Landed(Answer),
}

/// A page that a user cannot be got past. It tells no value of any field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct NotUnderstood {
    /// Host and path of the page.
    pub place: String,
    /// Its title.
    pub title: String,
    /// What is the matter with it, as in "it has no button".
    pub reason: String,
    /// What its forms ask for.
    pub forms: Vec<String>,
}

impl fmt::Display for NotUnderstood {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, title, reason, forms } = self;
        write!(f, "the page {place} “{title}” {reason}; its forms: ")?;
        f.write_str(&if forms.is_empty() { "none".to_owned() } else { forms.join(" | ") })
    }
}

impl Forms {
    /// Nobody yet, who recognises fields and buttons by what is written on them.
    pub fn new() -> Self {
        Self::default()
    }

    /// With the user that attacks are about, unless they say otherwise.
    #[must_use]
    pub fn user(mut self, name: impl Into<String>, password: impl Into<Secret>) -> Self {
        self.users[0] = Some(User { name: name.into(), password: password.into() });
        self
    }

    /// With a second user, for attacks that need one.
    #[must_use]
    pub fn second_user(mut self, name: impl Into<String>, password: impl Into<Secret>) -> Self {
        self.users[1] = Some(User { name: name.into(), password: password.into() });
        self
    }

    /// With a CSS selector for the field of the user's name.
    #[must_use]
    pub fn name_field(mut self, selector: impl Into<String>) -> Self {
        self.name_field = Some(selector.into());
        self
    }

    /// With a CSS selector for the field of the password.
    #[must_use]
    pub fn password_field(mut self, selector: impl Into<String>) -> Self {
        self.password_field = Some(selector.into());
        self
    }

    /// With a CSS selector for a button or a link that is pressed on whatever page it is. There may be several; the
    /// first that is there counts.
    #[must_use]
    pub fn press(mut self, selector: impl Into<String>) -> Self {
        self.press.push(selector.into());
        self
    }

    /// With another origin, such as `https://login.example`, where the server has pages of its own.
    #[must_use]
    pub fn also_at(mut self, origin: impl Into<String>) -> Self {
        let origin = origin.into();
        let normal = url::Url::parse(&origin).map(|url| url.origin().ascii_serialization());
        self.also.push(normal.unwrap_or(origin));
        self
    }

    /// Opens a visit and goes on to the first page that waits for the user, or to the end.
    ///
    /// # Errors
    /// [`AgentError`] when there is no answer, or no end of redirects.
    pub async fn until_form(&self, browser: &Browser, visit: Visit) -> Result<Reached, AgentError> {
        let route = Route::of(&visit, &self.also);
        self.follow(browser, visit, None, &route).await
    }

    /// What this user sends from a page: the form, filled in, with the button that agrees.
    ///
    /// # Errors
    /// [`AgentError::Page`] when it is not clear what that is.
    pub fn fill(&self, page: &Page, who: Who) -> Result<Submission, AgentError> {
        self.filled(page, self.known(who)).map_err(|reason| not_understood(page, reason))
    }

    /// What this user sends from a page that asks for an agreement, to decline.
    ///
    /// # Errors
    /// [`AgentError::Page`] when it is not clear what that is.
    pub fn decline(&self, page: &Page, who: Who) -> Result<Submission, AgentError> {
        self.declined(page, self.known(who)).map_err(|reason| not_understood(page, reason))
    }

    /// What this user sends from a page that asks whether to log out, to do so.
    ///
    /// # Errors
    /// [`AgentError::Page`] when it is not clear what that is.
    pub fn leave(&self, page: &Page, who: Who) -> Result<Submission, AgentError> {
        self.leaving(page, self.known(who)).map_err(|reason| not_understood(page, reason))
    }

    /// Sends a form and goes on to the next page that waits for the user, or to the end.
    ///
    /// # Errors
    /// [`AgentError`] when there is no answer, or no end of redirects.
    pub async fn send(&self, browser: &Browser, submission: &Submission) -> Result<Reached, AgentError> {
        self.follow(browser, submission.visit(), Some(&submission.page), &submission.route).await
    }

    /// Goes on from there to the end, as this user.
    ///
    /// # Errors
    /// [`AgentError`] when there is no answer, a page is not understood, or there are too many of them.
    pub async fn finish(&self, browser: &Browser, reached: Reached, who: Who) -> Result<Answer, AgentError> {
        let mut reached = reached;
        let mut password_sent = false;
        for _ in 0..MOST_PAGES {
            let page = match reached {
                Reached::Landed(answer) => return Ok(answer),
                Reached::Page(page) => page,
            };
            if password_sent && page.asks_for_password() {
                return Err(not_understood(&page, "asks for the password again".to_owned()));
            }
            self.keep_quiet(browser, who);
            let submission = self.fill(&page, who)?;
            password_sent |= submission.with_password;
            reached = self.send(browser, &submission).await?;
        }
        match reached {
            Reached::Landed(answer) => Ok(answer),
            Reached::Page(page) => Err(not_understood(&page, format!("comes after {MOST_PAGES} others"))),
        }
    }

    /// Goes to the end as this user, and returns the pages on the way beside it.
    ///
    /// # Errors
    /// As [`Forms::finish`].
    pub async fn walk(&self, browser: &Browser, visit: Visit, who: Who) -> Result<(Vec<Page>, Answer), AgentError> {
        let mut pages = Vec::new();
        let mut reached = self.until(browser, visit, (who, |_| true)).await?;
        while let Reached::Page(page) = &reached
            && pages.len() < MOST_PAGES
        {
            pages.push(Page::clone(page));
            reached = self.send(browser, &self.fill(page, who)?).await?;
        }
        Ok((pages, self.finish(browser, reached, who).await?))
    }

    /// Goes on to the first page for which `wanted` is true, as this user. The end may come first.
    ///
    /// # Errors
    /// As [`Forms::finish`].
    pub async fn until(
        &self,
        browser: &Browser,
        visit: Visit,
        (who, wanted): (Who, impl Fn(&Page) -> bool),
    ) -> Result<Reached, AgentError> {
        self.keep_quiet(browser, who);
        let mut reached = self.until_form(browser, visit).await?;
        for _ in 0..MOST_PAGES {
            match reached {
                Reached::Page(page) if !wanted(&page) => {
                    reached = self.send(browser, &self.fill(&page, who)?).await?;
                }
                _ => break,
            }
        }
        Ok(reached)
    }

    /// Opens a visit and follows what leads on without the user, within the server.
    async fn follow(
        &self,
        browser: &Browser,
        visit: Visit,
        from: Option<&str>,
        route: &Route,
    ) -> Result<Reached, AgentError> {
        let (mut visit, mut from) = (visit, from.map(str::to_owned));
        for _ in 0..MOST_REDIRECTS {
            let (here, form) = (visit.url.clone(), visit.form.clone());
            let answer = browser.open_from(visit, from.as_deref()).await?;
            if let Some(location) = answer.location() {
                let next = joined(&here, location);
                if route.leaves(&next) {
                    return Ok(Reached::Landed(answer));
                }
                // RFC 9110 section 15.4.8: with 307 and 308 the form is sent once more.
                visit = Visit { url: next, form: form.filter(|_| matches!(answer.status, 307 | 308)) };
                continue;
            }
            if !is_page(&answer) {
                return Ok(Reached::Landed(answer));
            }
            let page = Page::read(&here, &answer, route);
            match page.leads_to() {
                None => return self.arrived(page),
                Some(next) if route.leaves(&next.url) => return Ok(Reached::Landed(page.landed(next))),
                Some(next) => (visit, from) = (next, Some(here)),
            }
        }
        let reason = format!("comes after {MOST_REDIRECTS} redirects");
        let place = crate::agent::place_of(&visit.url);
        Err(Box::new(NotUnderstood { place, title: String::new(), reason, forms: Vec::new() }).into())
    }

    /// A page that waits is one with forms. An error is a page too, but nobody waits there unless for a password.
    fn arrived(&self, page: Page) -> Result<Reached, AgentError> {
        let refused = page.answer().status >= 400;
        match (page.forms.is_empty() && !self.presses(&page), refused && !page.asks_for_password()) {
            (false, false) => Ok(Reached::Page(Box::new(page))),
            (true, false) if page.is_drawn => {
                let reason = "has no forms, and may have been drawn by a script".to_owned();
                Err(not_understood(&page, reason))
            }
            _ => Ok(Reached::Landed(page.answer().clone())),
        }
    }

    fn known(&self, who: Who) -> Option<&User> {
        let [first, second] = &self.users;
        match who {
            Who::First => first.as_ref(),
            Who::Second => second.as_ref(),
        }
    }

    /// Keeps the password out of what is written down.
    fn keep_quiet(&self, browser: &Browser, who: Who) {
        if let Some(user) = self.known(who) {
            browser.agent().keep_password(user.password.expose());
        }
    }

    async fn authorized(&self, browser: &Browser, visit: Visit, who: Who) -> Result<Answer, AgentError> {
        let reached = self.until_form(browser, visit).await?;
        self.finish(browser, reached, who).await
    }
}

impl Login for Forms {
    fn authorize<'a>(&'a self, browser: &'a Browser, visit: Visit) -> Landing<'a> {
        Box::pin(self.authorized(browser, visit, Who::First))
    }

    fn authorize_second<'a>(&'a self, browser: &'a Browser, visit: Visit) -> Landing<'a> {
        let who = if self.has_second_user() { Who::Second } else { Who::First };
        Box::pin(self.authorized(browser, visit, who))
    }

    fn has_second_user(&self) -> bool {
        self.known(Who::Second).is_some()
    }

    fn forms(&self) -> Option<&Forms> {
        Some(self)
    }
}

impl Page {
    /// Where it leads without the user.
    fn leads_to(&self) -> Option<Visit> {
        if let Some(form) = self.sends_itself.and_then(|at| self.forms.get(at)) {
            return Some(form.pressed(None, (&self.url, self.route.clone())).visit());
        }
        let form = None;
        self.refresh.clone().filter(|_| !self.asks_who()).map(|url| Visit { url, form })
    }

    /// The answer that ends the request when the page leads to the client: its form, or the redirect that it is.
    fn landed(self, next: Visit) -> Answer {
        let mut answer = self.answer().clone();
        if self.sends_itself.is_none()
            && let Ok(location) = next.url.parse()
        {
            answer.status = 303;
            answer.headers.insert(http::header::LOCATION, location);
        }
        answer
    }
}

fn not_understood(page: &Page, reason: String) -> AgentError {
    let forms = page.forms().iter().take(MOST_FORMS).map(ToString::to_string).collect();
    Box::new(NotUnderstood { place: page.place(), title: page.title().to_owned(), reason, forms }).into()
}

fn joined(here: &str, location: &str) -> String {
    let joined = url::Url::parse(here).and_then(|here| here.join(location));
    joined.map_or_else(|_| location.to_owned(), |url| url.to_string())
}

/// Whether there is HTML in an answer.
fn is_page(answer: &Answer) -> bool {
    match answer.media_type().as_str() {
        "text/html" | "application/xhtml+xml" => true,
        "" => answer.body.trim_start().starts_with('<'),
        _ => false,
    }
}
