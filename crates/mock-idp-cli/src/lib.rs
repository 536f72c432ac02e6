//! The program `mock-idp`, and what it shares with the tasks of this workspace.

pub mod attack;
mod certificate;
mod config;
mod environment;
mod health;
mod list;
mod log;
mod program;
mod reload;
mod serve;
pub mod show;
mod signals;
mod there;
mod tls;
mod token;

pub use config::schema::text as configuration_schema;
pub use program::main;
