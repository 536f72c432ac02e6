//! What the attacks of the family `pkce_challenge` need to be off.

use oauth_attacks::Level;

use super::{Off, Row};
use crate::victims::forms::FORM_BELIEVED;
use crate::victims::server::Defence;

pub(super) const ROWS: &[Row] = &[
    Row::defence("as-pkce-plain-accepted", Defence::PlainRefused, Level::Must),
    Row::defence("as-pkce-method-omitted", Defence::MethodRequired, Level::Must),
    Row::defence("as-pkce-method-case", Defence::MethodExact, Level::Must),
    Row::defence("as-pkce-method-unknown", Defence::MethodKnown, Level::Must),
    Row::defence("as-pkce-challenge-missing-public", Defence::ChallengeRequired, Level::Must),
    Row::defence("as-pkce-challenge-empty", Defence::EmptyChallengeIsNone, Level::Must),
    Row::defence("as-pkce-challenge-duplicate", Defence::RepeatedParametersRefused, Level::Must),
    Row::defence("as-pkce-path-parity", Defence::EveryPathStoresChallenge, Level::Must),
    Row {
        id: "as-pkce-consent-tamper",
        off: Off::Bug(&FORM_BELIEVED),
        level: Level::Must,
        because: "the verifier of a challenge in a form",
        rules: &[],
    },
];
