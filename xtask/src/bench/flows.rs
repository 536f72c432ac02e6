//! What a whole flow costs the server, beside what the same flow costs the floor, round by round in turn.

use oauth_types::Algorithm;
use serde::Serialize;

use super::figures::{Spread, micros};
use super::keys::Keys;
use super::load::Load;
use super::process::Process;
use super::{Bench, Memory};

/// What the flows of one kind cost.
#[derive(Debug, Serialize)]
pub(super) struct FlowCost {
    /// What tokens are signed with.
    pub(super) algorithm: &'static str,
    /// Where the server keeps what it remembers.
    pub(super) store: &'static str,
    /// Whether the client pushes its requests and signs them: PAR, private_key_jwt, DPoP.
    pub(super) keyed: bool,
    pub(super) flows_per_round: u32,
    pub(super) server: Side,
    pub(super) floor: Side,
    /// Processor time of the server for each unit of the floor's, round by round.
    pub(super) times_floor: Spread,
}

/// What one of two servers made of the flows.
#[derive(Debug, Serialize)]
pub(super) struct Side {
    /// Processor time for each flow, in microseconds.
    pub(super) processor_micros: Spread,
    pub(super) flows_per_second: Spread,
    /// The octets of a token response, on average.
    pub(super) octets: f64,
}

/// One round of one server.
struct Round {
    processor_micros: f64,
    flows_per_second: f64,
    octets: f64,
}

/// What is played, and where the mock server keeps what it remembers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A flow of a public client; in memory.
    Memory,
    /// The same; in SQLite.
    Sqlite,
    /// A flow of a client that has a key and pushes its requests; in memory.
    Keyed,
}

impl Bench {
    /// Plays `flows` flows against the mock server and against the floor, in turn, for each round.
    pub(super) fn flows(&self, algorithm: Algorithm, kind: Kind, flows: u32) -> Result<FlowCost, String> {
        let (mut server, mut floor) = (Vec::new(), Vec::new());
        for number in 0..self.rounds {
            let mut sides = [(&mut server, false), (&mut floor, true)];
            // Whoever comes second finds warm caches; so each side is second in turn.
            if number % 2 == 1 {
                sides.reverse();
            }
            for (rounds, is_floor) in sides {
                let process = if is_floor { self.floor(algorithm) } else { self.server(algorithm, kind) }?;
                let keys = (kind == Kind::Keyed).then_some(&self.keys);
                rounds.push(self.round(&process, algorithm, keys, flows)?);
            }
        }
        let times = server.iter().zip(&floor).map(|(server, floor)| server.processor_micros / floor.processor_micros);
        let cost = FlowCost {
            algorithm: algorithm.as_str(),
            store: if kind == Kind::Sqlite { "sqlite" } else { "memory" },
            keyed: kind == Kind::Keyed,
            flows_per_round: flows,
            times_floor: Spread::of(times),
            server: side(&server),
            floor: side(&floor),
        };
        let (longer, shorter) =
            (cost.server.octets.max(cost.floor.octets), cost.server.octets.min(cost.floor.octets));
        match longer <= 1.05 * shorter {
            true => Ok(cost),
            false => Err(format!("token responses are not comparable: {shorter} octets against {longer}")),
        }
    }

    /// The resident memory of a server that has done next to nothing, and after many flows.
    pub(super) fn memory(&self, flows: u32) -> Result<Memory, String> {
        let process = self.server(Algorithm::Rs256, Kind::Memory)?;
        self.load.block_on(async { Load::open(process.address, Algorithm::Rs256, None).await?.play(1).await })?;
        let idle_kib = process.resident()?;
        let process = self.server(Algorithm::Es256, Kind::Memory)?;
        self.load.block_on(async { Load::open(process.address, Algorithm::Es256, None).await?.play(flows).await })?;
        Ok(Memory { idle_kib, flows, after_flows_kib: process.resident()? })
    }

    fn round(
        &self,
        process: &Process,
        algorithm: Algorithm,
        keys: Option<&Keys>,
        flows: u32,
    ) -> Result<Round, String> {
        self.load.block_on(async {
            let mut load = Load::open(process.address, algorithm, keys).await?;
            // A machine that was idle takes its time to become fast.
            load.play(flows.div_ceil(2)).await?;
            let before = process.processor(self.ticks)?;
            let played = load.play(flows).await?;
            let spent = process.processor(self.ticks)?.saturating_sub(before);
            let number = f64::from(flows);
            Ok(Round {
                processor_micros: micros(spent) / number,
                flows_per_second: number / played.took.as_secs_f64(),
                octets: f64::from(u32::try_from(played.octets / u64::from(flows)).unwrap_or(u32::MAX)),
            })
        })
    }

    fn floor(&self, algorithm: Algorithm) -> Result<Process, String> {
        let point = self.keys.point();
        Process::start(&self.xtask, &["bench", "floor", "--alg", algorithm.as_str(), "--point", &point])
    }

    pub(super) fn server(&self, algorithm: Algorithm, kind: Kind) -> Result<Process, String> {
        let mut arguments = vec!["serve", "--listen", "127.0.0.1:0", "--alg", algorithm.as_str()];
        let database = format!("sqlite:{}", self.fresh_database()?);
        let config = self.config.display().to_string();
        match kind {
            Kind::Memory => {}
            Kind::Sqlite => arguments.extend(["--store", database.as_str()]),
            Kind::Keyed => {
                std::fs::write(&self.config, self.keys.config()).map_err(|error| format!("{config}: {error}"))?;
                arguments.extend(["--config", config.as_str()]);
            }
        }
        Process::start(&self.mock_idp, &arguments)
    }

    /// The path of a database that is not there yet.
    fn fresh_database(&self) -> Result<String, String> {
        for suffix in ["", "-wal", "-shm"] {
            let path = format!("{}{suffix}", self.database);
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(format!("{path}: {error}")),
                _ => {}
            }
        }
        Ok(self.database.clone())
    }
}

fn side(rounds: &[Round]) -> Side {
    Side {
        processor_micros: Spread::of(rounds.iter().map(|round| round.processor_micros)),
        flows_per_second: Spread::of(rounds.iter().map(|round| round.flows_per_second)),
        octets: Spread::of(rounds.iter().map(|round| round.octets)).median,
    }
}
