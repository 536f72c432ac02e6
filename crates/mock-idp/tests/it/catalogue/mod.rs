//! Every fault of the catalogue is seen on the wire while it is mounted, and not before and after.

use std::collections::HashSet;
use std::time::Duration;

use oauth_types::fault::names;

mod authorization;
mod claims;
mod endpoints;
mod jose;
mod oauth;
mod raw;
mod shell;
mod visit;
mod wire;

use shell::{Rust, Shell};
use visit::{Visit, Way};

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
pub(crate) async fn observe(shell: &mut impl Shell, case: &Case) {
    let name = case.name;
    let before = shell.visitor().go(case.way).await;
    assert!(!(case.sees)(&before), "{name} is seen although it is not mounted: {before:#?}");
    shell.mount(name).await;
    shell.visitor().patience = case.impatient.then_some(Duration::from_millis(700));
    let visit = shell.visitor().go(case.way).await;
    assert!((case.sees)(&visit), "{name} is not seen: {visit:#?}");
    shell.visitor().patience = None;
    shell.unmount().await;
    let after = shell.visitor().go(case.way).await;
    assert!(!(case.sees)(&after), "{name} is still seen: {after:#?}");
}

async fn observe_in_rust(cases: &[Case]) {
    for case in cases {
        observe(&mut Rust::start().await, case).await;
    }
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
async fn metadata_and_authorization_responses_lie() {
    observe_in_rust(authorization::CASES).await;
}

/// Row 9: malformed token responses.
#[tokio::test]
async fn token_responses_are_malformed() {
    observe_in_rust(oauth::CASES).await;
}

#[tokio::test]
async fn the_other_endpoints_lie() {
    observe_in_rust(endpoints::CASES).await;
}

/// Row 8: a lying IdP. The claims are below.
#[tokio::test]
async fn signatures_and_keys_lie() {
    observe_in_rust(jose::CASES).await;
}

#[tokio::test]
async fn claims_lie() {
    observe_in_rust(claims::CASES).await;
}
