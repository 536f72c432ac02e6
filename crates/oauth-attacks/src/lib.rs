//! Attacks on OAuth clients and servers, with verdicts that prove themselves.
//!
//! An attack on a server speaks HTTP only, so the server may be written in anything:
//!
//! ```no_run
//! # async fn example() -> Result<(), oauth_attacks::TargetError> {
//! use oauth_attacks::{Options, Target, run_on_server};
//!
//! let target = Target::discover("https://login.example")
//!     .await?
//!     .public("app", "http://127.0.0.1:9/callback")
//!     .confidential("web", "s3cret", "https://web.example/callback");
//! run_on_server(&target, &Options::new()).await.assert_all_stopped();
//! # Ok(())
//! # }
//! ```
//!
//! A verdict counts only if the unmodified flow succeeds before and after the attack; see [`judge`] for the rest of
//! the rules. What cannot be tried is inconclusive, and inconclusive is not withstood.

pub mod agent;
pub mod attack;
pub mod authorization;
pub mod bench;
pub mod browser;
pub mod catalogue;
mod challenge;
mod dice;
pub mod judge;
pub mod on_servers;
pub mod outcomes;
pub mod race;
pub mod redemption;
pub mod report;
pub mod run;
pub mod target;
pub mod trace;
pub mod verdict;

pub use outcomes::Report;
pub use run::{Options, run_on_server};
pub use target::{Registration, Target, TargetError};
pub use trace::{Step, Trace};
pub use verdict::{Level, Outcome, Verdict};
