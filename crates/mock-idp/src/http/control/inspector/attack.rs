//! A request once more, as somebody sends it who saw it on the way: whole, or without what proves whose it is.

use std::fmt::Write as _;

use http::header::{AUTHORIZATION, CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, StatusCode};
use oauth_types::Params;
use oauth_types::journal::Entry;

use super::super::aside::aside;
use super::super::call::shown;
use super::within::Inner;
use super::{INSPECT, Outcome, Shown, Visit, Wrong};
use crate::escape::html;
use crate::http::journal;

/// What an attacker leaves out or does not have: parameters and headers that tie a request to whoever makes it.
const PROOFS: &[&str] = &[
    "code_verifier",
    "client_secret",
    "client_assertion",
    "redirect_uri",
    "state",
    "nonce",
    "code_challenge",
    "resource",
    "authorization",
    "dpop",
    "cookie",
];

/// What a guess looks like: as long as a verifier has to be (RFC 7636 §4.1), and nobody's.
const GUESS: &str = "a-guess-of-somebody-who-never-saw-the-verifier";

/// The parameter that is guessed.
const GUESSED: &str = "code_verifier";

/// What a request is sent without.
#[derive(Clone, Copy)]
enum Without {
    Nothing,
    Proof(&'static str),
}

/// How a request is sent once more.
#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    Again,
    /// With a verifier that is a guess.
    Guess,
}

impl Without {
    fn of(name: &str) -> Option<Self> {
        let proof = || PROOFS.iter().find(|proof| **proof == name).map(|proof| Self::Proof(proof));
        if name == "nothing" { Some(Self::Nothing) } else { proof() }
    }

    fn is(self, name: &str) -> bool {
        matches!(self, Self::Proof(proof) if proof == name)
    }
}

impl How {
    fn of(name: &str) -> Option<Self> {
        match name {
            "again" => Some(Self::Again),
            "guess" => Some(Self::Guess),
            _ => None,
        }
    }
}

/// Why a request cannot be sent again as it was, if it cannot.
pub(super) fn obstacle(seen: &journal::Entry) -> Option<&'static str> {
    match seen {
        journal::Entry { with_certificate: true, .. } => Some("It cannot be sent again: its certificate is not kept"),
        journal::Entry { is_whole: false, .. } => Some("The journal has only the beginning of this body"),
        _ => None,
    }
}

/// The form below a request.
pub(super) fn form(entry: &Entry, own: &str) -> String {
    let number = entry.number;
    let mut options = String::from("<option value=\"nothing\">nothing: as it was</option>\n");
    let parameters = entry.request.query.iter().chain(&entry.request.form).chain(&entry.request.headers);
    let names: Vec<&str> = parameters.map(|pair| pair.name.as_str()).collect();
    for proof in PROOFS.iter().filter(|proof| names.contains(proof)) {
        // Writing into a string cannot fail.
        let _ = writeln!(options, "<option value=\"{proof}\">{proof}</option>");
    }
    let mut sent = entry.request.query.iter().chain(&entry.request.form);
    let guess = match sent.any(|pair| pair.name == GUESSED) {
        true => "<button type=\"submit\" name=\"do\" value=\"guess\">Send it with a guessed code_verifier</button>\n",
        false => "",
    };
    format!(
        "<form method=\"post\" action=\"{}/attack\" id=\"attack-{number}\">\n\
         <input type=\"hidden\" name=\"entry\" value=\"{number}\">\n\
         <p><label for=\"without-{number}\">As an attacker who saw it, leave out</label>\n\
         <select id=\"without-{number}\" name=\"without\">\n{options}</select></p>\n\
         <button type=\"submit\" name=\"do\" value=\"again\">Send it again</button>\n{guess}</form>\n",
        html(own)
    )
}

/// Sends a request again, and shows what came of it.
pub(super) async fn attack(visit: &Visit<'_>, name: &str) -> Outcome {
    let tenant = visit.tenant(name)?;
    let number = visit.must("entry")?.parse::<u64>();
    let number = number.map_err(|_| Wrong::of(StatusCode::BAD_REQUEST, "entry is the number of a request"))?;
    let gone = || Wrong::of(StatusCode::NOT_FOUND, "The journal has no such request, or no longer");
    let journal = tenant.journal();
    let seen = journal.iter().find(|entry| entry.number == number).ok_or_else(gone)?;
    let bad = |says: &str| Wrong::of(StatusCode::BAD_REQUEST, says);
    let without = Without::of(visit.must("without")?).ok_or_else(|| bad("without is nothing, or a proof"))?;
    let how = How::of(visit.must("do")?).ok_or_else(|| bad("do is again or guess"))?;
    if let Some(obstacle) = obstacle(seen) {
        return Err(Wrong::of(StatusCode::CONFLICT, obstacle));
    }
    if how == How::Guess && seen.params.all(GUESSED).next().is_none() {
        return Err(Wrong::of(StatusCode::CONFLICT, "This request had no code_verifier"));
    }
    let is_form = seen.params.len() > seen.in_query;
    let inner = Inner {
        query: params(seen.params.iter().take(seen.in_query), without, how),
        form: is_form.then(|| params(seen.params.iter().skip(seen.in_query), without, how)),
        body: seen.body.clone(),
        headers: headers(&seen.headers, without),
        ..Inner::new(seen.method.clone(), tenant.name(), &seen.path)
    };
    let before = journal.last().map_or(0, |entry| entry.number);
    inner.answered(visit.app).await?;
    let found = aside({
        let tenant = tenant.clone();
        move || tenant.journal().redacted().into_iter().find(|entry| entry.number > before)
    });
    let path = format!("{INSPECT}/{}", shown(tenant.name()));
    Ok(Shown::GoTo(match found.await? {
        Some(Entry { number, flow: Some(flow), .. }) => format!("{path}/flows/{flow}#entry-{number}"),
        _ => path,
    }))
}

/// The parameters of a request that is sent again. A guess stands wherever the verifier stood, and nowhere else.
fn params<'p>(seen: impl Iterator<Item = (&'p str, &'p str)>, without: Without, how: How) -> Params {
    let guessed = |name: &str| how == How::Guess && name == GUESSED;
    let kept = seen.filter(|(name, _)| guessed(name) || !without.is(name));
    kept.map(|(name, value)| (name, if guessed(name) { GUESS } else { value })).collect()
}

/// The headers of a request that is sent again. What was about its connection and its length is made anew.
fn headers(seen: &HeaderMap, without: Without) -> HeaderMap {
    let connection = [CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING];
    let wanted = |name: &HeaderName| !connection.contains(name) && !without.is(name.as_str());
    let kept = seen.iter().filter(|(name, _)| wanted(name));
    // Whoever sends no secret in the form sends none in the header either.
    let secret = without.is("client_secret");
    kept.filter(|(name, _)| !(secret && **name == AUTHORIZATION))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}
