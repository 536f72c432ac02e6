//! Device codes live for minutes, since both of them are shown or sent around. If one still works afterwards, an old
//! code that was found in a log, or is still on a screen, brings tokens.

use std::time::Duration;

use oauth_types::ErrorCode;

use crate::attack::{Capability, Idea, Inconclusive, Need, On, ServerAttack, story};
use crate::bench::Bench;
use crate::device::{Decision, Device};
use crate::judge::Finding;
use crate::target::Registration;
use crate::target::Role;
use crate::user_agent::Reached;
use crate::verdict::{Level, Verdict};

/// `as-device-expired`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-device-expired",
        name: "A device code past its time",
        story: story!("device_expired.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 8628 section 3.2 and section 3.5",
        steps: &[
            "Get codes, let their time pass, and poll.",
            "Let the time of others pass, and enter the user code.",
            "Have the user approve, let the time pass, and poll.",
        ],
        secure: "The poll is refused with `expired_token`, and the page does not know the code.",
        insecure: "Tokens come, or the page lets the user approve.",
        defence: "Both codes end when `expires_in` is over, whatever was decided.",
        level: Level::Must,
        levels: &[],
    },
    on: On::Client(Role::Device),
    needs: &[Need::Endpoint("device_authorization_endpoint"), Need::Clock],
    run: |bench, client| Box::pin(run(bench, client)),
};

/// Any time after the end will do.
const LITTLE: Duration = Duration::from_secs(1);

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let device = Device::begin(bench, client).await?;
    if device.lifetime.is_zero() {
        return Err(Inconclusive::new("the server does not say how long device codes live"));
    }
    bench.let_pass(device.lifetime + LITTLE).await?;
    let answer = device.poll().send().await?;
    bench.judge(&answer, &[ErrorCode::ExpiredToken], "a device code past its time");

    let device = Device::begin(bench, client).await?;
    let browser = bench.browser();
    bench.log_in(&browser).await?;
    bench.let_pass(device.lifetime + LITTLE).await?;
    bench.log_in(&browser).await?;
    enter(bench, &device, &browser).await?;

    let device = Device::begin(bench, client).await?;
    device.decide(&bench.browser(), Decision::Approve).await?;
    bench.let_pass(device.lifetime + LITTLE).await?;
    let answer = device.poll().send().await?;
    bench.judge(&answer, &[ErrorCode::ExpiredToken], "an approved device code past its time");
    Ok(())
}

/// Enters a user code past its time. What can be approved then is a vulnerability only if it brings tokens.
async fn enter(bench: &Bench, device: &Device<'_>, browser: &crate::browser::Browser) -> Result<(), Inconclusive> {
    if let Reached::Landed(answer) = device.enter(browser, &device.user_code).await?
        && (400..500).contains(&answer.status)
    {
        bench.found(Finding::new(Verdict::Stopped, "a user code past its time is refused"), Some(&answer));
        return Ok(());
    }
    // The page may say so in other ways; then nothing is approved, whatever is pressed.
    let _ = device.decide(browser, Decision::Approve).await;
    let answer = device.poll().send().await?;
    bench.judge(&answer, &[ErrorCode::ExpiredToken], "a device code approved past its time");
    Ok(())
}
