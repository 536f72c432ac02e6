//! Published servers under every attack of the catalogue, each twice on a freshly started server. What came out is
//! recorded in fixtures/servers with the reasons; a run that differs from it, for better or worse, fails.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::Duration;

use mock_idp_cli::attack::recipe;
use oauth_attacks::report::table::duration;
use oauth_attacks::{Key, Options, Registration, Report, Role, Target, run_on_server};
use oauth_types::Algorithm;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;

use self::findings::{Findings, differences};
use super::programs::{Folders, Package};
use super::table::Table;
use crate::flows::told;
use crate::machine::free_port;
use crate::stopwatch::Stopwatch;

mod document;
mod findings;

pub(crate) use self::document::{document, version};

/// The name of all of them on the command line.
pub(super) const ALL: &str = "servers";
/// How often each is attacked: what comes out must not be a matter of luck.
const ROUNDS: usize = 2;
/// How long a server may take to start; Keycloak needs most of half a minute, on a machine without other work.
const PATIENCE: Duration = Duration::from_secs(180);
/// How long an attack may take; servers share the machine with others.
const ATTACK_PATIENCE: Duration = Duration::from_secs(180);
/// What servers say when they have.
const LISTENING: [&str; 3] = ["listening on", "running on", "Listening on"];
/// Where the browsers of the clients with keys are sent back to.
pub(super) const REDIRECT_URI: &str = "http://127.0.0.1:8400/callback";

/// A published server.
#[derive(Debug)]
pub(crate) struct Server {
    /// Its name on the command line and in fixtures/servers.
    pub(super) id: &'static str,
    /// Where its package comes from, which has the same name.
    pub(super) package: Package,
    /// The path of its issuer.
    path: &'static str,
    /// The recipe of `mock-idp attack server` that describes it.
    recipe: &'static str,
    /// The clients that authenticate and sign with keys of fixtures/keys, by role, name and file. A recipe has no keys.
    pub(super) keyed: &'static [(Role, &'static str, &'static str)],
    /// Attacks that hit a moment at which the server looks the other way: recorded as vulnerable, and sometimes stopped.
    races: &'static [&'static str],
    /// How it is configured.
    pub(super) configuration: &'static str,
}

/// Those that run without anything but their package.
pub(super) const SERVERS: &[Server] = &[
    Server {
        id: "oidc-provider",
        package: Package::Npm,
        path: "",
        recipe: "node-oidc-provider",
        keyed: &[(Role::Keyed, "keyed", "es256.pem"), (Role::Signing, "signing", "es256-2.pem")],
        races: &[],
        configuration: "development interactions, open registration, refresh tokens for every client that may use them",
    },
    Server {
        id: "oauth2-mock-server",
        package: Package::Npm,
        path: "",
        recipe: "oauth2-mock-server",
        keyed: &[],
        races: &[],
        configuration: "as its command line starts it",
    },
    Server {
        id: "oidc-provider-mock",
        package: Package::PyPi,
        path: "",
        recipe: "oidc-provider-mock",
        keyed: &[],
        races: &["as-code-replay-race"],
        configuration: "as its command line starts it, with two users",
    },
];

/// The one that clients log in at, and that no attacks are recorded of.
pub(super) const KEYCLOAK: Server = Server {
    id: "keycloak",
    package: Package::Maven,
    path: "/realms/attacks",
    recipe: "keycloak",
    keyed: &[(Role::Keyed, "keyed", "es256.pem"), (Role::Signing, "signing", "es256-2.pem")],
    races: &[],
    configuration: "a realm with S256 for every client, and refresh tokens that are used once",
};

/// Attacks a server and compares what comes out with what is recorded.
pub(super) async fn run(folders: &Folders, server: &Server, table: &mut Table) {
    let watch = Stopwatch::start();
    let ended = compared(folders, server).await;
    table.row((server.id, ALL), &ended, &duration(watch.took()));
}

async fn compared(folders: &Folders, server: &Server) -> Result<String, String> {
    let expected = Findings::read(&folders.servers(), server.id)?;
    for round in 1..=ROUNDS {
        let report = attacked(folders, server).await?;
        let differing = differences(&expected, &report, server.races);
        if !differing.is_empty() {
            return Err(format!("in round {round} of {ROUNDS}\n    {}", differing.join("\n    ")));
        }
        if round == ROUNDS {
            return Ok(counts(&report));
        }
    }
    Ok(String::new())
}

/// Starts a server, runs the whole catalogue against it, and stops it.
async fn attacked(folders: &Folders, server: &Server) -> Result<Report, String> {
    let running = Running::start(folders, server).await?;
    let target = described(folders, server, running.issuer()).await?;
    // It is ours, on the loopback interface.
    let options = Options::new().permit_harm().patience(ATTACK_PATIENCE);
    let report = run_on_server(&target, &options).await;
    running.stop().await?;
    Ok(report)
}

/// A published server that listens.
#[derive(Debug)]
pub(super) struct Running {
    process: Child,
    issuer: String,
    drained: JoinHandle<()>,
}

impl Running {
    /// Starts one, and waits until it listens.
    pub(super) async fn start(folders: &Folders, server: &Server) -> Result<Self, String> {
        let port = free_port()?;
        let issuer = format!("http://localhost:{port}{}", server.path);
        let mut process = start(folders, server, port)?;
        let mut lines = BufReader::new(process.stdout.take().ok_or("it has no output")?).lines();
        let listens = async {
            while let Some(line) = lines.next_line().await.map_err(|error| told(&error))? {
                if LISTENING.iter().any(|words| line.contains(words)) {
                    return Ok(());
                }
            }
            Err("it ended before it listened".to_owned())
        };
        let in_time = tokio::time::timeout(PATIENCE, listens).await;
        in_time.map_err(|_| format!("it does not listen after {} seconds", PATIENCE.as_secs()))??;
        // Whoever is not listened to stops in the middle of a line.
        let drained = tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(Self { process, issuer, drained })
    }

    /// Where it is.
    pub(super) fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Ends it.
    pub(super) async fn stop(mut self) -> Result<(), String> {
        self.process.kill().await.map_err(|error| told(&error))?;
        self.drained.await.map_err(|error| told(&error))
    }
}

fn start(folders: &Folders, server: &Server, port: u16) -> Result<Child, String> {
    let keys = server.keyed.iter().map(|(_, _, file)| folders.keys().join(file));
    let mut command = Command::from(folders.server((server.package, server.id), port, keys)?);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
    let spawned = command.spawn();
    spawned.map_err(|error| format!("{}: {error}", command.as_std().get_program().display()))
}

/// The server as its recipe describes it, with the clients that have keys.
async fn described(folders: &Folders, server: &Server, issuer: &str) -> Result<Target, String> {
    let target = recipe(server.recipe, issuer).await?;
    server.keyed.iter().try_fold(target, |target, (role, id, file)| {
        let path = folders.keys().join(file);
        let pem = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let key = Key::from_pem(Algorithm::Es256, "key", &pem).map_err(|error| told(&error))?;
        let client = Registration::keyed(*id, key.clone(), REDIRECT_URI);
        let client = if *role == Role::Signing { client.signing(key) } else { client };
        Ok(target.playing(*role, client))
    })
}

fn counts(report: &Report) -> String {
    let mut counts = BTreeMap::new();
    for outcome in &report.outcomes {
        *counts.entry(findings::name(outcome.verdict)).or_insert(0_u32) += 1;
    }
    let counts: Vec<_> = counts.into_iter().map(|(verdict, count)| format!("{count} {verdict}")).collect();
    format!("{}, twice, as recorded", counts.join(", "))
}
