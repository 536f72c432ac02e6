//! `mock-idp attack`: the catalogue of attacks, on a server or on a client.

use std::fmt::Write as _;

use oauth_attacks::{Target, catalogue};

#[cfg(unix)]
mod client;
mod control;
mod running;
mod server;
mod target;

#[cfg(unix)]
pub use client::ClientOptions;
pub use server::ServerOptions;

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

impl Attack {
    /// Runs what was asked for. An error says what is not as it should be.
    ///
    /// # Errors
    /// When the target cannot be attacked, or an attack came to something that was not expected.
    pub fn run(&self) -> Result<String, String> {
        match self {
            Self::List { words } => Ok(list(words.as_deref())),
            Self::Server(options) => options.run(),
            #[cfg(unix)]
            Self::Client(options) => options.run(),
        }
    }
}

/// The attacks whose id, name or family contains the words.
fn list(words: Option<&str>) -> String {
    let wanted = |text: &str| words.is_none_or(|words| text.to_lowercase().contains(&words.to_lowercase()));
    let mut listed = String::new();
    for idea in catalogue::ideas() {
        let family = catalogue::family_of(idea.id);
        if [idea.id, idea.name, family].into_iter().any(wanted) {
            // Writing into a string cannot fail.
            let _ = writeln!(
                listed,
                "{}\n    {} ({family})\n    {} {}, {}",
                idea.id, idea.name, idea.defence, idea.citation, idea.level
            );
        }
    }
    listed.truncate(listed.trim_end().len());
    listed
}
