//! No attack but its counterpart: the verifiers are the shortest, the longest and the oddest that the grammar allows. A
//! server that refuses the tilde or the last of 128 characters makes clients weaken their verifiers, or give PKCE up.

use crate::attack::{Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::dice::fresh;
use crate::judge::Finding;
use crate::target::Registration;
use crate::trace::Party;
use crate::verdict::{Level, Verdict};

/// `as-pkce-verifier-bounds`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-pkce-verifier-bounds",
        name: "Verifiers that must be accepted",
        story: story!("pkce_verifier_bounds.rs"),
        capabilities: &[],
        citation: "RFC 7636 section 4.1",
        steps: &[
            "Ask for codes with the challenges of verifiers of 43, 44, 127 and 128 characters, with tildes, and of hyphens, dots, underscores and tildes alone.",
            "Redeem each with its verifier.",
        ],
        secure: "Every code is redeemed.",
        insecure: "A code is refused although its verifier is well-formed and right.",
        defence: "The grammar of verifiers is that of RFC 7636, no wider and no narrower.",
        level: Level::Must,
        levels: &[],
    },
    on: On::EachClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let of_length = |length: usize| fresh().chars().cycle().take(length).collect();
    let lengths = [43, 44, 127, 128].map(|length| (format!("{length} characters"), of_length(length)));
    // Each is fresh: some servers remember the challenges of finished flows.
    let mark = |octet: u8| ['-', '.', '_', '~'][usize::from(octet % 4)];
    let marks = [
        ("tildes among letters".to_owned(), format!("~{}~", fresh())),
        ("marks alone".to_owned(), fresh().bytes().map(mark).collect()),
    ];
    for (what, verifier) in lengths.into_iter().chain(marks) {
        let grant = bench.authorization(client).verifier(&verifier).grant().await?;
        let answer = bench.redemption(client, &grant).from(Party::Client).send().await?;
        let finding = match answer.has_tokens() {
            true => Finding::new(Verdict::Stopped, format!("a verifier of {what} is accepted")),
            false => {
                let because = format!("the server answered {} to a verifier of {what}", answer.summary());
                Finding::new(Verdict::Vulnerable, because)
            }
        };
        bench.found(finding, Some(&answer));
    }
    Ok(())
}
