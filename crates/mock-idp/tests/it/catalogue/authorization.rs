//! Metadata and authorization responses.

use serde_json::json;

use super::visit::{Visit, Way::Callback, Way::Discovery, Way::ResourceMetadata};
use super::{Case, case};

const ELSEWHERE: &str = "https://attacker.example";

pub(super) const CASES: &[Case] = &[
    case("discovery-issuer-mismatch", Discovery, |visit| visit.json()["issuer"] == ELSEWHERE),
    case("discovery-issuer-normalised", Discovery, |visit| {
        visit.text("issuer").is_some_and(|text| text.ends_with('/'))
    }),
    case("discovery-issuer-missing", Discovery, |visit| without(visit, "issuer")),
    case("metadata-without-s256", Discovery, |visit| {
        visit.json()["code_challenge_methods_supported"] == json!(["plain"])
    }),
    case("metadata-without-pkce", Discovery, |visit| without(visit, "code_challenge_methods_supported")),
    case("metadata-without-iss", Discovery, |visit| without(visit, "authorization_response_iss_parameter_supported")),
    case("metadata-without-par", Discovery, |visit| without(visit, "pushed_authorization_request_endpoint")),
    case("metadata-without-jwks", Discovery, |visit| without(visit, "jwks_uri")),
    case("metadata-without-token-endpoint", Discovery, |visit| without(visit, "token_endpoint")),
    case("metadata-foreign-jwks", Discovery, |visit| foreign(visit, "jwks_uri")),
    case("metadata-foreign-authorization-endpoint", Discovery, |visit| foreign(visit, "authorization_endpoint")),
    case("mix-up", Discovery, |visit| foreign(visit, "token_endpoint") && !foreign(visit, "authorization_endpoint")),
    case("metadata-alg-none", Discovery, |visit| {
        let algorithms = visit.json()["id_token_signing_alg_values_supported"].clone();
        algorithms.as_array().is_some_and(|list| list.contains(&json!("none")) && list.contains(&json!("RS256")))
    }),
    case("metadata-list-as-text", Discovery, |visit| visit.json()["response_types_supported"] == "code"),
    case("metadata-null", Discovery, |visit| visit.json().get("userinfo_endpoint") == Some(&json!(null))),
    case("metadata-not-json", Discovery, |visit| {
        visit.answer.status == 200 && visit.answer.body.starts_with("<!doctype html>")
    }),
    case("metadata-unavailable", Discovery, |visit| {
        visit.answer.status == 503 && visit.answer.header("retry-after") == Some("5")
    }),
    case("resource-metadata-mismatch", ResourceMetadata, |visit| visit.json()["resource"] == ELSEWHERE),
    case("resource-metadata-foreign-server", ResourceMetadata, |visit| {
        visit.json()["authorization_servers"] == json!([ELSEWHERE])
    }),
    case("iss-parameter-missing", Callback, |visit| none(visit, "iss") && !none(visit, "code")),
    case("iss-parameter-wrong", Callback, |visit| values(visit, "iss") == [ELSEWHERE]),
    case("iss-parameter-normalised", Callback, |visit| visit.text("iss").is_some_and(|iss| iss.ends_with('/'))),
    case("iss-parameter-repeated", Callback, |visit| values(visit, "iss").len() == 2),
    case("state-missing", Callback, |visit| none(visit, "state") && !none(visit, "code")),
    case("state-wrong", Callback, |visit| values(visit, "state") == ["state-of-another-request"]),
    case("state-repeated", Callback, |visit| values(visit, "state") == ["st~4te", "state-of-another-request"]),
    case("code-missing", Callback, |visit| none(visit, "code") && none(visit, "error") && !none(visit, "state")),
    case("code-wrong", Callback, |visit| values(visit, "code") == ["code-of-another-login"]),
    case("code-repeated", Callback, |visit| values(visit, "code").len() == 2),
    case("code-and-error", Callback, |visit| !none(visit, "code") && values(visit, "error") == ["server_error"]),
    case("authorization-access-denied", Callback, |visit| refused(visit, "access_denied")),
    case("authorization-server-error", Callback, |visit| refused(visit, "server_error")),
    case("authorization-temporarily-unavailable", Callback, |visit| refused(visit, "temporarily_unavailable")),
    case("authorization-login-required", Callback, |visit| refused(visit, "login_required")),
    case("authorization-unknown-error", Callback, |visit| refused(visit, "out_of_cheese")),
    case("error-without-state", Callback, |visit| values(visit, "error") == ["server_error"] && none(visit, "state")),
];

fn without(visit: &Visit, name: &str) -> bool {
    visit.json().as_object().is_some_and(|members| !members.contains_key(name))
}

fn foreign(visit: &Visit, name: &str) -> bool {
    visit.text(name).is_some_and(|uri| uri.starts_with("https://attacker.example/"))
}

fn values<'a>(visit: &'a Visit, name: &'a str) -> Vec<&'a str> {
    visit.params.all(name).collect()
}

fn none(visit: &Visit, name: &str) -> bool {
    visit.params.get(name).is_none()
}

fn refused(visit: &Visit, error: &str) -> bool {
    values(visit, "error") == [error] && none(visit, "code") && values(visit, "state") == ["st~4te"]
}
