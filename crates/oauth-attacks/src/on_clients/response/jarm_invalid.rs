//! The client asks for responses that are signed, and gets one that is signed with nothing or with another key, or
//! that is of another server, for another client, or of long ago. A client that reads the claims before it has looked
//! at all of that has a signature for show.

use oauth_types::fault::{Edit, Point, Signature};

use super::altered;

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-jarm-invalid`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-jarm-invalid",
        name: "Signed response that is not good",
        story: story!("jarm_invalid.rs"),
        capabilities: &[Capability::A1, Capability::A3],
        citation: "JWT Secured Authorization Response Mode for OAuth 2.0 (JARM) section 2.4, RFC 8725 section 3.1",
        steps: &[
            "A login is begun that asks for a signed response, and is answered.",
            "The response is signed with the algorithm `none`.",
            "The same with a broken signature, with a key that is not published, with another issuer, with another audience, with a time of expiry that has passed, and without one.",
        ],
        secure: "Each response is rejected, and no token request is sent.",
        insecure: "The code of one of them is redeemed.",
        defence: "A signed response is taken only with a good signature, from the issuer, for this client, and in time.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = stage.idp().await?;
    let (_, honest) = altered::answered_as_is(stage, &idp).await?;
    if honest.get("response").is_empty() {
        return Err(Inconclusive::new("the client does not ask for signed responses"));
    }
    for (what, edit) in [
        ("a response that is signed with nothing", Edit::sign(Signature::AlgNone)),
        ("a response with a broken signature", Edit::sign(Signature::Corrupted)),
        ("a response signed with another key", Edit::sign(Signature::UnpublishedKey)),
        ("a signed response of another issuer", Edit::set("iss", "https://attacker.example")),
        ("a signed response for another client", Edit::set("aud", "another-client")),
        ("a signed response of long ago", Edit::Shift { name: "exp".to_owned(), by: -86_400 }),
        ("a signed response that never expires", Edit::remove("exp")),
    ] {
        let lie = idp.lie_at(Point::ResponseToken, edit);
        let (visitor, address) = altered::answered_as_is(stage, &idp).await?;
        if !lie.was_told() {
            return Err(Inconclusive::new("the authorization request did not reach the server"));
        }
        altered::must_be_rejected(stage, &idp, &visitor, &address, what).await?;
    }
    Ok(())
}
