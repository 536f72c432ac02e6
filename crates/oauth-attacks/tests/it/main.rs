//! The proof of the attacks: victims whose defences switch off one by one.

#[cfg(unix)]
mod chromium;
mod client_matrix;
mod client_rules;
mod matrix_document;
mod our_own;
mod our_own_application;
#[cfg(unix)]
mod programs;
mod quick_start;
mod readme;
mod server_matrix;
mod server_rules;
mod unruly;
#[cfg(unix)]
mod unruly_clients;
mod user_agent;
mod victims;
mod webs;
