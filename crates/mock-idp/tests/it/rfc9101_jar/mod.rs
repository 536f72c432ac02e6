//! RFC 9101: a request comes in a signed object, and nothing beside it counts.

use std::collections::BTreeSet;
use std::time::Duration;

use http::Method;
use mock_idp::clock::Clock;
use mock_idp::dice::{Dice, SystemDice};
use mock_idp::jose::{Encryption, PublicKeys, Recipient};
use mock_idp::outbound::OutboundError;
use mock_idp::{Builder, Client, MockIdp, Policy};
use oauth_types::{Algorithm, ContentEncryption, KeyManagement, Params};
use serde_json::{Value, json};

use crate::browser::{Answer, Browser, CHALLENGE, REDIRECT_URI, asking, decode, redeeming, with, without};
use crate::refusals::assert_refused;
use crate::signer::{Draft, Signer, encoded, posting, proven, unique};

mod reference;

use reference::{publishing, referring};

const URL: &str = "https://client.example/request";

/// A server, and its client `public`, which has a key.
struct Stage {
    idp: MockIdp,
    key: Signer,
}

impl Stage {
    fn new(build: impl FnOnce(Builder) -> Builder) -> Self {
        Self::with(|client| client, build)
    }

    fn with(own: impl FnOnce(Client) -> Client, build: impl FnOnce(Builder) -> Builder) -> Self {
        let key = Signer::new();
        let client = Client::public("public").any_loopback_redirect().metadata("jwks", key.jwks("one"));
        let other = Client::public("other").any_loopback_redirect().metadata("jwks", Signer::new().jwks("one"));
        let idp = build(MockIdp::builder().client(own(client)).client(other)).in_process().expect("a server");
        idp.clock().freeze();
        Self { idp, key }
    }

    fn browser(&self) -> Browser<'_> {
        Browser::new(&self.idp)
    }

    /// The request of [`asking`] as an object, with nothing wrong.
    fn object(&self) -> Draft {
        let now = self.idp.clock().now();
        let mut claims = json!({
            "iss": "public", "aud": self.idp.issuer(), "jti": unique(), "iat": now, "nbf": now, "exp": now + 60,
        });
        for (name, value) in asking().iter() {
            claims[name] = value.into();
        }
        Draft { header: json!({"typ": "oauth-authz-req+jwt", "alg": "ES256"}), claims }
    }

    /// Sends a browser with an object, and with a redirect URI in case that something is wrong with it.
    async fn send(&self, object: &str) -> Answer {
        self.browser().authorize(&carrying(object).with("redirect_uri", REDIRECT_URI)).await
    }

    /// The same as [`Stage::send`] of an object that is to be signed.
    async fn sign(&self, object: &Draft) -> Answer {
        self.send(&self.key.sign(object)).await
    }
}

/// What a browser is sent with.
fn carrying(object: &str) -> Params {
    [("client_id", "public"), ("request", object)].into_iter().collect()
}

fn strict() -> Stage {
    Stage::new(|builder| builder)
}

fn code(answer: &Answer) -> String {
    let params = answer.redirected();
    params.get("code").unwrap_or_else(|| panic!("no code in {params:?}: {answer:?}")).to_owned()
}

type Mistake = (&'static str, &'static str, fn(&Signer, Draft) -> String);

fn moved(draft: Draft, name: &str, by: i64) -> Draft {
    let time = draft.claims[name].as_i64().expect("a time");
    draft.claim(name, time + by)
}

const MISTAKES: &[Mistake] = &[
    ("rfc9101-request-object-malformed", "three parts", |_, _| "canary-without-dots".to_owned()),
    ("rfc9101-request-object-malformed", "longer than 16384", |key, draft| {
        key.sign(&draft.claim("state", "s".repeat(16_384)))
    }),
    ("rfc9101-request-object-malformed", "crit", |key, draft| key.sign(&draft.member("crit", json!(["x"])))),
    ("rfc9101-request-object-malformed", "name twice", |key, draft| {
        let signed = key.sign(&draft);
        let (header, _) = signed.split_once('.').expect("three parts");
        format!("{header}.{}.{}", encoded(r#"{"scope":"openid","scope":"admin"}"#), encoded([0; 64]))
    }),
    ("rfc9101-request-object-typ", "no 'typ'", |key, draft| key.sign(&draft.member("typ", Value::Null))),
    ("rfc9101-request-object-typ", "'typ' is JWT", |key, draft| key.sign(&draft.member("typ", "JWT"))),
    ("rfc9101-request-object-typ", "another kind", |key, draft| {
        key.sign(&draft.member("typ", "client-authentication+jwt"))
    }),
    ("rfc9101-request-object-typ", "another kind", |key, draft| key.sign(&draft.member("typ", "dpop+jwt"))),
    ("rfc9101-request-object-algorithm", "none", |key, draft| {
        let unsigned = key.sign(&draft.member("alg", "none"));
        format!("{}.", unsigned.rsplit_once('.').expect("three parts").0)
    }),
    ("rfc9101-request-object-algorithm", "does not know", |key, draft| key.sign(&draft.member("alg", "nOnE"))),
    ("rfc9101-request-object-algorithm", "HS256", |key, draft| {
        // The public key is nobody's secret.
        draft.member("alg", "HS256").keyed(key.jwk().to_string())
    }),
    ("rfc9101-request-object-key", "No key of the set", |key, draft| key.sign(&draft.member("alg", "RS256"))),
    ("rfc9101-request-object-key", "names no key", |key, draft| key.sign(&draft.member("kid", "two"))),
    ("rfc9101-request-object-signature", "", |key, draft| {
        let signed = key.sign(&draft);
        format!("{}.", signed.rsplit_once('.').expect("three parts").0)
    }),
    ("rfc9101-request-object-signature", "", |_, draft| {
        // The key that the header brings along is not asked for either.
        let thief = Signer::new();
        let urls = draft.member("jku", "http://127.0.0.1:9/").member("x5u", "http://127.0.0.1:9/");
        thief.sign(&urls.member("jwk", thief.jwk()))
    }),
    ("rfc9101-request-object-issuer", "no 'iss'", |key, draft| key.sign(&draft.claim("iss", Value::Null))),
    ("rfc9101-request-object-issuer", "somebody else", |key, draft| key.sign(&draft.claim("iss", "other"))),
    ("rfc9101-request-object-subject", "", |key, draft| key.sign(&draft.claim("sub", "public"))),
    ("rfc9101-request-object-audience", "no 'aud'", |key, draft| key.sign(&draft.claim("aud", Value::Null))),
    ("rfc9101-request-object-audience", "this issuer is http://mock-idp.test", |key, draft| {
        key.sign(&draft.claim("aud", "https://evil.example"))
    }),
    ("rfc9101-request-object-audience", "nearly", |key, draft| {
        key.sign(&draft.claim("aud", json!(["http://mock-idp.test/", "http://mock-idp.test/authorize"])))
    }),
    ("rfc9101-request-object-expiry", "no 'exp'", |key, draft| key.sign(&draft.claim("exp", Value::Null))),
    ("rfc9101-request-object-expiry", "milliseconds", |key, draft| {
        key.sign(&draft.claim("exp", 1_700_000_000_000_u64))
    }),
    ("rfc9101-request-object-expiry", "expired 0 seconds ago", |key, draft| key.sign(&moved(draft, "exp", -60))),
    ("rfc9101-request-object-expiry", "lives 3601 seconds, and 3600", |key, draft| {
        key.sign(&moved(draft, "exp", 3541))
    }),
    ("rfc9101-request-object-expiry", "lives 3601 seconds", |key, draft| key.sign(&moved(draft, "nbf", -3541))),
    ("rfc9101-request-object-expiry", "lives 3601 seconds", |key, draft| {
        key.sign(&moved(draft, "exp", 3541).claim("nbf", Value::Null).claim("iat", Value::Null))
    }),
    ("rfc9101-request-object-early", "'nbf' is in 11", |key, draft| key.sign(&moved(draft, "nbf", 11))),
    ("rfc9101-request-object-early", "'iat' is in 11", |key, draft| key.sign(&moved(draft, "iat", 11))),
    ("rfc9101-request-object-early", "no number", |key, draft| key.sign(&draft.claim("nbf", "now"))),
    ("rfc9101-client-ids-differ", "none in the object", |key, draft| {
        key.sign(&draft.claim("client_id", Value::Null))
    }),
    ("rfc9101-client-ids-differ", "another", |key, draft| key.sign(&draft.claim("client_id", "other"))),
    ("rfc9101-client-ids-differ", "another", |key, draft| key.sign(&draft.claim("client_id", json!(["public"])))),
    ("rfc9101-request-object-nested", "", |key, draft| key.sign(&draft.claim("request", "e30.e30."))),
    ("rfc9101-request-object-nested", "", |key, draft| {
        key.sign(&draft.claim("request_uri", "urn:ietf:params:oauth:request_uri:x"))
    }),
    ("rfc9101-request-object-claim", "resource holds no text", |key, draft| {
        key.sign(&draft.claim("resource", json!([1])))
    }),
    ("rfc9101-request-object-claim", "more than 256", |key, draft| {
        key.sign(&(0..257).fold(draft, |draft, n| draft.claim(&format!("p{n}"), "")))
    }),
    ("rfc9101-request-object-claim", "nonce is null", |key, mut draft| {
        draft.claims["nonce"] = Value::Null;
        key.sign(&draft)
    }),
];

#[tokio::test]
async fn every_mistake_in_a_request_object_is_found() {
    let stage = strict();
    for (rule, hint, mistake) in MISTAKES {
        let object = mistake(&stage.key, stage.object());
        let answer = stage.send(&object).await;
        assert_eq!(answer.redirected().get("error"), Some("invalid_request_object"), "{rule}");
        assert_refused(&stage.idp, &answer, rule, hint);
        // Without a redirect URI that is known to be the client's, nothing is redirected.
        for beside in [carrying(&object), carrying(&object).with("redirect_uri", "https://evil.example/cb")] {
            let answer = stage.browser().authorize(&beside).await;
            assert_eq!((answer.status, answer.location.as_deref()), (400, None), "{rule}");
            assert_refused(&stage.idp, &answer, rule, hint);
        }
        let answer = stage.browser().post("/par", carrying(&object).encode(), None).await;
        assert_eq!(answer.status, 400);
        assert_refused(&stage.idp, &answer, rule, hint);
    }
}

#[tokio::test]
async fn a_request_object_is_all_that_is_needed() {
    let stage = strict();
    let object = stage.key.sign(&stage.object());
    let answer = stage.browser().authorize(&carrying(&object)).await;
    let params = answer.redirected();
    assert_eq!(params.get("state"), Some("st~4te"));
    let tokens = stage.browser().token(&redeeming(&code(&answer))).await.tokens();
    assert_eq!(
        (&tokens["scope"], &decode(&tokens["id_token"]).1["nonce"]),
        (&json!("openid email"), &json!("n0nce"))
    );
    let entry = stage.idp.journal().remove(0);
    assert!(entry.relaxations.is_empty() && entry.ignored.is_empty());
}

#[tokio::test]
async fn the_edges_of_the_times_are_taken() {
    let stage = strict();
    for (name, by) in [("exp", -59), ("exp", 3540), ("nbf", 10), ("iat", 10), ("nbf", -3540)] {
        code(&stage.sign(&moved(stage.object(), name, by)).await);
    }
    let issuer = stage.idp.issuer();
    for aud in [json!([issuer]), json!(["https://other.example", issuer])] {
        code(&stage.sign(&stage.object().claim("aud", aud)).await);
    }
    for draft in [
        stage.object().member("typ", "application/oauth-authz-req+jwt"),
        stage.object().claim("nbf", Value::Null).claim("iat", Value::Null),
        stage.object().claim("sub", "somebody"),
    ] {
        code(&stage.sign(&draft).await);
    }
    let stage = Stage::new(|builder| builder.amount("request-object-seconds", 60));
    code(&stage.sign(&stage.object()).await);
    let answer = stage.sign(&moved(stage.object(), "exp", 1)).await;
    assert_refused(&stage.idp, &answer, "rfc9101-request-object-expiry", "lives 61 seconds, and 60");
}

#[tokio::test]
async fn what_is_beside_a_request_object_is_ignored() {
    let stage = strict();
    let object = stage.key.sign(&stage.object());
    let params = carrying(&object)
        .with("response_type", "code")
        .with("scope", "admin")
        .with("state", "other")
        .with("redirect_uri", "https://evil.example/cb")
        .with("prompt", "none");
    let answer = stage.browser().authorize(&params).await;
    assert_eq!(answer.redirected().get("state"), Some("st~4te"));
    let entry = stage.idp.journal().pop().expect("an entry");
    assert_eq!(entry.ignored, ["scope", "state", "redirect_uri", "prompt"], "what is the same is not worth a word");
    let tokens = stage.browser().token(&redeeming(&code(&answer))).await.tokens();
    assert_eq!(tokens["scope"], "openid email");
}

#[tokio::test]
async fn a_challenge_outside_is_none() {
    let stage = strict();
    let bare = stage.object().claim("code_challenge", Value::Null).claim("code_challenge_method", Value::Null);
    let outside =
        |object: &str| carrying(object).with("code_challenge", CHALLENGE).with("code_challenge_method", "S256");
    let answer = stage.browser().authorize(&outside(&stage.key.sign(&bare))).await;
    assert_refused(&stage.idp, &answer, "rfc7636-challenge-missing", "");

    let stage = Stage::new(Builder::pkce_optional);
    let bare = stage.object().claim("code_challenge", Value::Null).claim("code_challenge_method", Value::Null);
    let answer = stage.browser().authorize(&outside(&stage.key.sign(&bare))).await;
    let answer = stage.browser().token(&redeeming(&code(&answer))).await;
    assert_refused(&stage.idp, &answer, "rfc9700-verifier-unsolicited", "");
}

#[tokio::test]
async fn openid_connect_merges_where_that_is_allowed() {
    let stage = Stage::new(|builder| builder.on("request-object-merged"));
    let draft = stage.object().claim("state", Value::Null);
    let object = stage.key.sign(&draft);
    let beside = carrying(&object).with("state", "beside").with("scope", "admin").with("response_type", "code");
    let answer = stage.browser().authorize(&beside).await;
    assert_eq!(answer.redirected().get("state"), Some("beside"));
    let entry = stage.idp.journal().pop().expect("an entry");
    assert_eq!((entry.relaxations, entry.ignored), (vec!["request-object-merged"], vec!["scope".to_owned()]));
    let tokens = stage.browser().token(&redeeming(&code(&answer))).await.tokens();
    assert_eq!(tokens["scope"], "openid email", "what is in the object supersedes");
    let object = stage.key.sign(&stage.object());
    let answer = stage.browser().authorize(&carrying(&object).with("response_type", "token")).await;
    assert_refused(&stage.idp, &answer, "rfc9101-response-types-differ", "");
    code(&stage.browser().authorize(&carrying(&stage.key.sign(&stage.object()))).await);
    assert!(stage.idp.journal().pop().is_some_and(|entry| entry.relaxations.is_empty()), "nothing was merged");
}

#[tokio::test]
async fn objects_of_openid_connect_are_taken_where_that_is_allowed() {
    let stage = Stage::new(|builder| builder.on("request-object-openid"));
    for name in ["iss", "aud", "exp", "client_id"] {
        code(&stage.sign(&stage.object().claim(name, Value::Null)).await);
        assert!(
            stage.idp.journal().pop().is_some_and(|entry| entry.relaxations == ["request-object-openid"]),
            "{name}"
        );
    }
    for typ in [Value::Null, "JWT".into()] {
        code(&stage.sign(&stage.object().member("typ", typ)).await);
        assert!(stage.idp.journal().pop().is_some_and(|entry| entry.relaxations == ["request-object-openid"]));
    }
    code(&stage.sign(&stage.object()).await);
    assert!(stage.idp.journal().pop().is_some_and(|entry| entry.relaxations.is_empty()));
    // What is there has to be right all the same.
    for (draft, rule) in [
        (stage.object().member("typ", "dpop+jwt"), "rfc9101-request-object-typ"),
        (stage.object().claim("iss", "other"), "rfc9101-request-object-issuer"),
        (stage.object().claim("aud", "https://evil.example"), "rfc9101-request-object-audience"),
        (moved(stage.object(), "exp", -60), "rfc9101-request-object-expiry"),
        (stage.object().claim("client_id", "other"), "rfc9101-client-ids-differ"),
    ] {
        assert_refused(&stage.idp, &stage.sign(&draft).await, rule, "");
    }
}

#[tokio::test]
async fn a_request_object_is_used_once() {
    let stage = strict();
    for draft in [stage.object(), stage.object().claim("jti", Value::Null)] {
        let object = stage.key.sign(&draft);
        code(&stage.send(&object).await);
        assert_refused(&stage.idp, &stage.send(&object).await, "rfc9101-request-object-replayed", "Reloading");
        // Another signature over the same is the same object.
        assert_refused(&stage.idp, &stage.sign(&draft).await, "rfc9101-request-object-replayed", "");
    }
    let stage = Stage::new(|builder| builder.on("request-object-reusable"));
    let object = stage.key.sign(&stage.object());
    code(&stage.send(&object).await);
    assert!(stage.idp.journal().pop().is_some_and(|entry| entry.relaxations.is_empty()));
    code(&stage.send(&object).await);
    assert!(stage.idp.journal().pop().is_some_and(|entry| entry.relaxations == ["request-object-reusable"]));
    stage.idp.clock().advance(Duration::from_secs(60));
    assert_refused(&stage.idp, &stage.send(&object).await, "rfc9101-request-object-expiry", "expired 0 seconds ago");
}

#[tokio::test]
async fn a_profile_may_want_to_know_when_an_object_begins() {
    let stage = Stage::new(|builder| builder.on("request-object-nbf"));
    let answer = stage.sign(&stage.object().claim("nbf", Value::Null)).await;
    assert_refused(&stage.idp, &answer, "rfc9101-request-object-nbf-missing", "");
    code(&stage.sign(&stage.object()).await);
}

#[tokio::test]
async fn claims_become_parameters_of_every_kind() {
    let stage = strict();
    let details = json!([{"type": "payment_initiation", "actions": ["initiate"]}]);
    let object = stage
        .object()
        .claim("authorization_details", details.clone())
        .claim("resource", json!(["https://one.example", "https://two.example"]))
        .claim("max_age", 60);
    let answer = stage.sign(&object).await;
    let tokens = stage.browser().token(&redeeming(&code(&answer))).await.tokens();
    assert_eq!(tokens["authorization_details"], details);
    assert_eq!(decode(&tokens["access_token"]).1["aud"], json!(["https://one.example", "https://two.example"]));
    for (draft, rule) in [
        (stage.object().claim("max_age", -1), "oidc-max-age-malformed"),
        (stage.object().claim("authorization_details", json!([{"type": "other"}])), "rfc9396-type-unknown"),
        (stage.object().claim("resource", "rs.example"), "rfc8707-resource-malformed"),
        (stage.object().claim("scope", json!(["openid"])), "rfc6749-scope-malformed"),
        (stage.object().claim("response_type", "token"), "rfc6749-response-type-unsupported"),
    ] {
        let answer = stage.sign(&draft).await;
        assert_refused(&stage.idp, &answer, rule, "");
    }
    let answer = stage.sign(&stage.object().claim("redirect_uri", "https://evil.example/cb")).await;
    assert_eq!((answer.status, answer.location.as_deref()), (400, None));
    assert_refused(&stage.idp, &answer, "rfc9700-redirect-uri-unregistered", "");
}

#[tokio::test]
async fn a_client_without_keys_signs_nothing() {
    let stage = Stage::with(|_| Client::public("public").any_loopback_redirect(), |builder| builder);
    let answer = stage.sign(&stage.object()).await;
    assert_refused(&stage.idp, &answer, "rfc9101-request-object-key", "neither jwks nor jwks_uri");
    // Nor does another client sign for it.
    let stage = strict();
    let params = with(carrying(&stage.key.sign(&stage.object())), "client_id", "other");
    let answer = stage.browser().authorize(&params.with("redirect_uri", REDIRECT_URI)).await;
    assert_refused(&stage.idp, &answer, "rfc9101-request-object-signature", "");
}

#[tokio::test]
async fn a_client_is_held_to_its_algorithm() {
    let stage = Stage::with(|client| client.metadata("request_object_signing_alg", "PS256"), |builder| builder);
    let answer = stage.sign(&stage.object()).await;
    assert_refused(&stage.idp, &answer, "rfc9101-request-object-algorithm", "registered for PS256");
    let stage = Stage::with(|client| client.metadata("request_object_signing_alg", "ES256"), |builder| builder);
    code(&stage.sign(&stage.object()).await);
    let mut policy = Policy::default();
    policy.algorithms = &[Algorithm::Ps256];
    let stage = Stage::new(|builder| builder.policy(policy));
    assert_refused(&stage.idp, &stage.sign(&stage.object()).await, "rfc9101-request-object-algorithm", "ES256");
    let stage = Stage::with(|client| client.metadata("request_object_signing_alg", "none"), |builder| builder);
    let object = stage.key.sign(&stage.object().member("alg", "none"));
    let answer = stage.send(&format!("{}.", object.rsplit_once('.').expect("three parts").0)).await;
    assert_refused(&stage.idp, &answer, "rfc9101-request-object-algorithm", "none");
}

#[tokio::test]
async fn signed_requests_can_be_required() {
    let required = Stage::new(|builder| builder.on("require-signed-request-object"));
    let own = Stage::with(|client| client.metadata("require_signed_request_object", true), |builder| builder);
    for (stage, hint) in [(required, "every client"), (own, "registration")] {
        let browser = stage.browser();
        let answer = browser.authorize(&asking()).await;
        assert_eq!(answer.redirected().get("error"), Some("invalid_request"));
        assert_refused(&stage.idp, &answer, "rfc9101-request-not-signed", hint);
        let answer = browser.post("/par", asking().encode(), None).await;
        assert_refused(&stage.idp, &answer, "rfc9101-request-not-signed", hint);
        code(&stage.sign(&stage.object()).await);
        let pushed = browser.post("/par", carrying(&stage.key.sign(&stage.object())).encode(), None).await;
        assert_eq!(pushed.status, 201, "{}", pushed.body);
        let reference = pushed.json()["request_uri"].as_str().expect("a reference").to_owned();
        browser.code(&[("client_id", "public"), ("request_uri", &*reference)].into_iter().collect()).await;
    }
    let allowed = Stage::with(|client| client.metadata("require_signed_request_object", false), |builder| builder);
    allowed.browser().code(&asking()).await;
}

#[tokio::test]
async fn an_object_is_pushed_alone() {
    let stage = strict();
    let browser = stage.browser();
    let push = async |params: &Params| browser.post("/par", params.encode(), None).await;
    let answer = push(&carrying(&stage.key.sign(&stage.object())).with("scope", "admin")).await;
    assert_refused(&stage.idp, &answer, "rfc9126-parameter-beside-request", "scope is beside it");
    let answer = push(&carrying(&stage.key.sign(&stage.object())).with("request_uri", URL)).await;
    assert_refused(&stage.idp, &answer, "rfc9126-request-uri-pushed", "");
    let object = stage.key.sign(&stage.object().claim("request_uri", URL));
    assert_refused(&stage.idp, &push(&carrying(&object)).await, "rfc9101-request-object-nested", "");
    // With a reference to a pushed request comes no object.
    let pushed = push(&carrying(&stage.key.sign(&stage.object()))).await.json();
    let reference = pushed["request_uri"].as_str().expect("a reference");
    let both = carrying(&stage.key.sign(&stage.object())).with("request_uri", reference);
    assert_refused(&stage.idp, &browser.authorize(&both).await, "rfc9101-request-and-request-uri", "");
    browser.code(&without(both, "request")).await;
}

#[tokio::test]
async fn an_object_is_not_used_up_while_a_proof_lacks_its_nonce() {
    let stage = Stage::new(|builder| builder.on("dpop-nonce-required"));
    let params = carrying(&stage.key.sign(&stage.object()));
    let proof = || stage.key.proof(&stage.idp, &Method::POST, "/par");
    let push =
        async |proof: &Draft| stage.browser().send(proven(posting("/par", &params), &stage.key.sign(proof))).await;
    let first = push(&proof()).await;
    assert_eq!(first.json()["error"], "use_dpop_nonce");
    let nonce = first.header("dpop-nonce").expect("a nonce");
    assert_eq!(push(&proof().claim("nonce", nonce)).await.status, 201);
}

#[tokio::test]
async fn an_object_may_be_encrypted_to_the_server() {
    let stage = strict();
    let jwks = stage.browser().fetch("/jwks").await;
    let keys = PublicKeys::read(jwks.body.as_bytes()).expect("keys");
    let encrypt = |content: &str, algorithm| {
        let recipient = Recipient::Key(keys.for_encryption(algorithm).expect("a key for it"));
        let encryption = Encryption { recipient, algorithm, content: ContentEncryption::A256Gcm };
        encryption.encrypt(content.as_bytes(), Some("JWT"), &mut |octets| SystemDice.fill(octets)).expect("a token")
    };
    for algorithm in [KeyManagement::RsaOaep256, KeyManagement::EcdhEs] {
        code(&stage.send(&encrypt(&stage.key.sign(&stage.object()), algorithm)).await);
    }
    let good = encrypt(&stage.key.sign(&stage.object()), KeyManagement::EcdhEs);
    let altered = format!("{}{}", &good[..good.len() - 22], encoded([0; 16]));
    for (object, rule, hint) in [
        (altered, "rfc9101-request-object-encryption", "cannot be decrypted"),
        ("a.b.c.d.e".to_owned(), "rfc9101-request-object-encryption", "base64url"),
        (encrypt("canary", KeyManagement::EcdhEs), "rfc9101-request-object-malformed", "three parts"),
        (encrypt(&good, KeyManagement::EcdhEs), "rfc9101-request-object-malformed", "encrypted"),
    ] {
        assert_refused(&stage.idp, &stage.send(&object).await, rule, hint);
    }
    // An object that was wrapped twice is used once.
    let object = stage.key.sign(&stage.object());
    code(&stage.send(&encrypt(&object, KeyManagement::EcdhEs)).await);
    let again = stage.send(&encrypt(&object, KeyManagement::RsaOaep)).await;
    assert_refused(&stage.idp, &again, "rfc9101-request-object-replayed", "");

    let own = |client: Client| client.metadata("request_object_encryption_alg", "RSA-OAEP-256");
    let stage = Stage::with(own, |builder| builder);
    let object = encrypt(&stage.key.sign(&stage.object()), KeyManagement::EcdhEs);
    let answer = stage.send(&object).await;
    assert_refused(&stage.idp, &answer, "rfc9101-request-object-encryption", "ECDH-ES is not what");
    code(&stage.send(&encrypt(&stage.key.sign(&stage.object()), KeyManagement::RsaOaep256)).await);
}

#[tokio::test]
async fn metadata_says_what_is_taken() {
    let metadata = async |builder: Builder| {
        let idp = builder.in_process().expect("a server");
        Browser::new(&idp).fetch("/.well-known/openid-configuration").await.json()
    };
    let document = metadata(MockIdp::builder()).await;
    for (name, value) in [
        ("request_parameter_supported", true),
        ("request_uri_parameter_supported", true),
        ("require_request_uri_registration", true),
        ("require_signed_request_object", false),
    ] {
        assert_eq!(document[name], value, "{name}");
    }
    let listed = |name: &str| document[name].as_array().expect("a list").clone();
    assert_eq!(listed("request_object_signing_alg_values_supported").len(), 11);
    let managed = json!(["RSA-OAEP", "RSA-OAEP-256", "ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A256KW"]);
    assert_eq!(document["request_object_encryption_alg_values_supported"], managed);
    assert_eq!(listed("request_object_encryption_enc_values_supported").len(), 4);
    let on = MockIdp::builder().on("request-uri-unregistered").on("require-signed-request-object");
    let document = metadata(on).await;
    assert_eq!(document["require_request_uri_registration"], false);
    assert_eq!(document["require_signed_request_object"], true);
}

#[tokio::test]
async fn without_request_objects_they_are_refused() {
    let builder = MockIdp::builder().without("RFC 9101");
    let idp = builder.in_process().expect("it can be left out");
    let browser = Browser::new(&idp);
    let document = browser.fetch("/.well-known/openid-configuration").await.json();
    assert_eq!(document["request_parameter_supported"], false);
    assert_eq!(document["request_uri_parameter_supported"], false);
    assert_eq!(document.get("request_object_signing_alg_values_supported"), None);
    assert!(!browser.fetch("/jwks").await.body.contains("\"enc\""), "nobody encrypts to this server");
    for (name, value, rule) in [
        ("request", "canary.canary.canary", "oidc-request-not-supported"),
        ("request_uri", "https://client.example/canary", "oidc-request-uri-not-supported"),
    ] {
        let answer = browser.authorize(&asking().with(name, value)).await;
        assert_refused(&idp, &answer, rule, "");
        let entry = idp.journal().pop().expect("an entry");
        let told = format!("{:?} {} {entry:?} {entry}", answer.location, answer.body);
        assert!(!told.contains("canary"), "{told}");
    }
    let pushed = browser.post("/par", asking().encode(), None).await.json();
    let reference = pushed["request_uri"].as_str().expect("a reference");
    let answer = browser.authorize(&asking().with("request", "e30.e30.").with("request_uri", reference)).await;
    assert_refused(&idp, &answer, "oidc-request-not-supported", "");
    browser.code(&[("client_id", "public"), ("request_uri", reference)].into_iter().collect()).await;
}

#[tokio::test]
async fn no_refusal_shows_an_object() {
    let (stage, host) = publishing(|builder| builder.on("request-object-nbf"));
    let object = || stage.object().claim("state", "canary-swordfish").claim("canary-swordfish", "canary-swordfish");
    let mut objects = vec![stage.key.sign(&object()), stage.key.sign(&object())];
    objects.push(objects[1].clone());
    objects.extend(MISTAKES.iter().map(|(_, _, mistake)| mistake(&stage.key, object())));
    objects.push(stage.key.sign(&object().claim("nbf", Value::Null)));
    objects.push("canary.canary.canary.canary.canary".to_owned());
    let mut answers = Vec::new();
    for object in &objects {
        answers.push(stage.send(object).await);
    }
    answers
        .push(stage.browser().authorize(&carrying(&objects[0]).with("request_uri", "https://canary.example/")).await);
    host.says("canary-swordfish");
    host.says("canary-swordfish");
    host.answers(Err(OutboundError::TimedOut));
    for url in [URL.to_owned(), format!("{URL}#canary"), URL.to_owned(), "https://canary.example/".to_owned()] {
        answers.push(stage.browser().authorize(&referring(&url)).await);
    }
    answers.push(stage.browser().authorize(&referring(&format!("{URL}?{}", "canary".repeat(99)))).await);
    // The first two are answered with a code, and with their state.
    for answer in answers.iter().skip(2) {
        let told = format!("{:?} {}", answer.location, answer.body);
        assert!(!told.contains("canary"), "{told}");
    }
    let written: String = stage.idp.journal().iter().map(|entry| format!("{entry:?} {entry}\n")).collect();
    assert!(!written.contains("canary"), "{written}");
    for object in objects.iter().filter_map(|object| object.rsplit_once('.')).filter(|(_, last)| last.len() > 40) {
        assert!(!written.contains(object.1), "a signature is written down");
    }
    let seen: BTreeSet<_> =
        stage.idp.journal().into_iter().filter_map(|entry| entry.refusal).map(|one| one.rule).collect();
    let elsewhere = ["rfc9101-client-metadata", "rfc9101-request-not-signed", "rfc9101-response-types-differ"];
    let known = mock_idp::rules().into_iter().map(|rule| rule.id).filter(|id| id.starts_with("rfc9101-"));
    let missed: Vec<_> = known.filter(|id| !seen.contains(id) && !elsewhere.contains(id)).collect();
    assert_eq!(missed, [""; 0]);
}
