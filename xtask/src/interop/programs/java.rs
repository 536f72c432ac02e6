//! The client for Java: fixtures/clients/java, with packages that pom.xml lists and libraries.sha256 holds to what they
//! were, compiled into target/clients/java.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::Folders;
use crate::machine::{Missing, done, provide, quietly};

/// The programs, and the Debian packages they are in.
const PROGRAMS: &[(&str, &str)] = &[("javac", "default-jdk-headless"), ("mvn", "maven")];
/// What gets them, for people.
const HOW: &str = "a JDK, Java 17 or later, and Maven: adoptium.net and maven.apache.org";
/// The oldest version of Java whose language the client is written in.
const OLDEST: u32 = 17;
/// The goal of Maven that puts the packages of a project into a folder.
const COPY: &str = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies";
/// A flow is over before the machine's better compiler and its collector pay.
const FAST: [&str; 3] = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx256m"];

impl Folders {
    /// The command that runs the client.
    pub(super) fn java_program(&self) -> (PathBuf, Vec<PathBuf>) {
        let mut arguments: Vec<PathBuf> = FAST.iter().map(PathBuf::from).collect();
        arguments.extend(["-cp".into(), PathBuf::from(self.class_path()), "Main".into()]);
        ("java".into(), arguments)
    }

    /// Sees to it that the client can be run.
    pub(super) fn provide_java(&self, install: bool) -> Result<(), Missing> {
        provide(PROGRAMS, HOW, install)?;
        new_enough(&version()?)?;
        let (written, folder) = (self.written.join("java"), self.installed.join("java"));
        let (pom, libraries) = (written.join("pom.xml"), folder.join("lib"));
        self.once(&folder, &pom, install, || {
            // With -C, Maven itself holds what it gets against the checksum that is published beside it.
            let mut maven = Command::new("mvn");
            maven.args(["--batch-mode", "-C", "-f"]).arg(&pom).arg(COPY);
            quietly(maven.arg(format!("-DoutputDirectory={}", libraries.display())))?;
            let mut check = Command::new("sha256sum");
            check.args(["--check", "--strict", "--quiet"]).arg(written.join("libraries.sha256"));
            done(check.current_dir(&libraries))
        })?;
        let mut javac = Command::new("javac");
        javac.args(["--release", &OLDEST.to_string(), "-Werror", "-Xlint:all", "-d"]).arg(folder.join("classes"));
        javac.arg("-cp").arg(libraries.join("*"));
        let sources = std::fs::read_dir(&written).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let sources = sources.map_err(|error| Missing::Broken(format!("{}: {error}", written.display())))?;
        let sources = sources.iter().map(std::fs::DirEntry::path);
        javac.args(sources.filter(|path| path.extension().is_some_and(|kind| kind == "java")));
        done(&mut javac).map_err(Missing::Broken)
    }

    fn class_path(&self) -> OsString {
        let folder = self.installed.join("java");
        let mut path = folder.join("classes").into_os_string();
        path.push(":");
        path.push(folder.join("lib/*"));
        path
    }
}

/// What this machine has: `javac 17.0.15`.
fn version() -> Result<String, Missing> {
    let output = Command::new("javac").arg("-version").stdin(Stdio::null()).output();
    let output = output.map_err(|error| Missing::Broken(format!("`javac -version`: {error}")))?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn new_enough(version: &str) -> Result<(), Missing> {
    let number = version.trim_start_matches("javac ").split(|c: char| !c.is_ascii_digit()).next();
    match number.map(str::parse::<u32>) {
        Some(Ok(number)) if number >= OLDEST => Ok(()),
        _ => Err(Missing::Absent(format!("{HOW}; this is {version}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_java_is_named_with_its_version() {
        assert_eq!(new_enough("javac 17.0.15"), Ok(()));
        assert_eq!(new_enough("javac 25-ea"), Ok(()));
        let Err(Missing::Absent(how)) = new_enough("javac 11.0.2") else { panic!("it is too old") };
        assert!(how.ends_with("; this is javac 11.0.2"), "{how}");
        assert!(new_enough("javac 1.8.0_292").is_err() && new_enough("").is_err());
    }
}
