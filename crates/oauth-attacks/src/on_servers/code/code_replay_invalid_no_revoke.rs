//! A thief who has only the code replays it without the rest: with a wrong verifier, with none, as another client,
//! with another redirect URI. If the server takes that for a replay and revokes, anybody who has read a response can
//! log the user out of the client.

use crate::attack::{Capability, Idea, Inconclusive, Need, On, ServerAttack, story};
use crate::authorization::Grant;
use crate::bench::Bench;
use crate::dice::fresh;
use crate::judge::{Finding, VERIFIER};
use crate::redemption::TokenRequest;
use crate::target::{Registration, Role};
use crate::verdict::{Level, Verdict};

/// `as-code-replay-invalid-no-revoke`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-code-replay-invalid-no-revoke",
        name: "Killing tokens with a spent code",
        story: story!("code_replay_invalid_no_revoke.rs"),
        capabilities: &[Capability::A3],
        citation: "RFC 6749 section 4.1.2, OAuth 2.1 section 7.5.2",
        steps: &[
            "The client redeems a code and gets tokens.",
            "The attacker replays the code with one thing wrong: the verifier, the client or the redirect URI.",
            "The client uses its access token.",
        ],
        secure: "The replay is refused, and the client's tokens go on working.",
        insecure: "The replay kills the client's tokens although it would have been refused in any case.",
        defence: "Nothing is revoked by a request that would have been refused anyway.",
        level: Level::Should,
        levels: &[],
    },
    on: On::EachClient,
    needs: &[Need::Endpoint("userinfo_endpoint")],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    for thief in THIEVES {
        let (tokens, grant) = bench.tokens(client).await?;
        if !bench.is_live(&tokens).await? {
            return Err(Inconclusive::new("a fresh access token is not taken by the UserInfo endpoint"));
        }
        let Some(request) = thief.request(bench, client, &grant) else { continue };
        let answer = request.send().await?;
        bench.judge_at(Level::Must, &answer, VERIFIER, &format!("a redeemed code {}", thief.how()));
        if bench.is_dead(&tokens).await? {
            let because = format!("a redeemed code {} kills the owner's access token", thief.how());
            bench.found(Finding::new(Verdict::Vulnerable, because), None);
        }
    }
    Ok(())
}

/// Somebody who has the code but not everything else.
#[derive(Clone, Copy)]
enum Thief {
    WrongVerifier,
    NoVerifier,
    OtherClient,
    OtherRedirectUri,
}

const THIEVES: [Thief; 4] = [Thief::WrongVerifier, Thief::NoVerifier, Thief::OtherClient, Thief::OtherRedirectUri];

impl Thief {
    fn how(self) -> &'static str {
        match self {
            Self::WrongVerifier => "with a wrong verifier",
            Self::NoVerifier => "without its verifier",
            Self::OtherClient => "of another client",
            Self::OtherRedirectUri => "with another redirect URI",
        }
    }

    /// The thief's request, unless the target has no second client to send it as.
    fn request<'a>(self, bench: &'a Bench, client: &'a Registration, grant: &Grant) -> Option<TokenRequest<'a>> {
        let honest = bench.redemption(client, grant);
        Some(match self {
            Self::WrongVerifier => honest.verifier(&fresh()),
            Self::NoVerifier => honest.without_verifier(),
            Self::OtherClient => bench.redemption(bench.target().role(Role::Second)?, grant),
            Self::OtherRedirectUri => honest.set("redirect_uri", format!("{}-other", grant.redirect_uri)),
        })
    }
}
