//! Who logs in, and what they agree to (RFC 6749 §3.1: the way in which the server authenticates the resource owner is
//! its own affair).
//!
//! There are three ways. *Automatic*, the default: whom the request names, else whoever is logged in in this browser,
//! else the first user, logs in and agrees. It counts as a session, so `prompt=none` succeeds; a request that asks for a
//! new login gets one. *Scripted*: what a test said of the next login. *Pages*: the person decides.

use oauth_types::ErrorCode;
use oauth_types::scenario::{Does, NextLogin};

use crate::documents;
use crate::memory::{Login, Scope};
use crate::people::{LOGIN_PAGES, Told, User};
use crate::pipeline;
use crate::ports::store::GrantId;
use crate::refusal::{Document, Refusal, Rule};
use crate::reply::{Reply, Stop};
use crate::request::{Arrival, AuthorizationRequest, Draft, Unpacked};
use crate::sessions::state::BrowserState;
use crate::sessions::{Session, Sessions, Visit};
use crate::world::World;

mod automatic;
mod consent;
pub(crate) mod interaction;
mod interactive;
mod screens;

pub(crate) use interaction::Resumed;

/// What comes of asking for a login.
pub(crate) enum Decision {
    /// Somebody is logged in and agrees.
    LoggedIn(Entrance),
    /// The person in front of the browser is asked something first.
    Ask(Reply),
}

/// Somebody who is logged in and agrees.
pub(crate) struct Entrance {
    /// The login.
    pub login: Login,
    session: Option<Session>,
    sessions: Sessions,
}

impl Entrance {
    /// Keeps account of what the session was used for, and says what the browser's state is then. A grant without `offline_access` ends with the session
    /// (OpenID Connect Back-Channel Logout §2.7).
    pub(crate) async fn join(
        self,
        world: &World,
        request: &AuthorizationRequest<'_>,
        subject: &str,
        (grant, scope): (GrantId, &Scope),
    ) -> Result<Option<BrowserState>, Stop> {
        let Self { session: Some(mut session), mut sessions, .. } = self else { return Ok(None) };
        let (arrival, ports) = (request.arrival, &world.ports);
        let visit = Visit {
            client_id: request.client().client_id().to_owned(),
            subject: subject.to_owned(),
            grant: (!scope.contains("offline_access")).then_some(grant),
        };
        let excess = session.visit(ports, arrival.place, &visit, arrival.now).await?;
        // If the session has ended meanwhile, so has this.
        for grant in excess.unwrap_or_else(|| vec![grant]) {
            pipeline::revoke(world, grant, arrival.now).await?;
        }
        sessions.put_first(session);
        let changed = sessions.tell(arrival);
        Ok(BrowserState::of(arrival, ports, &world.policy, changed))
    }
}

/// Decides who logs in for an authorization request that every document has judged.
pub(crate) async fn decide(
    world: &World,
    request: &AuthorizationRequest<'_>,
    unpacked: &Unpacked,
    draft: &mut Draft,
    resumed: Option<Resumed>,
) -> Result<Decision, Stop> {
    if let Some(resumed) = resumed {
        return interactive::go_on(world, request, draft, resumed).await;
    }
    let next = request.arrival.script.take(request.client().client_id());
    match next {
        Some(NextLogin { does: Does::Deny, .. }) => Err(DENIED.refuse().into()),
        Some(NextLogin { does: Does::Cancel, .. }) => Err(CANCELLED.refuse().into()),
        Some(NextLogin { does: Does::LogIn, .. }) => {
            automatic::enter(world, request, draft, &next.unwrap_or_default()).await.map(Decision::LoggedIn)
        }
        None if !world.policy.is_on(&LOGIN_PAGES) => {
            automatic::enter(world, request, draft, &NextLogin::default()).await.map(Decision::LoggedIn)
        }
        Some(_) if draft.wanted.asks_for("none") => Err(INTERACTION_REQUIRED.refuse().into()),
        Some(next) => {
            if let Some(person) = next.person.as_deref() {
                world.people.make(&request.arrival.place.tenant, User::from(person.clone()))?;
            }
            interactive::begin(world, request, unpacked, draft, Told::at(&next)).await
        }
        None => interactive::begin(world, request, unpacked, draft, Told::default()).await,
    }
}

/// Answers a request at one of the pages: what was asked for before goes on.
pub(crate) async fn page(world: &World, arrival: &Arrival<'_>) -> Reply {
    let resumed = match interaction::resume(world, arrival).await {
        Ok(resumed) => resumed,
        Err(Stop::Refused(refusal)) => return Reply::Page(refusal),
        Err(Stop::Broken(what)) => return Reply::Broken { what, to: None },
    };
    arrival.seen.client(resumed.client_id());
    match pipeline::client(world, arrival, resumed.client_id()).await {
        Ok(Some(client)) => {
            let unpacked = resumed.unpacked();
            super::authorize::proceed(world, arrival, client, (unpacked, Some(resumed))).await
        }
        Ok(None) => Reply::Page(interaction::unknown("Its client is gone")),
        Err(Stop::Refused(refusal)) => Reply::Page(refusal),
        Err(Stop::Broken(what)) => Reply::Broken { what, to: None },
    }
}

/// The refusal of a login by somebody whom the request does not allow.
fn other_user() -> Refusal {
    OTHER_USER.refuse()
}

/// The refusal of a login that is not of the class that the request needs.
fn unmet(wanted: &[String], reached: Option<&str>) -> Refusal {
    let shown: Vec<&str> = wanted.iter().map(String::as_str).take(5).collect();
    let reached = reached.unwrap_or("none");
    ACR_UNMET.because(format!("One of these is needed: {}; this login has {reached}", shown.join(", ")))
}

pub(crate) static RULES: &[&Rule] = &[
    &ACCOUNT_SELECTION_REQUIRED,
    &ACR_UNMET,
    &CANCELLED,
    &CODE_GUESSED,
    &CONSENT_REQUIRED,
    &DENIED,
    &INTERACTION_REQUIRED,
    &LOGIN_REQUIRED,
    &OTHER_USER,
];

static DENIED: Rule = Rule {
    id: "rfc6749-consent-denied",
    document: &documents::RFC6749,
    section: "4.1.2.1",
    error: ErrorCode::AccessDenied,
    says: "The resource owner has to agree",
};

static CANCELLED: Rule = Rule {
    id: "rfc6749-login-cancelled",
    document: &documents::RFC6749,
    section: "4.1.2.1",
    error: ErrorCode::AccessDenied,
    says: "The resource owner has to log in, and did not want to",
};

static CODE_GUESSED: Rule = Rule {
    id: "rfc6749-one-time-code-guessed",
    document: &documents::RFC6749,
    section: "4.1.2.1",
    error: ErrorCode::AccessDenied,
    says: "The resource owner has to log in, and entered five wrong one-time codes",
};

static LOGIN_REQUIRED: Rule = Rule {
    id: "oidc-login-required",
    document: &documents::OIDC_CORE,
    section: "3.1.2.6",
    error: ErrorCode::LoginRequired,
    says: "With prompt=none, somebody has to be logged in already, recently enough and as the request wants it",
};

static CONSENT_REQUIRED: Rule = Rule {
    id: "oidc-consent-required",
    document: &documents::OIDC_CORE,
    section: "3.1.2.6",
    error: ErrorCode::ConsentRequired,
    says: "With prompt=none, the person has to have agreed before",
};

static ACCOUNT_SELECTION_REQUIRED: Rule = Rule {
    id: "oidc-account-selection-required",
    document: &documents::OIDC_CORE,
    section: "3.1.2.6",
    error: ErrorCode::AccountSelectionRequired,
    says: "With prompt=none, it has to be clear who of those who are logged in is meant",
};

static INTERACTION_REQUIRED: Rule = Rule {
    id: "oidc-interaction-required",
    document: &documents::OIDC_CORE,
    section: "3.1.2.6",
    error: ErrorCode::InteractionRequired,
    says: "With prompt=none, the server must not need to show a page",
};

static OTHER_USER: Rule = Rule {
    id: "oidc-id-token-hint-other-user",
    document: &documents::OIDC_CORE,
    section: "3.1.2.1",
    error: ErrorCode::LoginRequired,
    says: "The one who logs in has to be the one that id_token_hint names",
};

static UNMET: Document = Document {
    name: "OpenID Connect Core Unmet Authentication Requirements 1.0",
    title: "OpenID Connect Core Error Code unmet_authentication_requirements",
    url: "https://openid.net/specs/openid-connect-unmet-authentication-requirements-1_0.html",
};

static ACR_UNMET: Rule = Rule {
    id: "oidc-acr-unmet",
    document: &UNMET,
    section: "3",
    error: ErrorCode::UnmetAuthenticationRequirements,
    says: "The login has to be of an authentication context class that the request needs",
};
