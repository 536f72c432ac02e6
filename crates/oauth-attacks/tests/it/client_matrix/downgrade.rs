//! What the attacks of the family `downgrade` need to be off.

use oauth_attacks::Level;

use super::Row;
use crate::victims::client::Defence;

pub(super) const ROWS: &[Row] = &[
    Row {
        id: "rp-meta-pkce-absent",
        off: Defence::ChallengeUnpromised,
        level: Level::Must,
        because: "leaves PKCE out",
    },
    Row { id: "rp-meta-pkce-plain-only", off: Defence::S256Chosen, level: Level::Must, because: "gives S256 up" },
    Row {
        id: "rp-error-pkce-downgrade",
        off: Defence::NoDowngradeAfterError,
        level: Level::Must,
        because: "asks again without S256",
    },
    Row {
        id: "rp-token-pkce-downgrade",
        off: Defence::CodeSentOnce,
        level: Level::Must,
        because: "sent the code again",
    },
    Row {
        id: "rp-as-ignores-pkce",
        off: Defence::StateCompared,
        level: Level::Must,
        because: "redeemed the code of the attacker",
    },
    Row {
        id: "rp-as-ignores-pkce",
        off: Defence::NonceCompared,
        level: Level::Must,
        because: "accepted a code of the attacker",
    },
    Row {
        id: "rp-alg-downgrade-metadata",
        off: Defence::AlgorithmsNotOfMetadata,
        level: Level::Must,
        because: "an ID token without a signature, as the metadata promise it",
    },
    Row {
        id: "rp-auth-method-downgrade",
        off: Defence::AssertionKept,
        level: Level::Must,
        because: "does without authentication",
    },
    Row { id: "rp-dpop-downgrade", off: Defence::BoundTokenExpected, level: Level::Must, because: "a token that " },
    Row {
        id: "rp-jarm-par-downgrade",
        off: Defence::PushedAlways,
        level: Level::Should,
        because: "goes through the browser when",
    },
    Row {
        id: "rp-jarm-par-downgrade",
        off: Defence::SignedResponseRequired,
        level: Level::Should,
        because: "a response that was to be signed",
    },
];
