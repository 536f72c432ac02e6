//! A container engine: the machine's, or one of our own in a folder that is gone with it.

use std::io::{BufRead as _, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use crate::machine::is_there;

/// How long an engine may be silent.
const PATIENCE: Duration = Duration::from_secs(30);

/// An engine that answers.
pub(crate) struct Engine {
    /// One that the client does not find by itself.
    own: Option<Own>,
}

/// One that was started here.
struct Own {
    /// Where it listens.
    host: String,
    engine: Child,
    folder: PathBuf,
}

impl Engine {
    /// The engine that the client finds, or else one of our own.
    ///
    /// # Errors
    /// What is missing, or why it does not start.
    pub(crate) fn find() -> Result<Self, String> {
        if !is_there("docker") {
            return Err("there is no docker: apt-get install docker.io".to_owned());
        }
        let engine = Self { own: None };
        if engine.answers() {
            return Ok(engine);
        }
        if !is_there("dockerd") {
            return Err("no container engine runs, and there is none to start: apt-get install docker.io".to_owned());
        }
        Self::start()
    }

    fn start() -> Result<Self, String> {
        // Sockets have short names, so this is not below the target folder.
        let folder = std::env::temp_dir().join(format!("engine-{}", std::process::id()));
        let failed = |error: std::io::Error| format!("the container engine cannot be started: {error}");
        std::fs::create_dir_all(&folder).map_err(failed)?;
        let host = format!("unix://{}", folder.join("engine.sock").display());
        let mut command = Command::new("dockerd");
        command.arg("--data-root").arg(folder.join("data")).arg("--exec-root").arg(folder.join("run"));
        command.arg("--pidfile").arg(folder.join("pid")).args(["--host", &host]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut engine = command.spawn().map_err(failed)?;
        let log = engine.stderr.take();
        let engine = Self { own: Some(Own { host, engine, folder }) };
        let heard = log.map(|log| line_with(log, "API listen on")).ok_or("the container engine has no log")?;
        heard.map_err(|why| format!("the container engine does not start: {why}"))?;
        match engine.answers() {
            true => Ok(engine),
            false => Err("the container engine does not answer".to_owned()),
        }
    }

    fn answers(&self) -> bool {
        let mut command = self.docker();
        command.args(["version", "--format", "{{.Server.Version}}"]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    }

    /// The client, for a command of its own.
    pub(crate) fn docker(&self) -> Command {
        let mut command = Command::new("docker");
        command.envs(self.variables());
        command
    }

    /// What tells others where the engine is, and where the ports of its containers are: here, even in a container.
    pub(crate) fn variables(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let own = self.own.iter().map(|own| ("DOCKER_HOST", own.host.as_str()));
        own.chain(self.own.iter().map(|_| ("TESTCONTAINERS_HOST_OVERRIDE", "127.0.0.1")))
    }

    /// Runs the client with these words, and gives what it writes.
    ///
    /// # Errors
    /// What it complains of.
    pub(crate) fn ask(&self, words: &[&str]) -> Result<String, String> {
        let line = format!("docker {}", words.join(" "));
        let output = self.docker().args(words).stdin(Stdio::null()).output();
        let output = output.map_err(|error| format!("`{line}` cannot be run: {error}"))?;
        match output.status.success() {
            true => Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned()),
            false => Err(format!("`{line}`: {}", String::from_utf8_lossy(&output.stderr).trim())),
        }
    }

    /// Runs the client with these words until it has written a line, and gives that.
    ///
    /// # Errors
    /// When there is none in time.
    pub(crate) fn first_line(&self, words: &[&str]) -> Result<String, String> {
        let line = format!("docker {}", words.join(" "));
        let mut command = self.docker();
        command.args(words).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut client = command.spawn().map_err(|error| format!("`{line}` cannot be run: {error}"))?;
        let heard = client.stdout.take().map(|written| line_with(written, ""));
        // One that has ended cannot be killed.
        let _ = client.kill();
        let _ = client.wait();
        heard.ok_or("it has no output".to_owned()).flatten().map_err(|why| format!("`{line}`: {why}"))
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        // It ends its containers and unmounts what it has mounted when it is asked to end.
        let asked = Command::new("kill").arg(self.engine.id().to_string()).status();
        if !asked.is_ok_and(|status| status.success()) {
            let _ = self.engine.kill();
        }
        // What is left of the folder is swept some day.
        let _ = self.engine.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The first line with these words, within [`PATIENCE`]. What comes after it is read, and nobody keeps it.
pub(super) fn line_with(source: impl Read + Send + 'static, words: &'static str) -> Result<String, String> {
    let (send, lines) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(source).lines().map_while(Result::ok) {
            // Nobody may be listening any more.
            let _ = send.send(line);
        }
    });
    let mut last = String::new();
    loop {
        match lines.recv_timeout(PATIENCE) {
            Ok(line) if line.contains(words) => return Ok(line),
            Ok(line) => last = line,
            Err(RecvTimeoutError::Timeout) => return Err(format!("nothing within {} s", PATIENCE.as_secs())),
            Err(RecvTimeoutError::Disconnected) => return Err(format!("it ended: {last}")),
        }
    }
}
