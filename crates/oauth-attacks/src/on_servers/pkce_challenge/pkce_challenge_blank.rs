//! The challenge consists of spaces, a tab or a NUL. A server that asks whether the text is blank takes it for none,
//! although the request is one with PKCE, and issues a code that needs no verifier.

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::VERIFIER;
use crate::target::Registration;
use crate::verdict::Level;

/// `as-pkce-challenge-blank`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-pkce-challenge-blank",
        name: "Blank challenge",
        story: story!("pkce_challenge_blank.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 7636 section 4.2",
        steps: &[
            "Ask for codes with a challenge of a space, of a tab, of 43 spaces, and of NUL.",
            "If a code comes, redeem it without a verifier.",
        ],
        secure: "Each of them is refused with `invalid_request`.",
        insecure: "A code comes, bound to nothing or to a text that everybody knows.",
        defence: "A challenge is looked at as it was sent: it has to be base64url of a digest.",
        level: Level::Must,
        levels: &[],
    },
    on: On::EachClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

/// What they are made of, and how many of it.
const BLANKS: &[(&str, &str, usize)] =
    &[("a space", " ", 1), ("a tab", "\t", 1), ("43 spaces", " ", 43), ("NUL", "\0", 1)];

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    for (name, blank, times) in BLANKS {
        let request = bench.authorization(client).set("code_challenge", blank.repeat(*times));
        let what = format!("a challenge of {name}");
        let Some(grant) = request.must_be_refused(&what).await? else { continue };
        request.was_granted(&what, None);
        let answer = bench.redemption(client, &grant).without_verifier().send().await?;
        bench.judge_late(None, &answer, VERIFIER, &format!("a code of {what}, without a verifier"));
    }
    Ok(())
}
