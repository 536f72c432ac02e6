//! What the attacks of the family `token_response` need to be off.

use super::{Row, must, should};
use crate::victims::client::Defence;

pub(super) const ROWS: &[Row] = &[
    must("rp-token-type-unknown", Defence::TokenTypeChecked, "uses the access token of a token without a type"),
    must("rp-token-error-200", Defence::ErrorsSeenAt200, "uses the access token of an error with the status 200"),
    must(
        "rp-token-success-400",
        Defence::StatusSeen,
        "uses the access token of a token response with the status 400",
    ),
    should(
        "rp-token-content-type",
        Defence::MediaTypeSeen,
        "uses the access token of a token response that is said to be a page",
    ),
    must("rp-token-malformed", Defence::MembersRepeatedRefused, "the second one of two access tokens"),
    must("rp-token-malformed", Defence::JsonReadWhole, "that goes on behind its end"),
    must("rp-token-types", Defence::TokensAreText, "uses an access token that is"),
    should("rp-token-oversize", Defence::AnswersBounded, "a token response of eight mebibytes"),
    must(
        "rp-token-missing-idtoken",
        Defence::IdTokenRequired,
        "uses the access token of a token response without an ID token",
    ),
    should("rp-token-scope-widened", Defence::GrantedScopeKept, "which was not granted"),
    should("rp-token-500-retry", Defence::FailuresEndLogins, "has sent a code 5 times"),
    should("rp-token-invalid-grant-loop", Defence::RefusalsEndLogins, "has sent the browser to the server"),
    should("rp-token-401-basic", Defence::WeakerAuthenticationRefused, "sends its secret in the body"),
    must("rp-token-error-injection", Defence::ErrorsEscaped, "as it is"),
    should("rp-token-substitution", Defence::AccessTokenHashCompared, "that its ID token does not belong to"),
    should("rp-dpop-nonce-loop", Defence::NonceDemandedOnce, "sends 5 token requests after"),
    should("rp-429-storm", Defence::ToldToWait, "has sent a code 5 times"),
];
