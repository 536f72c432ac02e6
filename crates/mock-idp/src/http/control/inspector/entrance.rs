//! Who may look: whoever may call the control API. Where that takes a token, a page asks for it.

use super::{INSPECT, Outcome, Page, Shown, Visit, Wrong};

/// Where a browser keeps what stands in the place of the control token: it is sent to these pages alone, and no script
/// reads it.
const COOKIE: &str = "mock_idp_control";

/// What follows [`INSPECT`] in the path that the token is sent to. No tenant's name begins with an underscore.
pub(super) const ENTER: &str = "_enter";

/// The page that asks for the token, if there has to be one; nothing if the visitor may look.
///
/// # Errors
/// If the visitor may not, and a token would not help.
pub(super) fn closed(visit: &Visit<'_>) -> Result<Option<Shown>, Wrong> {
    let Err(problem) = visit.app.control.judge_visitor(visit.parts, visit.cookie(COOKIE)) else { return Ok(None) };
    match problem.challenge() {
        Some(challenge) if !visit.is_post() => Ok(Some(Shown::Closed(ask(None), challenge))),
        _ => Err(problem.into()),
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
    match visit.app.control.admit(visit.parts, visit.must("token")?) {
        Ok(None) => Ok(Shown::GoTo(INSPECT.to_owned())),
        Ok(Some(kept)) => {
            let secure = if visit.is_secure() { "; Secure" } else { "" };
            let cookie = format!("{COOKIE}={kept}; Path={INSPECT}; HttpOnly; SameSite=Strict{secure}");
            Ok(Shown::With(INSPECT.to_owned(), cookie))
        }
        Err(problem) => match problem.challenge() {
            Some(challenge) => Ok(Shown::Closed(ask(Some("That is not the control token")), challenge)),
            None => Err(problem.into()),
        },
    }
}

fn ask(complaint: Option<&str>) -> Page {
    let complaint =
        complaint.map_or_else(String::new, |text| format!("<p id=\"complaint\" role=\"alert\">{text}.</p>\n"));
    let body = format!(
        "{complaint}<p>This server has a control token: it was given by <code>--control-token</code> or \
         <code>MOCK_IDP_CONTROL_TOKEN</code>.</p>\n\
         <form method=\"post\" action=\"{INSPECT}/{ENTER}\" id=\"enter\">\n\
         <p><label for=\"token\">Control token</label>\n\
         <input id=\"token\" name=\"token\" type=\"password\" autocomplete=\"current-password\" required></p>\n\
         <button type=\"submit\">Look</button>\n</form>\n"
    );
    Page::new("Who are you?", body)
}
