//! A PostgreSQL server of our own, for tests: in a folder that is gone with it, and nobody else can reach it.

use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where Debian has the programs, besides the search path.
const VERSIONS: &str = "/usr/lib/postgresql";
/// The user that the server runs as if this program is root, which it refuses to be.
const USER: &str = "postgres";

/// A running server.
pub(crate) struct Postgres {
    programs: PathBuf,
    folder: PathBuf,
    url: String,
}

impl Postgres {
    /// Makes a database and starts a server for it, on a socket in the same folder alone.
    ///
    /// # Errors
    /// What is missing, or what the programs say.
    pub(crate) fn start() -> Result<Self, String> {
        let programs = programs().ok_or("is not installed")?;
        let folder = std::env::temp_dir().join(format!("postgres-{}", std::process::id()));
        let mut builder = std::fs::DirBuilder::new();
        builder.mode(0o700).create(&folder).map_err(|error| format!("has no folder: {error}"))?;
        // From here on, leaving early removes the folder.
        let url = format!("postgres://{USER}@localhost/{USER}?host={}", folder.display());
        let server = Self { programs, folder, url };
        if let Some((user, group)) = server.other_user()? {
            chown(&server.folder, Some(user), Some(group)).map_err(|error| format!("has no folder: {error}"))?;
        }
        let options = format!("-k {} -c listen_addresses=''", server.folder.display());
        server.run("initdb", &["-A", "trust", "-U", USER, "-N"])?;
        server.run(
            "pg_ctl",
            &["-w", "-l", &server.folder.join("log").display().to_string(), "-o", &options, "start"],
        )?;
        Ok(server)
    }

    /// Whether its programs are installed.
    pub(crate) fn is_there() -> bool {
        programs().is_some()
    }

    /// Where it is.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    fn run(&self, program: &str, arguments: &[&str]) -> Result<(), String> {
        let program = self.programs.join(program);
        let mut command = match self.other_user()? {
            None => Command::new(program),
            Some((user, group)) => {
                let mut command = Command::new("setpriv");
                command
                    .args([format!("--reuid={user}"), format!("--regid={group}")])
                    .arg("--clear-groups")
                    .arg(program);
                command
            }
        };
        command.arg("-D").arg(self.folder.join("data")).args(arguments).current_dir(&self.folder);
        // The server stays, and must not keep a pipe open.
        let ended = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
        match ended {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(format!("does not start: {status}")),
            Err(error) => Err(format!("does not start: {error}")),
        }
    }

    /// The user and group that the server runs as, where it must not run as this program does.
    fn other_user(&self) -> Result<Option<(u32, u32)>, String> {
        let own = std::fs::metadata("/proc/self").map_err(|error| format!("cannot be started: {error}"))?;
        if own.uid() != 0 {
            return Ok(None);
        }
        let users = std::fs::read_to_string("/etc/passwd").map_err(|error| format!("has no user: {error}"))?;
        let found = users.lines().find_map(|line| {
            let mut fields = line.strip_prefix(USER)?.strip_prefix(':')?.split(':').skip(1);
            Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
        });
        found.map(Some).ok_or_else(|| format!("must not run as root, and there is no user {USER}"))
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // One that does not run has nothing to stop, and what is left of the folder is swept some day.
        let _ = self.run("pg_ctl", &["-m", "immediate", "-w", "stop"]);
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The folder with the programs: the newest that Debian has, or one of the search path.
fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir(VERSIONS).into_iter().flatten().flatten();
    let of_debian = versions.filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path())));
    let newest = of_debian.max_by_key(|(version, _): &(u32, PathBuf)| *version);
    let has_both = |folder: &Path| folder.join("initdb").exists() && folder.join("pg_ctl").exists();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let others: Vec<PathBuf> = std::env::split_paths(&path).collect();
    newest.map(|(_, path)| path.join("bin")).into_iter().chain(others).find(|folder| has_both(folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_of_our_own_is_gone_when_it_is_dropped() {
        match Postgres::start() {
            Ok(server) => {
                let socket = server.folder.join(".s.PGSQL.5432");
                assert!(socket.exists(), "it listens in its folder");
                let folder = server.folder.clone();
                drop(server);
                assert!(!folder.exists());
            }
            // Where it is not installed, the step that needs it says so.
            Err(missing) => assert!(missing.contains("is not installed") || missing.contains("no user"), "{missing}"),
        }
    }
}
