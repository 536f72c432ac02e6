//! Claims of ID tokens: wrong, missing, of the wrong type, and too many. They may be moved to other tokens.

use serde_json::json;

use super::{ELSEWHERE, Fault, Layer, Named, Point, append, remove, set, shift, suffix};
use crate::fault::When;

/// Longer than anything lives.
const DAY: i64 = 86_400;

faults! { CLAIMS of Claims:
    INVALID_ISS = "invalid-iss", IdToken, "OpenID Connect Core 1.0 §3.1.3.7",
        "The issuer is another one", [set("iss", ELSEWHERE)];
    ISS_NORMALISED = "iss-normalised", IdToken, "OpenID Connect Core 1.0 §3.1.3.7",
        "The issuer has a slash more", [suffix("iss", "/")];
    MISSING_ISS = "missing-iss", IdToken, "OpenID Connect Core 1.0 §2", "There is no issuer", [remove("iss")];
    ISS_WRONG_TYPE = "iss-wrong-type", IdToken, "RFC 7519 §4.1.1", "The issuer is an array", [append("iss", ELSEWHERE)];
    INVALID_AUD = "invalid-aud", IdToken, "OpenID Connect Core 1.0 §3.1.3.7",
        "The token is for somebody else", [set("aud", "another-client")];
    AUD_EXTRA = "aud-extra", IdToken, "OpenID Connect Core 1.0 §3.1.3.7",
        "The token is for somebody else as well", [append("aud", "another-client")];
    MISSING_AUD = "missing-aud", IdToken, "OpenID Connect Core 1.0 §2", "There is no audience", [remove("aud")];
    AUD_WRONG_TYPE = "aud-wrong-type", IdToken, "RFC 7519 §4.1.3", "The audience is a number", [set("aud", 1)];
    INVALID_AZP = "invalid-azp", IdToken, "OpenID Connect Core 1.0 §3.1.3.7",
        "The authorized party is another client", [set("azp", "another-client")];
    MISSING_AZP = "missing-azp", IdToken, "OpenID Connect Core 1.0 §2",
        "The audience has two members, and no party is authorized", [append("aud", "another-client"), remove("azp")];
    AZP_WRONG_TYPE = "azp-wrong-type", IdToken, "OpenID Connect Core 1.0 §2",
        "The authorized party is an array", [set("azp", json!(["another-client"]))];
    NONCE_INVALID = "nonce-invalid", IdToken, "OpenID Connect Core 1.0 §3.1.3.7",
        "The nonce is that of another request", [set("nonce", "nonce-of-another-request")];
    MISSING_NONCE = "missing-nonce", IdToken, "OpenID Connect Core 1.0 §3.1.3.7",
        "There is no nonce, although one was sent", [remove("nonce")];
    NONCE_WRONG_TYPE = "nonce-wrong-type", IdToken, "OpenID Connect Core 1.0 §2",
        "The nonce is an array", [append("nonce", "nonce-of-another-request")];
    INVALID_SUB = "invalid-sub", IdToken, "OpenID Connect Core 1.0 §2",
        "The subject is another one", [set("sub", "mallory")];
    MISSING_SUB = "missing-sub", IdToken, "OpenID Connect Core 1.0 §2", "There is no subject", [remove("sub")];
    SUB_WRONG_TYPE = "sub-wrong-type", IdToken, "RFC 7519 §4.1.2", "The subject is a number", [set("sub", 1)];
    SUB_EMPTY = "sub-empty", IdToken, "OpenID Connect Core 1.0 §2", "The subject is empty", [set("sub", "")];
    INVALID_EXP = "invalid-exp", IdToken, "OpenID Connect Core 1.0 §3.1.3.7",
        "The token expired a day ago", [shift("exp", -DAY)];
    MISSING_EXP = "missing-exp", IdToken, "OpenID Connect Core 1.0 §2", "The token never expires", [remove("exp")];
    EXP_WRONG_TYPE = "exp-wrong-type", IdToken, "RFC 7519 §4.1.4",
        "The time of expiry is text", [set("exp", "2099-12-31T23:59:59Z")];
    EXP_HUGE = "exp-huge", IdToken, "RFC 7519 §2", "The time of expiry overflows", [set("exp", u64::MAX)];
    INVALID_IAT = "invalid-iat", IdToken, "OpenID Connect Core 1.0 §3.1.3.7",
        "The token was issued tomorrow", [shift("iat", DAY)];
    IAT_OLD = "iat-old", IdToken, "OpenID Connect Core 1.0 §3.1.3.7",
        "The token was issued a day ago", [shift("iat", -DAY)];
    MISSING_IAT = "missing-iat", IdToken, "OpenID Connect Core 1.0 §2",
        "Nothing says when the token was issued", [remove("iat")];
    IAT_WRONG_TYPE = "iat-wrong-type", IdToken, "RFC 7519 §4.1.6", "The time of issue is text", [set("iat", "now")];
    INVALID_NBF = "invalid-nbf", IdToken, "RFC 7519 §4.1.5",
        "The token is not valid before 2100", [set("nbf", 4_102_444_800_u64)];
    NBF_WRONG_TYPE = "nbf-wrong-type", IdToken, "RFC 7519 §4.1.5",
        "The time before which the token is not valid is text", [set("nbf", "tomorrow")];
    INVALID_AUTH_TIME = "invalid-auth-time", IdToken, "OpenID Connect Core 1.0 §3.1.3.7",
        "The user logged in a day too early", [shift("auth_time", -DAY)];
    MISSING_AUTH_TIME = "missing-auth-time", IdToken, "OpenID Connect Core 1.0 §2",
        "Nothing says when the user logged in, although max_age was sent", [remove("auth_time")];
    AUTH_TIME_WRONG_TYPE = "auth-time-wrong-type", IdToken, "OpenID Connect Core 1.0 §2",
        "The time of the login is text", [set("auth_time", "just now")];
    INVALID_ACR = "invalid-acr", IdToken, "OpenID Connect Core 1.0 §3.1.3.7",
        "The user logged in with the weakest means", [set("acr", "0")];
    MISSING_ACR = "missing-acr", IdToken, "OpenID Connect Core 1.0 §5.5.1.1",
        "Nothing says how well the user logged in, although that was asked for", [remove("acr")];
    ACR_WRONG_TYPE = "acr-wrong-type", IdToken, "OpenID Connect Core 1.0 §2",
        "How well the user logged in is a number", [set("acr", 2)];
    AMR_WRONG_TYPE = "amr-wrong-type", IdToken, "OpenID Connect Core 1.0 §2",
        "How the user logged in is one text", [set("amr", "pwd")];
    INVALID_ATHASH = "invalid-athash", IdToken, "OpenID Connect Core 1.0 §3.1.3.8",
        "The hash is that of another access token", [set("at_hash", "AAAAAAAAAAAAAAAAAAAAAA")];
    MISSING_ATHASH = "missing-athash", IdToken, "OpenID Connect Core 1.0 §3.2.2.10",
        "There is no hash of the access token", [remove("at_hash")];
    ATHASH_WRONG_TYPE = "athash-wrong-type", IdToken, "OpenID Connect Core 1.0 §3.1.3.6",
        "The hash of the access token is a number", [set("at_hash", 1)];
    INVALID_CHASH = "invalid-chash", IdToken, "OpenID Connect Core 1.0 §3.3.2.10",
        "The hash is that of another code", [set("c_hash", "AAAAAAAAAAAAAAAAAAAAAA")];
    MISSING_CHASH = "missing-chash", IdToken, "OpenID Connect Core 1.0 §3.3.2.11",
        "There is no hash of the code", [remove("c_hash")];
    CHASH_WRONG_TYPE = "chash-wrong-type", IdToken, "OpenID Connect Core 1.0 §3.3.2.11",
        "The hash of the code is a number", [set("c_hash", 1)];
    INVALID_SHASH = "invalid-shash", IdToken, "FAPI 1.0 Advanced §5.2.3.1",
        "The hash is that of another state", [set("s_hash", "AAAAAAAAAAAAAAAAAAAAAA")];
    EXTRA_CLAIM = "extra-claim", IdToken, "OpenID Connect Core 1.0 §2",
        "There is a claim that nobody knows, which is to be ignored", [set("https://attacker.example/claim", json!({"a": [1]}))];
}
