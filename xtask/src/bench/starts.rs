//! How long a server takes to start: in the process of a test, and as a program.

use std::time::Duration;

use mock_idp::MockIdp;
use oauth_types::Algorithm;

use super::client::Connection;
use super::figures::Latency;
use super::process::Process;
use super::{Bench, Starts};
use crate::stopwatch::Stopwatch;

/// How many starts are not counted: the first ones load code and parse keys.
const WARM_UP: u32 = 50;

impl Bench {
    /// Starts servers one after the other, and drops each.
    pub(super) fn starts(&self, servers: u32, programs: u32) -> Result<Starts, String> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        let runtime = runtime.map_err(|error| error.to_string())?;
        let (on_a_socket, and_dropped) = runtime.block_on(async {
            let (mut started, mut dropped) = (Vec::new(), Vec::new());
            for number in 0..WARM_UP + servers {
                let watch = Stopwatch::start();
                let server = MockIdp::builder().start().await.map_err(|error| error.to_string())?;
                keep(&mut started, number, watch.took());
                drop(server);
                keep(&mut dropped, number, watch.took());
            }
            Ok::<_, String>((Latency::micros(started), Latency::micros(dropped)))
        })?;
        let mut took = Vec::new();
        for number in 0..WARM_UP + servers {
            let watch = Stopwatch::start();
            let server = MockIdp::builder().in_process().map_err(|error| error.to_string())?;
            drop(server);
            keep(&mut took, number, watch.took());
        }
        let in_process = Latency::micros(took);
        let mut took = Vec::new();
        for _ in 0..programs {
            took.push(self.first_answer()?);
        }
        Ok(Starts { servers, on_a_socket, and_dropped, in_process, programs, program: Latency::micros(took) })
    }

    /// From the start of the program to the first metadata document, a fresh connection included.
    fn first_answer(&self) -> Result<Duration, String> {
        let watch = Stopwatch::start();
        let process: Process = self.server(Algorithm::Rs256, super::flows::Kind::Memory)?;
        let status = self.load.block_on(async {
            let mut connection = Connection::open(process.address).await?;
            let request = b"GET /.well-known/openid-configuration HTTP/1.1\r\nHost: mock\r\n\r\n";
            connection.ask(request).await.map(|answer| answer.status)
        })?;
        match status {
            200 => Ok(watch.took()),
            other => Err(format!("the metadata were answered with {other}")),
        }
    }
}

fn keep(took: &mut Vec<Duration>, number: u32, one: Duration) {
    if number >= WARM_UP {
        took.push(one);
    }
}
