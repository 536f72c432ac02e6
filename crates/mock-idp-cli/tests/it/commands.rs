//! The commands beside `serve` and `attack`.

use std::process::{Command, Output};

use serde_json::Value;

use crate::program::{Program, run};
use crate::scratch::Scratch;

fn program(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mock-idp"));
    command.args(arguments).envs(environment.iter().copied()).output().expect("the program starts")
}

fn json(arguments: &[&str]) -> Value {
    let ended = run(arguments);
    assert_eq!((ended.status.code(), ended.stderr.as_str()), (Some(0), ""), "{arguments:?}");
    serde_json::from_str(&ended.stdout).expect("JSON")
}

#[tokio::test]
async fn a_healthcheck_finds_the_server_by_the_variables_it_was_started_with() {
    let scratch = Scratch::new("health");
    let ca = scratch.0.join("ca.pem");
    let ca = ca.to_str().expect("UTF-8");
    for (environment, says) in [
        (vec![], " is there\n"),
        (vec![("MOCK_IDP_CONTROL_TOKEN", "s3cret")], " is there\n"),
        (vec![("MOCK_IDP_NO_CONTROL", "1")], " is there, without a control API\n"),
        (vec![("MOCK_IDP_TLS", "true"), ("MOCK_IDP_CA_OUT", ca)], " is there\n"),
    ] {
        let server = Program::start(&["--listen", "127.0.0.1:0"], &environment);
        let listen = server.address.to_string();
        let own = [environment.as_slice(), &[("MOCK_IDP_LISTEN", listen.as_str())]].concat();
        let ended = program(&["healthcheck"], &own);
        let said = String::from_utf8(ended.stdout).expect("text");
        assert!(said.ends_with(says) && said.contains(&listen), "{said}{}", String::from_utf8_lossy(&ended.stderr));
        assert_eq!(ended.status.code(), Some(0));
        server.end("TERM").await;
        let gone = program(&["healthcheck", "--within", "1"], &own);
        assert_eq!((gone.status.code(), gone.stdout.as_slice()), (Some(1), &b""[..]), "nobody is there any more");
    }
}

#[tokio::test]
async fn a_healthcheck_without_the_token_finds_the_server_and_shows_nothing() {
    let server = Program::start(&["--listen", "127.0.0.1:0"], &[("MOCK_IDP_CONTROL_TOKEN", "s3cret")]);
    let url = format!("http://{}", server.address);
    let ended = run(&["healthcheck", &url]);
    assert_eq!(ended.stdout, format!("{url} is there, and its control API is for others\n"));
    let ended = run(&["healthcheck", "nowhere"]);
    assert!(ended.status.code() == Some(1) && ended.stderr.starts_with("error: nowhere: the address has to be"));
    let journal = server.end("TERM").await.stderr;
    assert_eq!(journal, "", "a healthcheck is no request of a client");
}

/// A server that gives everybody the same answer.
fn other(answer: &'static str) -> String {
    use std::io::{Read, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let _ = stream.read(&mut [0; 4096]).expect("a request");
            // Whoever asked may have gone.
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    url
}

#[test]
fn a_healthcheck_does_not_take_another_server_for_this_one() {
    for answer in [
        "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\n<html>",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}",
        "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    ] {
        let url = other(answer);
        let ended = run(&["healthcheck", &url]);
        assert_eq!((ended.status.code(), ended.stdout.as_str()), (Some(1), ""), "{answer}");
        assert!(ended.stderr.starts_with(&format!("error: {url}: another server answers there")), "{}", ended.stderr);
    }
}

#[tokio::test]
async fn a_healthcheck_of_a_server_without_control_api_is_not_told() {
    let server = Program::serve(&["--no-control"]);
    let url = format!("http://{}", server.address);
    let ended = run(&["healthcheck", &url]);
    assert_eq!(ended.stdout, format!("{url} is there, without a control API\n"), "{}", ended.stderr);
    let token = run(&["token", "alice", "--url", &url]);
    assert_eq!(
        token.stderr,
        format!("error: {url}: there is no control API; start the server without --no-control\n")
    );
    let stderr = server.end("TERM").await.stderr;
    assert!(stderr.starts_with("POST ") && stderr.lines().count() == 1, "the healthcheck is not told: {stderr}");
}

#[tokio::test]
async fn what_a_call_failed_by_is_told_with_what_to_do() {
    let server = Program::serve(&["--control-token", "s3cret"]);
    let url = format!("http://{}", server.address);
    let ended = run(&["token", "alice", "--url", &url]);
    assert!(
        ended.stderr.contains("MOCK_IDP_CONTROL_TOKEN") && !ended.stderr.contains("{tenant}"),
        "{}",
        ended.stderr
    );
    server.end("TERM").await;
    let server = Program::serve(&["--tls"]);
    let ended = run(&["healthcheck", &format!("http://{}", server.address)]);
    assert!(ended.stderr.contains("write https://") && !ended.stderr.contains("parsed"), "{}", ended.stderr);
    server.end("TERM").await;
    for arguments in [["--kind", "refresh_token"], ["--key", "former"]] {
        let ended = run(&["token", "alice", arguments[0], arguments[1]]);
        assert!(ended.status.code() == Some(1) && ended.stderr.contains("by --url"), "{}", ended.stderr);
    }
    for arguments in [["--kind", "acces_token"], ["--key", "curent"]] {
        let ended = run(&["token", "alice", arguments[0], arguments[1]]);
        assert!(
            ended.stderr.contains("a similar value exists") && !ended.stderr.contains("variant"),
            "{}",
            ended.stderr
        );
    }
}

#[cfg(target_os = "linux")]
#[test]
fn what_cannot_be_printed_is_an_error_unless_nobody_reads_it() {
    for arguments in [&["schema"][..], &["token", "alice"], &["list"], &["jwks"], &["profile", "fapi2"]] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("a full disk");
        let mut program = Command::new(env!("CARGO_BIN_EXE_mock-idp"));
        let ended = program.args(arguments).stdout(full).output().expect("the program starts");
        let stderr = String::from_utf8(ended.stderr).expect("text");
        assert!(stderr.starts_with("error: standard output cannot be written: "), "{arguments:?}: {stderr}");
        assert_eq!(ended.status.code(), Some(1));
    }
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let mut program = Command::new(env!("CARGO_BIN_EXE_mock-idp"));
    let ended = program.arg("schema").stdout(writer).output().expect("the program starts");
    assert_eq!((ended.status.code(), ended.stderr.as_slice()), (Some(0), &b""[..]));
}

#[tokio::test]
async fn a_token_is_made_without_a_server_and_by_one() {
    let server = Program::serve(&[]);
    let url = format!("http://{}", server.address);
    let known = run(&["token", "alice", "--url", &url, "--scope", "openid email"]).stdout;
    let answer = server.userinfo(known.trim_end()).await;
    assert!(answer.status == 200 && answer.body.contains("alice"), "{answer:?}");
    let own = ["token", "carol", "--audience", "https://api.example", "--claim", "roles=[\"admin\"]"];
    let made =
        run(&[&own[..], &["--claim", "tier=gold", "--without", "client_id", "--lifetime", "-60"]].concat()).stdout;
    let claims = crate::program::claims(made.trim_end());
    assert_eq!((&claims["sub"], &claims["aud"]), (&"carol".into(), &"https://api.example".into()));
    assert_eq!((claims["roles"][0].as_str(), claims["tier"].as_str()), (Some("admin"), Some("gold")));
    assert_eq!((claims["iss"].as_str(), claims.get("client_id")), (Some("http://127.0.0.1:8080"), None));
    for wrong in [&["token", "--kind", "canary"][..], &["token", "--claim", "canary"], &["token", "--tenant", "a"]] {
        assert_eq!(run(wrong).status.code(), Some(2), "{wrong:?}");
    }
    let nobody = run(&["token", "alice", "--url", "http://127.0.0.1:1"]);
    assert_eq!((nobody.status.code(), nobody.stdout.as_str()), (Some(1), ""));
}

#[tokio::test]
async fn the_keys_are_those_that_a_server_publishes_at_first() {
    let server = Program::serve(&[]);
    let published = server.connect().await.exchange("GET /jwks HTTP/1.1\r\nHost: x\r\n\r\n").await;
    let published: Value = serde_json::from_str(&published.body).expect("JSON");
    assert_eq!(json(&["jwks"]), published);
}

#[test]
fn what_has_a_name_is_listed_as_a_table_and_as_json() {
    let all = json(&["list", "--json"]);
    for (list, name) in [
        ("switches", "plain"),
        ("amounts", "device-interval-seconds"),
        ("profiles", "fapi2"),
        ("faults", "invalid-iss"),
    ] {
        let listed = all[list].as_array().expect(list);
        assert!(listed.iter().any(|one| one["name"] == name && one["says"].is_string()), "{list}");
        assert!(run(&["list"]).stdout.lines().any(|line| line.starts_with(&format!("  {name} "))), "{name}");
    }
    assert!(all["documents"].as_array().expect("documents").contains(&"RFC 9207".into()));
    assert!(json(&["list", "faults", "--json"]).get("profiles").is_none());
    assert!(run(&["list", "profiles"]).stdout.starts_with("Profiles\n  strict "));
}

#[test]
fn a_profile_says_what_it_speaks_and_chooses() {
    let said = run(&["profile", "fapi2"]).stdout;
    for words in ["Speaks\n", "\n  RFC 9126\n", "\n  require-sender-constrained ", "\n  alg ", " PS256\n"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let document = json(&["profile", "fapi2", "--json"]);
    assert!(document["on"].as_array().expect("switches").contains(&"require-sender-constrained".into()));
    assert_eq!((&document["alg"], &document["lifetime"]["code"]), (&"PS256".into(), &60.into()));
    assert!(run(&["profile", "strict"]).stdout.contains("every choice is made strictly"));
    let unknown = run(&["profile", "fapi"]);
    assert!(unknown.status.code() == Some(2) && unknown.stderr.contains("did you mean fapi2?"), "{}", unknown.stderr);
}

#[test]
fn every_shell_completes_the_commands() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = run(&["completions", shell]).stdout;
        for word in ["healthcheck", "serve", "back-channel"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
    let script = run(&["completions", "bash"]).stdout;
    let read = Command::new("bash").args(["-n", "-c", &script]).status().expect("there is a bash");
    assert!(read.success(), "bash reads it");
}

#[tokio::test]
async fn the_examples_of_the_help_do_what_they_say() {
    let help = run(&["--help"]).stdout;
    let scratch = Scratch::new("examples");
    let (_, examples) = help.split_once("Examples:\n").expect("examples");
    let listening = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let listen = listening.to_string();
    std::fs::write(scratch.0.join("mock.yaml"), "user: [{sub: carol}]\n").expect("a file");
    let config = scratch.0.join("mock.yaml");
    let mut done = 0;
    for line in examples.lines().filter_map(|line| line.strip_prefix("  mock-idp ")) {
        let words = line.split("  ").next().unwrap_or_default();
        let words: Vec<&str> = words.split(' ').collect();
        let words: Vec<&str> = words
            .into_iter()
            .map(|word| if word == "mock.yaml" { config.to_str().expect("UTF-8") } else { word })
            .collect();
        match words.as_slice() {
            ["serve", arguments @ ..] => {
                let server = Program::start(arguments, &[("MOCK_IDP_LISTEN", &listen)]);
                assert_eq!(program(&["healthcheck"], &[("MOCK_IDP_LISTEN", &listen)]).status.code(), Some(0));
                server.end("TERM").await;
            }
            ["healthcheck"] => {
                let server = Program::start(&[], &[("MOCK_IDP_LISTEN", &listen)]);
                assert_eq!(program(&words, &[("MOCK_IDP_LISTEN", &listen)]).status.code(), Some(0), "{line}");
                server.end("TERM").await;
            }
            words => assert_eq!(program(words, &[]).status.code(), Some(0), "{line}"),
        }
        done += 1;
    }
    assert_eq!(done, 7, "{help}");
}
