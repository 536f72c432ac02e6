//! A client is registered with keys, so that nobody who reads its traffic can act for it. The attacker says it is the
//! same client by a weaker method: nothing at all, a secret that it never had, or an assertion that is keyed with one.

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::dice::fresh;
use crate::judge::CLIENT;
use crate::target::{ClientAuth, Registration, Role};
use crate::verdict::Level;

use super::asserted::{honest, key_of, must_be_refused};

/// `as-clientauth-method-downgrade`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-clientauth-method-downgrade",
        name: "A weaker method than registered",
        story: story!("clientauth_method_downgrade.rs"),
        capabilities: &[Capability::A1],
        citation: "OpenID Connect Core section 9, RFC 7591 section 2, FAPI 2.0 Security Profile section 5.3.2.1",
        steps: &[
            "Obtain codes of a client that authenticates with private_key_jwt.",
            "Redeem one with its client_id alone.",
            "Redeem one each with an empty secret and with a made up one, in the header and in the body.",
            "Redeem one with an assertion that is keyed with a made up secret.",
        ],
        secure: "Each is refused with invalid_client.",
        insecure: "Tokens are issued to somebody who has no key.",
        defence: "A client authenticates by the method it is registered with, and by no other.",
        level: Level::Must,
        levels: &[],
    },
    on: On::Client(Role::Keyed),
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    key_of(client)?;
    for (what, auth) in [
        ("a client with keys that does not use them", ClientAuth::None),
        ("a client with keys and an empty secret in the header", ClientAuth::Basic("".into())),
        ("a client with keys and an empty secret in the body", ClientAuth::Post("".into())),
        ("a client with keys and a made up secret in the header", ClientAuth::Basic(fresh().into())),
        ("a client with keys and a made up secret in the body", ClientAuth::Post(fresh().into())),
    ] {
        let grant = bench.grant(client).await?;
        let answer = bench.redemption(client, &grant).authenticated_by(auth).send().await?;
        bench.judge(&answer, CLIENT, what);
    }
    let assertion = honest(bench, client).keyed_with(fresh())?;
    must_be_refused(bench, client, None, ("an assertion that is keyed with a made up secret", assertion)).await?;
    Ok(())
}
