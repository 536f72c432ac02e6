//! What a client developer probably did wrong, guessed from a challenge or a verifier that was refused.
//!
//! Nothing here decides anything: the functions are for texts that [`crate::read_authorization_request`] or
//! [`crate::check_token_request`] have refused already. They try known mistakes one after the other, so they take
//! hundreds of hashes and not the same time for each text, and their answer says how near a verifier came. Show it to
//! the developer, in a test server or in a log; not to whoever sent the request in production.
//! ```
//! use pkce_core::doctor::{Mistake, diagnose_challenge, diagnose_verifier};
//! let padded = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM=";
//! assert_eq!(diagnose_challenge(padded), Some(Mistake::ChallengePadded));
//!
//! let stored = padded.trim_end_matches('=').parse()?;
//! assert_eq!(diagnose_verifier(&stored, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"), Some(Mistake::SameText));
//! # Ok::<(), pkce_core::ChallengeError>(())
//! ```

mod challenge;
mod mistake;
mod verifier;

pub use challenge::diagnose_challenge;
pub use mistake::Mistake;
pub use verifier::diagnose_verifier;

/// What a text is surrounded with by accident: white space, quotation marks, the NUL of a C string.
fn strip_surroundings(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '\0'))
}
