//! Keycloak: fetched by Maven, compared with the checksum that is pinned here, unpacked and built below target/clients.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use aws_lc_rs::digest::{Context, SHA256};

use super::{Folders, copy};
use crate::machine::{Missing, done, provide, quietly};

/// What it takes to get it and to run it, with the Debian packages they are in.
const PROGRAMS: &[(&str, &str)] = &[("java", "default-jre-headless"), ("mvn", "maven"), ("unzip", "unzip")];
/// The goal of Maven that puts an artifact into a folder.
const COPY: &str = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy";
/// What stands around the version in the name of the archive.
const ARCHIVE: (&str, &str) = ("keycloak-quarkus-dist-", ".zip");
/// A start is over before the machine's better compiler and its collector pay.
const FAST: [&str; 3] = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx512m"];

impl Folders {
    /// Sees to it that Keycloak can be started.
    pub(super) fn provide_keycloak(&self, install: bool) -> Result<(), Missing> {
        provide(PROGRAMS, "Java 17 or later, Maven and unzip", install)?;
        let (folder, pin) = (self.keycloak(), pin(&self.servers()));
        let Pinned { version, sha256 } = Pinned::read(&pin).map_err(Missing::Broken)?;
        let home = self.keycloak_home(&version);
        self.once(&folder, &pin, install, || {
            let archive = folder.join(format!("{}{version}{}", ARCHIVE.0, ARCHIVE.1));
            // With -C, Maven itself holds what it gets against the checksum that is published beside it.
            let artifact = format!("-Dartifact=org.keycloak:keycloak-quarkus-dist:{version}:zip");
            let mut maven = Command::new("mvn");
            maven
                .args(["--batch-mode", "-C", COPY, &artifact])
                .arg(format!("-DoutputDirectory={}", folder.display()));
            quietly(&mut maven)?;
            let found = sha256_of(&archive)?;
            if found != sha256 {
                return Err(format!("{} has the SHA-256 {found}, and not {sha256}", archive.display()));
            }
            done(Command::new("unzip").arg("-qo").arg(&archive).arg("-d").arg(&folder))?;
            // Maven keeps it.
            std::fs::remove_file(&archive).map_err(|error| format!("{}: {error}", archive.display()))?;
            quietly(java(&home).args(["build", "--db=dev-mem"]))
        })?;
        let import = home.join("data/import");
        let made = std::fs::create_dir_all(&import).map_err(|error| format!("{}: {error}", import.display()));
        made.and_then(|()| copy(&self.servers().join("keycloak/realm.json"), &import.join("realm.json")))
            .map_err(Missing::Broken)
    }

    /// The command that starts it, with a database in memory.
    pub(super) fn start_keycloak(&self, port: u16) -> Result<Command, String> {
        let Pinned { version, .. } = Pinned::read(&pin(&self.servers()))?;
        let mut command = java(&self.keycloak_home(&version));
        command.args(["start", "--optimized", "--import-realm", "--cache=local", "--http-enabled=true"]);
        command.args(["--http-host=127.0.0.1".to_owned(), format!("--http-port={port}")]);
        command.arg(format!("--hostname=http://localhost:{port}"));
        Ok(command)
    }

    fn keycloak(&self) -> PathBuf {
        self.installed.join("keycloak")
    }

    fn keycloak_home(&self, version: &str) -> PathBuf {
        self.keycloak().join(format!("keycloak-{version}"))
    }
}

/// What kc.sh does, without the shell, which the machine would outlive. What follows is for Keycloak.
fn java(home: &Path) -> Command {
    let mut command = Command::new("java");
    command.args(FAST).args(["java.util", "java.util.concurrent", "java.security"].map(opened));
    command.arg(format!("-Dkc.home.dir={}", home.display()));
    command.arg("-Djava.util.logging.manager=org.jboss.logmanager.LogManager");
    command.arg("-cp").arg(home.join("lib/quarkus-run.jar")).arg("io.quarkus.bootstrap.runner.QuarkusEntryPoint");
    command
}

/// The version that is pinned below this folder of servers.
pub(crate) fn keycloak_version(servers: &Path) -> Result<String, String> {
    Pinned::read(&pin(servers)).map(|pinned| pinned.version)
}

/// An archive by its name and checksum, as `sha256sum` writes them.
#[derive(Debug, PartialEq, Eq)]
struct Pinned {
    version: String,
    sha256: String,
}

impl Pinned {
    fn read(file: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
        Self::parse(&text).ok_or_else(|| format!("{} names no archive and its checksum", file.display()))
    }

    fn parse(text: &str) -> Option<Self> {
        let (sha256, name) = text.trim_end().split_once("  ")?;
        let version = name.strip_prefix(ARCHIVE.0)?.strip_suffix(ARCHIVE.1)?;
        let is_sum = sha256.len() == 64 && sha256.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_sum.then(|| Self { version: version.to_owned(), sha256: sha256.to_lowercase() })
    }
}

fn pin(servers: &Path) -> PathBuf {
    servers.join("keycloak/archive.sha256")
}

fn opened(package: &str) -> String {
    format!("--add-opens=java.base/{package}=ALL-UNNAMED")
}

fn sha256_of(file: &Path) -> Result<String, String> {
    let failed = |error: std::io::Error| format!("{}: {error}", file.display());
    let mut read = std::fs::File::open(file).map_err(failed)?;
    let (mut context, mut block) = (Context::new(&SHA256), vec![0; 1 << 16]);
    loop {
        match read.read(&mut block).map_err(failed)? {
            0 => break,
            count => context.update(&block[..count]),
        }
    }
    Ok(context.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_pinned_is_a_version_and_a_checksum() {
        let version = keycloak_version(&crate::root().join("fixtures/servers")).expect("it is pinned");
        assert!(version.split('.').count() == 3, "{version}");
        let sum = "A".repeat(64);
        let read = Pinned::parse(&format!("{sum}  keycloak-quarkus-dist-1.2.3.zip\n"));
        assert_eq!(read, Some(Pinned { version: "1.2.3".to_owned(), sha256: "a".repeat(64) }));
        assert_eq!(Pinned::parse(&format!("{sum}  other-1.2.3.zip\n")), None);
        assert_eq!(Pinned::parse("abc  keycloak-quarkus-dist-1.2.3.zip\n"), None);
    }

    #[test]
    fn the_checksum_is_that_of_the_file() {
        // An example of FIPS 180: the empty message.
        let empty = std::env::temp_dir().join(format!("empty-{}", std::process::id()));
        std::fs::write(&empty, "").expect("a file");
        let sum = sha256_of(&empty);
        std::fs::remove_file(&empty).expect("it was there");
        assert_eq!(sum.as_deref(), Ok("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
        assert!(sha256_of(&empty).is_err());
    }
}
