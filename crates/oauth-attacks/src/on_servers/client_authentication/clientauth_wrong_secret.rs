//! The attacker has a code and guesses the secret that goes with it: almost the right one, none at all, or the secret
//! of another client. Where one of them is taken, the secret is compared by its beginning, up to a NUL, or with those
//! of all clients.

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::{CLIENT, Finding};
use crate::target::{ClientAuth, Registration, Role};
use crate::verdict::{Level, Verdict};

use super::secrets::{secret_of, sent_like, stranger};

/// `as-clientauth-wrong-secret`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-clientauth-wrong-secret",
        name: "Almost the client secret",
        story: story!("clientauth_wrong_secret.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 6749 sections 2.3.1 and 5.2",
        steps: &[
            "Redeem codes with the secret and one character more, with one less, and with no character at all.",
            "Redeem one with the secret and a NUL after it.",
            "Redeem one with the secret of another client.",
        ],
        secure: "Each is refused with invalid_client, and with a challenge if the Authorization header was used.",
        insecure: "One of them brings tokens.",
        defence: "The whole secret is compared with that of the client that is named.",
        level: Level::Must,
        levels: &[],
    },
    on: On::Client(Role::Confidential),
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let own = secret_of(client)?.expose();
    let mut shorter = own.to_owned();
    shorter.pop();
    let mut wrong = vec![
        ("a secret with one character more", format!("{own}x")),
        ("a secret with one character less", shorter),
        ("an empty secret", String::new()),
        ("a secret followed by NUL", format!("{own}\0")),
    ];
    if let Ok(secret) = stranger(bench, client).and_then(secret_of) {
        wrong.push(("the secret of another client", secret.expose().to_owned()));
    }
    for (what, secret) in wrong {
        let grant = bench.grant(client).await?;
        let auth = sent_like(client, secret);
        let in_header = matches!(auth, ClientAuth::Basic(_));
        let answer = bench.redemption(client, &grant).authenticated_by(auth).send().await?;
        let verdict = bench.judge(&answer, CLIENT, what);
        if verdict == Verdict::Stopped && in_header && answer.header("www-authenticate").is_none() {
            let because = format!("{what} is refused, but WWW-Authenticate is missing");
            bench.found(Finding::new(Verdict::Tolerated, because), Some(&answer));
        }
    }
    Ok(())
}
