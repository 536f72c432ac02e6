//! Every attack on clients is withstood by a sound client, and succeeds when exactly its defence is off.

mod behind_tls;
mod discovery;
mod downgrade;
mod id_token_claims;
mod id_token_signature;
mod mixup;
mod native;
mod requests;
mod resources;
mod response;
mod token_response;

use std::collections::BTreeSet;
use std::sync::Arc;

use oauth_attacks::{Level, Options, Report, Verdict, catalogue, run_on_client};
use tokio::sync::OnceCell;

use crate::victims::client::{Defence, Registered, Victim};

/// An attack, and what its success needs.
pub(crate) struct Row {
    /// The attack.
    pub(crate) id: &'static str,
    /// What is missing.
    pub(crate) off: Defence,
    /// What the success then means.
    pub(crate) level: Level,
    /// Words of the reason that the verdict must give.
    pub(crate) because: &'static str,
}

/// Without this defence the attack succeeds, and what must be is not.
const fn must(id: &'static str, off: Defence, because: &'static str) -> Row {
    Row { id, off, level: Level::Must, because }
}

/// The same where it only should be.
const fn should(id: &'static str, off: Defence, because: &'static str) -> Row {
    Row { id, off, level: Level::Should, because }
}

/// Every row, in the order of the catalogue.
pub(crate) fn rows() -> impl Iterator<Item = &'static Row> {
    let families = [
        requests::ROWS,
        downgrade::ROWS,
        response::ROWS,
        mixup::ROWS,
        discovery::ROWS,
        token_response::ROWS,
        id_token_signature::ROWS,
        id_token_claims::ROWS,
        resources::ROWS,
        native::ROWS,
    ];
    families.into_iter().flatten()
}

/// Runs the rows of a family: each attack succeeds where its defence is off.
async fn succeed(rows: &[Row]) {
    succeed_on(rows.iter(), |row| row.off.registered()).await;
}

/// Each of these attacks succeeds where its defence is off, at a client that is registered like this.
async fn succeed_on(rows: impl Iterator<Item = &Row>, registered: impl Fn(&Row) -> Registered) {
    let mut wrong = Vec::new();
    for row in rows {
        let victim = Victim::registered(registered(row), [row.off]);
        let report = run_on_client(victim, &Options::new().only([row.id])).await;
        let outcome = &report.outcomes[0];
        let right = (outcome.verdict, outcome.level) == (Verdict::Vulnerable, row.level);
        if !right || !outcome.because.contains(row.because) {
            let (verdict, level, because) = (outcome.verdict, outcome.level, &outcome.because);
            wrong.push(format!("{} without {:?}: {verdict} {level}: {because}", row.id, row.off));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A sound client withstands every attack that has a row, registered like the one that does not.
async fn withstand(rows: &[Row]) {
    for registered in Registered::ALL {
        let rows = rows.iter().filter(|row| row.off.registered() == registered);
        let ids: BTreeSet<_> = rows.map(|row| row.id).collect();
        let report = run_on_client(Victim::registered(registered, []), &Options::new().only(ids.clone())).await;
        report.assert_all_stopped();
        for outcome in &report.outcomes {
            assert_eq!(outcome.verdict, Verdict::Stopped, "{}: {}", outcome.id, outcome.because);
            assert!(outcome.trace.steps.iter().any(|step| step.stopped), "{} does not show where", outcome.id);
        }
        assert_eq!(report.outcomes.len(), ids.len());
    }
}

macro_rules! family {
    ($($name:ident)*) => {$(
        mod $name {
            #[tokio::test]
            async fn is_withstood() {
                super::super::withstand(super::super::$name::ROWS).await;
            }

            #[tokio::test]
            async fn succeeds_when_exactly_its_defence_is_off() {
                super::super::succeed(super::super::$name::ROWS).await;
            }
        }
    )*};
}

/// The rows of each family, both ways.
mod proofs {
    family! {
        requests
        downgrade
        response
        mixup
        discovery
        token_response
        id_token_signature
        id_token_claims
        resources
        native
    }
}

/// What a sound client came to that is registered like this.
pub(crate) struct Run {
    pub(crate) registered: Registered,
    pub(crate) report: Report,
    /// Every secret that the client has had meanwhile.
    pub(crate) secrets: Vec<String>,
}

/// The whole catalogue at a sound client, once for each way to be registered, for all tests that look at it.
pub(crate) async fn sound_runs() -> &'static [Run] {
    static RUNS: OnceCell<Vec<Run>> = OnceCell::const_new();
    let runs = RUNS.get_or_init(async || {
        let mut runs = Vec::new();
        for registered in Registered::ALL {
            let victim = Arc::new(Victim::registered(registered, []));
            let report = run_on_client(Arc::clone(&victim), &Options::new()).await;
            runs.push(Run { registered, report, secrets: victim.secrets() });
        }
        runs
    });
    runs.await
}

/// What a client does not do is no weakness, and what it does is not held against it.
#[tokio::test]
async fn a_sound_client_withstands_every_attack_however_it_is_registered() {
    for Run { registered, report, .. } in sound_runs().await {
        for outcome in &report.outcomes {
            let not_about = ["the client cannot ", "the client does not "];
            let not_about = not_about.iter().any(|words| outcome.because.starts_with(words));
            let sound = outcome.verdict == Verdict::Stopped || not_about;
            assert!(sound, "{registered:?}: {}: {} {}", outcome.id, outcome.verdict, outcome.because);
        }
        assert_eq!(report.outcomes.len(), catalogue::client_attacks().count());
    }
}

/// A port for each login keeps codes apart, which is no defence of the client: what succeeds without it succeeds with it.
#[tokio::test]
async fn a_port_for_each_login_hides_no_weakness() {
    // How the redirect URI is written is another question.
    let written = [Defence::RedirectEncrypted, Defence::RedirectLiteral];
    let alike = |row: &&Row| row.off.registered() == Registered::Public && !written.contains(&row.off);
    let families = [downgrade::ROWS, response::ROWS, mixup::ROWS].into_iter().flatten();
    succeed_on(families.filter(alike), |_| Registered::Listening).await;
}

#[test]
fn every_attack_has_a_row() {
    let rows: BTreeSet<_> = rows().map(|row| row.id).collect();
    let attacks: BTreeSet<_> = catalogue::client_attacks().map(|attack| attack.idea.id).collect();
    assert_eq!(rows, attacks);
}
