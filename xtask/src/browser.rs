//! `pkce-client` in what is like a browser: a page that logs its user in (fixtures/browser), compiled for
//! wasm32-unknown-unknown, and played by node against the mock server.

use std::path::Path;
use std::process::{Command, Stdio};

use mock_idp::MockIdp;
use oauth_types::Algorithm;
use oauth_types::fault::{Edit, Fault, Point, Signature};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout};

use crate::flows::{target_folder, told};
use crate::machine::{self, Missing, Tool, done, is_there};

/// What it is compiled for.
const TARGET: &str = "wasm32-unknown-unknown";

/// What makes a module for JavaScript, in the version that the page's Cargo.toml names. What it was released with cannot be
/// had any more.
const BINDGEN: Tool =
    Tool { package: "wasm-bindgen-cli", program: "wasm-bindgen", version: "0.2.130", exactly: true, locked: false };

/// Compiles the page, and plays it. Says what was played.
///
/// # Errors
/// [`Missing`].
pub(crate) fn run(root: &Path, install: bool) -> Result<String, Missing> {
    let manifest = root.join("fixtures/browser/Cargo.toml");
    let manifest = manifest.to_string_lossy();
    let (target, folder) = (target_folder(root), target_folder(root).join("browser"));
    let with_cargo = |command: &str, more: &[&str]| {
        let mut cargo = machine::cargo();
        cargo.args([command, "--locked", "--target", TARGET, "--manifest-path", &manifest, "--target-dir"]);
        done(cargo.arg(&target).args(more).current_dir(root))
    };
    machine::provide_target(TARGET, install)?;
    with_cargo("clippy", &["--", "--deny", "warnings"])?;
    let bindgen = BINDGEN.provide(root, install)?;
    if !is_there("node") {
        return Err(Missing::Absent("node.js 18 or later: nodejs.org, or apt-get install nodejs".to_owned()));
    }
    with_cargo("build", &[])?;
    let mut bind = Command::new(bindgen);
    bind.args(["--target", "web", "--no-typescript", "--out-dir"]).arg(&folder);
    done(bind.arg(target.join(TARGET).join("debug/browser.wasm")))?;
    let runtime = tokio::runtime::Runtime::new().map_err(|error| format!("no runtime: {error}"))?;
    Ok(runtime.block_on(play(root, &folder))?)
}

/// Logs in with every algorithm, in ways that have to succeed and in ways that must not.
async fn play(root: &Path, folder: &Path) -> Result<String, String> {
    let mut page = Page::open(root, folder)?;
    // ES512 is verified nowhere.
    let algorithms = Algorithm::SIGNING.iter().filter(|algorithm| **algorithm != Algorithm::Es512);
    for algorithm in algorithms.clone() {
        let idp = MockIdp::builder().alg(*algorithm).start().await.map_err(|error| told(&error))?;
        let at = format!("{} {algorithm}", idp.issuer());
        page.expect(&format!("login {at}"), "done alice").await?;
        page.expect(&format!("bound {at}"), "done alice").await?;
        page.expect(&format!("forged {at}"), "refused response.state_mismatch").await?;
        page.expect(&format!("elsewhere {at}"), "refused it was sealed with another key").await?;
        if let Some(entry) = idp.journal().iter().find(|entry| entry.refusal.is_some()) {
            return Err(format!("{algorithm}: the server refuses {entry:?}"));
        }
        for with in [Signature::Corrupted, Signature::UnpublishedKey] {
            let lying = idp.mount(Fault::always(Point::IdToken, Edit::Sign { with }));
            page.expect(&format!("login {at}"), "refused id_token.signature").await?;
            drop(lying);
        }
        page.expect(&format!("login {at}"), "done alice").await?;
        let other = if *algorithm == Algorithm::Rs256 { Algorithm::Es256 } else { Algorithm::Rs256 };
        page.expect(&format!("login {} {other}", idp.issuer()), "refused id_token.algorithm").await?;
    }
    let keys = root.join("fixtures/keys");
    let key = |file: &str| keys.join(file).display().to_string();
    page.expect(&format!("sign ES256 {}", key("es256.pem")), "done ").await?;
    page.expect(&format!("sign EdDSA {}", key("eddsa.pem")), "done ").await?;
    page.expect(&format!("sign RS256 {}", key("rs256.pem")), "refused RS256 is no algorithm").await?;
    page.expect("wait 200", "done").await?;
    Ok(format!("logins with {} algorithms in what is like a browser are as they should be", algorithms.count()))
}

/// The page, as node plays it: one line, one answer.
struct Page {
    commands: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
    /// Ended with this.
    _node: Child,
}

impl Page {
    fn open(root: &Path, folder: &Path) -> Result<Self, String> {
        let mut node = tokio::process::Command::new("node");
        node.arg(root.join("fixtures/browser/main.mjs")).arg(folder);
        node.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut node = node.spawn().map_err(|error| format!("node cannot be run: {error}"))?;
        match (node.stdin.take(), node.stdout.take()) {
            (Some(commands), Some(answers)) => {
                Ok(Self { commands, answers: BufReader::new(answers).lines(), _node: node })
            }
            _ => Err("node cannot be talked to".to_owned()),
        }
    }

    /// Has a command carried out whose answer begins like this.
    async fn expect(&mut self, command: &str, begins: &str) -> Result<(), String> {
        let failed = |error: std::io::Error| format!("{command}: {error}");
        self.commands.write_all(format!("{command}\n").as_bytes()).await.map_err(failed)?;
        match self.answers.next_line().await.map_err(failed)? {
            Some(answer) if answer.starts_with(begins) => Ok(()),
            Some(answer) => Err(format!("{command}: `{answer}` in place of `{begins}`")),
            None => Err(format!("{command}: node has ended")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_has_the_version_of_the_page() {
        let manifest =
            std::fs::read_to_string(crate::root().join("fixtures/browser/Cargo.toml")).expect("a manifest");
        assert!(manifest.contains(&format!("wasm-bindgen = \"={}\"", BINDGEN.version)), "{manifest}");
    }
}
