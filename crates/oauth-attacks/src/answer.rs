//! An HTTP answer, read as OAuth means it.

use std::fmt;

use http::HeaderMap;
use oauth_types::Params;
use serde_json::{Map, Value};

use crate::trace::shown;

/// What came back.
#[derive(Clone)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as text; octets that are not UTF-8 are replaced.
    pub body: String,
    /// Where the exchange is in the trace, if it was written down.
    pub(crate) step: Option<usize>,
}

impl Answer {
    /// An answer made by hand.
    #[cfg(test)]
    pub(crate) fn of(status: u16, headers: &[(&'static str, &str)], body: &str) -> Self {
        let pairs = headers.iter().map(|(name, value)| (http::HeaderName::from_static(name), value.parse()));
        let headers = pairs.map(|(name, value)| (name, value.expect("a header"))).collect();
        Self { status, headers, body: body.to_owned(), step: None }
    }

    /// The body as a JSON object, if it is one.
    pub fn object(&self) -> Option<Map<String, Value>> {
        serde_json::from_str(&self.body).ok()
    }

    /// A text member of the body, or a parameter of a body that is a form.
    pub fn member(&self, name: &str) -> Option<String> {
        match self.object() {
            Some(object) => object.get(name)?.as_str().map(str::to_owned),
            None if self.media_type() == "application/x-www-form-urlencoded" => {
                Params::parse(&self.body).ok()?.get(name).map(str::to_owned)
            }
            None => None,
        }
    }

    /// The media type without its parameters, in lower case.
    pub fn media_type(&self) -> String {
        let whole = self.header("content-type").unwrap_or_default();
        whole.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }

    /// A header, if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Where a redirect goes.
    pub fn location(&self) -> Option<&str> {
        let redirects = matches!(self.status, 301 | 302 | 303 | 307 | 308);
        self.header("location").filter(|_| redirects)
    }

    /// Whether the body hands out a token.
    pub fn has_tokens(&self) -> bool {
        ["access_token", "refresh_token", "id_token"].iter().any(|name| self.member(name).is_some())
    }

    /// `400 invalid_grant`, `302 to the client with a code`, and the like.
    pub fn summary(&self) -> String {
        let status = self.status;
        if self.has_tokens() {
            return format!("{status} with tokens");
        }
        if let Some(error) = self.member("error") {
            return format!("{status} {}", shown("", &error));
        }
        let Some((_, sent)) = self.location().and_then(|location| location.split_once(['?', '#'])) else {
            return status.to_string();
        };
        let sent = Params::parse(sent).unwrap_or_default();
        match (sent.get("code"), sent.get("error")) {
            (Some(_), _) => format!("{status} with a code"),
            (None, Some(error)) => format!("{status} {}", shown("", error)),
            (None, None) => status.to_string(),
        }
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Answer({})", self.summary())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_told_without_its_secrets() {
        let tokens = Answer::of(200, &[], r#"{"access_token":"canary-token"}"#);
        assert_eq!(tokens.summary(), "200 with tokens");
        assert_eq!(format!("{tokens:?}"), "Answer(200 with tokens)");
        assert_eq!(Answer::of(400, &[], r#"{"error":"invalid_grant"}"#).summary(), "400 invalid_grant");
    }

    #[test]
    fn a_redirect_is_told_without_its_code() {
        let redirect = Answer::of(302, &[("location", "https://a.example/cb?code=canary")], "");
        assert_eq!(redirect.summary(), "302 with a code");
    }
}
