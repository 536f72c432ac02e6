//! Claims, in every token and document that has some.

use serde_json::{Value, json};

use super::visit::Visit;
use super::visit::Way::{
    Assured, Hybrid, IntrospectionToken, Jarm, LogoutToken, Refresh, Token, Userinfo, UserinfoToken,
};
use super::{Case, case};

const ELSEWHERE: &str = "https://attacker.example";
const DAY: i64 = 86_400;

pub(super) const CASES: &[Case] = &[
    case("invalid-iss", Token, |visit| id(visit)["iss"] == ELSEWHERE),
    case("iss-normalised", Token, |visit| id(visit)["iss"].as_str().is_some_and(|iss| iss.ends_with('/'))),
    case("missing-iss", Token, |visit| gone(&id(visit), "iss")),
    case("iss-wrong-type", Token, |visit| id(visit)["iss"].is_array()),
    case("invalid-aud", Token, |visit| id(visit)["aud"] == "another-client"),
    case("aud-extra", Token, |visit| id(visit)["aud"] == json!(["public", "another-client"])),
    case("missing-aud", Token, |visit| gone(&id(visit), "aud")),
    case("aud-wrong-type", Token, |visit| id(visit)["aud"] == 1),
    case("invalid-azp", Token, |visit| id(visit)["azp"] == "another-client"),
    case("missing-azp", Token, |visit| id(visit)["aud"].is_array() && gone(&id(visit), "azp")),
    case("azp-wrong-type", Token, |visit| id(visit)["azp"].is_array()),
    case("nonce-invalid", Token, |visit| id(visit)["nonce"] == "nonce-of-another-request"),
    case("missing-nonce", Token, |visit| gone(&id(visit), "nonce")),
    case("nonce-wrong-type", Token, |visit| id(visit)["nonce"].is_array()),
    case("invalid-sub", Token, |visit| id(visit)["sub"] == "mallory"),
    case("missing-sub", Token, |visit| gone(&id(visit), "sub")),
    case("sub-wrong-type", Token, |visit| id(visit)["sub"] == 1),
    case("sub-empty", Token, |visit| id(visit)["sub"] == ""),
    case("invalid-exp", Token, |visit| expired(&id(visit))),
    case("missing-exp", Token, |visit| gone(&id(visit), "exp")),
    case("exp-wrong-type", Token, |visit| id(visit)["exp"].is_string()),
    case("exp-huge", Token, |visit| id(visit)["exp"] == u64::MAX),
    case("invalid-iat", Token, |visit| expired(&id(visit))),
    case("iat-old", Token, |visit| number(&id(visit), "exp") - number(&id(visit), "iat") > DAY),
    case("missing-iat", Token, |visit| gone(&id(visit), "iat")),
    case("iat-wrong-type", Token, |visit| id(visit)["iat"] == "now"),
    case("invalid-nbf", Token, |visit| id(visit)["nbf"] == 4_102_444_800_u64),
    case("nbf-wrong-type", Token, |visit| id(visit)["nbf"] == "tomorrow"),
    case("invalid-auth-time", Token, |visit| number(&id(visit), "iat") - number(&id(visit), "auth_time") >= DAY),
    case("missing-auth-time", Token, |visit| gone(&id(visit), "auth_time")),
    case("auth-time-wrong-type", Token, |visit| id(visit)["auth_time"].is_string()),
    case("invalid-acr", Token, |visit| id(visit)["acr"] == "0"),
    case("missing-acr", Assured, |visit| gone(&id(visit), "acr")),
    case("acr-wrong-type", Token, |visit| id(visit)["acr"].is_number()),
    case("amr-wrong-type", Token, |visit| id(visit)["amr"].is_string()),
    case("invalid-athash", Token, |visit| id(visit)["at_hash"] == "AAAAAAAAAAAAAAAAAAAAAA"),
    case("missing-athash", Hybrid, |visit| gone(&id(visit), "at_hash")),
    case("athash-wrong-type", Token, |visit| id(visit)["at_hash"] == 1),
    case("invalid-chash", Hybrid, |visit| id(visit)["c_hash"] == "AAAAAAAAAAAAAAAAAAAAAA"),
    case("missing-chash", Hybrid, |visit| gone(&id(visit), "c_hash")),
    case("chash-wrong-type", Hybrid, |visit| id(visit)["c_hash"] == 1),
    case("invalid-shash", Hybrid, |visit| id(visit)["s_hash"] == "AAAAAAAAAAAAAAAAAAAAAA"),
    case("extra-claim", Token, |visit| id(visit)["https://attacker.example/claim"].is_object()),
    case("userinfo-invalid-sub", Userinfo, |visit| visit.json()["sub"] == "mallory"),
    case("userinfo-missing-sub", Userinfo, |visit| gone(&visit.json(), "sub")),
    case("userinfo-sub-wrong-type", Userinfo, |visit| visit.json()["sub"] == 1),
    case("userinfo-sub-repeated", Userinfo, |visit| visit.answer.body.matches("\"sub\"").count() == 2),
    case("userinfo-email-wrong-type", Userinfo, |visit| visit.json()["email_verified"] == "false"),
    case("userinfo-token-invalid-iss", UserinfoToken, |visit| body(visit)["iss"] == ELSEWHERE),
    case("userinfo-token-invalid-aud", UserinfoToken, |visit| body(visit)["aud"] == "another-client"),
    case("userinfo-token-invalid-sub", UserinfoToken, |visit| body(visit)["sub"] == "mallory"),
    case("userinfo-token-sig-none", UserinfoToken, |visit| unsigned(visit, "")),
    case("refresh-token-invalid-issuer", Refresh, |visit| id(visit)["iss"] == ELSEWHERE),
    case("refresh-token-invalid-sub", Refresh, |visit| id(visit)["sub"] == "mallory"),
    case("refresh-token-invalid-aud", Refresh, |visit| id(visit)["aud"] == "another-client"),
    case("refresh-token-invalid-auth-time", Refresh, |visit| id(visit)["auth_time"] == 1),
    case("access-token-invalid-iss", Token, |visit| access(visit)["iss"] == ELSEWHERE),
    case("access-token-invalid-aud", Token, |visit| access(visit)["aud"] == ELSEWHERE),
    case("access-token-expired", Token, |visit| expired(&access(visit))),
    case("access-token-sig-none", Token, |visit| unsigned(visit, "access_token")),
    case("access-token-typ-jwt", Token, |visit| visit.token("access_token").0["typ"] == "JWT"),
    case("jarm-invalid-iss", Jarm, |visit| response(visit)["iss"] == ELSEWHERE),
    case("jarm-invalid-aud", Jarm, |visit| response(visit)["aud"] == "another-client"),
    case("jarm-expired", Jarm, |visit| response(visit)["exp"] == 1),
    case("jarm-invalid-state", Jarm, |visit| response(visit)["state"] == "state-of-another-request"),
    case("jarm-sig-none", Jarm, |visit| unsigned(visit, "response")),
    case("introspection-token-invalid-iss", IntrospectionToken, |visit| body(visit)["iss"] == ELSEWHERE),
    case("introspection-token-invalid-aud", IntrospectionToken, |visit| body(visit)["aud"] == ELSEWHERE),
    case("introspection-token-sig-none", IntrospectionToken, |visit| unsigned(visit, "")),
    case("backchannel-rpinitlogout-alg-none", LogoutToken, |visit| unsigned(visit, "logout_token")),
    case("backchannel-rpinitlogout-wrong-aud", LogoutToken, |visit| logout(visit)["aud"] == "another-client"),
    case("backchannel-rpinitlogout-wrong-iss", LogoutToken, |visit| logout(visit)["iss"] == ELSEWHERE),
    case("backchannel-rpinitlogout-wrong-event", LogoutToken, |visit| {
        logout(visit)["events"] == json!({"http://schemas.openid.net/event/other": {}})
    }),
    case("backchannel-rpinitlogout-with-nonce", LogoutToken, |visit| !gone(&logout(visit), "nonce")),
    case("backchannel-logout-missing-events", LogoutToken, |visit| gone(&logout(visit), "events")),
    case("backchannel-logout-missing-jti", LogoutToken, |visit| gone(&logout(visit), "jti")),
    case("backchannel-logout-missing-sub-and-sid", LogoutToken, |visit| {
        gone(&logout(visit), "sub") && gone(&logout(visit), "sid")
    }),
    case("backchannel-logout-invalid-sid", LogoutToken, |visit| logout(visit)["sid"] == "another-session"),
    case("backchannel-logout-expired", LogoutToken, |visit| expired(&logout(visit))),
];

fn id(visit: &Visit) -> Value {
    visit.token("id_token").1
}

fn access(visit: &Visit) -> Value {
    visit.token("access_token").1
}

fn response(visit: &Visit) -> Value {
    visit.token("response").1
}

fn logout(visit: &Visit) -> Value {
    visit.token("logout_token").1
}

/// The claims of a token that is the whole body.
fn body(visit: &Visit) -> Value {
    visit.token("").1
}

fn gone(claims: &Value, name: &str) -> bool {
    claims.as_object().is_some_and(|claims| !claims.contains_key(name))
}

fn number(claims: &Value, name: &str) -> i64 {
    claims[name].as_i64().unwrap_or_default()
}

/// Whether a token expired before it was issued.
fn expired(claims: &Value) -> bool {
    number(claims, "exp") + DAY / 2 < number(claims, "iat")
}

/// Whether a token has no signature and says so.
fn unsigned(visit: &Visit, name: &str) -> bool {
    let text = visit.text(name).unwrap_or_else(|| visit.answer.body.clone());
    visit.token(name).0["alg"] == "none" && text.ends_with('.')
}
