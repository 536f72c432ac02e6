//! Every attack on clients is withstood by a sound client, and succeeds when exactly its defence is off.

use std::collections::BTreeSet;

use oauth_attacks::{Level, Options, Verdict, catalogue, run_on_client};

use crate::victims::client::{Defence, Victim};

/// The attack, the defence whose absence it needs, and what its success then means.
const MATRIX: &[(&str, Defence, Level)] = &[
    ("rp-pkce-missing", Defence::ChallengeSent, Level::Must),
    ("rp-pkce-plain", Defence::S256Chosen, Level::Must),
    ("rp-pkce-method-omitted", Defence::MethodNamed, Level::Must),
    ("rp-pkce-challenge-malformed", Defence::ChallengeUnpadded, Level::Must),
    ("rp-pkce-verifier-missing", Defence::VerifierSent, Level::Must),
    ("rp-pkce-verifier-mismatch", Defence::VerifierHashedAsSent, Level::Must),
    ("rp-pkce-verifier-abnf", Defence::VerifierWellFormed, Level::Must),
    ("rp-pkce-verifier-weak", Defence::VerifierRandom, Level::Must),
    ("rp-pkce-challenge-constant", Defence::VerifierFresh, Level::Must),
    ("rp-pkce-fresh-after-error", Defence::FreshAfterError, Level::Must),
    ("rp-pkce-verifier-reuses-state", Defence::VerifierApartFromState, Level::Must),
    ("rp-pkce-verifier-leaked", Defence::VerifierKept, Level::Must),
    ("rp-error-pkce-downgrade", Defence::NoDowngradeAfterError, Level::Must),
    ("rp-token-pkce-downgrade", Defence::CodeSentOnce, Level::Must),
    ("rp-state-mismatch", Defence::StateCompared, Level::Must),
    ("rp-state-missing-response", Defence::StateRequired, Level::Must),
    ("rp-state-other-browser", Defence::LoginsBelongToBrowsers, Level::Must),
    ("rp-state-replay", Defence::LoginsAreUsedUp, Level::Must),
    ("rp-iss-wrong", Defence::IssuerCompared, Level::Must),
    ("rp-iss-missing", Defence::IssuerRequired, Level::Must),
    ("rp-mixup-classic", Defence::IssuerCompared, Level::Must),
    ("rp-code-injection-pkce", Defence::LoginsKeptApart, Level::Must),
    ("rp-code-injection-nonce", Defence::NonceCompared, Level::Must),
    ("rp-token-redirect-307", Defence::RedirectsNotFollowed, Level::Must),
    ("rp-idt-alg-none", Defence::SignatureRequired, Level::Must),
    ("rp-idt-hs256-pubkey", Defence::AlgorithmFixed, Level::Must),
    ("rp-idt-nonce-missing", Defence::NonceRequired, Level::Must),
    ("rp-idt-aud-wrong", Defence::AudienceCompared, Level::Must),
    ("rp-idt-iss-wrong", Defence::TokenIssuerCompared, Level::Must),
    ("rp-idt-exp", Defence::ExpiryCompared, Level::Must),
    ("rp-idt-time-types", Defence::TimesAreNumbers, Level::Must),
];

#[tokio::test]
async fn a_sound_client_withstands_every_attack() {
    let report = run_on_client(Victim::new([]), &Options::new()).await;
    report.assert_all_stopped();
    for outcome in &report.outcomes {
        assert_eq!(outcome.verdict, Verdict::Stopped, "{}: {}", outcome.id, outcome.because);
        assert!(outcome.trace.steps.iter().any(|step| step.stopped), "{} does not show where", outcome.id);
    }
    assert_eq!(report.outcomes.len(), catalogue::CLIENT_ATTACKS.len());
}

#[tokio::test]
async fn every_attack_succeeds_when_exactly_its_defence_is_off() {
    for (id, defence, level) in MATRIX {
        let report = run_on_client(Victim::new([*defence]), &Options::new().only([*id])).await;
        let outcome = &report.outcomes[0];
        assert_eq!(outcome.verdict, Verdict::Vulnerable, "{id} without {defence:?}: {}", outcome.because);
        assert_eq!(outcome.level, *level, "{id} without {defence:?}: {}", outcome.because);
    }
}

#[test]
fn every_attack_has_a_row() {
    let rows: BTreeSet<_> = MATRIX.iter().map(|(id, ..)| *id).collect();
    let attacks: BTreeSet<_> = catalogue::CLIENT_ATTACKS.iter().map(|attack| attack.idea.id).collect();
    assert_eq!(rows, attacks);
}
