//! RFC 6750: Bearer Token Usage.
//!
//! A token is presented in the `Authorization` header (§2.1) or in a form body (§2.2). In a query (§2.3) it is
//! refused, unless a switch is on: queries end up in logs, and OAuth 2.1 took that way out.

use http::HeaderValue;
use http::header::{AUTHORIZATION, CACHE_CONTROL};
use oauth_types::ErrorCode;

use crate::doctor;
use crate::documents;
use crate::protected::TOKEN_IN_QUERY;
use crate::refusal::{Document, Refusal, Rule};
use crate::reply::{Challenges, TokenReply};
use crate::request::{Arrival, Presented, Spent, TokenRequest, is_token68};
use crate::spec::{Challenged, Spec};
use crate::world::{Policy, Switch};

const SCHEME: &str = "Bearer";

#[derive(Debug)]
pub(crate) struct Bearer;

impl Spec for Bearer {
    fn document(&self) -> &'static Document {
        &documents::RFC6750
    }

    fn rules(&self) -> &'static [&'static Rule] {
        RULES
    }

    fn switches(&self) -> &'static [&'static Switch] {
        SWITCHES
    }

    fn bind(&self, _request: &TokenRequest<'_>, _spent: &Spent, reply: &mut TokenReply) {
        reply.set("token_type", SCHEME);
    }

    fn challenge(&self, _refused: &Challenged<'_>, challenges: &mut Challenges) {
        challenges.scheme(SCHEME).params.push(("realm", "mock-idp".to_owned()));
    }

    fn access<'a>(&self, arrival: &Arrival<'a>, policy: &Policy) -> Result<Option<Presented<'a>>, Refusal> {
        let bearer = |token| Presented { token, scheme: SCHEME };
        let mut queries = arrival.query.all("access_token");
        let (query, another_query) = (queries.next(), queries.next());
        if query.is_some() && !policy.is_on(&TOKEN_IN_QUERY) {
            return Err(IN_QUERY.because("Send it in the Authorization header: queries end up in logs and histories"));
        }
        let mut headers = arrival.headers.get_all(AUTHORIZATION).iter();
        let (header, another) = (headers.next(), headers.next());
        let mut bodies = arrival.form.into_iter().flat_map(|form| form.all("access_token"));
        let (body, another_body) = (bodies.next(), bodies.next());
        let text =
            header.map(|value| value.to_str()).transpose().map_err(|_| MALFORMED.because("It is not ASCII"))?;
        let words = text.map(|text| text.split_once(' ').unwrap_or((text, "")));
        // A header of another scheme is for another document, which sees whether there are two tokens.
        let own = words.filter(|(scheme, _)| scheme.eq_ignore_ascii_case(SCHEME)).map(|(_, token)| token);
        let ways = [own, body, query].into_iter().flatten().count();
        if another.is_some() || another_body.is_some() || another_query.is_some() || ways > 1 {
            return Err(TWICE.because(match ways {
                0 | 1 => "It is there twice in one place",
                _ => "It is in more than one of the header, the body and the query",
            }));
        }
        if query.is_some_and(|token| !token.is_empty()) {
            arrival.seen.relaxed(TOKEN_IN_QUERY.name);
            // "Server success (2XX status) responses to these requests SHOULD contain a Cache-Control header with the
            // 'private' option" (§2.3).
            arrival.seen.answer_with(CACHE_CONTROL, HeaderValue::from_static("private"));
        }
        match own {
            Some(token) if is_token68(token) => Ok(Some(bearer(token))),
            Some(token) => Err(MALFORMED.because(misspelt(token))),
            None => Ok(body.or(query).filter(|token| !token.is_empty()).map(bearer)),
        }
    }
}

/// What is wrong with what follows the word Bearer.
fn misspelt(token: &str) -> &'static str {
    let twice = token.get(..SCHEME.len()).is_some_and(|word| word.eq_ignore_ascii_case(SCHEME));
    match doctor::dressed(token) {
        _ if token.trim().is_empty() => "There is no token after it",
        _ if twice => "The word Bearer is there twice: whoever adds it gets a token that has it already",
        Some((_, what)) => what,
        None if token.contains(' ') => "There is a space in the token",
        None if token.starts_with('{') => "It is the whole token response: send its access_token",
        None => "The token has characters that no token has",
    }
}

static SWITCHES: &[&Switch] = &[&TOKEN_IN_QUERY];

static RULES: &[&Rule] = &[&IN_QUERY, &MALFORMED, &TWICE];

static IN_QUERY: Rule = Rule {
    id: "rfc6750-token-in-query",
    document: &documents::RFC6750,
    section: "2.3",
    error: ErrorCode::InvalidRequest,
    says: "An access token should not be sent in the query of a URL",
};

static MALFORMED: Rule = Rule {
    id: "rfc6750-token-malformed",
    document: &documents::RFC6750,
    section: "2.1",
    error: ErrorCode::InvalidRequest,
    says: "The Authorization header has to be the word Bearer, one space and the token",
};

static TWICE: Rule = Rule {
    id: "rfc6750-token-twice",
    document: &documents::RFC6750,
    section: "2",
    error: ErrorCode::InvalidRequest,
    says: "A client must not present the token in more than one way in a request",
};
