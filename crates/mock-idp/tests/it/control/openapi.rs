//! The OpenAPI document, compared with what is answered.

use std::collections::BTreeSet;

use http::header::{ALLOW, CONTENT_TYPE};
use serde_json::Value;

use super::{ask, done, problem, server};

const METHODS: &[&str] = &["GET", "PUT", "POST", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "BREW"];

/// The path of a template, with something that is there in the place of its parts.
fn filled(template: &str) -> String {
    let path = template.replace("{tenant}", "_root").replace("{id}", "1").replace("{name}", "scenario");
    let path = path.replace("{kind}", "unfit").replace("{client_id}", "public").replace("{sub}", "alice");
    path.strip_prefix("/_control").expect("below the prefix").to_owned()
}

/// Every path of the document, and the methods it has.
fn documented(document: &Value) -> Vec<(String, BTreeSet<String>)> {
    let paths = document["paths"].as_object().expect("paths");
    let verbs =
        |path: &Value| path.as_object().expect("a path").keys().map(|verb| verb.to_ascii_uppercase()).collect();
    paths.iter().map(|(path, calls)| (path.clone(), verbs(calls))).collect()
}

#[tokio::test]
async fn the_served_document_names_every_call_and_no_other() {
    let idp = server();
    let document = done(&idp, "GET", "/openapi.json", "").await;
    assert_eq!(document["openapi"], "3.1.1");
    assert_eq!(document, mock_idp::control::openapi());
    for (template, verbs) in documented(&document) {
        for method in METHODS {
            let answer = ask(&idp, method, &filled(&template), "").await;
            if verbs.contains(*method) {
                assert_ne!(answer.status(), 405, "{method} {template}");
                let text = String::from_utf8_lossy(answer.body());
                assert!(!text.contains("problems/no-such-call"), "{method} {template}: {text}");
                continue;
            }
            assert_eq!(answer.status(), 405, "{method} {template}");
            let allow = answer.headers()[ALLOW].to_str().expect("text").split(", ").map(str::to_owned);
            assert_eq!(allow.collect::<BTreeSet<_>>(), verbs, "{method} {template}");
        }
    }
    for path in
        ["/surely-not", "/", "//", "/tenants/", "/tenants//clock", "/tenants/_root/clock/", "/reset/x", "/%74enants"]
    {
        problem(&ask(&idp, "GET", path, "").await, "no-such-call");
    }
}

#[tokio::test]
async fn every_answer_is_a_documented_one() {
    let idp = server();
    let document = mock_idp::control::openapi();
    for (template, verbs) in documented(&document) {
        for verb in verbs {
            let call = &document["paths"][&template][verb.to_ascii_lowercase()];
            let example = call.pointer("/requestBody/content/application~1json/example");
            let good = example.map(Value::to_string).unwrap_or_default();
            for body in [good.as_str(), "", "{", "[]", "{\"surely_not\":1}"] {
                let path = filled(&template);
                for path in [path.clone(), path.replace("_root", "nobody"), format!("{path}?surely=not")] {
                    let answer = ask(&idp, &verb, &path, body).await;
                    let response = &call["responses"][answer.status().as_str()];
                    assert!(response.is_object(), "{verb} {path} {body}: {} is not documented", answer.status());
                    let kind = answer.headers().get(CONTENT_TYPE).map(|kind| kind.to_str().expect("text"));
                    let kind = kind.map(|kind| kind.split(';').next().unwrap_or_default());
                    match kind {
                        Some(kind) => assert!(response["content"][kind].is_object(), "{verb} {path}: {kind}"),
                        None => assert!(response.get("content").is_none(), "{verb} {path}"),
                    }
                }
            }
        }
    }
}

#[tokio::test]
async fn every_schema_is_served_by_its_name() {
    let idp = server();
    let names = done(&idp, "GET", "/schemas", "").await;
    for name in names.as_array().expect("names") {
        let schema = done(&idp, "GET", &format!("/schemas/{}", name.as_str().expect("text")), "").await;
        assert!(schema["$defs"].is_object(), "{name}");
    }
    for name in ["scenario", "fault", "barrier", "next-login", "turn", "problem"] {
        assert!(names.as_array().expect("names").contains(&name.into()), "{name}");
    }
}

#[tokio::test]
async fn every_kind_of_problem_is_described_where_its_type_leads() {
    let idp = server();
    let answer = ask(&idp, "POST", "/tenants/_root/clock", "{}").await;
    let kind = problem(&answer, "unfit")["type"].as_str().expect("a type").to_owned();
    let page = ask(&idp, "GET", kind.trim_start_matches("/_control"), "").await;
    assert_eq!(page.status(), 200);
    problem(&ask(&idp, "GET", "/problems/surely-not", "").await, "nothing-there");
}
