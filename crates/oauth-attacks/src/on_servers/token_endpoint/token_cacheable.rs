//! The answer of the token endpoint does not say that it must not be stored. A proxy or a browser keeps it, and
//! whoever comes next to the cache finds the tokens in it.

use crate::answer::Answer;
use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::authorization::Grant;
use crate::bench::Bench;
use crate::dice::fresh;
use crate::judge::Finding;
use crate::target::Registration;
use crate::trace::Party;
use crate::verdict::{Level, Verdict};

/// `as-token-cacheable`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-token-cacheable",
        name: "Tokens that stay in a cache",
        story: story!("token_cacheable.rs"),
        capabilities: &[Capability::A3],
        citation: "RFC 6749 section 5.1, OAuth 2.1 section 3.2.3",
        steps: &[
            "The headers of an answer with tokens are looked at, of a refresh as well.",
            "The headers of a refusal are looked at.",
        ],
        secure: "Both have `Cache-Control: no-store`.",
        insecure: "The header is missing or says something else.",
        defence: "Whatever the token endpoint says is not to be stored.",
        level: Level::Must,
        levels: &[],
    },
    on: On::EachClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let grant = bench.grant(client).await?;
    let answer = bench.redemption(client, &grant).from(Party::Client).send().await?;
    let refresh = bench.tokens_of(client, &answer)?.refresh;
    bench.found(judge(&answer, "an answer with tokens"), Some(&answer));
    if let Some(refresh) = refresh {
        let answer = bench.refresh(client, &refresh).from(Party::Client).send().await?;
        bench.found(judge(&answer, "the answer to a refresh"), Some(&answer));
    }
    let answer = bench.redemption(client, &Grant { code: fresh().into(), ..grant }).send().await?;
    bench.found(judge(&answer, "a refusal").at(Level::Should), Some(&answer));
    Ok(())
}

fn judge(answer: &Answer, what: &str) -> Finding {
    let control = answer.header("cache-control").unwrap_or_default().to_ascii_lowercase();
    match control.split(',').any(|one| one.trim() == "no-store") {
        true => Finding::new(Verdict::Stopped, format!("{what} is not to be stored")),
        false => Finding::new(Verdict::Vulnerable, format!("{what} may be stored by whoever passes it on")),
    }
}
