//! Signed tokens (RFC 7515): their form, and who verifies them.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use mock_idp::jose::{Jwe, Jws, JwsError, Part, PublicKey, PublicKeys, ShortSecret, keyed_hash, seconds};
use mock_idp::keys::{FixedKeys, Keys, SigningKey};
use oauth_types::{Algorithm, Secret};
use proptest::prelude::*;
use serde_json::{Value, json};

const SECRET: &str = "a secret of more than sixty-four octets, so that it is fit for each of the hashes";

fn encoded(text: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(text)
}

/// A token of these parts, with a signature of the fixed key for `algorithm`.
fn token(algorithm: Algorithm, header: &Value, claims: &Value) -> String {
    let signed = format!("{}.{}", encoded(&header.to_string()), encoded(&claims.to_string()));
    let signature = FixedKeys.sign(algorithm, signed.as_bytes()).expect("a fixed key");
    format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
}

/// A token as a client makes it.
fn usual(algorithm: Algorithm) -> String {
    let header = json!({"alg": algorithm.as_str(), "kid": FixedKeys.kid(algorithm), "typ": "JWT"});
    token(algorithm, &header, &json!({"sub": "alice"}))
}

fn published() -> PublicKeys {
    PublicKeys::parse(&json!({"keys": FixedKeys.published()})).expect("a set")
}

/// The key for `algorithm` with some members replaced.
fn key(algorithm: Algorithm, members: &[(&str, Value)]) -> PublicKey {
    PublicKey::parse(&changed(algorithm, members)).expect("a key")
}

fn changed(algorithm: Algorithm, members: &[(&str, Value)]) -> Value {
    let at = Algorithm::SIGNING.iter().position(|own| *own == algorithm).expect("it has a public key");
    let mut jwk = FixedKeys.published().swap_remove(at);
    for (name, value) in members {
        match value {
            Value::Null => jwk.as_object_mut().expect("an object").remove(*name),
            value => jwk.as_object_mut().expect("an object").insert((*name).to_owned(), value.clone()),
        };
    }
    jwk
}

fn malformed(text: &str) -> JwsError {
    Jws::parse(text).expect_err("a refusal")
}

fn with_header(header: &str) -> String {
    format!("{}.{}.AAAA", encoded(header), encoded("{}"))
}

#[test]
fn tokens_of_others_are_verified() {
    let file: Value = serde_json::from_str(include_str!("../../../../fixtures/vectors/jws.json")).expect("JSON");
    let mut seen = Vec::new();
    for vector in file["tokens"].as_array().expect("vectors") {
        let algorithm = Algorithm::from_wire(vector["alg"].as_str().expect("an alg")).expect("a known one");
        let text = vector["token"].as_str().expect("a token");
        let token = Jws::parse(text).expect("a token");
        let (signed, signature) = text.rsplit_once('.').expect("three parts");
        let mut octets = BASE64_URL_SAFE_NO_PAD.decode(signature).expect("octets");
        octets[7] ^= 1;
        let broken = format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(octets));
        let broken = Jws::parse(&broken).expect("a token");
        let verify = |token: &Jws<'_>| match vector["secret"].as_str() {
            Some(secret) => token.verify_secret(&Secret::new(secret), &[algorithm]),
            None => token.verify_with(&PublicKey::parse(&vector["jwk"]).expect("a key"), &[algorithm]),
        };
        assert_eq!(verify(&token), Ok(()), "{vector}");
        assert_eq!(verify(&broken), Err(JwsError::Signature), "{vector}");
        seen.push(algorithm);
    }
    assert!(Algorithm::ALL.iter().all(|algorithm| seen.contains(algorithm)));
}

#[test]
fn a_token_is_taken_apart() {
    let header = json!({"alg": "ES256", "kid": "one", "typ": "application/at+jwt"});
    let text = token(Algorithm::Es256, &header, &json!({"sub": "alice", "nested": {"a": [1, null]}}));
    let token = Jws::parse(&text).expect("a token");
    assert_eq!((token.alg(), token.algorithm()), ("ES256", Some(Algorithm::Es256)));
    assert_eq!((token.kid(), token.typ()), (Some("one"), Some("application/at+jwt")));
    assert_eq!(Value::Object(token.header().clone()), header);
    assert_eq!(token.claims()["nested"], json!({"a": [1, null]}));
    assert_eq!(token.into_claims()["sub"], "alice");
}

#[test]
fn a_type_is_compared_without_regard_to_case_and_prefix() {
    for (typ, same) in [
        ("at+jwt", true),
        ("AT+JWT", true),
        ("application/at+jwt", true),
        ("Application/AT+jwt", true),
        ("jwt", false),
        ("text/at+jwt", false),
        ("application/application/at+jwt", false),
        ("", false),
    ] {
        let text = with_header(&json!({"alg": "ES256", "typ": typ}).to_string());
        assert_eq!(Jws::parse(&text).expect("a token").is_typ("at+jwt"), same, "{typ}");
    }
    assert!(!Jws::parse(&with_header(r#"{"alg":"ES256"}"#)).expect("a token").is_typ("at+jwt"));
}

#[test]
fn a_token_has_three_parts() {
    for text in ["", "a", "a.b", "a.b.c.d", "a.b.c.d.e.f", "......."] {
        assert_eq!(malformed(text), JwsError::NotCompact, "{text}");
    }
    assert_eq!(malformed("a.b.c.d.e"), JwsError::Encrypted);
}

#[test]
fn a_part_is_base64url_in_its_one_form() {
    let good = usual(Algorithm::Es256);
    let parts: Vec<&str> = good.split('.').collect();
    let changes: [fn(&str) -> String; 5] = [
        |part| format!("{part}="),
        |part| format!("{part}A==="),
        |part| format!(" {part}"),
        |part| format!("+/{part}"),
        |part| format!("{part}\n"),
    ];
    for change in changes {
        for (at, part) in [Part::Header, Part::Claims, Part::Signature].into_iter().enumerate() {
            let changed: Vec<String> = parts
                .iter()
                .enumerate()
                .map(|(own, text)| if own == at { change(text) } else { (*text).to_owned() })
                .collect();
            assert_eq!(malformed(&changed.join(".")), JwsError::NotBase64Url(part), "{changed:?}");
        }
    }
    // 64 octets are 86 digits, and four bits of the last one are not used.
    let stray = format!("{}B", &good[..good.len() - 1]);
    assert!(matches!(Jws::parse(&stray), Err(JwsError::NotBase64Url(Part::Signature))));
}

#[test]
fn header_and_payload_are_objects_with_distinct_names() {
    for (text, error) in [
        ("{", JwsError::NotJson as fn(Part) -> JwsError),
        ("{} {}", JwsError::NotJson),
        ("[]", JwsError::NotAnObject),
        ("\"alg\"", JwsError::NotAnObject),
        (r#"{"alg":"ES256","alg":"none"}"#, JwsError::RepeatedName),
        (r#"{"alg":"ES256","jwk":{"kty":"EC","kty":"RSA"}}"#, JwsError::RepeatedName),
    ] {
        assert_eq!(malformed(&with_header(text)), error(Part::Header), "{text}");
        let claims = format!("{}.{}.AAAA", encoded(r#"{"alg":"ES256"}"#), encoded(text));
        assert_eq!(malformed(&claims), error(Part::Claims), "{text}");
    }
}

#[test]
fn what_the_header_asks_for_and_is_not_understood_is_refused() {
    for (header, error) in [
        (r#"{}"#, JwsError::Missing("alg")),
        (r#"{"alg":1}"#, JwsError::NotText("alg")),
        (r#"{"alg":null}"#, JwsError::NotText("alg")),
        (r#"{"alg":"ES256","kid":["one"]}"#, JwsError::NotText("kid")),
        (r#"{"alg":"ES256","typ":{}}"#, JwsError::NotText("typ")),
        (r#"{"alg":"ES256","cty":1}"#, JwsError::NotText("cty")),
        (r#"{"alg":"ES256","crit":["exp"],"exp":1}"#, JwsError::Critical),
        (r#"{"alg":"ES256","crit":[]}"#, JwsError::Critical),
        (r#"{"alg":"ES256","b64":false}"#, JwsError::Unencoded),
        (r#"{"alg":"ES256","b64":true}"#, JwsError::Unencoded),
        (r#"{"alg":"ES256","b64":false,"crit":["b64"]}"#, JwsError::Critical),
    ] {
        assert_eq!(malformed(&with_header(header)), error, "{header}");
    }
}

#[test]
fn a_token_has_a_bound() {
    let long = format!(
        "{}.{}.AAAA",
        encoded(r#"{"alg":"ES256"}"#),
        encoded(&json!({"pad": "p".repeat(13_000)}).to_string())
    );
    assert!(long.len() > 16 * 1024);
    assert_eq!(malformed(&long), JwsError::TooLong(16 * 1024));
    assert!(Jws::parse_within(&long, long.len()).is_ok());
    assert_eq!(Jws::parse_within(&long, long.len() - 1).map(|_| ()), Err(JwsError::TooLong(long.len() - 1)));
}

#[test]
fn a_set_verifies_with_the_key_that_the_header_names() {
    let keys = published();
    for algorithm in Algorithm::SIGNING.iter().copied() {
        let text = usual(algorithm);
        let token = Jws::parse(&text).expect("a token");
        assert_eq!(token.verify(&keys, &[algorithm]), Ok(()), "{algorithm}");
        assert_eq!(token.verify(&keys, Algorithm::ALL), Ok(()), "{algorithm}");
        let forged = json!({"alg": algorithm.as_str(), "kid": FixedKeys.kid(algorithm)});
        let signed = format!("{}.{}", encoded(&forged.to_string()), encoded("{}"));
        let signature = FixedKeys.forge(algorithm, signed.as_bytes()).expect("a fixed key");
        let text = format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature));
        let forged = Jws::parse(&text).expect("a token");
        assert_eq!(forged.verify(&keys, Algorithm::ALL), Err(JwsError::Signature), "{algorithm}");
    }
    let verify = |header: Value| {
        Jws::parse(&token(Algorithm::Es256, &header, &json!({}))).map(|token| token.verify(&keys, Algorithm::ALL))
    };
    assert_eq!(verify(json!({"alg": "ES256", "kid": "other"})), Ok(Err(JwsError::UnknownKid)));
    let named = verify(json!({"alg": "ES256", "kid": "mock-es384"}));
    assert_eq!(named, Ok(Err(JwsError::KeyType(Algorithm::Es256))));
    let named = verify(json!({"alg": "ES256", "kid": ""}));
    assert_eq!(named, Ok(Err(JwsError::UnknownKid)));
}

#[test]
fn without_a_name_the_only_key_that_fits_is_taken() {
    let verify = |algorithm: Algorithm, keys: Value| {
        let text = token(algorithm, &json!({"alg": algorithm.as_str()}), &json!({}));
        let keys = PublicKeys::parse(&json!({ "keys": keys })).expect("a set");
        Jws::parse(&text).expect("a token").verify(&keys, Algorithm::SIGNING)
    };
    let es256 = |members: &[(&str, Value)]| changed(Algorithm::Es256, members);
    assert_eq!(verify(Algorithm::Es256, FixedKeys.published().into()), Ok(()));
    let bare = es256(&[("kid", Value::Null), ("alg", Value::Null), ("use", Value::Null)]);
    assert_eq!(verify(Algorithm::Es256, json!([bare])), Ok(()));
    let error = Err(JwsError::AmbiguousKey(Algorithm::Es256));
    assert_eq!(verify(Algorithm::Es256, json!([bare, es256(&[])])), error);
    let encrypting = es256(&[("use", json!("enc")), ("alg", json!("ECDH-ES")), ("kid", json!("enc"))]);
    assert_eq!(verify(Algorithm::Es256, json!([es256(&[]), encrypting])), Ok(()));
    assert_eq!(verify(Algorithm::Es256, json!([encrypting])), Err(JwsError::NoKey(Algorithm::Es256)));
    assert_eq!(verify(Algorithm::Es256, json!([])), Err(JwsError::NoKey(Algorithm::Es256)));
    assert_eq!(verify(Algorithm::Es384, json!([bare])), Err(JwsError::NoKey(Algorithm::Es384)));
    // A key without `alg` serves each algorithm of its type.
    let rsa = changed(Algorithm::Rs256, &[("alg", Value::Null)]);
    for algorithm in [Algorithm::Rs256, Algorithm::Rs384, Algorithm::Rs512] {
        assert_eq!(verify(algorithm, json!([rsa])), Ok(()));
    }
    assert_eq!(verify(Algorithm::Ps256, json!([rsa])), Err(JwsError::Signature), "it is another key");
}

#[test]
fn a_key_verifies_only_what_it_is_for() {
    let text = usual(Algorithm::Es256);
    let token = Jws::parse(&text).expect("a token");
    let verify = |members: &[(&str, Value)]| token.verify_with(&key(Algorithm::Es256, members), Algorithm::ALL);
    assert_eq!(verify(&[("kid", json!("whatever"))]), Ok(()));
    assert_eq!(verify(&[("key_ops", json!(["verify"]))]), Ok(()));
    assert_eq!(verify(&[("use", json!("enc")), ("alg", Value::Null)]), Err(JwsError::KeyUse));
    assert_eq!(verify(&[("alg", json!("ECDH-ES"))]), Err(JwsError::KeyAlgorithm(Algorithm::Es256)));
    assert_eq!(verify(&[("key_ops", json!(["encrypt"]))]), Err(JwsError::KeyOperations));
    assert_eq!(verify(&[("key_ops", json!([]))]), Err(JwsError::KeyOperations));
    let rsa = key(Algorithm::Rs256, &[]);
    assert_eq!(token.verify_with(&rsa, Algorithm::ALL), Err(JwsError::KeyType(Algorithm::Es256)));
    // The two names of Ed25519 are two algorithms for a key that says one of them.
    let text = usual(Algorithm::EdDsa);
    let token = Jws::parse(&text).expect("a token");
    let old = key(Algorithm::EdDsa, &[]);
    assert_eq!(token.verify_with(&old, &[Algorithm::EdDsa]), Ok(()));
    let renamed = key(Algorithm::EdDsa, &[("alg", json!("Ed25519"))]);
    assert_eq!(token.verify_with(&renamed, Algorithm::ALL), Err(JwsError::KeyAlgorithm(Algorithm::EdDsa)));
    let unnamed = key(Algorithm::EdDsa, &[("alg", Value::Null)]);
    assert_eq!(token.verify_with(&unnamed, Algorithm::ALL), Ok(()));
}

#[test]
fn the_algorithm_is_chosen_by_the_reader() {
    let (keys, secret) = (published(), Secret::new(SECRET));
    let verify = |alg: &str, allowed: &[Algorithm]| {
        let text = with_header(&json!({"alg": alg, "kid": "mock-rs256"}).to_string());
        Jws::parse(&text).expect("a token").verify(&keys, allowed)
    };
    assert_eq!(verify("none", Algorithm::ALL), Err(JwsError::Unsigned));
    for alg in ["None", "ES256K", "rs256", ""] {
        assert_eq!(verify(alg, Algorithm::ALL), Err(JwsError::UnknownAlgorithm), "{alg}");
    }
    assert_eq!(verify("RS256", &[Algorithm::Es256]), Err(JwsError::NotAllowed(Algorithm::Rs256)));
    assert_eq!(verify("RS256", &[]), Err(JwsError::NotAllowed(Algorithm::Rs256)));
    assert_eq!(verify("HS256", Algorithm::ALL), Err(JwsError::KeyedHash(Algorithm::Hs256)));
    let text = usual(Algorithm::Rs256);
    let token = Jws::parse(&text).expect("a token");
    assert_eq!(token.verify_secret(&secret, Algorithm::ALL), Err(JwsError::NotKeyedHash(Algorithm::Rs256)));
    assert_eq!(token.verify_secret(&secret, &[]), Err(JwsError::NotAllowed(Algorithm::Rs256)));
    let hashed = with_header(r#"{"alg":"HS256"}"#);
    let hashed = Jws::parse(&hashed).expect("a token");
    let key = key(Algorithm::Rs256, &[]);
    assert_eq!(hashed.verify_with(&key, Algorithm::ALL), Err(JwsError::KeyedHash(Algorithm::Hs256)));
}

#[test]
fn a_public_key_is_no_secret() {
    let pem = FixedKeys.public_pem(Algorithm::Rs256);
    let signed = format!("{}.{}", encoded(r#"{"alg":"HS256","kid":"mock-rs256"}"#), encoded("{}"));
    let hash = keyed_hash(Algorithm::Hs256, &Secret::new(pem), signed.as_bytes()).expect("long enough");
    let text = format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(hash.expect("a hash")));
    let token = Jws::parse(&text).expect("a token");
    assert_eq!(token.verify(&published(), Algorithm::ALL), Err(JwsError::KeyedHash(Algorithm::Hs256)));
}

#[test]
fn a_secret_verifies_the_hash_it_keyed() {
    let secret = Secret::new(SECRET);
    for algorithm in Algorithm::KEYED_HASH.iter().copied() {
        let signed = format!("{}.{}", encoded(&json!({"alg": algorithm.as_str()}).to_string()), encoded("{}"));
        let hash = keyed_hash(algorithm, &secret, signed.as_bytes()).expect("long enough").expect("a hash");
        let text = format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(&hash));
        let token = Jws::parse(&text).expect("a token");
        assert_eq!(token.verify_secret(&secret, &[algorithm]), Ok(()));
        let other = Secret::new(SECRET.to_uppercase());
        assert_eq!(token.verify_secret(&other, &[algorithm]), Err(JwsError::Signature));
        let cut = format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(&hash[..hash.len() - 1]));
        let cut = Jws::parse(&cut).expect("a token");
        assert_eq!(cut.verify_secret(&secret, &[algorithm]), Err(JwsError::Signature));
        let short = token.verify_secret(&Secret::new("secret"), &[algorithm]).expect_err("a refusal");
        assert_eq!(short, JwsError::ShortSecret(ShortSecret { algorithm, needed: hash.len() }));
        let text = format!("The secret is shorter than the {} octets that {algorithm} needs", hash.len());
        assert_eq!(short.to_string(), text);
    }
}

#[test]
fn a_signature_covers_header_and_payload() {
    let keys = published();
    let good = usual(Algorithm::Es256);
    let (signed, signature) = good.rsplit_once('.').expect("three parts");
    let (header, claims) = signed.split_once('.').expect("three parts");
    let other_header = encoded(&json!({"alg": "ES256", "kid": "mock-es256", "typ": "at+jwt"}).to_string());
    let other_claims = encoded(&json!({"sub": "mallory"}).to_string());
    for text in [
        format!("{other_header}.{claims}.{signature}"),
        format!("{header}.{other_claims}.{signature}"),
        format!("{signed}."),
    ] {
        let token = Jws::parse(&text).expect("a token");
        assert_eq!(token.verify(&keys, Algorithm::SIGNING), Err(JwsError::Signature), "{text}");
    }
}

#[test]
fn a_private_key_of_a_client_signs_its_tokens() {
    let key = SigningKey::from_pem(Algorithm::Ps384, include_str!("../../../../fixtures/keys/ps256-2.pem"));
    let key = key.expect("a private key");
    let token = key.token(Algorithm::Ps384, &json!({"kid": "mine", "typ": "JWT"}), &json!({"iss": "client"}));
    let token = token.expect("a token");
    let keys = json!({"keys": [key.jwk(Algorithm::Ps384, "mine")]});
    let keys = PublicKeys::parse(&keys).expect("a set");
    let token = Jws::parse(&token).expect("a token");
    assert_eq!(token.verify(&keys, &[Algorithm::Ps384]), Ok(()));
    assert_eq!((token.typ(), &token.claims()["iss"]), (Some("JWT"), &json!("client")));
}

#[test]
fn no_error_and_no_debug_shows_the_token() {
    let canary = encoded("canary");
    let header = json!({"alg": "ES256", "kid": "canary-kid", "typ": "canary-typ"});
    let text = token(Algorithm::Es256, &header, &json!({"sub": "canary-claim"}));
    let parsed = Jws::parse(&text).expect("a token");
    assert_eq!(format!("{parsed:?}"), "Jws { algorithm: Some(Es256), .. }");
    let mut errors = vec![parsed.verify(&published(), Algorithm::ALL).expect_err("an unknown kid")];
    let wrong = [format!("{canary}.{canary}.{canary}"), with_header(r#"{"alg":["canary"]}"#), "canary.=.".to_owned()];
    errors.extend(wrong.iter().map(|text| malformed(text)));
    errors.extend(Jws::parse(&with_header(r#"{"alg":"canary"}"#)).expect("a token").verify(&published(), &[]).err());
    assert_eq!(errors.len(), 5);
    assert!(!format!("{errors:?}").to_lowercase().contains("canary"));
    assert!(!errors.iter().map(ToString::to_string).any(|text| text.to_lowercase().contains("canary")));
}

#[test]
fn dates_are_whole_seconds() {
    for (date, expected) in [
        (json!(0), Some(0)),
        (json!(1_800_000_000), Some(1_800_000_000)),
        (json!(1_800_000_000.99), Some(1_800_000_000)),
        (json!(1.8e9), Some(1_800_000_000)),
        (json!(253_402_300_799_u64), Some(253_402_300_799)),
        (json!(253_402_300_800_u64), None),
        (json!(253_402_300_799.5), Some(253_402_300_799)),
        (json!(u64::MAX), None),
        (json!(1e300), None),
        (json!(-1), None),
        (json!(-0.5), None),
        (json!("1800000000"), None),
        (json!(true), None),
        (json!([1]), None),
        (Value::Null, None),
    ] {
        assert_eq!(seconds(&date), expected, "{date}");
    }
}

/// JSON of any shape, with the names that keys and headers have.
fn json() -> impl Strategy<Value = Value> {
    let name = prop_oneof!["[a-z]{1,3}", Just("keys".to_owned()), Just("kty".to_owned()), Just("epk".to_owned())];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<i64>().prop_map(Value::from),
        "[A-Za-z0-9_-]{0,50}".prop_map(Value::from),
        prop_oneof!["RSA", "EC", "OKP", "P-256", "X25519", "dir", "ECDH-ES", "A128GCM"].prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 30, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(name.clone(), inner, 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn anything_is_judged_and_nothing_panics(text in ".{0,80}", header in json(), body in json(), dots in 0_usize..6) {
        let token = format!("{}.{}{}", encoded(&header.to_string()), encoded(&body.to_string()), ".AAAA".repeat(dots));
        for text in [text.as_str(), &token] {
            if let Ok(token) = Jws::parse(text) {
                prop_assert!(token.verify(&PublicKeys::default(), Algorithm::ALL).is_err());
            }
            if let Ok(token) = Jwe::parse(text) {
                prop_assert!(FixedKeys.decrypt(&token).is_err());
                prop_assert!(token.decrypt_secret(&Secret::new("secret")).is_err());
            }
        }
        let _ = (PublicKey::parse(&header), PublicKeys::parse(&header), PublicKeys::read(text.as_bytes()), seconds(&body));
    }
}
