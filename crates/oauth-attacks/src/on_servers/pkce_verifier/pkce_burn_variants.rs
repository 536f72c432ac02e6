//! A thief makes the redemption fail for another reason than the verifier, or waits until the owner has redeemed the
//! code, and then sends it without one. A server that forgets the challenge at the first attempt, whatever came of it,
//! takes the second for one without PKCE.

use crate::attack::{Capability, Idea, Inconclusive, Need, On, ServerAttack, story};
use crate::authorization::Grant;
use crate::bench::Bench;
use crate::judge::VERIFIER;
use crate::redemption::TokenRequest;
use crate::target::{Registration, Role};
use crate::trace::Party;
use crate::verdict::Level;

/// `as-pkce-burn-variants`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-pkce-burn-variants",
        name: "Fail in another way, then leave the verifier out",
        story: story!("pkce_burn_variants.rs"),
        capabilities: &[Capability::A3],
        citation: "RFC 7636 section 4.6, RFC 6749 section 4.1.3",
        steps: &[
            "Redeem a code as another client, and then as its own without a verifier.",
            "Redeem a code with another redirect URI, and then with its own without a verifier.",
            "Redeem a code with its verifier, and then again without.",
        ],
        secure: "Every second step is refused, with `invalid_grant` or `invalid_request`.",
        insecure: "A second step brings tokens.",
        defence: "Whatever comes of a redemption, the code stays bound to its challenge, or is burnt.",
        level: Level::Must,
        levels: &[],
    },
    on: On::EachClient,
    needs: &[Need::Client(Role::Second)],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let second = bench.role(Role::Second)?;
    let firsts: [(&str, First<'_>); 3] = [
        ("after another client has tried it", &|grant| bench.redemption(second, grant)),
        ("after another redirect URI was tried", &|grant| {
            bench.redemption(client, grant).set("redirect_uri", format!("{}/other", grant.redirect_uri))
        }),
        ("after it was redeemed", &|grant| bench.redemption(client, grant).from(Party::Client)),
    ];
    for (when, first) in firsts {
        let grant = bench.grant(client).await?;
        first(&grant).send().await?;
        let answer = bench.redemption(client, &grant).without_verifier().send().await?;
        bench.judge(&answer, VERIFIER, &format!("a code without its verifier, {when},"));
    }
    Ok(())
}

/// The step before the one that counts.
type First<'a> = &'a (dyn Fn(&Grant) -> TokenRequest<'a> + Sync);
