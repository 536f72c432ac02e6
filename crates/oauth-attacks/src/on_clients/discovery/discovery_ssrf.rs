//! The metadata of a server of the attacker's name addresses that only the client can reach, or that are no web
//! addresses at all. A client that asks there shows the attacker what is inside, or does something there on the
//! attacker's behalf.

use oauth_types::fault::{Edit, Point};

use super::discovery_http_endpoint::{ANY_ADDRESS, encrypted_idp, must_answer, port, reads_key_set, try_to_log_in};
use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::stage::{Heard, Stage};
use crate::verdict::Level;

/// `rp-discovery-ssrf`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-discovery-ssrf",
        name: "Metadata that lead inside",
        story: story!("discovery_ssrf.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 9728 section 7.7, RFC 8414 section 6.2",
        steps: &[
            "The key set of the metadata is at an odd spelling of an inner address, in further attempts in a file, in the document itself and at a protocol of long ago.",
            "The client logs somebody in.",
        ],
        secure: "The client asks nowhere but at web addresses that everybody can reach or that it was configured for.",
        insecure: "A request arrives inside, or keys are taken from such a place.",
        defence: "Addresses in metadata are judged before anything is sent there.",
        level: Level::Should,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let listener = stage.listener_of_attacker().await?;
    must_answer(stage, &listener).await?;
    let inside = |host: &str| format!("http://{host}:{}/jwks", port(&listener));
    let places = [
        ("an address that means this computer", inside(ANY_ADDRESS)),
        ("an IPv4 address written as one of IPv6", inside("[::ffff:127.0.0.1]")),
        ("a file", "file:///etc/hostname".to_owned()),
        ("the document itself", "data:application/json,%7B%22keys%22%3A%5B%5D%7D".to_owned()),
        ("a protocol of long ago", format!("gopher://{ANY_ADDRESS}:{}/_GET", port(&listener))),
    ];
    let reads = reads_key_set(stage, &encrypted_idp(stage).await?).await?;
    for (what, place) in places {
        let idp = encrypted_idp(stage).await?;
        let lie = idp.lie_at(Point::Discovery, Edit::set("jwks_uri", place));
        let before = listener.journal().len();
        let heard = try_to_log_in(stage, &idp).await?;
        if !lie.was_told() {
            return Err(Inconclusive::new("the client does not read metadata"));
        }
        if listener.journal().len() > before {
            stage.violated(format!("a key set is read from {what}"));
        } else if heard == Some(Heard::BrokeDown) {
            stage.violated(format!("the client broke down at a key set in {what}"));
        } else if reads {
            stage.withstood(format!("no key set is read from {what}"));
        }
    }
    if reads { Ok(()) } else { Err(Inconclusive::new("the client does not read the key set")) }
}
