//! RFC 9449: proofs, and what is bound to a key by them.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{Method, Request};
use mock_idp::store::MemoryStore;
use mock_idp::{Builder, Client, MockIdp};
use oauth_types::Params;
use serde_json::{Value, json};

use crate::browser::{Answer, Browser, asking, decode, redeeming, refreshing, with};
use crate::refusals::assert_refused;
use crate::signer::{Draft, Signer, encoded, hashed, posting, proven, unique, userinfo};

/// A server, and a client of it with a key.
struct Stage {
    idp: MockIdp,
    key: Signer,
}

impl Stage {
    fn new(build: impl FnOnce(Builder) -> Builder) -> Self {
        Self { idp: build(MockIdp::builder()).in_process().expect("a server"), key: Signer::new() }
    }

    fn browser(&self) -> Browser<'_> {
        Browser::new(&self.idp)
    }

    async fn code(&self) -> String {
        self.browser().code(&asking()).await
    }

    /// A token request with a proof.
    async fn token(&self, params: &Params, proof: &str) -> Answer {
        self.browser().send(proven(posting("/token", params), proof)).await
    }

    /// A request to UserInfo with a proof.
    async fn userinfo(&self, token: &str, proof: &str) -> Answer {
        self.browser().send(proven(userinfo(token), proof)).await
    }

    /// Tokens that are bound to the key.
    async fn bound(&self) -> Value {
        let code = self.code().await;
        self.token(&redeeming(&code), &self.key.at_token(&self.idp)).await.tokens()
    }

    /// An access token that is bound to the key.
    async fn access(&self) -> String {
        text(&self.bound().await["access_token"])
    }

    /// A proof for a token request, with nothing wrong.
    fn proof(&self) -> Draft {
        self.key.proof(&self.idp, &Method::POST, "/token")
    }

    fn refused(&self, answer: &Answer, rule: &str, hint: &str) {
        assert_refused(&self.idp, answer, rule, hint);
    }
}

fn strict() -> Stage {
    Stage::new(|builder| builder)
}

fn text(value: &Value) -> String {
    value.as_str().expect("text").to_owned()
}

/// What is wrong with a proof wherever it comes: the rule, the hint, the mistake.
type Mistake = (&'static str, &'static str, fn(&Signer, Draft) -> String);

const MISTAKES: &[Mistake] = &[
    ("rfc9449-proof-malformed", "three parts", |_, _| "canary-without-dots".to_owned()),
    ("rfc9449-proof-malformed", "not base64url", |key, draft| format!("{}=", key.sign(&draft))),
    ("rfc9449-proof-malformed", "crit", |key, draft| key.sign(&draft.member("crit", json!(["x"])))),
    ("rfc9449-proof-malformed", "b64", |key, draft| key.sign(&draft.member("b64", false))),
    ("rfc9449-proof-malformed", "not ASCII", |_, _| "caf\u{e9}".to_owned()),
    ("rfc9449-proof-typ", "no 'typ'", |key, draft| key.sign(&draft.member("typ", Value::Null))),
    ("rfc9449-proof-typ", "another kind", |key, draft| key.sign(&draft.member("typ", "jwt"))),
    ("rfc9449-proof-algorithm", "ES256", |key, draft| {
        let unsigned = key.sign(&draft.member("alg", "none"));
        format!("{}.", unsigned.rsplit_once('.').expect("three parts").0)
    }),
    ("rfc9449-proof-algorithm", "RS256", |key, draft| key.sign(&draft.member("alg", "HS256"))),
    ("rfc9449-proof-algorithm", "EdDSA", |key, draft| key.sign(&draft.member("alg", "ES257"))),
    ("rfc9449-proof-key", "no 'jwk'", |key, draft| key.sign(&draft.member("jwk", Value::Null))),
    ("rfc9449-proof-key", "private key: 'd'", |key, draft| {
        let mut jwk = key.jwk();
        jwk["d"] = encoded([1; 32]).into();
        key.sign(&draft.member("jwk", jwk))
    }),
    ("rfc9449-proof-key", "symmetric", |key, draft| {
        key.sign(&draft.member("jwk", json!({"kty": "oct", "k": encoded([1; 32])})))
    }),
    ("rfc9449-proof-key", "not on its curve", |key, draft| {
        let mut jwk = key.jwk();
        jwk["y"] = jwk["x"].clone();
        key.sign(&draft.member("jwk", jwk))
    }),
    ("rfc9449-proof-key", "another type", |key, draft| key.sign(&draft.member("alg", "RS256"))),
    ("rfc9449-proof-signature", "another key", |_, draft| Signer::new().sign(&draft)),
    ("rfc9449-proof-signature", "claims were changed", |key, draft| {
        let [signed, other] = [draft.clone(), draft.claim("jti", "other")].map(|draft| key.sign(&draft));
        let parts: Vec<&str> = signed.split('.').collect();
        format!("{}.{}.{}", parts[0], other.split('.').nth(1).expect("claims"), parts[2])
    }),
    ("rfc9449-proof-signature", "", |key, draft| {
        // Both numbers of the signature are zero.
        let signed = key.sign(&draft);
        format!("{}.{}", signed.rsplit_once('.').expect("three parts").0, encoded([0; 64]))
    }),
    ("rfc9449-proof-claim-missing", "no 'jti'", |key, draft| key.sign(&draft.claim("jti", Value::Null))),
    ("rfc9449-proof-claim-missing", "'jti' is no text", |key, draft| key.sign(&draft.claim("jti", ""))),
    ("rfc9449-proof-claim-missing", "no 'htm'", |key, draft| key.sign(&draft.claim("htm", Value::Null))),
    ("rfc9449-proof-claim-missing", "no 'htu'", |key, draft| key.sign(&draft.claim("htu", Value::Null))),
    ("rfc9449-proof-claim-missing", "no 'iat'", |key, draft| key.sign(&draft.claim("iat", Value::Null))),
    ("rfc9449-proof-htm", "another", |key, draft| key.sign(&draft.claim("htm", "DELETE"))),
    ("rfc9449-proof-htu", "went to http://mock-idp.test/", |key, draft| {
        key.sign(&draft.claim("htu", "https://evil.example/token"))
    }),
    ("rfc9449-proof-iat", "milliseconds", |key, draft| key.sign(&draft.claim("iat", 1_700_000_000_000_u64))),
    ("rfc9449-proof-iat", "no number", |key, draft| key.sign(&draft.claim("iat", "now"))),
    ("rfc9449-proof-iat", "3600 seconds ago, and 60", |key, draft| key.sign(&moved(draft, -3600))),
    ("rfc9449-proof-iat", "3600 seconds in the future", |key, draft| key.sign(&moved(draft, 3600))),
];

fn moved(draft: Draft, by: i64) -> Draft {
    let iat = draft.claims["iat"].as_i64().expect("a time");
    draft.claim("iat", iat + by)
}

#[tokio::test]
async fn what_a_proof_brings_is_bound_to_its_key() {
    let stage = strict();
    let tokens = stage.bound().await;
    assert_eq!(tokens["token_type"], "DPoP");
    let (_, claims) = decode(&tokens["access_token"]);
    assert_eq!(claims["cnf"], json!({"jkt": stage.key.jkt()}));
    let token = text(&tokens["access_token"]);
    let answer = stage.userinfo(&token, &stage.key.at_userinfo(&stage.idp, &token)).await;
    assert_eq!((answer.status, &answer.json()["sub"]), (200, &json!("alice")));
    let (_, claims) = decode(&tokens["id_token"]);
    assert_eq!(claims.get("cnf"), None, "an ID token is not used with a proof");
}

#[tokio::test]
async fn without_a_proof_tokens_are_bearer_tokens() {
    let stage = strict();
    let tokens = stage.browser().log_in().await;
    assert_eq!(tokens["token_type"], "Bearer");
    assert_eq!(decode(&tokens["access_token"]).1.get("cnf"), None);
    assert_eq!(stage.browser().userinfo(&text(&tokens["access_token"])).await.status, 200);
}

#[tokio::test]
async fn every_mistake_in_a_proof_is_found_at_the_token_endpoint() {
    let stage = strict();
    let code = stage.code().await;
    for (rule, hint, mistake) in MISTAKES {
        let answer = stage.token(&redeeming(&code), &mistake(&stage.key, stage.proof())).await;
        assert_eq!(answer.status, 400, "{rule} {hint}");
        stage.refused(&answer, rule, hint);
    }
    let (request, body) = posting("/token", &redeeming(&code));
    let request = request.header("dpop", stage.key.at_token(&stage.idp));
    let twice = proven((request, body), &stage.key.at_token(&stage.idp));
    stage.refused(&stage.browser().send(twice).await, "rfc9449-proof-twice", "");
    let answer = stage.token(&redeeming(&code), &stage.key.at_token(&stage.idp)).await;
    assert_eq!(answer.status, 200, "the owner lost the code");
}

#[tokio::test]
async fn every_mistake_in_a_proof_is_found_at_a_resource() {
    let stage = strict();
    let token = stage.access().await;
    let good = || stage.key.proof(&stage.idp, &Method::GET, "/userinfo").claim("ath", hashed(&token));
    for (rule, hint, mistake) in MISTAKES {
        let answer = stage.userinfo(&token, &mistake(&stage.key, good())).await;
        stage.refused(&answer, rule, hint);
        assert_eq!(answer.status, 401, "{rule}");
        let mut challenges = answer.response.headers().get_all("www-authenticate").iter();
        let dpop = challenges.find(|challenge| challenge.as_bytes().starts_with(b"DPoP ")).expect("a challenge");
        assert!(dpop.to_str().expect("text").contains("error=\"invalid_dpop_proof\""), "{dpop:?}");
    }
    let answer = stage.userinfo(&token, &stage.key.sign(&good().claim("ath", Value::Null))).await;
    stage.refused(&answer, "rfc9449-ath-missing", "");
    for wrong in [hashed("another token"), format!("{}=", hashed(&token))] {
        let answer = stage.userinfo(&token, &stage.key.sign(&good().claim("ath", wrong))).await;
        stage.refused(&answer, "rfc9449-ath-wrong", "SHA-256");
    }
    assert_eq!(stage.userinfo(&token, &stage.key.sign(&good())).await.status, 200);
}

#[tokio::test]
async fn a_method_is_written_in_capitals() {
    let stage = strict();
    let code = stage.code().await;
    let answer = stage.token(&redeeming(&code), &stage.key.sign(&stage.proof().claim("htm", "post"))).await;
    stage.refused(&answer, "rfc9449-proof-htm", "capitals");
}

#[tokio::test]
async fn a_uri_is_compared_by_what_it_means() {
    let stage = strict();
    for htu in [
        "http://MOCK-IDP.test/token",
        "http://mock-idp.test:80/token",
        "http://mock-idp.test/%74oken?a=b#c",
        "HTTP://mock-idp.test/x/../token",
    ] {
        let code = stage.code().await;
        let answer = stage.token(&redeeming(&code), &stage.key.sign(&stage.proof().claim("htu", htu))).await;
        assert_eq!(answer.status, 200, "{htu}: {}", answer.body);
    }
    for htu in ["http://mock-idp.test/Token", "https://mock-idp.test/token", "http://mock-idp.test/acme/token"] {
        let answer = stage.token(&redeeming("x"), &stage.key.sign(&stage.proof().claim("htu", htu))).await;
        stage.refused(&answer, "rfc9449-proof-htu", "went to http://mock-idp.test/token");
    }
}

#[tokio::test]
async fn a_proof_for_one_tenant_is_nothing_at_another() {
    let stage = strict();
    let proof = stage.key.at_token(&stage.idp);
    let request = proven(posting("/acme/token", &redeeming("x")), &proof);
    let answer = stage.browser().send(request).await;
    assert!(answer.body.contains("went to http://mock-idp.test/acme/token"), "{}", answer.body);
}

#[tokio::test]
async fn a_proof_is_used_once() {
    let stage = strict();
    let proof = stage.key.at_token(&stage.idp);
    let code = stage.code().await;
    let token = text(&stage.token(&redeeming(&code), &proof).await.tokens()["access_token"]);
    let next = stage.code().await;
    stage.refused(&stage.token(&redeeming(&next), &proof).await, "rfc9449-proof-replayed", "new jti");

    // Neither does it help to write the URI differently, nor to go elsewhere.
    let same = stage.proof().claim("jti", "same");
    assert_eq!(stage.token(&redeeming(&next), &stage.key.sign(&same)).await.status, 200);
    let third = stage.code().await;
    let written = same.clone().claim("htu", "http://mock-idp.test/token?x#y");
    let answer = stage.token(&redeeming(&third), &stage.key.sign(&written)).await;
    stage.refused(&answer, "rfc9449-proof-replayed", "");
    let elsewhere = stage.key.proof(&stage.idp, &Method::GET, "/userinfo").claim("ath", hashed(&token));
    let answer = stage.userinfo(&token, &stage.key.sign(&elsewhere.claim("jti", "same"))).await;
    stage.refused(&answer, "rfc9449-proof-replayed", "");

    // Another key may have the same identifiers.
    let other = Signer::new();
    let answer = stage.token(&redeeming(&third), &other.sign(&same.member("jwk", other.jwk()))).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}

#[tokio::test]
async fn a_proof_is_not_forgotten_as_long_as_it_is_taken() {
    let stage = strict();
    let ahead = stage.key.sign(&moved(stage.proof(), 60));
    let code = stage.code().await;
    assert_eq!(stage.token(&redeeming(&code), &ahead).await.status, 200);
    for (seconds, rule) in [(120, "rfc9449-proof-replayed"), (1, "rfc9449-proof-iat")] {
        stage.idp.clock().advance(Duration::from_secs(seconds));
        stage.refused(&stage.token(&redeeming(&code), &ahead).await, rule, "");
    }
}

#[tokio::test]
async fn of_many_uses_of_a_proof_at_once_one_counts() {
    let stage = strict();
    let proof = stage.key.at_token(&stage.idp);
    let (one, other) = (stage.code().await, stage.code().await);
    let (one, other) = (redeeming(&one), redeeming(&other));
    let (one, other) = tokio::join!(stage.token(&one, &proof), stage.token(&other, &proof));
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400]);
}

#[tokio::test]
async fn the_window_is_an_amount() {
    for (builder, inside) in [(MockIdp::builder(), 60), (MockIdp::builder().amount("dpop-window-seconds", 5), 5)] {
        let stage = Stage::new(|_| builder);
        stage.idp.clock().freeze();
        for by in [-inside, 0, inside] {
            let code = stage.code().await;
            let answer = stage.token(&redeeming(&code), &stage.key.sign(&moved(stage.proof(), by))).await;
            assert_eq!(answer.status, 200, "{by}: {}", answer.body);
        }
        for by in [-inside - 1, inside + 1] {
            let answer = stage.token(&redeeming("x"), &stage.key.sign(&moved(stage.proof(), by))).await;
            stage.refused(&answer, "rfc9449-proof-iat", &format!("{inside} are allowed"));
        }
    }
}

#[tokio::test]
async fn a_stolen_access_token_is_worth_nothing() {
    let stage = strict();
    let token = stage.access().await;
    let thief = Signer::new();
    let answer = stage.browser().userinfo(&token).await;
    assert_eq!(answer.status, 401);
    stage.refused(&answer, "rfc9449-token-as-bearer", "DPoP");
    let answer = stage.userinfo(&token, &thief.at_userinfo(&stage.idp, &token)).await;
    assert_eq!(answer.status, 401);
    stage.refused(&answer, "rfc9449-token-other-key", "");
    let (request, body) = userinfo(&token);
    let answer = stage.browser().send(request.body(body).expect("a request")).await;
    assert_eq!(answer.status, 401);
    stage.refused(&answer, "rfc9449-resource-proof-missing", "no DPoP header");

    // A proof of the owner beside the wrong scheme changes nothing, nor does a token in the body.
    let request = Request::get("/userinfo").header(AUTHORIZATION, format!("Bearer {token}"));
    let proof = stage.key.at_userinfo(&stage.idp, &token);
    let answer = stage.browser().send(proven((request, Bytes::new()), &proof)).await;
    stage.refused(&answer, "rfc9449-token-as-bearer", "");
    let answer = stage.browser().post("/userinfo", format!("access_token={token}"), None).await;
    stage.refused(&answer, "rfc9449-token-as-bearer", "");
}

#[tokio::test]
async fn a_bearer_token_is_not_presented_as_a_bound_one() {
    let stage = strict();
    let token = text(&stage.browser().log_in().await["access_token"]);
    let answer = stage.userinfo(&token, &stage.key.at_userinfo(&stage.idp, &token)).await;
    stage.refused(&answer, "rfc9449-token-not-bound", "Bearer");
    let (_, body) = userinfo(&token);
    let request = Request::get("/userinfo").header(AUTHORIZATION, format!("dpop  {token}"));
    let answer = stage.browser().send(request.body(body).expect("a request")).await;
    stage.refused(&answer, "rfc9449-credentials-malformed", "");
}

#[tokio::test]
async fn a_token_comes_by_one_scheme() {
    let stage = strict();
    let token = stage.access().await;
    let (request, body) = posting("/userinfo", &Params::new().with("access_token", token.as_str()));
    let request = request.header(AUTHORIZATION, format!("DPoP {token}"));
    let proof = stage.key.sign(&stage.key.proof(&stage.idp, &Method::POST, "/userinfo").claim("ath", hashed(&token)));
    let answer = stage.browser().send(proven((request, body), &proof)).await;
    assert_eq!(answer.status, 400);
    stage.refused(&answer, "rfc6750-two-tokens", "");
}

#[tokio::test]
async fn the_refresh_token_of_a_public_client_is_bound() {
    let stage = strict();
    let tokens = stage.bound().await;
    let good = refreshing(&tokens["refresh_token"]);
    let thief = Signer::new();
    stage.refused(&stage.browser().token(&good).await, "rfc9449-proof-missing", "refresh token is bound");
    let answer = stage.token(&good, &thief.at_token(&stage.idp)).await;
    stage.refused(&answer, "rfc9449-refresh-token-other-key", "");
    let next = stage.token(&good, &stage.key.at_token(&stage.idp)).await.tokens();
    assert_eq!(next["token_type"], "DPoP");

    // The successor is bound as well, and a thief who brings the spent one revokes nothing.
    let answer = stage.token(&good, &thief.at_token(&stage.idp)).await;
    stage.refused(&answer, "rfc9449-refresh-token-other-key", "");
    let next = refreshing(&next["refresh_token"]);
    stage.refused(&stage.browser().token(&next).await, "rfc9449-proof-missing", "");
    assert_eq!(stage.token(&next, &stage.key.at_token(&stage.idp)).await.status, 200);
}

#[tokio::test]
async fn introspection_says_what_a_token_is_bound_to() {
    let stage = strict();
    let mine = |params: Params| with(params, "client_id", "confidential").with("client_secret", "secret");
    let code = stage.browser().code(&with(asking(), "client_id", "confidential")).await;
    let tokens = stage.token(&mine(redeeming(&code)), &stage.key.at_token(&stage.idp)).await.tokens();
    let about = async |token: &Value| {
        let params = mine(Params::new().with("client_id", "")).with("token", text(token));
        stage.browser().post("/introspect", params.encode(), None).await.json()
    };
    let told = about(&tokens["access_token"]).await;
    assert_eq!((&told["active"], &told["token_type"]), (&json!(true), &json!("DPoP")));
    assert_eq!(told["cnf"], json!({"jkt": stage.key.jkt()}));
    let told = about(&tokens["refresh_token"]).await;
    assert_eq!((&told["active"], told.get("cnf")), (&json!(true), None), "its client authenticates");

    let bearer = Stage::new(|builder| builder.on("introspect-any-audience"));
    let tokens = bearer.bound().await;
    for name in ["access_token", "refresh_token"] {
        let params = mine(Params::new().with("client_id", "")).with("token", text(&tokens[name]));
        let told = bearer.browser().post("/introspect", params.encode(), None).await.json();
        if name == "access_token" {
            assert_eq!(told["cnf"], json!({"jkt": bearer.key.jkt()}));
        } else {
            assert_eq!(told, json!({"active": false}), "the refresh token of another client");
        }
    }
}

#[tokio::test]
async fn the_refresh_token_of_a_confidential_client_is_bound_by_its_secret() {
    let stage = strict();
    let mine = |params: Params| with(params, "client_id", "confidential").with("client_secret", "secret");
    let code = stage.browser().code(&with(asking(), "client_id", "confidential")).await;
    let tokens = stage.token(&mine(redeeming(&code)), &stage.key.at_token(&stage.idp)).await.tokens();
    let other = Signer::new();
    let refresh = mine(refreshing(&tokens["refresh_token"]));
    let next = stage.token(&refresh, &other.at_token(&stage.idp)).await.tokens();
    assert_eq!(decode(&next["access_token"]).1["cnf"], json!({"jkt": other.jkt()}));
    let next = stage.browser().token(&mine(refreshing(&next["refresh_token"]))).await.tokens();
    assert_eq!(next["token_type"], "Bearer");
}

#[tokio::test]
async fn a_code_is_bound_to_the_key_that_the_request_names() {
    let stage = strict();
    let code = stage.browser().code(&asking().with("dpop_jkt", stage.key.jkt())).await;
    let good = redeeming(&code);
    stage.refused(&stage.browser().token(&good).await, "rfc9449-proof-missing", "code is bound");
    let answer = stage.token(&good, &Signer::new().at_token(&stage.idp)).await;
    stage.refused(&answer, "rfc9449-code-other-key", "");
    assert_eq!(stage.token(&good, &stage.key.at_token(&stage.idp)).await.status, 200);
    for jkt in [hashed("x")[1..].to_owned(), format!("{}=", hashed("x")), "x y".to_owned()] {
        let answer = stage.browser().authorize(&asking().with("dpop_jkt", jkt)).await;
        stage.refused(&answer, "rfc9449-jkt-malformed", "43 characters");
    }
}

/// A pushed request with a proof of `key`.
async fn push(stage: &Stage, params: &Params, key: &Signer) -> Answer {
    let proof = key.sign(&key.proof(&stage.idp, &Method::POST, "/par"));
    stage.browser().send(proven(posting("/par", params), &proof)).await
}

#[tokio::test]
async fn a_code_is_bound_to_the_key_that_pushed_the_request() {
    let stage = strict();
    for params in [asking(), asking().with("dpop_jkt", stage.key.jkt())] {
        let answer = push(&stage, &params, &stage.key).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        let referring =
            Params::new().with("client_id", "public").with("request_uri", text(&answer.json()["request_uri"]));
        let code = stage.browser().code(&referring).await;
        let good = redeeming(&code);
        stage.refused(&stage.browser().token(&good).await, "rfc9449-proof-missing", "code is bound");
        let answer = stage.token(&good, &Signer::new().at_token(&stage.idp)).await;
        stage.refused(&answer, "rfc9449-code-other-key", "");
        assert_eq!(stage.token(&good, &stage.key.at_token(&stage.idp)).await.status, 200);
    }
    let answer = push(&stage, &asking().with("dpop_jkt", hashed("another key")), &stage.key).await;
    assert_eq!(answer.status, 400);
    stage.refused(&answer, "rfc9449-jkt-differs", "");
    let request = proven(posting("/par", &asking()), &stage.key.at_token(&stage.idp));
    stage.refused(&stage.browser().send(request).await, "rfc9449-proof-htu", "/par");
}

#[tokio::test]
async fn the_browser_does_not_change_the_key_of_a_pushed_request() {
    let stage = strict();
    let answer = push(&stage, &asking(), &stage.key).await;
    let referring =
        Params::new().with("client_id", "public").with("request_uri", text(&answer.json()["request_uri"]));
    let thief = Signer::new();
    let code = stage.browser().code(&referring.with("dpop_jkt", thief.jkt())).await;
    let answer = stage.token(&redeeming(&code), &thief.at_token(&stage.idp)).await;
    stage.refused(&answer, "rfc9449-code-other-key", "");
    assert_eq!(stage.token(&redeeming(&code), &stage.key.at_token(&stage.idp)).await.status, 200);
}

#[tokio::test]
async fn a_binding_does_not_replace_pkce() {
    let stage = strict();
    let code = stage.browser().code(&asking().with("dpop_jkt", stage.key.jkt())).await;
    let wrong = with(redeeming(&code), "code_verifier", &"x".repeat(43));
    let answer = stage.token(&wrong, &stage.key.at_token(&stage.idp)).await;
    stage.refused(&answer, "rfc7636-verifier-wrong", "");
    let mut request = asking().with("dpop_jkt", stage.key.jkt());
    assert!(request.remove("code_challenge"));
    assert!(stage.browser().authorize(&request).await.redirected().get("code").is_none());
}

#[tokio::test]
async fn bound_tokens_can_be_required() {
    let client = Client::public("public").any_loopback_redirect().metadata("dpop_bound_access_tokens", true);
    for stage in [Stage::new(|builder| builder.on("require-dpop")), Stage::new(|builder| builder.client(client))] {
        let code = stage.code().await;
        let answer = stage.browser().token(&redeeming(&code)).await;
        stage.refused(&answer, "rfc9449-proof-missing", "bound tokens alone");
        let tokens = stage.token(&redeeming(&code), &stage.key.at_token(&stage.idp)).await.tokens();
        assert_eq!(tokens["token_type"], "DPoP");
    }
}

#[tokio::test]
async fn metadata_and_challenges_name_the_algorithms() {
    let stage = strict();
    let metadata = stage.browser().fetch("/.well-known/oauth-authorization-server").await.json();
    let named = metadata["dpop_signing_alg_values_supported"].as_array().expect("a list").clone();
    assert!(named.contains(&json!("ES256")) && named.contains(&json!("EdDSA")));
    assert!(!named.contains(&json!("HS256")) && !named.contains(&json!("none")));
    let answer = stage.browser().fetch("/userinfo").await;
    let challenges: Vec<_> = answer.response.headers().get_all("www-authenticate").iter().collect();
    let names: Vec<&str> = named.iter().filter_map(Value::as_str).collect();
    let dpop = format!("DPoP algs=\"{}\"", names.join(" "));
    assert!(challenges.iter().any(|own| own.as_bytes().starts_with(dpop.as_bytes())), "{challenges:?}");
    assert!(challenges.iter().any(|own| own.as_bytes().starts_with(b"Bearer ")));
    let without = Stage::new(|builder| builder.without("RFC 9449"));
    let metadata = without.browser().fetch("/.well-known/oauth-authorization-server").await.json();
    assert_eq!(metadata.get("dpop_signing_alg_values_supported"), None);
    assert_eq!(without.bound().await["token_type"], "Bearer");
}

fn nonces() -> Stage {
    let stage = Stage::new(|builder| builder.on("dpop-nonce-required"));
    stage.idp.clock().freeze();
    stage
}

/// The nonce that comes with an answer.
fn given(answer: &Answer) -> String {
    answer.header("dpop-nonce").expect("a nonce").to_owned()
}

#[tokio::test]
async fn a_nonce_is_asked_for_and_taken() {
    let stage = nonces();
    let code = stage.code().await;
    let first = stage.token(&redeeming(&code), &stage.key.at_token(&stage.idp)).await;
    stage.refused(&first, "rfc9449-nonce-missing", "DPoP-Nonce header");
    assert_eq!((first.status, &first.json()["error"]), (400, &json!("use_dpop_nonce")));
    assert!(first.header("access-control-expose-headers").expect("shared").contains("DPoP-Nonce"));
    let nonce = given(&first);
    let wrong = stage.proof().claim("nonce", "chosen-by-the-client");
    stage.refused(&stage.token(&redeeming(&code), &stage.key.sign(&wrong)).await, "rfc9449-nonce-wrong", "too old");
    let answer = stage.token(&redeeming(&code), &stage.key.sign(&stage.proof().claim("nonce", nonce.as_str()))).await;
    assert_eq!((answer.status, given(&answer)), (200, nonce), "the code was not spent");
    let pushed = push(&stage, &asking(), &stage.key).await;
    stage.refused(&pushed, "rfc9449-nonce-missing", "");
    assert_eq!(given(&pushed), given(&answer), "one nonce serves the authorization server");
}

#[tokio::test]
async fn a_nonce_is_taken_for_one_period_after_its_own() {
    let stage = nonces();
    let first = given(&stage.token(&redeeming("x"), &stage.key.at_token(&stage.idp)).await);
    let tried = async |nonce: &str| {
        let proof = stage.key.sign(&stage.proof().claim("nonce", nonce));
        let answer = stage.token(&redeeming("x"), &proof).await;
        (answer.json()["error"] != "use_dpop_nonce", given(&answer))
    };
    assert_eq!(tried(&first).await, (true, first.clone()));
    stage.idp.clock().advance(Duration::from_secs(300));
    let (taken, second) = tried(&first).await;
    assert!(taken && second != first);
    assert_eq!(tried(&second).await, (true, second.clone()));
    stage.idp.clock().advance(Duration::from_secs(299));
    assert_eq!(tried(&first).await, (true, second.clone()));
    stage.idp.clock().advance(Duration::from_secs(1));
    let (taken, third) = tried(&first).await;
    assert!(!taken && third != second);
    assert_eq!(tried(&second).await, (true, third));
}

#[tokio::test]
async fn a_nonce_is_one_of_its_own_server() {
    let stage = nonces();
    let code = stage.code().await;
    let at_token = given(&stage.token(&redeeming(&code), &stage.key.at_token(&stage.idp)).await);
    let proof = stage.key.sign(&stage.proof().claim("nonce", at_token.as_str()));
    let token = text(&stage.token(&redeeming(&code), &proof).await.tokens()["access_token"]);
    let good = || stage.key.proof(&stage.idp, &Method::GET, "/userinfo").claim("ath", hashed(&token));
    let answer = stage.userinfo(&token, &stage.key.sign(&good().claim("nonce", at_token.as_str()))).await;
    stage.refused(&answer, "rfc9449-nonce-wrong", "somebody else gave it");
    let challenges = answer.response.headers().get_all("www-authenticate").iter();
    let told = challenges.filter(|own| own.to_str().expect("text").contains("error=\"use_dpop_nonce\"")).count();
    assert_eq!((answer.status, told), (401, 1));
    let at_resource = given(&answer);
    assert_ne!(at_resource, at_token);
    let answer = stage.userinfo(&token, &stage.key.sign(&good().claim("nonce", at_resource.as_str()))).await;
    assert_eq!(answer.status, 200, "{}", answer.body);

    // The nonce of one tenant is nothing to another.
    let proof = stage.proof().claim("htu", "http://mock-idp.test/acme/token").claim("nonce", at_token.as_str());
    let request = proven(posting("/acme/token", &redeeming("x")), &stage.key.sign(&proof));
    assert_eq!(stage.browser().send(request).await.json()["error"], "use_dpop_nonce");
}

#[tokio::test]
async fn servers_that_share_a_store_share_their_nonces() {
    let store = Arc::new(MemoryStore::new());
    let shared = || Stage::new(|builder| builder.on("dpop-nonce-required").store(store.clone()));
    let (one, other) = (shared(), shared());
    let nonce = given(&one.token(&redeeming("x"), &one.key.at_token(&one.idp)).await);
    let answer = other.token(&redeeming("x"), &other.key.sign(&other.proof().claim("nonce", nonce))).await;
    assert_eq!(answer.json()["error"], "invalid_grant");
}

#[tokio::test]
async fn no_refusal_shows_a_proof_or_what_it_comes_with() {
    let stage = strict();
    let token = stage.access().await;
    let code = stage.browser().code(&asking().with("dpop_jkt", hashed("other"))).await;
    for (_, _, mistake) in MISTAKES {
        let draft = stage.proof().claim("canary", "canary");
        let proof = mistake(&stage.key, draft.claim("jti", format!("canary-{}", unique())));
        for request in [proven(posting("/token", &redeeming(&code)), &proof), proven(userinfo(&token), &proof)] {
            let answer = stage.browser().send(request).await;
            let entry = stage.idp.journal().pop().expect("an entry");
            let shown = format!("{} {:?} {entry:?} {entry}", answer.body, answer.response.headers());
            for secret in ["canary", proof.as_str(), code.as_str(), token.as_str()] {
                assert!(!shown.contains(secret), "{secret} is in {shown}");
            }
            assert!(entry.headers["dpop"].is_sensitive());
        }
    }
}
