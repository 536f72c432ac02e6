//! The command line: what can be done, and doing it.
#![expect(clippy::print_stderr, reason = "a program talks to its terminal")]

use std::io::Write as _;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::attack::Attack;
use crate::certificate::Certify;
use crate::config;
use crate::serve::{self, Serve};

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
    /// Print the JSON Schema of the configuration file, for editors.
    Schema,
}

/// Does what the command line says.
pub fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Certificate(certify) => certify.run(),
        Command::Attack(attack) => attack.run().map(|said| {
            if !said.is_empty() {
                say(&said);
            }
        }),
        Command::Schema => {
            say(config::schema::text().trim_end());
            Ok(())
        }
        Command::Serve(serve) => match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
            Ok(runtime) => runtime.block_on(serve::run(serve)),
            Err(error) => Err(error.to_string()),
        },
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            error.lines().for_each(|line| eprintln!("error: {line}"));
            ExitCode::FAILURE
        }
    }
}

/// Prints what was asked for.
fn say(text: &str) {
    // Whoever reads it may have gone.
    let _ = writeln!(std::io::stdout(), "{text}");
}
