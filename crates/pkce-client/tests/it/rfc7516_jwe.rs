//! RFC 7516: ID tokens and UserInfo responses that only this client can read.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm as Jws;
use mock_idp::MockIdp;
use mock_idp::dice::Dice as _;
use mock_idp::jose::{Encryption, PublicKey, Recipient};
use oauth_types::fault::{Edit, Fault, Point};
use pkce_client::{
    Algorithm, ClientBuilder, ConfigError, ContentEncryption, DecryptionKey, Endpoint, Error, FinishError, JwtError,
    JwtKind, KeyManagement, Session, SystemDice,
};
use serde_json::{Value, json};

use crate::idp::{Idp, REDIRECT_URI};
use crate::stage::{CLIENT_ID, ES256, ISSUER, RS256, START, Stage, callback, response, rsa, sign};

const GCM: ContentEncryption = ContentEncryption::A256Gcm;

fn elliptic() -> DecryptionKey {
    DecryptionKey::from_pem(ES256).expect("a key").with_kid("enc")
}

fn rsa_key() -> DecryptionKey {
    DecryptionKey::from_pem(RS256).expect("a key").with_kid("enc")
}

/// A token for the owner of `key`.
fn sealed(content: &str, cty: Option<&str>, key: &DecryptionKey, way: (KeyManagement, ContentEncryption)) -> String {
    let public = PublicKey::parse(&Value::Object(key.public_jwk())).expect("a public key");
    let encryption = Encryption { recipient: Recipient::Key(&public), algorithm: way.0, content: way.1 };
    let mut random = |octets: &mut [u8]| mock_idp::dice::SystemDice.fill(octets);
    encryption.encrypt(content.as_bytes(), cty, &mut random).expect("an encrypted token")
}

/// What comes of a login whose ID token is encrypted in this way.
async fn login(builder: ClientBuilder, stage: &Stage, seal: impl Fn(&str) -> String) -> Result<Session, JwtError> {
    let client = stage.client_of(builder);
    let started = stage.begin(&client).await;
    let id_token = stage.with(|script| script.id_token());
    stage.member("id_token", json!(seal(&id_token)));
    let callback = callback(&started, &[]);
    match client.finish(started.pending, callback).await {
        Ok(session) => Ok(session),
        Err(FinishError::Failed(Error::IdToken(error))) => Err(error),
        Err(other) => panic!("{other:?}"),
    }
}

fn curve(stage: &Stage) -> ClientBuilder {
    stage.builder().decryption_key(elliptic()).encrypted_id_tokens([KeyManagement::EcdhEs], [GCM])
}

/// What is wrong with a token that was encrypted well and then changed.
async fn changed(way: KeyManagement, change: impl Fn(Vec<String>) -> Vec<String>) -> JwtError {
    let error = changed_of((way, GCM), &change).await;
    // The other kind of encryption says the same.
    assert_eq!(changed_of((way, ContentEncryption::A128CbcHs256), &change).await, error);
    error
}

async fn changed_of(
    way: (KeyManagement, ContentEncryption),
    change: impl Fn(Vec<String>) -> Vec<String>,
) -> JwtError {
    let stage = Stage::new();
    let key = if way.0 == KeyManagement::RsaOaep256 { rsa_key() } else { elliptic() };
    let builder = stage.builder().decryption_key(key.clone()).encrypted_id_tokens([way.0], [way.1]);
    let seal = |token: &str| {
        let sealed = sealed(token, Some("JWT"), &key, way);
        change(sealed.split('.').map(str::to_owned).collect()).join(".")
    };
    login(builder, &stage, seal).await.expect_err("a refusal")
}

/// Changes the header of a token.
fn header(mut segments: Vec<String>, name: &str, value: Value) -> Vec<String> {
    let header = URL_SAFE_NO_PAD.decode(&segments[0]).expect("base64url");
    let mut header: Value = serde_json::from_slice(&header).expect("JSON");
    match value {
        Value::Null => drop(header.as_object_mut().expect("an object").remove(name)),
        value => header[name] = value,
    }
    segments[0] = URL_SAFE_NO_PAD.encode(header.to_string());
    segments
}

#[tokio::test]
async fn id_tokens_are_decrypted_and_verified_in_every_way_that_is_allowed() {
    use KeyManagement::{EcdhEs, EcdhEsA128Kw, EcdhEsA256Kw, RsaOaep256};
    for (algorithm, key) in
        [(RsaOaep256, rsa_key()), (EcdhEs, elliptic()), (EcdhEsA128Kw, elliptic()), (EcdhEsA256Kw, elliptic())]
    {
        for encryption in ContentEncryption::ALL {
            for cty in [Some("JWT"), Some("jwt"), None] {
                let stage = Stage::new();
                let builder = stage.builder().decryption_key(key.clone());
                let builder = builder.encrypted_id_tokens([algorithm], [*encryption]);
                let seal = |token: &str| sealed(token, cty, &key, (algorithm, *encryption));
                let session = login(builder, &stage, seal).await.expect("a session");
                assert_eq!(session.claims().expect("claims").subject(), "alice");
            }
        }
    }
}

#[tokio::test]
async fn the_token_inside_is_verified_as_always() {
    let stage = Stage::new();
    let seal = |token: &str| sealed(token, Some("JWT"), &elliptic(), (KeyManagement::EcdhEs, GCM));
    stage.claim("aud", json!("other"));
    assert_eq!(login(curve(&stage), &stage, seal).await.err(), Some(JwtError::Audience));
    let stage = Stage::new();
    let unsigned = |token: &str| seal(token.rsplit_once('.').expect("a signature").0);
    assert_eq!(login(curve(&stage), &stage, unsigned).await.err(), Some(JwtError::NotCompact));
    let stage = Stage::new();
    let claims = |token: &str| {
        let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).expect("claims")).expect("base64url");
        seal(&String::from_utf8(claims).expect("text"))
    };
    assert_eq!(login(curve(&stage), &stage, claims).await.err(), Some(JwtError::NotCompact));
    let stage = Stage::new();
    let twice = |token: &str| seal(&seal(token));
    assert_eq!(login(curve(&stage), &stage, twice).await.err(), Some(JwtError::NotCompact));
}

#[tokio::test]
async fn encryption_is_not_left_out_and_not_taken_unasked() {
    let stage = Stage::new();
    assert_eq!(login(curve(&stage), &stage, str::to_owned).await.err(), Some(JwtError::NotEncrypted));
    let stage = Stage::new();
    let seal = |token: &str| sealed(token, Some("JWT"), &elliptic(), (KeyManagement::EcdhEs, GCM));
    assert_eq!(login(stage.builder(), &stage, seal).await.err(), Some(JwtError::NotCompact));
}

#[tokio::test]
async fn only_what_is_allowed_is_decrypted() {
    let error = async |way| {
        let stage = Stage::new();
        let seal = |token: &str| sealed(token, Some("JWT"), &elliptic(), way);
        login(curve(&stage), &stage, seal).await.err()
    };
    assert_eq!(error((KeyManagement::EcdhEs, GCM)).await, None);
    assert_eq!(error((KeyManagement::EcdhEsA256Kw, GCM)).await, Some(JwtError::KeyManagement));
    let other = (KeyManagement::EcdhEs, ContentEncryption::A128Gcm);
    assert_eq!(error(other).await, Some(JwtError::ContentEncryption));
    let said = async |name: &'static str, value: Value| {
        changed(KeyManagement::EcdhEs, |segments| header(segments, name, value.clone())).await
    };
    for alg in ["RSA1_5", "dir", "A128KW", "none", "PBES2-HS256+A128KW", "ecdh-es"] {
        assert_eq!(said("alg", json!(alg)).await, JwtError::KeyManagement, "{alg}");
    }
    assert_eq!(said("enc", json!("A192GCM")).await, JwtError::ContentEncryption);
    assert_eq!(said("alg", json!(null)).await, JwtError::Header("alg"));
    assert_eq!(said("enc", json!(7)).await, JwtError::Header("enc"));
    assert_eq!(said("zip", json!("DEF")).await, JwtError::Compressed);
    assert_eq!(said("crit", json!(["exp"])).await, JwtError::Critical);
    assert_eq!(said("typ", json!("at+jwt")).await, JwtError::Type);
    assert_eq!(said("cty", json!("text/plain")).await, JwtError::Type);
    assert_eq!(said("kid", json!("other")).await, JwtError::UnknownKey);
    assert_eq!(said("kid", json!(["enc"])).await, JwtError::Header("kid"));
}

#[tokio::test]
async fn what_fails_in_decrypting_is_told_in_one_way() {
    for way in [KeyManagement::RsaOaep256, KeyManagement::EcdhEs, KeyManagement::EcdhEsA128Kw] {
        for at in 1..5 {
            let flipped = |mut segments: Vec<String>| {
                let mut octets = URL_SAFE_NO_PAD.decode(&segments[at]).expect("base64url");
                octets.first_mut().map_or_else(|| (), |octet| *octet ^= 1);
                if octets.is_empty() {
                    octets.push(0);
                }
                segments[at] = URL_SAFE_NO_PAD.encode(octets);
                segments
            };
            assert_eq!(changed(way, flipped).await, JwtError::Undecryptable, "{way}: {at}");
            let emptied = |mut segments: Vec<String>| {
                segments[at] = if segments[at].is_empty() { "AAAA".to_owned() } else { String::new() };
                segments
            };
            assert_eq!(changed(way, emptied).await, JwtError::Undecryptable, "{way}: {at}");
            let cut = |mut segments: Vec<String>| {
                let octets = URL_SAFE_NO_PAD.decode(&segments[at]).expect("base64url");
                segments[at] = URL_SAFE_NO_PAD.encode(&octets[..octets.len().saturating_sub(4)]);
                // Where nothing was, nothing can be cut off.
                segments[4] = if octets.is_empty() { String::new() } else { segments[4].clone() };
                segments
            };
            assert_eq!(changed(way, cut).await, JwtError::Undecryptable, "{way}: {at}");
        }
        // The header is protected, too.
        let more = |segments: Vec<String>| header(segments, "x", json!("y"));
        assert_eq!(changed(way, more).await, JwtError::Undecryptable, "{way}");
    }
    let other = Value::Object(DecryptionKey::generate(&SystemDice).expect("a key").public_jwk());
    let mut off = other.clone();
    off["y"] = off["x"].clone();
    let mut private = other.clone();
    private["d"] = json!("AAAA");
    for epk in
        [json!(null), json!("x"), json!({}), json!({"kty": "OKP", "crv": "X25519", "x": "AAAA"}), other, off, private]
    {
        for way in [KeyManagement::EcdhEs, KeyManagement::EcdhEsA256Kw] {
            let with = |segments: Vec<String>| header(segments, "epk", epk.clone());
            assert_eq!(changed(way, with).await, JwtError::Undecryptable, "{epk}");
        }
    }
    for (name, value) in [("apu", json!("!")), ("apv", json!("QWxpY2U")), ("apu", json!(7))] {
        let with = |segments: Vec<String>| header(segments, name, value.clone());
        assert_eq!(changed(KeyManagement::EcdhEs, with).await, JwtError::Undecryptable);
    }
    // For another key.
    let stage = Stage::new();
    let stranger = DecryptionKey::generate(&SystemDice).expect("a key").with_kid("enc");
    let seal = |token: &str| sealed(token, Some("JWT"), &stranger, (KeyManagement::EcdhEs, GCM));
    assert_eq!(login(curve(&stage), &stage, seal).await.err(), Some(JwtError::Undecryptable));
}

#[tokio::test]
async fn what_is_no_token_of_five_parts_is_not_encrypted() {
    for text in ["", "a.b.c", "a.b.c.d", "a.b.c.d.e.f"] {
        let stage = Stage::new();
        let said = login(curve(&stage), &stage, |_| text.to_owned()).await.err();
        assert_eq!(said, Some(JwtError::NotEncrypted), "{text}");
    }
    let stage = Stage::new();
    let padded = |token: &str| sealed(token, None, &elliptic(), (KeyManagement::EcdhEs, GCM)) + "=";
    assert_eq!(login(curve(&stage), &stage, padded).await.err(), Some(JwtError::NotBase64Url));
}

#[tokio::test]
async fn a_key_is_found_by_its_name() {
    let (old, new) =
        (elliptic().with_kid("old"), DecryptionKey::generate(&SystemDice).expect("a key").with_kid("new"));
    let (nameless, other) = (elliptic(), DecryptionKey::generate(&SystemDice).expect("a key"));
    let login = async |keys: [&DecryptionKey; 2], to: &DecryptionKey, drop_kid: bool| {
        let stage = Stage::new();
        let builder = keys.into_iter().fold(stage.builder(), |builder, key| builder.decryption_key(key.clone()));
        let builder = builder.encrypted_id_tokens([KeyManagement::EcdhEs], [GCM]);
        let to = if drop_kid { DecryptionKey::from_pem(ES256).expect("a key") } else { to.clone() };
        let seal = |token: &str| sealed(token, Some("JWT"), &to, (KeyManagement::EcdhEs, GCM));
        login(builder, &stage, seal).await.err()
    };
    for key in [&old, &new] {
        assert_eq!(login([&old, &new], key, false).await, None);
    }
    assert_eq!(login([&old, &new], &nameless, false).await, Some(JwtError::UnknownKey));
    assert_eq!(login([&old, &new], &old, true).await, Some(JwtError::AmbiguousKey));
    assert_eq!(login([&rsa_key(), &old], &old, true).await, None, "only one is of the right type");
    assert_eq!(login([&other, &rsa_key()], &other, false).await, None);
}

#[tokio::test]
async fn what_is_shown_to_the_server_again_is_the_token_inside() {
    let stage = Stage::new();
    stage.with(|script| script.metadata["end_session_endpoint"] = json!("https://issuer.example/logout"));
    let builder = curve(&stage);
    let client = stage.client_of(curve(&stage));
    let seal = |token: &str| sealed(token, Some("JWT"), &elliptic(), (KeyManagement::EcdhEs, GCM));
    let session = login(builder, &stage, seal).await.expect("a session");
    let hint = |url: &url::Url| {
        let (_, hint) = url.query_pairs().find(|(name, _)| name == "id_token_hint").expect("a hint");
        hint.into_owned()
    };
    let started = client.logout(&session).begin().await.expect("a logout");
    assert_eq!(hint(&started.url).split('.').count(), 3);
    // A refreshed one as well.
    let fresh = stage.with(|script| {
        script.claims["fresh"] = json!(true);
        script.members["id_token"] = Value::Null;
        let nonce = script.nonce.take();
        script.members.as_object_mut().expect("an object").remove("id_token");
        let token = script.id_token();
        script.nonce = nonce;
        token
    });
    stage.member("id_token", json!(seal(&fresh)));
    session.refresh().await.expect("a refresh");
    let started = client.logout(&session).begin().await.expect("a logout");
    assert_eq!(hint(&started.url), fresh);
}

/// What is said of a UserInfo response with this body.
async fn answered(
    builder: ClientBuilder,
    stage: &Stage,
    content_type: &'static str,
    body: String,
) -> Result<(), Error> {
    let client = stage.client_of(builder);
    let session = stage.login(&client).await.expect("a session");
    stage.instead(move |seen| {
        (seen.endpoint == Endpoint::Userinfo).then(|| Ok(response(200, content_type, body.clone())))
    });
    let outcome = session.userinfo().await.map(|userinfo| assert_eq!(userinfo.subject(), "alice"));
    assert_eq!(stage.seen(Endpoint::Userinfo)[0].headers["accept"], "application/jwt");
    outcome
}

fn userinfo(stage: &Stage) -> ClientBuilder {
    stage.builder().decryption_key(elliptic()).encrypted_userinfo([KeyManagement::EcdhEsA128Kw], [GCM])
}

const WAY: (KeyManagement, ContentEncryption) = (KeyManagement::EcdhEsA128Kw, GCM);
const JWT: &str = "application/jwt";

#[tokio::test]
async fn userinfo_is_encrypted() {
    let stage = Stage::new();
    let claims = r#"{"sub": "alice"}"#;
    let error = async |content_type, body: String| {
        let stage = Stage::new();
        match answered(userinfo(&stage), &stage, content_type, body).await.expect_err("a refusal") {
            Error::Jwt { kind: JwtKind::Userinfo, error } => Ok(error),
            other => Err(other),
        }
    };
    answered(userinfo(&stage), &stage, JWT, sealed(claims, None, &elliptic(), WAY)).await.expect("claims");
    assert_eq!(error(JWT, claims.to_owned()).await.ok(), Some(JwtError::NotEncrypted));
    assert!(error("application/json", claims.to_owned()).await.is_err());
    assert_eq!(
        error(JWT, sealed("x", None, &elliptic(), WAY)).await.ok().map(|error| error.to_string()).as_deref(),
        Some("the header or the claims are unusable: it is not JSON")
    );
    assert_eq!(error(JWT, sealed(claims, Some("JWT"), &elliptic(), WAY)).await.ok(), Some(JwtError::Type));
    let mallory = sealed(r#"{"sub": "mallory"}"#, None, &elliptic(), WAY);
    assert!(matches!(error(JWT, mallory).await, Err(Error::SubjectMismatch)));
    let gone = sealed(claims, None, &elliptic(), WAY).replace('.', ".A");
    assert!(error(JWT, gone).await.is_ok());
}

#[tokio::test]
async fn userinfo_is_signed_and_then_encrypted() {
    let claims = json!({"iss": ISSUER, "aud": CLIENT_ID, "sub": "alice", "exp": START + 600});
    let header = json!({"alg": "RS256", "kid": "one"}).to_string();
    let signed = sign(&header, &claims.to_string(), &rsa(RS256), Jws::RS256);
    let outcome = async |body: String| {
        let stage = Stage::new();
        let builder = userinfo(&stage).signed_userinfo([Algorithm::Rs256]);
        answered(builder, &stage, JWT, body).await
    };
    outcome(sealed(&signed, Some("JWT"), &elliptic(), WAY)).await.expect("claims");
    for body in [signed, sealed(&claims.to_string(), None, &elliptic(), WAY)] {
        let error = outcome(body).await.expect_err("a refusal");
        let Error::Jwt { kind: JwtKind::Userinfo, error } = error else { panic!("{error:?}") };
        assert!(matches!(error, JwtError::NotEncrypted | JwtError::NotCompact), "{error:?}");
    }
}

#[tokio::test]
async fn what_cannot_be_decrypted_is_told_when_the_client_is_made() {
    let stage = Stage::new();
    let made = |builder: ClientBuilder| {
        let metadata = stage.with(|script| serde_json::from_value(script.metadata.clone()).expect("metadata"));
        builder.with_metadata(metadata).map(drop)
    };
    let config = |builder: ClientBuilder| match made(builder) {
        Err(Error::Config(error)) => error,
        other => panic!("{other:?}"),
    };
    let with_key = || stage.builder().decryption_key(elliptic());
    assert_eq!(config(with_key()), ConfigError::NothingEncrypted);
    assert_eq!(config(with_key().encrypted_id_tokens([], [GCM])), ConfigError::NoAlgorithm);
    assert_eq!(config(with_key().encrypted_userinfo([KeyManagement::EcdhEs], [])), ConfigError::NoAlgorithm);
    for algorithm in [KeyManagement::RsaOaep256, KeyManagement::RsaOaep, KeyManagement::Dir, KeyManagement::A128Kw] {
        let builder = with_key().encrypted_id_tokens([KeyManagement::EcdhEs, algorithm], [GCM]);
        assert_eq!(config(builder), ConfigError::NoDecryptionKey(algorithm));
    }
    let keyless = stage.builder().encrypted_id_tokens([KeyManagement::EcdhEs], [GCM]);
    assert_eq!(config(keyless), ConfigError::NoDecryptionKey(KeyManagement::EcdhEs));
    for (member, values) in [("alg", json!(["RSA-OAEP"])), ("enc", json!(["A128GCM"]))] {
        let member = format!("id_token_encryption_{member}_values_supported");
        stage.with(|script| script.metadata[&member] = values);
        assert!(matches!(made(curve(&stage)), Err(Error::Unsupported(_))));
        assert!(made(userinfo(&stage)).is_ok(), "that says nothing of the other");
        stage.with(|script| script.metadata[&member] = json!(["ECDH-ES", "A256GCM"]));
        assert!(made(curve(&stage)).is_ok());
    }
    stage.with(|script| script.metadata["userinfo_endpoint"] = json!(null));
    assert!(matches!(made(userinfo(&stage)), Err(Error::NoEndpoint(Endpoint::Userinfo))));
}

#[tokio::test]
async fn the_mock_server_encrypts_to_the_keys_of_a_client() {
    for (key, alg, algorithm) in [
        (elliptic(), "ECDH-ES", KeyManagement::EcdhEs),
        (elliptic(), "ECDH-ES+A256KW", KeyManagement::EcdhEsA256Kw),
        (rsa_key(), "RSA-OAEP-256", KeyManagement::RsaOaep256),
    ] {
        let app = mock_idp::Client::public("app")
            .redirect_uri(REDIRECT_URI)
            .metadata("jwks", json!({"keys": [key.public_jwk()]}))
            .metadata("id_token_encrypted_response_alg", alg)
            .metadata("userinfo_encrypted_response_alg", alg)
            .metadata("userinfo_encrypted_response_enc", "A256GCM");
        for signed in [false, true] {
            let app = app.clone();
            let app = if signed { app.metadata("userinfo_signed_response_alg", "RS256") } else { app };
            let idp = Idp::new(MockIdp::builder().client(app));
            let builder = || {
                let builder = idp.client("app").decryption_key(key.clone());
                let builder = builder.encrypted_id_tokens([algorithm], [ContentEncryption::A128CbcHs256]);
                let builder = builder.encrypted_userinfo([algorithm], [GCM]);
                if signed { builder.signed_userinfo([Algorithm::Rs256]) } else { builder }
            };
            let client = builder().discover().await.expect("a client");
            let session = idp.login(&client, &["openid", "profile", "offline_access"]).await;
            assert_eq!(session.claims().expect("claims").subject(), "alice");
            assert_eq!(session.userinfo().await.expect("userinfo").subject(), "alice");
            session.refresh().await.expect("a refresh");
            idp.assert_strict();
            let _lie = idp.mock().mount(Fault::always(Point::IdToken, Edit::set("aud", "other")));
            let started = client.login().scopes(["openid"]).begin().await.expect("a login");
            let callback = idp.callback(&started.url).await;
            let outcome = client.finish(started.pending, callback).await;
            assert!(matches!(outcome, Err(FinishError::Failed(Error::IdToken(JwtError::Audience)))), "{outcome:?}");
        }
    }
}
