//! The clients for Go: fixtures/clients/go, a module whose go.sum pins what it needs, built into target/clients/go.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{Folders, INSTALL};
use crate::machine::{Missing, done, provide, quietly};

/// The program, and the Debian package it is in.
const GO: (&str, &str) = ("go", "golang-go");
/// The first version that fetches the version that a module asks for.
const OLDEST: (u32, u32) = (1, 21);

impl Folders {
    /// A program for Go.
    pub(super) fn go_program(&self, id: &str) -> PathBuf {
        self.installed.join("go").join(id)
    }

    /// Sees to it that clients for Go can be run: downloads what they need if that may be, and builds them.
    pub(super) fn provide_go(&self, install: bool) -> Result<(), Missing> {
        provide(&[GO], "Go 1.21 or later: go.dev", install)?;
        new_enough(&version()?)?;
        let (module, built) = (self.written.join("go"), self.installed.join("go"));
        if quietly(offline(&module).args(["mod", "download"])).is_err() {
            if !install {
                return Err(Missing::Absent(INSTALL.to_owned()));
            }
            quietly(go(&module).args(["mod", "download"])).map_err(Missing::Broken)?;
        }
        std::fs::create_dir_all(&built).map_err(|error| Missing::Broken(format!("{}: {error}", built.display())))?;
        let mut build = offline(&module);
        build.args(["build", "-mod=readonly", "-buildvcs=false", "-o"]).arg(&built).arg("./...");
        done(&mut build).map_err(Missing::Broken)
    }
}

fn go(module: &Path) -> Command {
    let mut command = Command::new("go");
    command.current_dir(module);
    command
}

/// The same with nothing but what has been downloaded.
fn offline(module: &Path) -> Command {
    let mut command = go(module);
    command.env("GOPROXY", "off");
    command
}

/// What this machine has: `go1.26.8`.
fn version() -> Result<String, Missing> {
    let broken = |why: String| Missing::Broken(format!("`go env GOVERSION`: {why}"));
    let mut asked = Command::new("go");
    // Not the one that a module asks for.
    asked.args(["env", "GOVERSION"]).env("GOTOOLCHAIN", "local").current_dir(std::env::temp_dir());
    let output = asked.stdin(Stdio::null()).output().map_err(|error| broken(error.to_string()))?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned()),
        false => Err(broken(output.status.to_string())),
    }
}

fn new_enough(version: &str) -> Result<(), Missing> {
    let mut numbers = version.trim_start_matches("go").split(|c: char| !c.is_ascii_digit()).map(str::parse::<u32>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) if (major, minor) >= OLDEST => Ok(()),
        _ => Err(Missing::Absent(format!("Go 1.21 or later: go.dev; this is {version}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_go_is_named_with_its_version() {
        assert_eq!(new_enough("go1.26.8"), Ok(()));
        assert_eq!(new_enough("go1.21rc2"), Ok(()));
        let old = Missing::Absent("Go 1.21 or later: go.dev; this is go1.19.8".to_owned());
        assert_eq!(new_enough("go1.19.8"), Err(old));
        assert!(new_enough("devel").is_err());
    }
}
