//! The examples of how attacks become tests of other frameworks (examples/), on this repository's own programs.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use oauth_attacks::report::table::duration;
use tokio::process::Command;

use super::attacks::quoted;
use super::programs::{Folders, Runtime};
use super::table::Table;
use crate::stopwatch::Stopwatch;

/// The name on the command line.
pub(super) const ID: &str = "examples";
const PATIENCE: Duration = Duration::from_secs(300);

/// An example: its folder, what it is written for, and the client that it attacks.
pub(super) const EXAMPLES: &[(&str, Runtime, &str)] =
    &[("pytest", Runtime::Python, "authlib"), ("node", Runtime::Node, "openid-client")];

/// Runs an example and adds a row.
pub(super) async fn run(root: &Path, folders: &Folders, example: &(&str, Runtime, &str), table: &mut Table) {
    let watch = Stopwatch::start();
    let ended = tokio::time::timeout(PATIENCE, tests(root, folders, example)).await;
    let ended = ended.unwrap_or_else(|_| Err(format!("it was not done after {} seconds", PATIENCE.as_secs())));
    table.row((ID, example.0), &ended, &duration(watch.took()));
}

async fn tests(
    root: &Path,
    folders: &Folders,
    (name, runtime, client): &(&str, Runtime, &str),
) -> Result<String, String> {
    let (program, arguments) = folders.attacked(*runtime, client);
    let words: Vec<PathBuf> = std::iter::once(program.clone()).chain(arguments).collect();
    let mut command = Command::new(program);
    match runtime {
        Runtime::Python => command.args(["-B", "-m", "pytest", "-q", "-p", "no:cacheprovider", "examples/pytest"]),
        _ => command.args(["--test", "examples/node/attacks.test.mjs"]),
    };
    command.env("MOCK_IDP", folders.built("mock-idp"));
    command.env("CLIENT", words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" "));
    command.current_dir(root).stdin(Stdio::null()).kill_on_drop(true);
    let output = command.output().await.map_err(|error| format!("{name}: {error}"))?;
    match output.status.success() {
        true => Ok(format!("its tests pass on {client}")),
        false => {
            Err(format!("{}\n{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr)))
        }
    }
}
