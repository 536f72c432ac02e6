//! Who may look: whoever may call the control API. Where that takes a token, a page asks for it.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use http::StatusCode;

use super::{INSPECT, Outcome, Page, Shown, Visit, Wrong};

/// Where a browser keeps the control token: it is sent to these pages alone, and no script reads it.
const COOKIE: &str = "mock_idp_control";

/// The page that asks for the token, if there has to be one; nothing if the visitor may look.
///
/// # Errors
/// If the visitor may not, and a token would not help.
pub(super) fn closed(visit: &Visit<'_>) -> Result<Option<Shown>, Wrong> {
    let token = visit.cookie(COOKIE).and_then(plain);
    let judged = visit.app.control.judge_visitor(visit.parts, token.as_deref());
    match judged {
        Ok(()) => Ok(None),
        Err(problem) if problem.status() == StatusCode::UNAUTHORIZED && !visit.is_post() => {
            Ok(Some(ask(None).into()))
        }
        Err(problem) => Err(problem.into()),
    }
}

/// Takes the token that was entered.
///
/// # Errors
/// If the page of somebody else sent it.
pub(super) fn enter(visit: &Visit<'_>) -> Outcome {
    if !visit.is_post() {
        return Ok(Shown::GoTo(INSPECT.to_owned()));
    }
    let token = visit.must("token")?;
    match visit.app.control.judge_visitor(visit.parts, Some(token)) {
        Ok(()) => {
            let secure = if visit.is_secure() { "; Secure" } else { "" };
            let value = BASE64_URL_SAFE_NO_PAD.encode(token);
            let cookie = format!("{COOKIE}={value}; Path={INSPECT}; HttpOnly; SameSite=Strict{secure}");
            Ok(Shown::With(INSPECT.to_owned(), cookie))
        }
        Err(problem) if problem.status() == StatusCode::UNAUTHORIZED => {
            Ok(ask(Some("That is not the control token")).into())
        }
        Err(problem) => Err(problem.into()),
    }
}

fn plain(value: &str) -> Option<String> {
    String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(value).ok()?).ok()
}

fn ask(complaint: Option<&str>) -> Page {
    let complaint =
        complaint.map_or_else(String::new, |text| format!("<p id=\"complaint\" role=\"alert\">{text}.</p>\n"));
    let body = format!(
        "{complaint}<p>This server has a control token: it was given by <code>--control-token</code> or \
         <code>MOCK_IDP_CONTROL_TOKEN</code>.</p>\n\
         <form method=\"post\" action=\"{INSPECT}/enter\" id=\"enter\">\n<p><label for=\"token\">Control token</label>\n\
         <input id=\"token\" name=\"token\" type=\"password\" autocomplete=\"current-password\" required></p>\n\
         <button type=\"submit\">Look</button>\n</form>\n"
    );
    Page::new("Who are you?", body)
}
