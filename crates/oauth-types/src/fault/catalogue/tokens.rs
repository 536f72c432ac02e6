//! Claims elsewhere than in the ID token of a login: UserInfo, refreshing, access tokens, JARM, introspection, logout.

use serde_json::json;

use super::{ELSEWHERE, Edit, Fault, Layer, Named, Point, remove, repeat, set, shift};
use crate::fault::{Signature, When};

const REFRESH: &str = "refresh_token";

/// Longer than anything lives.
const DAY: i64 = 86_400;

fn sign(with: Signature) -> Edit {
    Edit::sign(with)
}

faults! { TOKENS of Claims:
    USERINFO_INVALID_SUB = "userinfo-invalid-sub", Userinfo, "OpenID Connect Core 1.0 §5.3.2",
        "UserInfo is about somebody else", [set("sub", "mallory")];
    USERINFO_MISSING_SUB = "userinfo-missing-sub", Userinfo, "OpenID Connect Core 1.0 §5.3.2",
        "UserInfo does not say whom it is about", [remove("sub")];
    USERINFO_SUB_WRONG_TYPE = "userinfo-sub-wrong-type", Userinfo, "OpenID Connect Core 1.0 §5.3.2",
        "The subject of UserInfo is a number", [set("sub", 1)];
    USERINFO_SUB_REPEATED = "userinfo-sub-repeated", Userinfo, "RFC 8259 §4",
        "There are two subjects in one object", [repeat("sub", "mallory")];
    USERINFO_EMAIL_WRONG_TYPE = "userinfo-email-wrong-type", Userinfo, "OpenID Connect Core 1.0 §5.1",
        "Whether the address is verified is said in text", [set("email_verified", "false")];
    USERINFO_TOKEN_INVALID_ISS = "userinfo-token-invalid-iss", UserinfoToken, "OpenID Connect Core 1.0 §5.3.2",
        "The issuer of a signed UserInfo answer is another one", [set("iss", ELSEWHERE)];
    USERINFO_TOKEN_INVALID_AUD = "userinfo-token-invalid-aud", UserinfoToken, "OpenID Connect Core 1.0 §5.3.2",
        "A signed UserInfo answer is for somebody else", [set("aud", "another-client")];
    USERINFO_TOKEN_INVALID_SUB = "userinfo-token-invalid-sub", UserinfoToken, "OpenID Connect Core 1.0 §5.3.2",
        "A signed UserInfo answer is about somebody else", [set("sub", "mallory")];
    USERINFO_TOKEN_SIG_NONE = "userinfo-token-sig-none", UserinfoToken, "RFC 8725 §2.1",
        "A UserInfo answer that should be signed is not", [sign(Signature::AlgNone)];
    REFRESH_TOKEN_INVALID_ISSUER = "refresh-token-invalid-issuer", IdToken, "OpenID Connect Core 1.0 §12.2",
        "The ID token of a refresh has another issuer", [set("iss", ELSEWHERE)], for_grant(REFRESH);
    REFRESH_TOKEN_INVALID_SUB = "refresh-token-invalid-sub", IdToken, "OpenID Connect Core 1.0 §12.2",
        "The ID token of a refresh has another subject", [set("sub", "mallory")], for_grant(REFRESH);
    REFRESH_TOKEN_INVALID_AUD = "refresh-token-invalid-aud", IdToken, "OpenID Connect Core 1.0 §12.2",
        "The ID token of a refresh is for somebody else", [set("aud", "another-client")], for_grant(REFRESH);
    REFRESH_TOKEN_INVALID_AUTH_TIME = "refresh-token-invalid-auth-time", IdToken, "OpenID Connect Core 1.0 §12.2",
        "The ID token of a refresh names another time of login", [set("auth_time", 1)], for_grant(REFRESH);
    ACCESS_TOKEN_INVALID_ISS = "access-token-invalid-iss", AccessToken, "RFC 9068 §4",
        "The issuer of the access token is another one", [set("iss", ELSEWHERE)];
    ACCESS_TOKEN_INVALID_AUD = "access-token-invalid-aud", AccessToken, "RFC 9068 §4",
        "The access token is for another resource", [set("aud", ELSEWHERE)];
    ACCESS_TOKEN_EXPIRED = "access-token-expired", AccessToken, "RFC 9068 §4",
        "The access token expired a day ago", [shift("exp", -DAY)];
    ACCESS_TOKEN_SIG_NONE = "access-token-sig-none", AccessToken, "RFC 9068 §4",
        "The access token is not signed", [sign(Signature::AlgNone)];
    ACCESS_TOKEN_TYP_JWT = "access-token-typ-jwt", AccessToken, "RFC 9068 §4",
        "The access token is said to be any JWT", [Edit::jose_header("typ", "JWT")];
    JARM_INVALID_ISS = "jarm-invalid-iss", ResponseToken, "JARM §2.4",
        "The issuer of the response is another one", [set("iss", ELSEWHERE)];
    JARM_INVALID_AUD = "jarm-invalid-aud", ResponseToken, "JARM §2.4",
        "The response is for somebody else", [set("aud", "another-client")];
    JARM_EXPIRED = "jarm-expired", ResponseToken, "JARM §2.4",
        "The response expired in 1970", [set("exp", 1)];
    JARM_INVALID_STATE = "jarm-invalid-state", ResponseToken, "JARM §2.4",
        "The response has the state of another request", [set("state", "state-of-another-request")];
    JARM_SIG_NONE = "jarm-sig-none", ResponseToken, "JARM §2.4",
        "The response is not signed", [sign(Signature::AlgNone)];
    INTROSPECTION_TOKEN_INVALID_ISS = "introspection-token-invalid-iss", IntrospectionToken, "RFC 9701 §5",
        "The issuer of a signed introspection answer is another one", [set("iss", ELSEWHERE)];
    INTROSPECTION_TOKEN_INVALID_AUD = "introspection-token-invalid-aud", IntrospectionToken, "RFC 9701 §5",
        "A signed introspection answer is for another resource", [set("aud", ELSEWHERE)];
    INTROSPECTION_TOKEN_SIG_NONE = "introspection-token-sig-none", IntrospectionToken, "RFC 9701 §5",
        "An introspection answer that should be signed is not", [sign(Signature::AlgNone)];
    BACKCHANNEL_RPINITLOGOUT_ALG_NONE = "backchannel-rpinitlogout-alg-none", LogoutToken,
        "OpenID Connect Back-Channel Logout 1.0 §2.6", "The logout token is not signed", [sign(Signature::AlgNone)];
    BACKCHANNEL_RPINITLOGOUT_WRONG_AUD = "backchannel-rpinitlogout-wrong-aud", LogoutToken,
        "OpenID Connect Back-Channel Logout 1.0 §2.6", "The logout token is for somebody else", [set("aud", "another-client")];
    BACKCHANNEL_RPINITLOGOUT_WRONG_ISS = "backchannel-rpinitlogout-wrong-iss", LogoutToken,
        "OpenID Connect Back-Channel Logout 1.0 §2.6", "The issuer of the logout token is another one", [set("iss", ELSEWHERE)];
    BACKCHANNEL_RPINITLOGOUT_WRONG_EVENT = "backchannel-rpinitlogout-wrong-event", LogoutToken,
        "OpenID Connect Back-Channel Logout 1.0 §2.6", "The logout token is about another event",
        [set("events", json!({"http://schemas.openid.net/event/other": {}}))];
    BACKCHANNEL_RPINITLOGOUT_WITH_NONCE = "backchannel-rpinitlogout-with-nonce", LogoutToken,
        "OpenID Connect Back-Channel Logout 1.0 §2.4", "The logout token has a nonce", [set("nonce", "n0nce")];
    BACKCHANNEL_LOGOUT_MISSING_EVENTS = "backchannel-logout-missing-events", LogoutToken,
        "OpenID Connect Back-Channel Logout 1.0 §2.4", "The logout token is about no event", [remove("events")];
    BACKCHANNEL_LOGOUT_MISSING_JTI = "backchannel-logout-missing-jti", LogoutToken,
        "OpenID Connect Back-Channel Logout 1.0 §2.4", "The logout token has no identifier", [remove("jti")];
    BACKCHANNEL_LOGOUT_MISSING_SUB_AND_SID = "backchannel-logout-missing-sub-and-sid", LogoutToken,
        "OpenID Connect Back-Channel Logout 1.0 §2.4", "The logout token does not say who logged out",
        [remove("sub"), remove("sid")];
    BACKCHANNEL_LOGOUT_INVALID_SID = "backchannel-logout-invalid-sid", LogoutToken,
        "OpenID Connect Back-Channel Logout 1.0 §2.6", "The logout token is about another session", [set("sid", "another-session")];
    BACKCHANNEL_LOGOUT_EXPIRED = "backchannel-logout-expired", LogoutToken,
        "OpenID Connect Back-Channel Logout 1.0 §2.6", "The logout token expired a day ago", [shift("exp", -DAY)];
}
