//! The other endpoints of OAuth: pushed requests, devices, registration, introspection, revocation, logout, resources.

use serde_json::json;

use super::{ELSEWHERE, Edit, Fault, Layer, Named, Point, error, remove, set};
use crate::fault::When;

const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";

fn foreign(path: &str) -> String {
    format!("{ELSEWHERE}/{path}")
}

faults! { ENDPOINTS of OAuth:
    PUSHED_EXPIRES_IN_ZERO = "pushed-expires-in-zero", PushedAuthorization, "RFC 9126 §2.2",
        "The pushed request has expired already", [set("expires_in", 0)];
    PUSHED_EXPIRES_IN_MISSING = "pushed-expires-in-missing", PushedAuthorization, "RFC 9126 §2.2",
        "Nothing says how long the pushed request lives", [remove("expires_in")];
    PUSHED_REQUEST_URI_MISSING = "pushed-request-uri-missing", PushedAuthorization, "RFC 9126 §2.2",
        "The pushed request has no name", [remove("request_uri")];
    PUSHED_REQUEST_URI_FOREIGN = "pushed-request-uri-foreign", PushedAuthorization, "RFC 9126 §2.2",
        "The pushed request is at somebody else's", [set("request_uri", foreign("request"))];
    PUSHED_STATUS_200 = "pushed-status-200", PushedAuthorization, "RFC 9126 §2.2",
        "The pushed request is answered with 200 instead of 201", [Edit::Status { code: 200 }];
    DEVICE_SLOW_DOWN = "device-slow-down", TokenResponse, "RFC 8628 §3.5",
        "A polling device is told slow_down", [error("slow_down", None)], for_grant(DEVICE);
    DEVICE_AUTHORIZATION_PENDING = "device-authorization-pending", TokenResponse, "RFC 8628 §3.5",
        "A polling device is told authorization_pending", [error("authorization_pending", None)], for_grant(DEVICE);
    DEVICE_ACCESS_DENIED = "device-access-denied", TokenResponse, "RFC 8628 §3.5",
        "A polling device is told access_denied", [error("access_denied", None)], for_grant(DEVICE);
    DEVICE_EXPIRED_TOKEN = "device-expired-token", TokenResponse, "RFC 8628 §3.5",
        "A polling device is told expired_token", [error("expired_token", None)], for_grant(DEVICE);
    DEVICE_INTERVAL_MISSING = "device-interval-missing", DeviceAuthorization, "RFC 8628 §3.2",
        "A device is not told how often it may ask: every five seconds", [remove("interval")];
    DEVICE_INTERVAL_HUGE = "device-interval-huge", DeviceAuthorization, "RFC 8628 §3.2",
        "A device is told to ask once in the age of the universe", [set("interval", u64::MAX)];
    DEVICE_EXPIRES_IN_ZERO = "device-expires-in-zero", DeviceAuthorization, "RFC 8628 §3.2",
        "The codes of a device have expired already", [set("expires_in", 0)];
    DEVICE_USER_CODE_MISSING = "device-user-code-missing", DeviceAuthorization, "RFC 8628 §3.2",
        "A device gets no code for the user", [remove("user_code")];
    DEVICE_VERIFICATION_URI_FOREIGN = "device-verification-uri-foreign", DeviceAuthorization, "RFC 8628 §5.4",
        "Users of a device are sent to somebody else", [set("verification_uri", foreign("device"))];
    BACKCHANNEL_AUTH_REQ_ID_MISSING = "backchannel-auth-req-id-missing", BackchannelAuthentication,
        "OpenID Connect CIBA 1.0 §7.3", "A backchannel request has no name", [remove("auth_req_id")];
    BACKCHANNEL_EXPIRES_IN_ZERO = "backchannel-expires-in-zero", BackchannelAuthentication,
        "OpenID Connect CIBA 1.0 §7.3", "A backchannel request has expired already", [set("expires_in", 0)];
    REGISTRATION_REFUSED = "registration-refused", Registration, "RFC 7591 §3.2.2",
        "Registration says invalid_client_metadata", [error("invalid_client_metadata", 400)];
    REGISTRATION_STATUS_200 = "registration-status-200", Registration, "RFC 7591 §3.2.1",
        "Registration is answered with 200 instead of 201", [Edit::Status { code: 200 }];
    REGISTRATION_CLIENT_ID_MISSING = "registration-client-id-missing", Registration, "RFC 7591 §3.2.1",
        "The registered client gets no identifier", [remove("client_id")];
    REGISTRATION_REDIRECT_URIS_CHANGED = "registration-redirect-uris-changed", Registration, "RFC 7591 §3.2.1",
        "The client is registered with other redirect URIs", [set("redirect_uris", json!([foreign("callback")]))];
    REGISTRATION_AUTH_METHOD_CHANGED = "registration-auth-method-changed", Registration, "RFC 7591 §3.2.1",
        "The client is registered with a method of authentication that nobody knows",
        [set("token_endpoint_auth_method", "handshake")];
    REGISTRATION_SECRET_EXPIRED = "registration-secret-expired", Registration, "RFC 7591 §3.2.1",
        "The secret of the registered client has expired", [set("client_secret_expires_at", 1)];
    REGISTRATION_SECRET_EXPIRY_MISSING = "registration-secret-expiry-missing", Registration, "RFC 7591 §3.2.1",
        "Nothing says how long the secret of the registered client lives", [remove("client_secret_expires_at")];
    INTROSPECTION_INACTIVE = "introspection-inactive", Introspection, "RFC 7662 §2.2",
        "A token that is good is said not to be", [set("active", false)];
    INTROSPECTION_ACTIVE_MISSING = "introspection-active-missing", Introspection, "RFC 7662 §2.2",
        "Nothing says whether a token is good", [remove("active")];
    INTROSPECTION_ACTIVE_STRING = "introspection-active-string", Introspection, "RFC 7662 §2.2",
        "Whether a token is good is said in text, which is never false", [set("active", "false")];
    INTROSPECTION_EXPIRED = "introspection-expired", Introspection, "RFC 7662 §2.2",
        "A token is said to be good and to have expired", [set("exp", 1)];
    INTROSPECTION_UNAVAILABLE = "introspection-unavailable", Introspection, "RFC 9110 §15.6.4",
        "Introspection fails with 503", [error("temporarily_unavailable", 503)];
    REVOCATION_UNAVAILABLE = "revocation-unavailable", Revocation, "RFC 7009 §2.2.1",
        "Revocation fails with 503, so that the token has to be taken for valid",
        [Edit::Status { code: 503 }, Edit::http_header("Retry-After", "5")];
    REVOCATION_UNSUPPORTED_TOKEN_TYPE = "revocation-unsupported-token-type", Revocation, "RFC 7009 §2.2.1",
        "Revocation says unsupported_token_type", [error("unsupported_token_type", 400)];
    RESOURCE_UNAVAILABLE = "resource-unavailable", Resource, "RFC 9110 §15.6.4",
        "The resource fails with 503", [Edit::Status { code: 503 }];
    RESOURCE_INVALID_TOKEN = "resource-invalid-token", Resource, "RFC 6750 §3.1",
        "The resource refuses a token that is good", [error("invalid_token", 401)];
    USERINFO_INVALID_TOKEN = "userinfo-invalid-token", Userinfo, "RFC 6750 §3.1",
        "UserInfo refuses a token that is good", [error("invalid_token", 401)];
    LOGOUT_UNAVAILABLE = "logout-unavailable", Logout, "RFC 9110 §15.6.4",
        "Logging out fails with 503", [Edit::Status { code: 503 }];
    PAGE_UNAVAILABLE = "page-unavailable", Page, "RFC 9110 §15.6.4",
        "The page for the person fails with 503", [Edit::Status { code: 503 }];
}
