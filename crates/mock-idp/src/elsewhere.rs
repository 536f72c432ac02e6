//! Requests that are authorized on another device (RFC 8628, OpenID Connect CIBA): what the person decided, how often
//! the client may ask, and the page on which the person decides.
//!
//! The page shows who asks for what and decides nothing by itself: its form carries a ticket that belongs to a cookie
//! of the browser that saw it.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use http::header::{COOKIE, SET_COOKIE};
use http::{HeaderValue, StatusCode};
use oauth_types::Params;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::clients::Client;
use crate::escape::html;
use crate::memory::{Authorization, Life, Login, Note};
use crate::pages;
use crate::people::User;
use crate::ports::store::{Key, Record};
use crate::reply::{Page, Reply, Stop};
use crate::request::TokenRequest;
use crate::sessions::Sessions;
use crate::spec::Call;

const COOKIE_NAME: &str = "mock-idp-device";
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";

/// The most users who are offered on the page.
const MOST_OFFERED: usize = 50;

/// What the person decided. It is kept with the record that the client asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Decision {
    /// Nothing yet.
    Waiting,
    /// The client gets tokens.
    Approved,
    /// It gets none.
    Denied,
}

impl Note for Decision {
    const NAME: &'static str = "elsewhere/decision";
    const LIFE: Life = Life::Code;
}

/// The record that the page decides on, by its key.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Names(pub Key);

impl Note for Names {
    const NAME: &'static str = "elsewhere/names";
    const LIFE: Life = Life::Code;
}

/// When a client asked last, and how long it has to wait, in seconds.
#[derive(Debug, Serialize, Deserialize)]
struct Polled {
    last: u64,
    interval: u64,
}

impl Note for Polled {
    const NAME: &'static str = "elsewhere/polled";
    const LIFE: Life = Life::Code;
}

/// The user of this identifier, if whoever is in front of the browser may decide for them: nothing is asked of them, or
/// they are logged in here.
pub(crate) async fn decider<'a>(call: &Call<'a>, subject: &str) -> Result<Option<&'a User>, Stop> {
    let Some(user) = call.people.find(subject) else { return Ok(None) };
    if asks_nothing(user) {
        return Ok(Some(user));
    }
    let sessions = Sessions::of(call.arrival, call.ports, call.policy).await?;
    Ok(sessions.of_user(subject).map(|_| user))
}

/// The users whom [`decider`] would find, those who are logged in first: not more than anybody would choose from.
async fn deciders<'a>(call: &Call<'a>, only: Option<&str>) -> Result<Vec<&'a User>, Stop> {
    let sessions = Sessions::of(call.arrival, call.ports, call.policy).await?;
    let own = || {
        let all = call.people.at(&call.arrival.place.tenant);
        all.filter(move |user| only.is_none_or(|wanted| wanted == user.subject()))
    };
    let is_here = |user: &&User| sessions.of_user(user.subject()).is_some();
    let others = own().filter(|user| asks_nothing(user) && !is_here(user));
    Ok(own().filter(is_here).chain(others).take(MOST_OFFERED).collect())
}

/// Whether anybody may say that they are this user.
fn asks_nothing(user: &User) -> bool {
    user.password.is_none() && user.one_time_code.is_none()
}

/// Puts the consent of `user` into a record.
pub(crate) fn approve(call: &Call<'_>, client: &Client, user: &User, record: &mut Record) {
    let login = Login {
        user: user.subject().to_owned(),
        auth_time: call.arrival.now,
        acr: None,
        amr: Vec::new(),
        session: None,
    };
    let subject = call.spine.subject(client, user);
    let before = Authorization::clone(&record.authorization);
    record.authorization = Authorization { subject, login: Some(login), ..before }.into();
    decided(record, Decision::Approved);
}

/// Puts a decision into a record.
pub(crate) fn decided(record: &mut Record, decision: Decision) {
    let mut notes = record.notes.as_ref().clone();
    notes.set(&decision);
    record.notes = notes.into();
}

/// Keeps a client from asking too often. A poll that comes too early makes the wait five seconds longer (RFC 8628
/// §3.5, CIBA §11); the answer then says what to do.
pub(crate) async fn pace(
    request: &TokenRequest<'_>,
    key: Key,
    interval: u64,
    expires: u64,
) -> Result<Option<String>, Stop> {
    let (now, store) = (request.arrival.now, &request.ports.store);
    let before = store.get(key).await?.and_then(|kept| kept.record.own::<Polled>());
    let interval = before.as_ref().map_or(interval, |polled| polled.interval);
    let early = before.filter(|polled| now < polled.last.saturating_add(polled.interval));
    let interval = if early.is_some() { interval.saturating_add(5) } else { interval };
    let note = Polled { last: now, interval };
    store.put(key, Record::of(request.client().client_id(), &note, now, expires)).await?;
    Ok(early.map(|polled| {
        let waited = now.saturating_sub(polled.last);
        format!("The last poll was {waited} seconds ago; wait {interval} seconds from now on")
    }))
}

/// What a person is asked to decide on.
pub(crate) struct Question<'a> {
    /// What the page is called.
    pub title: &'static str,
    /// The path of the page below the issuer, without a slash.
    pub action: &'static str,
    /// The name of the parameter that says what is decided on.
    pub name: &'static str,
    /// Its value.
    pub value: &'a str,
    /// What the page says first, in HTML.
    pub says: String,
    /// The user who has to decide, if it is not anybody.
    pub user: Option<&'a str>,
}

/// The page that asks for a decision.
pub(crate) async fn ask(call: &Call<'_>, question: &Question<'_>) -> Result<Reply, Stop> {
    let cookie = match cookie(call) {
        Some(cookie) => cookie.to_owned(),
        None => {
            let cookie = call.ports.dice.handle();
            let secure = if call.arrival.place.is_secure() { "; Secure" } else { "" };
            let text = format!("{COOKIE_NAME}={cookie}; HttpOnly; SameSite=Strict{secure}");
            if let Ok(value) = HeaderValue::try_from(text) {
                call.arrival.seen.answer_with(SET_COOKIE, value);
            }
            cookie
        }
    };
    let (choice, approve) = approval(&deciders(call, question.user).await?);
    let body = format!(
        "{}\n<form method=\"post\" action=\"{}\" id=\"decide\">\n\
         <input type=\"hidden\" name=\"{}\" value=\"{}\">\n\
         <input type=\"hidden\" name=\"ticket\" value=\"{}\">\n\
         {choice}<p>{approve}<button id=\"deny\" type=\"submit\" name=\"decision\" value=\"deny\">Deny</button></p>\n</form>",
        question.says,
        question.action,
        question.name,
        html(question.value),
        ticket(&cookie, question.value),
    );
    Ok(shown(question.title, &body))
}

/// The choice of one of these users, and the button by which they approve.
fn approval(people: &[&User]) -> (String, &'static str) {
    if people.is_empty() {
        let says = "Nobody can approve here: a user with a password has to be logged in in this browser first.";
        return (format!("<p id=\"nobody\">{says}</p>\n"), "");
    }
    let option = |user: &&User| format!("<option value=\"{0}\">{0}</option>", html(user.subject()));
    let options: String = people.iter().map(option).collect();
    let choice = format!(
        "<p><label for=\"user\">Log in as</label> <select id=\"user\" name=\"user\">{options}</select></p>\n"
    );
    (choice, "<button id=\"approve\" type=\"submit\" name=\"decision\" value=\"approve\">Approve</button>\n")
}

/// Whether a decision comes from a browser that saw the page.
pub(crate) fn is_confirmed(call: &Call<'_>, value: &str, params: &Params) -> bool {
    let expected = cookie(call).map(|cookie| ticket(cookie, value));
    call.arrival.posted() && expected.is_some() && params.get("ticket") == expected.as_deref()
}

/// A page of this kind.
pub(crate) fn shown(title: &str, body: &str) -> Reply {
    let page = Page { html: pages::page(title, body), policy: POLICY.to_owned() };
    Reply::Html { status: StatusCode::OK, page }
}

fn cookie<'a>(call: &Call<'a>) -> Option<&'a str> {
    let headers = call.arrival.headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = headers.flat_map(|value| value.split("; ")).filter_map(|pair| pair.split_once('='));
    pairs.find(|(name, value)| *name == COOKIE_NAME && value.len() == 43).map(|(_, value)| value)
}

fn ticket(cookie: &str, value: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(format!("elsewhere {cookie} {value}")))
}
