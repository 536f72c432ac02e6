//! What people ask of a mock server that is controlled over HTTP.

use http::StatusCode;
use mock_idp::MockIdp;

use super::{ask, done, problem, server};
use crate::browser::{Browser, asking, redeeming};

#[tokio::test]
async fn make_the_idp_fail_on_purpose() {
    let idp = server();
    let browser = Browser::new(&idp);
    let code = browser.code(&asking()).await;
    let fault = r#"[{"at":"token_response","when":{"times":1},"edit":[{"do":"error","error":"invalid_grant"}]},
        {"at":"userinfo","edit":[{"do":"status","code":503}]}]"#;
    let mounted = done(&idp, "POST", "/tenants/_root/faults", fault).await;
    let refused = browser.token(&redeeming(&code)).await;
    assert_eq!((refused.status, refused.body.contains("invalid_grant")), (400, true), "{}", refused.body);
    assert_eq!(browser.fetch("/userinfo").await.status, 503);
    for at in [0, 1] {
        let path = format!("/tenants/_root/faults/{}", mounted[at]["id"]);
        assert_eq!(done(&idp, "DELETE", &path, "").await["fired"], 1);
    }
    assert_eq!(done(&idp, "GET", "/tenants/_root/faults", "").await.as_array().map(Vec::len), Some(0));
    done(&idp, "POST", "/tenants/_root/logins", r#"{"does":"deny"}"#).await;
    assert_eq!(browser.authorize(&asking()).await.redirected().get("error"), Some("access_denied"));
}

#[tokio::test]
async fn runtime_control_over_http_from_any_language_and_reset_between_tests() {
    let idp = server();
    let new = done(&idp, "GET", "/tenants/_root", "").await;
    done(&idp, "POST", "/tenants/_root/clock", r#"{"do":"set","seconds":1000}"#).await;
    done(&idp, "POST", "/tenants/_root/users", r#"{"sub":"carol"}"#).await;
    done(&idp, "POST", "/tenants/_root/clients", r#"{"client_id":"web"}"#).await;
    done(&idp, "POST", "/tenants/_root/keys/announce", "").await;
    done(&idp, "POST", "/tenants/_root/faults", r#"{"at":"jwks","edit":[{"do":"reset"}]}"#).await;
    done(&idp, "POST", "/tenants/_root/barriers", r#"{"at":"token_response"}"#).await;
    done(&idp, "POST", "/tenants/_root/logins", r#"{"does":"deny"}"#).await;
    done(&idp, "PUT", "/tenants/shop", "{}").await;
    Browser { idp: &idp, base: "/shop" }.fetch("/jwks").await;
    assert_eq!(ask(&idp, "POST", "/reset", "").await.status(), StatusCode::NO_CONTENT);
    let mut after = done(&idp, "GET", "/tenants/_root", "").await;
    after["clock"]["now"] = new["clock"]["now"].clone();
    assert_eq!(after, new, "as if nothing had been");
    assert_eq!(done(&idp, "GET", "/tenants", "").await.as_array().map(Vec::len), Some(1));
    assert!(Browser::new(&idp).authorize(&asking()).await.redirected().get("code").is_some());
}

#[tokio::test]
async fn a_headless_control_plane_instead_of_html_forms() {
    let idp = server();
    let scenario = r#"{"on":["login-pages"],"users":[{"sub":"carol","password":"pw"}],
        "logins":[{"user":"carol","amr":["pwd","otp"]},{"does":"cancel"},{"does":"deny"}]}"#;
    done(&idp, "POST", "/tenants/_root/play", scenario).await;
    let browser = Browser::new(&idp);
    let code = browser.code(&asking()).await;
    let token = browser.token(&redeeming(&code)).await;
    assert_eq!(token.status, 200, "{}", token.body);
    for _ in 0..2 {
        assert_eq!(browser.authorize(&asking()).await.redirected().get("error"), Some("access_denied"));
    }
    assert_eq!(done(&idp, "GET", "/tenants/_root/logins", "").await.as_array().map(Vec::len), Some(0));
    assert_eq!(browser.authorize(&asking()).await.status, 303, "without a script the page is shown");
}

#[tokio::test]
async fn a_tenant_is_made_described_and_taken_away() {
    let idp = server();
    idp.clock().set(1_000);
    let made = ask(
        &idp,
        "PUT",
        "/tenants/bank",
        r#"{"profile":"fapi2","amount":{"request-uri-seconds":5},"clock":[{"do":"advance","seconds":9}]}"#,
    )
    .await;
    assert_eq!(made.status(), 201);
    assert_eq!(made.headers()["location"], "/_control/tenants/bank");
    let bank = done(&idp, "GET", "/tenants/bank", "").await;
    assert_eq!((&bank["description"]["profile"], &bank["clock"]["now"]), (&"fapi2".into(), &1_009.into()), "{bank}");
    assert_eq!(bank["description"]["amount"]["request-uri-seconds"], 5);
    assert_eq!(ask(&idp, "PUT", "/tenants/bank", "{}").await.status(), 200, "in its place");
    assert_eq!(done(&idp, "GET", "/tenants/bank", "").await["description"]["profile"], "strict");
    assert_eq!(ask(&idp, "DELETE", "/tenants/bank", "").await.status(), 204);
    problem(&ask(&idp, "GET", "/tenants/bank", "").await, "no-such-tenant");
    let own = done(&idp, "POST", "/tenants", r#"{"lives_seconds":60}"#).await;
    assert_eq!(own["ends_at"], 1_060);
    idp.clock().set(1_060);
    let path = format!("/tenants/{}", own["name"].as_str().expect("a name"));
    problem(&ask(&idp, "GET", &path, "").await, "no-such-tenant");
}

#[tokio::test]
async fn keys_of_its_own_are_made_while_others_are_answered() {
    let idp = server();
    done(&idp, "PUT", "/tenants/shop", r#"{"own_keys":true}"#).await;
    let keys = done(&idp, "GET", "/tenants/shop/keys", "").await;
    let root = done(&idp, "GET", "/tenants/_root/keys", "").await;
    assert_ne!(keys["signing"]["RS256"], root["signing"]["RS256"]);
    for change in ["announce", "rotate", "retire"] {
        done(&idp, "POST", &format!("/tenants/_root/keys/{change}"), "").await;
    }
    let after = done(&idp, "GET", "/tenants/_root/keys", "").await;
    assert_ne!(after["signing"]["RS256"], root["signing"]["RS256"]);
    problem(&ask(&idp, "POST", "/tenants/_root/keys/rotate", "").await, "conflict");
}

#[tokio::test]
async fn what_is_added_is_beside_what_was_there() {
    let idp = server();
    let users = done(&idp, "POST", "/tenants/_root/users", r#"[{"sub":"carol"},{"sub":"dora"}]"#).await;
    let subs: Vec<_> = users.as_array().expect("users").iter().map(|user| user["sub"].as_str()).collect();
    assert_eq!(subs, [Some("alice"), Some("bob"), Some("carol"), Some("dora")]);
    done(&idp, "DELETE", "/tenants/_root/users/alice", "").await;
    let clients = done(&idp, "POST", "/tenants/_root/clients", r#"{"client_id":"https://a.example/x?y"}"#).await;
    assert_eq!(clients.as_array().map(Vec::len), Some(3));
    assert_eq!((&clients[0]["grant_types"], &clients[1]["client_secret"]), (&["*"].into(), &"<redacted>".into()));
    let encoded = "/tenants/_root/clients/https%3A%2F%2Fa.example%2Fx%3Fy";
    assert_eq!(ask(&idp, "DELETE", encoded, "").await.status(), 204);
    assert!(Browser::new(&idp).authorize(&asking()).await.redirected().get("code").is_some());
}

#[tokio::test]
async fn a_barrier_is_awaited_and_released_over_http() {
    let idp = std::sync::Arc::new(MockIdp::builder().in_process().expect("a server"));
    let code = Browser::new(&idp).code(&asking()).await;
    done(&idp, "POST", "/tenants/_root/barriers", r#"{"at":"token_response"}"#).await;
    let nobody = done(&idp, "GET", "/tenants/_root/barriers/1?wait=0", "").await;
    assert_eq!((&nobody["waiting"], &nobody["released"]), (&0.into(), &false.into()));
    let own = idp.clone();
    let held = tokio::spawn(async move { Browser::new(&own).token(&redeeming(&code)).await.status });
    assert_eq!(done(&idp, "GET", "/tenants/_root/barriers/1?wait=30&count=1", "").await["waiting"], 1);
    assert_eq!(done(&idp, "POST", "/tenants/_root/barriers/1/release-one", "").await["released_one"], true);
    assert_eq!(held.await.expect("an answer"), 200);
    assert_eq!(done(&idp, "POST", "/tenants/_root/barriers/1/release-one", "").await["released_one"], false);
    let taken = done(&idp, "DELETE", "/tenants/_root/barriers/1", "").await;
    assert_eq!((&taken["arrived"], &taken["waiting"]), (&1.into(), &0.into()));
}

#[tokio::test]
async fn whoever_waits_at_a_barrier_hears_that_it_is_gone() {
    let idp = std::sync::Arc::new(MockIdp::builder().in_process().expect("a server"));
    done(&idp, "POST", "/tenants/_root/barriers", r#"{"at":"token_response"}"#).await;
    let own = idp.clone();
    let waiting =
        tokio::spawn(async move { done(&own, "GET", "/tenants/_root/barriers/1?wait=30&count=5", "").await });
    tokio::task::yield_now().await;
    done(&idp, "DELETE", "/tenants/_root/barriers", "").await;
    let said = waiting.await.expect("an answer");
    assert_eq!((&said["waiting"], &said["released"]), (&0.into(), &true.into()));
}

#[tokio::test]
async fn the_journal_is_asked_over_http() {
    let idp = server();
    let browser = Browser::new(&idp);
    let code = browser.code(&asking()).await;
    browser.token(&redeeming(&code)).await;
    browser.token(&redeeming(&code)).await;
    let path = "/tenants/_root/journal";
    let all = done(&idp, "GET", path, "").await;
    assert_eq!(all.as_array().map(Vec::len), Some(3));
    assert!(!all.to_string().contains(&code), "secrets are not shown");
    assert!(done(&idp, "GET", &format!("{path}?reveal=true"), "").await.to_string().contains(&code));
    for (query, count) in [
        ("client_id=public", 3),
        ("path=/token", 2),
        ("point=token_response&status=400", 1),
        ("refused=true", 1),
        ("refused=false&limit=1", 1),
        ("since=2", 1),
        ("param=code_verifier", 2),
        ("rule=surely-not", 0),
    ] {
        let found = done(&idp, "GET", &format!("{path}?{query}"), "").await;
        assert_eq!(found.as_array().map(Vec::len), Some(count), "{query}");
    }
    let har = done(&idp, "GET", &format!("{path}?format=har&path=/token"), "").await;
    assert_eq!(har["log"]["entries"].as_array().map(Vec::len), Some(2));
    let lines = ask(&idp, "GET", &format!("{path}?format=jsonl"), "").await;
    assert_eq!(
        (&lines.headers()["content-type"], lines.body().iter().filter(|it| **it == b'\n').count()),
        (&"application/jsonl".parse().expect("a value"), 3)
    );
    for query in
        ["status=x", "status=99999", "point=moon", "refused=1", "format=xml", "format=har&reveal=true", "limit=-1"]
    {
        problem(&ask(&idp, "GET", &format!("{path}?{query}"), "").await, "bad-query");
    }
    let twice = r#"{"of":[{"path":"/token"}],"at_least":2,"at_most":2}"#;
    assert_eq!(done(&idp, "POST", &format!("{path}/expect"), twice).await["met"], true);
    let never = r#"{"of":[{"refused":true}],"at_least":0,"at_most":0}"#;
    let unmet = problem(&ask(&idp, "POST", &format!("{path}/expect"), never).await, "conflict");
    assert!(
        unmet["detail"].as_str().is_some_and(|text| text.contains("never") && text.contains("/token")),
        "{unmet}"
    );
    assert!(!unmet.to_string().contains(&code));
    let flows = done(&idp, "GET", &format!("{path}/flows"), "").await;
    let one = done(&idp, "GET", &format!("{path}/flows/{}", flows[0]["id"].as_str().expect("an id")), "").await;
    assert_eq!(one, flows[0]);
    assert!(one["findings"].as_array().is_some_and(|findings| findings.iter().any(|it| it["verdict"] == "broken")));
    assert_eq!(ask(&idp, "DELETE", path, "").await.status(), 204);
    assert!(idp.journal().is_empty());
}

#[tokio::test]
async fn a_token_is_made_over_http() {
    let idp = server();
    let made = done(&idp, "POST", "/tenants/_root/tokens", r#"{"sub":"alice","scope":"openid"}"#).await;
    let bearer = format!("Bearer {}", made["token"].as_str().expect("a token"));
    let request = http::Request::get("/userinfo").header("authorization", bearer);
    let answer = idp.call(request.body(bytes::Bytes::new()).expect("a request")).await;
    assert_eq!(answer.status(), 200, "it is taken");
    problem(&ask(&idp, "POST", "/tenants/_root/tokens", r#"{"kind":"id_token"}"#).await, "unfit");
    problem(&ask(&idp, "POST", "/tenants/_root/tokens", r#"{"sub":"a","key":"former"}"#).await, "conflict");
}

#[tokio::test]
async fn a_fault_is_mounted_by_its_name() {
    let idp = server();
    let named = done(&idp, "GET", "/catalogue", "").await;
    assert!(named.as_array().is_some_and(|named| named.iter().any(|it| it["name"] == "invalid-iss")));
    let mounted = done(&idp, "POST", "/tenants/_root/faults", r#"{"named":"invalid-iss"}"#).await;
    assert_eq!(mounted[0]["fault"]["at"], "id_token");
    let body = r#"{"named":"invalid-issuer"}"#;
    let said = problem(&ask(&idp, "POST", "/tenants/_root/faults", body).await, "unfit");
    assert!(said["detail"].as_str().is_some_and(|text| text.contains("invalid-iss")), "{said}");
}
