//! JARM: a response travels in a token that its client verifies, whatever it says.

use mock_idp::jose::{DecryptionKey, Jwe, Jws, PublicKeys};
use mock_idp::{Client, MockIdp, Policy};
use oauth_types::fault::{Edit, Fault, Point, Signature};
use oauth_types::{Algorithm, ContentEncryption, KeyManagement, Params, Secret};
use serde_json::{Value, json};

use crate::browser::{Answer, Browser, REDIRECT_URI, asking, redeeming, with};
use crate::refusals::assert_refused;

fn server() -> MockIdp {
    MockIdp::builder().in_process().expect("nothing can fail")
}

async fn keys(idp: &MockIdp) -> PublicKeys {
    PublicKeys::read(Browser::new(idp).fetch("/jwks").await.body.as_bytes()).expect("keys")
}

/// The parameters of a redirect, and what separates them from the redirect URI.
fn travelled(answer: &Answer) -> (char, Params) {
    let location = answer.location.as_deref().unwrap_or_else(|| panic!("no redirect but {answer:?}"));
    let rest = location.strip_prefix(REDIRECT_URI).expect("the client's redirect URI");
    (rest.chars().next().expect("parameters"), Params::parse(&rest[1..]).expect("parameters"))
}

/// The claims of the token that is all that a response has.
async fn opened(idp: &MockIdp, params: &Params, algorithm: Algorithm) -> Value {
    assert_eq!(params.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["response"]);
    let jws = Jws::parse(params.get("response").expect("a token")).expect("a JWS");
    jws.verify(&keys(idp).await, &[algorithm]).expect("signed by the server");
    assert!(jws.is_typ("JWT") && jws.kid().is_some());
    Value::Object(jws.into_claims())
}

#[tokio::test]
async fn a_response_travels_in_a_token() {
    for (mode, separator) in [("jwt", '?'), ("query.jwt", '?'), ("fragment.jwt", '#')] {
        let idp = server();
        idp.clock().freeze();
        let browser = Browser::new(&idp);
        let answer = browser.authorize(&asking().with("response_mode", mode)).await;
        let (separated, params) = travelled(&answer);
        assert_eq!(separated, separator, "{mode}");
        let claims = opened(&idp, &params, Algorithm::Rs256).await;
        assert_eq!((&claims["iss"], &claims["aud"]), (&json!(idp.issuer()), &json!("public")));
        assert_eq!(claims["exp"], idp.journal().pop().expect("an entry").at + 600);
        assert_eq!(claims["state"], "st~4te");
        let code = claims["code"].as_str().expect("a code");
        assert_eq!(browser.token(&redeeming(code)).await.status, 200);
        assert_eq!(claims.as_object().expect("an object").len(), 5);
    }
}

#[tokio::test]
async fn a_token_travels_in_a_form() {
    let idp = server();
    let answer = Browser::new(&idp).authorize(&asking().with("response_mode", "form_post.jwt")).await;
    assert_eq!((answer.status, answer.location.as_deref()), (200, None));
    assert_eq!(answer.body.matches("<input ").count(), 1);
    let (_, rest) = answer.body.split_once("name=\"response\" value=\"").expect("a token");
    let token = rest.split('"').next().expect("its end");
    let claims = opened(&idp, &Params::new().with("response", token), Algorithm::Rs256).await;
    assert!(claims["code"].is_string());
}

#[tokio::test]
async fn an_error_travels_in_a_token() {
    let idp = server();
    let browser = Browser::new(&idp);
    let asked = with(asking(), "scope", "openid  email").with("response_mode", "jwt");
    let answer = browser.authorize(&asked).await;
    let refused = idp.journal().pop().and_then(|entry| entry.refusal).expect("a refusal");
    assert_eq!(refused.rule, "rfc6749-scope-malformed");
    let claims = opened(&idp, &travelled(&answer).1, Algorithm::Rs256).await;
    assert_eq!((&claims["error"], &claims["state"]), (&json!("invalid_scope"), &json!("st~4te")));
    assert_eq!((&claims["iss"], &claims["aud"]), (&json!(idp.issuer()), &json!("public")));
    assert!(claims["error_description"].as_str().is_some_and(|text| text.contains("RFC 6749 section 3.3")));
    // The default mode is that of the response type, even of one that is not spoken (§2.3.4).
    let answer = browser.authorize(&with(asking(), "response_type", "token").with("response_mode", "jwt")).await;
    let (separator, params) = travelled(&answer);
    assert_eq!(separator, '#');
    assert_eq!(opened(&idp, &params, Algorithm::Rs256).await["error"], "unsupported_response_type");
    // While the client is in doubt, there is nobody to sign for.
    let answer = browser.authorize(&with(asked, "redirect_uri", "https://evil.example/cb")).await;
    assert_eq!((answer.status, answer.location.as_deref()), (400, None));
}

#[tokio::test]
async fn tokens_travel_in_a_token() {
    let idp = MockIdp::builder().legacy().in_process().expect("a server");
    let browser = Browser::new(&idp);
    let asked = |mode| with(asking(), "response_type", "code id_token token").with("response_mode", mode);
    for mode in ["jwt", "fragment.jwt"] {
        let (separator, params) = travelled(&browser.authorize(&asked(mode)).await);
        assert_eq!(separator, '#');
        let claims = opened(&idp, &params, Algorithm::Rs256).await;
        for name in ["code", "id_token", "access_token", "token_type", "expires_in"] {
            assert!(claims[name].is_string(), "{mode}: {name}");
        }
    }
    let answer = browser.authorize(&asked("query.jwt")).await;
    let refused = idp.journal().pop().and_then(|entry| entry.refusal).expect("a refusal");
    assert_eq!(refused.rule, "oauth-response-mode-query-with-tokens");
    assert!(opened(&idp, &travelled(&answer).1, Algorithm::Rs256).await["error"].is_string());
}

#[tokio::test]
async fn a_policy_says_what_responses_are_signed_with() {
    let mut policy = Policy::default();
    (policy.algorithm, policy.algorithms) = (Algorithm::Ps256, &[Algorithm::Ps256, Algorithm::Es256]);
    let client = Client::public("public").redirect_uri(REDIRECT_URI);
    let client = client.metadata("authorization_signed_response_alg", "RS256");
    let idp = MockIdp::builder().policy(policy).client(client).in_process().expect("a policy");
    let browser = Browser::new(&idp);
    let answer = browser.authorize(&asking().with("response_mode", "jwt")).await;
    opened(&idp, &travelled(&answer).1, Algorithm::Ps256).await;
    let document = browser.fetch("/.well-known/openid-configuration").await.json();
    assert_eq!(document["authorization_signing_alg_values_supported"], json!(["PS256", "ES256"]));
}

#[tokio::test]
async fn a_client_says_what_its_responses_are_signed_with() {
    for algorithm in [Algorithm::Ps256, Algorithm::Es256, Algorithm::EdDsa] {
        let client = Client::public("public").redirect_uri(REDIRECT_URI);
        let client = client.metadata("authorization_signed_response_alg", algorithm.as_str());
        let idp = MockIdp::builder().client(client).in_process().expect("a client");
        let answer = Browser::new(&idp).authorize(&asking().with("response_mode", "jwt")).await;
        opened(&idp, &travelled(&answer).1, algorithm).await;
    }
    // "The algorithm none is not allowed" (JARM §3).
    let client = Client::public("public").redirect_uri(REDIRECT_URI);
    let client = client.metadata("authorization_signed_response_alg", "none");
    let idp = MockIdp::builder().client(client).alg(Algorithm::Es256).in_process().expect("a client");
    let answer = Browser::new(&idp).authorize(&asking().with("response_mode", "jwt")).await;
    opened(&idp, &travelled(&answer).1, Algorithm::Es256).await;
}

#[tokio::test]
async fn a_token_lives_as_long_as_it_is_told() {
    let idp = MockIdp::builder().amount("response-token-seconds", 30).in_process().expect("an amount");
    idp.clock().freeze();
    let answer = Browser::new(&idp).authorize(&asking().with("response_mode", "jwt")).await;
    let at = idp.journal().pop().expect("an entry").at;
    assert_eq!(opened(&idp, &travelled(&answer).1, Algorithm::Rs256).await["exp"], at + 30);
}

#[tokio::test]
async fn a_token_says_who_made_it_even_if_a_response_would_not() {
    let idp = MockIdp::builder().without("RFC 9207").in_process().expect("it can be left out");
    let answer = Browser::new(&idp).authorize(&asking().with("response_mode", "jwt")).await;
    assert_eq!(opened(&idp, &travelled(&answer).1, Algorithm::Rs256).await["iss"], idp.issuer());
}

#[tokio::test]
async fn the_token_can_lie() {
    let idp = server();
    let browser = Browser::new(&idp);
    let guard = idp.mount(Fault::always(Point::ResponseToken, Edit::set("aud", "other")));
    let answer = browser.authorize(&asking().with("response_mode", "jwt")).await;
    assert_eq!(opened(&idp, &travelled(&answer).1, Algorithm::Rs256).await["aud"], "other");
    guard.unmount();
    let guard = idp.mount(Fault::always(Point::ResponseToken, Edit::Sign { with: Signature::AlgNone }));
    let answer = browser.authorize(&asking().with("response_mode", "jwt")).await;
    let (_, params) = travelled(&answer);
    assert_eq!(Jws::parse(params.get("response").expect("a token")).expect("a JWS").alg(), "none");
    guard.unmount();
}

/// The private key of this name.
fn private(name: &str) -> DecryptionKey {
    let file: Value = serde_json::from_str(include_str!("../../../../fixtures/vectors/jwe.json")).expect("JSON");
    DecryptionKey::from_jwk(&file["keys"][name]).expect("a private key")
}

/// A server whose client `public` wants its responses encrypted.
fn sealing(own: impl FnOnce(Client) -> Client) -> MockIdp {
    let client = own(Client::public("public").redirect_uri(REDIRECT_URI));
    MockIdp::builder().client(client).in_process().expect("a client")
}

/// The encrypted token of a response to `public`.
async fn sealed(idp: &MockIdp) -> String {
    let answer = Browser::new(idp).authorize(&asking().with("response_mode", "jwt")).await;
    let (_, params) = travelled(&answer);
    params.get("response").expect("a token").to_owned()
}

#[tokio::test]
async fn a_token_is_encrypted_to_whoever_registered_for_it() {
    for (algorithm, name, enc) in [("RSA-OAEP-256", "rsa", None), ("ECDH-ES", "P-256", Some("A256GCM"))] {
        let key = private(name);
        let idp = sealing(|client| {
            let client = client.metadata("jwks", json!({"keys": [key.jwk("one")]}));
            let client = client.metadata("authorization_encrypted_response_alg", algorithm);
            enc.into_iter().fold(client, |client, enc| client.metadata("authorization_encrypted_response_enc", enc))
        });
        let token = sealed(&idp).await;
        let jwe = Jwe::parse(&token).expect("a JWE");
        let content = enc.and_then(ContentEncryption::from_wire).unwrap_or(ContentEncryption::A128CbcHs256);
        assert_eq!((jwe.algorithm().as_str(), jwe.encryption(), jwe.cty()), (algorithm, content, Some("JWT")));
        let signed = String::from_utf8(jwe.decrypt(&key).expect("it is for this key")).expect("a token");
        let claims = opened(&idp, &Params::new().with("response", signed), Algorithm::Rs256).await;
        assert!(claims["code"].is_string());
    }
}

#[tokio::test]
async fn a_token_is_encrypted_with_a_secret() {
    const SECRET: &str = "canary-secret-of-no-less-than-32-octets";
    let client = Client::confidential("public", SECRET).redirect_uri(REDIRECT_URI);
    let client = client.metadata("authorization_encrypted_response_alg", "A256KW");
    let idp = MockIdp::builder().client(client).in_process().expect("a client");
    let token = sealed(&idp).await;
    let jwe = Jwe::parse(&token).expect("a JWE");
    assert_eq!(jwe.algorithm(), KeyManagement::A256Kw);
    let signed = String::from_utf8(jwe.decrypt_secret(&Secret::from(SECRET)).expect("it is for this secret"));
    let params = Params::new().with("response", signed.expect("a token"));
    assert!(opened(&idp, &params, Algorithm::Rs256).await["code"].is_string());
    let written: String = idp.journal().iter().map(|entry| format!("{entry:?} {entry}")).collect();
    assert!(!written.contains("canary"), "{written}");
}

#[tokio::test]
async fn a_token_that_cannot_be_encrypted_does_not_leave() {
    type Own = fn(Client) -> Client;
    let cases: [(Own, &str); 5] = [
        (|client| client.metadata("authorization_encrypted_response_alg", "RSA1_5"), "does not know"),
        (
            |client| {
                let client = client.metadata("authorization_encrypted_response_alg", "ECDH-ES");
                client.metadata("authorization_encrypted_response_enc", "A192GCM")
            },
            "does not know",
        ),
        (|client| client.metadata("authorization_encrypted_response_alg", "RSA-OAEP"), "neither jwks nor jwks_uri"),
        (|client| client.metadata("authorization_encrypted_response_alg", "dir"), "it has no secret for dir"),
        (
            |client| {
                let keys = json!({"keys": [private("P-256").jwk("one")]});
                client.metadata("authorization_encrypted_response_alg", "RSA-OAEP").metadata("jwks", keys)
            },
            "it has no key for RSA-OAEP",
        ),
    ];
    for (own, says) in cases {
        let idp = sealing(own);
        let answer = Browser::new(&idp).authorize(&asking().with("response_mode", "jwt")).await;
        assert_eq!((answer.status, answer.location.as_deref()), (500, None));
        assert_eq!(answer.json()["error_description"], "A token could not be encrypted");
        let failure = idp.journal().pop().and_then(|entry| entry.failure).expect("it is written down");
        assert!(failure.contains(says), "{failure}");
    }
}

#[tokio::test]
async fn a_pushed_request_is_answered_in_a_token() {
    let idp = server();
    let browser = Browser::new(&idp);
    let pushed = browser.post("/par", asking().with("response_mode", "jwt").encode(), None).await.json();
    let reference = pushed["request_uri"].as_str().expect("a reference");
    let params = Params::new().with("client_id", "public").with("request_uri", reference);
    // Outside, nothing is asked for in the clear.
    let answer = browser.authorize(&params.with("response_mode", "query")).await;
    assert!(opened(&idp, &travelled(&answer).1, Algorithm::Rs256).await["code"].is_string());
}

#[tokio::test]
async fn metadata_lists_what_is_on() {
    let metadata = |idp| async move {
        let idp: MockIdp = idp;
        Browser::new(&idp).fetch("/.well-known/openid-configuration").await.json()
    };
    let document = metadata(server()).await;
    let all = json!(["query", "fragment", "form_post", "jwt", "query.jwt", "fragment.jwt", "form_post.jwt"]);
    assert_eq!(document["response_modes_supported"], all);
    let signing: Vec<_> = Algorithm::SIGNING.iter().collect();
    assert_eq!(document["authorization_signing_alg_values_supported"], json!(signing));

    let all = |name: &str| document[name].as_array().expect("a list").len();
    assert_eq!(all("authorization_encryption_alg_values_supported"), KeyManagement::ALL.len());
    assert_eq!(all("authorization_encryption_enc_values_supported"), ContentEncryption::ALL.len());

    let without = |name| MockIdp::builder().without(name).in_process().expect("it can be left out");
    let document = metadata(without("JARM")).await;
    assert_eq!(document["response_modes_supported"], json!(["query", "fragment", "form_post"]));
    assert_eq!(document.get("authorization_signing_alg_values_supported"), None);
    let document = metadata(without("OAuth 2.0 Form Post Response Mode")).await;
    let all = json!(["query", "fragment", "jwt", "query.jwt", "fragment.jwt"]);
    assert_eq!(document["response_modes_supported"], all);

    for (name, mode) in [("JARM", "jwt"), ("OAuth 2.0 Form Post Response Mode", "form_post.jwt")] {
        let idp = without(name);
        let answer = Browser::new(&idp).authorize(&asking().with("response_mode", mode)).await;
        assert_refused(&idp, &answer, "oauth-response-mode-unsupported", "query, fragment");
    }
}

#[tokio::test]
async fn a_form_shows_the_token_in_its_input_alone() {
    let idp = server();
    let answer = Browser::new(&idp).authorize(&asking().with("response_mode", "form_post.jwt")).await;
    let (before, rest) = answer.body.split_once("name=\"response\" value=\"").expect("a token");
    let (token, after) = rest.split_once('"').expect("its end");
    let signature = token.rsplit('.').next().expect("a signature");
    let written: String = idp.journal().iter().map(|entry| format!("{entry:?} {entry}\n")).collect();
    for text in [before, after, &written] {
        assert!(!text.contains(token) && !text.contains(signature), "{text}");
    }
}
