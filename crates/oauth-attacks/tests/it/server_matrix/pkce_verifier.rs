//! What the attacks of the family `pkce_verifier` need to be off.

use oauth_attacks::Level;

use super::Row;
use crate::victims::server::Defence;

pub(super) const ROWS: &[Row] = &[
    Row::defence("as-code-intercept-no-verifier", Defence::VerifierRequired, Level::Must),
    Row::defence("as-code-intercept-wrong-verifier", Defence::VerifierCompared, Level::Must),
    Row::defence("as-pkce-verifier-equals-challenge", Defence::BoundMethodOnly, Level::Must),
    Row::defence("as-pkce-token-method-override", Defence::TokenRequestHasNoSay, Level::Must),
    Row::defence("as-pkce-downgrade-no-challenge", Defence::UnsolicitedVerifierRefused, Level::Must),
    Row::defence("as-pkce-burn-then-omit", Defence::FailureKeepsChallenge, Level::Must),
    Row::defence("as-pkce-verifier-empty", Defence::EmptyVerifierIsNone, Level::Must),
    Row::defence("as-pkce-verifier-short", Defence::VerifierLength, Level::Should),
    Row::defence("as-pkce-verifier-nearmiss", Defence::VerifierUnaltered, Level::Must),
    Row::defence("as-pkce-verifier-in-query", Defence::BodyOnly, Level::Must),
    Row::defence("as-pkce-cross-session", Defence::ChallengeOfThisCode, Level::Must),
    Row::defence("as-pkce-secret-not-substitute", Defence::SecretIsNoSubstitute, Level::Must),
];
