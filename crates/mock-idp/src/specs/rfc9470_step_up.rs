//! RFC 9470: OAuth 2.0 Step Up Authentication Challenge Protocol.
//!
//! The built-in resource is told by its query what login it needs: `acr_values` and `max_age`. The challenge repeats
//! them, and a client that sends them on to the authorization endpoint gets a token that will do.

use oauth_types::{ErrorCode, Params};

use crate::memory::{Login, Scope};
use crate::refusal::{Document, Refusal, Rule};
use crate::reply::{Challenges, TokenReply};
use crate::request::{Admission, Spent, TokenRequest};
use crate::spec::{Challenged, Spec};

/// The resource that asks for logins.
const PATH: &str = "/resource";

#[derive(Debug)]
pub(crate) struct StepUp;

impl Spec for StepUp {
    fn document(&self) -> &'static Document {
        &DOCUMENT
    }

    fn rules(&self) -> &'static [&'static Rule] {
        RULES
    }

    fn optional(&self) -> bool {
        true
    }

    /// §6.1: the token tells resources how and when its user logged in. `auth_time` is there (RFC 9068 §2.2.1).
    fn bind(&self, _request: &TokenRequest<'_>, _spent: &Spent, reply: &mut TokenReply) {
        let acr = reply.authorization.login.as_ref().and_then(|login| login.acr.clone());
        if let (Some(acr), Some(token)) = (acr, reply.token("access_token")) {
            token.claims.insert("acr".to_owned(), acr.into());
        }
    }

    fn admit(&self, admission: &Admission<'_>) -> Result<(), Refusal> {
        let arrival = admission.arrival;
        if arrival.path != PATH {
            return Ok(());
        }
        let needed = Needed::read(arrival.query)?;
        needed.judge(admission.resolved.kept.record.authorization.login.as_ref(), arrival.now)
    }

    /// §3: the challenge says what login is needed.
    fn challenge(&self, refused: &Challenged<'_>, challenges: &mut Challenges) {
        if refused.refusal.error() != ErrorCode::InsufficientUserAuthentication {
            return;
        }
        let Ok(needed) = Needed::read(refused.query) else { return };
        for challenge in challenges.0.iter_mut().filter(|challenge| challenge.scheme == refused.scheme) {
            let acr = needed.acr.as_ref().map(|acr| ("acr_values", acr.as_str().to_owned()));
            challenge.params.extend(acr);
            challenge.params.extend(needed.max_age.map(|age| ("max_age", age.to_string())));
        }
    }
}

/// What login is needed.
struct Needed {
    /// Any of these context classes. They are written like the words of a scope.
    acr: Option<Scope>,
    /// How many seconds ago it may have been at most.
    max_age: Option<u64>,
}

impl Needed {
    fn read(query: &Params) -> Result<Self, Refusal> {
        if let Some(name) = ["acr_values", "max_age"].into_iter().find(|name| query.all(name).count() > 1) {
            return Err(MALFORMED.because(format!("{name} occurs twice")));
        }
        let acr = query.get("acr_values").map(|text| {
            Scope::parse(text).ok_or_else(|| MALFORMED.because("acr_values is a list of words, each after one space"))
        });
        let max_age = query.get("max_age").map(|text| {
            let digits = text.bytes().all(|octet| octet.is_ascii_digit());
            let seconds = text.parse().ok().filter(|_| digits);
            seconds.ok_or_else(|| MALFORMED.because("max_age is a number of seconds, not negative"))
        });
        Ok(Self { acr: acr.transpose()?, max_age: max_age.transpose()? })
    }

    fn judge(&self, login: Option<&Login>, now: u64) -> Result<(), Refusal> {
        if let Some(wanted) = &self.acr {
            let own = login.and_then(|login| login.acr.as_deref());
            if !own.is_some_and(|own| wanted.contains(own)) {
                return Err(CLASS.because(match own {
                    Some(own) => format!("The acr of its login is {own}"),
                    None => "Nobody logged in for it, or the login has no acr".to_owned(),
                }));
            }
        }
        let Some(age) = self.max_age else { return Ok(()) };
        match login.map(|login| now.saturating_sub(login.auth_time)) {
            Some(since) if since <= age => Ok(()),
            Some(since) => Err(TOO_OLD.because(format!("Its login was {since} seconds ago"))),
            None => Err(TOO_OLD.because("Nobody logged in for it")),
        }
    }
}

static RULES: &[&Rule] = &[&CLASS, &MALFORMED, &TOO_OLD];

static CLASS: Rule = Rule {
    id: "rfc9470-acr-not-met",
    document: &DOCUMENT,
    section: "3",
    error: ErrorCode::InsufficientUserAuthentication,
    says: "The request needs a token whose user logged in with one of the acr_values",
};

static TOO_OLD: Rule = Rule {
    id: "rfc9470-login-too-old",
    document: &DOCUMENT,
    section: "3",
    error: ErrorCode::InsufficientUserAuthentication,
    says: "The request needs a token whose user logged in no longer ago than max_age",
};

static MALFORMED: Rule = Rule {
    id: "rfc9470-requirement-malformed",
    document: &DOCUMENT,
    section: "3",
    error: ErrorCode::InvalidRequest,
    says: "acr_values is a list of words separated by single spaces, and max_age a number of seconds",
};

static DOCUMENT: Document = Document {
    name: "RFC 9470",
    title: "OAuth 2.0 Step Up Authentication Challenge Protocol",
    url: "https://www.rfc-editor.org/rfc/rfc9470",
};
