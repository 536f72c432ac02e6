//! What the program writes holds no secret.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use crate::canary::{Canaries, OTHER, SECRET, VERIFIER, WRONG, authorization, changed, redemption, without};
use crate::program::Program;
use crate::scratch::Scratch;
use crate::wire::{FORM, written};

#[tokio::test]
async fn the_program_logs_no_secret_for_people() {
    the_program_logs_no_secret("human").await;
}

#[tokio::test]
async fn the_program_logs_no_secret_for_programs() {
    let log = the_program_logs_no_secret("json").await;
    let members = |line: &str| serde_json::from_str::<serde_json::Value>(line).expect("JSON").is_object();
    assert!(log.lines().all(members), "{log}");
}

async fn the_program_logs_no_secret(form: &str) -> String {
    let scratch = Scratch::new(&format!("canaries-{form}"));
    let path = scratch.0.join("mock.toml");
    let text = format!(
        "plain = true\n[[client]]\nclient_id = \"confidential\"\nclient_secret = \"{SECRET}\"\nany_loopback_redirect = true\n"
    );
    std::fs::write(&path, text).expect("a file");
    let config = path.to_str().expect("UTF-8");
    let program = Program::start(&["--listen", "127.0.0.1:0", "--verbose", "--config", config, "--log", form], &[]);
    let mut canaries = Canaries::new();
    let mut wire = program.connect().await;
    let plain = changed(&authorization("confidential", VERIFIER), "code_challenge", VERIFIER);
    let query = changed(&plain, "code_challenge_method", "plain").with("state", WRONG).encode();
    let code = wire.exchange(&format!("GET /authorize?{query} HTTP/1.1\r\nHost: x\r\n\r\n")).await.code();
    canaries.0.push(code.clone());
    let good = redemption("confidential", &code);
    let mut log = 1;
    for params in [
        good.clone(),
        good.clone().with("client_secret", WRONG),
        changed(&good, "code_verifier", OTHER).with("client_secret", SECRET),
        changed(&good, "code", WRONG).with("client_secret", SECRET),
        good.clone().with(code.as_str(), "").with(code.as_str(), ""),
    ] {
        assert_ne!(wire.exchange(&written("/token", &params)).await.status, 200);
        log += 1;
    }
    let credentials = BASE64_STANDARD.encode(format!("{SECRET}:confidential"));
    let body = without(&good, "client_id").encode();
    let head =
        format!("POST /token HTTP/1.1\r\nHost: x\r\nContent-Type: {FORM}\r\nContent-Length: {}\r\n", body.len());
    assert_eq!(wire.exchange(&format!("{head}Authorization: Basic {credentials}\r\n\r\n{body}")).await.status, 401);
    let tokens = wire.exchange(&written("/token", &good.with("client_secret", SECRET))).await;
    canaries.0.extend(["access_token", "refresh_token", "id_token"].map(|name| tokens.member(name)));
    let access = tokens.member("access_token");
    for path in ["/userinfo".to_owned(), format!("/userinfo?access_token={access}")] {
        wire.exchange(&format!("GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {access}\r\n\r\n")).await;
    }
    let ended = program.end("TERM").await;
    canaries.are_not_in(&ended.stdout, "standard output");
    canaries.are_not_in(&ended.stderr, "standard error");
    assert_eq!(ended.stderr.lines().count(), log + 4, "a line for each request: {}", ended.stderr);
    ended.stderr
}
