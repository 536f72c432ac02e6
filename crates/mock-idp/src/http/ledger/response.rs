//! The authorization response: whether the client looked at it before it went on. That shows when the response lied.

use super::{Case, Check, Judgement, broken, kept, not_observed};

pub(super) const ISS_COMPARED: Check =
    Check { name: "iss-compared", section: "RFC 9207 section 2.4", judge: iss_compared };

pub(super) const STATE_COMPARED: Check =
    Check { name: "state-compared", section: "RFC 6749 section 10.12", judge: state_compared };

/// "Clients MUST … compare the result to the issuer identifier of the authorization server where the authorization request
/// was sent to. … If the value does not match the expected issuer identifier, clients MUST reject the authorization
/// response".
fn iss_compared(case: &Case<'_>) -> Judgement {
    let Some(response) = case.response() else { return not_observed("There was no code to go on with") };
    let own = response.answered.get("iss");
    let lied = match own {
        Some(iss) => iss != case.issuer || response.answered.all("iss").count() > 1,
        None => is_altered(case, "iss"),
    };
    match own {
        _ if !lied => not_observed("Every response named the right issuer"),
        Some(_) => went_on(case, "named another issuer"),
        None => went_on(case, "named no issuer"),
    }
}

fn state_compared(case: &Case<'_>) -> Judgement {
    let (Some(response), Some(state)) = (case.response(), case.asks("state")) else {
        return not_observed("There was no state in a response with a code");
    };
    match response.answered.get("state") == Some(state) && response.answered.all("state").count() == 1 {
        true => not_observed("Every response had the right state"),
        false => went_on(case, "had another state than the request, or none"),
    }
}

fn is_altered(case: &Case<'_>, name: &str) -> bool {
    case.response().is_some_and(|response| response.entry.altered.iter().any(|own| own == name))
}

/// Whether the client went on after a response that lied.
fn went_on(case: &Case<'_>, how: &str) -> Judgement {
    let redeemed: Vec<u64> = case.redemptions().map(|reading| reading.entry.number).collect();
    match redeemed.is_empty() {
        true => kept(format!("The response {how}, and its code was not redeemed")),
        false => broken(format!("The response {how}, and its code was redeemed nevertheless"), redeemed),
    }
}
