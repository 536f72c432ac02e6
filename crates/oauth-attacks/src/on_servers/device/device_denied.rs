//! The user says no, and the device polls on. If the server reads any decision as a yes, or forgets the decision, the
//! device gets in against the will of the user.

use oauth_types::ErrorCode;

use crate::attack::{Capability, Idea, Inconclusive, Need, On, ServerAttack, story};
use crate::bench::Bench;
use crate::device::{Decision, Device};
use crate::judge::Finding;
use crate::target::Registration;
use crate::target::Role;
use crate::verdict::{Level, Verdict};

/// `as-device-denied`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-device-denied",
        name: "Polling on after a no",
        story: story!("device_denied.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 8628 section 3.5",
        steps: &["Get codes, and have the user decline.", "Poll, and poll again after the interval."],
        secure: "The poll is refused with `access_denied`, and so is every other.",
        insecure: "A poll brings tokens, or the device is told to go on waiting.",
        defence: "A denied device code is dead.",
        level: Level::Must,
        levels: &[],
    },
    on: On::Client(Role::Device),
    needs: &[Need::Endpoint("device_authorization_endpoint")],
    run: |bench, client| Box::pin(run(bench, client)),
};

/// What a device may be told afterwards: the code is as good as gone.
const AFTERWARDS: &[ErrorCode] =
    &[ErrorCode::AccessDenied, ErrorCode::InvalidGrant, ErrorCode::ExpiredToken, ErrorCode::SlowDown];

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let device = Device::begin(bench, client).await?;
    device.decide(&bench.browser(), Decision::Deny).await?;
    let answer = device.poll().send().await?;
    if answer.member("error").as_deref() == Some("authorization_pending") {
        let because = "a device that was denied is told to go on waiting";
        bench.found(Finding::new(Verdict::Vulnerable, because), Some(&answer));
        return Ok(());
    }
    bench.judge(&answer, &[ErrorCode::AccessDenied], "a device code that was denied");
    let answer = device.poll().send().await?;
    bench.judge(&answer, AFTERWARDS, "a device code that was denied, once more");
    Ok(())
}
