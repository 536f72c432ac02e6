//! What the environment says of the program.

use std::process::Command;

use crate::program::Program;
use crate::scratch::Scratch;
use crate::wire::Login;

#[tokio::test]
async fn variables_say_what_arguments_would() {
    let program = Program::start(&[], &[("MOCK_IDP_LISTEN", "127.0.0.1:0"), ("MOCK_IDP_ANY_CLIENT", "true")]);
    let login = Login { client: "nobody", ..Login::new() };
    assert_eq!(program.authorize(&login.request()).await.status, 302);
    let ended = program.end("TERM").await;
    assert!(ended.stderr.contains("\"relaxed\":[\"any-client\"]"), "{}", ended.stderr);
}

#[tokio::test]
async fn the_command_line_comes_before_the_environment_and_that_before_the_file() {
    let scratch = Scratch::new("precedence");
    let path = scratch.0.join("mock.toml");
    std::fs::write(&path, "listen = \"127.0.0.1:1\"\nany_client = true\nprofile = \"oidc\"\n").expect("a file");
    let environment = [
        ("MOCK_IDP_CONFIG", path.to_str().expect("UTF-8")),
        ("MOCK_IDP_LISTEN", "192.0.2.1:1"),
        ("MOCK_IDP_ANY_CLIENT", "false"),
        ("MOCK_IDP_LOG", "json"),
    ];
    let program = Program::start(&["--listen", "127.0.0.1:0", "--log", "human"], &environment);
    let login = Login { client: "nobody", ..Login::new() };
    assert_eq!(program.authorize(&login.request()).await.status, 400, "the file's any_client is turned off");
    let stderr = program.end("TERM").await.stderr;
    assert!(stderr.starts_with("GET /authorize 400 client nobody invalid_request"), "{stderr}");
}

#[test]
fn a_wrong_variable_is_named_and_its_value_is_not_told() {
    for (name, says) in [
        ("MOCK_IDP_LISTEN", "this is no address to listen on; "),
        ("MOCK_IDP_STORE", "this is no store; say memory or sqlite:PATH"),
        ("MOCK_IDP_VERBOS", "there is no such variable; did you mean MOCK_IDP_VERBOSE?"),
        ("MOCK_IDP_ISSUER", "this is no issuer; write http:// or https://, "),
        ("MOCK_IDP_FRONT_CHANNEL", "this is no address of endpoints; write http:// or https://, "),
        ("MOCK_IDP_BACK_CHANNEL", "this is no address of endpoints; write http:// or https://, "),
        ("MOCK_IDP_CONTROL_TOKEN", "the token cannot be sent; write visible ASCII characters"),
    ] {
        let program =
            Command::new(env!("CARGO_BIN_EXE_mock-idp")).arg("serve").env(name, "canary://x:4711@ä").output();
        let ended = program.expect("the program starts");
        let stderr = String::from_utf8(ended.stderr).expect("text");
        assert!(stderr.starts_with(&format!("error: {name}: {says}")), "{stderr}");
        assert!(!stderr.contains("canary") && ended.status.code() == Some(1), "{stderr}");
    }
}

#[test]
fn a_variable_that_names_a_file_is_named_with_it() {
    let scratch = Scratch::new("variables");
    let missing = scratch.0.join("missing/file").to_str().expect("UTF-8").to_owned();
    for (name, tls) in [
        ("MOCK_IDP_TLS_CERT", false),
        ("MOCK_IDP_TRUST", false),
        ("MOCK_IDP_TLS_CLIENT_CA", true),
        ("MOCK_IDP_CA_OUT", true),
        ("MOCK_IDP_BUNDLE_OUT", true),
        ("MOCK_IDP_CONFIG", false),
    ] {
        let mut program = Command::new(env!("CARGO_BIN_EXE_mock-idp"));
        program.args(["serve", "--listen", "127.0.0.1:0"]).env(name, &missing);
        if name == "MOCK_IDP_TLS_CERT" {
            program.env("MOCK_IDP_TLS_KEY", &missing);
        }
        let ended = program.args(tls.then_some("--tls")).output().expect("the program starts");
        let stderr = String::from_utf8(ended.stderr).expect("text");
        assert!(stderr.contains(&format!("error: {name}: {missing}: ")), "{name}: {stderr}");
        assert_eq!(ended.status.code(), Some(1));
    }
    for name in ["MOCK_IDP_CA_OUT", "MOCK_IDP_TLS_NAME", "MOCK_IDP_TLS_CLIENT_CA", "MOCK_IDP_BUNDLE_OUT"] {
        let mut program = Command::new(env!("CARGO_BIN_EXE_mock-idp"));
        let ended = program.args(["serve", "--listen", "127.0.0.1:0"]).env(name, "x").output().expect("it starts");
        let stderr = String::from_utf8(ended.stderr).expect("text");
        assert!(stderr.starts_with(&format!("error: {name} is of no use without --tls")), "{stderr}");
    }
}

#[test]
fn an_argument_that_cannot_be_is_named_and_its_value_is_not_told() {
    for (arguments, says) in [
        (["--listen", "localhost:4711"], "--listen: this is no address to listen on; write an IP address and a port"),
        (["--store", "postgres://canary:4711@db"], "--store: this is no store; say memory or sqlite:PATH"),
        (["--control-token", "ä4711"], "--control-token: the token cannot be sent; write visible ASCII"),
        (["--control-token", "4711 "], "--control-token: the token cannot be sent; "),
        (["--issuer", "https://canary:4711@x"], "--issuer: this is no issuer; write "),
        (["--front-channel", "https://canary:4711@x"], "--front-channel: this is no address of endpoints; write "),
    ] {
        let mut program = Command::new(env!("CARGO_BIN_EXE_mock-idp"));
        let ended = program.arg("serve").args(arguments).output().expect("the program starts");
        let stderr = String::from_utf8(ended.stderr).expect("text");
        assert!(stderr.starts_with(&format!("error: {says}")), "{stderr}");
        assert!(!stderr.contains("4711") && !stderr.contains("canary"), "{stderr}");
    }
}
