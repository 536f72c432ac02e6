//! Every attack on servers is stopped by a sound server, and succeeds when exactly its defence is off.
//!
//! There are two victims: a small server of its own whose defences switch off one by one, and the mock server with a
//! mistake in front of it.

mod authorization;
mod client_authentication;
mod code;
mod device;
mod metadata;
mod pkce_challenge;
mod pkce_verifier;
mod possession;
mod pushed;
mod redirect_uri;
mod refresh_token;
mod shapes;
mod token_endpoint;
mod token_use;

use std::collections::BTreeSet;

use oauth_attacks::{Level, Options, Report, Target, Verdict, catalogue, run_on_server};

use crate::victims::front::{Bug, Front};
use crate::victims::server::{Defence, Victim};

/// An attack, and what its success needs.
pub(crate) struct Row {
    /// The attack.
    pub(crate) id: &'static str,
    /// What is missing.
    pub(crate) off: Off,
    /// What the success then means.
    pub(crate) level: Level,
    /// Words of the reason that the verdict must give.
    pub(crate) because: &'static str,
    /// The rules of the mock server that stop the attack, one of which its journal must name when it is sound. Empty
    /// where nothing is refused.
    pub(crate) rules: &'static [&'static str],
}

/// What is missing.
pub(crate) enum Off {
    /// A defence of the small server.
    Defence(Defence),
    /// Something that the mock server does, undone in front of it or by a policy.
    Bug(&'static Bug),
}

impl Row {
    /// A mock server with this bug, at which the attack succeeds.
    const fn bug(
        id: &'static str,
        bug: &'static Bug,
        level: Level,
        because: &'static str,
        rules: &'static [&'static str],
    ) -> Self {
        Self { id, off: Off::Bug(bug), level, because, rules }
    }

    /// The small server without this defence, where the attack succeeds.
    const fn defence(id: &'static str, defence: Defence, level: Level) -> Self {
        Self { id, off: Off::Defence(defence), level, because: "", rules: &[] }
    }
}

/// The same where the success of the attack violates what must be.
const fn must(id: &'static str, bug: &'static Bug, because: &'static str, rules: &'static [&'static str]) -> Row {
    Row::bug(id, bug, Level::Must, because, rules)
}

/// Every row, in the order of the catalogue.
pub(crate) fn rows() -> impl Iterator<Item = &'static Row> {
    let families = [
        pkce_challenge::ROWS,
        pkce_verifier::ROWS,
        code::ROWS,
        redirect_uri::ROWS,
        authorization::ROWS,
        pushed::ROWS,
        client_authentication::ROWS,
        token_endpoint::ROWS,
        refresh_token::ROWS,
        possession::ROWS,
        device::ROWS,
        token_use::ROWS,
        metadata::ROWS,
    ];
    families.into_iter().flatten()
}

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

/// Lets the attack run that this row is about, against what is missing.
async fn run_row(row: &Row) -> Report {
    let options = Options::new().only([row.id]).permit_harm();
    match row.off {
        Off::Defence(defence) => {
            let victim = Victim::start([defence]).await;
            run_on_server(&victim.target().await, &options).await
        }
        Off::Bug(bug) => {
            let front = Front::start(Some(bug)).await;
            run_on_server(&front.target().await, &options.profile(bug.judged_by)).await
        }
    }
}

/// Runs the rows of a family both ways.
async fn both_ways(rows: &[Row]) {
    for row in rows {
        let report = run_row(row).await;
        let outcome = &report.outcomes[0];
        assert_eq!(outcome.verdict, Verdict::Vulnerable, "{}: {}", row.id, outcome.because);
        assert_eq!(outcome.level, row.level, "{}: {}", row.id, outcome.because);
        assert!(outcome.because.contains(row.because), "{}: {}", row.id, outcome.because);
        if let Off::Bug(bug) = row.off {
            stopped_for_the_stated_reason(row, bug).await;
        }
    }
}

/// The same server without the bug stops the attack, by one of the stated rules.
async fn stopped_for_the_stated_reason(row: &Row, bug: &Bug) {
    let front = Front::start(Some(&bug.mended())).await;
    let options = Options::new().only([row.id]).permit_harm().profile(bug.judged_by);
    let report = run_on_server(&front.target().await, &options).await;
    let outcome = &report.outcomes[0];
    assert_eq!(outcome.verdict, Verdict::Stopped, "{}: {}", row.id, outcome.because);
    assert!(outcome.trace.steps.iter().any(|step| step.stopped), "{} does not show where", row.id);
    let refused = front.refusals();
    let stated = row.rules.is_empty() || row.rules.iter().any(|rule| refused.contains(*rule));
    assert!(stated, "{}: none of {:?} is among {refused:?}", row.id, row.rules);
}

macro_rules! family {
    ($($name:ident)*) => {$(
        mod $name {
            #[tokio::test]
            async fn both_ways() {
                super::super::both_ways(super::super::$name::ROWS).await;
            }
        }
    )*};
}

/// The rows of each family, both ways.
mod proofs {
    family! {
        pkce_challenge
        pkce_verifier
        code
        redirect_uri
        authorization
        pushed
        client_authentication
        token_endpoint
        refresh_token
        possession
        device
        token_use
        metadata
    }
}

#[tokio::test]
async fn a_small_sound_server_stops_the_attacks_it_has_defences_for() {
    let victim = Victim::start([]).await;
    let ids: BTreeSet<_> = rows().filter(|row| matches!(row.off, Off::Defence(_))).map(|row| row.id).collect();
    all_stopped(&run_on_server(&victim.target().await, &Options::new().only(ids.clone())).await, ids.len());
}

#[tokio::test]
async fn a_sound_server_stops_every_attack_strictly_and_a_second_run_comes_to_the_same() {
    let front = Front::start(None).await;
    let (target, options) = (front.target().await, Options::new().permit_harm());
    let mut report = run_on_server(&target, &options).await;
    assert_eq!(verdicts(&run_on_server(&target, &options).await), verdicts(&report));
    // A server of one profile does not have what all attacks are about; a row says which one they need.
    let elsewhere: Vec<_> = rows()
        .filter_map(|row| match row.off {
            Off::Bug(bug) if bug.on_its_own => Some(row.id),
            _ => None,
        })
        .collect();
    report.outcomes.retain(|outcome| !elsewhere.contains(&outcome.id));
    let left = report.outcomes.len();
    all_stopped(&report, left);
    assert!(left > 0);
}

fn verdicts(report: &Report) -> Vec<(&'static str, Verdict, Level)> {
    report.outcomes.iter().map(|outcome| (outcome.id, outcome.verdict, outcome.level)).collect()
}

fn all_stopped(report: &Report, number: usize) {
    report.assert_all_stopped();
    for outcome in &report.outcomes {
        assert_eq!(outcome.verdict, Verdict::Stopped, "{}: {}", outcome.id, outcome.because);
        assert!(outcome.trace.steps.iter().any(|step| step.stopped), "{} does not show where", outcome.id);
    }
    assert_eq!(report.outcomes.len(), number);
}

/// They open fifty connections, and who wins is chance where the missing defence is not their own.
const RACES: &[&str] = &["as-code-replay-race", "as-code-race-mixed"];

#[tokio::test]
async fn the_rest_withstands_whatever_does_not_rest_on_the_missing_defence() {
    let small: Vec<_> = rows()
        .filter_map(|row| match row.off {
            Off::Defence(defence) => Some((row.id, defence)),
            Off::Bug(_) => None,
        })
        .collect();
    for (id, defence) in &small {
        let victim = Victim::start([*defence]).await;
        let attacks = small.iter().map(|(id, _)| *id).filter(|id| !RACES.contains(id));
        let options = Options::new().only(attacks);
        let target: Target = victim.target().await;
        let report = run_on_server(&target, &options).await;
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
    let rows: BTreeSet<_> = rows().map(|row| row.id).collect();
    let attacks: BTreeSet<_> = catalogue::server_attacks().map(|attack| attack.idea.id).collect();
    assert_eq!(rows, attacks);
}
