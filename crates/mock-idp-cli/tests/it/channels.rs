//! The addresses that the program announces.

use serde_json::Value;

use crate::program::{Program, path_in, run};
use crate::scratch::Scratch;

const FRONT: &str = "http://localhost:8080";
const BACK: &str = "http://idp:8080";

#[tokio::test]
async fn the_program_takes_both_channels_and_each_choice() {
    let metadata = async |arguments: &[&str], host: &str, more: &str| {
        let program = Program::serve(arguments);
        let head = format!("GET /.well-known/openid-configuration HTTP/1.1\r\nHost: {host}\r\n{more}\r\n");
        let answer = program.connect().await.exchange(&head).await;
        let members: Value = serde_json::from_str(&answer.body).expect("JSON");
        ["issuer", "authorization_endpoint", "token_endpoint"]
            .map(|name| members[name].as_str().unwrap_or("").to_owned())
    };
    let split = ["--issuer", FRONT, "--front-channel", "http://front", "--back-channel", BACK];
    assert_eq!(metadata(&split, "x", "").await, [FRONT, "http://front/authorize", "http://idp:8080/token"]);
    let own = ["http://x", "http://x/authorize", "http://x/token"];
    assert_eq!(metadata(&["--issuer-from-host"], "x", "X-Forwarded-Host: y\r\n").await, own);
    let own = ["https://y", "https://y/authorize", "https://y/token"];
    let both = ["--issuer-from-host", "--trust-forwarded"];
    assert_eq!(metadata(&both, "x", "Forwarded: host=y;proto=https\r\n").await, own);
    let back = ["--issuer", FRONT, "--back-channel-from-host"];
    assert_eq!(metadata(&back, "x", "").await, [FRONT, "http://localhost:8080/authorize", "http://x/token"]);
    let refused = run(&["serve", "--back-channel", "idp:8080"]);
    assert!(
        !refused.status.success() && refused.stderr.contains("--back-channel: this is no address"),
        "{}",
        refused.stderr
    );
}

#[test]
fn the_configuration_file_names_both_channels() {
    let scratch = Scratch::new("addresses");
    let path = path_in(&scratch, "mock.toml");
    std::fs::write(&path, "front_channel = \"http://a\"\nback_channel = \"no\"\n").expect("a file");
    let refused = run(&["serve", "--config", &path]);
    assert!(
        !refused.status.success() && refused.stderr.contains("mock.toml:2:1: back_channel: this is no address"),
        "{}",
        refused.stderr
    );
}
