//! Asks the person in front of the browser, page by page.
//!
//! What comes next is worked out anew at every request, from the sessions of this browser and from what was decided so
//! far; so a page that was left open, sent twice or reached by its address does nothing that is not due.

use http::StatusCode;
use oauth_types::scenario::MULTI_FACTOR;

use super::interaction::{GaveUp, Progress, Resumed};
use super::screens::{self, Complaint, Screen};
use super::{
    ACCOUNT_SELECTION_REQUIRED, CANCELLED, CODE_GUESSED, CONSENT_REQUIRED, DENIED, Decision, Entrance,
    INTERACTION_REQUIRED, LOGIN_REQUIRED, consent, other_user, unmet,
};
use crate::people::{PASSWORD, Told, User};
use crate::pipeline;
use crate::refusal::Refusal;
use crate::reply::{Reply, Stop};
use crate::request::{Arrival, AuthorizationRequest, Draft, Unpacked};
use crate::sessions::{Session, Sessions};
use crate::world::World;

/// What is asked, and of whom.
pub(super) struct Asked<'a> {
    pub world: &'a World,
    pub request: &'a AuthorizationRequest<'a>,
    pub draft: &'a Draft,
}

/// What comes next.
enum Next {
    Ask(Screen),
    Enter(Box<Session>),
}

/// Begins: goes on at once if nothing needs to be asked.
pub(super) async fn begin(
    world: &World,
    request: &AuthorizationRequest<'_>,
    unpacked: &Unpacked,
    draft: &mut Draft,
    told: Told,
) -> Result<Decision, Stop> {
    remember(draft, &told);
    let asked = Asked { world, request, draft };
    let sessions = Sessions::of(request.arrival, &world.ports, &world.policy).await?;
    match asked.next(&sessions, None).await? {
        Next::Enter(session) => Ok(entered(*session, sessions)),
        Next::Ask(screen) => {
            let begun = Resumed::begin(world, request, unpacked, told).await?;
            Ok(Decision::Ask(asked.at(screen, &begun)))
        }
    }
}

/// Remembers what is known of the person at this login alone.
fn remember(draft: &mut Draft, told: &Told) {
    if !told.is_empty() {
        draft.remember(told);
    }
}

/// Goes on in a browser that comes back from a page, or to one.
pub(super) async fn go_on(
    world: &World,
    request: &AuthorizationRequest<'_>,
    draft: &mut Draft,
    mut resumed: Resumed,
) -> Result<Decision, Stop> {
    let (arrival, asked) = (request.arrival, Asked { world, request, draft });
    let mut sessions = Sessions::of(arrival, &world.ports, &world.policy).await?;
    let mut next = asked.next(&sessions, Some(&resumed)).await;
    if let (Some(screen), Some(form)) = (decided(arrival, &next), arrival.form) {
        let complaint = match screen == Screen::OneTimeCode && !resumed.counts_code(world, arrival).await? {
            true => Some(screens::AT_ONCE),
            false => screens::act(&asked, screen, form, (&mut sessions, &mut resumed.progress)).await?,
        };
        if let Some(complaint) = complaint {
            return Ok(Decision::Ask(asked.show(screen, &sessions, &resumed, Some(complaint))));
        }
        next = asked.next(&sessions, Some(&resumed)).await;
    }
    if let Err(Stop::Broken(_)) = next {
        return next.map(|_| Decision::Ask(Reply::Empty(StatusCode::INTERNAL_SERVER_ERROR)));
    }
    if let Ok(Next::Ask(screen)) = next {
        if arrival.posted() {
            resumed.save(world, arrival).await?;
        }
        sessions.tell(arrival);
        let here = screen.path() == arrival.path && !arrival.posted();
        let page = if here { asked.show(screen, &sessions, &resumed, None) } else { asked.at(screen, &resumed) };
        return Ok(Decision::Ask(page));
    }
    if let Some(refusal) = resumed.close(world, arrival).await? {
        return Ok(Decision::Ask(Reply::Page(refusal)));
    }
    match next {
        Ok(Next::Enter(session)) => {
            remember(draft, &resumed.told(&session));
            Ok(entered(*session, sessions))
        }
        Err(stop) => {
            sessions.tell(arrival);
            Err(stop)
        }
        Ok(Next::Ask(_)) => Ok(Decision::Ask(Reply::Page(super::interaction::unknown("It has ended")))),
    }
}

/// The page that something was decided on, if it may be decided now: who it is may be said again at any time, but nobody
/// agrees before it is known who does.
fn decided(arrival: &Arrival<'_>, next: &Result<Next, Stop>) -> Option<Screen> {
    let decided = Screen::at(arrival.path).filter(|_| arrival.posted())?;
    let due = match next {
        Ok(Next::Ask(screen)) => Some(*screen),
        Ok(Next::Enter(_)) => None,
        Err(_) => return None,
    };
    let too_early =
        decided == Screen::Consent && matches!(due, Some(Screen::Login | Screen::Select | Screen::OneTimeCode));
    let elsewhere = (decided == Screen::Create) != (due == Some(Screen::Create))
        || decided == Screen::OneTimeCode && due != Some(Screen::OneTimeCode);
    (!too_early && !elsewhere).then_some(decided)
}

fn entered(session: Session, sessions: Sessions) -> Decision {
    Decision::LoggedIn(Entrance { login: session.login.clone(), session: Some(session), sessions })
}

impl<'a> Asked<'a> {
    /// What comes next.
    async fn next(&self, sessions: &Sessions, resumed: Option<&Resumed>) -> Result<Next, Stop> {
        let progress = resumed.map(|resumed| resumed.progress.clone()).unwrap_or_default();
        match progress.gave_up {
            Some(GaveUp::Denied) => return Err(DENIED.refuse().into()),
            Some(GaveUp::Cancelled) => return Err(CANCELLED.refuse().into()),
            Some(GaveUp::Guessed) => return Err(CODE_GUESSED.refuse().into()),
            None => {}
        }
        if progress.half.is_some() {
            return self.ask(Screen::OneTimeCode);
        }
        let chosen = progress.session.as_deref().and_then(|sid| sessions.find(sid));
        let session = match chosen {
            Some(session) if self.fits(session) => session,
            Some(_) => return Err(other_user().into()),
            None => match self.candidate(sessions, progress.elsewhere) {
                Ok(session) => session,
                Err(screen) => return self.ask(screen),
            },
        };
        let fresh = chosen.is_some() && progress.fresh;
        if let Some(screen) = self.again(session, fresh)? {
            return self.ask(screen);
        }
        let user = &session.login.user;
        if progress.agreed.as_ref() != Some(user) {
            let again = self.draft.wanted.asks_for("consent");
            let seen = chosen.is_some();
            if again || !consent::is_remembered(self.world, self.request, self.draft, (user, seen)).await? {
                return self.ask(Screen::Consent);
            }
        }
        Ok(Next::Enter(Box::new(session.clone())))
    }

    /// The one session that the request can be about, or where to ask.
    fn candidate<'s>(&self, sessions: &'s Sessions, elsewhere: bool) -> Result<&'s Session, Screen> {
        let (wanted, tenant) = (&self.draft.wanted, &self.request.arrival.place.tenant);
        if wanted.asks_for("create") {
            return Err(Screen::Create);
        }
        if elsewhere {
            return Err(Screen::Login);
        }
        let hinted = wanted.hint.as_deref().map(|hint| self.world.people.named(tenant, hint).map(User::subject));
        let named = |session: &&Session| hinted.is_none_or(|user| user == Some(session.login.user.as_str()));
        let mut candidates = sessions.all().iter().filter(|session| self.fits(session)).filter(named);
        match (candidates.next(), candidates.next()) {
            (None, _) => Err(Screen::Login),
            (Some(one), None) if !wanted.asks_for("select_account") => Ok(one),
            _ => Err(Screen::Select),
        }
    }

    /// Where the person has to log in again, if that has to be. `fresh` says that they have just done so.
    fn again(&self, session: &Session, fresh: bool) -> Result<Option<Screen>, Refusal> {
        let (wanted, login) = (&self.draft.wanted, &session.login);
        let now = self.request.arrival.now;
        if wanted.is_for_a_new_login() && !fresh || wanted.is_too_old(login.auth_time, now) {
            return Ok(Some(Screen::Login));
        }
        let user = self.world.people.find(&login.user);
        let (password, code) =
            user.map_or((false, false), |user| (user.password.is_some(), user.one_time_code.is_some()));
        let can_be_asked = wanted.wants(MULTI_FACTOR) && password && code && !fresh;
        if wanted.is_met_by(login.acr.as_deref()) {
            // "Voluntary Claim": a client that forbids pages is content with less (OpenID Connect Core §5.5.1.1).
            let better = can_be_asked && !wanted.has(login.acr.as_deref()) && !wanted.asks_for("none");
            return Ok(better.then_some(Screen::Login));
        }
        match can_be_asked || wanted.wants(PASSWORD) && password && !fresh {
            true => Ok(Some(Screen::Login)),
            false => Err(unmet(&wanted.acr, login.acr.as_deref())),
        }
    }

    /// The session of whoever is being asked, as far as that is known.
    pub(super) fn session<'s>(&self, sessions: &'s Sessions, progress: &Progress) -> Option<&'s Session> {
        let chosen = progress.session.as_deref().and_then(|sid| sessions.find(sid));
        chosen.or_else(|| self.candidate(sessions, progress.elsewhere).ok())
    }

    /// Whether a session is of a user who is still known, and whom the request allows.
    pub(super) fn fits(&self, session: &Session) -> bool {
        let wanted = self.draft.wanted.subject.as_deref();
        let user = self.world.people.find(&session.login.user);
        user.is_some_and(|user| {
            wanted.is_none_or(|sub| pipeline::subject(self.world, self.request.client(), user) == sub)
        })
    }

    /// Asks on a page, unless the client forbids it.
    fn ask(&self, screen: Screen) -> Result<Next, Stop> {
        if !self.draft.wanted.asks_for("none") {
            return Ok(Next::Ask(screen));
        }
        let refusal = match screen {
            Screen::Login => LOGIN_REQUIRED.refuse(),
            Screen::Select => ACCOUNT_SELECTION_REQUIRED.because("A login_hint says who"),
            Screen::Consent => CONSENT_REQUIRED.because(
                "That a client was agreed to is remembered if it authenticates or redirects to https; \
                 remember-native-consent remembers it for others",
            ),
            Screen::Create | Screen::OneTimeCode => INTERACTION_REQUIRED.refuse(),
        };
        Err(refusal.into())
    }

    /// Sends the browser to a page.
    fn at(&self, screen: Screen, resumed: &Resumed) -> Reply {
        let place = self.request.arrival.place.path();
        Reply::Redirect(format!("{place}{}?interaction={}", screen.path(), resumed.id()))
    }

    /// Shows a page.
    fn show(&self, screen: Screen, sessions: &Sessions, resumed: &Resumed, complaint: Option<Complaint>) -> Reply {
        let status = if complaint.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
        Reply::Html { status, page: screens::page(self, screen, sessions, (resumed, complaint)) }
    }
}
