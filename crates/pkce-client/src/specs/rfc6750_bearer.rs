//! RFC 6750, Bearer Token Usage: how an access token is shown to a protected resource, and what its refusals say.

use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode};
use oauth_types::Secret;

use crate::error::Error;
use crate::session::Session;
use crate::token::TokenType;
use crate::transport::Endpoint;

/// The longest challenge that is read, in octets.
const MAX_LENGTH: usize = 8 * 1024;

impl Session {
    /// Adds the access token to a request for a protected resource, in the `Authorization` header and nowhere else (§2.1),
    /// with a proof of possession if the token asks for one. The token is refreshed first if that is due.
    ///
    /// Nothing is learned from the answer; [`Session::send`] does that, too.
    ///
    /// # Errors
    /// [`Error::Resource`] if the request does not go to an https or loopback address; the errors of
    /// [`Session::access_token`].
    pub async fn authorize<B>(&self, request: &mut http::Request<B>) -> Result<(), Error> {
        let token = self.access_token().await?;
        self.show(&token, request)
    }

    /// Sends a request to a protected resource with the access token, through the transport of the client.
    ///
    /// It is sent a second time if the resource asks for another proof (RFC 9449 §9), or if it says that the token is not
    /// valid (§3.1) and the token could be replaced. Other answers are returned as they are, whatever their status; see
    /// [`Challenge::of`] for what a refusal asks for.
    ///
    /// # Errors
    /// As [`Session::authorize`]; [`Error::Transport`]; [`Error::Protocol`] for a redirect, which is not followed.
    pub async fn send(&self, request: http::Request<Vec<u8>>) -> Result<http::Response<Vec<u8>>, Error> {
        let token = self.access_token().await?;
        let answer = self.send_with(&token, &request).await?;
        let refused = answer.status() == StatusCode::UNAUTHORIZED
            && Challenge::of(answer.headers())
                .iter()
                .any(|challenge| challenge.parameter("error") == Some("invalid_token"));
        if !refused || self.refresh_refused(&token).await.is_err() {
            return Ok(answer);
        }
        let token = self.access_token().await?;
        self.send_with(&token, &request).await
    }

    async fn send_with(
        &self,
        token: &Secret,
        request: &http::Request<Vec<u8>>,
    ) -> Result<http::Response<Vec<u8>>, Error> {
        self.may_be_shown(request.uri())?;
        let value = authorization(self.client.token_type(), token);
        let make = || {
            let mut request = request.clone();
            request.headers_mut().insert(AUTHORIZATION, value.clone());
            Ok(request)
        };
        self.client.exchange(Endpoint::Resource, Some(token), make).await
    }

    fn show<B>(&self, token: &Secret, request: &mut http::Request<B>) -> Result<(), Error> {
        self.may_be_shown(request.uri())?;
        let (mut head, ()) = http::Request::new(()).into_parts();
        head.method = request.method().clone();
        head.uri = request.uri().clone();
        head.headers.insert(AUTHORIZATION, authorization(self.client.token_type(), token));
        self.client.prove(Endpoint::Resource, &mut head, Some(token))?;
        for (name, value) in head.headers {
            let Some(name) = name else { continue };
            request.headers_mut().insert(name, value);
        }
        Ok(())
    }

    /// §5.3: tokens are sent over TLS alone.
    fn may_be_shown(&self, to: &http::Uri) -> Result<(), Error> {
        self.client.inner.addresses.secure(&to.to_string()).map(drop).map_err(Error::Resource)
    }
}

/// The value of the `Authorization` header that shows `token` (§2.1; RFC 9449 §7.1).
pub(crate) fn authorization(token_type: TokenType, token: &Secret) -> HeaderValue {
    let text = Secret::new(format!("{} {}", token_type.as_str(), token.expose()));
    let mut value = HeaderValue::from_str(text.expose()).expect("access tokens are visible ASCII");
    value.set_sensitive(true);
    value
}

/// What a resource asks for when it refuses a request (§3, RFC 9110 §11.6.1). Its texts come from the resource and prove
/// nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    scheme: String,
    parameters: Vec<(String, String)>,
}

impl Challenge {
    /// The challenges in the `WWW-Authenticate` headers of an answer, in their order. What cannot be read is left out.
    pub fn of(headers: &HeaderMap) -> Vec<Self> {
        let values = headers.get_all(WWW_AUTHENTICATE).iter();
        let texts = values.filter(|value| value.len() <= MAX_LENGTH).filter_map(|value| value.to_str().ok());
        texts.flat_map(read).collect()
    }

    /// The scheme, such as `Bearer` or `DPoP`, as it was written.
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// A parameter, such as `error`, `scope` or `resource_metadata`; names are compared without regard to case. `None` if
    /// it is there twice, since then nobody knows what it says.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let mut values = self.parameters.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        match (values.next(), values.next()) {
            (Some((_, value)), None) => Some(value),
            _ => None,
        }
    }
}

/// Takes a list of challenges apart: a word that no `=` follows is the scheme of the next one.
fn read(text: &str) -> Vec<Challenge> {
    let mut challenges: Vec<Challenge> = Vec::new();
    let mut rest = text.trim_start_matches([' ', '\t', ',']);
    while !rest.is_empty() {
        let end = rest.find(|c: char| !is_token(c)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        if word.is_empty() {
            return challenges;
        }
        match (after.trim_start_matches([' ', '\t']).strip_prefix('='), challenges.last_mut()) {
            (Some(value), Some(challenge)) => {
                let Some((value, after)) = read_value(value.trim_start_matches([' ', '\t'])) else {
                    return challenges;
                };
                challenge.parameters.push((word.to_owned(), value));
                rest = after;
            }
            (Some(_), None) => return challenges,
            (None, _) => {
                challenges.push(Challenge { scheme: word.to_owned(), parameters: Vec::new() });
                rest = after;
            }
        }
        rest = rest.trim_start_matches([' ', '\t', ',']);
    }
    challenges
}

/// A token or a quoted string, and what follows it.
fn read_value(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(|c: char| !is_token(c)).unwrap_or(text.len());
        return (end > 0).then(|| (text[..end].to_owned(), &text[end..]));
    };
    let mut value = String::new();
    let mut letters = quoted.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Some((value, &quoted[at + 1..])),
            '\\' => value.push(letters.next()?.1),
            letter => value.push(letter),
        }
    }
    None
}

fn is_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(value: &str) -> Vec<Challenge> {
        let mut headers = HeaderMap::new();
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_str(value).expect("a header"));
        Challenge::of(&headers)
    }

    #[test]
    fn a_refusal_says_what_it_asks_for() {
        let text = r#"Bearer realm="a, \"b\"", error="insufficient_scope", scope="a b", DPoP algs="ES256 PS256""#;
        let challenges = of(text);
        assert_eq!(challenges.iter().map(Challenge::scheme).collect::<Vec<_>>(), ["Bearer", "DPoP"]);
        assert_eq!(challenges[0].parameter("Scope"), Some("a b"));
        assert_eq!(challenges[0].parameter("realm"), Some(r#"a, "b""#));
        assert_eq!(challenges[1].parameter("algs"), Some("ES256 PS256"));
    }

    #[test]
    fn a_scheme_may_stand_alone_and_a_value_without_quotes() {
        let challenges = of("Negotiate, Bearer error=invalid_token , max_age = 5");
        assert_eq!(challenges.len(), 2);
        assert_eq!(challenges[1].parameter("error"), Some("invalid_token"));
        assert_eq!(challenges[1].parameter("max_age"), Some("5"));
    }

    #[test]
    fn what_is_said_twice_is_not_said() {
        let challenges = of(r#"Bearer resource_metadata="https://a.example", resource_metadata="https://b.example""#);
        assert_eq!(challenges[0].parameter("resource_metadata"), None);
    }

    #[test]
    fn what_cannot_be_read_is_left_out() {
        assert_eq!(of(r#"Bearer error="never closed"#)[0].parameter("error"), None);
        assert!(of("=x").is_empty() && of("").is_empty() && of(&format!("Bearer a={}", "x".repeat(9000))).is_empty());
    }

    proptest! {
        #[test]
        fn no_header_panics(text in "[ -~]{0,80}") {
            of(&text);
        }
    }
}
