//! A chromedriver of our own, and the browsers that it drives (W3C WebDriver).

use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::ChildStdout;

use crate::dice::fresh;

/// Starts the program, and kills it and whatever it started as soon as nobody holds the other end of the input any
/// more, however that came about. A program that ends takes with it what it started.
const WATCH: &str = r#"exec 2>&1; { "$0" "$@" </dev/null; kill -KILL 0; } & read -r _; kill -KILL 0"#;
/// What the program says when it listens, before the port.
const STARTED: &str = "was started successfully on port ";
/// How long the program may take to start, and for one answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a page may take to load, and a script to run.
const PAGE: Duration = Duration::from_secs(8);
/// The most octets of an answer that are read.
const LONGEST: usize = 8 * 1024 * 1024;

/// How often a page that loads is looked at.
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);
/// Tells a page from the one before: when it was opened, as soon as it is read.
const WHICH: &str = "arguments[0](document.readyState === 'loading' ? null : performance.timeOrigin)";
/// Errors of scripts whose page went away, or takes its time.
const NO_RESULT: [&str; 3] = ["javascript error", "script timeout", "timeout"];

/// How often it is tried to remove the folder.
const MOST_TRIES: usize = 100;

/// How Chromium is started: without a window, and without asking anybody but the application and its servers.
const ARGUMENTS: &[&str] = &[
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--no-proxy-server",
    "--disable-background-networking",
    "--disable-breakpad",
    "--disable-component-update",
    "--disable-sync",
];

/// What keeps a browser from being driven.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DriverError {
    /// The program does not start.
    #[error("{} cannot be started: {because}", program.display())]
    Start {
        /// The program.
        program: PathBuf,
        /// Why.
        because: String,
    },
    /// It does not answer.
    #[error("the browser does not answer: {0}")]
    Gone(String),
    /// It answers with an error of WebDriver.
    #[error("the browser answers {error}: {message}")]
    Refused {
        /// The error code.
        error: String,
        /// What it says of it, in one line.
        message: String,
    },
}

/// A running chromedriver. It is gone with all its browsers and their files when this is dropped.
pub(super) struct Driver {
    http: reqwest::Client,
    base: String,
    watch: Child,
    folder: PathBuf,
}

/// A browser with an empty profile.
pub(super) struct Session {
    driver: Arc<Driver>,
    url: String,
    profile: PathBuf,
}

impl Driver {
    /// Starts this program, in a process group of its own.
    pub(super) async fn start(program: &Path) -> Result<Self, DriverError> {
        let cannot = |because: String| DriverError::Start { program: program.to_owned(), because };
        let http = reqwest::Client::builder().no_proxy().timeout(PATIENCE).tls_certs_only([]).build();
        let http = http.map_err(|error| cannot(error.to_string()))?;
        let folder = std::env::temp_dir().join(format!("oauth-attacks-{}", fresh()));
        std::fs::DirBuilder::new().mode(0o700).create(&folder).map_err(|error| cannot(error.to_string()))?;
        let (watch, output) = watched(program, &folder).map_err(|error| {
            // It is in the folder for temporary files: what is left there is swept some day.
            let _ = std::fs::remove_dir_all(&folder);
            cannot(error.to_string())
        })?;
        // From here on, leaving early ends the program as well.
        let mut driver = Self { http, base: String::new(), watch, folder };
        let port = tokio::time::timeout(PATIENCE, port(output)).await;
        let port = port.map_err(|_| cannot("it does not say where it listens".to_owned()))?.map_err(cannot)?;
        driver.base = format!("http://127.0.0.1:{port}");
        Ok(driver)
    }

    /// Asks for something and gives its `value`.
    async fn ask(&self, method: Method, url: &str, body: Option<&Value>) -> Result<Value, DriverError> {
        let gone = |error: reqwest::Error| DriverError::Gone(error.without_url().to_string());
        let mut request = self.http.request(method, url);
        if let Some(body) = body {
            request = request.json(body);
        }
        let mut response = request.send().await.map_err(gone)?;
        let mut octets = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(gone)? {
            octets.extend_from_slice(&chunk);
            if octets.len() > LONGEST {
                return Err(DriverError::Gone("it says too much".to_owned()));
            }
        }
        let answer: Value = serde_json::from_slice(&octets).map_err(|error| DriverError::Gone(error.to_string()))?;
        let value = answer.get("value").cloned().unwrap_or_default();
        match value.get("error").and_then(Value::as_str) {
            None => Ok(value),
            Some(error) => {
                let message = value["message"].as_str().unwrap_or_default();
                let message = message.lines().next().unwrap_or_default().to_owned();
                Err(DriverError::Refused { error: error.to_owned(), message })
            }
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        drop(self.watch.stdin.take());
        let _ = self.watch.wait();
        // Browsers that are being killed may still write something.
        for _ in 0..MOST_TRIES {
            if std::fs::remove_dir_all(&self.folder).is_ok() {
                break;
            }
            std::thread::yield_now();
        }
    }
}

impl Session {
    /// Opens a browser.
    pub(super) async fn open(driver: Arc<Driver>) -> Result<Self, DriverError> {
        let profile = driver.folder.join(fresh());
        let mut arguments: Vec<String> = ARGUMENTS.iter().map(|&argument| argument.to_owned()).collect();
        arguments.push(format!("--user-data-dir={}", profile.display()));
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            // An answer without a page would be waited for in vain.
            "pageLoadStrategy": "none",
            "unhandledPromptBehavior": "dismiss",
            "timeouts": { "pageLoad": PAGE.as_millis(), "script": PAGE.as_millis() },
            "goog:loggingPrefs": { "performance": "ALL" },
            "goog:chromeOptions": {
                "args": arguments,
                // Otherwise it begins with the page that its distributor likes best.
                "prefs": { "session": { "restore_on_startup": 4, "startup_urls": ["about:blank"] } },
            },
        } } });
        let made = driver.ask(Method::POST, &format!("{}/session", driver.base), Some(&wanted)).await?;
        let id = made["sessionId"].as_str().ok_or_else(|| DriverError::Gone("no session is opened".to_owned()))?;
        let url = format!("{}/session/{id}", driver.base);
        Ok(Self { driver, url, profile })
    }

    /// Closes the browser.
    pub(super) async fn close(&self) {
        // One that does not want to is killed with the driver.
        let _ = self.driver.ask(Method::DELETE, &self.url, None).await;
        let _ = std::fs::remove_dir_all(&self.profile);
    }

    /// Opens an address and waits until its page is there. One that takes too long is left to itself.
    pub(super) async fn go(&self, url: &str) -> Result<(), DriverError> {
        let before = self.run(WHICH, &json!([])).await?;
        self.driver.ask(Method::POST, &format!("{}/url", self.url), Some(&json!({ "url": url }))).await?;
        let arrived = async {
            let mut looks = tokio::time::interval(BETWEEN_LOOKS);
            loop {
                looks.tick().await;
                let now = self.run(WHICH, &json!([])).await?;
                if !now.is_null() && now != before {
                    return Ok(());
                }
            }
        };
        tokio::time::timeout(PAGE, arrived).await.unwrap_or(Ok(()))
    }

    /// The address of the page.
    pub(super) async fn address(&self) -> Result<String, DriverError> {
        let url = self.driver.ask(Method::GET, &format!("{}/url", self.url), None).await?;
        Ok(url.as_str().unwrap_or_default().to_owned())
    }

    /// The page as it is now.
    pub(super) async fn source(&self) -> Result<String, DriverError> {
        let source = self.driver.ask(Method::GET, &format!("{}/source", self.url), None).await?;
        Ok(source.as_str().unwrap_or_default().to_owned())
    }

    /// Runs the body of a function in the page, which is given these arguments and a function for its result. There is
    /// none if the page goes away meanwhile.
    pub(super) async fn run(&self, body: &str, arguments: &Value) -> Result<Value, DriverError> {
        let call = json!({ "script": body, "args": arguments });
        let result = self.driver.ask(Method::POST, &format!("{}/execute/async", self.url), Some(&call)).await;
        match result {
            Err(DriverError::Refused { error, .. }) if NO_RESULT.contains(&error.as_str()) => Ok(Value::Null),
            other => other,
        }
    }

    /// What happened in the network since this was asked last: events of the DevTools protocol.
    pub(super) async fn events(&self) -> Result<Vec<Value>, DriverError> {
        let kind = json!({ "type": "performance" });
        let lines = self.driver.ask(Method::POST, &format!("{}/se/log", self.url), Some(&kind)).await?;
        let event = |line: &Value| {
            let mut message: Value = serde_json::from_str(line["message"].as_str()?).ok()?;
            Some(message["message"].take())
        };
        Ok(lines.as_array().into_iter().flatten().filter_map(event).collect())
    }
}

/// Starts the program behind a shell that watches over it.
fn watched(program: &Path, folder: &Path) -> io::Result<(Child, ChildStdout)> {
    let mut command = std::process::Command::new("sh");
    command.arg("-c").arg(WATCH).arg(program).arg("--port=0").process_group(0);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    for variable in ["HOME", "TMPDIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"] {
        command.env(variable, folder);
    }
    let mut child = command.spawn()?;
    let output = child.stdout.take().ok_or_else(|| io::Error::other("it has no output"))?;
    Ok((child, ChildStdout::from_std(output)?))
}

/// Where the program listens, or the last that it says. The rest of its words goes nowhere.
async fn port(output: impl AsyncRead + Unpin + Send + 'static) -> Result<u16, String> {
    let mut lines = BufReader::new(output).lines();
    let mut last = "it ends at once".to_owned();
    while let Ok(Some(line)) = lines.next_line().await {
        let port = line.split_once(STARTED).and_then(|(_, port)| port.trim_end_matches('.').parse().ok());
        if let Some(port) = port {
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return Ok(port);
        }
        last = line;
    }
    Err(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_driver_that_is_none_is_told_of_by_its_name_and_last_words() {
        for (program, because) in [("/no/chromedriver", "not found"), ("echo", "--port=0")] {
            let error = Driver::start(Path::new(program)).await.err().expect("no driver").to_string();
            assert!(error.starts_with(program) && error.contains(because), "{error}");
        }
    }

    /// How many processes have this in their command line.
    fn running(text: &str) -> usize {
        let processes = std::fs::read_dir("/proc").expect("the processes").flatten();
        let lines = processes.filter_map(|process| std::fs::read(process.path().join("cmdline")).ok());
        lines.filter(|line| String::from_utf8_lossy(line).contains(text)).count()
    }

    #[tokio::test]
    #[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
    async fn nothing_is_left_of_a_driver_in_chromium() {
        let driver = match Driver::start(Path::new("chromedriver")).await {
            Ok(driver) => Arc::new(driver),
            Err(error) => {
                assert!(std::env::var_os("CI").is_none(), "{error}");
                return eprintln!("skipped: {error} (Debian: chromium chromium-driver)");
            }
        };
        let folder = driver.folder.clone();
        let profile = folder.display().to_string();
        let session = Session::open(Arc::clone(&driver)).await.expect("a browser");
        assert!(running(&profile) > 0);
        let closed = Session::open(driver).await.expect("another browser");
        closed.close().await;
        assert!(!closed.profile.exists());
        drop((session, closed));
        let gone = async {
            while running(&profile) > 0 || folder.exists() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, gone).await.expect("nobody is left");
    }
}
