//! The client has asked for a code, and the response brings an access token of another user as well, or instead.
//! Tokens of the front channel can come from anybody. A client that prefers them lets whoever has a token, from any
//! client, log in as its owner.

use super::altered;

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::{Said, Visitor};
use crate::dice::fresh;
use crate::stage::{Address, Heard, Stage};
use crate::verdict::Level;

/// One way to put a token into a response.
type Inject = fn(Address, &str) -> Address;

/// `rp-frontchannel-token-injection`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-frontchannel-token-injection",
        name: "Tokens in a response that should have none",
        story: story!("frontchannel_token_injection.rs"),
        capabilities: &[Capability::A1, Capability::A3],
        citation: "RFC 9700 section 4.6, OpenID Connect Core section 16.11",
        steps: &[
            "A login is begun and answered honestly.",
            "The response reaches the client with an access token besides the code.",
            "The same with the access token in place of the code, and in the fragment.",
            "Every request of the client is searched for that token.",
        ],
        secure: "The token is ignored: no request carries it.",
        insecure: "A request carries the token.",
        defence: "Tokens are taken from the token endpoint alone.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = stage.idp().await?;
    let attempts: [(&str, Inject); 3] = [
        ("an access token besides the code", with_token),
        ("an access token in place of the code", |it, token| with_token(it, token).without("code")),
        ("an access token in the fragment", |it, token| with_token(it, token).without("code").in_fragment()),
    ];
    for (what, alter) in attempts {
        let (visitor, address): (Visitor, _) = altered::answered(stage, &idp).await?;
        let token = format!("canary-{}", fresh());
        stage.agent().keep_secret(&token);
        let has_code = what == "an access token besides the code";
        let heard = stage.deliver(&visitor, &alter(address, &token), &[&idp]).await?;
        if idp.was_told(&token) {
            stage.violated(format!("the client uses {what}"));
        } else if has_code && matches!(heard, Heard::Said(Said::Accepted { .. })) {
            stage.withstood(format!("{what} is ignored"));
        } else {
            stage.must_reject(&heard, what);
        }
    }
    Ok(())
}

fn with_token(address: Address, token: &str) -> Address {
    address.also("access_token", token).also("token_type", "Bearer").also("id_token", "e30.e30.AA")
}
