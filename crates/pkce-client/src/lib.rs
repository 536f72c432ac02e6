//! pkce-client
