//! What the attacks of the family `response` need to be off.

use oauth_attacks::{Options, Verdict, run_on_client};

use super::{Row, must, should};
use crate::victims::client::{Defence, Victim};

pub(super) const ROWS: &[Row] = &[
    must("rp-state-mismatch", Defence::StateCompared, "redeemed the code of a response with another state"),
    must("rp-state-missing-response", Defence::StateRequired, "redeemed the code of a response without a state"),
    must("rp-state-empty", Defence::EmptyStateCompared, "sent a token request for a response with an empty state"),
    must("rp-state-case-prefix", Defence::StateComparedExactly, "a response whose state"),
    must("rp-state-duplicate", Defence::RepeatedParametersRefused, "a response with a second state"),
    must("rp-state-tampered", Defence::StateComparedAsAWhole, "which its state was changed to"),
    must("rp-state-other-browser", Defence::LoginsBelongToBrowsers, "a response to a login of another browser"),
    must("rp-state-replay", Defence::LoginsAreUsedUp, "redeemed the code of a response again"),
    should("rp-state-expired", Defence::LoginsAge, "a response that is an hour late"),
    must("rp-parallel-flows", Defence::TabsKeptApart, "accepted the code of the second tab in the first"),
    must("rp-unsolicited-response", Defence::LoginRequired, "a response without a login"),
    must("rp-iss-wrong", Defence::IssuerCompared, "a response of another issuer"),
    must("rp-iss-missing", Defence::IssuerRequired, "without the announced issuer"),
    should("rp-iss-unadvertised-wrong", Defence::IssuerComparedUnasked, "another issuer that is not announced"),
    must("rp-iss-normalised", Defence::IssuerComparedExactly, "a response whose issuer has"),
    must("rp-iss-duplicate", Defence::RepeatedParametersRefused, "a response with a second issuer"),
    must("rp-iss-error-response", Defence::ErrorsAreChecked, "shows what an error of another issuer says"),
    must("rp-code-missing", Defence::CodeRequired, "sent a token request for a response with"),
    must("rp-code-and-error", Defence::ErrorsComeFirst, "a response with a code and an error"),
    must("rp-code-duplicate", Defence::RepeatedParametersRefused, "a response with"),
    must("rp-code-opaque", Defence::CodeEncoded, "sends something else than a code with odd characters"),
    must("rp-code-hostile", Defence::CodeEncoded, "has a parameter twice"),
    must("rp-code-injection-pkce", Defence::LoginsKeptApart, "accepted an injected code"),
    must("rp-code-injection-nonce", Defence::NonceCompared, "an ID token of another login"),
    must("rp-frontchannel-token-injection", Defence::FrontChannelTokensIgnored, "the client uses an access token"),
    must("rp-response-mode-confusion", Defence::ResponseModeFixed, "with another state"),
    must("rp-error-xss", Defence::ErrorsEscaped, "as it is"),
    should("rp-error-loop", Defence::ErrorsEndLogins, "has sent the browser to the server"),
    must("rp-jarm-invalid", Defence::ResponseSignatureVerified, "a token request for a response"),
    must("rp-jarm-invalid", Defence::ResponseClaimsCompared, "a token request for a signed response"),
    must("rp-hybrid-chash", Defence::FrontChannelHashesCompared, "redeemed a code with an ID token of"),
    should("rp-callback-referer", Defence::CallbackLeadsAway, "no policy for the Referer header"),
    must("rp-open-redirector", Defence::ReturnStaysHere, "after a login"),
];

#[tokio::test]
async fn who_compares_no_issuers_is_told_so_once() {
    let ids = ["rp-iss-wrong", "rp-iss-unadvertised-wrong", "rp-iss-normalised", "rp-iss-duplicate"];
    let victim = Victim::new([Defence::IssuerCompared, Defence::RepeatedParametersRefused]);
    let report = run_on_client(victim, &Options::new().only(ids)).await;
    assert_eq!(report.outcomes.len(), ids.len());
    for outcome in &report.outcomes {
        let (verdict, because) = match outcome.id {
            "rp-iss-wrong" => (Verdict::Vulnerable, "a response of another issuer"),
            _ => (Verdict::Inconclusive, "the client does not look at the issuer of a response"),
        };
        assert_eq!(outcome.verdict, verdict, "{}: {}", outcome.id, outcome.because);
        assert!(outcome.because.contains(because), "{}: {}", outcome.id, outcome.because);
    }
}
