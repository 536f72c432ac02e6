//! While the user logs in and agrees, the request waits. If it waits in hidden fields of the form, whoever can change
//! the form changes the request after it was checked: another challenge, another redirect URI, more scope, another
//! client.

use crate::answer::Answer;
use crate::attack::{Capability, Idea, Inconclusive, Need, On, ServerAttack, story};
use crate::authorization::{Authorization, Grant};
use crate::bench::Bench;
use crate::challenge::s256;
use crate::dice::fresh;
use crate::judge::{Finding, VERIFIER};
use crate::target::Registration;
use crate::target::Role;
use crate::user_agent::{Reached, Who};
use crate::verdict::{Level, Verdict};

/// `as-pkce-consent-tamper`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-pkce-consent-tamper",
        name: "The request changed in the form",
        story: story!("pkce_consent_tamper.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 9700 section 4.5.4 and section 4.8, RFC 6749 section 10.14",
        steps: &[
            "Open an honest request, up to its pages.",
            "Send the forms with other values for the challenge, its method, the redirect URI, the scope and the client.",
            "Redeem what comes with what the form said.",
        ],
        secure: "The form is refused, or what it says of the request is ignored.",
        insecure: "The code is bound to what the form said, or sent to where it said.",
        defence: "The request is kept by the server, and forms carry no part of it.",
        level: Level::Must,
        levels: &[],
    },
    on: On::OneClient,
    needs: &[Need::Forms],
    run: |bench, client| Box::pin(run(bench, client)),
};

/// Where the attacker would like the code to be sent.
const ELSEWHERE: &str = "https://attacker.example/callback";
/// What the attacker would like to be allowed.
const MORE: &str = "openid admin";
/// More pages than any server has.
const MOST_PAGES: usize = 12;

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    challenge(bench, client).await?;
    if let Some((_, answer)) = tampered(bench, client, &[("redirect_uri", Some(ELSEWHERE))]).await? {
        let finding = match answer.location().is_some_and(|to| to.starts_with(ELSEWHERE)) {
            true => Finding::new(Verdict::Vulnerable, "the code is sent to the redirect URI of a form"),
            false => Finding::new(Verdict::Stopped, "the redirect URI of a form is ignored"),
        };
        bench.found(finding, Some(&answer));
    }
    if let Some(grant) = granted(tampered(bench, client, &[("scope", Some(MORE))]).await?) {
        let answer = bench.redemption(client, &grant).send().await?;
        let more = answer.member("scope").is_some_and(|scope| scope.split(' ').any(|value| value == "admin"));
        let finding = match more {
            true => Finding::new(Verdict::Vulnerable, "the scope of a form is granted"),
            false => Finding::new(Verdict::Stopped, "the scope of a form is ignored"),
        };
        bench.found(finding, Some(&answer));
    }
    let Some(second) = bench.target().role(Role::Second) else { return Ok(()) };
    let named = tampered(bench, client, &[("client_id", Some(&second.client_id))]).await?;
    if let Some(grant) = granted(named) {
        let answer = bench.redemption(second, &grant).send().await?;
        let finding = match answer.has_tokens() {
            true => Finding::new(Verdict::Vulnerable, "the code belongs to the client of a form"),
            false => Finding::new(Verdict::Stopped, "the client of a form is ignored"),
        };
        bench.found(finding, Some(&answer));
    }
    Ok(())
}

/// The challenge and its method: changed, weakened and taken away.
async fn challenge(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let verifier = fresh();
    let other = s256(&verifier);
    let changes = [("code_challenge", Some(other.as_str())), ("code_challenge_method", Some("S256"))];
    if let Some(grant) = granted(tampered(bench, client, &changes).await?) {
        let answer = bench.redemption(client, &grant).verifier(&verifier).send().await?;
        bench.judge(&answer, VERIFIER, "the verifier of a challenge in a form");
    }
    if let Some(grant) = granted(tampered(bench, client, &[("code_challenge_method", Some("plain"))]).await?) {
        let answer = bench.redemption(client, &grant).verifier(&grant.challenge()).send().await?;
        bench.judge(&answer, VERIFIER, "the challenge as verifier after a form said `plain`");
    }
    let changes = [("code_challenge", None), ("code_challenge_method", None)];
    if let Some(grant) = granted(tampered(bench, client, &changes).await?) {
        let answer = bench.redemption(client, &grant).without_verifier().send().await?;
        bench.judge(&answer, VERIFIER, "a code without its verifier after a form without a challenge");
    }
    Ok(())
}

/// Goes through the pages with these changes in every form. A refusal is recorded.
async fn tampered<'a>(
    bench: &'a Bench,
    client: &'a Registration,
    changes: &[(&str, Option<&str>)],
) -> Result<Option<(Authorization<'a>, Answer)>, Inconclusive> {
    let request = bench.authorization(client).set("prompt", "consent");
    let (browser, forms) = (bench.browser(), bench.forms()?);
    let mut reached = forms.until_form(&browser, request.address().await?).await?;
    for _ in 0..MOST_PAGES {
        let Reached::Page(page) = &reached else { break };
        let form = forms.fill(page, Who::First)?;
        let form = changes.iter().fold(form, |form, (name, value)| match value {
            Some(value) => form.set(name, *value),
            None => form.without(name),
        });
        reached = forms.send(&browser, &form).await?;
    }
    let name = changes.first().map_or("nothing", |(name, _)| name);
    let Reached::Landed(answer) = reached else {
        return Err(Inconclusive::new(format!("a form with another {name} led from page to page")));
    };
    let broke = answer.status >= 500;
    if broke || answer.status >= 400 {
        let (verdict, says) =
            if broke { (Verdict::Vulnerable, "breaks the server") } else { (Verdict::Stopped, "is refused") };
        bench.found(Finding::new(verdict, format!("a form with another {name} {says}")), Some(&answer));
        return Ok(None);
    }
    Ok(Some((request, answer)))
}

fn granted(landed: Option<(Authorization<'_>, Answer)>) -> Option<Grant> {
    landed.and_then(|(request, answer)| request.grant_in(&answer))
}
