//! docs/CONTAINER.md, whose commands are run as they stand there.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};

use super::engine::Engine;
use crate::flows::target_folder;
use crate::machine::is_there;

/// What the document says.
const DOCUMENT: &str = include_str!("../../../docs/CONTAINER.md");
/// The example with an application.
const EXAMPLE: &str = "examples/compose/compose.yaml";
/// That application on this machine's Python, for machines that cannot fetch an image of one.
const HERE: &str = include_str!("here.yaml");
/// How many seconds all of it may take, far beyond what it takes.
const PATIENCE: &str = "120";
/// The block that was run already.
const MAKING: &str = "cargo xtask container";

/// Runs the document's commands, on a port that is free.
pub(super) fn run(root: &Path, engine: &Engine) -> Result<String, String> {
    let compose = compose().ok_or("there is no docker compose: apt-get install docker-compose")?;
    let here = target_folder(root).join("container/here.yaml");
    std::fs::write(&here, HERE).map_err(|error| format!("{}: {error}", here.display()))?;
    let blocks = blocks(DOCUMENT);
    let port = free_port().map_err(|error| format!("no port is free: {error}"))?;
    let files = format!("{EXAMPLE} --file {}", here.display());
    let script = blocks.concat().replace("docker compose", compose).replace(EXAMPLE, &files);
    let script = ["127.0.0.1", "localhost"]
        .iter()
        .fold(script, |script, host| script.replace(&format!("{host}:8080"), &format!("{host}:{port}")));
    // Whatever happens, nothing goes on running.
    let script = format!("trap '{compose} --file {files} down; docker rm --force idp' EXIT\n{script}");
    let mut shell = Command::new("timeout");
    shell.args([PATIENCE, "bash", "-e", "-u", "-o", "pipefail", "-c", &script]).envs(engine.variables());
    shell.env("IDP_PORT", port.to_string());
    let output = shell.current_dir(root).stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("bash cannot be run: {error}"))?;
    let (heard, complaint) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    match output.status.success() {
        true => Ok(format!("docs/CONTAINER.md: {} blocks of commands did what it says", blocks.len())),
        false => Err(format!("docs/CONTAINER.md ended with {}:\n{heard}\n{complaint}", output.status)),
    }
}

/// How compose is called: a part of the client, or a program beside it as Debian has it.
pub(super) fn compose() -> Option<&'static str> {
    let part =
        Command::new("docker").args(["compose", "version"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    match part {
        Ok(status) if status.success() => Some("docker compose"),
        _ => is_there("docker-compose").then_some("docker-compose"),
    }
}

/// The commands of a document, but those that make the image.
fn blocks(document: &str) -> Vec<&str> {
    let blocks = document.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    blocks.filter(|block| !block.contains(MAKING)).collect()
}

fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_makes_the_image_is_not_run_again() {
        let document = "a\n```sh\ncargo xtask container\n```\nb\n```sh\necho b\n```\n```toml\nc\n```\n";
        assert_eq!(blocks(document), ["echo b\n"]);
        assert!(blocks(DOCUMENT).len() > 3);
    }
}
