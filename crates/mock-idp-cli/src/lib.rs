//! What the program `mock-idp` and the tasks of this workspace share: attacks on the command line.

pub mod attack;
pub mod show;
