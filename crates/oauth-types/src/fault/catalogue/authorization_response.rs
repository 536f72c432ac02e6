//! Authorization responses that were exchanged, replayed or forged.

use super::{ELSEWHERE, Fault, Layer, Named, Point, error, remove, repeat, set, suffix};
use crate::fault::When;

faults! { AUTHORIZATION_RESPONSE of AuthorizationResponse:
    ISS_PARAMETER_MISSING = "iss-parameter-missing", AuthorizationResponse, "RFC 9207 §2.4",
        "The response does not say whose it is, although the metadata promise it", [remove("iss")];
    ISS_PARAMETER_WRONG = "iss-parameter-wrong", AuthorizationResponse, "RFC 9207 §2.4",
        "The response is said to be another server's", [set("iss", ELSEWHERE)];
    ISS_PARAMETER_NORMALISED = "iss-parameter-normalised", AuthorizationResponse, "RFC 9207 §2.4",
        "The issuer of the response has a slash more", [suffix("iss", "/")];
    ISS_PARAMETER_REPEATED = "iss-parameter-repeated", AuthorizationResponse, "RFC 6749 §3.1",
        "The response names two issuers", [repeat("iss", ELSEWHERE)];
    STATE_MISSING = "state-missing", AuthorizationResponse, "RFC 6749 §4.1.2",
        "The response has no state", [remove("state")];
    STATE_WRONG = "state-wrong", AuthorizationResponse, "RFC 6749 §10.12",
        "The response has the state of another request", [set("state", "state-of-another-request")];
    STATE_REPEATED = "state-repeated", AuthorizationResponse, "RFC 6749 §3.1",
        "The response has two states", [repeat("state", "state-of-another-request")];
    CODE_MISSING = "code-missing", AuthorizationResponse, "RFC 6749 §4.1.2",
        "The response has neither a code nor an error", [remove("code")];
    CODE_WRONG = "code-wrong", AuthorizationResponse, "RFC 9700 §4.5",
        "The response has a code that nobody issued", [set("code", "code-of-another-login")];
    CODE_REPEATED = "code-repeated", AuthorizationResponse, "RFC 6749 §3.1",
        "The response has two codes", [repeat("code", "code-of-another-login")];
    CODE_AND_ERROR = "code-and-error", AuthorizationResponse, "RFC 6749 §4.1.2.1",
        "The response has both a code and an error", [set("error", "server_error")];
    AUTHORIZATION_ACCESS_DENIED = "authorization-access-denied", AuthorizationResponse, "RFC 6749 §4.1.2.1",
        "The response is access_denied", [error("access_denied", None)];
    AUTHORIZATION_SERVER_ERROR = "authorization-server-error", AuthorizationResponse, "RFC 6749 §4.1.2.1",
        "The response is server_error", [error("server_error", None)];
    AUTHORIZATION_TEMPORARILY_UNAVAILABLE = "authorization-temporarily-unavailable", AuthorizationResponse,
        "RFC 6749 §4.1.2.1", "The response is temporarily_unavailable", [error("temporarily_unavailable", None)];
    AUTHORIZATION_LOGIN_REQUIRED = "authorization-login-required", AuthorizationResponse,
        "OpenID Connect Core 1.0 §3.1.2.6", "The response is login_required", [error("login_required", None)];
    AUTHORIZATION_UNKNOWN_ERROR = "authorization-unknown-error", AuthorizationResponse, "RFC 6749 §8.5",
        "The response is an error that no document knows", [error("out_of_cheese", None)];
    ERROR_WITHOUT_STATE = "error-without-state", AuthorizationResponse, "RFC 6749 §4.1.2.1",
        "The response is an error without the state", [error("server_error", None), remove("state")];
}
