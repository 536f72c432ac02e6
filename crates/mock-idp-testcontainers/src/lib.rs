#![doc = include_str!("../README.md")]

mod error;
mod image;
mod running;

pub use error::Error;
pub use image::MockIdpImage;
pub use mock_idp_control as control;
pub use oauth_types::scenario;
pub use running::RunningMockIdp;
pub use testcontainers;
