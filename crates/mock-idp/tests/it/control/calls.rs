//! Every call, as docs/CONTROL.md prints it.

use std::path::Path;
use std::process::Command;

use mock_idp::MockIdp;

use super::{ask, server};
use crate::scratch::Scratch;

/// A section of the document: a call, its example, and the status that it says.
struct Section {
    call: String,
    shell: String,
    status: String,
}

/// The sections of a document.
fn sections(text: &str) -> Vec<Section> {
    let section = |text: &str| {
        let (call, rest) = text.split_once('\n').expect("a heading");
        let (_, rest) = rest.split_once("```sh\n").unwrap_or_else(|| panic!("{call} has no example"));
        let (shell, rest) = rest.split_once("\n```\n").expect("an end");
        let status = rest.trim_start().strip_prefix("- `").and_then(|rest| rest.get(..3)).expect("a status");
        Section { call: call.to_owned(), shell: shell.to_owned(), status: status.to_owned() }
    };
    text.split("\n### ").skip(1).map(section).collect()
}

/// The path and the body of a line of curl; `None` if it takes a shell to know them.
fn parsed(shell: &str) -> Option<(String, String)> {
    let line = shell.strip_prefix("curl -sS")?;
    let (_, rest) = line.split_once("\"$IDP/_control")?;
    let (path, rest) = rest.split_once('"')?;
    let body = rest.trim_start().strip_prefix("--json '").and_then(|body| body.strip_suffix('\''));
    (!path.contains('$')).then(|| (path.to_owned(), body.unwrap_or_default().to_owned()))
}

#[tokio::test]
async fn every_call_does_what_its_example_says() {
    let idp = server();
    let sections = sections(&mock_idp::control::markdown());
    assert!(sections.len() > 40, "{}", sections.len());
    for Section { call, shell, status } in sections {
        let Some((path, body)) = parsed(&shell) else { continue };
        let verb = call.split(' ').next().expect("a method");
        let answer = ask(&idp, verb, &path, &body).await;
        assert_eq!(answer.status().as_str(), status, "{call}: {}", String::from_utf8_lossy(answer.body()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_example_of_the_document_runs_as_it_is_printed() {
    let text = include_str!("../../../../../docs/CONTROL.md");
    if Command::new("curl").arg("--version").output().is_err() {
        return;
    }
    let idp = MockIdp::start().await;
    let scratch = Scratch::new("curl");
    let home = scratch.0.clone();
    // The status goes where nothing of the answer is.
    std::fs::write(home.join(".curlrc"), "write-out = \"%{stderr}%{http_code}\\n\"\n").expect("a file");
    for section in sections(text) {
        let (shell, issuer, at) = (section.shell.clone(), idp.issuer().to_owned(), home.clone());
        let ran = tokio::task::spawn_blocking(move || run(&shell, &issuer, &at)).await.expect("no panic");
        let status = ran.1.lines().last().unwrap_or_default();
        assert_eq!(status, section.status, "{}\n{}\n{}", section.call, section.shell, ran.0);
    }
}

/// Runs lines of a shell: what they print, and what they print besides.
fn run(shell: &str, issuer: &str, home: &Path) -> (String, String) {
    let mut command = Command::new("sh");
    command.args(["-c", shell]).env("IDP", issuer).env("HOME", home).env("CURL_HOME", home);
    // A proxy that the machine has is not for loopback.
    command.env("NO_PROXY", "*");
    let output = command.output().expect("there is a shell");
    let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
    (text(&output.stdout), text(&output.stderr))
}
