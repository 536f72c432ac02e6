//! Reads the configuration again while the server runs: on SIGHUP, and when the file has changed.
//!
//! What is good takes effect at once, and codes and tokens stay. What is bad is told, and the server goes on as before.

use std::path::Path;
use std::time::{Duration, SystemTime};

use mock_idp::MockIdp;
use tokio::time::{Interval, MissedTickBehavior, interval};

use crate::log::Voice;
use crate::serve::Serve;

/// How often the file is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// A configuration that is read again.
pub(crate) struct Reload<'a> {
    serve: &'a Serve,
    voice: Voice,
    looks: Interval,
    /// How the file was when it was read.
    seen: Option<Stamp>,
    /// What took effect at the start, and stays.
    fixed: Vec<(&'static str, String)>,
}

/// What changes when a file is written: its time and its length.
type Stamp = (SystemTime, u64);

fn stamp(path: &Path) -> Option<Stamp> {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

impl<'a> Reload<'a> {
    /// For a server that is about to be started with this: it is made before the file is read.
    pub(crate) fn new(serve: &'a Serve, voice: Voice) -> Self {
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { serve, voice, looks, seen: serve.file().and_then(stamp), fixed: Vec::new() }
    }

    /// The same for a server of which this stays as it is.
    pub(crate) fn fixed(self, fixed: Vec<(&'static str, String)>) -> Self {
        Self { fixed, ..self }
    }

    /// Waits until the file has changed. Without a file, for ever.
    pub(crate) async fn changed(&mut self) {
        let Some(path) = self.serve.file() else { return std::future::pending().await };
        loop {
            self.looks.tick().await;
            let now = stamp(path);
            // A file that is gone for a moment is about to be written.
            if now.is_some() && now != self.seen {
                self.seen = now;
                return;
            }
        }
    }

    /// Reads it again, and tells what came of it.
    pub(crate) fn again(&mut self, server: &MockIdp) {
        let Some(path) = self.serve.file() else { return };
        self.seen = stamp(path);
        match self.take_over(server) {
            Ok(stays) if stays.is_empty() => {
                self.voice.tell("reload", "done", &format!("{}: read again", path.display()));
            }
            Ok(stays) => {
                let names = stays.join(", ");
                let text = format!("{}: read again, but for {names}: that takes a new start", path.display());
                self.voice.tell("reload", &format!("done, but for {names}"), &text);
            }
            Err(error) => {
                let text = format!("{error}\n{}: not read again: the server goes on as before", path.display());
                self.voice.tell("reload", &error, &text);
            }
        }
    }

    /// The names of what has changed and stays as it was.
    fn take_over(&self, server: &MockIdp) -> Result<Vec<&'static str>, String> {
        let config = self.serve.config()?;
        let fixed = config.fixed();
        let description = config.described()?;
        server.redescribe(description).map_err(|error| error.to_string())?;
        let changed = self.fixed.iter().zip(fixed).filter(|(before, now)| **before != *now);
        Ok(changed.map(|((name, _), _)| *name).collect())
    }
}
