//! `pkce-client` in what is like a browser: a page that logs its user in (fixtures/browser), compiled for
//! wasm32-unknown-unknown, and played by node against the mock server.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use mock_idp::MockIdp;
use oauth_types::Algorithm;
use oauth_types::fault::{Edit, Fault, Point, Signature};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout};

use crate::flows::{target_folder, told};
use crate::machine::{self, Missing};

/// What it is compiled for.
const TARGET: &str = "wasm32-unknown-unknown";

/// The program that makes a module for JavaScript, in the version that the page's Cargo.toml names.
const VERSION: &str = "0.2.130";

/// How somebody gets what this program can install.
fn how() -> String {
    format!("cargo install wasm-bindgen-cli@{VERSION} --bin wasm-bindgen --root target/tools")
}

/// Compiles the page, and plays it. Says what was played.
///
/// # Errors
/// [`Missing`].
pub(crate) fn run(root: &Path, install: bool) -> Result<String, Missing> {
    let manifest = root.join("fixtures/browser/Cargo.toml");
    let manifest = manifest.to_string_lossy();
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let (target, folder) = (target_folder(root), target_folder(root).join("browser"));
    let with_cargo = |command: &str, more: &[&str]| {
        let mut cargo = Command::new(&cargo);
        cargo.args([command, "--locked", "--target", TARGET, "--manifest-path", &manifest, "--target-dir"]);
        finish(cargo.arg(&target).args(more).current_dir(root))
    };
    machine::provide_target(TARGET, install)?;
    with_cargo("clippy", &["--", "--deny", "warnings"])?;
    let bindgen = provide(root, install)?;
    if version(Path::new("node")).is_none() {
        return Err(Missing::Absent("node.js 18 or later: nodejs.org, or apt-get install nodejs".to_owned()));
    }
    with_cargo("build", &[])?;
    let mut bind = Command::new(bindgen);
    bind.args(["--target", "web", "--no-typescript", "--out-dir"]).arg(&folder);
    finish(bind.arg(target.join(TARGET).join("debug/browser.wasm")))?;
    let runtime = tokio::runtime::Runtime::new().map_err(|error| format!("no runtime: {error}"))?;
    Ok(runtime.block_on(play(root, &folder))?)
}

/// The program: in the folder of this workspace's tools, or wherever the system finds it, in this version alone.
fn provide(root: &Path, install: bool) -> Result<PathBuf, Missing> {
    let own = root.join("target/tools/bin").join(format!("wasm-bindgen{}", std::env::consts::EXE_SUFFIX));
    let found = || [own.clone(), PathBuf::from("wasm-bindgen")].into_iter().find(|program| is_right(program));
    match found() {
        Some(program) => Ok(program),
        None if !install => Err(Missing::Absent(format!("{}, or run with --install", how()))),
        None => {
            let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
            finish(Command::new(cargo).args(how().split(' ').skip(1)).current_dir(root))?;
            found().ok_or_else(|| Missing::Broken(format!("`{}` has installed something else", how())))
        }
    }
}

fn is_right(program: &Path) -> bool {
    version(program).is_some_and(|version| version.split(' ').nth(1) == Some(VERSION))
}

/// What a program says of its version, if it is there.
fn version(program: &Path) -> Option<String> {
    let output = Command::new(program).arg("--version").stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
}

fn finish(command: &mut Command) -> Result<(), String> {
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{command:?} ended with {status}")),
        Err(error) => Err(format!("{command:?} cannot be run: {error}")),
    }
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
    fn what_is_not_there_is_not_run_and_the_remedy_names_the_version_of_the_page() {
        assert!(!is_right(Path::new("/surely/no/such/program")));
        let manifest =
            std::fs::read_to_string(crate::root().join("fixtures/browser/Cargo.toml")).expect("a manifest");
        assert!(manifest.contains(&format!("wasm-bindgen = \"={VERSION}\"")), "{manifest}");
        assert!(how().contains(&format!("wasm-bindgen-cli@{VERSION} ")));
    }
}
