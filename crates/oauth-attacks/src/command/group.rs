//! The processes of a program, which end together: it, and whatever it started.

use std::io;
use std::process::Stdio;

use tokio::process::{Child, Command as Process};

/// Kills its group as soon as nobody holds the other end of its input any more, however that came about.
const WATCH: &str = "read -r _; kill -KILL 0";

/// A group of processes that is killed when this is dropped, and when this process ends, whatever ends it. Its leader is
/// the shell that watches: as long as that is there, no other group has its number.
pub(super) struct Group(Child);

impl Group {
    pub(super) fn new() -> io::Result<Self> {
        let mut watch = Process::new("sh");
        watch.arg("-c").arg(WATCH).process_group(0);
        watch.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        watch.spawn().map(Self)
    }

    /// Has a program start in this group.
    pub(super) fn hold(&self, program: &mut Process) -> io::Result<()> {
        let number = self.0.id().and_then(|id| i32::try_from(id).ok());
        let number = number.ok_or_else(|| io::Error::other("the shell that watches over it has ended"))?;
        program.process_group(number);
        Ok(())
    }
}
