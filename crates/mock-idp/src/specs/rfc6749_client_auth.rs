//! RFC 6749 §2.3: client authentication with a secret, and public clients that have none.
//!
//! The methods have the names of RFC 7591 §2: `none`, `client_secret_basic`, `client_secret_post`.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::header::AUTHORIZATION;
use oauth_types::{ErrorCode, Params, Secret};

use crate::clients::{self, Client, Proven};
use crate::documents;
use crate::refusal::{Document, Refusal, Rule};
use crate::reply::Stop;
use crate::request::Attempt;
use crate::spec::{Perhaps, Spec};
use crate::world::{Policy, Switch};

const BASIC: &str = "client_secret_basic";
const POST: &str = "client_secret_post";
const NONE: &str = "none";

#[derive(Debug)]
pub(crate) struct ClientAuthentication;

impl Spec for ClientAuthentication {
    fn document(&self) -> &'static Document {
        &documents::RFC6749
    }

    fn rules(&self) -> &'static [&'static Rule] {
        RULES
    }

    fn switches(&self) -> &'static [&'static Switch] {
        SWITCHES
    }

    fn auth_methods(&self, policy: &Policy) -> &'static [&'static str] {
        if policy.is_on(&clients::STRONG) { &[] } else { &[BASIC, POST, NONE] }
    }

    fn presented(&self, attempt: &Attempt<'_>, methods: &mut Vec<&'static str>) {
        if attempt.arrival.headers.contains_key(AUTHORIZATION) {
            methods.push(BASIC);
        }
        if attempt.params.get("client_secret").is_some() {
            methods.push(POST);
        }
    }

    fn claimed(&self, method: &str, attempt: &Attempt<'_>) -> Option<Result<String, Refusal>> {
        let in_body = attempt.params.get("client_id");
        match method {
            BASIC => Some(basic(attempt).and_then(|(client_id, _)| match in_body {
                Some(other) if other != client_id => Err(CLIENT_IDS_DIFFER.refuse()),
                _ => Ok(client_id),
            })),
            POST | NONE => Some(in_body.map(str::to_owned).ok_or_else(|| CLIENT_ID_MISSING.refuse())),
            _ => None,
        }
    }

    fn authenticate<'a>(
        &'a self,
        method: &'a str,
        attempt: &'a Attempt<'a>,
        client: &'a Client,
    ) -> Perhaps<'a, Proven> {
        let own = [BASIC, POST, NONE].contains(&method);
        own.then(|| Box::pin(std::future::ready(check(method, attempt, client).map_err(Stop::from))) as _)
    }
}

fn check(method: &str, attempt: &Attempt<'_>, client: &Client) -> Result<Proven, Refusal> {
    let presented = match method {
        BASIC => Some(basic(attempt)?.1),
        POST => attempt.params.get("client_secret").map(Secret::from),
        _ => None,
    };
    match (&client.secret, presented) {
        (None, None) => Ok(Proven::by_the_caller()),
        (None, Some(_)) => Err(SECRET_OF_PUBLIC.refuse()),
        (Some(_), None) => Err(SECRET_MISSING.refuse()),
        (Some(own), Some(sent)) if own.matches(sent.expose()) => Ok(Proven::by_the_caller()),
        (Some(own), Some(sent)) => Err(SECRET_WRONG.because(mistake(own, &sent))),
    }
}

/// The client identifier and the secret of a Basic header: each form-encoded, then joined (RFC 6749 §2.3.1).
fn basic(attempt: &Attempt<'_>) -> Result<(String, Secret), Refusal> {
    let mut headers = attempt.arrival.headers.get_all(AUTHORIZATION).iter();
    let (Some(header), None) = (headers.next(), headers.next()) else {
        return Err(BASIC_MALFORMED.because("There are two Authorization headers"));
    };
    let text = header.to_str().map_err(|_| BASIC_MALFORMED.refuse())?;
    let (scheme, credentials) = text.split_once(' ').unwrap_or((text, ""));
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(BASIC_MALFORMED.because("The scheme of the Authorization header is not Basic"));
    }
    let octets = BASE64_STANDARD.decode(credentials.trim()).map_err(|_| BASIC_MALFORMED.because("Not base64"))?;
    let text = Secret::new(String::from_utf8(octets).map_err(|_| BASIC_MALFORMED.because("Not UTF-8"))?);
    let (client_id, secret) =
        text.expose().split_once(':').ok_or_else(|| BASIC_MALFORMED.because("There is no colon in it"))?;
    let decoded = |part: &str| {
        let one = Params::parse(&format!("x={}", part.replace('&', "%26"))).ok()?;
        one.raw("x").map(str::to_owned)
    };
    let unreadable = || BASIC_MALFORMED.because("A '%' in the client_id or secret has to be sent as %25");
    let client_id = decoded(client_id).ok_or_else(unreadable)?;
    let secret = decoded(secret).ok_or_else(unreadable)?;
    match client_id.is_empty() {
        true => Err(BASIC_MALFORMED.because("The client_id is empty")),
        false => Ok((client_id, secret.into())),
    }
}

/// What is odd about a wrong secret, without telling anything of the right one.
fn mistake(own: &Secret, sent: &Secret) -> &'static str {
    if own.matches(sent.expose().trim()) {
        "There is white space around it"
    } else if sent.is_empty() {
        "It is empty"
    } else {
        "The secret is not that of this client"
    }
}

static SWITCHES: &[&Switch] = &[&clients::STRONG];

static RULES: &[&Rule] =
    &[&BASIC_MALFORMED, &CLIENT_ID_MISSING, &CLIENT_IDS_DIFFER, &SECRET_MISSING, &SECRET_OF_PUBLIC, &SECRET_WRONG];

static BASIC_MALFORMED: Rule = Rule {
    id: "rfc6749-basic-malformed",
    document: &documents::RFC6749,
    section: "2.3.1",
    error: ErrorCode::InvalidClient,
    says: "The Authorization header has to be Basic, with client_id and secret each form-encoded, joined by a colon",
};

static CLIENT_ID_MISSING: Rule = Rule {
    id: "rfc6749-token-client-id-missing",
    document: &documents::RFC6749,
    section: "3.2.1",
    error: ErrorCode::InvalidClient,
    says: "A client that does not authenticate has to send its client_id",
};

static CLIENT_IDS_DIFFER: Rule = Rule {
    id: "rfc6749-client-ids-differ",
    document: &documents::RFC6749,
    section: "3.2.1",
    error: ErrorCode::InvalidRequest,
    says: "The client_id in the body has to be that of the Authorization header",
};

static SECRET_MISSING: Rule = Rule {
    id: "rfc6749-secret-missing",
    document: &documents::RFC6749,
    section: "3.2.1",
    error: ErrorCode::InvalidClient,
    says: "A confidential client has to authenticate; a code_verifier is no substitute",
};

static SECRET_OF_PUBLIC: Rule = Rule {
    id: "rfc6749-secret-of-public-client",
    document: &documents::RFC6749,
    section: "2.3",
    error: ErrorCode::InvalidClient,
    says: "This client is public and has no secret",
};

static SECRET_WRONG: Rule = Rule {
    id: "rfc6749-secret-wrong",
    document: &documents::RFC6749,
    section: "5.2",
    error: ErrorCode::InvalidClient,
    says: "Client authentication failed",
};
