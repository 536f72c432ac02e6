//! `mock-idp attack`: the catalogue of attacks, on a server or on a client.
#![expect(clippy::print_stdout, reason = "a command line tool talks to its terminal")]

use std::path::{Path, PathBuf};

use oauth_attacks::outcomes::Report;
use oauth_attacks::{Baseline, Profile, Target, catalogue};

use crate::config::nearest;
use crate::show::{Show, watched};

#[cfg(unix)]
mod client;
mod control;
mod server;
mod target;

#[cfg(unix)]
pub use client::ClientOptions;
pub use server::ServerOptions;

const NOTICE: &str = "\
These are attacks. Run them against systems that you own or have permission to test, and against nothing else.
";

/// The server of a recipe that comes along, where it has this issuer.
///
/// # Errors
/// When there is no such recipe, or the server does not describe itself.
pub async fn recipe(name: &str, issuer: &str) -> Result<Target, String> {
    let line = target::Line { issuer: Some(issuer.to_owned()), ..target::Line::default() };
    target::Described::recipe(name)?.over(line).target().await
}

/// What to attack.
#[derive(Debug, clap::Subcommand)]
pub enum Attack {
    /// Attack an authorization server that you may test.
    ///
    /// Name its issuer and at least one client that is registered there, on the command line or in a file. What an
    /// attack needs and is not named makes it inconclusive, and inconclusive is not withstood: a file of expectations
    /// says which of these are accepted, and why.
    Server(Box<ServerOptions>),
    /// Attack a client of yours, with authorization servers that lie to it.
    #[cfg(unix)]
    Client(Box<ClientOptions>),
    /// List the attacks: their ids, names, and what stops them.
    List {
        /// Only attacks whose id, name or family contains this.
        words: Option<String>,
    },
}

/// How attacks are run and judged, whatever they are aimed at.
#[derive(Debug, Clone, clap::Args)]
pub struct Running {
    /// Only these attacks, by id, separated by commas.
    #[arg(long, value_delimiter = ',', value_name = "ID")]
    only: Vec<String>,
    /// Judge by the rules of this profile: bcp (RFC 9700), oauth21, fapi2 or mcp.
    #[arg(long, value_name = "NAME")]
    profile: Option<Profile>,
    /// Run attacks as well that may harm a server in operation: very large requests, many guesses, requests that make
    /// it call others.
    #[arg(long)]
    permit_harm: bool,
    /// At most this many attacks at a time.
    #[arg(long, value_name = "NUMBER")]
    side_by_side: Option<usize>,
    /// A JSON file of outcomes that are known and accepted: [{"id": …, "verdict": "vulnerable", "reason": …, "until":
    /// "2027-03-31"}]. What comes out otherwise fails, better or worse.
    #[arg(long, value_name = "FILE")]
    expect: Option<PathBuf>,
    /// Write what is not as it should be to such a file, for reasons to be filled in.
    #[arg(long, value_name = "FILE")]
    write_expectations: Option<PathBuf>,
    /// Where the reports are written: HTML, JSON, JUnit, SARIF, Markdown and a badge.
    #[arg(long, value_name = "FOLDER", default_value = "attack-report")]
    report: PathBuf,
}

impl Attack {
    /// Runs what was asked for. An error says what is not as it should be.
    ///
    /// # Errors
    /// When the target cannot be attacked, or an attack came to something that was not expected.
    pub fn run(&self) -> Result<String, String> {
        match self {
            Self::List { words } => {
                list(words.as_deref());
                Ok(String::new())
            }
            Self::Server(options) => options.run(),
            #[cfg(unix)]
            Self::Client(options) => options.run(),
        }
    }
}

impl Running {
    /// The options of the runner, with the expectations of a target file before those of the command line. `ids` are those
    /// of the attacks that there are on such a target.
    fn options(
        &self,
        ids: impl Iterator<Item = &'static str>,
        (profile, known): (Profile, Baseline),
    ) -> Result<oauth_attacks::Options, String> {
        named(&self.only, &ids.collect::<Vec<_>>())?;
        let mut options = oauth_attacks::Options::new().profile(self.profile.unwrap_or(profile)).baseline(known);
        if let Some(file) = &self.expect {
            let at = |error: String| format!("{}: {error}", file.display());
            let text = std::fs::read_to_string(file).map_err(|error| at(error.to_string()))?;
            options = options.baseline(Baseline::read(&text).map_err(|error| at(error.to_string()))?);
        }
        if !self.only.is_empty() {
            options = options.only(&self.only);
        }
        if self.permit_harm {
            options = options.permit_harm();
        }
        if let Some(attacks) = self.side_by_side {
            options = options.side_by_side(attacks);
        }
        Ok(options)
    }

    /// Runs, shows and reports. An error says how much is not as expected.
    async fn show(
        &self,
        (title, target): (&str, &str),
        (ids, options): (impl IntoIterator<Item = &'static str>, oauth_attacks::Options),
        run: impl AsyncFnOnce(oauth_attacks::Options) -> Report,
    ) -> Result<String, String> {
        println!("{NOTICE}");
        let widest = catalogue::ideas().map(|idea| idea.id.len()).max().unwrap_or_default();
        let mut show = Show::new(title, target, widest);
        let ended = watched(&mut show, "Attacks", (ids, options), run).await;
        if let Some(file) = &self.write_expectations {
            write_expectations(file, &ended)?;
        }
        let report = show.finish(&self.report)?;
        match report.passes() {
            true => Ok("everything is as expected".to_owned()),
            false => Err(format!("{} attacks are not as expected", report.summary().failed)),
        }
    }
}

/// Looks for ids that are of no attack on such a target.
fn named(only: &[String], ids: &[&'static str]) -> Result<(), String> {
    let Some(wrong) = only.iter().find(|id| !ids.contains(&id.as_str())) else { return Ok(()) };
    Err(match nearest(wrong, ids) {
        _ if catalogue::ideas().any(|idea| idea.id == wrong) => {
            format!("--only: {wrong} is an attack, and not on a target of this kind")
        }
        Some(meant) => format!("--only: there is no attack {wrong}; did you mean {meant}?"),
        None => format!("--only: there is no attack {wrong}; `mock-idp attack list` names all of them"),
    })
}

fn write_expectations(file: &Path, ended: &Report) -> Result<(), String> {
    let text = Baseline::of(ended).write().map_err(|error| error.to_string())?;
    std::fs::write(file, text).map_err(|error| format!("{}: {error}", file.display()))
}

fn list(words: Option<&str>) {
    let wanted = |text: &str| words.is_none_or(|words| text.to_lowercase().contains(&words.to_lowercase()));
    for idea in catalogue::ideas() {
        let family = catalogue::family_of(idea.id);
        if [idea.id, idea.name, family].into_iter().any(wanted) {
            println!(
                "{}\n    {} ({family})\n    {} {}, {}",
                idea.id, idea.name, idea.defence, idea.citation, idea.level
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attack_that_is_none_is_named_with_what_was_meant() {
        let on_servers: Vec<&str> = catalogue::server_attacks().map(|attack| attack.idea.id).collect();
        let said = |id: &str| named(&["as-code-replay".to_owned(), id.to_owned()], &on_servers);
        assert_eq!(said("as-refresh-replay"), Ok(()));
        for (id, says) in [
            ("as-refresh-replays", "--only: there is no attack as-refresh-replays; did you mean as-refresh-replay?"),
            ("rp-state-mismatch", "--only: rp-state-mismatch is an attack, and not on a target of this kind"),
            ("x", "--only: there is no attack x; `mock-idp attack list` names all of them"),
        ] {
            assert_eq!(said(id), Err(says.to_owned()));
        }
    }
}
