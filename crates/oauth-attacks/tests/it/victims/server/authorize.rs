//! The authorization endpoint. It logs everybody in at once.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use oauth_types::Params;

use super::store::{Challenge, Code};
use super::{Defence, REDIRECT_URIS, Shared};

type Server = State<Arc<Shared>>;

/// Why a request is refused: on a page, or to the client.
enum Refused {
    Page(&'static str),
    Client(&'static str),
}

pub(crate) async fn get(State(shared): Server, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    answer(&shared, &query.unwrap_or_default(), &headers)
}

/// RFC 6749 section 3.1 lets a server take POST. Parameters are all in the body, or the request is refused.
pub(crate) async fn post(
    State(shared): Server,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: String,
) -> Response {
    if query.is_some_and(|query| !query.is_empty()) {
        return page("parameters are in the query and in the body");
    }
    answer(&shared, &body, &headers)
}

fn answer(shared: &Shared, text: &str, headers: &HeaderMap) -> Response {
    let Ok(params) = Params::parse(text) else { return page("the request cannot be read") };
    let redirect_uri = last(&params, "redirect_uri").unwrap_or_default();
    let mut sent = Params::new();
    match decide(shared, &params, headers) {
        Err(Refused::Page(why)) => return page(why),
        Err(Refused::Client(error)) => sent.push("error", error),
        Ok(code) => sent.push("code", code),
    }
    sent.push("iss", &shared.issuer);
    if let Some(state) = last(&params, "state") {
        sent.push("state", state);
    }
    if last(&params, "response_mode") == Some("form_post") {
        let inputs =
            sent.iter().map(|(name, value)| format!(r#"<input type="hidden" name="{name}" value="{value}">"#));
        let form = format!(r#"<form method="post" action="{redirect_uri}">{}</form>"#, inputs.collect::<String>());
        return (StatusCode::OK, [(header::CONTENT_TYPE, "text/html")], form).into_response();
    }
    let location = sent.append_to_query(redirect_uri);
    let headers = [(header::LOCATION, location), (header::SET_COOKIE, "session=alice; HttpOnly".to_owned())];
    (StatusCode::FOUND, headers).into_response()
}

fn decide(shared: &Shared, params: &Params, headers: &HeaderMap) -> Result<String, Refused> {
    let repeated = params.duplicate(&[]).is_some() && shared.on(Defence::RepeatedParametersRefused);
    let client_id = last(params, "client_id").unwrap_or_default();
    let redirect_uri = last(params, "redirect_uri").unwrap_or_default();
    if repeated {
        return Err(Refused::Page("a parameter is repeated"));
    }
    if !["app", "web", "other"].contains(&client_id) || !REDIRECT_URIS.contains(&redirect_uri) {
        return Err(Refused::Page("no such client"));
    }
    if last(params, "response_type") != Some("code") {
        return Err(Refused::Client("unsupported_response_type"));
    }
    let mut challenge = challenge(shared, params, client_id != "web")?;
    if headers.contains_key(header::COOKIE) && !shared.on(Defence::EveryPathStoresChallenge) {
        challenge = None;
    }
    let mut store = shared.store();
    let (value, family) = (store.fresh("code"), store.family());
    let (client_id, redirect_uri) = (client_id.to_owned(), redirect_uri.to_owned());
    let code = Code { client_id, redirect_uri, challenge, family, spent: false, verified: false };
    store.codes.insert(value.clone(), code);
    Ok(value)
}

/// RFC 7636 section 4.3. PKCE is the choice of confidential clients and required of public ones.
fn challenge(shared: &Shared, params: &Params, required: bool) -> Result<Option<Challenge>, Refused> {
    let invalid = Err(Refused::Client("invalid_request"));
    let named = |name| last(params, name).filter(|value| !value.is_empty());
    let (challenge, method) = (named("code_challenge"), named("code_challenge_method"));
    let Some(challenge) = challenge else {
        let there = last(params, "code_challenge").is_some();
        if there && !shared.on(Defence::EmptyChallengeIsNone) {
            return Ok(None);
        }
        let required = required && shared.on(Defence::ChallengeRequired);
        return if required || method.is_some() { invalid } else { Ok(None) };
    };
    let unreserved = |octet: u8| octet.is_ascii_alphanumeric() || b"-._~".contains(&octet);
    if !(43..=128).contains(&challenge.len()) || !challenge.bytes().all(unreserved) {
        return invalid;
    }
    match method {
        Some("S256") => Ok(Some(Challenge::S256(challenge.to_owned()))),
        Some("plain") if !shared.on(Defence::PlainRefused) => Ok(Some(Challenge::Plain(challenge.to_owned()))),
        Some(other) if other.eq_ignore_ascii_case("S256") && !shared.on(Defence::MethodExact) => {
            Ok(Some(Challenge::S256(challenge.to_owned())))
        }
        Some(_) if !shared.on(Defence::MethodKnown) => Ok(Some(Challenge::Plain(challenge.to_owned()))),
        None if !shared.on(Defence::MethodRequired) => Ok(None),
        _ => invalid,
    }
}

/// The last value of a parameter. There is only one, unless repeated parameters are let through.
fn last<'p>(params: &'p Params, name: &str) -> Option<&'p str> {
    params.all(name).last()
}

fn page(why: &'static str) -> Response {
    (StatusCode::BAD_REQUEST, why).into_response()
}
