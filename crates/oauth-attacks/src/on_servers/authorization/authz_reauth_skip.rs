//! Before something that matters a client asks for a fresh login, with `prompt=login` or `max_age=0`. If the server
//! answers from the session that is still there, whoever sits down at the unlocked computer passes for its owner.

use mock_idp::jose::Jws;

use crate::answer::Answer;
use crate::attack::{Capability, Idea, Inconclusive, Need, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::Finding;
use crate::target::Registration;
use crate::user_agent::{Reached, Who};
use crate::verdict::{Level, Verdict};

/// `as-authz-reauth-skip`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-authz-reauth-skip",
        name: "A fresh login that is none",
        story: story!("authz_reauth_skip.rs"),
        capabilities: &[Capability::A1],
        citation: "OpenID Connect Core section 3.1.2.1 and section 2",
        steps: &[
            "Log in.",
            "Open a request with `max_age=0`, and one with `prompt=login`, in the same browser.",
            "Log in again, and compare `auth_time` in the ID tokens.",
        ],
        secure: "The user has to log in again, and `auth_time` says when.",
        insecure: "A code comes without a login, or `auth_time` is that of the old one.",
        defence: "A session is no answer to a request for a fresh login.",
        level: Level::Must,
        levels: &[],
    },
    on: On::OneClient,
    needs: &[Need::Forms],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    // Without OpenID Connect the parameter means nothing.
    if bench.tokens(client).await?.0.id_token.is_none() {
        return Err(Inconclusive::new("the server issues no ID token"));
    }
    for (name, value) in [("max_age", "0"), ("prompt", "login")] {
        again(bench, client, name, value).await?;
    }
    Ok(())
}

async fn again(bench: &Bench, client: &Registration, name: &str, value: &str) -> Result<(), Inconclusive> {
    let (browser, what) = (bench.browser(), format!("{name}={value}"));
    let before = bench.now();
    bench.authorization(client).open_in(&browser).await?;
    let request = bench.authorization(client).set(name, value);
    let forms = bench.forms()?;
    let reached = forms.until_form(&browser, request.address().await?).await?;
    // Whoever is asked what strangers are asked has to log in, whatever that takes at this server.
    let stranger = bench.authorization(client).set(name, value).address().await?;
    let asked = forms.until_form(&bench.browser(), stranger).await?;
    let skipped = match &reached {
        Reached::Page(page) => {
            let again = page.asks_who() || matches!(&asked, Reached::Page(first) if page.looks_like(first));
            (!again).then(|| page.answer().clone())
        }
        Reached::Landed(answer) => Some(answer.clone()),
    };
    if let Some(answer) = skipped {
        let finding = match answer.status {
            400.. => Finding::new(Verdict::Tolerated, format!("{what} is refused in a live session")),
            _ => Finding::new(Verdict::Vulnerable, format!("{what} does not make the user log in again")),
        };
        bench.found(finding, Some(&answer));
        return Ok(());
    }
    let answer = forms.finish(&browser, reached, Who::First).await?;
    let Some(grant) = request.grant_in(&answer) else {
        return Err(Inconclusive::new(format!("a fresh login with {what} brought no code")));
    };
    let tokens = bench.redemption(client, &grant).send().await?;
    let finding = match auth_time(&tokens) {
        Some(at) if at + LENIENCY < before => {
            Finding::new(Verdict::Vulnerable, format!("after {what} the ID token tells of the login before"))
        }
        None if name == "max_age" && tokens.member("id_token").is_some() => {
            Finding::new(Verdict::Tolerated, "the ID token does not say when the user logged in")
        }
        _ => Finding::new(Verdict::Stopped, format!("{what} makes the user log in again")),
    };
    bench.found(finding, Some(&tokens));
    Ok(())
}

/// How far the clocks of two computers may be apart, in seconds.
const LENIENCY: u64 = 5;

fn auth_time(tokens: &Answer) -> Option<u64> {
    Jws::parse(&tokens.member("id_token")?).ok()?.claims().get("auth_time")?.as_u64()
}
