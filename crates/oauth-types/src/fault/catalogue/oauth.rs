//! Token responses that are not what RFC 6749 §5 describes.

use serde_json::json;

use super::{Fault, Layer, Named, Point, append, error, remove, repeat, set, suffix};
use crate::fault::When;

const REFRESH: &str = "refresh_token";

faults! { OAUTH of OAuth:
    ERROR_INVALID_REQUEST = "error-invalid-request", TokenResponse, "RFC 6749 §5.2",
        "The token endpoint says invalid_request", [error("invalid_request", None)];
    ERROR_INVALID_CLIENT = "error-invalid-client", TokenResponse, "RFC 6749 §5.2",
        "The token endpoint says invalid_client, with 401", [error("invalid_client", 401)];
    ERROR_INVALID_GRANT = "error-invalid-grant", TokenResponse, "RFC 6749 §5.2",
        "The token endpoint says invalid_grant", [error("invalid_grant", None)];
    ERROR_UNAUTHORIZED_CLIENT = "error-unauthorized-client", TokenResponse, "RFC 6749 §5.2",
        "The token endpoint says unauthorized_client", [error("unauthorized_client", None)];
    ERROR_UNSUPPORTED_GRANT_TYPE = "error-unsupported-grant-type", TokenResponse, "RFC 6749 §5.2",
        "The token endpoint says unsupported_grant_type", [error("unsupported_grant_type", None)];
    ERROR_INVALID_SCOPE = "error-invalid-scope", TokenResponse, "RFC 6749 §5.2",
        "The token endpoint says invalid_scope", [error("invalid_scope", None)];
    ERROR_UNKNOWN = "error-unknown", TokenResponse, "RFC 6749 §8.5",
        "The token endpoint says an error that no document knows", [error("out_of_cheese", None)];
    ERROR_NOT_A_STRING = "error-not-a-string", TokenResponse, "RFC 6749 §5.2",
        "The token endpoint says an error that is an object",
        [error("invalid_request", None), set("error", json!({"code": 400, "message": "invalid_request"}))];
    ERROR_MISSING = "error-missing", TokenResponse, "RFC 6749 §5.2",
        "The token endpoint says that something is wrong, but not what", [error("invalid_request", None), remove("error")];
    SUCCESS_STATUS_WITH_ERROR = "success-status-with-error", TokenResponse, "RFC 6749 §5.2",
        "An error has the status 200", [error("invalid_grant", 200)];
    EXPIRES_IN_MISSING = "expires-in-missing", TokenResponse, "RFC 6749 §5.1",
        "The answer does not say how long the token lives", [remove("expires_in")];
    EXPIRES_IN_NEGATIVE = "expires-in-negative", TokenResponse, "RFC 6749 §5.1",
        "The token has a negative time to live", [set("expires_in", -1)];
    EXPIRES_IN_ZERO = "expires-in-zero", TokenResponse, "RFC 6749 §5.1",
        "The token has expired already", [set("expires_in", 0)];
    EXPIRES_IN_STRING = "expires-in-string", TokenResponse, "RFC 6749 §5.1",
        "The time to live is text", [set("expires_in", "3600")];
    EXPIRES_IN_FRACTION = "expires-in-fraction", TokenResponse, "RFC 6749 §5.1",
        "The time to live has a fraction", [set("expires_in", 3599.5)];
    EXPIRES_IN_HUGE = "expires-in-huge", TokenResponse, "RFC 6749 §5.1",
        "The time to live overflows what is added to it", [set("expires_in", u64::MAX)];
    EXPIRES_IN_NULL = "expires-in-null", TokenResponse, "RFC 6749 §5.1",
        "The time to live is null", [set("expires_in", json!(null))];
    TOKEN_TYPE_MISSING = "token-type-missing", TokenResponse, "RFC 6749 §5.1",
        "The token has no type", [remove("token_type")];
    TOKEN_TYPE_ODD = "token-type-odd", TokenResponse, "RFC 6749 §7.1",
        "The token has a type that the client cannot know", [set("token_type", "mac")];
    TOKEN_TYPE_UPPER_CASE = "token-type-upper-case", TokenResponse, "RFC 6749 §5.1",
        "The type of the token is in capitals, which means the same", [set("token_type", "BEARER")];
    SCOPE_WIDENED = "scope-widened", TokenResponse, "RFC 6749 §3.3",
        "The token is good for more than was asked for", [suffix("scope", " admin")];
    SCOPE_NARROWED = "scope-narrowed", TokenResponse, "RFC 6749 §3.3",
        "The token is good for less than was asked for", [set("scope", "openid")];
    SCOPE_MISSING = "scope-missing", TokenResponse, "RFC 6749 §5.1",
        "The answer does not say what the token is good for", [remove("scope")];
    SCOPE_ARRAY = "scope-array", TokenResponse, "RFC 6749 §3.3",
        "The scope is an array", [append("scope", "admin")];
    NO_REFRESH_TOKEN = "no-refresh-token", TokenResponse, "RFC 6749 §5.1",
        "There is no refresh token", [remove("refresh_token")];
    ACCESS_TOKEN_MISSING = "access-token-missing", TokenResponse, "RFC 6749 §5.1",
        "There is no access token", [remove("access_token")];
    ACCESS_TOKEN_EMPTY = "access-token-empty", TokenResponse, "RFC 6750 §2.1",
        "The access token is empty", [set("access_token", "")];
    ACCESS_TOKEN_NOT_A_STRING = "access-token-not-a-string", TokenResponse, "RFC 6749 §5.1",
        "The access token is a number", [set("access_token", 42)];
    ACCESS_TOKEN_REPEATED = "access-token-repeated", TokenResponse, "RFC 6749 §5.1",
        "There are two access tokens in one object", [repeat("access_token", "another-token")];
    ACCESS_TOKEN_WITH_NEWLINE = "access-token-with-newline", TokenResponse, "RFC 6750 §2.1",
        "The access token would begin another header", [suffix("access_token", "\r\nX-Injected: 1")];
    ID_TOKEN_MISSING = "id-token-missing", TokenResponse, "OpenID Connect Core 1.0 §3.1.3.3",
        "There is no ID token", [remove("id_token")];
    ID_TOKEN_GARBAGE = "id-token-garbage", TokenResponse, "OpenID Connect Core 1.0 §3.1.3.3",
        "The ID token is no token", [set("id_token", "not.a.token")];
    REFRESH_ERROR_INVALID_GRANT = "refresh-error-invalid-grant", TokenResponse, "RFC 6749 §5.2",
        "Refresh tokens are refused with invalid_grant", [error("invalid_grant", None)], for_grant(REFRESH);
    REFRESH_WITHOUT_ROTATION = "refresh-without-rotation", TokenResponse, "RFC 6749 §6",
        "No new refresh token comes for the old one", [remove("refresh_token")], for_grant(REFRESH);
    REFRESH_UNAVAILABLE = "refresh-unavailable", TokenResponse, "RFC 9110 §15.6.4",
        "Refreshing fails with 503", [error("temporarily_unavailable", 503)], for_grant(REFRESH);
}
