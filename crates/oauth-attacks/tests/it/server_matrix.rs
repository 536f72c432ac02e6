//! Every attack on servers is stopped by a sound server, and succeeds when exactly its defence is off.

use std::collections::BTreeSet;

use oauth_attacks::{Level, Options, Verdict, catalogue, run_on_server};

use crate::victims::server::{Defence, Victim};

/// The attack, the defence whose absence it needs, and what its success then means.
const MATRIX: &[(&str, Defence, Level)] = &[
    ("as-code-intercept-no-verifier", Defence::VerifierRequired, Level::Must),
    ("as-code-intercept-wrong-verifier", Defence::VerifierCompared, Level::Must),
    ("as-pkce-verifier-equals-challenge", Defence::BoundMethodOnly, Level::Must),
    ("as-pkce-token-method-override", Defence::TokenRequestHasNoSay, Level::Must),
    ("as-pkce-plain-accepted", Defence::PlainRefused, Level::Must),
    ("as-pkce-method-omitted", Defence::MethodRequired, Level::Must),
    ("as-pkce-method-case", Defence::MethodExact, Level::Must),
    ("as-pkce-method-unknown", Defence::MethodKnown, Level::Must),
    ("as-pkce-challenge-missing-public", Defence::ChallengeRequired, Level::Must),
    ("as-pkce-challenge-empty", Defence::EmptyChallengeIsNone, Level::Must),
    ("as-pkce-challenge-duplicate", Defence::RepeatedParametersRefused, Level::Must),
    ("as-pkce-downgrade-no-challenge", Defence::UnsolicitedVerifierRefused, Level::Must),
    ("as-pkce-burn-then-omit", Defence::FailureKeepsChallenge, Level::Must),
    ("as-pkce-verifier-empty", Defence::EmptyVerifierIsNone, Level::Must),
    ("as-pkce-verifier-short", Defence::VerifierLength, Level::Should),
    ("as-pkce-verifier-nearmiss", Defence::VerifierUnaltered, Level::Must),
    ("as-pkce-verifier-in-query", Defence::BodyOnly, Level::Must),
    ("as-pkce-cross-session", Defence::ChallengeOfThisCode, Level::Must),
    ("as-pkce-secret-not-substitute", Defence::SecretIsNoSubstitute, Level::Must),
    ("as-pkce-path-parity", Defence::EveryPathStoresChallenge, Level::Must),
    ("as-code-replay", Defence::CodesAreSpent, Level::Must),
    ("as-code-replay", Defence::ReplayRevokes, Level::Should),
    ("as-code-replay-invalid-no-revoke", Defence::ChecksBeforeRevocation, Level::Should),
    ("as-code-replay-race", Defence::SpendingIsAtomic, Level::Must),
    ("as-code-race-mixed", Defence::OwnVerdictOnly, Level::Must),
    ("as-code-other-client", Defence::CodesBelongToClients, Level::Must),
    ("as-code-redirect-mismatch", Defence::RedirectUriCompared, Level::Must),
    ("as-refresh-replay", Defence::RotatedTokensRefused, Level::Must),
    ("as-refresh-replay", Defence::ReuseRevokes, Level::Should),
];

/// Other attacks that rest on the same defence: they need it as well, or are a special case.
const ALSO: &[(Defence, &[&str])] = &[
    (
        Defence::VerifierRequired,
        &[
            "as-pkce-burn-then-omit",
            "as-pkce-verifier-empty",
            "as-pkce-verifier-in-query",
            "as-pkce-secret-not-substitute",
            "as-pkce-path-parity",
            "as-code-replay-invalid-no-revoke",
        ],
    ),
    (
        Defence::VerifierCompared,
        &[
            "as-pkce-verifier-equals-challenge",
            "as-pkce-token-method-override",
            "as-pkce-challenge-duplicate",
            "as-pkce-burn-then-omit",
            "as-pkce-verifier-nearmiss",
            "as-pkce-verifier-in-query",
            "as-pkce-cross-session",
            "as-pkce-path-parity",
            "as-code-replay-invalid-no-revoke",
        ],
    ),
    (Defence::BoundMethodOnly, &["as-pkce-token-method-override", "as-pkce-path-parity"]),
    (Defence::MethodKnown, &["as-pkce-plain-accepted", "as-pkce-method-case"]),
    (Defence::FailureKeepsChallenge, &["as-code-replay", "as-code-replay-invalid-no-revoke"]),
    (
        Defence::SecretIsNoSubstitute,
        &[
            "as-code-intercept-no-verifier",
            "as-pkce-burn-then-omit",
            "as-pkce-verifier-empty",
            "as-pkce-verifier-in-query",
            "as-code-replay-invalid-no-revoke",
        ],
    ),
    (Defence::SpendingIsAtomic, &["as-code-replay"]),
    (Defence::OwnVerdictOnly, &["as-code-replay-invalid-no-revoke"]),
    (Defence::CodesBelongToClients, &["as-code-replay-invalid-no-revoke"]),
    (Defence::RedirectUriCompared, &["as-code-replay-invalid-no-revoke"]),
];

#[tokio::test]
async fn a_sound_server_stops_every_attack_strictly() {
    let victim = Victim::start([]).await;
    let report = run_on_server(&victim.target().await, &Options::new()).await;
    report.assert_all_stopped();
    for outcome in &report.outcomes {
        assert_eq!(outcome.verdict, Verdict::Stopped, "{}: {}", outcome.id, outcome.because);
        assert!(outcome.trace.steps.iter().any(|step| step.stopped), "{} does not show where", outcome.id);
    }
    assert_eq!(report.outcomes.len(), catalogue::SERVER_ATTACKS.len());
}

#[tokio::test]
async fn every_attack_succeeds_when_exactly_its_defence_is_off() {
    for (id, defence, level) in MATRIX {
        let victim = Victim::start([*defence]).await;
        let report = run_on_server(&victim.target().await, &Options::new().only([*id])).await;
        let outcome = &report.outcomes[0];
        assert_eq!(outcome.verdict, Verdict::Vulnerable, "{id} without {defence:?}: {}", outcome.because);
        assert_eq!(outcome.level, *level, "{id} without {defence:?}: {}", outcome.because);
    }
}

/// They open fifty connections, and who wins is chance where the missing defence is not their own.
const RACES: &[&str] = &["as-code-replay-race", "as-code-race-mixed"];

#[tokio::test]
async fn the_rest_withstands_whatever_does_not_rest_on_the_missing_defence() {
    for (id, defence, _) in MATRIX {
        let victim = Victim::start([*defence]).await;
        let attacks = catalogue::SERVER_ATTACKS.iter().map(|attack| attack.idea.id);
        let options = Options::new().only(attacks.filter(|id| !RACES.contains(id)));
        let report = run_on_server(&victim.target().await, &options).await;
        let also = ALSO.iter().find(|(missing, _)| missing == defence).map_or(&[][..], |(_, also)| also);
        for outcome in report.outcomes.iter().filter(|outcome| outcome.id != *id) {
            let withstood = outcome.verdict.withstood();
            let expected = !also.contains(&outcome.id);
            assert_eq!(withstood, expected, "{} without {defence:?}: {}", outcome.id, outcome.because);
        }
    }
}

#[test]
fn every_attack_has_a_row() {
    let rows: BTreeSet<_> = MATRIX.iter().map(|(id, ..)| *id).collect();
    let attacks: BTreeSet<_> = catalogue::SERVER_ATTACKS.iter().map(|attack| attack.idea.id).collect();
    assert_eq!(rows, attacks);
}
