//! The mock authorization server as a program.
#![expect(clippy::print_stderr, reason = "a program talks to its terminal")]

use std::io::Write as _;
use std::process::ExitCode;

use certificate::Certify;
use clap::{Parser, Subcommand};
use mock_idp_cli::attack::Attack;
use serve::Serve;

mod certificate;
mod config;
mod serve;
mod tls;

/// A mock authorization server that verifies everything and explains every refusal.
#[derive(Debug, Parser)]
#[command(name = "mock-idp", version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start the server.
    ///
    /// Without configuration there are two clients, `public` (no secret) and `confidential` (secret `secret`), with any
    /// loopback redirect URI, and two users, `alice` and `bob`. Login is automatic as alice; login_hint names another.
    /// The tenant `default` is at the root; any first path segment is a tenant of its own.
    Serve(Serve),
    /// Make a client certificate for tests, signed by its own key.
    ///
    /// A server trusts it, for `tls_client_auth` too, if it is started with --tls-client-ca PREFIX.pem.
    Certificate(Certify),
    /// Attack a client or a server of yours, and say what it withstands.
    #[command(subcommand)]
    Attack(Attack),
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Certificate(certify) => certify.run(),
        Command::Attack(attack) => attack.run().map(|said| {
            if !said.is_empty() {
                // Whoever reads it may have gone.
                let _ = writeln!(std::io::stdout(), "{said}");
            }
        }),
        Command::Serve(serve) => match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
            Ok(runtime) => runtime.block_on(serve::run(serve)),
            Err(error) => Err(error.to_string()),
        },
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
