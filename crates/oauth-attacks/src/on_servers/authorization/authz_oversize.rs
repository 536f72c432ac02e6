//! The authorization endpoint is open to everybody, and reads whatever it is sent. The attacker sends very long
//! values, thousands of parameters, claims nested a thousandfold, and octets that are no text. A server without
//! bounds stops working, keeps only the beginning of what it was told, or shows how it is made.

use crate::answer::Answer;
use crate::attack::{Capability, Idea, Inconclusive, Need, On, ServerAttack, story};
use crate::authorization::Authorization;
use crate::bench::Bench;
use crate::browser::Visit;
use crate::judge::{Finding, sent_to_client};
use crate::target::Registration;
use crate::verdict::{Level, Verdict};

/// `as-authz-oversize`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-authz-oversize",
        name: "Requests without measure",
        story: story!("authz_oversize.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 6749 section 10.14, RFC 6819 section 4.4.1.11",
        steps: &[
            "Send 32 KiB as state, as nonce and as scope, and 64 KiB in the body of a POST.",
            "Send ten thousand parameters, and `claims` that are nested a thousand deep.",
            "Send octets that are not UTF-8, and percent signs that encode nothing.",
        ],
        secure: "Each request is refused at once, or answered with everything that it said.",
        insecure: "The server breaks down, hangs, answers with less than it was told, or shows its insides.",
        defence: "Every input has a bound, and what is beyond it is refused.",
        level: Level::Must,
        levels: &[],
    },
    on: On::OneClient,
    needs: &[Need::Permission],
    run: |bench, client| Box::pin(run(bench, client)),
};

/// A length that no honest value has.
const LONG: usize = 64 * 1024;
/// What a server says of itself when it breaks down.
const INSIDES: [&str; 7] = [
    "Traceback (most recent",
    "stack backtrace",
    "\n\tat ",
    "\n    at ",
    "Exception in",
    "panicked at",
    "goroutine 1",
];

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    for name in ["state", "nonce", "scope"] {
        // More does not fit into an address.
        let request = bench.authorization(client).set(name, "x".repeat(LONG / 2));
        attempt(bench, client, &request, &format!("a {name} of 32 KiB")).await?;
        let request = bench.authorization(client).posted().set(name, "x".repeat(LONG));
        attempt(bench, client, &request, &format!("a posted {name} of 64 KiB")).await?;
    }
    let many =
        (0..10_000).fold(bench.authorization(client).posted(), |request, n| request.also(&format!("p{n}"), "1"));
    attempt(bench, client, &many, "ten thousand parameters").await?;
    let deep = format!("{}1{}", "{\"a\":".repeat(1000), "}".repeat(1000));
    let request = bench.authorization(client).set("claims", deep);
    attempt(bench, client, &request, "claims nested a thousand deep").await?;
    for (octets, what) in [("%ff%fe", "octets that are not UTF-8"), ("%zz%", "percent signs that encode nothing")] {
        raw(bench, client, octets, what).await?;
    }
    Ok(())
}

async fn attempt(
    bench: &Bench,
    client: &Registration,
    request: &Authorization<'_>,
    what: &str,
) -> Result<(), Inconclusive> {
    let answer = request.open().await?;
    let echoed =
        sent_to_client(&answer, client.redirect_uri()).map(|sent| sent.raw("state") == request.value("state"));
    let finding = judge(&answer, echoed, what);
    bench.found(finding, Some(&answer));
    Ok(())
}

/// Octets in a query that no honest encoder writes.
async fn raw(bench: &Bench, client: &Registration, octets: &str, what: &str) -> Result<(), Inconclusive> {
    let visit = bench.authorization(client).without("state").address().await?;
    let url = format!("{}&state={octets}", visit.url);
    let answer = bench.browser().open(Visit { url, form: visit.form }).await?;
    let finding = judge(&answer, None, what);
    bench.found(finding, Some(&answer));
    Ok(())
}

fn judge(answer: &Answer, echoed: Option<bool>, what: &str) -> Finding {
    let summary = answer.summary();
    if answer.status >= 500 {
        return Finding::new(Verdict::Vulnerable, format!("the server broke down ({summary}) at {what}"));
    }
    if INSIDES.iter().any(|words| answer.body.contains(words)) {
        return Finding::new(Verdict::Vulnerable, format!("the server shows its insides at {what}"))
            .at(Level::Should);
    }
    match echoed {
        Some(false) => Finding::new(Verdict::Vulnerable, format!("the server keeps less than it was told at {what}")),
        Some(true) => Finding::new(Verdict::Stopped, format!("{what} is answered with its whole state")),
        None => Finding::new(Verdict::Stopped, format!("{what} is answered {summary}")),
    }
}
