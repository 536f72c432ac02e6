//! Encrypted tokens (RFC 7516): those of others are read, and others read ours.

use std::sync::LazyLock;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use mock_idp::dice::{Dice, SystemDice};
use mock_idp::jose::{DecryptionKey, Encryption, Jwe, JweError, JwkError, PublicKey, PublicKeys, Recipient};
use mock_idp::keys::{FixedKeys, Keys, RotatingKeys};
use oauth_types::{ContentEncryption, KeyManagement, Secret};
use serde_json::{Map, Value, json};

const CONTENT: &[u8] = b"{\"sub\":\"alice\"}";

fn vectors() -> &'static Value {
    static FILE: LazyLock<Value> =
        LazyLock::new(|| serde_json::from_str(include_str!("../../../../fixtures/vectors/jwe.json")).expect("JSON"));
    &FILE
}

/// The private key of this name.
fn private(name: &str) -> DecryptionKey {
    DecryptionKey::from_jwk(&vectors()["keys"][name]).expect("a private key")
}

/// The public half, with some members replaced.
fn public(name: &str, members: &[(&str, Value)]) -> PublicKey {
    let mut jwk = private(name).jwk("one");
    for (name, value) in members {
        jwk[*name] = value.clone();
    }
    PublicKey::parse(&jwk).expect("a public key")
}

fn random(octets: &mut [u8]) {
    SystemDice.fill(octets);
}

fn encrypt(
    recipient: Recipient<'_>,
    algorithm: KeyManagement,
    content: ContentEncryption,
) -> Result<String, JweError> {
    Encryption { recipient, algorithm, content }.encrypt(CONTENT, Some("JWT"), &mut random)
}

/// A token with another header; its parts are not to be decrypted.
fn with_header(header: &str) -> String {
    format!("{}....", BASE64_URL_SAFE_NO_PAD.encode(header))
}

fn malformed(text: &str) -> JweError {
    Jwe::parse(text).expect_err("a refusal")
}

/// `token` with one part, counted from 1, changed.
fn changed(token: &str, part: usize, change: impl Fn(Vec<u8>) -> Vec<u8>) -> String {
    let mut parts: Vec<String> = token.split('.').map(str::to_owned).collect();
    let octets = BASE64_URL_SAFE_NO_PAD.decode(&parts[part - 1]).expect("octets");
    parts[part - 1] = BASE64_URL_SAFE_NO_PAD.encode(change(octets));
    parts.join(".")
}

/// `token` with a member of the header changed.
fn reheaded(token: &str, change: impl Fn(&mut Map<String, Value>)) -> String {
    changed(token, 1, |octets| {
        let mut header = serde_json::from_slice(&octets).expect("JSON");
        change(&mut header);
        Value::Object(header).to_string().into_bytes()
    })
}

#[test]
fn tokens_of_others_are_decrypted() {
    let file = vectors();
    let mut seen = Vec::new();
    for vector in file["tokens"].as_array().expect("vectors") {
        let text = vector["token"].as_str().expect("a token");
        if vector["refused"] == "RSA1_5" {
            assert_eq!(malformed(text), JweError::UnknownAlgorithm);
            continue;
        }
        let token = Jwe::parse(text).expect("a token");
        let open = |token: &Jwe<'_>| match vector["secret"].as_str() {
            Some(secret) => token.decrypt_secret(&Secret::new(secret)),
            None => token.decrypt(&private(vector["key"].as_str().expect("a key"))),
        };
        let content = open(&token).unwrap_or_else(|error| panic!("{error}: {vector}"));
        assert_eq!(String::from_utf8(content).expect("text"), vector["content"].as_str().expect("text"));
        let wrong = changed(text, 4, |mut octets| {
            octets[3] ^= 1;
            octets
        });
        assert_eq!(open(&Jwe::parse(&wrong).expect("a token")), Err(JweError::Undecryptable));
        seen.push((token.algorithm(), token.encryption()));
    }
    for algorithm in KeyManagement::ALL {
        assert!(ContentEncryption::ALL.iter().all(|content| seen.contains(&(*algorithm, *content))), "{algorithm}");
    }
}

#[test]
fn what_is_encrypted_is_read_by_the_owner_alone() {
    let mut pairs = 0;
    for name in ["rsa", "P-256", "P-384", "P-521", "X25519"] {
        let (own, others) = (private(name), public(name, &[]));
        for algorithm in KeyManagement::ALL.iter().copied() {
            for content in ContentEncryption::ALL.iter().copied() {
                let encrypted = encrypt(Recipient::Key(&others), algorithm, content);
                if !own.serves(algorithm) {
                    assert_eq!(encrypted, Err(JweError::KeyType(algorithm)));
                    continue;
                }
                let text = encrypted.expect("encrypted");
                let token = Jwe::parse(&text).expect("a token");
                assert_eq!((token.algorithm(), token.encryption()), (algorithm, content));
                assert_eq!((token.kid(), token.cty()), (Some("one"), Some("JWT")));
                assert_eq!(token.decrypt(&own).expect("decrypted"), CONTENT, "{name} {algorithm} {content}");
                let stranger = private(if name == "rsa" { "RFC 7516 A.1" } else { "RFC 7520 5.4" });
                assert!(token.decrypt(&stranger).is_err());
                pairs += 1;
            }
        }
    }
    assert_eq!(pairs, 2 * 4 + 4 * 3 * 4);
}

#[test]
fn no_two_tokens_have_anything_in_common() {
    for (name, algorithm) in [("rsa", KeyManagement::RsaOaep), ("P-256", KeyManagement::EcdhEsA256Kw)] {
        let key = public(name, &[]);
        let one = || encrypt(Recipient::Key(&key), algorithm, ContentEncryption::A256Gcm).expect("encrypted");
        let (first, second) = (one(), one());
        for (first, second) in first.split('.').zip(second.split('.')).skip(1) {
            assert_ne!(first, second, "{algorithm}");
        }
    }
}

#[test]
fn a_header_may_say_more_than_how() {
    let secret = Secret::new("a secret of a client, shared with the server");
    let encryption = Encryption {
        recipient: Recipient::Secret(&secret),
        algorithm: KeyManagement::Dir,
        content: ContentEncryption::A128Gcm,
    };
    let more = Map::from_iter([("kid".to_owned(), json!("a-name")), ("alg".to_owned(), json!("none"))]);
    let text = encryption.encrypt_with(more, CONTENT, &mut random).expect("encrypted");
    let token = Jwe::parse(&text).expect("a token");
    assert_eq!((token.kid(), token.algorithm()), (Some("a-name"), KeyManagement::Dir));
    assert_eq!(token.decrypt_secret(&secret).expect("decrypted"), CONTENT);
}

#[test]
fn a_secret_encrypts_for_whoever_knows_it() {
    let secret = Secret::new("a secret of a client, shared with the server");
    for algorithm in [KeyManagement::A128Kw, KeyManagement::A256Kw, KeyManagement::Dir] {
        for content in ContentEncryption::ALL.iter().copied() {
            let text = encrypt(Recipient::Secret(&secret), algorithm, content).expect("encrypted");
            let token = Jwe::parse(&text).expect("a token");
            assert_eq!(token.decrypt_secret(&secret).expect("decrypted"), CONTENT);
            assert_eq!(token.decrypt_secret(&Secret::new("another")), Err(JweError::Undecryptable));
            assert_eq!(token.decrypt(&private("rsa")), Err(JweError::KeyType(algorithm)));
        }
    }
    let refused = encrypt(Recipient::Secret(&secret), KeyManagement::EcdhEs, ContentEncryption::A128Gcm);
    assert_eq!(refused, Err(JweError::KeyType(KeyManagement::EcdhEs)));
    let key = public("P-256", &[]);
    let text = encrypt(Recipient::Key(&key), KeyManagement::EcdhEs, ContentEncryption::A128Gcm).expect("encrypted");
    let token = Jwe::parse(&text).expect("a token");
    assert_eq!(token.decrypt_secret(&secret), Err(JweError::KeyType(KeyManagement::EcdhEs)));
}

#[test]
fn a_key_encrypts_only_what_it_is_for() {
    let with = |name, members: &[(&str, Value)], algorithm| {
        encrypt(Recipient::Key(&public(name, members)), algorithm, ContentEncryption::A128CbcHs256).map(|_| ())
    };
    let (oaep, agree) = (KeyManagement::RsaOaep256, KeyManagement::EcdhEs);
    assert_eq!(with("rsa", &[], oaep), Ok(()));
    assert_eq!(with("rsa", &[("use", json!("sig"))], oaep), Err(JweError::KeyUse));
    assert_eq!(with("rsa", &[("alg", json!("RSA-OAEP-256"))], oaep), Ok(()));
    assert_eq!(with("rsa", &[("alg", json!("RSA-OAEP"))], oaep), Err(JweError::KeyAlgorithm(oaep)));
    assert_eq!(with("rsa", &[("alg", json!("RS256"))], oaep), Err(JweError::KeyAlgorithm(oaep)));
    assert_eq!(with("rsa", &[("key_ops", json!(["wrapKey"]))], oaep), Ok(()));
    assert_eq!(with("rsa", &[("key_ops", json!(["verify"]))], oaep), Err(JweError::KeyOperations));
    assert_eq!(with("P-256", &[("key_ops", json!([]))], agree), Ok(()));
    assert_eq!(with("P-256", &[("key_ops", json!(["deriveBits"]))], agree), Ok(()));
    assert_eq!(with("P-256", &[("key_ops", json!(["wrapKey"]))], agree), Err(JweError::KeyOperations));
    let ed25519 = FixedKeys.published().into_iter().find(|jwk| jwk["alg"] == "Ed25519").expect("a key");
    let ed25519 = PublicKey::parse(&ed25519).expect("a key");
    let refused = encrypt(Recipient::Key(&ed25519), agree, ContentEncryption::A128Gcm);
    assert_eq!(refused, Err(JweError::KeyType(agree)));
}

#[test]
fn the_key_for_encryption_is_found_in_a_set() {
    let jwk = |name: &str, kid: &str, members: Value| {
        let mut jwk = private(name).jwk(kid);
        jwk.as_object_mut().expect("an object").remove("use");
        jwk.as_object_mut().expect("an object").extend(members.as_object().expect("members").clone());
        jwk
    };
    let keys = json!({"keys": [
        jwk("rsa", "signing", json!({"use": "sig", "alg": "RS256"})),
        jwk("P-256", "any", json!({})),
        jwk("P-384", "enc", json!({"use": "enc"})),
        jwk("RFC 7516 A.1", "oaep", json!({"use": "enc", "alg": "RSA-OAEP"})),
    ]});
    let keys = PublicKeys::parse(&keys).expect("a set");
    let kid = |algorithm| keys.for_encryption(algorithm).and_then(PublicKey::kid);
    assert_eq!(kid(KeyManagement::EcdhEs), Some("enc"));
    assert_eq!(kid(KeyManagement::RsaOaep), Some("oaep"));
    assert_eq!(kid(KeyManagement::RsaOaep256), None);
    assert_eq!(kid(KeyManagement::Dir), None);
    let keys = PublicKeys::parse(&json!({"keys": [jwk("P-256", "any", json!({}))]})).expect("a set");
    assert_eq!(keys.for_encryption(KeyManagement::EcdhEs).and_then(PublicKey::kid), Some("any"));
}

#[test]
fn a_token_has_five_parts_in_base64url() {
    for text in ["", "a", "a.b", "a.b.c.d", "a.b.c.d.e.f", "........"] {
        assert_eq!(malformed(text), JweError::NotCompact, "{text}");
    }
    assert_eq!(malformed("a.b.c"), JweError::NotEncrypted);
    let good =
        encrypt(Recipient::Key(&public("P-256", &[])), KeyManagement::EcdhEsA128Kw, ContentEncryption::A128CbcHs256);
    let good = good.expect("encrypted");
    for at in 0..5 {
        let mut parts: Vec<String> = good.split('.').map(str::to_owned).collect();
        parts[at].push('=');
        assert_eq!(malformed(&parts.join(".")), JweError::NotBase64Url(at + 1));
    }
    assert!(Jwe::parse_within(&good, good.len()).is_ok());
    assert_eq!(Jwe::parse_within(&good, good.len() - 1).map(|_| ()), Err(JweError::TooLong(good.len() - 1)));
    assert_eq!(malformed(&"a".repeat(32 * 1024 + 1)), JweError::TooLong(32 * 1024));
}

#[test]
fn a_header_that_is_not_understood_is_refused() {
    for (header, error) in [
        ("{", JweError::NotJson),
        ("[]", JweError::NotAnObject),
        (r#"{"alg":"dir","alg":"dir"}"#, JweError::RepeatedName),
        (r#"{"enc":"A128GCM"}"#, JweError::Missing("alg")),
        (r#"{"alg":"dir"}"#, JweError::Missing("enc")),
        (r#"{"alg":1,"enc":"A128GCM"}"#, JweError::NotText("alg")),
        (r#"{"alg":"dir","enc":null}"#, JweError::NotText("enc")),
        (r#"{"alg":"dir","enc":"A128GCM","kid":1}"#, JweError::NotText("kid")),
        (r#"{"alg":"dir","enc":"A128GCM","cty":1}"#, JweError::NotText("cty")),
        (r#"{"alg":"dir","enc":"A128GCM","crit":["exp"]}"#, JweError::Critical),
        (r#"{"alg":"dir","enc":"A128GCM","zip":"DEF"}"#, JweError::Compressed),
        (r#"{"alg":"RSA1_5","enc":"A128GCM"}"#, JweError::UnknownAlgorithm),
        (r#"{"alg":"none","enc":"A128GCM"}"#, JweError::UnknownAlgorithm),
        (r#"{"alg":"RS256","enc":"A128GCM"}"#, JweError::UnknownAlgorithm),
        (r#"{"alg":"PBES2-HS256+A128KW","enc":"A128GCM","p2c":2147483647}"#, JweError::UnknownAlgorithm),
        (r#"{"alg":"dir","enc":"A192GCM"}"#, JweError::UnknownEncryption),
        (r#"{"alg":"dir","enc":"a128gcm"}"#, JweError::UnknownEncryption),
    ] {
        assert_eq!(malformed(&with_header(header)), error, "{header}");
    }
}

#[test]
fn no_part_can_be_changed_and_nobody_learns_which_was() {
    let secret = Secret::new("a secret of a client");
    for content in ContentEncryption::ALL.iter().copied() {
        for (name, algorithm) in [
            ("rsa", KeyManagement::RsaOaep),
            ("rsa", KeyManagement::RsaOaep256),
            ("P-256", KeyManagement::EcdhEsA128Kw),
            ("X25519", KeyManagement::EcdhEs),
            ("", KeyManagement::A256Kw),
            ("", KeyManagement::Dir),
        ] {
            let own = (!name.is_empty()).then(|| private(name));
            let open = |text: &str| {
                let token = Jwe::parse(text).expect("a token");
                own.as_ref().map_or_else(|| token.decrypt_secret(&secret), |own| token.decrypt(own))
            };
            let good = match name {
                "" => encrypt(Recipient::Secret(&secret), algorithm, content),
                name => encrypt(Recipient::Key(&public(name, &[])), algorithm, content),
            };
            let good = good.expect("encrypted");
            let changes: [fn(Vec<u8>) -> Vec<u8>; 4] = [
                |octets| octets.iter().map(|octet| octet ^ 1).collect(),
                |octets| octets[1..].to_vec(),
                |octets| [&octets[..], &[0]].concat(),
                |_| Vec::new(),
            ];
            for change in changes {
                for part in 2..=5 {
                    let text = if part == 2 && good.contains("..") { continue } else { changed(&good, part, change) };
                    assert_eq!(open(&text), Err(JweError::Undecryptable), "{algorithm} {content} {part}");
                }
            }
            let text = reheaded(&good, |header| {
                header.insert("cty".to_owned(), json!("other"));
            });
            assert_eq!(open(&text), Err(JweError::Undecryptable), "the header is protected");
        }
    }
}

#[test]
fn a_key_that_both_sides_know_is_not_sent() {
    let secret = Secret::new("a secret of a client");
    let (key, content) = (public("P-256", &[]), ContentEncryption::A128Gcm);
    let text = encrypt(Recipient::Secret(&secret), KeyManagement::Dir, content).expect("encrypted");
    let text = changed(&text, 2, |_| vec![1; 16]);
    assert_eq!(Jwe::parse(&text).expect("a token").decrypt_secret(&secret), Err(JweError::StrayKey));
    let text = encrypt(Recipient::Key(&key), KeyManagement::EcdhEs, content).expect("encrypted");
    let text = changed(&text, 2, |_| vec![1; 16]);
    assert_eq!(Jwe::parse(&text).expect("a token").decrypt(&private("P-256")), Err(JweError::StrayKey));
}

#[test]
fn an_ephemeral_key_is_a_sound_public_key_of_the_same_curve() {
    let key = public("P-256", &[]);
    let good = encrypt(Recipient::Key(&key), KeyManagement::EcdhEs, ContentEncryption::A128Gcm).expect("encrypted");
    let refused = |change: &dyn Fn(&mut Map<String, Value>)| {
        let text = reheaded(&good, change);
        Jwe::parse(&text).expect("a token").decrypt(&private("P-256")).expect_err("a refusal")
    };
    let with_epk = |epk: Value| refused(&move |header| drop(header.insert("epk".to_owned(), epk.clone())));
    assert_eq!(refused(&|header| drop(header.remove("epk"))), JweError::Missing("epk"));
    assert_eq!(with_epk(json!("key")), JweError::EphemeralKey(JwkError::NotAnObject));
    assert_eq!(with_epk(json!({"kty": "oct", "k": "AAAA"})), JweError::EphemeralKey(JwkError::Symmetric));
    assert_eq!(with_epk(vectors()["keys"]["P-256"].clone()), JweError::EphemeralKey(JwkError::Private("d")));
    let mut off = private("P-256").jwk("one");
    off["y"] = off["x"].clone();
    assert_eq!(with_epk(off), JweError::EphemeralKey(JwkError::NotOnTheCurve));
    assert_eq!(with_epk(private("P-384").jwk("one")), JweError::EphemeralCurve);
    assert_eq!(with_epk(private("rsa").jwk("one")), JweError::EphemeralCurve);
    assert_eq!(with_epk(private("P-256").jwk("one")), JweError::Undecryptable);
    for name in ["apu", "apv"] {
        let wrong = |value: Value| refused(&move |header| drop(header.insert(name.to_owned(), value.clone())));
        assert_eq!(wrong(json!("QWxpY2U")), JweError::Undecryptable, "both sides derive from {name}");
        assert_eq!(wrong(json!("QWxpY2U=")), JweError::NotBase64Url(1));
        assert_eq!(wrong(json!(1)), JweError::NotText(name));
    }
}

#[test]
fn a_point_of_low_order_agrees_on_nothing() {
    let good = encrypt(Recipient::Key(&public("X25519", &[])), KeyManagement::EcdhEs, ContentEncryption::A128Gcm);
    let good = good.expect("encrypted");
    for first in ["A", "B"] {
        // RFC 7748 §6.1: the points 0 and 1 lead to the secret 0.
        let x = if first == "A" { "A".repeat(43) } else { format!("AQ{}", "A".repeat(41)) };
        let text = reheaded(&good, |header| {
            header.insert("epk".to_owned(), json!({"kty": "OKP", "crv": "X25519", "x": x}));
        });
        assert_eq!(Jwe::parse(&text).expect("a token").decrypt(&private("X25519")), Err(JweError::Undecryptable));
        let low = PublicKey::parse(&json!({"kty": "OKP", "crv": "X25519", "x": x})).expect("a key");
        let refused = encrypt(Recipient::Key(&low), KeyManagement::EcdhEs, ContentEncryption::A128Gcm);
        assert_eq!(refused, Err(JweError::Failed));
    }
}

#[test]
fn a_private_key_is_read_whole() {
    for name in ["rsa", "P-256", "X25519"] {
        let good = vectors()["keys"][name].clone();
        for member in good.as_object().expect("an object").keys() {
            let mut without = good.clone();
            without.as_object_mut().expect("an object").remove(member);
            let error = DecryptionKey::from_jwk(&without).expect_err("a refusal");
            assert_eq!(error.to_string(), "the private key is of another type, or broken", "{name} {member}");
        }
        let mut other = good.clone();
        other["x"] = json!("A".repeat(43));
        other["n"] = json!("A".repeat(342));
        assert!(DecryptionKey::from_jwk(&other).is_err(), "the halves do not belong together");
    }
    assert!(DecryptionKey::from_pem(include_str!("../../../../fixtures/keys/eddsa.pem")).is_err());
    assert!(DecryptionKey::from_pem("").is_err());
    assert_eq!(format!("{:?}", private("rsa")), "DecryptionKey(..)");
}

#[test]
fn the_server_has_keys_for_what_is_encrypted_to_it() {
    for keys in [&FixedKeys as &dyn Keys, &RotatingKeys::new()] {
        let published = json!({"keys": keys.published_for_encryption()});
        let set = PublicKeys::parse(&published).expect("a set");
        for algorithm in KeyManagement::ALL.iter().copied() {
            let Some(key) = set.for_encryption(algorithm) else {
                assert!(algorithm.is_symmetric(), "{algorithm}");
                continue;
            };
            let text = encrypt(Recipient::Key(key), algorithm, ContentEncryption::A256Gcm).expect("encrypted");
            let token = Jwe::parse(&text).expect("a token");
            assert_eq!(keys.decrypt(&token).expect("decrypted"), CONTENT);
            // Without a `kid`, the type of the key decides.
            let bare = PublicKey::parse(&{
                let at = set.keys().iter().position(|own| own.kid() == key.kid()).expect("it is in the set");
                let mut jwk = published["keys"][at].clone();
                jwk.as_object_mut().expect("an object").remove("kid");
                jwk
            });
            let bare = bare.expect("a key");
            let text = encrypt(Recipient::Key(&bare), algorithm, ContentEncryption::A256Gcm).expect("encrypted");
            assert_eq!(keys.decrypt(&Jwe::parse(&text).expect("a token")).expect("decrypted"), CONTENT);
        }
        let named = |kid: &str| format!(r#"{{"alg":"RSA-OAEP","enc":"A128GCM","kid":"{kid}"}}"#);
        let decrypt = |header: &str| keys.decrypt(&Jwe::parse(&with_header(header)).expect("a token"));
        assert_eq!(decrypt(&named("mock-rs256")), Err(JweError::UnknownKid));
        assert_eq!(decrypt(&named("mock-enc-ec")), Err(JweError::KeyType(KeyManagement::RsaOaep)));
        assert_eq!(decrypt(&named("mock-enc-rsa")), Err(JweError::Undecryptable));
        assert_eq!(decrypt(r#"{"alg":"dir","enc":"A128GCM"}"#), Err(JweError::KeyType(KeyManagement::Dir)));
        assert!(set.keys().iter().all(|key| key.used_for() == Some("enc")));
        assert!(!keys.published().iter().any(|jwk| jwk["use"] != "sig"), "they are published only when asked for");
    }
}

#[test]
fn no_error_and_no_debug_shows_the_token() {
    let secret = Secret::new("canary-secret");
    let text =
        encrypt(Recipient::Secret(&secret), KeyManagement::Dir, ContentEncryption::A128Gcm).expect("encrypted");
    let token = Jwe::parse(&text).expect("a token");
    assert_eq!(format!("{token:?}"), "Jwe { algorithm: Dir, encryption: A128Gcm, .. }");
    let mut errors = vec![token.decrypt_secret(&Secret::new("canary")).expect_err("another secret")];
    for header in [r#"{"alg":"canary","enc":"canary"}"#, r#"{"alg":"dir","enc":"canary"}"#, r#"{"canary":{},"#] {
        errors.push(malformed(&with_header(header)));
    }
    let shown = Encryption {
        recipient: Recipient::Secret(&secret),
        algorithm: KeyManagement::Dir,
        content: ContentEncryption::A128Gcm,
    };
    assert!(!format!("{errors:?} {shown:?}").contains("canary"));
    assert!(!errors.iter().any(|error| error.to_string().contains("canary")));
}
