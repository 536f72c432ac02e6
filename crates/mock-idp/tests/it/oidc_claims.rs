//! OpenID Connect Core §5, §8 and §10: which claims somebody is told, of whom, and in what they travel.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use mock_idp::jose::{DecryptionKey, Jwe, Jws};
use mock_idp::{Client, MockIdp, User};
use oauth_types::scenario::NextLogin;
use oauth_types::{Algorithm, ContentEncryption, KeyManagement, Params, Secret};
use serde_json::{Value, json};

use crate::browser::{Answer, Browser, REDIRECT_URI, asking, basic, decode, redeeming, refreshing, with, without};
use crate::person::{Person, title};
use crate::refusals::assert_refused;

/// The private key of a client, and the set that has its public half.
pub(crate) fn keys() -> (DecryptionKey, Value) {
    let key = DecryptionKey::from_pem(include_str!("../../../../fixtures/keys/es256.pem")).expect("a key");
    let set = json!({"keys": [key.jwk("enc")]});
    (key, set)
}

async fn tokens(browser: &Browser<'_>, params: &Params) -> Value {
    browser.token(&redeeming(&browser.code(params).await)).await.tokens()
}

async fn userinfo(browser: &Browser<'_>, tokens: &Value) -> Answer {
    browser.userinfo(tokens["access_token"].as_str().expect("a token")).await
}

fn claims(value: &Value) -> String {
    value.to_string()
}

#[tokio::test]
async fn claims_are_asked_for_one_by_one() {
    let idp = MockIdp::builder().in_process().expect("a server");
    let browser = Browser::new(&idp);
    let wishes = json!({
        "userinfo": {"nickname": null, "phone_number": {"essential": true}, "zoneinfo": {"value": "Asia/Tokyo"},
                     "locale": {"values": ["de", "en-GB"]}, "unknown": {"essential": true}, "iss": null},
        "id_token": {"given_name": {"essential": true}, "gender": {"value": "male"}, "exp": {"value": 1}},
    });
    let tokens = tokens(&browser, &with(asking(), "scope", "openid").with("claims", claims(&wishes))).await;
    let said = userinfo(&browser, &tokens).await.json();
    let expected = json!({"sub": "alice", "nickname": "Alice", "phone_number": "+1 555 0100", "locale": "en-GB"});
    assert_eq!(said, expected);
    let (_, first) = decode(&tokens["id_token"]);
    assert_eq!((&first["given_name"], first.get("gender"), first.get("azp")), (&json!("Alice"), None, None));
    assert!(first["exp"].as_u64() > Some(1), "what the server makes itself is not asked for");

    let again = browser.token(&with(refreshing(&tokens["refresh_token"]), "scope", "openid")).await.tokens();
    assert_eq!(userinfo(&browser, &again).await.json(), expected, "it lives as long as the grant");
    assert_eq!(decode(&again["id_token"]).1["given_name"], "Alice");
}

#[tokio::test]
async fn what_the_server_says_itself_is_not_said_by_a_user() {
    let carol =
        ["acr", "sid", "azp", "nonce", "iss"].iter().fold(User::new("carol"), |user, name| user.claim(*name, "x"));
    let idp = MockIdp::builder().user(carol).in_process().expect("a user");
    let browser = Browser::new(&idp);
    let wishes = json!({"id_token": {"acr": null, "sid": null, "azp": null, "nonce": null, "iss": null}});
    let tokens = tokens(&browser, &without(asking(), "nonce").with("claims", claims(&wishes))).await;
    let (_, said) = decode(&tokens["id_token"]);
    assert!(said.as_object().expect("an object").values().all(|value| value != "x"), "{said}");
    assert_eq!((said.get("acr"), said.get("azp"), said.get("nonce")), (None, None, None));
}

#[tokio::test]
async fn a_claims_parameter_is_well_formed() {
    let idp = MockIdp::builder().in_process().expect("a server");
    let browser = Browser::new(&idp);
    for (text, hint) in
        [("{", "not JSON"), ("[]", "not a JSON object"), ("{\"userinfo\":{\"a\":1}}", "null or an object")]
    {
        let answer = browser.authorize(&asking().with("claims", text)).await;
        assert_refused(&idp, &answer, "oidc-claims-malformed", hint);
    }
    let answer = browser.authorize(&with(asking(), "scope", "read").with("claims", "{")).await;
    assert!(answer.redirected().get("code").is_some(), "without openid it means nothing");
}

#[tokio::test]
async fn a_client_may_say_who_it_has_to_be() {
    let idp = MockIdp::builder().in_process().expect("a server");
    let browser = Browser::new(&idp);
    let asks = asking().with("claims", claims(&json!({"id_token": {"sub": {"value": "bob"}}})));
    let bob = tokens(&browser, &asks).await;
    assert_eq!(decode(&bob["id_token"]).1["sub"], "bob");
    idp.next_login(NextLogin::user("alice"));
    assert_refused(&idp, &browser.authorize(&asks).await, "oidc-id-token-hint-other-user", "");
    let hint = browser.log_in().await["id_token"].as_str().expect("a token").to_owned();
    assert_refused(&idp, &browser.authorize(&asks.with("id_token_hint", hint)).await, "oidc-two-subjects", "");
}

#[tokio::test]
async fn a_class_of_login_that_is_needed_is_reached_or_refused() {
    let idp = MockIdp::builder().in_process().expect("a server");
    let browser = Browser::new(&idp);
    let asks = |essential: bool| {
        let acr = json!({"id_token": {"acr": {"values": ["urn:a", "urn:b"], "essential": essential}}});
        asking().with("claims", claims(&acr))
    };
    let answer = browser.authorize(&asks(true)).await;
    assert_refused(&idp, &answer, "oidc-acr-unmet", "urn:a, urn:b; this login has none");
    assert_eq!(answer.redirected().get("error"), Some("unmet_authentication_requirements"));
    idp.next_login(NextLogin::default().acr("urn:c"));
    assert_refused(&idp, &browser.authorize(&asks(true)).await, "oidc-acr-unmet", "this login has urn:c");
    idp.next_login(NextLogin::default().acr("urn:b"));
    assert_eq!(decode(&tokens(&browser, &asks(true)).await["id_token"]).1["acr"], "urn:b");
    assert_eq!(decode(&tokens(&browser, &asks(false)).await["id_token"]).1.get("acr"), None, "a wish is no need");
}

#[tokio::test]
async fn a_password_reaches_its_class() {
    let password = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport";
    let idp = MockIdp::builder()
        .on("login-pages")
        .client(Client::confidential("web", "secret").any_loopback_redirect())
        .user(User::new("alice"))
        .user(User::new("paula").password("pass"))
        .in_process()
        .expect("a server");
    let person = Person::new(&idp);
    let asks = |acr: &str| {
        let wish = json!({"id_token": {"acr": {"value": acr, "essential": true}}});
        with(asking(), "client_id", "web").with("claims", claims(&wish))
    };
    let page = person.asks(&asks(password)).await;
    let answer = person.is(&page, "alice").await;
    assert_refused(&idp, &answer, "oidc-acr-unmet", "this login has none");
    person.forgets("mock-idp-session");
    let page = person.asks(&with(asking(), "client_id", "web").with("login_hint", "paula")).await;
    let fields = [("username", "paula"), ("password", "pass")];
    let page = person.submits(&page, "login-form", &fields).await;
    assert!(person.agrees(&page).await.redirected().get("code").is_some());
    let page = person.asks(&asks(password)).await;
    assert_eq!(title(&page), "Do you agree?", "the session is of that class already");
    let answer = person.asks(&asks("urn:other")).await;
    assert_refused(&idp, &answer, "oidc-acr-unmet", "urn:other");
}

#[tokio::test]
async fn standard_claims_have_their_types() {
    let idp = MockIdp::builder().in_process().expect("a server");
    let browser = Browser::new(&idp);
    let tokens = tokens(&browser, &with(asking(), "scope", "openid profile email address phone")).await;
    let said = userinfo(&browser, &tokens).await.json();
    assert!(said["email_verified"].is_boolean() && said["phone_number_verified"].is_boolean());
    assert!(said["updated_at"].is_u64() && said["address"].is_object());
    let metadata = browser.fetch("/.well-known/openid-configuration").await.json();
    let supported = metadata["claims_supported"].as_array().expect("a list");
    assert!(said.as_object().expect("an object").keys().all(|name| supported.contains(&json!(name))));
    let texts = ["name", "family_name", "given_name", "middle_name", "nickname", "preferred_username", "profile"];
    let more = ["picture", "website", "gender", "birthdate", "zoneinfo", "locale", "phone_number", "email"];
    assert!(texts.iter().chain(&more).all(|name| said[*name].is_string()));
}

#[tokio::test]
async fn others_know_claims_too() {
    let carol = User::new("carol")
        .claim("address", json!({"country": "A"}))
        .aggregated("bank", ["address", "credit"], "a.b.c")
        .distributed("shop", ["orders"], "https://shop.example/claims", Some(Secret::new("shop-token")))
        .distributed("clinic", ["phone_number"], "https://clinic.example/claims", None);
    let idp = MockIdp::builder().user(carol).in_process().expect("a user");
    let browser = Browser::new(&idp);
    let tokens = tokens(&browser, &with(asking(), "scope", "openid address")).await;
    let said = userinfo(&browser, &tokens).await.json();
    assert_eq!(
        said,
        json!({
            "sub": "carol",
            "_claim_names": {"address": "bank", "credit": "bank", "orders": "shop"},
            "_claim_sources": {
                "bank": {"JWT": "a.b.c"},
                "shop": {"endpoint": "https://shop.example/claims", "access_token": "shop-token"},
            },
        })
    );
    let printed = format!(
        "{:?}",
        User::new("x").aggregated("a", ["b"], "canary").distributed("c", ["d"], "e", Some("canary".into()))
    );
    assert!(!printed.contains("canary"), "{printed}");
}

#[tokio::test]
async fn a_client_may_be_told_an_identifier_of_its_own() {
    let pairwise = |id: &str| {
        let client = Client::public(id).redirect_uri(REDIRECT_URI).any_loopback_redirect();
        client.metadata("subject_type", "pairwise")
    };
    let idp = MockIdp::builder()
        .client(pairwise("public"))
        .client(pairwise("same"))
        .client(pairwise("other").metadata("sector_identifier_uri", "https://other.example/uris"))
        .in_process()
        .expect("clients");
    let browser = Browser::new(&idp);
    let mut subjects = Vec::new();
    for client in ["public", "same", "other"] {
        let code = browser.code(&with(asking(), "client_id", client)).await;
        let tokens = browser.token(&with(redeeming(&code), "client_id", client)).await.tokens();
        let subject = decode(&tokens["id_token"]).1["sub"].clone();
        assert_eq!(userinfo(&browser, &tokens).await.json()["sub"], subject);
        assert_eq!(decode(&tokens["access_token"]).1["sub"], subject);
        let again = browser.token(&with(refreshing(&tokens["refresh_token"]), "client_id", client)).await.tokens();
        assert_eq!(decode(&again["id_token"]).1["sub"], subject, "OpenID Connect Core 12.2");
        let hint = tokens["id_token"].as_str().expect("a token");
        let asks = with(asking(), "client_id", client).with("id_token_hint", hint);
        assert!(browser.authorize(&asks).await.redirected().get("code").is_some(), "the hint is understood");
        subjects.push(subject);
    }
    assert_eq!(subjects[0], subjects[1]);
    assert_ne!(subjects[0], subjects[2]);
    assert_ne!(subjects[0], "alice");
}

#[tokio::test]
async fn userinfo_is_signed_for_whoever_wants_it() {
    let client =
        Client::public("public").redirect_uri(REDIRECT_URI).metadata("userinfo_signed_response_alg", "ES256");
    let idp = MockIdp::builder().client(client).in_process().expect("a client");
    let browser = Browser::new(&idp);
    let answer = userinfo(&browser, &browser.log_in().await).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/jwt")));
    let (header, said) = decode(&json!(answer.body));
    assert_eq!((&header["alg"], &header["kid"]), (&json!("ES256"), &json!("mock-es256")));
    assert_eq!((&said["iss"], &said["aud"], &said["sub"]), (&json!(idp.issuer()), &json!("public"), &json!("alice")));
    assert_eq!(said["email"], "alice@example.com");
}

#[tokio::test]
async fn tokens_are_encrypted_to_the_keys_of_a_client() {
    let (key, set) = keys();
    let client = Client::public("public")
        .redirect_uri(REDIRECT_URI)
        .metadata("jwks", set)
        .metadata("id_token_encrypted_response_alg", "ECDH-ES")
        .metadata("userinfo_encrypted_response_alg", "ECDH-ES+A256KW")
        .metadata("userinfo_encrypted_response_enc", "A256GCM");
    let idp = MockIdp::builder().client(client.clone()).in_process().expect("a client");
    let browser = Browser::new(&idp);
    let tokens = browser.log_in().await;
    let id_token = tokens["id_token"].as_str().expect("a token");
    let jwe = Jwe::parse(id_token).expect("an encrypted token");
    assert_eq!((jwe.algorithm(), jwe.encryption()), (KeyManagement::EcdhEs, ContentEncryption::A128CbcHs256));
    assert_eq!((jwe.cty(), jwe.kid()), (Some("JWT"), Some("enc")));
    let signed = String::from_utf8(jwe.decrypt(&key).expect("the content")).expect("text");
    let jws = Jws::parse(&signed).expect("a signed token");
    assert_eq!((jws.algorithm(), &jws.claims()["sub"]), (Some(Algorithm::Rs256), &json!("alice")));
    let asks = asking().with("id_token_hint", &signed);
    assert!(browser.authorize(&asks).await.redirected().get("code").is_some());
    let answer = browser.authorize(&asking().with("id_token_hint", id_token)).await;
    assert_refused(&idp, &answer, "oidc-id-token-hint-invalid", "encrypted");

    let answer = userinfo(&browser, &tokens).await;
    assert_eq!(answer.header("content-type"), Some("application/jwt"));
    let jwe = Jwe::parse(&answer.body).expect("an encrypted answer");
    assert_eq!(
        (jwe.algorithm(), jwe.encryption(), jwe.cty()),
        (KeyManagement::EcdhEsA256Kw, ContentEncryption::A256Gcm, None)
    );
    let said: Value = serde_json::from_slice(&jwe.decrypt(&key).expect("the content")).expect("JSON");
    assert_eq!((&said["sub"], said.get("iss")), (&json!("alice"), None), "it is not signed");

    let signed = client.metadata("userinfo_signed_response_alg", "RS256");
    let idp = MockIdp::builder().client(signed).in_process().expect("a client");
    let browser = Browser::new(&idp);
    let answer = userinfo(&browser, &browser.log_in().await).await;
    let jwe = Jwe::parse(&answer.body).expect("an encrypted answer");
    let inside = String::from_utf8(jwe.decrypt(&key).expect("the content")).expect("text");
    assert_eq!((jwe.cty(), &decode(&json!(inside)).1["iss"]), (Some("JWT"), &json!(idp.issuer())));
}

#[tokio::test]
async fn a_secret_signs_and_encrypts_for_the_client_that_has_it() {
    let secret = "a-secret-of-thirty-two-octets-or-more";
    let client = Client::confidential("public", secret)
        .redirect_uri(REDIRECT_URI)
        .id_token_signed_response_alg(Algorithm::Hs256)
        .metadata("id_token_encrypted_response_alg", "A256KW");
    let idp = MockIdp::builder().client(client).in_process().expect("a client");
    let browser = Browser::new(&idp);
    let code = browser.code(&asking()).await;
    let answer = browser.post("/token", redeeming(&code).encode(), Some(&basic("public", secret))).await.tokens();
    let jwe = Jwe::parse(answer["id_token"].as_str().expect("a token")).expect("an encrypted token");
    let signed = String::from_utf8(jwe.decrypt_secret(&Secret::new(secret)).expect("the content")).expect("text");
    let jws = Jws::parse(&signed).expect("a signed token");
    assert_eq!(jws.verify_secret(&Secret::new(secret), &[Algorithm::Hs256]), Ok(()));
    assert_eq!(jws.kid(), None);
    let asks = asking().with("id_token_hint", &signed);
    assert!(browser.authorize(&asks).await.redirected().get("code").is_some());
    let forged = format!("{}.{}", signed.rsplit_once('.').expect("parts").0, BASE64_URL_SAFE_NO_PAD.encode([0; 32]));
    let answer = browser.authorize(&asking().with("id_token_hint", forged)).await;
    assert_refused(&idp, &answer, "oidc-id-token-hint-invalid", "not signed");
}

#[tokio::test]
async fn what_cannot_be_sealed_is_the_servers_failure() {
    for client in [
        Client::public("public").metadata("id_token_encrypted_response_alg", "ECDH-ES"),
        Client::public("public").metadata("id_token_encrypted_response_alg", "dir"),
        Client::public("public").id_token_signed_response_alg(Algorithm::Hs256),
        Client::public("public").metadata("id_token_encrypted_response_alg", "RSA-OAEP").metadata("jwks", keys().1),
    ] {
        let idp = MockIdp::builder().client(client.redirect_uri(REDIRECT_URI)).in_process().expect("a client");
        let browser = Browser::new(&idp);
        let answer = browser.token(&redeeming(&browser.code(&asking()).await)).await;
        assert_eq!((answer.status, &answer.json()["error"]), (500, &json!("server_error")));
        let failure = idp.journal().pop().and_then(|entry| entry.failure);
        assert!(failure.is_none_or(|failure| failure.contains("sealed for the client")));
    }
}

#[tokio::test]
async fn offline_access_means_something_only_where_it_may() {
    let scope = |params: Params| with(params, "scope", "openid offline_access");
    let idp = MockIdp::builder().in_process().expect("a server");
    let granted = tokens(&Browser::new(&idp), &scope(asking())).await;
    assert_eq!((&granted["scope"], granted["refresh_token"].is_string()), (&json!("openid offline_access"), true));

    let idp = MockIdp::builder().on("offline-access-needs-consent").in_process().expect("a server");
    let browser = Browser::new(&idp);
    assert_eq!(tokens(&browser, &scope(asking())).await["scope"], "openid");
    let consented = tokens(&browser, &scope(asking()).with("prompt", "consent")).await;
    assert_eq!(consented["scope"], "openid offline_access");

    let idp = MockIdp::builder().on("refresh-needs-offline-access").in_process().expect("a server");
    let browser = Browser::new(&idp);
    assert_eq!(tokens(&browser, &asking()).await.get("refresh_token"), None);
    let offline = tokens(&browser, &scope(asking())).await;
    assert!(browser.token(&refreshing(&offline["refresh_token"])).await.tokens()["refresh_token"].is_string());
    let plain = tokens(&browser, &with(asking(), "scope", "read")).await;
    assert!(plain["refresh_token"].is_string(), "OpenID Connect says nothing of plain OAuth");
}
