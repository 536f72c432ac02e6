//! Somebody without the credentials of a confidential client pushes a request in its name. The server then treats
//! what the attacker chose as said by the client itself, with everything that it trusts authenticated requests with.

use crate::answer::Answer;
use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::dice::fresh;
use crate::judge::Finding;
use crate::key::Key;
use crate::target::{ClientAuth, Registration, Role};
use crate::verdict::{Level, Verdict};

use super::refused::{PAR, has_reference};

/// `as-par-unauthenticated`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-par-unauthenticated",
        name: "Pushing without credentials",
        story: story!("par_unauthenticated.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 9126 section 2.1, RFC 6749 section 5.2",
        steps: &[
            "The attacker pushes a request of a confidential client with its identifier alone.",
            "The same with wrong credentials of the kind that the client has.",
        ],
        secure: "Both are refused with 401 invalid_client.",
        insecure: "A reference is issued.",
        defence: "Whoever pushes requests authenticates as at the token endpoint.",
        level: Level::Must,
        levels: &[],
    },
    on: On::Client(Role::Confidential),
    needs: &[PAR],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let request = bench.authorization(client);
    let answer = request.push().unauthenticated().send().await?;
    bench.found(judged(&answer, "a pushed request without credentials"), Some(&answer));
    if let Some(wrong) = wrong(&client.auth)? {
        let request = bench.authorization(client);
        let answer = request.push().authenticated_by(wrong).send().await?;
        bench.found(judged(&answer, "a pushed request with wrong credentials"), Some(&answer));
    }
    Ok(())
}

/// Credentials of the same kind that are not the client's.
fn wrong(auth: &ClientAuth) -> Result<Option<ClientAuth>, Inconclusive> {
    let key = || Key::fresh().map_err(|error| Inconclusive::new(error.to_string()));
    Ok(match auth {
        ClientAuth::Basic(_) => Some(ClientAuth::Basic(fresh().into())),
        ClientAuth::Post(_) => Some(ClientAuth::Post(fresh().into())),
        ClientAuth::PrivateKeyJwt(_) => Some(ClientAuth::PrivateKeyJwt(key()?)),
        ClientAuth::None | ClientAuth::MutualTls(_) => None,
    })
}

fn judged(answer: &Answer, what: &str) -> Finding {
    let (summary, error) = (answer.summary(), answer.member("error"));
    if has_reference(answer) {
        return Finding::new(Verdict::Vulnerable, format!("the server answered {what} with a reference"));
    }
    match (answer.status, error.as_deref()) {
        (500.., _) => Finding::new(Verdict::Vulnerable, format!("the server broke down ({summary}) at {what}")),
        (401, Some("invalid_client")) => Finding::new(Verdict::Stopped, format!("{what} is refused with {summary}")),
        (400..500, _) => Finding::new(
            Verdict::Tolerated,
            format!("{what} is refused with {summary}, but it should be 401 invalid_client"),
        ),
        _ => Finding::new(Verdict::Inconclusive, format!("the server answered {summary} to {what}")),
    }
}
