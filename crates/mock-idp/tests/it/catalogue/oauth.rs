//! Token responses.

use serde_json::json;

use super::visit::{Visit, Way::Refresh, Way::Token};
use super::{Case, case};

pub(super) const CASES: &[Case] = &[
    case("error-invalid-request", Token, |visit| refused(visit, 400, "invalid_request")),
    case("error-invalid-client", Token, |visit| refused(visit, 401, "invalid_client")),
    case("error-invalid-grant", Token, |visit| refused(visit, 400, "invalid_grant")),
    case("error-unauthorized-client", Token, |visit| refused(visit, 400, "unauthorized_client")),
    case("error-unsupported-grant-type", Token, |visit| refused(visit, 400, "unsupported_grant_type")),
    case("error-invalid-scope", Token, |visit| refused(visit, 400, "invalid_scope")),
    case("error-unknown", Token, |visit| refused(visit, 400, "out_of_cheese")),
    case("error-not-a-string", Token, |visit| visit.answer.status == 400 && visit.json()["error"].is_object()),
    case("error-missing", Token, |visit| visit.answer.status == 400 && gone(visit, "error")),
    case("success-status-with-error", Token, |visit| refused(visit, 200, "invalid_grant")),
    case("expires-in-missing", Token, |visit| gone(visit, "expires_in")),
    case("expires-in-negative", Token, |visit| visit.json()["expires_in"] == -1),
    case("expires-in-zero", Token, |visit| visit.json()["expires_in"] == 0),
    case("expires-in-string", Token, |visit| visit.json()["expires_in"] == "3600"),
    case("expires-in-fraction", Token, |visit| visit.json()["expires_in"] == 3599.5),
    case("expires-in-huge", Token, |visit| visit.json()["expires_in"] == u64::MAX),
    case("expires-in-null", Token, |visit| visit.json().get("expires_in") == Some(&json!(null))),
    case("token-type-missing", Token, |visit| gone(visit, "token_type")),
    case("token-type-odd", Token, |visit| visit.json()["token_type"] == "mac"),
    case("token-type-upper-case", Token, |visit| visit.json()["token_type"] == "BEARER"),
    case("scope-widened", Token, |visit| visit.text("scope").is_some_and(|scope| scope == "openid email admin")),
    case("scope-narrowed", Token, |visit| visit.json()["scope"] == "openid"),
    case("scope-missing", Token, |visit| gone(visit, "scope")),
    case("scope-array", Token, |visit| visit.json()["scope"] == json!(["openid email", "admin"])),
    case("no-refresh-token", Token, |visit| gone(visit, "refresh_token")),
    case("access-token-missing", Token, |visit| gone(visit, "access_token")),
    case("access-token-empty", Token, |visit| visit.json()["access_token"] == ""),
    case("access-token-not-a-string", Token, |visit| visit.json()["access_token"] == 42),
    case("access-token-repeated", Token, |visit| {
        visit.answer.body.matches("\"access_token\"").count() == 2 && visit.answer.body.contains("\"another-token\"")
    }),
    case("access-token-with-newline", Token, |visit| {
        visit.text("access_token").is_some_and(|token| token.ends_with("\r\nX-Injected: 1"))
    }),
    case("id-token-missing", Token, |visit| gone(visit, "id_token")),
    case("id-token-garbage", Token, |visit| visit.json()["id_token"] == "not.a.token"),
    case("refresh-error-invalid-grant", Refresh, |visit| refused(visit, 400, "invalid_grant")),
    case("refresh-without-rotation", Refresh, |visit| gone(visit, "refresh_token")),
    case("refresh-unavailable", Refresh, |visit| refused(visit, 503, "temporarily_unavailable")),
];

/// Whether there is an answer that lacks a member.
fn gone(visit: &Visit, name: &str) -> bool {
    visit.json().as_object().is_some_and(|members| !members.contains_key(name))
}

fn refused(visit: &Visit, status: u16, error: &str) -> bool {
    visit.answer.status == status && visit.json()["error"] == error && gone(visit, "access_token")
}
