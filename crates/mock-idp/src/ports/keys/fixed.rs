//! Keys that never change.

use std::borrow::Cow;

use oauth_types::Algorithm;
use serde_json::Value;

use super::generation::{FIXED, Generation, UNPUBLISHED};
use super::{KeyError, Keys, receiving};
use crate::jose::{Jwe, JweError};

/// The first keys of `fixtures/keys`, one for each algorithm, and unpublished ones beside them.
#[derive(Debug, Default, Clone, Copy)]
pub struct FixedKeys;

static FIRST: &Generation = &FIXED[0];

impl Keys for FixedKeys {
    fn algorithms(&self) -> &[Algorithm] {
        Algorithm::SIGNING
    }

    fn kid(&self, algorithm: Algorithm) -> Option<Cow<'static, str>> {
        FIRST.kid(algorithm)
    }

    fn sign_as(&self, _kid: Option<&str>, algorithm: Algorithm, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        FIRST.sign(algorithm, message)
    }

    fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &str) -> bool {
        FIRST.verifies(algorithm, message, signature)
    }

    fn published(&self) -> Vec<Value> {
        FIRST.published().to_vec()
    }

    fn forge(&self, algorithm: Algorithm, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        UNPUBLISHED.sign(algorithm, message)
    }

    fn published_for_encryption(&self) -> Vec<Value> {
        receiving::published()
    }

    fn decrypt(&self, token: &Jwe<'_>) -> Result<Vec<u8>, JweError> {
        receiving::decrypt(token)
    }

    fn public_pem(&self, algorithm: Algorithm) -> String {
        FIRST.public_pem(algorithm)
    }
}
