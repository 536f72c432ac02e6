//! The attacker asks in the name of many clients, and with many secrets. If an unknown client is answered in another
//! way than a wrong secret, the answers are a list of clients; if nobody counts the attempts, a weak secret is found in
//! time.

use std::time::Duration;

use crate::answer::Answer;
use crate::attack::{Capability, Idea, Inconclusive, Need, On, ServerAttack, story};
use crate::bench::Bench;
use crate::dice::fresh;
use crate::judge::{CLIENT, Finding};
use crate::target::{Registration, Role};
use crate::verdict::{Level, Verdict};

use super::secrets::{secret_of, sent_like};

/// `as-clientauth-enumeration`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-clientauth-enumeration",
        name: "Guessing of clients and their secrets",
        story: story!("clientauth_enumeration.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 6749 sections 2.3.1 and 10.10",
        steps: &[
            "Redeem a code with a wrong secret, and one in the name of a client that does not exist.",
            "Send fifty wrong secrets, and then the right one.",
        ],
        secure: "The status and the error are the same, and after many wrong secrets no more are looked at for a while.",
        insecure: "The answers tell which clients exist, or secrets can be tried without end.",
        defence: "Unknown clients and wrong secrets are refused alike, and attempts are counted.",
        level: Level::Should,
        levels: &[],
    },
    on: On::Client(Role::Confidential),
    needs: &[Need::Clock, Need::Permission],
    run: |bench, client| Box::pin(run(bench, client)),
};

/// How many secrets are tried.
const GUESSES: usize = 50;
/// After how long everybody may try again, at the latest.
const A_WHILE: Duration = Duration::from_secs(24 * 60 * 60);

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let own = secret_of(client)?;
    let guess = async |name: &str, secret: &str| -> Result<Answer, Inconclusive> {
        let grant = bench.grant(client).await?;
        let named = Registration { client_id: name.to_owned(), ..client.clone() };
        let auth = sent_like(client, secret);
        Ok(bench.redemption(&named, &grant).authenticated_by(auth).send().await?)
    };
    let known = guess(&client.client_id, &fresh()).await?;
    bench.judge(&known, CLIENT, "a wrong secret");
    let unknown = guess(&fresh(), &fresh()).await?;
    bench.judge(&unknown, CLIENT, "a client that does not exist");
    let alike = |answer: &Answer| (answer.status, answer.member("error"));
    if alike(&known) != alike(&unknown) {
        let because = "the server answers a client that does not exist in another way than a wrong secret";
        bench.found(Finding::new(Verdict::Vulnerable, because), Some(&unknown));
    }
    for _ in 0..GUESSES {
        let answer = guess(&client.client_id, &fresh()).await?;
        if answer.has_tokens() {
            bench.judge(&answer, CLIENT, "a guessed secret");
            return Ok(());
        }
    }
    let answer = guess(&client.client_id, own.expose()).await?;
    let finding = match answer.has_tokens() {
        true => {
            Finding::new(Verdict::Vulnerable, format!("the right secret still counts after {GUESSES} wrong ones"))
        }
        false => Finding::new(Verdict::Stopped, format!("after many wrong secrets comes {}", answer.summary())),
    };
    bench.found(finding, Some(&answer));
    bench.let_pass(A_WHILE).await
}
