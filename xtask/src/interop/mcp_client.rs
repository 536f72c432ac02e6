//! `@modelcontextprotocol/conformance`: its scenarios for the authorization of clients, played with the example `mcp_client`.
//!
//! The package starts servers of its own, and the example once per scenario. Every check of a scenario has to succeed;
//! those that only log what was sent are passed over.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use oauth_attacks::report::table::duration;
use serde_json::Value;
use tokio::process::Command;

use super::mcp::{ID, PACKAGE, SPECIFICATION};
use super::programs::Folders;
use super::table::Table;
use crate::flows::told;
use crate::machine::cargo;
use crate::stopwatch::Stopwatch;

/// The example, as cargo calls it.
pub(super) const EXAMPLE: &str = "mcp_client";
const PATIENCE: Duration = Duration::from_secs(60);

/// Every scenario the package has for it, and what is played.
pub(super) const SCENARIOS: &[(&str, &str)] = &[
    ("auth/metadata-default", "metadata of the resource from the refusal, and of the server by RFC 8414"),
    (
        "auth/metadata-var1",
        "metadata of the resource from the address with the path, of the server by OpenID Connect Discovery",
    ),
    ("auth/metadata-var2", "metadata of the resource from the root, of a server with a path by RFC 8414"),
    (
        "auth/metadata-var3",
        "metadata of the resource from elsewhere, of a server with a path by OpenID Connect Discovery",
    ),
    ("auth/basic-cimd", "a client that is called by the URL of its metadata"),
    ("auth/scope-from-www-authenticate", "the scope of the refusal"),
    ("auth/scope-from-scopes-supported", "the scopes of the metadata"),
    ("auth/scope-omitted-when-undefined", "no scope where none is named"),
    ("auth/scope-step-up", "a tool that needs more scope"),
    ("auth/scope-retry-limit", "a resource that is never content"),
    ("auth/token-endpoint-auth-basic", "a registration with `client_secret_basic`"),
    ("auth/token-endpoint-auth-post", "a registration with `client_secret_post`"),
    ("auth/token-endpoint-auth-none", "a registration without a secret"),
    ("auth/pre-registration", "a client that somebody has registered"),
    ("auth/2025-03-26-oauth-metadata-backcompat", "a resource without metadata, whose origin is the server"),
    ("auth/2025-03-26-oauth-endpoint-fallback", "the same, and the server has no metadata either"),
    ("auth/resource-mismatch", "metadata about another resource are refused"),
    ("auth/offline-access-scope", "a server that has a scope for refresh tokens"),
    ("auth/offline-access-not-supported", "a server that has none"),
    ("auth/authorization-server-migration", "a resource that moves to another server"),
    ("auth/iss-supported", "`iss` is announced and right"),
    ("auth/iss-not-advertised", "`iss` is neither announced nor there"),
    ("auth/iss-supported-missing", "`iss` is announced and missing: refused"),
    ("auth/iss-wrong-issuer", "`iss` is another server: refused"),
    ("auth/iss-unexpected", "`iss` is another server and was not announced: refused"),
    ("auth/iss-normalized", "`iss` is nearly the server: refused"),
    ("auth/metadata-issuer-mismatch", "metadata of another issuer are refused"),
    ("auth/client-credentials-jwt", "a service that signs who it is"),
    ("auth/client-credentials-basic", "a service with a secret"),
    ("auth/enterprise-managed-authorization", "a user whom the identity provider of an enterprise vouches for"),
    ("auth/dpop", "tokens that are bound to a key"),
    ("auth/dpop-nonce", "the same, with nonces of server and resource"),
    ("auth/wif-jwt-bearer", "a workload with a token of its platform"),
];

/// Plays every scenario and adds a row for each.
pub(super) async fn run(root: &Path, folders: &Folders, table: &mut Table) -> Result<(), String> {
    build(root).await?;
    let listed = list(folders).await?;
    for name in unknown(&listed) {
        table.row((ID, name), &Err("the package has it, and it is not played".to_owned()), "");
    }
    for (name, says) in SCENARIOS {
        let watch = Stopwatch::start();
        let ended =
            played(folders, name, versions(&listed, name)).await.map(|count| format!("{count} checks: {says}"));
        table.row((ID, name), &ended, &duration(watch.took()));
    }
    Ok(())
}

async fn build(root: &Path) -> Result<(), String> {
    let mut cargo = Command::from(cargo());
    cargo.args(["build", "--quiet", "--package", "pkce-client", "--example", EXAMPLE]).current_dir(root);
    match cargo.stdin(Stdio::null()).status().await.map_err(|error| told(&error))?.success() {
        true => Ok(()),
        false => Err(format!("the example {EXAMPLE} cannot be built")),
    }
}

/// The lines in which the package names its scenarios.
async fn list(folders: &Folders) -> Result<String, String> {
    let output = package(folders).arg("list").output().await.map_err(|error| told(&error))?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn package(folders: &Folders) -> Command {
    let mut command = Command::new(folders.node());
    command.arg(folders.npm(PACKAGE).join("dist/index.js")).stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// Scenarios of the package that are not played here.
fn unknown(listed: &str) -> impl Iterator<Item = &str> {
    let names = listed.split_whitespace().filter(|word| word.starts_with("auth/"));
    names.filter(|name| SCENARIOS.iter().all(|(known, _)| known != name))
}

/// The versions of the specification that a scenario is played for: its own, and the newest where it is another.
fn versions(listed: &str, name: &str) -> &'static [Option<&'static str>] {
    let line = listed.lines().find(|line| line.split_whitespace().any(|word| word == name)).unwrap_or_default();
    let several = line.contains(SPECIFICATION) && line.contains(',');
    if several { &[None, Some(SPECIFICATION)] } else { &[None] }
}

/// Plays a scenario and counts the checks that succeeded.
async fn played(folders: &Folders, name: &str, versions: &[Option<&str>]) -> Result<usize, String> {
    let mut count = 0;
    for version in versions {
        let results = folders.built("../clients/mcp-client").join(version.unwrap_or("own"));
        // Results of earlier runs; there may be none.
        let _ = std::fs::remove_dir_all(&results);
        let mut command = package(folders);
        // The command is split at spaces, so it is one without folders.
        command.args(["client", "--command", &format!("./{EXAMPLE}"), "--scenario", name, "--output-dir"]);
        command.arg(&results).current_dir(folders.built("examples"));
        if let Some(version) = version {
            command.args(["--spec-version", version]);
        }
        let output = tokio::time::timeout(PATIENCE, command.stdout(Stdio::null()).output()).await;
        let output = output.map_err(|_| format!("it was not done after {} seconds", PATIENCE.as_secs()))?;
        let output = output.map_err(|error| told(&error))?;
        count += succeeded(&read(&results)?)?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
    }
    Ok(count)
}

/// Every check in a folder of results, however deep.
fn read(folder: &Path) -> Result<Vec<Value>, String> {
    let failed = |error: std::io::Error| format!("the package wrote no results: {error}");
    let mut checks = Vec::new();
    let mut folders: Vec<PathBuf> = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.ends_with("checks.json") {
                let text = std::fs::read(path).map_err(failed)?;
                let found: Vec<Value> = serde_json::from_slice(&text).map_err(|error| told(&error))?;
                checks.extend(found);
            }
        }
    }
    Ok(checks)
}

/// How many checks succeeded, if all did that say anything.
fn succeeded(checks: &[Value]) -> Result<usize, String> {
    let of = |status: &str| checks.iter().filter(|check| check["status"] == status).count();
    let text = |check: &Value, name: &str| check[name].as_str().unwrap_or_default().to_owned();
    let bad = |check: &&Value| check["status"] != "SUCCESS" && check["status"] != "INFO";
    match checks.iter().find(bad) {
        Some(check) => {
            Err(format!("{} {}: {}", text(check, "status"), text(check, "id"), text(check, "description")))
        }
        None if of("SUCCESS") == 0 => Err("nothing was checked".to_owned()),
        None => Ok(of("SUCCESS")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_check_that_is_no_success_fails_its_scenario() {
        let (good, log) = (json!({ "status": "SUCCESS" }), json!({ "status": "INFO" }));
        assert_eq!(succeeded(&[good.clone(), log.clone(), good.clone()]), Ok(2));
        assert_eq!(succeeded(&[log]), Err("nothing was checked".to_owned()));
        for status in ["FAILURE", "WARNING", "SKIPPED"] {
            let bad = json!({ "status": status, "id": "x", "description": "why" });
            assert_eq!(succeeded(&[good.clone(), bad]), Err(format!("{status} x: why")));
        }
    }

    #[test]
    fn a_scenario_that_nobody_plays_is_named() {
        let listed = "Client:\n  - auth/dpop [extension]\n  - auth/new [2025-11-25]\n  - tools-call";
        assert_eq!(unknown(listed).collect::<Vec<_>>(), ["auth/new"]);
    }

    #[test]
    fn a_scenario_is_played_for_the_newest_version_as_well() {
        let listed = format!("  - auth/a [2025-11-25,{SPECIFICATION}]\n  - auth/ab [{SPECIFICATION}]");
        assert_eq!(versions(&listed, "auth/a"), [None, Some(SPECIFICATION)]);
        assert_eq!(versions(&listed, "auth/ab"), [None]);
    }
}
