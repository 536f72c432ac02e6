//! The attacker sends requests that fail for four reasons and compares the answers. They should not tell a stolen code
//! that is still good from one that was used, and an answer that repeats the challenge, the code or the inside of the
//! server helps nobody but the attacker.

use crate::answer::Answer;
use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::authorization::Grant;
use crate::bench::Bench;
use crate::dice::fresh;
use crate::judge::{Finding, GRANT};
use crate::target::{Registration, Role};
use crate::verdict::{Level, Verdict};

/// `as-token-error-detail`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-token-error-detail",
        name: "Refusals that say too much",
        story: story!("token_error_detail.rs"),
        capabilities: &[Capability::A3],
        citation: "RFC 6749 section 5.2",
        steps: &[
            "A code that does not exist, a used one, one of another client and one with a wrong verifier are sent.",
            "The errors are compared, and the answers searched for secrets and for stack traces.",
        ],
        secure: "Every request is refused with `invalid_grant`, and the answers hold no secret.",
        insecure: "An answer has the challenge, the code, the verifier or a stack trace in it.",
        defence: "A refusal says which rule was broken, and repeats nothing that was remembered.",
        level: Level::Must,
        levels: &[],
    },
    on: On::EachClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let grant = bench.grant(client).await?;
    let unknown = Grant { code: fresh().into(), ..grant.clone() };
    inspect(bench, (&bench.redemption(client, &unknown).send().await?, &unknown), "an unknown code");
    let (_, used) = bench.tokens(client).await?;
    inspect(bench, (&bench.redemption(client, &used).send().await?, &used), "a used code");
    if let Some(second) = bench.target().role(Role::Second) {
        inspect(bench, (&bench.redemption(second, &grant).send().await?, &grant), "a code of another client");
    }
    let grant = bench.grant(client).await?;
    let answer = bench.redemption(client, &grant).verifier(&fresh()).send().await?;
    inspect(bench, (&answer, &grant), "a code with a wrong verifier");
    Ok(())
}

/// What only the inside of a server says.
const INSIDE: [&str; 7] = [
    "Traceback (most recent call last)",
    "Exception in thread",
    "\tat ",
    " panicked at ",
    "stack backtrace",
    "SELECT ",
    ".java:",
];

fn inspect(bench: &Bench, (answer, grant): (&Answer, &Grant), what: &str) {
    if answer.body.contains(&grant.challenge()) {
        let because = format!("the refusal of {what} tells its challenge");
        bench.found(Finding::new(Verdict::Vulnerable, because), Some(answer));
    }
    if INSIDE.iter().any(|words| answer.body.contains(words)) {
        let because = format!("the refusal of {what} shows the inside of the server");
        bench.found(Finding::new(Verdict::Vulnerable, because).at(Level::Should), Some(answer));
    }
    bench.judge(answer, GRANT, what);
}
