//! What the attacks of the family `token_response` need to be off.

use oauth_attacks::Level;

use super::Row;
use crate::victims::client::Defence;

pub(super) const ROWS: &[Row] = &[
    Row {
        id: "rp-token-type-unknown",
        off: Defence::TokenTypeChecked,
        level: Level::Must,
        because: "uses the access token of a token without a type",
    },
    Row {
        id: "rp-token-error-200",
        off: Defence::ErrorsSeenAt200,
        level: Level::Must,
        because: "uses the access token of an error with the status 200",
    },
    Row {
        id: "rp-token-success-400",
        off: Defence::StatusSeen,
        level: Level::Must,
        because: "uses the access token of a token response with the status 400",
    },
    Row {
        id: "rp-token-content-type",
        off: Defence::MediaTypeSeen,
        level: Level::Should,
        because: "uses the access token of a token response that is said to be a page",
    },
    Row {
        id: "rp-token-malformed",
        off: Defence::MembersRepeatedRefused,
        level: Level::Must,
        because: "the second one of two access tokens",
    },
    Row {
        id: "rp-token-malformed",
        off: Defence::JsonReadWhole,
        level: Level::Must,
        because: "that goes on behind its end",
    },
    Row {
        id: "rp-token-types",
        off: Defence::TokensAreText,
        level: Level::Must,
        because: "uses an access token that is",
    },
    Row {
        id: "rp-token-oversize",
        off: Defence::AnswersBounded,
        level: Level::Should,
        because: "a token response of eight mebibytes",
    },
    Row {
        id: "rp-token-missing-idtoken",
        off: Defence::IdTokenRequired,
        level: Level::Must,
        because: "uses the access token of a token response without an ID token",
    },
    Row {
        id: "rp-token-scope-widened",
        off: Defence::GrantedScopeKept,
        level: Level::Should,
        because: "which was not granted",
    },
    Row {
        id: "rp-token-500-retry",
        off: Defence::FailuresEndLogins,
        level: Level::Should,
        because: "has sent a code 5 times",
    },
    Row {
        id: "rp-token-invalid-grant-loop",
        off: Defence::RefusalsEndLogins,
        level: Level::Should,
        because: "has sent the browser to the server",
    },
    Row {
        id: "rp-token-401-basic",
        off: Defence::WeakerAuthenticationRefused,
        level: Level::Should,
        because: "sends its secret in the body",
    },
    Row { id: "rp-token-error-injection", off: Defence::ErrorsEscaped, level: Level::Must, because: "as it is" },
    Row {
        id: "rp-token-substitution",
        off: Defence::AccessTokenHashCompared,
        level: Level::Should,
        because: "that its ID token does not belong to",
    },
    Row {
        id: "rp-dpop-nonce-loop",
        off: Defence::NonceDemandedOnce,
        level: Level::Should,
        because: "sends 5 token requests after",
    },
    Row { id: "rp-429-storm", off: Defence::ToldToWait, level: Level::Should, because: "has sent a code 5 times" },
];
