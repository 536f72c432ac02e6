//! The authorization request: what protects it, and whether that is used once.

use std::collections::HashSet;

use super::{Case, Check, Judgement, broken, kept, not_observed};

/// How hard a state is to guess, in bits, at least. RFC 6749 §10.10 asks for more of what a server makes; this finds
/// counters, times and words.
const BITS: f64 = 48.0;

pub(super) const STATE_PRESENT: Check =
    Check { name: "state-present", section: "RFC 6749 section 10.12", judge: state_present };

pub(super) const STATE_FRESH: Check =
    Check { name: "state-fresh", section: "RFC 6749 section 10.12", judge: state_fresh };

pub(super) const NONCE_PRESENT: Check =
    Check { name: "nonce-present", section: "OpenID Connect Core 1.0 section 3.1.2.1", judge: nonce_present };

pub(super) const NONCE_FRESH: Check =
    Check { name: "nonce-fresh", section: "RFC 9700 section 2.1.1", judge: nonce_fresh };

pub(super) const CHALLENGE_S256: Check =
    Check { name: "challenge-s256", section: "RFC 9700 section 2.1.1", judge: challenge_s256 };

pub(super) const CHALLENGE_FRESH: Check =
    Check { name: "challenge-fresh", section: "RFC 9700 section 2.1.1", judge: challenge_fresh };

const NO_REQUEST: &str = "There was no authorization request";

/// "Clients MUST prevent Cross-Site Request Forgery": with PKCE or with the nonce of OpenID Connect, if not with state (RFC 9700 §2.1).
fn state_present(case: &Case<'_>) -> Judgement {
    let Some((at, _)) = case.request else { return not_observed(NO_REQUEST) };
    match (case.asks("state"), case.asks("code_challenge"), case.asks("nonce")) {
        (Some(_), _, _) => kept("The request has a state"),
        (None, Some(_), _) => kept("There is no state, and PKCE in its place (RFC 9700 section 2.1)"),
        (None, None, Some(_)) => kept("There is no state, and a nonce in its place (RFC 9700 section 2.1)"),
        (None, None, None) => broken("The request has no state, nor PKCE or a nonce in its place", vec![at]),
    }
}

fn state_fresh(case: &Case<'_>) -> Judgement {
    let (Some((at, _)), Some(state)) = (case.request, case.asks("state")) else {
        return not_observed("There was no state");
    };
    let bits = bits(state);
    if bits < BITS {
        return broken(format!("The state can be guessed: it holds about {bits:.0} bits"), vec![at]);
    }
    fresh(case, "state")
}

/// A nonce is required for an ID token that comes through the browser (§3.2.2.1); where a code does, PKCE takes its place
/// (RFC 9700 §2.1.1).
fn nonce_present(case: &Case<'_>) -> Judgement {
    let Some((at, asked)) = case.request else { return not_observed(NO_REQUEST) };
    let has = |name: &str, word: &str| asked.get(name).is_some_and(|text| text.split(' ').any(|own| own == word));
    if !has("scope", "openid") {
        return not_observed("This is no OpenID Connect request");
    }
    let through_browser = has("response_type", "id_token");
    match (case.asks("nonce"), case.asks("code_challenge")) {
        (Some(_), _) => kept("The request has a nonce"),
        (None, Some(_)) if !through_browser => {
            kept("There is no nonce, and PKCE in its place (RFC 9700 section 2.1.1)")
        }
        (None, _) => broken("The request has no nonce", vec![at]),
    }
}

fn nonce_fresh(case: &Case<'_>) -> Judgement {
    fresh(case, "nonce")
}

fn challenge_s256(case: &Case<'_>) -> Judgement {
    let Some((at, _)) = case.request else { return not_observed(NO_REQUEST) };
    let wants_code = case.asks("response_type").is_some_and(|kinds| kinds.split(' ').any(|kind| kind == "code"));
    match (case.asks("code_challenge"), case.asks("code_challenge_method")) {
        (Some(_), Some("S256")) => kept("The challenge is made with S256"),
        (Some(_), _) => broken("The challenge is the verifier itself: its method is plain", vec![at]),
        (None, _) if wants_code => broken("The request has no challenge", vec![at]),
        (None, _) => not_observed("No code was asked for"),
    }
}

fn challenge_fresh(case: &Case<'_>) -> Judgement {
    fresh(case, "code_challenge")
}

/// Whether no other flow had this value.
fn fresh(case: &Case<'_>, name: &'static str) -> Judgement {
    let (Some((at, _)), Some(value)) = (case.request, case.asks(name)) else {
        return not_observed(format!("There was no {name}"));
    };
    let mut elsewhere = case.values.elsewhere(case.id, name, value);
    if elsewhere.is_empty() {
        return kept(format!("No other flow has this {name}"));
    }
    elsewhere.push(at);
    elsewhere.sort_unstable();
    broken(format!("Several flows have the same {name}"), elsewhere)
}

/// About how many bits a text holds: no more than if its characters had been drawn from those that it has.
fn bits(text: &str) -> f64 {
    let characters: HashSet<char> = text.chars().collect();
    let (length, kinds) = (text.chars().count(), characters.len());
    let (length, kinds) = (u32::try_from(length).unwrap_or(u32::MAX), u32::try_from(kinds).unwrap_or(u32::MAX));
    f64::from(length) * f64::from(kinds.max(1)).log2()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_guessed_is_told_from_what_cannot() {
        for text in ["", "1", "xyz", "st~4te", "1700000000000", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"] {
            assert!(bits(text) < BITS, "{text}");
        }
        for text in ["af0ifjsldkjR2x9Q", "0123456789abcdef", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"] {
            assert!(bits(text) >= BITS, "{text}");
        }
    }
}
