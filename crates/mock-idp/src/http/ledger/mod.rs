//! The ledger: what the flows of a journal say of the clients that drove them.
//!
//! A server answers requests; whether a client keeps the rules that are its own shows only in all of them together. Each
//! check is a function of a flow and what other flows had in common with it, and says what was kept, what was broken,
//! and what could not be seen.

use std::collections::HashMap;

use oauth_types::Params;
use oauth_types::fault::Point;
use oauth_types::journal::{Finding, Flow, Step, Ticket, Verdict};

use super::journal::reading::Reading;

mod credentials;
mod redemption;
mod request;
mod response;
mod retries;

/// The checks, in the order of a flow.
const CHECKS: &[Check] = &[
    request::STATE_PRESENT,
    request::STATE_FRESH,
    request::NONCE_PRESENT,
    request::NONCE_FRESH,
    request::CHALLENGE_S256,
    request::CHALLENGE_FRESH,
    response::ISS_COMPARED,
    response::STATE_COMPARED,
    redemption::REDIRECT_URI_IDENTICAL,
    redemption::CODE_REDEEMED_ONCE,
    redemption::VERIFIER_FRESH,
    redemption::REFRESH_TOKEN_NEWEST,
    credentials::NOTHING_SECRET_IN_A_QUERY,
    credentials::ONE_AUTHENTICATION,
    credentials::PROOFS_FRESH,
    retries::NO_RETRY_STORM,
    retries::POLLS_IN_TIME,
];

/// Something that a client has to do.
struct Check {
    name: &'static str,
    section: &'static str,
    judge: fn(&Case<'_>) -> Judgement,
}

/// What a check found: the verdict, what was seen, and the entries that show it.
struct Judgement(Verdict, String, Vec<u64>);

fn kept(says: impl Into<String>) -> Judgement {
    Judgement(Verdict::Kept, says.into(), Vec::new())
}

fn broken(says: impl Into<String>, entries: Vec<u64>) -> Judgement {
    Judgement(Verdict::Broken, says.into(), entries)
}

fn not_observed(says: impl Into<String>) -> Judgement {
    Judgement(Verdict::NotObserved, says.into(), Vec::new())
}

/// A flow, and what is known of the others.
struct Case<'a> {
    id: &'a str,
    readings: Vec<&'a Reading<'a>>,
    /// What the client asked for at the authorization endpoint, wherever it said so.
    request: Option<(u64, &'a Params)>,
    issuer: &'a str,
    values: &'a Values<'a>,
}

/// Which flows had a value: by the name and the value.
#[derive(Default)]
struct Values<'a>(HashMap<(&'static str, &'a str), Vec<(&'a str, u64)>>);

/// What belongs to one flow alone.
const OWN: &[&str] = &["state", "nonce", "code_challenge"];

/// Judges each flow.
pub(crate) fn flows(readings: &[Reading<'_>], issuer: &str) -> Vec<Flow> {
    let mut order: Vec<&str> = Vec::new();
    let mut grouped: HashMap<&str, Vec<&Reading<'_>>> = HashMap::new();
    for reading in readings {
        let Some(flow) = reading.flow.as_deref() else { continue };
        let group = grouped.entry(flow).or_default();
        if group.is_empty() {
            order.push(flow);
        }
        group.push(reading);
    }
    let mut values = Values::default();
    for flow in &order {
        let Some(group) = grouped.get(flow) else { continue };
        values.add(flow, group);
    }
    let case = |flow: &'_ str| {
        let readings = grouped.get(flow).cloned().unwrap_or_default();
        let request = request_of(&readings);
        Case { id: flow, readings, request, issuer, values: &values }.flow()
    };
    order.iter().map(|flow| case(flow)).collect()
}

/// The authorization request in force: the one that was pushed, if one was, since it takes the place of the other.
fn request_of<'a>(readings: &[&'a Reading<'a>]) -> Option<(u64, &'a Params)> {
    let at = |point: Point| {
        let here = readings.iter().find(|reading| reading.entry.point == Some(point));
        here.map(|reading| (reading.entry.number, &reading.asked))
    };
    at(Point::PushedAuthorization).or_else(|| at(Point::AuthorizationResponse))
}

impl<'a> Values<'a> {
    fn add(&mut self, flow: &'a str, readings: &[&'a Reading<'a>]) {
        // A request that came to nothing may be made again as it was.
        if !readings.iter().any(|reading| gives_code(reading)) {
            return;
        }
        let request = request_of(readings).into_iter();
        let asked =
            request.flat_map(|(at, asked)| OWN.iter().filter_map(move |name| Some((*name, asked.get(name)?, at))));
        let verifiers = readings.iter().filter_map(|reading| {
            Some(("code_verifier", reading.entry.params.get("code_verifier")?, reading.entry.number))
        });
        for (name, value, number) in asked.chain(verifiers) {
            self.0.entry((name, value)).or_default().push((flow, number));
        }
    }

    /// The entries of other flows that had the same value.
    fn elsewhere(&self, flow: &str, name: &'static str, value: &str) -> Vec<u64> {
        let all = self.0.get(&(name, value)).map(Vec::as_slice).unwrap_or_default();
        all.iter().filter(|(own, _)| *own != flow).map(|(_, number)| *number).collect()
    }
}

/// Whether an authorization response carries a code.
fn gives_code(reading: &Reading<'_>) -> bool {
    reading.issued.iter().any(|ticket| ticket.kind == "code") && reading.answered.get("code").is_some()
}

impl<'a> Case<'a> {
    /// A parameter of the authorization request.
    fn asks(&self, name: &str) -> Option<&'a str> {
        self.request.and_then(|(_, asked)| asked.get(name))
    }

    /// The authorization response that carries a code.
    fn response(&self) -> Option<&'a Reading<'a>> {
        self.readings.iter().find(|reading| gives_code(reading)).copied()
    }

    /// The token requests with this grant type.
    fn grants(&self, grant_type: &str) -> impl Iterator<Item = &'a Reading<'a>> {
        let at_token = |reading: &&&Reading<'_>| reading.entry.point == Some(Point::TokenResponse);
        let grant_type = grant_type.to_owned();
        self.readings
            .iter()
            .filter(at_token)
            .copied()
            .filter(move |reading| reading.entry.params.get("grant_type") == Some(&grant_type))
    }

    fn redemptions(&self) -> impl Iterator<Item = &'a Reading<'a>> {
        self.grants("authorization_code")
    }

    fn flow(&self) -> Flow {
        let findings = CHECKS.iter().map(|Check { name, section, judge }| {
            let Judgement(verdict, says, entries) = judge(self);
            Finding { check: (*name).to_owned(), verdict, section: (*section).to_owned(), says, entries }
        });
        let step = |reading: &&Reading<'_>| {
            let Reading { used, issued, .. } = *reading;
            let step = Step { entry: reading.entry.number, used: once(used), issued: once(issued) };
            (!step.used.is_empty() || !step.issued.is_empty()).then_some(step)
        };
        Flow {
            id: self.id.to_owned(),
            client_id: self.readings.iter().find_map(|reading| reading.entry.client_id.clone()),
            started: self.readings.first().map_or(0, |reading| reading.entry.at),
            entries: self.readings.iter().map(|reading| reading.entry.number).collect(),
            lineage: self.readings.iter().filter_map(step).collect(),
            findings: findings.collect(),
        }
    }
}

fn once(tickets: &[Ticket]) -> Vec<Ticket> {
    let mut once: Vec<Ticket> = Vec::new();
    for ticket in tickets {
        if !once.contains(ticket) {
            once.push(ticket.clone());
        }
    }
    once
}
