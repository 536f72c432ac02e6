//! MCP Authorization: a client finds out whom to ask, asks for a token for exactly this server, and steps up.

use bytes::Bytes;
use http::Request;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use mock_idp::MockIdp;
use oauth_types::Params;
use serde_json::{Value, json};

use crate::browser::{Answer, Browser, asking, with};
use crate::refusals::{assert_quiet, assert_refused};
use crate::rfc9728_resource_metadata::access;

fn server() -> MockIdp {
    MockIdp::builder().in_process().expect("a server")
}

fn mcp(idp: &MockIdp) -> String {
    format!("{}/mcp", idp.issuer())
}

/// A token for the MCP server with this scope.
async fn token(idp: &MockIdp, scope: &str) -> String {
    access(&Browser::new(idp), &with(asking(), "scope", scope).with("resource", mcp(idp))).await
}

async fn send(idp: &MockIdp, token: &str, body: impl ToString) -> Answer {
    let request = Request::post("/mcp").header(AUTHORIZATION, format!("Bearer {token}"));
    let request = request.header(CONTENT_TYPE, "application/json").header("mcp-protocol-version", "2025-11-25");
    Browser::new(idp).send(request.body(Bytes::from(body.to_string())).expect("a request")).await
}

fn asks(method: &str, params: Value) -> Value {
    json!({"jsonrpc": "2.0", "id": 7, "method": method, "params": params})
}

/// The result of a message.
async fn result(idp: &MockIdp, token: &str, method: &str, params: Value) -> Value {
    let answer = send(idp, token, asks(method, params)).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")), "{}", answer.body);
    let answer = answer.json();
    assert_eq!((&answer["jsonrpc"], &answer["id"], answer.get("error")), (&json!("2.0"), &json!(7), None));
    answer["result"].clone()
}

fn challenge(answer: &Answer) -> &str {
    answer.header("www-authenticate").expect("a challenge")
}

#[tokio::test]
async fn a_client_finds_its_way_from_the_first_refusal_to_a_tool() {
    let idp = server();
    let browser = Browser::new(&idp);
    let request = Request::post("/mcp").header(CONTENT_TYPE, "application/json");
    let answer = browser.send(request.body(Bytes::from("{}")).expect("a request")).await;
    assert_eq!(answer.status, 401);
    assert_refused(&idp, &answer, "rfc6750-token-missing", "");
    let well_known = "/.well-known/oauth-protected-resource/mcp";
    let named = format!("resource_metadata=\"{}{well_known}\"", idp.issuer());
    assert!(challenge(&answer).starts_with("Bearer ") && challenge(&answer).contains(&named), "{answer:?}");
    assert!(challenge(&answer).contains("scope=\"mcp:tools\""));
    assert_eq!(challenge(&answer).matches("resource_metadata").count(), 1);

    let document = browser.fetch(well_known).await.tokens();
    assert_eq!(document["resource"], json!(mcp(&idp)));
    assert_eq!(document["authorization_servers"], json!([idp.issuer()]));
    assert_eq!(document["scopes_supported"], json!(["mcp:tools"]));
    assert_eq!(document["bearer_methods_supported"], json!(["header"]));

    let token = token(&idp, "mcp:tools").await;
    let begun = result(&idp, &token, "initialize", json!({"protocolVersion": "2025-11-25"})).await;
    assert_eq!((&begun["protocolVersion"], &begun["serverInfo"]["name"]), (&json!("2025-11-25"), &json!("mock-idp")));
    let noted = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
    let answer = send(&idp, &token, noted).await;
    assert_eq!((answer.status, answer.body.as_str()), (202, ""));
    let answer = send(&idp, &token, json!({"jsonrpc": "2.0", "id": 1, "result": {}})).await;
    assert_eq!(answer.status, 202, "an answer is not answered");
    assert_eq!(result(&idp, &token, "ping", json!({})).await, json!({}));
    let tools = result(&idp, &token, "tools/list", json!({})).await;
    let names: Vec<_> = tools["tools"].as_array().expect("tools").iter().map(|tool| tool["name"].clone()).collect();
    assert_eq!(names, ["whoami", "transfer"]);
    let who = result(&idp, &token, "tools/call", json!({"name": "whoami"})).await;
    let said = json!({"sub": "alice", "client_id": "public", "scope": "mcp:tools"});
    assert_eq!((&who["structuredContent"], &who["isError"]), (&said, &json!(false)));
    let text: Value = serde_json::from_str(who["content"][0]["text"].as_str().expect("text")).expect("JSON");
    assert_eq!(text, said);
}

#[tokio::test]
async fn a_tool_that_needs_more_says_so() {
    let idp = server();
    let before = token(&idp, "mcp:tools").await;
    let transfer = json!({"name": "transfer", "arguments": {"to": "bob", "amount": 3}});
    let answer = send(&idp, &before, asks("tools/call", transfer.clone())).await;
    assert_eq!(answer.status, 403);
    assert_refused(&idp, &answer, "mcp-scope-missing", "mcp:transfer");
    assert!(challenge(&answer).contains("error=\"insufficient_scope\""));
    assert!(challenge(&answer).contains("scope=\"mcp:tools mcp:transfer\""), "{answer:?}");
    assert_quiet(&idp, &answer, &[&before]);
    let after = token(&idp, "mcp:tools mcp:transfer").await;
    let done = result(&idp, &after, "tools/call", transfer).await;
    assert_eq!(done, json!({"content": [{"type": "text", "text": "3 were transferred to bob"}], "isError": false}));
    for arguments in [json!({}), json!({"to": "", "amount": 3}), json!({"to": "bob", "amount": -3})] {
        let call = json!({"name": "transfer", "arguments": arguments});
        assert_eq!(result(&idp, &after, "tools/call", call).await["isError"], true);
    }
    let answer = send(&idp, &token(&idp, "openid").await, asks("ping", json!({}))).await;
    assert_eq!(answer.status, 403);
    assert_refused(&idp, &answer, "mcp-scope-missing", "mcp:tools");
    assert!(challenge(&answer).ends_with("scope=\"mcp:tools\""));
}

#[tokio::test]
async fn a_token_is_for_this_server_and_no_other() {
    let idp = server();
    let browser = Browser::new(&idp);
    let scoped = with(asking(), "scope", "mcp:tools");
    let others = ["http://mock-idp.test/mcp/", "http://mock-idp.test/resource", "http://mock-idp.test/acme/mcp"];
    let mut wrong = vec![scoped.clone()];
    wrong.extend(others.map(|other| scoped.clone().with("resource", other)));
    for params in wrong {
        let token = access(&browser, &params).await;
        let answer = send(&idp, &token, asks("ping", json!({}))).await;
        assert_eq!(answer.status, 401);
        assert_refused(&idp, &answer, "mcp-audience-other", "resource=http://mock-idp.test/mcp");
        assert!(challenge(&answer).contains("scope=\"mcp:tools\""));
        assert_quiet(&idp, &answer, &[&token]);
    }
    let both = scoped.with("resource", others[1]).with("resource", mcp(&idp));
    let answer = send(&idp, &access(&browser, &both).await, asks("ping", json!({}))).await;
    assert_eq!(answer.status, 200, "it names this server, beside another");
}

#[tokio::test]
async fn a_token_comes_in_the_header_alone() {
    let idp = MockIdp::builder().on("token-in-query").in_process().expect("a switch");
    let token = token(&idp, "mcp:tools").await;
    let browser = Browser::new(&idp);
    let form = Params::new().with("access_token", &token).encode();
    for answer in [
        browser.post("/mcp", form.clone(), None).await,
        browser.post(&format!("/mcp?{form}"), String::new(), None).await,
        browser.post(&format!("/mcp?{form}"), String::new(), Some(&format!("Bearer {token}"))).await,
    ] {
        assert_eq!(answer.status, 400);
        assert_refused(&idp, &answer, "mcp-token-not-in-header", "");
        assert_quiet(&idp, &answer, &[&token]);
    }
}

#[tokio::test]
async fn a_message_that_is_none_is_an_error_of_json_rpc() {
    let idp = server();
    let token = token(&idp, "mcp:tools").await;
    for (body, code) in [
        ("", -32700),
        ("{", -32700),
        (&"[".repeat(60_000), -32700),
        ("[]", -32600),
        ("\"ping\"", -32600),
        (r#"{"id":1,"method":"ping"}"#, -32600),
        (r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":1}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":1,"method":7}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}"#, -32600),
    ] {
        let answer = send(&idp, &token, body).await;
        let told = answer.json();
        assert_eq!((answer.status, &told["error"]["code"]), (400, &json!(code)), "{body:.80}");
        assert_eq!((&told["jsonrpc"], &told["id"]), (&json!("2.0"), &Value::Null));
        assert_quiet(&idp, &answer, &[&token]);
    }
    for (method, params, code) in [
        ("resources/list", json!({}), -32601),
        ("", json!({}), -32601),
        ("initialize", json!({}), -32602),
        ("tools/call", json!({}), -32602),
        ("tools/call", json!({"name": "rm"}), -32602),
        ("tools/call", json!({"name": "whoami", "arguments": []}), -32602),
    ] {
        let answer = send(&idp, &token, asks(method, params)).await;
        assert_eq!((answer.status, &answer.json()["error"]["code"]), (200, &json!(code)), "{method}");
        assert_eq!(answer.json()["id"], 7);
    }
    assert_eq!(send(&idp, &token, "x".repeat(65_537)).await.status, 413);
}

#[tokio::test]
async fn a_revision_that_is_not_spoken_is_refused() {
    let idp = server();
    let token = token(&idp, "mcp:tools").await;
    let begun = result(&idp, &token, "initialize", json!({"protocolVersion": "2025-06-18"})).await;
    assert_eq!(begun["protocolVersion"], "2025-06-18");
    let begun = result(&idp, &token, "initialize", json!({"protocolVersion": "1999-01-01"})).await;
    assert_eq!(begun["protocolVersion"], "2025-11-25", "the newest that is spoken");
    let request = Request::post("/mcp").header(AUTHORIZATION, format!("Bearer {token}"));
    let request = request.header("mcp-protocol-version", "1999-01-01").header(CONTENT_TYPE, "application/json");
    let body = Bytes::from(asks("ping", json!({})).to_string());
    let answer = Browser::new(&idp).send(request.body(body).expect("a request")).await;
    assert_eq!((answer.status, &answer.json()["error"]["code"]), (400, &json!(-32600)));
}

#[tokio::test]
async fn a_script_of_a_page_may_ask_with_its_revision() {
    let idp = server();
    let browser = Browser::new(&idp);
    let request = Request::options("/mcp").body(Bytes::new()).expect("a request");
    let answer = browser.send(request).await;
    assert_eq!((answer.status, answer.header("access-control-allow-methods")), (204, Some("POST")));
    assert!(answer.header("access-control-allow-headers").is_some_and(|all| all.contains("mcp-protocol-version")));
    assert_eq!(browser.fetch("/mcp").await.status, 405, "there is no stream to listen to");

    let idp = MockIdp::builder().without("MCP Authorization").in_process().expect("it can be left out");
    let browser = Browser::new(&idp);
    assert_eq!(browser.fetch("/mcp").await.status, 404);
    assert_eq!(browser.fetch("/.well-known/oauth-protected-resource/mcp").await.status, 404);
}
