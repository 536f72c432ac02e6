//! The server says that the user refused, or that the code has expired. A device that goes on polling asks in vain for
//! as long as it runs.

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::Ability;
use crate::on_clients::native::polls;
use crate::stage::Stage;
use crate::verdict::Level;
use oauth_types::fault::Edit;

/// `rp-device-terminal`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-device-terminal",
        name: "Device that does not take no for an answer",
        story: story!("device_terminal.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 8628 section 3.5",
        steps: &[
            "Let a device log in at a server that names an interval of one second.",
            "Answer its polls with access_denied, and another time with expired_token.",
            "Count its polls.",
        ],
        secure: "The device stops after the first such answer, and says so.",
        insecure: "The device goes on polling.",
        defence: "Any error but authorization_pending and slow_down ends the login.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[Ability::Device],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    for error in ["access_denied", "expired_token"] {
        let polls = polls::watch(stage, Edit::error(error)).await?;
        match polls.gap {
            Some(_) => stage.violated(format!("the device went on polling after {error}")),
            None if polls.ended => stage.withstood(format!("{error} ends the login")),
            None => stage.withstood(format!("the device does not poll again after {error}")),
        };
    }
    Ok(())
}
