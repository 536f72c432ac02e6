//! The report: what was measured, and what was aimed at.

use std::fmt;

use serde::Serialize;

use super::figures::{Latency, Spread};
use super::flows::FlowCost;
use super::id_tokens::IdTokenCost;
use super::{Memory, Starts};

/// The aims: at most these, each in the unit of its name.
const TIMES_FLOOR: f64 = 1.5;
const KEYED_TIMES_FLOOR: f64 = 2.0;
const ID_TOKEN_TIMES_FLOOR: f64 = 1.5;
const START_MICROS: f64 = 100.0;
const PROGRAM_MILLIS: f64 = 5.0;
const IDLE_MIB: f64 = 10.0;

/// Everything that was measured in one run.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    rounds: u32,
    #[serde(flatten)]
    costs: Costs,
    aims: Vec<Aim>,
}

/// What was measured, before it is held against the aims.
#[derive(Debug, Serialize)]
pub(super) struct Costs {
    pub(super) flows: Vec<FlowCost>,
    pub(super) id_tokens: Vec<IdTokenCost>,
    pub(super) starts: Starts,
    pub(super) memory: Memory,
}

/// Something aimed at, and what came of it.
#[derive(Debug, Serialize)]
pub(super) struct Aim {
    what: String,
    unit: &'static str,
    below: f64,
    measured: f64,
    met: bool,
}

impl Report {
    pub(super) fn new(rounds: u32, costs: Costs) -> Self {
        let Costs { flows, id_tokens, starts, memory } = &costs;
        let in_memory = flows.iter().filter(|cost| cost.store == "memory");
        let mut aims: Vec<Aim> = in_memory
            .map(|cost| {
                let (what, below) = match cost.keyed {
                    true => ("PAR, keys and DPoP", KEYED_TIMES_FLOOR),
                    false => (cost.algorithm, TIMES_FLOOR),
                };
                aim(format!("a flow with {what}"), "x floor", below, cost.times_floor.median)
            })
            .collect();
        aims.extend(id_tokens.iter().map(|cost| {
            let what = format!("an ID token with {}", cost.algorithm);
            aim(what, "x floor", ID_TOKEN_TIMES_FLOOR, cost.times_floor.median)
        }));
        aims.push(aim("start and end in a test".to_owned(), "us", START_MICROS, starts.and_dropped.median));
        aims.push(aim("start of the program".to_owned(), "ms", PROGRAM_MILLIS, starts.program.median / 1e3));
        aims.push(aim("idle memory".to_owned(), "MiB", IDLE_MIB, mib(memory.idle_kib)));
        Self { rounds, costs, aims }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "whole flows, {} rounds in turn; processor time of the server alone", self.rounds)?;
        writeln!(f, "{:<24}{:>22}{:>22}{:>24}", "", "us per flow", "times the floor", "flows per second")?;
        let Costs { flows, id_tokens, starts, memory } = &self.costs;
        for cost in flows {
            let (server, floor) = (&cost.server, &cost.floor);
            let what = if cost.keyed { "PAR, keys, DPoP" } else { cost.store };
            let name = format!("{} {what}", cost.algorithm);
            let times = shown(cost.times_floor, 2);
            let (spent, pace) = (shown(server.processor_micros, 1), shown(server.flows_per_second, 0));
            writeln!(f, "{name:<24}{spent:>22}{times:>22}{pace:>24}")?;
            let (spent, pace) = (shown(floor.processor_micros, 1), shown(floor.flows_per_second, 0));
            writeln!(f, "{:<24}{spent:>22}{:>22}{pace:>24}", "  its floor", "")?;
        }
        writeln!(f, "\nID tokens that the client verifies, {} rounds in turn", self.rounds)?;
        writeln!(f, "{:<24}{:>22}{:>22}{:>24}", "", "us per token", "times the floor", "us of the floor")?;
        for cost in id_tokens {
            let (client, floor) = (shown(cost.client_micros, 1), shown(cost.floor_micros, 1));
            writeln!(f, "{:<24}{client:>22}{:>22}{floor:>24}", cost.algorithm, shown(cost.times_floor, 2))?;
        }
        writeln!(f, "\nstarts{:>18}{:>12}{:>12}", "", "median", "p99")?;
        let Starts { servers, on_a_socket, and_dropped, in_process, programs, program } = starts;
        start(f, "start(), us", on_a_socket, 1.0, *servers)?;
        start(f, "start() and drop, us", and_dropped, 1.0, *servers)?;
        start(f, "in_process(), us", in_process, 1.0, *servers)?;
        start(f, "program, ms", program, 1e3, *programs)?;
        writeln!(f, "\nresident memory")?;
        writeln!(f, "{:<24}{:>8.1} MiB", "after one flow", mib(memory.idle_kib))?;
        let many = format!("after {} flows", memory.flows);
        writeln!(f, "{many:<24}{:>8.1} MiB", mib(memory.after_flows_kib))?;
        writeln!(f, "\n{:<28}{:>16}{:>12}", "aim", "below", "measured")?;
        for Aim { what, unit, below, measured, met } in &self.aims {
            let (below, met) = (format!("{below} {unit}"), if *met { "met" } else { "missed" });
            writeln!(f, "{what:<28}{below:>16}{measured:>12.2}  {met}")?;
        }
        Ok(())
    }
}

fn aim(what: String, unit: &'static str, below: f64, measured: f64) -> Aim {
    Aim { what, unit, below, measured, met: measured <= below }
}

fn start(f: &mut fmt::Formatter<'_>, name: &str, took: &Latency, unit: f64, number: u32) -> fmt::Result {
    writeln!(f, "{name:<24}{:>12.1}{:>12.1}  of {number}", took.median / unit, took.p99 / unit)
}

fn shown(spread: Spread, digits: usize) -> String {
    format!("{:.digits$} ({:.digits$}-{:.digits$})", spread.median, spread.least, spread.most)
}

fn mib(kib: u32) -> f64 {
    f64::from(kib) / 1024.0
}
