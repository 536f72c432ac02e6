//! What holds of the image, seen from outside: its size, what is in it, how it starts and ends.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use oauth_attacks::report::table::duration;

use super::engine::{Engine, line_with};
use crate::stopwatch::Stopwatch;

/// What the image may weigh unpacked: a little more than it does, so that nothing large comes in unseen.
const BOUND: u64 = 16_500_000;
/// How long a container may take to answer, far beyond what it takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// What the server says on its standard output once it answers.
const LISTENING: &str = "listening on ";
/// Where a server describes itself.
const METADATA: &str = "/.well-known/openid-configuration";

/// A container, removed when it is dropped.
struct Container<'a> {
    engine: &'a Engine,
    id: String,
}

impl<'a> Container<'a> {
    /// As careful people run it: nothing to write to, no capability, a port of this machine alone.
    fn start(engine: &'a Engine, tag: &str) -> Result<Self, String> {
        let id = engine.ask(&[
            "run",
            "--detach",
            "--read-only",
            "--cap-drop=ALL",
            "--security-opt=no-new-privileges",
            "--publish=127.0.0.1::8080",
            tag,
        ])?;
        let container = Self { engine, id };
        // The one line on its standard output: it is listening.
        container.engine.first_line(&["logs", "--follow", &container.id])?;
        Ok(container)
    }

    fn address(&self) -> Result<String, String> {
        let said = self.engine.ask(&["port", &self.id, "8080/tcp"])?;
        said.lines().next().map(str::to_owned).ok_or_else(|| "the container has no port".to_owned())
    }

    fn inspect(&self, template: &str) -> Result<String, String> {
        self.engine.ask(&["inspect", "--format", template, &self.id])
    }
}

impl Drop for Container<'_> {
    fn drop(&mut self) {
        // Our own engine takes it along, if nothing else does.
        let _ = self.engine.ask(&["rm", "--force", "--volumes", &self.id]);
    }
}

/// Looks at the image, and says what was seen.
pub(super) fn look(engine: &Engine, tag: &str, program: &Path) -> Result<String, String> {
    let size = engine.ask(&["image", "inspect", "--format", "{{.Size}}", tag])?;
    let size: u64 = size.parse().map_err(|_| format!("the image has no size: {size}"))?;
    expect(size < BOUND, || format!("the image has {size} bytes, more than {BOUND}"))?;
    let layers = engine.ask(&["image", "inspect", "--format", "{{len .RootFS.Layers}} {{.Config.User}}", tag])?;
    expect(layers == "1 65532:65532", || format!("the image has not one layer for nobody: {layers}"))?;

    let container = Container::start(engine, tag)?;
    let address = container.address()?;
    let metadata = get(&address, METADATA)?;
    let issuer = format!("\"issuer\":\"http://{address}\"");
    expect(metadata.replace(": ", ":").contains(&issuer), || {
        format!("the server does not call itself what the request does, http://{address}")
    })?;
    let health = engine.ask(&["exec", &container.id, "/mock-idp", "healthcheck"]);
    health.map_err(|why| format!("the server is not healthy: {why}"))?;
    // What the engine itself comes to, from its first look on.
    let events = ["events", "--since=0", "--filter=event=health_status", "--format={{.Status}}", "--filter"];
    let healthy = engine.first_line(&[&events[..], &[&format!("container={}", container.id)]].concat())?;
    expect(healthy == "health_status: healthy", || format!("the engine has {healthy}"))?;
    // Nothing but the program is in it, besides what the engine mounts.
    let changed = engine.ask(&["diff", &container.id])?;
    expect(changed.is_empty(), || format!("the server writes to its file system: {changed}"))?;

    let watch = Stopwatch::start();
    engine.ask(&["stop", "--time=10", &container.id])?;
    let stopped = watch.took();
    let code = container.inspect("{{.State.ExitCode}}")?;
    expect(code == "0", || format!("a server that is asked to end ends with {code}"))?;
    let watch = Stopwatch::start();
    let again = Container::start(engine, tag)?;
    get(&again.address()?, METADATA)?;
    let ran = watch.took();
    Ok(format!(
        "{tag}: {:.2} MB, one file; answers {} after the start of its process, {} after that of `docker run`; stops in {}",
        size as f64 / 1e6,
        duration(started(program)?),
        duration(ran),
        duration(stopped)
    ))
}

/// The median time from the start of the program to its first answer. The engine tells of a start when the program runs
/// already, so this is without it.
fn started(program: &Path) -> Result<Duration, String> {
    let mut times = Vec::new();
    for _ in 0..5 {
        let mut command = Command::new(program);
        command.args(["serve", "--listen", "127.0.0.1:0"]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let watch = Stopwatch::start();
        let mut server = command.spawn().map_err(|error| format!("the program cannot be started: {error}"))?;
        let answered = server.stdout.take().ok_or_else(|| "it has no output".to_owned()).and_then(|written| {
            let line = line_with(written, LISTENING)?;
            let address = line.rsplit("//").next().unwrap_or_default();
            get(address.trim_end_matches('/'), METADATA)?;
            Ok(watch.took())
        });
        // One that has ended cannot be killed.
        let _ = server.kill();
        let _ = server.wait();
        times.push(answered?);
    }
    times.sort_unstable();
    times.get(times.len() / 2).copied().ok_or_else(|| "no times".to_owned())
}

/// The answer to a GET, which has to be 200.
fn get(address: &str, path: &str) -> Result<String, String> {
    let asked = || {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    let answer = asked().map_err(|error: std::io::Error| format!("{path}: {error}"))?;
    let status = answer.lines().next().unwrap_or_default();
    expect(status.starts_with("HTTP/1.1 200"), || format!("{path}: {status}"))?;
    Ok(answer)
}

fn expect(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise()) }
}
