//! How a user logs out, on the pages of any server (OpenID Connect RP-Initiated Logout 1.0 section 2).

use oauth_types::{Params, Secret};

use crate::answer::Answer;
use crate::attack::Inconclusive;
use crate::bench::Bench;
use crate::browser::{Browser, Visit};
use crate::target::Registration;
use crate::user_agent::{Reached, Who};

/// More pages than there are between a link and the end of a session.
const MOST_PAGES: usize = 4;

impl Bench {
    /// Has the user of this browser log out, as the client asks with their ID token. The server may ask whether they
    /// want to, and they do.
    ///
    /// # Errors
    /// [`Inconclusive`] when the server does not log them out.
    pub(crate) async fn log_out(
        &self,
        browser: &Browser,
        client: &Registration,
        id_token: &Secret,
    ) -> Result<(), Inconclusive> {
        let hint = Params::new().with("id_token_hint", id_token.expose()).with("client_id", &client.client_id);
        let url = hint.append_to_query(self.endpoint("end_session_endpoint")?);
        let answer = self.through_logout(browser, Visit { url, form: None }).await?;
        if answer.status >= 400 {
            let because = format!("the server does not log the user out: it answered {}", answer.summary());
            return Err(Inconclusive::new(because));
        }
        // A server that asks nobody who they are has no session whose end could be seen.
        if self.target().login.shows_forms() {
            let request = self.authorization(client).set("prompt", "none");
            if request.grant_in(&request.open_in(browser).await?).is_some() {
                return Err(Inconclusive::new("the server does not log the user out: it knows them afterwards"));
            }
        }
        Ok(())
    }

    /// Opens an address of the logout, and agrees as often as the server asks. Returns the answer that ends it.
    ///
    /// # Errors
    /// [`Inconclusive`] when a page is not understood, or there are too many of them.
    pub(crate) async fn through_logout(&self, browser: &Browser, visit: Visit) -> Result<Answer, Inconclusive> {
        let forms = self.target().login.forms().cloned().unwrap_or_default();
        let mut reached = forms.until_form(browser, visit).await?;
        for _ in 0..MOST_PAGES {
            let page = match reached {
                Reached::Landed(answer) => return Ok(answer),
                // Whoever is asked to log in has been logged out.
                Reached::Page(page) if page.asks_who() => return Ok(page.answer().clone()),
                Reached::Page(page) => page,
            };
            reached = forms.send(browser, &forms.leave(&page, Who::First)?).await?;
        }
        Err(Inconclusive::new("the pages for a logout have no end"))
    }
}
