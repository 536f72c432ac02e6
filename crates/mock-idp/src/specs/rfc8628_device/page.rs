//! The page on which a person enters a user code and decides (RFC 8628 §3.3). A code in the URL fills the form and
//! decides nothing (§5.4).

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use oauth_types::{ErrorCode, Params};

use super::{USER_CODE, rule};
use crate::elsewhere::{self, Decision, Names, Question};
use crate::escape::html;
use crate::ports::store::{Kept, Key};
use crate::refusal::Rule;
use crate::reply::{Reply, Stop};
use crate::spec::Call;

/// So many wrong codes are answered in a minute; then nobody is, until the minute is over (§5.1).
const GUESSES: u32 = 20;

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
    let params = call.arrival.form.filter(|_| call.arrival.posted()).unwrap_or(call.arrival.query);
    let outcome = match (params.get("user_code"), params.get("decision")) {
        (None, _) => return elsewhere::shown("Enter the code", ENTRY),
        (Some(entered), None) => ask(guesses, call, entered).await,
        (Some(entered), Some(decision)) => decide(guesses, call, (entered, decision), params).await,
    };
    outcome.unwrap_or_else(|stop| match stop {
        Stop::Refused(refusal) => Reply::Page(refusal),
        Stop::Broken(what) => Reply::Broken { what, to: None },
    })
}

/// Shows who asks for what, and asks for a decision.
async fn ask(guesses: &Guesses, call: &Call<'_>, entered: &str) -> Result<Reply, Stop> {
    let (_, kept) = find(guesses, call, entered).await?;
    let (code, authorization) = (normal(entered), &kept.record.authorization);
    let says = format!(
        "<p>The device that shows <code id=\"user-code\">{}-{}</code> asks for access as the client \
         <code id=\"client\">{}</code>.</p>\n<p>Scope: <code id=\"scope\">{}</code></p>\n\
         <p>Go on only if you see this code on a device of your own.</p>",
        html(&code[..4]),
        html(&code[4..]),
        html(&authorization.client_id),
        html(authorization.scope.as_str()),
    );
    let question = Question {
        title: "A device asks for access",
        action: "device",
        name: "user_code",
        value: &code,
        says,
        user: None,
    };
    elsewhere::ask(call, &question).await
}

async fn decide(
    guesses: &Guesses,
    call: &Call<'_>,
    (entered, decision): (&str, &str),
    params: &Params,
) -> Result<Reply, Stop> {
    let (key, kept) = find(guesses, call, entered).await?;
    if !elsewhere::is_confirmed(call, &normal(entered), params) {
        return Err(NOT_CONFIRMED.because("Open the page first, and POST its ticket with its cookie").into());
    }
    let Kept { mut record, version, .. } = kept;
    let said = if decision == "approve" {
        let user = elsewhere::decider(call, params.get("user").unwrap_or_default()).await?;
        let user = user.ok_or_else(|| USER_UNKNOWN.because("One with a password has to be logged in here first"))?;
        let client_id = record.authorization.client_id.clone();
        let client = call.spine.client(call.arrival, &client_id).await?;
        let client = client.ok_or_else(|| USER_CODE_UNKNOWN.because("Its client is gone"))?;
        elsewhere::approve(call, &client, user, &mut record);
        "<p id=\"done\">Approved. You can go back to your device.</p>"
    } else {
        elsewhere::decided(&mut record, Decision::Denied);
        "<p id=\"done\">Denied. The device gets no access.</p>"
    };
    match call.ports.store.replace(key, version, record).await? {
        true => Ok(elsewhere::shown("Done", said)),
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

const ENTRY: &str = "<form method=\"get\" action=\"device\" id=\"entry\">\n\
     <p><label for=\"user_code\">The code that your device shows</label>\n\
     <input id=\"user_code\" name=\"user_code\" autocomplete=\"off\" autocapitalize=\"characters\" \
     spellcheck=\"false\" required></p>\n<p><button type=\"submit\" id=\"continue\">Continue</button></p>\n</form>";

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
