//! RFC 6749 §4.3: the resource owner password credentials grant, which "MUST NOT be used" (RFC 9700 §2.4). Legacy.
//!
//! A user who has no password cannot log in by one.

use oauth_types::ErrorCode;

use crate::documents;
use crate::memory::{Authorization, Login, Notes};
use crate::people::{PASSWORD, User};
use crate::ports::store::{Key, Kind};
use crate::refusal::{Document, Rule};
use crate::reply::Stop;
use crate::request::{Found, TokenRequest};
use crate::spec::{Perhaps, Spec, Spine};
use crate::world::{Amount, LEGACY};

const GRANT_TYPE: &str = "password";
/// Attempts of the last minute.
const ATTEMPT: Kind = Kind::new("rfc6749/password");
const MINUTE: u64 = 60;

#[derive(Debug)]
pub(crate) struct PasswordCredentials;

impl Spec for PasswordCredentials {
    fn document(&self) -> &'static Document {
        &documents::RFC6749
    }

    fn name(&self) -> &'static str {
        "RFC 6749 password"
    }

    fn optional(&self) -> bool {
        true
    }

    fn rules(&self) -> &'static [&'static Rule] {
        RULES
    }

    fn amounts(&self) -> &'static [&'static Amount] {
        AMOUNTS
    }

    fn grant_type(&self) -> Option<&'static str> {
        Some(GRANT_TYPE)
    }

    fn grant<'a>(&'a self, request: &'a TokenRequest<'a>, spine: &'a dyn Spine) -> Perhaps<'a, Found> {
        Some(Box::pin(log_in(request, spine)))
    }
}

async fn log_in(request: &TokenRequest<'_>, spine: &dyn Spine) -> Result<Found, Stop> {
    let field = |name: &str| request.params.get(name).ok_or_else(|| MISSING.because(format!("There is no {name}")));
    let (name, password) = (field("username")?, field("password")?);
    let user = spine.people().named(&request.arrival.place.tenant, name);
    if !may_try(request, user.map_or(name, User::subject)).await? {
        return Err(TOO_OFTEN.refuse().into());
    }
    let own = user.and_then(|user| Some((user, user.password.as_ref()?)));
    let user = match own.filter(|(_, own)| own.matches(password)) {
        Some((user, _)) => user,
        None => {
            let hint =
                "Nobody is called that, the password is another, or the user has none and cannot log in by one";
            return Err(WRONG.because(hint).into());
        }
    };
    request.arrival.seen.relaxed(LEGACY);
    let client = request.client();
    let login = Login {
        user: user.subject().to_owned(),
        auth_time: request.arrival.now,
        acr: Some(PASSWORD.to_owned()),
        amr: vec!["pwd".to_owned()],
        session: None,
    };
    let authorization = Authorization {
        client_id: client.client_id().to_owned(),
        subject: spine.subject(client, user),
        scope: spine.scope(client, request.params)?,
        login: Some(login),
        notes: Notes::default(),
    };
    Ok(Found::made(request, authorization))
}

/// "The authorization server MUST protect the endpoint against brute force attacks" (§4.3.2): each attempt takes one of
/// the places that a user has in a minute.
async fn may_try(request: &TokenRequest<'_>, user: &str) -> Result<bool, Stop> {
    let now = request.arrival.now;
    for place in 0..request.policy.value_of(&ATTEMPTS) {
        let key = Key::of(ATTEMPT, &request.arrival.place.tenant, &format!("{place} {user}"));
        if request.ports.store.once(key, now, now.saturating_add(MINUTE)).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

static AMOUNTS: &[&Amount] = &[&ATTEMPTS];

static ATTEMPTS: Amount = Amount {
    name: "password-attempts",
    says: "How often a password may be tried for a user in a minute, right or wrong (RFC 6749 section 4.3.2)",
    default: 10,
};

static RULES: &[&Rule] = &[&MISSING, &TOO_OFTEN, &WRONG];

static MISSING: Rule = Rule {
    id: "rfc6749-password-missing",
    document: &documents::RFC6749,
    section: "4.3.2",
    error: ErrorCode::InvalidRequest,
    says: "The password grant needs username and password",
};

static WRONG: Rule = Rule {
    id: "rfc6749-password-wrong",
    document: &documents::RFC6749,
    section: "4.3.2",
    error: ErrorCode::InvalidGrant,
    says: "The username and the password have to be those of a user",
};

static TOO_OFTEN: Rule = Rule {
    id: "rfc6749-password-tried-too-often",
    document: &documents::RFC6749,
    section: "4.3.2",
    error: ErrorCode::InvalidGrant,
    says: "A password must not be found by trying: too many attempts were made in the last minute",
};
