//! Devices that poll (RFC 8628 section 3.4), and how fast they do.

use std::time::Duration;

use mock_idp::MockIdp;
use oauth_types::fault::{Edit, Fault, Point};
use tokio::time::Instant;

use crate::attack::Inconclusive;
use crate::client::{Errand, Visitor};
use crate::idp::Idp;
use crate::stage::Stage;

/// How long a device is to wait between two polls.
pub(super) const INTERVAL: Duration = Duration::from_secs(1);

/// How long a device is watched.
const WATCH: Duration = Duration::from_millis(2600);

/// How often somebody looks whether it has polled.
const TICK: Duration = Duration::from_millis(20);

/// The grant type of a poll.
const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// What a device did.
pub(super) struct Polls {
    /// How long it was from the first poll to the second, if there was a second.
    pub(super) gap: Option<Duration>,
    /// Whether the device came to an end.
    pub(super) ended: bool,
}

/// A server that lets devices in at once, and asks them to wait a second between polls.
pub(super) async fn idp(stage: &Stage) -> Result<Idp, Inconclusive> {
    let builder =
        MockIdp::builder().on("device-approved-at-once").amount("device-interval-seconds", INTERVAL.as_secs());
    stage.idp_of(builder).await
}

/// Lets a device log in whose polls are answered like this, and watches it for a while.
pub(super) async fn watch(stage: &Stage, answer: Edit) -> Result<Polls, Inconclusive> {
    let idp = idp(stage).await?;
    let lie = idp.lie(Fault::always(Point::TokenResponse, answer).for_grant(DEVICE));
    let visitor = Visitor::new();
    let errand = Errand::Device { provider: idp.provider().clone() };
    let servers = [&idp];
    let mut job = Box::pin(stage.ask_within(&visitor, errand, &servers, WATCH));
    let polls =
        |idp: &Idp| idp.token_requests().iter().filter(|entry| entry.params.get("device_code").is_some()).count();
    let (mut first, mut second) = (None, None);
    let ended = loop {
        let over = tokio::time::timeout(TICK, &mut job).await;
        let (now, polls) = (Instant::now(), polls(&idp));
        first = first.or((polls > 0).then_some(now));
        second = second.or((polls > 1).then_some(now));
        match over {
            Ok(done) => break done?.is_some(),
            Err(_) if second.is_some() => break false,
            Err(_) => {}
        }
    };
    drop(job);
    idp.tell(stage.agent());
    if !lie.was_told() || first.is_none() {
        return Err(Inconclusive::new("the client does not poll within seconds"));
    }
    Ok(Polls { gap: first.zip(second).map(|(first, second)| second - first), ended })
}
