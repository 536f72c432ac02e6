//! A place for the files of a test.

use std::path::{Path, PathBuf};

/// A directory that is gone when the test ends.
pub(crate) struct Scratch(pub(crate) PathBuf);

impl Scratch {
    /// An empty directory for the test called `name`.
    pub(crate) fn new(name: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a directory");
        Self(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // It is below the build directory: what is left there is swept with it.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
