//! What the attacks of the family `downgrade` need to be off.

use super::{Row, must, should};
use crate::victims::client::Defence;

pub(super) const ROWS: &[Row] = &[
    must("rp-meta-pkce-absent", Defence::ChallengeUnpromised, "leaves PKCE out"),
    must("rp-meta-pkce-plain-only", Defence::S256Chosen, "gives S256 up"),
    must("rp-error-pkce-downgrade", Defence::NoDowngradeAfterError, "asks again without S256"),
    must("rp-token-pkce-downgrade", Defence::CodeSentOnce, "sent the code again"),
    must("rp-as-ignores-pkce", Defence::StateCompared, "redeemed the code of the attacker"),
    must("rp-as-ignores-pkce", Defence::NonceCompared, "accepted a code of the attacker"),
    must(
        "rp-alg-downgrade-metadata",
        Defence::AlgorithmsNotOfMetadata,
        "an ID token without a signature, as the metadata promise it",
    ),
    must("rp-auth-method-downgrade", Defence::AssertionKept, "does without authentication"),
    must("rp-dpop-downgrade", Defence::BoundTokenExpected, "a token that "),
    should("rp-jarm-par-downgrade", Defence::PushedAlways, "goes through the browser when"),
    should("rp-jarm-par-downgrade", Defence::SignedResponseRequired, "a response that was to be signed"),
];
