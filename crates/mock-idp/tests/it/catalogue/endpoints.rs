//! The other endpoints.

use serde_json::json;

use super::visit::Visit;
use super::visit::Way::{
    Backchannel, Device, Introspection, Logout, Page, Polling, Pushed, Registration, Resource, Revocation, Userinfo,
};
use super::{Case, case};

pub(super) const CASES: &[Case] = &[
    case("pushed-expires-in-zero", Pushed, |visit| visit.json()["expires_in"] == 0),
    case("pushed-expires-in-missing", Pushed, |visit| gone(visit, "expires_in")),
    case("pushed-request-uri-missing", Pushed, |visit| gone(visit, "request_uri")),
    case("pushed-request-uri-foreign", Pushed, |visit| {
        visit.json()["request_uri"] == "https://attacker.example/request"
    }),
    case("pushed-status-200", Pushed, |visit| visit.answer.status == 200 && !gone(visit, "request_uri")),
    case("device-slow-down", Polling, |visit| refused(visit, 400, "slow_down")),
    case("device-authorization-pending", Polling, |visit| refused(visit, 400, "authorization_pending")),
    case("device-access-denied", Polling, |visit| refused(visit, 400, "access_denied")),
    case("device-expired-token", Polling, |visit| refused(visit, 400, "expired_token")),
    case("device-interval-missing", Device, |visit| gone(visit, "interval")),
    case("device-interval-huge", Device, |visit| visit.json()["interval"] == u64::MAX),
    case("device-expires-in-zero", Device, |visit| visit.json()["expires_in"] == 0),
    case("device-user-code-missing", Device, |visit| gone(visit, "user_code")),
    case("device-verification-uri-foreign", Device, |visit| {
        visit.json()["verification_uri"] == "https://attacker.example/device"
    }),
    case("backchannel-auth-req-id-missing", Backchannel, |visit| gone(visit, "auth_req_id")),
    case("backchannel-expires-in-zero", Backchannel, |visit| visit.json()["expires_in"] == 0),
    case("registration-refused", Registration, |visit| refused(visit, 400, "invalid_client_metadata")),
    case("registration-status-200", Registration, |visit| visit.answer.status == 200 && !gone(visit, "client_id")),
    case("registration-client-id-missing", Registration, |visit| gone(visit, "client_id")),
    case("registration-redirect-uris-changed", Registration, |visit| {
        visit.json()["redirect_uris"] == json!(["https://attacker.example/callback"])
    }),
    case("registration-auth-method-changed", Registration, |visit| {
        visit.json()["token_endpoint_auth_method"] == "handshake"
    }),
    case("registration-secret-expired", Registration, |visit| visit.json()["client_secret_expires_at"] == 1),
    case("registration-secret-expiry-missing", Registration, |visit| gone(visit, "client_secret_expires_at")),
    case("introspection-inactive", Introspection, |visit| visit.json()["active"] == false),
    case("introspection-active-missing", Introspection, |visit| gone(visit, "active")),
    case("introspection-active-string", Introspection, |visit| visit.json()["active"] == "false"),
    case("introspection-expired", Introspection, |visit| visit.json()["active"] == true && visit.json()["exp"] == 1),
    case("introspection-unavailable", Introspection, |visit| refused(visit, 503, "temporarily_unavailable")),
    case("revocation-unavailable", Revocation, |visit| {
        visit.answer.status == 503 && visit.answer.header("retry-after") == Some("5")
    }),
    case("revocation-unsupported-token-type", Revocation, |visit| refused(visit, 400, "unsupported_token_type")),
    case("resource-unavailable", Resource, |visit| visit.answer.status == 503),
    case("resource-invalid-token", Resource, challenged),
    case("userinfo-invalid-token", Userinfo, challenged),
    case("logout-unavailable", Logout, |visit| visit.answer.status == 503),
    case("page-unavailable", Page, |visit| visit.answer.status == 503),
];

/// Whether there is an answer that lacks a member.
fn gone(visit: &Visit, name: &str) -> bool {
    visit.json().as_object().is_some_and(|members| !members.contains_key(name))
}

fn refused(visit: &Visit, status: u16, error: &str) -> bool {
    visit.answer.status == status && visit.json()["error"] == error
}

fn challenged(visit: &Visit) -> bool {
    let challenge = visit.answer.header("www-authenticate");
    refused(visit, 401, "invalid_token") && challenge == Some("Bearer error=\"invalid_token\"")
}
