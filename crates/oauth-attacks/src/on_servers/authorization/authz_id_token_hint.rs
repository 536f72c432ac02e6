//! A request can say who is meant by an ID token. The attacker makes one up: unsigned, or signed with a key of their
//! own. A server that reads the name in it and forgets the signature treats the named user as known, and with
//! `prompt=none` nobody notices.

use mock_idp::jose::Jws;
use serde_json::{Map, Value};

use crate::attack::{Capability, Idea, Inconclusive, Need, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::Finding;
use crate::key::{Jwt, Key};
use crate::target::Registration;
use crate::verdict::{Level, Verdict};

/// `as-authz-id-token-hint`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-authz-id-token-hint",
        name: "A forged hint of who is logged in",
        story: story!("authz_id_token_hint.rs"),
        capabilities: &[Capability::A1],
        citation: "OpenID Connect Core section 3.1.2.1, OpenID Connect RP-Initiated Logout section 2",
        steps: &[
            "Get an ID token of the second user in an honest way, and copy its claims.",
            "Sign them with nothing, with a foreign key, and with a foreign key under the name of the server's.",
            "Send each as `id_token_hint` with `prompt=none` from a browser in which nobody is logged in.",
        ],
        secure: "Each request is answered with an error, and never with a code for the second user.",
        insecure: "A code comes for the user of the forged hint.",
        defence: "A hint counts only if the server itself signed it, and it is no login.",
        level: Level::Must,
        levels: &[],
    },
    on: On::OneClient,
    needs: &[Need::SecondUser, Need::Metadata("jwks_uri")],
    run: |bench, client| Box::pin(run(bench, client)),
};

/// What may be answered: the hint is wrong, or nobody is logged in.
const ERRORS: &[&str] =
    &["login_required", "interaction_required", "account_selection_required", "consent_required", "invalid_request"];

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let grant = bench.authorization(client).as_second_user().grant().await?;
    let answer = bench.redemption(client, &grant).send().await?;
    let honest = answer.member("id_token").ok_or_else(|| Inconclusive::new("the server issues no ID token"))?;
    let honest = Jws::parse(&honest).map_err(|error| Inconclusive::new(error.to_string()))?;
    let foreign = Key::fresh().map_err(|error| Inconclusive::new(error.to_string()))?;
    let forged = || Jwt::of_type("JWT").claims(honest.claims().clone());
    let hints = [
        ("a hint that is unsigned", forged().unsigned()),
        ("a hint that is signed with a foreign key", forged().signed_by(&foreign)?),
        (
            "a hint that is signed with a foreign key of a known name",
            forged().header("kid", honest.kid().unwrap_or_default()).signed_by(&foreign)?,
        ),
    ];
    for (what, hint) in hints {
        attempt(bench, client, (what, &hint), honest.claims()).await?;
    }
    Ok(())
}

async fn attempt(
    bench: &Bench,
    client: &Registration,
    (what, hint): (&str, &str),
    claims: &Map<String, Value>,
) -> Result<(), Inconclusive> {
    let request = bench.authorization(client).set("prompt", "none").set("id_token_hint", hint);
    let request = request.refused_with(ERRORS).page_will_do();
    let answer = request.open().await?;
    let Some(grant) = request.grant_in(&answer) else {
        bench.found(request.refusal(&answer, what), Some(&answer));
        return Ok(());
    };
    let answer = bench.redemption(client, &grant).send().await?;
    let token = answer.member("id_token").unwrap_or_default();
    let hinted = Jws::parse(&token).is_ok_and(|token| token.claims().get("sub") == claims.get("sub"));
    let finding = match hinted {
        true => Finding::new(Verdict::Vulnerable, format!("the server took {what} for a login")),
        false => Finding::new(Verdict::Tolerated, format!("{what} is ignored, and somebody else logged in")),
    };
    bench.found(finding, Some(&answer));
    Ok(())
}
