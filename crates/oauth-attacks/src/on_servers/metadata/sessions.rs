//! What attacks on logout have in common: a browser in which somebody is logged in.

use oauth_types::Params;

use crate::answer::Answer;
use crate::attack::Inconclusive;
use crate::bench::Bench;
use crate::browser::{Browser, Visit};
use crate::target::Registration;

/// Logs somebody in, and returns the ID token.
pub(super) async fn log_in(bench: &Bench, client: &Registration, browser: &Browser) -> Result<String, Inconclusive> {
    let request = bench.authorization(client);
    let answer = request.open_in(browser).await?;
    let unanswered = || Inconclusive::new(format!("a login was answered {}", answer.summary()));
    let grant = request.grant_in(&answer).ok_or_else(unanswered)?;
    let answer = bench.redemption(client, &grant).send().await?;
    let token = bench.tokens_of(client, &answer)?.id_token;
    Ok(token.ok_or_else(|| Inconclusive::new("the server issues no ID token"))?.expose().to_owned())
}

/// Sends a browser to the logout endpoint with these parameters.
pub(super) async fn log_out(bench: &Bench, browser: &Browser, query: &Params) -> Result<Answer, Inconclusive> {
    let endpoint = bench.endpoint("end_session_endpoint")?;
    let url = if query.is_empty() { endpoint.to_owned() } else { query.append_to_query(endpoint) };
    Ok(browser.open(Visit { url, form: None }).await?)
}
