//! Attacks on OAuth clients and servers, with verdicts that prove themselves.
//!
//! An attack on a server speaks HTTP only, so the server may be written in anything:
//!
//! ```no_run
//! # async fn example() -> Result<(), oauth_attacks::TargetError> {
//! use oauth_attacks::{Target, against_server};
//!
//! let target = Target::discover("https://login.example")
//!     .await?
//!     .public("app", "http://127.0.0.1:9/callback")
//!     .confidential("web", "s3cret", "https://web.example/callback");
//! against_server(target).await.assert_all_stopped();
//! # Ok(())
//! # }
//! ```
//!
//! A client is a Rust value with two doors: it begins a login, and it takes what comes back. Each attack lets it log
//! in at a [`mock_idp`] server that lies, and looks at what it sends and says. [`PkceClientWeb`] is `pkce_client`
//! behind these doors; [`Closures`] makes them of two functions:
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! use oauth_attacks::{PkceClientWeb, against_client};
//!
//! let attacks = ["rp-state-mismatch", "rp-mixup-classic"];
//! against_client(PkceClientWeb::default()).only(attacks).await.assert_all_stopped();
//! # }
//! ```
//!
//! A verdict counts only if the unmodified flow succeeds before and after the attack; see [`judge`] for the rest of
//! the rules. What cannot be tried is inconclusive, and inconclusive is not withstood.

pub mod address;
pub mod against;
pub mod agent;
pub mod answer;
pub mod attack;
pub mod authorization;
pub mod baseline;
pub mod bench;
pub mod browser;
pub mod catalogue;
mod challenge;
#[cfg(unix)]
pub mod chromium;
pub mod client;
#[cfg(unix)]
pub mod command;
mod device;
mod dice;
pub mod errand;
pub mod exchange;
mod forgery;
mod hold;
pub mod idp;
mod issued;
pub mod judge;
pub mod key;
pub mod left_out;
mod logout;
pub mod mock;
mod observe;
pub mod on_clients;
pub mod on_servers;
pub mod outcomes;
mod patience;
mod pkce_client_errors;
pub mod pkce_client_native;
pub mod pkce_client_web;
pub mod profile;
mod public_form;
pub mod race;
pub mod redemption;
pub mod registration;
pub mod report;
pub mod run;
mod site;
pub mod stage;
pub mod target;
pub mod time;
pub mod trace;
pub mod user_agent;
pub mod verdict;
pub mod web;

pub use against::{Against, against_client, against_server};
pub use baseline::{Baseline, BaselineError};
#[cfg(unix)]
pub use chromium::Chromium;
pub use client::{Ability, ClientUnderTest, Closures, Done, Errand, Page, Provider, Rejected, Said, Visitor};
#[cfg(unix)]
pub use command::Command;
pub use exchange::Exchange;
pub use key::{Jwt, Key};
pub use outcomes::Report;
pub use pkce_client_native::PkceClientNative;
pub use pkce_client_web::PkceClientWeb;
pub use profile::Profile;
pub use run::{Options, run_on_client, run_on_server};
pub use target::{ClientAuth, Registration, Role, Target, TargetError};
pub use trace::{Step, Trace};
pub use verdict::{Level, Outcome, Verdict};
pub use web::{LoggedIn, Web};
