//! docs/CONTAINER.md, whose commands are run as they stand there.

use std::path::Path;
use std::process::{Command, Stdio};

use super::engine::Engine;
use crate::flows::target_folder;
use crate::machine::{follow, free_port, is_there};

/// What the document says.
const DOCUMENT: &str = include_str!("../../../docs/CONTAINER.md");
/// The example with an application.
const EXAMPLE: &str = "examples/compose/compose.yaml";
/// That application on this machine's Python, for machines that cannot fetch an image of one.
const HERE: &str = include_str!("here.yaml");
/// How many seconds all of it may take, far beyond what it takes.
const PATIENCE: u32 = 120;
/// The block that was run already.
const MAKING: &str = "cargo xtask container";

/// Runs the document's commands, on a port that is free.
pub(super) fn run(root: &Path, engine: &Engine) -> Result<String, String> {
    let compose = compose().ok_or("there is no docker compose: apt-get install docker-compose")?;
    let here = target_folder(root).join("container/here.yaml");
    std::fs::write(&here, HERE).map_err(|error| format!("{}: {error}", here.display()))?;
    let blocks = blocks(DOCUMENT);
    let port = free_port()?;
    let files = format!("{EXAMPLE} --file {}", here.display());
    let script = blocks.concat().replace("docker compose", compose).replace(EXAMPLE, &files);
    let script = ["127.0.0.1", "localhost"]
        .iter()
        .fold(script, |script, host| script.replace(&format!("{host}:8080"), &format!("{host}:{port}")));
    // Whatever happens, nothing goes on running.
    let script = format!("trap '{compose} --file {files} down; docker rm --force idp' EXIT\n{script}");
    follow(
        "docs/CONTAINER.md",
        &script,
        (PATIENCE, |shell| {
            shell.envs(engine.variables()).env("IDP_PORT", port.to_string()).current_dir(root);
        }),
    )?;
    Ok(format!("docs/CONTAINER.md: {} blocks of commands did what it says", blocks.len()))
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
