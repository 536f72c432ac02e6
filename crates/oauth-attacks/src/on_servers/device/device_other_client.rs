//! A device polls with a code that nobody sees but the device and the network it is in. Whoever gets hold of it polls
//! as another client, and takes the tokens as soon as the user approves what they believe to be their television.

use crate::attack::{Capability, Idea, Inconclusive, Need, On, ServerAttack, story};
use crate::bench::Bench;
use crate::device::{Decision, Device, GONE};
use crate::target::Registration;
use crate::target::Role;
use crate::verdict::Level;

/// `as-device-other-client`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-device-other-client",
        name: "A device code in other hands",
        story: story!("device_other_client.rs"),
        capabilities: &[Capability::A3],
        citation: "RFC 8628 section 3.4, RFC 6749 section 5.2",
        steps: &[
            "Get codes as one client, and poll as another.",
            "Have the user approve, and poll as the other client once more.",
            "Poll as the client that asked.",
        ],
        secure: "The other client is refused with `invalid_grant`, and the first one gets its tokens.",
        insecure: "The other client gets tokens.",
        defence: "A device code is good for the client that it was issued to.",
        level: Level::Must,
        levels: &[],
    },
    on: On::Client(Role::Device),
    needs: &[Need::Endpoint("device_authorization_endpoint"), Need::Client(Role::SecondDevice)],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let other = bench.role(Role::SecondDevice)?;
    let device = Device::begin(bench, client).await?;
    let answer = device.poll_as(other).send().await?;
    bench.judge(&answer, GONE, "a device code of another client");

    let device = Device::begin(bench, client).await?;
    device.decide(&bench.browser(), Decision::Approve).await?;
    let answer = device.poll_as(other).send().await?;
    bench.judge(&answer, GONE, "an approved device code of another client");
    let own = device.poll().send().await?;
    // What another client did may have used the code up, or made the device wait.
    if !own.has_tokens() && !answer.has_tokens() && own.member("error").as_deref() != Some("slow_down") {
        return Err(Inconclusive::new(format!("the device itself was answered {}", own.summary())));
    }
    Ok(())
}
