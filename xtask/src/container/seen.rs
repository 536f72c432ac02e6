//! What holds of the image, seen from outside: its size, what is in it, how it starts and ends.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use super::engine::Engine;
use crate::stopwatch::Stopwatch;

/// What the image may weigh.
const BOUND: u64 = 8_000_000;
/// How long a container may take to answer, far beyond what it takes.
const PATIENCE: Duration = Duration::from_secs(20);

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
pub(super) fn look(engine: &Engine, tag: &str) -> Result<String, String> {
    let size = engine.ask(&["image", "inspect", "--format", "{{.Size}}", tag])?;
    let size: u64 = size.parse().map_err(|_| format!("the image has no size: {size}"))?;
    expect(size < BOUND, || format!("the image has {size} bytes, more than {BOUND}"))?;
    let layers = engine.ask(&["image", "inspect", "--format", "{{len .RootFS.Layers}} {{.Config.User}}", tag])?;
    expect(layers == "1 65532:65532", || format!("the image has not one layer for nobody: {layers}"))?;

    let container = Container::start(engine, tag)?;
    let address = container.address()?;
    let metadata = get(&address, "/.well-known/openid-configuration")?;
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
    let start = started(engine, tag)?;
    Ok(format!(
        "{tag}: {:.2} MB, one file; listens {} ms after the engine started the process; stopped in {} ms",
        size as f64 / 1e6,
        start.as_millis(),
        stopped.as_millis()
    ))
}

/// The median time from the start of the process to where it listens, both as the engine has it.
fn started(engine: &Engine, tag: &str) -> Result<Duration, String> {
    let mut times = Vec::new();
    for _ in 0..5 {
        let container = Container::start(engine, tag)?;
        let start = container.inspect("{{.State.StartedAt}}")?;
        let line = engine.ask(&["logs", "--timestamps", &container.id])?;
        let listening = line.split_whitespace().next().unwrap_or_default();
        times.push(between(&start, listening).ok_or_else(|| format!("no times: {start}, {listening}"))?);
    }
    times.sort_unstable();
    times.get(times.len() / 2).copied().ok_or_else(|| "no times".to_owned())
}

/// The time between two moments of one minute, as the engine writes them: 2026-01-31T10:11:12.123456789Z.
fn between(earlier: &str, later: &str) -> Option<Duration> {
    let nanoseconds = |text: &str| {
        let (_, time) = text.split_once('T')?;
        let mut parts = time.trim_end_matches('Z').splitn(3, ':');
        let hours: u64 = parts.next()?.parse().ok()?;
        let minutes: u64 = parts.next()?.parse().ok()?;
        let (seconds, fraction) = parts.next()?.split_once('.')?;
        let fraction: u64 = format!("{fraction:0<9}").get(..9)?.parse().ok()?;
        Some(((hours * 60 + minutes) * 60 + seconds.parse::<u64>().ok()?) * 1_000_000_000 + fraction)
    };
    // Midnight in between is not worth a calendar.
    Some(Duration::from_nanos(nanoseconds(later)?.saturating_sub(nanoseconds(earlier)?)))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_between_two_moments_is_told() {
        let told = between("2026-01-31T10:11:12.9Z", "2026-01-31T10:11:13.000000001Z");
        assert_eq!(told, Some(Duration::from_nanos(100_000_001)));
        assert_eq!(between("surely not", "2026-01-31T10:11:13.0Z"), None);
    }
}
