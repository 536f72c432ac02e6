//! Every fault of the catalogue is seen on the wire while it is mounted, and not before and after.

use std::collections::HashSet;
use std::time::Duration;

use oauth_types::fault::names;
use oauth_types::scenario::NextLogin;

mod authorization;
mod claims;
mod endpoints;
mod jose;
mod oauth;
mod raw;
mod remote;
mod shell;
mod visit;
mod wire;

use shell::{Rust, Shell};
use visit::{Visit, Way};

/// How long a client waits for an answer that does not end.
const IMPATIENT: Duration = Duration::from_millis(700);

/// How a fault is met, and what of it is seen.
pub(crate) struct Case {
    name: &'static str,
    way: Way,
    /// Whether what the client saw on its way is what the fault says.
    sees: fn(&Visit) -> bool,
    /// Whether the client does not wait for an answer to end.
    impatient: bool,
}

const fn case(name: &'static str, way: Way, sees: fn(&Visit) -> bool) -> Case {
    Case { name, way, sees, impatient: false }
}

const fn impatient(name: &'static str, way: Way, sees: fn(&Visit) -> bool) -> Case {
    Case { name, way, sees, impatient: true }
}

fn all() -> impl Iterator<Item = &'static Case> {
    let layers = [wire::CASES, authorization::CASES, oauth::CASES, endpoints::CASES, jose::CASES, claims::CASES];
    layers.into_iter().flatten()
}

/// Goes to the server without the fault, with it, and without it again.
///
/// # Errors
/// Says what was seen that should not be, or the other way round.
pub(crate) async fn observe(shell: &mut impl Shell, case: &Case) -> Result<(), String> {
    let before = go(shell, case.way).await;
    shell.mount(case.name).await;
    shell.visitor().patience = case.impatient.then_some(IMPATIENT);
    let during = go(shell, case.way).await;
    shell.visitor().patience = None;
    shell.unmount().await;
    let after = go(shell, case.way).await;
    for (visit, when, seen) in [(before, "before", false), (during, "while", true), (after, "after", false)] {
        if (case.sees)(&visit) != seen {
            let not = if seen { "not " } else { "" };
            return Err(format!("{} is {not}seen {when} it is mounted: {visit:?}", case.name));
        }
    }
    Ok(())
}

async fn go(shell: &mut impl Shell, way: Way) -> Visit {
    if way == Way::Assured {
        shell.next_login(NextLogin::user("alice").acr("urn:assured")).await;
    }
    shell.visitor().go(way).await
}

async fn observe_in_rust(cases: &[Case]) {
    let mut wrong = Vec::new();
    for case in cases {
        wrong.extend(observe(&mut Rust::start().await, case).await.err());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_fault_of_the_catalogue_has_an_observer() {
    let cases: HashSet<&str> = all().map(|case| case.name).collect();
    let names: HashSet<&str> = names().collect();
    let unobserved: Vec<_> = names.difference(&cases).collect();
    assert!(unobserved.is_empty(), "no test observes {unobserved:?}");
    let unknown: Vec<_> = cases.difference(&names).collect();
    assert!(unknown.is_empty(), "no fault is called {unknown:?}");
}

#[tokio::test]
async fn connections_and_http_misbehave() {
    observe_in_rust(wire::CASES).await;
}

#[tokio::test]
async fn row_18_fields_of_discovery_are_edited_and_removed_and_responses_lie() {
    observe_in_rust(authorization::CASES).await;
}

#[tokio::test]
async fn row_9_token_responses_are_malformed() {
    observe_in_rust(oauth::CASES).await;
}

#[tokio::test]
async fn the_other_endpoints_lie() {
    observe_in_rust(endpoints::CASES).await;
}

#[tokio::test]
async fn row_8_signatures_and_keys_lie() {
    observe_in_rust(jose::CASES).await;
}

#[tokio::test]
async fn row_8_claims_lie() {
    observe_in_rust(claims::CASES).await;
}
