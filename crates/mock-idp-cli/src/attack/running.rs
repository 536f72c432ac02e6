//! How attacks are run, shown and reported, whatever they are aimed at.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use oauth_attacks::outcomes::Report;
use oauth_attacks::{Baseline, Profile, catalogue};

use crate::config::nearest;
use crate::show::{Show, watched_until};
use crate::signals::Ends;

const NOTICE: &str = "\
These are attacks. Run them against systems that you own or have permission to test, and against nothing else.";
/// How long a run that has ended is waited for until it lets go of what it holds.
const LETTING_GO: Duration = Duration::from_secs(2);

/// How attacks are run and judged, whatever they are aimed at.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Running {
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
    /// Write what is not as it should be to such a file, for reasons to be filled in: until they are, --expect refuses
    /// it.
    #[arg(long, value_name = "FILE")]
    write_expectations: Option<PathBuf>,
    /// Where the reports are written: HTML, JSON, JUnit, SARIF, Markdown and a badge.
    #[arg(long, value_name = "FOLDER", default_value = "attack-report")]
    report: PathBuf,
}

/// What keeps a run from being judged.
#[derive(Debug)]
pub(super) enum Failure {
    /// It cannot be run, or what came out is not as expected.
    Told(String),
    /// A signal ended it, which an exit code stands for.
    Stopped(i32),
}

impl From<String> for Failure {
    fn from(told: String) -> Self {
        Self::Told(told)
    }
}

/// Waits for a run. One that a signal has ended ends the program, as the signal would have.
pub(super) fn waiting(run: impl Future<Output = Result<String, Failure>>) -> Result<String, String> {
    let runtime = tokio::runtime::Runtime::new().map_err(|error| format!("no runtime: {error}"))?;
    let ended = runtime.block_on(run);
    // What still runs is let go of here, the programs under attack too.
    runtime.shutdown_timeout(LETTING_GO);
    match ended {
        Ok(said) => Ok(said),
        Err(Failure::Told(told)) => Err(told),
        Err(Failure::Stopped(code)) => {
            // Whoever reads it may have gone.
            let _ = writeln!(std::io::stderr(), "error: stopped by a signal");
            std::process::exit(code)
        }
    }
}

impl Running {
    /// The options of the runner, with the expectations of a target file before those of the command line. `ids` are those
    /// of the attacks that there are on such a target.
    pub(super) fn options(
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
    pub(super) async fn show(
        &self,
        (title, target): (&str, &str),
        (ids, options): (impl IntoIterator<Item = &'static str>, oauth_attacks::Options),
        run: impl AsyncFnOnce(oauth_attacks::Options) -> Report,
    ) -> Result<String, Failure> {
        self.try_to_write()?;
        let mut ends = Ends::listen()?;
        let ids: Vec<_> = ids.into_iter().filter(|id| options.count([*id]) > 0).collect();
        let widest = ids.iter().map(|id| id.len()).max().unwrap_or_default();
        let mut show = Show::new(title, target, widest);
        show.print(NOTICE);
        let ended = watched_until(&mut show, "Attacks", (ids, options), run, ends.next()).await;
        let finished = show.finish(&self.report);
        let ended = ended.map_err(|code| match &finished {
            Ok(_) => Failure::Stopped(code),
            Err(error) => Failure::Told(format!("stopped by a signal\n{error}")),
        })?;
        if let Some(file) = &self.write_expectations {
            write_expectations(file, &ended)?;
        }
        let report = finished?;
        match (report.passes(), report.summary().failed) {
            (true, _) => Ok("everything is as expected".to_owned()),
            (false, 0) => Err("no attack was run".to_owned().into()),
            (false, 1) => Err("1 attack is not as expected".to_owned().into()),
            (false, failed) => Err(format!("{failed} attacks are not as expected").into()),
        }
    }

    /// Whether what comes out can be written: it would be lost in the end.
    fn try_to_write(&self) -> Result<(), String> {
        let folder = &self.report;
        let at =
            |error: std::io::Error| format!("--report: {}: {error}; name a folder to write to", folder.display());
        std::fs::create_dir_all(folder).map_err(at)?;
        opened(&folder.join("report.html")).map_err(at)?;
        let Some(file) = &self.write_expectations else { return Ok(()) };
        opened(file)
            .map_err(|error| format!("--write-expectations: {}: {error}; name a file to write to", file.display()))
    }
}

/// Opens a file for writing, and leaves it as it is.
fn opened(file: &Path) -> std::io::Result<()> {
    let was_there = file.exists();
    std::fs::OpenOptions::new().append(true).create(true).open(file)?;
    if was_there { Ok(()) } else { std::fs::remove_file(file) }
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
