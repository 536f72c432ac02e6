//! The attacker appends parameters to the link with the reference: another redirect URI, more scope, a `state` of
//! their choice. A server that lets the link have the last word gives up everything that pushing is for.

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::{Finding, sent_to_client};
use crate::on_servers::redirect_uri::astray::FOREIGN;
use crate::target::Registration;
use crate::verdict::{Level, Verdict};

use super::refused::{PAR, REFERENCE, no_code};

/// `as-par-override`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-par-override",
        name: "Parameters beside a reference",
        story: story!("par_override.rs"),
        capabilities: &[Capability::A4],
        citation: "RFC 9126 section 4, RFC 9101 section 6.3",
        steps: &[
            "A client pushes a request, and a browser opens the reference with another redirect URI beside it.",
            "The same with another `state`, and with one more scope value.",
        ],
        secure: "The request is refused, or what is beside the reference is ignored.",
        insecure: "What is beside the reference counts.",
        defence: "Of a pushed request, what was pushed counts and nothing else.",
        level: Level::Must,
        levels: &[],
    },
    on: On::OneClient,
    needs: &[PAR],
    run: |bench, client| Box::pin(run(bench, client)),
};

/// A `state` that no client has made.
const STATE: &str = "chosen-by-the-attacker";

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let foreign = format!("https://{FOREIGN}/cb");
    let mut beside = vec![("redirect_uri", foreign), ("state", STATE.to_owned())];
    beside.extend(client.redirect_uris.get(1).map(|second| ("redirect_uri", second.clone())));
    let target = bench.target();
    beside.extend(target.second_scope.as_ref().map(|more| ("scope", format!("{} {more}", target.scope))));
    for (name, value) in beside {
        tried(bench, client, (name, &value)).await?;
    }
    Ok(())
}

/// Opens a pushed request with one parameter beside it.
async fn tried(bench: &Bench, client: &Registration, (name, value): (&str, &str)) -> Result<(), Inconclusive> {
    let what = format!("another {name} beside a reference");
    let request = bench.authorization(client).pushed().outside(name, value);
    let answer = request.open().await?;
    let sent = answer.location().and_then(|location| sent_to_client(&answer, location.split(['?', '#']).next()?));
    let counts = match name {
        "redirect_uri" => sent_to_client(&answer, value).is_some(),
        "state" => sent.is_some_and(|sent| sent.all("state").any(|state| state == value)),
        _ => false,
    };
    let overridden = || Finding::new(Verdict::Vulnerable, format!("{what} counts"));
    if counts {
        bench.found(overridden(), Some(&answer));
        return Ok(());
    }
    let Some(grant) = request.grant_in(&answer) else {
        no_code(bench, &answer, REFERENCE, &what, None);
        return Ok(());
    };
    let ignored = Finding::new(Verdict::Stopped, format!("{what} is ignored"));
    if name != "scope" {
        bench.found(ignored, Some(&answer));
        return Ok(());
    }
    let answer = bench.redemption(client, &grant).send().await?;
    bench.tokens_of(client, &answer)?;
    // RFC 6749 section 5.1: without the member, the scope is what was asked for, and that was pushed.
    let more = bench.target().second_scope.as_deref().unwrap_or_default();
    let granted = answer.member("scope").unwrap_or_default();
    let finding = if granted.split(' ').any(|scope| scope == more) { overridden() } else { ignored };
    bench.found(finding, Some(&answer));
    Ok(())
}
