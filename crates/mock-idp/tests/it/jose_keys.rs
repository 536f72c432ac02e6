//! JSON Web Keys (RFC 7517) of strangers: what is read, and what is refused.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use mock_idp::jose::{Ignored, JwkError, JwksError, PublicKey, PublicKeys};
use mock_idp::keys::{FixedKeys, Keys};
use oauth_types::Algorithm;
use serde_json::{Value, json};

/// The published key for `algorithm`.
fn jwk(algorithm: Algorithm) -> Value {
    let at = Algorithm::SIGNING.iter().position(|own| *own == algorithm).expect("it has a public key");
    FixedKeys.published().swap_remove(at)
}

fn with(mut jwk: Value, name: &str, value: Value) -> Value {
    jwk[name] = value;
    jwk
}

fn without(mut jwk: Value, name: &str) -> Value {
    jwk.as_object_mut().expect("an object").remove(name);
    jwk
}

fn refused(jwk: &Value) -> JwkError {
    PublicKey::parse(jwk).expect_err("a refusal")
}

fn vectors(of: &str) -> Vec<Value> {
    let file: Value = serde_json::from_str(include_str!("../../../../fixtures/vectors/jws.json")).expect("JSON");
    file[of].as_array().expect("vectors").clone()
}

#[test]
fn every_kind_of_key_is_read() {
    for algorithm in Algorithm::SIGNING {
        let key = PublicKey::parse(&jwk(*algorithm)).expect("a key");
        assert_eq!((key.alg(), key.used_for()), (Some(algorithm.as_str()), Some("sig")));
        assert_eq!(key.kid(), FixedKeys.kid(*algorithm).as_deref());
    }
    let x25519 = json!({"kty": "OKP", "crv": "X25519", "x": "A".repeat(43), "use": "enc", "alg": "ECDH-ES"});
    assert_eq!(PublicKey::parse(&x25519).expect("a key").used_for(), Some("enc"));
}

#[test]
fn thumbprints_are_those_of_others() {
    let mut seen = 0;
    for vector in vectors("thumbprints").into_iter().chain(vectors("tokens")) {
        let Some(expected) = vector["thumbprint"].as_str() else { continue };
        assert_eq!(PublicKey::parse(&vector["jwk"]).expect("a key").thumbprint(), expected, "{}", vector["source"]);
        seen += 1;
    }
    assert_eq!(seen, 14);
    // RFC 9449 §6.1.
    let x = "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs";
    let y = "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA";
    let key = PublicKey::parse(&json!({"kty": "EC", "crv": "P-256", "x": x, "y": y})).expect("a key");
    assert_eq!(key.thumbprint(), "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
}

#[test]
fn the_first_certificate_of_a_chain_is_that_of_the_key() {
    let key = |x5c: Value| PublicKey::parse(&with(jwk(Algorithm::Es256), "x5c", x5c));
    assert_eq!(PublicKey::parse(&jwk(Algorithm::Es256)).expect("a key").certificate(), None);
    assert_eq!(key(json!(["+/8=", "AAAA"])).expect("a key").certificate(), Some(&[0xfb, 0xff][..]));
    for malformed in [json!([]), json!("AAAA"), json!([1]), json!(["-_8="]), json!(["AA"])] {
        assert_eq!(key(malformed.clone()).expect_err("a refusal"), JwkError::Malformed("x5c"), "{malformed}");
    }
}

#[test]
fn a_thumbprint_depends_on_the_key_alone() {
    let bare = without(without(without(jwk(Algorithm::Rs256), "kid"), "alg"), "use");
    let print = |jwk: &Value| PublicKey::parse(jwk).expect("a key").thumbprint();
    assert_eq!(print(&bare), print(&jwk(Algorithm::Rs256)));
    assert_eq!(print(&bare), print(&jwk(Algorithm::Rs512)), "the hashes of a scheme share a key");
    assert_ne!(print(&bare), print(&jwk(Algorithm::Ps256)));
}

#[test]
fn a_key_is_written_as_a_certificate_holds_it() {
    for algorithm in Algorithm::SIGNING {
        let pem = FixedKeys.public_pem(*algorithm);
        let text: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
        let expected = BASE64_STANDARD.decode(text).expect("base64");
        assert_eq!(PublicKey::parse(&jwk(*algorithm)).expect("a key").spki(), Some(expected), "{algorithm}");
    }
    let x25519 = json!({"kty": "OKP", "crv": "X25519", "x": "A".repeat(43)});
    assert_eq!(PublicKey::parse(&x25519).expect("a key").spki(), None);
}

#[test]
fn a_private_key_is_refused_by_the_member_that_gives_it_away() {
    for name in ["d", "p", "q", "dp", "dq", "qi", "oth"] {
        assert_eq!(refused(&with(jwk(Algorithm::Rs256), name, json!("AQAB"))), JwkError::Private(name));
    }
    assert_eq!(refused(&with(jwk(Algorithm::Es256), "d", json!("AQAB"))), JwkError::Private("d"));
    assert_eq!(refused(&with(jwk(Algorithm::Ed25519), "d", Value::Null)), JwkError::Private("d"));
}

#[test]
fn a_symmetric_key_is_refused() {
    assert_eq!(refused(&json!({"kty": "oct", "k": "AAAA"})), JwkError::Symmetric);
    assert_eq!(refused(&json!({"kty": "oct"})), JwkError::Symmetric);
    assert_eq!(refused(&with(jwk(Algorithm::Es256), "k", json!("AAAA"))), JwkError::Symmetric);
}

#[test]
fn a_key_that_is_not_whole_is_refused() {
    for value in [json!([]), json!("key"), Value::Null] {
        assert_eq!(refused(&value), JwkError::NotAnObject);
    }
    for (algorithm, members) in [
        (Algorithm::Rs256, &["kty", "n", "e"][..]),
        (Algorithm::Es256, &["kty", "crv", "x", "y"]),
        (Algorithm::EdDsa, &["kty", "crv", "x"]),
    ] {
        for name in members {
            assert_eq!(refused(&without(jwk(algorithm), name)), JwkError::Missing(name));
            assert_eq!(refused(&with(jwk(algorithm), name, json!(1))), JwkError::Malformed(name));
        }
    }
}

#[test]
fn octets_are_written_in_the_one_way_there_is() {
    for (algorithm, name) in [(Algorithm::Rs256, "n"), (Algorithm::Es384, "x"), (Algorithm::Ed25519, "x")] {
        let text = jwk(algorithm)[name].as_str().expect("text").to_owned();
        for wrong in [format!("{text}="), format!(" {text}"), format!("{text}AA.A"), String::new()] {
            assert_eq!(refused(&with(jwk(algorithm), name, json!(wrong))), JwkError::Malformed(name), "{wrong:?}");
        }
    }
    // Of the last digit of 32 octets, two bits are not used; they are zero in the one right form.
    let x = jwk(Algorithm::Es256)["x"].as_str().expect("text").to_owned();
    let last = x.chars().last().expect("a digit");
    let stray = char::from(u8::try_from(last).expect("ASCII") + 1);
    let wrong = format!("{}{stray}", &x[..42]);
    assert_eq!(refused(&with(jwk(Algorithm::Es256), "x", json!(wrong))), JwkError::Malformed("x"));
    // A coordinate has its full length (RFC 7518 §6.2.1.2).
    assert_eq!(refused(&with(jwk(Algorithm::Es256), "y", json!("AAAA"))), JwkError::Malformed("y"));
}

#[test]
fn the_numbers_of_an_rsa_key_are_sound() {
    assert_eq!(refused(&with(jwk(Algorithm::Rs256), "n", json!("_".repeat(172)))), JwkError::WeakRsa(1032));
    assert_eq!(refused(&with(jwk(Algorithm::Rs256), "n", json!("_".repeat(1368)))), JwkError::LargeRsa(8208));
    let n = jwk(Algorithm::Rs256)["n"].as_str().expect("text").to_owned();
    let padded = format!("AAAA{n}");
    assert_eq!(refused(&with(jwk(Algorithm::Rs256), "n", json!(padded))), JwkError::LeadingZero("n"));
    assert_eq!(refused(&with(jwk(Algorithm::Rs256), "e", json!("AAEAAQ"))), JwkError::LeadingZero("e"));
    let even = format!("{}A", &n[..341]);
    assert_eq!(refused(&with(jwk(Algorithm::Rs256), "n", json!(even))), JwkError::Malformed("n"));
    for exponent in ["AQ", "Ag", "AQAA", "Af____8A", "__________8"] {
        assert_eq!(refused(&with(jwk(Algorithm::Rs256), "e", json!(exponent))), JwkError::Exponent, "{exponent}");
    }
    assert!(PublicKey::parse(&with(jwk(Algorithm::Rs256), "e", json!("Aw"))).is_ok());
}

#[test]
fn a_point_lies_on_its_curve() {
    for algorithm in [Algorithm::Es256, Algorithm::Es384, Algorithm::Es512] {
        let swapped = with(jwk(algorithm), "y", jwk(algorithm)["x"].clone());
        assert_eq!(refused(&swapped), JwkError::NotOnTheCurve, "{algorithm}");
    }
}

#[test]
fn labels_fit_the_key() {
    for (algorithm, alg) in [
        (Algorithm::Rs256, "ES256"),
        (Algorithm::Rs256, "HS256"),
        (Algorithm::Rs256, "ECDH-ES"),
        (Algorithm::Es256, "ES384"),
        (Algorithm::Es256, "RSA-OAEP"),
        (Algorithm::EdDsa, "ECDH-ES"),
        (Algorithm::EdDsa, "dir"),
    ] {
        assert_eq!(refused(&with(jwk(algorithm), "alg", json!(alg))), JwkError::AlgorithmDoesNotFit, "{alg}");
    }
    for (name, value) in [("alg", "ES256K"), ("use", "tls"), ("kty", "AKP"), ("crv", "secp256k1")] {
        assert_eq!(refused(&with(jwk(Algorithm::Es256), name, json!(value))), JwkError::Unknown(name));
    }
    for (name, value) in [
        ("kid", json!(1)),
        ("alg", json!(["ES256"])),
        ("use", json!({})),
        ("key_ops", json!("verify")),
        ("key_ops", json!([1])),
        ("key_ops", json!(["verify", "verify"])),
    ] {
        assert_eq!(refused(&with(jwk(Algorithm::Es256), name, value)), JwkError::Malformed(name));
    }
}

#[test]
fn a_set_is_read_whole_or_not_at_all() {
    let keys = PublicKeys::parse(&json!({"keys": FixedKeys.published()})).expect("a set");
    assert_eq!(keys.keys().len(), Algorithm::SIGNING.len());
    assert_eq!(keys.ignored(), []);
    assert!(PublicKeys::parse(&json!({"keys": []})).expect("an empty set").keys().is_empty());

    let of = |keys: Value| PublicKeys::parse(&json!({ "keys": keys })).expect_err("a refusal");
    let weak = with(jwk(Algorithm::Rs256), "n", json!("_".repeat(172)));
    let error = of(json!([jwk(Algorithm::Es256), weak]));
    assert_eq!(error, JwksError::Key { index: 1, error: JwkError::WeakRsa(1032) });
    assert_eq!(error.to_string(), "Key 1 of the JWK Set: The RSA key has 1032 bits, and 2048 are needed");
    let repeated = with(jwk(Algorithm::Ed25519), "kid", json!("mock-es256"));
    assert_eq!(of(json!([jwk(Algorithm::Es256), repeated])), JwksError::RepeatedKid { index: 1 });
    for value in [json!({}), Value::Null, json!("keys")] {
        assert_eq!(of(value), JwksError::NoKeys);
    }
    assert_eq!(PublicKeys::parse(&json!([])).expect_err("a refusal"), JwksError::NotAnObject);
}

#[test]
fn keys_of_unknown_types_are_ignored_with_a_note() {
    let keys = json!([
        {"kty": "AKP", "alg": "ML-DSA-44", "pub": "AAAA"},
        jwk(Algorithm::Es256),
        {"kty": "OKP", "crv": "Ed448", "x": "AAAA"},
        with(jwk(Algorithm::Rs256), "alg", json!("RSA1_5")),
    ]);
    let read = PublicKeys::parse(&json!({ "keys": keys })).expect("a set");
    assert_eq!(read.keys().len(), 1);
    let note = |index, name| Ignored { index, why: JwkError::Unknown(name) };
    assert_eq!(read.ignored(), [note(0, "kty"), note(2, "crv"), note(3, "alg")]);
    assert_eq!(
        read.ignored()[0].to_string(),
        "Key 0 of the set is ignored: This server does not know the 'kty' of the JWK"
    );
}

#[test]
fn a_set_has_bounds() {
    let small = |index: usize| json!({"kty": "AKP", "kid": index.to_string()});
    let set = |count: usize| json!({"keys": (0..count).map(small).collect::<Vec<_>>()});
    assert_eq!(PublicKeys::parse(&set(100)).expect("a set").ignored().len(), 100);
    assert_eq!(PublicKeys::parse(&set(101)).expect_err("a refusal"), JwksError::TooManyKeys);
    let padded = |octets: usize| {
        let empty = json!({"keys": [], "pad": ""}).to_string().len();
        json!({"keys": [], "pad": "p".repeat(octets - empty)})
    };
    assert!(PublicKeys::parse(&padded(65536)).is_ok());
    assert_eq!(PublicKeys::parse(&padded(65537)).expect_err("a refusal"), JwksError::TooLarge);
    assert!(PublicKeys::read(padded(65536).to_string().as_bytes()).is_ok());
    assert_eq!(PublicKeys::read(padded(65537).to_string().as_bytes()).expect_err("a refusal"), JwksError::TooLarge);
}

#[test]
fn a_fetched_set_has_no_name_twice() {
    for text in ["", "{}{}", "[]", r#"{"keys":[],"keys":[]}"#, r#"{"keys":[{"kty":"AKP","kty":"EC"}]}"#] {
        assert_eq!(PublicKeys::read(text.as_bytes()).expect_err("a refusal"), JwksError::NotAnObject, "{text}");
    }
}

#[test]
fn no_error_shows_a_member() {
    let canary = "canaryvalue";
    for name in ["kty", "crv", "x", "y", "alg", "use", "d", "k"] {
        let error = refused(&with(jwk(Algorithm::Es256), name, json!(canary)));
        assert!(!format!("{error} {error:?}").contains(canary), "{error}");
    }
}
