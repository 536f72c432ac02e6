//! `cargo xtask bench`: what a flow, a start and an idle server cost, and an ID token the client, beside what was aimed at.
//!
//! Everything runs from release builds, in one run, against a floor that does the least that can be done. Ratios of one
//! run can be compared with those of another; the times themselves are those of the machine.

mod client;
mod figures;
mod floor;
mod flows;
mod id_tokens;
mod keys;
mod load;
mod process;
mod report;
mod starts;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clap::{Args, Subcommand};
use oauth_types::Algorithm;
use serde::Serialize;
use tokio::runtime::Runtime;

use figures::Latency;
use flows::Kind;
use keys::Keys;
use load::Load;
use report::{Costs, Report};

use crate::machine;

/// What to measure, and where to write it.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// A short run: it shows that everything works, and little more.
    #[arg(long)]
    quick: bool,
    /// Write what was measured to FILE as well, as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    #[command(subcommand)]
    part: Option<Part>,
}

/// What this program does in processes of its own.
#[derive(Debug, Subcommand)]
enum Part {
    /// Serve the floor.
    #[command(hide = true)]
    Floor {
        /// What tokens are signed with.
        #[arg(long, value_parser = algorithm)]
        alg: Algorithm,
        /// The public key of a client that has one: a point of P-256 in base64url.
        #[arg(long, default_value = "")]
        point: String,
    },
    /// Play flows against a server that runs already, such as one under a profiler.
    Load {
        /// Where it listens.
        address: SocketAddr,
        /// What it signs with.
        #[arg(long, value_parser = algorithm, default_value = "ES256")]
        alg: Algorithm,
        /// How many.
        #[arg(long, default_value_t = 1_000)]
        flows: u32,
    },
}

/// How much is measured, and with what.
struct Bench {
    mock_idp: PathBuf,
    xtask: PathBuf,
    database: String,
    /// The configuration of a server with a client that has keys, and these keys.
    config: PathBuf,
    keys: Keys,
    ticks: u32,
    rounds: u32,
    /// The load has one thread, so that the server is left the rest.
    load: Runtime,
}

/// How long a server takes to start, in microseconds.
#[derive(Debug, Serialize)]
struct Starts {
    servers: u32,
    on_a_socket: Latency,
    and_dropped: Latency,
    in_process: Latency,
    programs: u32,
    program: Latency,
}

/// Resident memory of a server.
#[derive(Debug, Serialize)]
struct Memory {
    idle_kib: u32,
    flows: u32,
    after_flows_kib: u32,
}

/// Measures, and gives what was measured as text. Must not be called within a runtime.
///
/// # Errors
/// If something could not be built or started, or if an answer was not the right one. A missed aim is no error.
pub(crate) fn run(root: &Path, options: &Options) -> Result<String, String> {
    match options.part {
        Some(Part::Floor { alg, ref point }) => return floor::serve(alg, point).map(|()| String::new()),
        Some(Part::Load { address, alg, flows }) => return load(address, alg, flows),
        None => {}
    }
    let this = std::env::current_exe().map_err(|error| error.to_string())?;
    let release = this.parent().and_then(Path::parent).map(|target| target.join("release"));
    let release = release.ok_or("this program is not in a target directory")?;
    build(root, "mock-idp-cli", "mock-idp")?;
    if cfg!(debug_assertions) {
        build(root, "xtask", "xtask")?;
        return again(&release.join("xtask"), options);
    }
    measure(&release, this, options)
}

fn measure(release: &Path, xtask: PathBuf, options: &Options) -> Result<String, String> {
    let bench = Bench {
        mock_idp: release.join("mock-idp"),
        xtask,
        database: release.join("bench.sqlite").display().to_string(),
        config: release.join("bench.toml"),
        keys: Keys::generate()?,
        ticks: process::ticks_per_second()?,
        rounds: if options.quick { 3 } else { 5 },
        load: one_thread()?,
    };
    let many = |number: u32| if options.quick { number / 10 } else { number };
    let flows = vec![
        bench.flows(Algorithm::Rs256, Kind::Memory, many(5_000))?,
        bench.flows(Algorithm::Es256, Kind::Memory, many(20_000))?,
        bench.flows(Algorithm::Es256, Kind::Keyed, many(5_000))?,
        bench.flows(Algorithm::Es256, Kind::Sqlite, many(10_000))?,
    ];
    let id_tokens =
        vec![bench.id_tokens(Algorithm::Rs256, many(20_000))?, bench.id_tokens(Algorithm::Es256, many(20_000))?];
    let starts = bench.starts(many(1_000), many(50))?;
    let memory = bench.memory(many(100_000))?;
    let report = Report::new(bench.rounds, Costs { flows, id_tokens, starts, memory });
    if let Some(path) = &options.json {
        let text = serde_json::to_string_pretty(&report).map_err(|error| error.to_string())?;
        std::fs::write(path, text + "\n").map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(report.to_string())
}

fn load(address: SocketAddr, algorithm: Algorithm, flows: u32) -> Result<String, String> {
    let played = one_thread()?.block_on(async { Load::open(address, algorithm, None).await?.play(flows).await })?;
    Ok(format!("{flows} flows in {:.3} s", played.took.as_secs_f64()))
}

fn one_thread() -> Result<Runtime, String> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())
}

/// Builds a program of a package for release. The packages are built one by one, as somebody who installs one would.
#[expect(clippy::print_stderr, reason = "a build takes its time; say so")]
fn build(root: &Path, package: &str, program: &str) -> Result<(), String> {
    eprintln!("building {program} for release");
    let manifest = root.join("Cargo.toml");
    let mut command = machine::cargo();
    command.args(["build", "--quiet", "--release", "--package", package, "--bin", program]);
    command.arg("--manifest-path").arg(manifest);
    match command.status().map_err(|error| format!("cargo: {error}"))?.success() {
        true => Ok(()),
        false => Err(format!("{program} could not be built")),
    }
}

/// Runs the release build of this program in place of this one.
fn again(program: &Path, options: &Options) -> Result<String, String> {
    let mut command = Command::new(program);
    command.arg("bench").stderr(Stdio::inherit());
    if options.quick {
        command.arg("--quick");
    }
    if let Some(path) = &options.json {
        command.arg("--json").arg(path);
    }
    let output = command.output().map_err(|error| format!("{}: {error}", program.display()))?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned()),
        false => Err("the measurement failed".to_owned()),
    }
}

fn algorithm(text: &str) -> Result<Algorithm, String> {
    Algorithm::from_wire(text).ok_or_else(|| format!("there is no algorithm {text}"))
}
