//! `cargo xtask interop attacks`: attacks on published clients, each as its documentation says a native application logs
//! in. What they come to is recorded in fixtures/clients/NAME/findings.json, with a sentence for each that is not stopped;
//! a run fails on any difference, for the better or the worse.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use oauth_attacks::client::Ability;
use oauth_attacks::outcomes::{Failure, Report};
use oauth_attacks::report::table::duration;
use oauth_attacks::{Baseline, Command, Level, Options, Outcome, Registration, Verdict, run_on_client};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::programs::{Folders, Runtime};
use super::table::Table;
use crate::flows::told;
use crate::stopwatch::Stopwatch;

/// The name on the command line.
pub(super) const ID: &str = "attacks";
/// Clients at a time, and attacks at a time on each. Most of a run is waiting for programs to start.
const CLIENTS_AT_A_TIME: usize = 3;
const SIDE_BY_SIDE: usize = 4;
/// How long a program may be silent before it counts as still waiting, and an attack may take, on a busy machine.
const SILENCE: Duration = Duration::from_secs(4);
const PATIENCE: Duration = Duration::from_secs(300);

/// Those that listen for the answer themselves. For the others the application does, and that is not theirs.
const LISTENING: &[&str] = &["huskarl", "msal", "msal-node"];

/// Those of them that call the loopback interface by its name alone, and have the answer come to no path.
const ON_LOCALHOST: &[&str] = &["msal", "msal-node"];

/// Those that are asked for a refresh once somebody is logged in.
const REFRESHING: &[&str] = &["openid-client", "oidc-client-ts", "authlib", "msal", "msal-node"];

/// A published client, as it is attacked.
pub(super) struct Attacked {
    pub(super) id: &'static str,
    pub(super) package: &'static str,
    pub(super) runtime: Runtime,
    /// Whether it takes no issuers but those with https.
    pub(super) https: bool,
    /// What is on and what is off, in sentences.
    pub(super) configuration: &'static str,
}

/// Every one.
pub(super) const ATTACKED: &[Attacked] = &[
    Attacked {
        id: "openid-client",
        package: "openid-client",
        runtime: Runtime::Node,
        https: false,
        configuration: "`discovery`, `authorizationCodeGrant` with `expectedState`, `expectedNonce`, \
            `pkceCodeVerifier` and `idTokenExpected`, `fetchUserInfo`, `refreshTokenGrant`; `enableNonRepudiationChecks` is on, \
            `allowInsecureRequests` only where the issuer itself has no https. It keeps no tokens: which refresh token is sent, \
            and what becomes of one that was refused, is decided by the application.",
    },
    Attacked {
        id: "oidc-client-ts",
        package: "oidc-client-ts",
        runtime: Runtime::Node,
        https: true,
        configuration: "`UserManager` with `authority`, `loadUserInfo` and a navigator that opens the browser, a `nonce` \
            for each login, `signinSilent`; storage in memory, and no `automaticSilentRenew`. Made for pages in browsers, it runs in Node \
            here: what a browser keeps a page from doing, nobody keeps it from.",
    },
    Attacked {
        id: "authlib",
        package: "authlib",
        runtime: Runtime::Python,
        https: false,
        configuration: "`OAuth2Session` with PKCE and `state`, `CodeIDToken` with `iss`, `aud`, `nonce` and \
            `access_token`, signatures verified by `joserfc`, `refresh_token`; metadata and keys are read by the application.",
    },
    Attacked {
        id: "oauth2",
        package: "oauth2",
        runtime: Runtime::Rust,
        https: false,
        configuration: "`BasicClient` with PKCE, `state` compared by the application, an HTTP client that does not \
            follow redirects. It has no metadata, no ID tokens and no UserInfo.",
    },
    Attacked {
        id: "openidconnect",
        package: "openidconnect",
        runtime: Runtime::Rust,
        https: false,
        configuration: "`discover_async`, `CoreClient` with PKCE, `state` and `at_hash` compared by the application, \
            `id_token_verifier`, `user_info` with the subject; an HTTP client that does not follow redirects.",
    },
    Attacked {
        id: "huskarl",
        package: "huskarl",
        runtime: Runtime::Rust,
        https: false,
        configuration: "`AuthorizationServerMetadata::fetch`, `AuthorizationCodeGrant` as built from metadata, \
            `complete_on_loopback`, `UserInfoClient`; an HTTP client that does not follow redirects.",
    },
    Attacked {
        id: "msal",
        package: "msal",
        runtime: Runtime::Python,
        https: true,
        configuration: "`PublicClientApplication` with `oidc_authority`, `acquire_token_interactive`, which is told \
            that it is in no container, `acquire_token_silent_with_error`; the identity is that of `id_token_claims`, \
            whose validation the library leaves to applications. It has no UserInfo, and takes no issuers without https.",
    },
    Attacked {
        id: "msal-node",
        package: "@azure/msal-node",
        runtime: Runtime::Node,
        https: true,
        configuration: "`PublicClientApplication` with `ProtocolMode.OIDC` and `knownAuthorities`, \
            `acquireTokenInteractive` with a `nonce`, `acquireTokenSilent`; the identity is that of `idTokenClaims`. It has no UserInfo, and takes no issuers without https.",
    },
];

/// An entry of findings.json.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Found {
    pub(super) id: String,
    pub(super) verdict: Verdict,
    /// How strongly the worst of what it does not stop is forbidden.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) level: Option<Level>,
    /// What the client does, in a sentence; of what could not be tried, why.
    pub(super) reason: String,
}

/// How much is played, and to what end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// What docs/CLIENTS.md says of the clients: the attacks that they were seen not to stop.
    Claims,
    /// Every attack, to be compared with what is recorded.
    Everything,
    /// Every attack, to be recorded anew.
    Record,
}

/// Plays attacks to every client, to some clients at a time, and adds a row for each as soon as it is there.
pub(super) async fn run(folders: &Folders, clients: Vec<&'static Attacked>, extent: Extent, table: &mut Table) {
    let turns = Arc::new(Semaphore::new(CLIENTS_AT_A_TIME));
    let mut playing = JoinSet::new();
    for attacked in clients {
        let (folders, turns) = (folders.clone(), Arc::clone(&turns));
        playing.spawn(async move {
            let _turn = turns.acquire().await;
            let watch = Stopwatch::start();
            let ended = match extent {
                Extent::Record => write(&folders, attacked).await,
                Extent::Claims | Extent::Everything => compare(&folders, attacked, extent).await,
            };
            (attacked.id, ended, duration(watch.took()))
        });
    }
    while let Some(played) = playing.join_next().await {
        match played {
            Ok((id, ended, took)) => table.row((id, ID), &ended, &took),
            Err(error) => table.row((ID, ID), &Err(told(&error)), ""),
        }
    }
}

async fn compare(folders: &Folders, attacked: &Attacked, extent: Extent) -> Result<String, String> {
    let path = findings(&folders.written, attacked.id);
    let mut recorded = read(&folders.written, attacked.id)?;
    let mut options = Options::new();
    if extent == Extent::Claims {
        recorded.retain(|found| found.verdict != Verdict::Inconclusive);
        options = options.only(recorded.iter().map(|found| found.id.clone()));
    }
    let known =
        recorded.iter().map(|found| json!({"id": found.id, "verdict": found.verdict, "reason": found.reason}));
    let known = serde_json::Value::from_iter(known).to_string();
    let baseline = Baseline::read(&known).map_err(|error| format!("{}: {error}", path.display()))?;
    let options = options.baseline(baseline);
    let report = play(folders, attacked, &options.clone().side_by_side(SIDE_BY_SIDE)).await?;
    let mut failures = differences(&report, &recorded);
    if !failures.is_empty() {
        // On a machine with much else to do a program may be late. Alone it is not.
        let again: Vec<_> = failures.iter().map(|failure| failure.id.clone()).collect();
        failures = differences(&play(folders, attacked, &options.only(again)).await?, &recorded);
    }
    match failures.is_empty() {
        true => Ok(counts(&report.outcomes)),
        false => {
            let lines = failures.iter().map(|failure| format!("    {}: {}", failure.id, failure.because));
            Err(format!("not as in {}\n{}", path.display(), lines.collect::<Vec<_>>().join("\n")))
        }
    }
}

/// What is not as recorded: another verdict, or another level.
fn differences(report: &Report, recorded: &[Found]) -> Vec<Failure> {
    let mut differences = report.failures();
    for outcome in &report.outcomes {
        let same = |found: &&Found| found.id == outcome.id && found.verdict == outcome.verdict;
        if let Some(found) = recorded.iter().find(same)
            && found.level != level(outcome)
        {
            let recorded = found.level.map_or_else(|| "without a level".to_owned(), |level| format!("as {level}"));
            let because = format!("it is recorded {recorded}, but came to {}: {}", outcome.level, outcome.because);
            differences.push(Failure { id: outcome.id.to_owned(), because });
        }
    }
    differences
}

/// The level of what was not stopped.
fn level(outcome: &Outcome) -> Option<Level> {
    (outcome.verdict == Verdict::Vulnerable).then_some(outcome.level)
}

/// Writes what comes out, with the words that are there for what has not changed. What has changed is looked at again,
/// alone: on a machine with much else to do a program may be late.
async fn write(folders: &Folders, attacked: &Attacked) -> Result<String, String> {
    let mut outcomes = play(folders, attacked, &Options::new().side_by_side(SIDE_BY_SIDE)).await?.outcomes;
    let known = read(&folders.written, attacked.id).unwrap_or_default();
    let as_known = |outcome: &&Outcome| {
        let of = known.iter().find(|found| found.id == outcome.id);
        of.map_or((Verdict::Stopped, None), |found| (found.verdict, found.level)) == (outcome.verdict, level(outcome))
    };
    let changed: Vec<_> = outcomes.iter().filter(|outcome| !as_known(outcome)).map(|outcome| outcome.id).collect();
    if !changed.is_empty() && !known.is_empty() {
        for outcome in play(folders, attacked, &Options::new().only(changed)).await?.outcomes {
            if let Some(first) = outcomes.iter_mut().find(|first| first.id == outcome.id) {
                *first = outcome;
            }
        }
    }
    let found = outcomes.iter().filter(|outcome| outcome.verdict != Verdict::Stopped);
    let found: Vec<_> = found.map(|outcome| described(outcome, &known)).collect();
    let path = findings(&folders.written, attacked.id);
    let text = serde_json::to_string_pretty(&found).map_err(|error| told(&error))? + "\n";
    let failed = |error: std::io::Error| format!("{}: {error}", path.display());
    std::fs::create_dir_all(path.parent().unwrap_or(&path)).map_err(failed)?;
    std::fs::write(&path, text).map_err(failed)?;
    Ok(format!("{}, recorded", counts(&outcomes)))
}

fn described(outcome: &Outcome, known: &[Found]) -> Found {
    let same = |found: &&Found| found.id == outcome.id && found.verdict == outcome.verdict;
    let reason = match (known.iter().find(same), outcome.verdict) {
        (Some(found), Verdict::Tolerated | Verdict::Vulnerable) => found.reason.clone(),
        (None, Verdict::Tolerated | Verdict::Vulnerable) => format!("to be judged: {}", outcome.because),
        _ => outcome.because.clone(),
    };
    Found { id: outcome.id.to_owned(), verdict: outcome.verdict, level: level(outcome), reason }
}

async fn play(folders: &Folders, attacked: &Attacked, options: &Options) -> Result<Report, String> {
    let (program, arguments) = folders.attacked(attacked.runtime, attacked.id);
    let words = std::iter::once(program).chain(arguments).map(|word| quoted(&word));
    let mut client = Command::new(words.collect::<Vec<_>>().join(" ")).map_err(|error| told(&error))?;
    if REFRESHING.contains(&attacked.id) {
        client = client.able_to([Ability::Refresh]);
    }
    if !LISTENING.contains(&attacked.id) {
        client = client.unable_to([Ability::Listen]);
    }
    if ON_LOCALHOST.contains(&attacked.id) {
        client = client.registered(Registration::public("client-under-test", "http://localhost"));
    }
    if attacked.https {
        client = client.over_https().map_err(|error| told(&error))?;
    }
    Ok(run_on_client(client.quiet_after(SILENCE), &options.clone().patience(PATIENCE)).await)
}

/// A word of the shell.
pub(super) fn quoted(word: &Path) -> String {
    format!("'{}'", word.display().to_string().replace('\'', r"'\''"))
}

fn counts(outcomes: &[Outcome]) -> String {
    let of = |verdict| outcomes.iter().filter(|outcome| outcome.verdict == verdict).count();
    format!(
        "{} stopped, {} tolerated, {} vulnerable, {} could not be tried",
        of(Verdict::Stopped),
        of(Verdict::Tolerated),
        of(Verdict::Vulnerable),
        of(Verdict::Inconclusive)
    )
}

/// What is recorded of a client.
pub(super) fn read(clients: &Path, id: &str) -> Result<Vec<Found>, String> {
    let path = findings(clients, id);
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))
}

/// What is recorded of every client, by the id of the attack.
pub(super) fn recorded(root: &Path) -> Result<BTreeMap<&'static str, BTreeMap<String, Found>>, String> {
    let of = |attacked: &Attacked| {
        let found = read(&root.join("fixtures/clients"), attacked.id)?;
        Ok((attacked.id, found.into_iter().map(|found| (found.id.clone(), found)).collect()))
    };
    ATTACKED.iter().map(of).collect()
}

fn findings(clients: &Path, id: &str) -> PathBuf {
    clients.join(id).join("findings.json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_finding_is_described_by_somebody() {
        for (client, found) in recorded(&crate::root()).expect("findings") {
            for found in found.values() {
                assert!(!found.reason.starts_with("to be judged"), "{client} {}: {}", found.id, found.reason);
                let could_not = found.reason.starts_with("the client") || found.reason.starts_with("it ");
                let tried = found.verdict != Verdict::Inconclusive;
                assert!(tried || could_not, "{client} {}: {}", found.id, found.reason);
                assert!(!tried || found.reason.ends_with('.'), "{client} {}: no sentence", found.id);
                let judged = found.verdict == Verdict::Vulnerable;
                assert_eq!(judged, found.level.is_some(), "{client} {}: level", found.id);
            }
        }
    }

    #[test]
    fn a_word_is_one_word_for_the_shell() {
        assert_eq!(quoted(Path::new("/a b/it's")), r"'/a b/it'\''s'");
    }
}
