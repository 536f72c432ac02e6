//! RFC 7523 §2.2: clients that authenticate with a signed assertion.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use mock_idp::outbound::{Outbound, OutboundError};
use mock_idp::store::BoxFuture;
use mock_idp::{Builder, Client, MockIdp};
use oauth_types::Params;
use serde_json::{Value, json};

use crate::browser::{Answer, Browser, asking, basic, decode, redeeming, with, without};
use crate::refusals::assert_refused;
use crate::signer::{Draft, Signer, assertion, encoded, unique};

const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const SECRET: &str = "canary-secret-of-no-less-than-32-octets";

/// A server, and a client `keyed` of it with a key.
struct Stage {
    idp: MockIdp,
    key: Signer,
}

impl Stage {
    fn new(build: impl FnOnce(Builder, &Signer) -> Builder) -> Self {
        let key = Signer::new();
        Self { idp: build(MockIdp::builder(), &key).in_process().expect("a server"), key }
    }

    fn browser(&self) -> Browser<'_> {
        Browser::new(&self.idp)
    }

    async fn code(&self) -> String {
        self.browser().code(&with(asking(), "client_id", "keyed")).await
    }

    /// An assertion with nothing wrong.
    fn assertion(&self) -> Draft {
        self.key.assertion(&self.idp, "keyed")
    }

    /// A token request with an assertion.
    async fn token(&self, code: &str, assertion: &str) -> Answer {
        self.browser().token(&asserting(code, assertion)).await
    }

    /// A token request that would get no further than to the authentication of the client.
    async fn tried(&self, assertion: &str) -> Answer {
        self.token("no-such-code", assertion).await
    }

    fn refused(&self, answer: &Answer, rule: &str, hint: &str) {
        assert_eq!((answer.status, &answer.json()["error"]), (401, &json!("invalid_client")), "{rule}");
        assert_refused(&self.idp, answer, rule, hint);
    }
}

/// Whether the client of a request was authenticated.
fn passed(answer: &Answer) -> bool {
    answer.json()["error"] == "invalid_grant"
}

/// A client with the key, and one with a secret.
fn strict() -> Stage {
    Stage::new(described)
}

fn described(builder: Builder, key: &Signer) -> Builder {
    let secret = Client::confidential("secretive", SECRET).any_loopback_redirect();
    builder.client(keyed(key)).client(secret.token_endpoint_auth_method("client_secret_jwt"))
}

fn keyed(key: &Signer) -> Client {
    Client::with_keys("keyed", key.jwks("one")).any_loopback_redirect()
}

fn asserting(code: &str, assertion: &str) -> Params {
    let params = without(redeeming(code), "client_id");
    params.with("client_assertion_type", TYPE).with("client_assertion", assertion)
}

type Mistake = (&'static str, &'static str, fn(&Signer, Draft) -> String);

const MISTAKES: &[Mistake] = &[
    ("rfc7523-client-assertion-malformed", "three parts", |_, _| "canary-without-dots".to_owned()),
    ("rfc7523-client-assertion-malformed", "crit", |key, draft| key.sign(&draft.member("crit", json!(["x"])))),
    ("rfc7523-client-assertion-malformed", "b64", |key, draft| key.sign(&draft.member("b64", false))),
    ("rfc7523-client-assertion-malformed", "name twice", |key, draft| {
        let signed = key.sign(&draft);
        format!("{}.{}", encoded(r#"{"alg":"ES256","alg":"none"}"#), signed.split_once('.').expect("parts").1)
    }),
    ("rfc7523-client-assertion-typ", "another kind", |key, draft| key.sign(&draft.member("typ", "dpop+jwt"))),
    ("rfc7523-client-assertion-typ", "another kind", |key, draft| key.sign(&draft.member("typ", "at+jwt"))),
    ("rfc7523-client-assertion-typ", "another kind", |key, draft| {
        key.sign(&draft.member("typ", "oauth-authz-req+jwt"))
    }),
    ("rfc7523-client-assertion-algorithm", "none", |key, draft| {
        let unsigned = key.sign(&draft.member("alg", "none"));
        format!("{}.", unsigned.rsplit_once('.').expect("three parts").0)
    }),
    ("rfc7523-client-assertion-algorithm", "does not know", |key, draft| key.sign(&draft.member("alg", "ES257"))),
    ("rfc7523-client-assertion-key", "No key of the set", |key, draft| key.sign(&draft.member("alg", "RS256"))),
    ("rfc7523-client-assertion-key", "names no key", |key, draft| key.sign(&draft.member("kid", "../../dev/null"))),
    ("rfc7523-client-assertion-key", "names no key", |key, draft| key.sign(&draft.member("kid", "' OR 1=1--"))),
    ("rfc7523-client-assertion-key", "names no key", |key, draft| {
        key.sign(&draft.member("kid", "canary".repeat(1000)))
    }),
    ("rfc7523-client-assertion-signature", "", |_, draft| Signer::new().sign(&draft)),
    ("rfc7523-client-assertion-signature", "", |_, draft| {
        // The key that the header brings along is nobody's.
        let thief = Signer::new();
        let urls = draft.member("jku", "http://127.0.0.1:9/").member("x5u", "http://127.0.0.1:9/");
        thief.sign(&urls.member("jwk", thief.jwk()))
    }),
    ("rfc7523-client-assertion-signature", "", |key, draft| {
        let signed = key.sign(&draft);
        format!("{}.{}", signed.rsplit_once('.').expect("three parts").0, encoded([0; 64]))
    }),
    ("rfc7523-client-assertion-issuer", "'iss' is not", |key, draft| key.sign(&draft.claim("iss", "public"))),
    ("rfc7523-client-assertion-issuer", "no 'iss'", |key, draft| key.sign(&draft.claim("iss", Value::Null))),
    ("rfc7523-client-assertion-issuer", "no 'sub'", |key, draft| key.sign(&draft.claim("sub", Value::Null))),
    ("rfc7523-client-assertion-audience", "no 'aud'", |key, draft| key.sign(&draft.claim("aud", Value::Null))),
    ("rfc7523-client-assertion-audience", "somebody else", |key, draft| {
        key.sign(&draft.claim("aud", "https://evil.example"))
    }),
    ("rfc7523-client-assertion-audience", "or nearly so", |key, draft| {
        key.sign(&draft.claim("aud", "http://mock-idp.test/"))
    }),
    ("rfc7523-client-assertion-audience", "nearly", |key, draft| {
        key.sign(&draft.claim("aud", "http://mock-idp.test.evil.example"))
    }),
    ("rfc7523-client-assertion-audience", "URL of an endpoint", |key, draft| {
        key.sign(&draft.claim("aud", "http://mock-idp.test/token"))
    }),
    ("rfc7523-client-assertion-audience", "list; this issuer is http://mock-idp.test", |key, draft| {
        key.sign(&draft.claim("aud", json!(["http://mock-idp.test"])))
    }),
    ("rfc7523-client-assertion-audience", "list", |key, draft| {
        key.sign(&draft.claim("aud", json!(["http://mock-idp.test", "https://evil.example"])))
    }),
    ("rfc7523-client-assertion-expiry", "no 'exp'", |key, draft| key.sign(&draft.claim("exp", Value::Null))),
    ("rfc7523-client-assertion-expiry", "milliseconds", |key, draft| {
        key.sign(&draft.claim("exp", 1_700_000_000_000_u64))
    }),
    ("rfc7523-client-assertion-expiry", "expired 0 seconds ago", |key, draft| key.sign(&moved(draft, "exp", -60))),
    ("rfc7523-client-assertion-expiry", "311 seconds, and 300", |key, draft| key.sign(&moved(draft, "exp", 251))),
    ("rfc7523-client-assertion-expiry", "and 300 are allowed", |key, draft| key.sign(&moved(draft, "exp", 86_400))),
    ("rfc7523-client-assertion-early", "'iat' is in 11", |key, draft| key.sign(&moved(draft, "iat", 11))),
    ("rfc7523-client-assertion-early", "'nbf' is in 3600", |key, draft| {
        let iat = draft.claims["iat"].as_u64().expect("a time");
        key.sign(&draft.claim("nbf", iat + 3600))
    }),
    ("rfc7523-client-assertion-early", "no number", |key, draft| key.sign(&draft.claim("nbf", "soon"))),
    ("rfc7523-client-assertion-jti-missing", "", |key, draft| key.sign(&draft.claim("jti", Value::Null))),
    ("rfc7523-client-assertion-jti-missing", "", |key, draft| key.sign(&draft.claim("jti", ""))),
];

fn moved(draft: Draft, name: &str, by: i64) -> Draft {
    let time = draft.claims[name].as_i64().expect("a time");
    draft.claim(name, time + by)
}

#[tokio::test]
async fn a_client_authenticates_with_its_key() {
    let stage = strict();
    for typ in [Value::Null, "JWT".into(), "client-authentication+jwt".into()] {
        let code = stage.code().await;
        let answer = stage.token(&code, &stage.key.sign(&stage.assertion().member("typ", typ))).await;
        let (_, claims) = decode(&answer.tokens()["access_token"]);
        assert_eq!(claims["client_id"], "keyed");
    }
    let code = stage.code().await;
    let named = asserting(&code, &stage.key.sign(&stage.assertion().member("kid", "one"))).with("client_id", "keyed");
    assert_eq!(stage.browser().token(&named).await.status, 200);
    assert!(stage.idp.journal().iter().all(|entry| entry.relaxations.is_empty()));
}

#[tokio::test]
async fn every_mistake_in_an_assertion_is_found() {
    let stage = strict();
    stage.idp.clock().freeze();
    let code = stage.code().await;
    for (rule, hint, mistake) in MISTAKES {
        let answer = stage.token(&code, &mistake(&stage.key, stage.assertion())).await;
        stage.refused(&answer, rule, hint);
    }
    assert_eq!(stage.token(&code, &stage.key.sign(&stage.assertion())).await.status, 200, "the owner lost the code");
}

#[tokio::test]
async fn the_edges_of_the_times_are_taken() {
    let stage = strict();
    stage.idp.clock().freeze();
    for (name, by) in [("exp", -59), ("exp", 250), ("iat", 10), ("iat", -86_400)] {
        let answer = stage.tried(&stage.key.sign(&moved(stage.assertion(), name, by))).await;
        assert!(passed(&answer), "{name} {by}: {}", answer.body);
    }
    let short = Stage::new(|builder, key| described(builder, key).amount("assertion-seconds", 5));
    short.refused(
        &short.tried(&short.key.sign(&short.assertion())).await,
        "rfc7523-client-assertion-expiry",
        "5 are",
    );
}

#[tokio::test]
async fn an_assertion_comes_with_its_type() {
    let stage = strict();
    let good = asserting("x", &stage.key.sign(&stage.assertion()));
    for params in [
        without(good.clone(), "client_assertion_type"),
        with(good.clone(), "client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"),
    ] {
        let answer = stage.browser().token(&params).await;
        stage.refused(&answer, "rfc7523-client-assertion-type", TYPE);
    }
    let answer = stage.browser().token(&without(good, "client_assertion")).await;
    stage.refused(&answer, "rfc7523-client-assertion-missing", "");
}

#[tokio::test]
async fn the_client_of_the_assertion_is_that_of_the_request() {
    let stage = strict();
    let named = asserting("x", &stage.key.sign(&stage.assertion().claim("sub", "secretive")));
    let answer = stage.browser().token(&named.with("client_id", "keyed")).await;
    stage.refused(&answer, "rfc7523-client-ids-differ", "");
    let other = asserting("x", &stage.key.sign(&stage.assertion())).with("client_id", "secretive");
    assert_eq!(stage.browser().token(&other).await.status, 401);
}

#[tokio::test]
async fn an_assertion_is_used_once() {
    let stage = strict();
    let assertion = stage.key.sign(&stage.assertion().claim("jti", "same"));
    let (one, other) = tokio::join!(stage.tried(&assertion), stage.tried(&assertion));
    assert_eq!([&one, &other].map(passed).iter().filter(|passed| **passed).count(), 1);
    stage.refused(&stage.tried(&assertion).await, "rfc7523-client-assertion-replayed", "new jti");
    let changed = stage.key.sign(&moved(stage.assertion(), "exp", 1).claim("jti", "same"));
    stage.refused(&stage.tried(&changed).await, "rfc7523-client-assertion-replayed", "");
    // Another client may have the same identifiers.
    let theirs = assertion_of_secretive(&stage).claim("jti", "same").keyed(SECRET);
    assert!(passed(&stage.tried(&theirs).await));
}

fn assertion_of_secretive(stage: &Stage) -> Draft {
    assertion(&stage.idp, "secretive", "HS256")
}

#[tokio::test]
async fn no_weaker_method_takes_the_place_of_a_key() {
    let stage = Stage::new(|builder, key| {
        let mut client = Client::confidential("keyed", SECRET).any_loopback_redirect();
        client = client.token_endpoint_auth_method("private_key_jwt").metadata("jwks", key.jwks("one"));
        builder.client(client)
    });
    let code = stage.code().await;
    let bare = without(redeeming(&code), "client_id");
    let named = bare.clone().with("client_id", "keyed");
    let keyed = assertion(&stage.idp, "keyed", "HS256");
    let public = stage.key.jwks("one").to_string();
    let browser = stage.browser();
    for answer in [
        browser.token(&named).await,
        browser.token(&named.clone().with("client_secret", SECRET)).await,
        browser.post("/token", bare.encode(), Some(&basic("keyed", SECRET))).await,
        browser.token(&asserting(&code, &keyed.keyed(SECRET))).await,
        browser.token(&asserting(&code, &keyed.keyed(public))).await,
    ] {
        assert_refused(&stage.idp, &answer, "rfc7591-other-authentication-method", "registered for private_key_jwt");
        assert_eq!(answer.status, 401);
    }
    let both = asserting(&code, &stage.key.sign(&stage.assertion())).with("client_secret", SECRET);
    let answer = browser.token(&both).await;
    assert_refused(&stage.idp, &answer, "rfc6749-two-authentication-methods", "private_key_jwt");
    assert_eq!(answer.status, 400);
    assert_eq!(stage.token(&code, &stage.key.sign(&stage.assertion())).await.status, 200);
}

#[tokio::test]
async fn an_assertion_does_not_replace_pkce() {
    let stage = strict();
    let code = stage.code().await;
    let bare = without(asserting(&code, &stage.key.sign(&stage.assertion())), "code_verifier");
    assert_refused(&stage.idp, &stage.browser().token(&bare).await, "rfc7636-verifier-missing", "");
}

#[tokio::test]
async fn a_client_may_be_registered_for_one_algorithm() {
    let for_algorithm = |name: &str| {
        Stage::new(|builder, key| builder.client(keyed(key).metadata("token_endpoint_auth_signing_alg", name)))
    };
    let stage = for_algorithm("PS256");
    let answer = stage.tried(&stage.key.sign(&stage.assertion())).await;
    stage.refused(&answer, "rfc7523-client-assertion-algorithm", "registered for PS256");
    let stage = for_algorithm("ES256");
    assert!(passed(&stage.tried(&stage.key.sign(&stage.assertion())).await));
}

#[tokio::test]
async fn a_secret_keys_an_assertion_if_it_is_long_enough() {
    let stage = strict();
    assert!(passed(&stage.tried(&assertion_of_secretive(&stage).keyed(SECRET)).await));
    let answer = stage.tried(&assertion_of_secretive(&stage).keyed("another-secret-of-more-than-32-octets")).await;
    stage.refused(&answer, "rfc7523-client-assertion-signature", "");
    let signed = stage.key.sign(&stage.key.assertion(&stage.idp, "secretive"));
    let answer = stage.tried(&signed).await;
    assert_refused(&stage.idp, &answer, "rfc7591-other-authentication-method", "client_secret_jwt");

    let stage = Stage::new(|builder, key| {
        builder.client(Client::confidential("short", "secret")).client(Client::public("open")).client(keyed(key))
    });
    let answer = stage.tried(&assertion(&stage.idp, "short", "HS256").keyed("secret")).await;
    stage.refused(&answer, "rfc7523-client-assertion-key", "shorter than the 32 octets");
    let answer = stage.tried(&assertion(&stage.idp, "open", "HS256").keyed("")).await;
    stage.refused(&answer, "rfc7523-client-assertion-key", "no secret");
    let answer = stage.tried(&stage.key.sign(&stage.key.assertion(&stage.idp, "open"))).await;
    stage.refused(&answer, "rfc7523-client-assertion-key", "neither jwks nor jwks_uri");
}

#[tokio::test]
async fn a_token_of_another_kind_is_no_assertion() {
    let stage = strict();
    let code = stage.code().await;
    let tokens = stage.token(&code, &stage.key.sign(&stage.assertion())).await.tokens();
    for name in ["id_token", "access_token"] {
        let text = tokens[name].as_str().expect("a token");
        let answer = stage.browser().token(&asserting("x", text).with("client_id", "keyed")).await;
        assert_eq!(answer.status, 401, "{name}");
    }
    let proof = stage.key.at_token(&stage.idp);
    let answer = stage.browser().token(&asserting("x", &proof).with("client_id", "keyed")).await;
    stage.refused(&answer, "rfc7523-client-assertion-typ", "");
}

#[tokio::test]
async fn other_audiences_are_a_relaxation() {
    let stage = Stage::new(|builder, key| described(builder, key).on("audience-token-endpoint"));
    let to = async |aud: Value| {
        let answer = stage.tried(&stage.key.sign(&stage.assertion().claim("aud", aud))).await;
        (passed(&answer), stage.idp.journal().pop().expect("an entry").relaxations)
    };
    assert_eq!(to("http://mock-idp.test".into()).await, (true, vec![]));
    for aud in [
        json!("http://mock-idp.test/token"),
        json!(["http://mock-idp.test"]),
        json!(["https://evil.example", "http://mock-idp.test/token"]),
    ] {
        assert_eq!(to(aud.clone()).await, (true, vec!["audience-token-endpoint"]), "{aud}");
    }
    for aud in [json!("https://evil.example"), json!([]), json!(["https://evil.example"]), json!(1)] {
        assert_eq!(to(aud.clone()).await, (false, vec![]), "{aud}");
    }
}

#[tokio::test]
async fn metadata_names_what_can_be_used() {
    let metadata = async |stage: Stage| stage.browser().fetch("/.well-known/openid-configuration").await.json();
    let (methods, algorithms) =
        ("token_endpoint_auth_methods_supported", "token_endpoint_auth_signing_alg_values_supported");
    let has = |list: &Value, name: &str| list.as_array().expect("a list").contains(&name.into());
    let all = metadata(strict()).await;
    assert!(has(&all[methods], "private_key_jwt") && has(&all[methods], "client_secret_jwt"));
    assert!(has(&all[algorithms], "ES256") && has(&all[algorithms], "HS256") && !has(&all[algorithms], "none"));
    let strong = metadata(Stage::new(|builder, _| builder.on("strong-client-authentication"))).await;
    assert!(has(&strong[methods], "private_key_jwt") && !has(&strong[methods], "client_secret_jwt"));
    assert!(has(&strong[algorithms], "ES256") && !has(&strong[algorithms], "HS256"));
    let none = metadata(Stage::new(|builder, _| builder.without("RFC 7523 client authentication"))).await;
    assert!(!has(&none[methods], "private_key_jwt") && none.get(algorithms).is_none());
    let stage = Stage::new(|builder, key| described(builder, key).on("strong-client-authentication"));
    assert!(passed(&stage.tried(&stage.key.sign(&stage.assertion())).await));
    let answer = stage.tried(&assertion_of_secretive(&stage).keyed(SECRET)).await;
    assert_refused(&stage.idp, &answer, "rfc8414-authentication-method-unsupported", "client_secret_jwt");
}

/// Somebody who publishes keys.
#[derive(Debug, Default)]
struct Publisher {
    answers: Mutex<VecDeque<(u16, String)>>,
    asked: Mutex<Vec<String>>,
}

impl Publisher {
    fn says(&self, status: u16, body: impl ToString) {
        self.answers.lock().expect("no panic").push_back((status, body.to_string()));
    }

    fn asked(&self) -> usize {
        self.asked.lock().expect("no panic").len()
    }
}

impl Outbound for Publisher {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, OutboundError>> {
        self.asked.lock().expect("no panic").push(request.uri().to_string());
        let answer = self.answers.lock().expect("no panic").pop_front().ok_or(OutboundError::TimedOut);
        let answer = answer.map(|(status, body)| {
            let mut response = Response::new(Bytes::from(body));
            *response.status_mut() = status.try_into().expect("a status");
            response
        });
        Box::pin(std::future::ready(answer))
    }
}

/// A client that publishes its keys.
fn publishing(publisher: &Arc<Publisher>) -> Stage {
    let client = Client::public("keyed").token_endpoint_auth_method("private_key_jwt").any_loopback_redirect();
    let client = client.metadata("jwks_uri", "https://client.example/keys");
    let stage = Stage::new(|builder, _| builder.client(client).outbound(publisher.clone()));
    stage.idp.clock().freeze();
    stage
}

#[tokio::test]
async fn published_keys_are_fetched_once() {
    let publisher = Arc::new(Publisher::default());
    let stage = publishing(&publisher);
    publisher.says(200, stage.key.jwks("one"));
    for _ in 0..3 {
        assert!(passed(&stage.tried(&stage.key.sign(&stage.assertion())).await));
    }
    assert_eq!(publisher.asked(), 1);
    publisher.says(200, stage.key.jwks("one"));
    stage.idp.clock().advance(Duration::from_secs(3600));
    assert!(passed(&stage.tried(&stage.key.sign(&stage.assertion())).await));
    assert_eq!(*publisher.asked.lock().expect("no panic"), ["https://client.example/keys"; 2]);
}

#[tokio::test]
async fn a_new_key_is_asked_for_but_not_again_and_again() {
    let publisher = Arc::new(Publisher::default());
    let stage = publishing(&publisher);
    publisher.says(200, stage.key.jwks("one"));
    assert!(passed(&stage.tried(&stage.key.sign(&stage.assertion().member("kid", "one"))).await));
    let next = Signer::new();
    publisher.says(200, next.jwks("two"));
    let renewed = || next.sign(&next.assertion(&stage.idp, "keyed").member("kid", "two"));
    stage.refused(&stage.tried(&renewed()).await, "rfc7523-client-assertion-key", "names no key");
    assert_eq!(publisher.asked(), 1, "it was asked a moment ago");
    stage.idp.clock().advance(Duration::from_secs(5));
    assert!(passed(&stage.tried(&renewed()).await));
    for _ in 0..3 {
        stage.tried(&next.sign(&next.assertion(&stage.idp, "keyed").member("kid", "three"))).await;
    }
    assert_eq!(publisher.asked(), 2);
    // What cannot be had takes nothing away.
    stage.idp.clock().advance(Duration::from_secs(5));
    stage.tried(&next.sign(&next.assertion(&stage.idp, "keyed").member("kid", "three"))).await;
    assert_eq!(publisher.asked(), 3);
    assert!(passed(&stage.tried(&renewed()).await));
}

#[tokio::test]
async fn keys_that_cannot_be_had_are_a_refusal() {
    for (status, body, hint) in [
        (404, String::new(), "status 404"),
        (200, "keys".to_owned(), "not a JSON object"),
        (200, json!({"keys": [{"kty": "oct", "k": "AA"}]}).to_string(), "symmetric"),
    ] {
        let publisher = Arc::new(Publisher::default());
        let stage = publishing(&publisher);
        publisher.says(status, body);
        stage.refused(&stage.tried(&stage.key.sign(&stage.assertion())).await, "rfc7523-client-assertion-key", hint);
        // For the pause, the answer stays the same.
        stage.refused(&stage.tried(&stage.key.sign(&stage.assertion())).await, "rfc7523-client-assertion-key", hint);
        assert_eq!(publisher.asked(), 1);
        stage.idp.clock().advance(Duration::from_secs(5));
        publisher.says(200, stage.key.jwks("one"));
        assert!(passed(&stage.tried(&stage.key.sign(&stage.assertion())).await), "{hint}");
    }
    let private = Stage::new(|builder, key| {
        let mut jwk = key.jwk();
        jwk["d"] = encoded([1; 32]).into();
        builder.client(Client::with_keys("keyed", json!({"keys": [jwk]})).any_loopback_redirect())
    });
    let answer = private.tried(&private.key.sign(&private.assertion())).await;
    private.refused(&answer, "rfc7523-client-assertion-key", "private key");
}

#[tokio::test]
async fn nothing_in_a_header_makes_the_server_ask() {
    let publisher = Arc::new(Publisher::default());
    let stage = Stage::new(|builder, key| builder.client(keyed(key)).outbound(publisher.clone()));
    let thief = Signer::new();
    let draft = stage.assertion().member("jwk", thief.jwk());
    let draft = draft.member("jku", "https://evil.example/keys").member("x5u", "https://evil.example/chain");
    stage.refused(&stage.tried(&thief.sign(&draft)).await, "rfc7523-client-assertion-signature", "");
    assert_eq!(publisher.asked(), 0);
}

#[tokio::test]
async fn no_refusal_shows_an_assertion_or_a_secret() {
    let stage = strict();
    let code = stage.code().await;
    let keyed = assertion_of_secretive(&stage).claim("canary", unique());
    let mut sent: Vec<String> =
        MISTAKES.iter().map(|(_, _, mistake)| mistake(&stage.key, stage.assertion().claim("x", "canary"))).collect();
    sent.extend([keyed.keyed(SECRET), keyed.keyed(SECRET), keyed.keyed("canary-short")]);
    for assertion in &sent {
        let answer = stage.token(&code, assertion).await;
        let entry = stage.idp.journal().pop().expect("an entry");
        let shown = format!("{} {:?} {entry:?} {entry}", answer.body, answer.response.headers());
        for secret in ["canary", assertion.as_str(), code.as_str()] {
            assert!(!shown.contains(secret), "{secret} is in {shown}");
        }
    }
}
