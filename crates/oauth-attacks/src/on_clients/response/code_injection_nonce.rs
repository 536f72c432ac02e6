//! The attacker puts a code of their own into the victim's response at a server that says it checks verifiers and
//! does not. The ID token then carries the nonce of the attacker's login, and only a client that compares it notices.

use mock_idp::MockIdp;
use oauth_types::fault::{Edit, Point};

use super::code_injection_pkce;
use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::on_clients::foreign_code;
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-code-injection-nonce`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-code-injection-nonce",
        name: "Code injection, nonce",
        story: story!("code_injection_nonce.rs"),
        capabilities: &[Capability::A3],
        citation: "RFC 9700 section 4.5.3.2, OpenID Connect Core section 3.1.3.7",
        steps: &[
            "The victim and the attacker each begin a login at a server that does not compare verifiers.",
            "The code of the response of the victim is replaced by that of the attacker.",
            "The response reaches the client in the browser of the victim, and the ID token has the nonce of the attacker.",
        ],
        secure: "The ID token is rejected, and its access token is not used.",
        insecure: "The victim is logged in as the attacker.",
        defence: "The nonce of the ID token is compared with that of the login.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = stage.idp_of(MockIdp::builder().without("RFC 7636")).await?;
    let methods = Edit::set("code_challenge_methods_supported", vec!["S256"]);
    let _boast = idp.lie_at(Point::Discovery, methods);
    let injected = code_injection_pkce::inject(stage, &idp).await?;
    injected.login.differs_in_its_nonce()?;
    let heard = (injected.code.as_str(), &injected.heard);
    foreign_code::must_be_rejected(stage, &idp, heard, "an ID token of another login")?;
    if !idp.requests("/userinfo").is_empty() {
        stage.violated("the client used the access token of an injected code");
    }
    Ok(())
}
