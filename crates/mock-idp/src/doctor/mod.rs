//! What the developer of a client probably did wrong, guessed from a request that was refused already.
//!
//! Nothing here accepts or refuses anything: the functions are called once a rule is broken, and say what is to be
//! changed. What was sent is never repeated, unless it is the name of a parameter; what the server knows in public is.

mod handles;
pub(crate) mod paths;
pub(crate) mod uris;
mod words;

pub(crate) use handles::{Handle, misplaced, of_another, strange};
pub(crate) use words::{ago, did_you_mean, dressed, list, missing, nearest, placeholder};
