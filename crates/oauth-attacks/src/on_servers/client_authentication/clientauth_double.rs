//! A request authenticates the client twice, once rightly and once not. A server that looks at one of the two and a
//! proxy that looks at the other do not mean the same client, and what was checked is not what is used.

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::dice::fresh;
use crate::judge::CLIENT_REQUEST;
use crate::target::{ClientAuth, Registration, Role};
use crate::verdict::Level;

/// `as-clientauth-double`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-clientauth-double",
        name: "Two authentications in one request",
        story: story!("clientauth_double.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 6749 sections 2.3 and 5.2",
        steps: &[
            "Redeem a code with the secret in the Authorization header and in the body.",
            "Redeem one with the right secret in the header and a wrong one in the body.",
            "Redeem one with the client assertion of a client that has keys, and a secret beside it.",
        ],
        secure: "Each is refused with invalid_request.",
        insecure: "Tokens are issued for one authentication, and the other is overlooked.",
        defence: "A request that uses more than one method of authentication is refused.",
        level: Level::Must,
        levels: &[],
    },
    on: On::Client(Role::Confidential),
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    if let ClientAuth::Basic(own) | ClientAuth::Post(own) = &client.auth {
        for (what, in_body) in [
            ("a secret in the header and in the body", own.expose().to_owned()),
            ("a secret in the header and another in the body", fresh()),
        ] {
            let grant = bench.grant(client).await?;
            let request = bench.redemption(client, &grant).authenticated_by(ClientAuth::Basic(own.clone()));
            let request = request.set("client_id", &client.client_id).set("client_secret", in_body);
            bench.judge(&request.send().await?, CLIENT_REQUEST, what);
        }
    }
    if let Some(keyed) = bench.target().role(Role::Keyed) {
        let grant = bench.grant(keyed).await?;
        let answer = bench.redemption(keyed, &grant).set("client_secret", fresh()).send().await?;
        bench.judge(&answer, CLIENT_REQUEST, "a client assertion and a secret");
    }
    if bench.finding_count() == 0 {
        return Err(Inconclusive::new("the target has no client with a secret, and none with a key"));
    }
    Ok(())
}
