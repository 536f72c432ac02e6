//! §3.1.2.1: what an authentication request asks of the login.

use oauth_types::ErrorCode;
use serde_json::Value;

use super::claims::Requested;
use crate::doctor;
use crate::documents;
use crate::people::Wanted;
use crate::refusal::{Refusal, Rule};
use crate::request::AuthorizationRequest;
use crate::sessions::Hint;

/// The `prompt` values that are defined; `create` is of OpenID Connect Prompt Create 1.0.
pub(super) const PROMPTS: &[&str] = &["none", "login", "consent", "select_account", "create"];

/// The `display` values that are defined. The pages are the same for each of them.
pub(super) const DISPLAYS: &[&str] = &["page", "popup", "touch", "wap"];

/// The languages of the pages.
pub(super) const LOCALES: &[&str] = &["en"];

/// The most values of a list that are looked at.
const MOST: usize = 16;

/// Reads what a request asks of the login.
pub(super) fn wanted(request: &AuthorizationRequest<'_>) -> Result<Wanted, Refusal> {
    let params = request.params;
    let list = |name: &str| {
        let values = params.get(name).unwrap_or_default().split(' ').filter(|value| !value.is_empty());
        values.take(MOST).map(str::to_owned).collect::<Vec<_>>()
    };
    if let Some(display) = params.get("display").filter(|display| !DISPLAYS.contains(display)) {
        let shown: String = display.chars().take(40).collect();
        return Err(DISPLAY.because(format!("'{shown}' is not one of {}", DISPLAYS.join(", "))));
    }
    Ok(Wanted {
        hint: params.get("login_hint").map(str::to_owned),
        subject: params.get("id_token_hint").map(|hint| subject(request, hint)).transpose()?,
        prompt: params.get("prompt").map(prompt).transpose()?.unwrap_or_default(),
        max_age: params.get("max_age").map(max_age).transpose()?.or_else(|| client_default(request)),
        acr: Some(list("acr_values")).filter(|acr| !acr.is_empty()).unwrap_or_else(|| default_acr(request)),
        acr_essential: false,
        locales: list("ui_locales"),
    })
}

/// Adds what the claims parameter asks of the login: who it has to be, and of which class (§5.5.1).
pub(super) fn narrow(wanted: &mut Wanted, requested: &Requested) -> Result<(), Refusal> {
    if let Some(subject) = requested.subject() {
        if wanted.subject.as_deref().is_some_and(|hinted| hinted != subject) {
            return Err(SUBJECTS.refuse());
        }
        wanted.subject = Some(subject.to_owned());
    }
    if let Some((acr, essential)) = requested.acr() {
        (wanted.acr, wanted.acr_essential) = (acr, essential);
    }
    Ok(())
}

/// `default_max_age` of the client's metadata (OpenID Connect Dynamic Client Registration §2).
fn client_default(request: &AuthorizationRequest<'_>) -> Option<u64> {
    request.client().member("default_max_age").and_then(Value::as_u64)
}

/// `default_acr_values` of the client's metadata (OpenID Connect Dynamic Client Registration §2).
fn default_acr(request: &AuthorizationRequest<'_>) -> Vec<String> {
    let values = request.client().member("default_acr_values").and_then(Value::as_array);
    values.into_iter().flatten().filter_map(Value::as_str).take(MOST).map(str::to_owned).collect()
}

/// The one that the ID token of an earlier login is about.
fn subject(request: &AuthorizationRequest<'_>, hint: &str) -> Result<String, Refusal> {
    let hint = Hint::read(request.ports, request.arrival.place, hint, Some(request.client()));
    let hint = hint.map_err(|what| HINT.because(what))?;
    match hint.client_id == request.client().client_id() {
        true => Ok(hint.subject),
        false => Err(HINT.because("It was issued to another client")),
    }
}

fn prompt(text: &str) -> Result<Vec<String>, Refusal> {
    let values: Vec<&str> = text.split(' ').collect();
    if let Some(unknown) = values.iter().find(|value| !PROMPTS.contains(value)) {
        let shown: String = unknown.chars().take(40).collect();
        let meant = doctor::did_you_mean(unknown, PROMPTS.iter().copied());
        return Err(PROMPT.because(format!("{meant}'{shown}' is not one of {}", PROMPTS.join(", "))));
    }
    match values.contains(&"none") && values.len() > 1 {
        true => Err(PROMPT.because("none cannot be combined with another value")),
        false => Ok(values.into_iter().map(str::to_owned).collect()),
    }
}

fn max_age(text: &str) -> Result<u64, Refusal> {
    match text.parse::<u32>() {
        Ok(age) if !text.starts_with('+') => Ok(age.into()),
        _ if text.starts_with('-') => Err(MAX_AGE.because("Leave it out to ask for nothing")),
        _ => Err(MAX_AGE.because("It has digits alone: no unit, no fraction, no sign")),
    }
}

pub(super) static DISPLAY: Rule = Rule {
    id: "oidc-display-unknown",
    document: &documents::OIDC_CORE,
    section: "3.1.2.1",
    error: ErrorCode::InvalidRequest,
    says: "The display has to be a value that is defined",
};

pub(super) static HINT: Rule = Rule {
    id: "oidc-id-token-hint-invalid",
    document: &documents::OIDC_CORE,
    section: "3.1.2.1",
    error: ErrorCode::InvalidRequest,
    says: "An id_token_hint is an ID token that this issuer issued to this client; it may have expired",
};

pub(super) static MAX_AGE: Rule = Rule {
    id: "oidc-max-age-malformed",
    document: &documents::OIDC_CORE,
    section: "3.1.2.1",
    error: ErrorCode::InvalidRequest,
    says: "A max_age is a number of seconds, not negative",
};

pub(super) static PROMPT: Rule = Rule {
    id: "oidc-prompt-malformed",
    document: &documents::OIDC_CORE,
    section: "3.1.2.1",
    error: ErrorCode::InvalidRequest,
    says: "A prompt is a list of defined values with one space between them",
};

pub(super) static SUBJECTS: Rule = Rule {
    id: "oidc-two-subjects",
    document: &documents::OIDC_CORE,
    section: "5.5.1",
    error: ErrorCode::InvalidRequest,
    says: "The claims parameter and id_token_hint must not ask for two different users",
};
