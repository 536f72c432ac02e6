//! What a client sends again and again.

use std::collections::HashMap;

use oauth_types::fault::Point;

use super::{Case, Check, Judgement, broken, kept, not_observed};
use crate::http::journal::reading::Reading;

pub(super) const NO_RETRY_STORM: Check =
    Check { name: "no-retry-storm", section: "RFC 6749 section 5.2", judge: no_retry_storm };

pub(super) const POLLS_IN_TIME: Check =
    Check { name: "polls-in-time", section: "RFC 8628 section 3.5", judge: polls_in_time };

/// How often the same request may be refused within [`WITHIN`] seconds before it is a storm.
const PATIENCE: usize = 3;

const WITHIN: u64 = 60;

/// A request that was refused is refused again, unless something in it changes.
fn no_retry_storm(case: &Case<'_>) -> Judgement {
    let mut refused: HashMap<(&str, String), Vec<(u64, u64)>> = HashMap::new();
    for reading in case.readings.iter().filter(|reading| reading.entry.status >= 400 && !waits(reading)) {
        let entry = reading.entry;
        let same = (entry.path.as_ref(), entry.params.encode());
        refused.entry(same).or_default().push((entry.number, entry.at));
    }
    let is_storm = |tries: &&Vec<(u64, u64)>| {
        tries.windows(PATIENCE).any(|few| few[PATIENCE - 1].1.saturating_sub(few[0].1) <= WITHIN)
    };
    let mut storm: Vec<u64> = refused.values().filter(is_storm).flatten().map(|(number, _)| *number).collect();
    storm.sort_unstable();
    match storm.is_empty() {
        true => kept("No request was sent on and on after it had been refused"),
        false => broken(format!("The same request was refused {} times within {WITHIN} seconds", storm.len()), storm),
    }
}

/// The client waits as many seconds between two polls as `interval` says: `slow_down` says that it did not.
fn polls_in_time(case: &Case<'_>) -> Judgement {
    let polls: Vec<_> = case.readings.iter().filter(|reading| is_poll(reading)).collect();
    let early = polls.iter().filter(|reading| error(reading) == Some("slow_down"));
    let early: Vec<u64> = early.map(|reading| reading.entry.number).collect();
    match (polls.is_empty(), early.is_empty()) {
        (true, _) => not_observed("Nothing was polled for"),
        (false, true) => kept("Each poll came in time"),
        (false, false) => broken("A poll came before its interval was over", early),
    }
}

fn is_poll(reading: &Reading<'_>) -> bool {
    let params = &reading.entry.params;
    let at_token = reading.entry.point == Some(Point::TokenResponse);
    at_token && (params.get("device_code").is_some() || params.get("auth_req_id").is_some())
}

/// Whether the answer tells the client to ask again.
fn waits(reading: &Reading<'_>) -> bool {
    let again = ["authorization_pending", "slow_down", "use_dpop_nonce"];
    error(reading).is_some_and(|error| again.contains(&error)) || [429, 503].contains(&reading.entry.status)
}

fn error<'a>(reading: &'a Reading<'_>) -> Option<&'a str> {
    reading.members.get("error").and_then(|error| error.as_str())
}
