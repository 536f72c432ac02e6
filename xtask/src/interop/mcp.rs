//! `@modelcontextprotocol/conformance`: its scenarios for authorization servers.
//!
//! It opens a callback server, prints the authorization URL and waits for somebody to open it; that is done here. Of a
//! check that is not a success it fails for some kinds only; here all of them have to succeed.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use oauth_attacks::report::table::duration;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use super::catalogue::At;
use super::programs::Folders;
use super::stage::{Running, Stage};
use super::table::Table;
use crate::flows::told;
use crate::machine::free_port;
use crate::stopwatch::Stopwatch;
use mock_idp::Profile;

/// The name on the command line.
pub(super) const ID: &str = "mcp";
/// The name it is published under.
pub(super) const PACKAGE: &str = "@modelcontextprotocol/conformance";
/// What is run, in this order.
pub(super) const CHECKS: [&str; 3] =
    ["authorization-server-metadata", "authorization-server-metadata-cimd", "authorization-code-grant"];
/// The version of the specification that is asked for; the package knows which scenarios belong to it.
pub(super) const SPECIFICATION: &str = "2026-07-28";
/// A resource to ask tokens for, as an MCP client does (RFC 8707).
const RESOURCE: &str = "https://mcp.example/mcp";
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs the package and adds a row per check.
pub(super) async fn run(folders: &Folders, stage: &mut Stage<'_>, table: &mut Table) -> Result<(), String> {
    let watch = Stopwatch::start();
    let results = folders.built("../clients/mcp");
    // Results of earlier runs; there may be none.
    let _ = std::fs::remove_dir_all(&results);
    let checks = match stage.at(At::Of(Profile::Mcp).place()).await {
        Ok(running) => tried(folders, running, &results).await,
        Err(why) => Err(why),
    };
    let took = duration(watch.took());
    for name in CHECKS {
        let ended = checks.clone().and_then(|checks| passed(&checks, name));
        table.row((ID, name), &ended, &took);
    }
    Ok(())
}

async fn tried(folders: &Folders, running: &Running, results: &Path) -> Result<Vec<Value>, String> {
    let issuer = format!("{}/conformance", running.server.base);
    let ended = tokio::time::timeout(PATIENCE, package(folders, running, &issuer, results)).await;
    ended.map_err(|_| format!("it was not done after {} seconds", PATIENCE.as_secs()))??;
    read(results)
}

/// Runs the package to its end, and opens the URL it asks to be opened.
async fn package(folders: &Folders, running: &Running, issuer: &str, results: &Path) -> Result<(), String> {
    let port = free_port()?.to_string();
    let mut command = Command::new(folders.node());
    command.arg(folders.npm(PACKAGE).join("dist/index.js"));
    command.args(["authorization", "--client-id", "public", "--spec-version", SPECIFICATION, "--resource", RESOURCE]);
    command.args(["--url", issuer, "--port", &port, "--output-dir"]).arg(results);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
    let mut child = command.spawn().map_err(|error| format!("{}: {error}", folders.node().display()))?;
    let mut lines = BufReader::new(child.stdout.take().ok_or("it has no output")?).lines();
    let mut to_open = None;
    let mut listens = false;
    while let Some(line) = lines.next_line().await.map_err(|error| told(&error))? {
        listens |= line.starts_with("Callback server started");
        if line.starts_with(&format!("{issuer}/authorize?")) {
            to_open = Some(line);
        }
        if listens && let Some(url) = to_open.take() {
            running.http.get(url).send().await.map_err(|error| told(&error))?;
        }
    }
    // Its status says whether a check failed; which one is in its results.
    child.wait().await.map(|_| ()).map_err(|error| told(&error))
}

/// Every check of every scenario.
fn read(results: &Path) -> Result<Vec<Value>, String> {
    let failed = |error: std::io::Error| format!("the package wrote no results: {error}");
    let mut checks = Vec::new();
    for folder in std::fs::read_dir(results).map_err(failed)? {
        let text = std::fs::read(folder.map_err(failed)?.path().join("checks.json")).map_err(failed)?;
        let found: Vec<Value> = serde_json::from_slice(&text).map_err(|error| told(&error))?;
        checks.extend(found);
    }
    Ok(checks)
}

/// Says what the check found, or why it did not succeed.
fn passed(checks: &[Value], name: &str) -> Result<String, String> {
    let check = checks.iter().find(|check| check["id"] == name).ok_or("the package did not run it")?;
    match check["status"].as_str() {
        Some("SUCCESS") => Ok(check["description"].as_str().unwrap_or_default().to_owned()),
        other => Err(format!(
            "{}: {}",
            other.unwrap_or("no status"),
            check["errorMessage"].as_str().unwrap_or("no message")
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_warning_is_no_success() {
        let checks = [
            json!({ "id": "a", "status": "SUCCESS", "description": "valid" }),
            json!({ "id": "b", "status": "WARNING", "errorMessage": "missing" }),
        ];
        assert_eq!(passed(&checks, "a"), Ok("valid".to_owned()));
        assert_eq!(passed(&checks, "b"), Err("WARNING: missing".to_owned()));
        assert_eq!(passed(&checks, "c"), Err("the package did not run it".to_owned()));
    }
}
