//! A browser for clients that are pages.

use super::Folders;
use crate::machine::{Missing, provide};

/// The program, and the Debian package it is in.
const CHROMIUM: (&str, &str) = ("chromium", "chromium");

impl Folders {
    /// Sees to it that clients can be opened in Chromium: it is there, and so is the Node that serves them.
    pub(crate) fn provide_chromium(&self, install: bool) -> Result<(), Missing> {
        provide(&[CHROMIUM], "Chromium", install)?;
        self.provide_node(install)
    }
}
