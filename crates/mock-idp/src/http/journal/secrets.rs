//! What is secret, and what stands in its place: one table for parameters, members and claims.

use http::HeaderName;
use http::header::{AUTHORIZATION, CONTENT_LOCATION, COOKIE, LOCATION, PROXY_AUTHORIZATION, REFERER, SET_COOKIE};
use oauth_types::Params;
use oauth_types::journal::Ticket;
use oauth_types::params::display_name;
use serde_json::{Map, Value};

use crate::jose::Jws;
use crate::ports::store::{Key, Kind};

/// What stands in the place of a secret.
#[derive(Clone, Copy)]
enum Mark {
    /// Its name and its fingerprint: nobody can guess it.
    Fingerprint(Kind),
    /// Its name alone: somebody might guess it, and try the guess against a fingerprint.
    Name,
}

use Mark::{Fingerprint, Name};

/// A secret of no record: its fingerprint serves for comparison alone.
const fn loose(name: &'static str) -> Mark {
    Fingerprint(Kind::new(name))
}

/// The parameters, members and claims that are secret.
const SECRETS: &[(&str, Mark)] = &[
    ("access_token", Fingerprint(Kind::ACCESS)),
    ("actor_token", Fingerprint(Kind::ACCESS)),
    ("assertion", loose("assertion")),
    ("auth_req_id", Fingerprint(Kind::new("ciba/auth_req_id"))),
    ("client_assertion", loose("client_assertion")),
    ("client_notification_token", loose("client_notification_token")),
    ("client_secret", Name),
    ("code", Fingerprint(Kind::CODE)),
    // With the method plain, it is the verifier.
    ("code_challenge", loose("code_challenge")),
    ("code_verifier", loose("code_verifier")),
    ("csrf", loose("csrf")),
    ("device_code", Fingerprint(Kind::new("rfc8628/device_code"))),
    ("id_token", loose("id_token")),
    ("id_token_hint", loose("id_token")),
    ("interaction", Fingerprint(Kind::new("login/interaction"))),
    ("login_hint_token", loose("login_hint_token")),
    ("logout_token", loose("logout_token")),
    ("nonce", loose("nonce")),
    ("otp", Name),
    ("password", Name),
    ("refresh_token", Fingerprint(Kind::REFRESH)),
    ("registration_access_token", Fingerprint(Kind::ACCESS)),
    ("request", loose("request")),
    ("request_uri", Fingerprint(Kind::new("rfc9126/request_uri"))),
    ("response", loose("response")),
    ("software_statement", loose("software_statement")),
    ("state", loose("state")),
    ("subject_token", Fingerprint(Kind::ACCESS)),
    ("ticket", loose("ticket")),
    ("token", Fingerprint(Kind::ACCESS)),
    ("user_code", loose("user_code")),
    ("verification_uri_complete", Name),
    // A header that services put in the place of `Authorization`.
    ("x-api-key", Name),
    // Members of private keys (RFC 7518 §6).
    ("d", Name),
    ("dp", Name),
    ("dq", Name),
    ("k", Name),
    ("p", Name),
    ("q", Name),
    ("qi", Name),
];

/// What a pushed request's reference begins with (RFC 9126 §2.2).
const PUSHED: &str = "urn:ietf:params:oauth:request_uri:";

/// Shows what requests and responses say, without what is secret in it, unless the secrets are wanted.
#[derive(Clone, Copy)]
pub(super) struct Screen<'a> {
    pub(super) tenant: &'a str,
    pub(super) revealed: bool,
}

impl Screen<'_> {
    /// The code, token or reference that `value` is as a parameter or member called `name`, if it is one.
    pub(super) fn ticket(&self, name: &str, value: &str) -> Option<Ticket> {
        let Fingerprint(kind) = mark(name)? else { return None };
        let (kind, handle) = match (name, value.strip_prefix(PUSHED)) {
            ("request_uri", None) => return None,
            ("request_uri", Some(handle)) => (kind, handle.to_owned()),
            ("token" | "subject_token" | "actor_token", _) if !value.contains('.') => {
                (Kind::REFRESH, value.to_owned())
            }
            _ if kind == Kind::ACCESS => (kind, identifier(value)),
            _ => (kind, value.to_owned()),
        };
        Some(Ticket { kind: word(kind).to_owned(), id: self.fingerprint(kind, &handle) })
    }

    /// Sixteen digits that say nothing of `handle`, and that are the same whenever it is.
    fn fingerprint(&self, kind: Kind, handle: &str) -> String {
        let key = Key::of(kind, self.tenant, handle);
        key.as_bytes()[..8].iter().map(|octet| format!("{octet:02x}")).collect()
    }

    /// The value of a parameter, member or claim.
    pub(super) fn value(&self, name: &str, value: &str) -> String {
        if self.revealed || value.is_empty() {
            return value.to_owned();
        }
        match (mark(name), self.ticket(name, value)) {
            (_, Some(ticket)) => format!("<{} {}>", ticket.kind, ticket.id),
            (Some(Name), _) => format!("<{name}>"),
            (_, None) if is_token(value) => format!("<jwt {}>", self.fingerprint(Kind::new("jwt"), value)),
            (_, None) => self.url(value),
        }
    }

    /// The name of a parameter: a client that forgets `name=` sends a secret for a name.
    pub(super) fn name(&self, name: &str) -> String {
        match self.revealed {
            true => name.to_owned(),
            false => display_name(name).into_owned(),
        }
    }

    /// A URL with what is secret in it hidden: its user, its query and its fragment. Other text stays as it is.
    fn url(&self, text: &str) -> String {
        if !text.contains("://") && !text.starts_with('/') {
            return text.to_owned();
        }
        let Some(at) = text.find(['?', '#']) else { return bare(text) };
        let parts = text[at..].split_inclusive(['?', '#']).map(|part| {
            let (params, end) = match part.char_indices().next_back() {
                Some((last, '?' | '#')) => part.split_at(last),
                _ => (part, ""),
            };
            if params.is_empty() {
                return end.to_owned();
            }
            match Params::parse(params) {
                Ok(params) => {
                    let shown =
                        params.iter().map(|(name, value)| format!("{}={}", self.name(name), self.value(name, value)));
                    shown.collect::<Vec<_>>().join("&") + end
                }
                Err(_) => format!("<{} octets>{end}", params.len()),
            }
        });
        format!("{}{}", bare(&text[..at]), parts.collect::<String>())
    }

    /// The value of a header.
    pub(super) fn header(&self, name: &HeaderName, value: &[u8]) -> String {
        let text = String::from_utf8_lossy(value);
        if self.revealed {
            return text.into_owned();
        }
        match name {
            own if *own == AUTHORIZATION || *own == PROXY_AUTHORIZATION => self.credentials(&text),
            own if *own == COOKIE => text.split("; ").map(|pair| self.cookie(pair)).collect::<Vec<_>>().join("; "),
            own if *own == SET_COOKIE => {
                let (pair, attributes) = text.split_once(';').unwrap_or((&text, ""));
                format!("{};{attributes}", self.cookie(pair))
            }
            own if *own == LOCATION || *own == REFERER || *own == CONTENT_LOCATION => self.url(&text),
            own if *own == "dpop" => format!("<dpop_proof {}>", self.fingerprint(Kind::new("dpop_proof"), &text)),
            own => self.value(own.as_str(), &text),
        }
    }

    fn credentials(&self, text: &str) -> String {
        let (scheme, rest) = text.split_once(' ').unwrap_or(("", text));
        match scheme {
            _ if scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("dpop") => {
                format!("{scheme} {}", self.value("access_token", rest.trim()))
            }
            _ if scheme.eq_ignore_ascii_case("basic") => format!("{scheme} <client_secret>"),
            _ => "<credentials>".to_owned(),
        }
    }

    fn cookie(&self, pair: &str) -> String {
        let Some((name, value)) = pair.split_once('=') else { return "<cookie>".to_owned() };
        format!("{}=<cookie {}>", self.name(name), self.fingerprint(Kind::new("cookie"), value))
    }

    /// A JSON value.
    pub(super) fn json(&self, name: &str, value: &Value) -> Value {
        match value {
            _ if self.revealed => value.clone(),
            Value::String(text) => self.value(name, text).into(),
            Value::Array(values) => values.iter().map(|value| self.json(name, value)).collect(),
            Value::Object(members) => self.members(members).into(),
            value if mark(name).is_some() => format!("<{name}: {} octets>", value.to_string().len()).into(),
            value => value.clone(),
        }
    }

    pub(super) fn members(&self, members: &Map<String, Value>) -> Map<String, Value> {
        members.iter().map(|(name, value)| (self.name(name), self.json(name, value))).collect()
    }

    /// A body. Of what is no JSON, only the length is shown.
    pub(super) fn body(&self, octets: &[u8]) -> String {
        if self.revealed || octets.is_empty() {
            return String::from_utf8_lossy(octets).into_owned();
        }
        match serde_json::from_slice::<Value>(octets) {
            Ok(value @ (Value::Object(_) | Value::Array(_))) => self.json("", &value).to_string(),
            _ => format!("<{} octets>", octets.len()),
        }
    }
}

/// A URL, or several, without the user that is named in front of the host: "Applications should not render as clear text
/// any data after the first colon" (RFC 3986 §3.2.1), and a name alone may be a token.
fn bare(text: &str) -> String {
    let mut parts = text.split("//");
    let mut shown = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (authority, rest) = part.split_at(part.find('/').unwrap_or(part.len()));
        shown += "//";
        shown += &match authority.rsplit_once('@') {
            Some((_, host)) => format!("<userinfo>@{host}"),
            None => authority.to_owned(),
        };
        shown += rest;
    }
    shown
}

/// By what the store knows an access token: its `jti`, or itself.
fn identifier(token: &str) -> String {
    let claims = Jws::parse(token).ok().map(Jws::into_claims);
    let jti = claims.as_ref().and_then(|claims| claims.get("jti")?.as_str());
    jti.unwrap_or(token).to_owned()
}

fn mark(name: &str) -> Option<Mark> {
    SECRETS.iter().find(|(own, _)| *own == name).map(|(_, mark)| *mark)
}

/// What a kind is called on the wire.
fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::ACCESS => "access_token",
        Kind::REFRESH => "refresh_token",
        kind => kind.name().rsplit('/').next().unwrap_or_default(),
    }
}

/// Whether a value looks like a token in compact form, whatever it is called.
fn is_token(value: &str) -> bool {
    value.starts_with("eyJ") && value.matches('.').count() >= 2
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCREEN: Screen<'static> = Screen { tenant: "", revealed: false };

    #[test]
    fn what_the_table_names_is_hidden_and_comparable() {
        for (name, _) in SECRETS {
            for value in ["urn:ietf:params:oauth:request_uri:swordfish", "https://x.example/?code=swordfish"] {
                let shown = SCREEN.value(name, value);
                assert!(!shown.contains("swordfish"), "{name}: {shown}");
                assert_eq!(shown, SCREEN.value(name, value));
                assert_eq!(Screen { revealed: true, ..SCREEN }.value(name, value), value);
            }
        }
        assert_ne!(SCREEN.value("code", "a"), SCREEN.value("code", "b"));
        assert_eq!(SCREEN.value("client_secret", "a"), "<client_secret>");
        assert_eq!(SCREEN.value("client_id", "web"), "web");
    }

    #[test]
    fn the_fingerprint_of_a_code_is_that_of_its_record() {
        let key = format!("{:?}", Key::of(Kind::CODE, "", "a"));
        let ticket = SCREEN.ticket("code", "a").expect("a code");
        assert!(key.starts_with(&format!("Key({}", &ticket.id[..4])), "{key} {ticket:?}");
        assert_ne!(Screen { tenant: "acme", ..SCREEN }.ticket("code", "a"), Some(ticket));
    }

    #[test]
    fn urls_headers_and_members_are_searched() {
        let url = SCREEN.url("https://app.example/cb?x=1&code=swordfish#access_token=swordfish&y=2");
        assert!(url.starts_with("https://app.example/cb?x=1&code=<code ") && url.ends_with(">&y=2"), "{url}");
        assert!(!url.contains("swordfish"), "{url}");
        for (url, shown) in [
            ("http://u:swordfish@app.example:8/a@b?x=@", "http://<userinfo>@app.example:8/a@b?x=@"),
            ("https://swordfish@app.example", "https://<userinfo>@app.example"),
            ("//u:sword@fish@app.example/", "//<userinfo>@app.example/"),
            (
                "https://a.example/@b https://u:swordfish@b.example",
                "https://a.example/@b https://<userinfo>@b.example",
            ),
            (
                "https://a.example/?to=https://u:swordfish@b.example",
                "https://a.example/?to=https://<userinfo>@b.example",
            ),
        ] {
            assert_eq!(SCREEN.value("redirect_uri", url), shown);
            assert_eq!(SCREEN.header(&REFERER, url.as_bytes()), shown);
        }
        assert_eq!(SCREEN.header(&HeaderName::from_static("x-api-key"), b"swordfish"), "<x-api-key>");
        let header = |name: HeaderName, value: &str| SCREEN.header(&name, value.as_bytes());
        assert_eq!(header(AUTHORIZATION, "Basic swordfish"), "Basic <client_secret>");
        assert_eq!(header(AUTHORIZATION, "swordfish"), "<credentials>");
        assert!(header(AUTHORIZATION, "Bearer swordfish").starts_with("Bearer <access_token "));
        assert!(header(COOKIE, "a=swordfish; b=swordfish").starts_with("a=<cookie "));
        assert!(header(SET_COOKIE, "a=swordfish; Path=/; HttpOnly").ends_with(">; Path=/; HttpOnly"));
        let body =
            SCREEN.body(br#"{"a":[{"client_secret":"swordfish"}],"jwks":{"keys":[{"d":"swordfish"}]},"nonce":7}"#);
        assert!(!body.contains("swordfish") && body.contains("<client_secret>"), "{body}");
        assert_eq!(SCREEN.body(b"swordfish"), "<9 octets>");
        assert!(SCREEN.value("audience", "eyJhbGciOiJub25lIn0.swordfish.").starts_with("<jwt "));
    }
}
