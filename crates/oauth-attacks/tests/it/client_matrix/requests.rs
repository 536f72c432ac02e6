//! What the attacks of the family `requests` need to be off.

use oauth_attacks::Level;

use super::Row;
use crate::victims::client::Defence;

pub(super) const ROWS: &[Row] = &[
    Row { id: "rp-pkce-missing", off: Defence::ChallengeSent, level: Level::Must, because: "" },
    Row { id: "rp-pkce-plain", off: Defence::S256Chosen, level: Level::Must, because: "" },
    Row { id: "rp-pkce-method-omitted", off: Defence::MethodNamed, level: Level::Must, because: "" },
    Row { id: "rp-pkce-challenge-malformed", off: Defence::ChallengeUnpadded, level: Level::Must, because: "" },
    Row { id: "rp-pkce-verifier-missing", off: Defence::VerifierSent, level: Level::Must, because: "" },
    Row { id: "rp-pkce-verifier-mismatch", off: Defence::VerifierHashedAsSent, level: Level::Must, because: "" },
    Row { id: "rp-pkce-verifier-abnf", off: Defence::VerifierWellFormed, level: Level::Must, because: "" },
    Row { id: "rp-pkce-verifier-weak", off: Defence::VerifierRandom, level: Level::Must, because: "" },
    Row { id: "rp-pkce-challenge-constant", off: Defence::VerifierFresh, level: Level::Must, because: "" },
    Row { id: "rp-pkce-fresh-after-error", off: Defence::FreshAfterError, level: Level::Must, because: "" },
    Row {
        id: "rp-pkce-verifier-reuses-state",
        off: Defence::VerifierApartFromState,
        level: Level::Must,
        because: "",
    },
    Row { id: "rp-pkce-verifier-leaked", off: Defence::VerifierKept, level: Level::Must, because: "" },
];
