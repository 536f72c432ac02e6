//! `cargo xtask flows`: every flow to its end and every attack on its way, against freshly started servers.

mod attacks;
mod by_hand;
mod foreign;
mod sdk;
mod stage;
mod wire;

use std::path::{Path, PathBuf};
use std::pin::Pin;

use mock_idp::{Builder, MockIdp};
use mock_idp_cli::show::Show;
use oauth_attacks::report::{Flow, Row};
use oauth_types::Algorithm;

use self::stage::Stage;
pub(crate) use self::stage::form;
use self::wire::Wire;
pub(crate) use self::wire::told;
use crate::stopwatch::Stopwatch;

/// A flow: what it is called, what server it needs, and how it is played.
pub(crate) struct Case {
    id: &'static str,
    name: &'static str,
    server: fn(Builder) -> Builder,
    /// Plays it to the end and says what was checked, or at what it broke off.
    run: Run,
}

type Run = for<'a> fn(&'a Stage) -> Job<'a>;

impl Case {
    /// A flow at a server without any configuration.
    const fn new(id: &'static str, name: &'static str, run: Run) -> Self {
        Self::on(id, name, |server| server, run)
    }

    /// A flow at a server that is set up for it.
    const fn on(id: &'static str, name: &'static str, server: fn(Builder) -> Builder, run: Run) -> Self {
        Self { id, name, server, run }
    }
}

/// A flow that is being played.
pub(crate) type Job<'a> = Pin<Box<dyn Future<Output = Result<String, String>> + 'a>>;

/// Every flow, in the order they are played.
const SECTIONS: &[(&str, &[Case])] =
    &[("Flows of pkce-client", sdk::CASES), ("Flows by hand", by_hand::CASES), ("Foreign clients", foreign::CASES)];

/// What to run and where to write.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Only these flows and attacks, by id, separated by commas.
    #[arg(long, value_delimiter = ',', value_name = "ID")]
    only: Vec<String>,
    /// Where the reports are written; `target/flows` unless told otherwise.
    #[arg(long, value_name = "FOLDER")]
    report: Option<PathBuf>,
}

/// Runs what was asked for. An error says what does not pass.
pub(crate) fn run(root: &Path, options: &Options) -> Result<String, String> {
    let runtime = tokio::runtime::Runtime::new().map_err(|error| format!("no runtime: {error}"))?;
    let folder = options.report.clone().unwrap_or_else(|| target_folder(root).join("flows"));
    let wanted = |id: &str| options.only.is_empty() || options.only.iter().any(|only| only == id);
    let known = |id: &String| cases().any(|case| case.id == id) || attacks::ids().any(|attack| attack == id);
    if let Some(unknown) = options.only.iter().find(|id| !known(id)) {
        return Err(format!("there is no flow and no attack called {unknown}"));
    }
    let mut show = Show::new("Flows and attacks", "mock-idp, started for this run", widest_id());
    runtime.block_on(async {
        for (section, cases) in SECTIONS {
            let mut cases = cases.iter().filter(|case| wanted(case.id)).peekable();
            if cases.peek().is_some() {
                show.section(section);
            }
            for case in cases {
                let row = play(case).await?;
                show.row(&row);
                show.report.push(section, row);
            }
        }
        attacks::run(&mut show, &wanted).await
    })?;
    let report = show.finish(&folder)?;
    let summary = report.summary();
    match report.passes() {
        true => Ok(format!("{} flows and {} attacks are as they should be", summary.flows, summary.attacks)),
        false => Err(format!("{} rows do not pass", summary.failed)),
    }
}

/// Everything, with the usual report: a step of `cargo xtask ci`.
pub(crate) fn run_all(root: &Path) -> Result<String, String> {
    run(root, &Options { only: Vec::new(), report: None })
}

/// Plays one flow against a server of its own.
async fn play(case: &Case) -> Result<Row, String> {
    let idp = (case.server)(MockIdp::builder()).start().await.map_err(|error| told(&error))?;
    let stage = Stage { idp, wire: Wire::new()? };
    let flow = Flow::new(case.id, case.name);
    let watch = Stopwatch::start();
    let ended = (case.run)(&stage).await;
    let took = watch.took();
    let trace = stage.wire.trace();
    Ok(match ended {
        Ok(checked) => Row::flow(flow.went_through(checked, trace)).took(took),
        Err(why) => Row::flow(flow.broke_off(why, trace)).took(took),
    })
}

/// The length of the longest id of a flow or an attack.
fn widest_id() -> usize {
    cases().map(|case| case.id).chain(attacks::ids()).map(str::len).max().unwrap_or(0)
}

fn cases() -> impl Iterator<Item = &'static Case> {
    SECTIONS.iter().flat_map(|(_, cases)| cases.iter())
}

fn es256(server: Builder) -> Builder {
    server.alg(Algorithm::Es256)
}

fn eddsa(server: Builder) -> Builder {
    server.alg(Algorithm::EdDsa)
}

fn ps256(server: Builder) -> Builder {
    server.alg(Algorithm::Ps256)
}

/// Where cargo writes.
pub(crate) fn target_folder(root: &Path) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flows_and_attacks_have_ids_of_their_own() {
        let ids: Vec<&str> = cases().map(|case| case.id).chain(attacks::ids()).collect();
        for (at, id) in ids.iter().enumerate() {
            assert!(!ids[..at].contains(id), "{id}");
        }
    }

    #[tokio::test]
    async fn a_flow_that_breaks_off_does_not_pass() {
        let case = Case::new("broken", "A refused request", |stage| {
            Box::pin(async {
                let url = format!("{}/authorize?client_id=nobody", stage.issuer());
                stage.log_in(&url).await.map(|_| String::new())
            })
        });
        let row = play(&case).await.expect("a row");
        assert!(!row.passes());
        assert_eq!(row.because(), "400 Bad Request without redirect or form");
        assert_eq!(row.trace().steps[0].message, "GET /authorize");
    }

    #[test]
    fn an_unknown_id_is_named() {
        let options = Options { only: vec!["no-such-flow".to_owned()], report: None };
        let message = "there is no flow and no attack called no-such-flow".to_owned();
        assert_eq!(run(&crate::root(), &options), Err(message));
    }
}
