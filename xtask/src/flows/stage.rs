//! Where a flow is played: a server of its own, a wire that notes, and a browser that brings answers back.

use http::header::{AUTHORIZATION, CONTENT_TYPE, LOCATION};
use http::{Method, Request, StatusCode};
use mock_idp::MockIdp;
use oauth_attacks::trace::Party;
use oauth_types::Params;
use serde_json::Value;

use super::wire::{Answer, Wire, delivered, told};

/// Where the clients of the flows wait for their answers. Nothing listens there: the browser is ours.
pub(super) const REDIRECT_URI: &str = "http://127.0.0.1:8400/callback";

/// One flow's server and wire.
pub(super) struct Stage {
    pub(super) idp: MockIdp,
    pub(super) wire: Wire,
}

/// An authorization response that has reached the client.
pub(super) struct Landed {
    /// How it came: `query`, `fragment` or `form_post`.
    pub(super) mode: &'static str,
    /// As the client receives it: the query, the fragment or the body.
    pub(super) carried: String,
    /// The same, parsed.
    pub(super) response: Params,
}

impl Stage {
    /// The issuer of the root tenant.
    pub(super) fn issuer(&self) -> &str {
        self.idp.issuer()
    }

    /// Opens the authorization URL as the user's browser, and brings the response to the client.
    pub(super) async fn log_in(&self, authorization_url: &str) -> Result<Landed, String> {
        let answer = self.wire.browse(authorization_url).await?;
        let (method, to, landed) = match answer.headers().get(LOCATION) {
            Some(location) => {
                let location = location.to_str().map_err(|_| "the redirect is not ASCII")?;
                let fragment = location.split_once('#').map(|parts| ("fragment", parts));
                let query = location.split_once('?').map(|parts| ("query", parts));
                let carries_nothing = || format!("{} to {location}, which carries nothing", answer.status());
                let (mode, (to, carried)) = fragment.or(query).ok_or_else(carries_nothing)?;
                let response = Params::parse(carried).map_err(|error| told(&error))?;
                (Method::GET, to.to_owned(), Landed { mode, carried: carried.to_owned(), response })
            }
            None => {
                let page = String::from_utf8_lossy(answer.body());
                let refused = || format!("{} without redirect or form", answer.status());
                let (action, response) = form(&page).ok_or_else(refused)?;
                (Method::POST, action, Landed { mode: "form_post", carried: response.encode(), response })
            }
        };
        self.wire.note(delivered(&method, &to, &landed.response));
        Ok(landed)
    }

    /// Asks UserInfo who the token is for.
    pub(super) async fn userinfo(&self, issuer: &str, access_token: &str) -> Result<String, String> {
        let answer = self.ask_userinfo(issuer, access_token).await?;
        if answer.status() != StatusCode::OK {
            return Err(format!("UserInfo answered {}", answer.status()));
        }
        let claims: Value = serde_json::from_slice(answer.body()).map_err(|error| told(&error))?;
        claims["sub"].as_str().map(str::to_owned).ok_or_else(|| "UserInfo names no sub".to_owned())
    }

    /// Expects UserInfo to refuse the token.
    pub(super) async fn refused_by_userinfo(&self, issuer: &str, access_token: &str) -> Result<(), String> {
        let answer = self.ask_userinfo(issuer, access_token).await?;
        match answer.status() {
            StatusCode::UNAUTHORIZED => Ok(()),
            other => Err(format!("UserInfo answered {other} to a token that is dead")),
        }
    }

    async fn ask_userinfo(&self, issuer: &str, access_token: &str) -> Result<Answer, String> {
        let request =
            Request::get(format!("{issuer}/userinfo")).header(AUTHORIZATION, format!("Bearer {access_token}"));
        let request = request.body(Vec::new()).map_err(|error| told(&error))?;
        self.wire.send(Party::Client, request).await.map_err(|error| told(&error))
    }

    /// Sends a form to the token endpoint as a public client would.
    pub(super) async fn token(&self, issuer: &str, form: &Params) -> Result<(StatusCode, Value), String> {
        let request = Request::post(format!("{issuer}/token"))
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form.encode().into_bytes())
            .map_err(|error| told(&error))?;
        let answer = self.wire.send(Party::Client, request).await.map_err(|error| told(&error))?;
        let body = serde_json::from_slice(answer.body()).map_err(|error| told(&error))?;
        Ok((answer.status(), body))
    }

    /// Expects the token endpoint to refuse a refresh token that was rotated away.
    pub(super) async fn refused_refresh(&self, issuer: &str, client: &Params, token: &str) -> Result<(), String> {
        let mut form = Params::new().with("grant_type", "refresh_token").with("refresh_token", token);
        for (name, value) in client.iter() {
            form.push(name, value);
        }
        let (status, body) = self.token(issuer, &form).await?;
        if status != StatusCode::BAD_REQUEST || body["error"] != "invalid_grant" {
            return Err(format!("the old refresh token was answered with {status} {}", body["error"]));
        }
        Ok(())
    }
}

/// Compares, and says what differs.
pub(super) fn same(what: &str, found: &str, expected: &str) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err(format!("{what} is {found:?} instead of {expected:?}")) }
}

/// Where the form of a page goes, and its hidden fields.
pub(crate) fn form(page: &str) -> Option<(String, Params)> {
    let (_, form) = page.split_once("<form")?;
    let action = attribute(form.split_once('>')?.0, "action")?;
    let inputs = form.split("<input").skip(1).filter_map(|input| {
        let tag = input.split_once('>')?.0;
        Some((attribute(tag, "name")?, attribute(tag, "value")?))
    });
    Some((action, inputs.collect()))
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, after) = tag.split_once(&format!(" {name}=\""))?;
    let value = after.split_once('"')?.0;
    let references =
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&#x27;", "'"), ("&amp;", "&")];
    Some(references.iter().fold(value.to_owned(), |text, (reference, plain)| text.replace(reference, plain)))
}

#[cfg(test)]
mod tests {
    use super::form;

    #[test]
    fn hidden_fields_are_read_from_a_page() {
        let page = "<body><form method=\"post\" action=\"http://127.0.0.1/cb?a=1&amp;b=2\">\
            <input type=\"hidden\" name=\"code\" value=\"x&quot;y&amp;lt;\"/><input type=\"hidden\" name=\"state\" value=\"s\"/>";
        let (action, fields) = form(page).expect("a form");
        assert_eq!(action, "http://127.0.0.1/cb?a=1&b=2");
        assert_eq!(fields.iter().collect::<Vec<_>>(), [("code", "x\"y&lt;"), ("state", "s")]);
    }

    #[test]
    fn a_page_without_a_form_is_none() {
        assert_eq!(form("<p>refused</p>"), None);
    }
}
