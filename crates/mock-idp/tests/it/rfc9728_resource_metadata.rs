//! RFC 9728: a resource says who issues tokens for it, and where it says so; and RFC 6750 in full, at that resource.

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{Method, Request};
use mock_idp::MockIdp;
use oauth_types::Params;
use serde_json::{Value, json};

use crate::browser::{Answer, Browser, asking, redeeming, with};
use crate::refusals::{assert_quiet, assert_refused};
use crate::signer::{Signer, hashed, posting, proven};

const METADATA: &str = "/.well-known/oauth-protected-resource";

fn server() -> MockIdp {
    MockIdp::builder().in_process().expect("a server")
}

/// An access token that was asked for with `params`.
pub(crate) async fn access(browser: &Browser<'_>, params: &Params) -> String {
    let code = browser.code(params).await;
    let tokens = browser.token(&redeeming(&code)).await.tokens();
    tokens["access_token"].as_str().expect("a token").to_owned()
}

/// A request to a resource with a token in the header.
async fn ask(browser: &Browser<'_>, path: &str, token: &str) -> Answer {
    let request = Request::get(format!("{}{path}", browser.base)).header(AUTHORIZATION, format!("Bearer {token}"));
    browser.send(request.body(Bytes::new()).expect("a request")).await
}

#[tokio::test]
async fn a_resource_is_described_where_its_challenge_says() {
    let idp = MockIdp::builder().issuer("https://idp.example").in_process().expect("an issuer");
    let browser = Browser::new(&idp);
    for (asked, path, resource, issuer) in [
        ("/resource", format!("{METADATA}/resource"), "https://idp.example/resource", "https://idp.example"),
        ("/userinfo", METADATA.to_owned(), "https://idp.example", "https://idp.example"),
        (
            "/acme/resource",
            format!("{METADATA}/acme/resource"),
            "https://idp.example/acme/resource",
            "https://idp.example/acme",
        ),
        ("/acme/userinfo", format!("{METADATA}/acme"), "https://idp.example/acme", "https://idp.example/acme"),
    ] {
        let answer = browser.fetch(asked).await;
        assert_eq!(answer.status, 401);
        let challenges: Vec<_> = answer.response.headers().get_all("www-authenticate").iter().collect();
        assert_eq!(challenges.len(), 2, "Bearer and DPoP");
        for challenge in challenges {
            let named = format!("resource_metadata=\"https://idp.example{path}\"");
            assert!(challenge.to_str().expect("text").contains(&named), "{asked}: {challenge:?}");
        }
        let answer = browser.fetch(&path).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")), "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
        let document = answer.json();
        assert_eq!(document["resource"], resource);
        assert_eq!(document["authorization_servers"], json!([issuer]));
        assert_eq!(document["bearer_methods_supported"], json!(["header", "body"]));
        assert!(document["scopes_supported"].as_array().is_some_and(|scopes| scopes.contains(&json!("openid"))));
        let algorithms = document["dpop_signing_alg_values_supported"].as_array().expect("algorithms");
        assert!(algorithms.contains(&json!("ES256")));
        assert!(document["resource_name"].is_string());
    }
    for path in ["/acme/x/resource", "/acme/", "/resource/acme", "/acme/jwks", "/", "//resource"] {
        assert_eq!(browser.fetch(&format!("{METADATA}{path}")).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn a_resource_says_only_what_is_on() {
    let idp = MockIdp::builder().without("RFC 9449").in_process().expect("it can be left out");
    let document = Browser::new(&idp).fetch(&format!("{METADATA}/resource")).await.json();
    assert_eq!(document.get("dpop_signing_alg_values_supported"), None);
    let server = Browser::new(&idp).fetch("/.well-known/openid-configuration").await.json();
    let name = "tls_client_certificate_bound_access_tokens";
    assert_eq!(document.get(name), server.get(name));

    let idp = MockIdp::builder().without("RFC 9728").in_process().expect("it can be left out");
    let browser = Browser::new(&idp);
    for path in ["/resource", METADATA, "/.well-known/oauth-protected-resource/resource"] {
        assert_eq!(browser.fetch(path).await.status, 404, "{path}");
    }
    let answer = browser.fetch("/userinfo").await;
    assert!(answer.header("www-authenticate").is_some_and(|value| !value.contains("resource_metadata")));
}

#[tokio::test]
async fn a_resource_tells_what_a_token_is() {
    let idp = server();
    let browser = Browser::new(&idp);
    for (resource, audience) in [(None, idp.issuer().to_owned()), (Some("/resource"), String::new())] {
        let url = resource.map(|path| format!("{}{path}", idp.issuer()));
        let params = url.iter().fold(asking(), |params, url| params.with("resource", url));
        let token = access(&browser, &params).await;
        let told = ask(&browser, "/resource", &token).await.tokens();
        assert_eq!((&told["sub"], &told["client_id"]), (&json!("alice"), &json!("public")));
        assert_eq!((&told["scope"], &told["iss"]), (&json!("openid email"), &json!(idp.issuer())));
        assert_eq!(told["aud"], json!(url.unwrap_or(audience)));
        assert_eq!(told.get("jti"), None, "by its identifier a token is found");
        let posted = browser.post("/resource", Params::new().with("access_token", &token).encode(), None).await;
        assert_eq!(posted.tokens(), told);
    }
}

#[tokio::test]
async fn a_token_for_somebody_else_is_refused() {
    let idp = server();
    let browser = Browser::new(&idp);
    for resource in ["https://rs.example", "http://mock-idp.test/resource/", "http://mock-idp.test/acme/resource"] {
        let token = access(&browser, &asking().with("resource", resource)).await;
        let answer = ask(&browser, "/resource", &token).await;
        assert_eq!(answer.status, 401, "{resource}");
        assert_refused(&idp, &answer, "rfc9068-audience-other", "not for http://mock-idp.test/resource");
        assert!(answer.header("www-authenticate").is_some_and(|value| value.contains("error=\"invalid_token\"")));
        assert_quiet(&idp, &answer, &[&token]);
    }
    let token = access(&browser, &asking()).await;
    let acme = Browser { idp: &idp, base: "/acme" };
    assert_eq!(ask(&acme, "/resource", &token).await.status, 401, "a tenant's resource is another");
}

#[tokio::test]
async fn a_resource_may_need_a_scope() {
    let idp = server();
    let browser = Browser::new(&idp);
    let token = access(&browser, &asking()).await;
    assert_eq!(ask(&browser, "/resource?scope=email+openid", &token).await.status, 200);
    let answer = ask(&browser, "/resource?scope=email+write", &token).await;
    assert_eq!(answer.status, 403);
    assert_refused(&idp, &answer, "rfc6750-scope-missing", "openid email");
    let challenge = answer.header("www-authenticate").expect("a challenge");
    assert!(challenge.contains("error=\"insufficient_scope\"") && challenge.contains("scope=\"email write\""));
    let metadata = format!("resource_metadata=\"{}{METADATA}/resource\"", idp.issuer());
    assert!(challenge.contains(&metadata), "{challenge}");
    for query in ["scope=a+%22b", "scope=a++b", "scope=a%0D%0Ab", "scope=openid&scope=email"] {
        let answer = ask(&browser, &format!("/resource?{query}"), &token).await;
        assert_eq!(answer.status, 400, "{query}");
        assert_refused(&idp, &answer, "rfc6749-needed-scope-malformed", "");
        assert_quiet(&idp, &answer, &[&token]);
    }
}

#[tokio::test]
async fn a_token_in_a_query_is_a_relaxation() {
    let idp = server();
    let browser = Browser::new(&idp);
    let token = access(&browser, &asking()).await;
    let answer = browser.fetch(&format!("/resource?access_token={token}")).await;
    assert_eq!(answer.status, 400);
    assert_refused(&idp, &answer, "rfc6750-token-in-query", "");
    assert_quiet(&idp, &answer, &[&token]);

    let idp = MockIdp::builder().on("token-in-query").in_process().expect("a switch");
    let browser = Browser::new(&idp);
    let token = access(&browser, &asking()).await;
    let query = format!("/resource?access_token={token}");
    let answer = browser.fetch(&query).await;
    assert_eq!((answer.status, &answer.json()["sub"]), (200, &json!("alice")));
    let cached: Vec<_> = answer.response.headers().get_all("cache-control").iter().collect();
    assert!(cached.iter().any(|value| value.as_bytes() == b"private"), "{cached:?}");
    assert!(idp.journal().pop().is_some_and(|entry| entry.relaxations == ["token-in-query"]));
    assert_quiet(&idp, &answer, &[&token]);
    let answer = ask(&browser, "/resource", &token).await;
    assert_eq!((answer.status, answer.header("cache-control")), (200, Some("no-store")));
    assert!(idp.journal().pop().is_some_and(|entry| entry.relaxations.is_empty()));
    let document = browser.fetch(&format!("{METADATA}/resource")).await.json();
    assert_eq!(document["bearer_methods_supported"], json!(["header", "body", "query"]));

    let twice = browser.fetch(&format!("{query}&access_token={token}")).await;
    assert_refused(&idp, &twice, "rfc6750-token-twice", "");
    let beside = ask(&browser, &query, &token).await;
    assert_refused(&idp, &beside, "rfc6750-token-twice", "");
    let body = Params::new().with("access_token", &token).encode();
    let both = browser.post(&query, body, None).await;
    assert_refused(&idp, &both, "rfc6750-token-twice", "");
    let none = browser.fetch("/resource?access_token=").await;
    assert_refused(&idp, &none, "rfc6750-token-missing", "");
}

/// A token that is bound to `key`.
async fn bound(browser: &Browser<'_>, key: &Signer) -> String {
    let code = browser.code(&asking()).await;
    let request = proven(posting("/token", &redeeming(&code)), &key.at_token(browser.idp));
    let tokens: Value = browser.send(request).await.tokens();
    tokens["access_token"].as_str().expect("a token").to_owned()
}

#[tokio::test]
async fn a_bound_token_is_used_with_its_key() {
    let idp = server();
    let (browser, key) = (Browser::new(&idp), Signer::new());
    let token = bound(&browser, &key).await;
    let ask = async |scheme: &str, query: &str| {
        let proof = key.proof(&idp, &Method::GET, "/resource").claim("ath", hashed(&token));
        let request = Request::get(format!("/resource{query}")).header(AUTHORIZATION, format!("{scheme} {token}"));
        browser.send(proven((request, Bytes::new()), &key.sign(&proof))).await
    };
    assert_eq!(ask("DPoP", "").await.status, 200);
    assert_refused(&idp, &ask("Bearer", "").await, "rfc9449-token-as-bearer", "");
    let answer = ask("DPoP", "?scope=write").await;
    assert_eq!(answer.status, 403);
    let challenges: Vec<_> = answer.response.headers().get_all("www-authenticate").iter().collect();
    let with_error: Vec<_> =
        challenges.iter().filter(|value| value.as_bytes().ends_with(b"scope=\"write\"")).collect();
    assert!(with_error.len() == 1 && with_error[0].as_bytes().starts_with(b"DPoP "), "{challenges:?}");
}

#[tokio::test]
async fn a_token_is_presented_in_one_way_alone() {
    let idp = server();
    let (browser, key) = (Browser::new(&idp), Signer::new());
    let token = bound(&browser, &key).await;
    for path in ["/resource", "/userinfo"] {
        let body = with(Params::new(), "access_token", &token).encode();
        for (authorization, rule) in [("DPoP", "rfc6750-two-tokens"), ("Bearer", "rfc6750-token-twice")] {
            let answer = browser.post(path, body.clone(), Some(&format!("{authorization} {token}"))).await;
            assert_eq!(answer.status, 400);
            assert_refused(&idp, &answer, rule, "");
            assert_quiet(&idp, &answer, &[&token]);
        }
    }
}
