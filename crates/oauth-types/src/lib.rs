//! The words of OAuth 2.0 and OpenID Connect that a server and a client share.
//!
//! Vocabulary only: parameters, registered values, metadata documents, secrets, faults, scenarios, journals and tokens
//! to be made. Nothing here judges a request or a response. A server and a client that shared their checks would agree with
//! each other and hide bugs.

pub mod clock;
pub mod fault;
pub mod journal;
pub mod metadata;
pub mod mint;
pub mod params;
pub mod registry;
pub mod scenario;
pub mod secret;
mod tagged;

pub use metadata::ProviderMetadata;
pub use params::{Params, ParamsError};
pub use registry::{Algorithm, ContentEncryption, ErrorCode, KeyManagement, ResponseMode};
pub use secret::Secret;
