//! The attacker has something that the server issued and presents it as something else: a code as a refresh token, so
//! that no verifier is asked for, a token as a code, a code to a resource. A server that keeps all of them in one
//! table and does not look at their kind gives out more than it was asked for.

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::authorization::Grant;
use crate::bench::{Bench, Tokens};
use crate::judge::{Finding, GRANT, resource_refusal};
use crate::target::{Registration, Role};
use crate::verdict::{Level, Verdict};

/// `as-code-wrong-parameter-type`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-code-wrong-parameter-type",
        name: "One kind of token in the place of another",
        story: story!("code_wrong_parameter_type.rs"),
        capabilities: &[Capability::A3, Capability::A5],
        citation: "RFC 6749 section 5.2, RFC 8725 section 3.12",
        steps: &[
            "A code is sent as a refresh token.",
            "A refresh token and an access token are sent as codes.",
            "A code is introspected, and shown to the UserInfo endpoint.",
        ],
        secure: "The token endpoint refuses with `invalid_grant`, introspection says inactive, and UserInfo answers 401.",
        insecure: "Something is taken for what it is not.",
        defence: "What is issued has a kind, and is looked up among its kind alone.",
        level: Level::Must,
        levels: &[],
    },
    on: On::OneClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let grant = bench.grant(client).await?;
    let answer = bench.refresh(client, &grant.code).send().await?;
    bench.judge(&answer, GRANT, "a code as a refresh token");
    let (tokens, grant) = bench.tokens(client).await?;
    for (what, token) in [("a refresh token", tokens.refresh), ("an access token", Some(tokens.access))] {
        let Some(token) = token else { continue };
        let answer = bench.redemption(client, &Grant { code: token, ..grant.clone() }).send().await?;
        bench.judge(&answer, GRANT, &format!("{what} as a code"));
    }
    introspected(bench, client).await?;
    if bench.target().endpoint("userinfo_endpoint").is_some() {
        let code = bench.grant(client).await?.code;
        let shown = Tokens { access: code, bound_to: client.proves.clone(), id_token: None, refresh: None };
        let answer = bench.userinfo(&shown).await?;
        bench.found(resource_refusal(&answer, &["invalid_token"], "a code as an access token"), Some(&answer));
    }
    Ok(())
}

/// A code is no token, and introspection says so (RFC 7662 section 2.2). It may refuse to say anything.
async fn introspected(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let asking = bench.target().role(Role::Confidential);
    let Some(asking) = asking.filter(|_| bench.target().endpoint("introspection_endpoint").is_some()) else {
        return Ok(());
    };
    let grant = bench.grant(client).await?;
    let answer = bench.introspection(asking, &grant.code).send().await?;
    if answer.object().is_some_and(|said| said.get("active").is_some_and(|active| active == true)) {
        let because = "introspection takes a code for an active token";
        bench.found(Finding::new(Verdict::Vulnerable, because), Some(&answer));
    }
    Ok(())
}
