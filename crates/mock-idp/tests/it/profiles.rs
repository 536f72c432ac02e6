//! For each profile, metadata lists exactly what is switched on: what is listed is spoken, and what is not is refused.

use std::collections::BTreeSet;

use http::Request;
use http::header::CONTENT_TYPE;
use mock_idp::{Client, MockIdp, Profile};
use oauth_types::{Params, ResponseMode};
use serde_json::Value;

use crate::browser::{Browser, CHALLENGE, REDIRECT_URI, VERIFIER, asking, redeeming, with, without};

/// Where each endpoint that a profile may have is announced.
const ENDPOINTS: &[(&str, &str)] = &[
    ("authorization_endpoint", "/authorize"),
    ("token_endpoint", "/token"),
    ("jwks_uri", "/jwks"),
    ("userinfo_endpoint", "/userinfo"),
    ("pushed_authorization_request_endpoint", "/par"),
    ("device_authorization_endpoint", "/device_authorization"),
    ("backchannel_authentication_endpoint", "/bc-authorize"),
    ("introspection_endpoint", "/introspect"),
    ("revocation_endpoint", "/revoke"),
    ("registration_endpoint", "/register"),
    ("end_session_endpoint", "/logout"),
];

fn server(profile: Profile) -> MockIdp {
    let every: Vec<String> = all_grants().into_iter().chain(["implicit".to_owned()]).collect();
    let client = |client: Client| client.redirect_uri(REDIRECT_URI).grant_types(every.clone());
    MockIdp::builder()
        .profile(profile)
        .client(client(Client::public("public")))
        .client(client(Client::confidential("web", "s3cret")))
        .in_process()
        .expect("a profile")
}

async fn metadata(idp: &MockIdp) -> Value {
    Browser::new(idp).fetch("/.well-known/oauth-authorization-server").await.json()
}

fn listed(metadata: &Value, name: &str) -> BTreeSet<String> {
    let values = metadata[name].as_array().into_iter().flatten();
    values.map(|value| value.as_str().expect("a text").to_owned()).collect()
}

/// Every value that some profile lists.
async fn known(name: &str) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for profile in [Profile::Strict, Profile::Legacy] {
        all.extend(listed(&metadata(&server(profile)).await, name));
    }
    all
}

fn all_grants() -> Vec<String> {
    let urn = |name: &str| format!("urn:ietf:params:oauth:grant-type:{name}");
    let plain = ["authorization_code", "refresh_token", "client_credentials", "password"].map(str::to_owned);
    let ciba = "urn:openid:params:grant-type:ciba".to_owned();
    plain.into_iter().chain(["device_code", "token-exchange", "jwt-bearer"].map(urn)).chain([ciba]).collect()
}

/// What the last request was refused for, if it was.
fn refused(idp: &MockIdp) -> &'static str {
    idp.journal().pop().and_then(|entry| entry.refusal).map_or("", |refused| refused.rule)
}

#[tokio::test]
async fn an_endpoint_is_listed_if_and_only_if_it_is_served() {
    for profile in Profile::ALL {
        let idp = server(*profile);
        let metadata = metadata(&idp).await;
        for (name, path) in ENDPOINTS {
            let answer = Browser::new(&idp).fetch(path).await;
            assert_eq!(metadata.get(*name).is_some(), answer.status != 404, "{profile}: {name}");
            if let Some(url) = metadata.get(*name) {
                assert_eq!(url, &format!("{}{path}", idp.issuer()), "{profile}: {name}");
            }
        }
        let endpoints = metadata.as_object().expect("an object").keys().filter(|name| name.ends_with("_endpoint"));
        for name in endpoints {
            assert!(ENDPOINTS.iter().any(|(known, _)| known == name), "{profile}: {name} is not looked at here");
        }
    }
}

#[tokio::test]
async fn a_grant_type_is_listed_if_and_only_if_it_is_taken() {
    for profile in Profile::ALL {
        let idp = server(*profile);
        let listed = listed(&metadata(&idp).await, "grant_types_supported");
        for grant_type in all_grants() {
            let params = Params::new().with("grant_type", grant_type.as_str()).with("client_id", "web");
            let params = params.with("client_secret", "s3cret");
            Browser::new(&idp).token(&params).await;
            let rule = refused(&idp);
            // Where secrets are not taken, no request gets as far as its grant; the code grant is shown elsewhere.
            if rule == "rfc8414-authentication-method-unsupported" {
                assert!(matches!(profile, Profile::Fapi2 | Profile::Fapi2MessageSigning), "{profile}");
                continue;
            }
            let taken = rule != "rfc6749-grant-type-unsupported";
            assert_eq!(listed.contains(&grant_type), taken, "{profile}: {grant_type}: {rule}");
        }
        let known = all_grants().into_iter().chain(["implicit".to_owned()]).collect::<BTreeSet<_>>();
        assert!(listed.is_subset(&known), "{profile}: {listed:?}");
    }
}

#[tokio::test]
async fn response_types_and_modes_are_listed_if_and_only_if_they_are_taken() {
    let types = known("response_types_supported").await;
    assert!(types.len() > 3, "{types:?}");
    for profile in Profile::ALL {
        let idp = server(*profile);
        let (browser, metadata) = (Browser::new(&idp), metadata(&idp).await);
        let listed_types = listed(&metadata, "response_types_supported");
        for kind in &types {
            browser.authorize(&with(asking(), "response_type", kind)).await;
            let taken = refused(&idp) != "rfc6749-response-type-unsupported";
            assert_eq!(listed_types.contains(kind), taken, "{profile}: {kind}");
        }
        let modes = listed(&metadata, "response_modes_supported");
        for mode in ResponseMode::ALL.iter().map(|mode| mode.as_str()) {
            browser.authorize(&asking().with("response_mode", mode)).await;
            let taken = refused(&idp) != "oauth-response-mode-unsupported";
            assert_eq!(modes.contains(mode), taken, "{profile}: {mode}");
        }
    }
}

#[tokio::test]
async fn challenge_methods_are_listed_if_and_only_if_they_are_taken() {
    for profile in Profile::ALL {
        let idp = server(*profile);
        let methods = listed(&metadata(&idp).await, "code_challenge_methods_supported");
        assert!(methods.contains("S256"), "{profile}");
        if matches!(profile, Profile::Fapi2 | Profile::Fapi2MessageSigning) {
            // A request that is not pushed is refused before anybody looks at its challenge.
            assert!(!methods.contains("plain"), "{profile}");
            continue;
        }
        let plain = with(with(asking(), "code_challenge_method", "plain"), "code_challenge", VERIFIER);
        Browser::new(&idp).authorize(&plain).await;
        assert_eq!(methods.contains("plain"), refused(&idp) != "rfc7636-plain", "{profile}");
        Browser::new(&idp).authorize(&without(without(asking(), "code_challenge"), "code_challenge_method")).await;
        let optional = refused(&idp) != "rfc7636-challenge-missing";
        assert_eq!(optional, *profile == Profile::Legacy, "{profile}: PKCE is asked for everywhere else");
    }
}

#[tokio::test]
async fn what_is_said_to_be_required_is() {
    for profile in Profile::ALL {
        let idp = server(*profile);
        let metadata = metadata(&idp).await;
        let says = |name: &str| metadata[name] == true;
        let fapi = matches!(profile, Profile::Fapi2 | Profile::Fapi2MessageSigning);
        assert_eq!(says("require_pushed_authorization_requests"), fapi, "{profile}");
        assert_eq!(says("require_signed_request_object"), *profile == Profile::Fapi2MessageSigning, "{profile}");
        let answer = Browser::new(&idp).authorize(&asking()).await;
        let answered = answer.redirected();
        assert_eq!(answered.get("code").is_some(), !fapi, "{profile}: {answered:?}");
        let iss = answered.get("iss").is_some();
        assert_eq!(says("authorization_response_iss_parameter_supported"), iss, "{profile}");
        // Clients of FAPI 2.0 are redirected by 303 (§5.3.2.2).
        assert_eq!(answer.status == 303, fapi, "{profile}");
    }
}

#[tokio::test]
async fn request_objects_and_client_documents_are_taken_where_that_is_said() {
    for profile in Profile::ALL {
        let idp = server(*profile);
        let (browser, metadata) = (Browser::new(&idp), metadata(&idp).await);
        browser.authorize(&asking().with("request", "x.y.z")).await;
        let rule = refused(&idp);
        let says = metadata["request_parameter_supported"] == true;
        assert_eq!(says, rule.starts_with("rfc9101-"), "{profile}: {rule}");
        let client = with(asking(), "client_id", "https://client.invalid/metadata");
        browser.authorize(&client).await;
        let says = metadata["client_id_metadata_document_supported"] == true;
        assert_eq!(says, refused(&idp).starts_with("cimd-"), "{profile}: {}", refused(&idp));
    }
}

#[tokio::test]
async fn a_public_client_logs_in_wherever_it_may() {
    for profile in Profile::ALL {
        let idp = server(*profile);
        let methods = listed(&metadata(&idp).await, "token_endpoint_auth_methods_supported");
        let fapi = matches!(profile, Profile::Fapi2 | Profile::Fapi2MessageSigning);
        assert_eq!(methods.contains("none"), !fapi, "{profile}");
        if !fapi {
            let browser = Browser::new(&idp);
            let code = browser.code(&asking()).await;
            let tokens = browser.token(&redeeming(&code)).await.tokens();
            let openid = !matches!(profile, Profile::Oauth21 | Profile::Mcp | Profile::Rfc7636);
            assert_eq!(tokens["id_token"].is_string(), openid, "{profile}");
            let relaxed = idp.journal().iter().any(|entry| !entry.relaxations.is_empty());
            assert!(!relaxed, "{profile}: a strict client needs no relaxation");
        }
    }
}

#[tokio::test]
async fn the_journal_names_what_a_loose_client_needs() {
    let idp = server(Profile::Legacy);
    let browser = Browser::new(&idp);
    browser.authorize(&without(without(asking(), "code_challenge"), "code_challenge_method")).await;
    assert_eq!(idp.journal().pop().expect("an entry").relaxations, ["pkce-optional"]);
    let idp = server(Profile::Rfc7636);
    let plain = with(with(asking(), "code_challenge_method", "plain"), "code_challenge", CHALLENGE);
    Browser::new(&idp).authorize(&plain).await;
    assert_eq!(idp.journal().pop().expect("an entry").relaxations, ["plain"]);
}

#[tokio::test]
async fn signature_algorithms_are_listed_as_they_are_taken() {
    for profile in Profile::ALL {
        let metadata = metadata(&server(*profile)).await;
        let fapi = matches!(profile, Profile::Fapi2 | Profile::Fapi2MessageSigning);
        for name in ["dpop_signing_alg_values_supported", "request_object_signing_alg_values_supported"] {
            if metadata.get(name).is_some() {
                assert_eq!(listed(&metadata, name).contains("RS256"), !fapi, "{profile}: {name}");
                assert!(listed(&metadata, name).contains("ES256"), "{profile}: {name}");
            }
        }
    }
    let idp = server(Profile::Strict);
    let form = Request::post("/token").header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    let request = form.header("dpop", "not a proof").body("grant_type=client_credentials".into());
    idp.call(request.expect("a request")).await;
    assert!(!refused(&idp).is_empty());
}
