//! Logs people in without asking anybody: by itself, or as a test said.

use oauth_types::scenario::{NextLogin, UserSetup};

use super::{DENIED, Entrance, other_user, unmet};
use crate::memory::{Login, Scope};
use crate::people::{LOGIN_PAGES, Told, User};
use crate::pipeline;
use crate::refusal::Refusal;
use crate::reply::Stop;
use crate::request::{AuthorizationRequest, Draft};
use crate::sessions::{Session, Sessions};
use crate::world::World;

/// Logs somebody in who agrees.
pub(super) async fn enter(
    world: &World,
    request: &AuthorizationRequest<'_>,
    draft: &mut Draft,
    next: &NextLogin,
) -> Result<Entrance, Stop> {
    let (arrival, World { ports, policy, .. }) = (request.arrival, world);
    let remembers = pipeline::remembers_sessions(world) || policy.is_on(&LOGIN_PAGES);
    let sessions = if remembers { Sessions::of(arrival, ports, policy).await? } else { Sessions::default() };
    let user = who(world, request, draft, next, &sessions)?;
    if let Some(agreed) = &next.scope {
        draft.scope = narrowed(&draft.scope, agreed)?;
    }
    let told = Told::at(next);
    if !told.is_empty() {
        draft.remember(&told);
    }
    let (wanted, now) = (&draft.wanted, arrival.now);
    let session = sessions.of_user(user.subject()).cloned();
    let told = next.acr.is_some() || !next.amr.is_empty() || next.seconds_ago > 0;
    let too_old = |auth_time| wanted.is_for_a_new_login() || wanted.is_too_old(auth_time, now);
    let held = session.as_ref().map(|session| &session.login).filter(|login| !told && !too_old(login.auth_time));
    let login = held.cloned().unwrap_or_else(|| {
        let before = now.saturating_sub(next.seconds_ago);
        Login {
            user: user.subject().to_owned(),
            auth_time: if too_old(before) { now } else { before },
            acr: next.acr.clone(),
            amr: next.amr.clone(),
            session: None,
        }
    });
    if !wanted.is_met_by(login.acr.as_deref()) {
        return Err(unmet(&wanted.acr, login.acr.as_deref()).into());
    }
    let mut entrance = Entrance { login, session, sessions };
    if remembers && entrance.login.session.is_none() {
        entrance.renew(world, request).await?;
    }
    Ok(entrance)
}

impl Entrance {
    /// Puts a new login into the session of its user, or into a new one.
    async fn renew(&mut self, world: &World, request: &AuthorizationRequest<'_>) -> Result<(), Stop> {
        let (arrival, World { ports, policy, .. }) = (request.arrival, world);
        let mut session = match self.session.take() {
            Some(mut session) => {
                let alive = session.renew(ports, policy, arrival.place, self.login.clone()).await?;
                alive.then_some(session)
            }
            None => None,
        };
        let session = session.get_or_insert_with(|| Session::begin(ports, policy, self.login.clone(), arrival.now));
        self.login = session.login.clone();
        self.session = Some(session.clone());
        Ok(())
    }
}

/// Who logs in: whom the test makes or names, whom the request names, who is logged in in this browser, or the first user.
fn who<'w>(
    world: &'w World,
    request: &AuthorizationRequest<'_>,
    draft: &Draft,
    next: &NextLogin,
    sessions: &Sessions,
) -> Result<&'w User, Refusal> {
    let (tenant, people, wanted) = (&request.arrival.place.tenant, &world.people, &draft.wanted);
    let is_meant = |user: &User, subject: &str| pipeline::subject(world, request.client(), user) == subject;
    let scripted = match (&next.person, &next.user) {
        (Some(person), _) => Some(people.make(tenant, User::from(UserSetup::clone(person)))?),
        (None, Some(name)) => Some(people.named(tenant, name).ok_or_else(|| people.unknown("The scripted login"))?),
        (None, None) => None,
    };
    if let Some(user) = scripted {
        let meant = wanted.subject.as_deref().is_none_or(|subject| is_meant(user, subject));
        return if meant { Ok(user) } else { Err(other_user()) };
    }
    if wanted.asks_for("create") {
        return newcomer(world, request, wanted.hint.as_deref());
    }
    if let Some(subject) = &wanted.subject {
        return people.at(tenant).find(|user| is_meant(user, subject)).ok_or_else(other_user);
    }
    if let Some(hint) = &wanted.hint {
        return people.named(tenant, hint).ok_or_else(|| people.unknown("The hint"));
    }
    let here = sessions.all().iter().find_map(|session| people.find(&session.login.user));
    here.map_or_else(|| people.log_in(None), Ok)
}

/// A user made for a request with `prompt=create`, called as the hint says if nobody is yet.
fn newcomer<'w>(
    world: &'w World,
    request: &AuthorizationRequest<'_>,
    hint: Option<&str>,
) -> Result<&'w User, Refusal> {
    let (tenant, people) = (&request.arrival.place.tenant, &world.people);
    let subject = world.ports.dice.handle();
    let made = format!("user-{}", &subject[..8]);
    let called = |name: &str| people.register(tenant, User::new(subject.as_str()).claim("preferred_username", name));
    let hinted = hint.filter(|hint| hint.len() <= 64).and_then(|hint| called(hint).ok());
    hinted.map_or_else(|| called(&made).map_err(|_| people.unknown("prompt=create")), Ok)
}

/// What the person agrees to of what is asked for. Agreeing to nothing is no agreement.
fn narrowed(asked: &Scope, agreed: &[String]) -> Result<Scope, Refusal> {
    let tokens: Vec<&str> = asked.tokens().filter(|token| agreed.iter().any(|own| own == token)).collect();
    Scope::parse(&tokens.join(" ")).ok_or_else(|| DENIED.because("Of what was asked for, nothing was agreed to"))
}
