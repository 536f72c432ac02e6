//! A native login in a real browser: Chromium without a window, a server and a listener on the loopback interface.

use std::io::{self, Read as _};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use mock_idp::MockIdp;
use pkce_client::Client;
use tokio::sync::oneshot;
use url::Url;

use crate::token_store::Scratch;

/// How it is started: without a window, and without asking anybody but the server. It prints the page that it ends at.
const ARGUMENTS: &[&str] = &[
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--no-proxy-server",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--dump-dom",
];

/// A browser that is gone when this is dropped.
struct Chromium(Child);

impl Drop for Chromium {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Chromium {
    fn open(url: &Url, profile: PathBuf) -> io::Result<Self> {
        let mut command = Command::new("chromium");
        command.args(ARGUMENTS).arg(format!("--user-data-dir={}", profile.display())).arg(url.as_str());
        command.env("HOME", &profile).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        command.spawn().map(Self)
    }

    /// The page that it ends at.
    fn page(mut self) -> io::Result<String> {
        let mut page = String::new();
        let mut output = self.0.stdout.take().ok_or_else(|| io::Error::other("it has no output"))?;
        output.read_to_string(&mut page).map(|_| page)
    }
}

#[tokio::test]
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
async fn a_native_login_succeeds_in_chromium() {
    if Command::new("chromium").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err() {
        assert!(std::env::var_os("CI").is_none(), "there is no chromium");
        return eprintln!("skipped: there is no chromium (Debian: chromium)");
    }
    let (idp, scratch) = (MockIdp::start().await, Scratch::new("native-in-chromium"));
    let (done, page) = oneshot::channel();
    let (done, profile) = (Arc::new(Mutex::new(Some(done))), scratch.0.clone());
    let user_agent = move |url: Url| {
        let opened = Chromium::open(&url, profile.clone());
        let done = done.lock().expect("one login").take();
        std::future::ready(opened.map(|browser| {
            // A thread of its own: it reads until the browser ends.
            std::thread::spawn(move || done.map(|done| done.send(browser.page())));
        }))
    };
    let client = Client::builder(idp.issuer(), "public").user_agent(user_agent).discover().await.expect("a client");
    let session = client.login_native(["openid", "profile"]).await.expect("a session");
    assert_eq!(session.claims().expect("claims").subject(), "alice");
    assert_eq!(session.userinfo().await.expect("userinfo").subject(), "alice");
    let page = page.await.expect("a browser").expect("a page");
    assert!(page.contains("You can close this window"), "{page}");
    assert!(idp.journal().iter().all(|entry| entry.refusal.is_none() && entry.relaxations.is_empty()));
}
