//! What a client shows of itself, and where.

use std::collections::HashMap;

use http::header::AUTHORIZATION;
use oauth_types::fault::Point;

use super::{Case, Check, Judgement, broken, kept, not_observed};
use crate::http::journal::reading::Reading;
use crate::jose::Jws;

pub(super) const NOTHING_SECRET_IN_A_QUERY: Check =
    Check { name: "nothing-secret-in-a-query", section: "RFC 9700 section 4.3", judge: nothing_secret_in_a_query };

pub(super) const ONE_AUTHENTICATION: Check =
    Check { name: "one-authentication", section: "RFC 6749 section 2.3", judge: one_authentication };

pub(super) const PROOFS_FRESH: Check =
    Check { name: "proofs-fresh", section: "RFC 9449 section 4.2", judge: proofs_fresh };

/// The parameters that a client must not put into a query, which browsers, proxies and logs remember.
const SECRET: &[&str] = &[
    "access_token",
    "assertion",
    "client_assertion",
    "client_secret",
    "code",
    "code_verifier",
    "device_code",
    "password",
    "refresh_token",
    "subject_token",
    "token",
];

/// "The parameters can only be transmitted in the request-body and MUST NOT be included in the request URI"
/// (RFC 6749 §2.3.1); "Clients MUST NOT pass access tokens in a URI query parameter" (RFC 9700 §4.3.2).
fn nothing_secret_in_a_query(case: &Case<'_>) -> Judgement {
    let shown = |reading: &&&Reading<'_>| {
        let entry = reading.entry;
        let mut query = entry.params.iter().take(entry.in_query);
        query.any(|(name, value)| SECRET.contains(&name) && !value.is_empty())
    };
    let entries: Vec<u64> = case.readings.iter().filter(shown).map(|reading| reading.entry.number).collect();
    match entries.is_empty() {
        true => kept("No query has a code, a token or a secret"),
        false => broken("A code, a token or a secret is in a query, and so in logs", entries),
    }
}

/// "The client MUST NOT use more than one authentication method in each request."
fn one_authentication(case: &Case<'_>) -> Judgement {
    let (mut seen, mut twice) = (false, Vec::new());
    for reading in case.readings.iter().filter(|reading| is_of_client(reading)) {
        let entry = reading.entry;
        let basic = entry.headers.contains_key(AUTHORIZATION);
        let methods =
            [basic, entry.params.get("client_secret").is_some(), entry.params.get("client_assertion").is_some()];
        let count = methods.into_iter().filter(|own| *own).count();
        seen |= count > 0;
        if count > 1 {
            twice.push(entry.number);
        }
    }
    match (seen, twice.is_empty()) {
        (false, _) => not_observed("The client did not authenticate"),
        (true, true) => kept("Each request authenticates in one way"),
        (true, false) => broken("A request authenticates in two ways", twice),
    }
}

/// Whether the client authenticates at this endpoint.
fn is_of_client(reading: &Reading<'_>) -> bool {
    let points = [
        Point::TokenResponse,
        Point::PushedAuthorization,
        Point::DeviceAuthorization,
        Point::BackchannelAuthentication,
        Point::Revocation,
    ];
    reading.entry.point.is_some_and(|point| points.contains(&point))
}

/// `jti`: "Unique identifier for the DPoP proof JWT. The value MUST be assigned such that there is a negligible probability
/// that the same value will be assigned to any other DPoP proof".
fn proofs_fresh(case: &Case<'_>) -> Judgement {
    let mut proofs: HashMap<String, Vec<u64>> = HashMap::new();
    for reading in &case.readings {
        let proof = reading.entry.header("dpop").and_then(|text| Jws::parse(text).ok());
        if let Some(jti) = proof.as_ref().and_then(|proof| proof.claims().get("jti")?.as_str()) {
            proofs.entry(jti.to_owned()).or_default().push(reading.entry.number);
        }
    }
    if proofs.is_empty() {
        return not_observed("There was no DPoP proof");
    }
    let mut again: Vec<u64> = proofs.into_values().filter(|entries| entries.len() > 1).flatten().collect();
    again.sort_unstable();
    match again.is_empty() {
        true => kept("Each DPoP proof has an identifier of its own"),
        false => broken("Several DPoP proofs have the same identifier", again),
    }
}
