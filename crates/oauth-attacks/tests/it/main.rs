//! The proof of the attacks: victims whose defences switch off one by one.

mod server_matrix;
mod server_rules;
mod victims;
