//! PKCE.
#![no_std]
