//! How much the signature of an ID token matters, by the way on which the token came.

use mock_idp::MockIdp;
use mock_idp::tls::Tls;

use crate::client::{Said, Visitor};
use crate::idp::Idp;
use crate::judge::Finding;
use crate::stage::{Heard, Stage};
use crate::verdict::{Level, Verdict};

/// The attacks that find out, in whole or in part, whether a client checks the signature of an ID token, and nothing else.
pub(crate) const ABOUT_SIGNATURES: &[&str] = &[
    "rp-alg-downgrade-metadata",
    "rp-idt-alg-none",
    "rp-idt-sig-stripped",
    "rp-idt-sig-wrong-key",
    "rp-idt-sig-bitflip",
    "rp-idt-hs256-pubkey",
    "rp-idt-hs256-secret",
    "rp-idt-es256-zero",
    "rp-idt-b64-malleable",
    "rp-idt-kid-unknown",
    "rp-idt-kid-missing-multi",
    "rp-idt-kid-injection",
    "rp-idt-header-key",
    "rp-idt-header-url",
    "rp-idt-crit",
    "rp-jwks-weak-key",
    "rp-jwks-rotation",
    "rp-jwks-confused",
];

/// The way that an ID token took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// The client had it from the token endpoint.
    TokenEndpoint,
    /// A browser brought it.
    Browser,
}

/// Judges what a client made of an ID token that nothing is wrong with but its signature, and whether it `used` the access
/// token that came along. A client that breaks down or never answers has failed otherwise, and is not judged here.
pub(super) async fn judge(stage: &Stage, (idp, way): (&Idp, Way), (heard, used): (&Heard, bool), what: &str) {
    let accepted = matches!(heard, Heard::Said(Said::Accepted { .. }));
    let level = if accepted || used { level(stage, idp, way).await } else { None };
    if used {
        let because = format!("the client used the access token that came with {what}");
        stage.found(Finding { level, ..Finding::new(Verdict::Vulnerable, because) });
    }
    match level.filter(|_| accepted) {
        Some(level) => stage.must_reject_at(level, heard, what),
        None => stage.must_reject(heard, what),
    };
}

/// How strongly a client is asked to check the signature of an ID token that came from `idp` on this `way`, if less
/// strongly than otherwise. "The TLS server validation MAY be used to validate the issuer in place of checking the token
/// signature", if the token was "received via direct communication between the Client and the Token Endpoint" (OpenID
/// Connect Core section 3.1.3.7). Over plain http, and for a client that takes every certificate, there is no such
/// validation.
async fn level(stage: &Stage, idp: &Idp, way: Way) -> Option<Level> {
    let encrypted = idp.issuer().starts_with("https://");
    let directly = way == Way::TokenEndpoint;
    (directly && encrypted && verifies_certificates(stage).await).then_some(Level::Should)
}

/// Whether the client keeps its code from a server whose certificate it has no reason to trust.
async fn verifies_certificates(stage: &Stage) -> bool {
    let aside = stage.aside();
    let Ok(unknown) = aside.idp_of(MockIdp::builder().tls(Tls::generated())).await else { return false };
    let unknown = unknown.untrusted();
    // Wherever it breaks off, it has redeemed no code.
    let _ = aside.login(&Visitor::new(), &unknown).await;
    unknown.token_requests().is_empty()
}

#[cfg(test)]
mod tests {
    use oauth_types::fault::{Edit, Signature};

    use super::*;
    use crate::on_clients::{gullible, lying_token};

    async fn levels(stage: Stage, builder: mock_idp::Builder) -> Vec<Option<Level>> {
        let grants = vec!["authorization_code", "implicit"];
        let client = stage.registration().registering("grant_types", grants);
        let idp = stage.idp_knowing(builder, client).await.expect("a server");
        let edits = vec![Edit::sign(Signature::Corrupted)];
        lying_token::signature_must_be_rejected(&stage, &idp, edits, "a lie").await.expect("a login");
        stage.findings().into_iter().map(|finding| finding.level).collect()
    }

    #[tokio::test]
    async fn what_a_browser_brought_needs_its_signature_over_https_as_well() {
        let encrypted = MockIdp::builder().legacy().tls(Tls::generated());
        assert_eq!(
            levels(gullible::stage("response_type=code%20id_token", gullible::believe), encrypted).await,
            [None]
        );
    }

    #[tokio::test]
    async fn a_signature_matters_less_behind_tls() {
        let stage = gullible::stage("response_type=code", gullible::believe);
        let accepted = Heard::Said(Said::Accepted { issuer: String::new(), subject: String::new() });
        let secure = stage.idp_of(MockIdp::builder().tls(Tls::generated())).await.expect("a server");
        let plain = stage.idp().await.expect("a server");
        for (idp, way) in [(&secure, Way::TokenEndpoint), (&secure, Way::Browser), (&plain, Way::TokenEndpoint)] {
            judge(&stage, (idp, way), (&accepted, false), "a lie").await;
        }
        judge(&stage, (&secure, Way::TokenEndpoint), (&Heard::BrokeDown, true), "a lie").await;
        let found: Vec<_> = stage.findings().into_iter().map(|finding| finding.level).collect();
        assert_eq!(found, [Some(Level::Should), None, None, Some(Level::Should), None]);
    }
}
