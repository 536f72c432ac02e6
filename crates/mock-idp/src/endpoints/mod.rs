//! The endpoints: the order of the checks, each on one screen.

pub(crate) mod authorize;
pub(crate) mod jwks;
pub(crate) mod login;
pub(crate) mod metadata;
pub(crate) mod token;
pub(crate) mod userinfo;
