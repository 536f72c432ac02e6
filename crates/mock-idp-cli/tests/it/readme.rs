//! What the README shows works as it stands there.

use std::net::TcpListener;
use std::process::Command;

const README: &str = include_str!("../../../../README.md");

/// The code blocks of the README in `language`.
fn blocks(language: &str) -> Vec<&'static str> {
    let opening = format!("```{language}\n");
    README.split(&opening).skip(1).filter_map(|rest| rest.split("```").next()).collect()
}

#[test]
fn the_shell_snippet_is_refused_once_and_then_gets_tokens() {
    let snippet = blocks("sh").into_iter().find(|block| block.contains("curl")).expect("a snippet with curl");
    let free = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
    let started = "cargo run --quiet --package mock-idp-cli --";
    assert!(snippet.contains(started), "the snippet starts the server from a checkout");
    let script = snippet.replace(started, env!("CARGO_BIN_EXE_mock-idp")).replace(":8080", &format!(":{free}"));
    let script = format!("trap 'kill $!' EXIT\n{script}");
    let output = Command::new("bash").args(["-euc", &script]).output().expect("bash, curl and openssl are installed");
    let printed = String::from_utf8(output.stdout).expect("text");
    assert!(output.status.success(), "{printed}\n{}", String::from_utf8_lossy(&output.stderr));
    let lines: Vec<&str> = printed.lines().collect();
    let [listening, refused, tokens] = lines.as_slice() else { panic!("three lines, not {printed}") };
    assert_eq!(*listening, format!("listening on http://127.0.0.1:{free}"));
    assert_eq!(*refused, blocks("json")[0].trim_end(), "the README shows another answer");
    let tokens: serde_json::Value = serde_json::from_str(tokens).expect("JSON");
    assert!(tokens["access_token"].is_string() && tokens["id_token"].is_string(), "{tokens}");
}

/// A block of the README about attacks, with what this was built as in the place of what it builds, and a few attacks
/// in the place of all.
fn attacks(words: &str, ids: &str) -> String {
    let snippet = blocks("sh").into_iter().find(|block| block.contains(words)).expect("a snippet with attacks");
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_mock-idp"));
    let built = program.parent().and_then(std::path::Path::to_str).expect("a path in UTF-8");
    assert!(snippet.contains("cargo xtask attack "), "{snippet}");
    let script = snippet.replace("target/debug/", &format!("{built}/"));
    let script = script.replace("cargo xtask attack", &format!("{} attack", program.display()));
    let report = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(words.replace(' ', "-"));
    format!("{} --only {ids} --report {}", script.trim_end(), report.display())
}

/// What a script says at the root of the workspace, which is where the README is.
fn said(script: &str) -> String {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let output = Command::new("bash").args(["-euc", script]).current_dir(root).output().expect("bash is installed");
    let printed = String::from_utf8(output.stdout).expect("text");
    assert!(output.status.success(), "{printed}\n{}", String::from_utf8_lossy(&output.stderr));
    printed
}

#[test]
fn the_shell_snippet_attacks_the_server_of_above() {
    let free = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let mut server = Command::new(env!("CARGO_BIN_EXE_mock-idp"));
    let server = server.args(["serve", "--listen", &free.to_string()]).stdout(std::process::Stdio::piped()).spawn();
    let mut server = Stopping(server.expect("the server starts"));
    let mut line = String::new();
    let stdout = server.0.stdout.as_mut().expect("its output");
    std::io::BufRead::read_line(&mut std::io::BufReader::new(stdout), &mut line).expect("a line");
    let script = attacks("attack server", "as-code-replay,as-code-intercept-no-verifier");
    let said = said(&script.replace("127.0.0.1:8080", &free.to_string()));
    assert!(said.contains("everything is as expected"), "{said}");
}

#[cfg(unix)]
#[test]
fn the_shell_snippet_attacks_the_program_that_it_builds() {
    let said = said(&attacks("attack client", "rp-state-mismatch,rp-idt-aud-wrong"));
    assert!(said.contains("everything is as expected"), "{said}");
}

/// A server that ends with the test.
struct Stopping(std::process::Child);

impl Drop for Stopping {
    fn drop(&mut self) {
        // It may have ended by itself, which the test has seen then.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_configuration_file_is_understood() {
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("readme.toml");
    let database = path.with_extension("db");
    let _ = std::fs::remove_file(&database);
    let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
    let text = blocks("toml")[0].replace("8080", &port.to_string());
    let text = text.replace("mock.db", database.to_str().expect("a path in UTF-8"));
    std::fs::write(&path, text).expect("a file");
    let mut server = Command::new(env!("CARGO_BIN_EXE_mock-idp"));
    let mut server = server.arg("serve").arg("--config").arg(&path).stdout(std::process::Stdio::piped()).spawn();
    let server = server.as_mut().expect("the server starts");
    let mut line = String::new();
    let stdout = server.stdout.as_mut().expect("its output");
    std::io::BufRead::read_line(&mut std::io::BufReader::new(stdout), &mut line).expect("a line");
    server.kill().expect("it runs");
    server.wait().expect("it ends");
    assert_eq!(line, format!("listening on http://127.0.0.1:{port}\n"));
}
