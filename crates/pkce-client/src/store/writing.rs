//! How tokens are written down where processes share them.

use oauth_types::Secret;

use super::StoreError;
use crate::seal_key::SealKey;
use crate::token_set::TokenSet;

/// How tokens are written down.
#[derive(Debug, Clone)]
pub(crate) enum Writing {
    Plain,
    Sealed(SealKey),
}

impl Writing {
    pub(super) fn write(&self, tokens: &TokenSet) -> Result<Secret, StoreError> {
        match self {
            Self::Plain => Ok(tokens.expose_json()),
            Self::Sealed(key) => tokens.to_sealed(key).map(Secret::new),
        }
    }

    pub(super) fn read(&self, text: &str) -> Result<TokenSet, StoreError> {
        match self {
            Self::Plain => TokenSet::from_exposed_json(text),
            Self::Sealed(key) => TokenSet::from_sealed(key, text),
        }
    }
}
