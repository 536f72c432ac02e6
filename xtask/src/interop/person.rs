//! A person with a browser of their own, who approves what a device or a back channel asks for.

use http::header::{CONTENT_TYPE, COOKIE, SET_COOKIE};
use oauth_types::Params;

use super::server::Server;
use crate::flows::{form, told};

/// The rules by which a poll is refused that comes before the decision.
const PENDING: &[&str] = &["rfc8628-pending", "ciba-pending"];

/// Takes their time: nothing is decided before the client has polled once in vain.
pub(super) struct Person<'a> {
    pub(super) server: &'a mut Server,
    pub(super) http: &'a reqwest::Client,
}

impl Person<'_> {
    /// Opens the page of the request, and approves as alice.
    pub(super) async fn visit(&mut self, url: &str) -> Result<(), String> {
        self.server.until(|line| line.rule().is_some_and(|rule| PENDING.contains(&rule))).await?;
        let page = self.http.get(url).send().await.map_err(|error| told(&error))?;
        let cookie = page.headers().get(SET_COOKIE).and_then(|cookie| cookie.to_str().ok()).unwrap_or_default();
        let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
        let (to, page) = (page.url().clone(), page.text().await.map_err(|error| told(&error))?);
        let (action, mut decision) = form(&page).ok_or("the page has no form")?;
        if page.contains("name=\"user\"") {
            decision.push("user", "alice");
        }
        decision.push("decision", "approve");
        let to = to.join(&action).map_err(|error| told(&error))?;
        self.decide(to, &cookie, &decision).await
    }

    async fn decide(&self, to: url::Url, cookie: &str, decision: &Params) -> Result<(), String> {
        let request = self.http.post(to).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        let answer = request.header(COOKIE, cookie).body(decision.encode()).send().await;
        let answer = answer.map_err(|error| told(&error))?;
        match answer.status().is_success() {
            true => Ok(()),
            false => Err(format!("the page answered {}", answer.status())),
        }
    }
}
