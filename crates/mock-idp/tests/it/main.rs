//! Everything that is tested from outside.

mod binary;
mod canaries;
mod hostile;
mod malformed;
mod races;
mod slow;
mod wire;
