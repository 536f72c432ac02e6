//! The server breaks every connection, as one does that has too much to do. A device that tries again as fast as before
//! keeps it from getting up.

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::Ability;
use crate::on_clients::native::polls;
use crate::stage::Stage;
use crate::verdict::Level;
use oauth_types::fault::Edit;

/// `rp-device-backoff`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-device-backoff",
        name: "Device that hurries a failing server",
        story: story!("device_backoff.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 8628 section 3.5",
        steps: &[
            "Let a device log in at a server that names an interval of one second.",
            "Reset the connections of its polls.",
            "Measure when the next poll comes.",
        ],
        secure: "The device polls less often than before, and less with each failure.",
        insecure: "The device polls at the same pace.",
        defence: "A failed connection makes the interval longer.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[Ability::Device],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let polls = polls::watch(stage, Edit::Reset).await?;
    match polls.gap {
        Some(gap) if gap < polls::INTERVAL.mul_f32(1.5) => {
            stage.violated(format!("the device tried again {} ms after a broken connection", gap.as_millis()))
        }
        Some(_) => stage.withstood("the device polls less often after a broken connection"),
        None => stage.withstood("the device does not poll again soon after a broken connection"),
    };
    Ok(())
}
