//! The mock server in a process of its own, and what it wrote about each request.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStderr, Command};

use crate::flows::told;

/// What the server writes once it listens; an address follows.
const LISTENING: &str = "listening on ";
/// Asked for to find the place in the journal where a flow ended. Nothing is there.
const END: &str = "/end-of-flow";

/// How long a line may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// A running server. Dropping it ends its process.
pub(super) struct Server {
    /// Its address as a URL, without a path.
    pub(super) base: String,
    journal: Lines<BufReader<ChildStderr>>,
    /// Lines that were read and not given to anybody yet.
    read: Vec<Line>,
    _child: Child,
}

/// A line of the journal: a request and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line(pub(super) String);

impl Line {
    /// `POST /token 400`: method, path and status.
    pub(super) fn request(&self) -> &str {
        let end = self.0.match_indices(' ').nth(2).map_or(self.0.len(), |(at, _)| at);
        &self.0[..end]
    }

    /// The id of the rule that was broken: the word before the place in brackets.
    pub(super) fn rule(&self) -> Option<&str> {
        let (before, _) = self.0.split_once(" (")?;
        before.rsplit(' ').next().filter(|word| word.contains('-'))
    }
}

impl Server {
    /// Starts `program` on a free port and waits until it says where it listens.
    pub(super) async fn start(program: &Path, arguments: &[PathBuf]) -> Result<Self, String> {
        let failed = |what: &str| format!("mock-idp: {what}");
        let mut command = Command::new(program);
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--verbose", "--log", "human"])
            .args(arguments)
            .kill_on_drop(true);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| failed(&error.to_string()))?;
        let (stdout, stderr) =
            child.stdout.take().zip(child.stderr.take()).ok_or_else(|| failed("it has no output"))?;
        let mut journal = BufReader::new(stderr).lines();
        let first = BufReader::new(stdout).lines().next_line().await.map_err(|error| failed(&error.to_string()))?;
        let Some(base) = first.as_deref().and_then(|line| line.strip_prefix(LISTENING)) else {
            let why = journal.next_line().await.ok().flatten().unwrap_or_default();
            return Err(failed(&format!("it did not start: {why}")));
        };
        Ok(Self { base: base.trim_end().to_owned(), journal, read: Vec::new(), _child: child })
    }

    /// Everything the journal holds since the last call. `http` has to be able to reach `issuer`, one of the tenants.
    pub(super) async fn journal(&mut self, http: &reqwest::Client, issuer: &str) -> Result<Vec<Line>, String> {
        let marked = http.get(format!("{issuer}{END}")).send().await;
        marked.map_err(|error| format!("{issuer} does not answer: {}", told(&error)))?;
        self.until(|line| line.request().contains(END)).await?;
        // Without the mark itself.
        self.read.pop();
        Ok(std::mem::take(&mut self.read))
    }

    /// Waits for a line, which stays in the journal.
    pub(super) async fn until(&mut self, wanted: impl Fn(&Line) -> bool) -> Result<(), String> {
        while !self.read.last().is_some_and(&wanted) {
            let line = tokio::time::timeout(PATIENCE, self.journal.next_line()).await;
            let line = line.map_err(|_| "the server's journal breaks off")?.map_err(|error| error.to_string())?;
            self.read.push(Line(line.ok_or("the server has gone")?));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Line;

    #[test]
    fn a_line_names_request_and_rule() {
        let line = "POST /token 400 client public invalid_grant rfc7636-verifier-wrong (RFC 7636 section 4.6): a (b)";
        let line = Line(line.to_owned());
        assert_eq!((line.request(), line.rule()), ("POST /token 400", Some("rfc7636-verifier-wrong")));
        let line = Line("GET /authorize 302 client public".to_owned());
        assert_eq!((line.request(), line.rule()), ("GET /authorize 302", None));
        let line = Line("GET /jwks 200".to_owned());
        assert_eq!((line.request(), line.rule()), ("GET /jwks 200", None));
    }
}
