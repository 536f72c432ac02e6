//! A server in a process of its own, and what the kernel says of it.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// What a server writes once it listens; an address follows.
pub(super) const LISTENING: &str = "listening on http://";

/// A running server. Dropping it ends its process.
pub(super) struct Process {
    child: Child,
    pub(super) address: SocketAddr,
}

impl Process {
    /// Starts `program` and waits until it says where it listens.
    pub(super) fn start(program: &Path, arguments: &[&str]) -> Result<Self, String> {
        let failed = |what: String| format!("{}: {what}", program.display());
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().map_err(|error| failed(error.to_string()))?;
        let address = listening(&mut child).map_err(failed);
        match address {
            Ok(address) => Ok(Self { child, address }),
            Err(error) => {
                end(&mut child);
                Err(error)
            }
        }
    }

    /// The processor time of all its threads so far, in user and in kernel mode (proc(5), `utime` and `stime`).
    pub(super) fn processor(&self, ticks_per_second: u32) -> Result<Duration, String> {
        let stat = self.read("stat")?;
        // The second field is the program's name in parentheses; the two times are the 14th and the 15th.
        let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_ascii_whitespace().skip(11).take(2);
        let ticks: Option<Vec<u32>> = fields.map(|field| field.parse().ok()).collect();
        match ticks.as_deref() {
            Some([user, kernel]) => Ok(Duration::from_secs(1) * user.saturating_add(*kernel) / ticks_per_second),
            _ => Err(format!("/proc/{}/stat is unreadable", self.child.id())),
        }
    }

    /// Its resident memory in KiB (proc(5), `VmRSS`).
    pub(super) fn resident(&self) -> Result<u32, String> {
        let status = self.read("status")?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let number = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse().ok());
        number.ok_or_else(|| format!("/proc/{}/status has no VmRSS", self.child.id()))
    }

    fn read(&self, file: &str) -> Result<String, String> {
        let path = format!("/proc/{}/{file}", self.child.id());
        std::fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// How many units of processor time there are in a second.
pub(super) fn ticks_per_second() -> Result<u32, String> {
    let output = Command::new("getconf").arg("CLK_TCK").output().map_err(|error| format!("getconf: {error}"))?;
    let number = String::from_utf8_lossy(&output.stdout).trim().parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| "getconf CLK_TCK gives no number".to_owned())
}

fn listening(child: &mut Child) -> Result<SocketAddr, String> {
    let mut line = String::new();
    let stdout = child.stdout.take().ok_or("it has no output")?;
    BufReader::new(stdout).read_line(&mut line).map_err(|error| error.to_string())?;
    let address = line.trim_end().strip_prefix(LISTENING).and_then(|address| address.parse().ok());
    address.ok_or_else(|| format!("it said {line:?} instead of where it listens"))
}

/// A process that has gone already is what is wanted.
fn end(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}
