//! The command line: what can be done, and doing it.
#![expect(clippy::print_stderr, reason = "a program talks to its terminal")]

use std::ffi::OsString;
use std::io::ErrorKind::BrokenPipe;
use std::io::Write as _;
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use clap_complete::Shell;

use crate::attack::Attack;
use crate::certificate::Certify;
use crate::config;
use crate::environment::{self, Origins};
use crate::health::Healthcheck;
use crate::list::{Described, List};
use crate::serve::{self, Alone, Serve};
use crate::token::{self, Token};

/// A mock authorization server that verifies everything and explains every refusal.
#[derive(Debug, Parser)]
#[command(name = "mock-idp", version, arg_required_else_help = true, after_help = EXAMPLES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

/// What the help ends with. A test does it.
const EXAMPLES: &str = "\
Examples:
  mock-idp serve                                    with clients and users, on 127.0.0.1:8080
  mock-idp serve --profile fapi2 --verbose          as strict as FAPI 2.0, and every request is told
  mock-idp serve --config mock.yaml                 with clients and users of your own
  mock-idp healthcheck                              whether it is there
  mock-idp token alice --audience https://api.example
  mock-idp list choices                             what --config can turn on and off
  mock-idp attack list                              what clients and servers are attacked with";

#[derive(Debug, Subcommand)]
enum Command {
    /// Start the server.
    ///
    /// Without configuration there are two clients, `public` (no secret) and `confidential` (secret `secret`), with any
    /// loopback redirect URI, and two users, `alice` and `bob`. Login is automatic as alice; login_hint names another.
    /// The tenant `default` is at the root; any first path segment is a tenant of its own.
    Serve(Box<Serve>),
    /// Make a client certificate for tests, signed by its own key.
    ///
    /// A server trusts it, for `tls_client_auth` too, if it is started with --tls-client-ca PREFIX.pem.
    Certificate(Certify),
    /// Attack a client or a server of yours, and say what it withstands.
    #[command(subcommand)]
    Attack(Attack),
    /// Make a token without a flow, right or wrong, and print it.
    ///
    /// It is signed by the keys that every server begins with, so it verifies at all of them; a server that has keys of
    /// its own, or that has to know the token, makes it itself with --url. So it is with every refresh token, and with the
    /// key of before a rotation.
    Token(Box<Token>),
    /// Print the public keys that every server begins with (RFC 7517). A running one publishes its own at /jwks.
    Jwks,
    /// List documents, choices, profiles and faults by name.
    List(List),
    /// Say what a profile speaks, what it turns on, and its amounts.
    Profile(Described),
    /// Say whether a server is there: for containers without a shell. It ends with 0 if it is, and with 1 if not.
    Healthcheck(Healthcheck),
    /// Print the JSON Schema of the configuration file, for editors.
    Schema,
    /// Print what a shell needs to complete command lines of this program.
    ///
    /// For bash: source <(mock-idp completions bash)
    Completions {
        /// The shell.
        shell: Shell,
    },
}

/// Does what the command line and the environment say.
pub fn main() -> ExitCode {
    let outcome = match arguments(std::env::args_os().collect()) {
        Ok(arguments) => arguments.command.run(),
        Err(error) => Err(error),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            error.lines().for_each(|line| eprintln!("error: {line}"));
            ExitCode::FAILURE
        }
    }
}

/// The command of this program, whose help names the variables of the environment.
fn command() -> clap::Command {
    Arguments::command().mut_subcommand("serve", environment::named)
}

/// What the command line says, and beside it the environment. A command line that cannot be ends the program.
fn arguments(mut line: Vec<OsString>) -> Result<Arguments, String> {
    let mut origins = Origins::default();
    if line.get(1).is_some_and(|command| command == "serve") {
        let beside = environment::beside::<Alone>(&line[2..], std::env::vars_os())?;
        origins = Origins::of(&beside);
        line.splice(2..2, beside);
    }
    let read = command().try_get_matches_from(line).and_then(|mut read| Arguments::from_arg_matches_mut(&mut read));
    let mut read: Arguments = read.unwrap_or_else(|error| unquoted(error).exit());
    if let Command::Serve(serve) = &mut read.command {
        serve.origins = origins;
    }
    Ok(read)
}

/// The same error without the value, which may be a secret, where the reason is told.
fn unquoted(error: clap::Error) -> clap::Error {
    let argument = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(argument)) => argument.split(' ').next().unwrap_or_default().to_owned(),
        _ => return error,
    };
    match (error.kind(), std::error::Error::source(&error)) {
        (kind @ ErrorKind::ValueValidation, Some(why)) => command().error(kind, format!("{argument}: {why}")),
        _ => error,
    }
}

impl Command {
    fn run(self) -> Result<(), String> {
        match self {
            Self::Certificate(certify) => certify.run(),
            Self::Attack(attack) => attack.run().and_then(|said| if said.is_empty() { Ok(()) } else { say(&said) }),
            Self::Token(token) => waiting(token.run()).and_then(|token| say(token.expose())),
            Self::Jwks => waiting(token::jwks()).and_then(|keys| say(&keys)),
            Self::List(list) => say(list.text().trim_end()),
            Self::Profile(described) => say(described.text().trim_end()),
            Self::Healthcheck(check) => waiting(check.run()).and_then(|said| say(&said)),
            Self::Schema => say(config::schema::text().trim_end()),
            Self::Completions { shell } => {
                let mut script = Vec::new();
                clap_complete::generate(shell, &mut command(), "mock-idp", &mut script);
                say(String::from_utf8_lossy(&script).trim_end())
            }
            Self::Serve(serve) => match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
                Ok(runtime) => runtime.block_on(serve::run(*serve)),
                Err(error) => Err(error.to_string()),
            },
        }
    }
}

/// Waits for something that one thread does.
fn waiting<T>(something: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| error.to_string())?.block_on(something)
}

/// Prints what was asked for.
fn say(text: &str) -> Result<(), String> {
    let mut stdout = std::io::stdout();
    match writeln!(stdout, "{text}").and_then(|()| stdout.flush()) {
        // Whoever read it has read enough.
        Err(error) if error.kind() == BrokenPipe => Ok(()),
        said => said.map_err(|error| format!("standard output cannot be written: {error}")),
    }
}
