//! The attacker starts a login at the honest client, takes the reference out of the link and puts it in place of the
//! victim's. The victim logs in, and a code for the attacker's request arrives in the victim's session. What stops it
//! is what ties a code to a session: the challenge and the `state` of the pushed request stay those of the attacker,
//! so the victim's client notices.

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::{Finding, VERIFIER, sent_to_client};
use crate::target::Registration;
use crate::verdict::{Level, Verdict};

use super::refused::{PAR, push};

/// `as-par-swap`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-par-swap",
        name: "Reference put in place of another",
        story: story!("par_swap.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 9126 section 7.5, RFC 7636 section 4.6",
        steps: &[
            "The attacker lets the client push a request, and the victim lets it push another.",
            "The victim's browser opens the attacker's reference, as it is and with the victim's `state` beside it.",
            "The victim's client redeems the code with the victim's verifier.",
        ],
        secure: "The response carries the `state` of the pushed request, and the code is refused with 400 invalid_grant.",
        insecure: "The code is redeemed, or the response carries the victim's `state`.",
        defence: "A code is bound to the challenge and the `state` of the request that was pushed.",
        level: Level::Must,
        levels: &[],
    },
    on: On::OneClient,
    needs: &[PAR],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    for beside in [false, true] {
        let (planted, own) = (bench.authorization(client).as_second_user(), bench.authorization(client));
        let reference = push(&planted).await?;
        let state = own.value("state").unwrap_or_default();
        let planted = if beside { planted.outside("state", state) } else { planted };
        let answer = planted.open_pushed(&bench.browser(), &reference).await?;
        let what = if beside { "a planted reference with a state beside it" } else { "a planted reference" };
        let Some(grant) = planted.grant_in(&answer) else {
            if !beside {
                let summary = answer.summary();
                return Err(Inconclusive::new(format!("a pushed request was answered {summary}")));
            }
            bench.found(Finding::new(Verdict::Stopped, format!("{what} is refused")), Some(&answer));
            continue;
        };
        bench.agent().keep_secret(grant.code.expose());
        let sent = sent_to_client(&answer, &grant.redirect_uri);
        if sent.is_some_and(|sent| sent.all("state").any(|sent| sent == state)) {
            let because = format!("{what} brings a response with the state of the victim's session");
            bench.found(Finding::new(Verdict::Vulnerable, because), Some(&answer));
        }
        let redemption = bench.redemption(client, &grant).verifier(own.current_verifier().expose());
        let answer = redemption.send().await?;
        bench.judge(&answer, VERIFIER, &format!("the code of {what}"));
    }
    Ok(())
}
