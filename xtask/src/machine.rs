//! What the machine has, and how to get the rest.

use std::ffi::OsStr;
use std::fmt;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
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

/// Of these programs, each with its Debian packages, the packages of those that are not there.
pub(crate) fn absent<'a>(programs: &[(&str, &'a str)]) -> Vec<&'a str> {
    let absent = programs.iter().filter(|(program, _)| !is_there(program));
    let mut packages: Vec<&str> = absent.flat_map(|(_, packages)| packages.split(' ')).collect();
    packages.dedup();
    packages
}

/// Sees to it that programs are there: installs their Debian packages, or says how to get them.
pub(crate) fn provide(programs: &[(&str, &str)], how: &str, install: bool) -> Result<(), Missing> {
    let absent = absent(programs);
    match (absent.is_empty(), install) {
        (true, _) => Ok(()),
        (false, true) => apt_get(&absent).map_err(Missing::Broken),
        (false, false) => Err(Missing::Absent(format!("{how}, or apt-get install {}", absent.join(" ")))),
    }
}

/// Cargo, as whoever runs this has it.
pub(crate) fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Runs a command to its end.
pub(crate) fn done(command: &mut Command) -> Result<(), String> {
    match command.stdin(Stdio::null()).status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("`{}` ended with {status}", told(command))),
        Err(error) => Err(format!("`{}` cannot be run: {error}", told(command))),
    }
}

/// Runs a package manager. Where it looks for packages is its user's business, and stays out of logs.
pub(crate) fn quietly(command: &mut Command) -> Result<(), String> {
    done(command.stdout(Stdio::null()).stderr(Stdio::null()))
        .map_err(|why| format!("{why}; run it by hand to see why"))
}

/// A command as it would be typed, without the folders.
fn told(command: &Command) -> String {
    let last = |word| Path::new(word).file_name().unwrap_or(word).to_string_lossy();
    let words: Vec<_> = std::iter::once(command.get_program()).chain(command.get_args()).map(last).collect();
    words.join(" ")
}

/// A port that is free now, for programs that do not find one by themselves.
pub(crate) fn free_port() -> Result<u16, String> {
    let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
    bound.map(|address| address.port()).map_err(|error| format!("no port is free: {error}"))
}

/// A program out of a crate, in the folder of this workspace's tools or wherever the system finds it.
#[derive(Debug)]
pub(crate) struct Tool {
    /// The crate.
    pub package: &'static str,
    /// The program.
    pub program: &'static str,
    /// The version that is installed.
    pub version: &'static str,
    /// Whether no other version will do.
    pub exactly: bool,
    /// Whether it is built with the versions that it was released with.
    pub locked: bool,
}

impl Tool {
    /// How to get it.
    pub(crate) fn how(&self) -> String {
        let Self { package, program, version, .. } = self;
        let locked = if self.locked { " --locked" } else { "" };
        format!("cargo install {package}@{version} --bin {program}{locked} --root target/tools")
    }

    /// The program. It is installed if `install` says so.
    pub(crate) fn provide(&self, root: &Path, install: bool) -> Result<PathBuf, Missing> {
        let own = root.join("target/tools/bin").join(format!("{}{}", self.program, std::env::consts::EXE_SUFFIX));
        let found = || [own.clone(), PathBuf::from(self.program)].into_iter().find(|program| self.is(program));
        if let Some(program) = found() {
            return Ok(program);
        }
        let how = self.how();
        if !install {
            return Err(Missing::Absent(format!("{how}, or run with --install")));
        }
        println!("{how}");
        done(cargo().args(how.split(' ').skip(1)).current_dir(root))?;
        found().ok_or_else(|| Missing::Broken(format!("`{how}` has installed something else")))
    }

    /// Whether a program is there, and this one.
    fn is(&self, program: &Path) -> bool {
        let mut asked = Command::new(program);
        // A program that extends cargo is told its own name first.
        asked.args(self.program.strip_prefix("cargo-")).arg("--version").stderr(Stdio::null());
        let output = asked.output().ok().filter(|output| output.status.success());
        output.is_some_and(|output| {
            let said = String::from_utf8_lossy(&output.stdout);
            !self.exactly || said.split_whitespace().nth(1) == Some(self.version)
        })
    }
}

/// Runs commands of a document in bash, within so many seconds. `prepare` says where, and with what in the environment.
pub(crate) fn follow(
    document: &str,
    script: &str,
    (seconds, prepare): (u32, impl FnOnce(&mut Command)),
) -> Result<(), String> {
    let mut shell = Command::new("timeout");
    shell.arg(seconds.to_string()).args(["bash", "-e", "-u", "-o", "pipefail", "-c", script]);
    prepare(shell.stdin(Stdio::null()));
    let output = shell.output().map_err(|error| format!("bash cannot be run: {error}"))?;
    let (heard, complaint) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    match output.status.success() {
        true => Ok(()),
        false => Err(format!("{document} ended with {}:\n{heard}\n{complaint}", output.status)),
    }
}

/// The search path with these folders before all others.
pub(crate) fn path_with<P: AsRef<OsStr>>(first: impl IntoIterator<Item = P>) -> Result<std::ffi::OsString, String> {
    let others = std::env::var_os("PATH").unwrap_or_default();
    let first = first.into_iter().map(|folder| PathBuf::from(folder.as_ref()));
    let all: Vec<PathBuf> = first.chain(std::env::split_paths(&others)).collect();
    std::env::join_paths(all).map_err(|error| format!("the search path cannot be written down: {error}"))
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

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Tool = Tool {
        package: "a-crate",
        program: "surely-no-such-program",
        version: "1.2.3",
        exactly: false,
        locked: true,
    };

    #[test]
    fn a_missing_program_is_named_with_its_packages() {
        let programs = [("surely-no-such-program", "a-package another"), ("cargo", "cargo")];
        let missing = provide(&programs, "buy one", false);
        assert_eq!(missing, Err(Missing::Absent("buy one, or apt-get install a-package another".to_owned())));
        assert_eq!(provide(&[("cargo", "cargo")], "buy one", true), Ok(()));
    }

    #[test]
    fn a_failing_command_is_told_without_folders() {
        let mut command = Command::new("false");
        command.arg("some/where/deep");
        assert!(done(&mut command).expect_err("it fails").starts_with("`false deep` ended with"));
    }

    #[test]
    fn a_missing_tool_is_named_with_how_to_get_it() {
        let how = "cargo install a-crate@1.2.3 --bin surely-no-such-program --locked --root target/tools";
        let missing = NONE.provide(Path::new("surely/not/there"), false);
        assert_eq!(missing, Err(Missing::Absent(format!("{how}, or run with --install"))));
    }

    #[test]
    fn a_tool_of_another_version_may_do() {
        let git = Tool { package: "git", program: "git", version: "version", exactly: true, locked: false };
        assert!(git.is(Path::new("git")), "its second word is this");
        assert!(!Tool { version: "1", ..git }.is(Path::new("git")));
        assert!(Tool { version: "1", exactly: false, ..git }.is(Path::new("git")));
    }

    #[test]
    fn what_a_document_does_has_to_succeed() {
        assert_eq!(
            follow(
                "A.md",
                "test \"$A\" = b",
                (10, |shell| {
                    shell.env("A", "b");
                })
            ),
            Ok(())
        );
        let why = follow("A.md", "echo here; false; echo there", (10, |_| {})).expect_err("it fails");
        assert!(why.starts_with("A.md ended with") && why.contains("here") && !why.contains("there"), "{why}");
    }
}
