//! Every vector of fixtures/vectors/pkce.json, over HTTP, with percent-encoded bodies.

use std::fmt::Write;

use mock_idp::MockIdp;
use oauth_types::Params;
use serde_json::Value;

use crate::browser::{REDIRECT_URI, asking, redeeming, with, without};

/// Octets as a form value: everything escaped, so that any octet can be sent.
fn escaped(hex: &str) -> String {
    hex.as_bytes().chunks(2).fold(String::new(), |mut text, digits| {
        write!(text, "%{}", String::from_utf8_lossy(digits)).expect("writing into a string");
        text
    })
}

async fn location(http: &reqwest::Client, issuer: &str, params: &Params) -> Option<Params> {
    let answer = http.get(format!("{issuer}/authorize?{}", params.encode())).send().await.expect("an answer");
    let location = answer.headers().get("location")?.to_str().expect("text").to_owned();
    let query = location.strip_prefix(&format!("{REDIRECT_URI}?")).expect("the client's own redirect URI");
    Some(Params::parse(query).expect("parameters"))
}

#[tokio::test]
async fn valid_pairs_get_tokens_and_nothing_else_ever_does() {
    let idp = MockIdp::start().await;
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build();
    let http = http.expect("a client");
    let file: Value = serde_json::from_str(include_str!("../../../../fixtures/vectors/pkce.json")).expect("JSON");
    let (mut accepted, mut refused) = (0, 0);
    for vector in file["vectors"].as_array().expect("vectors") {
        let text = |name: &str| vector[name].as_str().unwrap_or_else(|| panic!("{name} of {vector}"));
        let id = text("id");
        let valid = text("group") == "valid" && text("method") == "S256";
        let asks = with(asking(), "code_challenge", text("challenge"));
        let asks = with(asks, "code_challenge_method", text("method"));
        let answer = location(&http, idp.issuer(), &asks).await.unwrap_or_else(|| panic!("{id}: no redirect"));
        let Some(code) = answer.get("code") else {
            assert_eq!(answer.get("error"), Some("invalid_request"), "{id}");
            assert!(!valid, "{id} is valid");
            let early = vector["expect"]["authorize"].as_str().expect("an expectation");
            let strict = ["challenge-variant", "client-bug"].contains(&text("group")) || text("method") == "plain";
            assert!(early != "accept" || strict, "{id} was refused too early");
            refused += 1;
            continue;
        };
        let body = without(redeeming(code), "code_verifier").encode();
        let body = format!("{body}&code_verifier={}", escaped(text("verifier_hex")));
        let request = http.post(format!("{}/token", idp.issuer())).body(body);
        let request = request.header("Content-Type", "application/x-www-form-urlencoded");
        let answer = request.send().await.expect("an answer");
        let status = answer.status().as_u16();
        let body: Value = answer.json().await.expect("JSON");
        if valid {
            assert_eq!(status, 200, "{id}: {body}");
            assert!(body["access_token"].is_string() && body["id_token"].is_string(), "{id}");
            accepted += 1;
        } else {
            assert_eq!(status, 400, "{id}: {body}");
            assert_eq!(body.get("access_token").or(body.get("id_token")), None, "{id}");
            let allowed = vector["expect"]["token_error"].as_str().expect("an expectation");
            let error = body["error"].as_str().expect("an error");
            assert!(allowed.split('|').any(|one| one == error), "{id}: {error}, not {allowed}");
            refused += 1;
        }
    }
    assert_eq!((accepted, accepted + refused), (5, file["vectors"].as_array().map_or(0, Vec::len)));
}
