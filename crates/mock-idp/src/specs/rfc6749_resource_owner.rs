//! RFC 6749 §3.1: the resource owner, and the choices in how they are asked.
//!
//! "The way in which the authorization server authenticates the resource owner (e.g., username and password login,
//! session cookies) is beyond the scope of this specification." It is done in `endpoints/login/`; here the choices are
//! listed.

use crate::documents;
use crate::people::LOGIN_PAGES;
use crate::redirect::FOR_STRANGERS;
use crate::refusal::Document;
use crate::sessions::{CONSENT, IDLE, INTERACTION, LIFETIME, NATIVE_CONSENT};
use crate::spec::Spec;
use crate::world::{Amount, Switch};

static SWITCHES: &[&Switch] = &[&FOR_STRANGERS, &LOGIN_PAGES, &NATIVE_CONSENT];

static AMOUNTS: &[&Amount] = &[&CONSENT, &IDLE, &INTERACTION, &LIFETIME];

#[derive(Debug)]
pub(crate) struct ResourceOwner;

impl Spec for ResourceOwner {
    fn document(&self) -> &'static Document {
        &documents::RFC6749
    }

    fn switches(&self) -> &'static [&'static Switch] {
        SWITCHES
    }

    fn amounts(&self) -> &'static [&'static Amount] {
        AMOUNTS
    }
}
