//! Calls that are not in order: a precise 4xx, and nothing is changed.

use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use mock_idp::MockIdp;
use mock_idp::clock::AdjustableClock;
use serde_json::{Value, json};

use super::{ask, done, problem, server};

/// Everything that calls can change.
async fn everything(idp: &MockIdp) -> Value {
    let mut all = vec![done(idp, "GET", "/tenants", "").await];
    for what in ["", "/clock", "/logins", "/users", "/clients", "/keys", "/faults", "/barriers", "/journal"] {
        all.push(done(idp, "GET", &format!("/tenants/_root{what}"), "").await);
    }
    all.into()
}

/// The calls that are given something: the method, the path, and a body that would do.
fn given() -> Vec<(String, String, String)> {
    let document = mock_idp::control::openapi();
    let mut given = Vec::new();
    for (path, calls) in document["paths"].as_object().expect("paths") {
        for (verb, call) in calls.as_object().expect("calls") {
            if let Some(example) = call.pointer("/requestBody/content/application~1json/example") {
                let path = path.trim_start_matches("/_control").to_owned();
                given.push((verb.to_ascii_uppercase(), path, example.to_string()));
            }
        }
    }
    assert!(given.len() >= 9, "{}", given.len());
    given
}

/// A server that stands still.
fn still() -> MockIdp {
    let clock = Arc::new(AdjustableClock::new());
    clock.set(1_000_000_000);
    MockIdp::builder().clock(clock).in_process().expect("a server")
}

async fn of_kind(idp: &MockIdp, (verb, path): (&str, &str), kind: &str, body: impl Into<Bytes>) -> u16 {
    let mut request = Request::builder().method(verb).uri(format!("/_control{path}"));
    if !kind.is_empty() {
        request = request.header(CONTENT_TYPE, kind);
    }
    let answer = idp.call(request.body(body.into()).expect("a request")).await;
    answer.status().as_u16()
}

#[tokio::test]
async fn what_is_not_json_or_not_of_the_shape_changes_nothing() {
    let idp = still();
    let before = everything(&idp).await;
    for (verb, template, good) in given() {
        for path in [template.replace("{tenant}", "_root"), template.replace("{tenant}", "fresh")] {
            let deep = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
            for body in ["{", "", " ", "nul", "{\"a\":1,}", "\u{feff}{}", &format!("{good} x"), &deep] {
                let status = of_kind(&idp, (&verb, &path), "application/json", body.to_owned()).await;
                assert!(
                    path.contains("fresh") && status == 404 || [400, 409, 422].contains(&status),
                    "{verb} {path} {body}: {status}"
                );
            }
            for body in ["\"text\"", "1", "null", "{\"surely_not_a_member\":1}", "[1]", "true"] {
                let status = of_kind(&idp, (&verb, &path), "application/json", body.to_owned()).await;
                assert!(
                    path.contains("fresh") && status == 404 || [409, 422].contains(&status),
                    "{verb} {path} {body}: {status}"
                );
            }
            assert_eq!(
                of_kind(&idp, (&verb, &path), "application/json", b"{\"a\":\"\xff\"}".to_vec()).await / 100,
                4
            );
        }
    }
    assert!(everything(&idp).await == before, "something has changed");
}

#[tokio::test]
async fn ten_megabytes_are_too_large_and_change_nothing() {
    let idp = still();
    let before = everything(&idp).await;
    for (verb, template, good) in given() {
        let path = template.replace("{tenant}", "_root");
        let padded = format!("{good}{}", " ".repeat(10 * 1024 * 1024));
        assert_eq!(of_kind(&idp, (&verb, &path), "application/json", padded).await, 413, "{verb} {path}");
    }
    assert!(everything(&idp).await == before, "something has changed");
    let most = format!("{{\"seconds\":1,\"do\":\"advance\"}}{}", " ".repeat(1024 * 1024 - 28));
    assert_eq!(of_kind(&idp, ("POST", "/tenants/_root/clock"), "application/json", most.clone()).await, 200);
    assert_eq!(of_kind(&idp, ("POST", "/tenants/_root/clock"), "application/json", most + " ").await, 413);
}

#[tokio::test]
async fn another_media_type_changes_nothing() {
    let idp = still();
    let before = everything(&idp).await;
    for (verb, template, good) in given() {
        let path = template.replace("{tenant}", "_root");
        for kind in
            ["", "text/plain", "application/x-www-form-urlencoded", "application/jsonx", "multipart/form-data"]
        {
            assert_eq!(of_kind(&idp, (&verb, &path), kind, good.clone()).await, 415, "{verb} {path} {kind}");
        }
        let request = Request::builder().method(&*verb).uri(format!("/_control{path}"));
        let request = request.header(CONTENT_TYPE, "application/json").header(CONTENT_ENCODING, "gzip");
        let answer = idp.call(request.body(good.into()).expect("a request")).await;
        problem(&answer, "other-media-type");
    }
    assert!(everything(&idp).await == before, "something has changed");
    let good = r#"{"do":"freeze"}"#;
    for kind in ["application/json; charset=utf-8", "Application/JSON"] {
        assert_eq!(of_kind(&idp, ("POST", "/tenants/_root/clock"), kind, good).await, 200);
    }
}

#[tokio::test]
async fn an_unknown_tenant_is_not_made_by_asking_for_it() {
    let idp = still();
    let document = mock_idp::control::openapi();
    for (path, calls) in document["paths"].as_object().expect("paths") {
        for (verb, call) in calls.as_object().expect("calls") {
            if !path.contains("{tenant}") || verb == "put" {
                continue;
            }
            let body = call.pointer("/requestBody/content/application~1json/example");
            let body = body.map(Value::to_string).unwrap_or_default();
            for name in ["nobody", "_", ".x", "a%2Fb", "token", &"x".repeat(65)] {
                let path = path.replace("{tenant}", name).replace("/_control", "");
                problem(&ask(&idp, &verb.to_ascii_uppercase(), &path, &body).await, "no-such-tenant");
            }
        }
    }
    for name in ["_x", ".x", "token", "a%2Fb"] {
        problem(&ask(&idp, "PUT", &format!("/tenants/{name}"), "{}").await, "no-such-tenant");
    }
    assert!(idp.tenants().is_empty());
}

#[tokio::test]
async fn an_id_that_is_nobodys_is_not_found() {
    let idp = server();
    for path in ["/faults/7", "/faults/x", "/barriers/7", "/barriers/-1"] {
        for verb in ["GET", "DELETE"] {
            problem(&ask(&idp, verb, &format!("/tenants/_root{path}"), "").await, "nothing-there");
        }
    }
    for path in ["/barriers/7/release", "/barriers/7/release-one"] {
        problem(&ask(&idp, "POST", &format!("/tenants/_root{path}"), "").await, "nothing-there");
    }
    for path in ["/users/nobody", "/clients/nobody"] {
        problem(&ask(&idp, "DELETE", &format!("/tenants/_root{path}"), "").await, "nothing-there");
    }
    problem(&ask(&idp, "GET", "/schemas/surely-not", "").await, "nothing-there");
}

#[tokio::test]
async fn a_misspelt_member_is_named_with_its_place() {
    let idp = server();
    let body = "{\n  \"clients\": [\n    { \"client_id\": \"web\", \"redirect_uri\": \"canary\" }\n  ]\n}";
    let said = problem(&ask(&idp, "PUT", "/tenants/shop", body).await, "unfit");
    assert_eq!(said["did_you_mean"], "redirect_uris", "{said}");
    assert_eq!((&said["pointer"], &said["line"]), (&json!("/clients/0/redirect_uri"), &json!(3)), "{said}");
    assert!(!said.to_string().contains("canary"));
    assert!(idp.tenants().is_empty());
    let said = problem(&ask(&idp, "POST", "/tenants/_root/clock", r#"{"do":"frezze"}"#).await, "unfit");
    assert_eq!(said["did_you_mean"], "freeze", "{said}");
}

#[tokio::test]
async fn no_secret_of_a_call_comes_back() {
    let idp = server();
    let body = r#"{"clients":[{"client_id":"web","client_secret":"canary-1","metadata":{"jwks":{"keys":[{"kty":"oct","k":"canary-2"}]}}}],
        "users":[{"sub":"carol","password":"canary-3","one_time_code":"canary-4"}],
        "logins":[{"person":{"sub":"dora","password":"canary-5"}}]}"#;
    let mut answers = vec![done(&idp, "PUT", "/tenants/shop", body).await];
    for path in ["", "/clients", "/users", "/logins"] {
        answers.push(done(&idp, "GET", &format!("/tenants/shop{path}"), "").await);
    }
    for body in [
        r#"{"clients":[{"client_id":"web","client_secret":["canary-6"]}]}"#,
        r#"{"clients":[{"client_id":"web","client_secret":{"canary-6":1}}]}"#,
        r#"{"clients":"canary-6"}"#,
        r#"{"clients":[{"client_id":"web","client_secret":"canary-6}]}"#,
    ] {
        let answer = ask(&idp, "PUT", "/tenants/shop", body).await;
        assert!(answer.status().is_client_error(), "{body}");
        answers.push(serde_json::from_slice(answer.body()).expect("a problem"));
    }
    let text = serde_json::to_string(&answers).expect("JSON");
    assert!(!text.contains("canary"), "{text}");
    assert!(text.contains("<redacted>"));
}

#[tokio::test]
async fn what_cannot_be_is_said_and_nothing_of_it_is_done() {
    let idp = still();
    let before = everything(&idp).await;
    for (body, kind, word) in [
        (r#"{"profile":"surely-not"}"#, "unfit", "surely-not"),
        (r#"{"on":["surely-not"],"logins":[{"does":"deny"}]}"#, "unfit", "surely-not"),
        (r#"{"without":["RFC 0"]}"#, "unfit", "RFC 0"),
        (r#"{"clients":[{"client_id":"a","redirect_uris":["/cb"]}]}"#, "unfit", "redirect URI"),
        (r#"{"logins":[{"does":"deny"}],"faults":[{"at":"jwks","edit":[]}]}"#, "unfit", "no edit"),
        (r#"{"logins":[{"does":"deny"}],"barriers":[{"at":"id_token"}]}"#, "unfit", "held"),
        (r#"{"logins":[{"user":"a","person":{"sub":"b"}}]}"#, "unfit", "two ways"),
        (r#"{"clock":[{"do":"advance","seconds":1},{"do":"set","seconds":253402300800}]}"#, "unfit", "9999"),
        (r#"{"own_keys":true,"logins":[{"does":"deny"}]}"#, "conflict", "keys"),
    ] {
        let said = problem(&ask(&idp, "POST", "/tenants/_root/play", body).await, kind);
        assert!(said["detail"].as_str().expect("text").contains(word), "{said}");
        if kind == "unfit" {
            problem(&ask(&idp, "PUT", "/tenants/shop", body).await, kind);
            problem(&ask(&idp, "POST", "/tenants", body).await, kind);
        }
    }
    for (path, body) in [
        ("/faults", r#"[{"at":"jwks","edit":[{"do":"reset"}]},{"at":"jwks","edit":[]}]"#),
        ("/barriers", r#"{"at":"id_token"}"#),
        ("/clock", r#"{"do":"freeze","seconds":1}"#),
        ("/faults", r#"{"at":"jwks","edit":[{"do":"reset","after":1}]}"#),
        ("/clock", r#"{"do":"advance","seconds":18446744073709551615}"#),
    ] {
        problem(&ask(&idp, "POST", &format!("/tenants/_root{path}"), body).await, "unfit");
    }
    assert!(everything(&idp).await == before, "something has changed");
}

#[tokio::test]
async fn what_the_query_says_wrongly_is_refused() {
    let idp = still();
    done(&idp, "POST", "/tenants/_root/barriers", r#"{"at":"token_response"}"#).await;
    for query in ["wait=x", "wait=31", "wait=-1", "wait=", "wait=1&wait=2", "wat=1", "count=x", "%zz=1"] {
        let answer = ask(&idp, "GET", &format!("/tenants/_root/barriers/1?{query}"), "").await;
        problem(&answer, "bad-query");
    }
    problem(&ask(&idp, "POST", "/reset?now=1", "").await, "bad-query");
    problem(&ask(&idp, "POST", "/reset", "{}").await, "unexpected-body");
}

#[tokio::test]
async fn the_tenant_at_the_root_stays() {
    let idp = still();
    let before = everything(&idp).await;
    problem(&ask(&idp, "PUT", "/tenants/_root", "{}").await, "conflict");
    problem(&ask(&idp, "DELETE", "/tenants/_root", "").await, "conflict");
    problem(&ask(&idp, "POST", "/tenants/_root/keys/rotate", "").await, "conflict");
    problem(&ask(&idp, "POST", "/tenants/_root/keys/retire", "").await, "conflict");
    done(&idp, "DELETE", "/tenants/_root/users/bob", "").await;
    problem(&ask(&idp, "DELETE", "/tenants/_root/users/alice", "").await, "conflict");
    done(&idp, "POST", "/tenants/_root/reset", "").await;
    assert!(everything(&idp).await == before, "something has changed");
}
