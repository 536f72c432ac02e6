//! Key sets that are empty, ambiguous, broken or too large.

use serde_json::json;

use super::{Edit, Fault, Layer, Named, Point, set};
use crate::fault::{KeySet, When};

fn keys(with: KeySet) -> Edit {
    Edit::Keys { with }
}

fn body(text: &str) -> Edit {
    Edit::Body { content_type: "application/json".to_owned(), text: text.to_owned() }
}

faults! { KEYS of Keys:
    JWKS_EMPTY = "jwks-empty", Jwks, "RFC 7517 §5.1",
        "There is no key in the key set", [keys(KeySet::Empty)];
    JWKS_DUPLICATE_KID = "jwks-duplicate-kid", Jwks, "RFC 7517 §4.5",
        "Every key has the same name, and a wrong one comes first", [keys(KeySet::DuplicateKid)];
    JWKS_NO_KID = "jwks-no-kid", Jwks, "RFC 7517 §4.5",
        "No key has a name", [keys(KeySet::NoKid)];
    JWKS_UNKNOWN_KID = "jwks-unknown-kid", Jwks, "RFC 7517 §4.5",
        "Every key has a name that no token has", [keys(KeySet::UnknownKid)];
    JWKS_FOR_ENCRYPTION = "jwks-for-encryption", Jwks, "RFC 7517 §4.2",
        "Every key is for encryption", [keys(KeySet::ForEncryption)];
    JWKS_FOREIGN = "jwks-foreign", Jwks, "OpenID Connect Core 1.0 §10.1",
        "The keys are other ones, under the right names", [keys(KeySet::Foreign)];
    JWKS_WEAK_KEY = "jwks-weak-key", Jwks, "RFC 7518 §3.3",
        "There is an RSA key of 1024 bits in the key set", [keys(KeySet::Weak)];
    JWKS_NOT_A_LIST = "jwks-not-a-list", Jwks, "RFC 7517 §5.1",
        "The keys are no array", [set("keys", json!({"kty": "RSA"}))];
    JWKS_UNKNOWN_KEY_TYPE = "jwks-unknown-key-type", Jwks, "RFC 7517 §5",
        "The one key is of a type that nobody knows", [set("keys", json!([{"kty": "QUANTUM", "kid": "mock-rs256"}]))];
    JWKS_GARBAGE = "jwks-garbage", Jwks, "RFC 7517 §5",
        "The key set is no JSON", [body("-----BEGIN PUBLIC KEY-----")];
    JWKS_OVERSIZE = "jwks-oversize", Jwks, "RFC 9110 §8.6",
        "The key set is filled up to eight mebibytes", [Edit::Pad { octets: 8 << 20 }];
    JWKS_UNAVAILABLE = "jwks-unavailable", Jwks, "RFC 9110 §15.6.1",
        "The key set fails with 500", [Edit::Status { code: 500 }, body("")];
    JWKS_SLOW = "jwks-slow", Jwks, "RFC 9112 §7.1",
        "The key set comes in pieces of eight octets, one a second", [Edit::Drip { octets: 8, milliseconds: 1000 }];
    JWKS_STALLED = "jwks-stalled", Jwks, "RFC 9110 §9.2",
        "The key set never comes, and the connection stays open", [Edit::Stall { after: None }];
}
