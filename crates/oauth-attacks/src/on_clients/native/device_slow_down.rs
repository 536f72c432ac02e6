//! The server tells a polling device to slow down. A device that goes on as before is a load on the server, and one
//! that is told so by every server of the world is an attack.

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::Ability;
use crate::on_clients::native::polls;
use crate::stage::Stage;
use crate::verdict::Level;
use oauth_types::fault::Edit;

/// `rp-device-slow-down`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-device-slow-down",
        name: "Device that does not slow down",
        story: story!("device_slow_down.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 8628 section 3.5",
        steps: &[
            "Let a device log in at a server that names an interval of one second.",
            "Answer its first poll with slow_down.",
            "Measure when the next poll comes.",
        ],
        secure: "The device waits five seconds longer from then on.",
        insecure: "The device polls again after a second.",
        defence: "Each slow_down adds five seconds to the interval, for good.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[Ability::Device],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let polls = polls::watch(stage, Edit::error("slow_down")).await?;
    match polls.gap {
        Some(gap) => stage.violated(format!("the device polled again {} ms after slow_down", gap.as_millis())),
        None => stage.withstood("the device does not poll again soon after slow_down"),
    };
    Ok(())
}
