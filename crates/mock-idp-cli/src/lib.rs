//! The program `mock-idp`, and what it shares with the tasks of this workspace.

pub mod attack;
mod certificate;
mod config;
mod program;
mod serve;
pub mod show;
mod tls;

pub use config::schema::text as configuration_schema;
pub use program::main;
