//! `schemathesis`: calls that nobody would write by hand, against the control API, made from its own OpenAPI document.

use std::process::Stdio;
use std::time::Duration;

use oauth_attacks::report::table::duration;
use tokio::process::Command;

use super::catalogue::At;
use super::programs::Folders;
use super::stage::Stage;
use super::table::Table;
use crate::stopwatch::Stopwatch;
use mock_idp::Profile;

/// The name on the command line, and on PyPI.
pub(super) const ID: &str = "schemathesis";
/// What it looks for in every answer.
pub(super) const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                                 response_headers_conformance,response_schema_conformance,negative_data_rejection,\
                                 unsupported_method";
/// Calls made up for each call of the document, beside those that its schemas suggest.
const EXAMPLES: &str = "25";
const PATIENCE: Duration = Duration::from_secs(600);

/// Runs the package and adds a row.
pub(super) async fn run(folders: &Folders, stage: &mut Stage<'_>, table: &mut Table) {
    let watch = Stopwatch::start();
    let ended = match stage.at(At::Of(Profile::Strict).place()).await {
        Ok(running) => {
            let base = running.server.base.clone();
            let ended = tokio::time::timeout(PATIENCE, package(folders, &base)).await;
            ended.unwrap_or_else(|_| Err(format!("it was not done after {} seconds", PATIENCE.as_secs())))
        }
        Err(why) => Err(why),
    };
    table.row((ID, "control API"), &ended, &duration(watch.took()));
}

/// Runs the package to its end. The same calls are made each time.
async fn package(folders: &Folders, base: &str) -> Result<String, String> {
    let program = folders.schemathesis();
    let mut command = Command::new(&program);
    command.args(["run", &format!("{base}/_control/openapi.json"), "--checks", CHECKS, "--max-examples", EXAMPLES]);
    command.args(["--phases", "examples,coverage,fuzzing", "--generation-deterministic", "--no-color"]);
    command.args(["--suppress-health-check", "all"]);
    // The server is on this machine, whatever proxy is between it and others.
    command.env("NO_PROXY", "*");
    command.current_dir(folders.scratch()?).stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let output = command.output().await.map_err(|error| format!("{}: {error}", program.display()))?;
    let text = String::from_utf8_lossy(&output.stdout);
    match output.status.success() {
        true => said(&text).ok_or_else(|| "it does not say what it did".to_owned()),
        false => Err(text.lines().skip_while(|line| !line.contains("FAILURES")).collect::<Vec<_>>().join("\n")),
    }
}

/// What it says that it did, if that is anything.
fn said(text: &str) -> Option<String> {
    let line = text.lines().map(str::trim).find(|line| line.contains(" generated, "))?;
    let made = line.strip_suffix(" passed")?;
    (!made.starts_with("0 ")).then(|| format!("{made}: no 5xx and no answer that is not documented"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_made_no_calls_says_nothing() {
        assert_eq!(said("Test cases:\n  0 generated, 0 passed"), None);
        assert_eq!(said("nothing"), None);
        let said = said("Test cases:\n  48 generated, 48 passed\n").expect("it did something");
        assert!(said.starts_with("48 generated, 48:"), "{said}");
    }
}
