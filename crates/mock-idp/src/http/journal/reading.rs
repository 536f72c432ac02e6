//! What an entry says, taken apart when somebody asks.

use std::collections::HashMap;

use http::header::{AUTHORIZATION, CONTENT_TYPE, LOCATION};
use oauth_types::Params;
use oauth_types::journal::Ticket;
use serde_json::{Map, Value};

use super::Entry;
use super::secrets::Screen;
use crate::escape::plain;
use crate::jose::Jws;

/// The parameters whose values are codes, tokens and references that a request may come with.
const PRESENTED: &[&str] = &[
    "code",
    "refresh_token",
    "access_token",
    "request_uri",
    "device_code",
    "auth_req_id",
    "interaction",
    "token",
    "subject_token",
    "actor_token",
];

/// The parameters and members whose values are codes, tokens and references that a response may give out.
const GIVEN: &[&str] =
    &["code", "access_token", "refresh_token", "request_uri", "device_code", "auth_req_id", "interaction"];

/// An entry, taken apart.
pub(crate) struct Reading<'a> {
    pub(crate) entry: &'a Entry,
    /// What the client asked, whether in parameters or in a request object.
    pub(crate) asked: Params,
    /// The parameters of the authorization response, or of the redirect.
    pub(crate) answered: Params,
    /// The members of the answer, if it is JSON.
    pub(crate) members: Map<String, Value>,
    pub(crate) used: Vec<Ticket>,
    pub(crate) issued: Vec<Ticket>,
    /// The flow it belongs to, if to one.
    pub(crate) flow: Option<String>,
}

impl Entry {
    /// The header called `name` as text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The token in the `Authorization` header, if there is one.
    fn bearer(&self) -> Option<&str> {
        let (scheme, token) = self.header(AUTHORIZATION.as_str())?.split_once(' ')?;
        let token_scheme = scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("dpop");
        token_scheme.then(|| token.trim())
    }

    fn asked(&self) -> Params {
        let Some(object) = self.params.get("request").and_then(|text| Jws::parse(text).ok()) else {
            return self.params.clone();
        };
        let own = object.claims().iter().map(|(name, value)| (name.as_str(), text(value)));
        own.chain(self.params.get("client_id").map(|id| ("client_id", id.to_owned()))).collect()
    }

    fn answered(&self) -> Params {
        let location = self.answer.headers.get(LOCATION).and_then(|value| value.to_str().ok());
        let sent = match location {
            Some(location) => {
                location.split_once(['?', '#']).and_then(|(_, rest)| Params::parse(rest).ok()).unwrap_or_default()
            }
            None if self.is_page() => hidden(&String::from_utf8_lossy(&self.answer.body)),
            None => Params::new(),
        };
        // An authorization response in a token of its own (JARM §2).
        match sent.get("response").and_then(|text| Jws::parse(text).ok()) {
            Some(token) => token.claims().iter().map(|(name, value)| (name.as_str(), text(value))).collect(),
            None => sent,
        }
    }

    fn is_page(&self) -> bool {
        self.answer.headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"))
    }

    fn members(&self) -> Map<String, Value> {
        serde_json::from_slice(&self.answer.body).unwrap_or_default()
    }
}

/// Takes entries apart, and finds out which belong together.
pub(crate) fn read<'a>(entries: &'a [Entry], tenant: &str) -> Vec<Reading<'a>> {
    let screen = Screen { tenant, revealed: false };
    let mut readings: Vec<Reading<'a>> = entries.iter().map(|entry| Reading::of(entry, screen)).collect();
    join(&mut readings);
    readings
}

impl<'a> Reading<'a> {
    fn of(entry: &'a Entry, screen: Screen<'_>) -> Self {
        let (answered, members) = (entry.answered(), entry.members());
        let bearer = entry.bearer().map(|token| ("access_token", token));
        let presented = entry.params.iter().filter(|(name, _)| PRESENTED.contains(name)).chain(bearer);
        let used = presented.filter_map(|(name, value)| screen.ticket(name, value)).collect();
        let flat = GIVEN.iter().filter_map(|name| Some((*name, answered.get(name)?)));
        let given = flat.chain(GIVEN.iter().filter_map(|name| Some((*name, members.get(*name)?.as_str()?))));
        let issued = given.filter_map(|(name, value)| screen.ticket(name, value)).collect();
        Self { entry, asked: entry.asked(), answered, members, used, issued, flow: None }
    }

    /// Whether it ended well.
    pub(crate) fn passed(&self) -> bool {
        self.entry.refusal.is_none() && self.entry.failure.is_none() && !self.members.contains_key("error")
    }
}

/// Says of each entry which flow it belongs to: that of its grant, or else that of a ticket it shares with others.
fn join(readings: &mut [Reading<'_>]) {
    for reading in readings.iter_mut() {
        let grant = reading.entry.grant.filter(|grant| grant.0 != [0; 16]);
        reading.flow = grant.map(|grant| grant.0.iter().map(|octet| format!("{octet:02x}")).collect());
    }
    let mut known = spread(readings);
    // What came to no grant: refused requests, and codes that nobody issued. What is given out comes before its use.
    for reading in readings.iter_mut().filter(|reading| reading.flow.is_none()) {
        let mut tickets = reading.used.iter().chain(&reading.issued);
        let flow = tickets.clone().find_map(|ticket| known.get(ticket).cloned());
        if flow.is_none() && !is_request(reading) && tickets.next().is_none() {
            continue;
        }
        let flow = flow.unwrap_or_else(|| format!("request-{}", reading.entry.number));
        for ticket in reading.used.iter().chain(&reading.issued) {
            known.entry(ticket.clone()).or_insert_with(|| flow.clone());
        }
        reading.flow = Some(flow);
    }
}

fn is_request(reading: &Reading<'_>) -> bool {
    use oauth_types::fault::Point::{AuthorizationResponse, PushedAuthorization, TokenResponse};
    let points = [AuthorizationResponse, PushedAuthorization, TokenResponse];
    reading.entry.point.is_some_and(|point| points.contains(&point))
}

/// Carries flows along the tickets that entries share, until nothing changes.
fn spread(readings: &mut [Reading<'_>]) -> HashMap<Ticket, String> {
    let mut known: HashMap<Ticket, String> = HashMap::new();
    loop {
        for Reading { flow, used, issued, .. } in readings.iter() {
            let Some(flow) = flow else { continue };
            for ticket in issued.iter().chain(used) {
                known.entry(ticket.clone()).or_insert_with(|| flow.clone());
            }
        }
        let mut changed = false;
        for reading in readings.iter_mut().filter(|reading| reading.flow.is_none()) {
            let mut tickets = reading.used.iter().chain(&reading.issued);
            reading.flow = tickets.find_map(|ticket| known.get(ticket).cloned());
            changed |= reading.flow.is_some();
        }
        if !changed {
            return known;
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The hidden fields of a form that the browser submits (OAuth 2.0 Form Post Response Mode §2).
fn hidden(page: &str) -> Params {
    let fields = page.split("<input type=\"hidden\" name=\"").skip(1);
    let pairs = fields.filter_map(|field| {
        let (name, rest) = field.split_once("\" value=\"")?;
        Some((plain(name), plain(rest.split_once('"')?.0)))
    });
    pairs.collect()
}
