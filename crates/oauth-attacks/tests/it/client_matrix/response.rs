//! What the attacks of the family `response` need to be off.

use oauth_attacks::Level;

use super::Row;
use crate::victims::client::Defence;

pub(super) const ROWS: &[Row] = &[
    Row {
        id: "rp-state-mismatch",
        off: Defence::StateCompared,
        level: Level::Must,
        because: "redeemed the code of a response with another state",
    },
    Row {
        id: "rp-state-missing-response",
        off: Defence::StateRequired,
        level: Level::Must,
        because: "redeemed the code of a response without a state",
    },
    Row {
        id: "rp-state-empty",
        off: Defence::EmptyStateCompared,
        level: Level::Must,
        because: "sent a token request for a response with an empty state",
    },
    Row {
        id: "rp-state-case-prefix",
        off: Defence::StateComparedExactly,
        level: Level::Must,
        because: "a response whose state",
    },
    Row {
        id: "rp-state-duplicate",
        off: Defence::RepeatedParametersRefused,
        level: Level::Must,
        because: "a response with a second state",
    },
    Row {
        id: "rp-state-tampered",
        off: Defence::StateComparedAsAWhole,
        level: Level::Must,
        because: "which its state was changed to",
    },
    Row {
        id: "rp-state-other-browser",
        off: Defence::LoginsBelongToBrowsers,
        level: Level::Must,
        because: "a response to a login of another browser",
    },
    Row {
        id: "rp-state-replay",
        off: Defence::LoginsAreUsedUp,
        level: Level::Must,
        because: "redeemed the code of a response again",
    },
    Row {
        id: "rp-state-expired",
        off: Defence::LoginsAge,
        level: Level::Should,
        because: "a response that is an hour late",
    },
    Row {
        id: "rp-parallel-flows",
        off: Defence::TabsKeptApart,
        level: Level::Must,
        because: "accepted the code of the second tab in the first",
    },
    Row {
        id: "rp-unsolicited-response",
        off: Defence::LoginRequired,
        level: Level::Must,
        because: "a response without a login",
    },
    Row {
        id: "rp-iss-wrong",
        off: Defence::IssuerCompared,
        level: Level::Must,
        because: "a response of another issuer",
    },
    Row {
        id: "rp-iss-missing",
        off: Defence::IssuerRequired,
        level: Level::Must,
        because: "without the announced issuer",
    },
    Row {
        id: "rp-iss-unadvertised-wrong",
        off: Defence::IssuerComparedUnasked,
        level: Level::Should,
        because: "another issuer that is not announced",
    },
    Row {
        id: "rp-iss-normalised",
        off: Defence::IssuerComparedExactly,
        level: Level::Must,
        because: "a response whose issuer has",
    },
    Row {
        id: "rp-iss-duplicate",
        off: Defence::RepeatedParametersRefused,
        level: Level::Must,
        because: "a response with a second issuer",
    },
    Row {
        id: "rp-iss-error-response",
        off: Defence::ErrorsAreChecked,
        level: Level::Must,
        because: "shows what an error of another issuer says",
    },
    Row {
        id: "rp-code-missing",
        off: Defence::CodeRequired,
        level: Level::Must,
        because: "sent a token request for a response with",
    },
    Row {
        id: "rp-code-and-error",
        off: Defence::ErrorsComeFirst,
        level: Level::Must,
        because: "a response with a code and an error",
    },
    Row {
        id: "rp-code-duplicate",
        off: Defence::RepeatedParametersRefused,
        level: Level::Must,
        because: "a response with",
    },
    Row {
        id: "rp-code-opaque",
        off: Defence::CodeEncoded,
        level: Level::Must,
        because: "sends something else than a code with odd characters",
    },
    Row { id: "rp-code-hostile", off: Defence::CodeEncoded, level: Level::Must, because: "has a parameter twice" },
    Row {
        id: "rp-code-injection-pkce",
        off: Defence::LoginsKeptApart,
        level: Level::Must,
        because: "accepted an injected code",
    },
    Row {
        id: "rp-code-injection-nonce",
        off: Defence::NonceCompared,
        level: Level::Must,
        because: "an ID token of another login",
    },
    Row {
        id: "rp-frontchannel-token-injection",
        off: Defence::FrontChannelTokensIgnored,
        level: Level::Must,
        because: "the client uses an access token",
    },
    Row {
        id: "rp-response-mode-confusion",
        off: Defence::ResponseModeFixed,
        level: Level::Must,
        because: "with another state",
    },
    Row { id: "rp-error-xss", off: Defence::ErrorsEscaped, level: Level::Must, because: "as it is" },
    Row {
        id: "rp-error-loop",
        off: Defence::ErrorsEndLogins,
        level: Level::Should,
        because: "has sent the browser to the server",
    },
    Row {
        id: "rp-jarm-invalid",
        off: Defence::ResponseSignatureVerified,
        level: Level::Must,
        because: "a token request for a response",
    },
    Row {
        id: "rp-jarm-invalid",
        off: Defence::ResponseClaimsCompared,
        level: Level::Must,
        because: "a token request for a signed response",
    },
    Row {
        id: "rp-hybrid-chash",
        off: Defence::FrontChannelHashesCompared,
        level: Level::Must,
        because: "redeemed a code with an ID token of",
    },
    Row {
        id: "rp-callback-referer",
        off: Defence::CallbackLeadsAway,
        level: Level::Should,
        because: "no policy for the Referer header",
    },
    Row { id: "rp-open-redirector", off: Defence::ReturnStaysHere, level: Level::Must, because: "after a login" },
];
