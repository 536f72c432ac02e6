//! Tasks of contributors: `cargo xtask --help` lists them.
#![expect(clippy::print_stdout, reason = "a command line tool talks to its terminal")]

mod bench;
mod browser;
mod ci;
mod client_errors;
mod codegen;
mod container;
mod diet;
mod flows;
mod hack;
mod interop;
mod machine;
mod pages;
mod postgres;
mod quickstart;
mod stopwatch;
mod tidy;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use mock_idp_cli::attack::Attack;

/// Tasks of this workspace.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", disable_help_subcommand = true)]
struct Line {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Run everything that a change has to pass.
    Ci {
        /// Only these steps. Without names it is every step but `browser`, `claims` and `container`, which the workflow runs apart.
        #[arg(value_name = "STEP")]
        steps: Vec<String>,
        /// Install compiler targets and tools that are missing, as with CI=true; otherwise their steps are skipped by name.
        #[arg(long)]
        install: bool,
    },
    /// Check the rules of the house: layers, names, a test for every rule.
    Tidy,
    /// Play every flow and try every attack against freshly started servers.
    Flows(flows::Options),
    /// Attack a client or a server of yours, as the program does.
    #[command(subcommand)]
    Attack(Attack),
    /// Measure flows, starts, memory and ID tokens in a release build, beside a floor and the aims.
    Bench(bench::Options),
    /// Log in with published clients of other languages, and run the MCP conformance package.
    Interop(interop::Options),
    /// Make the container image from nothing, and look at it from outside.
    Container(container::Options),
    /// Log in with pkce-client from a page, in what is like a browser.
    Browser {
        /// Install the program that makes a module for JavaScript, if it is missing.
        #[arg(long)]
        install: bool,
    },
    /// Walk through every page of the server in a real browser.
    Pages {
        /// Install what is missing, as with CI=true; otherwise it is named.
        #[arg(long)]
        install: bool,
    },
    /// Follow docs/QUICKSTART.md word by word.
    Quickstart {
        /// Install the packages that it tells to install; without this there is nothing to follow.
        #[arg(long)]
        install: bool,
    },
    /// Write the generated documents.
    Codegen {
        /// Write nothing; fail if a document is not up to date.
        #[arg(long)]
        check: bool,
    },
}

fn main() -> ExitCode {
    let root = root();
    let ended = match Line::parse().task {
        Task::Ci { steps, install } => {
            return ci::run(&root, &steps, install || std::env::var("CI").is_ok_and(|ci| ci == "true"));
        }
        Task::Tidy => tidy::run(&root),
        Task::Flows(options) => flows::run(&root, &options),
        Task::Attack(attack) => attack.run(),
        Task::Bench(options) => bench::run(&root, &options),
        Task::Interop(options) => interop::run(&root, &options),
        Task::Container(options) => container::run(&root, &options),
        Task::Browser { install } => browser::run(&root, install).map_err(|missing| missing.to_string()),
        Task::Pages { install } => pages::run(&root, install).map_err(|missing| missing.to_string()),
        Task::Quickstart { install } => quickstart::run(&root, install).map_err(|missing| missing.to_string()),
        Task::Codegen { check: true } => codegen::check(&root),
        Task::Codegen { check: false } => codegen::write(&root),
    };
    match ended {
        Ok(done) => {
            println!("{done}");
            ExitCode::SUCCESS
        }
        Err(why) => {
            println!("{why}");
            ExitCode::FAILURE
        }
    }
}

/// The root of the workspace.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_path_buf).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        super::Line::command().debug_assert();
    }
}
