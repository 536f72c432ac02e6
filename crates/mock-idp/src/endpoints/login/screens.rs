//! The pages, and what the person decides on each.

use oauth_types::Params;
use oauth_types::scenario::{MULTI_FACTOR, is_reserved};
use serde_json::json;

use super::consent;
use super::interaction::{GaveUp, Half, PARAM, Progress, Resumed};
use super::interactive::Asked;
use crate::jose;
use crate::memory::Login;
use crate::pages::{self, Account, Ask, Dialog, MOST_SHOWN};
use crate::people::{PASSWORD, Told, User};
use crate::reply::{Page, Stop};
use crate::sessions::browser::TOKEN;
use crate::sessions::{Session, Sessions};

/// A page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Screen {
    Login,
    OneTimeCode,
    Select,
    Consent,
    Create,
}

/// What is wrong with what somebody entered, in a sentence for them.
pub(super) type Complaint = &'static str;

/// The complaint about a one-time code that was not judged, since another was.
pub(super) const AT_ONCE: Complaint = "Another code was sent at the same time. Enter it again.";

/// How many one-time codes are judged before the login is over.
const MOST_CODES: u32 = 5;

impl Screen {
    /// The page at this path.
    pub(super) fn at(path: &str) -> Option<Self> {
        let all = [Self::Login, Self::OneTimeCode, Self::Select, Self::Consent, Self::Create];
        all.into_iter().find(|screen| screen.path() == path)
    }

    /// Where it is.
    pub(super) fn path(self) -> &'static str {
        match self {
            Self::Login => "/login",
            Self::OneTimeCode => "/otp",
            Self::Select => "/select",
            Self::Consent => "/consent",
            Self::Create => "/create",
        }
    }
}

/// Does what the person decided. A complaint says why it was not done.
pub(super) async fn act(
    asked: &Asked<'_>,
    screen: Screen,
    form: &Params,
    (sessions, progress): (&mut Sessions, &mut Progress),
) -> Result<Option<Complaint>, Stop> {
    if form.get("decision") == Some("cancel") {
        progress.gave_up = Some(GaveUp::Cancelled);
        return Ok(None);
    }
    let user = match screen {
        Screen::Login => login(asked, form, progress),
        Screen::Create => create(asked, form),
        Screen::OneTimeCode => second(asked, form, progress),
        Screen::Select => return Ok(select(form, sessions, progress)),
        Screen::Consent => return agree(asked, form, (sessions, progress)).await,
    };
    match user {
        Ok((user, shown)) if user.one_time_code.is_some() && !shown.code => {
            progress.half = Some(Half { user: user.subject().to_owned(), by_password: shown.password });
            Ok(None)
        }
        Ok((user, shown)) => {
            let session = begin(asked, user, shown, sessions).await?;
            progress.session = Some(session.sid().to_owned());
            (progress.fresh, progress.elsewhere, progress.agreed, progress.half) = (true, false, None, None);
            sessions.put_first(session);
            Ok(None)
        }
        Err(_) if progress.gave_up.is_some() => Ok(None),
        Err(complaint) => Ok(Some(complaint)),
    }
}

/// What somebody has shown of themselves, beside their name.
#[derive(Debug, Clone, Copy, Default)]
struct Shown {
    password: bool,
    code: bool,
}

/// Who logs in, and whether by a password.
fn login<'a>(asked: &Asked<'a>, form: &Params, progress: &mut Progress) -> Result<(&'a User, Shown), Complaint> {
    progress.told = told(form)?;
    let (tenant, people) = (&asked.request.arrival.place.tenant, &asked.world.people);
    let name = form.get("user").or_else(|| form.get("username")).map(str::trim);
    let name = name.filter(|name| !name.is_empty()).ok_or("Enter a username.")?;
    let user = people.named(tenant, name).ok_or("Nobody is called that here, or the password is wrong.")?;
    match (&user.password, form.get("password")) {
        (None, _) => Ok((user, Shown::default())),
        (Some(own), Some(sent)) if own.matches(sent) => Ok((user, Shown { password: true, code: false })),
        (Some(_), None) => Err("This user needs a password."),
        (Some(_), Some(_)) => Err("Nobody is called that here, or the password is wrong."),
    }
}

/// The claims that are entered for this login alone.
fn told(form: &Params) -> Result<Told, Complaint> {
    let Some(text) = form.get("claims").map(str::trim).filter(|text| !text.is_empty()) else {
        return Ok(Told::default());
    };
    if text.chars().count() > MOST_SHOWN {
        return Err("Claims have at most 4000 characters.");
    }
    let claims = jose::object(text.as_bytes())
        .map_err(|_| "Claims are one JSON object in which no name occurs twice, such as {\"roles\": [\"admin\"]}.")?;
    match claims.keys().any(|name| is_reserved(name)) {
        true => Err("Claims are about the person. What the server says itself, such as iss, sub, aud, exp, acr or \
                     scope, is no claim to enter; a fault makes it lie."),
        false => Ok(Told::unasked(claims)),
    }
}

/// Who has entered the right one-time code. With the last of many wrong ones, they have given up.
fn second<'a>(asked: &Asked<'a>, form: &Params, progress: &mut Progress) -> Result<(&'a User, Shown), Complaint> {
    let half = progress.half.as_ref().ok_or("Log in first.")?;
    let user = asked.world.people.find(&half.user).ok_or("Log in first.")?;
    let sent = form.get("otp").map(str::trim).unwrap_or_default();
    match &user.one_time_code {
        Some(own) if own.matches(sent) => Ok((user, Shown { password: half.by_password, code: true })),
        _ => {
            if progress.codes >= MOST_CODES {
                progress.gave_up = Some(GaveUp::Guessed);
            }
            Err("This code is wrong.")
        }
    }
}

/// Makes a user of what was entered (OpenID Connect Prompt Create 1.0 §3).
fn create<'a>(asked: &Asked<'a>, form: &Params) -> Result<(&'a User, Shown), Complaint> {
    let field = |name: &str| form.get(name).map(str::trim).filter(|text| !text.is_empty());
    let fits = |text: &str, most: usize| text.chars().count() <= most && !text.chars().any(char::is_control);
    let username = field("username").ok_or("Enter a username.")?;
    if !fits(username, 64) {
        return Err("A username has at most 64 characters.");
    }
    let mut user = User::new(asked.world.ports.dice.handle()).claim("preferred_username", username);
    if let Some(name) = field("name") {
        if !fits(name, 128) {
            return Err("A name has at most 128 characters.");
        }
        user = user.claim("name", name);
    }
    if let Some(email) = field("email") {
        if !fits(email, 254) || !email.contains('@') {
            return Err("An email address has an @ and at most 254 characters.");
        }
        user = user.claim("email", email).claim("email_verified", json!(false));
    }
    let password = form.get("password");
    if let Some(password) = password {
        user = user.password(password);
    }
    let registered = asked.world.people.register(&asked.request.arrival.place.tenant, user);
    let user = registered.map_err(|_| "Somebody is called that already, or too many have registered.")?;
    Ok((user, Shown { password: password.is_some(), code: false }))
}

/// Logs `user` in: into their session in this browser, or into a new one. Either has a new secret.
async fn begin(asked: &Asked<'_>, user: &User, shown: Shown, sessions: &Sessions) -> Result<Session, Stop> {
    let wanted = &asked.draft.wanted;
    let both = shown.password && shown.code;
    // A login with two factors is one with a password as well, for whoever asks for that.
    let acr = match both && (wanted.wants(MULTI_FACTOR) || !wanted.wants(PASSWORD)) {
        true => Some(MULTI_FACTOR),
        false => shown.password.then_some(PASSWORD),
    };
    let amr = [(shown.password, "pwd"), (shown.code, "otp"), (both, "mfa")];
    let (arrival, ports, policy) = (asked.request.arrival, &asked.world.ports, &asked.world.policy);
    let login = Login {
        user: user.subject().to_owned(),
        auth_time: arrival.now,
        acr: acr.map(str::to_owned),
        amr: amr.into_iter().filter(|(so, _)| *so).map(|(_, method)| method.to_owned()).collect(),
        session: None,
    };
    if let Some(mut session) = sessions.of_user(user.subject()).cloned()
        && session.renew(ports, policy, arrival.place, login.clone()).await?
    {
        return Ok(session);
    }
    let mut session = Session::begin(ports, policy, login, arrival.now);
    session.save(ports, arrival.place).await?;
    Ok(session)
}

/// Chooses one of those who are logged in, or somebody else.
fn select(form: &Params, sessions: &Sessions, progress: &mut Progress) -> Option<Complaint> {
    match form.get("session") {
        Some("other") => {
            (progress.session, progress.elsewhere, progress.fresh) = (None, true, false);
            (progress.half, progress.told) = (None, Told::default());
            None
        }
        Some(sid) if sessions.find(sid).is_some() => {
            (progress.session, progress.elsewhere, progress.fresh) = (Some(sid.to_owned()), false, false);
            (progress.half, progress.told) = (None, Told::default());
            None
        }
        _ => Some("Choose one of these accounts."),
    }
}

/// Agrees or does not.
async fn agree(
    asked: &Asked<'_>,
    form: &Params,
    (sessions, progress): (&Sessions, &mut Progress),
) -> Result<Option<Complaint>, Stop> {
    let Asked { world, request, draft } = asked;
    let session = asked.session(sessions, progress);
    match (form.get("decision"), session) {
        (Some("approve"), Some(session)) if form.get("session") == Some(session.sid()) => {
            let user = &session.login.user;
            consent::remember(world, request, draft, user).await?;
            progress.agreed = Some(user.clone());
            Ok(None)
        }
        (Some("approve"), _) => Ok(Some("Somebody else is logged in by now. Look again who you are.")),
        (Some("deny"), _) => {
            progress.gave_up = Some(GaveUp::Denied);
            Ok(None)
        }
        _ => Ok(Some("Say whether you agree.")),
    }
}

/// The page itself.
pub(super) fn page(
    asked: &Asked<'_>,
    screen: Screen,
    sessions: &Sessions,
    (resumed, complaint): (&Resumed, Option<Complaint>),
) -> Page {
    let (request, wanted) = (asked.request, &asked.draft.wanted);
    let (tenant, people) = (&request.arrival.place.tenant, &asked.world.people);
    let action = format!("{}{}", request.arrival.place.path(), screen.path());
    let token = resumed.token();
    let session = asked.session(sessions, &resumed.progress);
    let mut hidden = vec![(PARAM, resumed.id()), (TOKEN, &token)];
    hidden.extend(session.filter(|_| screen == Screen::Consent).map(|session| ("session", session.sid())));
    let dialog = Dialog {
        action: &action,
        hidden: &hidden,
        client: request.client(),
        redirect_uri: request.client.redirect_uri(),
        complaint,
        // Nobody has to enter again what was not wrong.
        entered: request.arrival.form.filter(|_| complaint.is_some()),
    };
    let user = session.and_then(|session| people.find(&session.login.user));
    let hint = user.map(|user| user.text("preferred_username").unwrap_or(user.subject()));
    let hint = hint.or(wanted.hint.as_deref()).unwrap_or_default();
    match screen {
        Screen::Login => {
            let mut accounts: Vec<Account<'_>> =
                people.at(tenant).filter(|u| u.password.is_none()).map(Account::of).collect();
            let meant = people.named(tenant, hint).map(User::subject);
            accounts.sort_by_key(|account| meant != Some(account.value));
            pages::login(&dialog, &accounts, hint)
        }
        Screen::OneTimeCode => {
            let half = resumed.progress.half.as_ref().and_then(|half| people.find(&half.user));
            pages::one_time_code(&dialog, half.map(Account::of))
        }
        Screen::Create => pages::create(&dialog, hint),
        Screen::Select => {
            let known = sessions.all().iter().filter(|session| asked.fits(session));
            let accounts: Vec<Account<'_>> = known
                .filter_map(|session| {
                    let user = people.find(&session.login.user)?;
                    Some(Account { value: session.sid(), ..Account::of(user) })
                })
                .collect();
            pages::select(&dialog, &accounts)
        }
        Screen::Consent => {
            let more = ["claims", "authorization_details"];
            let more = more.into_iter().filter_map(|name| Some((name, request.params.get(name)?))).collect();
            let ask = Ask { user: user.map(Account::of), scope: asked.draft.scope.tokens().collect(), more };
            pages::consent(&dialog, &ask)
        }
    }
}
