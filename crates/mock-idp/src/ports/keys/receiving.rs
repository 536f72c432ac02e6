//! The keys that others encrypt to. They are published only if a document that is on asks for them, and never change.

use std::sync::OnceLock;

use serde_json::Value;

use crate::jose::{DecryptionKey, Jwe, JweError, UnusableKey};

/// One private key, parsed when it is first used.
struct Receiving {
    kid: &'static str,
    pem: &'static str,
    parsed: OnceLock<Result<DecryptionKey, UnusableKey>>,
}

static KEYS: [Receiving; 2] = [
    Receiving {
        kid: "mock-enc-rsa",
        pem: include_str!("../../../../../fixtures/keys/enc-rsa.pem"),
        parsed: OnceLock::new(),
    },
    Receiving {
        kid: "mock-enc-ec",
        pem: include_str!("../../../../../fixtures/keys/enc-p256.pem"),
        parsed: OnceLock::new(),
    },
];

/// The public halves as JWKs.
pub(super) fn published() -> Vec<Value> {
    KEYS.iter().filter_map(|key| Some(key.parsed()?.jwk(key.kid))).collect()
}

/// The content of `token`, decrypted with the key that its `kid` names, or without with the one of the right type.
pub(super) fn decrypt(token: &Jwe<'_>) -> Result<Vec<u8>, JweError> {
    let mut keys = KEYS.iter().filter(|key| token.kid().is_none_or(|kid| kid == key.kid)).peekable();
    if keys.peek().is_none() {
        return Err(JweError::UnknownKid);
    }
    let key = keys.filter_map(Receiving::parsed).find(|key| key.serves(token.algorithm()));
    token.decrypt(key.ok_or(JweError::KeyType(token.algorithm()))?)
}

impl Receiving {
    fn parsed(&self) -> Option<&DecryptionKey> {
        self.parsed.get_or_init(|| DecryptionKey::from_pem(self.pem)).as_ref().ok()
    }
}
