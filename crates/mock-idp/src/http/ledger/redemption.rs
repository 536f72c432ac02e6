//! The token requests: what the client sends again, and what it must not.

use std::collections::HashSet;

use oauth_types::journal::Ticket;

use super::{Case, Check, Judgement, broken, kept, not_observed};
use crate::http::journal::reading::Reading;

pub(super) const REDIRECT_URI_IDENTICAL: Check =
    Check { name: "redirect-uri-identical", section: "RFC 6749 section 4.1.3", judge: redirect_uri_identical };

pub(super) const CODE_REDEEMED_ONCE: Check =
    Check { name: "code-redeemed-once", section: "RFC 6749 section 4.1.2", judge: code_redeemed_once };

pub(super) const VERIFIER_FRESH: Check =
    Check { name: "verifier-fresh", section: "RFC 7636 section 4.1", judge: verifier_fresh };

pub(super) const REFRESH_TOKEN_NEWEST: Check =
    Check { name: "refresh-token-newest", section: "RFC 9700 section 4.14.2", judge: refresh_token_newest };

const NOT_REDEEMED: &str = "No code was redeemed";

/// "REQUIRED, if the redirect_uri parameter was included in the authorization request …, and their values MUST be identical".
fn redirect_uri_identical(case: &Case<'_>) -> Judgement {
    let Some((at, asked)) = case.request else { return not_observed("There was no authorization request") };
    let Some(wanted) = asked.get("redirect_uri") else {
        return not_observed("The authorization request has no redirect_uri");
    };
    let redemptions: Vec<_> = case.redemptions().collect();
    let differs = |reading: &&&Reading<'_>| reading.entry.params.get("redirect_uri") != Some(wanted);
    let mut different: Vec<u64> = redemptions.iter().filter(differs).map(|reading| reading.entry.number).collect();
    match (redemptions.is_empty(), different.is_empty()) {
        (true, _) => not_observed(NOT_REDEEMED),
        (false, true) => kept("It is the same in both requests"),
        (false, false) => {
            different.insert(0, at);
            broken("It is another one in the token request, or missing there", different)
        }
    }
}

/// "The client MUST NOT use the authorization code more than once." A request that was refused has not used it.
fn code_redeemed_once(case: &Case<'_>) -> Judgement {
    let redemptions: Vec<_> = case.redemptions().collect();
    let Some(first) = redemptions.iter().position(|reading| reading.passed()) else {
        return match redemptions.iter().find(|reading| is_replay(reading)) {
            Some(replay) => broken("The code had been redeemed before", vec![replay.entry.number]),
            None => not_observed(NOT_REDEEMED),
        };
    };
    let code = ticket(redemptions[first], "code");
    let again = redemptions[first + 1..].iter().filter(|reading| ticket(reading, "code") == code);
    let again: Vec<u64> = again.map(|reading| reading.entry.number).collect();
    match again.is_empty() {
        true => kept("The code was redeemed once"),
        false => broken("The code was sent again after it had been redeemed", again),
    }
}

fn is_replay(reading: &Reading<'_>) -> bool {
    reading.entry.refusal.as_ref().is_some_and(|refused| refused.rule == "rfc6749-code-replayed")
}

/// "The client first creates a code verifier … for each OAuth 2.0 Authorization Request".
fn verifier_fresh(case: &Case<'_>) -> Judgement {
    let verifiers: HashSet<&str> =
        case.redemptions().filter_map(|reading| reading.entry.params.get("code_verifier")).collect();
    if verifiers.is_empty() {
        return not_observed("No verifier was sent");
    }
    let elsewhere = |verifier: &&str| case.values.elsewhere(case.id, "code_verifier", verifier);
    let mut entries: Vec<u64> = verifiers.iter().flat_map(elsewhere).collect();
    if entries.is_empty() {
        return kept("No other flow has this verifier");
    }
    entries.extend(case.redemptions().map(|reading| reading.entry.number));
    entries.sort_unstable();
    broken("Several flows have the same verifier", entries)
}

/// A refresh token that was exchanged for a new one is not used again: of two who use it, one is a thief.
fn refresh_token_newest(case: &Case<'_>) -> Judgement {
    let mut rotated: HashSet<Ticket> = HashSet::new();
    let (mut refreshed, mut stale) = (false, Vec::new());
    for reading in case.grants("refresh_token") {
        let Some(used) = ticket(reading, "refresh_token") else { continue };
        refreshed = true;
        if rotated.contains(used) {
            stale.push(reading.entry.number);
        }
        let new = reading.issued.iter().any(|ticket| ticket.kind == "refresh_token" && ticket != used);
        if reading.passed() && new {
            rotated.insert(used.clone());
        }
    }
    match (refreshed, stale.is_empty()) {
        (false, _) => not_observed("Nothing was refreshed"),
        (true, true) => kept("Each refresh used the newest refresh token"),
        (true, false) => broken("A refresh token was sent again after a new one had come in its place", stale),
    }
}

/// The code or token of this kind that a request came with.
fn ticket<'a>(reading: &'a Reading<'_>, kind: &str) -> Option<&'a Ticket> {
    reading.used.iter().find(|ticket| ticket.kind == kind)
}
