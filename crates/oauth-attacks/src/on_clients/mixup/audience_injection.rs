//! The attacker's metadata name the token endpoint of an honest server, and other endpoints of the attacker's. A
//! client that signs its assertions for the token endpoint of the metadata gives the attacker one that the honest
//! server takes.

use mock_idp::MockIdp;
use oauth_types::fault::{Edit, Point};
use serde_json::Value;

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::Visitor;
use crate::observe;
use crate::stage::Stage;
use crate::target::ClientAuth;
use crate::verdict::Level;

/// `rp-audience-injection`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-audience-injection",
        name: "Audience injection",
        story: story!("audience_injection.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 7523 section 3 as draft-ietf-oauth-rfc7523bis updates it, RFC 9700 section 4.4",
        steps: &[
            "The metadata of the attacker's server name the honest token endpoint.",
            "The client logs in there and pushes its request to the attacker.",
        ],
        secure: "The assertion is for the attacker's issuer, and good for nothing elsewhere.",
        insecure: "The assertion names the honest server, and the attacker authenticates there with it.",
        defence: "The audience of an assertion is the issuer of the server it is sent to.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: true,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let honest = stage.idp_of(MockIdp::builder().on("audience-token-endpoint")).await?;
    if !matches!(honest.provider().client.auth, ClientAuth::PrivateKeyJwt(_)) {
        return Err(Inconclusive::new("the client does not authenticate by private_key_jwt"));
    }
    observe::login(stage, &honest, &Visitor::new()).await?.succeeded()?;
    let attacker = stage.idp_of_attacker_like(MockIdp::builder().on("audience-token-endpoint")).await?;
    let endpoint = format!("{}/token", honest.issuer());
    let _lie = attacker.lie_at(Point::Discovery, Edit::set("token_endpoint", endpoint));
    let begun = stage.begin(&Visitor::new(), &attacker).await?;
    let sent = attacker.journal();
    let assertions: Vec<_> = sent.iter().filter_map(|entry| entry.params.get("client_assertion")).collect();
    if assertions.is_empty() && begun.is_ok() {
        return Err(Inconclusive::new("the client does not authenticate but at the token endpoint"));
    }
    let audience = |assertion: &&str| observe::claims(assertion).and_then(|mut claims| claims.remove("aud"));
    let names_honest = |audience: Value| audience.to_string().contains(honest.issuer());
    if assertions.iter().filter_map(audience).any(names_honest) {
        stage.violated("an assertion that the attacker gets names the honest server");
    } else {
        stage.withstood("what the attacker gets is no assertion for another server");
    }
    Ok(())
}
