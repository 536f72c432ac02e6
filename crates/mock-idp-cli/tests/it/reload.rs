//! The configuration, read again while the program runs.

use crate::program::{Program, path_in};
use crate::scratch::Scratch;
use crate::wire::{Login, within};

fn config(lifetime: u64, client: &str) -> String {
    format!("[lifetime]\ntoken = {lifetime}\n[[client]]\nclient_id = \"{client}\"\nany_loopback_redirect = true\n")
}

/// Waits until a client is known.
async fn knows(program: &Program, client: &'static str) {
    let login = Login { client, ..Login::new() };
    within(async { while program.authorize(&login.request()).await.status != 302 {} }).await;
}

#[tokio::test]
async fn a_good_file_takes_effect_on_a_signal_and_codes_and_tokens_stay() {
    let scratch = Scratch::new("reload");
    let path = path_in(&scratch, "mock.toml");
    std::fs::write(&path, config(60, "public")).expect("a file");
    let program = Program::serve(&["--config", &path]);
    let (first, second) = (Login::new(), Login::new());
    let token = program.token(&first.redemption(&program.code(&first).await)).await.member("access_token");
    let code = program.code(&second).await;
    let both = format!("{}[[client]]\nclient_id = \"other\"\nany_loopback_redirect = true\n", config(7, "public"));
    std::fs::write(&path, both).expect("a file");
    program.signal("HUP");
    knows(&program, "other").await;
    program.tells("mock.toml: read again").await;
    assert_eq!(program.userinfo(&token).await.status, 200, "tokens stay");
    let tokens = program.token(&second.redemption(&code)).await;
    assert!(tokens.status == 200 && tokens.body.contains("\"expires_in\":7"), "codes stay: {tokens:?}");
    let stderr = program.end("TERM").await.stderr;
    assert!(stderr.contains(&format!("{path}: read again\n")), "{stderr}");
}

#[tokio::test]
async fn a_file_that_has_changed_is_read_without_a_signal() {
    let scratch = Scratch::new("reload-watched");
    let path = path_in(&scratch, "mock.toml");
    std::fs::write(&path, config(60, "public")).expect("a file");
    let program = Program::serve(&["--config", &path]);
    std::fs::write(&path, config(600, "other")).expect("a file");
    knows(&program, "other").await;
    assert_eq!(program.authorize(&Login::new().request()).await.status, 400, "the former client is gone");
    assert_eq!(program.end("TERM").await.status.code(), Some(0));
}

#[tokio::test]
async fn a_bad_file_is_told_and_the_server_goes_on_as_before() {
    let scratch = Scratch::new("reload-bad");
    let path = path_in(&scratch, "mock.toml");
    std::fs::write(&path, config(60, "public")).expect("a file");
    let program = Program::serve(&["--config", &path]);
    std::fs::write(&path, "any_client = 4711\nprofil = \"canary\"\n").expect("a file");
    program.signal("HUP");
    program.tells("not read again: the server goes on as before\n").await;
    knows(&program, "public").await;
    std::fs::write(&path, format!("listen = \"127.0.0.1:1\"\n{}", config(60, "other"))).expect("a file");
    program.signal("HUP");
    program.tells("mock.toml: read again").await;
    knows(&program, "other").await;
    let stderr = program.end("TERM").await.stderr;
    for says in [
        "mock.toml:1:1: any_client: this is a whole number",
        "mock.toml:2:1: profil: there is no such member; did you mean profile?",
        "mock.toml: not read again: the server goes on as before\n",
        "mock.toml: read again\n",
    ] {
        assert!(stderr.contains(says), "{says}: {stderr}");
    }
    assert!(!stderr.contains("canary") && !stderr.contains("4711"), "{stderr}");
}

#[tokio::test]
async fn what_takes_a_new_start_is_named() {
    let scratch = Scratch::new("reload-fixed");
    let path = path_in(&scratch, "mock.toml");
    std::fs::write(&path, config(60, "public")).expect("a file");
    let program = Program::serve(&["--config", &path]);
    let text = format!("issuer = \"http://canary.example\"\nstore = \"sqlite:x.db\"\n{}", config(60, "other"));
    std::fs::write(&path, text).expect("a file");
    program.signal("HUP");
    program.tells("mock.toml: read again").await;
    knows(&program, "other").await;
    let stderr = program.end("TERM").await.stderr;
    assert!(stderr.contains("mock.toml: read again, but for store, issuer: that takes a new start\n"), "{stderr}");
}
