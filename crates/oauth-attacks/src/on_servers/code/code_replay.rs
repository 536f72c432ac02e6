//! A thief sends a code to the token endpoint after its owner has redeemed it, with everything else right. A code is
//! good for one redemption only, and the second one shows that it was stolen, so what the first one brought is to be
//! revoked.

use crate::attack::{Capability, Idea, Inconclusive, Need, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::{Finding, GRANT};
use crate::target::Registration;
use crate::trace::Party;
use crate::verdict::{Level, Verdict};

/// `as-code-replay`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-code-replay",
        name: "Replay of a redeemed code",
        story: story!("code_replay.rs"),
        capabilities: &[Capability::A3],
        citation: "RFC 6749 sections 4.1.2 and 10.5",
        steps: &[
            "The client redeems a code and gets tokens.",
            "The attacker sends the same token request again.",
            "The attacker looks whether the first tokens still work.",
        ],
        secure: "The second request is refused with `invalid_grant`, and the tokens of the first one are revoked.",
        insecure: "The second request brings tokens, or the first ones go on working.",
        defence: "A code is spent by its first redemption, and its replay revokes what it brought.",
        level: Level::Must,
        levels: &[],
    },
    on: On::EachClient,
    needs: &[Need::Endpoint("userinfo_endpoint")],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let (tokens, _) = bench.tokens(client).await?;
    let refreshes = match &tokens.refresh {
        Some(refresh) => bench.refresh(client, refresh).from(Party::Client).send().await?.has_tokens(),
        None => false,
    };

    let (tokens, grant) = bench.tokens(client).await?;
    if !bench.is_live(&tokens).await? {
        return Err(Inconclusive::new("a fresh access token is not taken by the UserInfo endpoint"));
    }
    let answer = bench.redemption(client, &grant).send().await?;
    if bench.judge(&answer, GRANT, "a redeemed code") == Verdict::Vulnerable {
        return Ok(());
    }
    if !bench.is_dead(&tokens).await? {
        let because = "the access token of a replayed code stays valid";
        bench.found(Finding::new(Verdict::Vulnerable, because).at(Level::Should), None);
    }
    if let Some(refresh) = tokens.refresh.filter(|_| refreshes) {
        let answer = bench.refresh(client, &refresh).send().await?;
        bench.judge_at(Level::Should, &answer, GRANT, "the refresh token of a replayed code");
    }
    Ok(())
}
