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
    ] {
        let program = Command::new(env!("CARGO_BIN_EXE_mock-idp")).arg("serve").env(name, "canary://4711").output();
        let ended = program.expect("the program starts");
        let stderr = String::from_utf8(ended.stderr).expect("text");
        assert!(stderr.starts_with(&format!("error: {name}: {says}")), "{stderr}");
        assert!(!stderr.contains("canary") && ended.status.code() == Some(1), "{stderr}");
    }
}
