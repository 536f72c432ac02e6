//! The token endpoint says that there were too many requests, and that the client may come again in an hour. A client
//! that comes again at once, and again, turns a busy server into one that is down.

use oauth_types::fault::{Edit, RateLimit};

use super::repeated;

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-429-storm`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-429-storm",
        name: "Server that asks to wait",
        story: story!("rp_429_storm.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 6585 section 4, RFC 9110 section 10.2.3",
        steps: &[
            "A login is begun and answered honestly.",
            "The token endpoint answers each request with the status 429 and `Retry-After: 3600`.",
            "The token requests with the same code are counted.",
        ],
        secure: "The client stops asking.",
        insecure: "The client asks again and again.",
        defence: "A client that is told to wait does not ask again at once.",
        level: Level::Should,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let wait = Edit::TooManyRequests { headers: RateLimit::RetryAfter, seconds: 3600 };
    repeated::at_most(stage, 2, wait, "being told to wait for an hour").await
}
