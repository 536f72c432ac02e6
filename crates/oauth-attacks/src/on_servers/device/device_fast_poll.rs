//! A device polls as fast as it can, and so do ten thousand others of its kind. A server that never says `slow_down`
//! is kept busy, and whoever guesses device codes may guess at that speed as well.

use crate::attack::{Capability, Idea, Inconclusive, Need, On, ServerAttack, story};
use crate::bench::Bench;
use crate::device::Device;
use crate::judge::Finding;
use crate::target::Registration;
use crate::target::Role;
use crate::verdict::{Level, Verdict};

/// `as-device-fast-poll`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-device-fast-poll",
        name: "Polling without a pause",
        story: story!("device_fast_poll.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 8628 section 3.5",
        steps: &["Get codes, and poll ten times without a pause."],
        secure: "After the first polls the answer is `slow_down`.",
        insecure: "Every poll is answered with `authorization_pending`.",
        defence: "A device that polls before its interval is over is told to slow down.",
        level: Level::Should,
        levels: &[],
    },
    on: On::Client(Role::Device),
    needs: &[Need::Endpoint("device_authorization_endpoint")],
    run: |bench, client| Box::pin(run(bench, client)),
};

/// How often the device polls.
const POLLS: usize = 10;

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let device = Device::begin(bench, client).await?;
    for number in 1..=POLLS {
        let answer = device.poll().send().await?;
        let error = answer.member("error").unwrap_or_default();
        let finding = match (error.as_str(), answer.status) {
            ("authorization_pending", _) if number < POLLS => continue,
            ("authorization_pending", _) => {
                Finding::new(Verdict::Vulnerable, format!("{POLLS} polls without a pause are answered alike"))
            }
            ("slow_down", 400) => Finding::new(Verdict::Stopped, format!("poll {number} is told to slow down")),
            ("slow_down", _) | (_, 429) => {
                Finding::new(Verdict::Tolerated, format!("poll {number} is answered {}", answer.summary()))
            }
            (_, 500..) => {
                Finding::new(Verdict::Vulnerable, format!("the server broke down at poll {number}")).at(Level::Must)
            }
            _ => Finding::new(Verdict::Inconclusive, format!("poll {number} was answered {}", answer.summary())),
        };
        bench.found(finding, Some(&answer));
        break;
    }
    Ok(())
}
