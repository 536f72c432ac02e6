//! The program: what it prints, what it keeps, how it ends.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use oauth_types::Params;

use crate::scratch::Scratch;
use crate::wire::{Answer, Login, Wire, within, written};

/// The program, running. Dropping it kills it.
pub(crate) struct Program {
    child: Child,
    pub(crate) address: SocketAddr,
    stdout: BufReader<std::process::ChildStdout>,
    stderr: Option<JoinHandle<()>>,
    told: Arc<Mutex<String>>,
}

/// What the program left when it ended.
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Program {
    /// Starts `mock-idp serve --listen 127.0.0.1:0` with further arguments, and waits until it is ready. What it tells
    /// is for people.
    pub(crate) fn serve(arguments: &[&str]) -> Self {
        Self::start(&[&["--listen", "127.0.0.1:0", "--log", "human"], arguments].concat(), &[])
    }

    /// Starts `mock-idp serve` with arguments and variables, and waits until it is ready.
    pub(crate) fn start(arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mock-idp"));
        command.arg("serve").args(arguments).envs(environment.iter().copied());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
        let mut stdout = BufReader::new(child.stdout.take().expect("it is piped"));
        let told = Arc::default();
        let stderr = collect(child.stderr.take().expect("it is piped"), &told);
        let mut line = String::new();
        stdout.read_line(&mut line).expect("a line");
        let address = line.strip_prefix("listening on http").and_then(|rest| rest.strip_suffix('\n'));
        let address = address.and_then(|rest| rest.strip_prefix("s://").or_else(|| rest.strip_prefix("://")));
        let Some(address) = address.and_then(|address| address.parse().ok()) else {
            let _ = child.kill();
            stderr.join().expect("text");
            panic!("not the first line of a server: {line:?} {}", told.lock().expect("no panic"));
        };
        Self { child, address, stdout, stderr: Some(stderr), told }
    }

    /// Sends a signal, by the name that `kill` knows.
    pub(crate) fn signal(&self, signal: &str) {
        let kill = Command::new("kill").args([&format!("-{signal}"), &self.child.id().to_string()]).status();
        assert!(kill.expect("there is a kill").success());
    }

    /// Sends a signal, by the name that `kill` knows, and waits for the end.
    pub(crate) async fn end(mut self, signal: &str) -> Ended {
        self.signal(signal);
        let status = within(async {
            loop {
                match self.child.try_wait().expect("a child") {
                    Some(status) => break status,
                    None => tokio::task::yield_now().await,
                }
            }
        })
        .await;
        let mut stdout = String::new();
        self.stdout.read_to_string(&mut stdout).expect("text");
        self.stderr.take().expect("it ends once").join().expect("text");
        let stderr = self.told.lock().expect("no panic").clone();
        Ended { status, stdout, stderr }
    }

    /// Waits until it has told something on standard error.
    pub(crate) async fn tells(&self, words: &str) {
        within(async {
            while !self.told.lock().expect("no panic").contains(words) {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }

    pub(crate) async fn connect(&self) -> Wire {
        Wire::connect(self.address).await
    }

    /// A code for `login`.
    pub(crate) async fn code(&self, login: &Login) -> String {
        self.authorize(&login.request()).await.code()
    }

    pub(crate) async fn authorize(&self, params: &Params) -> Answer {
        self.connect()
            .await
            .exchange(&format!("GET /authorize?{} HTTP/1.1\r\nHost: x\r\n\r\n", params.encode()))
            .await
    }

    pub(crate) async fn token(&self, params: &Params) -> Answer {
        self.connect().await.exchange(&written("/token", params)).await
    }

    pub(crate) async fn userinfo(&self, token: &str) -> Answer {
        let request = format!("GET /userinfo HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n");
        self.connect().await.exchange(&request).await
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It has ended already unless the test failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Keeps what is told, line by line.
fn collect(stderr: ChildStderr, told: &Arc<Mutex<String>>) -> JoinHandle<()> {
    let told = Arc::clone(told);
    std::thread::spawn(move || {
        let mut stderr = BufReader::new(stderr);
        let mut line = String::new();
        while stderr.read_line(&mut line).expect("text") > 0 {
            told.lock().expect("no panic").push_str(&std::mem::take(&mut line));
        }
    })
}

/// Runs the program to its end.
pub(crate) fn run(arguments: &[&str]) -> Ended {
    let output = Command::new(env!("CARGO_BIN_EXE_mock-idp")).args(arguments).output().expect("the program starts");
    let text = |octets: Vec<u8>| String::from_utf8(octets).expect("text");
    Ended { status: output.status, stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// A whole flow; the answer is that of the token endpoint.
pub(crate) async fn flow(program: &Program) -> Answer {
    let login = Login::new();
    let tokens = program.token(&login.redemption(&program.code(&login).await)).await;
    assert_eq!(tokens.status, 200, "{tokens:?}");
    let claims = program.userinfo(&tokens.member("access_token")).await;
    assert_eq!((claims.member("sub"), claims.member("email")), ("alice".to_owned(), "alice@example.com".to_owned()));
    tokens
}

/// A file of the test, as an argument.
pub(crate) fn path_in(scratch: &Scratch, name: &str) -> String {
    scratch.0.join(name).to_str().expect("a path in UTF-8").to_owned()
}

#[tokio::test]
async fn it_says_where_it_listens_and_serves_a_flow() {
    for signal in ["TERM", "INT"] {
        let program = Program::serve(&[]);
        let tokens = flow(&program).await;
        let discovery = "GET /.well-known/openid-configuration HTTP/1.1\r\nHost: x\r\n\r\n";
        let issuer = program.connect().await.exchange(discovery).await.member("issuer");
        assert_eq!(issuer, format!("http://{}", program.address));
        assert_eq!(claims(&tokens.member("id_token"))["iss"], *issuer);
        let ended = program.end(signal).await;
        assert_eq!(
            (ended.status.code(), ended.stdout.as_str(), ended.stderr.as_str()),
            (Some(0), "", ""),
            "{signal}"
        );
    }
}

#[tokio::test]
async fn a_signal_right_after_the_first_line_ends_it_in_order() {
    for signal in ["INT", "TERM"].repeat(10) {
        assert_eq!(Program::serve(&[]).end(signal).await.status.code(), Some(0), "{signal}");
    }
}

#[tokio::test]
async fn a_request_under_way_is_finished_after_the_signal() {
    let program = Program::serve(&["--verbose"]);
    let mut wire = program.connect().await;
    let head = "POST /token HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n";
    wire.send(head.as_bytes()).await.expect("it reads");
    wire.is_asked_for_more().await;
    let address = program.address;
    let (ended, answer) = tokio::join!(program.end("TERM"), async {
        // It is stopping once nobody can connect any more. Somebody else may have got the port by then.
        for _ in 0..1000 {
            if tokio::net::TcpStream::connect(address).await.is_err() {
                break;
            }
        }
        wire.send(b"a=1").await.expect("it reads");
        wire.receive().await
    });
    assert_eq!(answer.expect("an answer").status, 400);
    assert_eq!(ended.status.code(), Some(0));
}

#[tokio::test]
async fn a_second_signal_ends_it_at_once() {
    let program = Program::serve(&[]);
    let mut wire = program.connect().await;
    let head = "POST /token HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n";
    wire.send(head.as_bytes()).await.expect("it reads");
    wire.is_asked_for_more().await;
    program.signal("TERM");
    within(async { while tokio::net::TcpStream::connect(program.address).await.is_ok() {} }).await;
    // The request is under way still, and would be waited for.
    let ended = program.end("INT").await;
    assert_eq!(ended.status.code(), Some(1));
    assert_eq!(ended.stderr, "error: ended by a second signal, with requests under way\n");
}

#[tokio::test]
async fn what_sqlite_keeps_survives_a_restart() {
    let scratch = Scratch::new("restart");
    let store = format!("sqlite:{}", path_in(&scratch, "mock.db"));
    let arguments = ["--store", store.as_str(), "--issuer", "http://mock.example", "--verbose"];
    let (login, other) = (Login::new(), Login::new());

    let first = Program::serve(&arguments);
    let code = first.code(&login).await;
    let spent = first.code(&other).await;
    assert_eq!(first.token(&other.redemption(&spent)).await.status, 200);
    let ended = first.end("TERM").await;
    assert_eq!(ended.status.code(), Some(0));
    assert!(ended.stderr.starts_with("issuer http://mock.example\n"), "{}", ended.stderr);

    let second = Program::serve(&arguments);
    let tokens = second.token(&login.redemption(&code)).await;
    assert_eq!(tokens.status, 200, "a code outlives the program: {tokens:?}");
    assert_eq!(second.token(&other.redemption(&spent)).await.member("error"), "invalid_grant");
    let ended = second.end("KILL").await;
    assert!(ended.stderr.contains(" rfc6749-code-replayed "), "a replay is recognised: {}", ended.stderr);

    let third = Program::serve(&arguments);
    assert_eq!(third.userinfo(&tokens.member("access_token")).await.status, 200, "so does an access token");
    let refreshed = third.token(&login.refresh(&tokens.member("refresh_token"))).await;
    assert_eq!(refreshed.status, 200, "and a refresh token, even if the program was killed: {refreshed:?}");
    assert_eq!(third.end("TERM").await.status.code(), Some(0));
}

#[tokio::test]
async fn it_signs_with_the_algorithm_asked_for() {
    for algorithm in ["RS256", "ES512", "EdDSA", "PS384", "Ed25519"] {
        let program = Program::serve(&["--alg", algorithm]);
        let tokens = flow(&program).await;
        for token in ["id_token", "access_token"] {
            assert_eq!(header(&tokens.member(token))["alg"], algorithm);
        }
        program.end("TERM").await;
    }
    let ended = run(&["serve", "--alg", "HS256"]);
    assert_eq!(ended.status.code(), Some(2));
    assert!(
        ended
            .stderr
            .contains("say one of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA, Ed25519"),
        "{}",
        ended.stderr
    );
}

#[tokio::test]
async fn every_relaxation_is_named_where_it_is_used() {
    let program = Program::serve(&["--any-client", "--plain", "--pkce-optional"]);
    let mut params = Params::new()
        .with("response_type", "code")
        .with("client_id", "nobody")
        .with("redirect_uri", "https://app.example/cb");
    let redemption = Params::new()
        .with("grant_type", "authorization_code")
        .with("client_id", "nobody")
        .with("client_secret", "whatever")
        .with("redirect_uri", "https://app.example/cb");
    let code = program.authorize(&params).await.code();
    assert_eq!(program.token(&redemption.clone().with("code", code)).await.status, 200);
    let verifier = "plain-canary-verifier-0123456789-0123456789";
    params.push("code_challenge", verifier);
    params.push("code_challenge_method", "plain");
    let code = program.authorize(&params).await.code();
    let redemption = redemption.with("code", code).with("code_verifier", verifier);
    assert_eq!(program.token(&redemption).await.status, 200);
    let stderr = program.end("TERM").await.stderr;
    let lines: Vec<&str> = stderr.lines().collect();
    assert_eq!(
        lines,
        [
            "GET /authorize 302 client nobody relaxed: any-client, pkce-optional",
            "POST /token 200 client nobody relaxed: any-client",
            "GET /authorize 302 client nobody relaxed: any-client, plain",
            "POST /token 200 client nobody relaxed: any-client",
        ]
    );
}

#[tokio::test]
async fn without_relaxations_the_same_is_refused_and_says_why() {
    let program = Program::serve(&[]);
    let login = Login::new();
    let mut without = login.request();
    without.remove("code_challenge");
    without.remove("code_challenge_method");
    let mut plain = login.request();
    plain.set("code_challenge_method", "plain");
    let mut unknown = login.request();
    unknown.set("client_id", "nobody");
    for params in [&without, &plain, &unknown] {
        program.authorize(params).await;
    }
    let stderr = program.end("TERM").await.stderr;
    let lines: Vec<&str> = stderr.lines().collect();
    for (line, starts) in lines.iter().zip([
        "GET /authorize 302 client public invalid_request rfc7636-challenge-missing (RFC 7636 section 4.4.1)",
        "GET /authorize 302 client public invalid_request rfc7636-plain (RFC 7636 section 4.2): ",
        "GET /authorize 400 client nobody invalid_request rfc6749-client-unknown (RFC 6749 section 4.1.2.1): ",
    ]) {
        assert!(line.starts_with(starts), "{line}");
    }
    assert_eq!(lines.len(), 3);
}

#[tokio::test]
async fn a_configuration_file_sets_clients_users_and_lifetimes() {
    let scratch = Scratch::new("config");
    let path = path_in(&scratch, "mock.toml");
    let text = r#"
        alg = "ES256"
        listen = "127.0.0.1:1"

        [lifetime]
        token = 7

        [[client]]
        client_id = "web"
        client_secret = "s3cret"
        redirect_uris = ["http://127.0.0.1:1/cb"]
        scope = "openid email"
        id_token_signed_response_alg = "EdDSA"

        [[user]]
        sub = "carol"
        claims = { email = "carol@example.com", groups = ["admin"] }
    "#;
    std::fs::write(&path, text).expect("a file");
    let program = Program::serve(&["--config", &path]);
    let login = Login { client: "web", ..Login::new() };
    let redemption = login.redemption(&program.code(&login).await).with("client_secret", "s3cret");
    let tokens = program.token(&redemption).await;
    assert_eq!(tokens.status, 200, "{tokens:?}");
    assert!(tokens.body.contains("\"expires_in\":7"), "{tokens:?}");
    assert_eq!(header(&tokens.member("access_token"))["alg"], "ES256");
    assert_eq!(header(&tokens.member("id_token"))["alg"], "EdDSA");
    let claims = program.userinfo(&tokens.member("access_token")).await;
    assert!(
        claims.body.contains("\"sub\":\"carol\"") && claims.body.contains("\"groups\":[\"admin\"]"),
        "{claims:?}"
    );
    assert_eq!(program.authorize(&Login::new().request()).await.status, 400, "the built-in clients are gone");
    program.end("TERM").await;
}

#[test]
fn a_configuration_that_cannot_be_is_refused_with_its_line() {
    let scratch = Scratch::new("bad-config");
    let path = path_in(&scratch, "mock.toml");
    let client = "[[client]]\nclient_id = \"web\"\nclient_secret = \"canary-secret\"\n";
    let one = |name: &str, value: &str| format!("{client}{name} = {value}\n");
    for (text, says) in [
        ("any_cleint = true\n".to_owned(), "1:1: any_cleint: there is no such member; did you mean any_client?"),
        (
            one("redirect_uri", "\"x\""),
            "4:1: client[0].redirect_uri: there is no such member; did you mean redirect_uris?",
        ),
        (one("client_secret", "\"canary-secret\""), "4:1: this is no TOML: duplicate key"),
        (format!("{client}[[client]]\nclient_secret = \"canary-secret\"\n"), "4:1: client[1]: client_id is missing"),
        ("[[client]]\nclient_id = \"web\"\nclient_secret = \"canary-secret\n".to_owned(), "3:"),
        ("[[client]]\nclient_id = \"web\"\nclient_secret = 4711\n".to_owned(), "3:1: client[0].client_secret: "),
        ("alg = \"ES256K\"\n".to_owned(), "1:1: alg: there is no such algorithm; did you mean ES256?"),
        (
            "store = \"postgres://canary-secret@x\"\n".to_owned(),
            "1:1: store: this is no store; say memory or sqlite:PATH",
        ),
        ("[lifetime]\ncode = -1\n".to_owned(), "2:1: lifetime.code: this "),
        (format!("{client}{client}"), "4:1: client[1]: there are two clients called web; "),
        ("[[user]]\nsub = \"a\"\n[[user]]\nsub = \"a\"\n".to_owned(), "3:1: user[1]: there are two users called a; "),
        (one("redirect_uris", "[\"/cb\"]"), "4:18: client[0].redirect_uris[0]: this cannot be a redirect URI; "),
        (one("redirect_uris", "[\"https://a/#b\"]"), "4:18: client[0].redirect_uris[0]: this cannot be "),
        ("issuer = \"http://a/?x\"\n".to_owned(), "1:1: issuer: this is no issuer; write http:// or "),
        ("back_channel = \"idp:8080\"\n".to_owned(), "1:1: back_channel: this is no address of endpoints; "),
        (
            one("token_endpoint_auth_method", "\"client_secret_basics\""),
            "4:1: client[0].token_endpoint_auth_method: client web: no document here defines this method of client \
             authentication; did you mean client_secret_basic?",
        ),
        (
            one("grant_types", "[\"authorisation_code\"]"),
            "4:1: client[0].grant_types: client web: no document here defines one of these grant types; did you mean \
             authorization_code?",
        ),
        (
            format!("{client}[client.metadata]\nsubject_type = \"canary\"\n"),
            "5:1: client[0].metadata.subject_type: client web: ",
        ),
        ("profile = \"rfc7636\"\non = [\"ciba-ping\", \"login-pages\"]\n".to_owned(), "2:7: on[0]: "),
    ] {
        std::fs::write(&path, &text).expect("a file");
        let ended = run(&["serve", "--listen", "127.0.0.1:0", "--config", &path]);
        let expected = format!("error: {path}:{says}");
        assert!(ended.stderr.starts_with(&expected), "{text}: {}", ended.stderr);
        assert!(!ended.stderr.contains("canary") && !ended.stderr.contains("4711"), "{}", ended.stderr);
        assert_eq!(
            (ended.status.code(), ended.stdout.as_str(), ended.stderr.lines().count()),
            (Some(1), "", 1),
            "{text}: {}",
            ended.stderr
        );
    }
}

#[tokio::test]
async fn yaml_and_json_say_the_same_as_toml() {
    let scratch = Scratch::new("formats");
    for (name, text) in [
        ("mock.yaml", "lifetime: {token: 7}\nuser:\n  - &carol\n    sub: carol\n"),
        ("mock.yml", "lifetime:\n  token: 7\nuser: [{sub: carol}]\n"),
        ("mock.json", "{\"lifetime\": {\"token\": 7}, \"user\": [{\"sub\": \"carol\"}]}"),
    ] {
        let path = path_in(&scratch, name);
        std::fs::write(&path, text).expect("a file");
        let program = Program::serve(&["--config", &path]);
        let login = Login::new();
        let tokens = program.token(&login.redemption(&program.code(&login).await)).await;
        assert!(tokens.body.contains("\"expires_in\":7"), "{name}: {tokens:?}");
        assert_eq!(claims(&tokens.member("id_token"))["sub"], "carol", "{name}");
        program.end("TERM").await;
    }
}

#[test]
fn every_mistake_of_a_file_has_a_line_of_its_own() {
    let scratch = Scratch::new("mistakes");
    let path = path_in(&scratch, "mock.yaml");
    std::fs::write(&path, "profile: odic\nclient:\n  - client_id: [canary]\n    redirect_uri: x\n").expect("a file");
    let ended = run(&["serve", "--config", &path]);
    let lines: Vec<&str> = ended.stderr.lines().collect();
    assert_eq!(lines.len(), 3, "{}", ended.stderr);
    for (line, at) in lines.iter().zip(["1:1: profile:", "3:5: client[0].client_id:", "4:5: client[0].redirect_uri:"])
    {
        assert!(line.starts_with(&format!("error: {path}:{at}")), "{}", ended.stderr);
    }
    assert!(!ended.stderr.contains("canary"));
}

#[test]
fn what_members_say_of_each_other_is_told_at_once_too() {
    let scratch = Scratch::new("meaning");
    let path = path_in(&scratch, "mock.json");
    let text = r#"{"issuer": "ftp://canary",
        "client": [{"client_id": "a", "redirect_uris": ["https://app.example/cb", "/canary"],
                    "grant_types": ["canary"]},
                   {"client_id": "b", "redirect_uris": ["canary#f", "https://app.example/cb#canary"]}],
        "front_channel": "canary", "back_channel": "canary"}"#;
    std::fs::write(&path, text).expect("a file");
    let ended = run(&["serve", "--config", &path]);
    let told = ["issuer:", "client[0].redirect_uris[1]:", "client[0].grant_types:", "client[1].redirect_uris[0]:"];
    let told = [&told[..], &["client[1].redirect_uris[1]:", "front_channel:", "back_channel:"]].concat();
    let lines: Vec<&str> = ended.stderr.lines().collect();
    assert_eq!(lines.len(), told.len(), "{}", ended.stderr);
    for (line, told) in lines.iter().zip(told) {
        assert!(line.starts_with("error: ") && line.split(' ').nth(2) == Some(told), "{told}: {line}");
    }
    assert!(!ended.stderr.contains("canary"), "{}", ended.stderr);
}

#[test]
fn the_schema_is_printed_as_it_is_published() {
    let published = include_str!("../../../../docs/configuration.schema.json");
    assert_eq!(run(&["schema"]).stdout, published, "run `cargo xtask codegen`");
}

#[test]
fn what_cannot_be_opened_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let scratch = Scratch::new("cannot");
    let (missing, text) = (path_in(&scratch, "missing.toml"), path_in(&scratch, "text.db"));
    std::fs::write(&text, "This is no database, however long one reads it. ".repeat(100)).expect("a file");
    let below = format!("sqlite:{}/x.db", path_in(&scratch, "missing"));
    let no_database = format!("sqlite:{text}");
    let directory = scratch.0.to_str().expect("UTF-8");
    for (arguments, says) in [
        (vec!["--listen", &address], format!("error: cannot listen on {address}: ")),
        (vec!["--config", &missing], format!("error: {missing}: ")),
        (vec!["--config", directory], format!("error: {directory}: ")),
        (vec!["--store", &below], format!("error: {}: the store failed: ", &below["sqlite:".len()..])),
        (vec!["--store", &no_database], format!("error: {text}: the store failed: ")),
    ] {
        let ended = run(&[&["serve"], arguments.as_slice()].concat());
        assert!(ended.stderr.starts_with(&says), "{arguments:?}: {}", ended.stderr);
        assert!(arguments[0] != "--listen" || ended.stderr.ends_with("picks a free one by --listen\n"), "a remedy");
        assert_eq!((ended.status.code(), ended.stdout.as_str()), (Some(1), ""), "{arguments:?}");
    }
    assert!(Path::new(&text).exists(), "it is not replaced by a database");
}

#[test]
fn its_help_names_the_built_in_clients_and_every_relaxation() {
    let help = run(&["serve", "--help"]);
    assert_eq!(help.status.code(), Some(0));
    for word in
        ["public", "confidential", "secret", "alice", "bob", "any-client", "plain", "pkce-optional", "sqlite:PATH"]
    {
        assert!(help.stdout.contains(word), "{word}: {}", help.stdout);
    }
    assert!(run(&["--help"]).stdout.contains("serve"));
    assert!(run(&["--version"]).stdout.starts_with("mock-idp "));
    for arguments in [&[][..], &["serve", "--store", "postgres://x"], &["serve", "--listen", "8080"], &["sevre"]] {
        let ended = run(arguments);
        assert_eq!((ended.status.code(), ended.stdout.as_str()), (Some(2), ""), "{arguments:?}");
    }
}

/// The header of a JWT.
fn header(token: &str) -> serde_json::Value {
    part(token, 0)
}

/// The claims of a JWT.
pub(crate) fn claims(token: &str) -> serde_json::Value {
    part(token, 1)
}

fn part(token: &str, number: usize) -> serde_json::Value {
    let octets =
        BASE64_URL_SAFE_NO_PAD.decode(token.split('.').nth(number).expect("three parts")).expect("base64url");
    serde_json::from_slice(&octets).expect("JSON")
}
