//! A login in the user's browser, as a command line program does it. It speaks the protocol by which
//! `cargo xtask attack client --command` starts programs: what it needs is in its environment, `BROWSER` opens an
//! address, `REDIRECT_URI` is where it listens for the browser, and what came of it is a line of JSON.
//!
//! A program that is free to choose its port has less to do: `Client::login_native` listens by itself.
#![expect(clippy::print_stdout, reason = "what came of the login is printed")]

use std::env::var;
use std::error::Error;
use std::process::Command;

use pkce_client::{Callback, Client};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// The most octets of a request that are read.
const LONGEST: u64 = 64 * 1024;
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 21\r\nconnection: close\r\n\r\nBack to the terminal.";

#[tokio::main]
async fn main() {
    let said = match login().await {
        Ok(user) => json!({ "accepted": user }),
        Err(error) => json!({ "rejected": { "code": error.to_string() } }),
    };
    println!("{said}");
}

/// Whoever logged in: the subject, and the issuer that it is unique at.
async fn login() -> Result<Value, Box<dyn Error>> {
    let redirect_uri = var("REDIRECT_URI")?;
    let address = url::Url::parse(&redirect_uri)?;
    let listener = TcpListener::bind(("127.0.0.1", address.port().ok_or("REDIRECT_URI has no port")?)).await?;
    let client = Client::builder(&var("ISSUER")?, &var("CLIENT_ID")?).redirect_uri(redirect_uri).discover().await?;
    let started = client.login().scopes(["openid"]).begin().await?;
    Command::new(var("BROWSER")?).arg(started.url.as_str()).spawn()?;
    let (browser, _) = listener.accept().await?;
    let session = client.finish(started.pending, Callback::from_query(&query(browser).await?)?).await?;
    let user = session.userinfo().await?;
    Ok(json!({ "iss": client.issuer(), "sub": user.subject() }))
}

/// What the browser brings back. It is shown a page that says nothing of it.
async fn query(mut browser: TcpStream) -> Result<String, Box<dyn Error>> {
    let mut lines = BufReader::new((&mut browser).take(LONGEST)).lines();
    let line = lines.next_line().await?.unwrap_or_default();
    while lines.next_line().await?.is_some_and(|header| !header.is_empty()) {}
    browser.write_all(ANSWER).await?;
    let target = line.split(' ').nth(1).ok_or("a request without a target")?;
    Ok(target.split_once('?').map_or("", |(_, query)| query).to_owned())
}
