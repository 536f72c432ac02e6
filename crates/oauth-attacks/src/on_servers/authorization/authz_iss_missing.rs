//! A client of several servers is led to believe that the response of one comes from another, and sends the code of
//! the honest server to the attacker. The parameter `iss` ends that, if it is in every response: an error without it
//! can be mixed up as well.

use crate::answer::Answer;
use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::{Finding, sent_to_client};
use crate::profile::Profile;
use crate::target::Registration;
use crate::verdict::{Level, Verdict};

/// `as-authz-iss-missing`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-authz-iss-missing",
        name: "A response that does not say who it is from",
        story: story!("authz_iss_missing.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 9207 section 2 and section 2.3, RFC 9700 section 4.4.2.1",
        steps: &[
            "Look for `iss` in the response to an honest request.",
            "Look for it in the error that is sent for a response type that does not exist.",
        ],
        secure: "Both name the issuer exactly as the metadata does.",
        insecure: "One of them names no issuer, or another.",
        defence: "Every authorization response names the issuer, errors included.",
        level: Level::Must,
        levels: &[],
    },
    on: On::EachClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let promised = bench.target().metadata().authorization_response_iss_parameter_supported;
    if !promised && bench.profile() != Profile::Fapi2 {
        return Err(Inconclusive::new("the server does not promise to name itself in its responses"));
    }
    let answer = bench.authorization(client).open().await?;
    look(bench, client, &answer, "a response with a code");
    let wrong = bench.authorization(client).not_pushed().set("response_type", "nonsense");
    let answer = wrong.open().await?;
    if answer.location().is_some() {
        look(bench, client, &answer, "an error response");
    }
    Ok(())
}

fn look(bench: &Bench, client: &Registration, answer: &Answer, what: &str) {
    let issuer = bench.target().metadata().issuer.as_str();
    let Some(sent) = sent_to_client(answer, client.redirect_uri()) else {
        let because = format!("{what} did not come, but {}", answer.summary());
        bench.found(Finding::new(Verdict::Inconclusive, because), Some(answer));
        return;
    };
    let finding = match sent.raw("iss") {
        Some(named) if named == issuer => Finding::new(Verdict::Stopped, format!("{what} names the issuer")),
        Some(_) => Finding::new(Verdict::Vulnerable, format!("{what} names another issuer than the metadata")),
        None => Finding::new(Verdict::Vulnerable, format!("{what} does not name the issuer")),
    };
    bench.found(finding, Some(answer));
}
