//! JOSE: keys (RFC 7517), signed tokens (RFC 7515) and encrypted ones (RFC 7516). It knows nothing of OAuth.
//!
//! A key is parsed once and kept, since parsing costs more than verifying. Errors are values that hold no part of a
//! token or a key; their text is fit for the hint of a refusal.

mod digest;
mod json;
mod jwe;
mod jws;
mod key_set;
mod private_key;
mod public_key;
mod verifying;

pub use digest::{left_half, x5t_s256};
pub(crate) use json::{Defect, object};
pub use jwe::{DecryptionKey, Encryption, Jwe, JweError, Random, Recipient};
pub use jws::{Jws, JwsError, Part, compact, seconds};
pub use key_set::{Ignored, JwksError, PublicKeys};
pub use private_key::UnusableKey;
pub(crate) use private_key::pkcs8;
pub(crate) use public_key::coordinates;
pub use public_key::{JwkError, PublicKey};
pub(crate) use verifying::Curve;
pub use verifying::{ShortSecret, keyed_hash, keyed_hash_by};
