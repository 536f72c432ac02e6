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
    let guess = match names.contains(&"code_verifier") {
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
    let without = visit.must("without")?;
    let without = PROOFS.iter().copied().find(|proof| *proof == without);
    let own = |params: &mut dyn Iterator<Item = (&str, &str)>| -> Params {
        params.filter(|(name, _)| Some(*name) != without).collect()
    };
    let query = own(&mut seen.params.iter().take(seen.in_query));
    let mut form = own(&mut seen.params.iter().skip(seen.in_query));
    if visit.must("do")? == "guess" {
        form.set("code_verifier", GUESS);
    }
    let is_form = seen.params.len() > seen.in_query;
    let inner = Inner {
        query,
        form: is_form.then_some(form),
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

/// The headers of a request that is sent again. What was about its connection and its length is made anew.
fn headers(seen: &HeaderMap, without: Option<&str>) -> HeaderMap {
    let connection = [CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING];
    let wanted = |name: &HeaderName| !connection.contains(name) && Some(name.as_str()) != without;
    let kept = seen.iter().filter(|(name, _)| wanted(name));
    // Whoever sends no secret in the form sends none in the header either.
    let secret = without == Some("client_secret");
    kept.filter(|(name, _)| !(secret && **name == AUTHORIZATION))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}
