//! What `mock-idp serve` writes while it runs: lines for people, or lines of JSON for programs. Neither holds a secret.

use std::fmt::Write as _;
use std::io::{IsTerminal, Write};
use std::sync::OnceLock;

use mock_idp::{Entry, Notice};
use oauth_types::journal::Ending;
use serde_json::{Map, Value, json};

/// In what form lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum LogFormat {
    /// A line that is read by people, coloured and aligned on a terminal.
    Human,
    /// A JSON object.
    Json,
}

/// How lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Voice {
    format: LogFormat,
    /// In columns, for a terminal.
    aligned: bool,
    coloured: bool,
}

/// That of this process: the journal is watched by plain functions.
static VOICE: OnceLock<Voice> = OnceLock::new();

impl Voice {
    /// That of standard error: for people on a terminal, and JSON elsewhere, if nothing is said.
    pub(crate) fn of_stderr(asked: Option<LogFormat>) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let elsewhere = if terminal { LogFormat::Human } else { LogFormat::Json };
        // https://no-color.org: whatever it says, as long as it says something.
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self { format: asked.unwrap_or(elsewhere), aligned: terminal, coloured: terminal && !plain }
    }

    /// Whether a person sits in front of it.
    pub(crate) fn is_seen(self) -> bool {
        self.aligned && self.format == LogFormat::Human
    }

    /// Speaks with this voice from now on; says which function watches the journal.
    pub(crate) fn raise(self, every: bool) -> fn(&Entry) {
        let _ = VOICE.set(self);
        if every { every_request } else { what_was_refused }
    }

    /// Tells something of the server itself: `event` names it for programs.
    pub(crate) fn tell(self, event: &str, said: &str, text: &str) {
        match self.format {
            LogFormat::Human => write(text),
            LogFormat::Json => write(&json!({ "event": event, (event): said }).to_string()),
        }
    }

    fn line(self, entry: &Entry) -> String {
        match self.format {
            LogFormat::Json => Value::Object(members(entry)).to_string(),
            LogFormat::Human if self.aligned => self.columns(entry),
            LogFormat::Human => entry.to_string(),
        }
    }

    /// Status, method and path in columns, and what is told besides.
    fn columns(self, entry: &Entry) -> String {
        let (whole, path) = (entry.to_string(), entry.path.escape_debug().to_string());
        let rest = whole.strip_prefix(&format!("{} {path} {}", entry.method, entry.status)).unwrap_or_default();
        let colour = match entry.status {
            _ if !self.coloured => None,
            _ if entry.refusal.is_some() || entry.failure.is_some() => Some("31"),
            _ if !entry.relaxations.is_empty() => Some("33"),
            _ => Some("32"),
        };
        let status = match colour {
            Some(colour) => format!("\u{1b}[{colour}m{}\u{1b}[0m", entry.status),
            None => entry.status.to_string(),
        };
        let columns = format!("{status} {:<4} {path:<22}{rest}", entry.method.as_str());
        columns.trim_end().to_owned()
    }
}

/// A request and what came of it, as the line for people has it.
fn members(entry: &Entry) -> Map<String, Value> {
    let mut members = Map::new();
    let mut set = |name: &str, value: Value| members.insert(name.to_owned(), value);
    set("at", entry.at.into());
    set("method", entry.method.as_str().into());
    set("path", entry.path.as_ref().into());
    set("status", entry.status.into());
    if let Some(client) = &entry.client_id {
        set("client_id", client.as_str().into());
    }
    if let Some(refused) = &entry.refusal {
        set("error", refused.error.to_string().into());
        set("rule", refused.rule.into());
        set("document", refused.document.into());
        set("section", refused.section.into());
        if let Some(hint) = &refused.hint {
            set("hint", hint.as_ref().into());
        }
    }
    for (name, words) in [("relaxed", json!(entry.relaxations)), ("ignored", json!(entry.ignored))] {
        if words.as_array().is_some_and(|words| !words.is_empty()) {
            set(name, words);
        }
    }
    if entry.faults > 0 {
        set("faults", entry.faults.into());
    }
    if !entry.notices.is_empty() {
        set("sent", entry.notices.iter().map(notice).collect());
    }
    if let Some(failure) = &entry.failure {
        set("failure", failure.as_str().into());
    }
    if entry.ending != Ending::Answered {
        set("ending", entry.ending.to_string().into());
    }
    members
}

fn notice(Notice { url, outcome, .. }: &Notice) -> Value {
    match outcome {
        Ok(status) => json!({ "to": url, "status": status }),
        Err(why) => json!({ "to": url, "failure": why }),
    }
}

fn every_request(entry: &Entry) {
    if let Some(voice) = VOICE.get() {
        write(&voice.line(entry));
    }
}

fn what_was_refused(entry: &Entry) {
    if entry.refusal.is_some() || !entry.relaxations.is_empty() || entry.failure.is_some() {
        every_request(entry);
    }
}

/// Writes a line to standard error. Whoever reads it may have gone.
fn write(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// What whoever starts the server in a terminal can do next.
pub(crate) struct Banner<'a> {
    /// Where the server is.
    pub(crate) base: &'a str,
    /// Whether the client that it has by itself gets a token by its secret.
    pub(crate) gives_tokens: bool,
    /// Whether every request is told.
    pub(crate) verbose: bool,
    /// Whether there is a control API that this machine may call.
    pub(crate) control: bool,
}

impl Banner<'_> {
    /// Three next steps.
    pub(crate) fn text(&self) -> String {
        let base = self.base;
        // What made its own certificate is called by curl as it is.
        let curl = if base.starts_with("https:") { "curl --insecure" } else { "curl" };
        let mut text = String::new();
        // Writing into a string cannot fail.
        let _ = match self.gives_tokens {
            true => writeln!(
                text,
                "\n  1. a token     {curl} {base}/token -u confidential:secret -d grant_type=client_credentials"
            ),
            false => writeln!(text, "\n  1. the keys    {curl} {base}/jwks"),
        };
        let _ = writeln!(text, "  2. discovery   {base}/.well-known/openid-configuration");
        let refused = match self.verbose {
            true => "every request is told here, and why it was refused",
            false => "what is refused is told here, and why; --verbose tells every request",
        };
        let _ = writeln!(text, "  3. refusals    {refused}");
        if self.control {
            let _ = writeln!(text, "                 {base}/_inspect shows what happened, {base}/_try begins a login");
        }
        text.push_str("\n  ctrl-c ends it\n");
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEOPLE: Voice = Voice { format: LogFormat::Human, aligned: true, coloured: true };

    /// What is written down of a refused request, and of one that is answered.
    async fn entries() -> Vec<Entry> {
        let idp = mock_idp::MockIdp::builder().in_process().expect("a server");
        for path in ["/authorize?client_id=nobody&state=canary-4711", "/jwks"] {
            idp.call(http::Request::get(path).body(bytes::Bytes::new()).expect("a request")).await;
        }
        idp.journal().iter().cloned().collect()
    }

    #[tokio::test]
    async fn a_line_of_json_says_what_the_line_for_people_says() {
        let entries = entries().await;
        let json = Voice { format: LogFormat::Json, ..PEOPLE }.line(&entries[0]);
        let line: Value = serde_json::from_str(&json).expect("JSON");
        assert_eq!((&line["path"], &line["status"]), (&json!("/authorize"), &json!(400)));
        assert_eq!((&line["rule"], &line["client_id"]), (&json!("rfc6749-client-unknown"), &json!("nobody")));
        assert!(line["hint"].is_string() && !json.contains("canary"), "{json}");
        let people = Voice { aligned: false, ..PEOPLE }.line(&entries[0]);
        assert_eq!(people, entries[0].to_string());
    }

    #[tokio::test]
    async fn on_a_terminal_lines_are_aligned_and_coloured_by_what_came_of_them() {
        let entries = entries().await;
        let [refused, answered] = [&entries[0], &entries[1]].map(|entry| PEOPLE.line(entry));
        assert!(
            refused.starts_with("\u{1b}[31m400\u{1b}[0m GET  /authorize             client nobody "),
            "{refused}"
        );
        assert_eq!(answered, "\u{1b}[32m200\u{1b}[0m GET  /jwks");
        let plain = Voice { coloured: false, ..PEOPLE }.line(&entries[1]);
        assert_eq!(plain, "200 GET  /jwks");
    }

    #[test]
    fn the_banner_names_three_next_steps() {
        let banner = Banner { base: "http://127.0.0.1:1", gives_tokens: true, verbose: false, control: true };
        let text = banner.text();
        for step in
            ["/token -u confidential:secret", "/.well-known/openid-configuration", "--verbose", "/_inspect", "/_try"]
        {
            assert!(text.contains(step), "{text}");
        }
        let other = Banner { base: "https://127.0.0.1:1", gives_tokens: false, verbose: true, control: false }.text();
        assert!(other.contains("curl --insecure https://127.0.0.1:1/jwks") && !other.contains("/_"), "{other}");
    }
}
