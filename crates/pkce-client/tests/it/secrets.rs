//! Nothing that can be printed shows a code, a verifier, a state, a nonce, a token or a secret.

use std::error::Error as StdError;
use std::fmt::Debug;

use pkce_client::{
    Algorithm, Callback, Client, ConfigError, Endpoint, Error, FileStore, FinishError, HttpRequest, KeyError,
    MemoryStore, Session, SigningKey, StoreError, TokenSet, TokenStore,
};
use serde_json::json;

use crate::stage::{ES256, ISSUER, RS256, Stage, asked, callback, callback_query, response};
use crate::token_store::Scratch;

const CANARIES: [&str; 8] = [
    "canary-code",
    "canary-access",
    "canary-refresh",
    "canary-secret",
    "canary-description",
    "canary-claim",
    "canary-state",
    "canary-body",
];

/// Everything a value shows: itself, and every error behind it.
fn shown(value: &(impl Debug + ?Sized)) -> String {
    format!("{value:?} {value:#?}")
}

fn shown_error(error: &dyn StdError) -> String {
    let mut text = format!("{error} {error:?} {error:#?}");
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(&format!("{error} {error:?}"));
        source = error.source();
    }
    text
}

#[track_caller]
fn silent(text: &str, more: &[&str]) {
    for canary in CANARIES.iter().chain(more) {
        assert!(!text.contains(canary), "{canary} is shown: {text}");
    }
}

fn stage() -> Stage {
    let stage = Stage::new();
    stage.member("access_token", json!("canary-access"));
    stage.member("refresh_token", json!("canary-refresh"));
    stage.claim("email", json!("canary-claim"));
    stage
}

fn client(stage: &Stage) -> Client {
    stage.client_of(stage.builder().secret("canary-secret"))
}

async fn failed(stage: &Stage) -> Error {
    let client = client(stage);
    let started = stage.begin(&client).await;
    let response = callback(&started, &[("code", "canary-code")]);
    match client.finish(started.pending, response).await {
        Err(FinishError::Failed(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn complaint_12_values_do_not_show_their_secrets() {
    let stage = stage();
    silent(&shown(&stage.builder().secret("canary-secret")), &[]);
    silent(&shown(&stage.builder().secret_in_body("canary-secret")), &[]);
    let client = client(&stage);
    silent(&shown(&client), &[]);
    let login = client.login().scopes(["openid"]).param("x", "canary-body").login_hint("canary-claim");
    silent(&shown(&login), &[]);
    let started = stage.begin(&client).await;
    let asked = asked(&started);
    let drawn: Vec<&str> = ["state", "nonce", "code_challenge"].iter().filter_map(|name| asked.get(name)).collect();
    silent(&shown(&started), &drawn);
    silent(&shown(&started.pending), &drawn);
    let response = callback(&started, &[("code", "canary-code")]);
    silent(&shown(&response), &drawn);
    let accepted = started.pending.accept(response).expect("accepted");
    silent(&shown(&accepted), &drawn);
    let session = client.redeem(accepted).await.expect("a session");
    silent(&shown(&session), &drawn);
    silent(&shown(session.claims().expect("claims")), &drawn);
    silent(&shown(&session.access_token().await.expect("a token")), &drawn);
    stage.with(|script| script.userinfo["email"] = json!("canary-claim"));
    silent(&shown(&session.userinfo().await.expect("userinfo")), &drawn);
    let mistyped = session.claims().expect("claims").get::<u64>("email").expect_err("a text");
    silent(&shown_error(&mistyped), &drawn);
}

#[tokio::test]
async fn requests_do_not_show_their_secrets() {
    let request = http::Request::post("https://issuer.example/token?x=canary-code")
        .header("authorization", "Basic canary-secret")
        .body(b"canary-body".to_vec())
        .expect("a request");
    let request =
        HttpRequest { endpoint: Endpoint::Token, request, timeout: std::time::Duration::from_secs(1), max_body: 1 };
    silent(&shown(&request), &[]);
}

#[tokio::test]
async fn rejected_responses_do_not_show_what_was_in_them() {
    let stage = stage();
    let client = client(&stage);
    let changes: [&[(&str, &str)]; 5] = [
        &[("code", "canary-code"), ("state", "canary-state")],
        &[("code", "canary-code"), ("iss", "https://canary-body.example")],
        &[("error", "access_denied"), ("error_description", "canary-description")],
        &[("error", "canary-body"), ("error_uri", "https://canary-body.example")],
        &[("code", "")],
    ];
    for changes in changes {
        let started = stage.begin(&client).await;
        let state = asked(&started).get("state").expect("a state").to_owned();
        let response = callback(&started, changes);
        let error = client.finish(started.pending, response).await.expect_err("a rejection");
        silent(&shown_error(&error), &[&state]);
    }
    let started = stage.begin(&client).await;
    for text in ["canary-body=1&canary-body=2", "code=canary-code&x=%canary", "code=canary-code&code=canary-code"] {
        let query = format!("{}&{text}", callback_query(&started, &[]));
        silent(&shown_error(&Callback::from_query(&query).expect_err("a defect")), &[]);
    }
}

#[tokio::test]
async fn errors_of_the_token_endpoint_do_not_show_the_body() {
    let bodies = [
        (
            200,
            "application/json",
            r#"{"access_token":"canary-access","token_type":"Bearer","expires_in":"canary-body"}"#,
        ),
        (200, "application/json", r#"{"access_token":"canary-access\n","token_type":"Bearer"}"#),
        (200, "application/json", r#"{"access_token":"canary-access","token_type":"canary-body"}"#),
        (200, "application/json", r#"{"access_token":"canary-access","canary-body":1,"canary-body":2}"#),
        (200, "application/json", r#"{"access_token":"canary-access" canary-body"#),
        (200, "text/html", "canary-body"),
        (500, "text/html", "canary-body"),
        (302, "text/html", "canary-body"),
        (
            400,
            "application/json",
            r#"{"error":"invalid_grant","error_description":"canary-description canary-code"}"#,
        ),
        (400, "application/json", r#"{"error":"canary-code","error_uri":"https://canary-body.example"}"#),
    ];
    for (status, content_type, body) in bodies {
        let stage = stage();
        stage.instead(move |seen| {
            (seen.endpoint == Endpoint::Token).then(|| Ok(response(status, content_type, body)))
        });
        silent(&shown_error(&failed(&stage).await), &[]);
    }
}

#[tokio::test]
async fn errors_of_id_tokens_do_not_show_them() {
    let claims = [
        ("iss", json!("https://canary-claim.example")),
        ("aud", json!("canary-claim")),
        ("azp", json!("canary-claim")),
        ("nonce", json!("canary-claim")),
        ("at_hash", json!("canary-claim")),
        ("sub", json!(["canary-claim"])),
        ("exp", json!("canary-claim")),
    ];
    for (name, value) in claims {
        let stage = stage();
        stage.claim(name, value);
        silent(&shown_error(&failed(&stage).await), &[]);
    }
    for token in ["canary-claim", "canary-claim.canary-claim.canary-claim", "e30.e30.canary-claim"] {
        let stage = stage();
        stage.member("id_token", json!(token));
        silent(&shown_error(&failed(&stage).await), &[]);
    }
}

#[tokio::test]
async fn errors_of_metadata_and_userinfo_do_not_show_them() {
    let stage = stage();
    stage.answer(Endpoint::Discovery, 200, "application/json", r#"{"issuer":["canary-body"]}"#);
    silent(&shown_error(&stage.builder().discover().await.expect_err("a refusal")), &[]);
    stage.with(|script| script.instead = None);
    let session = stage.login(&client(&stage)).await.expect("a session");
    for body in [
        r#"{"sub":"canary-claim"}"#,
        "canary-body",
        r#"{"error":"invalid_token","error_description":"canary-description"}"#,
    ] {
        for status in [200, 401] {
            stage.answer(Endpoint::Userinfo, status, "application/json", body);
            silent(&shown_error(&session.userinfo().await.expect_err("a refusal")), &[ISSUER]);
        }
    }
}

/// Every piece of a key in PEM that nobody else has.
fn pieces(pem: &str) -> Vec<&str> {
    let lines = pem.lines().filter(|line| !line.starts_with("-----"));
    lines.flat_map(|line| [line, &line[line.len() / 2..]]).filter(|piece| piece.len() >= 8).collect()
}

#[tokio::test]
async fn keys_proofs_and_assertions_are_not_shown() {
    let stage = stage();
    stage.with(|script| {
        script.metadata["token_endpoint_auth_methods_supported"] = json!(["private_key_jwt", "client_secret_jwt"]);
        script.metadata["dpop_signing_alg_values_supported"] = json!(["ES256"]);
        script.members["token_type"] = json!("DPoP");
    });
    let key = SigningKey::from_pem(Algorithm::Es256, ES256).expect("a key");
    let private = pieces(ES256);
    silent(&shown(&key), &private);
    let secret = "canary-secret-of-thirty-two-octets";
    let (signing, keyed) = (
        || stage.builder().private_key_jwt(key.clone()).dpop(key.clone()),
        || stage.builder().client_secret_jwt(secret).dpop_with_new_key(),
    );
    silent(&shown(&signing()), &private);
    silent(&shown(&keyed()), &private);
    for client in [stage.client_of(signing()), stage.client_of(keyed())] {
        silent(&shown(&client), &private);
        let started = stage.begin(&client).await;
        silent(&shown(&started), &private);
        let response = callback(&started, &[("code", "canary-code")]);
        let session = client.finish(started.pending, response).await.expect("a session");
        let mut sent = http::Request::get("https://api.example/").body(()).expect("a request");
        session.authorize(&mut sent).await.expect("a token");
        let seen = stage.seen(Endpoint::Token).pop().expect("a request");
        let assertion = seen.params.get("client_assertion").expect("an assertion");
        let proof = sent.headers()["dpop"].to_str().expect("ASCII").to_owned();
        let more = [&private[..], &[assertion, &proof]].concat();
        silent(&shown(&session), &more);
        // The header itself is one that loggers leave out.
        silent(&shown(sent.headers()), &more);
    }
}

#[tokio::test]
async fn errors_of_proofs_do_not_show_nonces_or_what_was_proven() {
    let stage = stage();
    stage.with(|script| {
        script.metadata["token_endpoint_auth_methods_supported"] = json!(["client_secret_jwt"]);
        script.metadata["dpop_signing_alg_values_supported"] = json!(["ES256"]);
    });
    let secret = "canary-secret-of-thirty-two-octets";
    let client = stage.client_of(stage.builder().client_secret_jwt(secret).dpop_with_new_key());
    let asking = || {
        let body = r#"{"error":"use_dpop_nonce","error_description":"canary-description"}"#;
        let mut answer = response(400, "application/json", body);
        answer.headers_mut().insert("dpop-nonce", "canary-body".parse().expect("a header"));
        answer
    };
    stage.instead(move |seen| (seen.endpoint == Endpoint::Token).then(|| Ok(asking())));
    let started = stage.begin(&client).await;
    let answered = callback(&started, &[("code", "canary-code")]);
    let error = client.finish(started.pending, answered).await.expect_err("a refusal");
    assert_eq!(stage.seen(Endpoint::Token).len(), 2);
    silent(&shown_error(&error), &[]);
    silent(&shown(&client), &[]);
    stage.with(|script| script.instead = None);
    // A Bearer token where a bound one belongs.
    let error = stage.login(&client).await.expect_err("a refusal");
    silent(&shown_error(&error), &[]);
}

#[test]
fn errors_of_keys_do_not_show_them() {
    let (elliptic, rsa) = (pieces(ES256), pieces(RS256));
    for (algorithm, pem) in [(Algorithm::Es256, RS256), (Algorithm::Rs256, ES256), (Algorithm::Hs256, ES256)] {
        let error: KeyError = SigningKey::from_pem(algorithm, pem).expect_err("no key");
        silent(&shown_error(&error), &[&elliptic[..], &rsa].concat());
    }
    let short = Stage::new().builder().client_secret_jwt("canary-secret");
    silent(&shown(&short), &[]);
    silent(&shown_error(&ConfigError::ShortSecret), &[]);
}

#[cfg(feature = "reqwest")]
#[test]
fn a_transport_does_not_show_its_key() {
    use pkce_client::ReqwestTransport;

    let mut private = pieces(ES256);
    private.push("canary-secret");
    let builder = || ReqwestTransport::builder().roots_pem("canary-body").identity_pem("canary-body", ES256);
    silent(&shown(&builder()), &private);
    silent(&shown_error(&builder().build().expect_err("no roots")), &private);
    let own = mock_idp::tls::Subject::named("web").self_signed().expect("a certificate");
    let wrong = ReqwestTransport::builder().identity_pem(&own.certificate_pem, ES256);
    silent(&shown_error(&wrong.build().expect_err("another key")), &private);
    let right = ReqwestTransport::builder().identity_pem(&own.certificate_pem, own.key_pem.clone());
    silent(&shown(&right.build().expect("a transport")), &pieces(own.key_pem.expose()));
}

#[tokio::test]
async fn stores_and_what_is_in_them_do_not_show_it() {
    let (stage, scratch) = (stage(), Scratch::new("canaries"));
    let client = client(&stage);
    let session = stage.login(&client).await.expect("a session");
    let memory = MemoryStore::new();
    session.keep_in(memory.clone()).await.expect("kept");
    session.keep_in(scratch.store()).await.expect("kept");
    let (version, tokens) = memory.load().await.expect("a store").expect("tokens");
    let json = tokens.expose_json();
    let id_token = stage.with(|script| script.id_token());
    for canary in ["canary-access", "canary-refresh", "canary-claim", &id_token] {
        assert!(json.expose().contains(canary), "{canary} is kept");
    }
    let store: &dyn TokenStore = &memory;
    let restored = Session::restore(&client, scratch.store()).await.expect("a store");
    for text in [shown(&memory), shown(&tokens), shown(&version), shown(&json), shown(store), shown(&restored)] {
        silent(&text, &[&id_token]);
    }
    silent(&shown(&scratch.store()), &[&id_token]);
    silent(&shown(&memory.load().await), &[&id_token]);
    silent(&shown(&memory.replace(None, Some(&tokens)).await), &[&id_token]);
}

#[tokio::test]
async fn errors_of_stores_do_not_show_what_is_in_them() {
    let (stage, scratch) = (stage(), Scratch::new("canary-errors"));
    let client = client(&stage);
    let session = stage.login(&client).await.expect("a session");
    let memory = MemoryStore::new();
    session.keep_in(memory.clone()).await.expect("kept");
    let text = memory.load().await.expect("a store").expect("tokens").1.expose_json();
    let changes = [
        (r#""format":1"#, r#""format":"canary-body""#),
        (r#""format":1"#, r#""canary-body":1"#),
        (r#""canary-access""#, r#""canary-access\n""#),
        ("Bearer", "canary-body"),
        (r#""sub":"alice""#, r#""sub":["canary-claim"]"#),
    ];
    for (from, to) in changes {
        assert!(text.expose().contains(from), "{from}");
        let changed = text.expose().replacen(from, to, 1);
        silent(&shown_error(&TokenSet::from_exposed_json(&changed).expect_err("a refusal")), &[]);
    }
    session.keep_in(scratch.store()).await.expect("kept");
    let kept = std::fs::read_to_string(scratch.file()).expect("a file");
    for changed in [kept.replace("canary-access", "canary-access\u{0}"), kept.replace('}', ""), kept + "canary-body"]
    {
        std::fs::write(scratch.file(), changed).expect("a file");
        let error = Session::restore(&client, scratch.store()).await.expect_err("a refusal");
        assert!(matches!(error, Error::Store(StoreError::Format)), "{error:?}");
        silent(&shown_error(&error), &[]);
    }
    let nowhere = FileStore::in_plain_text(scratch.0.join("no/folder"));
    silent(&shown_error(&session.keep_in(nowhere).await.expect_err("no folder")), &[]);
}
