//! The page on which a person enters a user code and decides (RFC 8628 §3.3).
//!
//! A code in the URL fills the form and decides nothing (§5.4): the person sees who asks for what and has to agree, and
//! the form carries a ticket that belongs to a cookie of this browser.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use http::header::{COOKIE, SET_COOKIE};
use http::{HeaderValue, StatusCode};
use oauth_types::{ErrorCode, Params};
use sha2::{Digest, Sha256};

use super::{Decision, Names, USER_CODE, rule};
use crate::clients::Client;
use crate::escape::html;
use crate::memory::{Authorization, Login};
use crate::pages;
use crate::people::User;
use crate::ports::store::{Kept, Key, Record};
use crate::refusal::{Refusal, Rule};
use crate::reply::{Page, Reply, Stop};
use crate::spec::Call;

const COOKIE_NAME: &str = "mock-idp-device";
/// So many wrong codes are answered in a minute; then nobody is, until the minute is over (§5.1).
const GUESSES: u32 = 20;
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";

/// How many wrong codes were entered lately, by tenant.
#[derive(Debug, Default)]
pub(super) struct Guesses(Mutex<HashMap<String, (u64, u32)>>);

impl Guesses {
    /// Whether another guess is answered.
    fn allowed(&self, call: &Call<'_>) -> bool {
        let (minute, guesses) = (call.arrival.now / 60, self.0.lock().unwrap_or_else(PoisonError::into_inner));
        guesses.get(&call.arrival.place.tenant).is_none_or(|(then, count)| *then != minute || *count < GUESSES)
    }

    fn wrong(&self, call: &Call<'_>) {
        let minute = call.arrival.now / 60;
        let mut guesses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        guesses.retain(|_, (then, _)| *then == minute);
        guesses.entry(call.arrival.place.tenant.clone()).or_insert((minute, 0)).1 += 1;
    }
}

/// Answers a request of a browser.
pub(super) async fn answer(guesses: &Guesses, call: &Call<'_>) -> Reply {
    let arrival = call.arrival;
    let params = arrival.form.filter(|_| arrival.posted()).unwrap_or(arrival.query);
    let outcome = match (params.get("user_code"), params.get("decision")) {
        (None, _) => return shown(StatusCode::OK, "Enter the code", &entry()),
        (Some(entered), None) => ask(guesses, call, entered).await,
        (Some(entered), Some(_)) if arrival.posted() => decide(guesses, call, entered, params).await,
        (Some(_), Some(_)) => Err(NOT_CONFIRMED.because("A decision is made by POST").into()),
    };
    outcome.unwrap_or_else(|stop| match stop {
        Stop::Refused(refusal) => Reply::Page(refusal),
        Stop::Broken(what) => Reply::Broken { what, to: None },
    })
}

/// Puts the decision for `user` into the record of a device code.
pub(super) fn approve(call: &Call<'_>, client: &Client, user: &User, record: &mut Record) {
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

fn decided(record: &mut Record, decision: Decision) {
    let mut notes = record.notes.as_ref().clone();
    notes.set(&decision);
    record.notes = notes.into();
}

/// Shows who asks for what, and asks for a decision.
async fn ask(guesses: &Guesses, call: &Call<'_>, entered: &str) -> Result<Reply, Stop> {
    let (_, kept) = find(guesses, call, entered).await?;
    let (code, authorization) = (normal(entered), &kept.record.authorization);
    let cookie = match cookie(call) {
        Some(cookie) => cookie.to_owned(),
        None => {
            let cookie = call.ports.dice.handle();
            let secure = if call.arrival.place.issuer.starts_with("https:") { "; Secure" } else { "" };
            let text = format!("{COOKIE_NAME}={cookie}; HttpOnly; SameSite=Strict{secure}");
            if let Ok(value) = HeaderValue::try_from(text) {
                call.arrival.seen.answer_with(SET_COOKIE, value);
            }
            cookie
        }
    };
    let people: String = call.people.all().map(|user| option(user.subject())).collect();
    let body = format!(
        "<p>The device that shows <code id=\"user-code\">{}</code> asks for access as the client \
         <code id=\"client\">{}</code>.</p>\n<p>Scope: <code id=\"scope\">{}</code></p>\n\
         <p>Go on only if you see this code on a device of your own.</p>\n\
         <form method=\"post\" action=\"device\" id=\"device\">\n\
         <input type=\"hidden\" name=\"user_code\" value=\"{code}\">\n\
         <input type=\"hidden\" name=\"ticket\" value=\"{}\">\n\
         <p><label for=\"user\">Log in as</label> <select id=\"user\" name=\"user\">{people}</select></p>\n\
         <p><button id=\"approve\" type=\"submit\" name=\"decision\" value=\"approve\">Approve</button>\n\
         <button id=\"deny\" type=\"submit\" name=\"decision\" value=\"deny\">Deny</button></p>\n</form>",
        html(&format!("{}-{}", &code[..4], &code[4..])),
        html(&authorization.client_id),
        html(authorization.scope.as_str()),
        ticket(&cookie, &code),
    );
    Ok(shown(StatusCode::OK, "A device asks for access", &body))
}

async fn decide(guesses: &Guesses, call: &Call<'_>, entered: &str, params: &Params) -> Result<Reply, Stop> {
    let (key, kept) = find(guesses, call, entered).await?;
    let expected = cookie(call).map(|cookie| ticket(cookie, &normal(entered)));
    if expected.is_none() || params.get("ticket") != expected.as_deref() {
        return Err(NOT_CONFIRMED.because("Open the page first, and send its ticket with its cookie").into());
    }
    let Kept { mut record, version, .. } = kept;
    let said = match params.get("decision") {
        Some("approve") => {
            let name = params.get("user").unwrap_or_default();
            let user = call.people.find(name).ok_or_else(|| USER_UNKNOWN.refuse())?;
            let client_id = record.authorization.client_id.clone();
            let client = call.spine.client(call.arrival, &client_id).await?;
            let client = client.ok_or_else(|| USER_CODE_UNKNOWN.because("Its client is gone"))?;
            approve(call, &client, user, &mut record);
            "Approved. You can go back to your device."
        }
        _ => {
            decided(&mut record, Decision::Denied);
            "Denied. The device gets no access."
        }
    };
    match call.ports.store.replace(key, version, record).await? {
        true => Ok(shown(StatusCode::OK, "Done", &format!("<p id=\"done\">{said}</p>"))),
        false => Err(DECIDED.refuse().into()),
    }
}

/// The record of the device code that a user code stands for. It is alive and nobody has decided.
async fn find(guesses: &Guesses, call: &Call<'_>, entered: &str) -> Result<(Key, Kept), Stop> {
    if !guesses.allowed(call) {
        return Err(TOO_MANY.because("Wait for a minute").into());
    }
    let (store, tenant, now) = (&call.ports.store, &call.arrival.place.tenant, call.arrival.now);
    let unknown = || {
        guesses.wrong(call);
        Stop::from(USER_CODE_UNKNOWN.because("Look at the device again; the code may have expired"))
    };
    let code = normal(entered);
    if code.len() != 8 {
        return Err(unknown());
    }
    let named = store.get(Key::of(USER_CODE, tenant, &code)).await?;
    let Some(Names(key)) = named.and_then(|kept| kept.record.own()) else { return Err(unknown()) };
    let kept = store.get(key).await?.filter(|kept| kept.record.expires > now).ok_or_else(unknown)?;
    call.arrival.seen.client(&kept.record.authorization.client_id);
    match kept.record.own() {
        Some(Decision::Waiting) if kept.spent.is_none() => Ok((key, kept)),
        _ => Err(DECIDED.refuse().into()),
    }
}

/// A user code without what people put in between, in capitals (§6.1).
fn normal(entered: &str) -> String {
    let letters = entered.chars().filter(char::is_ascii_alphanumeric).take(16);
    letters.map(|letter| letter.to_ascii_uppercase()).collect()
}

fn cookie<'a>(call: &Call<'a>) -> Option<&'a str> {
    let headers = call.arrival.headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = headers.flat_map(|value| value.split("; ")).filter_map(|pair| pair.split_once('='));
    pairs.find(|(name, value)| *name == COOKIE_NAME && value.len() == 43).map(|(_, value)| value)
}

fn ticket(cookie: &str, code: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(format!("rfc8628 {cookie} {code}")))
}

fn option(subject: &str) -> String {
    format!("<option value=\"{0}\">{0}</option>", html(subject))
}

fn entry() -> String {
    "<form method=\"get\" action=\"device\" id=\"entry\">\n\
     <p><label for=\"user_code\">The code that your device shows</label>\n\
     <input id=\"user_code\" name=\"user_code\" autocomplete=\"off\" autocapitalize=\"characters\" \
     spellcheck=\"false\" required></p>\n<p><button type=\"submit\" id=\"continue\">Continue</button></p>\n</form>"
        .to_owned()
}

fn shown(status: StatusCode, title: &str, body: &str) -> Reply {
    Reply::Html { status, page: Page { html: pages::page(title, body), policy: POLICY.to_owned() } }
}

pub(super) static USER_CODE_UNKNOWN: Rule = rule(
    "rfc8628-user-code-unknown",
    "3.3",
    ErrorCode::InvalidRequest,
    "The user code has to be one that a device shows",
);

pub(super) static TOO_MANY: Rule =
    rule("rfc8628-too-many-guesses", "5.1", ErrorCode::AccessDenied, "User codes must not be guessed");

pub(super) static NOT_CONFIRMED: Rule = rule(
    "rfc8628-not-confirmed",
    "5.4",
    ErrorCode::InvalidRequest,
    "A person has to see the request and confirm it on the page",
);

pub(super) static DECIDED: Rule =
    rule("rfc8628-already-decided", "3.3", ErrorCode::InvalidRequest, "A request is decided once");

pub(super) static USER_UNKNOWN: Rule =
    rule("rfc8628-user-unknown", "3.3", ErrorCode::AccessDenied, "The user who approves has to be known");
