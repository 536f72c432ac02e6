//! What may stand in the query of an endpoint that takes forms: "The endpoint URI MAY include an
//! application/x-www-form-urlencoded formatted query component", and "The authorization server MUST ignore unrecognized
//! request parameters" (RFC 6749 §3.2). What is recognized belongs into the body.

use oauth_types::Params;
use oauth_types::params::display_name;

use super::rules::IN_QUERY;
use crate::refusal::Refusal;

/// The names of requests in the registry of OAuth parameters (RFC 6749 §11.2), and of the requests of RFC 7009, RFC 7662,
/// RFC 8628 and CIBA.
const REGISTERED: &[&str] = &[
    "access_token",
    "acr_values",
    "actor_token",
    "actor_token_type",
    "assertion",
    "audience",
    "auth_req_id",
    "authorization_details",
    "binding_message",
    "claims",
    "claims_locales",
    "client_assertion",
    "client_assertion_type",
    "client_id",
    "client_notification_token",
    "client_secret",
    "code",
    "code_challenge",
    "code_challenge_method",
    "code_verifier",
    "device_code",
    "display",
    "dpop_jkt",
    "grant_type",
    "id_token_hint",
    "login_hint",
    "login_hint_token",
    "max_age",
    "nonce",
    "password",
    "prompt",
    "redirect_uri",
    "refresh_token",
    "registration",
    "request",
    "request_uri",
    "requested_expiry",
    "requested_token_type",
    "resource",
    "response_mode",
    "response_type",
    "scope",
    "state",
    "subject_token",
    "subject_token_type",
    "token",
    "token_type_hint",
    "ui_locales",
    "user_code",
    "username",
];

/// Refuses a query with what belongs into the body, or is in the body as well.
pub(super) fn judge(query: &Params, form: Option<&Params>) -> Result<(), Refusal> {
    let is_sent = |name: &str| form.is_some_and(|form| form.iter().any(|(sent, _)| sent == name));
    let misplaced = query.iter().find(|(name, _)| REGISTERED.contains(name) || is_sent(name));
    match misplaced {
        Some((name, _)) => {
            Err(IN_QUERY.because(format!("The query has {}; queries end up in logs", display_name(name))))
        }
        None => Ok(()),
    }
}
