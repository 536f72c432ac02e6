//! What went over the wire in one exchange, fit to be shown: every secret is replaced by its length.

use http::HeaderMap;
use oauth_types::Params;
use serde::Serialize;
use serde_json::Value;

use crate::agent::Request;
use crate::answer::Answer;
use crate::trace::{SECRET_NAMES, shown};

/// The most characters of a body that are shown.
const LONGEST_BODY: usize = 4096;
/// Headers whose values are secrets, wholly or but for their first word.
const SECRET_HEADERS: &[&str] = &["authorization", "cookie", "dpop", "set-cookie", "proxy-authorization"];
/// Headers of answers that say nothing about what was decided.
const DULL_HEADERS: &[&str] = &["content-length", "date", "connection", "keep-alive", "transfer-encoding", "server"];

/// One request and its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Exchange {
    /// The method of the request.
    pub method: String,
    /// Its address, without the query.
    pub url: String,
    /// The parameters of the query.
    pub query: Vec<(String, String)>,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The parameters of the body, if it is a form.
    pub form: Option<Vec<(String, String)>>,
    /// The body otherwise.
    pub body: Option<String>,
    /// The status of the answer.
    pub status: u16,
    /// Its headers, names in lower case.
    pub answer_headers: Vec<(String, String)>,
    /// Its body.
    pub answer_body: String,
}

impl Exchange {
    /// The exchange as it may be shown; `conceal` takes known secrets out of a text.
    pub(crate) fn of(request: &Request, answer: &Answer, conceal: &dyn Fn(&str) -> String) -> Self {
        let list = |params: &Params| {
            params.iter().map(|(name, value)| (conceal(name), conceal(&shown(name, value)))).collect()
        };
        let (url, query) = request.url.split_once('?').unwrap_or((&request.url, ""));
        let mut whole = Params::parse(query).unwrap_or_default();
        for (name, value) in request.query.iter() {
            whole.push(name, value);
        }
        let form = request.form.as_ref().filter(|_| request.body.is_none());
        let body = request.body.as_ref().map(|(_, octets)| String::from_utf8_lossy(octets).into_owned());
        let mut headers = shown_headers(&request.headers, conceal);
        if let Some((media_type, _)) = &request.body {
            headers.push(("content-type".to_owned(), media_type.clone()));
        }
        Self {
            method: request.method.to_string(),
            url: conceal(url),
            query: list(&whole),
            headers,
            form: form.map(list),
            body: body.map(|body| shown_body(&body, "application/json", conceal)),
            status: answer.status,
            answer_headers: shown_headers(&answer.headers, conceal),
            answer_body: shown_body(&answer.body, &answer.media_type(), conceal),
        }
    }

    /// Every text that came from one of the two sides.
    pub(crate) fn texts(&mut self) -> impl Iterator<Item = &mut String> {
        let pairs = self.query.iter_mut().chain(&mut self.headers).chain(&mut self.answer_headers);
        let pairs = pairs.chain(self.form.iter_mut().flatten()).map(|(_, value)| value);
        pairs.chain(&mut self.body).chain([&mut self.url, &mut self.answer_body])
    }

    /// A command that sends the same request. Secrets are variables of the shell, named like their parameters.
    pub fn curl(&self) -> String {
        let mut words = vec!["curl --include".to_owned()];
        if self.method != "GET" && (self.method != "POST" || (self.form.is_none() && self.body.is_none())) {
            words.push(format!("--request {}", quoted(&self.method)));
        }
        for (name, value) in self.headers.iter().filter(|(name, _)| name != "content-type" || self.body.is_some()) {
            words.push(format!("--header {}", header_word(name, value)));
        }
        for (name, value) in self.form.iter().flatten() {
            words.push(format!("--data-urlencode {}", pair_word(name, value)));
        }
        if let Some(body) = &self.body {
            words.push(format!("--data-raw {}", quoted(body)));
        }
        let query: Vec<_> =
            self.query.iter().map(|(name, value)| format!("--url-query {}", pair_word(name, value))).collect();
        words.extend(query);
        words.push(quoted(&self.url));
        words.join(" \\\n  ")
    }
}

/// Headers without those that say nothing, secrets by their length.
fn shown_headers(headers: &HeaderMap, conceal: &dyn Fn(&str) -> String) -> Vec<(String, String)> {
    let told = headers.iter().filter(|(name, _)| !DULL_HEADERS.contains(&name.as_str()));
    told.map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes());
        let value = match name.as_str() {
            "authorization" | "proxy-authorization" => first_word_of(&value),
            "cookie" | "set-cookie" => {
                value.split('=').next().map(|name| format!("{name}=<secret>")).unwrap_or_default()
            }
            "location" => shown_address(&value),
            name if SECRET_HEADERS.contains(&name) => format!("<{} characters>", value.chars().count()),
            _ => shown("", &value),
        };
        (name.as_str().to_owned(), conceal(&value))
    })
    .collect()
}

/// `Bearer <43 characters>`
fn first_word_of(value: &str) -> String {
    let (word, rest) = value.split_once(' ').unwrap_or(("", value));
    format!("{word} <{} characters>", rest.chars().count()).trim_start().to_owned()
}

/// An address whose query and fragment hold no secrets.
fn shown_address(address: &str) -> String {
    let Some(at) = address.find(['?', '#']) else { return address.to_owned() };
    let (base, rest) = address.split_at(at);
    let Ok(params) = Params::parse(&rest[1..].replace(['?', '#'], "&")) else { return base.to_owned() };
    let pairs: Vec<_> = params.iter().map(|(name, value)| format!("{name}={}", shown(name, value))).collect();
    format!("{base}{}{}", &rest[..1], pairs.join("&"))
}

/// A body that is JSON, with secret members by their length; of any other body, what it is.
fn shown_body(body: &str, media_type: &str, conceal: &dyn Fn(&str) -> String) -> String {
    if body.is_empty() {
        return String::new();
    }
    if let Ok(mut document) = serde_json::from_str::<Value>(body) {
        hide(&mut document);
        let text = serde_json::to_string_pretty(&document).unwrap_or_default();
        return conceal(&text.chars().take(LONGEST_BODY).collect::<String>());
    }
    let kind = if media_type.is_empty() { "no stated type" } else { media_type };
    format!("<{} octets of {}>", body.len(), conceal(kind))
}

/// Replaces secret members, at any depth, and everything that looks like a JWT.
fn hide(document: &mut Value) {
    match document {
        Value::Object(members) => {
            for (name, value) in members {
                match value {
                    Value::String(text)
                        if SECRET_NAMES.contains(&name.as_str()) || MORE_SECRETS.contains(&name.as_str()) =>
                    {
                        *text = format!("<{} characters>", text.chars().count());
                    }
                    other => hide(other),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(hide),
        Value::String(text) if text.starts_with("eyJ") && text.matches('.').count() >= 2 => {
            *text = format!("<{} characters>", text.chars().count());
        }
        _ => {}
    }
}

/// Members of answers whose values are never shown, besides those of [`SECRET_NAMES`].
const MORE_SECRETS: &[&str] = &["device_code", "user_code", "registration_access_token", "d", "p", "q", "k"];

/// `'name=value'`, or `"name=$name"` for a secret.
fn pair_word(name: &str, value: &str) -> String {
    if is_hidden(value) {
        format!("\"{}=${}\"", variable(name), variable(name))
    } else {
        quoted(&format!("{name}={value}"))
    }
}

/// `'name: value'`, or `"name: Bearer $authorization"` for a secret.
fn header_word(name: &str, value: &str) -> String {
    match value.find('<').filter(|_| value.ends_with('>')) {
        Some(at) => format!("\"{name}: {}${}\"", &value[..at], variable(name)),
        None => quoted(&format!("{name}: {value}")),
    }
}

fn is_hidden(value: &str) -> bool {
    value == "<secret>" || (value.starts_with('<') && value.ends_with(" characters>"))
}

/// A name that a shell takes for one of a variable.
fn variable(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
}

/// In single quotes, as a shell reads them.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::Party;

    fn exchange() -> Exchange {
        let form = Params::new().with("code", "canary-code").with("client_id", "it's me");
        let request = Request::post(Party::Attacker, Party::Server, "http://a/token", form);
        let request =
            request.with_header("authorization", "Basic canary").with_header("dpop", "canary.canary.canary");
        let body = r#"{"access_token":"canary-token","scope":"openid","x":["eyJcanary.b.c"]}"#;
        let answer = Answer::of(
            200,
            &[
                ("content-type", "application/json"),
                ("set-cookie", "sid=canary"),
                ("location", "http://b/cb?code=canary&state=s"),
            ],
            body,
        );
        Exchange::of(&request, &answer, &|text| text.to_owned())
    }

    #[test]
    fn secrets_are_not_shown() {
        let json = serde_json::to_string(&exchange()).expect("JSON");
        assert!(!json.contains("canary"), "{json}");
        assert!(json.contains("state=s") && json.contains("sid=<secret>") && json.contains("openid"), "{json}");
    }

    #[test]
    fn the_command_takes_secrets_from_variables() {
        let curl = exchange().curl();
        assert!(curl.contains(r#"--data-urlencode "code=$code""#), "{curl}");
        assert!(curl.contains(r#"--data-urlencode 'client_id=it'\''s me'"#), "{curl}");
        assert!(curl.contains(r#"--header "authorization: Basic $authorization""#), "{curl}");
        assert!(curl.ends_with("'http://a/token'"), "{curl}");
    }

    #[test]
    fn a_page_is_told_by_its_size() {
        let answer = Answer::of(200, &[("content-type", "text/html")], "<input value=canary>");
        let request = Request::get(Party::Browser, Party::Server, "http://a/?x=1", Params::new());
        let exchange = Exchange::of(&request, &answer, &|text| text.to_owned());
        assert_eq!(exchange.answer_body, "<20 octets of text/html>");
        assert_eq!(exchange.query, [("x".to_owned(), "1".to_owned())]);
    }
}
