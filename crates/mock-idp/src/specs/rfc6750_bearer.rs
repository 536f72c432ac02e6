//! RFC 6750: Bearer Token Usage.
//!
//! A token is presented in the `Authorization` header (§2.1) or in a form body (§2.2). In a query (§2.3) it is
//! refused: queries end up in logs, and OAuth 2.1 took that way out.

use http::header::AUTHORIZATION;
use oauth_types::ErrorCode;

use crate::documents;
use crate::refusal::{Document, Refusal, Rule};
use crate::reply::{Challenges, TokenReply};
use crate::request::{Arrival, Place, Presented, Spent, TokenRequest, is_token68};
use crate::spec::Spec;

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

    fn bind(&self, _request: &TokenRequest<'_>, _spent: &Spent, reply: &mut TokenReply) {
        reply.set("token_type", SCHEME);
    }

    fn challenge(&self, _place: &Place, challenges: &mut Challenges) {
        challenges.scheme(SCHEME).params.push(("realm", "mock-idp".to_owned()));
    }

    fn access<'a>(&self, arrival: &Arrival<'a>) -> Result<Option<Presented<'a>>, Refusal> {
        let bearer = |token| Presented { token, scheme: SCHEME };
        if arrival.query.raw("access_token").is_some() {
            return Err(IN_QUERY.refuse());
        }
        let mut headers = arrival.headers.get_all(AUTHORIZATION).iter();
        let (header, another) = (headers.next(), headers.next());
        let mut bodies = arrival.form.into_iter().flat_map(|form| form.all("access_token"));
        let (body, another_body) = (bodies.next(), bodies.next());
        if another.is_some() || another_body.is_some() {
            return Err(TWICE.refuse());
        }
        let in_body = body.filter(|token| !token.is_empty()).map(bearer);
        let Some(header) = header else { return Ok(in_body) };
        let text = header.to_str().map_err(|_| MALFORMED.refuse())?;
        let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
        match (scheme.eq_ignore_ascii_case("bearer"), body) {
            // Another scheme may bring a token as well: then there are two.
            (false, _) => Ok(in_body),
            (true, Some(_)) => Err(TWICE.refuse()),
            (true, None) if is_token68(token) => Ok(Some(bearer(token))),
            (true, None) => Err(MALFORMED.refuse()),
        }
    }
}

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
