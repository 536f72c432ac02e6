//! RFC 6749 §2.3: client authentication with a secret, and public clients that have none.
//!
//! The methods have the names of RFC 7591 §2: `none`, `client_secret_basic`, `client_secret_post`.

use std::borrow::Cow;

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE, BASE64_URL_SAFE_NO_PAD};
use http::header::AUTHORIZATION;
use oauth_types::{ErrorCode, Params, Secret};
use serde::{Deserialize, Serialize};

use crate::clients::{self, Client, Proven};
use crate::doctor;
use crate::documents;
use crate::memory::{Life, Note};
use crate::ports::store::{Key, Kind, Record};
use crate::refusal::{Document, Refusal, Rule};
use crate::reply::Stop;
use crate::request::Attempt;
use crate::spec::{Perhaps, Spec};
use crate::world::{Amount, Policy, Switch};

const BASIC: &str = "client_secret_basic";
const POST: &str = "client_secret_post";
const NONE: &str = "none";
/// Wrong secrets of the last minute.
const WRONG: Kind = Kind::new("rfc6749/secret");
/// Clients whose secrets are not looked at.
const CLOSED: Kind = Kind::new("rfc6749/closed");
const MINUTE: u64 = 60;

/// Says that the secret of a client was tried too often.
#[derive(Debug, Serialize, Deserialize)]
struct Closed;

impl Note for Closed {
    const NAME: &'static str = "rfc6749/closed";
    const LIFE: Life = Life::Code;
}

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

    fn amounts(&self) -> &'static [&'static Amount] {
        AMOUNTS
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
                Some(other) if other != client_id => {
                    Err(CLIENT_IDS_DIFFER.because("Beside a Basic header, leave client_id out of the body"))
                }
                _ => Ok(client_id),
            })),
            POST | NONE => {
                let missing = || doctor::missing(&CLIENT_ID_MISSING, attempt.params, "client_id");
                Some(in_body.map(str::to_owned).ok_or_else(missing))
            }
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
        own.then(|| Box::pin(guarded(method, attempt, client)) as _)
    }
}

/// "The authorization server MUST protect any endpoint utilizing it against brute force attacks" (§2.3.1): after too
/// many wrong secrets, none is looked at for a minute.
async fn guarded(method: &str, attempt: &Attempt<'_>, client: &Client) -> Result<Proven, Stop> {
    let (arrival, store) = (attempt.arrival, &attempt.ports.store);
    let (tenant, client_id, now) = (&arrival.place.tenant, client.client_id(), arrival.now);
    let closed = Key::of(CLOSED, tenant, client_id);
    if method != NONE && store.get(closed).await?.is_some_and(|kept| now < kept.record.expires) {
        return Err(TRIED_TOO_OFTEN.refuse().into());
    }
    let checked = check(method, attempt, client);
    if !checked.as_ref().is_err_and(|refusal| std::ptr::eq(refusal.rule, &SECRET_WRONG)) {
        return Ok(checked?);
    }
    let (places, until) = (attempt.policy.value_of(&ATTEMPTS), now.saturating_add(MINUTE));
    for place in 0..places {
        if store.once(Key::of(WRONG, tenant, &format!("{place} {client_id}")), now, until).await? {
            if place + 1 == places {
                store.put(closed, Record::of(client_id, &Closed, now, until)).await?;
            }
            break;
        }
    }
    Ok(checked?)
}

fn check(method: &str, attempt: &Attempt<'_>, client: &Client) -> Result<Proven, Refusal> {
    let presented = match method {
        BASIC => Some(basic(attempt)?.1),
        POST => attempt.params.get("client_secret").map(Secret::from),
        _ => None,
    };
    match (&client.secret, presented) {
        (None, None) => Ok(Proven::by_the_caller()),
        (None, Some(sent)) if sent.is_empty() => {
            Err(SECRET_OF_PUBLIC
                .because("The secret is empty: leave the Authorization header out, and send client_id"))
        }
        (None, Some(_)) => Err(SECRET_OF_PUBLIC.because("Send client_id alone, in the body")),
        (Some(_), None) => Err(secretless(attempt)),
        (Some(own), Some(sent)) if own.matches(sent.expose()) => Ok(Proven::by_the_caller()),
        (Some(own), Some(sent)) => Err(SECRET_WRONG.because(mistake(method, attempt, own, &sent))),
    }
}

/// The client identifier and the secret of a Basic header: each form-encoded, then joined (RFC 6749 §2.3.1).
fn basic(attempt: &Attempt<'_>) -> Result<(String, Secret), Refusal> {
    let mut headers = attempt.arrival.headers.get_all(AUTHORIZATION).iter();
    let (Some(header), None) = (headers.next(), headers.next()) else {
        return Err(BASIC_MALFORMED.because("There are two Authorization headers"));
    };
    let text = header.to_str().map_err(|_| BASIC_MALFORMED.because("It is not ASCII"))?;
    let (scheme, credentials) = text.split_once(' ').unwrap_or((text, ""));
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(BASIC_MALFORMED.because(match BASE64_STANDARD.decode(text) {
            Ok(_) => "The word Basic and a space are missing before the credentials",
            Err(_) => "The scheme of the Authorization header is not Basic",
        }));
    }
    let credentials = credentials.trim();
    if credentials.is_empty() {
        return Err(BASIC_MALFORMED.because("There is nothing after Basic"));
    }
    let octets = BASE64_STANDARD.decode(credentials).map_err(|_| BASIC_MALFORMED.because(not_base64(credentials)))?;
    let text = Secret::new(String::from_utf8(octets).map_err(|_| BASIC_MALFORMED.because("Not UTF-8"))?);
    let (client_id, secret) =
        text.expose().split_once(':').ok_or_else(|| BASIC_MALFORMED.because(colonless(text.expose())))?;
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

/// What was sent in place of base64 (RFC 4648 §4).
fn not_base64(credentials: &str) -> &'static str {
    if credentials.contains(':') {
        "What follows Basic is not base64: encode client_id, colon and secret"
    } else if BASE64_URL_SAFE.decode(credentials).is_ok() || BASE64_URL_SAFE_NO_PAD.decode(credentials).is_ok() {
        match BASE64_STANDARD_NO_PAD.decode(credentials) {
            Ok(_) => "It lacks the = padding of base64",
            Err(_) => "It is base64url: Basic takes base64 with + and /, and with padding",
        }
    } else {
        "Not base64"
    }
}

/// Why there is no colon between client_id and secret.
fn colonless(text: &str) -> &'static str {
    match text.to_ascii_lowercase().contains("%3a") {
        true => "The colon was percent-encoded too: form-encode client_id and secret each, then join them",
        false => "There is no colon in it",
    }
}

/// The refusal of a confidential client that shows no secret.
fn secretless(attempt: &Attempt<'_>) -> Refusal {
    let params = attempt.params;
    match params.raw("client_secret") {
        Some(_) => SECRET_MISSING.because("client_secret is there, but empty: has its variable a value?"),
        None => doctor::missing(&SECRET_MISSING, params, "client_secret"),
    }
}

/// What is odd about a wrong secret, without telling anything of the right one.
fn mistake(method: &str, attempt: &Attempt<'_>, own: &Secret, sent: &Secret) -> Cow<'static, str> {
    let text = sent.expose();
    if sent.is_empty() {
        return "It is empty".into();
    }
    if method == BASIC && undecoded(attempt).is_some_and(|raw| own.matches(raw.expose())) {
        return "Form-encode client_id and secret before base64: this one has + or % in it (RFC 6749 2.3.1)".into();
    }
    if let Some((bare, what)) = doctor::dressed(text)
        && own.matches(&bare)
    {
        return what.into();
    }
    if let Some(other) = attempt.clients.by_secret(text) {
        return format!("It is the secret of {}", other.client_id()).into();
    }
    if let Some(what) = doctor::placeholder(text) {
        return what.into();
    }
    let decoded = BASE64_STANDARD.decode(text).ok().and_then(|octets| String::from_utf8(octets).ok());
    if decoded.is_some_and(|decoded| own.matches(&decoded)) {
        return "It was encoded with base64 by itself: send the secret".into();
    }
    "The secret is not that of this client".into()
}

/// The secret of a Basic header as it was before form-decoding.
fn undecoded(attempt: &Attempt<'_>) -> Option<Secret> {
    let header = attempt.arrival.headers.get(AUTHORIZATION)?.to_str().ok()?;
    let octets = BASE64_STANDARD.decode(header.split_once(' ')?.1.trim()).ok()?;
    let text = Secret::new(String::from_utf8(octets).ok()?);
    text.expose().split_once(':').map(|(_, secret)| Secret::from(secret))
}

static SWITCHES: &[&Switch] = &[&clients::STRONG];

static AMOUNTS: &[&Amount] = &[&ATTEMPTS];

static ATTEMPTS: Amount = Amount {
    name: "secret-attempts",
    says: "After how many wrong secrets of a client in a minute none is looked at; 0 looks at all (RFC 6749 section 2.3.1)",
    default: 30,
};

static RULES: &[&Rule] = &[
    &BASIC_MALFORMED,
    &CLIENT_ID_MISSING,
    &CLIENT_IDS_DIFFER,
    &SECRET_MISSING,
    &SECRET_OF_PUBLIC,
    &SECRET_WRONG,
    &TRIED_TOO_OFTEN,
];

static TRIED_TOO_OFTEN: Rule = Rule {
    id: "rfc6749-secret-tried-too-often",
    document: &documents::RFC6749,
    section: "2.3.1",
    error: ErrorCode::InvalidClient,
    says: "A secret must not be found by trying: there were too many wrong ones in the last minute",
};

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
