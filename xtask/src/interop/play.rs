//! One client plays one flow: what it says about it, and what the server's journal says about it.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use super::catalogue::{Expect, Flow};
use super::person::Person;
use super::server::Line;

/// How long a client may take for a flow. It waits for nothing but this machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// Where clients wait for their answers. Nothing listens there: the browser is the client's own.
const REDIRECT_URI: &str = "http://127.0.0.1:8400/callback";

/// A program with its first arguments, and its environment.
pub(super) struct Program {
    pub(super) command: (PathBuf, Vec<PathBuf>),
    pub(super) environment: Vec<(&'static str, PathBuf)>,
}

/// What a client printed about its flow.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// It went through; what was checked.
    Done(String),
    /// The server refused, with this error and description.
    Refused(String),
}

impl Program {
    /// Plays `flow` at `issuer`. An error is what kept the client from it.
    pub(super) async fn play(&self, flow: &str, issuer: &str, person: Person<'_>) -> Result<Said, String> {
        let (program, arguments) = &self.command;
        let mut command = Command::new(program);
        command.args(arguments).arg(flow).stdin(Stdio::null()).kill_on_drop(true);
        command.env("ISSUER", issuer).env("REDIRECT_URI", REDIRECT_URI);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        // Nothing between a client and this machine.
        command.env("NO_PROXY", "*").env("no_proxy", "*");
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let ended = tokio::time::timeout(PATIENCE, watched(command, person)).await;
        ended.map_err(|_| format!("it was not done after {} seconds", PATIENCE.as_secs()))?
    }
}

/// Runs a client to its end. When it says `visit URL`, the person does.
async fn watched(mut command: Command, mut person: Person<'_>) -> Result<Said, String> {
    let failed = |error: std::io::Error| format!("it cannot be run: {error}");
    let mut child = command.spawn().map_err(failed)?;
    let mut output = BufReader::new(child.stdout.take().ok_or("it has no output")?).lines();
    let mut last = String::new();
    while let Some(line) = output.next_line().await.map_err(failed)? {
        match line.strip_prefix("visit ") {
            Some(url) => person.visit(url).await?,
            None => last = line,
        }
    }
    let ended = child.wait_with_output().await.map_err(failed)?;
    match ended.status.success() {
        true => said(&last),
        false => Err(last_words(&String::from_utf8_lossy(&ended.stderr))),
    }
}

/// Reads the last line: `done WHAT` or `refused ERROR: DESCRIPTION`.
fn said(last: &str) -> Result<Said, String> {
    match last.split_once(' ') {
        Some(("done", what)) => Ok(Said::Done(what.to_owned())),
        Some(("refused", why)) => Ok(Said::Refused(why.to_owned())),
        _ => Err(format!("it said {last:?} instead of how it ended")),
    }
}

/// The end of what a program complained about: its own message comes first or last, depending on the language.
fn last_words(complaint: &str) -> String {
    let lines: Vec<&str> = complaint.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    // What is indented, or begins so, is where it happened.
    let telling = |line: &&&str| line.contains("rror") && !line.starts_with("at ");
    let line = lines.iter().rev().find(telling).or(lines.last());
    line.map_or_else(|| "it failed without a word".to_owned(), |line| (*line).to_owned())
}

/// Compares how it ended with how it has to end. What is returned was shown; an error is what is not as it should be.
pub(super) fn judge(
    expect: Expect,
    flow: &Flow,
    said: Result<Said, String>,
    journal: &[Line],
) -> Result<String, String> {
    let told = |why: String| match journal.iter().rev().find(|line| line.rule().is_some()) {
        Some(line) => format!("{why}; the server: {}", line.0),
        None => why,
    };
    let shown = match (expect, said.map_err(told)?) {
        (Expect::Works(_), Said::Done(what)) => what,
        (Expect::Refused(rule), Said::Refused(why)) => format!("{rule}: {why}"),
        (Expect::Refused(rule), Said::Done(what)) => return Err(format!("{rule} did not refuse it: {what}")),
        (_, Said::Refused(why)) => return Err(told(format!("refused: {why}"))),
    };
    let allowed = match expect {
        Expect::Works(rules) => rules,
        Expect::Refused(rule) => &[rule],
    };
    let broken: Vec<&str> = journal.iter().filter_map(Line::rule).collect();
    if let Some(rule) = allowed.iter().find(|rule| !broken.contains(rule)) {
        return Err(format!("the server did not refuse by {rule}"));
    }
    if let Some(line) = journal.iter().find(|line| line.rule().is_some_and(|rule| !allowed.contains(&rule))) {
        return Err(format!("the server refused: {}", line.0));
    }
    if let Some(request) = flow.seen.iter().find(|seen| journal.iter().all(|line| line.request() != **seen)) {
        return Err(format!("the server did not see {request}"));
    }
    Ok(shown)
}

#[cfg(test)]
mod tests {
    use super::super::catalogue::At;
    use super::*;

    const FLOW: Flow =
        Flow { id: "x", says: "x", needs: &[], seen: &["POST /token 200"], program: "x", at: At::Strict };
    const PENDING: &str = "POST /token 400 client a authorization_pending rfc8628-pending (RFC 8628 section 3.5)";

    fn journal(lines: &[&str]) -> Vec<Line> {
        lines.iter().map(|line| Line((*line).to_owned())).collect()
    }

    fn done() -> Result<Said, String> {
        Ok(Said::Done("all of it".to_owned()))
    }

    #[test]
    fn the_last_line_says_how_it_ended() {
        assert_eq!(said("done sub is alice"), Ok(Said::Done("sub is alice".to_owned())));
        assert_eq!(said("refused invalid_grant: no"), Ok(Said::Refused("invalid_grant: no".to_owned())));
        assert!(said("").is_err() && said("well").is_err());
    }

    #[test]
    fn the_error_is_found_in_what_a_program_complains() {
        let python = "Traceback:\n  File x\nOAuthError: invalid_client: no\n";
        assert_eq!(last_words(python), "OAuthError: invalid_client: no");
        let node = "file:///x.mjs:1\n\nTypeError: fetch failed\n    at anError (x.mjs)\n\nNode.js v22\n";
        assert_eq!(last_words(node), "TypeError: fetch failed");
        assert_eq!(last_words(""), "it failed without a word");
    }

    #[test]
    fn a_flow_that_the_server_did_not_see_does_not_count() {
        let works = Expect::Works(&[]);
        assert!(judge(works, &FLOW, done(), &journal(&["POST /token 200 client a"])).is_ok());
        let error = judge(works, &FLOW, done(), &[]).expect_err("the token endpoint was not called");
        assert_eq!(error, "the server did not see POST /token 200");
    }

    #[test]
    fn refusals_are_those_that_are_listed_and_no_others() {
        let journal = journal(&[PENDING, "POST /token 200 client a"]);
        assert!(judge(Expect::Works(&["rfc8628-pending"]), &FLOW, done(), &journal).is_ok());
        let error = judge(Expect::Works(&[]), &FLOW, done(), &journal).expect_err("a refusal that is not listed");
        assert!(error.contains("rfc8628-pending"), "{error}");
        let error = judge(Expect::Works(&["rfc8628-pending", "b-c"]), &FLOW, done(), &journal);
        assert_eq!(error, Err("the server did not refuse by b-c".to_owned()));
    }

    #[test]
    fn what_goes_through_was_not_refused() {
        let journal = journal(&["POST /token 200 client a"]);
        let error = judge(Expect::Refused("a-b"), &FLOW, done(), &journal);
        assert_eq!(error, Err("a-b did not refuse it: all of it".to_owned()));
    }
}
