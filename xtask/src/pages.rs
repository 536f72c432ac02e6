//! `cargo xtask pages`: every page of the server, in a real browser.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use mock_idp::{Client, MockIdp, User};

use crate::flows::{target_folder, told};
use crate::interop::Folders;
use crate::machine::Missing;

/// What the browser shows to whoever asks who may look. It protects nothing.
const TOKEN: &str = "the control token of the pages";
/// Where packages of npm are installed.
const NAME: &str = "pages";
/// The program that walks through the pages.
const WALK: &str = "walk";
/// How long all of it may take, in seconds, far beyond what it takes.
const PATIENCE: &str = "600";

/// Walks through every page, and says how many there are.
///
/// # Errors
/// [`Missing`]: among them, what is wrong with a page.
pub(crate) fn run(root: &Path, install: bool) -> Result<String, Missing> {
    let folders = Folders::of(root);
    folders.provide_chromium(install)?;
    folders.provide_npm(&root.join("fixtures/pages"), NAME, (&[WALK], install))?;
    let pictures = target_folder(root).join("pages");
    std::fs::create_dir_all(&pictures).map_err(|error| format!("{}: {error}", pictures.display()))?;
    let runtime = tokio::runtime::Runtime::new().map_err(|error| format!("no runtime: {error}"))?;
    let idp = runtime.block_on(server())?;
    let mut walk = Command::new("timeout");
    walk.arg(PATIENCE).arg(folders.node()).arg(folders.installed(NAME).join(WALK).join("main.mjs"));
    walk.args([idp.issuer()]).arg(&pictures).arg(chromium()).env("CONTROL_TOKEN", TOKEN);
    let output = walk.stdin(Stdio::null()).output().map_err(|error| format!("node cannot be run: {error}"))?;
    let (heard, complaint) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    match output.status.success() {
        true => Ok(format!("{}; pictures in {}", heard.trim_end(), pictures.display())),
        false => Err(Missing::Broken(format!("{heard}{complaint}"))),
    }
}

/// Where Chromium is: whoever starts it wants to know exactly.
fn chromium() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|folder| folder.join("chromium")).find(|program| program.exists());
    found.unwrap_or_else(|| "chromium".into())
}

/// A server with everybody that the pages are shown to.
async fn server() -> Result<MockIdp, String> {
    let client = Client::public("public").any_loopback_redirect().metadata("client_name", "A client with pages");
    let device = "urn:ietf:params:oauth:grant-type:device_code";
    let bank = Client::confidential("bank", "a secret of nobody").scope(["openid"]);
    let builder = MockIdp::builder()
        .on("login-pages")
        .control_token(TOKEN)
        .client(client.scope(["openid", "profile", "email"]).grant_types([
            "authorization_code",
            "refresh_token",
            device,
        ]))
        .client(bank.grant_types(["urn:openid:params:grant-type:ciba"]))
        .user(User::new("alice").claim("name", "Alice Adams").claim("email", "alice@example.com"))
        .user(User::new("bob").claim("name", "Bob Brown"))
        .user(User::new("paula").password("a password of nobody").one_time_code("123456"));
    builder.start().await.map_err(|error| told(&error))
}
