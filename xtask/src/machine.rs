//! What the machine has, and how to get the rest.

use std::fmt;
use std::process::{Command, Stdio};

/// Why something is not done.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    /// What it needs is not on this machine; how to get it.
    Absent(String),
    /// It is there, or should be by now, and does not work.
    Broken(String),
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent(how) => write!(f, "missing: {how}"),
            Self::Broken(why) => f.write_str(why),
        }
    }
}

impl From<String> for Missing {
    fn from(why: String) -> Self {
        Self::Broken(why)
    }
}

/// Whether a program is there.
pub(crate) fn is_there(program: &str) -> bool {
    Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

/// Installs packages of Debian.
pub(crate) fn apt_get(packages: &[&str]) -> Result<(), String> {
    let done = |arguments: &[&str]| {
        let ended = Command::new("apt-get").arg("-qq").args(arguments).status();
        ended.is_ok_and(|status| status.success())
    };
    let install: Vec<&str> = ["install", "-y"].iter().chain(packages).copied().collect();
    match done(&["update"]) && done(&install) {
        true => Ok(()),
        false => Err(format!("`apt-get install {}` failed", packages.join(" "))),
    }
}

/// Sees to it that the compiler has `target`: installs it if asked to, and says how to otherwise.
pub(crate) fn provide_target(target: &str, install: bool) -> Result<(), Missing> {
    let listed = Command::new("rustup").args(["target", "list", "--installed"]).output();
    let installed = listed.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).lines().any(|t| t == target));
    if installed {
        return Ok(());
    }
    let how = format!("rustup target add {target}");
    if !install {
        return Err(Missing::Absent(format!("{how}, or run with --install")));
    }
    match Command::new("rustup").args(["target", "add", target]).status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Missing::Broken(format!("`{how}` ended with {status}"))),
        Err(error) => Err(Missing::Broken(format!("`{how}` cannot be run: {error}"))),
    }
}
