//! The header of the ID token has the address of a key set. A client that goes there fetches the attacker's key, or
//! whatever else it can reach and the attacker cannot.

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::on_clients::forged_token::{self, Right};
use crate::on_clients::stranger;
use crate::stage::Stage;
use crate::verdict::Level;
use oauth_types::fault::{Edit, Point};

/// `rp-idt-header-url`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-idt-header-url",
        name: "ID token that says where its key is",
        story: story!("idt_header_url.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 8725 section 3.10, RFC 7515 sections 4.1.2 and 4.1.5, OpenID Connect Core section 3.1.3.7",
        steps: &[
            "Publish the attacker's key at a server of the attacker's.",
            "Let somebody log in at a server that lies in the token response.",
            "Sign the ID token with that key, and put the address into the header as jku, then as x5u.",
            "Watch whether anybody comes for the key.",
            "Watch whether the client logs somebody in or uses the access token that came along.",
        ],
        secure: "The client rejects the token and asks for nothing at that address.",
        insecure: "The client fetches the key from where the token says.",
        defence: "Addresses in a header are not followed.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let (idp, canary) = (stage.idp().await?, stage.canary().await?);
    forged_token::control(stage, &idp).await?;
    let key = stranger::key()?;
    let keys = canary.lie_at(Point::Jwks, Edit::set("keys", key.jwks()["keys"].clone()));
    for name in ["jku", "x5u"] {
        let address = format!("{}/jwks", canary.issuer());
        let pointing = |right: &Right<'_>| right.by(&key).header(name, address.as_str()).signed_by(&key);
        forged_token::signature_must_be_rejected(
            stage,
            &idp,
            pointing,
            &format!("an ID token with {name} in its header"),
        )
        .await?;
        let under_known_name = |right: &Right<'_>| right.jwt().header(name, address.as_str()).signed_by(&key);
        let what = format!("an ID token with {name} in its header under a known kid");
        forged_token::signature_must_be_rejected(stage, &idp, under_known_name, &what).await?;
    }
    drop(keys);
    match canary.journal().len() {
        0 => stage.withstood("nobody came for the key that the header points at"),
        _ => stage.violated("the client followed an address in the header of an ID token"),
    };
    Ok(())
}
