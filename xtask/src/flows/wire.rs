//! HTTP without redirects, where every exchange is noted for the report.

use std::sync::{Arc, Mutex, PoisonError};

use http::header::{AUTHORIZATION, CONTENT_TYPE, LOCATION};
use http::{Method, Request, Response};
use oauth_attacks::trace::{Party, Step, Trace, shown};
use oauth_types::{Params, Secret};
use serde_json::Value;
use url::Url;

/// The octets of a response.
pub(super) type Answer = Response<Vec<u8>>;

/// Sends requests and notes them. Copies note into the same trace.
#[derive(Debug, Clone)]
pub(super) struct Wire {
    http: reqwest::Client,
    steps: Arc<Mutex<Vec<Step>>>,
    /// The refresh token that was seen last: clients do not show theirs, and a flow wants to use an old one again.
    refresh_token: Arc<Mutex<Option<Secret>>>,
}

impl Wire {
    pub(super) fn new() -> Result<Self, String> {
        // A client that follows redirects would take codes out of the browser's hands.
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build();
        Ok(Self { http: http.map_err(|error| told(&error))?, steps: Arc::default(), refresh_token: Arc::default() })
    }

    /// Sends a request as `from` and notes what was asked and answered.
    pub(super) async fn send(&self, from: Party, request: Request<Vec<u8>>) -> Result<Answer, reqwest::Error> {
        let mut step = asked(from, &request);
        let answer = self.exchange(request).await;
        match &answer {
            Ok(answer) => {
                (step.answer, step.remark) = answered(answer);
                self.remember(answer);
            }
            Err(error) => step.remark = Some(told(error)),
        }
        self.note(step);
        answer
    }

    /// A user agent that opens `url`; the user is logged in by the server.
    pub(super) async fn browse(&self, url: &str) -> Result<Answer, String> {
        let request = Request::get(url).body(Vec::new()).map_err(|error| told(&error))?;
        self.send(Party::Browser, request).await.map_err(|error| told(&error))
    }

    /// A request that is noted by the caller, if at all.
    pub(super) async fn quietly(&self, url: &str) -> Result<Answer, String> {
        let request = Request::get(url).body(Vec::new()).map_err(|error| told(&error))?;
        self.exchange(request).await.map_err(|error| told(&error))
    }

    /// The refresh token that was seen last.
    pub(super) fn last_refresh_token(&self) -> Option<Secret> {
        self.refresh_token.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn remember(&self, answer: &Answer) {
        let body: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
        if let Some(token) = body["refresh_token"].as_str() {
            *self.refresh_token.lock().unwrap_or_else(PoisonError::into_inner) = Some(Secret::new(token));
        }
    }

    /// Notes what does not go over this wire, such as a redirect that a browser follows to the client.
    pub(super) fn note(&self, step: Step) {
        self.steps.lock().unwrap_or_else(PoisonError::into_inner).push(step);
    }

    /// What was noted so far.
    pub(super) fn trace(&self) -> Trace {
        Trace { steps: self.steps.lock().unwrap_or_else(PoisonError::into_inner).clone() }
    }

    async fn exchange(&self, request: Request<Vec<u8>>) -> Result<Answer, reqwest::Error> {
        let answer = self.http.execute(request.try_into()?).await?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let mut response = Response::new(answer.bytes().await?.to_vec());
        (*response.status_mut(), *response.headers_mut()) = (status, headers);
        Ok(response)
    }
}

/// An error and everything it came from, in one line.
pub(crate) fn told(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}

/// A step for a redirect that brings the authorization response to the client.
pub(super) fn delivered(method: &Method, to: &str, response: &Params) -> Step {
    let path = Url::parse(to).map(|url| url.path().to_owned()).unwrap_or_default();
    step(Party::Browser, Party::Client, format!("{method} {path}"), response)
}

fn asked(from: Party, request: &Request<Vec<u8>>) -> Step {
    let uri = request.uri();
    let mut parameters = Params::parse(uri.query().unwrap_or_default()).unwrap_or_default();
    let is_form = header(request.headers(), CONTENT_TYPE).starts_with("application/x-www-form-urlencoded");
    if is_form {
        let body = String::from_utf8_lossy(request.body());
        for (name, value) in Params::parse(&body).unwrap_or_default().iter() {
            parameters.push(name, value);
        }
    }
    let to = if uri.path().ends_with("/userinfo") { Party::Resource } else { Party::Server };
    let mut step = step(from, to, format!("{} {}", request.method(), uri.path()), &parameters);
    let authorization = header(request.headers(), AUTHORIZATION);
    if let Some((scheme, credentials)) = authorization.split_once(' ') {
        let hidden = format!("{scheme} <{} characters>", credentials.chars().count());
        step.parameters.push(("Authorization".to_owned(), hidden));
    }
    step
}

fn step(from: Party, to: Party, message: String, parameters: &Params) -> Step {
    let parameters = parameters.iter().map(|(name, value)| (name.to_owned(), shown(name, value))).collect();
    Step { from, to, message, parameters, answer: None, remark: None, stopped: false, exchange: None }
}

/// The status with what matters of the rest, and the sentence of an error.
fn answered(answer: &Answer) -> (Option<String>, Option<String>) {
    let status = answer.status().as_u16();
    if answer.headers().contains_key(LOCATION) {
        let location = header(answer.headers(), LOCATION);
        let names = Url::parse(location).map(|url| names_in(&url)).unwrap_or_default();
        return (Some(format!("{status} redirect with {names}")), None);
    }
    let Ok(Value::Object(members)) = serde_json::from_slice(answer.body()) else {
        let kind = header(answer.headers(), CONTENT_TYPE).split(';').next().unwrap_or_default();
        return (Some(format!("{status} {kind}").trim_end().to_owned()), None);
    };
    let text = |name: &str| members.get(name).and_then(Value::as_str);
    match text("error") {
        Some(error) => (Some(format!("{status} {error}")), text("error_description").map(str::to_owned)),
        None if members.contains_key("access_token") => {
            let tokens: Vec<&str> =
                members.keys().map(String::as_str).filter(|name| name.ends_with("_token")).collect();
            (Some(format!("{status} {}", tokens.join(", "))), None)
        }
        None => (Some(status.to_string()), None),
    }
}

fn names_in(url: &Url) -> String {
    let carried = url.fragment().or(url.query()).unwrap_or_default();
    let parameters = Params::parse(carried).unwrap_or_default();
    parameters.iter().map(|(name, _)| name).collect::<Vec<_>>().join(", ")
}

fn header(headers: &http::HeaderMap, name: http::HeaderName) -> &str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_noted_without_its_secrets() {
        let request = Request::post("http://127.0.0.1/token?a=1")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(AUTHORIZATION, "Basic canary-basic")
            .body(b"code=canary-code&redirect_uri=http%3A%2F%2Fx&code_verifier=canary-verifier".to_vec());
        let step = asked(Party::Client, &request.expect("a request"));
        assert_eq!((step.to, step.message.as_str()), (Party::Server, "POST /token"));
        let names: Vec<_> = step.parameters.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["a", "code", "redirect_uri", "code_verifier", "Authorization"]);
        assert!(!format!("{step:?}").contains("canary"));
    }

    #[test]
    fn an_answer_is_noted_without_its_tokens() {
        let body = br#"{"access_token":"canary","id_token":"canary","token_type":"Bearer"}"#;
        assert_eq!(answered(&Response::new(body.to_vec())), (Some("200 access_token, id_token".to_owned()), None));
        let body = br#"{"error":"invalid_grant","error_description":"used"}"#;
        assert_eq!(answered(&Response::new(body.to_vec())).1.as_deref(), Some("used"));
        let redirect = Response::builder().status(302).header(LOCATION, "http://127.0.0.1/cb?code=canary&state=s");
        let (answer, _) = answered(&redirect.body(Vec::new()).expect("a response"));
        assert_eq!(answer.as_deref(), Some("302 redirect with code, state"));
    }
}
